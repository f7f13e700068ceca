//! How numbers were written, and the narrowest type that keeps all their digits.

use crate::{Field, Kind};
use arrow_schema::DataType;

/// A number of JSON's grammar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number<'a> {
    literal: &'a [u8],
    /// Digits before the point.
    whole: usize,
    /// Digits behind it.
    scale: usize,
    exponent: bool,
}

impl<'a> Number<'a> {
    /// The number at the front of `text`.
    #[inline(always)]
    pub(super) fn read(text: &'a [u8]) -> Option<Number<'a>> {
        let start = usize::from(text.first() == Some(&b'-'));
        let whole = digits(text, start);
        if whole == 0 || (whole > 1 && text[start] == b'0') {
            return None;
        }
        let (mut end, mut scale, mut exponent) = (start + whole, 0, false);
        if text.get(end) == Some(&b'.') {
            scale = digits(text, end + 1);
            end += 1 + scale;
            (scale > 0).then_some(())?;
        }
        if matches!(text.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
            let count = digits(text, end + 1 + sign);
            end += 1 + sign + count;
            exponent = true;
            (count > 0).then_some(())?;
        }
        Some(Number {
            literal: &text[..end],
            whole,
            scale,
            exponent,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.literal.len()
    }

    /// What is particular about it.
    #[inline(always)]
    fn traits(&self) -> Traits {
        let negative = match self.literal[0] {
            b'-' => NEGATIVE,
            _ => 0,
        };
        // As many digits fit every type.
        match self.exponent || self.whole > 15 || self.scale > 300 {
            true => negative | self.rare_traits(),
            false => negative,
        }
    }

    #[inline(never)]
    fn rare_traits(&self) -> Traits {
        let text = std::str::from_utf8(self.literal).unwrap_or_default();
        let mut traits = if self.exponent { EXPONENT } else { 0 };
        if !self.exponent && self.scale == 0 {
            traits |= if text.parse::<i64>().is_err() {
                BEYOND_I64
            } else {
                0
            };
            traits |= if text.parse::<u64>().is_err() {
                BEYOND_U64
            } else {
                0
            };
            traits |= if is_exact(text) { 0 } else { BEYOND_F64 };
            return traits;
        }
        let value: f64 = text.parse().unwrap_or(f64::INFINITY);
        let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
        let vanishes = value == 0.0 && mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
        if value.is_infinite() || vanishes {
            traits |= BEYOND_F64;
        }
        traits
    }
}

/// How many digits stand at `at`.
#[inline(always)]
fn digits(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Whether a double holds this integer exactly.
fn is_exact(integer: &str) -> bool {
    let value: f64 = integer.parse().unwrap_or(f64::INFINITY);
    match integer.parse::<i128>() {
        Ok(exact) => value as i128 == exact && exact != i128::MAX,
        Err(_) => value.is_finite() && format!("{value:.0}") == integer,
    }
}

/// A set of the particularities below.
type Traits = u8;
const NEGATIVE: Traits = 1;
const EXPONENT: Traits = 2;
/// An integer outside of the type's range.
const BEYOND_I64: Traits = 4;
const BEYOND_U64: Traits = 8;
/// A number column would refuse it: too large, too small, or an integer that a double
/// does not hold exactly.
const BEYOND_F64: Traits = 16;

/// All numbers of a field.
#[derive(Debug)]
pub(super) struct Numbers {
    whole: usize,
    least_scale: usize,
    greatest_scale: usize,
    traits: Traits,
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers {
            whole: 0,
            least_scale: usize::MAX,
            greatest_scale: 0,
            traits: 0,
        }
    }
}

impl Numbers {
    /// Whether there was a number before that makes this one no news.
    #[inline(always)]
    pub(super) fn know(&self, number: &Number<'_>) -> bool {
        number.whole <= self.whole
            && self.least_scale <= number.scale
            && number.scale <= self.greatest_scale
            && number.traits() & !self.traits == 0
    }

    pub(super) fn see(&mut self, number: &Number<'_>) {
        self.whole = self.whole.max(number.whole);
        self.least_scale = self.least_scale.min(number.scale);
        self.greatest_scale = self.greatest_scale.max(number.scale);
        self.traits |= number.traits();
    }

    fn have(&self, traits: Traits) -> bool {
        self.traits & traits != 0
    }

    /// A field that takes all of them; `mixed` where no type of numbers does.
    pub(super) fn field(&self, name: &str, mixed: Kind) -> Field {
        let digits = self.whole + self.greatest_scale;
        let fixed = self.least_scale == self.greatest_scale;
        if self.greatest_scale == 0 && !self.have(EXPONENT) {
            return self.integer(name, mixed);
        }
        let kind = if fixed && !self.have(EXPONENT) && digits <= 38 {
            self.decimal()
        } else if !self.have(BEYOND_F64) {
            Kind::Number
        } else if !self.have(EXPONENT) && digits <= 38 {
            self.decimal()
        } else {
            mixed
        };
        Field::new(name, kind)
    }

    fn integer(&self, name: &str, mixed: Kind) -> Field {
        if !self.have(BEYOND_I64) {
            return Field::new(name, Kind::Integer);
        }
        if !self.have(BEYOND_U64 | NEGATIVE) {
            return Field {
                arrow_type: DataType::UInt64,
                ..Field::new(name, Kind::Integer)
            };
        }
        let kind = if self.whole <= 38 {
            self.decimal()
        } else {
            mixed
        };
        Field::new(name, kind)
    }

    /// With room for later values: the digits seen are seldom the most there are.
    fn decimal(&self) -> Kind {
        let scale = self.greatest_scale;
        let narrow = self.whole + scale <= 15 && scale > 0 && self.least_scale == scale;
        Kind::Decimal {
            precision: if narrow { 18 } else { 38 },
            scale: scale as i8,
        }
    }
}
