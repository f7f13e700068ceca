//! UTF-8, checked for a chunk at once; the lines that are none are set aside.

/// A line with bytes that are no UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadLine {
    /// Where the line begins.
    pub(crate) begin: usize,
    /// The first byte that is wrong.
    pub(crate) at: usize,
}

/// The lines of `bytes` that are no UTF-8, in order.
pub(crate) fn bad_lines(bytes: &[u8]) -> Vec<BadLine> {
    let mut bad = Vec::new();
    if simdutf8::basic::from_utf8(bytes).is_ok() {
        return bad;
    }
    // The slower check says where, and each one goes on where the last one stopped.
    let mut from = 0;
    while let Err(error) = simdutf8::compat::from_utf8(&bytes[from..]) {
        let at = from + error.valid_up_to();
        let begin =
            memchr::memrchr(b'\n', &bytes[from..at]).map_or(from, |newline| from + newline + 1);
        bad.push(BadLine { begin, at });
        match memchr::memchr(b'\n', &bytes[at..]) {
            Some(newline) => from = at + newline + 1,
            None => break,
        }
    }
    bad
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bad_line_once() {
        let bytes = b"good\n\xffbad\xfe\nstill good\nhalf \xc3";
        assert_eq!(
            bad_lines(bytes),
            [BadLine { begin: 5, at: 5 }, BadLine { begin: 22, at: 27 }]
        );
        assert_eq!(bad_lines("ünï\n".as_bytes()), []);
    }
}
