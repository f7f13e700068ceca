//! A writer as a process of its own, so that it can be killed: this test binary, started
//! again with a job in its environment.

use super::scene::{Job, Mode, Rows};
use millrace_fault::Failure;
use std::path::Path;
use std::process::{Command, Stdio};

const JOB: &str = "TX_TEST_JOB";
const ROOT: &str = "TX_TEST_ROOT";

/// How a writer ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; 137 when killed.
    pub code: i32,
    pub stderr: String,
    /// The failpoint that fired, if one did.
    pub fired: Option<String>,
}

/// The command that does `job` on the dataset at `root`.
pub fn command(job: &Job, root: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        "driver::writer",
        "--nocapture",
        "--quiet",
        "--test-threads=1",
    ]);
    command.env(JOB, encode(job)).env(ROOT, root);
    command
        .env_remove("MILLRACE_FAILPOINT")
        .env_remove("MILLRACE_NO_EXCHANGE");
    if job.window {
        command.env("MILLRACE_NO_EXCHANGE", "1");
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// Does `job` in a process with `failpoint` armed (empty: none).
pub fn run(job: &Job, root: &Path, failpoint: &str) -> Ended {
    let mut command = command(job, root);
    let trace = tempfile::NamedTempFile::new().unwrap();
    if !failpoint.is_empty() {
        command
            .env("MILLRACE_FAILPOINT", failpoint)
            .env("MILLRACE_FAILPOINT_TRACE", trace.path());
    }
    ended(command.output().unwrap(), trace.path())
}

pub fn ended(output: std::process::Output, trace: &Path) -> Ended {
    use std::os::unix::process::ExitStatusExt;
    let code = output
        .status
        .code()
        .unwrap_or_else(|| 128 + output.status.signal().unwrap());
    let trace = std::fs::read_to_string(trace).unwrap_or_default();
    let fired = trace
        .lines()
        .find_map(|line| line.strip_prefix('!'))
        .map(str::to_owned);
    Ended {
        code,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        fired,
    }
}

/// The process itself. Run by the test runner it has no job and does nothing.
#[test]
fn writer() {
    let (Ok(job), Some(root)) = (std::env::var(JOB), std::env::var_os(ROOT)) else {
        return;
    };
    let code = match decode(&job).run(Path::new(&root)) {
        Ok(_) => 0,
        Err(error) => {
            let failure = Failure::from(error);
            eprintln!("{failure}");
            i32::from(failure.exit().0)
        }
    };
    std::process::exit(code);
}

fn encode(job: &Job) -> String {
    serde_json::json!({
        "run": job.run, "step": job.step, "unit": job.unit, "mode": format!("{:?}", job.mode),
        "partitions": job.partitions, "window": job.window, "adopt": job.adopt,
        "allow_empty": job.allow_empty, "keep": job.keep_seconds, "wait": job.wait_ms, "spec": job.spec,
    })
    .to_string()
}

fn decode(text: &str) -> Job {
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let modes = [
        Mode::Create,
        Mode::Overwrite,
        Mode::Append,
        Mode::ReplaceUnit,
        Mode::Compact,
        Mode::Undo,
        Mode::Recover,
    ];
    let mode = modes
        .into_iter()
        .find(|mode| Some(format!("{mode:?}")) == text("mode"))
        .unwrap();
    let partitions: Rows = serde_json::from_value(value["partitions"].clone()).unwrap();
    Job {
        run: text("run"),
        step: text("step"),
        unit: text("unit"),
        partitions,
        window: value["window"].as_bool().unwrap(),
        adopt: value["adopt"].as_bool().unwrap(),
        allow_empty: value["allow_empty"].as_bool().unwrap(),
        keep_seconds: value["keep"].as_u64().unwrap(),
        wait_ms: value["wait"].as_u64().unwrap(),
        spec: text("spec").unwrap(),
        ..Job::new("", mode)
    }
}
