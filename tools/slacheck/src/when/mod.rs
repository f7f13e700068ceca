//! Recurring points in time: daily, hourly and weekly forms, and systemd's calendar
//! expressions (systemd.time(7)), of which the short forms are special cases.

mod field;
mod parse;

use field::Field;
use jiff::civil::{Date, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// What is understood, for messages.
pub(crate) const FORMS: &str = "forms: '08:00 UTC' daily, ':45' hourly, 'Monday 06:00 UTC' weekly, and systemd's [WEEKDAYS] [[YEAR-]MONTH-DAY] HH:MM[:SS] [ZONE] with * , .. /";

/// How many days are searched for an occurrence: four centuries hold every pattern of
/// the calendar (29 February on a Monday comes within 40 years).
const HORIZON: usize = 146_097;

/// A recurring point in time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct When {
    weekdays: [bool; 7],
    years: Field,
    months: Field,
    days: Field,
    hours: Field,
    minutes: Field,
    seconds: Field,
    /// Whose clocks.
    pub(crate) zone: TimeZone,
}

impl When {
    /// The first occurrence at `from` or later.
    pub(crate) fn at_or_after(&self, from: Timestamp) -> Option<Timestamp> {
        let mut date = self.local_date(from)?.checked_sub(1.day()).ok()?;
        for _ in 0..HORIZON {
            if let Some(found) = self.on(date).into_iter().find(|at| *at >= from) {
                return Some(found);
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// The last occurrence before `until`.
    pub(crate) fn before(&self, until: Timestamp) -> Option<Timestamp> {
        let mut date = self.local_date(until)?.checked_add(1.day()).ok()?;
        for _ in 0..HORIZON {
            if let Some(found) = self.on(date).into_iter().rev().find(|at| *at < until) {
                return Some(found);
            }
            date = date.yesterday().ok()?;
        }
        None
    }

    fn local_date(&self, instant: Timestamp) -> Option<Date> {
        Some(instant.to_zoned(self.zone.clone()).date())
    }

    /// The occurrences of a day, in order.
    fn on(&self, date: Date) -> Vec<Timestamp> {
        if !self.holds(date) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for hour in self.hours.values() {
            for minute in self.minutes.values() {
                for second in self.seconds.values() {
                    self.instants(date, hour, minute, second, &mut found);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn holds(&self, date: Date) -> bool {
        self.weekdays[weekday_index(date.weekday())]
            && self.years.holds(date.year())
            && self.months.holds(i16::from(date.month()))
            && self.days.holds(i16::from(date.day()))
    }

    /// When clocks show this time. A named hour that clocks skip comes as much later,
    /// one that occurs twice counts once; `*` means every hour that there is.
    fn instants(
        &self,
        date: Date,
        hour: i16,
        minute: i16,
        second: i16,
        found: &mut Vec<Timestamp>,
    ) {
        let local = date.at(hour as i8, minute as i8, second as i8, 0);
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        let every_hour = self.hours.is_any();
        let skipped = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
        let twice = matches!(ambiguous.offset(), AmbiguousOffset::Fold { .. });
        if !(skipped && every_hour) {
            found.extend(ambiguous.compatible());
        }
        if twice && every_hour {
            found.extend(ambiguous.later());
        }
    }
}

fn weekday_index(weekday: Weekday) -> usize {
    weekday.to_monday_zero_offset().unsigned_abs().into()
}

#[cfg(test)]
mod tests;
