//! kill -9 anywhere in the pipe, in plain sh without pipefail: the dataset is what
//! it was, or, once the sink commits, each partition is old or new; a rerun without
//! help makes all of it new.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod day;

use day::{BY, Day, PIPE};
use millrace_testkit::orders::Random;
use millrace_testkit::{run, sh};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The pipe with each tool's process id in a file; stdin is held by the test.
const WATCHED: &str = r#"
    sh -c 'echo $$ >ingest.pid; exec ingest - --format ndjson --schema s.json --rejects bad.ndjson' |
    sh -c 'echo $$ >validate.pid; exec validate --schema s.json --rejects rej.ndjson' |
    sh -c 'echo $$ >partition.pid; exec partition out --mode overwrite --max-shrink 100% --by "$0"' "$BY"
"#;

fn start(day: &Day) -> Child {
    let mut command = sh(day.path(), WATCHED);
    command
        .env("BY", BY)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn pid(dir: &Path, name: &str) -> String {
    let file = dir.join(format!("{name}.pid"));
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        match std::fs::read_to_string(&file) {
            Ok(text) if text.ends_with('\n') => return text.trim().to_owned(),
            _ => sleep(Duration::from_millis(5)),
        }
    }
    panic!("{name} did not start");
}

fn kill(pid: &str) {
    Command::new("kill")
        .args(["-9", "--", pid])
        .stderr(Stdio::null())
        .status()
        .unwrap();
}

fn tree(day: &Day) -> String {
    run(&mut sh(
        day.path(),
        "find out -type f | sort | xargs sha256sum",
    ))
    .code(0)
    .text()
}

#[test]
fn a_killed_producer_commits_nothing_and_the_sink_says_so() {
    let day = Day::new(4_800);
    run(&mut sh(day.path(), PIPE)).code(0);
    let before = tree(&day);
    let hour = std::fs::read(day.path().join("raw/05.ndjson")).unwrap();
    for victim in ["ingest", "validate"] {
        let mut child = start(&day);
        let victim_pid = pid(day.path(), victim);
        pid(day.path(), "partition");
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&hour).unwrap();
        kill(&victim_pid);
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{victim}: {stderr}");
        assert!(
            stderr.contains("partition: nothing committed: "),
            "{victim}: {stderr}"
        );
        assert_eq!(tree(&day), before, "{victim}");
        for name in ["ingest", "validate", "partition"] {
            std::fs::remove_file(day.path().join(format!("{name}.pid"))).unwrap();
        }
    }
}

#[test]
fn a_failed_producers_first_cause_reaches_the_sink() {
    let day = Day::new(2_400);
    run(&mut sh(day.path(), PIPE)).code(0);
    let before = tree(&day);
    let script = PIPE
        .replace("raw/*.ndjson", "raw/00.ndjson raw/missing.ndjson")
        .replace("--mode create", "--mode overwrite");
    let outcome = run(&mut sh(day.path(), &script)).code(4);
    let last = outcome
        .stderr
        .lines()
        .find(|line| line.starts_with("partition: "))
        .unwrap();
    assert!(
        last.starts_with("partition: nothing committed: upstream ingest failed (4): "),
        "{last}"
    );
    assert!(last.contains("raw/missing.ndjson"), "{last}");
    assert_eq!(tree(&day), before);

    let strict = PIPE
        .replace(" --rejects bad.ndjson", "")
        .replace("--mode create", "--mode overwrite");
    let outcome = run(&mut sh(day.path(), &strict)).code(3);
    assert!(
        outcome
            .stderr
            .contains("partition: nothing committed: upstream ingest failed (3): "),
        "{}",
        outcome.stderr
    );
    assert_eq!(tree(&day), before);
}

/// Rows per partition of the dataset, by path.
fn rows_by_partition(day: &Day, dataset: &str) -> Vec<(String, u64)> {
    let script = format!("find {dataset} -mindepth 2 -type d | sort");
    let partitions = run(&mut sh(day.path(), &script)).code(0).text();
    let counted = partitions.lines().map(|path| {
        let inner = path.split_once('/').unwrap().1;
        let count = run(&mut sh(
            day.path(),
            &format!("prune {dataset} {inner} --count"),
        ))
        .code(0)
        .text();
        (inner.to_owned(), count.trim().parse().unwrap())
    });
    counted.collect()
}

#[test]
fn a_killed_sink_leaves_each_partition_old_or_new() {
    let day = Day::new(4_800);
    let by = format!("BY='{BY}'; ");
    // Old: every row twice. New: once.
    run(&mut sh(day.path(), PIPE)).code(0);
    let new = rows_by_partition(&day, "out");
    run(&mut sh(
        day.path(),
        &PIPE.replace("--mode create", "--mode append"),
    ))
    .code(0);
    let old = rows_by_partition(&day, "out");

    let run_again = WATCHED.replace("ingest - --format ndjson", "ingest raw/*.ndjson");
    let mut random = Random::new(7);
    for round in 0..12 {
        let mut child = sh(day.path(), &format!("{by}{run_again}"))
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let sink = pid(day.path(), "partition");
        sleep(Duration::from_millis(random.below(120)));
        kill(&sink);
        child.wait().unwrap();
        for (index, (path, rows)) in rows_by_partition(&day, "out").into_iter().enumerate() {
            assert!(
                rows == old[index].1 || rows == new[index].1,
                "round {round}: {path} holds {rows} rows"
            );
        }
        std::fs::remove_file(day.path().join("partition.pid")).unwrap();
    }
    run(&mut sh(day.path(), &format!("{by}{run_again}"))).code(0);
    assert_eq!(rows_by_partition(&day, "out"), new);
}

/// One unit: an hour into its own partition, its late rows appended to theirs.
const UNIT: &str = r#"
    ingest "raw/$HOUR.ndjson" --schema s.json --rejects "bad-$HOUR.ndjson" |
    validate --schema s.json --rejects "rej-$HOUR.ndjson" |
    partition out --by "$BY" --mode overwrite --scope "order_date=2026-03-17/order_hour=$HOUR" --outside "late-$HOUR.arrows" &&
    partition out --by "$BY" --mode append --step late <"late-$HOUR.arrows"
"#;

/// One unit: an hour's rows wherever they belong, in the place of what it wrote before.
const REPLACED: &str = r#"
    ingest "raw/$HOUR.ndjson" --schema s.json --rejects "bad-$HOUR.ndjson" |
    validate --schema s.json --rejects "rej-$HOUR.ndjson" |
    partition out --by "$BY" --mode replace-unit --unit "$HOUR" --max-shrink 100%
"#;

fn unit(day: &Day, hour: &str) -> Command {
    let mut command = background(day, UNIT);
    command
        .env("HOUR", hour)
        .env("MILLRACE_RUN_ID", format!("r-{hour}"));
    command
}

fn background(day: &Day, script: &str) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = sh(day.path(), script);
    command
        .env("BY", BY)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

#[test]
fn eight_units_side_by_side_killed_at_random_are_exact_after_a_rerun() {
    let day = Day::new(9_600);
    let hours: Vec<String> = (0..8).map(|hour| format!("{hour:02}")).collect();
    let mut random = Random::new(11);
    for _round in 0..4 {
        let children = hours
            .iter()
            .map(|hour| unit(&day, hour).spawn().unwrap())
            .collect();
        kill_at_random(children, &mut random);
    }
    let children: Vec<Child> = hours
        .iter()
        .map(|hour| unit(&day, hour).spawn().unwrap())
        .collect();
    all_succeed(children);
    assert_eq!(day.count("out", "true") + rejected(&day, &hours), 8 * 400);
}

/// Kills the process groups of `children`, one after the other, a moment in between.
fn kill_at_random(children: Vec<Child>, random: &mut Random) {
    for child in &children {
        sleep(Duration::from_millis(random.below(60)));
        kill(&format!("-{}", child.id()));
    }
    for mut child in children {
        child.wait().unwrap();
    }
}

fn all_succeed(children: Vec<Child>) {
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
}

/// Records that the tools refused in `hours`.
fn rejected(day: &Day, hours: &[String]) -> u64 {
    let of_hour = |hour: &String| {
        day.lines(&format!("bad-{hour}.ndjson")) + day.lines(&format!("rej-{hour}.ndjson"))
    };
    hours.iter().map(of_hour).sum()
}

/// Late rows of eight units share partitions; a compactor works beside them.
#[test]
fn units_replaced_at_random_are_exact_also_after_they_were_compacted() {
    let day = Day::new(9_600);
    let hours: Vec<String> = (0..8).map(|hour| format!("{hour:02}")).collect();
    let of_hour = |hour: &String| {
        let mut unit = background(&day, REPLACED);
        unit.env("HOUR", hour).spawn().unwrap()
    };
    let compact = "compact out --all --keep-units";
    let mut random = Random::new(5);
    for _round in 0..4 {
        let mut children: Vec<Child> = hours.iter().map(of_hour).collect();
        children.push(background(&day, compact).spawn().unwrap());
        kill_at_random(children, &mut random);
    }
    for _twice in 0..2 {
        let children: Vec<Child> = hours.iter().map(of_hour).collect();
        all_succeed(children);
        assert_eq!(day.count("out", "true") + rejected(&day, &hours), 8 * 400);
        run(&mut sh(day.path(), compact)).code(0);
        assert_eq!(day.count("out", "true") + rejected(&day, &hours), 8 * 400);
    }
}
