"""Spark reads what partition and compact write, and they read what Spark wrote.
Usage: check.py --bin DIR   (a folder with the built tools)

Needs pyspark and Java 17 or later: skipped where they are missing, since they are large.
Prints a line per check and `N passed, N failed`; exits 1 if any failed.
"""

import argparse
import datetime as dt
import decimal
import importlib.util
import os
import pathlib
import shutil
import subprocess
import tempfile
import traceback

import pyarrow as pa
import pyarrow.ipc as ipc

CHECKS = []
HOSTILE = ["a/b", "%2F", "emoji 🚀", "new\nline", "glob*?[x]", "a=b", "space ", "..", "ü", "'q'", "a:b", "%", "{x}", "#", '"', "\\"]


def check(function):
    CHECKS.append(function)
    return function


class Bench:
    """A scratch folder, the tools and a Spark session."""

    def __init__(self, bin_dir, scratch):
        from pyspark.sql import SparkSession

        self.bin, self.dir = bin_dir, pathlib.Path(scratch)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("MILLRACE_")}
        builder = SparkSession.builder.master("local[2]").appName("check")
        settings = {
            "spark.ui.enabled": "false",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.warehouse.dir": str(self.dir / "warehouse"),
            # Partition values as they are spelt: no guess that 1 is a number.
            "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
            "spark.log.level": "ERROR",
        }
        for key, value in settings.items():
            builder = builder.config(key, value)
        self.spark = builder.getOrCreate()

    def run(self, tool, *arguments, data=b""):
        command = [self.bin / tool, *map(str, arguments)]
        done = subprocess.run(command, cwd=self.dir, env=self.env, input=data, capture_output=True)
        assert done.returncode == 0, f"{tool}: exit {done.returncode}: {done.stderr.decode()}"
        return done.stdout

    def rows(self, dataset, *columns):
        """The rows that Spark reads, as tuples."""
        frame = self.spark.read.parquet(str(self.dir / dataset))
        return [tuple(row) for row in frame.select(*columns).collect()]


def stream(table):
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def types():
    # Spark's Python API hands out times without a zone, in that of this process: UTC.
    when = dt.datetime(2026, 3, 17, 5, 6, 7, 123456)
    text = pa.array(["p", None, "p"]).dictionary_encode()
    return pa.table(
        {
            "n": [1, 2, 3],
            "i8": pa.array([1, None, -3], pa.int8()),
            "i16": pa.array([1, None, -3], pa.int16()),
            "i32": pa.array([2**31 - 1, None, -3], pa.int32()),
            "u32": pa.array([2**32 - 1, None, 0], pa.uint32()),
            "u64": pa.array([2**64 - 1, None, 0], pa.uint64()),
            "f32": pa.array([1.5, None, -0.25], pa.float32()),
            "f64": pa.array([1e300, None, -0.1]),
            "dec": pa.array([decimal.Decimal("1.10"), None, decimal.Decimal("-99999999999999999999.99")], pa.decimal128(30, 2)),
            "small": pa.array([decimal.Decimal("1.10"), None, decimal.Decimal("-9.99")], pa.decimal128(9, 2)),
            "day": pa.array([dt.date(2026, 3, 17), None, dt.date(1969, 12, 31)]),
            "ts": pa.array([when, None, dt.datetime(1969, 12, 31, 23)], pa.timestamp("us", tz="UTC")),
            "naive": pa.array([dt.datetime(2026, 1, 1), None, when.replace(microsecond=5000)], pa.timestamp("ms")),
            "bin": pa.array([b"\x00\xff", None, b""]),
            "tags": pa.array([["x", None], None, []], pa.list_(pa.string())),
            "place": pa.array([{"city": "Köln", "zip": 1}, None, {"city": None, "zip": 2}]),
            "flag": [True, None, False],
            "dict": text,
            "large": pa.array(["l", None, ""], pa.large_string()),
        }
    )


def plain(value):
    """Spark's values in the form of pyarrow's."""
    if hasattr(value, "asDict"):
        return value.asDict()
    return bytes(value) if isinstance(value, bytearray) else value


@check
def every_type_and_null(bench):
    table = types().append_column("k", pa.array(["a", "b", "a"]))
    bench.run("partition", "types", "--by", "k", data=stream(table))
    names = table.column_names
    read = sorted(bench.rows("types", *names))
    for index, name in enumerate(names):
        got = [plain(row[index]) for row in read]
        want = table[name].to_pylist()
        if name == "ts":
            want = [value and value.replace(tzinfo=None) for value in want]
        assert got == want, (name, got, want)


@check
def hostile_partition_values_and_null(bench):
    values = HOSTILE + [None]
    table = pa.table({"k": values, "n": list(range(len(values)))})
    bench.run("partition", "hostile", "--by", "k", data=stream(table))
    assert {n: k for n, k in bench.rows("hostile", "n", "k")} == dict(enumerate(values))


@check
def partitions_by_date_and_hour(bench):
    hours = [dt.datetime(2026, 3, 17, hour, tzinfo=dt.timezone.utc) for hour in range(24)]
    table = pa.table({"n": list(range(24)), "at": pa.array(hours, pa.timestamp("us", tz="UTC"))})
    bench.run("partition", "hours", "--by", "d=date(at),h=hour(at)", data=stream(table))
    assert sorted(bench.rows("hours", "n", "d", "h")) == [(n, "2026-03-17", f"{n:02}") for n in range(24)]
    one = bench.spark.read.parquet(str(bench.dir / "hours")).where("d = '2026-03-17' and h = '05'")
    assert [tuple(row) for row in one.select("n").collect()] == [(5,)]


@check
def compacted_files_with_row_groups_copied(bench):
    for part in range(5):
        ids = list(range(part * 20_000, (part + 1) * 20_000))
        table = pa.table({"k": [str(i % 2) for i in ids], "id": ids, "text": [f"text {i * 7919}" for i in ids]})
        bench.run("partition", "parts", "--by", "k", "--mode", "append", "--bloom", "text", data=stream(table))
    frame = lambda: bench.spark.read.parquet(str(bench.dir / "parts"))
    before = frame().selectExpr("count(*)", "sum(id)", "count(distinct text)").collect()
    bench.run("compact", "parts", "--all", "--keep", "0s")
    assert len(list((bench.dir / "parts").rglob("*.parquet"))) == 2
    assert frame().selectExpr("count(*)", "sum(id)", "count(distinct text)").collect() == before
    # Through statistics, page indexes and bloom filters.
    assert [tuple(row) for row in frame().where("id = 70001").select("id", "k").collect()] == [(70001, "1")]
    assert frame().where(f"text = 'text {99_998 * 7919}'").count() == 1
    assert frame().where("text = 'nobody'").count() == 0


@check
def what_spark_wrote_is_read_and_compacted(bench):
    values = HOSTILE + [None]
    rows = [(n, values[n % len(values)], f"text {n}" if n % 3 else None) for n in range(340)]
    frame = bench.spark.createDataFrame(rows, "n long, k string, text string")
    place = str(bench.dir / "theirs")
    for half in ("n < 170", "n >= 170"):
        frame.where(half).repartition(2).write.mode("append").partitionBy("k").parquet(place)
    assert (bench.dir / "theirs" / "_SUCCESS").exists()
    expected = sorted(rows, key=lambda row: row[0])
    ours = ipc.open_stream(bench.run("prune", "theirs", "--select", "n,k,text")).read_all().to_pylist()
    assert sorted(((r["n"], r["k"], r["text"]) for r in ours), key=lambda row: row[0]) == expected
    bench.run("compact", "theirs", "--all")
    assert len(list((bench.dir / "theirs").rglob("*.parquet"))) == len(values)
    assert sorted(bench.rows("theirs", "n", "k", "text"), key=lambda row: row[0]) == expected


@check
def timestamps_of_96_bits(bench):
    values = ["9999-12-31 23:59:59.999999", "1600-01-01 00:00:00", None, "2026-03-17 05:06:07.123456"]
    frame = bench.spark.createDataFrame(list(enumerate(values)), "n long, t string")
    frame = frame.selectExpr("n", "cast(t as timestamp) as t")
    bench.spark.conf.set("spark.sql.parquet.outputTimestampType", "INT96")
    for _ in range(2):
        frame.coalesce(1).write.mode("append").parquet(str(bench.dir / "wide"))
    bench.spark.conf.unset("spark.sql.parquet.outputTimestampType")
    columns = ("n", "cast(t as string)")
    read = lambda: sorted(tuple(row) for row in bench.spark.read.parquet(str(bench.dir / "wide")).selectExpr(*columns).collect())
    before = read()
    ours = ipc.open_stream(bench.run("prune", "wide", "--select", "n,t")).read_all()
    assert ours.schema.field("t").type == pa.timestamp("us", tz="UTC"), ours.schema
    naive = {row["n"]: row["t"] and row["t"].replace(tzinfo=None) for row in ours.to_pylist()}
    assert naive == {n: text and dt.datetime.fromisoformat(text) for n, text in enumerate(values)}, naive
    bench.run("compact", "wide", "--all")
    assert len(list((bench.dir / "wide").glob("*.parquet"))) == 1
    assert read() == before and len(before) == 8
    assert dict(bench.spark.read.parquet(str(bench.dir / "wide")).dtypes)["t"] == "timestamp"


def missing():
    """Why Spark cannot run here, if so."""
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed (scripts/test --spark installs it)"
    return None if shutil.which("java") else "Spark needs Java 17 or later"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    args = parser.parse_args()
    if reason := missing():
        print(f"skipped: {reason}")
        return 0
    os.environ["TZ"] = "UTC"
    passed = failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(pathlib.Path(args.bin).resolve(), scratch)
        for function in CHECKS:
            name = function.__name__.replace("_", " ")
            try:
                function(bench)
                passed += 1
                print(f"ok      {name}", flush=True)
            except Exception:
                failed += 1
                print(f"FAILED  {name}\n{traceback.format_exc()}", flush=True)
        bench.spark.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
