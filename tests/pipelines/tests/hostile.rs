//! Directories that do not want to be a dataset: what is strange is refused with its name,
//! by `partition` and by `compact`, and left as it is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use millrace_testkit::{TempDir, run, sh, tempdir};
use std::path::Path;

/// A dataset `out` whose partition p=1 has two files, and `in.arrows` for it.
fn dataset() -> TempDir {
    let dir = tempdir().unwrap();
    let script = r#"
        for i in 1 2 3 4; do echo "{\"p\":$((i % 2)),\"id\":$i}"; done | ingest --format ndjson >in.arrows
        partition out --by p <in.arrows && partition out --mode append <in.arrows
    "#;
    run(&mut sh(dir.path(), script)).code(0);
    dir
}

/// Every name, and what is behind it, but for the lock files that a look may leave.
fn snapshot(dir: &Path) -> String {
    let script = "find . ! -name lock | sort | while read -r path; do
        if [ -L \"$path\" ]; then echo \"$path -> $(readlink \"$path\")\"
        elif [ -f \"$path\" ]; then cksum \"$path\"; else echo \"$path\"; fi; done";
    run(&mut sh(dir, script)).code(0).text()
}

const OVERWRITE: &str = "partition out --mode overwrite --max-shrink 1 <in.arrows";
const APPEND: &str = "partition out --mode append <in.arrows";
const COMPACT: &str = "compact out --all";

/// After `prepare`, each of `commands` exits with `code` and one message that says `text`
/// (and at most a hint); nothing changes.
fn refused(prepare: &str, commands: &[&str], code: i32, text: &str) {
    let dir = dataset();
    run(&mut sh(dir.path(), prepare)).code(0);
    let before = snapshot(dir.path());
    for command in commands {
        let outcome = run(&mut sh(dir.path(), command));
        let said = &outcome.stderr;
        assert_eq!(outcome.code, code, "{prepare}: {command}: {said}");
        assert!(said.contains(text), "{prepare}: {command}: {said}");
        assert!(said.lines().count() <= 2, "{prepare}: {command}: {said}");
        assert_eq!(outcome.text(), "", "{prepare}: {command}");
        assert_eq!(snapshot(dir.path()), before, "{prepare}: {command}");
    }
}

const ALL: [&str; 3] = [OVERWRITE, APPEND, COMPACT];

#[test]
fn foreign_files_in_a_partition() {
    refused("echo mine >out/p=1/notes.txt", &ALL, 3, "notes.txt");
    refused("mkdir out/p=1/_temporary", &ALL, 3, "_temporary");
    refused("mkfifo out/p=1/pipe", &ALL, 3, "pipe");
}

#[test]
fn foreign_files_beside_partitions_are_none_of_our_business() {
    let dir = dataset();
    let script =
        format!("touch out/_SUCCESS out/notes.txt && {APPEND} && {COMPACT} && LC_ALL=C ls out");
    let listed = run(&mut sh(dir.path(), &script)).code(0).text();
    assert!(
        listed.ends_with("_SUCCESS\nnotes.txt\np=0\np=1\n"),
        "{listed}"
    );
}

#[test]
fn planted_links() {
    let outside = "mkdir elsewhere && echo precious >elsewhere/a.parquet";
    let link = "ln -s ../../elsewhere/a.parquet out/p=1/a.parquet";
    refused(&format!("{outside}; {link}"), &ALL, 3, "is a symbolic link");
    let folder = "mv out/p=1 elsewhere/ && ln -s ../elsewhere/p=1 out/p=1";
    refused(
        &format!("{outside}; {folder}"),
        &ALL,
        3,
        "is a symbolic link",
    );
    let state = "mv .out.millrace elsewhere/ && ln -s elsewhere/.out.millrace .out.millrace";
    refused(
        &format!("{outside}; {state}"),
        &ALL,
        3,
        "is a symbolic link",
    );
}

/// A link as the root leads to the dataset itself, under the same lock.
#[test]
fn a_link_to_the_root_is_the_dataset() {
    let dir = dataset();
    let script =
        "ln -s out link && partition link --mode append <in.arrows && compact link --all --keep 0s
        ls -A; prune out --count";
    let seen = run(&mut sh(dir.path(), script)).code(0).text();
    assert!(
        seen.ends_with(".out.millrace\nin.arrows\nlink\nout\n12\n"),
        "{seen}"
    );
    let broken = "mv out gone";
    let astray = format!("ln -s gone2 link; {broken}");
    refused(&astray, &["compact link --all"], 4, "cannot open 'link'");
}

#[test]
fn a_dataset_of_a_newer_version() {
    let newer = |file: &str| format!("sed -i 's/\"format\":1/\"format\":2/' .out.millrace/{file}");
    for file in ["dataset.json", "log.jsonl"] {
        refused(&newer(file), &[OVERWRITE, APPEND], 3, "newer");
        refused(
            &newer(file),
            &[COMPACT, "partition out --undo r"],
            3,
            "newer",
        );
    }
    let pending = "MILLRACE_FAILPOINT=tx.commit.ready=kill partition out --mode append <in.arrows; \
        sed -i 's/\"format\":1/\"format\":2/' .out.millrace/tx/*.ready/intent.json";
    refused(pending, &ALL, 3, "newer");
}

#[test]
fn a_dataset_inside_another() {
    let inner = [
        "partition out/inner --by p <in.arrows",
        "partition out/p=1/inner <in.arrows",
    ];
    refused("true", &inner, 2, "lies inside the dataset");
    let moved = "partition sub --by p <in.arrows && mv sub .sub.millrace out/";
    refused(
        moved,
        &["compact out/sub --all"],
        2,
        "lies inside the dataset",
    );
    refused(moved, &ALL, 2, "is a dataset inside the dataset");
}

#[test]
fn a_root_that_is_no_directory_or_another_one() {
    refused(
        "mv out aside && echo x >out",
        &[OVERWRITE, COMPACT],
        4,
        "out",
    );
    refused("mv out aside", &[OVERWRITE, APPEND], 2, "is gone");
    refused(
        "mv out aside",
        &[COMPACT],
        4,
        "cannot read 'out': no such file",
    );
    refused("mv out aside && mkdir out", &ALL, 2, "moved or made anew");
}
