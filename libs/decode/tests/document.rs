//! JSON documents: arrays, single objects, objects after each other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;
use serde_json::json;
use support::{decode_document, schema};

fn id() -> millrace_schema::TableSchema {
    schema(r#"{"name":"id","type":"integer"},{"name":"s","type":"string"}"#)
}

#[test]
fn rows_do_not_depend_on_pieces() {
    let array =
        "\n[ {\"id\":1,\n\"s\":\"]}\\\"\"},\n{\"id\":2}\n,{\n\"s\" : \"é\"\n,\n\"id\":3 } ]\n";
    let stream = "{\"id\":1,\n\"s\":\"]}\\\"\"}\n{\"id\":2} {\n\"s\" : \"é\"\n,\n\"id\":3 }";
    for text in [array, stream] {
        for size in 1..=text.len() {
            let kept = decode_document(&id(), text.as_bytes(), size).unwrap();
            assert_eq!(kept.refused, []);
            let rows = [
                json!({"id": 1, "s": "]}\""}),
                json!({"id": 2, "s": null}),
                json!({"id": 3, "s": "é"}),
            ];
            assert_eq!(kept.values(), rows, "{size}");
            assert_eq!(kept.counts.lines as usize, text.matches('\n').count());
        }
    }
    assert_eq!(decode_document(&id(), b"[]", 10).unwrap().rows(), 0);
    assert_eq!(decode_document(&id(), b" [ ] ", 1).unwrap().rows(), 0);
}

#[test]
fn a_bad_element_costs_one_element() {
    let text = b"[{\"id\":1},\n{\"id\":\"x\"},\n[1],\n7,{\"id\":2,},\n{\"s\":\"a\nb\"},{\"s\":\"\xff\"},\n{\"id\":3}]";
    let kept = decode_document(&id(), text, text.len()).unwrap();
    assert_eq!(
        kept.values()
            .iter()
            .map(|row| row["id"].clone())
            .collect::<Vec<_>>(),
        [json!(1), json!(3)]
    );
    let raws: Vec<&[u8]> = kept
        .refused
        .iter()
        .map(|refusal| refusal.raw.as_slice())
        .collect();
    assert_eq!(
        raws,
        [
            &b"{\"id\":\"x\"}"[..],
            b"[1]",
            b"7",
            b"{\"id\":2,}",
            b"{\"s\":\"a\nb\"}",
            b"{\"s\":\"\xff\"}"
        ]
    );
    let lines: Vec<u64> = kept.refused.iter().map(|refusal| refusal.line).collect();
    assert_eq!(lines, [1, 2, 3, 3, 4, 5]);
    assert_eq!(kept.lines, [0, 6]);
    assert_eq!(kept.refused[5].reason.constraint, "utf-8");
}

#[test]
fn what_is_no_document_ends_the_run() {
    for text in [
        "",
        "[",
        "[{}",
        "[{},]",
        "[{} {}]",
        "[{}]]",
        "[{}] x",
        "{",
        "{\"s\":\"",
        "[,{}]",
    ] {
        assert!(
            decode_document(&id(), text.as_bytes(), 3).is_err(),
            "{text}"
        );
    }
}
