//! Compressed inputs are decompressed on threads of their own, ahead of whoever reads
//! them, and so are the inputs behind them. Order in is order out: this changes when
//! bytes are decompressed, never which bytes arrive, nor where trouble does.
//!
//! What is in memory is bounded: so many inputs, and a backlog of each. Nobody is ahead
//! before a first input turns out to be compressed, nor with a single thread.

use crate::compression::Content;
use crate::inputs::Input;
use crate::opened::{How, Opened};
use millrace_fault::{Failure, guarded, quoted};
use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// At most so many inputs are open ahead of the one that is read.
const MOST_AHEAD: usize = 8;
/// Bytes of content that are handed over at a time.
const BLOCK: usize = 256 << 10;
/// Blocks that wait, of each input.
const BACKLOG: usize = 4;

/// The inputs, opened one after the other.
pub(crate) struct Inputs {
    how: How,
    rest: VecDeque<Input>,
    /// Inputs that are being opened ahead, in order.
    ahead: VecDeque<Receiver<Result<Opened, Failure>>>,
    most_ahead: usize,
    /// Whether an input was compressed: the next ones will be as well.
    compressed: bool,
}

impl Inputs {
    pub(crate) fn new(how: How, rest: VecDeque<Input>, threads: usize) -> Inputs {
        Inputs {
            how,
            rest,
            ahead: VecDeque::new(),
            most_ahead: (threads - 1).min(MOST_AHEAD),
            compressed: false,
        }
    }

    /// The next input; None behind the last one.
    pub(crate) fn next(&mut self) -> Result<Option<Opened>, Failure> {
        if let Some(opened) = self.ahead.pop_front() {
            self.open_ahead();
            let opened = opened.recv();
            return opened.unwrap_or_else(|_| Err(vanished())).map(Some);
        }
        match self.rest.pop_front() {
            Some(input) => {
                let opened = self.how.open(&input)?;
                self.start(opened).map(Some)
            }
            None => Ok(None),
        }
    }

    /// Has an input that is open already decompressed ahead, if there is anything to gain.
    pub(crate) fn start(&mut self, opened: Opened) -> Result<Opened, Failure> {
        if !opened.content.compressed || self.most_ahead == 0 {
            return Ok(opened);
        }
        self.compressed = true;
        self.open_ahead();
        let (content, pump) = split(opened.content);
        spawn(move || pump.run()).map_err(|error| {
            Failure::environment("cannot start a thread to decompress").because(error)
        })?;
        Ok(Opened { content, ..opened })
    }

    /// Nothing is read any more.
    pub(crate) fn clear(&mut self) {
        self.rest.clear();
        self.ahead.clear();
    }

    fn open_ahead(&mut self) {
        while self.compressed && self.ahead.len() < self.most_ahead {
            // The writer of a named pipe may wait until we have read the input before it.
            let Some(input) = self.rest.pop_front_if(|input| input.is_regular()) else {
                return;
            };
            let (sender, receiver) = sync_channel(1);
            let (how, named) = (self.how.clone(), input.clone());
            match spawn(move || open(&how, &named, &sender)) {
                Ok(()) => self.ahead.push_back(receiver),
                Err(_) => {
                    self.rest.push_front(input);
                    self.most_ahead = 0;
                }
            }
        }
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let builder = thread::Builder::new().name("decompress".to_owned());
    builder.spawn(work).map(drop)
}

/// Opens an input and hands it over; then decompresses it, if there is something to.
fn open(how: &How, input: &Input, sender: &SyncSender<Result<Opened, Failure>>) {
    // Whoever waits may have gone: then so may we.
    match guarded(&quoted(input.name()), || how.open(input)) {
        Ok(opened) if opened.content.compressed => {
            let (content, pump) = split(opened.content);
            if sender.send(Ok(Opened { content, ..opened })).is_ok() {
                pump.run();
            }
        }
        opened => drop(sender.send(opened)),
    }
}

/// A content for whoever reads, and what fills it.
fn split(content: Content) -> (Content, Pump) {
    let (sender, receiver) = sync_channel(BACKLOG);
    let blocks = Blocks {
        receiver,
        block: Vec::new(),
        taken: 0,
        ended: false,
    };
    let read = Content::ahead(&content, blocks);
    (read, Pump { content, sender })
}

/// Decompresses a content, block by block; an empty block is its end.
struct Pump {
    content: Content,
    sender: SyncSender<Result<Vec<u8>, Failure>>,
}

impl Pump {
    fn run(mut self) {
        loop {
            let name = quoted(self.content.name());
            let block = guarded(&name, || self.block());
            let over = block.as_ref().map_or(true, Vec::is_empty);
            if self.sender.send(block).is_err() || over {
                return;
            }
        }
    }

    fn block(&mut self) -> Result<Vec<u8>, Failure> {
        let mut block = vec![0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            match self.content.read(&mut block[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                // What came before the trouble goes first; it is met again.
                Err(failure) if filled == 0 => return Err(failure),
                Err(failure) => {
                    block.truncate(filled);
                    self.content.fail(failure);
                    return Ok(block);
                }
            }
        }
        block.truncate(filled);
        Ok(block)
    }
}

/// What was decompressed ahead.
pub(crate) struct Blocks {
    receiver: Receiver<Result<Vec<u8>, Failure>>,
    block: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl Blocks {
    /// Reads into `space`; 0 at the end.
    pub(crate) fn read(&mut self, space: &mut [u8]) -> Result<usize, Failure> {
        while self.taken == self.block.len() && !self.ended {
            let block = self.receiver.recv();
            self.block = block.unwrap_or_else(|_| Err(vanished()))?;
            self.taken = 0;
            self.ended = self.block.is_empty();
        }
        let held = &self.block[self.taken..];
        let count = held.len().min(space.len());
        space[..count].copy_from_slice(&held[..count]);
        self.taken += count;
        Ok(count)
    }
}

/// A thread that ends without a word was no end of a file.
fn vanished() -> Failure {
    Failure::environment("a thread that decompressed is gone")
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "a test may write without a durable commit"
)]
mod tests {
    use super::*;
    use crate::args::{CompressionOption, FormatOption};
    use millrace_cli::Counter;
    use millrace_storage::Location;
    use std::path::Path;
    use std::time::{Duration, Instant};

    fn inputs(dir: &Path, files: &[(&str, Vec<u8>)]) -> (Inputs, Counter) {
        let input = |(name, bytes): &(&str, Vec<u8>)| {
            let path = dir.join(name);
            std::fs::write(&path, bytes).unwrap();
            Input::File(Location::parse(&path).unwrap())
        };
        let bytes_in = Counter::default();
        let how = How {
            format: FormatOption::Ndjson,
            compression: CompressionOption::Auto,
            bytes_in: bytes_in.clone(),
        };
        (
            Inputs::new(how, files.iter().map(input).collect(), 3),
            bytes_in,
        )
    }

    fn settled(bytes_in: &Counter, expected: impl Fn(u64) -> bool) -> bool {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(20) {
            if expected(bytes_in.value()) {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }

    #[test]
    fn the_next_inputs_are_decompressed_before_anybody_reads_them_but_not_all() {
        let dir = millrace_testkit::tempdir().unwrap();
        let packed = zstd::encode_all(&b"{\"a\":1}\n".repeat(100)[..], 1).unwrap();
        let each = packed.len() as u64;
        let files = ["1", "2", "3", "4"].map(|name| (name, packed.clone()));
        let (mut inputs, bytes_in) = inputs(dir.path(), &files);
        let first = inputs.next().unwrap().unwrap();
        // Itself, and two behind it.
        assert!(settled(&bytes_in, |value| value == 3 * each));
        thread::sleep(Duration::from_millis(50));
        assert_eq!(bytes_in.value(), 3 * each);
        drop(first);
        inputs.next().unwrap().unwrap();
        assert!(settled(&bytes_in, |value| value == 4 * each));
    }

    #[test]
    fn an_input_is_not_decompressed_further_than_its_backlog() {
        let dir = millrace_testkit::tempdir().unwrap();
        // Eight MiB that do not compress.
        let mut state = 1u64;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            (state >> 56) as u8
        });
        let content: Vec<u8> = noise.take(8 << 20).collect();
        let packed = zstd::encode_all(&content[..], 1).unwrap();
        let (mut inputs, bytes_in) = inputs(dir.path(), &[("1", packed)]);
        let mut opened = inputs.next().unwrap().unwrap();
        thread::sleep(Duration::from_millis(300));
        assert!(bytes_in.value() < 3 << 20, "{}", bytes_in.value());
        let mut read = opened.head.len();
        let mut space = vec![0; 100_000];
        loop {
            match opened.content.read(&mut space).unwrap() {
                0 => break,
                count => read += count,
            }
        }
        assert_eq!(read, content.len());
    }
}
