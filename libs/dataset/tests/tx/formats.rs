//! State of a newer version is refused untouched; state of an older one is recovered.

use super::scene::{Job, Mode, Scene, expect};
use millrace_fault::{Coded, Exit};
use std::fs;
use std::path::Path;

fn append() -> Job {
    Job::new("a", Mode::Append).rows("p=1", 10..12)
}

#[test]
fn newer_state_is_refused_and_untouched() {
    for name in [
        "dataset.json",
        "log.jsonl",
        "tx/0123456789abcdef.ready/intent.json",
    ] {
        let scene = Scene::with_base();
        let file = scene.state().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let old = fs::read_to_string(&file).unwrap_or_else(|_| r#"{"format":1}"#.to_owned());
        let newer = old.replace("\"format\":1", "\"format\":99");
        assert_ne!(old, newer);
        fs::write(&file, &newer).unwrap();
        let before = (scene.rows(), scene.log_lines());
        let error = scene.commit(&append()).unwrap_err();
        assert_eq!(error.exit(), Exit::DATA, "{name}: {error}");
        assert!(
            error.to_string().contains("format 99, newer"),
            "{name}: {error}"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), newer);
        assert_eq!((scene.rows(), scene.log_lines()), before);
    }
}

#[test]
fn damaged_state_is_refused_with_its_name() {
    for name in ["dataset.json", "tx/0123456789abcdef.ready/intent.json"] {
        let scene = Scene::with_base();
        let file = scene.state().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "{ no").unwrap();
        let error = scene.commit(&append()).unwrap_err();
        assert_eq!(error.exit(), Exit::DATA, "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_torn_log_line_is_cut_and_written_again() {
    let scene = Scene::with_base();
    let log = scene.state().join("log.jsonl");
    let whole = fs::read_to_string(&log).unwrap();
    fs::write(&log, format!("{whole}{}", &whole[..40])).unwrap();
    scene.commit(&append()).unwrap();
    let lines = fs::read_to_string(&log).unwrap();
    assert!(
        lines.starts_with(&whole) && lines.lines().count() == 2,
        "{lines}"
    );
}

/// A dataset that version 0.1 left half-way through a commit of format 1: the first of
/// three partitions is exchanged, nothing is logged. Kept as it was written then.
#[test]
fn a_commit_that_format_1_left_half_way_is_completed() {
    let scene = Scene::new();
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1-half-committed");
    copy(&fixture.join("out"), &scene.path);
    copy(&fixture.join("out.millrace"), &scene.state());
    let before = expect(&[("p=1", 20..25), ("p=2", 4..7), ("p=3", 7..10)]);
    assert_eq!(scene.rows(), before);
    let completed = scene.recover().unwrap();
    assert_eq!(completed.len(), 1);
    assert_eq!(completed[0].run(), "half");
    assert_eq!(
        scene.rows(),
        expect(&[
            ("p=1", 20..25),
            ("p=2", 25..30),
            ("p=3", 7..10),
            ("p=9", 50..51)
        ])
    );
    assert_eq!(scene.log_lines(), 2);
    scene.commit(&append()).unwrap();
    assert!(scene.rows()["p=1"].ends_with(&[24]));
    assert_eq!(scene.rows()["p=1"].len(), 7);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

/// Writes the fixture anew: `TX_WRITE_FIXTURE=DIR cargo test … formats::write_fixture`.
/// Only for a new format, into a new folder; what is kept is never rewritten.
#[test]
fn write_fixture() {
    let Some(target) = std::env::var_os("TX_WRITE_FIXTURE") else {
        return;
    };
    let scene = Scene::with_base();
    let job = Job::new("half", Mode::Overwrite)
        .rows("p=1", 20..25)
        .rows("p=2", 25..30)
        .rows("p=9", 50..51);
    assert_eq!(
        super::driver::run(&job, &scene.path, "tx.flipped=kill").code,
        137
    );
    let target = Path::new(&target);
    copy(&scene.path, &target.join("out"));
    copy(&scene.state(), &target.join("out.millrace"));
}
