//! `run`: exit codes, the lock, timeouts, retries, crashes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;

use std::process::Stdio;
use std::time::{Duration, Instant};
use support::{Folder, is_alive, kill, within};

fn shell(folder: &Folder, options: &[&str], script: &str) -> millrace_testkit::Outcome {
    let mut args = vec!["run", "p", "u"];
    args.extend(options);
    args.extend(["--", "sh", "-c", script]);
    folder.run(&args)
}

#[test]
fn exit_codes() {
    for (script, code, said) in [
        ("exit 0", 0, ""),
        ("exit 1", 1, "exit 1"),
        ("exit 3", 3, "exit 3"),
        ("exit 255", 254, "exit 254"),
        ("kill -KILL $$", 137, "killed by SIGKILL"),
        ("kill -TERM $$", 143, "killed by SIGTERM"),
    ] {
        let outcome = shell(&Folder::new(), &[], script).code(code);
        assert!(
            outcome.stderr.contains(said),
            "{script}: {}",
            outcome.stderr
        );
    }
    let folder = Folder::new();
    let missing = folder.run(&["run", "p", "u", "--", "./no-such"]).code(127);
    assert_eq!(
        missing.stderr,
        "checkpoint: 'u' of 'p' failed: cannot run './no-such': command not found\n"
    );
    std::fs::write(folder.path().join("plain"), "x").unwrap();
    folder.run(&["run", "p", "u", "--", "./plain"]).code(126);
    folder.run(&["is-done", "p", "u"]).code(1);
}

#[test]
fn a_done_unit_is_skipped_unless_redone() {
    let folder = Folder::new();
    let first = shell(&folder, &[], "echo $MILLRACE_RUN_ID").code(0).text();
    let skipped = shell(&folder, &[], "echo again").code(0);
    assert_eq!(
        (skipped.text().as_str(), skipped.stderr.as_str()),
        ("", "checkpoint: 'u' of 'p' is done: nothing to run\n")
    );
    let again = shell(&folder, &["--redo"], "echo $MILLRACE_RUN_ID")
        .code(0)
        .text();
    assert_ne!(first, again);
}

#[test]
fn the_command_knows_its_run() {
    let folder = Folder::new();
    let print = "echo $MILLRACE_PIPELINE $MILLRACE_UNIT $MILLRACE_UNIT_START $MILLRACE_UNIT_END $MILLRACE_NOW; cat | wc -c";
    let args = [
        "run",
        "p",
        "2026-W12",
        "--now",
        "2026-03-23T06:00:00Z",
        "--",
        "sh",
        "-c",
        print,
    ];
    // Its stdin is empty, ours is not.
    let text = folder.run_with(&args, "ignored").code(0).text();
    assert_eq!(
        text,
        "p 2026-W12 2026-03-16T00:00:00Z 2026-03-23T00:00:00Z 2026-03-23T06:00:00Z\n0\n"
    );
    let args = [
        "run",
        "p",
        "a unit",
        "--stdin",
        "--",
        "sh",
        "-c",
        "cat; echo ${MILLRACE_UNIT_START-none}",
    ];
    assert_eq!(
        folder.run_with(&args, "given\n").code(0).text(),
        "given\nnone\n"
    );
    // Tools inside use the same store, wherever they are called.
    let program = millrace_testkit::bin("checkpoint");
    let args = [
        "run",
        "p",
        "nested",
        "--",
        "sh",
        "-c",
        "cd / && \"$0\" done q x",
        program.to_str().unwrap(),
    ];
    folder.run(&args).code(0);
    folder.run(&["is-done", "q", "x"]).code(0);
}

#[test]
fn the_run_id_and_now_stay_until_it_is_done() {
    let folder = Folder::new();
    let print = "echo $MILLRACE_RUN_ID $MILLRACE_NOW; test -e ready";
    let first = shell(&folder, &["--now", "2026-03-17T06:00:00Z"], print)
        .code(1)
        .text();
    std::fs::write(folder.path().join("ready"), "").unwrap();
    let second = shell(&folder, &["--now", "2026-03-17T09:00:00Z"], print)
        .code(0)
        .text();
    assert_eq!(first, second);
    folder.run(&["undo", "p", "u"]).code(0);
    let third = shell(&folder, &["--now", "2026-03-17T10:00:00Z"], print)
        .code(0)
        .text();
    assert_ne!(third, first);
}

#[test]
fn retries_stop_at_success_and_never_for_the_hopeless() {
    let folder = Folder::new();
    let quick = ["--retries", "3", "--retry-delay", "10ms"];
    let third_time = "echo $MILLRACE_ATTEMPT >> tries; test $MILLRACE_ATTEMPT -ge 3 || exit 4";
    let outcome = shell(&folder, &quick, third_time).code(0);
    assert_eq!(folder.read("tries"), "1\n2\n3\n");
    assert_eq!(
        outcome
            .stderr
            .matches("warning: 'u': exit 4: again in ")
            .count(),
        2,
        "{}",
        outcome.stderr
    );

    let folder = Folder::new();
    shell(&folder, &quick, "echo x >> tries; exit 3").code(3);
    assert_eq!(folder.read("tries").lines().count(), 1);
    shell(
        &folder,
        &[&quick[..], &["--retry-on", "3,7"]].concat(),
        "echo x >> tries; exit 3",
    )
    .code(3);
    assert_eq!(folder.read("tries").lines().count(), 5);
    shell(
        &folder,
        &[&quick[..], &["--retry-on", "7"]].concat(),
        "echo x >> tries; exit 4",
    )
    .code(4);
    assert_eq!(folder.read("tries").lines().count(), 6);
    let history = folder.json(&["history", "p"]);
    assert_eq!(history.len(), 6);
    assert!(
        history
            .iter()
            .all(|entry| entry["outcome"] == "failed" && entry["run_id"] == history[0]["run_id"])
    );
}

#[test]
fn at_the_timeout_the_whole_pipe_goes_also_what_ignores_term() {
    let folder = Folder::new();
    let start = Instant::now();
    let script =
        "sh -c 'trap \"\" TERM; echo $$ > stubborn; sleep 60' | sh -c 'echo $$ > meek; sleep 60'";
    let outcome = shell(&folder, &["--timeout", "500ms", "--grace", "300ms"], script).code(124);
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(
        outcome.stderr.contains("stopped after 500ms"),
        "{}",
        outcome.stderr
    );
    for name in ["stubborn", "meek"] {
        let pid = folder.await_file(name);
        assert!(!is_alive(&pid), "{name} lives on");
    }
    // A timeout is worth a retry.
    shell(
        &folder,
        &[
            "--timeout",
            "100ms",
            "--retries",
            "1",
            "--retry-delay",
            "1ms",
        ],
        "echo x >> tries; sleep 60",
    )
    .code(124);
    assert_eq!(folder.read("tries").lines().count(), 2);
}

#[test]
fn signals_are_passed_on_and_end_the_retries() {
    let folder = Folder::new();
    let script = "trap 'echo told >> log; exit 9' TERM; echo $$ > pid; sleep 60 & wait";
    let args = ["run", "p", "u", "--retries", "5", "--", "sh", "-c", script];
    let mut child = folder.command(&args).stderr(Stdio::null()).spawn().unwrap();
    folder.await_file("pid");
    kill(child.id(), "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(9));
    assert_eq!(folder.read("log"), "told\n");
    assert_eq!(folder.json(&["status", "p"])[0]["state"], "failed");
}

#[test]
fn a_signal_between_two_attempts_ends_the_waiting() {
    let folder = Folder::new();
    let args = [
        "run",
        "p",
        "u",
        "--retries",
        "5",
        "--retry-delay",
        "5m",
        "--",
        "sh",
        "-c",
        "echo x > tried; exit 4",
    ];
    let mut child = folder.command(&args).stderr(Stdio::null()).spawn().unwrap();
    within(Duration::from_secs(20), || {
        let history = if folder.path().join("tried").exists() {
            folder.json(&["history", "p"])
        } else {
            Vec::new()
        };
        (history.first()?["outcome"] == "failed").then_some(())
    });
    // Not INT: a shell's background job has it ignored, and so has all that it starts.
    kill(child.id(), "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

#[test]
fn one_process_at_a_time_runs_a_unit() {
    let folder = Folder::new();
    let script = "echo x >> ran; echo $$ > pid; while [ ! -e go ]; do sleep 0.01; done";
    let mut first = folder
        .command(&["run", "p", "u", "--", "sh", "-c", script])
        .spawn()
        .unwrap();
    folder.await_file("pid");
    let busy = shell(&folder, &["--wait", "0"], "echo x >> ran").code(5);
    assert_eq!(
        busy.stderr,
        "checkpoint: 'u' of 'p' is being run by another process\n"
    );
    assert_eq!(folder.json(&["status", "p"])[0]["state"], "running");
    // Another unit is not in the way; one that waits finds the work done.
    folder
        .run(&["run", "p", "other", "--wait", "0", "--", "true"])
        .code(0);
    let second = folder
        .command(&[
            "run",
            "p",
            "u",
            "--wait",
            "30s",
            "--",
            "sh",
            "-c",
            "echo x >> ran",
        ])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::fs::write(folder.path().join("go"), "").unwrap();
    assert!(first.wait().unwrap().success());
    let second = second.wait_with_output().unwrap();
    assert!(second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("is done: nothing to run"));
    assert_eq!(folder.read("ran"), "x\n");
}

#[test]
fn after_kill_9_children_hold_the_lock_and_the_run_id_comes_again() {
    let folder = Folder::new();
    // The leader ends at once; the far end of its pipe goes on.
    let script =
        "echo $MILLRACE_RUN_ID > id; (echo; sleep 60) | sh -c 'echo $$ > far; exec sleep 60'";
    let mut child = folder
        .command(&["run", "p", "u", "--", "sh", "-c", script])
        .spawn()
        .unwrap();
    let far = folder.await_file("far");
    let id = folder.await_file("id");
    kill(child.id(), "-KILL");
    child.wait().unwrap();
    let group = std::fs::read_to_string(format!("/proc/{far}/stat")).unwrap();
    let group: i32 = group
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .nth(2)
        .unwrap()
        .parse()
        .unwrap();
    shell(&folder, &["--wait", "0"], "true").code(5);
    // All but the far end die: still held.
    let others = std::process::Command::new("pgrep")
        .args(["-g", &group.to_string()])
        .output()
        .unwrap();
    for pid in String::from_utf8_lossy(&others.stdout)
        .lines()
        .filter(|pid| *pid != far)
    {
        kill(pid.parse().unwrap(), "-KILL");
    }
    shell(&folder, &["--wait", "0"], "true").code(5);
    kill(far.parse().unwrap(), "-KILL");
    within(Duration::from_secs(10), || (!is_alive(&far)).then_some(()));
    assert_eq!(folder.json(&["status", "p"])[0]["state"], "interrupted");
    let print = shell(&folder, &["--wait", "10s"], "echo $MILLRACE_RUN_ID").code(0);
    assert_eq!(print.text().trim(), id);
    let outcomes: Vec<_> = folder
        .json(&["history", "p"])
        .iter()
        .map(|entry| entry["outcome"].clone())
        .collect();
    assert_eq!(outcomes, ["interrupted", "done"]);
}

#[test]
fn what_a_failed_attempt_left_behind_is_gone_before_the_next() {
    let folder = Folder::new();
    let script = "echo $MILLRACE_ATTEMPT; sleep 60 & echo $! > left$MILLRACE_ATTEMPT; exit 4";
    shell(&folder, &["--retries", "1", "--retry-delay", "1ms"], script).code(4);
    for name in ["left1", "left2"] {
        assert!(!is_alive(&folder.await_file(name)), "{name}");
    }
    shell(&folder, &["--wait", "0"], "true").code(0);
}

#[test]
fn hooks_follow_the_end_and_change_nothing() {
    let folder = Folder::new();
    let hooks = [
        "--on-success",
        "echo good $MILLRACE_UNIT >> log; exit 5",
        "--on-failure",
        "echo bad $MILLRACE_EXIT >> log",
    ];
    shell(
        &folder,
        &[&hooks[..], &["--retries", "1", "--retry-delay", "1ms"]].concat(),
        "exit 4",
    )
    .code(4);
    let good = shell(&folder, &hooks, "true").code(0);
    assert_eq!(folder.read("log"), "bad 4\ngood u\n");
    assert!(good.stderr.contains("warning: "), "{}", good.stderr);
    folder.run(&["is-done", "p", "u"]).code(0);
}

#[test]
fn no_more_than_max_active_of_a_pipeline() {
    let folder = Folder::new();
    let hold = [
        "run",
        "p",
        "a",
        "--max-active",
        "1",
        "--",
        "sh",
        "-c",
        "echo $$ > pid; sleep 60",
    ];
    let mut first = folder.command(&hold).stderr(Stdio::null()).spawn().unwrap();
    folder.await_file("pid");
    let busy = folder
        .run(&[
            "run",
            "p",
            "b",
            "--max-active",
            "1",
            "--wait",
            "0",
            "--",
            "true",
        ])
        .code(5);
    assert_eq!(
        busy.stderr,
        "checkpoint: 1 units of 'p' are being run already\n"
    );
    folder
        .run(&[
            "run",
            "q",
            "b",
            "--max-active",
            "1",
            "--wait",
            "0",
            "--",
            "true",
        ])
        .code(0);
    folder
        .run(&[
            "run",
            "p",
            "b",
            "--max-active",
            "2",
            "--wait",
            "0",
            "--",
            "true",
        ])
        .code(0);
    kill(first.id(), "-TERM");
    assert_eq!(first.wait().unwrap().code(), Some(143));
    folder
        .run(&[
            "run",
            "p",
            "c",
            "--max-active",
            "1",
            "--wait",
            "5s",
            "--",
            "true",
        ])
        .code(0);
}

#[test]
fn what_was_undone_while_it_ran_is_not_done() {
    let folder = Folder::new();
    let script = "\"$0\" undo p u";
    let program = millrace_testkit::bin("checkpoint");
    let args = [
        "run",
        "p",
        "u",
        "--",
        "sh",
        "-c",
        script,
        program.to_str().unwrap(),
    ];
    let outcome = folder.run(&args).code(0);
    assert!(
        outcome.stderr.contains("changed by hand while it ran"),
        "{}",
        outcome.stderr
    );
    folder.run(&["is-done", "p", "u"]).code(1);
}
