//! Effects do what their names say and keep every sample finite.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod tiny_soundfont;

use std::io::Cursor;

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use renderer::effects::codec::vorbis_round_trip;
use renderer::effects::dynamics::{Compressor, active_rms, limit, multiband, saturate};
use renderer::effects::filters::{Filter, apply};
use renderer::effects::modulation::{chorus, double, echo, pump};
use renderer::effects::noise::{add_crackle, add_crowd, add_noise};
use renderer::effects::room::{Room, convolve};
use renderer::effects::tape::{crush, flutter};
use renderer::soundfont::{SoundFonts, Split, sf3};
use rustysynth::SoundFont;

const RATE: f32 = 22_050.0;

fn sine(hz: f32, amplitude: f32, length: usize) -> Vec<f32> {
    (0..length)
        .map(|i| amplitude * (std::f32::consts::TAU * hz * i as f32 / RATE).sin())
        .collect()
}

fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32).sqrt()
}

#[test]
fn overlap_add_equals_the_sum_of_products() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let input: Vec<f32> = (0..20_000).map(|_| rng.random_range(-1.0..1.0)).collect();
    let response: Vec<f32> = (0..300).map(|_| rng.random_range(-1.0..1.0)).collect();
    let fast = convolve(&input, &response);
    assert_eq!(fast.len(), input.len());
    for at in [0, 1, 299, 7892, 7893, 7894, 15_000, 19_999] {
        let slow: f64 = (0..response.len().min(at + 1))
            .map(|k| f64::from(response[k]) * f64::from(input[at - k]))
            .sum();
        assert!(
            (f64::from(fast[at]) - slow).abs() < 1e-3,
            "at {at}: {} {slow}",
            fast[at]
        );
    }
}

#[test]
fn rooms_have_unit_energy_and_decay() {
    let room = Room {
        decay_s: 1.0,
        damping: 0.5,
        predelay_s: 0.01,
    };
    let response = room.response(&mut ChaCha8Rng::seed_from_u64(1), RATE);
    let energy: f32 = response.iter().map(|x| x * x).sum();
    assert!((energy - 1.0).abs() < 1e-3);
    assert!(response[..200].iter().all(|x| *x == 0.0));
    let half = response.len() / 2;
    // Half the decay time is 30 dB: a factor of 31.6.
    assert!(rms(&response[half..half + 1000]) * 15.0 < rms(&response[1500..2500]));
}

#[test]
fn filters_change_what_they_should() {
    let change = |filter, hz| {
        let mut samples = sine(hz, 0.5, 22_050);
        apply(&mut samples, RATE, filter);
        20.0 * (rms(&samples[4000..]) / (0.5 / 2_f32.sqrt())).log10()
    };
    let bell = Filter::Peak {
        hz: 1000.0,
        db: 6.0,
        q: 1.0,
    };
    assert!(
        (change(bell, 1000.0) - 6.0).abs() < 0.2,
        "{}",
        change(bell, 1000.0)
    );
    assert!(change(bell, 100.0).abs() < 0.5);
    assert!((change(Filter::LowPass { hz: 1000.0 }, 1000.0) + 3.0).abs() < 0.2);
    assert!(change(Filter::HighPass { hz: 1000.0 }, 100.0) < -35.0);
    let mut untouched = sine(440.0, 0.5, 1000);
    apply(&mut untouched, RATE, Filter::LowPass { hz: 20_000.0 });
    assert_eq!(untouched, sine(440.0, 0.5, 1000));
}

#[test]
fn compression_narrows_the_range() {
    let mut samples = sine(200.0, 0.9, 22_050);
    samples.extend(sine(200.0, 0.02, 22_050));
    let compressor = Compressor {
        threshold_db: -30.0,
        ratio: 4.0,
        attack_s: 0.005,
        release_s: 0.1,
    };
    compressor.apply(&mut samples, RATE);
    let ratio = rms(&samples[10_000..20_000]) / rms(&samples[35_000..]);
    assert!(ratio < 15.0 && ratio > 2.0, "{ratio} from 45");
}

#[test]
fn the_limiter_never_exceeds_its_peak() {
    for push_db in [0.0, 3.0, 12.0] {
        let mut samples = sine(300.0, 4.0, 5000);
        limit(&mut samples, 0.9, push_db);
        let peak = samples.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        assert!(peak <= 0.9 + 1e-6 && peak > 0.8, "{peak} at {push_db} dB");
    }
    let mut silence = vec![0.0; 100];
    limit(&mut silence, 0.9, 6.0);
    assert!(silence.iter().all(|x| *x == 0.0));
}

#[test]
fn everything_stays_finite() {
    let mut samples = sine(300.0, 1.0, 30_000);
    saturate(&mut samples, 20.0, 0.1);
    chorus(&mut samples, RATE, 3.0, 0.003, 0.5);
    echo(&mut samples, RATE, 0.3, 0.5, 0.4);
    assert!(samples.iter().all(|x| x.is_finite() && x.abs() < 4.0));
    assert!(active_rms(&vec![0.0; 5000]).is_none());
}

#[test]
fn noise_has_the_level_asked_for() {
    for colour in [0.0, 0.5, 0.95] {
        let mut samples = vec![0.0; 200_000];
        add_noise(&mut samples, &mut ChaCha8Rng::seed_from_u64(5), 0.1, colour);
        assert!(
            (rms(&samples) / 0.1 - 1.0).abs() < 0.05,
            "{colour}: {}",
            rms(&samples)
        );
    }
}

#[test]
fn vorbis_loses_something_but_not_the_music() {
    let mut samples = sine(440.0, 0.3, 40_000);
    for (sample, other) in samples.iter_mut().zip(sine(1234.5, 0.2, 40_000)) {
        *sample += other;
    }
    let packed = vorbis_round_trip(&samples, 22_050, -0.1).unwrap();
    assert_eq!(packed.len(), samples.len());
    assert_ne!(packed, samples);
    let dot: f32 = packed.iter().zip(&samples).map(|(a, b)| a * b).sum();
    let correlation = dot / (rms(&packed) * rms(&samples) * samples.len() as f32);
    assert!(correlation > 0.98, "{correlation}: late or gone");
}

#[test]
fn a_packed_soundfont_unpacks_to_a_playable_one() {
    let sine: Vec<f32> = tiny_soundfont::sine()
        .iter()
        .map(|x| f32::from(*x) / 32_768.0)
        .collect();
    let mut stream = Vec::new();
    let mut encoder = vorbis_rs::VorbisEncoderBuilder::new_with_serial(
        std::num::NonZeroU32::new(44_100).unwrap(),
        std::num::NonZeroU8::MIN,
        &mut stream,
        1,
    )
    .build()
    .unwrap();
    encoder.encode_audio_block([&sine]).unwrap();
    encoder.finish().unwrap();
    let packed = tiny_soundfont::bytes(&stream, stream.len() as u32, 0x11);

    let plain = sf3::unpack(&packed).unwrap();
    let font = SoundFont::new(&mut Cursor::new(plain)).unwrap();
    let header = &font.get_sample_headers()[0];
    assert_eq!(
        header.get_end() - header.get_start(),
        tiny_soundfont::LENGTH as i32
    );
    assert_eq!(header.get_end_loop(), tiny_soundfont::LENGTH as i32);
    assert_eq!(header.get_sample_type(), 1);
    let error: f32 = font.get_wave_data()[500..3500]
        .iter()
        .zip(&sine[500..])
        .map(|(a, b)| (f32::from(*a) / 32_768.0 - b).abs())
        .fold(0.0, f32::max);
    assert!(error < 0.05, "{error}");

    // Damage is an error, wherever it is.
    for length in (0..packed.len()).step_by(97) {
        assert!(sf3::unpack(&packed[..length]).is_err(), "{length} bytes");
    }
    let outside = tiny_soundfont::bytes(&stream, stream.len() as u32 + 10, 0x11);
    assert!(sf3::unpack(&outside).is_err());
}

#[test]
fn missing_soundfonts_name_the_command_that_brings_them() {
    let folder = tempfile::tempdir().unwrap();
    for split in [Split::Train, Split::HeldOut] {
        let error = SoundFonts::load(folder.path(), split).unwrap_err();
        assert!(
            error.to_string().contains("cargo xtask soundfonts"),
            "{error}"
        );
    }
    std::fs::write(folder.path().join("TimGM6mb.sf2"), b"no SoundFont").unwrap();
    let error = SoundFonts::load(folder.path(), Split::HeldOut).unwrap_err();
    assert!(error.to_string().contains("TimGM6mb.sf2"), "{error}");
}

#[test]
fn bands_that_are_not_compressed_sum_to_the_whole() {
    let mut samples = sine(80.0, 0.3, 20_000);
    for (sample, other) in samples.iter_mut().zip(sine(3000.0, 0.2, 20_000)) {
        *sample += other;
    }
    let before = samples.clone();
    let off = Compressor {
        threshold_db: 0.0,
        ratio: 4.0,
        attack_s: 0.01,
        release_s: 0.1,
    };
    multiband(&mut samples, RATE, (200.0, 2000.0), &[off; 3]);
    for (after, before) in samples.iter().zip(&before) {
        assert!((after - before).abs() < 1e-5);
    }
    let on = Compressor {
        threshold_db: -40.0,
        ..off
    };
    multiband(&mut samples, RATE, (200.0, 2000.0), &[on, off, off]);
    assert!(rms(&samples[10_000..]) < 0.8 * rms(&before[10_000..]));
}

#[test]
fn a_doubled_part_cancels_and_adds() {
    // A millisecond is half a turn at 500 Hz and a whole one at 1 kHz.
    let level = |hz: f32, gain: f32| {
        let mut samples = sine(hz, 0.5, 10_000);
        double(&mut samples, RATE, 0.001, 0.0, gain);
        rms(&samples[1000..]) / (0.5 / 2_f32.sqrt())
    };
    assert!((level(500.0, 0.8) - 0.2).abs() < 0.05);
    assert!((level(1000.0, 0.8) - 1.8).abs() < 0.05);
    assert!((level(1000.0, -0.8) - 0.2).abs() < 0.05);
}

#[test]
fn pumping_presses_down_at_the_kick_and_lets_go() {
    let mut samples = vec![1.0; 22_050];
    pump(&mut samples, RATE, &[0.25, 0.75], 0.8, 0.05);
    assert!((samples[5000] - 1.0).abs() < 1e-6);
    assert!((samples[5513] - 0.2).abs() < 0.01, "{}", samples[5513]);
    assert!(samples[15_000] > 0.99);
    assert!((samples[16_538] - 0.2).abs() < 0.01);
}

#[test]
fn worn_machines_waver_and_round() {
    let mut samples = sine(440.0, 0.5, 44_100);
    let before = samples.clone();
    flutter(&mut samples, RATE, 2.0, 0.0005);
    assert!(samples.iter().all(|x| x.is_finite() && x.abs() <= 0.51));
    assert!((rms(&samples[1000..]) / rms(&before[1000..]) - 1.0).abs() < 0.02);
    assert_ne!(samples, before);
    crush(&mut samples, 5.0);
    let mut levels: Vec<i64> = samples.iter().map(|x| (x * 1e5).round() as i64).collect();
    levels.sort_unstable();
    levels.dedup();
    assert!(levels.len() <= 34, "{} levels", levels.len());
}

#[test]
fn crackle_clicks_and_crowds_murmur() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let mut samples = vec![0.0; 220_500];
    add_crackle(&mut samples, RATE, &mut rng, 0.1, 10.0);
    let clicks = samples
        .windows(2)
        .filter(|p| p[1].abs() > p[0].abs() + 1e-3)
        .count();
    assert!(
        (30..120).contains(&clicks),
        "{clicks} clicks in ten seconds"
    );
    let mut samples = vec![0.0; 220_500];
    add_crowd(&mut samples, RATE, &mut rng, 0.1);
    assert!((0.04..0.17).contains(&rms(&samples)), "{}", rms(&samples));
}
