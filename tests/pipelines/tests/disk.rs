//! A full disk, a limit on file sizes, a disk that is read-only: exit 4, one line, what
//! was there intact. Every tool that writes files; `partition` has tests of its own too.
//! Where the machine does not let us mount, the reason is printed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    missing_docs
)]

use millrace_testkit::{Outcome, TempDir, run, sh, tempdir};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `disk/` is a file system of one megabyte, unmounted in the end.
struct Disk {
    dir: TempDir,
}

impl Disk {
    fn mount() -> Option<Disk> {
        let dir = tempdir().unwrap();
        let disk = Disk { dir };
        fs::create_dir(disk.path()).unwrap();
        let options = ["-t", "tmpfs", "-o", "size=1m", "tmpfs"];
        let mounted = Command::new("mount")
            .args(options)
            .arg(disk.path())
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(disk),
            other => {
                println!("skipped: cannot mount a tmpfs here: {other:?}");
                None
            }
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("disk")
    }

    /// Fills the disk until `free` bytes are left.
    fn fill(&self, free: u64) {
        use std::io::Write;
        let mut ballast = fs::File::create(self.path().join("ballast")).unwrap();
        while ballast.write_all(&[7; 4096]).is_ok() {}
        let length = ballast.metadata().unwrap().len();
        ballast.set_len(length.saturating_sub(free)).unwrap();
    }

    fn empty(&self) {
        fs::remove_file(self.path().join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

fn script(dir: &Path, text: &str) -> Outcome {
    run(&mut sh(dir, text))
}

/// One line that says `reason` and, if that is not empty, names `path`.
fn one_line(outcome: &Outcome, path: &str, reason: &str) {
    let line = &outcome.stderr;
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.contains(path) && line.contains(reason), "{line}");
}

/// Numbers that compress badly, `parts` files of them in the dataset `out`.
const DATASET: &str = r#"
for part in 1 2 3 4; do
    awk -v part=$part 'BEGIN { srand(part); for (i = 0; i < 2000; i++)
        printf "{\"p\":%d,\"id\":%d,\"noise\":%.17f}\n", i % 2, part * 10000 + i, rand() }' |
    ingest --format ndjson | partition out --by p --mode append --run-id "r$part" || exit
done
"#;
const ROWS: &str = "8000\n";

fn tree(dir: &Path) -> String {
    script(dir, "find out -type f | sort | xargs cksum")
        .code(0)
        .text()
}

fn rows(dir: &Path) -> String {
    script(dir, "prune out --count").code(0).text()
}

#[test]
fn compact_on_a_full_disk() {
    let Some(disk) = Disk::mount() else { return };
    let dir = disk.path();
    script(&dir, DATASET).code(0);
    let mut failed = 0;
    for free in [0, 4, 16, 64, 100, 140, 180, 220, 260].map(|pages: u64| pages * 1024) {
        let before = tree(&dir);
        disk.fill(free);
        let outcome = script(&dir, "compact out --all");
        disk.empty();
        assert_eq!(rows(&dir), ROWS, "{free} bytes free");
        if outcome.code == 0 {
            break;
        }
        assert_eq!(outcome.code, 4, "{free}: {}", outcome.stderr);
        failed += 1;
        if !outcome.stderr.contains("the next run completes it") {
            one_line(&outcome, "", "no space left on device");
            assert_eq!(tree(&dir), before, "{free} bytes free");
        }
    }
    assert!(failed > 1, "only {failed} times too full");
    script(
        &dir,
        "compact out --all --keep 0s && compact out --all --keep 0s",
    )
    .code(0);
    assert_eq!(rows(&dir), ROWS);
    let left = "ls -A .out.millrace/tx; find out -type f ! -name '*.parquet'";
    assert_eq!(script(&dir, left).text(), "");
}

#[test]
fn compact_under_a_limit_on_file_sizes() {
    let dir = tempdir().unwrap();
    script(dir.path(), DATASET).code(0);
    let before = tree(dir.path());
    for blocks in [0, 1, 8, 40] {
        let outcome = script(
            dir.path(),
            &format!("ulimit -f {blocks}; exec compact out --all"),
        );
        assert_eq!(outcome.code, 4, "{blocks}: {}", outcome.stderr);
        one_line(&outcome, "", "file too large");
        assert_eq!(tree(dir.path()), before);
    }
    script(dir.path(), "compact out --all").code(0);
    assert_eq!(rows(dir.path()), ROWS);
}

#[test]
fn a_read_only_disk_is_read_and_not_written() {
    let Some(disk) = Disk::mount() else { return };
    let dir = disk.path();
    script(&dir, DATASET).code(0);
    script(
        &dir,
        "echo '{\"p\":0,\"id\":1,\"noise\":0.50000000000000000}' | ingest --format ndjson >../in.arrows",
    )
    .code(0);
    let remount = |options: &str| {
        let mut command = Command::new("mount");
        command.args(["-o", options]).arg(&dir);
        assert!(command.status().unwrap().success());
    };
    let before = tree(&dir);
    remount("remount,ro");
    for command in [
        "partition out --mode overwrite --max-shrink 1 <../in.arrows",
        "partition fresh --by p <../in.arrows",
        "compact out --all",
        "partition out --undo r1",
    ] {
        let outcome = script(&dir, command).code(4);
        one_line(&outcome, "", "read-only file system");
        assert_eq!(tree(&dir), before, "{command}");
    }
    assert_eq!(rows(&dir), ROWS);
    remount("remount,rw");
    script(&dir, "compact out --all").code(0);
    assert_eq!(rows(&dir), ROWS);
}

/// Makes `bad.ndjson` (no records), `many.arrows` (against `s.json`) in `dir`.
fn rejected(dir: &Path) {
    let text = r#"
        awk 'BEGIN { for (i = 0; i < 20000; i++) print "no record " i }' >bad.ndjson
        awk 'BEGIN { for (i = 0; i < 20000; i++) print "{\"id\":" i "}" }' | ingest --format ndjson >many.arrows
        echo '{"fields":[{"name":"id","type":"integer","constraints":{"maximum":5}}]}' >s.json
    "#;
    script(dir, text).code(0);
}

const QUARANTINES: [(&str, &str); 2] = [
    (
        "ingest bad.ndjson --schema s.json --rejects DIR/rej",
        "ingest",
    ),
    (
        "validate --schema s.json --rejects DIR/rej <many.arrows",
        "validate",
    ),
];

#[test]
fn rejects_on_a_full_disk_poison_the_stream() {
    let Some(disk) = Disk::mount() else { return };
    let dir = disk.dir.path();
    rejected(dir);
    for (command, tool) in QUARANTINES {
        let kept = disk.path().join("rej");
        fs::write(&kept, "of the last run\n").unwrap();
        let command = command.replace("DIR", "disk");
        let outcome = script(dir, &format!("{command} >{tool}.arrows")).code(4);
        one_line(&outcome, "disk/rej", "no space left on device");
        assert_eq!(fs::read_to_string(&kept).unwrap(), "of the last run\n");
        let sink = script(dir, &format!("partition out <{tool}.arrows")).code(4);
        one_line(&sink, &format!("upstream {tool} failed (4)"), "disk/rej");
        let left = script(&disk.path(), "ls -A").text();
        assert_eq!(left, "rej\nrej.failed\n", "{tool}");
        script(&disk.path(), "rm rej rej.failed").code(0);
    }
    assert!(!dir.join("out").exists());
}

#[test]
fn rejects_under_a_limit_on_file_sizes() {
    let dir = tempdir().unwrap();
    rejected(dir.path());
    for (command, _) in QUARANTINES {
        let command = command.replace("DIR", ".");
        let outcome = script(
            dir.path(),
            &format!("(ulimit -f 8; {command}) | cat >/dev/null"),
        );
        one_line(&outcome, "./rej", "file too large");
        assert!(!dir.path().join("rej").exists());
    }
}

#[test]
fn a_store_on_a_full_disk_keeps_what_it_had() {
    let Some(disk) = Disk::mount() else { return };
    let dir = disk.path();
    script(&dir, "checkpoint set pipe first --store s.db").code(0);
    disk.fill(0);
    for command in ["set pipe second", "done pipe u1", "run pipe u2 -- true"] {
        let outcome = script(&dir, &format!("MILLRACE_STORE=s.db checkpoint {command}"));
        // `run` is coreutils-like about a failure of its own.
        let expected = if command.starts_with("run") { 125 } else { 4 };
        assert_eq!(outcome.code, expected, "{command}: {}", outcome.stderr);
        one_line(&outcome, "s.db", "");
    }
    assert_eq!(
        script(&dir, "checkpoint get pipe --store s.db")
            .code(0)
            .text(),
        "first\n"
    );
    disk.empty();
    script(&dir, "checkpoint set pipe third --store s.db").code(0);
    assert_eq!(
        script(&dir, "checkpoint get pipe --store s.db")
            .code(0)
            .text(),
        "third\n"
    );
    script(&dir, "checkpoint is-done pipe u1 --store s.db").code(1);
}

#[test]
fn a_store_under_a_limit_on_file_sizes() {
    let dir = tempdir().unwrap();
    let outcome = script(
        dir.path(),
        "ulimit -f 1; exec checkpoint set pipe v --store s.db",
    )
    .code(4);
    one_line(&outcome, "s.db", "");
    script(dir.path(), "checkpoint set pipe v --store s.db").code(0);
    assert_eq!(
        script(dir.path(), "checkpoint get pipe --store s.db")
            .code(0)
            .text(),
        "v\n"
    );
}
