//! FLAC with the quirks of encoders.

use recognizer::audio::Warning;

use super::{both, bytes_of, decode};

const INFO: usize = 8;

#[test]
fn blocks_that_are_said_to_be_smaller_change_nothing() {
    let song = bytes_of("click.flac");
    let plain = decode(&song).unwrap();
    for least in [0_u16, 1, 15, 16, 100, 1000] {
        let mut bytes = song.clone();
        bytes[INFO..INFO + 2].copy_from_slice(&least.to_be_bytes());
        assert_eq!(both(&bytes), plain, "{least}");
    }
}

#[test]
fn a_length_that_is_not_told_or_wrong_loses_nothing() {
    let song = bytes_of("click.flac");
    let plain = decode(&song).unwrap();
    for total in [0_u32, 1, 40_000] {
        let mut bytes = song.clone();
        // The last 32 of 36 bits.
        bytes[INFO + 14..INFO + 18].copy_from_slice(&total.to_be_bytes());
        assert_eq!(both(&bytes), plain, "{total}");
    }
    let mut bytes = song;
    bytes[INFO + 14..INFO + 18].copy_from_slice(&100_000_u32.to_be_bytes());
    let audio = both(&bytes);
    assert_eq!(audio.samples, plain.samples);
    assert!(matches!(audio.warning, Some(Warning::Truncated { .. })));
}

#[test]
fn metadata_that_nobody_needs_may_be_damaged() {
    let song = bytes_of("click.flac");
    let plain = decode(&song).unwrap();
    // Two pictures, a seek table and a cue sheet of nonsense in front of what is there.
    let mut bytes = song[..4].to_vec();
    for kind in [6_u8, 6, 3, 5, 100] {
        bytes.extend([kind, 0, 0, 9]);
        bytes.extend([0xFF; 9]);
    }
    bytes.extend(&song[4..]);
    assert_eq!(both(&bytes), plain);
    // A tag in front.
    let tag = [&b"ID3\x04\0\0\0\0\0\x05"[..], b"abcde"].concat();
    assert_eq!(both(&[tag, song].concat()), plain);
}
