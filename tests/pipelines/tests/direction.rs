//! Who may stand on whom: three floors and no way up, checked from `cargo metadata`.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Library → the libraries of ours it may use.
const FLOORS: &[(&str, &[&str])] = &[
    ("fault", &[]),
    ("parallel", &["fault"]),
    ("cli", &["fault"]),
    ("text", &[]),
    ("pages", &["fault"]),
    ("stream", &["fault", "text"]),
    ("schema", &["fault"]),
    ("expr", &["fault"]),
    ("storage", &["fault", "parallel"]),
    ("state", &["fault"]),
    ("decode", &["fault", "schema", "text"]),
    ("rejects", &["fault", "storage", "stream"]),
    (
        "dataset",
        &["fault", "pages", "parallel", "storage", "expr", "text"],
    ),
    ("testkit", &[]),
];

/// Libraries that must not know Arrow.
const WITHOUT_ARROW: &[&str] = &["fault", "cli", "storage", "state"];

/// Package → names of its normal (not dev) dependencies, `millrace-` cut off.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let all = package["dependencies"].as_array().unwrap().iter();
            let normal = all.filter(|dependency| dependency["kind"].is_null());
            (
                short(&package["name"]),
                normal
                    .map(|dependency| short(&dependency["name"]))
                    .collect(),
            )
        })
        .collect()
}

fn short(name: &Value) -> String {
    name.as_str()
        .unwrap()
        .trim_start_matches("millrace-")
        .to_owned()
}

#[test]
fn libraries_stand_only_on_the_floor_below() {
    let packages = dependencies();
    let libraries: BTreeSet<&str> = FLOORS.iter().map(|(name, _)| *name).collect();
    for (name, allowed) in FLOORS {
        let used = packages
            .get(*name)
            .unwrap_or_else(|| panic!("no library {name}"));
        for ours in used.iter().filter(|used| libraries.contains(used.as_str())) {
            assert!(
                allowed.contains(&ours.as_str()),
                "libs/{name} must not use libs/{ours}"
            );
        }
    }
}

#[test]
fn tools_use_libraries_and_never_tools_or_testkit() {
    let packages = dependencies();
    let libraries: BTreeSet<&str> = FLOORS.iter().map(|(name, _)| *name).collect();
    let tools: BTreeSet<&String> = packages
        .keys()
        .filter(|name| !libraries.contains(name.as_str()) && *name != "pipelines")
        .collect();
    assert!(tools.len() >= 9, "{tools:?}");
    for tool in &tools {
        for used in &packages[*tool] {
            assert!(
                !tools.contains(used),
                "tools/{tool} must not use tools/{used}"
            );
            assert_ne!(used, "testkit", "tools/{tool} ships test code");
        }
    }
}

#[test]
fn the_ground_floor_does_not_know_arrow() {
    let packages = dependencies();
    for name in WITHOUT_ARROW {
        let arrow = packages[*name]
            .iter()
            .find(|used| used.starts_with("arrow") || *used == "parquet");
        assert_eq!(arrow, None, "libs/{name} must not use Arrow");
    }
}
