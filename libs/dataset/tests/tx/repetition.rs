//! The same run again is a no-op; the same key with another meaning is refused.

use super::driver;
use super::scene::{Job, Mode, Scene, base, expect};
use millrace_dataset::tx::{CommitOptions, Error, Outcome};
use millrace_fault::{Coded, Exit};

fn append() -> Job {
    Job::new("a", Mode::Append).rows("p=1", 10..12)
}

fn exit(outcome: Result<Outcome, Error>) -> Exit {
    outcome.unwrap_err().exit()
}

#[test]
fn the_same_run_again_repeats_no_row() {
    let scene = Scene::with_base();
    assert!(matches!(scene.commit(&append()), Ok(Outcome::Committed(_))));
    let (rows, files) = (scene.rows(), scene.files("p=1"));
    let again = scene.commit(&append()).unwrap();
    assert!(matches!(&again, Outcome::AlreadyDone(entry) if entry.rows == 2));
    assert_eq!((scene.rows(), scene.files("p=1")), (rows, files));
    assert_eq!(scene.log_lines(), 2);
}

#[test]
fn another_step_or_no_run_id_is_another_transaction() {
    let scene = Scene::with_base();
    scene.commit(&append()).unwrap();
    scene
        .commit(&Job {
            step: Some("late".into()),
            ..append()
        })
        .unwrap();
    scene
        .commit(&Job {
            run: None,
            ..append()
        })
        .unwrap();
    scene
        .commit(&Job {
            run: None,
            ..append()
        })
        .unwrap();
    assert_eq!(
        scene.rows()["p=1"],
        [1, 2, 3, 10, 10, 10, 10, 11, 11, 11, 11]
    );
}

#[test]
fn another_request_under_the_same_key_is_refused() {
    let scene = Scene::with_base();
    scene.commit(&append()).unwrap();
    let rows = scene.rows();
    assert_eq!(
        exit(scene.commit(&Job {
            mode: Mode::Overwrite,
            ..append()
        })),
        Exit::USAGE
    );
    assert_eq!(
        exit(scene.commit(&append().rows("p=1", 10..13))),
        Exit::DATA
    );
    assert_eq!(
        exit(scene.commit(&append().rows("p=1", 11..13))),
        Exit::DATA
    );
    assert_eq!(scene.rows(), rows);
}

#[test]
fn what_a_later_run_replaced_is_still_done_and_what_vanished_is_not() {
    let scene = Scene::with_base();
    scene.commit(&append()).unwrap();
    scene
        .commit(&Job::new("o", Mode::Overwrite).rows("p=1", 50..60))
        .unwrap();
    assert!(matches!(
        scene.commit(&append()),
        Ok(Outcome::AlreadyDone(_))
    ));
    std::fs::remove_dir_all(scene.path.join("p=3")).unwrap();
    assert_eq!(exit(scene.commit(&base())), Exit::DATA);
}

#[test]
fn confirming_early_completes_what_a_crash_left() {
    let scene = Scene::with_base();
    assert_eq!(
        driver::run(&append(), &scene.path, "tx.commit.ready=kill").code,
        137
    );
    assert_eq!(scene.rows()["p=1"], [1, 2, 3]);
    let stage = append().stage(&scene.root()).unwrap();
    let known = stage.already_committed().unwrap().clone();
    assert_eq!(known.rows, 2);
    let entry = stage
        .confirm(&known.description, &CommitOptions::default())
        .unwrap();
    assert_eq!(entry, known);
    assert_eq!(scene.rows()["p=1"], [1, 2, 3, 10, 11]);
    let stage = append().stage(&scene.root()).unwrap();
    let other = stage.confirm(&Default::default(), &CommitOptions::default());
    assert_eq!(other.unwrap_err().exit(), Exit::USAGE);
}

#[test]
fn one_run_is_staged_by_one_process_at_a_time() {
    let scene = Scene::with_base();
    let first = append().stage(&scene.root()).unwrap();
    let second = Job {
        wait_ms: 50,
        ..append()
    }
    .stage(&scene.root());
    assert_eq!(second.unwrap_err().exit(), Exit::BUSY);
    first.discard().unwrap();
    append().stage(&scene.root()).unwrap();
    assert!(scene.leftovers().is_empty() || scene.recover().is_ok());
}

#[test]
fn empty_commits_are_logged() {
    let scene = Scene::with_base();
    let empty = Job::new("e", Mode::Append);
    scene.commit(&empty).unwrap();
    assert!(matches!(scene.commit(&empty), Ok(Outcome::AlreadyDone(_))));
    assert_eq!(scene.log_lines(), 2);
    let fresh = Scene::new();
    fresh.commit(&empty).unwrap();
    fresh.commit(&base()).unwrap();
    assert_eq!(
        fresh.rows(),
        expect(&[("p=1", 1..4), ("p=2", 4..7), ("p=3", 7..10)])
    );
}
