//! Messages of a stream, framed: prefix, metadata, body, and the rules of its end.
//!
//! `FFFFFFFF`, the metadata's length, the metadata (a flatbuffer), the body it
//! announces. Streams from before Arrow 0.15 lack the `FFFFFFFF`; a stream is
//! one or the other throughout. Encapsulated message format:
//! <https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format>

use crate::body::{Bodies, Body, read_full, read_some};
use crate::error::printable;
use crate::pipe::Fd;
use crate::{Error, Kind, pipe, poison};
use arrow_buffer::Buffer;
use arrow_ipc::{Message, root_as_message};
use millrace_fault::{Exit, quoted};
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;

pub(crate) const MARKER: [u8; 4] = [0xff; 4];

/// The longest metadata of a stream without `FFFFFFFF`: four bytes of text, read as
/// a length, are always more.
const LONGEST_LEGACY: i32 = 256 << 20;

/// Reads messages off a source and knows how the stream ended.
pub(crate) struct Frames {
    source: Box<dyn Read + Send>,
    subject: String,
    kind: Kind,
    read: u64,
    messages: u64,
    form: Option<Form>,
    state: State,
    heads: Bodies,
    bodies: Bodies,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Current,
    Legacy,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Ended,
    Failed,
}

/// A message's metadata, checked to be a well-formed flatbuffer; its body is still
/// to be read.
pub(crate) struct Head {
    pub(crate) metadata: Buffer,
    pub(crate) body: usize,
    /// The message's number, the schema being 1.
    pub(crate) number: u64,
    /// Where it starts.
    pub(crate) offset: u64,
}

impl Head {
    pub(crate) fn message(&self) -> Result<Message<'_>, String> {
        root_as_message(&self.metadata).map_err(|error| format!("its metadata is damaged: {error}"))
    }
}

impl Frames {
    pub(crate) fn stdin() -> Result<Frames, Error> {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            return Err(Error::TerminalInput);
        }
        let failed = |source| Error::Read {
            subject: STDIN.to_owned(),
            source,
        };
        let kind = Kind::of(&stdin).map_err(failed)?;
        pipe::enlarge(&stdin);
        let source = Fd::duplicate(stdin.as_fd()).map_err(failed)?;
        Ok(Self::over(Box::new(source), STDIN.to_owned(), kind))
    }

    pub(crate) fn named(source: Box<dyn Read + Send>, name: &str, kind: Kind) -> Frames {
        Self::over(source, quoted(name), kind)
    }

    pub(crate) fn over(source: Box<dyn Read + Send>, subject: String, kind: Kind) -> Frames {
        Frames {
            source,
            subject,
            kind,
            read: 0,
            messages: 0,
            form: None,
            state: State::Open,
            heads: Bodies::default(),
            bodies: Bodies::default(),
        }
    }

    pub(crate) fn subject(&self) -> &str {
        &self.subject
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.read
    }

    /// The next message's metadata; `None` only once the end marker and the end of
    /// file behind it were seen. After an error there is nothing but errors.
    pub(crate) fn head(&mut self) -> Result<Option<Head>, Error> {
        match self.state {
            State::Ended => return Ok(None),
            State::Failed => {
                return Err(Error::Failed {
                    subject: self.subject.clone(),
                });
            }
            State::Open => {}
        }
        self.state = State::Failed;
        let offset = self.read;
        let length = self.prefix()?;
        if length == 0 {
            self.end()?;
            self.state = State::Ended;
            self.bodies = Bodies::default();
            return Ok(None);
        }
        self.messages += 1;
        let head = self.metadata(length, offset)?;
        self.state = State::Open;
        Ok(Some(head))
    }

    /// The body of the message whose head was read last.
    pub(crate) fn body(&mut self, head: &Head) -> Result<Buffer, Error> {
        let body = self.bodies.read(self.source.as_mut(), head.body);
        let body = self.whole(body);
        if body.is_err() {
            self.state = State::Failed;
        }
        body
    }

    /// Counts bytes of the body that somebody else took from the source, which ended
    /// before the body did.
    pub(crate) fn cut_after(&mut self, taken: usize) -> Error {
        self.taken(taken);
        self.state = State::Failed;
        self.cut()
    }

    /// Counts bytes of the body that somebody else took from the source.
    pub(crate) fn taken(&mut self, bytes: usize) {
        self.read += bytes as u64;
    }

    /// What the operating system said when somebody else read the source.
    pub(crate) fn failed_read(&mut self, source: io::Error) -> Error {
        self.state = State::Failed;
        self.failed(source)
    }

    /// Reads what is left, whatever it is.
    pub(crate) fn drain_source(&mut self) {
        let mut buffer = vec![0; 64 << 10];
        // A source that fails has nothing left.
        while read_some(self.source.as_mut(), &mut buffer).is_ok_and(|n| n > 0) {}
    }

    /// What is wrong with the message at `head`; the stream is of no use afterwards.
    pub(crate) fn corrupt(&mut self, head: &Head, reason: impl Into<String>) -> Error {
        self.state = State::Failed;
        self.corrupt_at(head.number, head.offset, reason)
    }

    /// The length of the next metadata, 0 for the end marker.
    fn prefix(&mut self) -> Result<usize, Error> {
        let first = self.word()?;
        let current = first == MARKER;
        let form = *self
            .form
            .get_or_insert(if current { Form::Current } else { Form::Legacy });
        let length = match (current, form) {
            (true, Form::Current) => i32::from_le_bytes(self.word()?),
            (false, Form::Legacy) => self.legacy(first)?,
            _ => {
                return Err(
                    self.corrupt_here("it does not start with FFFFFFFF as those before did")
                );
            }
        };
        match usize::try_from(length) {
            Ok(length) => Ok(length),
            Err(_) => Err(self.negative(length)),
        }
    }

    fn legacy(&mut self, first: [u8; 4]) -> Result<i32, Error> {
        let length = i32::from_le_bytes(first);
        if (0..LONGEST_LEGACY).contains(&length) && length % 4 == 0 {
            return Ok(length);
        }
        if self.messages > 0 {
            return Err(self.corrupt_here(format!("its length is {length}")));
        }
        Err(self.not_a_stream(&first))
    }

    fn not_a_stream(&mut self, first: &[u8]) -> Error {
        let mut start = first.to_vec();
        start.resize(20, 0);
        let more = read_full(self.source.as_mut(), &mut start[first.len()..]).unwrap_or(0);
        start.truncate(first.len() + more);
        Error::NotAStream {
            subject: self.subject.clone(),
            start: printable(&start),
        }
    }

    /// A negative length: the producer's farewell, or damage.
    fn negative(&mut self, length: i32) -> Error {
        match poison::exit_of(length) {
            Some(exit) => self.upstream(exit),
            None => self.corrupt_here(format!("its length is {length}")),
        }
    }

    /// Reads the line behind a poison's code, and not beyond: its producer may take
    /// its time to end.
    fn upstream(&mut self, exit: Exit) -> Error {
        let mut line = Vec::new();
        let mut part = [0; 4096];
        while line.len() < poison::LONGEST && !line.contains(&b'\n') {
            // The code is known already; a line that cannot be read changes nothing.
            match read_some(self.source.as_mut(), &mut part) {
                Ok(n) if n > 0 => line.extend_from_slice(&part[..n]),
                _ => break,
            }
        }
        self.taken(line.len());
        let end = line
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(line.len());
        Error::Upstream(poison::decode(exit, &line[..end]))
    }

    fn metadata(&mut self, length: usize, offset: u64) -> Result<Head, Error> {
        let metadata = self.heads.read(self.source.as_mut(), length);
        let metadata = self.whole(metadata)?;
        let mut head = Head {
            metadata,
            body: 0,
            number: self.messages,
            offset,
        };
        let body = head.message().and_then(|message| {
            let length = message.bodyLength();
            usize::try_from(length).map_err(|_| format!("its body's length is {length}"))
        });
        head.body = body.map_err(|reason| self.corrupt(&head, reason))?;
        Ok(head)
    }

    fn whole(&mut self, body: io::Result<Body>) -> Result<Buffer, Error> {
        match body {
            Ok(Body::Whole(buffer)) => {
                self.read += buffer.len() as u64;
                Ok(buffer)
            }
            Ok(Body::Cut(read)) => {
                self.read += read as u64;
                Err(self.cut())
            }
            Err(source) => Err(self.failed(source)),
        }
    }

    fn word(&mut self) -> Result<[u8; 4], Error> {
        let mut word = [0; 4];
        let read =
            read_full(self.source.as_mut(), &mut word).map_err(|source| self.failed(source))?;
        self.read += read as u64;
        match read {
            4 => Ok(word),
            // Too short to be cut: no stream starts like this.
            _ if self.form.is_none() && word[..read] != MARKER[..read] => {
                Err(self.not_a_stream(&word[..read]))
            }
            _ => Err(self.cut()),
        }
    }

    /// Behind the end marker there must be nothing.
    fn end(&mut self) -> Result<(), Error> {
        if self.messages == 0 {
            return Err(self.corrupt_at(1, 0, "it is the end marker, expected a schema"));
        }
        let mut byte = [0];
        match read_some(self.source.as_mut(), &mut byte).map_err(|source| self.failed(source))? {
            0 => Ok(()),
            _ => Err(Error::Trailing {
                subject: self.subject.clone(),
                offset: self.read,
            }),
        }
    }

    fn cut(&self) -> Error {
        let (subject, kind) = (self.subject.clone(), self.kind);
        match self.read {
            0 => Error::Empty { subject, kind },
            offset => Error::Cut {
                subject,
                offset,
                kind,
            },
        }
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Read {
            subject: self.subject.clone(),
            source,
        }
    }

    fn corrupt_here(&self, reason: impl Into<String>) -> Error {
        self.corrupt_at(self.messages + 1, self.read, reason)
    }

    fn corrupt_at(&self, message: u64, offset: u64, reason: impl Into<String>) -> Error {
        let (subject, reason) = (self.subject.clone(), reason.into());
        Error::Corrupt {
            subject,
            message,
            offset,
            reason,
        }
    }
}

const STDIN: &str = "standard input";
