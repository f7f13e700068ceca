//! A dataset without partitions: its root is exchanged itself.

use super::scene::{Job, Mode, Scene, expect};
use millrace_fault::{Coded, Exit};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

fn create() -> Job {
    Job::new("c", Mode::Create).rows("", 1..4)
}

#[test]
fn every_commit_makes_a_new_root_that_is_still_known() {
    let scene = Scene::new();
    scene.commit(&create()).unwrap();
    for n in 0..4 {
        let job = Job::new(&format!("a{n}"), Mode::Append).rows("", [10 + n]);
        scene.commit(&job).unwrap();
    }
    scene
        .commit(&Job::new("k", Mode::Compact).rows("", []))
        .unwrap();
    assert_eq!(scene.rows()[""], [1, 2, 3, 10, 11, 12, 13]);
    assert_eq!(scene.files("").len(), 1);
    scene
        .commit(&Job::new("o", Mode::Overwrite).rows("", 50..52))
        .unwrap();
    assert_eq!(scene.rows(), expect(&[("", 50..52)]));
}

#[test]
fn a_root_made_anew_is_noticed() {
    let scene = Scene::new();
    scene.commit(&create()).unwrap();
    fs::remove_dir_all(&scene.path).unwrap();
    fs::create_dir(&scene.path).unwrap();
    let append = Job::new("a", Mode::Append).rows("", 4..5);
    assert_eq!(scene.commit(&append).unwrap_err().exit(), Exit::USAGE);
    scene
        .commit(&Job {
            adopt: true,
            ..append
        })
        .unwrap();
    assert_eq!(scene.rows(), expect(&[("", 4..5)]));
}

#[test]
fn the_root_outlives_its_rows_and_keeps_its_mode() {
    let scene = Scene::new();
    scene.commit(&create()).unwrap();
    fs::set_permissions(&scene.path, fs::Permissions::from_mode(0o750)).unwrap();
    fs::write(scene.path.join("_SUCCESS"), "").unwrap();
    let mut nothing = Job::new("n", Mode::Overwrite).rows("", []);
    nothing.allow_empty = true;
    scene.commit(&nothing).unwrap();
    assert!(scene.rows().is_empty());
    assert!(scene.path.join("_SUCCESS").exists());
    assert_eq!(
        fs::metadata(&scene.path).unwrap().permissions().mode() & 0o777,
        0o750
    );
    scene.commit(&Job::new("u", Mode::Undo)).unwrap_err();
    scene.commit(&Job::new("n", Mode::Undo)).unwrap();
    assert_eq!(scene.rows(), expect(&[("", 1..4)]));
}

#[test]
fn a_link_to_the_root_leads_to_the_new_one() {
    let scene = Scene::new();
    scene.commit(&create()).unwrap();
    let link = scene.folder.path().join("link");
    symlink(&scene.path, &link).unwrap();
    Job::new("a", Mode::Append)
        .rows("", 4..6)
        .run(&link)
        .unwrap();
    assert_eq!(scene.rows(), expect(&[("", 1..6)]));
}

#[test]
fn partitioned_and_not_do_not_mix() {
    let scene = Scene::with_base();
    let error = scene
        .commit(&Job::new("a", Mode::Append).rows("", 1..2))
        .unwrap_err();
    assert_eq!(error.exit(), Exit::DATA, "{error}");
    assert!(error.to_string().contains("is a folder"), "{error}");
}
