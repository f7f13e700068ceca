//! Where the elements of a JSON document end, before anything is decoded.

use memchr::memchr2;

/// Finds the ends of elements in the consecutive pieces of a JSON text, and checks what
/// stands between them.
///
/// If the text begins with `[`, the elements are those of this array; else they are the
/// values of the text: one document, or several after each other with white space
/// between. Inside an element only brackets and strings are told apart; the rest is for
/// the decoder to judge.
#[derive(Clone, Debug)]
pub struct Cutter {
    state: State,
    array: bool,
    /// Brackets open in the element at hand.
    depth: usize,
    /// Bytes in the pieces before.
    position: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    /// Behind `[`.
    First,
    /// Behind a comma.
    Value,
    Inside,
    InString,
    BehindBackslash,
    InScalar,
    /// Behind an element.
    Behind,
    /// Behind `]`.
    Done,
}

/// A text whose elements cannot be told apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at byte {position}")]
pub struct Malformed {
    /// Byte of the text, counted from 0.
    pub position: u64,
    /// What was expected there.
    pub expected: &'static str,
}

impl Default for Cutter {
    fn default() -> Self {
        Cutter {
            state: State::Start,
            array: false,
            depth: 0,
            position: 0,
        }
    }
}

impl Cutter {
    /// For the start of a text.
    pub fn new() -> Self {
        Cutter::default()
    }

    /// Takes the next piece of the text. Where the last element that ends in it does so;
    /// None if none does. A piece may begin and end with what separates elements.
    ///
    /// # Errors
    /// If something else stands between elements; the cutter is of no use then.
    pub fn cut(&mut self, piece: &[u8]) -> Result<Option<usize>, Malformed> {
        let (mut at, mut last) = (0, None);
        while at < piece.len() {
            let before = self.state;
            at = self.step(piece, at)?;
            let ended = self.state == State::Behind && before != State::Behind;
            if ended || self.state == State::Done && before != State::Done {
                last = Some(at);
            }
        }
        self.position += piece.len() as u64;
        Ok(last)
    }

    /// Ends the text.
    ///
    /// # Errors
    /// If an element or the array is still open, or there was nothing at all.
    pub fn finish(&self) -> Result<(), Malformed> {
        let expected = match self.state {
            State::Done => return Ok(()),
            State::Behind | State::InScalar if !self.array => return Ok(()),
            State::Start => "a JSON value",
            State::InString | State::BehindBackslash => "a closing quote",
            State::Inside => "a closing bracket",
            _ => "']'",
        };
        Err(Malformed {
            position: self.position,
            expected,
        })
    }

    /// Reads on at `at`; returns where to go on.
    fn step(&mut self, piece: &[u8], at: usize) -> Result<usize, Malformed> {
        let byte = piece[at];
        match self.state {
            State::Inside => return Ok(self.inside(piece, at)),
            State::InString => return Ok(self.in_string(piece, at)),
            State::BehindBackslash => {
                self.state = State::InString;
                return Ok(at + 1);
            }
            State::InScalar => return Ok(self.in_scalar(piece, at)),
            _ if is_space(byte) => return Ok(at + 1),
            _ => {}
        }
        self.state = match (self.state, byte) {
            (State::Start, b'[') => {
                self.array = true;
                State::First
            }
            (State::First, b']') | (State::Behind, b']') if self.array => State::Done,
            (State::Behind, b',') if self.array => State::Value,
            (State::Behind, _) if self.array => return Err(self.malformed(at, "',' or ']'")),
            (State::Done, _) => return Err(self.malformed(at, "nothing behind the array")),
            (_, b',' | b']' | b'}' | b':') => return Err(self.malformed(at, "a JSON value")),
            (_, b'{' | b'[') => {
                self.depth = 1;
                State::Inside
            }
            (_, b'"') => State::InString,
            _ => State::InScalar,
        };
        Ok(at + 1)
    }

    fn inside(&mut self, piece: &[u8], mut at: usize) -> usize {
        while let Some(byte) = piece.get(at) {
            at += 1;
            match byte {
                b'"' => {
                    self.state = State::InString;
                    return at;
                }
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.state = State::Behind;
                        return at;
                    }
                }
                _ => {}
            }
        }
        at
    }

    fn in_string(&mut self, piece: &[u8], at: usize) -> usize {
        let Some(found) = memchr2(b'"', b'\\', &piece[at..]) else {
            return piece.len();
        };
        self.state = match (piece[at + found], self.depth) {
            (b'\\', _) => State::BehindBackslash,
            (_, 0) => State::Behind,
            _ => State::Inside,
        };
        at + found + 1
    }

    fn in_scalar(&mut self, piece: &[u8], at: usize) -> usize {
        let ends =
            |byte: &u8| is_space(*byte) || matches!(byte, b',' | b']' | b'}' | b'{' | b'[' | b'"');
        match piece[at..].iter().position(ends) {
            Some(found) => {
                self.state = State::Behind;
                at + found
            }
            None => piece.len(),
        }
    }

    fn malformed(&self, at: usize, expected: &'static str) -> Malformed {
        Malformed {
            position: self.position + at as u64,
            expected,
        }
    }
}

/// Where the element that begins at the start of `bytes` ends, by brackets and strings.
pub(super) fn element_end(bytes: &[u8]) -> usize {
    let mut cutter = Cutter {
        state: State::Value,
        array: true,
        ..Cutter::default()
    };
    let mut at = 0;
    while at < bytes.len() && cutter.state != State::Behind {
        match cutter.step(bytes, at) {
            Ok(next) => at = next,
            Err(_) => return at + 1,
        }
    }
    at
}

/// The elements of a text, without what separates them: for inference. It ends early where
/// the text is malformed or its last element is cut off.
pub fn elements(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut cutter, mut at) = (Cutter::new(), 0);
    std::iter::from_fn(move || {
        let mut begin = None;
        while at < bytes.len() {
            let idle = matches!(
                cutter.state,
                State::Start | State::First | State::Value | State::Behind | State::Done
            );
            let next = cutter.step(bytes, at).ok()?;
            let begun = matches!(
                cutter.state,
                State::Inside | State::InString | State::InScalar
            );
            if idle && begun {
                begin = Some(at);
            }
            at = next;
            if let (Some(begin), State::Behind) = (begin, cutter.state) {
                return Some(&bytes[begin..at]);
            }
        }
        let whole = cutter.state == State::InScalar && !cutter.array;
        begin.filter(|_| whole).map(|begin| &bytes[begin..])
    })
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 6] = [
        r#" [ {"a":"]}\\\""} , 1.5,"x\"y", [[],{}] ,null ] "#,
        "[]",
        r#"{"a":[1,{"b":2}]}"#,
        "{}\n{} [1]",
        "17",
        "[1]",
    ];

    #[test]
    fn pieces_of_any_size_give_the_same_elements() {
        for text in TEXTS {
            let whole: Vec<&[u8]> = elements(text.as_bytes()).collect();
            for size in 1..text.len() {
                let mut cutter = Cutter::new();
                let mut held = Vec::new();
                let mut found = Vec::new();
                for piece in text.as_bytes().chunks(size) {
                    let cut = cutter.cut(piece).unwrap();
                    let end = held.len() + cut.unwrap_or(0);
                    held.extend_from_slice(piece);
                    if cut.is_some() {
                        found.push(held.drain(..end).collect::<Vec<u8>>());
                    }
                }
                cutter.finish().unwrap();
                found.push(held);
                assert_eq!(found.concat(), text.as_bytes());
                // A cut never goes through an element.
                for element in &whole {
                    let parts = found.iter().filter(|part| {
                        part.windows(element.len()).any(|window| window == *element)
                    });
                    assert!(parts.count() >= 1, "{text} {size}");
                }
            }
        }
    }

    #[test]
    fn what_stands_between_elements_is_checked() {
        for (text, position) in [
            ("[1,,2]", 3),
            ("[1 2]", 3),
            ("[,1]", 1),
            ("[1]x", 3),
            ("]", 0),
            ("{}}", 2),
        ] {
            let error = Cutter::new().cut(text.as_bytes()).unwrap_err();
            assert_eq!(error.position, position, "{text}");
        }
        for open in ["", "[", "[1", "[1,", "[{", "[\"", "{", " "] {
            let mut cutter = Cutter::new();
            cutter.cut(open.as_bytes()).unwrap();
            assert!(cutter.finish().is_err(), "{open}");
        }
        // A comma before the closing bracket.
        assert!(Cutter::new().cut(b"[1,]").is_err());
    }
}
