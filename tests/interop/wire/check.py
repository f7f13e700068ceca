"""The wire between our tools and pyarrow, Polars and nanoarrow.
Usage: check.py --bin DIR   (a folder with the built tools)

Streams that they write pass through ours by value; what is left of a failed or
killed tool of ours is refused by them. Prints a line per check and
`N passed, N failed`; exits 1 if any failed.
"""

import csv
import decimal
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import nanoarrow as na
import polars as pl
import pyarrow as pa
import pyarrow.ipc as ipc

import samples

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from checks import check, main

MARKER = b"\xff\xff\xff\xff"


class Bench:
    """A scratch folder and the tools."""

    def __init__(self, bin_dir, scratch):
        self.bin = pathlib.Path(bin_dir).resolve()
        self.dir = pathlib.Path(scratch)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("MILLRACE_")}

    def command(self, tool, *arguments):
        return [str(self.bin / tool), *map(str, arguments)]

    def run(self, data, tool, *arguments):
        """Runs a tool with `data` on a pipe: (exit code, stdout, stderr)."""
        done = subprocess.run(self.command(tool, *arguments), input=data, capture_output=True, env=self.env, timeout=120)
        return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def read_pyarrow(data):
    return ipc.open_stream(io.BytesIO(data)).read_all().num_rows


def read_polars(data):
    return pl.read_ipc_stream(io.BytesIO(data)).height


def read_nanoarrow(data):
    return len(na.Array(na.ArrayStream.from_readable(io.BytesIO(data))))


READERS = {"pyarrow": read_pyarrow, "polars": read_polars, "nanoarrow": read_nanoarrow}


def accepts(read, data):
    try:
        read(data)
        return True
    except Exception:
        return False


def same(ours, theirs):
    """Whether two complete streams hold the same schema, batches and values."""
    a, b = ipc.open_stream(io.BytesIO(ours)), ipc.open_stream(io.BytesIO(theirs))
    assert a.schema.equals(b.schema, check_metadata=True), f"{a.schema}\nis not\n{b.schema}"
    a, b = list(a), list(b)
    assert len(a) == len(b), f"{len(a)} batches, expected {len(b)}"
    for mine, other in zip(a, b):
        mine.validate(full=True)
        # Values, also where `equals` has no kernel (views, runs, unions).
        assert mine.num_rows == other.num_rows, f"{mine.num_rows} rows, expected {other.num_rows}"
        assert repr(mine.to_pydict()) == repr(other.to_pydict()), f"{mine.to_pydict()}\nis not\n{other.to_pydict()}"


def passes(bench, streams):
    count = 0
    for name, data in streams:
        for tool in (["validate"], ["seal", "--", "cat"]):
            code, out, err = bench.run(data, *tool)
            assert code == 0, f"{tool[0]}: {name}: exit {code}: {err}"
            try:
                same(out, data)
            except Exception as error:
                raise AssertionError(f"{tool[0]}: {name}: {error}") from error
        count += 1
    assert count > 5, "too few streams to mean anything"
    return f"{count} streams"


@check
def streams_of_pyarrow_pass_by_value(bench):
    return passes(bench, samples.pyarrow_streams())


@check
def streams_of_polars_pass_by_value(bench):
    return passes(bench, samples.polars_streams())


@check
def our_streams_are_read_by_all(bench):
    data = samples.stream(samples.three_batches())
    code, out, err = bench.run(data, "validate")
    assert code == 0, err
    for name, read in READERS.items():
        assert read(out) == 6, name


@check
def show_prints_every_type(bench):
    """Every row in every form; JSON and CSV as Python's own readers understand them."""
    count = 0
    for name, data in [*samples.pyarrow_streams(), *samples.polars_streams()]:
        rows = read_pyarrow(data)
        if rows > 1000:
            continue
        printed = {}
        for form in ("table", "csv", "ndjson", "count"):
            code, out, err = bench.run(data, "show", "--output", form, *(["-n", "all"] if form != "count" else []))
            assert code == 0, f"{name} as {form}: exit {code}: {err}"
            printed[form] = out.decode()
        assert int(printed["count"]) == rows, name
        objects = [json.loads(line, parse_float=decimal.Decimal) for line in printed["ndjson"].splitlines()]
        assert len(objects) == rows, f"{name}: {len(objects)} objects, expected {rows}"
        schema = ipc.open_stream(io.BytesIO(data)).schema
        if len(schema) > 0:
            lines = list(csv.reader(io.StringIO(printed["csv"], newline="")))
            assert lines[0] == schema.names and len(lines) == rows + 1, f"{name}: {len(lines)} lines"
            assert all(list(one) == schema.names for one in objects), name
        count += 1
    return f"{count} streams"


@check
def of_all_cuts_ours_accepts_only_the_whole(bench):
    data = samples.stream(samples.three_batches())
    path = bench.dir / "cut.arrows"
    for cut in range(len(data)):
        path.write_bytes(data[:cut])
        code, _, err = bench.run(b"", "show", path, "--output", "count")
        assert code == 3, f"file cut at {cut}: exit {code}: {err}"
        code, out, err = bench.run(data[:cut], "validate")
        assert code == 4, f"pipe cut at {cut}: exit {code}: {err}"
        assert not accepts(read_pyarrow, out), f"pipe cut at {cut}: validate let it pass"
    path.write_bytes(data)
    assert bench.run(b"", "show", path, "--output", "count")[:2] == (0, b"6\n")
    return f"{len(data)} cuts"


@check
def a_dangling_marker_is_refused_by_all(bench):
    """A tool that is killed has written the next message's marker with the last one."""
    data, ends = samples.parts(samples.three_batches())
    for name, read in READERS.items():
        for end in ends:
            assert not accepts(read, data[:end] + MARKER), f"{name}: marker dangling at {end}"
    return f"after {len(ends)} messages"


@check
def of_all_cuts_others_accept_only_those_around_a_missing_marker(bench):
    """Such cuts a kill cannot make (see `kills`), a disk that lost its end can.

    Polars does without the padding at a body's end as well.
    """
    data, ends = samples.parts(samples.three_batches())
    told = []
    for name, read in READERS.items():
        fooled = [cut for cut in range(len(data)) if accepts(read, data[:cut])]
        for cut in fooled:
            assert any(end - 64 <= cut < end + 4 for end in ends), f"{name} accepts a cut at {cut} of {len(data)}"
        told.append(f"{name} {len(fooled)}")
    return f"of {len(data)} cuts: {', '.join(told)}"


@check
def poison_is_refused_by_all(bench):
    data, ends = samples.parts(samples.three_batches())
    (bench.dir / "whole").write_bytes(data)
    count = 0
    for code in (1, 3, 4, 5, 9, 137, 255):
        script = f"cat {bench.dir}/whole; echo why >&2; exit {code}"
        for script in (script, f"exit {code}"):
            got, out, err = bench.run(b"", "seal", "--", "sh", "-c", script)
            assert got == code, f"exit {got}, expected {code}: {err}"
            for name, read in READERS.items():
                assert not accepts(read, out), f"{name} accepts a stream poisoned with {code}"
            count += 1
    return f"{count} streams"


PRODUCER = """
import sys, time
sys.path.insert(0, sys.argv[1])
import pyarrow as pa, pyarrow.ipc as ipc
rows = int(sys.argv[2])
batch = pa.record_batch({"id": pa.array(range(rows)), "text": pa.array([f"order {n}" for n in range(rows)])})
with ipc.new_stream(sys.stdout.buffer, batch.schema) as sink:
    while True:
        sink.write_batch(batch)
        sys.stdout.flush()
        time.sleep(0.001)
"""


@check
def kills(bench):
    """kill -9 of seal and validate in mid-stream: what they leave is refused by all."""
    (bench.dir / "producer.py").write_text(PRODUCER)
    for number, rows in enumerate((1, 10, 300, 5000, 60_000) * 3):
        left = killed(bench, rows, 0.3 + 0.037 * number)
        assert len(left) > 1000, f"nothing was written in time: {len(left)} bytes"
        for name, read in READERS.items():
            assert not accepts(read, left), f"{name} accepts what a killed tool left ({rows} rows a batch)"
        code, _, _ = bench.run(left, "validate")
        assert code == 4, f"validate: exit {code}"
    return "15 kills"


def killed(bench, rows, delay):
    """What comes out of `producer | seal -- cat | validate` when validate is killed."""
    here = pathlib.Path(__file__).parent
    producer = subprocess.Popen([sys.executable, bench.dir / "producer.py", here, str(rows)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    seal = subprocess.Popen(bench.command("seal", "--", "cat"), stdin=producer.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=bench.env)
    sink = subprocess.Popen(bench.command("validate"), stdin=seal.stdout, stdout=subprocess.PIPE, env=bench.env)
    producer.stdout.close()
    seal.stdout.close()
    left = bytearray(sink.stdout.read(512))
    until = time.monotonic() + delay
    while time.monotonic() < until:
        left += sink.stdout.read1(1 << 16)
    os.kill(sink.pid, signal.SIGKILL)
    left += sink.stdout.read()
    for process in (sink, seal, producer):
        process.wait(timeout=60)
    return bytes(left)


STAGE = """
import sys
import pyarrow.ipc as ipc
with ipc.open_stream(sys.stdin.buffer) as source, ipc.new_stream(sys.stdout.buffer, source.schema) as sink:
    for number, batch in enumerate(source):
        if number == 1 and sys.argv[1] == "raise":
            raise ValueError("row 17 is odd")
        sink.write_batch(batch)
"""


@check
def a_python_stage_under_seal(bench):
    (bench.dir / "stage.py").write_text(STAGE)
    data, ends = samples.parts(samples.three_batches())
    stage = lambda how: ["seal", "--", sys.executable, bench.dir / "stage.py", how]
    code, out, err = bench.run(data, *stage("work"))
    assert code == 0, err
    same(out, data)
    code, out, err = bench.run(data, *stage("raise"))
    assert code == 1 and "ValueError: row 17 is odd" in err, err
    code, _, err = bench.run(out, "validate")
    assert code == 1 and "row 17 is odd" in err, f"exit {code}: {err}"
    poisoned = data[: ends[1]] + MARKER + (-4).to_bytes(4, "little", signed=True) + b'{"tool":"ingest","exit":4,"error":"no disk"}\n'
    code, out, err = bench.run(poisoned, *stage("work"))
    assert code == 4 and "upstream ingest failed (4): no disk" in err, f"exit {code}: {err}"
    bare = subprocess.run([sys.executable, bench.dir / "stage.py", "raise"], input=data, capture_output=True)
    assert accepts(read_pyarrow, bare.stdout), "pyarrow no longer launders failures: tell the manual"


if __name__ == "__main__":
    sys.exit(main(Bench))
