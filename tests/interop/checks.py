"""What the checks of foreign readers and writers have in common: a list, and running it."""

import argparse
import tempfile
import traceback

CHECKS = []


def check(function):
    """Adds a check: its name says what holds, what it returns is shown behind it."""
    CHECKS.append(function)
    return function


def main(bench):
    """Runs every check with `bench(bin_dir, scratch)`, each in a scratch folder of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--only", help="run the checks whose name contains this")
    arguments = parser.parse_args()
    failed = 0
    checks = [function for function in CHECKS if not arguments.only or arguments.only in function.__name__]
    for function in checks:
        name = function.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory() as scratch:
            try:
                detail = function(bench(arguments.bin, scratch))
                print(f"ok      {name}" + (f" ({detail})" if detail else ""), flush=True)
            except Exception as error:
                failed += 1
                print(f"FAILED  {name}: {error}", flush=True)
                if not isinstance(error, AssertionError):
                    traceback.print_exc()
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0
