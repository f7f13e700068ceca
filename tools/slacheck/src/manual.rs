//! The parts of the manual that follow the options.

use millrace_cli::Section;

pub(crate) const MANUAL: &[Section] = &[
    ("EXAMPLES", EXAMPLES),
    ("TIMES", TIMES),
    ("JUDGEMENT", JUDGEMENT),
    ("OUTPUT", OUTPUT),
    ("EXIT STATUS", EXIT_STATUS),
];

const EXAMPLES: &str = "
Done by 08:00 each day, started at 06:00; WARNING from 07:36 on:

  slacheck orders --deadline '08:00 UTC' --scheduled '06:00 UTC'

Every hour at 45 minutes past, and in no more than 30 minutes:

  slacheck clicks --deadline ':45' --max-duration 30m

Weekly, and on working days in Berlin:

  slacheck report --deadline 'Monday 06:00 UTC'
  slacheck books --deadline 'Mon..Fri *-*-* 06:00:00 Europe/Berlin' --max-duration 2h

What it would have said:

  slacheck orders --deadline '08:00 UTC' --now 2026-03-18T07:36:00Z

For Prometheus' node exporter:

  slacheck orders --deadline '08:00 UTC' --output openmetrics > sla.prom.new; mv sla.prom.new sla.prom
";

const TIMES: &str = "
WHEN recurs: 08:00 is daily, :45 hourly, Monday 06:00 weekly. In full it is a calendar
expression as systemd.time(7) has it: [WEEKDAYS] [[YEAR-]MONTH-DAY] HOUR:MINUTE[:SECOND]
[ZONE], a field being *, a number, a list (1,15), a range (9..17) or a step (0/15);
weekdays Mon, Monday, Mon,Wed or Mon..Fri; also hourly, daily, weekly, monthly, quarterly,
semiannually and yearly. Not understood, and refused, are ~ (days from the end of the
month) and fractions of seconds. Without a ZONE --timezone holds.

A time that clocks skip when they go forward comes as much later; one that occurs twice
counts once, but * in the hour means every hour that there is.
";

const JUDGEMENT: &str = "
A period runs from one deadline to the next. It needs every unit of the plans that were
made in it (`checkpoint plan`) and every unit that was run or marked in it. It is done
when all of them are done, and there was at least one plan or run.

The allowed time begins at --scheduled; without it when the first unit was started; before
that, --max-duration before the deadline. Not done, the pipeline is WARNING from --warn-at
of the allowed time on, and CRITICAL from the deadline on or once it has been running for
--max-duration. From three to 20 earlier periods it knows how long the work takes: it says
when it will likely end, and is WARNING earlier if that is too late.

A missed deadline stays CRITICAL until the work of its period is done after all, or that
of the next one. A pipeline that was first heard of after a deadline did not miss it. One
that was never heard of is CRITICAL from a deadline on until the next allowed time begins
(half-way to the next deadline, if that is not known).

With --max-duration alone the time since the last plan (or run) is judged, and nothing is
known about a pipeline that was never started: UNKNOWN.

It only reads. What was done by hand (`checkpoint done`) counts; what a later look-back
made due again was done in time.
";

const OUTPUT: &str = "
  SLA OK - orders: 24 of 24 units done at 2026-03-18T07:12:00Z, 48m before the deadline | done=24;;;0;24 failed=0;;;0;24 elapsed=4320s;5760;7200;0 left=2400s

Performance data: units done and failed (of how many), seconds of the allowed time gone by
(with the limits of WARNING and CRITICAL), seconds left to the deadline. --output json has
the instants as well: allowed_from, warning_at, critical_at, likely_end.
";

const EXIT_STATUS: &str = "
  0  OK
  1  WARNING
  2  CRITICAL
  3  UNKNOWN: no store, a store that cannot be read, or wrong usage
";
