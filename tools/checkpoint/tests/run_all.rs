//! `run-all`: fan out, fan in, one failure, kill and restart, many processes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;

use std::io::Write;
use std::process::{Child, Stdio};
use std::time::Duration;
use support::{Folder, is_alive, kill, within};

fn list(count: usize) -> String {
    (0..count).map(|number| format!("u{number:02}\n")).collect()
}

fn spawn(folder: &Folder, args: &[&str], input: &str) -> Child {
    let mut child = folder
        .command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child
}

#[test]
fn one_failure_does_not_stop_the_others() {
    let folder = Folder::new();
    folder.run(&["done", "p", "u03"]).code(0);
    let script = "case $0 in u05) exit 7;; u09) exit 3;; esac";
    let outcome = folder
        .run_with(
            &["run-all", "p", "-P", "3", "--", "sh", "-c", script],
            &list(24),
        )
        .code(7);
    assert!(
        outcome
            .stderr
            .contains("checkpoint: 24 units: 21 done, 1 skipped, 2 failed\n"),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.stderr.contains("'u09' of 'p' failed: exit 3"),
        "{}",
        outcome.stderr
    );
    assert_eq!(
        folder.run_with(&["todo", "p"], &list(24)).code(0).text(),
        "u05\nu09\n"
    );
    let rest = folder
        .run_with(&["run-all", "p", "--", "true"], &list(24))
        .code(0);
    assert_eq!(rest.stderr, "checkpoint: 24 units: 2 done, 22 skipped\n");
}

#[test]
fn an_empty_list_is_nothing_to_do() {
    let folder = Folder::new();
    let outcome = folder
        .run_with(&["run-all", "p", "--", "false"], "")
        .code(0);
    assert_eq!(
        outcome.stderr,
        "checkpoint: no units on standard input: nothing to do\n"
    );
    assert!(!folder.path().join(".millrace").exists());
}

#[test]
fn the_output_of_a_unit_stays_in_one_piece() {
    let folder = Folder::new();
    let script = "for i in 1 2 3 4 5; do echo $0 $i; sleep 0.01; done";
    let text = folder
        .run_with(
            &["run-all", "p", "-P", "4", "--", "sh", "-c", script, "{}"],
            &list(8),
        )
        .code(0)
        .text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 40);
    for unit in lines.chunks(5) {
        let name = unit[0].split(' ').next().unwrap();
        let expected: Vec<_> = (1..=5).map(|number| format!("{name} {number}")).collect();
        assert_eq!(unit, expected);
    }
}

#[test]
fn units_run_side_by_side() {
    let folder = Folder::new();
    // Each of two waits for the other: one at a time would never end.
    let script = "touch here-$0; while [ $(ls here-* | wc -l) -lt 2 ]; do sleep 0.01; done";
    let args = [
        "run-all",
        "p",
        "-P",
        "2",
        "--timeout",
        "20s",
        "--",
        "sh",
        "-c",
        script,
        "{}",
    ];
    folder.run_with(&args, "a\nb\n").code(0);
}

#[test]
fn odd_names_reach_the_command_unharmed() {
    let folder = Folder::new();
    let names = "a b\0it's \"x\" $HOME *\0ünï\0";
    let text = folder
        .run_with(
            &[
                "run-all", "p", "-0", "-P", "1", "--", "printf", "%s|%s\\n", "{}",
            ],
            names,
        )
        .code(0)
        .text();
    assert_eq!(text, "a b|\nit's \"x\" $HOME *|\nünï|\n");
}

#[test]
fn the_machine_is_divided_unless_the_user_did() {
    let folder = Folder::new();
    let args = [
        "run-all",
        "p",
        "-P",
        "64",
        "--",
        "sh",
        "-c",
        "echo $MILLRACE_THREADS ${MILLRACE_MEMORY:+set}",
    ];
    assert_eq!(
        folder.run_with(&args, &list(64)).code(0).text(),
        "1 set\n".repeat(64)
    );
    let mut command = folder.command(&[
        "run-all",
        "q",
        "--",
        "sh",
        "-c",
        "echo $MILLRACE_THREADS $MILLRACE_MEMORY",
    ]);
    let outcome = millrace_testkit::run_with(
        command
            .env("MILLRACE_THREADS", "7")
            .env("MILLRACE_MEMORY", "9MB"),
        b"u\n",
    );
    assert_eq!(outcome.code(0).text(), "7 9MB\n");
}

#[test]
fn options_reach_every_unit() {
    let folder = Folder::new();
    let script = "echo $0 $MILLRACE_ATTEMPT >> tries; exit 4";
    let args = [
        "run-all",
        "p",
        "-P",
        "1",
        "--retries",
        "1",
        "--retry-delay",
        "1ms",
        "--retry-on",
        "4",
        "--max-active",
        "3",
        "--on-failure",
        "echo $MILLRACE_EXIT >> hooks",
        "--now",
        "2026-03-17T06:00:00Z",
        "--timezone",
        "Europe/Berlin",
        "--timeout",
        "10s",
        "--wait",
        "1m",
        "--",
        "sh",
        "-c",
        script,
        "{}",
    ];
    folder.run_with(&args, "a\nb\n").code(4);
    assert_eq!(folder.read("tries"), "a 1\na 2\nb 1\nb 2\n");
    assert_eq!(folder.read("hooks"), "4\n4\n");
    assert!(
        folder.json(&["history", "p"])[0]["started"]
            .as_str()
            .unwrap()
            .starts_with("2026-03-17T06:00:0")
    );
}

#[test]
fn killed_with_9_and_restarted_only_the_unfinished_run_again() {
    let folder = Folder::new();
    let script =
        "echo $MILLRACE_RUN_ID >> id-$0; echo $$ > pid-$0; [ $0 \\< u06 ] || [ -e go ] || sleep 60";
    let args = ["run-all", "p", "-P", "2", "--", "sh", "-c", script, "{}"];
    let mut child = spawn(&folder, &args, &list(12));
    let pids = ["pid-u06", "pid-u07"].map(|name| folder.await_file(name));
    kill(child.id(), "-KILL");
    child.wait().unwrap();
    within(Duration::from_secs(10), || {
        (!pids.iter().any(|pid| is_alive(pid))).then_some(())
    });
    std::fs::write(folder.path().join("go"), "").unwrap();
    let again = folder.run_with(&args, &list(12)).code(0);
    assert_eq!(again.stderr, "checkpoint: 12 units: 6 done, 6 skipped\n");
    for number in 0..12 {
        let ids = folder.read(&format!("id-u{number:02}"));
        let ids: Vec<_> = ids.lines().collect();
        assert_eq!(
            ids.len(),
            if matches!(number, 6 | 7) { 2 } else { 1 },
            "u{number:02}"
        );
        assert_eq!(ids[0], ids[ids.len() - 1]);
    }
}

#[test]
fn a_signal_stops_the_running_and_starts_no_more() {
    let folder = Folder::new();
    let args = [
        "run-all",
        "p",
        "-P",
        "2",
        "--",
        "sh",
        "-c",
        "echo $$ > pid-$0; sleep 60",
        "{}",
    ];
    let mut child = spawn(&folder, &args, &list(6));
    let pids = ["pid-u00", "pid-u01"].map(|name| folder.await_file(name));
    kill(child.id(), "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(!pids.iter().any(|pid| is_alive(pid)));
    assert!(!folder.path().join("pid-u02").exists());
}

#[test]
fn several_run_alls_share_the_work_and_nothing_runs_twice() {
    let folder = Folder::new();
    let args = [
        "run-all",
        "p",
        "-P",
        "3",
        "--",
        "sh",
        "-c",
        "echo x >> ran-$0",
        "{}",
    ];
    let children: Vec<_> = (0..3).map(|_| spawn(&folder, &args, &list(20))).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    for number in 0..20 {
        assert_eq!(folder.read(&format!("ran-u{number:02}")), "x\n");
    }
    let done = folder.json(&["status", "p"]);
    assert!(done.len() == 20 && done.iter().all(|unit| unit["state"] == "done"));
}

#[test]
fn a_reader_that_leaves_does_not_stop_the_units() {
    let folder = Folder::new();
    let mut child = folder
        .command(&["run-all", "p", "-P", "1", "--", "echo", "{}"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    child
        .stdin
        .take()
        .unwrap()
        .write_all(list(5).as_bytes())
        .unwrap();
    let outcome = child.wait_with_output().unwrap();
    assert_eq!(outcome.status.code(), Some(141));
    assert_eq!(
        String::from_utf8_lossy(&outcome.stderr),
        "checkpoint: 5 units: 5 done\n"
    );
    folder.run_with(&["is-done", "p"], &list(5)).code(0);
}

#[test]
fn killed_at_random_the_store_stays_whole() {
    let folder = Folder::new();
    let args = ["run-all", "p", "-P", "4", "--", "true"];
    for delay in [5, 20, 40, 80, 120, 160, 230] {
        let mut child = spawn(&folder, &args, &list(40));
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    folder.run_with(&args, &list(40)).code(0);
    folder.run_with(&["is-done", "p"], &list(40)).code(0);
    let runs = folder.json(&["history", "p"]);
    let done = runs.iter().filter(|run| run["outcome"] == "done").count();
    assert_eq!(done, 40, "each unit was done once");
}
