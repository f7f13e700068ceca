"""Files that others write, read by ingest.
Usage: check.py --bin DIR   (a folder with the built tools)

Avro as Polars writes it and ORC as pyarrow does, by value; CSV with escapes as DuckDB reads
it. Prints a line per
check and `N passed, N failed`; exits 1 if any failed.
"""

import datetime
import decimal
import io
import os
import pathlib
import random
import subprocess
import sys

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.orc as orc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from checks import check, main


class Bench:
    """A scratch folder and ingest."""

    def __init__(self, bin_dir, scratch):
        self.bin = pathlib.Path(bin_dir).resolve()
        self.dir = pathlib.Path(scratch)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("MILLRACE_")}

    def ingest(self, *arguments, code=0):
        """Runs ingest in the scratch folder: its table, or what it said if it was to fail."""
        command = [str(self.bin / "ingest"), *map(str, arguments)]
        done = subprocess.run(command, cwd=self.dir, capture_output=True, env=self.env, timeout=120)
        said = done.stderr.decode(errors="replace")
        assert done.returncode == code, f"exit {done.returncode}: {said}"
        return said if code else ipc.open_stream(io.BytesIO(done.stdout)).read_all()


def frame(rows):
    utc = datetime.timezone.utc
    begin = datetime.datetime(2026, 3, 17, 5, 0, 0, 123456, utc)
    return pl.DataFrame(
        {
            "id": pl.Series(range(rows), dtype=pl.Int64),
            "small": pl.Series((n - 50 for n in range(rows)), dtype=pl.Int32),
            "ok": pl.Series((None if n % 7 == 0 else n % 2 == 0 for n in range(rows)), dtype=pl.Boolean),
            "price": pl.Series((None if n % 5 == 0 else n / 8 for n in range(rows)), dtype=pl.Float64),
            "ratio": pl.Series((n / 4 for n in range(rows)), dtype=pl.Float32),
            "name": pl.Series((None if n % 3 == 0 else f"näme {n}" for n in range(rows)), dtype=pl.String),
            "raw": pl.Series((bytes([n % 256, 0]) for n in range(rows)), dtype=pl.Binary),
            "day": pl.Series((begin.date() + datetime.timedelta(days=n) for n in range(rows)), dtype=pl.Date),
            "at": pl.Series((begin.replace(tzinfo=None) + datetime.timedelta(seconds=n) for n in range(rows)), dtype=pl.Datetime("us")),
            "tags": pl.Series(([f"t{k}" for k in range(n % 4)] for n in range(rows)), dtype=pl.List(pl.String)),
            "point": pl.Series(({"x": n, "y": f"{n}"} for n in range(rows)), dtype=pl.Struct({"x": pl.Int64, "y": pl.String})),
        }
    )


@check
def avro_as_polars_writes_it(bench):
    done = []
    for compression in ("uncompressed", "snappy", "deflate"):
        for rows in (0, 1, 5000):
            expected = frame(rows)
            name = f"{compression}-{rows}.avro"
            expected.write_avro(bench.dir / name, compression=compression)
            found = pl.from_arrow(bench.ingest(name)) if rows else None
            if rows == 0:
                assert bench.ingest(name).num_rows == 0
                continue
            theirs = pl.read_avro(bench.dir / name)
            for column in expected.columns:
                ours = found[column]
                if ours.dtype != theirs[column].dtype:
                    # Moments are UTC in the file; Polars leaves the zone out.
                    assert column == "at", f"{name}: {column} is {ours.dtype}, theirs {theirs[column].dtype}"
                    ours = ours.dt.replace_time_zone(None)
                assert ours.to_list() == theirs[column].to_list(), f"{name}: {column}"
                assert ours.to_list() == expected[column].to_list(), f"{name}: {column}"
            done.append(name)
    some = bench.ingest(done[-1], "--select", "tags,id")
    assert some.column_names == ["tags", "id"] and some.num_rows == 5000
    return f"{len(done)} files"


@check
def avro_that_is_cut(bench):
    frame(5000).write_avro(bench.dir / "a.avro", compression="snappy")
    whole = (bench.dir / "a.avro").read_bytes()
    for cut in (len(whole) - 1, len(whole) // 2, 10):
        (bench.dir / "cut.avro").write_bytes(whole[:cut])
        said = bench.ingest("cut.avro", code=3)
        assert "cannot decode 'cut.avro'" in said, said


def some_null(values):
    return [None if n % 5 == 3 else value for n, value in enumerate(values)]


def integers(rows):
    """For each encoding of runs, and each width, columns of 64 bits."""
    dice = random.Random(7)
    columns = {
        "repeated": [n // 9 for n in range(rows)],
        "counted": range(-50, rows - 50),
        "down": [10**12 - 3 * n for n in range(rows)],
        "steps": [n * n + n % 3 for n in range(rows)],
        "patched": [dice.randrange(10**9) if n % 40 == 7 else dice.randrange(100) for n in range(rows)],
        "below": [-dice.randrange(10**15) if n % 60 == 9 else dice.randrange(-40, 40) for n in range(rows)],
        "extremes": [(-(2**63), 2**63 - 1, 0, -1)[n % 4] for n in range(rows)],
    }
    for bits in range(1, 64, 3):
        columns[f"w{bits}"] = [dice.randrange(-(2**bits), 2**bits) for n in range(rows)]
    return {name: pa.array(some_null(values), pa.int64()) for name, values in columns.items()}


def columns_of_orc(rows):
    begin = datetime.datetime(1931, 3, 17, 5, 0, 0, 123456)
    moments = [begin + datetime.timedelta(days=17 * n % 50000, microseconds=n * 1001) for n in range(rows)]
    # ORC cannot tell the last second before 1970 from the first one behind it.
    fractions = [datetime.datetime(1960, 1, 1) + datetime.timedelta(microseconds=n * n) for n in range(rows)]
    point = pa.struct([("x", pa.int64()), ("y", pa.struct([("z", pa.string())]))])
    texts = [f"näme {n % 11}" for n in range(rows)]
    return integers(rows) | {
        "tiny": pa.array(some_null(n % 256 - 128 for n in range(rows)), pa.int8()),
        "small": pa.array(some_null(n % 65536 - 32768 for n in range(rows)), pa.int16()),
        "int": pa.array(some_null(n * 7919 % 2**32 - 2**31 for n in range(rows)), pa.int32()),
        "ok": pa.array(some_null(n % 3 == 0 for n in range(rows)), pa.bool_()),
        "float": pa.array(some_null(n / 8 for n in range(rows)), pa.float32()),
        "double": pa.array(some_null(-n / 7 for n in range(rows)), pa.float64()),
        "text": pa.array(some_null(texts), pa.string()),
        "all": pa.array(texts, pa.string()),
        "none": pa.array([None] * rows, pa.string()),
        "long": pa.array(["x" * (n % 3000) for n in range(rows)], pa.string()),
        "raw": pa.array(some_null(bytes([n % 256, 0]) * (n % 9) for n in range(rows)), pa.binary()),
        "day": pa.array(some_null(at.date() for at in moments), pa.date32()),
        "at": pa.array(some_null(moments), pa.timestamp("ns")),
        "fraction": pa.array(fractions, pa.timestamp("ns")),
        "moment": pa.array(some_null(moments), pa.timestamp("ns", "UTC")),
        "price": pa.array(some_null(decimal.Decimal(n * n - 5000).scaleb(-2) for n in range(rows)), pa.decimal128(12, 2)),
        "huge": pa.array([decimal.Decimal((-1) ** n * (10**37 + n)).scaleb(-10) for n in range(rows)], pa.decimal128(38, 10)),
        "tags": pa.array(some_null([f"t{k}" if k else None for k in range(n % 4)] for n in range(rows)), pa.list_(pa.string())),
        "deep": pa.array(some_null([[k] * k for k in range(n % 4)] for n in range(rows)), pa.list_(pa.list_(pa.int32()))),
        "point": pa.array(some_null({"x": n, "y": {"z": f"{n}"} if n % 4 else None} for n in range(rows)), point),
        "counts": pa.array(some_null([(f"k{k}", k if k else None) for k in range(n % 3)] for n in range(rows)), pa.map_(pa.string(), pa.int64())),
    }


def same(ours, theirs, name):
    assert ours.column_names == theirs.column_names, f"{name}: {ours.column_names}"
    for column in theirs.column_names:
        one, other = ours[column].to_pylist(), theirs[column].to_pylist()
        # A NaN, which is unlike itself, is in no column.
        assert one == other, f"{name}: {column}: {next(p for p in zip(one, other) if p[0] != p[1])}"


@check
def orc_as_pyarrow_writes_it(bench):
    files, rows = 0, 5000
    table = pa.table(columns_of_orc(rows))
    for compression in ("uncompressed", "zlib", "snappy", "lz4", "zstd"):
        for dictionary in (0.0, 1.0):
            for version in ("0.11", "0.12"):
                name = f"{compression}-{dictionary}-{version}.orc"
                orc.write_table(
                    table,
                    bench.dir / name,
                    compression=compression,
                    dictionary_key_size_threshold=dictionary,
                    file_version=version,
                    stripe_size=64 << 10,
                    batch_size=500,
                    compression_block_size=64 << 10,
                )
                theirs = orc.ORCFile(bench.dir / name)
                ours = bench.ingest(name)
                same(ours, theirs.read(), name)
                same(ours, table, name)
                files += 1
    assert theirs.nstripes > 1
    some = bench.ingest(name, "--select", "counts,int")
    assert some.column_names == ["counts", "int"] and some.num_rows == rows
    orc.write_table(table.slice(0, 0), bench.dir / "none.orc")
    assert bench.ingest("none.orc").num_rows == 0
    return f"{files} files, {theirs.nstripes} stripes"


@check
def orc_that_is_cut(bench):
    orc.write_table(pa.table(columns_of_orc(500)), bench.dir / "a.orc", compression="zlib")
    whole = (bench.dir / "a.orc").read_bytes()
    for cut in (len(whole) - 1, len(whole) - 100, len(whole) // 2, 10, 3):
        (bench.dir / "cut.orc").write_bytes(whole[:cut])
        said = bench.ingest("cut.orc", code=3)
        assert "cannot decode 'cut.orc'" in said, said
    damaged = bytearray(whole)
    damaged[len(whole) // 2 : len(whole) // 2 + 40] = b"\xff" * 40
    (bench.dir / "cut.orc").write_bytes(damaged)
    said = bench.ingest("cut.orc", code=3)
    assert "cannot decode 'cut.orc': stripe 1: row" in said, said


ESCAPED = r'''id,text
1,"plain"
2,"a \"quoted\" word"
3,"back\\slash"
4,"comma, inside"
5,"line
break"
6,""
7,bare
'''


@check
def csv_with_escapes_as_duckdb_reads_it(bench):
    (bench.dir / "a.csv").write_text(ESCAPED)
    ours = bench.ingest("a.csv", "--escape", "\\").to_pylist()
    query = f"select * from read_csv('{bench.dir / 'a.csv'}', header=true, quote='\"', escape='\\', delim=',', allow_quoted_nulls=false)"
    theirs = [dict(zip(("id", "text"), row)) for row in duckdb.sql(query).fetchall()]
    assert ours == theirs, f"{ours} {theirs}"
    return f"{len(ours)} rows"


if __name__ == "__main__":
    sys.exit(main(Bench))
