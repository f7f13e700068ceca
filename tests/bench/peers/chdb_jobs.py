"""ClickHouse (chdb): explicit structure, best_effort timestamps, parallel parsing
(the default), zstd level 1."""

import chdb
from peer import FLAT, main

TYPES = {
    "int": "Nullable(Int64)", "text": "Nullable(String)", "time": "DateTime64(6, 'UTC')",
    "float": "Nullable(Float64)", "bool": "Nullable(Bool)",
}
SETTINGS = (
    " SETTINGS date_time_input_format='best_effort', output_format_parquet_compression_method='zstd',"
    " output_format_compression_level=1, input_format_null_as_default=0, max_threads={threads}"
)


def structure(nested=False):
    fields = [f"{name} {TYPES[kind]}" for name, kind in FLAT]
    if nested:
        fields.append("items Array(Tuple(sku Nullable(String), qty Nullable(Int64), price Nullable(Float64)))")
        fields.append("address Tuple(street Nullable(String), city Nullable(String), zip Nullable(String), country Nullable(String))")
    return ", ".join(fields)


def write(threads, out, data, form, nested=False):
    chdb.query(
        f"INSERT INTO FUNCTION file('{out}', Parquet) SELECT * FROM file('{data}', {form}, \"{structure(nested)}\")"
        + SETTINGS.format(threads=threads)
    )


def one(threads, data, out):
    write(threads, f"{out}/part.parquet", data, "JSONEachRow")


def nested(threads, data, out):
    write(threads, f"{out}/part.parquet", data, "JSONEachRow", nested=True)


def csv(threads, data, out):
    write(threads, f"{out}/part.parquet", data, "CSVWithNames")


def hourly(threads, data, out):
    key = "concat(toString(toDate(event_timestamp)), '_', leftPad(toString(toHour(event_timestamp)), 2, '0'))"
    chdb.query(
        f"INSERT INTO FUNCTION file('{out}/{{_partition_id}}.parquet', Parquet) PARTITION BY {key}"
        f" SELECT * FROM file('{data}', JSONEachRow, \"{structure()}\")" + SETTINGS.format(threads=threads)
        + ", max_partitions_per_insert_block=1000"
    )


def start(threads, data, out):
    chdb.query("SELECT 1")


if __name__ == "__main__":
    main(globals(), lambda threads: threads)
