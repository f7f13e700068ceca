"""Power loss at every moment of a few commits, on ext4 and on xfs.

Commits run on a file system whose disk remembers writes and flushes (`disk.py`). Then
images are made of what the disk could have held after a power loss: all that was flushed,
and of what was written since any part: all, nothing, a prefix, a random choice, some of it
torn at a sector. Each is mounted, which replays the file system's own journal, and then:
every partition holds, byte for byte, its old or its new files; what a tool reported as done
is there; the same run again completes, twice; nothing is left over.

Usage: replay.py --bin DIR [--images N] [--seed N] [ext4|xfs]...
"""

import argparse
import hashlib
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import time

from disk import FLUSH, Disk

SECTOR = 512
MAKE = {
    "ext4": (64 << 20, ["mkfs.ext4", "-q", "-E", "nodiscard"]),
    # The least that mkfs.xfs makes.
    "xfs": (300 << 20, ["mkfs.xfs", "-q", "-K"]),
}


def rows(partitions, first, count):
    lines = (f'{{"p":{p},"id":{i},"text":"row {i * 7919}"}}\n' for p in partitions for i in range(first, first + count))
    return "".join(lines).encode()


class Commits:
    """What is run, in order; each with a run id of its own, so that it may be repeated."""

    def __init__(self, bin_dir, scratch):
        self.bin = pathlib.Path(bin_dir).resolve()
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("MILLRACE_")}
        self.scratch = scratch
        append = ["--by", "p", "--mode", "append"]
        self.all = [
            ("create", "partition", ["--by", "p"], self.stream("create", rows([1, 2, 3], 0, 300))),
            ("append", "partition", append, self.stream("append", rows([1, 2, 4], 300, 300))),
            ("overwrite", "partition", ["--by", "p", "--mode", "overwrite", "--max-shrink", "1"],
             self.stream("overwrite", rows([2, 3, 5], 600, 200))),
            # Enough files for a sync of the whole file system.
            ("many", "partition", append, self.stream("many", rows(range(1, 25), 900, 20))),
            ("compact", "compact", ["--all"], None),
        ]

    def stream(self, name, text):
        path = self.scratch / f"{name}.arrows"
        with open(path, "wb") as file:
            subprocess.run([self.bin / "ingest", "--format", "ndjson"], input=text, stdout=file, env=self.env, check=True)
        return path

    def run(self, folder, number):
        name, tool, arguments, source = self.all[number]
        command = [self.bin / tool, "out", *arguments, "--run-id", name, "--threads", "1"]
        with open(source or os.devnull, "rb") as stdin:
            done = subprocess.run(command, cwd=folder, stdin=stdin, capture_output=True, text=True, env=self.env)
        assert done.returncode == 0, f"{name}: exit {done.returncode}: {done.stderr}"


def holdings(folder):
    """The files of each partition, with their contents."""
    found = {}
    for path in sorted((folder / "out").rglob("*")):
        if path.is_file():
            assert path.suffix == ".parquet", f"{path.name} among the data"
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            found.setdefault(path.parent.name, []).append((path.name, content))
    return found


def mount(source, folder, kind, *options):
    subprocess.run(["mount", "-t", kind, *options, source, folder], check=True)


def umount(folder):
    for attempt in range(50):
        if subprocess.run(["umount", folder], stderr=subprocess.DEVNULL).returncode == 0:
            return
        time.sleep(0.02 * attempt)
    raise OSError(f"cannot unmount {folder}")


def record(kind, commits, scratch):
    """Runs the commits. Answers with the disk before, the log, where in it each commit
    had reported its end, and what the dataset held at each end."""
    size, make = MAKE[kind]
    disk = Disk(scratch / "disk", size)
    folder = scratch / "mounted"
    folder.mkdir()
    try:
        subprocess.run([*make, disk.device], check=True)
        mount(disk.device, folder, kind)
        try:
            os.sync()
            before, start = disk.blocks.copy(), len(disk.log)
            ends, states = [start], [{}]
            for number in range(len(commits.all)):
                commits.run(folder, number)
                ends.append(len(disk.log))
                states.append(holdings(folder))
            log = disk.log[start : ends[-1]]
        finally:
            umount(folder)
    finally:
        disk.close()
    return before, log, [end - start for end in ends], states


def torn(write, chance):
    """Some parts of a write. Two sectors each: ext4's superblock takes two, and half a new one
    is a file system that nobody mounts."""
    offset, data = write
    part = 2 * SECTOR
    parts = range(0, len(data), part)
    return [(offset + at, data[at : at + part]) for at in parts if chance.random() < 0.5]


def moments(log, wanted, chance):
    """Yields when the power goes: the position in the log, the position behind the last
    flush, and which of the writes since then are kept. Every flush is met with some of
    what was written before it; all, none, and moments between fill up to `wanted`."""
    flushes = sum(a is not FLUSH and b is FLUSH for a, b in zip(log, log[1:]))
    each = (wanted - flushes) / max(1, len(log) + flushes)
    durable, since = 0, []
    for at, entry in enumerate(log):
        if entry is not FLUSH:
            since.append(entry)
            if chance.random() < each:
                yield at + 1, durable, chosen(since, chance)
        elif since:
            yield at, durable, chosen(since, chance)
            if chance.random() < each:
                yield at, durable, list(since)
            if chance.random() < each:
                yield at, durable, []
            durable, since = at + 1, []


def chosen(since, chance):
    """A choice among unflushed writes: a prefix, or any of them, the last one torn."""
    if chance.random() < 0.3:
        return since[: chance.randrange(len(since) + 1)]
    kept = [write for write in since if chance.random() < 0.5]
    return kept[:-1] + torn(kept[-1], chance) if kept and chance.random() < 0.5 else kept


class Examiner:
    """Mounts an image and judges what is there."""

    def __init__(self, kind, commits, scratch, ends, states):
        self.kind, self.commits, self.ends, self.states = kind, commits, ends, states
        self.image, self.folder = scratch / "image", scratch / "replayed"
        self.folder.mkdir(exist_ok=True)

    def examine(self, position):
        # The commit that was running, or would be the next one.
        running = max(n for n, end in enumerate(self.ends) if end <= position)
        options = ["-o", "loop,nouuid" if self.kind == "xfs" else "loop"]
        mount(self.image, self.folder, self.kind, *options)
        try:
            self.old_or_new(running)
            again = min(running, len(self.commits.all) - 1)
            for _ in range(2):
                self.commits.run(self.folder, again)
                assert holdings(self.folder) == self.states[again + 1], "the run again leaves something else"
            left = sorted(path.name for path in (self.folder / ".out.millrace/tx").iterdir())
            assert not left, f"left in tx/: {left}"
        finally:
            umount(self.folder)

    def old_or_new(self, running):
        old = self.states[running]
        new = self.states[min(running + 1, len(self.states) - 1)]
        now = holdings(self.folder)
        for partition in old.keys() | new.keys() | now.keys():
            held = now.get(partition)
            assert held in (old.get(partition), new.get(partition)), f"{partition} is neither old nor new: {held}"


def replay(kind, commits, scratch, wanted, seed):
    before, log, ends, states = record(kind, commits, scratch)
    flushes = sum(entry is FLUSH for entry in log)
    print(f"{kind}: {len(log) - flushes} writes and {flushes} flushes recorded", flush=True)
    assert flushes >= len(commits.all), "the commits flush nothing"
    examiner = Examiner(kind, commits, scratch, ends, states)
    flushed, applied = before, 0
    passed = failed = 0
    for position, durable, kept in moments(log, wanted, random.Random(seed)):
        for entry in log[applied:durable]:
            if entry is not FLUSH:
                flushed.write(*entry)
        applied = durable
        flushed.save(examiner.image, kept)
        try:
            examiner.examine(position)
            passed += 1
        except (AssertionError, OSError, subprocess.CalledProcessError) as error:
            failed += 1
            print(f"FAILED: {kind}: power lost at {position} of {len(log)}, {len(kept)} unflushed writes kept: {error}", flush=True)
    return passed, failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--images", type=int, default=300, help="about so many images of each file system")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("kinds", nargs="*", default=list(MAKE), help="ext4, xfs")
    args = parser.parse_args()
    if unknown := set(args.kinds) - set(MAKE):
        parser.error(f"no file system: {', '.join(unknown)}")
    passed = failed = 0
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    for kind in args.kinds:
        if not shutil.which(f"mkfs.{kind}"):
            print(f"{kind}: not tried, mkfs.{kind} is not installed", flush=True)
            continue
        with tempfile.TemporaryDirectory(prefix="millrace-powerloss.", dir=memory) as scratch:
            scratch = pathlib.Path(scratch)
            good, bad = replay(kind, Commits(args.bin, scratch), scratch, args.images, args.seed)
            passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
