//! The corner cases of CSV, as the public collections of them have it (csv-spectrum and
//! its kin): one row of a table each. Cells are strings here, so that what is compared is
//! what the file says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod kit;

use kit::{Scratch, schema};
use millrace_testkit::{Outcome, run};

/// Name, arguments, content, and the rows as lists of cells.
type Good = (
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static str,
);

const GOOD: &[Good] = &[
    ("simple", &[], "a,b\n1,2\n", r#"[["1","2"]]"#),
    (
        "simple, CR LF",
        &[],
        "a,b\r\n1,2\r\n3,4\r\n",
        r#"[["1","2"],["3","4"]]"#,
    ),
    (
        "line ends mixed",
        &[],
        "a,b\n1,2\r\n3,4\n",
        r#"[["1","2"],["3","4"]]"#,
    ),
    (
        "last line without newline",
        &[],
        "a,b\n1,2",
        r#"[["1","2"]]"#,
    ),
    (
        "last line ends in a carriage return",
        &[],
        "a,b\r\n1,2\r",
        r#"[["1","2"]]"#,
    ),
    (
        "several newlines at the end",
        &[],
        "a,b\n1,2\n\n\n",
        r#"[["1","2"]]"#,
    ),
    (
        "empty lines between, also before the header",
        &[],
        "\n\r\na,b\n\n1,2\n\r\n3,4\n",
        r#"[["1","2"],["3","4"]]"#,
    ),
    ("header alone", &[], "a,b\n", "[]"),
    ("header alone, without newline", &[], "a,b", "[]"),
    ("nothing", &[], "", "[]"),
    (
        "byte order mark",
        &[],
        "\u{feff}a,b\n1,2\n",
        r#"[["1","2"]]"#,
    ),
    (
        "byte order mark before a quoted header",
        &[],
        "\u{feff}\"a\",\"b\"\n1,2\n",
        r#"[["1","2"]]"#,
    ),
    (
        "byte order mark, no header",
        &["--no-header"],
        "\u{feff}1,2\n",
        r#"[["1","2"]]"#,
    ),
    (
        "quoted header with a comma",
        &["--schema", "comma.json"],
        "\"a,b\",c\n1,2\n",
        r#"[["1","2"]]"#,
    ),
    ("empty cells are null", &[], "a,b\n,\n", "[[null,null]]"),
    (
        "empty quoted cells are text",
        &[],
        "a,b\n\"\",\"\"\n",
        r#"[["",""]]"#,
    ),
    (
        "comma in quotes",
        &[],
        "a,b\nLima,\"lat, long\"\n",
        r#"[["Lima","lat, long"]]"#,
    ),
    (
        "escaped quotes",
        &[],
        "a,b\n1,\"ha \"\"ha\"\" ha\"\n",
        r#"[["1","ha \"ha\" ha"]]"#,
    ),
    (
        "nothing but quotes",
        &[],
        "a,b\n\"\"\"\",\"\"\"\"\"\"\n",
        r#"[["\"","\"\""]]"#,
    ),
    (
        "newline in quotes",
        &[],
        "a,b\n\"Once upon \na time\",5\n",
        r#"[["Once upon \na time","5"]]"#,
    ),
    (
        "CR LF in quotes is kept",
        &[],
        "a,b\r\n\"x\r\ny\",5\r\n",
        r#"[["x\r\ny","5"]]"#,
    ),
    (
        "quotes and newlines",
        &[],
        "a,b\n1,\"ha\n\"\"ha\"\"\nha\"\n3,4\n",
        r#"[["1","ha\n\"ha\"\nha"],["3","4"]]"#,
    ),
    (
        "an empty line in quotes",
        &[],
        "a,b\n\"\n\n\",2\n",
        r#"[["\n\n","2"]]"#,
    ),
    (
        "JSON in a cell",
        &[],
        "a,b\n1,\"{\"\"type\"\": \"\"Point\"\", \"\"at\"\": [1.5, 2]}\"\n",
        r#"[["1","{\"type\": \"Point\", \"at\": [1.5, 2]}"]]"#,
    ),
    (
        "UTF-8",
        &[],
        "a,b\nʤ,\"雪,☃\"\n🦀,é\n",
        r#"[["ʤ","雪,☃"],["🦀","é"]]"#,
    ),
    (
        "spaces are part of cells",
        &[],
        "a,b\n x , y \n",
        r#"[[" x "," y "]]"#,
    ),
    (
        "spaces in quotes",
        &[],
        "a,b\n\" x \",\" \"\n",
        r#"[[" x "," "]]"#,
    ),
    (
        "quote in the middle of a bare cell",
        &[],
        "a,b\n5\" disk,x\"y\"\n",
        r#"[["5\" disk","x\"y\""]]"#,
    ),
    (
        "quote behind a space is text",
        &[],
        "a,b\n \"x\",2\n",
        r#"[[" \"x\"","2"]]"#,
    ),
    (
        "carriage return in a cell",
        &[],
        "a,b\nx\ry,2\n",
        r#"[["x\ry","2"]]"#,
    ),
    (
        "one column, an empty line is an empty cell",
        &["--schema", "one.json"],
        "a\n1\n\n3\n",
        r#"[["1"],[null],["3"]]"#,
    ),
    (
        "semicolons",
        &["--delimiter", ";"],
        "a;b\n1,5;\"x;y\"\n",
        r#"[["1,5","x;y"]]"#,
    ),
    (
        "tabs",
        &["--delimiter", "\\t"],
        "a\tb\n1\t\"x\ty\"\n",
        r#"[["1","x\ty"]]"#,
    ),
    (
        "pipes",
        &["--delimiter", "|"],
        "a|b\n1|x,y\n",
        r#"[["1","x,y"]]"#,
    ),
    (
        "single quotes",
        &["--quote", "'"],
        "a,b\n'x,y','it''s'\n",
        r#"[["x,y","it's"]]"#,
    ),
    (
        "no quotes",
        &["--quote", ""],
        "a,b\n\"x,y\"\n",
        r#"[["\"x","y\""]]"#,
    ),
    (
        "comments",
        &["--comment", "#"],
        "# of today, \"by hand\na,b\n#1,2\n3,#4\n\"#5\",6\n",
        r##"[["3","#4"],["#5","6"]]"##,
    ),
    (
        "a comment between lines of a cell is none",
        &["--comment", "#"],
        "a,b\n\"x\n#y\",2\n",
        r##"[["x\n#y","2"]]"##,
    ),
    (
        "texts that mean null",
        &["--null-value", "NA", "--null-value", "-"],
        "a,b\nNA,-\n\"NA\",N/A\n",
        r#"[[null,null],["NA","N/A"]]"#,
    ),
    (
        "escaped quotes behind a backslash",
        &["--escape", "\\"],
        r#"a,b
1,"ha \"ha\" ha"
"\\","x\,y"
"#,
        r#"[["1","ha \"ha\" ha"],["\\","x,y"]]"#,
    ),
    (
        "an escape before a newline",
        &["--escape", "\\"],
        "a,b\n\"x\\\ny\",\"\\\"\n\"\n",
        r#"[["x\ny","\"\n"]]"#,
    ),
    (
        "an escape beside quotes written twice",
        &["--escape", "\\"],
        "a,b\n\"x\"\"y\\\"\",2\n",
        r#"[["x\"y\"","2"]]"#,
    ),
    (
        "an escape outside of quotes is text",
        &["--escape", "\\"],
        "a,b\nC:\\new,2\\\n",
        r#"[["C:\\new","2\\"]]"#,
    ),
    (
        "the quote as its own escape",
        &["--escape", "\""],
        "a,b\n\"x\"\"y\",2\n",
        r#"[["x\"y","2"]]"#,
    ),
    (
        "an escape in the header",
        &["--escape", "^", "--schema", "quote.json"],
        "\"^\"\",b\n1,2\n",
        r#"[["1","2"]]"#,
    ),
];

/// Name, arguments, content, and what the message begins with behind the tool's name.
const BAD: &[Good] = &[
    (
        "a cell too few",
        &[],
        "a,b\n1,2\n3\n",
        "a.csv:3: byte 8: expected 2 cells, not 1",
    ),
    (
        "a cell too many",
        &[],
        "a,b\n1,2,3\n",
        "a.csv:2: byte 4: expected 2 cells, not 3",
    ),
    (
        "a delimiter at the end of a line",
        &[],
        "a,b\n1,2,\n",
        "a.csv:2: byte 4: expected 2 cells, not 3",
    ),
    (
        "a quote that is not closed",
        &[],
        "a,b\n1,2\n3,\"4\n5,6\n",
        "a.csv:3: byte 10: ",
    ),
    (
        "text behind the closing quote",
        &[],
        "a,b\n1,\"x\"y\n",
        "a.csv:2: byte 9: ",
    ),
    (
        "a quote that is not written twice",
        &[],
        "a,b\n1,\"x \"y\" z\"\n",
        "a.csv:2: byte 10: ",
    ),
    (
        "space behind the closing quote",
        &[],
        "a,b\n\"x\" ,2\n",
        "a.csv:2: byte 7: ",
    ),
    (
        "an escape that escapes nothing",
        &["--escape", "\\"],
        "a,b\n1,\"x\\n\"\n",
        "a.csv:2: byte 8: ",
    ),
    (
        "an escape that nothing follows",
        &["--escape", "\\"],
        "a,b\n1,\"x\\",
        "a.csv:2: byte 6: ",
    ),
    (
        "a header whose quote is not closed",
        &[],
        "a,\"b\n1,2\n3,4\n",
        "'a.csv': byte 2: the header: expected a closing quote",
    ),
    (
        "a header with text behind the quote",
        &[],
        "# x\n\"a\"x,b\n1,2\n",
        "'a.csv': the header lacks",
    ),
    (
        "the same behind a comment",
        &["--comment", "#"],
        "# x\n\"a\"x,b\n1,2\n",
        "'a.csv': byte 7: the header: expected a delimiter",
    ),
    (
        "a column twice",
        &[],
        "a,a\n1,2\n",
        "'a.csv': column 'a' stands twice in the header",
    ),
    (
        "a header with a column more than its rows",
        &[],
        "a,b,c\n1,2\n",
        "a.csv:2: byte 6: expected 3 cells, not 2",
    ),
    (
        "carriage returns alone",
        &[],
        "a,b\r1,2\r3,4\r",
        "'a.csv': the header has a carriage return without a newline",
    ),
];

fn scratch() -> Scratch {
    let scratch = Scratch::with("s.json", schema("a:string b:string"));
    scratch.write("one.json", schema("a:string"));
    scratch.write("comma.json", schema("a,b:string c:string"));
    scratch.write("quote.json", schema("\\\":string b:string"));
    scratch
}

/// Runs ingest on `content` as a file, with s.json unless the arguments name a schema.
fn ingest(scratch: &Scratch, arguments: &[&str], content: &[u8]) -> Outcome {
    scratch.write("a.csv", content);
    let mut command = scratch.command("a.csv");
    command.args(arguments);
    if !arguments.contains(&"--schema") {
        command.args(["--schema", "s.json"]);
    }
    run(&mut command)
}

/// The cells of each row.
fn cells(outcome: &Outcome) -> serde_json::Value {
    let cells = |row: &String| -> serde_json::Value {
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        row.as_object().unwrap().values().cloned().collect()
    };
    kit::rows(outcome).iter().map(cells).collect()
}

#[test]
fn good_files_read_as_they_are_meant() {
    let scratch = scratch();
    for (name, arguments, content, expected) in GOOD {
        let outcome = ingest(&scratch, arguments, content.as_bytes());
        assert_eq!(outcome.code, 0, "{name}: {}", outcome.stderr);
        let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
        assert_eq!(cells(&outcome), expected, "{name}");
    }
}

#[test]
fn bad_files_are_refused_with_the_place() {
    let scratch = scratch();
    for (name, arguments, content, expected) in BAD {
        let outcome = ingest(&scratch, arguments, content.as_bytes()).code(3);
        let message = outcome.stderr.strip_prefix("ingest: ").unwrap();
        assert!(message.starts_with(expected), "{name}: {message}");
        assert!(
            String::from_utf8_lossy(&outcome.stdout).contains(r#""exit":3"#),
            "{name}: not poisoned"
        );
    }
}

#[test]
fn bytes_that_are_no_utf8_are_refused() {
    let scratch = scratch();
    let latin = ingest(&scratch, &[], b"a,b\n1,2\ncaf\xe9,4\n").code(3);
    assert!(
        latin.stderr.starts_with("ingest: a.csv:3: byte 11: "),
        "{}",
        latin.stderr
    );
    let utf16: Vec<u8> = "\u{feff}a,b\n1,2\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let utf16 = ingest(&scratch, &[], &utf16).code(3);
    assert!(
        utf16
            .stderr
            .starts_with("ingest: 'a.csv': the header is not UTF-8\nhint: "),
        "{}",
        utf16.stderr
    );
}

#[test]
fn what_cannot_be_a_dialect_is_usage() {
    let scratch = scratch();
    for (arguments, expected) in [
        (&["--escape", ","][..], "cannot mean two things"),
        (&["--escape", "ab"], "expected one ASCII character"),
        (&["--escape", "é"], "expected one ASCII character"),
        (
            &["--escape", "\\", "--quote", ""],
            "--escape works between quotes",
        ),
        (&["--comment", "\""], "cannot mean two things"),
    ] {
        let outcome = ingest(&scratch, arguments, b"a,b\n1,2\n").code(2);
        assert!(
            outcome.stderr.contains(expected),
            "{arguments:?}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn rows_may_be_very_wide() {
    let scratch = scratch();
    let names: Vec<String> = (0..20_000).map(|n| format!("c{n}")).collect();
    let row: Vec<String> = (0..20_000).map(|n| n.to_string()).collect();
    let text = format!(
        "{}\n{}\n{}\n",
        names.join(","),
        row.join(","),
        row.join(",")
    );
    scratch.write("wide.csv", text);
    let rows = scratch.rows("wide.csv");
    assert_eq!(rows.len(), 2);
    assert!(rows[1].ends_with(r#""c19999":19999}"#));
    let selected = scratch.rows("wide.csv --select c19998,c3");
    assert_eq!(selected[0], r#"{"c19998":19998,"c3":3}"#);
    let long = format!(
        "a,b\n1,\"{}\"\n2,x\n",
        "long \"\"cell\"\"\n".repeat(200_000)
    );
    let outcome = ingest(&scratch, &[], long.as_bytes()).code(0);
    assert_eq!(cells(&outcome).as_array().unwrap().len(), 2);
    let too_long = ingest(&scratch, &["--max-record-size", "1MB"], long.as_bytes()).code(3);
    assert!(
        too_long
            .stderr
            .contains("a.csv:2: byte 4: the record is longer than"),
        "{}",
        too_long.stderr
    );
}

#[test]
fn an_escaped_file_is_cut_where_records_end() {
    let scratch = scratch();
    let record = |n: usize| format!("{n},\"{}\\\n\"\n", "line \\\"quoted\\\",\n".repeat(n % 50));
    let text: String = (0..20_000).map(record).collect();
    scratch.write("a.csv", format!("a,b\n{text}"));
    let stream = |threads: u32| {
        let arguments = "--schema s.json --source-columns --escape \\";
        let outcome = scratch.ingest(&format!("a.csv {arguments} --threads {threads}"));
        outcome.code(0)
    };
    let (one, four) = (stream(1), stream(4));
    assert!(one.stdout == four.stdout);
    let rows = kit::rows(&one);
    assert_eq!(rows.len(), 20_000);
    assert!(
        rows[1].contains(r#""b":"line \"quoted\",\n\n""#),
        "{}",
        rows[1]
    );
}

#[test]
fn the_environment_separates_lists_by_nul() {
    let scratch = scratch();
    scratch.write("x.csv", "a,b\n1,2\n");
    scratch.write("list", "x.csv\0x.csv\0");
    let with_null = |arguments: &str| {
        let mut command = scratch.command(arguments);
        run(command.env("MILLRACE_NULL", "1"))
    };
    let listed = with_null("--files-from list --schema s.json").code(0);
    assert_eq!(kit::rows(&listed).len(), 2);
    // A pipeline's other tools may mean it; here is no list to separate.
    assert_eq!(
        kit::rows(&with_null("x.csv --schema s.json").code(0)).len(),
        1
    );
    let flag = scratch.ingest("x.csv -0 --schema s.json").code(2);
    assert!(flag.stderr.contains("--files-from"), "{}", flag.stderr);
}
