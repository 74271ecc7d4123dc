//! Codecs in their usual containers.

use super::damage::Damage;
use super::{both, bytes_of, click_s, decode, piped};

#[test]
fn every_codec_is_heard_at_the_right_time() {
    // The tolerance of the click in milliseconds, and the longest length of the file: containers
    // that do not state the padding keep it at the end.
    let files = [
        ("small.alac.m4a", 0.01, 1.0..1.001),
        ("small.alac.caf", 0.01, 1.0..1.001),
        ("small.flac.mka", 0.01, 1.0..1.001),
        ("small.flac.ogg", 0.01, 1.0..1.001),
        ("small.s24.mov", 0.01, 1.0..1.001),
        ("small.opus", 1.0, 1.0..1.001),
        ("small.opus.webm", 1.0, 1.0..1.02),
        ("small.opus.mp4", 1.0, 0.999..1.001),
        ("small.vorbis.mka", 1.0, 1.0..1.03),
        ("small.aac.mkv", 1.0, 1.0..1.1),
        ("small.ms.wav", 0.5, 1.0..1.03),
        ("small.ima.wav", 0.5, 1.0..1.03),
        ("small.ima.aifc", 0.5, 1.0..1.004),
    ];
    for (name, off_ms, lengths) in files {
        let audio = both(&bytes_of(name));
        let off = (click_s(&audio, 0.0) - 0.5) * 1e3;
        println!("{name}: {off:+.3} ms, {:.4} s", audio.length_s());
        assert_eq!(audio.warning, None, "{name}");
        assert!(off.abs() <= off_ms, "{name}: {off} ms");
        assert!(
            lengths.contains(&audio.length_s()),
            "{name}: {} s",
            audio.length_s()
        );
    }
}

#[test]
fn the_encoders_silence_stays_where_nothing_says_how_long_it_is() {
    // Delay of MP3 or MP2 encoder and decoder: up to 70 ms.
    for name in ["small.mp3.mka", "small.mp3.wav", "small.mp2"] {
        let audio = both(&bytes_of(name));
        let off = (click_s(&audio, 0.0) - 0.5) * 1e3;
        println!("{name}: {off:+.3} ms, {:.4} s", audio.length_s());
        assert!((-1.0..80.0).contains(&off), "{name}: {off} ms");
        assert!((1.0..1.15).contains(&audio.length_s()), "{name}");
        assert_eq!(audio.warning, None, "{name}");
    }
}

#[test]
fn what_cannot_be_decoded_is_named_and_the_way_out_told() {
    let files = [
        (bytes_of("small.ac3.mka"), "Dolby Digital (AC-3)"),
        (bytes_of("small.wv"), "WavPack"),
        (b"MAC \x96\x0F\0\0........".to_vec(), "Monkey's Audio"),
        (b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec(), "MIDI"),
    ];
    for (bytes, name) in files {
        let text = decode(&bytes).unwrap_err().to_string();
        println!("{text}");
        assert!(text.contains(name) && text.contains("ffmpeg -i"), "{text}");
        assert!(!text.contains('\n'));
        let text = piped(&bytes).unwrap_err().to_string();
        assert!(
            text.contains(name) && text.contains("standard input"),
            "{text}"
        );
    }
}

#[test]
fn a_file_that_is_cut_is_heard_as_far_as_it_goes() {
    for name in [
        "small.flac.mka",
        "small.opus.webm",
        "small.vorbis.mka",
        "small.aac.mkv",
        "small.ms.wav",
        "small.ima.wav",
        "small.ima.aifc",
        "small.mp2",
        "small.s24.mov",
    ] {
        let bytes = bytes_of(name);
        let part = &bytes[..bytes.len() * 8 / 10];
        let audio = decode(part).unwrap();
        println!("{name}: {:.3} s, {:?}", audio.length_s(), audio.warning);
        // The head of a short Vorbis file is most of it.
        assert!((0.1..1.05).contains(&audio.length_s()), "{name}");
        let (_, samples) = piped(part).unwrap();
        assert_eq!(samples.len(), audio.samples.len(), "{name}");
    }
}

/// Deterministic damage: a result, whatever it is.
#[test]
fn damage_never_panics() {
    let mut damage = Damage::new(99);
    for name in [
        "small.alac.m4a",
        "small.alac.caf",
        "small.flac.mka",
        "small.opus",
        "small.opus.webm",
        "small.opus.mp4",
        "small.vorbis.mka",
        "small.aac.mkv",
        "small.ms.wav",
        "small.ima.aifc",
        "small.mp2",
    ] {
        let good = bytes_of(name);
        for round in 0..60 {
            let bytes = damage.of(&good, round, 12);
            if let Ok(audio) = decode(&bytes) {
                assert!(audio.length_s() < 600.0, "{name}");
            }
            let _ = piped(&bytes);
        }
    }
}
