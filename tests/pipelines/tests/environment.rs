//! Options by environment: `MILLRACE_<NAME>`, as people set them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use millrace_testkit::{Outcome, run, tempdir, tool};
use std::path::Path;
use std::process::Command;

fn checkpoint(dir: &Path, args: &[&str]) -> Command {
    let mut command = tool("checkpoint");
    command.current_dir(dir).args(args);
    command
}

const PLAN: &[&str] = &[
    "plan",
    "orders",
    "--from",
    "2026-03-17",
    "--through",
    "2026-03-17",
    "--every",
    "day",
];

fn planned(dir: &Path, name: &str, value: &str) -> Outcome {
    run(checkpoint(dir, PLAN).env(name, value))
}

#[test]
fn a_flag_is_given_by_1_true_yes_or_on() {
    let dir = tempdir().unwrap();
    for yes in ["1", "true", "yes", "on"] {
        let outcome = planned(dir.path(), "MILLRACE_QUIET", yes).code(0);
        assert_eq!(
            (outcome.text().as_str(), outcome.stderr.as_str()),
            ("2026-03-17\n", "")
        );
        assert_eq!(
            planned(dir.path(), "MILLRACE_NULL", yes).code(0).text(),
            "2026-03-17\0"
        );
    }
    for no in ["0", "false", "no", "off"] {
        let outcome = planned(dir.path(), "MILLRACE_QUIET", no).code(0);
        assert_eq!(outcome.stderr, "checkpoint: 1 unit, 0 done\n");
    }
    let wrong = planned(dir.path(), "MILLRACE_QUIET", "perhaps").code(2);
    assert!(wrong.stderr.contains("'perhaps'"), "{}", wrong.stderr);
}

#[test]
fn an_empty_variable_is_none() {
    let dir = tempdir().unwrap();
    for name in [
        "QUIET", "NOW", "STORE", "TIMEZONE", "NULL", "METRICS", "PROGRESS",
    ] {
        let outcome = planned(dir.path(), &format!("MILLRACE_{name}"), "").code(0);
        assert_eq!(outcome.text(), "2026-03-17\n", "{name}");
    }
    let stream = run(tool("validate")
        .env("MILLRACE_MEMORY", "")
        .env("MILLRACE_TEMP_DIR", ""));
    assert!(stream.code(3).stderr.contains("is empty"));
}

#[test]
fn the_form_of_an_answer_and_the_clock() {
    let dir = tempdir().unwrap();
    run(&mut checkpoint(dir.path(), PLAN)).code(0);
    let status = run(checkpoint(dir.path(), &["status"]).env("MILLRACE_OUTPUT", "json")).code(0);
    assert!(status.text().starts_with('{'), "{}", status.text());
    let mut check = tool("slacheck");
    check
        .current_dir(dir.path())
        .args(["orders", "--deadline", "08:00"])
        .env("MILLRACE_OUTPUT", "json")
        .env("MILLRACE_TIMEZONE", "Asia/Kolkata")
        .env("MILLRACE_NOW", "2026-03-17T02:30:00Z");
    let answer = run(&mut check).code(2).text();
    assert!(
        answer.contains("\"now\":\"2026-03-17T08:00:00+05:30\""),
        "{answer}"
    );
    let wrong = run(checkpoint(dir.path(), &["done", "orders", "x"]).env("MILLRACE_NOW", "today"));
    let expected = "'today' is not a time such as 2026-03-17T05:00:00Z";
    assert!(wrong.code(2).stderr.contains(expected));
}

#[test]
fn a_wrong_command_line_has_its_metrics_line_too() {
    let dir = tempdir().unwrap();
    let wrong = |command: &mut Command, exit: i32| {
        run(command.current_dir(dir.path())).code(exit);
        let text = std::fs::read_to_string(dir.path().join("m.jsonl")).unwrap();
        let line: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!(line["exit"], exit);
        assert!(line["error"].as_str().unwrap().contains("--nope"), "{line}");
        text.lines().count()
    };
    assert_eq!(
        wrong(
            tool("ingest")
                .env("MILLRACE_METRICS", "m.jsonl")
                .arg("--nope"),
            2
        ),
        1
    );
    assert_eq!(
        wrong(tool("slacheck").args(["--metrics", "m.jsonl", "--nope"]), 3),
        2
    );
    let plan = ["plan", "orders", "--metrics=m.jsonl", "--nope"];
    assert_eq!(wrong(tool("checkpoint").args(plan), 2), 3);
    assert_eq!(
        wrong(tool("seal").args(["--metrics", "m.jsonl", "--nope"]), 2),
        4
    );
}
