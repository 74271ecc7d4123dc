//! Numbers stored beside the tensors of a PyTorch checkpoint.
//!
//! The tensor reader returns Python's own numbers, but not NumPy scalars, which the original's
//! mean and deviation are. A pickle stores such a scalar as a call with the number's bytes as
//! text (Latin-1, one character per byte). So the entry's key is searched for, and the
//! instructions after it are parsed, not run, up to the first value that is a number or has
//! the eight (float64) or four (float32) bytes of one.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The most bytes that are searched.
const MAX_BYTES: u64 = 64 << 20;
/// The most instructions between a key and its number.
const MAX_STEPS: usize = 64;

/// The number at `key` of the dictionary in the checkpoint at `path`.
///
/// # Errors
/// If the file cannot be read or has no such number.
pub fn scalar(path: &Path, key: &str) -> Result<f64> {
    let pickle = pickle(path)?;
    let mut entry = vec![b'X'];
    entry.extend((key.len() as u32).to_le_bytes());
    entry.extend(key.as_bytes());
    pickle
        .windows(entry.len())
        .enumerate()
        .filter(|(_, window)| *window == entry)
        .find_map(|(at, _)| number(&pickle[at + entry.len()..]))
        .filter(|number| number.is_finite())
        .with_context(|| format!("there is no number `{key}` beside the tensors"))
}

/// The pickle of a checkpoint: an entry of the archive in newer versions, or the beginning of
/// the file.
fn pickle(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Ok(mut archive) = zip::ZipArchive::new(File::open(path)?) {
        let names = archive.file_names().flatten().map(|name| name.into_owned());
        let mut pickles = names.filter(|name| name.ends_with("/data.pkl"));
        let Some(name) = pickles.next() else {
            bail!("an archive without a pickle");
        };
        drop(pickles);
        archive
            .by_name(&name)?
            .take(MAX_BYTES)
            .read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// The first number in the instructions of a pickle of protocol 2 to 4.
fn number(mut code: &[u8]) -> Option<f64> {
    for _ in 0..MAX_STEPS {
        let (&instruction, rest) = code.split_first()?;
        code = rest;
        let mut take = |length: usize| -> Option<&[u8]> {
            let (taken, rest) = code.split_at_checked(length)?;
            code = rest;
            Some(taken)
        };
        let payload = match instruction {
            // A Python float, big-endian.
            b'G' => return Some(f64::from_be_bytes(take(8)?.try_into().ok()?)),
            // Texts and bytes, by the size of their length.
            b'X' | b'B' | b'T' => {
                let length = u32::from_le_bytes(take(4)?.try_into().ok()?);
                take(usize::try_from(length).ok()?)?
            }
            b'U' | b'C' | 0x8c => {
                let length = take(1)?[0];
                take(usize::from(length))?
            }
            // Module and name of a function, a line each.
            b'c' => {
                for _ in 0..2 {
                    let end = code.iter().position(|&b| b == b'\n')?;
                    code = &code[end + 1..];
                }
                continue;
            }
            // Memo entries of 1 and 4 bytes, integers of 1, 2 and 4.
            b'q' | b'h' | b'K' => take(1).map(|_| &[][..])?,
            b'M' => take(2).map(|_| &[][..])?,
            b'r' | b'j' | b'J' => take(4).map(|_| &[][..])?,
            // Marks, tuples, calls, states, None, booleans, memo entries without an operand.
            b'(' | b't' | b'R' | b'b' | b'N' | 0x85..=0x89 | 0x93 | 0x94 => continue,
            _ => return None,
        };
        let is_text = matches!(instruction, b'X' | 0x8c);
        if let Some(number) = from_payload(payload, is_text) {
            return Some(number);
        }
    }
    None
}

/// The number with these bytes; a text has one character per byte.
fn from_payload(payload: &[u8], is_text: bool) -> Option<f64> {
    let bytes: Vec<u8> = if is_text {
        let text = std::str::from_utf8(payload).ok()?;
        text.chars()
            .map(|c| u8::try_from(u32::from(c)).ok())
            .collect::<Option<_>>()?
    } else {
        payload.to_vec()
    };
    match bytes.len() {
        8 => Some(f64::from_le_bytes(bytes.try_into().ok()?)),
        4 => Some(f64::from(f32::from_le_bytes(bytes.try_into().ok()?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_kind_are_found() {
        // As Python 3 writes numpy.float64(-1.5) in protocol 2, without memo entries.
        let mut code =
            b"cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\x02\0\0\0f8K\0K\x01\x87R".to_vec();
        code.extend(b"c_codecs\nencode\nX\x0a\0\0\0\0\0\0\0\0\0\xc3\xb8\xc2\xbf");
        assert_eq!(number(&code), Some(-1.5));
        // A Python float, bytes of protocol 3, and a float32.
        assert_eq!(number(b"G\x3f\xf8\0\0\0\0\0\0"), Some(1.5));
        assert_eq!(number(b"q\x01C\x08\0\0\0\0\0\0\xf8\x3f"), Some(1.5));
        assert_eq!(number(b"C\x04\0\0\xc0\x3f"), Some(1.5));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for code in [
            &b""[..],
            b"X\xff\xff\xff\xff",
            b"X\x08\0\0\0abc",
            b"cno line ends",
            b"}",
            b".",
            b"X\x02\0\0\0f8",
        ] {
            assert_eq!(number(code), None, "{code:?}");
        }
        assert_eq!(number(&[b'('; 1000]), None);
    }
}
