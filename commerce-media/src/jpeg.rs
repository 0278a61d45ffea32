//! Whether a JPEG is all there. The decoder paints grey what is missing, and takes as many passes as it is given.

/// The most passes over a picture. Progressive ones have some ten; each costs the time of a whole picture.
const SCANS_MAX: usize = 64;

const END: u8 = 0xd9;
const SCAN: u8 = 0xda;

/// Whether the file goes on to the mark of its end, in no more passes than a picture needs.
pub(crate) fn is_whole(file: &[u8]) -> bool {
    let Some(mut rest) = file.strip_prefix(&[0xff, 0xd8]) else { return false };
    let mut scans = 0;
    loop {
        let Some((mark, after)) = mark(rest) else { return false };
        match mark {
            END => return scans > 0,
            // These stand alone.
            0x01 | 0xd0..=0xd8 => rest = after,
            _ => {
                let Some([high, low, ..]) = after.first_chunk::<2>().copied() else { return false };
                let length = usize::from(u16::from_be_bytes([high, low]));
                let Some(behind) = after.get(length.max(2)..) else { return false };
                rest = behind;
                if mark == SCAN {
                    scans += 1;
                    let Some(end) = end_of_scan(rest) else { return false };
                    if scans > SCANS_MAX {
                        return false;
                    }
                    rest = &rest[end..];
                }
            }
        }
    }
}

/// The next mark, and what stands behind it. Decoders jump over what lies before a mark, and so do we.
fn mark(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let begin = bytes.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xff))?;
    Some((bytes[begin + 1], &bytes[begin + 2..]))
}

/// Where the pixels of a pass end: at a mark that is none of those within.
fn end_of_scan(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xff | 0xd0..=0xd7))
}
