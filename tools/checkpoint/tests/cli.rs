//! The surface: help, version, wrong usage, the mark, lists, the store's place.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;

use support::Folder;

#[test]
fn help_version_and_generated_pages() {
    let folder = Folder::new();
    let short = folder.run(&["-h"]).code(0).text();
    let long = folder.run(&["--help"]).code(0).text();
    assert!(long.len() > short.len() && short.contains("run-all"));
    assert_eq!(
        folder.run(&["--version"]).code(0).text(),
        format!("checkpoint {}\n", env!("CARGO_PKG_VERSION"))
    );
    let page = folder.run(&["--generate", "man"]).code(0).text();
    for part in [
        "CHECKPOINT PLAN",
        "CHECKPOINT RUN-ALL",
        "EXAMPLES",
        "EXIT STATUS",
        "max\\-active",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("supervisor"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            folder
                .run(&["--generate", shell])
                .code(0)
                .text()
                .contains("is-done"),
            "{shell}"
        );
    }
    for command in [
        "plan", "todo", "run", "run-all", "done", "undo", "is-done", "get", "set", "unset",
        "status", "history",
    ] {
        assert!(
            folder
                .run(&[command, "--help"])
                .code(0)
                .text()
                .contains("Usage: checkpoint"),
            "{command}"
        );
    }
    assert!(!folder.path().join(".millrace").exists());
}

#[test]
fn wrong_usage_is_2_and_one_line() {
    let folder = Folder::new();
    let cases: [&[&str]; 16] = [
        &[],
        &["nonsense"],
        &["--nonsense"],
        &["run", "p", "u"],
        &["run", "p", "u", "--nonsense", "--", "true"],
        &["run", "a b", "u", "--", "true"],
        &["run", "p", "2026-02-30", "--", "true"],
        &["run", "p", "u", "--stdin", "--retries", "2", "--", "true"],
        &["run", "p", "u", "--retry-on", "0", "--", "true"],
        &["run", "p", "u", "--backoff", "0.5", "--", "true"],
        &["plan", "p", "--every", "hour"],
        &["plan", "p", "--from", "2026-03-17", "--every", "minute"],
        &["plan", "p", "--from", "yesterday", "--every", "hour"],
        &[
            "plan",
            "p",
            "--from",
            "2026-03-17",
            "--to",
            "2026-03-01",
            "--every",
            "hour",
        ],
        &[
            "plan",
            "p",
            "--from",
            "2026-03-17",
            "--every",
            "hour",
            "--timezone",
            "Mars/Olympus",
        ],
        &["--store", "postgres://host/db", "status"],
    ];
    for case in cases {
        let outcome = folder.run(case).code(2);
        let lines: Vec<_> = outcome.stderr.lines().collect();
        assert!(lines[0].starts_with("checkpoint: "), "{case:?}: {lines:?}");
        assert!(
            lines.len() <= 2 && lines.get(1).is_none_or(|line| line.starts_with("hint: ")),
            "{case:?}: {lines:?}"
        );
        assert!(outcome.stdout.is_empty(), "{case:?}");
    }
    assert!(
        !folder.path().join(".millrace").exists(),
        "wrong usage makes no store"
    );
}

#[test]
fn the_mark() {
    let folder = Folder::new();
    folder.run(&["get", "orders"]).code(1);
    folder.run(&["unset", "orders"]).code(0);
    assert!(
        !folder.path().join(".millrace").exists(),
        "readers make no store"
    );
    folder.run(&["set", "orders", "-17"]).code(0);
    assert_eq!(folder.run(&["get", "orders"]).code(0).text(), "-17\n");
    folder.run(&["unset", "orders"]).code(0);
    assert_eq!(
        folder.run(&["get", "orders"]).code(1).stderr,
        "checkpoint: 'orders' has no mark\n"
    );
}

#[test]
fn done_undo_todo_and_is_done() {
    let folder = Folder::new();
    let all = folder.run_with(&["todo", "p"], "a\nb c\n").code(0);
    assert_eq!(all.text(), "a\nb c\n");
    assert!(all.stderr.contains("nothing is done yet"));
    folder.run(&["done", "p", "a", "c"]).code(0);
    assert_eq!(
        folder
            .run_with(&["todo", "p", "-0"], "a\0b c\0c\0")
            .code(0)
            .stdout,
        b"b c\0"
    );
    assert_eq!(folder.run(&["todo", "p", "a", "b"]).code(0).text(), "b\n");
    folder.run(&["is-done", "p", "a", "c"]).code(0);
    let no = folder.run(&["is-done", "p", "a", "b"]).code(1);
    assert!(no.stdout.is_empty() && no.stderr.is_empty());
    let again = folder.run_with(&["done", "p"], "a\nb\n").code(0);
    assert_eq!(again.stderr, "checkpoint: 1 of 2 units were done already\n");
    folder.run(&["undo", "p", "a"]).code(0);
    folder.run(&["is-done", "p", "a"]).code(1);
    folder.run(&["is-done", "other", "b"]).code(1);
}

#[test]
fn bad_lists_are_refused_with_their_place() {
    let folder = Folder::new();
    let outcome = folder.run_with(&["done", "p"], "a\nb\u{7}\n").code(3);
    assert!(outcome.stderr.contains("item 2"), "{}", outcome.stderr);
    folder.run(&["is-done", "p", "b"]).code(1);
}

#[test]
fn the_store_is_found_upward_and_named_by_option_or_environment() {
    let folder = Folder::new();
    folder.run(&["done", "p", "a"]).code(0);
    let deep = folder.path().join("x/y");
    std::fs::create_dir_all(&deep).unwrap();
    let from = |directory: &std::path::Path, args: &[&str]| {
        millrace_testkit::run(folder.command(args).current_dir(directory))
    };
    from(&deep, &["is-done", "p", "a"]).code(0);
    from(&deep, &["done", "p", "b"]).code(0);
    assert!(!deep.join(".millrace").exists());
    folder.run(&["is-done", "p", "b"]).code(0);
    folder
        .run(&["--store", "other.db", "done", "p", "c"])
        .code(0);
    folder
        .run(&["is-done", "p", "c", "--store", "other.db"])
        .code(0);
    folder.run(&["is-done", "p", "c"]).code(1);
    let environment = millrace_testkit::run(
        folder
            .command(&["is-done", "p", "c"])
            .env("MILLRACE_STORE", "other.db"),
    );
    environment.code(0);
}

#[test]
fn missing_and_damaged_stores() {
    let folder = Folder::new();
    let missing = folder
        .run(&["--store", "no/such.db", "todo", "p", "a"])
        .code(4);
    assert!(
        missing.stderr.contains("'no/such.db'"),
        "{}",
        missing.stderr
    );
    let missing = folder
        .run(&["--store", "no/such.db", "done", "p", "a"])
        .code(4);
    assert!(missing.stderr.contains("no/such.db'"), "{}", missing.stderr);
    folder.run(&["status"]).code(4);
    std::fs::write(
        folder.path().join("x.db"),
        "no database, but longer than a header is ".repeat(40),
    )
    .unwrap();
    let damaged = folder.run(&["--store", "x.db", "status"]).code(3);
    assert!(damaged.stderr.contains("x.db'"), "{}", damaged.stderr);
    // `run` tells its own failures from its command's.
    folder
        .run(&["--store", "x.db", "run", "p", "u", "--", "true"])
        .code(125);
}

#[test]
fn a_full_disk_under_stdout_is_4() {
    let folder = Folder::new();
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let plan = [
        "plan",
        "p",
        "--from",
        "2026-03-17",
        "--through",
        "2026-03-17",
        "--every",
        "hour",
    ];
    let status = folder
        .command(&plan)
        .stdout(full)
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(4));
}

#[test]
fn metrics_name_the_unit() {
    let folder = Folder::new();
    folder
        .run(&[
            "run",
            "p",
            "2026-03-17",
            "--metrics",
            "m.json",
            "--",
            "sh",
            "-c",
            "exit 7",
        ])
        .code(7);
    folder
        .run(&[
            "--metrics",
            "m.json",
            "run",
            "p",
            "2026-03-17",
            "--",
            "true",
        ])
        .code(0);
    folder
        .run(&[
            "run",
            "p",
            "2026-03-17",
            "--metrics",
            "m.json",
            "--",
            "true",
        ])
        .code(0);
    let text = folder.read("m.json");
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        lines
            .iter()
            .map(|line| line["exit"].as_u64().unwrap())
            .collect::<Vec<_>>(),
        [7, 0, 0]
    );
    assert_eq!(
        (&lines[0]["pipeline"], &lines[0]["unit"]),
        (&"p".into(), &"2026-03-17".into())
    );
    assert_eq!(
        (&lines[1]["noop"], &lines[2]["noop"]),
        (&false.into(), &true.into())
    );
}

#[test]
fn where_nothing_can_be_written_it_is_4_and_nothing_is_lost() {
    let folder = Folder::new();
    folder.run(&["done", "p", "a"]).code(0);
    let limited = |args: &str| {
        millrace_testkit::run(&mut millrace_testkit::sh(
            folder.path(),
            &format!("ulimit -f 1; exec checkpoint {args}"),
        ))
    };
    let refused = limited("done p b").code(4);
    assert!(
        refused.stderr.starts_with("checkpoint: cannot write '"),
        "{}",
        refused.stderr
    );
    assert_eq!(refused.stderr.lines().count(), 1, "{}", refused.stderr);
    limited("run p c -- true").code(125);
    limited("--store new.db done p a").code(4);
    folder.run(&["is-done", "p", "a"]).code(0);
    assert_eq!(
        folder.run(&["todo", "p", "a", "b", "c"]).code(0).text(),
        "b\nc\n"
    );
    folder.run(&["--store", "new.db", "done", "p", "a"]).code(0);
}

#[test]
fn status_and_history_are_tables_or_json_lines() {
    let folder = Folder::new();
    let status = folder
        .run(&[
            "plan",
            "p",
            "--from",
            "2026-03-16",
            "--through",
            "2026-03-18",
            "--every",
            "day",
        ])
        .code(0);
    assert_eq!(status.text().lines().count(), 3);
    folder
        .run(&[
            "run",
            "p",
            "2026-03-16",
            "--now",
            "2026-03-19T06:00:00Z",
            "--",
            "true",
        ])
        .code(0);
    folder
        .run(&[
            "run",
            "p",
            "2026-03-17",
            "--now",
            "2026-03-19T06:00:00Z",
            "--",
            "sh",
            "-c",
            "exit 3",
        ])
        .code(3);
    folder.run(&["set", "q", "17"]).code(0);
    let overview = folder.run(&["status"]).code(0).text();
    let rows: Vec<Vec<&str>> = overview
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows[1],
        [
            "p",
            "3",
            "1",
            "0",
            "1",
            "0",
            "1",
            "2026-03-19T06:00:00Z",
            "-"
        ]
    );
    assert_eq!(rows[2], ["q", "0", "0", "0", "0", "0", "0", "-", "17"]);
    let states: Vec<_> = folder
        .json(&["status", "p"])
        .iter()
        .map(|unit| unit["state"].clone())
        .collect();
    assert_eq!(states, ["done", "failed", "due"]);
    assert_eq!(folder.json(&["status", "p", "--left"]).len(), 2);
    folder.run(&["done", "p", "2026-03-18"]).code(0);
    let history = folder.json(&["history", "p"]);
    assert_eq!(
        history
            .iter()
            .map(|entry| entry["event"].clone())
            .collect::<Vec<_>>(),
        ["run", "run", "done"]
    );
    assert_eq!(folder.json(&["history", "p", "2026-03-17"])[0]["exit"], 3);
    assert_eq!(folder.json(&["history", "-n", "1"])[0]["event"], "done");
    assert!(
        folder
            .run(&["history"])
            .code(0)
            .text()
            .starts_with("STARTED ")
    );
}
