use super::*;
use crate::write::piece::Piece;
use arrow_array::builder::{
    FixedSizeBinaryBuilder, Int32Builder, ListBuilder, MapBuilder, StringBuilder,
};
use arrow_array::*;
use arrow_schema::{DataType, Field, IntervalUnit, Schema, SchemaRef, TimeUnit};
use arrow_select::concat::concat_batches;
use std::sync::Arc;

/// Numbers that look random and are the same in every run.
fn noise(seed: u64, row: usize) -> u64 {
    let mut x = (seed << 32 ^ row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x ^= x >> 29;
    x.wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ x >> 32
}

/// A third of the values is null.
fn some<T>(row: usize, value: T) -> Option<T> {
    (!noise(9, row).is_multiple_of(3)).then_some(value)
}

fn lists(rows: usize) -> ListArray {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..rows {
        for item in 0..noise(3, row) % 4 {
            lists
                .values()
                .append_option(some(row + item as usize, format!("item {item}")));
        }
        lists.append(!noise(4, row).is_multiple_of(5));
    }
    lists.finish()
}

fn maps(rows: usize) -> MapArray {
    let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    for row in 0..rows {
        for item in 0..noise(5, row) % 3 {
            maps.keys().append_value(format!("k{item}"));
            maps.values().append_option(some(row, item as i32));
        }
        maps.append(!noise(6, row).is_multiple_of(7)).unwrap();
    }
    maps.finish()
}

fn fixed_binary(rows: usize) -> FixedSizeBinaryArray {
    let mut values = FixedSizeBinaryBuilder::new(3);
    for row in 0..rows {
        match some(row, [row as u8, 7, 9]) {
            Some(value) => values.append_value(value).unwrap(),
            None => values.append_null(),
        }
    }
    values.finish()
}

/// An array of every shape, and of whole numbers of every width.
fn columns(rows: usize) -> Vec<(&'static str, ArrayRef)> {
    let all = 0..rows;
    let ints = |bits: u32| -> Int64Array {
        let value = |row| some(row, -5 + (noise(1, row) & (u64::MAX >> (64 - bits))) as i64);
        (0..rows).map(value).collect()
    };
    let numbers = Arc::new(Int32Array::from_iter_values(
        all.clone().flat_map(|row| [row as i32, -1]),
    ));
    let pair = Field::new_list_field(DataType::Int32, true);
    let inner: ArrayRef = Arc::new(lists(rows));
    let flag: ArrayRef = Arc::new(BooleanArray::from_iter(
        all.clone().map(|row| some(row, row % 2 == 0)),
    ));
    vec![
        (
            "same",
            Arc::new(Int64Array::from_value(i64::MIN, rows)) as ArrayRef,
        ),
        ("narrow", Arc::new(ints(3))),
        ("wide", Arc::new(ints(41))),
        ("full", Arc::new(ints(64))),
        (
            "int",
            Arc::new(Int32Array::from_iter_values(
                all.clone().map(|row| noise(2, row) as i32),
            )),
        ),
        (
            "rising",
            Arc::new(UInt32Array::from_iter_values(
                all.clone().map(|row| u32::MAX - row as u32),
            )),
        ),
        (
            "tiny",
            Arc::new(Int8Array::from_iter(
                all.clone().map(|row| some(row, row as i8)),
            )),
        ),
        (
            "short",
            Arc::new(UInt16Array::from_iter_values(
                all.clone().map(|row| row as u16),
            )),
        ),
        (
            "float",
            Arc::new(Float64Array::from_iter_values(
                all.clone().map(|row| row as f64 / 3.0),
            )),
        ),
        (
            "nan",
            Arc::new(Float32Array::from_iter(
                all.clone().map(|row| some(row, -0.0f32)),
            )),
        ),
        (
            "time",
            Arc::new(
                TimestampMicrosecondArray::from_iter_values(
                    all.clone().map(|row| 1_700_000_000_000_000 + row as i64),
                )
                .with_timezone("UTC"),
            ),
        ),
        (
            "money",
            Arc::new(
                Decimal128Array::from_iter(
                    all.clone()
                        .map(|row| some(row, noise(7, row) as i128 - (1 << 62))),
                )
                .with_precision_and_scale(30, 2)
                .unwrap(),
            ),
        ),
        (
            "huge",
            Arc::new(
                Decimal128Array::from_iter_values(
                    all.clone().map(|row| (noise(8, row) as i128) << 63),
                )
                .with_precision_and_scale(38, 0)
                .unwrap(),
            ),
        ),
        (
            "wider",
            Arc::new(Decimal256Array::from_iter_values(
                all.clone()
                    .map(|row| arrow_buffer::i256::from_i128(-(row as i128))),
            )),
        ),
        (
            "months",
            Arc::new(IntervalMonthDayNanoArray::from_iter_values(
                all.clone()
                    .map(|row| arrow_buffer::IntervalMonthDayNano::new(row as i32, 1, -1)),
            )),
        ),
        ("nothing", Arc::new(NullArray::new(rows))),
        ("flag", flag.clone()),
        ("binary", Arc::new(fixed_binary(rows))),
        (
            "text",
            Arc::new(StringArray::from_iter(
                all.clone()
                    .map(|row| some(row, format!("größer {}", row % 5))),
            )),
        ),
        (
            "noise",
            Arc::new(LargeStringArray::from_iter_values(
                all.clone()
                    .map(|row| format!("{:x}{:x}", noise(10, row), noise(11, row))),
            )),
        ),
        (
            "bytes",
            Arc::new(BinaryArray::from_iter_values(
                all.clone().map(|row| vec![row as u8; row % 9]),
            )),
        ),
        ("lists", inner.clone()),
        ("maps", Arc::new(maps(rows))),
        (
            "pairs",
            Arc::new(FixedSizeListArray::new(Arc::new(pair), 2, numbers, None)),
        ),
        (
            "struct",
            Arc::new(StructArray::try_from(vec![("lists", inner), ("flag", flag)]).unwrap()),
        ),
    ]
}

fn batch(rows: usize) -> RecordBatch {
    let (names, arrays): (Vec<_>, Vec<_>) = columns(rows).into_iter().unzip();
    let field =
        |(name, array): (&&str, &ArrayRef)| Field::new(*name, array.data_type().clone(), true);
    let fields: Vec<Field> = names.iter().zip(&arrays).map(field).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn packed(schema: &SchemaRef, pieces: &[RecordBatch]) -> Vec<u8> {
    assert!(holds(schema));
    let trials = Trials::new(schema.flattened_fields().len());
    let mut out = Vec::new();
    let mut writer = Writer::new(&trials, &mut out);
    for piece in pieces {
        writer.add(&Piece::whole(piece.clone())).unwrap();
    }
    out
}

#[test]
fn pieces_come_back_as_one_batch() {
    let whole = batch(1000);
    let schema = whole.schema();
    for cuts in [vec![1000], vec![0, 1, 7, 64, 0, 700, 228], vec![500, 500]] {
        let mut start = 0;
        let mut pieces = Vec::new();
        for rows in cuts {
            // Slices: offsets within bits, bytes and items.
            pieces.push(whole.slice(start, rows));
            start += rows;
        }
        let back = read(&schema, &packed(&schema, &pieces), 1000).unwrap();
        assert_eq!(back, whole);
    }
    let few = [whole.slice(3, 5), whole.slice(900, 2)];
    let back = read(&schema, &packed(&schema, &few), 0).unwrap();
    assert_eq!(back, concat_batches(&schema, &few).unwrap());
    let nothing = read(&schema, &[], 0).unwrap();
    assert_eq!(nothing, whole.slice(0, 0));
}

#[test]
fn numbers_and_text_take_little() {
    let whole = batch(1000);
    let bytes = |name: &str| {
        let index = whole.schema().index_of(name).unwrap();
        let one = whole.project(&[index]).unwrap();
        packed(&one.schema(), &[one]).len()
    };
    // Rows, validity, width, the least; then three bits and the null's zero in a byte each.
    assert_eq!(bytes("same"), 4 + 1 + 1 + 16);
    assert_eq!(bytes("narrow"), 4 + 1 + 125 + 1 + 16 + 1000);
    assert_eq!(bytes("rising"), 4 + 1 + 1 + 16 + 2000);
    assert_eq!(bytes("float"), 4 + 1 + 8000);
    assert!(bytes("text") < 2500, "{}", bytes("text"));
    assert!(
        (32_000..34_000).contains(&bytes("noise")),
        "{}",
        bytes("noise")
    );
}

#[test]
fn a_text_that_does_not_shrink_is_tried_now_and_then() {
    let noisy = batch(1000).project(&[19]).unwrap();
    let plain = StringArray::from_iter_values((0..1000).map(|_| "the same again"));
    let plain: LargeStringArray = plain.iter().collect();
    let plain = RecordBatch::try_new(noisy.schema(), vec![Arc::new(plain)]).unwrap();
    let pieces: Vec<RecordBatch> = std::iter::once(noisy)
        .chain((0..40).map(|_| plain.clone()))
        .collect();
    let bytes = packed(&plain.schema(), &pieces);
    let raw = 14_000;
    assert!(bytes.len() > 32_000 + 31 * raw, "{}", bytes.len());
    assert!(
        bytes.len() < 34_000 + 32 * raw + 9 * raw / 10,
        "{}",
        bytes.len()
    );
    let back = read(&plain.schema(), &bytes, 10).unwrap();
    assert_eq!(back, concat_batches(&plain.schema(), &pieces).unwrap());
}

#[test]
fn cut_bytes_are_an_error() {
    let whole = batch(20);
    let bytes = packed(&whole.schema(), std::slice::from_ref(&whole));
    for end in 1..bytes.len() {
        assert!(
            read(&whole.schema(), &bytes[..end], end).is_err(),
            "cut at {end}"
        );
    }
}

#[test]
fn what_lies_in_memory_in_another_way_is_not_packed() {
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let view = Field::new_list_field(DataType::Utf8View, true);
    for other in [
        dictionary,
        DataType::BinaryView,
        DataType::List(Arc::new(view)),
    ] {
        let schema = Schema::new(vec![Field::new("a", other.clone(), true)]);
        assert!(!holds(&schema), "{other}");
    }
    for flat in [
        DataType::Interval(IntervalUnit::DayTime),
        DataType::Duration(TimeUnit::Second),
        DataType::Decimal32(9, 2),
        DataType::Time32(TimeUnit::Second),
    ] {
        let schema = Schema::new(vec![Field::new("a", flat.clone(), true)]);
        assert!(holds(&schema), "{flat}");
    }
}
