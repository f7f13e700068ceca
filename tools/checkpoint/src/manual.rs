//! The parts of the manual that follow the options.

use millrace_cli::Section;

pub(crate) const MANUAL: &[Section] = &[
    ("EXAMPLES", EXAMPLES),
    ("UNITS", UNITS),
    ("RUNS AND CRASHES", RUNS),
    ("EXIT STATUS", EXIT_STATUS),
    ("FILES", FILES),
    ("NOTES", NOTES),
];

const EXAMPLES: &str = "
Every hour that has ended and is not done, four at a time:

  checkpoint plan orders --from 2026-03-17 --every hour |
    checkpoint run-all orders -P 4 --retries 3 -- ./hour.sh {}

One day, from cron; skipped if it is done, repeated if the network fails, ended after
two hours:

  checkpoint run orders 2026-03-17 --retries 5 --retry-on 4,5 --timeout 2h -- ./day.sh

Days in Berlin, the last three of them once more each day because data comes late:

  checkpoint plan orders --from 2026-01-01 --every day --timezone Europe/Berlin --lookback 3

A certain day once more, as a new run:

  checkpoint undo orders 2026-03-17
  checkpoint run orders 2026-03-17 -- ./day.sh

Files as units:

  find inbox -name '*.ndjson' -print0 | checkpoint todo inbox -0 |
    checkpoint run-all inbox -0 -- ./load.sh {}

A mark, and what is going on:

  checkpoint set orders 2026-03-17T06:00:00Z
  since=$(checkpoint get orders)
  checkpoint status
  checkpoint status orders --left
  checkpoint history orders -n 20 --output json
";

const UNITS: &str = "
A unit of a plan is named 2026-03-17T05 (hour), 2026-03-17 (day), 2026-W12 (ISO week,
Monday to Sunday) or 2026-03 (month): no colon, slash or space, so that the name serves
make, xargs and paths. The hour that occurs twice when clocks go back carries its offset:
2026-10-25T02+0200 and 2026-10-25T02+0100; the one that clocks skip does not exist. Days
of a zone have 23, 24 or 25 hours. Any other name of up to 1024 bytes without control
characters may be a unit too, but not of a plan.

--from and --to are half-open: the first unit is the one that holds A, the last one has
ended when B begins. --through includes the unit that B ends: --through 2026-03-17 with
--every hour includes 2026-03-17T23. Without either the last unit is the last that has
ended --delay ago.

--lookback N: of the last N units of the range those that were last done before --as-of
are due again, as new runs; by default those that were not yet done since the present
unit began: once a day with --every day. Who asks twice gets the same answer.
";

const RUNS: &str = "
A run has an identity, MILLRACE_RUN_ID, that stays the same for its retries and for any
later `run` of the unit until the unit is done: partition and others take a step that
they have committed under that id for done. `undo`, --lookback and --redo begin a new run.
MILLRACE_NOW stays with the run as well.

checkpoint may be killed at any instant, as may the machine: the unit is then not done.
Its command may still be running; it and its children hold the unit's lock until the last
of them has ended, and the next `run` of the unit waits for that (--wait), then runs it
with the same id. The units of a run-all that is killed are sent TERM. A process that the
command leaves in the background keeps the lock too.

At --timeout the whole process group of the command, so all stages of a pipe, is sent
TERM, and KILL after --grace. TERM, INT, HUP and QUIT are passed on to the group, and KILL
follows after --grace; there are no retries then. After a failure nothing of the group is
left when the next attempt begins.

Retries wait --retry-delay, then --backoff times as long each, up to --max-delay, give or
take a quarter. Not retried unless --retry-on says so: 2 (usage), 3 (data refused), 126
and 127 (cannot run).

Under run-all each unit's tools get an even share of the cores (MILLRACE_THREADS) and of
half of the memory (MILLRACE_MEMORY, no more than a tool's default), unless you set them.
";

const EXIT_STATUS: &str = "
`run` passes the command's exit code on: 255 as 254 (255 would stop xargs), death by
signal n as 128+n. Of its own:

  0    done, or was done before
  2    usage
  5    another process runs the unit, or --max-active are running, longer than --wait
  124  stopped at --timeout
  125  checkpoint itself failed, e.g. the store cannot be written
  126  the command cannot be run
  127  the command was not found

`run-all`: that of the first unit of the list that failed; the others are run all the
same. `is-done` and `get`: 1 for no. Else as millrace(7) says.
";

const FILES: &str = "
  .millrace/state.db        the store: SQLite, each change synced (with state.db-journal beside it)
  .millrace/state.db.locks  locks of units that are being run

The nearest .millrace/state.db in the working directory or above it is used, as git finds
its repository. A command that writes makes one in the working directory if there is none;
one that only reads does not. Keep the store on a local file system: locks on network
file systems cannot be trusted.
";

const NOTES: &str = "
In plain sh a pipe's exit code is that of its last command: if `plan` fails, run-all sees
an empty list, says `nothing to do` and exits 0. Write the list to a file first, or use
`set -o pipefail` where the shell has it:

  checkpoint plan orders --from 2026-03-17 --every hour > todo && checkpoint run-all orders -- ./hour.sh < todo

run-all does not need {}: the unit is in MILLRACE_UNIT as well. Without {} in the command
the unit is its last argument, as xargs does it.
";
