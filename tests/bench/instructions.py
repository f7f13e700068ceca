"""Instruction counts of the hot paths, the same on any quiet or busy machine.

    scripts/instructions             compare with tests/bench/instructions.json
    scripts/instructions --update    write the figures anew

Each tool runs once under callgrind on a small fixed input, single-threaded. A
figure may differ by the tolerance (libraries pick code by processor); a rise above
it fails, and so does a fall, so that the committed figure stays true.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
RECORD = HERE / "instructions.json"
TOLERANCE = 0.05
ROWS = 24_000
BY = "order_date=date(event_timestamp),order_hour=hour(event_timestamp)"
FLAT, ORDERS = HERE / "schemas" / "flat.json", HERE / "schemas" / "orders.json"

# name → (set-up in sh, the tool that is counted, its arguments, its stdin)
CASES = {
    "decode": ("order-events --rows {rows} --bad 0 >o.ndjson", "ingest", ["o.ndjson", "--schema", str(FLAT), "--threads", "1"], None),
    "stream": ("ingest o.ndjson --schema {flat} >o.arrows", "show", ["--output", "count"], "o.arrows"),
    "validate": ("true", "validate", ["--schema", str(ORDERS)], "o.arrows"),
    "partition": ("true", "partition", ["out", "--by", BY, "--threads", "1", "--run-id", "fixed"], "o.arrows"),
    "prune": ("true", "prune", ["out", "--where", "order_hour = 5 AND amount > 100", "--threads", "1"], None),
}


def count(tool, arguments, stdin, cwd):
    """Instructions of one run."""
    path = subprocess.check_output(["which", tool], text=True).strip()
    source = open(cwd / stdin, "rb") if stdin else subprocess.DEVNULL
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={cwd}/callgrind", path, *arguments]
    done = subprocess.run(command, cwd=cwd, stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"instructions: {tool} failed under valgrind ({done.returncode}): {done.stderr[-500:]}")
    return int(found.group(1))


def measure():
    figures = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, (setup, tool, arguments, stdin) in CASES.items():
            subprocess.run(["sh", "-ec", setup.format(rows=ROWS, flat=FLAT)], cwd=scratch, check=True, stderr=subprocess.DEVNULL)
            figures[name] = count(tool, arguments, stdin, pathlib.Path(scratch))
            print(f"{name:10} {figures[name]:>14,} instructions, {figures[name] / ROWS:>8,.0f} a row", flush=True)
    return figures


def main():
    for name in [name for name in os.environ if name.startswith("MILLRACE_")]:
        del os.environ[name]
    figures = measure()
    if "--update" in sys.argv:
        RECORD.write_text(json.dumps({"rows": ROWS, "instructions": figures}, indent=1) + "\n")
        print(f"written to {RECORD.name}")
        return 0
    passed = failed = 0
    committed = json.loads(RECORD.read_text())["instructions"]
    for name, now in figures.items():
        change = now / committed[name] - 1
        if abs(change) <= TOLERANCE:
            passed += 1
        else:
            failed += 1
            print(f"FAILED {name}: {change:+.1%} against the committed figure; if that is meant: scripts/instructions --update")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
