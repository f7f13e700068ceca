//! Many writers at once, and a compactor, killed at random: no row lost, none twice.

use super::driver::{self, Ended};
use super::scene::{Job, Mode, Rows, Scene};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::time::{Duration, Instant};

fn random(below: u64) -> u64 {
    RandomState::new().build_hasher().finish() % below
}

/// Runs `job` until it has succeeded, killing it at random most of the time. Answers how
/// often it was killed.
fn stubborn(job: &Job, root: &Path) -> usize {
    let mut killed = 0;
    loop {
        let mut command = driver::command(job, root);
        let mut child = command.spawn().unwrap();
        if killed < 6 && random(4) > 0 {
            std::thread::sleep(Duration::from_micros(random(30_000)));
            let _ = child.kill();
        }
        let ended: Ended = driver::ended(child.wait_with_output().unwrap(), Path::new("/dev/null"));
        match ended.code {
            0 => return killed,
            137 => killed += 1,
            // A compactor whose inputs another one changed asks to be run again.
            5 if job.mode == Mode::Compact => {}
            4 if job.mode == Mode::Compact && ended.stderr.contains("cannot read") => {}
            code => panic!("{job:?}: {code}: {}", ended.stderr),
        }
    }
}

fn all_rows(rows: &Rows) -> Vec<i64> {
    let mut all: Vec<i64> = rows.values().flatten().copied().collect();
    all.sort_unstable();
    all
}

#[test]
fn eight_writers_and_a_compactor_killed_at_random() {
    let scene = Scene::with_base();
    let writers = (0..8).map(|n| {
        let from = 100 * (n + 1);
        Job::new(&format!("w{n}"), Mode::Append)
            .rows("p=1", from..from + 10)
            .rows("p=2", from + 10..from + 20)
    });
    let jobs: Vec<Job> = writers.collect();
    let compactors: Vec<Job> = (0..4)
        .map(|n| {
            Job::new(&format!("k{n}"), Mode::Compact)
                .rows("p=1", [])
                .rows("p=2", [])
        })
        .collect();
    let path = scene.path.as_path();
    let killed: usize = std::thread::scope(|scope| {
        let compacting = scope.spawn(|| {
            compactors
                .iter()
                .map(|job| stubborn(job, path))
                .sum::<usize>()
        });
        let writing: Vec<_> = jobs
            .iter()
            .map(|job| scope.spawn(|| stubborn(job, path)))
            .collect();
        writing
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum::<usize>()
            + compacting.join().unwrap()
    });
    let mut expected: Vec<i64> = (1..10).collect();
    expected.extend((1..9).flat_map(|n| 100 * n..100 * n + 20));
    assert_eq!(all_rows(&scene.rows()), expected, "{killed} times killed");
    for job in &jobs {
        assert_eq!(driver::run(job, path, "").code, 0, "done is done");
    }
    assert_eq!(all_rows(&scene.rows()), expected);
    scene.recover().unwrap();
    assert!(scene.leftovers().is_empty());
    println!("killed {killed} times");
}

#[test]
fn eight_units_replace_their_own_rows_in_shared_partitions() {
    let scene = Scene::with_base();
    let path = scene.path.as_path();
    for round in 0..2 {
        let unit = |n: i64| {
            let from = 1000 * (round + 1) + 100 * n;
            Job::new(&format!("r{round}-{n}"), Mode::ReplaceUnit)
                .unit(&format!("h{n}"))
                .rows("p=1", from..from + 5)
                .rows(if round == 0 { "p=2" } else { "p=3" }, from + 5..from + 10)
        };
        std::thread::scope(|scope| {
            for n in 0..8 {
                scope.spawn(move || stubborn(&unit(n), path));
            }
        });
    }
    let late =
        |from: i64| (0..8).flat_map(move |n| 2000 + 100 * n + from..2000 + 100 * n + from + 5);
    let rows = scene.rows();
    assert_eq!(rows["p=1"], (1..4).chain(late(0)).collect::<Vec<_>>());
    assert_eq!(
        rows["p=2"],
        [4, 5, 6],
        "the first round's rows are gone from it"
    );
    assert_eq!(rows["p=3"], (7..10).chain(late(5)).collect::<Vec<_>>());
}

/// Staging holds no lock: a writer commits while another one is still staging.
#[test]
fn writers_stage_side_by_side() {
    let scene = Scene::with_base();
    let slow = Job::new("slow", Mode::Append).rows("p=1", 10..11);
    let stage = slow.stage(&scene.root()).unwrap();
    let change = slow.change(&scene.root(), &stage);
    let start = Instant::now();
    scene
        .commit(&Job::new("quick", Mode::Append).rows("p=1", 11..12))
        .unwrap();
    assert!(start.elapsed() < Duration::from_secs(30));
    assert!(stage.dir().exists(), "a living stage is not cleaned up");
    stage.commit(change, &slow.options()).unwrap();
    assert_eq!(scene.rows()["p=1"], [1, 2, 3, 10, 11]);
}
