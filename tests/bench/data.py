"""The data of the benchmark: generated once per scale, deterministic, kept outside
of the checkout. Rows at scale 1 give the sizes named in README.md."""

import pathlib
import subprocess

ROWS = {"flat": 4_700_000, "random": 4_700_000, "nested": 1_700_000, "mixed": 3_000_000, "csv": 3_300_000, "dirty": 950_000}
DAYS = 4


def orders(target, rows, *options):
    with open(target, "wb") as file:
        subprocess.run(
            ["order-events", "--days", str(DAYS), "--rows", str(rows), *options],
            check=True, stdout=file, stderr=subprocess.DEVNULL,
        )


def sql(text):
    import duckdb

    connection = duckdb.connect()
    connection.execute("set threads=2; set timezone='UTC'")
    connection.execute(text)


def flat(target, rows):
    orders(target, rows, "--bad", "0")


def random(target, rows):
    orders(target, rows, "--bad", "0", "--late", "0", "--shuffled")


def nested(target, rows):
    orders(target, rows, "--bad", "0", "--shape", "nested")


def mixed(target, rows):
    orders(target, rows, "--bad", "0", "--shape", "mixed")


def csv(target, rows):
    orders(target, rows, "--bad", "0", "--shape", "csv")


def dirty(target, rows):
    orders(target, rows, "--bad", "0.005")


# What parquet inputs hold: like an order, made by DuckDB, so that no writer of ours is favoured.
EVENT = """
    i as order_id, md5(i::varchar)::uuid::varchar as event_id,
    timestamp '2026-01-01' + to_microseconds((i * 7919 * 1000) % {span}) as event_timestamp,
    (hash(i) % 1000000)::bigint as customer_id,
    ['eu-west','eu-north','us-east','us-west','ap-south','uk'][1 + (hash(i + 1) % 6)::bigint] as region,
    ((hash(i + 2) % 500000) / 100.0)::double as amount, (1 + hash(i + 3) % 9)::bigint as quantity
"""


def small(target, scale):
    """1,000 small files in one partition directory."""
    target.mkdir()
    (target / "part=a").mkdir()
    rows = max(1, int(5000 * scale))
    event = EVENT.format(span=86_400_000_000)
    for n in range(1000):
        sql(
            f"copy (select {event} from range({n * rows}, {(n + 1) * rows}) t(i))"
            f" to '{target}/part=a/f{n:04}.parquet' (format parquet, compression zstd, compression_level 1)"
        )


def daily(target, scale):
    """365 daily partitions."""
    rows = int(5_000_000 * scale)
    event = EVENT.format(span=365 * 86_400_000_000)
    sql(
        f"copy (select *, event_timestamp::date as day from (select {event} from range({rows}) t(i)) order by day, region)"
        f" to '{target}' (format parquet, partition_by (day), compression zstd, compression_level 1)"
    )


def keys(target, scale):
    """One Parquet file with a column of 2,000 values."""
    rows = int(4_000_000 * scale)
    event = EVENT.format(span=86_400_000_000)
    sql(
        f"copy (select {event}, 'k' || (hash(i + 4) % 2000)::varchar as key from range({rows}) t(i))"
        f" to '{target}' (format parquet, compression zstd, compression_level 1)"
    )


def orc(target, scale):
    """The same rows as `keys`, by the C++ writer."""
    import pyarrow.orc
    import pyarrow.parquet

    source = ensure(target.parent.parent, "keys", scale)
    pyarrow.orc.write_table(pyarrow.parquet.read_table(source), str(target), compression="zstd")


def avro(target, scale):
    """The same rows as `keys`, in blocks of 1,000: about 64 KiB each, as Java's writer makes them."""
    import polars

    frame = polars.read_parquet(ensure(target.parent.parent, "keys", scale))
    chunks = [frame[start : start + 1000] for start in range(0, len(frame), 1000)]
    polars.concat(chunks, rechunk=False).write_avro(target, compression="snappy")


MAKERS = {
    "flat": ("flat.ndjson", flat), "random": ("random.ndjson", random), "nested": ("nested.ndjson", nested), "mixed": ("mixed.ndjson", mixed),
    "csv": ("flat.csv", csv), "dirty": ("dirty.ndjson", dirty), "small": ("small", small),
    "daily": ("daily", daily), "keys": ("keys.parquet", keys),
    "orc": ("keys.orc", orc), "avro": ("keys.avro", avro),
}


def ensure(root, name, scale):
    """The path of a data set, made if it is not there yet."""
    folder = pathlib.Path(root) / f"scale-{scale:g}"
    folder.mkdir(parents=True, exist_ok=True)
    file, make = MAKERS[name]
    target, done = folder / file, folder / f".{file}.done"
    if not done.exists():
        print(f"generating {name} at scale {scale:g}", flush=True)
        subprocess.run(["rm", "-rf", str(target)], check=True)
        make(target, int(ROWS[name] * scale) if name in ROWS else scale)
        done.touch()
    # Into the page cache, so that the first run is not the disk's.
    subprocess.run(f"find '{target}' -type f -exec cat {{}} + >/dev/null", shell=True, check=True)
    return target


def size(path):
    path = pathlib.Path(path)
    files = [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file()]
    return sum(f.stat().st_size for f in files), len(files)
