//! `zstd[:LEVEL]|snappy|lz4|none`.

use parquet::basic::{Compression, ZstdLevel};
use std::fmt;
use std::str::FromStr;

/// A page compression, in the form of `--compression`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Zstandard at a level of 1 to 22.
    Zstd(i32),
    /// Snappy.
    Snappy,
    /// LZ4 without a frame (Parquet's LZ4_RAW).
    Lz4,
    /// None.
    Plain,
}

impl Default for Codec {
    /// Level 3 is no smaller on events, and a third slower.
    fn default() -> Self {
        Codec::Zstd(1)
    }
}

impl From<Codec> for Compression {
    fn from(codec: Codec) -> Self {
        match codec {
            Codec::Zstd(level) => Compression::ZSTD(ZstdLevel::try_new(level).unwrap_or_default()),
            Codec::Snappy => Compression::SNAPPY,
            Codec::Lz4 => Compression::LZ4_RAW,
            Codec::Plain => Compression::UNCOMPRESSED,
        }
    }
}

impl FromStr for Codec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("'{text}' is not zstd, zstd:1 to zstd:22, snappy, lz4 or none");
        match text.split_once(':') {
            Some(("zstd", level)) => match level.parse() {
                Ok(level @ 1..=22) => Ok(Codec::Zstd(level)),
                _ => Err(expected()),
            },
            None if text == "zstd" => Ok(Codec::default()),
            None if text == "snappy" => Ok(Codec::Snappy),
            None if text == "lz4" => Ok(Codec::Lz4),
            None if text == "none" => Ok(Codec::Plain),
            _ => Err(expected()),
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Codec::Zstd(level) => write!(f, "zstd:{level}"),
            Codec::Snappy => f.write_str("snappy"),
            Codec::Lz4 => f.write_str("lz4"),
            Codec::Plain => f.write_str("none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert_eq!("zstd".parse(), Ok(Codec::Zstd(1)));
        for text in ["zstd:22", "snappy", "lz4", "none"] {
            assert_eq!(text.parse::<Codec>().unwrap().to_string(), text);
        }
        for bad in ["", "zstd:", "zstd:0", "zstd:23", "gzip", "snappy:1", "ZSTD"] {
            assert!(bad.parse::<Codec>().is_err(), "{bad}");
        }
    }
}
