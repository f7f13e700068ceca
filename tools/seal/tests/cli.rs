//! seal as a process: what passes, what poisons, and who is named.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    missing_docs
)]

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use millrace_fault::{Coded, Exit, Failure};
use millrace_stream::{Kind, Output, Reader};
use millrace_testkit::{Outcome, TempDir, run, run_with, sh, tempdir, tool};
use std::fs::File;
use std::io::{Cursor, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn batch(rows: i64) -> RecordBatch {
    let ids = Arc::new(Int64Array::from_iter_values(0..rows)) as ArrayRef;
    RecordBatch::try_from_iter([("id", ids)]).unwrap()
}

/// A folder with a whole stream, a cut one and a poisoned one.
fn streams() -> TempDir {
    let dir = tempdir().unwrap();
    let write = |name: &str, result: Result<(), Failure>| {
        let mut output = Output::to(File::create(dir.path().join(name)).unwrap());
        let batch = batch(1000);
        output.start(&batch.schema()).unwrap();
        output.write(&batch).unwrap();
        output.write(&batch).unwrap();
        let _ = output.close("ingest", result);
    };
    write("whole", Ok(()));
    write(
        "poisoned",
        Err(Failure::environment("cannot read 'raw': 503")),
    );
    let whole = std::fs::read(dir.path().join("whole")).unwrap();
    std::fs::write(dir.path().join("cut"), &whole[..whole.len() - 4]).unwrap();
    std::fs::write(dir.path().join("twice"), [whole.clone(), whole].concat()).unwrap();
    dir
}

fn read(bytes: &[u8]) -> Result<u64, millrace_stream::Error> {
    Reader::new(Cursor::new(bytes.to_vec()), "x", Kind::Pipe)?.drain()
}

/// Runs a script in which $D holds the streams; what seal wrote is its output.
fn script(dir: &TempDir, script: &str) -> Outcome {
    run(&mut sh(dir.path(), script))
}

#[track_caller]
fn poisoned(outcome: Outcome, code: i32, first_cause: &str) -> Outcome {
    let outcome = outcome.code(code);
    let error = read(&outcome.stdout).unwrap_err();
    assert_eq!(
        error.to_string(),
        first_cause,
        "stderr:\n{}",
        outcome.stderr
    );
    assert_eq!(error.exit(), Exit(code as u8));
    outcome
}

#[test]
fn a_stream_passes_as_it_is() {
    let dir = streams();
    let whole = std::fs::read(dir.path().join("whole")).unwrap();
    for script_text in [
        "seal -- cat whole",
        "seal cat <whole",
        "cat whole | seal -- cat",
        "cat whole | seal -- cat | seal cat",
    ] {
        let outcome = script(&dir, script_text).code(0);
        assert_eq!(outcome.stdout, whole, "{script_text}");
        assert_eq!(outcome.stderr, "", "{script_text}");
    }
}

#[test]
fn a_large_stream_passes_byte_for_byte() {
    let dir = tempdir().unwrap();
    let mut output = Output::to(File::create(dir.path().join("large")).unwrap());
    let batch = batch(200_000);
    output.start(&batch.schema()).unwrap();
    for rows in [0, 1, 500, 513, 200_000, 131_072, 7, 200_000] {
        output.write(&batch.slice(0, rows)).unwrap();
    }
    output.close("test", Ok(())).unwrap();
    let whole = std::fs::read(dir.path().join("large")).unwrap();
    assert!(script(&dir, "cat large | seal -- cat").code(0).stdout == whole);
    let metered = script(&dir, "cat large | seal --metrics m.json -- cat >/dev/null").code(0);
    assert_eq!(metered.stderr, "");
    let metrics: serde_json::Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("m.json")).unwrap()).unwrap();
    for (name, expected) in [
        ("records_in", 532_093),
        ("records_out", 532_093),
        ("exit", 0),
    ] {
        assert_eq!(metrics[name], expected, "{name}");
    }
    assert_eq!(metrics["bytes_out"], whole.len());
    assert_eq!(metrics["tool"], "seal");
}

/// Large bodies are moved from pipe to pipe as they come.
#[test]
fn a_large_stream_that_is_cut_or_left() {
    let dir = streams();
    let mut output = Output::to(File::create(dir.path().join("large")).unwrap());
    let batch = batch(300_000);
    output.start(&batch.schema()).unwrap();
    output.write(&batch).unwrap();
    output.write(&batch).unwrap();
    output.close("test", Ok(())).unwrap();
    let large = std::fs::read(dir.path().join("large")).unwrap();
    for cut in [200_000, 2_000_000, 2_500_000, large.len() - 1] {
        let command = "sh -c 'cat >seen; cat whole'";
        let outcome = script(&dir, &format!("head -c {cut} large | seal -- {command}")).code(4);
        assert!(
            outcome.stderr.contains(&format!(
                "ends at byte {cut} without an end marker: its producer died"
            )),
            "{}",
            outcome.stderr
        );
        assert!(
            std::fs::read(dir.path().join("seen")).unwrap() == large[..cut],
            "cut at {cut}"
        );
    }
    for command in ["cat whole", "sh -c 'head -c 100000 >/dev/null; cat whole'"] {
        let outcome = script(&dir, &format!("cat large | seal -- {command}")).code(0);
        assert_eq!(read(&outcome.stdout).unwrap(), 2000);
    }
}

#[test]
fn a_command_that_fails_poisons_its_stream() {
    let dir = streams();
    let outcome = script(
        &dir,
        "seal -- sh -c 'cat whole; echo first >&2; echo the reason >&2; exit 7'",
    );
    let outcome = poisoned(outcome, 7, "upstream sh failed (7): the reason");
    assert_eq!(
        outcome.stderr,
        "first\nthe reason\nseal: 'sh' failed (7): the reason\n"
    );
    let outcome = script(&dir, "seal -- sh -c 'exit 3'");
    poisoned(outcome, 3, "upstream sh failed (3): it did not say why");
}

#[test]
fn the_failure_travels_down_the_pipe() {
    let dir = streams();
    let outcome = script(
        &dir,
        "seal -- sh -c 'cat whole; echo why >&2; exit 7' | seal -- cat | seal -- cat",
    );
    let outcome = poisoned(outcome, 7, "upstream sh failed (7): why");
    assert!(
        outcome.stderr.contains("seal: upstream sh failed (7): why"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_command_that_is_killed_poisons_its_stream() {
    let dir = streams();
    for (signal, code) in [(9, 137), (15, 143), (13, 141), (11, 139)] {
        let outcome = script(
            &dir,
            &format!("seal -- sh -c 'cat whole; kill -{signal} $$'"),
        );
        let cause = format!("upstream sh failed ({code}): was killed by signal {signal}");
        let outcome = poisoned(outcome, code, &cause);
        assert_eq!(
            outcome.stderr,
            format!("seal: 'sh' was killed by signal {signal}\n")
        );
    }
}

#[test]
fn a_command_that_exits_0_must_have_written_one_whole_stream() {
    let dir = streams();
    let cases = [
        ("true", "is empty, expected an Arrow stream"),
        (
            "cat cut",
            "ends at byte 16516 without an end marker: the stream is damaged",
        ),
        ("cat twice", "after its end marker: a second stream follows"),
        (
            "echo hello",
            "is not an Arrow stream: it starts with 'hello\\n'",
        ),
        (
            "sh -c 'cat whole; echo done'",
            "after its end marker: a second stream follows",
        ),
    ];
    for (command, expected) in cases {
        let outcome = script(&dir, &format!("seal -- {command}")).code(3);
        assert!(
            outcome.stderr.contains(expected),
            "{command}: {}",
            outcome.stderr
        );
        assert_eq!(
            read(&outcome.stdout).unwrap_err().exit(),
            Exit::DATA,
            "{command}"
        );
    }
}

#[test]
fn a_failure_upstream_is_the_first_cause_whatever_the_command_makes_of_it() {
    let dir = streams();
    // The second and third launder: a whole stream, exit 0.
    for command in [
        "cat",
        "sh -c 'cat >/dev/null; cat whole'",
        "sh -c 'cat >/dev/null; cat whole; exit 9'",
        "sh -c 'cat; exit 9'",
    ] {
        let outcome = script(&dir, &format!("cat poisoned | seal -- {command}"));
        poisoned(
            outcome,
            4,
            "upstream ingest failed (4): cannot read 'raw': 503",
        );
        let outcome = script(&dir, &format!("cat cut | seal -- {command}")).code(4);
        assert!(
            outcome.stderr.contains(
                "seal: standard input ends at byte 16516 without an end marker: its producer died"
            ),
            "{}",
            outcome.stderr
        );
        assert!(read(&outcome.stdout).is_err());
    }
    script(
        &dir,
        "cat twice | seal -- sh -c 'cat >/dev/null; cat whole'",
    )
    .code(3);
}

#[test]
fn the_command_sees_the_poison_too() {
    let dir = streams();
    script(&dir, "cat poisoned | seal -- sh -c 'cat >seen; cat whole'").code(4);
    let seen = std::fs::read(dir.path().join("seen")).unwrap();
    assert_eq!(seen, std::fs::read(dir.path().join("poisoned")).unwrap());
}

#[test]
fn a_command_need_not_read_its_input() {
    let dir = streams();
    let whole = std::fs::read(dir.path().join("whole")).unwrap();
    for input in [
        "cat whole |",
        "yes |",
        "sleep 5 |",
        ": |",
        "</dev/null",
        "<whole",
    ] {
        let started = Instant::now();
        // The shell waits for `sleep`; seal itself must not.
        let line = match input.strip_suffix('|') {
            Some(producer) => {
                format!("mkfifo p 2>/dev/null; ({producer}) >p 2>/dev/null & seal -- cat whole <p")
            }
            None => format!("seal -- cat whole {input}"),
        };
        let outcome = script_detached(&dir, &line);
        assert_eq!(outcome.0, whole, "{input}");
        assert!(started.elapsed() < Duration::from_secs(4), "{input}");
    }
}

/// A script whose background processes are not waited for.
fn script_detached(dir: &TempDir, script: &str) -> (Vec<u8>, i32) {
    let out = dir.path().join("out");
    let mut command = sh(dir.path(), &format!("{{ {script}; }} >out"));
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    (std::fs::read(out).unwrap(), status.code().unwrap())
}

#[test]
fn input_that_is_no_stream_is_handed_over() {
    let dir = streams();
    std::fs::write(dir.path().join("raw"), "x".repeat(1 << 20)).unwrap();
    script(&dir, "cat raw | seal -- sh -c 'cat >copy; cat whole'").code(0);
    assert_eq!(
        std::fs::read(dir.path().join("copy")).unwrap(),
        vec![b'x'; 1 << 20]
    );
    script(&dir, "printf ab | seal -- sh -c 'cat >copy; cat whole'").code(0);
    assert_eq!(std::fs::read(dir.path().join("copy")).unwrap(), b"ab");
}

/// Lines typed slowly reach the command as they come.
#[test]
fn raw_input_is_not_held_back() {
    let dir = streams();
    let mut command = sh(
        dir.path(),
        "seal -- sh -c 'read a; read b; echo $a $b >seen; cat whole'",
    );
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for line in ["some line that is longer than twenty bytes\n", "b\n"] {
        std::thread::sleep(Duration::from_millis(50));
        stdin.write_all(line.as_bytes()).unwrap();
    }
    // The pipe stays open: only passing on at once lets the command end.
    assert!(child.wait().unwrap().success());
    drop(stdin);
    assert_eq!(
        std::fs::read_to_string(dir.path().join("seen")).unwrap(),
        "some line that is longer than twenty bytes b\n"
    );
}

#[test]
fn a_command_that_cannot_be_run() {
    let dir = streams();
    let outcome = script(&dir, "seal -- no-such-command");
    let outcome = poisoned(
        outcome,
        127,
        "upstream seal failed (127): cannot run 'no-such-command': no such file or directory",
    );
    assert_eq!(
        outcome.stderr,
        "seal: cannot run 'no-such-command': no such file or directory\n"
    );
    script(&dir, "seal -- ./whole").code(126);
}

#[test]
fn a_reader_that_leaves_is_silent() {
    let dir = streams();
    let whole = std::fs::read(dir.path().join("whole")).unwrap();
    let batch = (whole.len() - 8 - SCHEMA) / 2;
    std::fs::write(dir.path().join("schema"), &whole[..SCHEMA]).unwrap();
    std::fs::write(dir.path().join("batch"), &whole[SCHEMA..SCHEMA + batch]).unwrap();
    let endless = "sh -c 'cat schema; while cat batch; do :; done'";
    let outcome = script(
        &dir,
        &format!("{{ seal -- {endless}; echo $? >code; }} | head -c 100000 >/dev/null"),
    )
    .code(0);
    assert_eq!(outcome.stderr, "");
    assert_eq!(
        std::fs::read_to_string(dir.path().join("code")).unwrap(),
        "141\n"
    );
}

/// The length of the schema message of `streams`.
const SCHEMA: usize = 128;

#[test]
fn a_full_disk_is_4() {
    let dir = streams();
    let outcome = script(&dir, "seal -- cat whole >/dev/full").code(4);
    assert_eq!(
        outcome.stderr,
        "seal: cannot write standard output: no space left on device\n"
    );
}

#[test]
fn helps_and_refuses_like_every_tool() {
    let long = run(tool("seal").arg("--help")).code(0).text();
    assert!(long.contains("end-of-stream marker"), "{long}");
    let short = run(tool("seal").arg("-h")).code(0).text();
    assert!(short.len() < long.len());
    assert!(
        run(tool("seal").arg("--version"))
            .code(0)
            .text()
            .starts_with("seal ")
    );
    assert!(
        run(tool("seal").args(["--generate", "man"]))
            .code(0)
            .text()
            .contains("EXIT STATUS")
    );
    let wrong = run(tool("seal").arg("--no-such-flag")).code(2);
    assert_eq!(wrong.stderr.lines().count(), 2, "{}", wrong.stderr);
    run(&mut tool("seal")).code(2);
    // The command's own flags are its own.
    let echoed = run_with(
        tool("seal").args(["sh", "-c", "echo $0 >&2; exit 5", "--help"]),
        b"",
    )
    .code(5);
    assert!(echoed.stderr.starts_with("--help\n"), "{}", echoed.stderr);
}

/// A failed run writes its metrics line too.
#[test]
fn metrics_of_a_failure() {
    let dir = streams();
    script(
        &dir,
        "seal --metrics m -- sh -c 'cat whole; echo why >&2; exit 7'",
    )
    .code(7);
    let line: serde_json::Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("m")).unwrap()).unwrap();
    assert_eq!(line["exit"], 7);
    assert_eq!(line["records_out"], 2000);
    assert_eq!(line["error"], "'sh' failed (7): why");
}

// Stages in Python with pyarrow.

const STAGE: &str = r#"
import sys, os, signal
import pyarrow as pa, pyarrow.ipc as ipc
how = sys.argv[1]
with ipc.open_stream(sys.stdin.buffer) as source, ipc.new_stream(sys.stdout.buffer, source.schema) as sink:
    for n, batch in enumerate(source):
        sink.write_batch(batch)
        if n == 0 and how == "raise":
            raise ValueError("row 17 is odd")
        if n == 0 and how == "kill":
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)
"#;

fn python() -> Option<PathBuf> {
    let path = std::env::var_os("MILLRACE_TEST_PYTHON").map(PathBuf::from);
    if path.is_none() {
        eprintln!("skipped: MILLRACE_TEST_PYTHON does not name a Python with pyarrow");
    }
    path
}

fn python_stage(dir: &TempDir, input: &str, how: &str) -> Option<Outcome> {
    std::fs::write(dir.path().join("stage.py"), STAGE).unwrap();
    Some(script(
        dir,
        &format!(
            "cat {input} | seal -- {} stage.py {how}",
            python()?.display()
        ),
    ))
}

#[test]
fn a_pyarrow_stage_that_works() {
    let dir = streams();
    let Some(outcome) = python_stage(&dir, "whole", "work") else {
        return;
    };
    assert_eq!(read(&outcome.code(0).stdout).unwrap(), 2000);
}

/// pyarrow's `with` writes a valid end marker when the block raises.
#[test]
fn a_pyarrow_stage_that_raises() {
    let dir = streams();
    let Some(outcome) = python_stage(&dir, "whole", "raise") else {
        return;
    };
    let name = python()
        .unwrap()
        .file_name()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    poisoned(
        outcome,
        1,
        &format!("upstream {name} failed (1): ValueError: row 17 is odd"),
    );
    let bare = script(
        &dir,
        &format!("cat whole | {} stage.py raise", python().unwrap().display()),
    );
    assert_eq!(
        read(&bare.stdout).unwrap(),
        1000,
        "without seal it looks complete"
    );
}

#[test]
fn a_pyarrow_stage_that_is_killed() {
    let dir = streams();
    let Some(outcome) = python_stage(&dir, "whole", "kill") else {
        return;
    };
    let name = python()
        .unwrap()
        .file_name()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    poisoned(
        outcome,
        137,
        &format!("upstream {name} failed (137): was killed by signal 9"),
    );
}

#[test]
fn a_pyarrow_stage_whose_upstream_fails() {
    let dir = streams();
    let Some(outcome) = python_stage(&dir, "poisoned", "work") else {
        return;
    };
    poisoned(
        outcome,
        4,
        "upstream ingest failed (4): cannot read 'raw': 503",
    );
    let outcome = python_stage(&dir, "cut", "work").unwrap().code(4);
    assert!(
        outcome.stderr.contains("its producer died"),
        "{}",
        outcome.stderr
    );
}

/// seal itself killed: what it leaves is refused by everyone.
#[test]
fn seal_that_is_killed_leaves_no_complete_stream() {
    let dir = streams();
    let mut command: Command = sh(
        dir.path(),
        "exec seal -- sh -c 'cat whole | head -c 16840; exec sleep 9'",
    );
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut left = vec![0; 8000];
    stdout.read_exact(&mut left).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    stdout.read_to_end(&mut left).unwrap();
    assert!(read(&left).is_err());
}
