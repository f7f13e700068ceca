//! Bounds as whole numbers of a column's unit, exactly: the text of a decimal number
//! times a power of ten, or nanoseconds in seconds, rounded down, with the news whether
//! something was lost.

use arrow_buffer::i256;

/// A number rounded down to a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) floor: i256,
    /// Whether nothing was rounded.
    pub(crate) exact: bool,
}

impl Whole {
    /// The number rounded up.
    pub(crate) fn ceil(self) -> i256 {
        if self.exact {
            self.floor
        } else {
            self.floor.wrapping_add(i256::ONE)
        }
    }

    /// `value / unit`.
    pub(crate) fn quotient(value: i128, unit: i128) -> Whole {
        Whole {
            floor: i256::from_i128(value.div_euclid(unit)),
            exact: value.rem_euclid(unit) == 0,
        }
    }

    /// The number that `text` writes (`-1.5e3`), times ten to the power of `scale`. One
    /// beyond 75 digits is capped: no column holds as much. None: not a number.
    pub(crate) fn scaled(text: &str, scale: i32) -> Option<Whole> {
        let (negative, digits, point) = parts(text)?;
        let point = point.checked_add(i64::from(scale))?;
        let kept = usize::try_from(point.max(0)).ok()?.min(digits.len());
        let zeros = (point - digits.len() as i64).max(0);
        let lost = digits[kept..].iter().any(|digit| *digit != b'0');
        let magnitude = magnitude(&digits[..kept], zeros);
        let floor = match (negative, lost) {
            (false, _) => magnitude,
            (true, false) => magnitude.wrapping_neg(),
            (true, true) => magnitude.wrapping_neg().wrapping_sub(i256::ONE),
        };
        Some(Whole {
            floor,
            exact: !lost,
        })
    }
}

/// Sign, digits without leading zeros, and where the decimal point stands in them.
fn parts(text: &str) -> Option<(bool, Vec<u8>, i64)> {
    let (negative, text) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let zeros = all.iter().take_while(|digit| **digit == b'0').count();
    let point = (whole.len() as i64)
        .checked_add(exponent)?
        .checked_sub(zeros as i64)?;
    Some((negative, all[zeros..].to_vec(), point))
}

/// More than any decimal column's digits, and safely within 256 bits.
const MOST_DIGITS: i64 = 76;

fn magnitude(digits: &[u8], zeros: i64) -> i256 {
    if digits.is_empty() {
        return i256::ZERO;
    }
    if digits.len() as i64 + zeros > MOST_DIGITS {
        return i256::MAX.wrapping_sub(i256::ONE);
    }
    let ten = i256::from_i128(10);
    let value = digits.iter().fold(i256::ZERO, |sum, digit| {
        sum.wrapping_mul(ten)
            .wrapping_add(i256::from_i128(i128::from(digit - b'0')))
    });
    (0..zeros).fold(value, |value, _| value.wrapping_mul(ten))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(text: &str, scale: i32) -> Option<(i128, bool)> {
        Whole::scaled(text, scale).map(|whole| (whole.floor.to_i128().unwrap(), whole.exact))
    }

    #[test]
    fn numbers_are_exact() {
        for (text, scale, expected) in [
            ("12.50", 2, (1250, true)),
            ("12.505", 2, (1250, false)),
            ("-12.505", 2, (-1251, false)),
            ("0.1", 0, (0, false)),
            ("-0.1", 0, (-1, false)),
            ("-0", 0, (0, true)),
            ("007", 0, (7, true)),
            ("1.5e3", 0, (1500, true)),
            ("15e-1", 0, (1, false)),
            ("1E2", 3, (100_000, true)),
            ("1234", -2, (12, false)),
            ("1e-400", 0, (0, false)),
            ("0e999999", 0, (0, true)),
        ] {
            assert_eq!(scaled(text, scale), Some(expected), "{text}");
        }
        for text in ["", "x", "1e", "1.2.3", "--1", "."] {
            assert_eq!(scaled(text, 0), None, "{text}");
        }
    }

    #[test]
    fn the_immense_is_capped_not_wrapped() {
        let most = Whole::scaled("9e9999999", 0).unwrap();
        assert!(
            most.floor > i256::from_i128(i128::MAX)
                && most.ceil() > most.floor.wrapping_sub(i256::ONE)
        );
        assert!(Whole::scaled("-9e9999999", 0).unwrap().floor < i256::from_i128(i128::MIN));
    }

    #[test]
    fn quotients_round_down() {
        assert_eq!(
            Whole::quotient(-1, 1000),
            Whole {
                floor: i256::MINUS_ONE,
                exact: false
            }
        );
        assert_eq!(Whole::quotient(-1, 1000).ceil(), i256::ZERO);
        assert_eq!(Whole::quotient(2000, 1000).ceil(), i256::from_i128(2));
    }
}
