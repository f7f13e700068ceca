//! Eight writers and a compactor on one dataset at once, each killed at random, then run
//! again without help: every row once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use millrace_testkit::orders::Random;
use millrace_testkit::{Outcome, run, sh, tempdir};
use std::path::Path;
use std::process::Stdio;
use std::thread::{scope, sleep};
use std::time::Duration;

const WRITERS: u64 = 8;
/// Rows of a writer, over four partitions that all of them share.
const ROWS: u64 = 40;

/// `wN.arrows`: the rows of each writer.
fn inputs(dir: &Path) {
    for writer in 0..WRITERS {
        let rows: String = (0..ROWS)
            .map(|row| format!("{{\"p\":{},\"id\":{}}}\n", row % 4, writer * 1000 + row))
            .collect();
        std::fs::write(dir.join("rows.ndjson"), rows).unwrap();
        let ingest = format!("ingest rows.ndjson >w{writer}.arrows");
        run(&mut sh(dir, &ingest)).code(0);
    }
}

/// Runs `command` until it exits with 0; the first times it may be killed. Answers how
/// often it was.
fn stubborn(dir: &Path, command: &str, seed: u64) -> u32 {
    let (mut random, mut killed) = (Random::new(seed), 0);
    loop {
        let mut child = sh(dir, &format!("exec {command}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        if killed < 5 && random.chance(0.8) {
            sleep(Duration::from_millis(random.below(80)));
            let _ = child.kill();
        }
        let outcome: Outcome = child.wait_with_output().unwrap().into();
        match outcome.code {
            0 => return killed,
            137 => killed += 1,
            code => panic!("{command}: {code}: {}", outcome.stderr),
        }
    }
}

/// Appends keep the files that are there: no compactor may say that they changed.
#[test]
fn eight_writers_and_a_compactor_killed_at_random() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    inputs(dir);
    run(&mut sh(
        dir,
        "partition out --by p --run-id base <w0.arrows",
    ))
    .code(0);
    let writer = |n| format!("partition out --by p --mode append --run-id w{n} <w{n}.arrows");
    let killed: u32 = scope(|scope| {
        let compacting = scope.spawn(|| {
            let compact = |n| stubborn(dir, &format!("compact out --all --run-id k{n}"), 100 + n);
            (0..6u64).map(compact).sum::<u32>()
        });
        let writers: Vec<_> = (0..WRITERS)
            .map(|n| scope.spawn(move || stubborn(dir, &writer(n), n)))
            .collect();
        let writing = writers.into_iter().map(|thread| thread.join().unwrap());
        writing.sum::<u32>() + compacting.join().unwrap()
    });
    let mut expected: Vec<u64> = (0..WRITERS)
        .flat_map(|n| (0..ROWS).map(move |row| n * 1000 + row))
        .chain(0..ROWS)
        .collect();
    expected.sort_unstable();
    assert_eq!(ids(dir), expected, "{killed} times killed");
    for n in 0..WRITERS {
        run(&mut sh(dir, &writer(n))).code(0);
    }
    assert_eq!(ids(dir), expected, "done is done");
    let left = "compact out --all --keep 0s; compact out --all --keep 0s; ls -A .out.millrace/tx .out.millrace/trash";
    let left = run(&mut sh(dir, left)).code(0).text();
    assert!(
        left.ends_with(".out.millrace/trash:\n\n.out.millrace/tx:\n"),
        "{left}"
    );
    println!("killed {killed} times");
}

fn ids(dir: &Path) -> Vec<u64> {
    let script = "prune out --select id | show --output csv | tail -n +2 | sort -n";
    let text = run(&mut sh(dir, script)).code(0).text();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

/// An overwrite takes the compactor's inputs away: exit 5, and the overwrite stands.
#[test]
fn a_compactor_whose_inputs_are_overwritten_is_busy() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    inputs(dir);
    let append = "partition out --by p --mode append <w0.arrows";
    run(&mut sh(dir, &format!("{append} && {append}"))).code(0);
    let script = "
        MILLRACE_FAILPOINT=tx.stage.synced=pause:3000 MILLRACE_FAILPOINT_TRACE=trace compact out --all & compactor=$!
        until grep -q '!tx.stage.synced' trace 2>/dev/null; do sleep 0.05; done
        partition out --by p --mode overwrite --max-shrink 1 <w1.arrows >/dev/null || exit 99
        wait $compactor";
    let outcome = run(&mut sh(dir, script)).code(5);
    assert_eq!(outcome.stderr.lines().count(), 2, "{}", outcome.stderr);
    assert!(
        outcome
            .stderr
            .contains("was replaced by another process meanwhile")
    );
    assert_eq!(ids(dir), (1000..1000 + ROWS).collect::<Vec<_>>());
}
