//! The clocks of a file's writer.

use super::trouble::{Result, malformed};
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::{Offset, TimeZone};
use millrace_fault::quoted;
use std::ops::Range;

/// A zone, and the offset that was last asked for.
#[derive(Clone)]
pub(super) struct Zone {
    zone: TimeZone,
    /// 2015-01-01 00:00 by its clocks, in seconds since 1970 UTC.
    pub(super) epoch: i64,
    /// Seconds east of UTC, while it is a moment of the range.
    offset: i64,
    holds: Range<i64>,
}

impl Zone {
    pub(super) fn utc() -> Zone {
        Zone::new(TimeZone::UTC)
    }

    /// The zone that Java knows by this name; UTC where a writer gives none, as those do
    /// that know no zones.
    pub(super) fn named(name: &str) -> Result<Zone> {
        if name.is_empty() {
            return Ok(Zone::utc());
        }
        let known = TimeZone::get(name).ok().or_else(|| fixed(name));
        let known = known.ok_or_else(|| {
            malformed(format!(
                "the time zone {} of its writer is unknown",
                quoted(name)
            ))
        })?;
        Ok(Zone::new(known))
    }

    fn new(zone: TimeZone) -> Zone {
        let epoch = zone.to_ambiguous_timestamp(date(2015, 1, 1).at(0, 0, 0, 0));
        let epoch = epoch
            .compatible()
            .map_or(1_420_070_400, Timestamp::as_second);
        Zone {
            zone,
            epoch,
            offset: 0,
            holds: 0..0,
        }
    }

    /// How far its clocks are ahead of UTC at a moment, both in seconds.
    #[inline]
    pub(super) fn offset(&mut self, moment: i64) -> i64 {
        if !self.holds.contains(&moment) {
            self.look_up(moment);
        }
        self.offset
    }

    #[cold]
    fn look_up(&mut self, moment: i64) {
        let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        // Beyond what the database covers the outermost offset stays.
        let Ok(at) = Timestamp::from_second(moment.clamp(first, last)) else {
            return;
        };
        self.offset = i64::from(self.zone.to_offset(at).seconds());
        let next = self.zone.following(at).next();
        let next = next.map_or(i64::MAX, |next| next.timestamp().as_second());
        self.holds = moment..next.max(moment.saturating_add(1));
    }
}

/// `GMT+05:30`, as Java calls zones without a name.
fn fixed(name: &str) -> Option<TimeZone> {
    let rest = name
        .strip_prefix("GMT")
        .or_else(|| name.strip_prefix("UTC"))?;
    let (sign, rest) = match rest.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
    let offset = Offset::from_seconds(sign * seconds).ok()?;
    (hours < 24 && minutes < 60).then(|| TimeZone::fixed(offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_those_of_the_zone() {
        for (name, moment, offset, epoch) in [
            ("", 0, 0, 1_420_070_400),
            ("UTC", i64::MIN, 0, 1_420_070_400),
            ("GMT", 0, 0, 1_420_070_400),
            ("America/Los_Angeles", 1_420_099_200, -28800, 1_420_099_200),
            ("America/Los_Angeles", 1_435_000_000, -25200, 1_420_099_200),
            ("GMT+05:30", 0, 19800, 1_420_070_400 - 19800),
            ("GMT-8", 0, -28800, 1_420_070_400 + 28800),
        ] {
            let zone = Zone::named(name).ok();
            let found = zone.map(|mut zone| (zone.offset(moment), zone.epoch));
            assert_eq!(found, Some((offset, epoch)), "{name}");
        }
        for name in ["Mars/Base", "GMT+", "GMT+99", "GMT+1:99", "UTC*1"] {
            assert!(Zone::named(name).is_err(), "{name}");
        }
    }

    #[test]
    fn an_offset_holds_until_clocks_change() {
        let Ok(mut zone) = Zone::named("Europe/Berlin") else {
            panic!("the database knows Berlin");
        };
        // 2026-03-29 01:00 UTC.
        let change = 1_774_746_000;
        for moment in [change - 1, change, change - 7200, change + 7200, change - 1] {
            let expected = if moment < change { 3600 } else { 7200 };
            assert_eq!(zone.offset(moment), expected, "{moment}");
        }
    }
}
