//! CSV: the edge cases, typing, and the csv crate as the slow, obvious twin.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;
use millrace_decode::csv::{Cutter, Decoder, Dialect, Records};
use millrace_decode::{Chunk, ExtraFields, Options};
use proptest::prelude::*;
use serde_json::json;
use support::{Kept, decode_csv, schema};

fn strings(count: usize) -> millrace_schema::TableSchema {
    let fields: Vec<String> = (0..count)
        .map(|i| format!(r#"{{"name":"c{i}","type":"string","missingValues":["NULL"]}}"#))
        .collect();
    schema(&fields.join(","))
}

fn cells(dialect: &Dialect, text: &str) -> Vec<Vec<String>> {
    let chunk = Chunk::from(text);
    Records::new(&chunk, dialect)
        .map(|record| {
            record
                .iter()
                .map(|cell| String::from_utf8(cell.to_vec()).unwrap())
                .collect()
        })
        .collect()
}

fn rows(kept: &Kept) -> Vec<Vec<String>> {
    kept.values()
        .iter()
        .map(|row| {
            row.as_object()
                .unwrap()
                .values()
                .map(|cell| cell.as_str().unwrap().to_owned())
                .collect()
        })
        .collect()
}

#[test]
fn the_ways_to_write_cells() {
    let long = "x".repeat(100);
    for (text, expected) in [
        ("a,b\nc,d\n", vec![["a", "b"], ["c", "d"]]),
        ("a,b\r\nc,d", vec![["a", "b"], ["c", "d"]]),
        ("a,b\r\nc,d\r", vec![["a", "b"], ["c", "d"]]),
        ("\"a\",\"b\"\r\n\"c\",\"d\"", vec![["a", "b"], ["c", "d"]]),
        ("\"a,b\",\"c\"\"d\"\"\"\n", vec![["a,b", "c\"d\""]]),
        ("\"a\nb\",\"c\r\nd\"\n", vec![["a\nb", "c\r\nd"]]),
        ("\"\",\n", vec![["", ""]]),
        (",\n", vec![["", ""]]),
        ("a\"b,c\"\n", vec![["a\"b", "c\""]]),
        (" \"a\", b\n", vec![[" \"a\"", " b"]]),
        ("é,😀\n", vec![["é", "😀"]]),
        ("\n\r\na,b\n\n", vec![["a", "b"]]),
        ("a\rb,c\n", vec![["a\rb", "c"]]),
        (
            &format!("{long},\"{long}\"\"\"\n"),
            vec![[&long, &format!("{long}\"")]],
        ),
    ] {
        let kept = decode_csv(&strings(2), &Dialect::default(), None, text.as_bytes());
        assert_eq!(kept.refused, [], "{text:?}");
        assert_eq!(rows(&kept), expected, "{text:?}");
        assert_eq!(cells(&Dialect::default(), text), expected, "{text:?}");
    }
}

#[test]
fn other_dialects() {
    let tsv = decode_csv(&strings(2), &Dialect::tsv(), None, b"a,b\t\"c\td\"\n");
    assert_eq!(rows(&tsv), [["a,b", "c\td"]]);
    let odd = Dialect {
        delimiter: b';',
        quote: Some(b'\''),
        escape: Some(b'\\'),
        comment: Some(b'#'),
    };
    let kept = decode_csv(
        &strings(2),
        &odd,
        None,
        b"# a;'b\n'it''s';'\\'\\\\\\;n'\n#\nx;#y\n",
    );
    assert_eq!(rows(&kept), [["it's", "'\\;n"], ["x", "#y"]]);
    assert_eq!(kept.lines, [1, 3]);
    let bare = Dialect {
        quote: None,
        ..Dialect::default()
    };
    assert_eq!(
        rows(&decode_csv(&strings(2), &bare, None, b"\"a,b\"\n")),
        [["\"a", "b\""]]
    );
    for dialect in [
        Dialect {
            delimiter: b'"',
            ..Dialect::default()
        },
        Dialect {
            delimiter: b'\n',
            ..Dialect::default()
        },
        Dialect {
            quote: Some(0xe9),
            ..Dialect::default()
        },
        Dialect {
            comment: Some(b','),
            ..Dialect::default()
        },
    ] {
        assert!(Decoder::new(&strings(1), &dialect, &Options::default()).is_err());
    }
}

#[test]
fn an_escape_makes_text_of_what_would_mean_something() {
    let dialect = Dialect {
        escape: Some(b'\\'),
        ..Dialect::default()
    };
    for (cell, expected) in [
        (r#""a\"b""#, r#"a"b"#),
        (r#""a""b\"""#, r#"a"b""#),
        (r#""\\""#, r"\"),
        (r#""a\,b""#, "a,b"),
        ("\"a\\\nb\"", "a\nb"),
        ("\"a\\\r\nb\"", "a\r\nb"),
        (r"a\b", r"a\b"),
        (r#"a\"b"#, r#"a\"b"#),
    ] {
        let text = format!("{cell},x\n1,{cell}");
        let kept = decode_csv(&strings(2), &dialect, None, text.as_bytes());
        assert_eq!(rows(&kept), [[expected, "x"], ["1", expected]], "{cell}");
        assert_eq!(cells(&dialect, &text), rows(&kept), "{cell}");
    }
    let text = "1,2\n\"a\\nb\\tc\",\"d\\,\n\"\n3,4\n5,\"6\\\"\n";
    let kept = decode_csv(&strings(2), &dialect, None, text.as_bytes());
    assert_eq!(rows(&kept), [["1", "2"], ["3", "4"]]);
    let reasons: Vec<(u64, usize, &str)> = kept
        .refused
        .iter()
        .map(|refusal| (refusal.line, &refusal.reason))
        .map(|(line, reason)| (line, reason.position as usize, reason.expected.as_str()))
        .collect();
    let stray = "a quote, a delimiter, a line end or an escape behind the escape";
    assert_eq!(reasons, [(1, 2, stray), (4, 2, "a closing quote")]);
}

#[test]
fn a_bad_record_costs_one_record_and_says_where() {
    for (bad, rule, position) in [
        ("a", "cells", 0),
        ("a,b,c", "cells", 0),
        ("a,\"b\"x", "syntax", 5),
        ("\"a\" ,b", "syntax", 3),
        ("\"a\"\"b\"c,d", "syntax", 6),
        ("\"a\nb\"x,c", "syntax", 5),
    ] {
        let text = format!("1,2\n{bad}\n3,4\n");
        let kept = decode_csv(&strings(2), &Dialect::default(), None, text.as_bytes());
        assert_eq!(rows(&kept), [["1", "2"], ["3", "4"]], "{bad}");
        let refusal = &kept.refused[0];
        assert_eq!(
            (refusal.line, refusal.offset, refusal.raw.as_slice()),
            (1, 4, bad.as_bytes())
        );
        assert_eq!(
            (refusal.reason.constraint, refusal.reason.position),
            (rule, position),
            "{bad}"
        );
    }
    let open = decode_csv(&strings(2), &Dialect::default(), None, b"1,2\na,\"b\n3,4\n");
    assert_eq!(
        (open.rows(), open.refused[0].raw.as_slice()),
        (1, &b"a,\"b\n3,4\n"[..])
    );
    let bytes = decode_csv(
        &strings(2),
        &Dialect::default(),
        None,
        b"1,2\na,\"x\n\xff\n\xfe\"\n3,4\n5,\xff\n6,7",
    );
    assert_eq!(rows(&bytes), [["1", "2"], ["3", "4"], ["6", "7"]]);
    assert!(
        bytes
            .refused
            .iter()
            .all(|refusal| refusal.reason.constraint == "utf-8")
    );
    assert_eq!((bytes.refused.len(), bytes.counts.lines), (2, 6));
    let comment = Dialect {
        comment: Some(b'#'),
        ..Dialect::default()
    };
    assert_eq!(
        decode_csv(&strings(2), &comment, None, b"#\xff\n1,2\n").rows(),
        1
    );
}

fn typed(field: &str, cell: &str) -> Result<serde_json::Value, String> {
    let schema = schema(&format!(
        r#"{{"name":"v",{field}}},{{"name":"w","type":"string"}}"#
    ));
    let kept = decode_csv(
        &schema,
        &Dialect::default(),
        None,
        format!("{cell},end\n").as_bytes(),
    );
    match kept.refused.first() {
        Some(refusal) => Err(refusal.reason.constraint.to_owned()),
        None => Ok(kept.values()[0]["v"].clone()),
    }
}

#[test]
fn cells_are_typed() {
    let fields = [
        (
            r#""type":"integer""#,
            vec![
                ("12", json!(12)),
                ("-7", json!(-7)),
                ("+7", json!(7)),
                ("007", json!(7)),
                (" 7 ", json!(7)),
                ("\"7\"", json!(7)),
                ("", json!(null)),
                ("\"\"", json!(null)),
                ("9223372036854775807", json!(i64::MAX)),
            ],
        ),
        (
            r#""type":"number""#,
            vec![
                ("1.5", json!(1.5)),
                (".5", json!(0.5)),
                ("5.", json!(5.0)),
                ("1e3", json!(1000.0)),
                ("-0.25", json!(-0.25)),
            ],
        ),
        (
            r#""type":"number","decimalChar":",","groupChar":".","bareNumber":false"#,
            vec![("\"1.234,5 €\"", json!(1234.5)), ("95%", json!(95.0))],
        ),
        (
            r#""type":"boolean""#,
            vec![
                ("true", json!(true)),
                ("FALSE", json!(false)),
                ("1", json!(true)),
                ("0", json!(false)),
            ],
        ),
        (
            r#""type":"boolean","trueValues":["ja"],"falseValues":["nein"]"#,
            vec![("ja", json!(true)), ("nein", json!(false))],
        ),
        (
            r#""type":"date""#,
            vec![("2026-03-17", json!("2026-03-17"))],
        ),
        (
            r#""type":"datetime""#,
            vec![
                ("2026-03-17T05:00:00.5Z", json!("2026-03-17T05:00:00.500Z")),
                (
                    "\"2026-03-17T05:00:00+01:00\"",
                    json!("2026-03-17T04:00:00Z"),
                ),
            ],
        ),
        (r#""type":"time""#, vec![("05:00:00", json!("05:00:00"))]),
        (r#""type":"year""#, vec![("2026", json!(2026))]),
        (
            r#""type":"string""#,
            vec![
                (" a ", json!(" a ")),
                ("", json!(null)),
                ("\"\"", json!("")),
            ],
        ),
        (
            r#""type":"array","items":{"type":"integer"}"#,
            vec![("\"[1, 2]\"", json!([1, 2])), ("[]", json!([]))],
        ),
        (
            r#""type":"object","fields":[{"name":"a","type":"integer"}]"#,
            vec![("\"{\"\"a\"\":1}\"", json!({"a": 1}))],
        ),
        (r#""type":"any""#, vec![("x y", json!("x y"))]),
        (
            r#""type":"integer","missingValues":["-","NA"]"#,
            vec![("-", json!(null)), ("\"NA\"", json!(null)), ("5", json!(5))],
        ),
    ];
    for (field, cases) in fields {
        for (cell, expected) in cases {
            assert_eq!(typed(field, cell), Ok(expected), "{field} {cell}");
        }
    }
    for (field, cell, rule) in [
        (r#""type":"integer""#, "1.5", "type"),
        (r#""type":"integer""#, "x", "type"),
        (r#""type":"integer""#, "1 2", "type"),
        (r#""type":"integer""#, "9223372036854775808", "range"),
        (r#""type":"integer","missingValues":["-"]"#, "", "type"),
        (r#""type":"number""#, "1e400", "range"),
        (r#""type":"number""#, "\"1,5\"", "type"),
        (r#""type":"boolean""#, "yes", "type"),
        (r#""type":"date""#, "17.03.2026", "type"),
        (r#""type":"datetime""#, "2026-03-17 05:00:00Z", "type"),
        (r#""type":"number","decimal":[4,2]"#, "1.234", "digits"),
        (
            r#""type":"array","items":{"type":"integer"}"#,
            "\"[1,\"",
            "syntax",
        ),
        (
            r#""type":"array","items":{"type":"integer"}"#,
            "\"[1] x\"",
            "type",
        ),
        (r#""type":"year""#, "26", "type"),
    ] {
        assert_eq!(typed(field, cell), Err(rule.to_owned()), "{field} {cell}");
    }
    let infinite = schema(r#"{"name":"v","type":"number"}"#);
    let kept = decode_csv(&infinite, &Dialect::default(), None, b"NaN\nINF\n-INF\n\n");
    let column = kept.column(0).remove(0);
    let values =
        arrow_array::cast::AsArray::as_primitive::<arrow_array::types::Float64Type>(&column)
            .clone();
    assert!(
        values.value(0).is_nan()
            && values.value(1) == f64::INFINITY
            && values.value(2) == f64::NEG_INFINITY
    );
    // The only column of an empty line is an empty cell.
    assert_eq!(
        (values.len(), arrow_array::Array::null_count(&values)),
        (4, 1)
    );
}

#[test]
fn a_header_decides_by_name() {
    let schema = schema(
        r#"{"name":"a","type":"integer"},{"name":"b","type":"string"},{"name":"c","type":"integer"}"#,
    );
    let kept = decode_csv(
        &schema,
        &Dialect::default(),
        Some(&["b", "x", "a"]),
        b"hi,ignored,7\n",
    );
    assert_eq!(kept.values(), [json!({"a": 7, "b": "hi", "c": null})]);
    let with = |extra_fields| {
        Decoder::new(
            &schema,
            &Dialect::default(),
            &Options {
                extra_fields,
                ..Options::default()
            },
        )
        .unwrap()
    };
    assert!(with(ExtraFields::Refuse).set_columns(&["a", "x"]).is_err());
    assert!(with(ExtraFields::Ignore).set_columns(&["a", "a"]).is_err());
    let mut warned = Kept::default();
    let mut decoder = with(ExtraFields::Warn);
    decoder.set_columns(&["a", "x"]).unwrap();
    decoder.decode(&Chunk::from("1,2\n"), &mut warned).unwrap();
    assert_eq!(warned.extras, ["/x"]);
}

/// Texts of the characters that matter.
fn soup() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a,\"\n\r#é \\\\]{0,40}",
        "(([a-z]{0,3}|\"([a,\n]|\"\"){0,4}\")(,|\n|\r\n)){0,12}"
    ]
}

fn twin(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(text.as_bytes());
    reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn well_formed_texts_read_as_the_csv_crate_reads_them(records in prop::collection::vec(prop::collection::vec("[a,\"\né]{0,6}", 2..5), 1..6), always: bool) {
        let mut writer = csv::WriterBuilder::new().flexible(true)
            .quote_style(if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary }).from_writer(Vec::new());
        for record in &records {
            writer.write_record(record).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        prop_assert_eq!(&cells(&Dialect::default(), &text), &records);
        prop_assert_eq!(&twin(&text), &records);
    }

    #[test]
    fn a_cutter_never_cuts_through_a_record(text in soup(), size in 1..9_usize, comment: bool, escape: bool) {
        let (comment, escape) = (comment.then_some(b'#'), escape.then_some(b'\\'));
        let dialect = Dialect { comment, escape, ..Dialect::default() };
        let whole = decode_csv(&strings(2), &dialect, None, text.as_bytes());
        let mut decoder = Decoder::new(&strings(2), &dialect, &Options::default()).unwrap();
        let mut cutter = Cutter::new(&dialect);
        let (mut kept, mut held, mut offset) = (Kept::default(), Vec::new(), 0);
        let mut lines = 0;
        let mut feed = |bytes: &[u8], kept: &mut Kept| {
            let before = kept.refused.len();
            let counts = decoder.decode(&Chunk::from(bytes), kept).unwrap();
            for refusal in &mut kept.refused[before..] {
                refusal.offset += offset;
                refusal.line += lines;
            }
            offset += bytes.len() as u64;
            lines += counts.lines;
        };
        for piece in text.as_bytes().chunks(size) {
            let cut = cutter.cut(piece).map(|end| held.len() + end);
            held.extend_from_slice(piece);
            if let Some(cut) = cut {
                let rest = held.split_off(cut);
                feed(&held, &mut kept);
                held = rest;
            }
        }
        feed(&held, &mut kept);
        decoder.finish(&mut kept).unwrap();
        prop_assert_eq!(&kept.batches, &whole.batches, "{:?}", text);
        prop_assert_eq!(&kept.refused, &whole.refused, "{:?}", text);
    }
}
