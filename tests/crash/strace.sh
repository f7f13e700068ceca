#!/bin/sh
# Breaks `partition` and `compact` before the N-th call of every system call that a commit
# is made of: by SIGKILL, and by ENOSPC and EIO from the call. N runs from 1 until no call
# is left, for writes in growing steps. After each: every partition holds byte for byte its
# old or its new files; recovery, twice, leaves all of them old or all new; the same run
# again completes; an error is one line and exit 4; nothing is left over, also in the trash.
#
#   tests/crash/strace.sh [BIN_DIR] [JOB]...
#
# BIN_DIR holds ingest, partition and compact (debug or release). Jobs: create overwrite
# append unit compact undo wide. Two run at a time. Needs strace and the right to trace.
# One thread a tool, so that calls are counted in order.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${1:-${CARGO_TARGET_DIR:-$root/target}/debug}
[ $# -eq 0 ] || shift
for tool in ingest partition compact; do
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
        seq "$2" "$3" | sed "s/.*/{\"p\":$p,\"id\":&}/"
    done | "$bin/ingest" --format ndjson
}
rows "1 2 3" 1 20 >base.arrows
rows "2 3" 51 60 >late.arrows
rows "2 3 4" 21 40 >new.arrows
rows "$(seq 1 9)" 21 22 >wide.arrows

write() { # write NAME INPUT OPTION…
    name=$1 input=$2
    shift 2
    ${traced-} "$bin/partition" "$name" --threads 1 --max-shrink 1 "$@" <"../$input.arrows"
}

# The commit under test on ./NAME, traced by the command in $traced if there is one.
commit() {
    case $job in
    create | overwrite | append) write "$1" new --by p --mode "$job" --run-id new ;;
    wide) write "$1" wide --by p --mode append --run-id new ;;
    unit) write "$1" new --by p --mode replace-unit --unit u --run-id new ;;
    compact) ${traced-} "$bin/compact" "$1" --all --threads 1 --run-id new ;;
    undo) write "$1" new --undo late ;;
    esac >stdout 2>stderr
}

# Completes what a crash left, and does nothing else. (Where nothing came to be, there is no p.)
recover() {
    "$bin/compact" "$1" --where 'p = 99' --keep 0s >stdout 2>stderr || [ -z "$(ls "$1")" ] || fail "recovery fails"
}

# The files of each partition with their checksums, one partition a line.
holdings() {
    (cd "$1" 2>/dev/null && cksum p=*/* 2>/dev/null) | awk '
        { split($3, path, "/"); held[path[1]] = held[path[1]] " " path[2] ":" $1 ":" $2 }
        END { for (partition in held) print partition held[partition] }' | sort
}

prepare() { # old/ before, and what is expected before and after
    if [ "$job" != create ]; then
        write old base --by p --run-id base >/dev/null 2>&1
        write old late --by p --mode append --run-id late --unit u >/dev/null 2>&1
        # A copy is another folder: without an identity it is not told apart.
        sed -i 's/"identity":{[^}]*}/"identity":null/' .old.millrace/dataset.json
    fi
    fresh done
    commit done || { echo "strace.sh: $job fails undisturbed: $(cat stderr)" >&2; exit 1; }
    holdings old >expected.old
    holdings done >expected.new
    ! cmp -s expected.old expected.new || { echo "strace.sh: $job changes nothing" >&2; exit 1; }
}

fresh() { # fresh NAME: a copy of old/
    rm -rf "$1" ".$1.millrace"
    if [ -d old ]; then
        cp -a old "$1"
        cp -a .old.millrace ".$1.millrace"
    fi
}

fail() {
    echo "FAILED: $job: $call $fault, call $n: $1" >&2
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
        grep -q "^$partition " now || ! grep -q "^$partition " expected.new || fail "$partition is gone"
    done
}

check_recovery() {
    [ -d out ] || return 0
    recover out
    holdings out >now
    cmp -s now expected.old || cmp -s now expected.new || fail "recovered to a mix"
    recover out
    holdings out | cmp -s - now || fail "a second recovery changes something"
}

check_again() {
    code=0
    commit out || code=$?
    # What was taken back cannot be taken back again.
    [ "$code" -eq 0 ] || { [ "$job:$code" = undo:2 ] && cmp -s now expected.new; } || fail "the run again exits with $code"
    holdings out | cmp -s - expected.new || fail "the run again leaves something else"
    lines=$(wc -l <.out.millrace/log.jsonl)
    [ "$lines" -eq "$(wc -l <.done.millrace/log.jsonl)" ] || fail "$lines lines in the log"
    recover out
    left=$(ls .out.millrace/tx .out.millrace/trash)
    [ "$left" = ".out.millrace/trash:

.out.millrace/tx:" ] || fail "left over: $left"
    find out -type f ! -name '*.parquet' >strange
    [ ! -s strange ] || fail "among the data: $(cat strange)"
}

break_call() { # breaks the n-th call; false if there is none
    fresh out
    code=0
    traced="strace -f -qq -o trace -e trace=$call -e inject=$call:$fault:when=$n"
    commit out || code=$?
    traced=
    if ! grep -q -e INJECTED -e 'killed by SIGKILL' trace; then
        [ "$code" -eq 0 ] || fail "exit $code without a fault"
        return 1
    fi
    case $fault:$code in
    signal=*:137 | error=*:0) ;;
    error=*:4) [ "$(wc -l <stderr)" -eq 1 ] || fail "more than one line" ;;
    *) fail "exit $code" ;;
    esac
    check_old_or_new
    check_recovery
    check_again
    echo "$call" >>broken
}

break_every_call() { # break_every_call CALL FAULT [STEPS]: with STEPS, N grows faster
    call=$1 fault=$2 steps=${3:-1000} n=1
    while break_call; do
        n=$((n + 1 + n / steps))
    done
}

# Opening a file fails for want of room only where it is to be made.
break_every_creation() { # break_every_creation FAULT
    call=openat fault=$1
    fresh out
    traced="strace -f -qq -o trace -e trace=openat"
    commit out
    traced=
    # strace counts for each thread of its own.
    for n in $(awk '{ ++calls[$1] } /O_CREAT/ { print calls[$1] }' trace | sort -nu); do
        break_call || fail "the call is not made"
    done
}

one_job() {
    mkdir "$job" && cd "$job"
    prepare
    if [ "$job" = wide ]; then
        # Enough files for one sync of the whole file system.
        for fault in signal=KILL error=EIO error=ENOSPC; do
            break_every_call syncfs "$fault"
        done
        grep -q syncfs broken || { echo "strace.sh: syncfs is never called" >&2; exit 1; }
        return
    fi
    for call in rename renameat2 fsync fdatasync link linkat mkdir unlink unlinkat rmdir flock ftruncate chmod; do
        break_every_call "$call" signal=KILL
    done
    for call in rename renameat2 fsync fdatasync link linkat mkdir; do
        break_every_call "$call" error=EIO
        break_every_call "$call" error=ENOSPC
    done
    for call in write pwrite64 writev; do
        break_every_call "$call" signal=KILL 4
        break_every_call "$call" error=EIO 3
        break_every_call "$call" error=ENOSPC 3
    done
    break_every_creation error=ENOSPC
}

start=$(date +%s)
[ $# -gt 0 ] || set -- overwrite compact append undo unit create wide
# Two at a time: the next one starts when either of them has ended.
printf '%s\n' "$@" >jobs
lane() {
    while
        exec 9>lock && flock 9
        job=$(sed -n 1p jobs) && sed -i 1d jobs
        exec 9>&-
        [ -n "$job" ]
    do
        # In the background, since `set -e` counts for nothing within a condition.
        (one_job) &
        if wait $!; then
            echo "$job: $(wc -l <"$job/broken") faults"
        else
            echo "$job" >>failed
        fi
    done
}
lane &
lane
wait
[ ! -e failed ] || { echo "0 passed, $(wc -l <failed) failed"; exit 1; }
broken=$(cat ./*/broken | wc -l)
echo "$broken passed, 0 failed ($(($(date +%s) - start)) s)"
