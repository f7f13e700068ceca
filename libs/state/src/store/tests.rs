//! The store's promises, one by one.

// Plain files, made to be wrong.
#![allow(clippy::disallowed_methods)]

use super::*;
use crate::calendar::{Grain, Range, Reach};
use crate::{Pipeline, UnitName};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use millrace_fault::{Coded, Exit};
use tempfile::TempDir;

fn at(text: &str) -> Timestamp {
    format!("2026-03-{text}:00Z").parse().unwrap()
}

fn orders() -> Pipeline {
    "orders".parse().unwrap()
}

fn unit(name: &str) -> UnitName {
    name.parse().unwrap()
}

fn fresh() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::locate(None, dir.path()).unwrap();
    let store = Store::open_or_create(&place).unwrap();
    (dir, store)
}

fn begin(store: &mut Store, name: &str, now: &str, anew: bool) -> Begun {
    store
        .begin(&orders(), &unit(name), None, at(now), anew)
        .unwrap()
}

fn attempt(begun: Begun) -> Attempt {
    match begun {
        Begun::Attempt(attempt) => attempt,
        Begun::AlreadyDone => panic!("already done"),
    }
}

fn ended(exit: u8, now: &str) -> End {
    End {
        exit,
        at: at(now),
        again: false,
    }
}

fn days(through: &str, planned: &str) -> Plan {
    let range = Range::new(
        Grain::Day,
        &TimeZone::UTC,
        "2026-03-10",
        Reach::Through(through),
    )
    .unwrap();
    Plan {
        range,
        planned: at(planned),
    }
}

fn names(planned: &Planned) -> Vec<&str> {
    planned.todo.iter().map(|unit| unit.name.as_str()).collect()
}

#[test]
fn the_nearest_store_upward_is_found_and_only_writers_make_one() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    let nowhere = Place::locate(None, &deep).unwrap();
    assert!(Store::open_if_any(&nowhere).unwrap().is_none());
    assert_eq!(Store::open(&nowhere).unwrap_err().exit(), Exit::ENVIRONMENT);
    assert!(!deep.join(".millrace").exists());
    Store::open_or_create(&Place::locate(None, dir.path()).unwrap()).unwrap();
    let found = Place::locate(None, &deep).unwrap();
    assert_eq!(found.path(), dir.path().join(".millrace/state.db"));
    // A nearer one wins.
    Store::open_or_create(&Place::locate(Some(&deep.join("s.db")), &deep).unwrap()).unwrap();
    std::fs::create_dir(deep.join(".millrace")).unwrap();
    std::fs::copy(deep.join("s.db"), deep.join(".millrace/state.db")).unwrap();
    assert_eq!(
        Place::locate(None, &deep).unwrap().path(),
        deep.join(".millrace/state.db")
    );
}

#[test]
fn what_is_not_a_path_is_refused() {
    let here = std::path::Path::new(".");
    for bad in ["postgres://host/db", "", "/"] {
        let error = Place::locate(Some(std::path::Path::new(bad)), here).unwrap_err();
        assert_eq!(error.exit(), Exit::USAGE, "{bad}");
    }
}

#[test]
fn a_missing_named_store_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::locate(Some(&dir.path().join("no/x.db")), dir.path()).unwrap();
    let error = Store::open_if_any(&place).unwrap_err();
    assert!(error.to_string().contains("no/x.db"), "{error}");
    assert_eq!(
        Store::open_or_create(&place).unwrap_err().exit(),
        Exit::ENVIRONMENT
    );
}

#[test]
fn newer_foreign_and_damaged_files_are_refused() {
    let (_dir, store) = fresh();
    let path = store.path().to_owned();
    let place = Place::locate(Some(&path), &path).unwrap();
    store
        .connection
        .pragma_update(None, "user_version", 2)
        .unwrap();
    drop(store);
    let error = Store::open(&place).unwrap_err();
    assert!(
        matches!(
            error,
            crate::Error::Newer {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(error.exit(), Exit::DATA);

    let other = path.with_file_name("other.db");
    Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    let place = Place::locate(Some(&other), &path).unwrap();
    assert!(matches!(
        Store::open_or_create(&place).unwrap_err(),
        crate::Error::Foreign(_)
    ));

    let text = path.with_file_name("text.db");
    std::fs::write(
        &text,
        "this is no database, whatever its name may be".repeat(99),
    )
    .unwrap();
    let place = Place::locate(Some(&text), &path).unwrap();
    assert_eq!(
        Store::open_or_create(&place).unwrap_err().exit(),
        Exit::DATA
    );
}

#[test]
fn every_commit_is_synced() {
    let (_dir, store) = fresh();
    let pragma = |name: &str| {
        store
            .connection
            .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
            .unwrap()
    };
    assert_eq!(pragma("synchronous"), 2.into());
    assert_eq!(pragma("journal_mode"), "truncate".to_owned().into());
}

#[test]
fn marks() {
    let (_dir, mut store) = fresh();
    assert_eq!(store.mark(&orders()).unwrap(), None);
    store.set_mark(&orders(), "17", at("17T06:00")).unwrap();
    store
        .set_mark(&orders(), "2026-03-17T06:00:00Z", at("17T07:00"))
        .unwrap();
    let mark = store.mark(&orders()).unwrap().unwrap();
    assert_eq!(
        (mark.value.as_str(), mark.updated),
        ("2026-03-17T06:00:00Z", at("17T07:00"))
    );
    assert_eq!(store.marks().unwrap().len(), 1);
    assert!(store.unset_mark(&orders()).unwrap());
    assert!(!store.unset_mark(&orders()).unwrap());
}

#[test]
fn a_run_id_stays_until_the_run_is_done() {
    let (_dir, mut store) = fresh();
    let first = attempt(begin(&mut store, "u", "17T06:00", false));
    // Killed: nothing ended it.
    let second = attempt(begin(&mut store, "u", "17T07:00", false));
    assert_eq!((&second.run_id, second.number), (&first.run_id, 2));
    assert_eq!(second.run_started, at("17T06:00"));
    assert!(store.end(&second, ended(3, "17T07:01")).unwrap());
    assert_eq!(
        store.unit(&orders(), &unit("u")).unwrap().unwrap().state,
        State::Failed
    );
    let third = attempt(begin(&mut store, "u", "17T08:00", false));
    assert_eq!(third.run_id, first.run_id);
    assert!(store.end(&third, ended(0, "17T08:01")).unwrap());
    assert!(store.is_done(&orders(), &unit("u")).unwrap());
    assert_eq!(
        begin(&mut store, "u", "17T09:00", false),
        Begun::AlreadyDone
    );
    let anew = attempt(begin(&mut store, "u", "17T09:00", true));
    assert_ne!(anew.run_id, first.run_id);
    assert_eq!((anew.number, anew.run_started), (1, at("17T09:00")));
    let history = store.history(Filter::default()).unwrap();
    let outcomes: Vec<_> = history.iter().map(|entry| entry.outcome).collect();
    assert_eq!(
        outcomes,
        [
            Some(Outcome::Interrupted),
            Some(Outcome::Failed),
            Some(Outcome::Done),
            None
        ]
    );
}

#[test]
fn an_attempt_that_will_be_repeated_leaves_the_unit_running() {
    let (_dir, mut store) = fresh();
    let first = attempt(begin(&mut store, "u", "17T06:00", false));
    store
        .end(
            &first,
            End {
                again: true,
                ..ended(4, "17T06:01")
            },
        )
        .unwrap();
    assert_eq!(
        store.unit(&orders(), &unit("u")).unwrap().unwrap().state,
        State::Running
    );
}

#[test]
fn what_was_undone_while_it_ran_is_not_done() {
    let (_dir, mut store) = fresh();
    let running = attempt(begin(&mut store, "u", "17T06:00", false));
    store
        .mark_undone(&orders(), &[unit("u")], at("17T06:01"))
        .unwrap();
    assert!(!store.end(&running, ended(0, "17T06:02")).unwrap());
    assert!(!store.is_done(&orders(), &unit("u")).unwrap());
}

#[test]
fn marking_by_hand() {
    let (_dir, mut store) = fresh();
    let both = [unit("a"), unit("b")];
    assert_eq!(
        store.mark_done(&orders(), &both, at("17T06:00")).unwrap(),
        2
    );
    assert_eq!(
        store.mark_done(&orders(), &both, at("17T07:00")).unwrap(),
        0
    );
    assert_eq!(
        store
            .mark_undone(&orders(), &[unit("a"), unit("never")], at("17T08:00"))
            .unwrap(),
        1
    );
    assert!(!store.is_done(&orders(), &unit("a")).unwrap());
    assert!(store.is_done(&orders(), &unit("b")).unwrap());
    let other = "returns".parse().unwrap();
    assert!(!store.is_done(&other, &unit("b")).unwrap());
}

#[test]
fn a_plan_is_what_is_not_done_and_is_remembered() {
    let (_dir, mut store) = fresh();
    store
        .mark_done(&orders(), &[unit("2026-03-11")], at("12T06:00"))
        .unwrap();
    let planned = store
        .plan(
            &orders(),
            &days("2026-03-13", "14T06:00"),
            0,
            at("14T00:00"),
        )
        .unwrap();
    assert_eq!(names(&planned), ["2026-03-10", "2026-03-12", "2026-03-13"]);
    assert_eq!((planned.units, planned.done(), planned.again), (4, 1, 0));
    let plans = store.plans(&orders(), at("14T06:00")).unwrap();
    assert_eq!(plans, [days("2026-03-13", "14T06:00")]);
    assert!(store.plans(&orders(), at("14T06:01")).unwrap().is_empty());
    assert_eq!(store.first_seen(&orders()).unwrap(), Some(at("12T06:00")));
}

#[test]
fn look_back_makes_done_units_due_again_once() {
    let (_dir, mut store) = fresh();
    let all = ["2026-03-10", "2026-03-11", "2026-03-12", "2026-03-13"].map(unit);
    for name in &all {
        let running = attempt(begin(&mut store, name.as_str(), "14T06:00", false));
        store.end(&running, ended(0, "14T06:30")).unwrap();
    }
    let before = store
        .unit(&orders(), &all[3])
        .unwrap()
        .unwrap()
        .run_id
        .unwrap();
    let plan = |store: &mut Store, now: &str| {
        let planned = store
            .plan(&orders(), &days("2026-03-14", now), 3, at("15T00:00"))
            .unwrap();
        (
            planned
                .todo
                .into_iter()
                .map(|unit| unit.name)
                .collect::<Vec<_>>(),
            planned.again,
        )
    };
    let expected = ["2026-03-12", "2026-03-13", "2026-03-14"]
        .map(String::from)
        .to_vec();
    assert_eq!(plan(&mut store, "15T06:00"), (expected.clone(), 2));
    assert_eq!(plan(&mut store, "15T06:01"), (expected, 0));
    let again = attempt(begin(&mut store, "2026-03-13", "15T06:02", false));
    assert_ne!(again.run_id, before);
    store.end(&again, ended(0, "15T06:03")).unwrap();
    assert_eq!(plan(&mut store, "15T06:04").0, ["2026-03-12", "2026-03-14"]);
    let due = store.unit(&orders(), &all[2]).unwrap().unwrap();
    assert_eq!(
        (due.due_since, due.last_done),
        (Some(at("15T06:00")), Some(at("14T06:30")))
    );
}

#[test]
fn two_connections_hammer_one_store_and_nothing_is_lost() {
    let (_dir, store) = fresh();
    let place = Place::locate(Some(store.path()), store.path()).unwrap();
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let place = &place;
            scope.spawn(move || {
                let mut store = Store::open(place).unwrap();
                for number in 0..25 {
                    let name = format!("{worker}-{number}");
                    let running = attempt(begin(&mut store, &name, "17T06:00", false));
                    assert!(store.end(&running, ended(0, "17T06:01")).unwrap());
                }
            });
        }
    });
    let units = store.units(Some(&orders())).unwrap();
    assert_eq!(
        units
            .iter()
            .filter(|unit| unit.state == State::Done)
            .count(),
        100
    );
    let mut ids: Vec<_> = units
        .iter()
        .map(|unit| unit.run_id.clone().unwrap())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 100);
}

#[test]
fn many_make_the_store_at_once() {
    // Often enough that a look between two of its maker's steps is seen.
    for _ in 0..60 {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::locate(None, dir.path()).unwrap();
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let place = &place;
                scope.spawn(move || {
                    let mut store = Store::open_or_create(place).unwrap();
                    store
                        .mark_done(&orders(), &[unit(&format!("u{worker}"))], at("17T06:00"))
                        .unwrap();
                });
            }
        });
        assert_eq!(Store::open(&place).unwrap().units(None).unwrap().len(), 4);
    }
}

#[test]
fn no_helper_files_are_left_behind() {
    let (dir, mut store) = fresh();
    store
        .mark_done(&orders(), &[unit("a")], at("17T06:00"))
        .unwrap();
    let leftovers: Vec<_> = std::fs::read_dir(dir.path().join(".millrace"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| !["state.db", "state.db-journal"].contains(&&*name.to_string_lossy()))
        .collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}
