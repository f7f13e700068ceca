"""Polars, lazily and streaming: explicit schema, `sink_parquet`, zstd level 1,
`maintain_order=False` where order is not asked for, threads by POLARS_MAX_THREADS."""

import os
import sys

os.environ["POLARS_MAX_THREADS"] = sys.argv[4] if len(sys.argv) > 4 else "2"
import polars as pl
from peer import ADDRESS, FLAT, main, replace_files, scattered

TYPES = {"int": pl.Int64, "text": pl.String, "time": pl.String, "float": pl.Float64, "bool": pl.Boolean}
WRITE = dict(compression="zstd", compression_level=1, maintain_order=False, mkdir=True)


def schema(nested=False):
    fields = {name: TYPES[kind] for name, kind in FLAT}
    if nested:
        fields["items"] = pl.List(pl.Struct({"sku": pl.String, "qty": pl.Int64, "price": pl.Float64}))
        fields["address"] = pl.Struct({name: pl.String for name in ADDRESS})
    return fields


def timed(frame):
    return frame.with_columns(
        pl.col("event_timestamp").str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_unit="us", time_zone="UTC")
    )


def read(path, nested=False, **options):
    return timed(pl.scan_ndjson(path, schema=schema(nested), **options))


def hours(frame):
    time = pl.col("event_timestamp").dt
    return frame.with_columns(time.date().alias("order_date"), time.hour().alias("order_hour"))


def good():
    status = pl.col("status").is_in(["placed", "paid", "shipped", "delivered", "cancelled"])
    return (
        pl.col("order_id").is_not_null() & pl.col("event_timestamp").is_not_null() & pl.col("customer_id").is_not_null()
        & (pl.col("amount") >= 0) & pl.col("quantity").is_between(1, 1000) & status
        & (pl.col("note").str.len_chars() <= 500) & pl.col("currency").str.contains(r"^[A-Z]{3}$")
    )


def one(_, data, out):
    read(data).sink_parquet(f"{out}/part.parquet", **WRITE)


def hourly(_, data, out):
    hours(read(data)).sink_parquet(pl.PartitionBy(out, key=["order_date", "order_hour"], include_key=False), **WRITE)


def nested(_, data, out):
    read(data, nested=True).sink_parquet(f"{out}/part.parquet", **WRITE)


def csv(_, data, out):
    timed(pl.scan_csv(data, schema=schema())).sink_parquet(f"{out}/part.parquet", **WRITE)


def compact(_, data, out):
    frame = pl.scan_parquet(f"{data}/part=a/*.parquet", hive_partitioning=False)
    frame.sink_parquet(pl.PartitionBy(f"{out}/part=a", approximate_bytes_per_file=128_000_000), **WRITE)


def scan(_, data, out):
    """Every column decoded and counted: the cheapest use that needs all of them."""
    read(data).select(pl.all().count()).collect(engine="streaming")


scan_mixed = scan


def scan_nested(_, data, out):
    read(data, nested=True).select(pl.all().count()).collect(engine="streaming")


def scan_csv(_, data, out):
    timed(pl.scan_csv(data, schema=schema())).select(pl.all().count()).collect(engine="streaming")


def scan_parquet(_, data, out):
    """Counts stand in the footer: sums need the values."""
    numbers, texts = pl.col("order_id", "customer_id", "amount", "quantity"), pl.col("event_id", "region", "key")
    sums = numbers.sum(), texts.str.len_bytes().sum(), pl.col("event_timestamp").max()
    pl.scan_parquet(data).select(*sums).collect(engine="streaming")


def scan_avro(_, data, out):
    pl.read_avro(data)


def prune(_, data, out):
    frame = pl.scan_parquet(f"{data}/**/*.parquet", hive_partitioning=True, hive_schema={"day": pl.Date})
    keep = (pl.col("day") == pl.date(2026, 6, 1)) & (pl.col("region") == "uk") & (pl.col("amount") > 4000)
    rows = frame.filter(keep).select("order_id", "amount").collect().sort("order_id")
    with open(f"{out}/answer.csv", "w") as file:
        for order_id, amount in rows.iter_rows():
            file.write(f"{order_id},{amount}\n")


def keys(_, data, out):
    pl.scan_parquet(data).sink_parquet(pl.PartitionBy(out, key="key", include_key=False), **WRITE)


def validate(_, data, out):
    frame = pl.read_parquet(data)
    rule = (
        (pl.col("amount") >= 0) & pl.col("quantity").is_between(1, 9) & pl.col("customer_id").is_not_null()
        & (pl.col("event_id").str.len_chars() == 36) & (pl.col("region") != "xx") & (pl.col("order_id") >= 0)
        & (pl.col("event_timestamp") > pl.datetime(2025, 1, 1)) & (pl.col("amount") < 5000)
        & pl.col("order_id").is_first_distinct()
    )
    marked = frame.with_columns(rule.alias("good"))
    marked.filter("good").drop("good").write_parquet(f"{out}/good.parquet", compression="zstd", compression_level=1)
    marked.filter(~pl.col("good")).drop("good").write_parquet(f"{out}/bad.parquet", compression="zstd", compression_level=1)


def start(_, data, out):
    pl.select(1)


def dirty(_, data, out):
    """A line that does not parse loses the file, so lines are read as text and
    decoded as JSON; what does not decode becomes null and is filtered."""
    lines = pl.scan_lines(data, name="line") if hasattr(pl, "scan_lines") else None
    if lines is None:
        sys.exit(64)
    whole = pl.col("line").str.ends_with("}") & ~pl.col("line").str.contains('"quantity":"')
    frame = lines.filter(whole).select(pl.col("line").str.json_decode(pl.Struct(schema())).alias("row")).unnest("row")
    hours(timed(frame).filter(good())).sink_parquet(
        pl.PartitionBy(out, key=["order_date", "order_hour"], include_key=False), **WRITE
    )


def day(_, data, out):
    """Raw → validate → partition → compact → a pruned query."""
    dirty(_, data, f"{out}/dataset")
    for folder in scattered(f"{out}/dataset"):
        frame = pl.scan_parquet(f"{folder}/*.parquet", hive_partitioning=False)
        frame.sink_parquet(f"{folder}/merged", compression="zstd", compression_level=1)
        replace_files(folder)
    frame = pl.scan_parquet(f"{out}/dataset/**/*.parquet", hive_partitioning=True, hive_schema={"order_date": pl.Date, "order_hour": pl.Int8})
    keep = (pl.col("order_date") == pl.date(2026, 3, 17)) & (pl.col("order_hour") == 5)
    frame.filter(keep).select(pl.len(), pl.col("amount").sum()).collect()


if __name__ == "__main__":
    main(globals(), lambda threads: None)
