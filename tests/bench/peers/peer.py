"""What the peers' scripts share: the columns, and the command line
`python ENGINE_jobs.py JOB DATA OUT THREADS`."""

import os
import sys

FLAT = [
    ("order_id", "int"), ("event_id", "text"), ("event_timestamp", "time"), ("customer_id", "int"),
    ("customer_segment", "text"), ("region", "text"), ("currency", "text"), ("amount", "float"),
    ("quantity", "int"), ("status", "text"), ("coupon", "text"), ("is_gift", "bool"), ("note", "text"),
]
ADDRESS = ["street", "city", "zip", "country"]


def scattered(dataset):
    """The partitions of more than one file: what a compaction has to put together."""
    return [folder for folder, _, files in os.walk(dataset) if sum(name.endswith(".parquet") for name in files) > 1]


def replace_files(folder):
    """Puts `merged` in the place of the folder's files; no crash in between is cared for."""
    for name in os.listdir(folder):
        if name.endswith(".parquet"):
            os.remove(f"{folder}/{name}")
    os.rename(f"{folder}/merged", f"{folder}/merged.parquet")


def main(jobs, connect):
    """Runs the job that the command line names, if the engine has it (else exit 64)."""
    job, data, out, threads = sys.argv[1:5]
    function = jobs.get(job)
    if function is None:
        sys.exit(64)
    os.makedirs(out, exist_ok=True)
    function(connect(int(threads)), data, out)
