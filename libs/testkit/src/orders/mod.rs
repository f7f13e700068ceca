//! A day of e-commerce order events, deterministic: the same options give the
//! same bytes on any machine. One stream per hour of arrival, so that hours can be
//! written side by side.
//!
//! Rates are exact in expectation and the counts that were drawn are returned, so
//! that a test can account for every row.

mod event;
mod random;
mod render;

pub use event::{Bad, Event};
pub use random::Random;
pub use render::Shape;

use event::Draw;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// What to generate.
#[derive(Clone, Debug)]
pub struct Orders {
    /// First day, as days since 1970-01-01.
    pub first_day: i64,
    /// Number of days.
    pub days: u32,
    /// Rows of all hours together; hours differ by at most one row.
    pub rows: u64,
    /// Share of records that are bad, in five different ways ([`Bad`]).
    pub bad: f64,
    /// Share of records whose event happened one or two days before they arrived.
    pub late: f64,
    /// Whether timestamps rise within an hour, or fall anywhere in the whole range.
    pub shuffled: bool,
    /// The form of a record.
    pub shape: Shape,
    /// Another seed, other data.
    pub seed: u64,
}

/// What one or more hours contain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records written.
    pub rows: u64,
    /// Good records whose event is of an earlier day.
    pub late: u64,
    /// Bad records, by kind.
    pub bad: BTreeMap<Bad, u64>,
}

impl Counts {
    /// All bad records.
    pub fn bad_total(&self) -> u64 {
        self.bad.values().sum()
    }

    /// Adds another hour's counts.
    pub fn add(&mut self, other: &Counts) {
        self.rows += other.rows;
        self.late += other.late;
        for (kind, count) in &other.bad {
            *self.bad.entry(*kind).or_default() += count;
        }
    }
}

impl Default for Orders {
    /// 2026-03-17, 2 million rows, 0.5 % bad, 2 % late: the demo's day.
    fn default() -> Self {
        Orders {
            first_day: 20_529,
            days: 1,
            rows: 2_000_000,
            bad: 0.005,
            late: 0.02,
            shuffled: false,
            shape: Shape::Flat,
            seed: 1,
        }
    }
}

impl Orders {
    /// Hours of all days.
    pub fn hours(&self) -> u32 {
        self.days * 24
    }

    /// Rows that arrive in `hour`.
    pub fn rows_of(&self, hour: u32) -> u64 {
        let hours = u64::from(self.hours());
        self.rows / hours + u64::from(u64::from(hour) < self.rows % hours)
    }

    /// Writes the records that arrive in `hour` (0-based, over all days).
    pub fn write_hour(&self, hour: u32, sink: &mut impl Write) -> io::Result<Counts> {
        let mut draw = Draw::new(self, hour);
        let mut counts = Counts::default();
        let mut line = Vec::with_capacity(1024);
        for row in 0..self.rows_of(hour) {
            let event = draw.event(row);
            counts.rows += 1;
            match event.bad {
                Some(kind) => *counts.bad.entry(kind).or_default() += 1,
                None => counts.late += u64::from(event.is_late),
            }
            line.clear();
            render::record(&event, self.shape, &mut line);
            sink.write_all(&line)?;
        }
        Ok(counts)
    }

    /// What stands before the first record: the header of a CSV file.
    pub fn header(&self) -> &'static str {
        render::header(self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Orders {
        Orders {
            rows: 24_000,
            ..Orders::default()
        }
    }

    #[test]
    fn the_same_options_give_the_same_bytes() {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        let first = small().write_hour(5, &mut a).unwrap();
        assert_eq!(first, small().write_hour(5, &mut b).unwrap());
        assert_eq!(a, b);
        assert_eq!(first.rows, 1000);
        assert_ne!(a, {
            small().write_hour(6, &mut b).unwrap();
            b
        });
    }

    #[test]
    fn mixed_records_hold_what_flat_ones_do_in_another_order() {
        let (mut flat, mut mixed) = (Vec::new(), Vec::new());
        let orders = |shape| Orders {
            shape,
            bad: 0.0,
            ..small()
        };
        orders(Shape::Flat).write_hour(5, &mut flat).unwrap();
        orders(Shape::Mixed).write_hour(5, &mut mixed).unwrap();
        let read = |bytes: &[u8]| -> Vec<serde_json::Map<String, serde_json::Value>> {
            let lines = std::str::from_utf8(bytes).unwrap().lines();
            lines.map(|l| serde_json::from_str(l).unwrap()).collect()
        };
        let (flat, mixed) = (read(&flat), read(&mixed));
        assert_eq!(flat.len(), mixed.len());
        let mut members = 0;
        for (flat, mixed) in flat.iter().zip(&mixed) {
            members += mixed.len();
            assert!(
                mixed
                    .iter()
                    .all(|(key, value)| flat.get(key) == Some(value))
            );
        }
        let share = members as f64 / (13 * flat.len()) as f64;
        assert!((0.9..0.94).contains(&share), "{share}");
    }

    #[test]
    fn good_records_are_json_and_rates_are_near() {
        let mut all = Counts::default();
        let mut unreadable = 0;
        for hour in 0..24 {
            let mut bytes = Vec::new();
            all.add(&small().write_hour(hour, &mut bytes).unwrap());
            let lines = String::from_utf8(bytes).unwrap();
            unreadable += lines
                .lines()
                .filter(|line| serde_json::from_str::<serde_json::Value>(line).is_err())
                .count() as u64;
        }
        assert_eq!(all.rows, 24_000);
        assert_eq!(all.bad.len(), 5, "{all:?}");
        assert_eq!(unreadable, all.bad[&Bad::Torn]);
        assert!((60..200).contains(&all.bad_total()), "{all:?}");
        assert!((350..610).contains(&all.late), "{all:?}");
    }
}
