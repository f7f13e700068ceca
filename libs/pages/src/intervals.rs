//! Intervals: months, days and milliseconds, which Arrow's types have in part. The parquet
//! crate leaves out the others.
//! Source: Apache Parquet format, LogicalTypes.md, "INTERVAL".

use arrow_schema::IntervalUnit;
use parquet::basic::Encoding;

/// Bytes of a value, and of the months in front of the rest.
const WIDTH: usize = 12;
const MONTHS: usize = 4;

/// Why some of the `values` cannot be read as `unit`s.
pub(crate) fn refused(values: &[u8], encoding: Encoding, unit: IntervalUnit) -> Option<String> {
    let count = values.len() / WIDTH;
    let left_out = |[months, rest]: [&[u8]; 2]| match unit {
        IntervalUnit::YearMonth => rest.iter().any(|byte| *byte != 0),
        _ => months.iter().any(|byte| *byte != 0),
    };
    let is_refused = match encoding {
        Encoding::PLAIN => values
            .as_chunks::<WIDTH>()
            .0
            .iter()
            .any(|value| left_out(value.split_at(MONTHS).into())),
        // The first bytes of all values, then the second ones.
        Encoding::BYTE_STREAM_SPLIT => left_out(values.split_at(MONTHS * count).into()),
        // Numbers of a dictionary, whose values were looked at.
        Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => false,
        other => return Some(format!("intervals in the encoding {other} cannot be read")),
    };
    is_refused.then(|| {
        match unit {
            IntervalUnit::YearMonth => "an interval has days, where months alone can be read",
            _ => "an interval has months, where days and milliseconds alone can be read",
        }
        .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::basic::Encoding::{BYTE_STREAM_SPLIT, DELTA_BYTE_ARRAY, PLAIN};

    fn stored(values: &[[u32; 3]], encoding: Encoding) -> Vec<u8> {
        let bytes = |value: &[u32; 3]| value.iter().flat_map(|part| part.to_le_bytes()).collect();
        let rows: Vec<Vec<u8>> = values.iter().map(bytes).collect();
        match encoding {
            BYTE_STREAM_SPLIT => (0..WIDTH)
                .flat_map(|at| rows.iter().map(move |row| row[at]))
                .collect(),
            _ => rows.concat(),
        }
    }

    #[test]
    fn parts_that_would_be_left_out() {
        use IntervalUnit::{DayTime, YearMonth};
        for encoding in [PLAIN, BYTE_STREAM_SPLIT] {
            for (value, days, months) in [
                ([0, 0, 0], false, false),
                ([0, 3, 4000], false, true),
                ([0, 0, 1], false, true),
                ([14, 0, 0], true, false),
                ([1 << 24, 3, 0], true, true),
            ] {
                let values = stored(&[[0; 3], value, [0; 3]], encoding);
                let is_refused = |unit| refused(&values, encoding, unit).is_some();
                assert_eq!((is_refused(DayTime), is_refused(YearMonth)), (days, months));
            }
            assert_eq!(refused(&[], encoding, DayTime), None);
        }
        assert!(refused(&[], DELTA_BYTE_ARRAY, DayTime).is_some());
    }
}
