#!/bin/sh
# Breaks `partition` before the N-th call of every system call that a commit is made of,
# N = 1, 2, … until none is left: by SIGKILL, and by ENOSPC and EIO from the call.
# After each: every partition holds byte for byte its old or its new files; the same run
# again completes; nothing is left over.
#
#   tests/crash/strace.sh [BIN_DIR]      BIN_DIR holds ingest and partition (debug or release)
#
# Needs strace and the right to trace. One thread, so that calls are counted in order.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${1:-${CARGO_TARGET_DIR:-$root/target}/debug}
for tool in ingest partition; do
    [ -x "$bin/$tool" ] || { echo "strace.sh: $bin/$tool is not built" >&2; exit 1; }
done
if ! strace -qq -o /dev/null true 2>/dev/null; then
    echo "skipped: strace is not installed, or tracing is not permitted here"
    exit 0
fi

# In memory where possible: a thousand commits, and a kill leaves the same there.
parent=/dev/shm
[ -w "$parent" ] || parent=${TMPDIR:-/tmp}
work=$(mktemp -d "$parent/millrace-strace.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
for variable in $(env | sed -n 's/^\(MILLRACE_[A-Z_]*\)=.*/\1/p'); do unset "$variable"; done

rows() { # rows PARTITIONS FROM TO
    for p in $1; do
        i=$2
        while [ "$i" -le "$3" ]; do
            echo "{\"p\":$p,\"id\":$i}"
            i=$((i + 1))
        done
    done
}
rows "1 2 3" 1 20 | "$bin/ingest" --format ndjson >base.arrows
rows "2 3 4" 21 40 | "$bin/ingest" --format ndjson >new.arrows

# commit NAME MODE [COMMAND…]: the commit under test on ./NAME, through COMMAND.
commit() {
    name=$1 mode=$2
    shift 2
    "$@" "$bin/partition" "$name" --by p --mode "$mode" --run-id new --threads 1 --max-shrink 1 \
        <new.arrows >stdout 2>stderr
}

# The files of each partition with their checksums, one partition a line.
holdings() {
    for folder in "$1"/p=*; do
        [ -d "$folder" ] || continue
        sum=$(cd "$folder" && cksum ./* 2>/dev/null | tr '\n' ' ')
        [ -z "$sum" ] || [ "$sum" = "" ] || echo "${folder##*/} $sum"
    done
}

prepare() { # prepare MODE: old/ before, and what is expected before and after
    rm -rf old .old.millrace done .done.millrace
    case $1 in
    create) : ;;
    *)
        "$bin/partition" old --by p --run-id base <base.arrows >/dev/null 2>&1
        # A copy is another folder: without an identity it is not told apart.
        sed -i 's/"identity":{[^}]*}/"identity":null/' .old.millrace/dataset.json
        ;;
    esac
    fresh done
    commit done "$1" || { echo "strace.sh: $1 fails undisturbed: $(cat stderr)" >&2; exit 1; }
    holdings old >expected.old
    holdings done >expected.new
}

fresh() { # fresh NAME: a copy of old/
    rm -rf "$1" ".$1.millrace"
    if [ -d old ]; then
        cp -a old "$1"
        cp -a .old.millrace ".$1.millrace"
    fi
}

fail() {
    echo "FAILED: $mode: $call $fault, call $n: $1" >&2
    cat stderr >&2
    exit 1
}

# Every partition that is there is old or new, and none that both have is missing.
check_old_or_new() {
    holdings out >now
    if grep -vxF -f expected.old now | grep -vxF -f expected.new >strange; then
        fail "neither old nor new: $(cat strange)"
    fi
    for partition in $(sed 's/ .*//' expected.old); do
        grep -q "^$partition " now || fail "$partition is gone"
    done
}

check_again() {
    commit out "$mode" || fail "the run again exits with $?"
    holdings out >now
    cmp -s now expected.new || fail "the run again leaves something else"
    [ -z "$(ls .out.millrace/tx)" ] || fail "left in tx/: $(ls .out.millrace/tx)"
    lines=$(wc -l <.out.millrace/log.jsonl)
    [ "$lines" -eq "$(wc -l <.done.millrace/log.jsonl)" ] || fail "$lines lines in the log"
    find out -type f ! -name '*.parquet' >strange
    [ ! -s strange ] || fail "among the data: $(cat strange)"
}

break_every_call() { # break_every_call CALL FAULT
    call=$1 fault=$2 n=1
    while :; do
        fresh out
        code=0
        commit out "$mode" strace -f -qq -o trace -e trace="$call" -e inject="$call:$fault:when=$n" || code=$?
        if ! grep -q -e INJECTED -e 'killed by SIGKILL' trace; then
            [ "$code" -eq 0 ] || fail "exit $code without a fault"
            break
        fi
        case $fault:$code in
        signal=*:137 | error=*:0 | error=*:4) ;;
        *) fail "exit $code" ;;
        esac
        check_old_or_new
        check_again
        broken=$((broken + 1))
        n=$((n + 1))
    done
}

broken=0
start=$(date +%s)
for mode in create overwrite append; do
    prepare "$mode"
    for call in rename renameat2 fsync link linkat mkdir unlink unlinkat rmdir flock ftruncate chmod; do
        break_every_call "$call" signal=KILL
    done
    for call in rename renameat2 fsync link linkat mkdir; do
        break_every_call "$call" error=EIO
        break_every_call "$call" error=ENOSPC
    done
    echo "$mode: $broken faults so far"
done
[ "$broken" -gt 100 ] || { echo "strace.sh: only $broken faults were injected" >&2; exit 1; }
echo "$broken passed, 0 failed ($(($(date +%s) - start)) s)"
