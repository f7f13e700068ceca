//! RFC 8259 to the letter, wherever a value stands: in a field that no column reads, in a
//! raw column, in a typed one, deep inside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;
use support::{decode, schema};

/// Values that are JSON.
const GOOD: &[&str] = &[
    "0",
    "-0",
    "1",
    "-1",
    "12345678",
    "123456789",
    "1234567890123456",
    "12345678901234567",
    "0.5",
    "-0.0",
    "1.0",
    "1e5",
    "1E5",
    "1e+5",
    "1E-5",
    "1.5e05",
    "0e0",
    "0E-10",
    "1e400",
    "1e-400",
    "0.00000000000000000000000000001",
    "123456789012345678901234567890",
    "1.7976931348623157e308",
    "9007199254740993",
    "-9223372036854775808",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "true",
    "false",
    "null",
    r#""""#,
    r#""a""#,
    r#"" ""#,
    r#""\"""#,
    r#""\\""#,
    r#""\/""#,
    r#""\b\f\n\r\t""#,
    r#""\u0000""#,
    r#""\u0041""#,
    r#""\u00e9""#,
    r#""\uD834\udd1e""#,
    r#""\udbff\udfff""#,
    r#""\uFFFF""#,
    r#""\u2028""#,
    "\"\u{7f}\"",
    "\"é\"",
    "\"\u{2028}\"",
    "\"😀\"",
    "\"\u{10ffff}\"",
    "\"\u{feff}\"",
    "\"1234567890123456789012345678901\"",
    "\"12345678901234567890123456789012\"",
    "\"123456789012345678901234567890123\"",
    r#""1234567890123456789012345678901\n""#,
    r#""12345678901234567890123456789012\u0041b""#,
    "[]",
    "[ ]",
    "[1]",
    "[1,2]",
    "[ 1 , 2 ]",
    "[[]]",
    "[[],[]]",
    "[[[[[[]]]]]]",
    "[null,true,false]",
    r#"["a","b"]"#,
    "[{}]",
    "{}",
    "{ }",
    r#"{"a":1}"#,
    r#"{ "a" : 1 , "b" : 2 }"#,
    r#"{"":0}"#,
    r#"{"a":{"a":{"a":1}}}"#,
    r#"{"a":[{"a":1}]}"#,
    r#"{"a\u0000b":1}"#,
    r#"{"a":1,"A":2}"#,
    r#"{"\ud83d\ude00":1}"#,
    "{\"a\":\t1\t}",
    "[\t]",
    "[\r1\r]",
    r#"[{"a":[]},{"a":[1]}]"#,
    r#"{"order_id":1}"#,
    "[1e5,-2.5e-3]",
    r#""\\u0061""#,
    r#""\\\"""#,
];

/// Texts that are no JSON value.
const BAD: &[&str] = &[
    "",
    " ",
    "01",
    "-01",
    "00",
    "-00",
    "+1",
    "1.",
    ".5",
    "-.5",
    "-",
    "--1",
    "1e",
    "1e+",
    "1e-",
    "1.e3",
    "1.5.5",
    "1-2",
    "0x1",
    "0b1",
    "1_000",
    "1 000",
    "1a",
    "1,",
    "NaN",
    "nan",
    "Infinity",
    "-Infinity",
    "inf",
    "True",
    "TRUE",
    "tru",
    "truee",
    "t",
    "nul",
    "nulll",
    "NULL",
    "None",
    "fals",
    "falsee",
    "undefined",
    "a",
    "'a'",
    "`a`",
    "\"",
    "\"a",
    "a\"",
    "\"a\"b",
    "\"a\" \"b\"",
    "\"\\\"",
    r#""\x41""#,
    r#""\a""#,
    r#""\'""#,
    r#""\u""#,
    r#""\u1""#,
    r#""\u12""#,
    r#""\u123""#,
    r#""\u00g0""#,
    r#""\u+123""#,
    r#""\U0041""#,
    r#""\ud800""#,
    r#""\ud800x""#,
    r#""\ud800\n""#,
    r#""\ud800\u0041""#,
    r#""\ud800\ud800""#,
    r#""\udc00""#,
    r#""\udfff\ud800""#,
    r#""\ud83d\u""#,
    r#""\ud83d\""#,
    "\"a\tb\"",
    "\"a\u{1}b\"",
    "\"a\u{1f}b\"",
    "\"\u{0}\"",
    "\"a\rb\"",
    "\"12345678901234567890123456789012\u{2}\"",
    "[",
    "]",
    "[1",
    "[1,",
    "[1,]",
    "[,]",
    "[,1]",
    "[1,,2]",
    "[1 2]",
    "[1;2]",
    "[1}",
    "[\"a\"",
    "[1]]",
    "[[1]",
    "[1]2",
    "[a]",
    "[1 true]",
    "[\"a\" 1]",
    "{",
    "}",
    "{a",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}",
    "{,}",
    "{,\"a\":1}",
    "{\"a\":1,,\"b\":2}",
    "{\"a\" 1}",
    "{\"a\",1}",
    "{\"a\"::1}",
    "{\"a\":1:2}",
    "{\"a\":1]",
    "{a:1}",
    "{'a':1}",
    "{1:1}",
    "{null:1}",
    "{[1]:1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1}}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1;\"b\":2}",
    "{\"a\":tru}",
    "{\"a\":1}{\"b\":2}",
    "{\"a\":1} x",
    "/**/1",
    "1/**/",
    "1//x",
    "#1",
    "(1)",
    "<1>",
    "\u{a0}1",
    "\u{feff}1",
    "1\u{a0}",
    "\u{b}1",
    "\u{c}1",
    "\u{0}",
    "1\u{0}",
    "[1\u{b}]",
    "{\"a\"\u{c}:1}",
    "{\"a\":1,\"a\":1}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":1,\"\\u0061\":2}",
    "{\"a\":1,\"b\":{\"c\":1,\"c\":2}}",
    "[{\"a\":1,\"a\":2}]",
    "{\"\":1,\"\":2}",
    "{\"\\u00e9\":1,\"é\":2}",
    "{\"a\":{\"b\":1},\"a\":{}}",
    "*",
    "&",
    "$",
    "-a",
    "-true",
    "e5",
    "1ee5",
    "1e5.5",
    "1e5e5",
    "\\u0031",
    "\"\\\u{1}\"",
    "[\"\\\"]",
    "nulltrue",
    "true false",
];

#[test]
fn the_lists_are_what_a_strict_reader_says() {
    for good in GOOD {
        assert!(
            serde_json::from_str::<serde_json::Value>(good).is_ok() || good.contains("e400"),
            "{good}"
        );
    }
    let duplicate = |text: &str| {
        text.contains("\"a\":1,\"a\"")
            || text.contains('\\')
            || text.contains("\"c\":1,\"c\"")
            || text.contains("\"\":1,\"\"")
            || text.contains("\"a\":{\"b\":1},\"a\"")
    };
    for bad in BAD {
        assert!(
            serde_json::from_str::<serde_json::Value>(bad).is_err() || duplicate(bad),
            "{bad}"
        );
    }
    assert!(GOOD.len() + BAD.len() > 200);
}

/// Places for a value, the schema's fields being `s`, `x` (any), `o` and `l`.
const PLACES: [&str; 9] = [
    "{\"extra\":@}",
    "{\"s\":\"a\",\"extra\":@,\"x\":1}",
    "{\"x\":@}",
    "{\"x\" : @ }",
    "{\"o\":{\"extra\":@}}",
    "{\"o\":{\"x\":@,\"s\":null}}",
    "{\"l\":[{\"x\":0},{\"x\":@}]}",
    "{\"extra\":{\"deep\":[0,@]}}",
    "{\"a key that is longer than thirty-two bytes, so that it takes the long way\":@}",
];

fn places() -> millrace_schema::TableSchema {
    schema(
        r#"{"name":"s","type":"string"},{"name":"x","type":"any"},
           {"name":"o","type":"object","fields":[{"name":"s","type":"string"},{"name":"x","type":"any"}]},
           {"name":"l","type":"array","items":{"type":"object","fields":[{"name":"x","type":"any"}]}}"#,
    )
}

#[test]
fn good_values_pass_in_every_place() {
    for place in PLACES {
        for good in GOOD {
            let line = place.replace('@', good);
            let kept = decode(&places(), &line);
            assert_eq!(
                (kept.rows(), kept.refused.len()),
                (1, 0),
                "{line}: {:?}",
                kept.refused
            );
        }
    }
}

#[test]
fn bad_values_are_refused_in_every_place_and_cost_one_line() {
    for place in PLACES {
        for bad in BAD {
            let line = place.replace('@', bad);
            let text = format!("{{\"s\":\"before\"}}\n{line}\n{{\"s\":\"behind\"}}\n");
            let kept = decode(&places(), &text);
            assert_eq!((kept.rows(), kept.refused.len()), (2, 1), "{line}");
            let refusal = &kept.refused[0];
            assert_eq!(
                (refusal.line, refusal.offset, refusal.raw.as_slice()),
                (1, 15, line.as_bytes())
            );
            let names: Vec<_> = kept
                .values()
                .iter()
                .map(|row| row["s"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!(names, ["before", "behind"]);
        }
    }
}

#[test]
fn records_as_a_whole() {
    let good = [
        "{}",
        " {} ",
        "\t{}\r",
        "{}\r",
        "{ }",
        "{\"s\":null}",
        "{\"s\":\"\"}",
        "{\"\\u0073\":\"x\"}",
    ];
    for line in good {
        for text in [
            format!("{line}\n"),
            line.to_owned(),
            format!("\n \n{line}\n\r\n\n"),
        ] {
            let kept = decode(&places(), &text);
            assert_eq!((kept.rows(), kept.refused.len()), (1, 0), "{text:?}");
        }
    }
    let bad = [
        "[]",
        "1",
        "null",
        "\"a\"",
        "{}{}",
        "{},{}",
        "{} x",
        "{}]",
        "{\"s\":\"a\",\"s\":\"b\"}",
        "{\"s\":\"a\",\"\\u0073\":\"b\"}",
        "{\"extra\":1,\"extra\":1}",
        "{\"extra\":1,\"\\u0065xtra\":1}",
        "{\"o\":{\"s\":\"a\",\"s\":\"b\"}}",
        "{\"l\":[{\"x\":1,\"x\":1}]}",
        "\u{feff}{}",
        "{\"s\":1}",
        "{\"s\":true}",
        "{\"o\":[]}",
        "{\"l\":{}}",
        "{\"l\":[1]}",
        "x",
        "{",
        "}",
        "{\"s\"",
        "{\"s\":\"",
        "{\"s\":\"a\"",
        "{\"s\":\"a\",",
    ];
    for line in bad {
        let kept = decode(&places(), format!("{line}\n{{}}"));
        assert_eq!((kept.rows(), kept.refused.len()), (1, 1), "{line}");
    }
}

#[test]
fn bytes_that_are_no_utf8_cost_their_line() {
    for bad in [
        &b"\xff"[..],
        b"\xc3",
        b"\xc3\x28",
        b"\xe2\x82",
        b"\xf0\x9f\x98",
        b"\xed\xa0\x80",
        b"\xc0\xaf",
        b"\xf5\x80\x80\x80",
    ] {
        for place in [
            &b"{\"s\":\"@\"}"[..],
            b"{\"extra\":\"@\"}",
            b"{\"@\":1}",
            b"{}@",
        ] {
            let at = place.iter().position(|byte| *byte == b'@').unwrap();
            let mut text = b"{}\n".to_vec();
            text.extend([&place[..at], bad, &place[at + 1..], b"\n{}\n"].concat());
            let kept = decode(&places(), &text);
            assert_eq!((kept.rows(), kept.refused.len()), (2, 1), "{text:?}");
            assert_eq!(kept.refused[0].reason.constraint, "utf-8");
            assert_eq!(kept.refused[0].reason.position, at as u64);
        }
    }
}

#[test]
fn every_prefix_of_a_record_is_refused_or_blank() {
    let line = r#"{"s":"aé\u00e9\ud83d\ude00b","x":[1.5e3,{"k":null}],"o":{"s":null,"x":-0.1},"l":[{"x":true}]}"#;
    assert_eq!(decode(&places(), line).rows(), 1);
    for end in 1..line.len() {
        let kept = decode(&places(), &line.as_bytes()[..end]);
        assert_eq!((kept.rows(), kept.refused.len()), (0, 1), "{end}");
    }
}
