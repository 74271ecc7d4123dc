//! Audio files: every format at the right time, and every kind of bad file.

use std::path::{Path, PathBuf};

use super::clicks::{click_s, committed};
use super::damage::Damage;

use recognizer::audio::{Audio, AudioError, Warning, decode_file, decode_with};
use recognizer::signal::Signal;

fn decode(path: &Path) -> Result<Audio, AudioError> {
    let mut last = 0.0;
    let result = decode_file(path, &mut |share| {
        assert!((last..=1.0).contains(&share), "{share} after {last}");
        last = share;
    });
    assert!(result.is_err() || last == 1.0, "progress ends at {last}");
    result
}

/// An error is one line and names the file.
fn message(path: &Path) -> String {
    let message = decode(path).expect_err("a bad file").to_string();
    println!("{message}");
    assert!(!message.contains('\n'));
    let name = path.file_name().expect("a name").to_string_lossy();
    assert!(message.contains(&*name), "{message}");
    message
}

fn temporary(name: &str, content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    std::fs::write(&path, content).expect("a temporary file");
    (folder, path)
}

fn wav(rate: u32, channels: u16, samples: &[f32]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("made.wav");
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).expect("a writer");
    for sample in samples {
        writer.write_sample(*sample).expect("a sample");
    }
    writer.finalize().expect("a file");
    (folder, path)
}

#[test]
fn every_format_decodes_at_the_right_time() {
    for name in ["click.flac", "click.mp3", "click.ogg", "click.m4a"] {
        let audio = decode(&committed(name)).expect("a good file");
        let offset_ms = (click_s(&audio, 0.0) - 0.5) * 1e3;
        println!(
            "{name}: click {offset_ms:+.3} ms off, {:.4} s",
            audio.length_s()
        );
        assert_eq!((audio.sample_rate, audio.warning), (44_100, None), "{name}");
        assert!(offset_ms.abs() < 1.0, "{name}: {offset_ms} ms");
        assert!(
            (audio.length_s() - 1.0).abs() < 0.002,
            "{name}: {} s",
            audio.length_s()
        );
        let tone = &audio.samples[30_000..43_000];
        let rms = (tone.iter().map(|x| x * x).sum::<f32>() / tone.len() as f32).sqrt();
        assert!((rms / 0.0707 - 1.0).abs() < 0.1, "{name}: {rms}");
    }
}

#[test]
fn raw_aac_says_nothing_of_its_start() {
    // ADTS cannot state the delay: one frame is assumed.
    let audio = decode(&committed("click.aac")).expect("a good file");
    assert!(
        (click_s(&audio, 0.0) - 0.5).abs() < 0.001,
        "{}",
        click_s(&audio, 0.0)
    );
}

#[test]
fn channels_are_averaged() {
    let (_folder, path) = wav(22_050, 3, &[0.3, 0.6, 0.0, -0.3, 0.0, 0.0]);
    let audio = decode(&path).expect("a good file");
    assert_eq!(audio.sample_rate, 22_050);
    assert!((audio.samples[0] - 0.3).abs() < 1e-6 && (audio.samples[1] + 0.1).abs() < 1e-6);
    assert_eq!(audio.samples.len(), 2);
}

#[test]
fn mono_floats_pass_unchanged() {
    let samples: Vec<f32> = (0..9_000).map(|n| (n as f32 * 0.1).sin()).collect();
    let (_folder, path) = wav(192_000, 1, &samples);
    assert_eq!(
        decode(&path).expect("a good file"),
        Audio::new(samples, 192_000)
    );
}

#[test]
fn blocks_add_up_to_the_file() {
    let path = committed("click.ogg");
    let mut samples = Vec::new();
    let mut sink = |rate, block: &[f32]| {
        assert_eq!(rate, 44_100);
        samples.extend_from_slice(block);
    };
    let decoded = decode_with(&path, &mut |_| {}, &mut sink).expect("a good file");
    assert_eq!(decoded.samples as usize, samples.len());
    assert_eq!(samples, decode(&path).expect("a good file").samples);
}

#[test]
fn a_file_is_resampled_while_it_is_read() {
    for name in ["click.ogg", "click.m4a", "click.flac"] {
        let path = committed(name);
        let mut shown = Vec::new();
        let (read, warning) = Signal::read(&path, &mut |share| shown.push(share)).expect("a file");
        let whole = decode(&path).expect("a good file");
        assert_eq!(
            read,
            Signal::from_audio(&whole).expect("a good rate"),
            "{name}"
        );
        assert_eq!(warning, whole.warning);
        assert_eq!((shown.first(), shown.last()), (Some(&0.0), Some(&1.0)));
    }
    assert!(Signal::read("no/such/song.mp3", &mut |_| {}).is_err());
}

#[test]
fn a_truncated_file_gives_its_beginning_and_a_warning() {
    for name in ["click.flac", "click.mp3"] {
        let bytes = std::fs::read(committed(name)).expect("a committed file");
        let (_folder, path) = temporary(name, &bytes[..bytes.len() * 6 / 10]);
        let audio = decode(&path).expect("a part of it");
        let warning = audio.warning.expect("a warning");
        println!("{name}: {warning}");
        assert!(
            (0.3..0.9).contains(&audio.length_s()),
            "{}",
            audio.length_s()
        );
    }
    // An M4A's index lies at its end.
    let bytes = std::fs::read(committed("click.m4a")).expect("a committed file");
    let (_folder, path) = temporary("cut.m4a", &bytes[..bytes.len() / 2]);
    message(&path);
    let (_folder, whole) = wav(44_100, 1, &[0.1; 44_100]);
    let bytes = std::fs::read(whole).expect("the file");
    let (_folder, path) = temporary("cut.wav", &bytes[..bytes.len() / 2]);
    let audio = decode(&path).expect("a part of it");
    assert!(
        matches!(audio.warning, Some(Warning::Truncated { .. })),
        "{:?}",
        audio.warning
    );
    assert!((audio.length_s() - 0.5).abs() < 0.1);
}

#[test]
fn missing_empty_and_foreign_files_are_named() {
    let missing = Path::new("no/such/song.mp3");
    message(missing);
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert!(message(folder.path()).contains("folder"));
    for name in ["empty.wav", "empty.mp3"] {
        let (_folder, path) = temporary(name, &[]);
        assert!(message(&path).contains("empty"));
    }
    let text = "This is not music. ".repeat(500);
    for name in ["text.txt", "text.mp3", "text.flac", "text.m4a", "text"] {
        let (_folder, path) = temporary(name, text.as_bytes());
        message(&path);
    }
    let (_folder, path) = wav(44_100, 2, &[]);
    assert!(message(&path).contains("no samples"));
}

#[test]
fn a_file_cut_within_its_header_is_an_error() {
    for name in ["click.flac", "click.mp3", "click.ogg", "click.m4a"] {
        let bytes = std::fs::read(committed(name)).expect("a committed file");
        for len in [1, 3, 11, 40] {
            let (_folder, path) = temporary(name, &bytes[..len]);
            message(&path);
        }
    }
}

#[test]
fn implausible_rates_are_refused() {
    for rate in [1, 4_000, 800_000] {
        let (_folder, path) = wav(rate, 1, &[0.0; 1_000]);
        assert!(message(&path).contains(&rate.to_string()));
    }
}

#[test]
fn too_long_a_file_is_refused_before_it_is_decoded() {
    // A header that promises eight hours.
    let (_folder, path) = wav(8_000, 1, &[0.0; 8]);
    let mut bytes = std::fs::read(&path).expect("the file");
    let data = bytes
        .windows(4)
        .position(|w| w == b"data")
        .expect("a data chunk");
    let size = 8u32 * 3600 * 8_000 * 4;
    bytes[data + 4..data + 8].copy_from_slice(&size.to_le_bytes());
    bytes[4..8].copy_from_slice(&(size + 36 + 32).to_le_bytes());
    let (_folder, path) = temporary("endless.wav", &bytes);
    // A sparse file of the stated length.
    let file = std::fs::File::options().write(true).open(&path);
    let file = file.expect("the file");
    file.set_len(44 + u64::from(size)).expect("a sparse file");
    assert!(message(&path).contains("longer than 4 hours"));
}

/// Deterministic damage: decoding ends with a result, whatever it is.
#[test]
fn damaged_files_never_panic() {
    let mut damage = Damage::new(12_345);
    for name in [
        "click.flac",
        "click.mp3",
        "click.ogg",
        "click.m4a",
        "click.aac",
    ] {
        let good = std::fs::read(committed(name)).expect("a committed file");
        for round in 0..150 {
            let bytes = damage.of(&good, round, 20);
            let (_folder, path) = temporary(name, &bytes);
            if let Ok(audio) = decode(&path) {
                assert!(audio.length_s() < 60.0);
            }
        }
        let noise: Vec<u8> = (0..5_000).map(|_| damage.byte()).collect();
        let (_folder, path) = temporary(name, &noise);
        let _ = decode(&path);
    }
}
