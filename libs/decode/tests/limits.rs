//! Sizes that break decoders: depth, keys, digits, lengths, columns, and cuts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;
use millrace_decode::{ExtraFields, Options};
use support::{decode, decode_in_pieces, decode_with, schema};

fn id() -> millrace_schema::TableSchema {
    schema(r#"{"name":"id","type":"integer"},{"name":"raw","type":"any"}"#)
}

#[test]
fn a_million_levels_are_refused_without_a_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for key in ["extra", "raw"] {
            let deep = format!(
                "{{\"{key}\":{}1{}}}\n{{\"id\":1}}",
                open.repeat(1_000_000),
                close.repeat(1_000_000)
            );
            let kept = decode(&id(), &deep);
            assert_eq!(
                (kept.rows(), kept.refused[0].reason.constraint),
                (1, "depth"),
                "{open} {key}"
            );
        }
    }
}

#[test]
fn depth_counts_the_record_and_is_exact() {
    for depth in [1, 2, 5, 1000] {
        let options = Options {
            max_depth: depth,
            ..Options::default()
        };
        let nested = |levels: usize| {
            format!(
                "{{\"extra\":{}{}}}",
                "[".repeat(levels - 1),
                "]".repeat(levels - 1)
            )
        };
        if depth > 1 {
            assert_eq!(
                decode_with(&id(), &options, nested(depth).as_bytes()).rows(),
                1,
                "{depth}"
            );
        }
        assert_eq!(
            decode_with(&id(), &options, nested(depth + 1).as_bytes())
                .refused
                .len(),
            1,
            "{depth}"
        );
    }
    let typed = schema(
        r#"{"name":"o","type":"object","fields":[{"name":"l","type":"array","items":{"type":"any"}}]}"#,
    );
    let options = Options {
        max_depth: 3,
        ..Options::default()
    };
    assert_eq!(
        decode_with(&typed, &options, br#"{"o":{"l":[1]}}"#).rows(),
        1
    );
    assert_eq!(
        decode_with(&typed, &options, br#"{"o":{"l":[[]]}}"#).refused[0]
            .reason
            .constraint,
        "depth"
    );
}

#[test]
fn a_million_keys_pass_and_one_of_them_twice_does_not() {
    let members: Vec<String> = (0..1_000_000)
        .map(|key| format!("\"k{key}\":{key}"))
        .collect();
    let good = format!("{{{}}}", members.join(","));
    assert_eq!(decode(&id(), &good).rows(), 1);
    let bad = format!("{{{},\"k\\u0035\":0}}", members.join(","));
    assert_eq!(
        decode(&id(), &bad).refused[0].reason.constraint,
        "duplicateKey"
    );
    let inside = format!("{{\"extra\":{good},\"raw\":{good}}}");
    assert_eq!(decode(&id(), &inside).rows(), 1);
}

#[test]
fn numbers_of_a_million_digits() {
    let digits = "9".repeat(1_000_000);
    for field in [
        r#""type":"integer""#,
        r#""type":"number""#,
        r#""type":"number","decimal":[38,2]"#,
    ] {
        let schema = schema(&format!(r#"{{"name":"v",{field}}}"#));
        for number in [
            digits.clone(),
            format!("1.{digits}5"),
            format!("1e{digits}"),
            format!("-{digits}.{digits}e-{digits}"),
        ] {
            let kept = decode(&schema, format!("{{\"v\":{number}}}"));
            let rounded = field.ends_with("\"number\"") && number.starts_with("1.");
            assert_eq!(kept.rows(), usize::from(rounded), "{field}");
            if let Some(refusal) = kept.refused.first() {
                assert!(refusal.reason.value.len() <= millrace_decode::Reason::LONGEST_VALUE);
            }
        }
    }
    assert_eq!(
        decode(&id(), format!("{{\"raw\":{digits},\"extra\":-0.{digits}}}")).rows(),
        1
    );
}

#[test]
fn a_thousand_columns_with_long_names_in_any_order() {
    let names: Vec<String> = (0..1000)
        .map(|i| format!("a_column_with_a_really_long_name_number_{i:05}_of_many"))
        .collect();
    let fields: Vec<String> = names
        .iter()
        .map(|name| format!(r#"{{"name":"{name}","type":"integer"}}"#))
        .collect();
    let schema = schema(&fields.join(","));
    let line = |order: &mut dyn Iterator<Item = usize>| {
        let members: Vec<String> = order.map(|i| format!("\"{}\":{i}", names[i])).collect();
        format!("{{{}}}\n", members.join(","))
    };
    let text = [
        line(&mut (0..1000)),
        line(&mut (0..1000).rev()),
        line(&mut (0..1000).map(|i| i * 7 % 1000)),
        line(&mut (0..1000).step_by(2)),
    ]
    .concat();
    let kept = decode(&schema, &text);
    assert_eq!((kept.rows(), kept.refused.len()), (4, 0));
    for (row, values) in kept.values().iter().enumerate() {
        for (i, name) in names.iter().enumerate() {
            let expected = if row == 3 && i % 2 == 1 {
                serde_json::Value::Null
            } else {
                i.into()
            };
            assert_eq!(values[name], expected);
        }
    }
}

#[test]
fn names_that_json_must_escape() {
    let schema = schema(
        r#"{"name":"a\"b","type":"integer"},{"name":"c\\","type":"integer"},{"name":"","type":"integer"},{"name":"é","type":"integer"}"#,
    );
    let kept = decode(&schema, r#"{"a\"b":1,"c\\":2,"":3,"\u00e9":4}"#);
    assert_eq!(
        kept.values()[0].to_string(),
        r#"{"a\"b":1,"c\\":2,"":3,"é":4}"#
    );
    assert_eq!(
        decode(&schema, r#"{"a\u0022b":1,"a\"b":1}"#).refused.len(),
        1
    );
}

#[test]
fn every_cut_of_every_character() {
    let text =
        "{\"id\":1,\"raw\":\"é€😀\"}\n{\"id\":2,\"raw\":\"\\u00e9\"}\r\n\n{\"id\":x}\n{\"id\":3}";
    let whole = decode(&id(), text);
    assert_eq!((whole.rows(), whole.refused.len()), (3, 1));
    for size in 1..=text.len() {
        let pieces = decode_in_pieces(&id(), text.as_bytes(), size);
        assert_eq!(pieces.batches, whole.batches, "{size}");
        assert_eq!(pieces.refused.len(), 1);
        assert_eq!(pieces.counts, whole.counts);
    }
}

#[test]
fn extra_fields_as_asked() {
    let text = "{\"id\":1,\"x\":{\"y\":1},\"z/z\":2}\n{\"x\":3}\n";
    let with = |extra_fields| {
        decode_with(
            &id(),
            &Options {
                extra_fields,
                ..Options::default()
            },
            text.as_bytes(),
        )
    };
    assert_eq!(with(ExtraFields::Ignore).rows(), 2);
    let warned = with(ExtraFields::Warn);
    assert_eq!(
        (warned.rows(), warned.extras),
        (2, vec!["/x".to_owned(), "/z~1z".to_owned()])
    );
    let refused = with(ExtraFields::Refuse);
    assert_eq!((refused.rows(), refused.refused.len()), (0, 2));
    assert_eq!(
        (
            refused.refused[0].reason.field.as_str(),
            refused.refused[0].reason.value.as_str()
        ),
        ("/x", "{\"y\":1}")
    );
}

#[test]
fn a_selection_changes_columns_and_never_rows() {
    let text = "{\"id\":1,\"raw\":2}\n{\"id\":\"x\",\"raw\":3}\n{\"raw\":4,\"id\":5}\n";
    let select = |names: &[&str]| Options {
        select: Some(names.iter().map(|name| (*name).to_owned()).collect()),
        ..Options::default()
    };
    let kept = decode_with(&id(), &select(&["raw"]), text.as_bytes());
    assert_eq!(
        kept.values(),
        [
            serde_json::json!({"raw": "2"}),
            serde_json::json!({"raw": "4"})
        ]
    );
    assert_eq!(kept.refused.len(), 1);
    let none = decode_with(&id(), &select(&[]), text.as_bytes());
    assert_eq!((none.rows(), none.batches[0].num_columns()), (2, 0));
    assert!(millrace_decode::ndjson::Decoder::new(&id(), &select(&["nope"])).is_err());
}

#[test]
fn batches_keep_their_size_and_their_bytes() {
    let line = format!("{{\"id\":1,\"raw\":\"{}\"}}\n", "x".repeat(1000));
    let kept = decode(&id(), line.repeat(5000));
    assert_eq!(kept.rows(), 5000);
    assert!(
        kept.batches.len() >= 4 && kept.batches.len() <= 6,
        "{}",
        kept.batches.len()
    );
    // Buffers that came back from a dropped batch do not show through.
    let mut decoder = millrace_decode::ndjson::Decoder::new(
        &schema(r#"{"name":"b","type":"boolean"},{"name":"i","type":"integer"}"#),
        &Options::default(),
    )
    .unwrap();
    let full = millrace_decode::Chunk::from("{\"b\":true,\"i\":7}\n".repeat(200).as_str());
    let sparse = millrace_decode::Chunk::from("{\"b\":false}\n{\"i\":1}\n{}\n");
    let mut first = None;
    for _ in 0..3 {
        let mut kept = support::Kept::default();
        decoder.decode(&sparse, &mut kept).unwrap();
        decoder.finish(&mut kept).unwrap();
        let buffers: Vec<Vec<u8>> = kept.batches[0]
            .columns()
            .iter()
            .flat_map(|column| {
                let data = column.to_data();
                let nulls = data.nulls().map(|nulls| nulls.buffer().as_slice().to_vec());
                data.buffers()
                    .iter()
                    .map(|buffer| buffer.as_slice().to_vec())
                    .chain(nulls)
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(first.get_or_insert_with(|| buffers.clone()), &buffers);
        let mut kept = support::Kept::default();
        decoder.decode(&full, &mut kept).unwrap();
        decoder.finish(&mut kept).unwrap();
    }
}
