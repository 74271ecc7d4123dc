//! Audio files.

#![no_main]

use std::cell::LazyCell;

use changes_fuzz::Folder;
use libfuzzer_sys::fuzz_target;
use recognizer::audio::{MAX_LENGTH_S, decode_with};

thread_local! {
    static FOLDER: LazyCell<Folder> = LazyCell::new(Folder::new);
}

fuzz_target!(|data: &[u8]| {
    FOLDER.with(|folder| {
        // Without an extension: what is in the file decides.
        let path = folder.write("audio", data);
        let (mut rate, mut samples, mut shown) = (None, 0, 0.0);
        let decoded = decode_with(
            &path,
            &mut |share| {
                assert!((shown..=1.0).contains(&share));
                shown = share;
            },
            &mut |hz, block| {
                assert_eq!(*rate.get_or_insert(hz), hz);
                samples += block.len() as u64;
            },
        );
        if let Ok(decoded) = decoded {
            assert_eq!(
                (Some(decoded.sample_rate), decoded.samples),
                (rate, samples)
            );
            assert!(samples as f64 <= MAX_LENGTH_S * f64::from(decoded.sample_rate));
        }
    });
});
