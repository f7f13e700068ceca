"""DuckDB, pyarrow, Polars and prune read a dataset in a loop while its partitions are
exchanged by overwrite, append and compact.
Usage: check.py --bin DIR [--seconds N]   (a folder with the built tools)

Each round overwrites every partition with a generation of its own (ids 0–499), appends to
it (ids 500–999) and compacts it. Whoever reads a partition sees one generation, and no id
twice. What a listing reader may meet at the very moment of an exchange is counted and let
pass: "not found", and files or partitions that its listing misses.

Prints a line per reader and `N passed, N failed`; exits 1 if any failed.
"""

import argparse
import multiprocessing
import os
import pathlib
import subprocess
import tempfile
import time
import traceback

PARTITIONS = 4
HALF = 500
# How readers say that a file they had listed is gone.
GONE = ("no such file", "not found", "no files found", "cannot open file", "does not exist", "expanded paths were empty")


def with_duckdb(out, _):
    import duckdb

    query = (
        "select p, count(*), min(g), max(g), count(distinct id)"
        f" from read_parquet('{out}/*/*.parquet', hive_partitioning=true) group by p"
    )
    connection = duckdb.connect()
    return lambda: connection.execute(query).fetchall()


def with_polars(out, _):
    import polars as pl

    def read():
        rows = pl.scan_parquet(f"{out}/**/*.parquet", hive_partitioning=True).group_by("p")
        columns = [pl.len(), pl.col("g").min().alias("least"), pl.col("g").max().alias("most"), pl.col("id").n_unique()]
        return rows.agg(columns).collect().rows()

    return read


def summary(table):
    by = table.group_by("p").aggregate([("id", "count"), ("g", "min"), ("g", "max"), ("id", "count_distinct")])
    return list(zip(*(by[name].to_pylist() for name in ("p", "id_count", "g_min", "g_max", "id_count_distinct"))))


def with_pyarrow(out, _):
    import pyarrow.dataset as ds

    return lambda: summary(ds.dataset(out, partitioning="hive").to_table())


def with_a_listing_kept_open(out, _):
    """What was listed once is read again and again, then listed anew."""
    import pyarrow.dataset as ds

    kept = []

    def read():
        try:
            if not kept:
                kept.append(ds.dataset(out, partitioning="hive"))
            return summary(kept[0].to_table())
        except Exception:
            kept.clear()
            raise

    return read


def with_prune(out, bin_dir):
    import pyarrow.ipc as ipc

    def read():
        done = subprocess.run([bin_dir / "prune", out], capture_output=True)
        assert done.returncode in (0, 4), f"prune exits with {done.returncode}: {done.stderr.decode()}"
        if done.returncode:
            raise FileNotFoundError(done.stderr.decode())
        return summary(ipc.open_stream(done.stdout).read_all())

    return read


READERS = {
    "duckdb": with_duckdb,
    "polars": with_polars,
    "pyarrow": with_pyarrow,
    "pyarrow, a listing kept open": with_a_listing_kept_open,
    "prune": with_prune,
}


def judge(answer):
    """What is wrong with an answer, and whether something was missed."""
    for p, count, least, most, distinct in answer:
        if least != most:
            raise AssertionError(f"p={p} mixes generations {least} to {most}")
        if count != distinct:
            raise AssertionError(f"p={p} holds {count} rows with {distinct} ids")
        if count not in (HALF, 2 * HALF):
            raise AssertionError(f"p={p} holds {count} rows")
    return len(answer) < PARTITIONS


def reader(name, out, bin_dir, stop, results):
    whole = missed = gone = 0
    try:
        read = READERS[name](out, bin_dir)
        while not stop.is_set():
            try:
                if judge(read()):
                    missed += 1
                else:
                    whole += 1
            except Exception as error:
                if isinstance(error, AssertionError) or not any(word in str(error).lower() for word in GONE):
                    raise
                gone += 1
        results.put((name, whole, missed, gone, None))
    except Exception:
        results.put((name, whole, missed, gone, traceback.format_exc()))


class Writer:
    """Rounds of overwrite, append, compact."""

    def __init__(self, bin_dir, folder):
        self.bin, self.folder = bin_dir, folder
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("MILLRACE_")}

    def run(self, tool, *arguments, data=b""):
        command = [self.bin / tool, *arguments]
        done = subprocess.run(command, cwd=self.folder, env=self.env, input=data, capture_output=True)
        assert done.returncode == 0, f"{tool}: exit {done.returncode}: {done.stderr.decode()}"
        return done.stdout

    def rows(self, generation, first):
        lines = (
            f'{{"p":{p},"g":{generation},"id":{i}}}\n' for p in range(PARTITIONS) for i in range(first, first + HALF)
        )
        return self.run("ingest", "--format", "ndjson", data="".join(lines).encode())

    def round(self, generation, keep):
        options = ["out", "--by", "p", "--max-shrink", "100%", "--keep", keep]
        self.run("partition", *options, "--mode", "overwrite", data=self.rows(generation, 0))
        self.run("partition", *options, "--mode", "append", data=self.rows(generation, HALF))
        self.run("compact", "out", "--all", "--keep", keep)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--seconds", type=float, default=25)
    args = parser.parse_args()
    bin_dir = pathlib.Path(args.bin).resolve()
    passed = failed = 0
    # Processes of their own, started clean: threads of a reader do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as scratch:
        writer = Writer(bin_dir, pathlib.Path(scratch))
        writer.round(0, "1h")
        stop, results = context.Event(), context.Queue()
        out = str(pathlib.Path(scratch) / "out")
        readers = [context.Process(target=reader, args=(name, out, bin_dir, stop, results)) for name in READERS]
        for process in readers:
            process.start()
        start, generation = time.monotonic(), 0
        try:
            while (elapsed := time.monotonic() - start) < args.seconds or generation < 5:
                generation += 1
                # First what was replaced is kept, then it is gone at once.
                writer.round(generation, "1h" if elapsed < args.seconds / 2 else "0s")
        finally:
            stop.set()
        outcomes = [results.get(timeout=60) for _ in readers]
        for process in readers:
            process.join()
    for name, whole, missed, gone, error in outcomes:
        good = error is None and whole > 0
        passed, failed = passed + good, failed + (not good)
        print(f"{'ok     ' if good else 'FAILED '} {name}: {whole} whole answers, {missed} without a partition, {gone} times not found")
        print(error or "", end="")
    print(f"{generation} generations were written")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
