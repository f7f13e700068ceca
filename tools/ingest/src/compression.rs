//! From stored bytes to content: compression by magic bytes, archives read to their
//! last byte. An archive that ends early or is damaged is refused data (3); a read
//! that the system failed stays an I/O error (4).

use crate::ahead::Blocks;
use crate::args::CompressionOption;
use crate::detect::HEAD;
use crate::inputs::Input;
use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use liblzma::read::XzDecoder;
use lz4_flex::frame::FrameDecoder;
use millrace_cli::Counter;
use millrace_fault::{Failure, quoted};
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the decompressors are given at a time.
const STORED: usize = 128 << 10;

/// The content of an open input.
pub(crate) struct Content {
    name: String,
    /// What comes first.
    front: io::Cursor<Vec<u8>>,
    from: From,
    /// Whether the input is compressed.
    pub(crate) compressed: bool,
}

enum From {
    /// Decompressed by whoever reads.
    Here {
        reader: Box<dyn Read + Send>,
        storage_failed: Arc<AtomicBool>,
    },
    /// By somebody else.
    Ahead(Blocks),
    /// Nothing more can be read.
    Failed(Option<Failure>),
}

impl Content {
    /// Opens `input`; bytes read from it as stored are added to `counter`.
    pub(crate) fn open(
        input: &Input,
        asked: CompressionOption,
        counter: &Counter,
    ) -> Result<Content, Failure> {
        let name = input.name();
        let storage_failed = Arc::new(AtomicBool::new(false));
        let mut stored = Stored {
            inner: input.open()?,
            counter: counter.clone(),
            failed: Arc::clone(&storage_failed),
        };
        let mut head = Vec::with_capacity(HEAD);
        let read = stored.by_ref().take(HEAD as u64).read_to_end(&mut head);
        read.map_err(|error| Failure::io("read", &name, error))?;
        let compression = match asked {
            CompressionOption::Auto => by_magic(&head),
            named => named,
        };
        if head.is_empty() && (compression != CompressionOption::None || is_archive_name(&name)) {
            return Err(Failure::data(format!(
                "cannot decompress {}: it is empty",
                quoted(&name)
            )));
        }
        let compressed = compression != CompressionOption::None;
        let reader = decompressed(io::Cursor::new(head).chain(stored), compression);
        let reader = reader.map_err(|error| damaged(&name, error))?;
        Ok(Content {
            name,
            front: io::Cursor::default(),
            from: From::Here {
                reader,
                storage_failed,
            },
            compressed,
        })
    }

    /// What `content` holds, as it was decompressed ahead.
    pub(crate) fn ahead(content: &Content, blocks: Blocks) -> Content {
        Content {
            name: content.name.clone(),
            front: io::Cursor::default(),
            from: From::Ahead(blocks),
            compressed: content.compressed,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Reads into `space`; 0 at the end.
    pub(crate) fn read(&mut self, space: &mut [u8]) -> Result<usize, Failure> {
        let count = self.front.read(space).unwrap_or_default();
        if count > 0 {
            return Ok(count);
        }
        loop {
            let (error, storage_failed) = match &mut self.from {
                From::Ahead(blocks) => return blocks.read(space),
                From::Failed(failure) => return failure.take().map_or(Ok(0), Err),
                From::Here {
                    reader,
                    storage_failed,
                } => match reader.read(space) {
                    Ok(count) => return Ok(count),
                    Err(error) => (error, storage_failed.load(Ordering::Relaxed)),
                },
            };
            return Err(match error.kind() {
                io::ErrorKind::Interrupted => continue,
                _ if self.compressed && !storage_failed => damaged(&self.name, error),
                _ => Failure::io("read", &self.name, error),
            });
        }
    }

    /// The next read fails with this.
    pub(crate) fn fail(&mut self, failure: Failure) {
        self.from = From::Failed(Some(failure));
    }

    /// Puts bytes that were read too early back in front.
    pub(crate) fn unread(&mut self, bytes: &[u8]) {
        let position = self.front.position() as usize;
        let rest = &self.front.get_ref()[position..];
        self.front = io::Cursor::new([bytes, rest].concat());
    }

    /// The content as a reader, for formats that have readers of their own.
    pub(crate) fn into_reader(mut self, head: Vec<u8>) -> impl Read + Send + 'static {
        self.unread(&head);
        self.front.chain(Rest(self.from))
    }
}

/// What follows the front, for readers that have errors of their own.
struct Rest(From);

impl Read for Rest {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let other = |failure: Failure| io::Error::other(failure.to_string());
        match &mut self.0 {
            From::Here { reader, .. } => reader.read(space),
            From::Ahead(blocks) => blocks.read(space).map_err(other),
            From::Failed(failure) => failure.take().map_or(Ok(0), |failure| Err(other(failure))),
        }
    }
}

fn damaged(name: &str, error: io::Error) -> Failure {
    let failure = Failure::data(format!("cannot decompress {}", quoted(name)));
    match error.kind() {
        io::ErrorKind::UnexpectedEof => failure.because("it is cut short"),
        _ => failure.because(error),
    }
}

/// Stored bytes, counted; remembers whether the system failed a read.
struct Stored {
    inner: Box<dyn Read + Send>,
    counter: Counter,
    failed: Arc<AtomicBool>,
}

impl Read for Stored {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let result = self.inner.read(space);
        match &result {
            Ok(count) => self.counter.add(*count as u64),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => self.failed.store(true, Ordering::Relaxed),
        }
        result
    }
}

/// The compression that a file's first bytes show.
fn by_magic(head: &[u8]) -> CompressionOption {
    match head {
        [0x1f, 0x8b, ..] => CompressionOption::Gzip,
        // A frame, or a skippable one as pzstd puts in front.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            CompressionOption::Zstd
        }
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31 | 0x17, ..] => CompressionOption::Bzip2,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => CompressionOption::Xz,
        [0x04, 0x22, 0x4d, 0x18, ..] => CompressionOption::Lz4,
        _ => CompressionOption::None,
    }
}

fn is_archive_name(name: &str) -> bool {
    crate::detect::without_compression(name) != name
}

fn decompressed(
    stored: impl Read + Send + 'static,
    compression: CompressionOption,
) -> io::Result<Box<dyn Read + Send>> {
    Ok(match compression {
        CompressionOption::Auto | CompressionOption::None => Box::new(stored),
        CompressionOption::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(
            STORED, stored,
        ))),
        CompressionOption::Zstd => Box::new(zstd::Decoder::new(stored)?),
        CompressionOption::Bzip2 => Box::new(MultiBzDecoder::new(BufReader::with_capacity(
            STORED, stored,
        ))),
        CompressionOption::Xz => Box::new(XzDecoder::new_multi_decoder(BufReader::with_capacity(
            STORED, stored,
        ))),
        CompressionOption::Lz4 => Box::new(Lz4Frames::new(stored)),
    })
}

/// Frames of lz4, one after the other, each of which must have its end mark: the
/// library takes an end of input in its place.
struct Lz4Frames<R: Read> {
    /// None behind the last frame.
    frame: Option<FrameDecoder<Watched<R>>>,
}

/// Remembers whether somebody wanted to read beyond the end.
struct Watched<R> {
    inner: BufReader<R>,
    overrun: bool,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(space)?;
        self.overrun |= count == 0 && !space.is_empty();
        Ok(count)
    }
}

impl<R: Read> Lz4Frames<R> {
    fn new(stored: R) -> Self {
        let inner = BufReader::with_capacity(STORED, stored);
        Lz4Frames {
            frame: Some(FrameDecoder::new(Watched {
                inner,
                overrun: false,
            })),
        }
    }
}

impl<R: Read> Read for Lz4Frames<R> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        while let Some(frame) = &mut self.frame {
            let count = frame.read(space)?;
            if count > 0 || space.is_empty() {
                return Ok(count);
            }
            let stored = frame.get_mut();
            if stored.overrun {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let more = !stored.inner.fill_buf()?.is_empty();
            self.frame = self
                .frame
                .take()
                .filter(|_| more)
                .map(|ended| FrameDecoder::new(ended.into_inner()));
        }
        Ok(0)
    }
}
