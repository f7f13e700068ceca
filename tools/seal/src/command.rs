//! The command as a process: started, listened to, waited for.

use crate::upstream::Upstream;
use crate::voice::Voice;
use millrace_cli::Job;
use millrace_fault::{Exit, Failure, quoted};
use millrace_stream::{Error, Kind, Relay};
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// The command while it runs.
pub(crate) struct Running {
    child: Child,
    name: String,
    voice: Option<Voice>,
    upstream: Option<Upstream>,
}

/// What is known when it has ended.
pub(crate) struct Done {
    /// The program's name without its folder.
    pub(crate) name: String,
    pub(crate) status: ExitStatus,
    /// The last line of its standard error.
    pub(crate) last_words: Option<String>,
    /// How the stream on our standard input ended, where that is known.
    pub(crate) upstream: Option<Result<(), Error>>,
}

/// Starts the command. Standard input that is a pipe goes through us, so that its
/// end is known to us before it is known to the command.
pub(crate) fn start(command: &[OsString], job: &Job) -> Result<Running, Failure> {
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| Failure::usage("no command is given"))?;
    let piped = Kind::of(io::stdin()).is_ok_and(|kind| kind == Kind::Pipe);
    let child = Command::new(program)
        .args(arguments)
        .stdin(if piped {
            Stdio::piped()
        } else {
            Stdio::inherit()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.map_err(|error| cannot_run(program, error))?;
    let upstream = child
        .stdin
        .take()
        .map(|stdin| Upstream::follow(stdin, &job.metrics));
    let voice = child.stderr.take().map(Voice::pass_on);
    let name = Path::new(program)
        .file_name()
        .unwrap_or(program)
        .to_string_lossy()
        .into_owned();
    Ok(Running {
        child,
        name,
        voice,
        upstream,
    })
}

/// The codes that a shell, env(1) and timeout(1) give.
fn cannot_run(program: &OsString, error: io::Error) -> Failure {
    let exit = match error.kind() {
        io::ErrorKind::NotFound => Exit(127),
        _ => Exit(126),
    };
    Failure::new(
        exit,
        format!("cannot run {}", quoted(program.to_string_lossy())),
    )
    .because(error)
}

impl Running {
    /// Makes the command's standard output the relay's source.
    pub(crate) fn attach(&mut self, relay: &mut Relay) -> Result<(), Error> {
        let subject = format!("the output of {}", quoted(&self.name));
        match self.child.stdout.take() {
            // Not a pipe's cut: a command that exits 0 without an end marker is wrong, not unlucky.
            Some(stdout) => relay.attach(stdout.into(), &subject, Kind::File),
            None => return Err(Error::Failed { subject }),
        }
        Ok(())
    }

    /// Waits until the command has ended and its last words are heard.
    pub(crate) fn wait(mut self) -> Result<Done, Failure> {
        let status = self
            .child
            .wait()
            .map_err(|error| Failure::io("wait for", &self.name, error))?;
        Ok(Done {
            name: self.name,
            status,
            last_words: self.voice.and_then(Voice::last_line),
            upstream: self.upstream.and_then(|upstream| upstream.verdict()),
        })
    }
}
