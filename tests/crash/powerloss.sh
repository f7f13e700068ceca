#!/bin/sh
# Takes the power away at every moment of a few commits, on ext4 and xfs: the disk's
# writes and flushes are recorded, images made of what could have survived, mounted, judged,
# recovered. Opt-in: needs root, /dev/fuse, loop devices and Python; some minutes a file system.
#
#   tests/crash/powerloss.sh [BIN_DIR] [--images N] [--seed N] [ext4|xfs]...
#
# BIN_DIR holds ingest, partition and compact (debug or release).
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${CARGO_TARGET_DIR:-$root/target}/debug
case ${1-} in */*) bin=$1 && shift ;; esac
for tool in ingest partition compact; do
    [ -x "$bin/$tool" ] || { echo "powerloss.sh: $bin/$tool is not built" >&2; exit 1; }
done

skip() {
    echo "skipped: $1"
    exit 0
}
[ "$(id -u)" -eq 0 ] || skip "mounting needs root"
for device in /dev/fuse /dev/loop-control; do
    [ -e "$device" ] || skip "there is no $device here"
done
for program in python3 losetup mkfs.ext4; do
    command -v "$program" >/dev/null || skip "$program is not installed"
done
losetup -f >/dev/null 2>&1 || skip "no loop device can be had here"

exec python3 "$root/tests/crash/powerloss/replay.py" --bin "$bin" "$@"
