//! Pages decompressed, with one context a thread.

use std::cell::RefCell;
use std::io::{self, Read};
use zstd::bulk::Decompressor;
use zstd::zstd_safe::get_frame_content_size;

/// Bytes of a page, at most: Parquet counts them in 31 bits.
const MOST: u64 = i32::MAX as u64;

thread_local! {
    static CONTEXT: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// `head` and the content of `packed`, which is Zstandard.
///
/// # Errors
/// If it is damaged, cut short, or larger than a page can be.
pub(super) fn decompress(head: &[u8], packed: &[u8]) -> io::Result<Vec<u8>> {
    let known = get_frame_content_size(packed).ok().flatten();
    if let Some(size) = known.filter(|size| *size <= MOST) {
        let mut content = begun(head, size as usize)?;
        if in_one_go(packed, &mut content).is_ok() {
            return Ok(content);
        }
    }
    in_steps(head, packed)
}

fn begun(head: &[u8], more: usize) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    content.try_reserve_exact(head.len() + more)?;
    content.extend_from_slice(head);
    Ok(content)
}

/// Appends the content of a single frame, for which there is room.
fn in_one_go(packed: &[u8], content: &mut Vec<u8>) -> io::Result<()> {
    CONTEXT.with_borrow_mut(|kept| {
        let context = match kept {
            Some(context) => context,
            none => none.insert(Decompressor::new()?),
        };
        let mut rest = io::Cursor::new(content);
        rest.set_position(rest.get_ref().len() as u64);
        context.decompress_to_buffer(packed, &mut rest).map(drop)
    })
}

/// What does not say how long it is, several frames, and what is damaged.
fn in_steps(head: &[u8], packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut content = begun(head, 0)?;
    let mut frames = zstd::stream::read::Decoder::with_buffer(packed)?.take(MOST + 1);
    if frames.read_to_end(&mut content)? as u64 > MOST {
        return Err(io::Error::other("it is larger than a page can be"));
    }
    Ok(content)
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
        let content: Vec<u8> = (0..100_000u32)
            .map(|n| (n.wrapping_mul(n) >> 9) as u8)
            .collect();
        let whole = zstd::bulk::compress(&content, 1).unwrap();
        let (first, second) = content.split_at(40_000);
        let two = [
            zstd::bulk::compress(first, 1).unwrap(),
            zstd::bulk::compress(second, 3).unwrap(),
        ]
        .concat();
        let expected = [&b"levels"[..], &content].concat();
        for packed in [whole, streamed(&content), two] {
            assert_eq!(decompress(b"levels", &packed).unwrap(), expected);
        }
        assert_eq!(decompress(b"", &streamed(b"")).unwrap(), b"");
    }

    #[test]
    fn damage_is_an_error() {
        let whole = zstd::bulk::compress(&[7; 5000], 1).unwrap();
        let streamed = streamed(&[7; 5000]);
        for packed in [&whole, &streamed] {
            for cut in 0..packed.len() {
                assert!(decompress(b"", &packed[..cut]).is_err(), "{cut}");
            }
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
