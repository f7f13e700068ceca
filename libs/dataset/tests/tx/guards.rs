//! What may not happen is refused before anything changes.

use super::scene::{Job, Mode, Scene, base, expect};
use millrace_dataset::tx::preview;
use millrace_fault::{Coded, Exit, Failure};

/// Refused with `code` and a message that says `text`; the dataset as it was.
fn refused(scene: &Scene, job: &Job, code: Exit, text: &str) {
    let before = (scene.rows(), scene.log_lines());
    let failure = Failure::from(scene.commit(job).unwrap_err());
    assert_eq!(failure.exit(), code, "{failure}");
    assert!(failure.to_string().contains(text), "{failure}");
    assert_eq!((scene.rows(), scene.log_lines()), before);
    assert!(
        std::fs::read_dir(scene.state().join("tx"))
            .unwrap()
            .next()
            .is_none(),
        "the stage is gone"
    );
}

#[test]
fn create_onto_data_is_usage() {
    let scene = Scene::with_base();
    let job = Job::new("c", Mode::Create)
        .rows("p=4", 1..2)
        .rows("p=2", 1..2);
    refused(
        &scene,
        &job,
        Exit::USAGE,
        "partition 'p=2' already has data",
    );
    scene
        .commit(&Job::new("c", Mode::Create).rows("p=4", 1..2))
        .unwrap();
}

#[test]
fn shrinking_too_far_is_a_finding() {
    let scene = Scene::with_base();
    let mut job = Job::new("o", Mode::Overwrite).rows("p=1", 1..2);
    job.max_shrink = Some(0.5);
    refused(
        &scene,
        &job,
        Exit::FINDING,
        "partition 'p=1' would shrink from 3 to 1 rows (-66.7%), more than --max-shrink 50% permits",
    );
    job.max_shrink = Some(0.7);
    scene.commit(&job).unwrap();
    // Adding rows, or taking back one's own few, shrinks nothing.
    let mut more = Job::new("a", Mode::Append).rows("p=1", 2..3);
    more.max_shrink = Some(0.0);
    scene.commit(&more).unwrap();
}

#[test]
fn nothing_replaces_something_only_when_asked() {
    let scene = Scene::with_base();
    let mut job = Job::new("o", Mode::Overwrite)
        .rows("p=1", [])
        .rows("p=2", []);
    job.max_shrink = Some(0.5);
    refused(
        &scene,
        &job,
        Exit::FINDING,
        "the input is empty: partition 'p=1' and 1 more would be replaced by nothing",
    );
    job.allow_empty = true;
    scene.commit(&job).unwrap();
    assert_eq!(scene.rows(), expect(&[("p=3", 7..10)]));
    assert!(!scene.path.join("p=1").exists());
}

#[test]
fn a_damaged_file_can_be_overwritten_without_a_shrink_limit() {
    let scene = Scene::with_base();
    let file = scene.path.join("p=1").join(&scene.files("p=1")[0]);
    std::fs::write(&file, "no parquet at all").unwrap();
    let mut job = Job::new("o", Mode::Overwrite).rows("p=1", 1..9);
    job.max_shrink = Some(0.5);
    let error = scene.commit(&job).unwrap_err();
    assert_eq!(error.exit(), Exit::DATA);
    assert!(
        error.to_string().contains(file.to_str().unwrap()),
        "{error}"
    );
    job.max_shrink = Some(1.0);
    scene.commit(&job).unwrap();
    assert_eq!(scene.rows()["p=1"], (1..9).collect::<Vec<_>>());
}

#[test]
fn a_preview_counts_and_touches_nothing() {
    let scene = Scene::with_base();
    let mut job = Job::new("o", Mode::Overwrite)
        .rows("p=1", 1..2)
        .rows("p=7", 1..5);
    job.max_shrink = Some(0.5);
    let stage = job.stage(&scene.root()).unwrap();
    let change = job.change(&scene.root(), &stage);
    let (previews, verdict) = preview(&scene.root(), &change).unwrap();
    let counts: Vec<_> = previews
        .iter()
        .map(|p| (p.path.as_str(), p.rows, p.files))
        .collect();
    assert_eq!(counts, [("p=1", (3, 1), (1, 1)), ("p=7", (0, 4), (0, 1))]);
    assert_eq!(verdict.unwrap_err().exit(), Exit::FINDING);
    stage.discard().unwrap();
    assert_eq!(scene.rows(), base().partitions);
}

#[test]
fn a_dataset_changed_underneath_is_busy() {
    let scene = Scene::with_base();
    let mine = Job {
        spec: "p,mine".into(),
        ..Job::new("m", Mode::Append).rows("p=1", 10..11)
    };
    let theirs = Job {
        spec: "p,theirs".into(),
        ..Job::new("t", Mode::Append).rows("p=1", 11..12)
    };
    let stage = mine.stage(&scene.root()).unwrap();
    let change = mine.change(&scene.root(), &stage);
    scene.commit(&theirs).unwrap();
    let error = stage.commit(change, &mine.options()).unwrap_err();
    assert_eq!(error.exit(), Exit::BUSY, "{error}");
    scene.commit(&mine).unwrap();
}

#[test]
fn what_is_staged_must_be_what_was_announced() {
    let scene = Scene::with_base();
    let job = Job::new("s", Mode::Append).rows("p=1", 10..12);
    for spoil in 0..4 {
        let stage = job.stage(&scene.root()).unwrap();
        let mut change = job.change(&scene.root(), &stage);
        let file = stage.dir().join("p=1").join(stage.file_name(0));
        match spoil {
            0 => change.partitions[0].add[0].rows = 3,
            1 => std::fs::write(&file, "PAR1 not really PAR1").unwrap(),
            2 => std::fs::write(stage.dir().join("p=1/extra.parquet"), "").unwrap(),
            _ => change.partitions[0].path = "../p=1".into(),
        }
        let error = stage.commit(change, &job.options()).unwrap_err();
        assert_eq!(error.exit(), Exit::DATA, "{spoil}: {error}");
        assert_eq!(scene.rows(), base().partitions, "{spoil}");
    }
}
