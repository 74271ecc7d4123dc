//! Audio files, and the same bytes from a pipe.

use std::cell::LazyCell;
use std::io::Cursor;

use crate::Folder;
use recognizer::audio::{AudioError, Decoded, MAX_LENGTH_S, decode_stream, decode_with};

thread_local! {
    static FOLDER: LazyCell<Folder> = LazyCell::new(Folder::new);
}

/// Checks the guarantees of a decoder, whatever the bytes.
fn keeps_to_its_word(
    decode: impl FnOnce(&mut dyn FnMut(f32), &mut dyn FnMut(u32, &[f32])) -> Result<Decoded, AudioError>,
) {
    let (mut rate, mut samples, mut shown) = (None, 0, 0.0);
    let decoded = decode(
        &mut |share| {
            assert!((shown..=1.0).contains(&share));
            shown = share;
        },
        &mut |hz, block| {
            assert_eq!(*rate.get_or_insert(hz), hz);
            samples += block.len() as u64;
        },
    );
    match decoded {
        Ok(decoded) => {
            assert_eq!(
                (Some(decoded.sample_rate), decoded.samples),
                (rate, samples)
            );
            assert!(samples as f64 <= MAX_LENGTH_S * f64::from(decoded.sample_rate));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Reads `data` as an audio file, and from a pipe.
///
/// # Panics
/// Where a promise of the reader does not hold.
pub fn run(data: &[u8]) {
    FOLDER.with(|folder| {
        // Without an extension: the content decides.
        let path = folder.write("audio", data);
        keeps_to_its_word(|progress, sink| decode_with(&path, progress, sink));
    });
    let pipe = Cursor::new(data.to_vec());
    keeps_to_its_word(|progress, sink| decode_stream(pipe, "pipe", progress, sink));
}
