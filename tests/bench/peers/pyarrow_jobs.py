"""pyarrow: explicit schema, blocks of 16 MB, threads as given, zstd level 1."""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.dataset as ds
import pyarrow.json
import pyarrow.orc
import pyarrow.parquet as pq
from peer import ADDRESS, FLAT, main

TYPES = {"int": pa.int64(), "text": pa.string(), "time": pa.timestamp("us", "UTC"), "float": pa.float64(), "bool": pa.bool_()}
FORMAT = ds.ParquetFileFormat()
OPTIONS = FORMAT.make_write_options(compression="zstd", compression_level=1)


def schema(nested=False):
    fields = [(name, TYPES[kind]) for name, kind in FLAT]
    if nested:
        item = pa.struct([("sku", pa.string()), ("qty", pa.int64()), ("price", pa.float64())])
        fields += [("items", pa.list_(item)), ("address", pa.struct([(name, pa.string()) for name in ADDRESS]))]
    return pa.schema(fields)


def read(data, nested=False):
    return pa.json.read_json(
        data,
        read_options=pa.json.ReadOptions(block_size=16 << 20),
        parse_options=pa.json.ParseOptions(explicit_schema=schema(nested), unexpected_field_behavior="ignore"),
    )


def write(table, path):
    pq.write_table(table, path, compression="zstd", compression_level=1)


def one(_, data, out):
    write(read(data), f"{out}/part.parquet")


def hourly(_, data, out):
    table = read(data)
    time = table["event_timestamp"]
    table = table.append_column("order_date", pc.strftime(time, "%Y-%m-%d")).append_column("order_hour", pc.hour(time))
    ds.write_dataset(
        table, out, format=FORMAT, file_options=OPTIONS, max_partitions=20_000, max_open_files=900,
        partitioning=ds.partitioning(pa.schema([("order_date", pa.string()), ("order_hour", pa.int64())]), flavor="hive"),
    )


def nested(_, data, out):
    write(read(data, nested=True), f"{out}/part.parquet")


def csv(_, data, out):
    types = {name: TYPES[kind] for name, kind in FLAT}
    table = pa.csv.read_csv(
        data, read_options=pa.csv.ReadOptions(block_size=16 << 20), 
        convert_options=pa.csv.ConvertOptions(column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False),
    )
    write(table, f"{out}/part.parquet")


def scan_parquet(_, data, out):
    for _ in pq.ParquetFile(data).iter_batches():
        pass


def scan_orc(_, data, out):
    file = pyarrow.orc.ORCFile(data)
    for stripe in range(file.nstripes):
        file.read_stripe(stripe)


def prune(_, data, out):
    dataset = ds.dataset(data, partitioning=ds.partitioning(pa.schema([("day", pa.string())]), flavor="hive"))
    keep = (ds.field("day") == "2026-06-01") & (ds.field("region") == "uk") & (ds.field("amount") > 4000)
    rows = dataset.to_table(columns=["order_id", "amount"], filter=keep).sort_by("order_id").to_pylist()
    with open(f"{out}/answer.csv", "w") as file:
        for row in rows:
            file.write(f"{row['order_id']},{row['amount']}\n")


def keys(_, data, out):
    table = pq.read_table(data)
    ds.write_dataset(
        table, out, format=FORMAT, file_options=OPTIONS, max_partitions=20_000, max_open_files=900,
        partitioning=ds.partitioning(pa.schema([("key", pa.string())]), flavor="hive"),
    )


def compact(_, data, out):
    dataset = ds.dataset(f"{data}/part=a", format="parquet")
    ds.write_dataset(dataset, f"{out}/part=a", format=FORMAT, file_options=OPTIONS, max_rows_per_group=1_000_000)


def start(_, data, out):
    pa.array([1])


def connect(threads):
    pa.set_cpu_count(threads)


if __name__ == "__main__":
    main(globals(), connect)
