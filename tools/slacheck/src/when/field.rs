//! One field of a calendar expression: `*`, `6`, `1,15`, `9..17`, `0/15`, `9..17/2`.

/// The values that a field takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    any: bool,
    /// In order; empty for a year, of which there is no list, if any will do.
    values: Vec<i16>,
}

impl Field {
    /// Every value from `least` to `most`.
    pub(super) fn any(least: i16, most: i16) -> Field {
        Field {
            any: true,
            values: (least..=most).collect(),
        }
    }

    pub(super) fn only(value: i16) -> Field {
        Field {
            any: false,
            values: vec![value],
        }
    }

    pub(super) fn parse(text: &str, least: i16, most: i16) -> Option<Field> {
        if text == "*" {
            return Some(Field::any(least, most));
        }
        let mut values = Vec::new();
        for part in text.split(',') {
            values.extend(part_values(part, least, most)?);
        }
        values.sort_unstable();
        values.dedup();
        Some(Field { any: false, values })
    }

    pub(super) fn is_any(&self) -> bool {
        self.any
    }

    pub(super) fn holds(&self, value: i16) -> bool {
        self.any || self.values.binary_search(&value).is_ok()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = i16> + '_ {
        self.values.iter().copied()
    }
}

fn part_values(part: &str, least: i16, most: i16) -> Option<Vec<i16>> {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(number(step).filter(|step| *step > 0)?)),
        None => (part, None),
    };
    let (first, last) = match range.split_once("..") {
        Some((first, last)) => (number(first)?, number(last)?),
        None if range == "*" => (least, most),
        // `0/15` goes on to the end of the field.
        None => (
            number(range)?,
            if step.is_some() { most } else { number(range)? },
        ),
    };
    let inside = least <= first && first <= last && last <= most;
    inside.then(|| {
        (first..=last)
            .step_by(step.unwrap_or(1).unsigned_abs().into())
            .collect()
    })
}

fn number(text: &str) -> Option<i16> {
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}
