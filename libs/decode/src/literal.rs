//! The grammar of numbers (RFC 8259, section 6), and exact arithmetic on their text.

use crate::kernel::{Text, digits};

/// A number as written: where its parts stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    pub(crate) negative: bool,
    /// The digits before the point.
    pub(crate) whole: (usize, usize),
    /// The digits after the point; empty where there is none.
    pub(crate) fraction: (usize, usize),
    /// The exponent, held to ±10^9, if one is written.
    pub(crate) exponent: Option<i64>,
    /// Just behind the number.
    pub(crate) end: usize,
}

/// Beyond this, an exponent only says "too large" or "too small".
const EXPONENT_LIMIT: i64 = 1_000_000_000;

impl Literal {
    /// Reads the number at `at`; None if there is none in JSON's grammar.
    pub(crate) fn read(text: Text<'_>, at: usize) -> Option<Literal> {
        let negative = text.byte(at) == b'-';
        let start = at + usize::from(negative);
        let end = digits_end(text, start);
        let leading_zero = text.byte(start) == b'0' && end > start + 1;
        if end == start || leading_zero {
            return None;
        }
        let fraction = fraction(text, end)?;
        let (exponent, end) = exponent(text, fraction.1)?;
        Some(Literal {
            negative,
            whole: (start, digits_end(text, start)),
            fraction,
            exponent,
            end,
        })
    }

    /// Whether neither point nor exponent is written.
    pub(crate) fn is_integer(&self) -> bool {
        self.end == self.whole.1
    }

    /// All digits in order, the point left out.
    fn digits<'a>(&self, text: Text<'a>) -> impl DoubleEndedIterator<Item = u8> + Clone + use<'a> {
        let whole = text.slice(self.whole.0, self.whole.1);
        let fraction = text.slice(self.fraction.0, self.fraction.1);
        whole.iter().chain(fraction).map(|digit| digit - b'0')
    }

    pub(crate) fn is_zero(&self, text: Text<'_>) -> bool {
        self.digits(text).all(|digit| digit == 0)
    }

    /// The value times 10^`scale`, if that is a whole number.
    pub(crate) fn scaled(&self, text: Text<'_>, scale: i8) -> Scaled {
        let places = (self.fraction.1 - self.fraction.0) as i64;
        let mut shift = self.exponent.unwrap_or(0) + i64::from(scale) - places;
        let mut left = self.whole.1 - self.whole.0 + places as usize;
        if self.is_zero(text) {
            return Scaled::Exact(0);
        }
        // Zeros at the end give way to a negative shift.
        let mut from_end = self.digits(text).rev();
        while shift < 0 {
            match from_end.next() {
                Some(0) => (shift, left) = (shift + 1, left - 1),
                _ => return Scaled::Inexact,
            }
        }
        let magnitude = self
            .digits(text)
            .take(left)
            .try_fold(0_i128, |value, digit| {
                value.checked_mul(10)?.checked_add(i128::from(digit))
            });
        let power = u32::try_from(shift)
            .ok()
            .and_then(|shift| 10_i128.checked_pow(shift));
        match magnitude
            .zip(power)
            .and_then(|(magnitude, power)| magnitude.checked_mul(power))
        {
            Some(value) => Scaled::Exact(if self.negative { -value } else { value }),
            None => Scaled::TooLarge,
        }
    }
}

/// A number times a power of ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scaled {
    /// It is this whole number.
    Exact(i128),
    /// Digits other than zero would be lost.
    Inexact,
    /// It does not fit.
    TooLarge,
}

/// Just behind the number at `at`; None if there is none in JSON's grammar.
pub(crate) fn number_end(text: Text<'_>, at: usize) -> Option<usize> {
    Literal::read(text, at).map(|literal| literal.end)
}

/// Just behind the digits that begin at `at`.
#[inline(always)]
pub(crate) fn digits_end(text: Text<'_>, mut at: usize) -> usize {
    loop {
        let (_, count) = digits(text.word(at));
        at += count;
        if count < 8 {
            return at;
        }
    }
}

fn fraction(text: Text<'_>, at: usize) -> Option<(usize, usize)> {
    if text.byte(at) != b'.' {
        return Some((at, at));
    }
    let end = digits_end(text, at + 1);
    (end > at + 1).then_some((at + 1, end))
}

fn exponent(text: Text<'_>, at: usize) -> Option<(Option<i64>, usize)> {
    if !matches!(text.byte(at), b'e' | b'E') {
        return Some((None, at));
    }
    let sign = text.byte(at + 1);
    let start = at + 1 + usize::from(matches!(sign, b'+' | b'-'));
    let end = digits_end(text, start);
    let size = text.slice(start, end).iter().fold(0, |value: i64, digit| {
        (value * 10 + i64::from(digit - b'0')).min(EXPONENT_LIMIT)
    });
    (end > start).then_some((Some(if sign == b'-' { -size } else { size }), end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chunk;

    fn scaled(number: &str, scale: i8) -> Scaled {
        let chunk = Chunk::from(number);
        let text = Text::of(&chunk).unwrap();
        Literal::read(text, 0).unwrap().scaled(text, scale)
    }

    #[test]
    fn exact_or_not_at_all() {
        for (number, scale, expected) in [
            ("12.5", 2, Scaled::Exact(1250)),
            ("-0.05", 2, Scaled::Exact(-5)),
            ("1e3", 2, Scaled::Exact(100_000)),
            ("12500e-3", 1, Scaled::Exact(125)),
            ("1.500", 1, Scaled::Exact(15)),
            ("1.505", 2, Scaled::Inexact),
            ("5e-1", 0, Scaled::Inexact),
            ("0e999999999999", 0, Scaled::Exact(0)),
            ("0.000e-99999999999999999999", 0, Scaled::Exact(0)),
            ("1e999999999999", 0, Scaled::TooLarge),
            ("1e-999999999999", 0, Scaled::Inexact),
            (
                "170141183460469231731687303715884105728",
                0,
                Scaled::TooLarge,
            ),
            (
                "170141183460469231731687303715884105727",
                0,
                Scaled::Exact(i128::MAX),
            ),
        ] {
            assert_eq!(scaled(number, scale), expected, "{number}");
        }
    }

    #[test]
    fn the_grammar_of_numbers() {
        let read = |number: &str| number_end(Text::of(&Chunk::from(number)).unwrap(), 0);
        for good in [
            "0",
            "-0",
            "10",
            "1.0",
            "1e5",
            "1E+5",
            "1e-05",
            "0.0e0",
            "123456789012345678901234567890",
        ] {
            assert_eq!(read(good), Some(good.len()), "{good}");
        }
        for bad in [
            "", "-", "+1", "01", "-01", "00", "1.", ".5", "1e", "1e+", "1.e3", "--1", "NaN",
            "Infinity",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
