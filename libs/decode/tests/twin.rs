//! The decoder against a slow, obvious twin: serde_json with numbers verbatim, and a
//! check for keys that occur twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;
use millrace_decode::{ExtraFields, Options};
use proptest::prelude::*;
use serde_json::{Map, Value};
use support::{decode, decode_in_pieces, decode_with, schema};

const FIELDS: &str = r#"{"name":"i","type":"integer"},{"name":"n","type":"number"},{"name":"s","type":"string"},
    {"name":"b","type":"boolean"},{"name":"a longer name than thirty-two bytes can hold","type":"string"},
    {"name":"l","type":"array","items":{"type":"integer"}},
    {"name":"o","type":"object","fields":[{"name":"i","type":"integer"},{"name":"s","type":"string"}]},
    {"name":"p","type":"array","items":{"type":"object","fields":[{"name":"s","type":"string"}]}}"#;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,40}",
        "\\PC{0,50}",
        "[\"\\\\/\u{8}\n\t\u{1}é😀]{0,12}",
        "[a-z]{30,70}"
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1000..1000_i64).prop_map(Value::from),
        text().prop_map(Value::from),
    ]
}

fn record() -> impl Strategy<Value = Map<String, Value>> {
    let optional =
        |value: BoxedStrategy<Value>| prop_oneof![1 => Just(None), 4 => value.prop_map(Some)];
    let integer = || any::<i64>().prop_map(Value::from).boxed();
    let string = || text().prop_map(Value::from).boxed();
    let inner = (optional(integer()), optional(string()))
        .prop_map(|(i, s)| Value::Object(object(vec![("i", i), ("s", s)])))
        .boxed();
    let fields = (
        optional(integer()),
        optional((-1e9..1e9_f64).prop_map(Value::from).boxed()),
        optional(string()),
        optional(any::<bool>().prop_map(Value::from).boxed()),
        optional(string()),
        optional(
            prop::collection::vec(prop_oneof![integer(), Just(Value::Null).boxed()], 0..4)
                .prop_map(Value::from)
                .boxed(),
        ),
        optional(inner),
        optional(
            prop::collection::vec(
                string().prop_map(|s| Value::Object(object(vec![("s", Some(s))]))),
                0..4,
            )
            .prop_map(Value::from)
            .boxed(),
        ),
        prop::collection::vec(("[x-z]{1,3}", leaf()), 0..3),
    );
    (fields, any::<prop::sample::Index>()).prop_map(|((i, n, s, b, long, l, o, p, extra), turn)| {
        let mut members: Vec<(String, Value)> = [
            ("i", i),
            ("n", n),
            ("s", s),
            ("b", b),
            ("a longer name than thirty-two bytes can hold", long),
            ("l", l),
            ("o", o),
            ("p", p),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect();
        members.extend(extra);
        if !members.is_empty() {
            let by = turn.index(members.len());
            members.rotate_left(by);
        }
        members.into_iter().collect()
    })
}

fn object(members: Vec<(&str, Option<Value>)>) -> Map<String, Value> {
    members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

/// What a row of `fields` should hold of `value`, nulls written.
fn expected(value: &Map<String, Value>, names: &[&str]) -> Value {
    let pick = |name: &&str| {
        (
            (*name).to_owned(),
            shape(name, value.get(*name).cloned().unwrap_or(Value::Null)),
        )
    };
    Value::Object(names.iter().map(pick).collect())
}

fn shape(name: &str, value: Value) -> Value {
    match (name, value) {
        ("o", Value::Object(inner)) => expected(&inner, &["i", "s"]),
        ("p", Value::Array(items)) => items
            .into_iter()
            .map(|item| expected(item.as_object().unwrap(), &["s"]))
            .collect(),
        (_, value) => value,
    }
}

const NAMES: [&str; 8] = [
    "i",
    "n",
    "s",
    "b",
    "a longer name than thirty-two bytes can hold",
    "l",
    "o",
    "p",
];

/// Two records that share no order, so that none is expected of the next.
const DISORDER: &str = r#"{"i":1,"n":1,"s":"","b":true,"l":[],"o":{},"p":[]}
{"p":[],"o":{},"l":[],"b":true,"s":"","n":1,"i":1}
"#;

fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || a.as_f64() == b.as_f64() && a.as_i64().is_none()
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => left == right,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn good_records_are_what_they_say(records in prop::collection::vec(record(), 1..8), style in 0..3) {
        let mut text = String::new();
        for record in &records {
            text += &match style {
                0 => serde_json::to_string(record).unwrap(),
                1 => serde_json::to_string_pretty(record).unwrap().replace('\n', " "),
                _ => spaced(record),
            };
            text.push('\n');
        }
        let kept = decode(&schema(FIELDS), &text);
        prop_assert_eq!(&kept.refused, &[]);
        for (row, record) in kept.values().iter().zip(&records) {
            let expected = expected(record, &NAMES);
            prop_assert!(same(row, &expected), "{row}\n{expected}");
        }
    }

    #[test]
    fn changed_bytes_never_divide_us(record in record(), at: prop::sample::Index, byte in prop::sample::select(b"\"\\{}[],:0 1-e.tn\x01\n\xff".to_vec())) {
        let mut text = serde_json::to_vec(&record).unwrap();
        let at = at.index(text.len());
        text[at] = byte;
        let schema = schema(r#"{"name":"zzzz","type":"any"}"#);
        for line in text.split(|byte| *byte == b'\n') {
            let kept = decode(&schema, line);
            let blank = line.iter().all(u8::is_ascii_whitespace);
            let twin = is_good(line);
            prop_assert_eq!(kept.rows() == 1, twin, "{}", String::from_utf8_lossy(line));
            prop_assert_eq!(kept.refused.len() == 1, !twin && !blank);
        }
    }

    #[test]
    fn a_record_is_read_the_same_whatever_order_its_keys_were_in_before(
        record in record(),
        style in 0..3,
        change: Option<(prop::sample::Index, prop::sample::Index)>,
    ) {
        let mut line = match style {
            0 => serde_json::to_string(&record).unwrap(),
            1 => serde_json::to_string_pretty(&record).unwrap().replace('\n', "\t"),
            _ => spaced(&record),
        }
        .into_bytes();
        if let Some((at, byte)) = change {
            let at = at.index(line.len());
            line[at] = *byte.get(b"\"\\{}[],:0 1-e.tni\x01");
        }
        for extra_fields in [ExtraFields::Ignore, ExtraFields::Warn, ExtraFields::Refuse] {
            let options = Options { extra_fields, ..Options::default() };
            let alone = decode_with(&schema(FIELDS), &options, &line);
            let text = [DISORDER.as_bytes(), &line].concat();
            let after = decode_with(&schema(FIELDS), &options, &text);
            prop_assert_eq!(after.rows(), alone.rows() + 2);
            prop_assert_eq!(&after.values()[2..], alone.values());
            prop_assert_eq!(after.extras, alone.extras);
            for (after, alone) in after.refused.iter().zip(&alone.refused) {
                prop_assert_eq!(&after.reason, &alone.reason);
                prop_assert_eq!(&after.raw, &alone.raw);
            }
        }
    }

    #[test]
    fn bad_lines_between_good_ones_change_nothing(records in prop::collection::vec((record(), 0..4_usize), 1..20)) {
        let (mut good, mut mixed) = (String::new(), String::new());
        for (record, bad) in &records {
            let line = serde_json::to_string(record).unwrap();
            good += &format!("{line}\n");
            let cut = line.char_indices().nth(line.chars().count() / 2).unwrap().0;
            for nth in 0..*bad {
                let half = format!("{}\n", &line[..cut]);
                let bad = [
                    "{\"i\":null,\"s\":\"x\",\"l\":[1,2],\"p\":[{\"s\":\"\"},{\"s\":1}]}\n",
                    half.as_str(),
                    "{\"b\":null,\"o\":{\"i\":null}} x\n",
                ];
                mixed += bad[nth % 3];
            }
            mixed += &format!("{line}\n");
        }
        let (good, mixed) = (decode(&schema(FIELDS), &good), decode(&schema(FIELDS), &mixed));
        prop_assert_eq!(good.batches, mixed.batches);
        prop_assert_eq!(mixed.refused.len(), records.iter().map(|(_, bad)| bad).sum::<usize>());
    }

    #[test]
    fn pieces_and_batches_of_any_size_give_the_same_rows(records in prop::collection::vec(record(), 1..12), rows in 1..5_usize) {
        let text: String = records.iter().map(|record| serde_json::to_string(record).unwrap() + "\n").collect();
        let whole = decode(&schema(FIELDS), &text);
        for size in [1, 2, 3, 7, 64, 1000] {
            prop_assert_eq!(&decode_in_pieces(&schema(FIELDS), text.as_bytes(), size).batches, &whole.batches);
        }
        let small = decode_with(&schema(FIELDS), &Options { batch_rows: rows, ..Options::default() }, text.as_bytes());
        prop_assert!(small.batches.iter().all(|batch| batch.num_rows() <= rows));
        prop_assert_eq!(small.values(), whole.values());
    }
}

/// With a space after commas and colons of the record, as Python writes it.
fn spaced(record: &Map<String, Value>) -> String {
    let member =
        |(key, value): (&String, &Value)| format!("{}: {value}", Value::from(key.as_str()));
    format!(
        "{{{}}}",
        record.iter().map(member).collect::<Vec<_>>().join(", ")
    )
}

/// Whether the twin takes the line: an object, and no key twice anywhere.
fn is_good(line: &[u8]) -> bool {
    serde_json::from_slice::<Unique>(line).is_ok_and(|value| value.is_object)
}

struct Unique {
    is_object: bool,
}

impl<'de> serde::Deserialize<'de> for Unique {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        // A raw value first: the visitor below would see a number as serde_json's own map.
        let raw = Box::<serde_json::value::RawValue>::deserialize(source)?;
        check(raw.get())
            .map(|is_object| Unique { is_object })
            .map_err(serde::de::Error::custom)
    }
}

fn check(text: &str) -> Result<bool, String> {
    use serde_json::value::RawValue;
    let said = |error: serde_json::Error| error.to_string();
    match text.as_bytes()[0] {
        b'{' => {
            let members: Members = serde_json::from_str(text).map_err(said)?;
            for (index, (key, value)) in members.0.iter().enumerate() {
                if members.0[..index].iter().any(|(other, _)| other == key) {
                    return Err("twice".to_owned());
                }
                check(value.get())?;
            }
            Ok(true)
        }
        b'[' => {
            let items: Vec<Box<RawValue>> = serde_json::from_str(text).map_err(said)?;
            items
                .iter()
                .try_for_each(|item| check(item.get()).map(drop))
                .map(|()| false)
        }
        b'"' => serde_json::from_str::<String>(text)
            .map(|_| false)
            .map_err(said),
        _ => Ok(false),
    }
}

struct Members(Vec<(String, Box<serde_json::value::RawValue>)>);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        source.deserialize_map(Visitor)
    }
}
