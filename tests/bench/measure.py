"""One timed run of a shell command: wall, CPU, memory over all its processes.

Memory is counted twice: the sum of each process's own peak (VmHWM; an upper
bound), and the sampled peak of the sum of resident sizes (a lower bound).
"""

import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass

CORES = os.cpu_count() or 1
# A run during which others took more than this share of the machine is repeated.
BUSY = 0.15
# Seconds between two samples: more often, and watching would cost the watched.
PERIOD = 0.02
# At first more often, a short run is over before that: after this share of the time so far.
# Every half millisecond of the first 0.1 s took a third of a core meanwhile.
SHORT, SHARE = 0.0005, 1 / 8


# Bytes that are left to others when all free memory is touched.
SPARE = 1 << 30
TOUCH = """
import mmap, sys
length = int(sys.argv[1])
memory = mmap.mmap(-1, length)
for at in range(0, length, mmap.PAGESIZE):
    memory[at] = 1
"""


def touch_memory():
    """Touches all free memory once. A virtual machine is given it by its host when it is first
    touched, and the run that happens to be first would pay: half as much time again was seen."""
    with open("/proc/meminfo") as meminfo:
        free = next(int(line.split()[1]) * 1024 for line in meminfo if line.startswith("MemFree"))
    if free > SPARE:
        subprocess.run([sys.executable, "-c", TOUCH, str(free - SPARE)], check=False)


def forget(folder):
    """Gives back the memory that holds what the files below `folder` hold, which are synced."""
    for where, _, names in os.walk(folder):
        for name in names:
            file = os.open(os.path.join(where, name), os.O_RDONLY)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


@dataclass
class Run:
    wall: float
    cpu: float
    peak_sum: int
    peak_sampled: int
    others: float
    code: int
    stderr: str

    def as_dict(self):
        return {k: v for k, v in asdict(self).items() if k != "stderr"}


def machine_cpu():
    """Seconds that all cores together have worked so far."""
    with open("/proc/stat") as stat:
        fields = [int(x) for x in stat.readline().split()[1:]]
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) / os.sysconf("SC_CLK_TCK")


def descendants(pid):
    found, queue = [], [pid]
    while queue:
        current = queue.pop()
        found.append(current)
        try:
            for task in os.listdir(f"/proc/{current}/task"):
                with open(f"/proc/{current}/task/{task}/children") as children:
                    queue += [int(child) for child in children.read().split()]
        except OSError:
            pass
    return found


def cpu(pid):
    """Seconds that one process has worked, without its children."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError):
        return 0.0


def memory(pid):
    """(resident now, peak) of one process in bytes."""
    rss = peak = 0
    try:
        with open(f"/proc/{pid}/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    peak = int(line.split()[1]) * 1024
                elif line.startswith("VmRSS:"):
                    rss = int(line.split()[1]) * 1024
                    break
    except OSError:
        pass
    return rss, peak


class Sampler(threading.Thread):
    """Watches the processes below `pid` until told to stop."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peaks, self.cpus, self.sampled, self.done = pid, {}, {}, 0, threading.Event()

    def run(self):
        started = time.perf_counter()
        while not self.done.wait(min(max(SHORT, (time.perf_counter() - started) * SHARE), PERIOD)):
            total = 0
            for pid in descendants(self.pid):
                rss, peak = memory(pid)
                total += rss
                self.peaks[pid] = max(self.peaks.get(pid, 0), peak)
                self.cpus[pid] = max(self.cpus.get(pid, 0), cpu(pid))
            self.sampled = max(self.sampled, total)


def run(command, env=None, cwd=None, timeout=1800):
    """Runs `command` with sh and measures it. Output is thrown away, stderr kept."""
    before = machine_cpu()
    start = time.perf_counter()
    child = subprocess.Popen(
        ["sh", "-c", command], env=env, cwd=cwd, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )
    sampler = Sampler(child.pid)
    sampler.start()
    errors = []
    reader = threading.Thread(target=lambda: errors.append(child.stderr.read()), daemon=True)
    reader.start()
    killer = threading.Timer(timeout, lambda: os.killpg(child.pid, 9))
    killer.start()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    killer.cancel()
    sampler.done.set()
    reader.join(timeout=5)
    child.returncode = os.waitstatus_to_exitcode(status)
    # A process that nobody waits for, such as Spark's, is in the samples alone.
    cpu_seconds = max(usage.ru_utime + usage.ru_stime, sum(sampler.cpus.values()))
    others = max(0.0, machine_cpu() - before - cpu_seconds) / (wall * CORES)
    text = errors[0].decode(errors="replace") if errors else ""
    return Run(wall, cpu_seconds, sum(sampler.peaks.values()), sampler.sampled, others, child.returncode, text)


def quiet_run(command, prepare, attempts=5, **options):
    """Like `run`, repeated from a fresh start while the machine was busy with other things."""
    for _ in range(attempts):
        prepare()
        result = run(command, **options)
        # Short runs are below the resolution of the kernel's accounting.
        if result.others <= BUSY or result.wall < 0.3 or result.code != 0:
            break
    return result
