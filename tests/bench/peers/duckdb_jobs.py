"""DuckDB. Settings that matter, from its documentation: explicit column types
(no sniffing), `preserve_insertion_order=false` (lets writers run unordered and
bounds memory), the format named, ZSTD level 1 as ours."""

import duckdb
from peer import FLAT, main, replace_files, scattered

SQL = {"int": "BIGINT", "text": "VARCHAR", "time": "TIMESTAMPTZ", "float": "DOUBLE", "bool": "BOOLEAN"}
PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"
HOURS = "(event_timestamp AT TIME ZONE 'UTC')::DATE AS order_date, extract(hour FROM event_timestamp AT TIME ZONE 'UTC') AS order_hour"
GOOD = (
    "order_id IS NOT NULL AND event_timestamp IS NOT NULL AND customer_id IS NOT NULL AND amount >= 0"
    " AND quantity BETWEEN 1 AND 1000 AND status IN ('placed','paid','shipped','delivered','cancelled')"
    " AND length(note) <= 500 AND regexp_full_match(currency, '[A-Z]{3}')"
)


def columns(nested=False):
    fields = {name: SQL[kind] for name, kind in FLAT}
    if nested:
        fields["items"] = "STRUCT(sku VARCHAR, qty BIGINT, price DOUBLE)[]"
        fields["address"] = "STRUCT(street VARCHAR, city VARCHAR, zip VARCHAR, country VARCHAR)"
    return "{" + ", ".join(f"{name}: '{kind}'" for name, kind in fields.items()) + "}"


def connect(threads):
    connection = duckdb.connect()
    connection.execute(f"SET threads={threads}; SET preserve_insertion_order=false; SET timezone='UTC'")
    connection.execute("SET enable_progress_bar=false")
    return connection


def read(path, nested=False, extra=""):
    return f"read_json('{path}', format='newline_delimited', columns={columns(nested)}{extra})"


def one(con, data, out):
    con.execute(f"COPY (SELECT * FROM {read(data)}) TO '{out}/part.parquet' ({PARQUET})")


def hourly(con, data, out):
    con.execute(f"COPY (SELECT *, {HOURS} FROM {read(data)}) TO '{out}' ({PARQUET}, PARTITION_BY (order_date, order_hour))")


def nested(con, data, out):
    con.execute(f"COPY (SELECT * FROM {read(data, nested=True)}) TO '{out}/part.parquet' ({PARQUET})")


def csv(con, data, out):
    con.execute(f"COPY (SELECT * FROM read_csv('{data}', header=true, columns={columns()})) TO '{out}/part.parquet' ({PARQUET})")


def dirty(con, data, out):
    """ignore_errors turns a bad line into a row of NULLs or drops it; the quarantine
    of whole records with reasons has no counterpart, so rejected rows are only filtered."""
    con.execute(
        f"COPY (SELECT *, {HOURS} FROM {read(data, extra=', ignore_errors=true')} WHERE {GOOD})"
        f" TO '{out}' ({PARQUET}, PARTITION_BY (order_date, order_hour))"
    )


def validate(con, data, out):
    con.execute(f"CREATE TABLE t AS SELECT *, row_number() OVER (PARTITION BY order_id) AS nth FROM '{data}'")
    rule = "amount >= 0 AND quantity BETWEEN 1 AND 9 AND customer_id IS NOT NULL AND length(event_id) = 36" \
           " AND region <> 'xx' AND order_id >= 0 AND event_timestamp > TIMESTAMP '2025-01-01' AND amount < 5000 AND nth = 1"
    con.execute(f"COPY (SELECT * EXCLUDE nth FROM t WHERE {rule}) TO '{out}/good.parquet' ({PARQUET})")
    con.execute(f"COPY (SELECT * EXCLUDE nth FROM t WHERE NOT ({rule})) TO '{out}/bad.parquet' ({PARQUET})")


def compact(con, data, out):
    con.execute(f"COPY (SELECT * FROM read_parquet('{data}/part=a/*.parquet', hive_partitioning=false)) TO '{out}/part=a' ({PARQUET}, FILE_SIZE_BYTES '128MB')")


def scan(con, data, out):
    """Every column decoded and counted: the cheapest use that needs all of them."""
    con.execute(f"SELECT count(COLUMNS(*)) FROM {read(data)}").fetchall()


scan_mixed = scan


def scan_nested(con, data, out):
    con.execute(f"SELECT count(COLUMNS(*)) FROM {read(data, nested=True)}").fetchall()


def scan_csv(con, data, out):
    con.execute(f"SELECT count(COLUMNS(*)) FROM read_csv('{data}', header=true, columns={columns()})").fetchall()


def scan_parquet(con, data, out):
    """Counts stand in the footer: sums need the values."""
    numbers = ("order_id", "customer_id", "amount", "quantity")
    sums = [f"sum({name})" for name in numbers] + [f"sum(strlen({name}))" for name in ("event_id", "region", "key")]
    con.execute(f"SELECT {', '.join(sums)}, max(event_timestamp) FROM '{data}'").fetchall()


def prune(con, data, out):
    rows = con.execute(
        f"SELECT order_id, amount FROM read_parquet('{data}/**/*.parquet', hive_partitioning=true)"
        " WHERE day = DATE '2026-06-01' AND region = 'uk' AND amount > 4000"
    )
    with open(f"{out}/answer.csv", "w") as file:
        for order_id, amount in sorted(rows.fetchall()):
            file.write(f"{order_id},{amount}\n")


def keys(con, data, out):
    con.execute(f"COPY (SELECT * FROM '{data}') TO '{out}' ({PARQUET}, PARTITION_BY (key))")


def start(con, data, out):
    con.execute("SELECT 1").fetchall()


def day(con, data, out):
    """Raw → validate → partition → compact → a pruned query."""
    dirty(con, data, f"{out}/dataset")
    for folder in scattered(f"{out}/dataset"):
        con.execute(f"COPY (SELECT * FROM read_parquet('{folder}/*.parquet', hive_partitioning=false)) TO '{folder}/merged' ({PARQUET})")
        replace_files(folder)
    con.execute(
        f"SELECT count(*), sum(amount) FROM read_parquet('{out}/dataset/**/*.parquet', hive_partitioning=true,"
        " hive_types={'order_date': DATE, 'order_hour': INT}) WHERE order_date = DATE '2026-03-17' AND order_hour = 5"
    ).fetchall()


if __name__ == "__main__":
    main(globals(), lambda threads: connect(threads))
