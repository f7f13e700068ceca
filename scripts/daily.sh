#!/bin/sh
# One day of raw order events into a validated, partitioned, compacted dataset.
# Copy it, change the names, call it from cron as often as you like: it does what
# is left and nothing twice.
#
#   daily.sh day  2026-03-17       plan the day's hours, run those not done, compact
#   daily.sh hour 2026-03-17T05    one hour; what `day` fans out to
#   daily.sh settle 2026-03-10     days before that one, whose hours are never run
#                                  again, into as few files as can be
#
# A day that was killed is continued by calling it again. An hour that has new raw data
# is done again: `checkpoint undo orders 2026-03-17T05`, then the day. Plain sh: without
# pipefail the last tool of a pipe knows how the first one fared.
set -eu

RAW=${RAW:-raw}                 # RAW/DAY/HH.ndjson
OUT=${OUT:-orders}              # the dataset
SCHEMA=${SCHEMA:-orders.schema.json}
BAD=${BAD:-quarantine}          # rejected records, with every reason
JOBS=${JOBS:-2}

BY='order_date=date(event_timestamp),order_hour=hour(event_timestamp)'

# Rows go where they belong, whichever hour they arrived in: late ones, and those of a
# clock that is ahead. An hour that is run again replaces its own rows, wherever they
# went, and nobody else's.
hour() {
    mkdir -p "$BAD"
    ingest "$RAW/${1%T*}/${1#*T}.ndjson" --schema "$SCHEMA" \
        --rejects "$BAD/$1.ingest.ndjson" --max-rejects 5% |
    validate --schema "$SCHEMA" \
        --rejects "$BAD/$1.validate.ndjson" --max-rejects 5% |
    partition "$OUT" --by "$BY" --mode replace-unit --unit "$1"
}

day() {
    checkpoint plan orders --from "$1" --through "$1" --every hour >"$OUT.units"
    checkpoint run-all orders -P "$JOBS" --retries 2 --retry-delay 5s -- "$0" hour {} <"$OUT.units" >"$OUT.touched"
    # Apart by hour of arrival, so that each can still be replaced.
    compact "$OUT" --all --keep-units
}

settle() {
    compact "$OUT" --where "order_date < DATE '$1'"
}

case ${1-} in
day | hour | settle) "$1" "$2" ;;
*) echo "usage: daily.sh day YYYY-MM-DD | hour YYYY-MM-DDTHH | settle YYYY-MM-DD" >&2; exit 2 ;;
esac
