//! Timestamps of 96 bits (INT96), as Spark, Hive and Impala write them: a Julian day and the
//! nanoseconds of that day, whose range no number of 64 bits holds. The parquet crate takes
//! them for nanoseconds since 1970, and wraps what is outside 1677 to 2262.
//!
//! Here they are microseconds, as for Spark and DuckDB, unless the file has an Arrow schema
//! that says otherwise; and a value that does not fit is refused.

use crate::retyped::retyped;
use arrow_schema::{DataType, Schema, SchemaRef, TimeUnit};
use parquet::basic::{Encoding, Type as Physical};
use parquet::schema::types::SchemaDescriptor;
use std::sync::Arc;

/// Bytes of a value.
const WIDTH: usize = 12;
/// The Julian day of 1970-01-01.
const EPOCH: i64 = 2_440_588;
const NANOS_A_DAY: i64 = 86_400_000_000_000;

/// Whether any column holds such timestamps.
pub(crate) fn any(descriptor: &SchemaDescriptor) -> bool {
    (0..descriptor.num_columns()).any(|leaf| is_one(descriptor, leaf))
}

fn is_one(descriptor: &SchemaDescriptor, leaf: usize) -> bool {
    let column = descriptor.columns().get(leaf);
    column.is_some_and(|column| column.physical_type() == Physical::INT96)
}

/// `schema`, which is that of `descriptor`, with microseconds for these timestamps, in the
/// zone `zone` if they have one.
pub(crate) fn in_microseconds(
    schema: &Schema,
    descriptor: &SchemaDescriptor,
    zone: Option<&str>,
) -> SchemaRef {
    let mut leaf = 0;
    let mut in_microseconds = |data_type: &DataType| {
        leaf += 1;
        match is_one(descriptor, leaf - 1) {
            true => DataType::Timestamp(TimeUnit::Microsecond, zone.map(Arc::from)),
            false => data_type.clone(),
        }
    };
    let fields = retyped(schema.fields(), &mut in_microseconds);
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// Why some of the `values` cannot be read: each is a whole number of `unit`s that 64 bits
/// hold.
pub(crate) fn refused(values: &[u8], encoding: Encoding, unit: TimeUnit) -> Option<String> {
    // Else they are numbers of a dictionary, whose values were looked at: this type has no
    // other encoding.
    let is_plain = encoding == Encoding::PLAIN;
    let mut values = values.as_chunks::<WIDTH>().0.iter();
    let is_refused = is_plain && values.any(|value| !fits(value, unit));
    is_refused.then(|| {
        let unit = name(unit);
        format!("a timestamp of 96 bits is no whole number of {unit} that 64 bits hold")
    })
}

fn fits(value: &[u8; WIDTH], unit: TimeUnit) -> bool {
    let [a, b, c, d, e, f, g, h, day @ ..] = *value;
    let nanos = i64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let days = i64::from(i32::from_le_bytes(day)) - EPOCH;
    let nanos_a_unit = match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1000,
        TimeUnit::Nanosecond => 1,
    };
    let whole = nanos % nanos_a_unit == 0;
    let since_midnight = nanos / nanos_a_unit;
    let midnight = days.checked_mul(NANOS_A_DAY / nanos_a_unit);
    whole && midnight.is_some_and(|midnight| midnight.checked_add(since_midnight).is_some())
}

fn name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "seconds",
        TimeUnit::Millisecond => "milliseconds",
        TimeUnit::Microsecond => "microseconds",
        TimeUnit::Nanosecond => "nanoseconds",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(days: i32, nanos: i64) -> Vec<u8> {
        let day = EPOCH as i32 + days;
        [nanos.to_le_bytes().as_slice(), &day.to_le_bytes()].concat()
    }

    #[test]
    fn what_64_bits_hold() {
        use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
        // The last day of nanoseconds is 2262-04-11.
        let last = i32::try_from(i64::MAX / NANOS_A_DAY).unwrap();
        let rest = i64::MAX % NANOS_A_DAY;
        for (days, nanos, unit, expected) in [
            (0, 0, Nanosecond, true),
            (last, rest, Nanosecond, true),
            (last, rest + 1, Nanosecond, false),
            (last + 1, 0, Nanosecond, false),
            (-last - 2, 0, Nanosecond, false),
            (last + 1, 1000, Microsecond, true),
            // 9999-12-31.
            (2_932_896, NANOS_A_DAY - 1000, Microsecond, true),
            (2_932_896, NANOS_A_DAY - 1, Microsecond, false),
            (i32::MAX - EPOCH as i32, 0, Microsecond, false),
            (i32::MAX - EPOCH as i32, 1_000_000, Millisecond, true),
            (1, 1_000_000, Second, false),
            (1, 2_000_000_000, Second, true),
        ] {
            let values = [value(3, 1_000_000_000), value(days, nanos)].concat();
            let told = refused(&values, Encoding::PLAIN, unit);
            assert_eq!(told.is_none(), expected, "{days} {nanos} {unit:?}");
            assert_eq!(refused(&values, Encoding::RLE_DICTIONARY, unit), None);
        }
    }
}
