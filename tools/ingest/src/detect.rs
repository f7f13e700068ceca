//! The format of an input: asked for, else by its first bytes, else by its name.

use crate::args::FormatOption;
use millrace_fault::{Failure, quoted};

/// How many bytes of content are looked at.
pub(crate) const HEAD: usize = 4096;

/// A format that was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Ndjson,
    Json,
    Csv,
    Tsv,
    Rejects,
    Parquet,
    Avro,
    Orc,
    ArrowFile,
    ArrowStream,
}

impl Format {
    /// Whether rows come as text records, to be decoded by a schema.
    pub(crate) fn is_text(self) -> bool {
        !matches!(
            self,
            Format::Parquet | Format::Avro | Format::Orc | Format::ArrowFile | Format::ArrowStream
        )
    }
}

/// The format of the input `name` whose content begins with `head`. An empty input
/// of an unknown name is NDJSON: without records it makes no difference.
pub(crate) fn detect(asked: FormatOption, name: &str, head: &[u8]) -> Result<Format, Failure> {
    match asked {
        FormatOption::Ndjson => Ok(Format::Ndjson),
        FormatOption::Json => Ok(Format::Json),
        FormatOption::Csv => Ok(Format::Csv),
        FormatOption::Tsv => Ok(Format::Tsv),
        FormatOption::Rejects => Ok(Format::Rejects),
        FormatOption::Parquet => match by_magic(head) {
            Some(Format::Parquet) => Ok(Format::Parquet),
            _ => Err(Failure::data(format!(
                "{} is not a Parquet file",
                quoted(name)
            ))),
        },
        FormatOption::Avro => match by_magic(head) {
            Some(Format::Avro) => Ok(Format::Avro),
            _ => Err(Failure::data(format!(
                "{} is not an Avro file",
                quoted(name)
            ))),
        },
        FormatOption::Orc => match by_magic(head) {
            Some(Format::Orc) => Ok(Format::Orc),
            _ => Err(Failure::data(format!(
                "{} is not an ORC file",
                quoted(name)
            ))),
        },
        FormatOption::Arrow => match by_magic(head) {
            Some(format @ (Format::ArrowFile | Format::ArrowStream)) => Ok(format),
            _ => Err(Failure::data(format!(
                "{} is neither an Arrow stream nor an Arrow file",
                quoted(name)
            ))),
        },
        FormatOption::Auto => automatic(name, head),
    }
}

fn automatic(name: &str, head: &[u8]) -> Result<Format, Failure> {
    if let Some(format) = by_magic(head) {
        return Ok(format);
    }
    if let Some(other) = foreign(head) {
        let failure = Failure::usage(format!(
            "cannot read {}: {other} files are not supported",
            quoted(name)
        ));
        return Err(failure.hint("convert it to Parquet first"));
    }
    match extension(without_compression(name)).as_str() {
        "ndjson" | "jsonl" | "ldjson" => Ok(Format::Ndjson),
        "csv" => Ok(Format::Csv),
        "tsv" | "tab" => Ok(Format::Tsv),
        "parquet" | "pq" => Err(Failure::data(format!(
            "{} is not a Parquet file",
            quoted(name)
        ))),
        "avro" => Err(Failure::data(format!(
            "{} is not an Avro file",
            quoted(name)
        ))),
        "orc" => Err(Failure::data(format!(
            "{} is not an ORC file",
            quoted(name)
        ))),
        "arrow" | "arrows" | "ipc" | "feather" => Err(Failure::data(format!(
            "{} is neither an Arrow stream nor an Arrow file",
            quoted(name)
        ))),
        "json" => Ok(by_text(head).unwrap_or(Format::Json)),
        _ if head.is_empty() => Ok(Format::Ndjson),
        _ => by_text(head).ok_or_else(|| {
            Failure::usage(format!("cannot tell the format of {}", quoted(name)))
                .hint("say --format ndjson, json, csv, tsv, parquet, avro, orc, arrow or rejects")
        }),
    }
}

fn by_magic(head: &[u8]) -> Option<Format> {
    match head {
        [b'P', b'A', b'R', b'1', ..] => Some(Format::Parquet),
        [b'O', b'b', b'j', 1, ..] => Some(Format::Avro),
        [b'O', b'R', b'C', ..] => Some(Format::Orc),
        _ if head.starts_with(b"ARROW1\0\0") => Some(Format::ArrowFile),
        [0xff, 0xff, 0xff, 0xff, ..] => Some(Format::ArrowStream),
        _ => None,
    }
}

/// Formats that we know well enough to say that we do not read them.
fn foreign(head: &[u8]) -> Option<&'static str> {
    match head {
        [b'P', b'K', 3, 4, ..] => Some("zip"),
        _ => None,
    }
}

/// JSON by its first character. An object is NDJSON if it ends on its first line,
/// and a document (maybe over many lines) otherwise.
fn by_text(head: &[u8]) -> Option<Format> {
    let text = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    match text.first()? {
        b'[' => Some(Format::Json),
        b'{' => {
            let line = text.split(|byte| *byte == b'\n').next().unwrap_or(text);
            // A first line longer than what we look at is a record, not a layout.
            let whole = line.len() == text.len() && head.len() >= HEAD;
            let ends = line.trim_ascii_end().ends_with(b"}");
            Some(if whole || ends {
                Format::Ndjson
            } else {
                Format::Json
            })
        }
        _ => None,
    }
}

/// `name` without `.gz` and the like.
pub(crate) fn without_compression(name: &str) -> &str {
    match extension(name).as_str() {
        "gz" | "gzip" | "zst" | "zstd" | "bz2" | "xz" | "lz4" => {
            name.rsplit_once('.').map_or(name, |(stem, _)| stem)
        }
        _ => name,
    }
}

fn extension(name: &str) -> String {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.rsplit_once('.')
        .map_or_else(String::new, |(_, extension)| extension.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(name: &str, head: &str) -> Option<Format> {
        detect(FormatOption::Auto, name, head.as_bytes()).ok()
    }

    #[test]
    fn content_goes_before_names() {
        assert_eq!(auto("x.csv", "PAR1"), Some(Format::Parquet));
        assert_eq!(auto("x.csv", "Obj\u{1}"), Some(Format::Avro));
        assert_eq!(auto("x.csv", "ORC\u{1}"), Some(Format::Orc));
        assert_eq!(
            auto("x.json", "{\"a\":1}\n{\"a\":2}\n"),
            Some(Format::Ndjson)
        );
        assert_eq!(auto("x.json", "{\n  \"a\": 1\n}"), Some(Format::Json));
        assert_eq!(auto("x.json", "\u{feff}[1]"), Some(Format::Json));
        assert_eq!(auto("-", " {\"a\":1}"), Some(Format::Ndjson));
        assert_eq!(auto("d/x.JSONL.gz", "junk"), Some(Format::Ndjson));
        assert_eq!(auto("d.csv/x", "a,b"), None);
        assert_eq!(auto("x.tsv.zst", "{a"), Some(Format::Tsv));
        assert_eq!(auto("x.parquet", "a,b"), None);
        assert_eq!(auto("x.avro", "a,b"), None);
        assert_eq!(auto("x.orc", "a,b"), None);
        assert_eq!(auto("x", ""), Some(Format::Ndjson));
    }
}
