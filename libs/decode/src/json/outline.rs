//! The outline of a record: where its members stand, before any of them is read.

use crate::kernel::{Isa, Text};

/// Bytes looked at in one go.
const STEP: usize = 64;

/// Room behind the marks: they are written some at a time.
const SLACK: usize = 8;

/// Positions in the text. They are a proposal: whoever reads the members finds out whether
/// each of them ends where the next one is said to begin.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// The opening brace, the commas between members, and the closing brace.
    marks: Vec<u32>,
    count: usize,
}

/// What one step leaves to the next.
#[derive(Default)]
struct Carry {
    /// All ones inside a string.
    inside: u64,
    /// Whether a backslash stood last, which no other escaped.
    backslash: bool,
    /// Objects and arrays that are open.
    depth: i32,
}

impl Outline {
    /// Draws the record whose opening brace is at `at`. False if its line ends before its
    /// brackets do, or if it has more than `most` members.
    #[inline(always)]
    pub(crate) fn draw(&mut self, isa: impl Isa, text: Text<'_>, at: usize, most: usize) -> bool {
        self.marks.resize(most + 1 + STEP + SLACK, 0);
        self.count = 0;
        let mut carry = Carry::default();
        let mut from = at;
        while from < text.end() && self.count <= most {
            let masks = Masks::of(isa, text, from);
            let inside = carry.strings(&masks);
            let line = masks.line_ends ^ masks.line_ends.wrapping_sub(1);
            let outside = !inside & line;
            if self.mark_step(
                text,
                from,
                masks.commas & outside,
                masks.brackets & outside,
                &mut carry,
            ) {
                return self.count <= most + 1;
            }
            if masks.line_ends != 0 {
                return false;
            }
            from += STEP;
        }
        false
    }

    /// The marks: of each member, and of the end.
    #[inline(always)]
    pub(crate) fn marks(&self) -> &[u32] {
        &self.marks[..self.count]
    }

    #[inline(always)]
    fn mark(&mut self, at: usize) {
        self.marks[self.count] = at as u32;
        self.count += 1;
    }

    /// Marks every bit. Four at a time, wanted or not: how many there are is hard to
    /// foretell, and what is too much is written over.
    #[inline(always)]
    fn mark_all(&mut self, from: usize, mut bits: u64) {
        let count = self.count + bits.count_ones() as usize;
        while self.count < count {
            let room = &mut self.marks[self.count..self.count + 4];
            for mark in room {
                *mark = (from as u32).wrapping_add(bits.trailing_zeros());
                bits &= bits.wrapping_sub(1);
            }
            self.count += 4;
        }
        self.count = count;
    }

    /// Marks those of the commas that are the record's own, and its brackets; true if it
    /// has ended.
    #[inline(always)]
    fn mark_step(
        &mut self,
        text: Text<'_>,
        from: usize,
        mut commas: u64,
        mut brackets: u64,
        carry: &mut Carry,
    ) -> bool {
        while brackets != 0 {
            let before = (brackets - 1) & !brackets;
            if carry.depth == 1 {
                self.mark_all(from, commas & before);
            }
            commas &= !before;
            let at = from + brackets.trailing_zeros() as usize;
            brackets &= brackets - 1;
            let opens = matches!(text.byte(at), b'{' | b'[');
            if carry.depth == i32::from(!opens) {
                self.mark(at);
                if !opens {
                    return true;
                }
            }
            carry.depth += if opens { 1 } else { -1 };
        }
        if carry.depth == 1 {
            self.mark_all(from, commas);
        }
        false
    }
}

/// What stands in the bytes of one step, bit i for byte i.
struct Masks {
    quotes: u64,
    backslashes: u64,
    commas: u64,
    brackets: u64,
    line_ends: u64,
}

impl Masks {
    #[inline(always)]
    fn of(isa: impl Isa, text: Text<'_>, from: usize) -> Masks {
        Masks {
            quotes: any(isa, text, from, [b'"'; 4]),
            backslashes: any(isa, text, from, [b'\\'; 4]),
            commas: any(isa, text, from, [b','; 4]),
            brackets: any(isa, text, from, *b"{}[]"),
            line_ends: any(isa, text, from, [b'\n'; 4]),
        }
    }
}

/// The bytes of the step at `from` that are one of these four.
#[inline(always)]
fn any(isa: impl Isa, text: Text<'_>, from: usize, bytes: [u8; 4]) -> u64 {
    let low = isa.any(text.block(from), bytes);
    let high = isa.any(text.block(from + STEP / 2), bytes);
    u64::from(low) | u64::from(high) << 32
}

impl Carry {
    /// The bytes inside strings, with the quotes that open them.
    #[inline(always)]
    fn strings(&mut self, masks: &Masks) -> u64 {
        let mut quotes = masks.quotes;
        if masks.backslashes != 0 || self.backslash {
            quotes &= !self.escaped(masks.backslashes);
        }
        let inside = parity(quotes) ^ self.inside;
        self.inside = ((inside as i64) >> 63) as u64;
        inside
    }

    /// The bytes behind a backslash that is not itself behind one.
    #[inline(never)]
    fn escaped(&mut self, mut backslashes: u64) -> u64 {
        let mut escaped = u64::from(self.backslash);
        backslashes &= !escaped;
        self.backslash = false;
        while backslashes != 0 {
            let at = backslashes.trailing_zeros();
            if at == 63 {
                self.backslash = true;
                break;
            }
            escaped |= 2 << at;
            backslashes &= !(3 << at);
        }
        escaped
    }
}

/// Bit i of the result: whether the number of ones in bits 0 to i is odd.
#[inline(always)]
fn parity(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::Chunk;
    use crate::kernel::Portable;
    use proptest::prelude::*;

    /// The slow, obvious twin: byte after byte.
    fn one_by_one(line: &[u8]) -> Option<Vec<u32>> {
        let (mut marks, mut depth, mut inside, mut escaped) = (Vec::new(), 0, false, false);
        for (at, byte) in line.iter().enumerate() {
            let behind_backslash = std::mem::take(&mut escaped);
            match byte {
                b'\n' => return None,
                b'"' | b'\\' if behind_backslash => {}
                b'\\' => escaped = true,
                b'"' => inside = !inside,
                _ if inside => {}
                b',' if depth == 1 => marks.push(at as u32),
                b'{' | b'[' => {
                    if depth == 0 {
                        marks.push(at as u32);
                    }
                    depth += 1;
                }
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        marks.push(at as u32);
                        return Some(marks);
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn draw(isa: impl Isa, text: &[u8], most: usize) -> Option<Vec<u32>> {
        let chunk = Chunk::from(text);
        let mut outline = Outline::default();
        let drawn = outline.draw(isa, Text::of(&chunk)?, 0, most);
        drawn.then(|| outline.marks().to_vec())
    }

    proptest! {
        #[test]
        fn outlines_agree_with_one_byte_at_a_time(
            bytes in prop::collection::vec(prop::sample::select(b"\"\"\"\\\\{}[],,,:1aaaaaaaaaaaa\n".to_vec()), 0..300)
        ) {
            let text = [b"{", &bytes[..], b"}\n"].concat();
            let expected = one_by_one(&text);
            prop_assert_eq!(&draw(Portable, &text, 1000), &expected);
            #[cfg(target_arch = "x86_64")]
            if let Some(avx2) = crate::kernel::Avx2::detect() {
                prop_assert_eq!(&draw(avx2, &text, 1000), &expected);
            }
            if let Some(marks) = expected {
                prop_assert!(draw(Portable, &text, marks.len() - 1).is_some());
                prop_assert!(marks.len() < 3 || draw(Portable, &text, marks.len() - 2).is_none());
            }
        }
    }
}
