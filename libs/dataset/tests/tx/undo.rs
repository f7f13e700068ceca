//! Undo puts the old sets back, and says so when it cannot.

use super::scene::{Job, Mode, Scene, base};
use millrace_dataset::state::DatasetDescription;
use millrace_dataset::tx::Outcome;
use millrace_fault::{Coded, Exit};

fn undo(run: &str) -> Job {
    Job::new(run, Mode::Undo)
}

fn overwrite() -> Job {
    Job::new("o", Mode::Overwrite)
        .rows("p=1", 20..25)
        .rows("p=2", [])
        .rows("p=9", 1..2)
}

#[test]
fn the_old_sets_come_back_and_the_run_can_be_done_again() {
    let scene = Scene::with_base();
    let files = scene.files("p=1");
    scene.commit(&overwrite()).unwrap();
    let done = scene.rows();
    scene.commit(&undo("o")).unwrap();
    assert_eq!(scene.rows(), base().partitions);
    assert_eq!(scene.files("p=1"), files);
    assert!(!scene.path.join("p=9").exists());
    assert!(
        matches!(scene.commit(&overwrite()), Ok(Outcome::Committed(_))),
        "no longer a repetition"
    );
    assert_eq!(scene.rows(), done);
    scene.commit(&undo("o")).unwrap();
    assert_eq!(scene.rows(), base().partitions);
}

#[test]
fn a_run_of_two_steps_goes_as_one() {
    let scene = Scene::with_base();
    scene.commit(&overwrite()).unwrap();
    let late = Job {
        step: Some("late".into()),
        ..Job::new("o", Mode::Append).rows("p=1", 90..91)
    };
    scene.commit(&late).unwrap();
    scene.commit(&undo("o")).unwrap();
    assert_eq!(scene.rows(), base().partitions);
}

#[test]
fn what_changed_since_is_not_undone() {
    let scene = Scene::with_base();
    scene.commit(&overwrite()).unwrap();
    scene
        .commit(&Job::new("later", Mode::Append).rows("p=1", 90..91))
        .unwrap();
    let rows = scene.rows();
    let error = scene.commit(&undo("o")).unwrap_err();
    assert_eq!(error.exit(), Exit::DATA, "{error}");
    assert_eq!(scene.rows(), rows);
    scene.commit(&undo("later")).unwrap();
    scene.commit(&undo("o")).unwrap();
    assert_eq!(scene.rows(), base().partitions);
}

#[test]
fn without_the_trash_only_additions_can_be_undone() {
    let scene = Scene::with_base();
    scene
        .commit(&Job::new("a", Mode::Append).rows("p=1", 10..12))
        .unwrap();
    scene
        .commit(&Job::new("o", Mode::Overwrite).rows("p=2", 20..25))
        .unwrap();
    scene.recover().unwrap();
    assert!(scene.leftovers().is_empty());
    let error = scene.commit(&undo("o")).unwrap_err();
    assert_eq!(error.exit(), Exit::DATA);
    assert!(error.to_string().contains("no longer kept"), "{error}");
    scene.commit(&undo("a")).unwrap();
    assert_eq!(scene.rows()["p=1"], [1, 2, 3]);
}

#[test]
fn an_unknown_run_is_usage() {
    let scene = Scene::with_base();
    assert_eq!(
        scene.commit(&undo("nobody")).unwrap_err().exit(),
        Exit::USAGE
    );
    scene.commit(&undo("base")).unwrap();
    assert_eq!(
        scene.commit(&undo("base")).unwrap_err().exit(),
        Exit::USAGE,
        "taken back already"
    );
    assert!(scene.rows().is_empty());
    assert_eq!(
        Scene::new().commit(&undo("x")).unwrap_err().exit(),
        Exit::USAGE
    );
}

#[test]
fn the_description_comes_back_too() {
    let scene = Scene::with_base();
    let wide = Job {
        spec: "p,wider".into(),
        ..Job::new("w", Mode::Append).rows("p=1", 10..12)
    };
    scene.commit(&wide).unwrap();
    let spec = || {
        DatasetDescription::recorded(&scene.root())
            .unwrap()
            .unwrap()
            .spec
    };
    assert_eq!(spec(), "p,wider");
    scene.commit(&undo("w")).unwrap();
    assert_eq!(spec(), "p");
}
