//! Where records end, before anything is decoded.

use super::Dialect;
use memchr::{memchr, memchr2, memrchr};

/// Finds record ends in the consecutive pieces of a text. It reads quotes exactly as the
/// decoder does, so both agree on where a record ends.
#[derive(Clone, Debug)]
pub struct Cutter {
    dialect: Dialect,
    state: State,
    /// The byte before the piece at hand.
    before: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Outside,
    /// In a line that is passed over.
    Comment,
    /// Between quotes.
    Inside,
    /// Behind a quote between quotes: the first of two, or the closing one.
    BehindQuote,
    /// Behind an escape between quotes.
    BehindEscape,
}

impl Cutter {
    /// For a text that begins at the start of a record.
    pub fn new(dialect: &Dialect) -> Self {
        Cutter {
            dialect: *dialect,
            state: State::Outside,
            before: b'\n',
        }
    }

    /// Takes the next piece of the text. Where the last record that ends in it does so;
    /// None if none does.
    pub fn cut(&mut self, piece: &[u8]) -> Option<usize> {
        let (mut at, mut last) = (0, None);
        while at < piece.len() {
            at = match self.state {
                State::Outside => self.outside(piece, at, &mut last),
                State::Comment => self.comment(piece, at, &mut last),
                State::Inside => self.inside(piece, at),
                State::BehindQuote => self.behind_quote(piece, at),
                State::BehindEscape => {
                    self.state = State::Inside;
                    at + 1
                }
            };
        }
        self.before = piece.last().copied().unwrap_or(self.before);
        last
    }

    /// Whether the text so far ends between quotes.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Inside | State::BehindEscape)
    }

    fn inside(&mut self, piece: &[u8], at: usize) -> usize {
        let quote = self.dialect.quote.unwrap_or_default();
        let found = match self.dialect.escape {
            Some(escape) => memchr2(quote, escape, &piece[at..]),
            None => memchr(quote, &piece[at..]),
        };
        let Some(found) = found else {
            return piece.len();
        };
        self.state = match piece[at + found] == quote {
            true => State::BehindQuote,
            false => State::BehindEscape,
        };
        at + found + 1
    }

    fn behind_quote(&mut self, piece: &[u8], at: usize) -> usize {
        match Some(piece[at]) == self.dialect.quote {
            true => {
                self.state = State::Inside;
                at + 1
            }
            false => {
                self.state = State::Outside;
                // What follows a closing quote opens nothing, except behind a delimiter.
                self.go_on(at)
            }
        }
    }

    /// Leaves the byte at `at` to [`Cutter::outside`], as one that is no start of a cell.
    fn go_on(&mut self, at: usize) -> usize {
        if at == 0 {
            self.before = self.dialect.quote.unwrap_or_default();
        }
        at
    }

    fn comment(&mut self, piece: &[u8], at: usize, last: &mut Option<usize>) -> usize {
        match memchr(b'\n', &piece[at..]) {
            None => piece.len(),
            Some(newline) => {
                self.state = State::Outside;
                *last = Some(at + newline + 1);
                at + newline + 1
            }
        }
    }

    /// Looks on outside quotes: up to the next opening quote or comment.
    fn outside(&mut self, piece: &[u8], at: usize, last: &mut Option<usize>) -> usize {
        if Some(piece[at]) == self.dialect.comment && self.byte_before(piece, at) == b'\n' {
            self.state = State::Comment;
            return at + 1;
        }
        let end = self.outside_end(piece, at);
        if let Some(newline) = memrchr(b'\n', &piece[at..end]) {
            *last = Some(at + newline + 1);
        }
        match end < piece.len() && self.opens(piece, end) {
            true => {
                self.state = State::Inside;
                end + 1
            }
            false => end,
        }
    }

    /// The next opening quote, or the end; where there are comments, the line's end.
    fn outside_end(&self, piece: &[u8], from: usize) -> usize {
        let line_end = match self.dialect.comment {
            Some(_) => {
                memchr(b'\n', &piece[from..]).map_or(piece.len(), |newline| from + newline + 1)
            }
            None => piece.len(),
        };
        let Some(quote) = self.dialect.quote else {
            return line_end;
        };
        let quotes = memchr::memchr_iter(quote, &piece[from..line_end]);
        quotes
            .map(|found| from + found)
            .find(|at| self.opens(piece, *at))
            .unwrap_or(line_end)
    }

    /// Whether the byte at `at` is a quote at the start of a cell.
    fn opens(&self, piece: &[u8], at: usize) -> bool {
        let before = self.byte_before(piece, at);
        Some(piece[at]) == self.dialect.quote
            && (before == b'\n' || before == self.dialect.delimiter)
    }

    fn byte_before(&self, piece: &[u8], at: usize) -> u8 {
        if at == 0 { self.before } else { piece[at - 1] }
    }
}
