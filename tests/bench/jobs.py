"""The jobs: what ours runs for each, and how its output is compared with a peer's.

A command sees {data}, {out}, {threads} and {schema}; `prepare` runs before it and is
not timed. `compare` says what must be equal before a time counts: "rows" (counts, sums,
min/max, nulls, a text hash, read back with DuckDB), "good" (the same of the good rows
alone), "answer" (a small CSV), or None.
"""

from dataclasses import dataclass

BY = "order_date=date(event_timestamp),order_hour=hour(event_timestamp)"
INGEST = "ingest {data} --schema {schema} --threads {threads}"
# In double quotes for sh; no rule holds a character that sh would expand there.
RULES = " ".join(
    f'--rule "{rule}"'
    for rule in (
        "amount >= 0", "quantity BETWEEN 1 AND 9", "customer_id IS NOT NULL", "length(event_id) = 36",
        "region <> 'xx'", "order_id >= 0", "event_timestamp > TIMESTAMP '2025-01-01'", "amount < 5000",
    )
)


@dataclass(frozen=True)
class Job:
    name: str
    title: str
    data: str
    ours: str
    compare: str | None = "rows"
    schema: str = "flat"
    peers: tuple = ("duckdb", "polars", "pyarrow", "chdb")
    prepare: str | None = None
    # Thousands of files and folders are made: how the filesystem finds room for them counts.
    many_files: bool = False


JOBS = [
    Job("one", "NDJSON → one dataset", "flat", f"{INGEST} | partition {{out}} --threads {{threads}}",
        peers=("duckdb", "polars", "pyarrow", "chdb", "spark")),
    Job("hourly", "NDJSON → hourly partitions, in order", "flat", f"{INGEST} | partition {{out}} --by '{BY}' --threads {{threads}}",
        peers=("duckdb", "polars", "pyarrow", "chdb", "spark")),
    Job("random", "NDJSON → hourly partitions, random order", "random", f"{INGEST} | partition {{out}} --by '{BY}' --threads {{threads}}"),
    Job("nested", "nested NDJSON → one dataset", "nested", f"{INGEST} | partition {{out}} --threads {{threads}}", schema="nested"),
    Job("csv", "CSV → one dataset", "csv", f"{INGEST} | partition {{out}} --threads {{threads}}"),
    Job("dirty", "dirty NDJSON → hourly partitions, quarantine", "dirty",
        f"{INGEST} --rejects {{out}}.bad.ndjson | validate --schema {{schema}} --rejects {{out}}.rej.ndjson |"
        f" partition {{out}} --by '{BY}' --threads {{threads}}",
        schema="orders", peers=("duckdb", "polars")),
    Job("validate", "8 rules and a unique key: good and bad split", "keys",
        f"ingest {{data}} | validate --schema {{schema}} {RULES} --rejects {{out}}.bad.arrows | partition {{out}} --threads {{threads}}",
        compare="good", schema="unique", peers=("duckdb", "polars")),
    Job("compact", "1,000 small files → 128 MB", "small", "compact {out} --all --target-size 128MB --threads {threads}",
        peers=("duckdb", "polars", "pyarrow", "spark"), prepare="cp -r {data} {out}"),
    Job("prune", "pruned read of 365 partitions, cold process", "daily",
        "prune {data} --where \"day = DATE '2026-06-01' AND region = 'uk' AND amount > 4000\" --select order_id,amount |"
        " show --output csv >{out}.csv", compare="answer", peers=("duckdb", "polars", "pyarrow")),
    Job("keys", "Parquet → 2,000 partitions", "keys", "ingest {data} | partition {out} --by key --threads {threads}",
        peers=("duckdb", "polars", "pyarrow"), many_files=True),
    Job("scan", "NDJSON decoded, nothing written", "flat", f"{INGEST} >/dev/null", compare=None, peers=("duckdb", "polars")),
    Job("scan_nested", "nested NDJSON decoded, nothing written", "nested", f"{INGEST} >/dev/null", compare=None, schema="nested",
        peers=("duckdb", "polars")),
    Job("scan_mixed", "NDJSON with keys in any order decoded, nothing written", "mixed", f"{INGEST} >/dev/null", compare=None,
        peers=("duckdb", "polars")),
    Job("scan_csv", "CSV decoded, nothing written", "csv", f"{INGEST} >/dev/null", compare=None, peers=("duckdb", "polars")),
    Job("scan_parquet", "Parquet decoded, nothing written", "keys", "ingest {data} --threads {threads} >/dev/null", compare=None,
        peers=("duckdb", "polars", "pyarrow")),
    Job("scan_avro", "Avro decoded, nothing written", "avro", "ingest {data} --threads {threads} >/dev/null", compare=None,
        peers=("polars",)),
    Job("scan_orc", "ORC decoded, nothing written", "orc", "ingest {data} --threads {threads} >/dev/null", compare=None,
        peers=("pyarrow",)),
    Job("start", "process start", "keys", "ingest --version", compare=None, peers=("duckdb", "polars", "pyarrow", "chdb")),
    Job("day", "the whole day: raw → validate → partition → compact → query", "dirty",
        f"{INGEST} --rejects {{out}}.bad.ndjson | validate --schema {{schema}} --rejects {{out}}.rej.ndjson |"
        f" partition {{out}}/dataset --by '{BY}' --threads {{threads}} && compact {{out}}/dataset --all &&"
        " prune {out}/dataset --where \"order_date = DATE '2026-03-17' AND order_hour = 5\" --select amount | show --output count",
        schema="orders", peers=("duckdb", "polars")),
]
