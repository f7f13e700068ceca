//! strptime patterns: `%d/%m/%Y %H:%M`, compiled once, read strictly.

use crate::temporal::{Civil, Cursor, time_of_day};
use std::fmt;

/// A compiled strptime pattern. English names of months and days; letter case is
/// ignored in names, everything else stands for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    items: Vec<Item>,
}

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Byte(u8),
    Year,
    ShortYear,
    Month,
    MonthName,
    MonthAbbreviation,
    Day,
    DayOfYear,
    WeekdayName,
    WeekdayAbbreviation,
    Hour,
    HalfDayHour,
    HalfDay,
    Minute,
    Second,
    Fraction,
    Offset,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const MONTH_ABBREVIATIONS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const WEEKDAY_ABBREVIATIONS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl Pattern {
    /// Compiles a pattern; the error says which directive is not known.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let mut items = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'%' => directive(bytes.next(), &mut items)?,
                _ => items.push(Item::Byte(byte)),
            }
        }
        Ok(Pattern {
            text: text.to_owned(),
            items,
        })
    }

    /// Whether the pattern says a whole date: year, month and day, or year and day of it.
    pub fn has_date(&self) -> bool {
        let year = self.has(&[Item::Year, Item::ShortYear]);
        let month = self.has(&[Item::Month, Item::MonthName, Item::MonthAbbreviation]);
        year && (self.has(&[Item::DayOfYear]) || month && self.has(&[Item::Day]))
    }

    /// Whether the pattern says any time of day.
    pub fn has_time(&self) -> bool {
        self.has(&[Item::Hour]) || self.has(&[Item::HalfDayHour]) && self.has(&[Item::HalfDay])
    }

    /// Whether values carry an offset from UTC.
    pub fn has_offset(&self) -> bool {
        self.has(&[Item::Offset])
    }

    fn has(&self, any: &[Item]) -> bool {
        self.items.iter().any(|item| any.contains(item))
    }

    /// Reads `text`; None if it does not follow the pattern to its end, or names a day
    /// or time that does not exist. Without a date it is 1970-01-01.
    pub fn read(&self, text: &str) -> Option<Civil> {
        let mut cursor = Cursor::new(text);
        let mut parts = Parts::default();
        for item in &self.items {
            parts.read(*item, &mut cursor)?;
        }
        cursor.is_done().then(|| parts.civil()).flatten()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn directive(letter: Option<u8>, items: &mut Vec<Item>) -> Result<(), String> {
    let letter = letter.ok_or("a pattern cannot end with a single '%'")?;
    let item = match letter {
        b'Y' => Item::Year,
        b'y' => Item::ShortYear,
        b'm' => Item::Month,
        b'B' => Item::MonthName,
        b'b' | b'h' => Item::MonthAbbreviation,
        b'd' | b'e' => Item::Day,
        b'j' => Item::DayOfYear,
        b'A' => Item::WeekdayName,
        b'a' => Item::WeekdayAbbreviation,
        b'H' => Item::Hour,
        b'I' => Item::HalfDayHour,
        b'p' => Item::HalfDay,
        b'M' => Item::Minute,
        b'S' => Item::Second,
        b'f' => Item::Fraction,
        b'z' => Item::Offset,
        b'%' => Item::Byte(b'%'),
        b'F' => return spelled_out("%Y-%m-%d", items),
        b'T' => return spelled_out("%H:%M:%S", items),
        b'D' => return spelled_out("%m/%d/%y", items),
        b'R' => return spelled_out("%H:%M", items),
        _ => {
            let letter = char::from(letter).escape_default();
            return Err(format!(
                "'%{letter}' is not one of %Y %y %m %B %b %d %j %A %a %H %I %p %M %S %f %z %F %T %D %R %%"
            ));
        }
    };
    items.push(item);
    Ok(())
}

fn spelled_out(pattern: &str, items: &mut Vec<Item>) -> Result<(), String> {
    items.extend(Pattern::parse(pattern)?.items);
    Ok(())
}

/// What has been read so far.
#[derive(Default)]
struct Parts {
    year: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
    day_of_year: Option<u32>,
    hour: u32,
    afternoon: Option<bool>,
    minute: u32,
    second: u32,
    nanos: u32,
    offset: Option<i32>,
}

impl Parts {
    fn read(&mut self, item: Item, cursor: &mut Cursor<'_>) -> Option<()> {
        match item {
            Item::Byte(byte) => cursor.expect(byte)?,
            Item::Year => self.year = Some(cursor.digits(4)?),
            Item::ShortYear => self.year = Some(century(cursor.digits(2)?)),
            Item::Month => self.month = Some(cursor.up_to_two_digits()?),
            Item::MonthName => self.month = Some(cursor.one_of(&MONTHS)? as u32 + 1),
            Item::MonthAbbreviation => {
                self.month = Some(cursor.one_of(&MONTH_ABBREVIATIONS)? as u32 + 1)
            }
            Item::Day => self.day = Some(cursor.up_to_two_digits()?),
            Item::DayOfYear => self.day_of_year = Some(cursor.digits(3)?),
            Item::WeekdayName => drop(cursor.one_of(&WEEKDAYS)?),
            Item::WeekdayAbbreviation => drop(cursor.one_of(&WEEKDAY_ABBREVIATIONS)?),
            Item::Hour => self.hour = cursor.up_to_two_digits()?,
            Item::HalfDayHour => self.hour = half_day_hour(cursor.up_to_two_digits()?)?,
            Item::HalfDay => self.afternoon = Some(cursor.one_of(&["AM", "PM"])? == 1),
            Item::Minute => self.minute = cursor.up_to_two_digits()?,
            Item::Second => self.second = cursor.up_to_two_digits()?,
            Item::Fraction => self.nanos = cursor.fraction_digits()?,
            Item::Offset => self.offset = Some(offset(cursor)?),
        }
        Some(())
    }

    fn civil(self) -> Option<Civil> {
        let year = self.year.unwrap_or(1970) as i32;
        let date = match self.day_of_year {
            Some(day) => nth_day(year, day)?,
            None => Civil::day(year, self.month.unwrap_or(1), self.day.unwrap_or(1))?,
        };
        let hour = match self.afternoon {
            Some(true) => self.hour + 12,
            _ => self.hour,
        };
        let nanos = time_of_day(hour, self.minute, self.second, self.nanos)?;
        Some(Civil {
            nanos,
            offset: self.offset,
            ..date
        })
    }
}

/// POSIX: 69 to 99 are in the 1900s, 00 to 68 in the 2000s.
fn century(year: u32) -> u32 {
    if year >= 69 { 1900 + year } else { 2000 + year }
}

/// 12 is the hour 0 of its half.
fn half_day_hour(hour: u32) -> Option<u32> {
    (1..=12).contains(&hour).then_some(hour % 12)
}

fn offset(cursor: &mut Cursor<'_>) -> Option<i32> {
    match cursor.one_of(&["Z"]) {
        Some(_) => Some(0),
        None => cursor.numeric_offset(false),
    }
}

fn nth_day(year: i32, nth: u32) -> Option<Civil> {
    let mut left = nth;
    for month in 1..=12 {
        let length = (28..=31)
            .rev()
            .find(|day| Civil::day(year, month, *day).is_some())?;
        if left <= length {
            return Civil::day(year, month, left);
        }
        left -= length;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str, text: &str) -> Option<String> {
        let civil = Pattern::parse(pattern).unwrap().read(text)?;
        let seconds = civil.nanos / 1_000_000_000;
        let Civil {
            year, month, day, ..
        } = civil;
        Some(format!(
            "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        ))
    }

    #[test]
    fn the_usual_patterns() {
        for (pattern, text, expected) in [
            ("%d/%m/%Y %H:%M", "17/03/2026 05:07", "2026-03-17 05:07:00"),
            ("%m/%d/%y", "3/7/26", "2026-03-07 00:00:00"),
            ("%d %b %Y", "17 MAR 1999", "1999-03-17 00:00:00"),
            (
                "%A, %d %B %Y",
                "Tuesday, 17 March 2026",
                "2026-03-17 00:00:00",
            ),
            ("%I:%M %p", "12:30 am", "1970-01-01 00:30:00"),
            ("%I:%M %p", "12:30 PM", "1970-01-01 12:30:00"),
            ("%Y%j", "2024366", "2024-12-31 00:00:00"),
            (
                "%F %T.%f%z",
                "2026-03-17 05:07:09.25+0100",
                "2026-03-17 05:07:09",
            ),
            ("%y", "69", "1969-01-01 00:00:00"),
            ("100%%", "100%", "1970-01-01 00:00:00"),
        ] {
            assert_eq!(read(pattern, text).as_deref(), Some(expected), "{pattern}");
        }
    }

    #[test]
    fn what_does_not_follow_the_pattern() {
        for (pattern, text) in [
            ("%d/%m/%Y", "31/02/2026"),
            ("%d/%m/%Y", "1/1/26"),
            ("%d/%m/%Y", "01/01/2026 "),
            ("%Y%j", "2025366"),
            ("%Y%j", "2025000"),
            ("%I %p", "13 PM"),
            ("%H:%M", "24:00"),
            ("%b", "Mrz"),
        ] {
            assert_eq!(read(pattern, text), None, "{pattern} {text}");
        }
    }

    #[test]
    fn unknown_directives_are_named() {
        assert!(
            Pattern::parse("%Q")
                .unwrap_err()
                .starts_with("'%Q' is not one of")
        );
        assert!(Pattern::parse("%").is_err());
    }
}
