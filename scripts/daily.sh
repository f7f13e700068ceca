#!/bin/sh
# One day of raw order events into a validated, partitioned, compacted dataset.
# Copy it, change the names, call it from cron as often as you like: it does what
# is left and nothing twice.
#
#   daily.sh day  2026-03-17       plan the day's hours, run those not done, compact
#   daily.sh hour 2026-03-17T05    one hour; what `day` fans out to
#
# A day that was killed is continued by calling it again. Plain sh: without
# pipefail the last tool of a pipe knows how the first one fared.
set -eu

RAW=${RAW:-raw}                 # RAW/DAY/HH.ndjson
OUT=${OUT:-orders}              # the dataset
SCHEMA=${SCHEMA:-orders.schema.json}
BAD=${BAD:-quarantine}          # rejected records, with every reason
LATE=${LATE:-late}              # rows of other hours, on their way home
JOBS=${JOBS:-2}

BY='order_date=date(event_timestamp),order_hour=hour(event_timestamp)'

hour() {
    day=${1%T*} hh=${1#*T}
    mkdir -p "$BAD" "$LATE"
    ingest "$RAW/$day/$hh.ndjson" --schema "$SCHEMA" \
        --rejects "$BAD/$1.ingest.ndjson" --max-rejects 5% |
    validate --schema "$SCHEMA" \
        --rejects "$BAD/$1.validate.ndjson" --max-rejects 5% |
    partition "$OUT" --by "$BY" --mode overwrite \
        --scope "order_date=$day/order_hour=$hh" --outside "$LATE/$1.arrows"
    # The run id that checkpoint hands out makes this step exactly once.
    partition "$OUT" --by "$BY" --mode append --step late <"$LATE/$1.arrows"
}

day() {
    checkpoint plan orders --from "$1" --through "$1" --every hour >"$OUT.units"
    checkpoint run-all orders -P "$JOBS" --retries 2 --retry-delay 5s -- "$0" hour {} <"$OUT.units" >"$OUT.touched"
    compact "$OUT" --all
}

case ${1-} in
day | hour) "$1" "$2" ;;
*) echo "usage: daily.sh day YYYY-MM-DD | hour YYYY-MM-DDTHH" >&2; exit 2 ;;
esac
