//! ORC: files of pyarrow, what it does not write by hand, and files that are cut or damaged.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::DataType;
use bytes::Bytes;
use millrace_decode::orc::{Reader, Sizes, Source};
use millrace_fault::{Exit, Failure};
use millrace_testkit::orc::{FLAT, File, NESTED, WORDS, bytes, kind, number};
use std::sync::{Arc, Mutex};

const SIZES: Sizes = Sizes {
    batch_rows: 1000,
    batch_bytes: 1 << 20,
};

fn source(content: &[u8]) -> Source {
    let content = Bytes::copy_from_slice(content);
    Source::new(content.len() as u64, move |offset, count| {
        Ok(content.slice(offset as usize..offset as usize + count))
    })
}

fn read(content: &[u8]) -> Result<Vec<RecordBatch>, Failure> {
    read_all(Reader::new("f", source(content), SIZES)?)
}

fn read_all(mut reader: Reader) -> Result<Vec<RecordBatch>, Failure> {
    let mut batches = Vec::new();
    while let Some(batch) = reader.next()? {
        batches.push(batch);
    }
    Ok(batches)
}

fn refusal(content: &[u8]) -> String {
    let failure = read(content).expect_err("it is damaged");
    assert_eq!(failure.exit(), Exit::DATA);
    failure.to_string()
}

/// The rows as JSON, moments as local times: the writer knows no zone by its name.
fn rows(batches: &[RecordBatch]) -> Vec<String> {
    let mut writer = arrow_json::WriterBuilder::new()
        .with_explicit_nulls(true)
        .build::<_, arrow_json::writer::LineDelimited>(Vec::new());
    for batch in batches {
        let schema = batch.schema();
        let names = schema.fields().iter().map(|field| field.name());
        let columns = names.zip(batch.columns().iter().map(without_zone));
        let columns = columns.map(|(name, column)| (name, column, true));
        writer
            .write(&RecordBatch::try_from_iter_with_nullable(columns).unwrap())
            .unwrap();
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
    let data = column.to_data().into_builder().data_type(local);
    arrow_array::make_array(data.build().unwrap())
}

/// The rows of a file, without the name of its only column.
fn values(file: &File) -> Vec<String> {
    let rows = rows(&read(&file.bytes()).unwrap());
    let inner = |row: &String| row[r#"{"f":"#.len()..row.len() - 1].to_owned();
    rows.iter().map(inner).collect()
}

fn column_type(file: &File) -> String {
    let reader = Reader::new("f", source(&file.bytes()), SIZES).unwrap();
    reader.schema().field(0).data_type().to_string()
}

#[test]
fn files_of_pyarrow() {
    let flat = rows(&read(FLAT).unwrap());
    assert_eq!(flat.len(), 12);
    assert_eq!(
        flat[..3],
        [
            r#"{"a":1,"b":"x","t":"1969-12-31T23:00:00.500","d":1.50,"f":0.5,"ok":true,"day":"1960-01-01"}"#,
            r#"{"a":null,"b":null,"t":null,"d":-2.25,"f":null,"ok":null,"day":"2026-03-17"}"#,
            r#"{"a":-3,"b":"grün","t":"2026-03-17T05:00:00.123456","d":null,"f":-1.0,"ok":false,"day":null}"#,
        ]
    );
    assert_eq!(
        rows(&read(NESTED).unwrap()),
        [
            r#"{"a":1,"tags":["p","q"],"point":{"x":1,"y":"u"},"count":{"k":1}}"#,
            r#"{"a":2,"tags":null,"point":null,"count":null}"#,
            r#"{"a":3,"tags":[],"point":{"x":null,"y":"v"},"count":{}}"#,
            r#"{"a":4,"tags":["r",null],"point":{"x":4,"y":null},"count":{"l":null,"m":3}}"#,
        ]
    );
    let words = rows(&read(WORDS).unwrap());
    assert_eq!(words.len(), 40);
    assert_eq!(words[39], r#"{"a":-1521,"b":"green"}"#);
}

#[test]
fn types_and_encodings_that_pyarrow_does_not_write() {
    // A decimal whose values have other scales than the type: 1.5 and 3.
    let mut decimals = File::of(14, 0, 2, &[(1, &[0x1e, 0x06]), (5, &[0xfe, 0x02, 0x00])]);
    decimals.types[1].extend([number(5, 5), number(6, 2)].concat());
    assert_eq!(values(&decimals), ["1.50", "3.00"]);
    // A text in a dictionary of the first version.
    let mut words = File::of(
        7,
        1,
        3,
        &[(1, &[0xfd, 1, 0, 1]), (3, b"onetwo"), (2, &[0xfe, 3, 3])],
    );
    words.encodings.pop();
    words.stripe = bytes(2, [number(1, 1), number(2, 2)].concat());
    assert_eq!(values(&words), [r#""two""#, r#""one""#, r#""two""#]);
    // A union of an int and a text: 7, "x", 8.
    let union = File {
        types: vec![
            kind(12, &[1], &["f"]),
            kind(13, &[2, 3], &[]),
            kind(3, &[], &[]),
            kind(7, &[], &[]),
        ],
        streams: vec![
            (1, 1, vec![0xfd, 0, 1, 0]),
            (1, 2, vec![0xfe, 14, 16]),
            (1, 3, b"x".to_vec()),
            (2, 3, vec![0xff, 1]),
        ],
        encodings: vec![0; 4],
        rows: 3,
        ..File::default()
    };
    let batches = read(&union.bytes()).unwrap();
    let found = batches[0].column(0).to_data();
    assert_eq!(found.buffers()[0].as_slice(), [0, 1, 0]);
    assert_eq!(found.child_data()[0].len(), 2);
    assert!(
        column_type(&union).starts_with("Union(Dense"),
        "{}",
        column_type(&union)
    );
}

/// Seconds since 2015 and nanoseconds, of the first version.
fn times(kind: u64, zone: &str, seconds: &[u8], nanos: &[u8]) -> File {
    let count = 256 - seconds[0] as u64;
    let mut file = File::of(kind, 0, count, &[(1, seconds), (5, nanos)]);
    file.stripe = bytes(3, zone);
    file
}

#[test]
fn timestamps_are_what_the_clocks_of_the_writer_showed() {
    // Two values: 2015-01-01 00:00:00 there, and 1 s and 100 µs later.
    let (seconds, nanos) = ([0xfe, 0, 2], [0xfe, 0, 0x0c]);
    let winter = [
        r#""2015-01-01T00:00:00""#,
        r#""2015-01-01T00:00:01.000100""#,
    ];
    for zone in [
        "UTC",
        "America/Los_Angeles",
        "Asia/Shanghai",
        "GMT+05:30",
        "",
    ] {
        assert_eq!(values(&times(9, zone, &seconds, &nanos)), winter, "{zone}");
        assert_eq!(values(&times(18, zone, &seconds, &nanos)), winter, "{zone}");
    }
    assert_eq!(
        column_type(&times(9, "Asia/Shanghai", &seconds, &nanos)),
        "Timestamp(ns)"
    );
    assert_eq!(
        column_type(&times(18, "Asia/Shanghai", &seconds, &nanos)),
        r#"Timestamp(ns, "UTC")"#
    );
    // 181 days of 24 hours later it is summer in Berlin.
    let july = times(
        9,
        "Europe/Berlin",
        &[0xff, 0x80, 0xfe, 0xf4, 0x0e],
        &[0xff, 0],
    );
    assert_eq!(values(&july), [r#""2015-07-01T01:00:00""#]);
    let unknown = times(9, "Mars/Base", &seconds, &nanos).bytes();
    assert_eq!(
        refusal(&unknown),
        "cannot decode 'f': stripe 1: /f: the time zone 'Mars/Base' of its writer is unknown"
    );
    let late = times(
        9,
        "",
        &[0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
        &[0xff, 0],
    );
    assert!(refusal(&late.bytes()).contains("stripe 1: row 1: /f: the time "));
}

#[test]
fn what_cannot_be_read_is_refused_by_name() {
    let ints = || File::of(3, 0, 1, &[(1, &[0xff, 2])]);
    assert_eq!(values(&ints()), ["1"]);
    let with_postscript = |postscript: Vec<u8>| {
        File {
            postscript,
            ..ints()
        }
        .bytes()
    };
    let with_footer = |footer: Vec<u8>| File { footer, ..ints() }.bytes();
    for (content, reason) in [
        (
            with_postscript(number(2, 3)),
            "compression by LZO is not supported: write the file anew with zlib or zstd",
        ),
        (
            with_postscript([number(4, 1), number(4, 9999)].concat()),
            "version 1.9999 is not supported",
        ),
        (
            with_postscript(number(3, 9 << 20)),
            "chunks of 9437184 bytes are too large",
        ),
        (
            with_postscript(number(5, 1 << 40)),
            "it says that its end is longer than the file",
        ),
        (
            with_footer(bytes(10, number(1, 1))),
            "its footer: encrypted columns are not supported",
        ),
        (
            with_footer(number(6, 2)),
            "its footer: it says 2 rows, its stripes say another number",
        ),
        (
            with_footer(bytes(3, number(1, 1 << 40))),
            "stripe 2: it goes on beyond the footer",
        ),
        (
            File::of(3, 4, 1, &[]).bytes(),
            "stripe 1: the encoding 4 is unknown",
        ),
        (
            File::of(3, 0, 1, &[]).bytes(),
            "stripe 1: row 1: /f: the stream DATA ends too soon",
        ),
        (
            File::of(3, 0, 2, &[(1, &[0xff, 2])]).bytes(),
            "stripe 1: row 2: /f: the stream DATA ends too soon",
        ),
        (
            File::of(3, 0, 1, &[(0, &[0xff, 0x80])]).bytes(),
            "stripe 1: row 1: /f: the stream DATA ends too soon",
        ),
        (
            File::of(2, 0, 1, &[(1, &[0xff, 0x80, 0x80, 0x04])]).bytes(),
            "stripe 1: row 1: /f: 32768 has more than 16 bits",
        ),
        (
            File::of(7, 0, 1, &[(1, &[0xff]), (2, &[0xff, 1])]).bytes(),
            "stripe 1: row 1: /f: the text is not UTF-8",
        ),
        (
            File::of(7, 1, 1, &[(1, &[0xff, 0])]).bytes(),
            "stripe 1: row 1: /f: there is no entry 0 among 0",
        ),
        (
            File::of(8, 0, 1, &[(1, b"x"), (2, &[0xff, 0xff, 0xff, 0xff, 0x7f])]).bytes(),
            "stripe 1: row 1: /f: the stream DATA ends too soon",
        ),
        (
            File::of(14, 0, 1, &[(1, &[2]), (5, &[0xff, 59])]).bytes(),
            "stripe 1: row 1: /f: the value is no decimal(38, 10)",
        ),
    ] {
        assert_eq!(refusal(&content), format!("cannot decode 'f': {reason}"));
    }
    assert!(refusal(b"PAR1").contains("'f' is not an ORC file"));
    assert!(refusal(b"").contains("'f' is not an ORC file"));
    assert!(refusal(b"ORC").contains("damaged or cut short"));
}

/// Columns are read many rows at a time; the row with trouble is told all the same.
#[test]
fn trouble_has_its_row() {
    let mut texts = vec![b'a'; 100];
    texts[76] = 0xff;
    let texts = File::of(7, 0, 100, &[(1, &texts), (2, &[97, 0, 1])]);
    assert!(refusal(&texts.bytes()).ends_with("stripe 1: row 77: /f: the text is not UTF-8"));
    // 44 times one, then 32768.
    let shorts = [&[41, 0, 2][..], &[0xff, 0x80, 0x80, 0x04]].concat();
    let shorts = File::of(2, 0, 50, &[(1, &shorts)]);
    assert!(refusal(&shorts.bytes()).ends_with("row 45: /f: 32768 has more than 16 bits"));
    // 60 lists of two items, of which there are 81.
    let lists = |items: [u8; 3]| File {
        types: vec![
            kind(12, &[1], &["f"]),
            kind(10, &[2], &[]),
            kind(3, &[], &[]),
        ],
        streams: vec![(2, 1, vec![57, 0, 2]), (1, 2, items.to_vec())],
        encodings: vec![0; 3],
        rows: 60,
        ..File::default()
    };
    assert_eq!(values(&lists([117, 0, 2]))[59], "[1,1]");
    let refused = refusal(&lists([78, 0, 2]).bytes());
    assert!(refused.ends_with("row 41: /f/item: the stream DATA ends too soon"));
}

#[test]
fn values_stand_between_nulls() {
    let is_there = |row: usize| row * row % 7 < 3 && !(40..90).contains(&row);
    let mut bits = vec![0u8; 25];
    (0..200)
        .filter(|row| is_there(*row))
        .for_each(|row| bits[row / 8] |= 0x80 >> (row % 8));
    let present = [&[0u8.wrapping_sub(25)][..], &bits].concat();
    let count = (0..200).filter(|row| is_there(*row)).count() as u8;
    let file = File::of(3, 0, 200, &[(0, &present), (1, &[count - 3, 1, 0])]);
    let mut next = 0..;
    let value = |row| is_there(row).then(|| next.next().unwrap());
    let expected = (0..200).map(value).map(|value: Option<u32>| match value {
        Some(value) => value.to_string(),
        None => "null".to_owned(),
    });
    assert_eq!(values(&file), expected.collect::<Vec<_>>());
}

/// Nobody knows that rows are wide before one was read.
#[test]
fn batches_stay_small_where_rows_grow() {
    let texts = vec![b'x'; 100 + 100 * 10_000];
    // 100 lengths of 1, 100 of 10,000.
    let lengths = [97, 0, 1, 97, 0, 0x90, 0x4e];
    let file = File::of(8, 0, 200, &[(1, &texts), (2, &lengths)]).bytes();
    let sizes = Sizes {
        batch_rows: 1000,
        batch_bytes: 1 << 16,
    };
    let batches = read_all(Reader::new("f", source(&file), sizes).unwrap()).unwrap();
    let rows: Vec<usize> = batches.iter().map(RecordBatch::num_rows).collect();
    assert_eq!(rows.iter().sum::<usize>(), 200);
    assert!(rows[0] <= 100 + 32, "{rows:?}");
    assert!(rows[1..].iter().all(|rows| *rows <= 8), "{rows:?}");
}

#[test]
fn rows_are_there_even_where_each_is_said_to_be() {
    let mut ints = File::of(3, 0, 2, &[(1, &[0xfe, 2, 4])]);
    ints.streams.insert(0, (0, 0, vec![0xff, 0xc0]));
    assert_eq!(values(&ints), ["1", "2"]);
    ints.streams[0].2[1] = 0x80;
    let refused = refusal(&ints.bytes());
    assert_eq!(
        refused,
        "cannot decode 'f': stripe 1: row 2: the row is null as a whole"
    );
}

#[test]
fn days_of_the_julian_calendar_are_refused() {
    // 1582-10-15 is day -141427, zig-zag 282853.
    let first = |day: &[u8], calendar| {
        let mut file = File::of(15, 0, 1, &[(1, &[&[0xff], day].concat())]);
        file.footer = number(11, calendar);
        file
    };
    assert_eq!(values(&first(&[0xe5, 0xa1, 0x11], 1)), [r#""1582-10-15""#]);
    assert_eq!(values(&first(&[0xe7, 0xa1, 0x11], 2)), [r#""1582-10-14""#]);
    let refused = refusal(&first(&[0xe7, 0xa1, 0x11], 1).bytes());
    assert!(refused.ends_with("row 1: /f: a day of the Julian calendar, before 1582-10-15"));
}

#[test]
fn nothing_is_allocated_or_counted_that_no_bytes_pay_for() {
    let no_columns = File {
        types: vec![kind(12, &[], &[])],
        encodings: vec![0],
        rows: 1 << 40,
        ..File::default()
    };
    assert!(refusal(&no_columns.bytes()).contains("1099511627776 rows in no bytes"));
    // A list of a billion empty structs.
    let empty = File {
        types: vec![
            kind(12, &[1], &["f"]),
            kind(10, &[2], &[]),
            kind(12, &[], &[]),
        ],
        streams: vec![(2, 1, vec![0xff, 0x80, 0x94, 0xeb, 0xdc, 0x03])],
        encodings: vec![0; 3],
        rows: 1,
        ..File::default()
    };
    assert!(refusal(&empty.bytes()).contains("row 1: /f: a list of 1000000000 items is too long"));
    // A dictionary of four billion entries.
    let mut words = File::of(7, 1, 1, &[(1, &[0xff, 0])]);
    words.encodings.pop();
    words.stripe = bytes(2, [number(1, 1), number(2, u64::from(u32::MAX))].concat());
    assert!(refusal(&words.bytes()).contains("row 1: /f: a dictionary of more than"));
}

#[test]
fn batches_end_by_rows_or_bytes() {
    let counts = |batch_rows, batch_bytes| -> Vec<usize> {
        let sizes = Sizes {
            batch_rows,
            batch_bytes,
        };
        let reader = Reader::new("f", source(WORDS), sizes).unwrap();
        let batches = read_all(reader).unwrap();
        batches.iter().map(RecordBatch::num_rows).collect()
    };
    assert_eq!(counts(16, 1 << 20), [16, 16, 8]);
    assert_eq!(counts(1000, 160), [10, 10, 10, 10]);
}

#[test]
fn columns_that_are_not_asked_for_are_not_read() {
    let read = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&read);
    let text = vec![b'x'; 5000];
    let file = File {
        types: vec![
            kind(12, &[1, 2], &["a", "b"]),
            kind(7, &[], &[]),
            kind(3, &[], &[]),
        ],
        // A thousand texts of five bytes.
        streams: vec![
            (1, 1, text),
            (2, 1, [127, 0, 5].repeat(8)),
            (1, 2, [127, 1, 2].repeat(8)),
        ],
        encodings: vec![0; 3],
        rows: 1000,
        ..File::default()
    };
    let content = Bytes::from(file.bytes());
    let source = Source::new(content.len() as u64, move |offset, count| {
        *counter.lock().unwrap() += count;
        Ok(content.slice(offset as usize..offset as usize + count))
    });
    let mut reader = Reader::new("f", source, SIZES).unwrap();
    reader.project(&[1]).unwrap();
    let rows = rows(&read_all(reader).unwrap());
    assert_eq!((rows.len(), &rows[999][..]), (1000, r#"{"b":90}"#));
    assert!(*read.lock().unwrap() < 1000);
}

#[test]
fn files_that_are_cut_anywhere_are_refused() {
    for whole in [FLAT, NESTED, WORDS] {
        for cut in 0..whole.len() {
            refusal(&whole[..cut]);
        }
    }
}

#[test]
fn files_that_are_damaged_anywhere_are_read_or_refused() {
    let union = File::of(13, 0, 1, &[]).bytes();
    for whole in [FLAT, NESTED, WORDS, &union] {
        for at in 0..whole.len() {
            for change in [0x01, 0x10, 0x80, 0xff] {
                let mut content = whole.to_vec();
                content[at] ^= change;
                if let Err(failure) = read(&content) {
                    assert_eq!(failure.exit(), Exit::DATA, "{at}: {failure}");
                }
            }
        }
    }
}
