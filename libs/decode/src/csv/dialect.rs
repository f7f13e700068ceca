//! How a text separates its cells.

use crate::options::Error;

/// The characters that mean something, each a single byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Between cells.
    pub delimiter: u8,
    /// Around cells that hold delimiters, quotes or line ends; None where nothing is quoted.
    pub quote: Option<u8>,
    /// Before a quote, a delimiter, a line end or itself between quotes, beside the quote
    /// written twice. Before anything else it is refused: nobody can tell what was meant.
    pub escape: Option<u8>,
    /// At the start of a line that is passed over.
    pub comment: Option<u8>,
}

impl Default for Dialect {
    /// RFC 4180.
    fn default() -> Self {
        Dialect {
            delimiter: b',',
            quote: Some(b'"'),
            escape: None,
            comment: None,
        }
    }
}

impl Dialect {
    /// Tabs between cells, quotes as in CSV.
    pub fn tsv() -> Self {
        Dialect {
            delimiter: b'\t',
            ..Dialect::default()
        }
    }

    /// Whether the escape character may stand before `byte`.
    pub(crate) fn escapes(&self, byte: u8) -> bool {
        let byte = Some(byte);
        byte == self.quote
            || byte == self.escape
            || byte == Some(self.delimiter)
            || matches!(byte, Some(b'\n' | b'\r'))
    }

    /// Whether the characters can be told apart.
    ///
    /// # Errors
    /// If one is not ASCII, is a line end, or means two things.
    pub fn check(&self) -> Result<(), Error> {
        let roles = [Some(self.delimiter), self.quote, self.escape, self.comment];
        let used: Vec<u8> = roles.into_iter().flatten().collect();
        for (i, byte) in used.iter().enumerate() {
            let shown = byte.escape_ascii();
            if matches!(byte, 0 | b'\n' | b'\r') || !byte.is_ascii() {
                return Err(Error::Dialect(format!(
                    "'{shown}' cannot separate or quote cells"
                )));
            }
            if used[..i].contains(byte) {
                return Err(Error::Dialect(format!("'{shown}' cannot mean two things")));
            }
        }
        Ok(())
    }
}
