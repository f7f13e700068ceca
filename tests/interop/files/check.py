"""Files that others write, read by ingest.
Usage: check.py --bin DIR   (a folder with the built tools)

Avro as Polars writes it, by value; CSV with escapes as DuckDB reads it. Prints a line per
check and `N passed, N failed`; exits 1 if any failed.
"""

import datetime
import io
import os
import pathlib
import subprocess
import sys

import duckdb
import polars as pl
import pyarrow.ipc as ipc

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
