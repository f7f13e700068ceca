//! Days and hours as the clocks of a time zone show them.
//!
//! An instant is moved by its offset from UTC and then read as in UTC. A day has 23 or 25
//! hours when clocks change; both passes of an hour that occurs twice are the same hour.

use super::calendar::{self, Range};
use super::{SpecError, Transform};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The zone called `name` (IANA, any case) as it is spelt: `UTC` for all names of UTC.
pub fn zone_name(name: &str) -> Result<String, SpecError> {
    let zone = zone(name)?;
    match zone.iana_name() {
        Some(
            "Etc/UTC" | "Etc/UCT" | "Etc/Universal" | "Etc/Zulu" | "UCT" | "Universal" | "Zulu",
        ) => Ok("UTC".to_owned()),
        Some(name) => Ok(name.to_owned()),
        None => Err(unknown(name)),
    }
}

pub(super) fn zone(name: &str) -> Result<TimeZone, SpecError> {
    TimeZone::get(name).map_err(|_| unknown(name))
}

fn unknown(name: &str) -> SpecError {
    SpecError::Zone {
        name: name.to_owned(),
    }
}

/// As [`calendar::part`], by the clocks of `zone`. `value` counts `per_day`ths of a day
/// since 1970 in UTC, and so does the range.
pub(super) fn part(
    zone: &TimeZone,
    transform: Transform,
    value: i64,
    per_day: i64,
) -> Option<(String, Range)> {
    let per_second = per_day / 86_400;
    let second = value.div_euclid(per_second);
    // Beyond what the database covers, by a day, the last offset stays.
    let at = Timestamp::new(
        second.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second()),
        0,
    )
    .ok()?;
    let shift = i64::from(zone.to_offset(at).seconds()) * per_second;
    let (text, local) = calendar::part(transform, value.checked_add(shift)?, per_day)?;
    // The offset holds from one change of clocks to the next.
    let count = |at: Timestamp| at.as_second() * per_second;
    let after = zone
        .following(at)
        .next()
        .map(|next| count(next.timestamp()));
    let before = since(zone, at).map(count);
    let start = (local.start - shift).max(before.unwrap_or(i64::MIN));
    let end = (local.end - shift).min(after.unwrap_or(i64::MAX));
    Some((text, start..end))
}

/// The last change of clocks at or before `at`.
fn since(zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
    let next = Timestamp::new(at.as_second() + 1, 0).unwrap_or(Timestamp::MAX);
    zone.preceding(next)
        .next()
        .map(|transition| transition.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Date;

    const MICROS: i64 = 86_400_000_000;

    fn text(zone: &TimeZone, transform: Transform, instant: &str) -> String {
        let instant: Timestamp = instant.parse().unwrap();
        part(zone, transform, instant.as_microsecond(), MICROS)
            .unwrap()
            .0
    }

    #[test]
    fn days_of_23_and_25_hours() {
        let berlin = zone("europe/berlin").unwrap();
        for (day, hours) in [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)] {
            let date: Date = day.parse().unwrap();
            let start = date.to_zoned(berlin.clone()).unwrap().timestamp();
            let of_hour = |n: i64| {
                let instant = start + jiff::SignedDuration::from_hours(n);
                text(&berlin, Transform::Date, &instant.to_string())
            };
            let found = (-2..28).filter(|n| of_hour(*n) == day).count();
            assert_eq!(found, hours, "{day}");
        }
        // 02:30 twice, once in summer time.
        for instant in ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"] {
            assert_eq!(text(&berlin, Transform::Hour, instant), "02");
        }
        // 02:00 to 03:00 does not exist.
        assert_eq!(text(&berlin, Transform::Hour, "2026-03-29T00:59:59Z"), "01");
        assert_eq!(text(&berlin, Transform::Hour, "2026-03-29T01:00:00Z"), "03");
    }

    /// Every instant gives what jiff says, and its range holds nothing else.
    #[test]
    fn as_jiff_sees_it_and_within_its_range() {
        let mut seed = 7_u64;
        let mut random = || {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            seed >> 16
        };
        for name in [
            "Europe/Berlin",
            "America/New_York",
            "Australia/Lord_Howe",
            "Asia/Kathmandu",
            "Pacific/Apia",
            "Africa/Monrovia",
        ] {
            let zone = zone(name).unwrap();
            for _ in 0..3000 {
                // From 1700 to 2240, to the microsecond; half of them on an edge.
                let micros = (random() % 17_000_000_000) as i64 * 1_000_000 - 8_500_000_000_000_000;
                let near = Timestamp::from_microsecond(micros).unwrap();
                let edge = zone.following(near).next().map(|next| next.timestamp());
                for at in [Some(near), edge].into_iter().flatten() {
                    check(&zone, at.as_microsecond() - (random() % 3) as i64 + 1);
                }
            }
        }
    }

    fn check(zone: &TimeZone, value: i64) {
        let expected = |value: i64, transform| {
            let local = Timestamp::from_microsecond(value)
                .unwrap()
                .to_zoned(zone.clone());
            match transform {
                Transform::Hour => format!("{:02}", local.hour()),
                Transform::Month => format!("{:02}", local.month()),
                _ => local.date().to_string(),
            }
        };
        for transform in [Transform::Hour, Transform::Date, Transform::Month] {
            let (text, range) = part(zone, transform, value, MICROS).unwrap();
            assert_eq!(text, expected(value, transform), "{value}");
            assert!(range.contains(&value));
            for inside in [range.start, range.end - 1] {
                assert_eq!(text, expected(inside, transform), "{value} {range:?}");
            }
        }
    }

    #[test]
    fn the_ends_of_time_have_a_day() {
        let zone = zone("America/New_York").unwrap();
        let last = 2_932_897 * MICROS - 1;
        assert_eq!(
            part(&zone, Transform::Date, last, MICROS).unwrap().0,
            "9999-12-31"
        );
        assert!(part(&zone, Transform::Date, -719_528 * MICROS, MICROS).is_none());
    }

    #[test]
    fn names() {
        for (name, spelt) in [
            ("europe/berlin", "Europe/Berlin"),
            ("UTC", "UTC"),
            ("Etc/UTC", "UTC"),
            ("utc", "UTC"),
        ] {
            assert_eq!(zone_name(name).unwrap(), spelt);
        }
        for name in ["", "Mars/Olympus", "+02:00", "../etc/passwd", "CET-1CEST"] {
            assert!(zone_name(name).is_err(), "{name}");
        }
    }
}
