//! Avro: every type against files written by hand, the writer of arrow-avro as a twin, and
//! files that are cut or damaged.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringBuilder};
use arrow_array::*;
use arrow_avro::compression::CompressionCodec;
use arrow_avro::writer::WriterBuilder;
use arrow_avro::writer::format::AvroOcfFormat;
use arrow_schema::{DataType, Field, Schema};
use millrace_decode::avro::{Parcel, Reader, Sizes};
use millrace_fault::{Exit, Failure};
use millrace_testkit::avro::{self, block, file, header, long, record, text};
use std::io::{Cursor, Read, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

const SIZES: Sizes = Sizes {
    batch_rows: 1000,
    batch_bytes: 1 << 20,
    block: 1 << 20,
};

fn open(bytes: &[u8], sizes: Sizes) -> Result<Reader, Failure> {
    let mut source = Cursor::new(bytes.to_vec());
    // As little at a time as a pipe may give.
    let read = move |space: &mut [u8]| {
        let most = space.len().min(7);
        Ok(source.read(&mut space[..most]).unwrap())
    };
    Reader::new("f", Box::new(read), sizes)
}

fn read(bytes: &[u8]) -> Result<Vec<RecordBatch>, Failure> {
    batches(open(bytes, SIZES)?)
}

fn batches(mut reader: Reader) -> Result<Vec<RecordBatch>, Failure> {
    let mut batches = Vec::new();
    while let Some(parcel) = reader.next()? {
        batches.extend(decoded(parcel)?);
    }
    Ok(batches)
}

fn decoded(parcel: Parcel) -> Result<Vec<RecordBatch>, Failure> {
    let mut batches = Vec::new();
    parcel.decode(|batch| {
        batches.push(batch);
        ControlFlow::Continue(())
    })?;
    Ok(batches)
}

fn refusal(bytes: &[u8]) -> String {
    let failure = read(bytes).unwrap_err();
    assert_eq!(failure.exit(), Exit::DATA);
    failure.to_string()
}

/// The rows as JSON, moments as local times: the writer knows no zone by its name.
fn rows(batches: &[RecordBatch]) -> Vec<String> {
    let mut writer = arrow_json::WriterBuilder::new()
        .with_explicit_nulls(true)
        .build::<_, arrow_json::writer::LineDelimited>(Vec::new());
    for batch in batches {
        let names = batch.schema();
        let names = names.fields().iter().map(|field| field.name());
        let columns = batch.columns().iter().map(without_zone);
        let columns = names.zip(columns);
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.map(|(name, column)| (name, column, true)),
        );
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.finish().unwrap();
    let text = String::from_utf8(writer.into_inner()).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn without_zone(column: &ArrayRef) -> ArrayRef {
    let DataType::Timestamp(unit, Some(_)) = column.data_type() else {
        return Arc::clone(column);
    };
    let local = DataType::Timestamp(*unit, None);
    make_array(
        column
            .to_data()
            .into_builder()
            .data_type(local)
            .build()
            .unwrap(),
    )
}

/// The only value of a file with one field of this type.
fn only(kind: &str, value: &[u8]) -> (DataType, Result<ArrayRef, String>) {
    let bytes = file(&record(&[("f", kind)]), 1, value);
    let data_type = open(&bytes, SIZES)
        .unwrap()
        .schema()
        .field(0)
        .data_type()
        .clone();
    let read = read(&bytes).map(|batches| Arc::clone(batches[0].column(0)));
    (data_type, read.map_err(|failure| failure.to_string()))
}

#[test]
fn values_of_every_type() {
    let utc = "timestamp-micros";
    for (kind, value, data_type, json) in [
        (r#""boolean""#, vec![1], "Boolean", "true"),
        (r#""int""#, long(-3), "Int32", "-3"),
        (r#""long""#, long(1 << 40), "Int64", "1099511627776"),
        (
            r#""float""#,
            1.5f32.to_le_bytes().to_vec(),
            "Float32",
            "1.5",
        ),
        (
            r#""double""#,
            (-2.5f64).to_le_bytes().to_vec(),
            "Float64",
            "-2.5",
        ),
        (r#""string""#, text("grün"), "Utf8", r#""grün""#),
        (r#""bytes""#, text([1, 255]), "Binary", r#""01ff""#),
        (
            r#"{"type":"fixed","name":"x","size":2}"#,
            vec![1, 255],
            "FixedSizeBinary(2)",
            r#""01ff""#,
        ),
        (
            r#"{"type":"enum","name":"e","symbols":["A","B"]}"#,
            long(1),
            "Utf8",
            r#""B""#,
        ),
        (
            r#"{"type":"int","logicalType":"date"}"#,
            long(20_000),
            "Date32",
            r#""2024-10-04""#,
        ),
        (
            r#"{"type":"int","logicalType":"time-millis"}"#,
            long(1001),
            "Time32(ms)",
            r#""00:00:01.001""#,
        ),
        (
            r#"{"type":"long","logicalType":"time-micros"}"#,
            long(1_000_001),
            "Time64(µs)",
            r#""00:00:01.000001""#,
        ),
        (
            &format!(r#"{{"type":"long","logicalType":"{utc}"}}"#),
            long(1_000_000),
            r#"Timestamp(µs, "UTC")"#,
            r#""1970-01-01T00:00:01""#,
        ),
        (
            r#"{"type":"long","logicalType":"local-timestamp-nanos"}"#,
            long(1),
            "Timestamp(ns)",
            r#""1970-01-01T00:00:00.000000001""#,
        ),
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":5,"scale":2}"#,
            text([0xff, 0x85]),
            "Decimal128(5, 2)",
            "-1.23",
        ),
        (
            r#"{"type":{"type":"fixed","name":"d","size":20,"logicalType":"decimal","precision":40}}"#,
            [vec![0; 19], vec![7]].concat(),
            "Decimal256(40, 0)",
            "7",
        ),
        (r#"["null","long"]"#, long(0), "Int64", "null"),
        (
            r#"["long","null"]"#,
            [long(0), long(5)].concat(),
            "Int64",
            "5",
        ),
        (
            r#"{"type":"array","items":"int"}"#,
            // Two items, then one with the size that lets readers skip.
            [
                long(2),
                long(1),
                long(2),
                long(-1),
                long(1),
                long(3),
                long(0),
            ]
            .concat(),
            "List(non-null Int32)",
            "[1,2,3]",
        ),
        (
            r#"{"type":"map","values":["null","int"]}"#,
            [long(1), text("k"), long(1), long(7), long(0)].concat(),
            r#"Map("entries": non-null Struct("key": non-null Utf8, "value": Int32), unsorted)"#,
            r#"{"k":7}"#,
        ),
        (
            r#"["null",{"type":"record","name":"p","fields":[{"name":"x","type":"int"}]}]"#,
            [long(1), long(4)].concat(),
            r#"Struct("x": non-null Int32)"#,
            r#"{"x":4}"#,
        ),
    ] {
        let (found, array) = only(kind, &value);
        assert_eq!(found.to_string(), data_type, "{kind}");
        let batch = RecordBatch::try_from_iter([("f", array.unwrap())]).unwrap();
        assert_eq!(rows(&[batch]), [format!(r#"{{"f":{json}}}"#)], "{kind}");
    }
    let duration = r#"{"type":"fixed","name":"d","size":12,"logicalType":"duration"}"#;
    let value = [1u32, 2, 3].map(u32::to_le_bytes).concat();
    let array = only(duration, &value).1.unwrap();
    let found = array
        .as_any()
        .downcast_ref::<IntervalMonthDayNanoArray>()
        .unwrap();
    let found = found.value(0);
    assert_eq!(
        (found.months, found.days, found.nanoseconds),
        (1, 2, 3_000_000)
    );
}

#[test]
fn unions_keep_their_branches() {
    let kind = r#"["null","int",{"type":"enum","name":"e","symbols":["A"]}]"#;
    let values = [
        long(1),
        long(7),
        long(0),
        long(2),
        long(0),
        long(1),
        long(8),
    ]
    .concat();
    let bytes = file(&record(&[("f", kind)]), 4, &values);
    let batch = read(&bytes).unwrap().remove(0);
    let union = batch
        .column(0)
        .as_any()
        .downcast_ref::<UnionArray>()
        .unwrap();
    assert_eq!(&union.type_ids()[..], [1, 0, 2, 1]);
    let value = |row| union.value(row);
    assert_eq!(
        value(0)
            .as_any()
            .downcast_ref::<Int32Array>()
            .unwrap()
            .value(0),
        7
    );
    assert_eq!(
        value(2)
            .as_any()
            .downcast_ref::<StringArray>()
            .unwrap()
            .value(0),
        "A"
    );
    assert_eq!(
        value(3)
            .as_any()
            .downcast_ref::<Int32Array>()
            .unwrap()
            .value(0),
        8
    );
    assert!(read(&file(&record(&[("f", kind)]), 1, &long(3))).is_err());
}

#[test]
fn values_that_are_none_are_refused_with_their_place() {
    let decimal = r#"{"type":"bytes","logicalType":"decimal","precision":3,"scale":1}"#;
    for (kind, value, expected) in [
        (r#""boolean""#, vec![2], "/f: 2 is not a boolean"),
        (r#""int""#, long(1 << 31), "/f: 2147483648 is not an int"),
        (r#""string""#, text([0xff]), "/f: the text is not UTF-8"),
        (r#""string""#, long(-1), "/f: a length of -1"),
        (
            r#""string""#,
            long(9),
            "/f: the value goes on beyond the block's end",
        ),
        (
            r#"["null","int"]"#,
            long(2),
            "/f: there is no choice 2 among 2",
        ),
        (
            r#"{"type":"enum","name":"e","symbols":["A"]}"#,
            long(-1),
            "/f: there is no choice -1 among 1",
        ),
        (
            decimal,
            text([3, 0xe8]),
            "/f: the decimal has more than 3 digits",
        ),
        (
            decimal,
            text([1; 17]),
            "/f: the decimal has more than 3 digits",
        ),
        (
            r#"{"type":"array","items":{"type":"record","name":"i","fields":[{"name":"g","type":"string"}]}}"#,
            [long(1), text([0xc0])].concat(),
            "/f/g: the text is not UTF-8",
        ),
    ] {
        let schema = record(&[("n", r#""long""#), ("f", kind)]);
        let bytes = [
            header(&schema, "null"),
            block(0, b""),
            block(1, &[long(1), value].concat()),
        ]
        .concat();
        let at = header(&schema, "null").len() + block(0, b"").len();
        assert_eq!(
            refusal(&bytes),
            format!("cannot decode 'f': block 2 at byte {at}: record 1: {expected}"),
        );
        // Also where the column is not wanted.
        let mut reader = open(&bytes, SIZES).unwrap();
        reader.project(&[0]).unwrap();
        assert_eq!(batches(reader).is_ok(), kind == decimal, "{kind}");
    }
}

#[test]
fn blocks_hold_what_they_say() {
    let schema = record(&[("a", r#""int""#)]);
    let head = header(&schema, "null");
    let two = [long(1), long(2)].concat();
    for (tail, expected) in [
        (
            block(3, &two),
            "record 3: /a: the value goes on beyond the block's end",
        ),
        (block(1, &two), "1 bytes behind its last record"),
        (block(0, &two), "2 bytes behind its last record"),
        (block(-1, &two), "it has a negative length"),
        (
            [long(1), long(1 << 40)].concat(),
            "it is larger than 1048576 bytes",
        ),
        (
            [&long(2)[..], &text(&two), b"0123456789abcdeX"].concat(),
            "it does not end in the file's marker",
        ),
    ] {
        let message = refusal(&[&head[..], &tail].concat());
        let at = head.len();
        assert_eq!(
            message,
            format!("cannot decode 'f': block 1 at byte {at}: {expected}")
        );
    }
    let empty = record(&[("a", r#""null""#)]);
    assert_eq!(rows(&read(&file(&empty, 3, b"")).unwrap()).len(), 3);
    assert!(refusal(&file(&empty, i64::MAX, b"")).contains("records in no bytes"));
    let nulls = record(&[("a", r#"{"type":"array","items":"null"}"#)]);
    let many = file(&nulls, 1, &[long(i64::MAX), long(0)].concat());
    assert!(refusal(&many).contains("more than 65536 items that take no bytes"));
}

#[test]
fn a_null_of_one_byte_does_not_grow_without_bounds() {
    let fields: Vec<String> = (0..500)
        .map(|n| format!(r#"{{"name":"f{n}","type":"double"}}"#))
        .collect();
    let wide = format!(
        r#"["null",{{"type":"record","name":"w","fields":[{}]}}]"#,
        fields.join(",")
    );
    let rows = file(&record(&[("a", &wide)]), 20_000, &vec![0; 20_000]);
    let sizes = Sizes {
        batch_rows: 8192,
        ..SIZES
    };
    let batches = batches(open(&rows, sizes).unwrap()).unwrap();
    let most = batches.iter().map(RecordBatch::num_rows).max();
    assert!(most < Some(300), "{most:?}");
    let list = record(&[("a", &format!(r#"{{"type":"array","items":{wide}}}"#))]);
    let items = [long(900_000), vec![0; 900_000], long(0)].concat();
    assert!(refusal(&file(&list, 1, &items)).contains("lists with too many items"));
}

#[test]
fn schemas_that_no_column_holds_are_refused() {
    for (schema, expected) in [
        (r#""long""#, "its values are not records"),
        ("{", "the schema is not JSON"),
        (r#"{"type":"record","name":"r"}"#, "a type without 'fields'"),
        (
            &record(&[("f", r#"["null","row"]"#)]),
            "the type 'row' contains itself",
        ),
        (
            &record(&[("f", r#""other""#)]),
            "does not define the type 'other'",
        ),
        (
            &record(&[("f", r#""int""#), ("f", r#""int""#)]),
            "the field 'f' twice",
        ),
    ] {
        let message = refusal(&file(schema, 0, b""));
        assert!(message.starts_with("cannot decode 'f': "), "{message}");
        assert!(message.contains(expected), "{message}");
    }
    let lzo = [header(&record(&[]), "lzo"), block(0, b"")].concat();
    assert!(refusal(&lzo).contains("compressed by 'lzo' are not supported"));
    assert_eq!(refusal(b"Obj\x02...."), "'f' is not an Avro file");
}

fn sample(rows: i64) -> RecordBatch {
    let ids = Int64Array::from_iter_values(0..rows);
    let names = StringArray::from_iter((0..rows).map(|n| (n % 3 > 0).then(|| format!("name {n}"))));
    let prices = Decimal128Array::from_iter(
        (0..rows).map(|n| (n % 5 > 0).then_some(i128::from(n) * 7 - 99)),
    );
    let prices = prices.with_precision_and_scale(12, 2).unwrap();
    let moments = TimestampMicrosecondArray::from_iter_values((0..rows).map(|n| n * 1_000_003));
    let moments = moments.with_timezone("+00:00");
    let mut lists = ListBuilder::new(Int32Builder::new());
    let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    for n in 0..rows as i32 {
        lists.append_value((0..n % 4).map(Some));
        maps.keys().append_value(format!("k{n}"));
        maps.values().append_value(n);
        maps.append(true).unwrap();
    }
    let lists = lists.finish();
    let points = StructArray::from(vec![(
        Arc::new(Field::new("x", DataType::Float64, true)),
        Arc::new(Float64Array::from_iter(
            (0..rows).map(|n| Some(n as f64 / 2.0)),
        )) as ArrayRef,
    )]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(ids)),
        ("name", Arc::new(names)),
        ("price", Arc::new(prices)),
        ("at", Arc::new(moments)),
        ("list", Arc::new(lists)),
        ("map", Arc::new(maps.finish())),
        ("point", Arc::new(points)),
    ];
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, column)| Field::new(*name, column.data_type().clone(), *name != "id"))
        .collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn written(batches: &[RecordBatch], codec: Option<CompressionCodec>) -> Vec<u8> {
    let schema = Schema::clone(&batches[0].schema());
    let builder = WriterBuilder::new(schema).with_compression(codec);
    let mut writer = builder.build::<_, AvroOcfFormat>(Vec::new()).unwrap();
    batches
        .iter()
        .for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    writer.into_inner()
}

#[test]
fn what_arrow_avro_writes_is_read_whatever_the_codec() {
    let batches = [sample(700), sample(1), sample(2500)];
    let expected = rows(&batches);
    for codec in [
        None,
        Some(CompressionCodec::Snappy),
        Some(CompressionCodec::ZStandard),
        Some(CompressionCodec::Bzip2),
        Some(CompressionCodec::Xz),
    ] {
        let found = read(&written(&batches, codec)).unwrap();
        assert!(found.iter().all(|batch| batch.num_rows() <= 1000));
        let found = rows(&found);
        assert!(found == expected, "{codec:?}: {} {}", found[1], expected[1]);
    }
    let schema = record(&[("a", r#""string""#)]);
    let content: Vec<u8> = (0..1000).flat_map(|n| text(n.to_string())).collect();
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&content).unwrap();
    let packed = packer.finish().unwrap();
    let deflated = [header(&schema, "deflate"), block(1000, &packed)].concat();
    assert_eq!(rows(&read(&deflated).unwrap())[999], r#"{"a":"999"}"#);
    // A block that unpacks to more than is allowed, or whose bytes are damaged.
    let bomb = vec![0; 2 << 20];
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&bomb).unwrap();
    let bomb = [
        header(&schema, "deflate"),
        block(2 << 20, &packer.finish().unwrap()),
    ]
    .concat();
    assert!(refusal(&bomb).contains("it is larger than 1048576 bytes"));
    let cut = [
        header(&schema, "deflate"),
        block(1000, &packed[..packed.len() / 2]),
    ]
    .concat();
    assert!(refusal(&cut).contains("cannot decompress it"));
    let mut snappy = written(&batches[..1], Some(CompressionCodec::Snappy));
    let last = snappy.len() - 17;
    snappy[last] ^= 1;
    assert!(refusal(&snappy).contains("the checksum is wrong"));
}

#[test]
fn columns_that_are_not_wanted_are_passed_over() {
    let bytes = written(&[sample(300)], None);
    let mut reader = open(&bytes, SIZES).unwrap();
    reader.project(&[1, 4]).unwrap();
    assert_eq!(reader.schema().fields().len(), 2);
    let found = rows(&batches(reader).unwrap());
    assert_eq!(found[2], r#"{"name":"name 2","list":[0,1]}"#);
    let mut reader = open(&bytes, SIZES).unwrap();
    reader.project(&[]).unwrap();
    assert_eq!(batches(reader).unwrap()[0].num_rows(), 300);
}

/// Parcels are decoded by threads of their own: none may need another.
#[test]
fn parcels_are_decoded_in_any_order() {
    let parts: Vec<RecordBatch> = (0..9).map(|part| sample(300 + part)).collect();
    let bytes = written(&parts, None);
    let mut reader = open(&bytes, SIZES).unwrap();
    let mut parcels: Vec<Parcel> = std::iter::from_fn(|| reader.next().unwrap()).collect();
    assert_eq!(parcels.len(), 3);
    parcels.reverse();
    let mut found: Vec<Vec<RecordBatch>> = parcels
        .into_iter()
        .map(|parcel| decoded(parcel).unwrap())
        .collect();
    found.reverse();
    // As many blocks as fit into a batch.
    let counts = found
        .iter()
        .map(|batches| batches.iter().map(RecordBatch::num_rows));
    let counts: Vec<Vec<usize>> = counts.map(Iterator::collect).collect();
    assert_eq!(counts, [[903], [912], [921]]);
    assert_eq!(found.concat(), read(&bytes).unwrap());
    // Records are numbered through the file.
    let numbers = record(&[("a", r#""int""#)]);
    let bad = [
        header(&numbers, "null"),
        block(1200, &[0; 1200]),
        block(2, &[0, 0x80]),
    ];
    assert!(refusal(&bad.concat()).contains("record 1202: /a: "));
}

#[test]
fn a_file_that_is_cut_within_a_block_is_refused() {
    let schema = record(&[("a", r#""long""#), ("b", r#""string""#)]);
    let row = |n: i64| [long(n), text(format!("row {n}"))].concat();
    let content = |from: i64| (from..from + 5).flat_map(row).collect::<Vec<u8>>();
    let mut whole = header(&schema, "null");
    let mut ends = vec![whole.len()];
    for n in 0..3 {
        whole.extend(block(5, &content(5 * n)));
        ends.push(whole.len());
    }
    for cut in 0..=whole.len() {
        match read(&whole[..cut]) {
            Ok(batches) => {
                let blocks = ends.iter().position(|end| *end == cut);
                let found: usize = batches.iter().map(RecordBatch::num_rows).sum();
                assert_eq!(Some(found), blocks.map(|blocks| 5 * blocks), "cut at {cut}");
            }
            Err(failure) => {
                assert!(!ends.contains(&cut), "cut at {cut}");
                assert!(failure.to_string().contains("it is cut short"), "{failure}");
            }
        }
    }
}

#[test]
fn damaged_bytes_never_panic() {
    let whole = written(&[sample(40)], None);
    for at in 0..whole.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            if let Err(failure) = read(&bytes) {
                assert_eq!(failure.exit(), Exit::DATA, "{at}");
            }
        }
    }
    assert_eq!(avro::MARKER.len(), 16);
}
