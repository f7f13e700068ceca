//! What does not belong to a dataset is refused with its name, and left as it is.

use super::driver;
use super::scene::{Job, Mode, Scene, base, expect};
use millrace_dataset::root::{Access, Root};
use millrace_fault::{Coded, Exit, Failure};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn overwrite() -> Job {
    Job::new("o", Mode::Overwrite).rows("p=1", 20..25)
}

/// Every path below `folder` with its contents (links by their target).
fn snapshot(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.symlink_metadata().unwrap() {
            m if m.is_symlink() => drop(
                found.insert(
                    path.clone(),
                    fs::read_link(&path)
                        .unwrap()
                        .into_os_string()
                        .into_encoded_bytes(),
                ),
            ),
            m if m.is_dir() => found.extend(snapshot(&path)),
            _ => drop(found.insert(path.clone(), fs::read(&path).unwrap())),
        }
    }
    found
}

/// `job` is refused with `code` and a message that says `text`; nothing has changed.
fn refused(scene: &Scene, job: &Job, code: Exit, text: &str) -> Failure {
    let before = snapshot(scene.folder.path());
    let failure = Failure::from(scene.commit(job).unwrap_err());
    assert_eq!(failure.exit(), code, "{failure}");
    assert!(failure.to_string().contains(text), "{failure}");
    let after: BTreeMap<_, _> = snapshot(scene.folder.path());
    assert_eq!(
        after.keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
    assert!(after == before, "contents changed");
    failure
}

#[test]
fn planted_links() {
    let scene = Scene::with_base();
    let elsewhere = scene.folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("precious.parquet"), "x").unwrap();
    symlink(
        elsewhere.join("precious.parquet"),
        scene.path.join("p=1/link.parquet"),
    )
    .unwrap();
    refused(
        &scene,
        &overwrite(),
        Exit::DATA,
        "p=1/link.parquet' is a symbolic link",
    );
    fs::remove_dir_all(scene.path.join("p=1")).unwrap();
    symlink(&elsewhere, scene.path.join("p=1")).unwrap();
    refused(&scene, &overwrite(), Exit::DATA, "p=1' is a symbolic link");
    let below = Job::new("b", Mode::Append).rows("p=1/q=1", 1..2);
    refused(&scene, &below, Exit::DATA, "p=1' is a symbolic link");
}

#[test]
fn a_planted_link_for_the_state() {
    let scene = Scene::new();
    let elsewhere = scene.folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, scene.state()).unwrap();
    refused(
        &scene,
        &base(),
        Exit::DATA,
        ".out.millrace' is a symbolic link",
    );
}

#[test]
fn foreign_files_and_folders() {
    let scene = Scene::with_base();
    fs::write(scene.path.join("p=1/notes.txt"), "mine").unwrap();
    refused(
        &scene,
        &overwrite(),
        Exit::DATA,
        "p=1/notes.txt' is not a Parquet file",
    );
    fs::remove_file(scene.path.join("p=1/notes.txt")).unwrap();
    fs::create_dir(scene.path.join("p=1/_delta_log")).unwrap();
    refused(
        &scene,
        &overwrite(),
        Exit::DATA,
        "p=1/_delta_log' is a folder",
    );
    fs::remove_dir(scene.path.join("p=1/_delta_log")).unwrap();
    fs::create_dir(scene.path.join("p=1/q=2")).unwrap();
    refused(&scene, &overwrite(), Exit::DATA, "p=1/q=2' is a folder");
    // Elsewhere in the tree they are none of our business.
    scene
        .commit(&Job::new("x", Mode::Append).rows("p=2", 10..11))
        .unwrap();
}

#[test]
fn two_spellings_of_one_value() {
    let scene = Scene::with_base();
    let job = Job::new("d", Mode::Append).rows("p=01", 1..2);
    refused(
        &scene,
        &job,
        Exit::DATA,
        "'p=01' and 'p=1', which mean the same",
    );
    let both = Job::new("d", Mode::Append)
        .rows("p=x%2Fy", 1..2)
        .rows("p=x%2fy", 1..2);
    refused(&scene, &both, Exit::DATA, "which mean the same");
}

#[test]
fn paths_that_leave_the_dataset() {
    let scene = Scene::with_base();
    for path in ["..", "p=1/..", "/etc", "p=1//q=2", "_p=1", "x"] {
        let mut job = Job::new("e", Mode::Overwrite).rows(path, []);
        job.allow_empty = true;
        refused(&scene, &job, Exit::DATA, "is no path of a partition");
    }
    let mixed = Job::new("m", Mode::Append)
        .rows("p=7", 1..2)
        .rows("p=7/q=1", 2..3);
    refused(&scene, &mixed, Exit::DATA, "have different columns");
}

#[test]
fn a_root_made_anew() {
    let scene = Scene::with_base();
    fs::rename(&scene.path, scene.folder.path().join("moved")).unwrap();
    let failure = refused(&scene, &overwrite(), Exit::USAGE, "is gone");
    assert!(failure.hint_line().unwrap().contains("--adopt"));
    fs::create_dir(&scene.path).unwrap();
    refused(&scene, &overwrite(), Exit::USAGE, "moved or made anew");
    scene
        .commit(&Job {
            adopt: true,
            ..overwrite()
        })
        .unwrap();
    assert_eq!(scene.rows().len(), 1);
    scene
        .commit(&Job::new("o2", Mode::Append).rows("p=1", 1..2))
        .unwrap();
}

#[test]
fn a_root_moved_back_or_with_its_parent_is_the_same() {
    let scene = Scene::with_base();
    let aside = scene.folder.path().join("aside");
    fs::rename(&scene.path, &aside).unwrap();
    fs::rename(&aside, &scene.path).unwrap();
    scene.commit(&overwrite()).unwrap();
}

#[test]
fn a_dataset_inside_a_dataset() {
    let scene = Scene::with_base();
    let inner = overwrite().run(&scene.path.join("inner")).unwrap_err();
    assert_eq!(inner.exit(), Exit::USAGE);
    let link = scene.folder.path().join("link");
    symlink(&scene.path, &link).unwrap();
    for operand in [link.clone(), link.join("p=1"), scene.path.join("p=9/q=1")] {
        let root = Root::resolve(&operand, Access::Create).unwrap();
        assert_eq!(root.state_dir(), scene.state());
    }
}

#[test]
fn a_lock_held_by_others_is_waited_for_and_then_busy() {
    let scene = Scene::with_base();
    // Not at once: until it runs its program, a process that another test has just begun
    // holds what was open in this one.
    let wait = Duration::from_secs(10);
    let lock = millrace_storage::lock::Lock::acquire(scene.state().join("lock"), wait).unwrap();
    refused(
        &scene,
        &Job {
            wait_ms: 30,
            ..overwrite()
        },
        Exit::BUSY,
        "is locked by another process",
    );
    drop(lock);
    scene.commit(&overwrite()).unwrap();
}

#[test]
fn a_partition_changed_by_others_after_a_crash() {
    let scene = Scene::with_base();
    let job = overwrite().rows("p=2", 30..33).rows("p=3", 40..43);
    assert_eq!(
        driver::run(&job, &scene.path, "tx.commit.ready=kill").code,
        137
    );
    fs::write(scene.path.join("p=2/stranger.parquet"), "x").unwrap();
    let failure = Failure::from(scene.recover().unwrap_err());
    assert_eq!(failure.exit(), Exit::DATA, "{failure}");
    assert!(
        failure
            .to_string()
            .contains("p=2' was changed by someone else"),
        "{failure}"
    );
    assert!(failure.hint_line().unwrap().contains("--adopt"));
    fs::remove_file(scene.path.join("p=2/stranger.parquet")).unwrap();
    super::scene::write(&scene.path.join("p=2"), "stranger.parquet", &[99], &[]).unwrap();
    assert_eq!(
        scene.rows()["p=1"],
        (20..25).collect::<Vec<_>>(),
        "the others are rolled forward"
    );
    assert_eq!(scene.rows()["p=3"], (40..43).collect::<Vec<_>>());
    assert_eq!(
        scene.recover().unwrap_err().exit(),
        Exit::DATA,
        "until somebody decides"
    );
    driver::run(
        &Job {
            adopt: true,
            mode: Mode::Recover,
            ..job.clone()
        },
        &scene.path,
        "",
    );
    assert_eq!(scene.rows()["p=2"], [4, 5, 6, 99], "his change is kept");
    assert!(scene.recover().unwrap().is_empty());
}

/// A new dataset is put in place whole, unless somebody has put something there meanwhile.
#[test]
fn a_root_made_by_others_before_a_new_dataset_took_its_place() {
    let job = Job::new("c", Mode::Create)
        .rows("p=1/q=1", 1..4)
        .rows("p=2/q=1", 4..7);
    let new = [("p=1/q=1", 1..4), ("p=2/q=1", 4..7)];
    for (others, after) in [
        (None, expect(&new)),
        (
            Some("p=1/q=2"),
            expect(&[new[0].clone(), new[1].clone(), ("p=1/q=2", 90..92)]),
        ),
    ] {
        let scene = Scene::new();
        let ended = driver::run(&job, &scene.path, "tx.commit.ready=kill");
        assert_eq!(ended.code, 137);
        assert!(!scene.path.exists(), "nothing of it is seen before all is");
        fs::create_dir(&scene.path).unwrap();
        if let Some(others) = others {
            let folder = scene.path.join(others);
            fs::create_dir_all(&folder).unwrap();
            super::scene::write(&folder, "theirs.parquet", &[90, 91], &[]).unwrap();
        }
        assert_eq!(scene.recover().unwrap().len(), 1);
        assert_eq!(scene.rows(), after);
        assert!(scene.recover().unwrap().is_empty());
        // The root is the one that the state tells of.
        scene
            .commit(&Job::new("a", Mode::Append).rows("p=3/q=1", 7..8))
            .unwrap();
        assert_eq!(scene.rows()["p=3/q=1"], [7]);
    }
}

/// Tools that need a dataset complete one that was committed, but is not in place yet.
#[test]
fn a_missing_root_is_refused_unless_it_is_on_its_way() {
    let scene = Scene::new();
    let job = Job::new("c", Mode::Create).rows("p=1", 1..4);
    assert!(Root::resolve(&scene.path, Access::Write).is_err());
    let ended = driver::run(&job, &scene.path, "tx.commit.ready=kill");
    assert_eq!(ended.code, 137);
    Root::resolve(&scene.path, Access::Write).unwrap();
    assert_eq!(
        Root::resolve(&scene.path, Access::Read).unwrap_err().exit(),
        Exit::ENVIRONMENT
    );
    scene.recover().unwrap();
    assert_eq!(scene.rows(), expect(&[("p=1", 1..4)]));
}
