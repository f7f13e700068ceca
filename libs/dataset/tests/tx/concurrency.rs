//! Many writers at once, and a compactor, killed at random: no row lost, none twice.

use super::driver::{self, Ended};
use super::scene::{Job, Mode, Rows, Scene};
use millrace_testkit::orders::Random;
use std::path::Path;
use std::time::{Duration, Instant};

/// Runs `job` until it has succeeded, killing it at random most of the time. Answers how
/// often it was killed.
fn stubborn(job: &Job, root: &Path, seed: u64) -> usize {
    let (mut killed, mut random) = (0, Random::new(seed));
    loop {
        let mut command = driver::command(job, root);
        let mut child = command.spawn().unwrap();
        if killed < 6 && random.below(4) > 0 {
            std::thread::sleep(Duration::from_micros(random.below(30_000)));
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
                .enumerate()
                .map(|(n, job)| stubborn(job, path, 100 + n as u64))
                .sum::<usize>()
        });
        let writing: Vec<_> = jobs
            .iter()
            .enumerate()
            .map(|(n, job)| scope.spawn(move || stubborn(job, path, n as u64)))
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
                scope.spawn(move || stubborn(&unit(n), path, (round * 8 + n) as u64));
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

/// Whoever tidies up in a stage between its check and the commit takes the commit away,
/// not the rows that are live.
#[test]
fn a_stage_tidied_away_commits_nothing() {
    for removed in ["new/p=1", "new/p=1/part", "new", ""] {
        let scene = Scene::with_base();
        let job = Job::new("o", Mode::Overwrite)
            .rows("p=1", 20..25)
            .rows("p=2", 25..30);
        let trace = tempfile::NamedTempFile::new().unwrap();
        let mut command = driver::command(&job, &scene.path);
        command
            .env("MILLRACE_FAILPOINT", "tx.locked=pause:1500")
            .env("MILLRACE_FAILPOINT_TRACE", trace.path());
        let child = command.spawn().unwrap();
        let paused = || std::fs::read_to_string(trace.path()).is_ok_and(|t| t.contains("!tx."));
        while !paused() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let stage = std::fs::read_dir(scene.state().join("tx")).unwrap();
        let stage = stage.map(|entry| entry.unwrap().path()).next().unwrap();
        match removed.strip_suffix("/part") {
            None => std::fs::remove_dir_all(stage.join(removed)).unwrap(),
            Some(partition) => {
                let mut files = std::fs::read_dir(stage.join(partition)).unwrap();
                std::fs::remove_file(files.next().unwrap().unwrap().path()).unwrap();
            }
        }
        let ended = driver::ended(child.wait_with_output().unwrap(), trace.path());
        assert_eq!(ended.code, 4, "{removed}: {}", ended.stderr);
        assert_eq!(scene.rows(), super::scene::base().partitions, "{removed}");
        assert_eq!(driver::run(&job, &scene.path, "").code, 0);
        assert_eq!(scene.rows()["p=1"], (20..25).collect::<Vec<_>>());
    }
}
