//! Ogg Opus files.

use trainer::corpus::audio::decode;

/// `ffmpeg -f lavfi -i sine=frequency=440:duration=1.5:sample_rate=48000 -ac 2
/// -c:a libopus -b:a 32k tone.opus`
const TONE: &[u8] = include_bytes!("tone.opus");

/// Offset of the number of channels in the header.
const CHANNELS_AT: usize = 37;

fn decoded(bytes: &[u8]) -> anyhow::Result<Vec<f32>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tone.opus");
    std::fs::write(&path, bytes).unwrap();
    let mut samples = Vec::new();
    decode(&path, &mut |rate, block| {
        assert_eq!(rate, 48_000);
        samples.extend_from_slice(block);
    })?;
    Ok(samples)
}

#[test]
fn a_tone_comes_out_in_time_and_at_its_length() {
    let samples = decoded(TONE).unwrap();
    assert_eq!(samples.len(), 72_000);
    // ffmpeg's sine has an amplitude of 1/8 and phase zero at the start; in two channels
    // it is 3 dB lower in each.
    let (mut difference, mut energy) = (0.0, 0.0);
    for (n, &sample) in samples.iter().enumerate().skip(4_800).take(60_000) {
        let phase = n as f64 / 48_000.0 * 440.0 * std::f64::consts::TAU;
        let expected = phase.sin() / 8.0 * std::f64::consts::FRAC_1_SQRT_2;
        difference += (f64::from(sample) - expected).powi(2);
        energy += expected.powi(2);
    }
    assert!(difference / energy < 0.01, "{}", difference / energy);
}

#[test]
fn damage_is_an_error_and_no_panic() {
    assert!(decoded(b"").is_err());
    assert!(decoded(&TONE[..200]).is_err());
    for at in (0..TONE.len()).step_by(29) {
        let mut bytes = TONE.to_vec();
        bytes[at] ^= 0x55;
        let _ = decoded(&bytes);
    }
    let mut surround = TONE.to_vec();
    surround[CHANNELS_AT] = 6;
    assert!(decoded(&surround).is_err());
}

#[test]
fn opus_is_told_by_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ogg");
    let decoded = |path: &std::path::Path| decode(path, &mut |_, _| {}).map(|it| it.samples);
    std::fs::write(&path, TONE).unwrap();
    assert_eq!(decoded(&path).unwrap(), 72_000);
    std::fs::write(&path, b"OggS").unwrap();
    assert!(decoded(&path).is_err());
    assert!(decoded(&folder.path().join("none")).is_err());
}
