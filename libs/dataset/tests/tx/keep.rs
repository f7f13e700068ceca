//! Which live files stay, and what goes along with them.

use super::scene::{Job, Mode, Scene, decode, try_read, write};
use millrace_dataset::tx::{Keep, locate, reopen};
use millrace_fault::{Coded, Exit};
use std::collections::HashSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn compact_beside_an_append_loses_nothing() {
    let scene = Scene::with_base();
    scene
        .commit(&Job::new("a1", Mode::Append).rows("p=1", 10..12))
        .unwrap();
    let compact = Job::new("k", Mode::Compact).rows("p=1", []);
    let stage = compact.stage(&scene.root()).unwrap();
    let change = compact.change(&scene.root(), &stage);
    scene
        .commit(&Job::new("a2", Mode::Append).rows("p=1", 12..14))
        .unwrap();
    stage.commit(change, &compact.options()).unwrap();
    assert_eq!(scene.rows()["p=1"], [1, 2, 3, 10, 11, 12, 13]);
    assert_eq!(
        scene.files("p=1").len(),
        2,
        "the compacted file and the late one"
    );
}

#[test]
fn compact_whose_inputs_changed_is_busy() {
    let scene = Scene::with_base();
    let compact = Job::new("k", Mode::Compact).rows("p=1", []);
    let stage = compact.stage(&scene.root()).unwrap();
    let change = compact.change(&scene.root(), &stage);
    scene
        .commit(&Job::new("o", Mode::Overwrite).rows("p=1", 50..53))
        .unwrap();
    let error = stage.commit(change, &compact.options()).unwrap_err();
    assert_eq!(error.exit(), Exit::BUSY, "{error}");
    assert_eq!(scene.rows()["p=1"], [50, 51, 52]);
}

#[test]
fn a_unit_replaces_its_own_files_wherever_they_are() {
    let scene = Scene::with_base();
    let unit = |run: &str, unit: &str| Job::new(run, Mode::ReplaceUnit).unit(unit);
    scene
        .commit(&unit("r1", "h1").rows("p=1", 10..12).rows("p=2", 12..14))
        .unwrap();
    scene.commit(&unit("r2", "h2").rows("p=1", 20..22)).unwrap();
    scene
        .commit(&unit("r3", "h1").rows("p=1", 30..31).rows("p=3", 31..32))
        .unwrap();
    let rows = scene.rows();
    assert_eq!(rows["p=1"], [1, 2, 3, 20, 21, 30]);
    assert_eq!(
        rows["p=2"],
        [4, 5, 6],
        "an earlier partition that it did not name again"
    );
    assert_eq!(rows["p=3"], [7, 8, 9, 31]);
}

#[test]
fn a_unit_compacted_with_others_cannot_be_replaced() {
    let scene = Scene::with_base();
    let names = ["h1".to_owned(), "h2".to_owned()];
    write(&scene.path.join("p=1"), "merged.parquet", &[5], &names).unwrap();
    let job = Job::new("r", Mode::ReplaceUnit)
        .unit("h1")
        .rows("p=1", 10..12);
    let error = scene.commit(&job).unwrap_err();
    assert_eq!(error.exit(), Exit::DATA);
    assert!(error.hint().unwrap().contains("overwrite"));
    scene
        .commit(
            &Job::new("r", Mode::ReplaceUnit)
                .unit("h3")
                .rows("p=1", 10..12),
        )
        .unwrap();
    assert_eq!(scene.rows()["p=1"], [1, 2, 3, 5, 10, 11]);
}

#[test]
fn bookkeeping_is_carried_over_and_stale_checksums_go() {
    let scene = Scene::with_base();
    let folder = scene.path.join("p=1");
    let name = scene.files("p=1")[0].clone();
    for marked in [
        "_SUCCESS".to_owned(),
        format!(".{name}.crc"),
        ".keep".to_owned(),
    ] {
        fs::write(folder.join(marked), "x").unwrap();
    }
    fs::set_permissions(&folder, Permissions::from_mode(0o2751)).unwrap();
    let hidden = || -> HashSet<String> {
        let names = fs::read_dir(&folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with(['_', '.'])).collect()
    };
    scene
        .commit(&Job::new("a", Mode::Append).rows("p=1", 10..12))
        .unwrap();
    assert_eq!(hidden().len(), 3, "kept files keep their checksums");
    scene
        .commit(&Job::new("o", Mode::Overwrite).rows("p=1", 10..12))
        .unwrap();
    assert_eq!(hidden(), ["_SUCCESS", ".keep"].map(str::to_owned).into());
    assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o7777, 0o2751);
}

/// As if every folder had been made where it now is, whether with the root or later.
#[test]
fn folders_belong_to_the_group_of_the_folder_that_they_are_made_in() {
    const SET_GROUP_ID: u32 = 0o2000;
    let scene = Scene::new();
    let above = scene.folder.path();
    fs::set_permissions(above, Permissions::from_mode(0o2775)).unwrap();
    // Made before its parent was the group's: what is staged in it inherits nothing there.
    let state = scene.state();
    fs::create_dir_all(state.join("tx")).unwrap();
    for folder in [&state, &state.join("tx")] {
        fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    }
    let job = |run, mode, path| Job::new(run, mode).rows(path, 1..4);
    scene.commit(&job("c", Mode::Create, "p=1/q=1")).unwrap();
    scene.commit(&job("a", Mode::Append, "p=2/q=1")).unwrap();
    for folder in ["", "p=1", "p=1/q=1", "p=2", "p=2/q=1"] {
        let mode = fs::metadata(scene.path.join(folder)).unwrap().mode();
        assert_ne!(mode & SET_GROUP_ID, 0, "'{folder}': {mode:o}");
    }
}

#[test]
fn kept_files_are_the_same_files() {
    let scene = Scene::with_base();
    let file = scene.path.join("p=1").join(&scene.files("p=1")[0]);
    let inode = fs::metadata(&file).unwrap().ino();
    scene
        .commit(&Job::new("a", Mode::Append).rows("p=1", 10..12))
        .unwrap();
    assert_eq!(fs::metadata(&file).unwrap().ino(), inode);
    let none = Job::new("n", Mode::Overwrite);
    let stage = none.stage(&scene.root()).unwrap();
    let mut change = none.change(&scene.root(), &stage);
    change
        .partitions
        .push(millrace_dataset::tx::PartitionChange {
            path: "p=1".into(),
            add: Vec::new(),
            keep: Keep::Everything,
        });
    stage.commit(change, &none.options()).unwrap();
    assert_eq!(scene.files("p=1").len(), 2, "nothing to do is nothing done");
}

/// A reader that lists and then opens, while the partition is replaced over and over,
/// gets one whole set each time.
#[test]
fn readers_find_what_vanished_between_listing_and_opening() {
    let scene = Scene::new();
    let generation = |n: i64| vec![n; 500];
    scene
        .commit(&Job::new("", Mode::Create).rows("p=1", generation(0)))
        .unwrap();
    let (done, mut located) = (AtomicBool::new(false), 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 1..150 {
                scene
                    .commit(&Job::new("", Mode::Overwrite).rows("p=1", generation(n)))
                    .unwrap();
            }
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            let listed = millrace_dataset::listing::list(&scene.path).unwrap();
            assert_eq!(listed.len(), 1);
            for file in &listed[0].files {
                std::thread::yield_now();
                let ids = try_read(&file.path).unwrap_or_else(|error| {
                    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
                    located += 1;
                    let again = reopen(&scene.root(), "p=1", &file.name, file.size);
                    let again = again.unwrap().expect("replaced, so it is kept somewhere");
                    let length = again.len() as usize;
                    decode(again.read_at(0, length).unwrap())
                });
                assert_eq!(ids.len(), 500);
                assert!(ids.iter().all(|id| *id == ids[0]));
            }
        }
    });
    let gone = locate(&scene.root(), "p=1", "nobody.parquet", 1).unwrap();
    assert!(gone.is_none());
    println!("{located} files were found after they had vanished");
}
