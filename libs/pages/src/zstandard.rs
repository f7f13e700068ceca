//! Pages decompressed, with one context a thread.

use std::cell::RefCell;
use std::io;
use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};
use zstd::zstd_safe::get_frame_content_size;

/// Bytes of a page, at most: Parquet counts them in 31 bits.
const MOST: usize = i32::MAX as usize;

/// Bytes of room, at least, for content of unknown length.
const ROOM: usize = 64 << 10;

thread_local! {
    static CONTEXT: RefCell<Option<Decoder<'static>>> = const { RefCell::new(None) };
}

/// `head` and the content of `packed`, which is Zstandard: one frame or several.
///
/// # Errors
/// If it is damaged, cut short, or larger than a page can be.
pub(crate) fn decompress(head: &[u8], packed: &[u8]) -> io::Result<Vec<u8>> {
    CONTEXT.with_borrow_mut(|kept| {
        let context = match kept {
            Some(context) => context,
            none => none.insert(Decoder::new()?),
        };
        context.reinit()?;
        let mut content = Vec::new();
        content.try_reserve_exact(head.len() + room(packed)?)?;
        content.extend_from_slice(head);
        all_frames(context, packed, &mut content)?;
        Ok(content)
    })
}

/// Bytes to begin with: as many as the frame says that it holds, or a guess.
fn room(packed: &[u8]) -> io::Result<usize> {
    let told = get_frame_content_size(packed).ok().flatten();
    let guess = || packed.len().saturating_mul(4).clamp(ROOM, MOST);
    match told.map(usize::try_from) {
        None => Ok(guess()),
        Some(Ok(size)) if size <= MOST => Ok(size),
        Some(_) => Err(too_large()),
    }
}

fn too_large() -> io::Error {
    io::Error::other("it is larger than a page can be")
}

/// Appends the content of all frames.
fn all_frames(
    context: &mut Decoder<'static>,
    packed: &[u8],
    content: &mut Vec<u8>,
) -> io::Result<()> {
    let most = content.len() + MOST;
    let mut input = InBuffer::around(packed);
    loop {
        let begun = (input.pos(), content.len());
        let end = content.len();
        let mut output = OutBuffer::around_pos(content, end);
        let hint = context.run(&mut input, &mut output)?;
        let all_read = input.pos() == packed.len();
        if hint == 0 && all_read {
            return Ok(());
        }
        let full = content.len() == content.capacity();
        if full {
            grow(content, most)?;
        } else if begun == (input.pos(), content.len()) || all_read {
            return Err(io::Error::other("it ends early"));
        }
    }
}

/// Doubles the room, up to `most` bytes in all.
fn grow(content: &mut Vec<u8>, most: usize) -> io::Result<()> {
    let more = content.len().clamp(ROOM, MOST);
    let more = more.min(most - content.len().min(most));
    if more == 0 {
        return Err(too_large());
    }
    Ok(content.try_reserve_exact(more)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn streamed(content: &[u8]) -> Vec<u8> {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_contentsize(false).unwrap();
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn all_frames_after_what_stands_before_them() {
        let content: Vec<u8> = (0..500_000u32)
            .map(|n| (n.wrapping_mul(n) >> 9) as u8)
            .collect();
        let whole = zstd::bulk::compress(&content, 1).unwrap();
        let (first, second) = content.split_at(40_000);
        let two = [
            zstd::bulk::compress(first, 1).unwrap(),
            zstd::bulk::compress(second, 3).unwrap(),
        ]
        .concat();
        let mixed = [
            zstd::bulk::compress(first, 1).unwrap(),
            streamed(&[]),
            streamed(second),
        ]
        .concat();
        let expected = [&b"levels"[..], &content].concat();
        for packed in [whole, streamed(&content), two, mixed] {
            assert_eq!(decompress(b"levels", &packed).unwrap(), expected);
        }
        assert_eq!(decompress(b"", &streamed(b"")).unwrap(), b"");
        // Far more than one would guess from its length.
        let zeros = vec![0; 10 << 20];
        assert_eq!(decompress(b"", &streamed(&zeros)).unwrap(), zeros);
    }

    #[test]
    fn damage_is_an_error_and_the_next_page_is_read() {
        let whole = zstd::bulk::compress(&[7; 5000], 1).unwrap();
        let streamed = streamed(&[7; 5000]);
        for packed in [&whole, &streamed] {
            for cut in 1..packed.len() {
                assert!(decompress(b"", &packed[..cut]).is_err(), "{cut}");
                assert_eq!(decompress(b"", packed).unwrap(), [7; 5000]);
            }
            let more = [packed, &b"no frame"[..]].concat();
            assert!(decompress(b"", &more).is_err());
        }
        assert!(decompress(b"", b"no frame").is_err());
        // A frame that says it holds 2^60 bytes.
        let huge = [
            &[0x28, 0xb5, 0x2f, 0xfd, 0xe0][..],
            &(1u64 << 60).to_le_bytes(),
            &[1, 0, 0],
        ];
        assert!(decompress(b"", &huge.concat()).is_err());
    }
}
