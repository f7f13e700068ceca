//! Tools as processes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

/// What a process left: its exit code (128 + signal when killed), stdout, stderr.
#[derive(Debug)]
pub struct Outcome {
    /// Exit code, 128 + n for death by signal n.
    pub code: i32,
    /// Everything on stdout.
    pub stdout: Vec<u8>,
    /// Everything on stderr, lossy.
    pub stderr: String,
}

impl Outcome {
    /// stdout as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Asserts the exit code, showing stderr when it differs.
    #[track_caller]
    pub fn code(self, expected: i32) -> Self {
        assert_eq!(
            self.code,
            expected,
            "stderr:\n{}\nstdout:\n{}",
            self.stderr,
            self.text()
        );
        self
    }
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let code = output
            .status
            .code()
            .unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0));
        Outcome {
            code,
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The folder of the built binaries: beside the running test.
pub fn bin_dir() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let deps = test.parent().unwrap();
    if deps.ends_with("deps") {
        deps.parent().unwrap().to_owned()
    } else {
        deps.to_owned()
    }
}

/// The path of a built tool. `cargo test --workspace` builds them all first.
pub fn bin(name: &str) -> PathBuf {
    let path = bin_dir().join(name);
    assert!(
        path.exists(),
        "{} is not built: run cargo build --workspace",
        path.display()
    );
    path
}

/// A tool's command without any MILLRACE_ environment.
pub fn tool(name: &str) -> Command {
    clean(Command::new(bin(name)))
}

/// A shell script (plain `sh`, no pipefail) in `dir` with the tools in front of PATH.
pub fn sh(dir: &Path, script: &str) -> Command {
    let mut command = clean(Command::new("sh"));
    let path = std::env::var("PATH").unwrap_or_default();
    command.arg("-c").arg(script).current_dir(dir);
    command.env("PATH", format!("{}:{path}", bin_dir().display()));
    command
}

fn clean(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MILLRACE_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `command` with nothing on stdin.
pub fn run(command: &mut Command) -> Outcome {
    command.stdin(Stdio::null()).output().unwrap().into()
}

/// Runs `command` with `input` on a pipe as stdin. A command that does not read
/// it to the end is fine.
pub fn run_with(command: &mut Command, input: &[u8]) -> Outcome {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            let _ = stdin.write_all(input);
        });
        child.wait_with_output().unwrap().into()
    })
}
