//! What breaks on purpose: producers, disks, limits, readers, and the process itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod support;

use millrace_testkit::{run, run_with, sh, tempdir};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use support::*;

/// A dataset of one day, to be left alone.
fn old_data(dir: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    write(dir, &[], &stream(&[day(240)])).code(0);
    files(&dir.join("out"))
}

fn overwrite(dir: &Path, input: &[u8]) -> millrace_testkit::Outcome {
    write(dir, &["--mode", "overwrite", "--max-shrink", "1"], input)
}

/// Nothing but the state that every commit leaves.
fn no_leftovers(dir: &Path) {
    let left = std::fs::read_dir(dir.join(".out.millrace/tx")).map_or(0, Iterator::count);
    assert_eq!(left, 0);
}

#[test]
fn a_cut_stream_changes_nothing() {
    let dir = tempdir().unwrap();
    let before = old_data(dir.path());
    let input = stream(&[day(500), day(300)]);
    let step = input.len() / 37;
    for cut in
        (0..input.len())
            .step_by(step)
            .chain([input.len() - 8, input.len() - 4, input.len() - 1])
    {
        let outcome = overwrite(dir.path(), &input[..cut]).code(4);
        assert!(
            outcome.stderr.starts_with("partition: nothing committed: "),
            "{cut}: {}",
            outcome.stderr
        );
        assert_eq!(outcome.stderr.lines().count(), 1);
        assert_eq!(files(&dir.path().join("out")), before, "{cut}");
        no_leftovers(dir.path());
    }
    overwrite(dir.path(), &input).code(0);
}

#[test]
fn a_dataset_that_is_gone_is_refused_before_the_rows_are_read() {
    let dir = tempdir().unwrap();
    old_data(dir.path());
    std::fs::remove_dir_all(dir.path().join("out")).unwrap();
    let mut child = partition(dir.path(), &["out", "--by", BY])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The schema and no more: who waits for the rows waits for ever.
    let input = stream(&[day(240)]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&input[..input.len() / 2]).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("is gone, but its state is still there"),
        "{stderr}"
    );
    assert!(stderr.contains("--adopt"), "{stderr}");
}

#[test]
fn a_poisoned_stream_gives_its_first_cause() {
    let dir = tempdir().unwrap();
    let before = old_data(dir.path());
    let outcome = overwrite(dir.path(), &poisoned(&[day(500)])).code(3);
    assert_eq!(
        outcome.stderr,
        "partition: nothing committed: upstream ingest failed (3): line 7: no number\n"
    );
    assert_eq!(files(&dir.path().join("out")), before);
    no_leftovers(dir.path());
}

#[test]
fn a_killed_producer_in_plain_sh_changes_nothing() {
    let dir = tempdir().unwrap();
    let before = old_data(dir.path());
    std::fs::write(dir.path().join("in.arrows"), stream(&[day(5000)])).unwrap();
    let script = format!(
        "sh -c 'head -c 20000 in.arrows; kill -9 $$' | partition out --by '{BY}' --mode overwrite"
    );
    run(&mut sh(dir.path(), &script)).code(4);
    assert_eq!(files(&dir.path().join("out")), before);
}

#[test]
fn what_is_no_stream_is_refused() {
    let dir = tempdir().unwrap();
    write(dir.path(), &[], b"order_id,region\n1,eu\n").code(3);
    write(dir.path(), &[], b"").code(4);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_full_disk_leaves_the_old_data() {
    let dir = tempdir().unwrap();
    let disk = dir.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(&disk)
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("skipped: mounting a tmpfs needs root");
        return;
    }
    let result = std::panic::catch_unwind(|| {
        let before = old_data(&disk);
        let outcome = overwrite(&disk, &stream(&[noise(200_000)])).code(4);
        assert!(
            outcome.stderr.contains("no space left on device"),
            "{}",
            outcome.stderr
        );
        assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
        assert_eq!(files(&disk.join("out")), before);
        no_leftovers(&disk);
        // Rows kept aside do not fit either.
        let arguments = [
            "--mode",
            "overwrite",
            "--scope",
            "order_date=1999-01-01",
            "--outside",
            "late.arrows",
        ];
        let outcome = write(&disk, &arguments, &stream(&[noise(200_000)])).code(4);
        assert!(outcome.stderr.contains("late.arrows"), "{}", outcome.stderr);
        assert_eq!(files(&disk.join("out")), before);
        overwrite(&disk, &stream(&[day(240)])).code(0);
    });
    let unmounted = std::process::Command::new("umount")
        .arg(&disk)
        .status()
        .unwrap();
    assert!(unmounted.success());
    result.unwrap();
}

#[test]
fn a_file_size_limit_is_exit_4_and_one_line() {
    let dir = tempdir().unwrap();
    let before = old_data(dir.path());
    std::fs::write(dir.path().join("in.arrows"), stream(&[noise(200_000)])).unwrap();
    let script =
        format!("ulimit -f 16; exec partition out --by '{BY}' --mode overwrite < in.arrows");
    let outcome = run(&mut sh(dir.path(), &script)).code(4);
    assert!(
        outcome.stderr.contains("file too large"),
        "{}",
        outcome.stderr
    );
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    assert_eq!(files(&dir.path().join("out")), before);
}

#[test]
fn few_descriptors_suffice_for_many_partitions() {
    let dir = tempdir().unwrap();
    let rows = events(0, 200_000, DAY, 24 * HOUR * 20 / 200_000);
    std::fs::write(dir.path().join("in.arrows"), stream(&[rows])).unwrap();
    let script =
        format!("ulimit -n 64; exec partition out --by '{BY}' --row-group-size 20kB < in.arrows");
    run(&mut sh(dir.path(), &script)).code(0);
    assert_eq!(count(&dir.path().join("out")), 200_000);
    assert_eq!(ids(&dir.path().join("out")).len(), 480);
}

#[test]
fn nobody_reading_the_list_does_not_matter() {
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("in.arrows"), stream(&[day(2400)])).unwrap();
    let script = format!(
        "(partition out --by '{BY}' < in.arrows; echo $? > code) | true; sleep 0.1; cat code"
    );
    let outcome = run(&mut sh(dir.path(), &script)).code(0);
    assert_eq!(outcome.text(), "0\n");
    assert_eq!(outcome.stderr, "");
    assert_eq!(count(&dir.path().join("out")), 2400);
    let script = "partition out --mode append --run-id r < in.arrows > /dev/full";
    let outcome = run(&mut sh(dir.path(), script)).code(4);
    assert!(
        outcome
            .stderr
            .contains("committed, but the list is not printed"),
        "{}",
        outcome.stderr
    );
    assert_eq!(count(&dir.path().join("out")), 4800);
}

/// Killed while rows come in, or at any moment after: old or new, and the same run again
/// gives exactly the new.
#[test]
fn killed_at_any_moment_and_run_again() {
    let dir = tempdir().unwrap();
    let before = old_data(dir.path());
    let input = stream(&[day(100_000)]);
    let arguments = [
        "out",
        "--mode",
        "overwrite",
        "--run-id",
        "r-1",
        "--threads",
        "2",
    ];
    for delay in [0u64, 5, 10, 20, 40, 60, 80, 120, 160] {
        let mut child = partition(dir.path(), &arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let bytes = input.clone();
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&bytes)));
        std::thread::sleep(Duration::from_millis(delay));
        let _ = child.kill();
        child.wait().unwrap();
        feeder.join().unwrap();
        let found = files(&dir.path().join("out"));
        for hour in 0..24 {
            let partition = format!("order_date=2026-03-17/order_hour={hour:02}/");
            let one: Vec<_> = found
                .keys()
                .filter(|name| name.starts_with(&partition))
                .collect();
            assert_eq!(one.len(), 1, "{delay} ms: {one:?}");
        }
        if found != before {
            break;
        }
    }
    run_with(&mut partition(dir.path(), &arguments), &input).code(0);
    assert_eq!(count(&dir.path().join("out")), 100_000);
    no_leftovers(dir.path());
    run_with(&mut partition(dir.path(), &arguments), &input).code(0);
    assert_eq!(count(&dir.path().join("out")), 100_000);
}

/// Eight runs side by side, as a fan-out makes them.
#[test]
fn units_write_side_by_side() {
    let dir = tempdir().unwrap();
    let children: Vec<_> = (0..8)
        .map(|unit| {
            let name = format!("u{unit}");
            let arguments = ["out", "--by", BY, "--mode", "append", "--run-id", &name];
            let mut child = partition(dir.path(), &arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            let input = stream(&[events(unit * 1000, 1000, DAY, 24 * HOUR / 1000)]);
            child.stdin.take().unwrap().write_all(&input).unwrap();
            child
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(count(&dir.path().join("out")), 8000);
}

/// With so many partitions several threads look at their folders and move them. Killed
/// among these, the next run finds whatever subset they came to.
#[test]
fn a_kill_while_threads_move_folders_leaves_old_or_new() {
    let dir = tempdir().unwrap();
    let keys = |from: i64| {
        let texts: Vec<String> = (0..1200).map(|n| format!("{:03}", n % 300)).collect();
        let texts = texts.iter().map(|text| Some(text.as_str())).collect();
        stream(&[values(texts), values(vec![Some("extra"); from as usize])])
    };
    let base = ["out", "--by", "v", "--threads", "4", "--mode", "overwrite"];
    run_with(&mut partition(dir.path(), &base), &keys(1)).code(0);
    let before = files(&dir.path().join("out"));
    for (round, place) in ["tx.flip#150", "tx.flipped#1", "tx.flipped#299"]
        .iter()
        .enumerate()
    {
        let input = keys(round as i64 + 2);
        let mut command = partition(dir.path(), &base);
        command.env("MILLRACE_FAILPOINT", format!("{place}=kill"));
        run_with(&mut command, &input).code(137);
        let after = files(&dir.path().join("out"));
        assert_eq!(after.len(), before.len(), "{place}");
        // The next run completes the killed one, then does its own.
        run_with(&mut partition(dir.path(), &base), &input).code(0);
        assert_eq!(count(&dir.path().join("out")), 1200 + round + 2, "{place}");
        no_leftovers(dir.path());
    }
}
