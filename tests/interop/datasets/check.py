"""Datasets that we write, read by pyarrow, DuckDB and Polars; datasets that they
write, read by us. Usage: check.py --bin DIR   (a folder with the built tools)

Prints a line per check and `N passed, N failed`; exits 1 if any failed.
"""

import argparse
import datetime as dt
import decimal
import json
import os
import pathlib
import subprocess
import tempfile
import traceback

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

REPO = pathlib.Path(__file__).resolve().parents[3]
SCHEMA = REPO / "scripts" / "orders.schema.json"
BY = "order_date=date(event_timestamp),order_hour=hour(event_timestamp)"
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


class Bench:
    """A scratch folder and the tools on PATH."""

    def __init__(self, bin_dir, scratch):
        self.dir = pathlib.Path(scratch)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("MILLRACE_")}
        self.env["PATH"] = f"{bin_dir}:{self.env['PATH']}"

    def sh(self, script, stdin=b"", code=0):
        done = subprocess.run(["sh", "-c", script], cwd=self.dir, env=self.env, input=stdin, capture_output=True)
        assert done.returncode == code, f"exit {done.returncode}: {done.stderr.decode()}"
        return done.stdout

    def day(self, rows=24_000):
        """The small day of the tests, as a dataset `out`."""
        if not (self.dir / "raw").exists():
            self.sh(f"order-events raw --rows {rows}")
            self.sh(
                f"ingest raw --schema {SCHEMA} --rejects bad.ndjson |"
                f"validate --schema {SCHEMA} --rejects rej.ndjson | partition out --by '{BY}'"
            )
        return self.dir / "out"


def stream(table):
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def duck(query):
    """The one row that DuckDB answers."""
    return duckdb.connect().execute(query).fetchone()


def table_of(data):
    return ipc.open_stream(pa.py_buffer(data)).read_all()


@check
def the_same_counts_and_sums_in_every_reader(bench):
    out = bench.day()
    raw = 0
    amounts = decimal.Decimal(0)
    for file in sorted((bench.dir / "raw").rglob("*.ndjson")):
        for line in file.read_text().splitlines():
            raw += 1
            try:
                row = json.loads(line, parse_float=decimal.Decimal)
            except ValueError:
                continue
            good = (
                isinstance(row["quantity"], int)
                and row["amount"] >= 0
                and row["customer_id"] is not None
                and row["status"] != "teleported"
            )
            amounts += row["amount"] if good else 0
    rejected = sum(len((bench.dir / name).read_text().splitlines()) for name in ("bad.ndjson", "rej.ndjson"))
    good = raw - rejected

    arrow = ds.dataset(out, partitioning="hive").to_table()
    assert arrow.num_rows == good
    assert sum(arrow["amount"].to_pylist()) == amounts
    answer = duck(
        f"select count(*), sum(amount), count(distinct order_date), min(order_hour), max(order_hour)"
        f" from read_parquet('{out}/**/*.parquet', hive_partitioning=true)"
    )
    assert answer[0] == good and answer[1] == amounts, answer
    polars = pl.scan_parquet(f"{out}/**/*.parquet", hive_partitioning=True)
    polars = polars.select(pl.len(), pl.col("amount").sum().alias("amount")).collect().row(0)
    assert polars == (good, amounts), polars
    ours = table_of(bench.sh("prune out"))
    assert ours.num_rows == good and sum(ours["amount"].to_pylist()) == amounts


@check
def partition_columns_agree_with_the_rows(bench):
    out = bench.day()
    wrong = duck(
        f"select count(*) from read_parquet('{out}/**/*.parquet', hive_partitioning=true,"
        " hive_types={'order_date': DATE, 'order_hour': INT})"
        " where order_date <> (event_timestamp at time zone 'UTC')::date"
        " or order_hour <> extract(hour from event_timestamp at time zone 'UTC')"
    )
    assert wrong == (0,), wrong


@check
def every_type_survives_a_dataset(bench):
    when = dt.datetime(2026, 3, 17, 5, 6, 7, 123456, tzinfo=dt.timezone.utc)
    table = pa.table(
        {
            "k": ["a", "b", "a"],
            "i8": pa.array([1, None, -3], pa.int8()),
            "u64": pa.array([2**64 - 1, 0, None], pa.uint64()),
            "f32": pa.array([1.5, None, float("nan")], pa.float32()),
            "dec": pa.array([decimal.Decimal("1.10"), None, decimal.Decimal("-99999999999999999999.99")], pa.decimal128(30, 2)),
            "day": pa.array([dt.date(2026, 3, 17), None, dt.date(1969, 12, 31)]),
            "ts": pa.array([when, None, when], pa.timestamp("us", tz="UTC")),
            "naive": pa.array([dt.datetime(2026, 1, 1), None, None], pa.timestamp("ms")),
            "bin": pa.array([b"\x00\xff", None, b""]),
            "tags": pa.array([["x", None], [], None], pa.list_(pa.string())),
            "place": pa.array([{"city": "Köln", "zip": 1}, None, {"city": None, "zip": 2}]),
            "flag": [True, None, False],
            "dict": pa.array(["p", "q", "p"]).dictionary_encode(),
            "large": pa.array(["l", None, ""], pa.large_string()),
        }
    )
    bench.sh("partition types --by k", stdin=stream(table))
    read = ds.dataset(bench.dir / "types", partitioning="hive").to_table().sort_by([("k", "ascending"), ("i8", "descending")])
    expected = table.sort_by([("k", "ascending"), ("i8", "descending")])
    for name in table.column_names:
        got = [repr(value) for value in read[name].to_pylist()]
        want = [repr(value) for value in expected[name].to_pylist()]
        assert got == want, (name, got, want)
    assert duck(f"select count(*) from '{bench.dir}/types/**/*.parquet'") == (3,)
    assert pl.read_parquet(f"{bench.dir}/types/**/*.parquet").height == 3


HOSTILE = ["../../x", "a/b", "%2F", "emoji 🚀", "new\nline", "glob*?[x]", "a=b", "space ", ".", "..", "ü", "'q'", "a:b", "%"]


@check
def hostile_partition_values_stay_inside_and_read_back(bench):
    table = pa.table({"k": HOSTILE + [None], "n": list(range(len(HOSTILE) + 1))})
    bench.sh("partition hostile --by k", stdin=stream(table))
    assert sorted(os.listdir(bench.dir)) == sorted(set(os.listdir(bench.dir)) | {"hostile"})
    for path in (bench.dir / "hostile").rglob("*.parquet"):
        assert len(path.relative_to(bench.dir / "hostile").parts) == 2, path
    expected = dict(zip(table["n"].to_pylist(), table["k"].to_pylist()))
    ours = table_of(bench.sh("prune hostile"))
    assert dict(zip(ours["n"].to_pylist(), ours["k"].to_pylist())) == expected
    hive = ds.HivePartitioning(pa.schema([("k", pa.string())]))
    arrow = ds.dataset(bench.dir / "hostile", partitioning=hive).to_table()
    assert dict(zip(arrow["n"].to_pylist(), arrow["k"].to_pylist())) == expected
    answer = duckdb.connect().execute(
        f"select n, k from read_parquet('{bench.dir}/hostile/**/*.parquet', hive_partitioning=true, hive_types={{'k': VARCHAR}})"
    ).fetchall()
    assert dict(answer) == expected, answer


@check
def what_pyarrow_duckdb_and_polars_wrote_is_read(bench):
    table = pa.table({"k": ["x", "y", "x"], "n": [1, 2, 3], "s": ["a", None, "c"]})
    pq.write_to_dataset(table, bench.dir / "by_pyarrow", partition_cols=["k"])
    connection = duckdb.connect()
    connection.register("t", table)
    connection.execute(f"copy (select * from t) to '{bench.dir}/by_duckdb' (format parquet, partition_by (k))")
    pl.from_arrow(table).write_parquet(str(bench.dir / "by_polars") + "/", partition_by="k", mkdir=True)
    for writer in ("by_pyarrow", "by_duckdb", "by_polars"):
        got = table_of(bench.sh(f"prune {writer} --select k,n,s")).to_pylist()
        got.sort(key=lambda row: row["n"])
        assert got == table.to_pylist(), (writer, got)
        assert bench.sh(f"prune {writer} --where \"k = 'x' AND n > 1\" --count").strip() == b"1"
        before = sorted(p.name for p in (bench.dir / writer).rglob("*.parquet"))
        bench.sh(f"compact {writer} --all")
        assert bench.sh(f"prune {writer} --count").strip() == b"3", before


@check
def formats_that_they_wrote_are_ingested(bench):
    table = pa.table({"n": [1, None, 3], "s": ["a", "b", None], "d": pa.array([1.5, None, 2.5])})
    pq.write_table(table, bench.dir / "t.parquet", compression="snappy")
    pl.from_arrow(table).write_ndjson(bench.dir / "t.ndjson")
    pl.from_arrow(table).write_csv(bench.dir / "t.csv")
    with ipc.new_file(str(bench.dir / "t.arrow"), table.schema) as writer:
        writer.write_table(table)
    (bench.dir / "t.arrows").write_bytes(stream(table))
    for name in ("t.parquet", "t.ndjson", "t.arrow", "t.arrows", "t.csv"):
        got = table_of(bench.sh(f"ingest {name}"))
        assert got.to_pylist() == table.to_pylist(), (name, got.to_pylist())


@check
def a_compacted_dataset_is_read_by_all(bench):
    out = bench.day()
    before = duck(f"select count(*), sum(amount) from '{out}/**/*.parquet'")
    for _ in range(2):
        bench.sh("prune out --where \"order_hour = 5\" --select order_id,event_timestamp,amount > late.arrows")
        bench.sh(f"partition more --by '{BY}' --mode append < late.arrows")
    assert len(list((bench.dir / "more").rglob("*.parquet"))) > len(bench.sh("compact more --all").splitlines())
    total = duck(f"select count(*), sum(amount) from '{bench.dir}/more/**/*.parquet'")
    hour = duck(
        f"select 2 * count(*), 2 * sum(amount) from read_parquet('{out}/**/*.parquet', hive_partitioning=true) where order_hour = 5"
    )
    assert total == hour, (total, hour)
    assert pl.scan_parquet(f"{bench.dir}/more/**/*.parquet").select(pl.len()).collect().item() == total[0]
    assert ds.dataset(bench.dir / "more", partitioning="hive").count_rows() == total[0]
    assert duck(f"select count(*), sum(amount) from '{out}/**/*.parquet'") == before


@check
def uuids_and_json_stay_what_they_are(bench):
    (bench.dir / "typed").mkdir()
    rows = "i, uuid() as u, json_object('a', i) as j, {'u': uuid(), 'i': i} as s"
    for part in "ab":
        target = bench.dir / "typed" / f"{part}.parquet"
        duckdb.sql(f"copy (select {rows} from range(1000) t(i)) to '{target}' (format parquet)")
    relation = lambda name: f"read_parquet('{bench.dir}/{name}/*.parquet')"
    types = lambda name: [row[1] for row in duckdb.sql(f"describe from {relation(name)}").fetchall()]
    rows_of = lambda name: sorted(map(repr, duckdb.sql(f"from {relation(name)}").fetchall()))
    expected, rows = types("typed"), rows_of("typed")
    assert expected[1:] == ["UUID", "JSON", "STRUCT(u UUID, i BIGINT)"], expected
    bench.sh("ingest typed | validate | partition retyped")
    bench.sh("compact typed --all")
    for name in ("retyped", "typed"):
        assert len(list((bench.dir / name).glob("*.parquet"))) == 1, name
        assert types(name) == expected, (name, types(name))
        assert rows_of(name) == rows, name
        assert table_of(bench.sh(f"prune {name} --select u,j")).column_names == ["u", "j"]
    # A file whose values may be any bytes: together they are.
    duckdb.sql(f"copy (select i, s.u as u from {relation('typed')}) to '{bench.dir}/typed/c.parquet' (format parquet)")
    plain = pq.read_table(bench.dir / "typed" / "c.parquet")
    plain = plain.set_column(1, "u", plain["u"].combine_chunks().storage)
    pq.write_table(plain, bench.dir / "typed" / "c.parquet")
    bench.sh("compact typed --all")
    assert types("typed")[:3] == ["BIGINT", "BLOB", "JSON"], types("typed")


@check
def large_row_groups_of_duckdb_are_copied(bench):
    (bench.dir / "large").mkdir()
    for part in range(3):
        target = bench.dir / "large" / f"{part}.parquet"
        rows = f"select i, md5(i::varchar) as t, i % 7 = 0 as b, timestamp '2026-01-01' + interval (i) second as moment from range({part}00000, {part}00000 + 300000) t(i)"
        duckdb.sql(f"copy ({rows}) to '{target}' (format parquet, compression zstd, row_group_size 300000)")
    asked = lambda: duck(f"select count(*), sum(i), sum(hash(t)), sum(b::int), max(moment) from '{bench.dir}/large/*.parquet'")
    before = asked()
    plan = json.loads(bench.sh("compact large --all --dry-run --output json"))
    assert plan["partitions"][0]["copied_row_groups"] == 3, plan
    bench.sh("compact large --all")
    files = list((bench.dir / "large").glob("*.parquet"))
    assert len(files) == 1 and asked() == before
    meta = pq.ParquetFile(files[0]).metadata
    assert meta.num_row_groups == 3, meta
    assert pq.read_table(files[0]).num_rows == pl.read_parquet(files[0]).height == before[0]


@check
def timestamps_of_96_bits(bench):
    far = [dt.datetime(2026, 1, 1, 1, 2, 3, 4), None, dt.datetime(9999, 12, 31), dt.datetime(1500, 1, 1)]
    table = pa.table({"n": [0, 1, 2, 3], "t": pa.array(far, pa.timestamp("us"))})
    (bench.dir / "wide").mkdir()
    for part in "ab":
        target = bench.dir / "wide" / f"{part}.parquet"
        pq.write_table(table, target, use_deprecated_int96_timestamps=True, store_schema=False)
    assert pq.ParquetFile(target).schema.column(1).physical_type == "INT96"
    assert table_of(bench.sh("ingest wide/a.parquet")).to_pylist() == table.to_pylist()
    late = "prune wide --where \"t > TIMESTAMP '2300-01-01'\" --select n"
    for _ in range(2):
        assert table_of(bench.sh("prune wide --select t")).column("t").to_pylist() == 2 * far
        assert table_of(bench.sh(late)).column("n").to_pylist() == [2, 2]
        assert duck(f"select max(t), min(t) from '{bench.dir}/wide/*.parquet'") == (far[2], far[3])
        bench.sh("compact wide --all")
    assert len(list((bench.dir / "wide").glob("*.parquet"))) == 1
    # Nanoseconds, of which we would have to round some.
    table = pa.table({"t": pa.array([1_500], pa.timestamp("ns"))})
    pq.write_table(table, bench.dir / "fine.parquet", use_deprecated_int96_timestamps=True, store_schema=False)
    bench.sh("ingest fine.parquet >/dev/null", code=3)


@check
def intervals_are_whole_or_refused(bench):
    for name, interval in (("whole", "3 days 4 seconds"), ("months", "1 year 3 days")):
        (bench.dir / name).mkdir()
        for part in "ab":
            target = bench.dir / name / f"{part}.parquet"
            duckdb.sql(f"copy (select i, interval '{interval}' as v, [v] as l from range(9) t(i)) to '{target}' (format parquet)")
        before = duck(f"select count(*), min(v), max(l) from '{bench.dir}/{name}/*.parquet'")
        code = 0 if name == "whole" else 3
        bench.sh(f"ingest {name}/a.parquet >/dev/null", code=code)
        bench.sh(f"prune {name} --count --where 'i < 5' >/dev/null")
        bench.sh(f"prune {name} >/dev/null", code=code)
        bench.sh(f"compact {name} --all", code=code)
        assert duck(f"select count(*), min(v), max(l) from '{bench.dir}/{name}/*.parquet'") == before


@check
def types_that_parquet_does_not_know(bench):
    when = dt.datetime(9999, 12, 31, 23, 59, 59)
    seconds = pa.array([when, None], pa.timestamp("s"))
    table = pa.table({
        "s": seconds,
        "z": seconds.cast(pa.timestamp("s", tz="UTC")),
        "t": pa.array([dt.time(1, 2, 3), None], pa.time32("s")),
        "d": pa.array([dt.date(2026, 3, 17), None], pa.date64()),
        "l": pa.array([[when], None], pa.list_(pa.timestamp("s"))),
        "k": pa.array([when, None]).cast(pa.timestamp("s")).dictionary_encode(),
    })
    for _ in range(2):
        bench.sh("partition seconds --mode append", stdin=stream(table))
    kinds = ["TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIME", "DATE", "TIMESTAMP[]", "TIMESTAMP"]
    for _ in range(2):
        source = f"'{bench.dir}/seconds/*.parquet'"
        assert [row[1] for row in duckdb.sql(f"describe from {source}").fetchall()] == kinds
        got = duckdb.sql(f"select s, t, d, l, k from {source} order by s nulls last").fetchall()
        row = (when, dt.time(1, 2, 3), dt.date(2026, 3, 17), [when], when)
        assert got == [row, row, (None,) * 5, (None,) * 5], got
        bench.sh("compact seconds --all")
    table = pa.table({"d": pa.array([1], pa.int64()).cast(pa.timestamp("ms")).cast(pa.int64()).view(pa.date64())})
    bench.sh("partition noon", stdin=stream(table), code=3)


@check
def a_page_whose_checksum_is_wrong_is_refused(bench):
    (bench.dir / "crc").mkdir()
    table = pa.table({"n": pa.array(range(1000), pa.int64())})
    for part in "ab":
        target = bench.dir / "crc" / f"{part}.parquet"
        pq.write_table(table, target, compression="none", use_dictionary=False, write_page_checksum=True)
    assert table_of(bench.sh("ingest crc/a.parquet")).to_pylist() == table.to_pylist()
    content = bytearray(target.read_bytes())
    place = content.index((777).to_bytes(8, "little"))
    content[place] ^= 1
    target.write_bytes(content)
    # Without the checksum, nobody could tell.
    assert pq.read_table(target)["n"].to_pylist() != table["n"].to_pylist()
    before = sorted(path.read_bytes() for path in (bench.dir / "crc").glob("*"))
    for command in ("ingest crc/b.parquet >/dev/null", "prune crc >/dev/null", "compact crc --all", "show crc/b.parquet >/dev/null"):
        bench.sh(command, code=3)
    assert sorted(path.read_bytes() for path in (bench.dir / "crc").glob("*")) == before


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("only", nargs="*")
    args = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(pathlib.Path(args.bin).resolve(), scratch)
        for function in CHECKS:
            name = function.__name__.replace("_", " ")
            if args.only and not any(word in name for word in args.only):
                continue
            try:
                function(bench)
                passed += 1
                print(f"ok      {name}", flush=True)
            except Exception:
                failed += 1
                print(f"FAILED  {name}\n{traceback.format_exc()}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
