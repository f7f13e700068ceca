//! The forms in which sizes, durations and limits are written (millrace(7)).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A number of bytes: `128MB` is 128·10⁶, `128MiB` is 128·2²⁰, a bare number is bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl Size {
    /// The size as a length of memory, capped at what this machine can address.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("'{text}' is not a size such as 128MB, 128MiB or 1048576");
        let (number, unit) = split_number(text).ok_or_else(expected)?;
        let factor: u64 = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            "tb" => 1_000_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            "tib" => 1 << 40,
            _ => return Err(expected()),
        };
        scaled(number, factor).map(Size).ok_or_else(expected)
    }
}

impl fmt::Display for Size {
    /// The shortest decimal form: `128MB`, `1.5GB`, `17B`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [
            (1_000_000_000_000, "TB"),
            (1_000_000_000, "GB"),
            (1_000_000, "MB"),
            (1_000, "kB"),
        ];
        match units.into_iter().find(|(factor, _)| self.0 >= *factor) {
            None => write!(f, "{}B", self.0),
            Some((factor, unit)) => {
                let tenths = self.0 / (factor / 10);
                match tenths % 10 {
                    0 => write!(f, "{}{unit}", tenths / 10),
                    tenth => write!(f, "{}.{tenth}{unit}", tenths / 10),
                }
            }
        }
    }
}

/// A length of time: `90s`, `2h30m`, `1d`, `500ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("'{text}' is not a duration such as 90s, 2h30m or 500ms");
        if text == "0" {
            return Ok(Span(Duration::ZERO));
        }
        let mut total = Duration::ZERO;
        let mut rest = text;
        while !rest.is_empty() {
            let (number, tail) = split_number(rest).ok_or_else(expected)?;
            let end = tail
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(tail.len());
            let millis: u64 = match &tail[..end] {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                "w" => 604_800_000,
                _ => return Err(expected()),
            };
            let part = Duration::from_millis(scaled(number, millis).ok_or_else(expected)?);
            total = total.checked_add(part).ok_or_else(expected)?;
            rest = &tail[end..];
        }
        if text.is_empty() {
            Err(expected())
        } else {
            Ok(Span(total))
        }
    }
}

impl fmt::Display for Span {
    /// The two largest units: `2h30m`, `90s` as `1m30s`, `250ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if rest == 0 {
            return f.write_str("0s");
        }
        let units = [
            (86_400_000, "d"),
            (3_600_000, "h"),
            (60_000, "m"),
            (1_000, "s"),
            (1, "ms"),
        ];
        let mut shown = 0;
        for (millis, unit) in units {
            if rest >= millis && shown < 2 {
                write!(f, "{}{unit}", rest / millis)?;
                rest %= millis;
                shown += 1;
            }
        }
        Ok(())
    }
}

/// How much of something is allowed: a count (`100`), or a share (`1%`, `0.01`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// At most so many.
    Count(u64),
    /// At most this share of all, 0 to 1.
    Rate(f64),
}

impl Limit {
    /// Whether `part` of `whole` is more than allowed.
    pub fn is_exceeded(self, part: u64, whole: u64) -> bool {
        match self {
            Limit::Count(most) => part > most,
            Limit::Rate(rate) => part as f64 > rate * whole as f64,
        }
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("'{text}' is not a count such as 100, nor a rate such as 1% or 0.01");
        let rate = match text.strip_suffix('%') {
            Some(percent) => decimal(percent).map(|percent| percent / 100.0),
            None if text.contains('.') => decimal(text),
            None => return text.parse().map(Limit::Count).map_err(|_| expected()),
        };
        match rate {
            Some(rate) if (0.0..=1.0).contains(&rate) => Ok(Limit::Rate(rate)),
            _ => Err(expected()),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::Count(count) => count.fmt(f),
            Limit::Rate(rate) => write!(f, "{}%", rate * 100.0),
        }
    }
}

/// A leading run of digits with at most one point, and the rest.
fn split_number(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    if end == 0 {
        None
    } else {
        Some(text.split_at(end))
    }
}

fn decimal(text: &str) -> Option<f64> {
    let (number, rest) = split_number(text)?;
    if rest.is_empty() {
        number.parse().ok()
    } else {
        None
    }
}

/// `number · factor`, exact for whole numbers; None on overflow or two points.
fn scaled(number: &str, factor: u64) -> Option<u64> {
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(factor);
    }
    let value = number.parse::<f64>().ok()? * factor as f64;
    (value <= u64::MAX as f64).then_some(value.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!("128MB".parse(), Ok(Size(128_000_000)));
        assert_eq!("128MiB".parse(), Ok(Size(128 << 20)));
        assert_eq!("1.5GB".parse(), Ok(Size(1_500_000_000)));
        assert_eq!("17".parse(), Ok(Size(17)));
        for bad in ["", "MB", "128M", "-1", "1e3", "99999999999999TB", "1.2.3MB"] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
        assert_eq!(Size(128_000_000).to_string(), "128MB");
        assert_eq!(Size(1_550_000_000).to_string(), "1.5GB");
    }

    #[test]
    fn spans() {
        assert_eq!("2h30m".parse(), Ok(Span(Duration::from_secs(9000))));
        assert_eq!("90s".parse(), Ok(Span(Duration::from_secs(90))));
        assert_eq!("0".parse(), Ok(Span(Duration::ZERO)));
        for bad in ["", "90", "h", "2x", "-1s", "2h 30m"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
        assert_eq!(Span(Duration::from_secs(9000)).to_string(), "2h30m");
    }

    #[test]
    fn limits() {
        assert_eq!("100".parse(), Ok(Limit::Count(100)));
        assert_eq!("1%".parse(), Ok(Limit::Rate(0.01)));
        assert_eq!("0.01".parse(), Ok(Limit::Rate(0.01)));
        for bad in ["", "%", "101%", "-1", "1e-2", "1.5"] {
            assert!(bad.parse::<Limit>().is_err(), "{bad}");
        }
        assert!(!Limit::Rate(0.01).is_exceeded(1, 100));
        assert!(Limit::Rate(0.01).is_exceeded(2, 100));
        assert!(Limit::Count(0).is_exceeded(1, 100));
    }
}
