//! The committed man pages are what the tools generate, and every tool has its
//! help, version and completions. `scripts/man` writes the pages anew.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use millrace_testkit::{run, tool};
use std::path::Path;

const TOOLS: &[&str] = &[
    "ingest",
    "validate",
    "seal",
    "partition",
    "compact",
    "prune",
    "checkpoint",
    "slacheck",
    "show",
];

#[test]
fn man_pages_have_not_drifted() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../man");
    for name in TOOLS {
        let generated = run(tool(name).args(["--generate", "man"])).code(0).text();
        let committed =
            std::fs::read_to_string(pages.join(format!("{name}.1"))).unwrap_or_default();
        assert!(
            generated == committed,
            "man/{name}.1 has drifted: run scripts/man"
        );
    }
}

#[test]
fn every_tool_explains_itself() {
    for name in TOOLS {
        let short = run(tool(name).arg("-h")).code(0).text();
        let long = run(tool(name).arg("--help")).code(0).text();
        assert!(
            long.len() > short.len(),
            "{name}: --help says no more than -h"
        );
        assert!(
            long.contains("--generate") && short.contains("--generate"),
            "{name}"
        );
        let version = run(tool(name).arg("--version")).code(0).text();
        assert_eq!(version, format!("{name} {}\n", env!("CARGO_PKG_VERSION")));
        for shell in ["bash", "zsh", "fish"] {
            assert!(
                run(tool(name).args(["--generate", shell]))
                    .code(0)
                    .stdout
                    .len()
                    > 100,
                "{name} {shell}"
            );
        }
    }
}

#[test]
fn a_wrong_flag_is_one_line_with_the_tools_usage_code() {
    for name in TOOLS {
        let outcome = run(tool(name).arg("--no-such-flag"));
        let outcome = outcome.code(if *name == "slacheck" { 3 } else { 2 });
        let mut lines = outcome.stderr.lines();
        let first = lines.next().unwrap();
        assert!(
            first.starts_with(&format!("{name}: ")) && first.contains("--no-such-flag"),
            "{first}"
        );
        assert!(
            lines.all(|line| line.starts_with("hint: ")),
            "{}",
            outcome.stderr
        );
        assert!(outcome.stdout.is_empty());
    }
}

#[test]
fn a_man_page_names_every_tool_in_readme() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    for name in TOOLS {
        assert!(
            readme.contains(&format!("| `{name}` |")),
            "README.md has no row for {name}"
        );
    }
}
