//! Batches of every Arrow type, and ways to write and read them.
#![allow(dead_code)] // each test file uses its part

use arrow_array::builder::*;
use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::{OffsetBuffer, ScalarBuffer, i256};
use arrow_schema::{DataType, Field, Schema, SchemaRef, UnionFields};
use millrace_fault::Failure;
use millrace_stream::{Error, Kind, Output, Reader};
use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex};

/// Memory that can still be looked at when the output that wrote it is gone.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `Output` writes for these batches.
pub fn written(schema: &SchemaRef, batches: &[RecordBatch]) -> Vec<u8> {
    let memory = Memory::default();
    let mut output = Output::to(memory.clone());
    output.start(schema).unwrap();
    for batch in batches {
        output.write(batch).unwrap();
    }
    let bytes = output.close("test", Ok(())).unwrap();
    assert_eq!(bytes, memory.bytes().len() as u64);
    memory.bytes()
}

/// What is left when a tool fails after these batches.
pub fn failed(schema: Option<&SchemaRef>, batches: &[RecordBatch], failure: Failure) -> Vec<u8> {
    let memory = Memory::default();
    let mut output = Output::to(memory.clone());
    if let Some(schema) = schema {
        output.start(schema).unwrap();
    }
    for batch in batches {
        output.write(batch).unwrap();
    }
    output.close("test", Err(failure)).unwrap_err();
    memory.bytes()
}

/// What arrow's own writer writes.
pub fn foreign(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    options: arrow_ipc::writer::IpcWriteOptions,
) -> Vec<u8> {
    let mut writer =
        arrow_ipc::writer::StreamWriter::try_new_with_options(Vec::new(), schema, options).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.into_inner().unwrap()
}

/// Everything that the strict reader takes from these bytes.
pub fn read(bytes: &[u8], kind: Kind) -> Result<(SchemaRef, Vec<RecordBatch>), Error> {
    let mut reader = Reader::new(Cursor::new(bytes.to_vec()), "x.arrows", kind)?;
    let mut batches = Vec::new();
    while let Some(batch) = reader.next()? {
        batches.push(batch);
    }
    assert_eq!(reader.bytes_read(), bytes.len() as u64);
    Ok((reader.schema(), batches))
}

/// Whether arrow's own reader takes these bytes to their end.
pub fn foreign_accepts(bytes: &[u8]) -> bool {
    match arrow_ipc::reader::StreamReader::try_new(bytes, None) {
        Ok(reader) => reader.into_iter().all(|batch| batch.is_ok()),
        Err(_) => false,
    }
}

/// One batch a type: (what it is, batch). Nulls, empties and several rows in each.
pub fn every_type() -> Vec<(String, RecordBatch)> {
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for array in scalars()
        .into_iter()
        .chain(nested())
        .chain(dictionaries())
        .chain(others())
    {
        columns.push((array.data_type().to_string(), array));
    }
    let mut batches: Vec<(String, RecordBatch)> = columns
        .iter()
        .map(|(name, array)| (name.clone(), single(name, array.clone())))
        .collect();
    let rows = columns.iter().map(|(_, array)| array.len()).min().unwrap();
    let all: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(n, (_, a))| (format!("c{n}"), a.slice(0, rows), true))
        .collect();
    batches.push((
        "all together".into(),
        RecordBatch::try_from_iter_with_nullable(all).unwrap(),
    ));
    batches
}

fn single(name: &str, array: ArrayRef) -> RecordBatch {
    let key = Arc::new(Int32Array::from_iter_values(0..array.len() as i32)) as ArrayRef;
    let columns = [
        ("key".to_owned(), key, false),
        (name.to_owned(), array, true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn scalars() -> Vec<ArrayRef> {
    let days = [Some(0), None, Some(19_000), Some(-719_162), Some(i32::MAX)];
    let ticks = [
        Some(0),
        None,
        Some(1_700_000_000_000_000),
        Some(-1),
        Some(i64::MAX),
    ];
    let text = [
        Some("a"),
        None,
        Some(""),
        Some("longer than twelve bytes, ünïcødé"),
        Some("b\0\n"),
    ];
    let bytes = text.map(|t| t.map(str::as_bytes));
    vec![
        Arc::new(NullArray::new(5)),
        Arc::new(BooleanArray::from(vec![
            Some(true),
            None,
            Some(false),
            Some(true),
            None,
        ])),
        Arc::new(Int8Array::from(vec![
            Some(-128),
            None,
            Some(127),
            Some(0),
            Some(1),
        ])),
        Arc::new(Int16Array::from(vec![
            Some(-32768),
            None,
            Some(32767),
            Some(0),
            Some(1),
        ])),
        Arc::new(Int32Array::from(days.to_vec())),
        Arc::new(Int64Array::from(ticks.to_vec())),
        Arc::new(UInt8Array::from(vec![
            Some(255),
            None,
            Some(0),
            Some(1),
            Some(2),
        ])),
        Arc::new(UInt16Array::from(vec![
            Some(65535),
            None,
            Some(0),
            Some(1),
            Some(2),
        ])),
        Arc::new(UInt32Array::from(vec![
            Some(u32::MAX),
            None,
            Some(0),
            Some(1),
            Some(2),
        ])),
        Arc::new(UInt64Array::from(vec![
            Some(u64::MAX),
            None,
            Some(0),
            Some(1),
            Some(2),
        ])),
        Arc::new(Float32Array::from(vec![
            Some(f32::MIN),
            None,
            Some(-0.0),
            Some(f32::INFINITY),
            Some(0.1),
        ])),
        Arc::new(Float64Array::from(vec![
            Some(f64::MAX),
            None,
            Some(-0.0),
            Some(1e-300),
            Some(0.1),
        ])),
        Arc::new(Date32Array::from(days.to_vec())),
        Arc::new(Date64Array::from(ticks.to_vec())),
        Arc::new(Time32SecondArray::from(days.to_vec())),
        Arc::new(Time32MillisecondArray::from(days.to_vec())),
        Arc::new(Time64MicrosecondArray::from(ticks.to_vec())),
        Arc::new(Time64NanosecondArray::from(ticks.to_vec())),
        Arc::new(TimestampSecondArray::from(ticks.to_vec())),
        Arc::new(TimestampMillisecondArray::from(ticks.to_vec()).with_timezone("UTC")),
        Arc::new(TimestampMicrosecondArray::from(ticks.to_vec()).with_timezone("Europe/Berlin")),
        Arc::new(TimestampNanosecondArray::from(ticks.to_vec()).with_timezone("+05:30")),
        Arc::new(DurationSecondArray::from(ticks.to_vec())),
        Arc::new(DurationNanosecondArray::from(ticks.to_vec())),
        Arc::new(IntervalYearMonthArray::from(days.to_vec())),
        Arc::new(IntervalDayTimeArray::from(vec![
            Some(IntervalDayTime::new(1, 2)),
            None,
            None,
            None,
            None,
        ])),
        Arc::new(IntervalMonthDayNanoArray::from(vec![
            Some(IntervalMonthDayNano::new(1, 2, 3)),
            None,
            None,
            None,
            None,
        ])),
        Arc::new(
            Decimal32Array::from(days.to_vec())
                .with_precision_and_scale(9, 2)
                .unwrap(),
        ),
        Arc::new(
            Decimal64Array::from(ticks.to_vec())
                .with_precision_and_scale(18, 4)
                .unwrap(),
        ),
        Arc::new(decimal128()),
        Arc::new(Decimal256Array::from(vec![
            Some(i256::MAX),
            None,
            Some(i256::MIN),
            Some(i256::ZERO),
            Some(i256::ONE),
        ])),
        Arc::new(StringArray::from(text.to_vec())),
        Arc::new(LargeStringArray::from(text.to_vec())),
        Arc::new(StringViewArray::from(text.to_vec())),
        Arc::new(BinaryArray::from(bytes.to_vec())),
        Arc::new(LargeBinaryArray::from_opt_vec(bytes.to_vec())),
        Arc::new(BinaryViewArray::from_iter(bytes)),
        Arc::new(
            FixedSizeBinaryArray::try_from_sparse_iter_with_size(
                [Some([1u8, 2]), None, Some([3, 4]), None, Some([5, 6])].into_iter(),
                2,
            )
            .unwrap(),
        ),
    ]
}

fn decimal128() -> Decimal128Array {
    let most = 10i128.pow(38) - 1;
    Decimal128Array::from(vec![Some(most), None, Some(-most), Some(0), Some(1)])
        .with_precision_and_scale(38, 10)
        .unwrap()
}

fn list<O: OffsetSizeTrait>() -> GenericListArray<O> {
    let mut builder = GenericListBuilder::<O, _>::new(StringBuilder::new());
    builder.append_value([Some("x"), None, Some("a longer string than fits inline")]);
    builder.append_null();
    builder.append_value(Vec::<Option<&str>>::new());
    builder.append_value([Some("y")]);
    builder.append_value([None::<&str>]);
    builder.finish()
}

fn struct_array() -> StructArray {
    let nulls = Some(vec![true, true, false, true, true].into());
    let fields = vec![
        Field::new("n", DataType::Int64, true),
        Field::new("l", list::<i32>().data_type().clone(), true),
    ];
    let numbers = Int64Array::from(vec![Some(1), None, Some(3), Some(4), Some(5)]);
    StructArray::try_new(
        fields.into(),
        vec![Arc::new(numbers), Arc::new(list::<i32>())],
        nulls,
    )
    .unwrap()
}

fn nested() -> Vec<ArrayRef> {
    let mut fixed = FixedSizeListBuilder::new(Int16Builder::new(), 2);
    for n in 0..5 {
        fixed.values().append_value(n);
        fixed.values().append_null();
        fixed.append(n != 2);
    }
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    for n in 0..5 {
        map.keys().append_value(format!("key {n}"));
        map.values().append_option((n != 1).then_some(n));
        map.append(n != 3).unwrap();
    }
    let items = Arc::new(Field::new_list_field(
        struct_array().data_type().clone(),
        true,
    ));
    let structs = ListArray::new(
        items,
        OffsetBuffer::from_lengths([2, 0, 1, 1, 1]),
        Arc::new(struct_array()),
        None,
    );
    vec![
        Arc::new(list::<i32>()),
        Arc::new(list::<i64>()),
        Arc::new(fixed.finish()),
        Arc::new(struct_array()),
        Arc::new(map.finish()),
        Arc::new(structs),
        Arc::new(StructArray::new_empty_fields(5, None)),
    ]
}

fn dictionaries() -> Vec<ArrayRef> {
    let texts = [Some("red"), None, Some("green"), Some("red"), Some("blue")];
    let plain: DictionaryArray<Int32Type> = texts.into_iter().collect();
    let small: DictionaryArray<Int8Type> = texts.into_iter().collect();
    let wide: DictionaryArray<UInt64Type> = texts.into_iter().collect();
    let numbers = DictionaryArray::<Int16Type>::new(
        Int16Array::from(vec![Some(1), None, Some(0), Some(1), Some(1)]),
        Arc::new(decimal128().slice(2, 2)),
    );
    let views = DictionaryArray::<Int32Type>::new(
        Int32Array::from(vec![0, 1, 2, 1, 0]),
        Arc::new(StringViewArray::from(vec![
            Some("short"),
            None,
            Some("long enough to need a buffer"),
        ])),
    );
    let items = Arc::new(Field::new_list_field(plain.data_type().clone(), true));
    let inside = ListArray::new(
        items,
        OffsetBuffer::from_lengths([1, 0, 2, 1, 1]),
        Arc::new(plain.clone()),
        None,
    );
    vec![
        Arc::new(plain),
        Arc::new(small),
        Arc::new(wide),
        Arc::new(numbers),
        Arc::new(views),
        Arc::new(inside),
    ]
}

fn others() -> Vec<ArrayRef> {
    let ends = Int32Array::from(vec![2, 3, 5]);
    let runs =
        RunArray::<Int32Type>::try_new(&ends, &StringArray::from(vec![Some("a"), None, Some("b")]))
            .unwrap();
    let fields = UnionFields::try_new(
        [0, 1],
        [
            Field::new("i", DataType::Int32, true),
            Field::new("s", DataType::Utf8, true),
        ],
    )
    .unwrap();
    let children = || -> Vec<ArrayRef> {
        vec![
            Arc::new(Int32Array::from(vec![
                Some(1),
                None,
                Some(3),
                Some(4),
                Some(5),
            ])),
            Arc::new(StringArray::from(vec![
                Some("a"),
                Some("b"),
                None,
                Some("d"),
                Some("e"),
            ])),
        ]
    };
    let ids = ScalarBuffer::from(vec![0i8, 1, 0, 1, 0]);
    let sparse = UnionArray::try_new(fields.clone(), ids.clone(), None, children()).unwrap();
    let dense =
        UnionArray::try_new(fields, ids, Some(vec![0, 0, 1, 1, 2].into()), children()).unwrap();
    let items = Arc::new(Field::new_list_field(DataType::Int64, true));
    let values = || Arc::new(Int64Array::from(vec![Some(1), None, Some(3), Some(4)]));
    let view = ListViewArray::new(
        items.clone(),
        vec![2, 0, 0, 1, 3].into(),
        vec![2, 0, 3, 1, 1].into(),
        values(),
        None,
    );
    let large = LargeListViewArray::new(
        items,
        vec![2, 0, 0, 1, 3].into(),
        vec![2, 0, 3, 1, 1].into(),
        values(),
        None,
    );
    vec![
        Arc::new(runs),
        Arc::new(sparse),
        Arc::new(dense),
        Arc::new(view),
        Arc::new(large),
    ]
}

/// Three small batches, as an ordinary tool writes them.
pub fn three_batches() -> (SchemaRef, Vec<RecordBatch>) {
    let batch = |from: i64| {
        let ids = Int64Array::from_iter_values(from..from + 3);
        let names =
            StringArray::from_iter_values((from..from + 3).map(|n| format!("customer {n}")));
        RecordBatch::try_from_iter([("id", Arc::new(ids) as ArrayRef), ("name", Arc::new(names))])
            .unwrap()
    };
    let batches = vec![batch(0), batch(3), batch(6)];
    (batches[0].schema(), batches)
}

/// A dictionary that is extended, replaced, and then left as it is.
pub fn growing_dictionary() -> (SchemaRef, Vec<RecordBatch>) {
    let values = [vec!["a", "b"], vec!["a", "b", "c"], vec!["z"], vec!["z"]];
    let batches: Vec<RecordBatch> = values
        .iter()
        .map(|values| {
            let keys = Int32Array::from_iter_values((0..values.len() as i32).rev());
            let array = DictionaryArray::<Int32Type>::new(
                keys,
                Arc::new(StringArray::from(values.clone())),
            );
            RecordBatch::try_from_iter([("colour", Arc::new(array) as ArrayRef)]).unwrap()
        })
        .collect();
    (Arc::new(Schema::clone(&batches[0].schema())), batches)
}
