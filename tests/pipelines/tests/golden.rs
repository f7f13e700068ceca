//! Golden command lines: `tests/golden/NAME/cmd` runs in a scratch folder with
//! plain sh; its exit code, stdout and stderr must be those of the files beside it.
//! `MILLRACE_BLESS=1 cargo test -p millrace-pipelines --test golden` writes them anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

use millrace_testkit::{run, sh, tempdir};
use std::fs;
use std::path::{Path, PathBuf};

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../golden");
    let mut cases: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.retain(|path| path.join("cmd").exists());
    cases.sort();
    cases
}

/// Exit code, stdout and stderr as one readable text; the scratch folder's name is cut
/// out. The tools of a pipe speak at the same time, so stderr's lines are sorted.
fn transcript(case: &Path) -> String {
    let scratch = tempdir().unwrap();
    let script = fs::read_to_string(case.join("cmd")).unwrap();
    let outcome = run(&mut sh(scratch.path(), &script));
    let mut stderr: Vec<&str> = outcome.stderr.lines().collect();
    stderr.sort_unstable();
    let stderr: String = stderr.iter().map(|line| format!("{line}\n")).collect();
    let (code, stdout) = (outcome.code, outcome.text());
    let text = format!("exit {code}\n--- stdout\n{stdout}--- stderr\n{stderr}");
    text.replace(
        &scratch.path().canonicalize().unwrap().display().to_string(),
        "SCRATCH",
    )
}

#[test]
fn command_lines_print_what_they_printed() {
    let bless = std::env::var_os("MILLRACE_BLESS").is_some();
    let cases = cases();
    assert!(cases.len() >= 10, "golden cases are missing");
    let mut differing = Vec::new();
    for case in cases {
        let printed = transcript(&case);
        let expected = case.join("expected");
        if bless {
            fs::write(&expected, &printed).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != printed {
            differing.push(format!("{}\n{printed}", case.display()));
        }
    }
    assert!(
        differing.is_empty(),
        "golden cases differ:\n{}",
        differing.join("\n")
    );
}
