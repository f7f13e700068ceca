//! How calendar units are written and recognised.

use super::{Error, Grain};
use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::tz::Offset;

/// A text that has the form of a calendar unit; its numbers may still be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Month {
        year: i16,
        month: i8,
    },
    Week {
        year: i16,
        week: i8,
    },
    Day {
        year: i16,
        month: i8,
        day: i8,
    },
    Hour {
        year: i16,
        month: i8,
        day: i8,
        hour: i8,
        offset: Option<i32>,
    },
}

impl Shape {
    /// The shape of `text`: digits and separators exactly where a unit has them.
    pub(super) fn of(text: &str) -> Option<Shape> {
        let pattern: String = text
            .chars()
            .map(|c| if c.is_ascii_digit() { '9' } else { c })
            .collect();
        let two = |at: usize| text.get(at..at + 2)?.parse::<i8>().ok();
        let year = text.get(..4)?.parse::<i16>().ok()?;
        match pattern.as_str() {
            "9999-99" => Some(Shape::Month {
                year,
                month: two(5)?,
            }),
            "9999-W99" => Some(Shape::Week {
                year,
                week: two(6)?,
            }),
            "9999-99-99" => Some(Shape::Day {
                year,
                month: two(5)?,
                day: two(8)?,
            }),
            "9999-99-99T99" | "9999-99-99T99+9999" | "9999-99-99T99-9999" => {
                let offset = match pattern.len() {
                    13 => None,
                    _ => Some(offset_seconds(text.get(13..)?)?),
                };
                Some(Shape::Hour {
                    year,
                    month: two(5)?,
                    day: two(8)?,
                    hour: two(11)?,
                    offset,
                })
            }
            _ => None,
        }
    }

    /// The date of an hour, and the first day of anything longer.
    pub(super) fn first_day(self, text: &str) -> Result<(Date, Grain), Error> {
        let wrong = |_| Error::NotInCalendar(text.to_owned());
        match self {
            Shape::Month { year, month } => {
                Ok((Date::new(year, month, 1).map_err(wrong)?, Grain::Month))
            }
            Shape::Day { year, month, day } => {
                Ok((Date::new(year, month, day).map_err(wrong)?, Grain::Day))
            }
            Shape::Hour {
                year, month, day, ..
            } => Ok((Date::new(year, month, day).map_err(wrong)?, Grain::Hour)),
            Shape::Week { year, week } => {
                let monday = ISOWeekDate::new(year, week, Weekday::Monday).map_err(wrong)?;
                Ok((monday.date(), Grain::Week))
            }
        }
    }
}

/// `+0130` in seconds.
fn offset_seconds(text: &str) -> Option<i32> {
    let hours: i32 = text.get(1..3)?.parse().ok()?;
    let minutes: i32 = text.get(3..5)?.parse().ok()?;
    let seconds = hours * 3600 + minutes * 60;
    Some(if text.starts_with('-') {
        -seconds
    } else {
        seconds
    })
}

/// The name of the unit that begins on `first`.
pub(super) fn of_date(first: Date, grain: Grain) -> Result<String, Error> {
    if !(1..=9998).contains(&first.year()) {
        return Err(Error::OutOfRange);
    }
    Ok(match grain {
        Grain::Hour | Grain::Day => format!(
            "{:04}-{:02}-{:02}",
            first.year(),
            first.month(),
            first.day()
        ),
        Grain::Month => format!("{:04}-{:02}", first.year(), first.month()),
        Grain::Week => {
            let week = first.iso_week_date();
            format!("{:04}-W{:02}", week.year(), week.week())
        }
    })
}

/// The name of an hour, with its offset where it needs one.
pub(super) fn of_hour(date: Date, hour: i8, offset: Option<Offset>) -> Result<String, Error> {
    let day = of_date(date, Grain::Day)?;
    let suffix = offset.map_or_else(String::new, |offset| {
        let minutes = offset.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}{:02}", minutes.abs() / 60, minutes.abs() % 60)
    });
    Ok(format!("{day}T{hour:02}{suffix}"))
}
