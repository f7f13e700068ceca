//! Every step of every kind of commit, broken once each: by SIGKILL and by an I/O error.
//! After each: every partition is old or new to the row, recovery twice changes nothing
//! more, the same run again completes, and nothing is left over.

use super::driver;
use super::scene::{Job, Mode, Rows, Scene, expect};
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

struct Case {
    name: &'static str,
    before: Vec<Job>,
    job: Job,
    after: Rows,
}

fn case(name: &'static str, before: Vec<Job>, job: Job, after: &[(&str, Range<i64>)]) -> Case {
    Case {
        name,
        before,
        job,
        after: expect(after),
    }
}

fn base() -> Vec<Job> {
    vec![super::scene::base()]
}

fn cases() -> Vec<Case> {
    let late =
        |run: &str, range: Range<i64>| Job::new(run, Mode::Append).unit("u").rows("p=2", range);
    let mut window = Job::new("w", Mode::Overwrite)
        .rows("p=1", 20..25)
        .rows("p=2", 25..30)
        .rows("p=9", 50..51);
    window.window = true;
    let mut nothing = Job::new("n", Mode::Overwrite)
        .rows("p=1", 20..23)
        .rows("p=2", []);
    nothing.allow_empty = true;
    let mut nothing_in_window = nothing.clone();
    nothing_in_window.window = true;
    let mut unpartitioned_window = Job::new("uw", Mode::Overwrite).rows("", 30..33);
    unpartitioned_window.window = true;
    let flat = || vec![Job::new("flat", Mode::Create).rows("", 1..4)];
    vec![
        case(
            "create",
            vec![],
            Job::new("c", Mode::Create)
                .rows("p=1/q=1", 1..4)
                .rows("p=1/q=2", 4..7),
            &[("p=1/q=1", 1..4), ("p=1/q=2", 4..7)],
        ),
        case(
            "overwrite",
            base(),
            Job::new("o", Mode::Overwrite)
                .rows("p=1", 20..25)
                .rows("p=2", 25..30)
                .rows("p=9", 50..51),
            &[
                ("p=1", 20..25),
                ("p=2", 25..30),
                ("p=3", 7..10),
                ("p=9", 50..51),
            ],
        ),
        case(
            "append",
            base(),
            Job::new("a", Mode::Append)
                .rows("p=3", 10..12)
                .rows("p=4", 12..13),
            &[
                ("p=1", 1..4),
                ("p=2", 4..7),
                ("p=3", 7..12),
                ("p=4", 12..13),
            ],
        ),
        case(
            "replaced by nothing",
            base(),
            nothing,
            &[("p=1", 20..23), ("p=3", 7..10)],
        ),
        case(
            "replace-unit",
            vec![base().remove(0), late("l", 100..103)],
            Job::new("l2", Mode::ReplaceUnit)
                .unit("u")
                .rows("p=3", 10..12),
            &[("p=1", 1..4), ("p=2", 4..7), ("p=3", 7..12)],
        ),
        case(
            "compact",
            vec![base().remove(0), late("l", 7..9)],
            Job::new("k", Mode::Compact).rows("p=2", []),
            &[("p=1", 1..4), ("p=2", 4..9), ("p=3", 7..10)],
        ),
        case(
            "undo",
            vec![base().remove(0), late("l", 7..9)],
            Job::new("l", Mode::Undo),
            &[("p=1", 1..4), ("p=2", 4..7), ("p=3", 7..10)],
        ),
        case(
            "old trash",
            vec![base().remove(0), late("l", 7..9)],
            Job {
                keep_seconds: 0,
                ..Job::new("t", Mode::Overwrite).rows("p=1", 20..23)
            },
            &[("p=1", 20..23), ("p=2", 4..9), ("p=3", 7..10)],
        ),
        case(
            "unpartitioned create",
            vec![],
            Job::new("uc", Mode::Create).rows("", 1..4),
            &[("", 1..4)],
        ),
        case(
            "unpartitioned overwrite",
            flat(),
            Job::new("uo", Mode::Overwrite).rows("", 30..33),
            &[("", 30..33)],
        ),
        case(
            "unpartitioned append",
            flat(),
            Job::new("ua", Mode::Append).rows("", 4..6),
            &[("", 1..6)],
        ),
        case(
            "window overwrite",
            base(),
            window,
            &[
                ("p=1", 20..25),
                ("p=2", 25..30),
                ("p=3", 7..10),
                ("p=9", 50..51),
            ],
        ),
        case(
            "window nothing",
            base(),
            nothing_in_window,
            &[("p=1", 20..23), ("p=3", 7..10)],
        ),
        case(
            "window unpartitioned",
            flat(),
            unpartitioned_window,
            &[("", 30..33)],
        ),
    ]
}

fn set_up(case: &Case) -> Scene {
    let scene = Scene::new();
    for job in &case.before {
        scene.commit(job).unwrap();
    }
    scene
}

/// Old or new, each partition by itself. In the two-rename window one may be missing.
fn assert_old_or_new(now: &Rows, before: &Rows, case: &Case, place: &str) {
    let paths: std::collections::BTreeSet<&String> = now
        .keys()
        .chain(before.keys())
        .chain(case.after.keys())
        .collect();
    for path in paths {
        let (now, old, new) = (now.get(path), before.get(path), case.after.get(path));
        let missing = case.job.window && place == "tx.flip.window" && now.is_none();
        assert!(
            now == old || now == new || missing,
            "{}: {place}: '{path}' holds {now:?}",
            case.name
        );
    }
}

/// Breaks the N-th step for N = 1, 2, … until none is left. Answers which there were.
fn break_every_step(case: &Case, action: &str) -> Vec<String> {
    let mut places = Vec::new();
    for n in 1.. {
        let scene = set_up(case);
        let (before, lines) = (scene.rows(), scene.log_lines());
        let ended = driver::run(&case.job, &scene.path, &format!("count={n}:{action}"));
        let Some(place) = ended.fired else {
            assert_eq!(ended.code, 0, "{}: {}", case.name, ended.stderr);
            assert_eq!(scene.rows(), case.after, "{}", case.name);
            break;
        };
        let context = format!("{}: {n}: {place}", case.name);
        places.push(place.clone());
        assert_old_or_new(&scene.rows(), &before, case, &place);
        match action {
            "kill" => assert_eq!(ended.code, 137, "{context}"),
            _ => check_error(&scene, &before, ended.code, &ended.stderr, &context),
        }
        check_recovery(&scene, &before, lines, case, &context);
    }
    assert!(
        places.len() >= 20,
        "{}: only {} steps",
        case.name,
        places.len()
    );
    places
}

/// An error before the commit point leaves all as it was and says nothing of a commit.
fn check_error(scene: &Scene, before: &Rows, code: i32, stderr: &str, context: &str) {
    match code {
        // Cleaning the trash may fail: the next run does it.
        0 => assert!(context.ends_with("tx.trash.clean"), "{context}"),
        4 if stderr.contains("the next run completes it") => {}
        4 => assert_eq!(scene.rows(), *before, "{context}: {stderr}"),
        code => panic!("{context}: exit {code}: {stderr}"),
    }
}

fn check_recovery(scene: &Scene, before: &Rows, lines: usize, case: &Case, context: &str) {
    scene.recover().unwrap();
    let recovered = scene.rows();
    assert!(
        recovered == *before || recovered == case.after,
        "{context}: {recovered:?}"
    );
    assert_eq!(scene.recover().unwrap().len(), 0, "{context}");
    assert_eq!(scene.rows(), recovered, "{context}");
    // An undo that is complete cannot be repeated; all else can.
    let done = recovered == case.after && case.job.mode == Mode::Undo;
    let again = driver::run(&case.job, &scene.path, "");
    assert_eq!(
        again.code,
        if done { 2 } else { 0 },
        "{context}: {}",
        again.stderr
    );
    assert_eq!(scene.rows(), case.after, "{context}");
    assert_eq!(scene.log_lines(), lines + 1, "{context}");
    scene.recover().unwrap();
    assert_eq!(
        scene.leftovers(),
        Vec::<std::path::PathBuf>::new(),
        "{context}"
    );
}

#[test]
fn killed_at_every_step() {
    let mut reached: BTreeSet<String> = BTreeSet::new();
    for case in cases() {
        reached.extend(break_every_step(&case, "kill"));
    }
    reached.extend(kill_while_recovering());
    let missed: Vec<String> = named_in_source().difference(&reached).cloned().collect();
    assert!(missed.is_empty(), "never broken: {missed:?}");
}

/// The failpoints that the protocol's source names.
fn named_in_source() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tx");
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let named = text
            .split("reach(\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap());
        names.extend(named.map(str::to_owned));
    }
    assert!(names.len() > 25, "{names:?}");
    names
}

#[test]
fn an_io_error_at_every_step() {
    for case in cases() {
        break_every_step(&case, "error");
    }
}

/// Recovery itself is cut short, at each of its steps: after a stage of the dead, a commit
/// point just passed, and a torn line in the log.
fn kill_while_recovering() -> Vec<String> {
    let mut places = Vec::new();
    let chosen = [
        "create",
        "overwrite",
        "window overwrite",
        "unpartitioned append",
        "unpartitioned create",
    ];
    for case in cases()
        .into_iter()
        .filter(|case| chosen.contains(&case.name))
    {
        for first in ["tx.linked", "tx.commit.ready", "tx.log.torn"] {
            places.extend(kill_recovery_after(&case, first));
        }
    }
    places
}

fn kill_recovery_after(case: &Case, first: &str) -> Vec<String> {
    let mut places = Vec::new();
    for n in 1.. {
        let scene = set_up(case);
        let (before, lines) = (scene.rows(), scene.log_lines());
        let ended = driver::run(&case.job, &scene.path, &format!("{first}=kill"));
        assert_eq!(ended.code, 137, "{first}");
        // A torn line is none; what recovery cuts off again is not counted.
        assert!(scene.log_lines() <= lines + 1);
        let recover = Job {
            keep_seconds: 0,
            mode: Mode::Recover,
            ..case.job.clone()
        };
        let second = driver::run(&recover, &scene.path, &format!("count={n}:kill"));
        let fired = second.fired.clone().unwrap_or_default();
        assert_old_or_new(&scene.rows(), &before, case, &fired);
        let context = format!("{}: {first}, recovery: {n}: {fired}", case.name);
        check_recovery(&scene, &before, lines, case, &context);
        if second.fired.is_none() {
            assert_eq!(second.code, 0, "{context}: {}", second.stderr);
            break;
        }
        places.push(fired);
    }
    assert!(places.len() > 1, "{}: {first}: {places:?}", case.name);
    places
}
