//! Reading a recurring point in time.

use super::field::Field;
use super::{When, weekday_index};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use millrace_fault::{clip, quoted};
use millrace_state::calendar;

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// systemd's words for common expressions.
const WORDS: [(&str, &str); 8] = [
    ("hourly", "*-*-* *:00:00"),
    ("daily", "*-*-* 00:00:00"),
    ("weekly", "Mon *-*-* 00:00:00"),
    ("monthly", "*-*-01 00:00:00"),
    ("quarterly", "*-01,04,07,10-01 00:00:00"),
    ("semiannually", "*-01,07-01 00:00:00"),
    ("annually", "*-01-01 00:00:00"),
    ("yearly", "*-01-01 00:00:00"),
];

impl When {
    /// Reads `text`; without a zone in it `zone` holds.
    pub(crate) fn parse(text: &str, zone: &TimeZone) -> Result<When, String> {
        let refused = |what: &str| format!("{}: {what}", quoted(clip(text, 80)));
        let expanded = expand(text);
        let mut words: Vec<&str> = expanded.split_whitespace().collect();
        let mut when = When::every_midnight(zone.clone());
        if let Some(zone) = words.last().and_then(|word| zone_of(word)) {
            when.zone = zone.map_err(|problem| refused(&problem))?;
            words.pop();
        }
        if words.is_empty() {
            return Err(refused("no time"));
        }
        let mut seen = 0;
        for word in words {
            let (order, read) = when.read(word);
            // Weekdays, date and time, each at most once, in this order.
            if order <= seen || !read {
                return Err(refused(&format!("cannot read {}", quoted(clip(word, 40)))));
            }
            seen = order;
        }
        Ok(when)
    }

    fn every_midnight(zone: TimeZone) -> When {
        When {
            weekdays: [true; 7],
            years: Field::any(1, 1),
            months: Field::any(1, 12),
            days: Field::any(1, 31),
            hours: Field::only(0),
            minutes: Field::only(0),
            seconds: Field::only(0),
            zone,
        }
    }

    /// Which kind of word it is, and whether it could be read.
    fn read(&mut self, word: &str) -> (u8, bool) {
        if word.contains(':') {
            (3, self.read_time(word).is_some())
        } else if word.starts_with(|c: char| c.is_ascii_alphabetic()) {
            (1, self.read_weekdays(word).is_some())
        } else {
            (2, self.read_date(word).is_some())
        }
    }

    /// `08:00`, `08:00:30`, or `:45` for every hour.
    fn read_time(&mut self, word: &str) -> Option<()> {
        let parts: Vec<&str> = word.split(':').collect();
        let (hours, minutes, seconds) = match parts[..] {
            ["", minutes] => ("*", minutes, "0"),
            [hours, minutes] => (hours, minutes, "0"),
            ["", minutes, seconds] => ("*", minutes, seconds),
            [hours, minutes, seconds] => (hours, minutes, seconds),
            _ => return None,
        };
        self.hours = Field::parse(hours, 0, 23)?;
        self.minutes = Field::parse(minutes, 0, 59)?;
        self.seconds = Field::parse(seconds, 0, 59)?;
        Some(())
    }

    /// `*-*-*`, `2026-03-17`, `*-01,07-01`, or without the year.
    fn read_date(&mut self, word: &str) -> Option<()> {
        let parts: Vec<&str> = word.split('-').collect();
        let (years, months, days) = match parts[..] {
            [months, days] => ("*", months, days),
            [years, months, days] => (years, months, days),
            _ => return None,
        };
        self.years = if years == "*" {
            Field::any(1, 1)
        } else {
            Field::parse(years, 1970, 2199)?
        };
        self.months = Field::parse(months, 1, 12)?;
        self.days = Field::parse(days, 1, 31)?;
        Some(())
    }

    /// `Mon`, `Monday`, `Mon,Wed`, `Mon..Fri`, `Sat..Mon`.
    fn read_weekdays(&mut self, word: &str) -> Option<()> {
        self.weekdays = [false; 7];
        for part in word.split(',') {
            let (first, last) = part.split_once("..").unwrap_or((part, part));
            let (mut day, last) = (weekday(first)?, weekday(last)?);
            self.weekdays[day] = true;
            while day != last {
                day = (day + 1) % 7;
                self.weekdays[day] = true;
            }
        }
        Some(())
    }
}

/// systemd's words spelt out; a zone may follow.
fn expand(text: &str) -> String {
    let (first, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    match WORDS
        .iter()
        .find(|(word, _)| first.eq_ignore_ascii_case(word))
    {
        Some((_, meaning)) => format!("{meaning} {rest}"),
        None => text.to_owned(),
    }
}

/// A full weekday or its first three letters.
fn weekday(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    let found = WEEKDAYS
        .iter()
        .find(|(name, _)| *name == lower || (lower.len() == 3 && name.starts_with(&lower)))?;
    Some(weekday_index(found.1))
}

/// The zone that a word names, if it is not a weekday, a date or a time.
fn zone_of(word: &str) -> Option<Result<TimeZone, String>> {
    let is_name = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && !word.contains([':', ','])
        && !word.contains("..");
    let is_zone = is_name && weekday(word).is_none();
    is_zone.then(|| calendar::zone(word).map_err(|error| error.to_string()))
}
