"""Every job side by side with its peers, in one run. See scripts/bench --help."""

import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import data
import equal
import measure
import report
from jobs import JOBS

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = {"duckdb": "duckdb", "polars": "polars", "pyarrow": "pyarrow", "chdb": "chdb", "spark": "pyspark"}
# An engine that took so many seconds in the warm-up gets fewer rounds, said in the table:
# its spread is not what decides.
SLOW_SECONDS, SLOW_ROUNDS = 12, 2
# One that took so many is stopped, and has no time at all.
LONGEST_SECONDS = 120
# ext4 without a journal does not take an inode again for so many seconds after it was
# freed, and searches past every such one.
FREED_SECONDS = 300
# With a final sync: the difference is what counts, and it is the disk's.
SYNC_ROUNDS = 1


def parse():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Time every job beside DuckDB, Polars, pyarrow, ClickHouse and Spark.")
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=f"of {', '.join(job.name for job in JOBS)}, growth, threads [default: all]")
    parser.add_argument("--quick", action="store_true", help="a tenth of the data, two rounds, DuckDB and Polars only, nothing recorded")
    parser.add_argument("--scale", type=float, default=1.0, metavar="F", help="size of the data; 1 is 1.5 GB of flat NDJSON")
    parser.add_argument("--peers", default=",".join(PACKAGES), metavar="LIST", help="engines to compare with")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="counted rounds after one warm-up")
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    parser.add_argument("--out", metavar="DIR", help="where the record goes [default: tests/bench/results/DATE-CPU]")
    parser.add_argument("--compare", nargs=2, metavar="DIR", help="compare two records and exit")
    return parser.parse_args()


def versions(peers, environment):
    found = {"millrace": subprocess.check_output(["ingest", "--version"], env=environment, text=True).split()[1]}
    for peer in list(peers):
        try:
            found[peer] = importlib.metadata.version(PACKAGES[peer])
        except importlib.metadata.PackageNotFoundError:
            print(f"{peer} is not installed: skipped")
            peers.remove(peer)
    return found


class Bench:
    def __init__(self, options, peers, environment, cache):
        self.options, self.peers, self.environment = options, peers, environment
        self.scratch = cache / "bench-out"
        self.old = cache / "bench-old"
        self.freed = cache / "bench-freed"
        self.root = cache / "bench-data"

    def command(self, engine, job, source, out, threads):
        if engine == "millrace":
            schema = HERE / "schemas" / f"{job.schema}.json"
            return job.ours.format(data=source, out=out, threads=threads, schema=schema)
        function = "hourly" if job.name == "random" else job.name
        return f"{sys.executable} {HERE}/peers/{engine}_jobs.py {function} {source} {out} {threads}"

    def clean(self, prepare=None):
        """An empty folder, and nothing left to write back that would be another run's to pay.

        What the last run wrote is only moved away until the job ends (FREED_SECONDS), but its
        memory is given back: in a virtual machine the next run would else be given memory that
        the host has to find first, a third of a second for 150 MB."""
        os.sync()
        if self.scratch.exists():
            measure.forget(self.scratch)
            self.old.mkdir(parents=True, exist_ok=True)
            self.scratch.rename(pathlib.Path(tempfile.mkdtemp(dir=self.old)))
        self.scratch.mkdir(parents=True)
        if prepare:
            subprocess.run(prepare, shell=True, check=True)
        os.sync()

    def remove(self):
        """Removes what the job's runs wrote."""
        self.clean()
        shutil.rmtree(self.old, ignore_errors=True)
        self.freed.touch()

    def settle(self):
        """Waits until the filesystem has forgotten what was removed last."""
        if self.freed.exists():
            time.sleep(max(0, FREED_SECONDS - (time.time() - self.freed.stat().st_mtime)))

    def once(self, engine, job, source, threads, sync=False):
        out = self.scratch / "out"
        command = self.command(engine, job, source, out, threads)
        if sync:
            command = f"{{ {command}; }} && sync"
        prepare = job.prepare.format(data=source, out=out) if job.prepare and engine == "millrace" else None
        return measure.quiet_run(command, lambda: self.clean(prepare), env=self.environment, timeout=LONGEST_SECONDS), out

    def verified(self, job, out, expected):
        """Compares an output with the first one; returns (its figures, what differs)."""
        if job.compare in ("rows", "good"):
            good = out / "good.parquet"
            figures = equal.summary(good if good.exists() else out)
            return figures, equal.differences(expected, figures) if expected else []
        if job.compare == "answer":
            answer = next(path for path in (out.with_suffix(".csv"), out / "answer.csv") if path.exists())
            kept = self.scratch.parent / "expected.csv"
            if expected is None:
                shutil.copy(answer, kept)
            return kept, equal.answers_differ(kept, answer) if expected else []
        return None, []

    def warm_up(self, job, source, engines, threads):
        """One run of each, not counted: who can do the job, and are the results equal?"""
        found, expected = {}, None
        for engine in engines:
            result, out = self.once(engine, job, source, threads)
            found[engine] = entry = {"runs": [], "slow": result.wall > SLOW_SECONDS and engine != "millrace"}
            if result.code != 0:
                stopped = result.wall >= LONGEST_SECONDS
                failed = f"stopped after {LONGEST_SECONDS} s" if stopped else f"failed ({result.code})"
                entry["skipped"] = "not offered" if result.code == 64 else failed
                if result.code != 64:
                    print(f"  {engine}: {entry['skipped']}: {result.stderr.strip()[-300:]}")
                continue
            figures, different = self.verified(job, out, expected)
            expected = expected or figures
            entry["output_bytes"], entry["output_files"] = data.size(out) if out.exists() else (0, 0)
            if different:
                entry["skipped"] = "different result: " + "; ".join(different[:3])
                print(f"  {engine}: {entry['skipped']}")
        return found

    def job(self, job, scale=None, threads=None, peers=None):
        scale, threads = scale or self.options.scale, threads or self.options.threads
        source = data.ensure(self.root, job.data, scale)
        engines = ["millrace"] + [peer for peer in job.peers if peer in (self.peers if peers is None else peers)]
        print(f"{job.name}: {job.title}", flush=True)
        if job.many_files:
            self.settle()
        found = self.warm_up(job, source, engines, threads)
        running = [engine for engine in engines if "skipped" not in found[engine]]
        for round_ in range(self.options.rounds):
            for engine in running:
                if found[engine]["slow"] and round_ >= SLOW_ROUNDS:
                    continue
                result, _ = self.once(engine, job, source, threads)
                found[engine]["runs"].append(result.as_dict())
        if job.compare:
            for engine in [engine for engine in running if not found[engine]["slow"]]:
                runs = [self.once(engine, job, source, threads, sync=True)[0].as_dict() for _ in range(SYNC_ROUNDS)]
                found[engine]["durable"] = report.spread(runs, "wall")
        self.remove()
        for engine in running:
            wall = report.spread(found[engine]["runs"], "wall")
            memory = report.spread(found[engine]["runs"], "peak_sum")["median"] / 1e6
            print(f"  {engine:9} {wall['median']:7.2f} s  {memory:7.0f} MB", flush=True)
        return {"job": job.name, "title": job.title, "input_bytes": data.size(source)[0], "engines": found}

    def growth(self):
        """Memory and time at 1, 4 and 16 times the rows: hourly, ours and DuckDB."""
        by_name = {job.name: job for job in JOBS}
        for factor in (1, 4, 16):
            entry = self.job(by_name["hourly"], scale=self.options.scale * factor / 16, peers=["duckdb"])
            yield {**entry, "job": f"growth-{factor}x", "title": f"hourly partitions, {factor}× the rows"}

    def threads(self):
        by_name = {job.name: job for job in JOBS}
        for threads in (1, 2):
            entry = self.job(by_name["hourly"], threads=threads, peers=["duckdb", "polars"])
            yield {**entry, "job": f"threads-{threads}", "title": f"hourly partitions, {threads} thread{'s' if threads > 1 else ''}"}


def earlier(folder, record, chosen):
    """What the folder's record holds of other jobs, if it was made in the same way."""
    path = folder / "results.json"
    if not path.exists():
        return []
    old = json.loads(path.read_text())
    if any(old[key] != record[key] for key in ("machine", "versions", "scale", "rounds", "threads")):
        return []
    return [entry for entry in old["results"] if entry["job"].split("-")[0] not in chosen]


def main():
    options = parse()
    if options.compare:
        old, new = (json.loads((pathlib.Path(folder) / "results.json").read_text()) for folder in options.compare)
        print(report.compare(old, new))
        return 0
    peers = [peer for peer in options.peers.split(",") if peer]
    unknown = [peer for peer in peers if peer not in PACKAGES]
    known = {job.name for job in JOBS} | {"growth", "threads"}
    if unknown or set(options.jobs) - known:
        print(f"bench: unknown: {', '.join(unknown + sorted(set(options.jobs) - known))}", file=sys.stderr)
        return 2
    if options.quick:
        options.scale, options.rounds = options.scale / 10, 2
        peers = [peer for peer in peers if peer in ("duckdb", "polars")]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MILLRACE_")}
    environment["MILLRACE_QUIET"] = "true"
    cache = pathlib.Path(os.environ["BENCH_CACHE"])
    bench = Bench(options, peers, environment, cache)
    record = {
        "date": datetime.date.today().isoformat(), "machine": report.machine(), "versions": versions(peers, environment),
        "scale": options.scale, "rounds": options.rounds, "threads": options.threads, "results": [],
    }
    cpu = re.sub(r"[^a-z0-9]+", "-", record["machine"]["cpu"].lower()).strip("-")
    folder = pathlib.Path(options.out or HERE / "results" / f"{record['date']}-{cpu}")
    order = [*(job.name for job in JOBS), "threads", "growth"]
    chosen = options.jobs or order
    if not options.quick:
        record["results"] = earlier(folder, record, chosen)
        measure.touch_memory()
    for name in chosen:
        if name in ("growth", "threads"):
            record["results"] += getattr(bench, name)()
        else:
            record["results"].append(bench.job(next(job for job in JOBS if job.name == name)))
        record["results"].sort(key=lambda entry: order.index(entry["job"].split("-")[0]))
        if not options.quick:
            # After every job: an hour's figures are not lost with the last one.
            report.write(record, folder)
    print("\n" + report.markdown(record))
    if not options.quick:
        print(f"recorded in {folder}")
    bench.clean()
    return 0 if all("millrace" in e["engines"] and e["engines"]["millrace"]["runs"] for e in record["results"]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
