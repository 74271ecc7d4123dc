//! Guarantees of streaming: any chunking gives the same bits, and invalid samples affect only their
//! own windows.

use proptest::prelude::*;
use recognizer::features::causal_vqt::{
    CausalVqt, LIVE_HOP_SAMPLES, LOOKAHEAD_SAMPLES, lookahead_samples, window_samples,
};
use recognizer::features::centred_cqt::CentredCqt;
use recognizer::features::{BINS, SAMPLE_RATE, bin_frequency_hz};

/// Deterministic broadband noise within ±1.
fn noise(len: usize, mut seed: u32) -> Vec<f32> {
    let next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// Both transforms behind one interface.
enum Transform {
    Cqt(CentredCqt),
    Live(CausalVqt),
}

impl Transform {
    fn both() -> [Self; 2] {
        [
            Self::Cqt(CentredCqt::new(1024).expect("a valid hop")),
            Self::Live(CausalVqt::new()),
        ]
    }

    fn push(&mut self, samples: &[f32], frames: &mut Vec<(u64, Vec<f32>)>) {
        match self {
            Self::Cqt(t) => t.push(samples, |n, m| frames.push((n, m.to_vec()))),
            Self::Live(t) => t.push(samples, |f| frames.push((f.index, f.magnitudes.to_vec()))),
        }
    }

    fn finish(&mut self, frames: &mut Vec<(u64, Vec<f32>)>) {
        match self {
            Self::Cqt(t) => t.finish(|n, m| frames.push((n, m.to_vec()))),
            Self::Live(t) => t.finish(|f| frames.push((f.index, f.magnitudes.to_vec()))),
        }
    }

    fn all(&mut self, samples: &[f32]) -> Vec<(u64, Vec<f32>)> {
        let mut frames = Vec::new();
        self.push(samples, &mut frames);
        self.finish(&mut frames);
        frames
    }

    fn invalid_samples(&self) -> u64 {
        match self {
            Self::Cqt(t) => t.invalid_samples(),
            Self::Live(t) => t.invalid_samples(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_chunking_gives_the_same_bits(
        len in 0usize..40_000,
        seed: u32,
        chunks in prop::collection::vec(prop_oneof![Just(1usize), Just(0), 1usize..64, 1usize..20_000], 1..12),
    ) {
        let samples = noise(len, seed);
        for (mut whole, mut cut) in Transform::both().into_iter().zip(Transform::both()) {
            let expected = whole.all(&samples);
            prop_assert_eq!(expected.len(), 1 + len / 1024);
            let mut frames = Vec::new();
            let mut rest = &samples[..];
            for chunk in chunks.iter().cycle() {
                if rest.is_empty() || chunks.iter().all(|c| *c == 0) {
                    break;
                }
                let (now, later) = rest.split_at((*chunk).min(rest.len()));
                cut.push(now, &mut frames);
                rest = later;
            }
            cut.push(rest, &mut frames);
            cut.finish(&mut frames);
            prop_assert!(frames == expected);
        }
    }
}

#[test]
fn single_samples_give_the_same_bits() {
    let samples = noise(15_000, 7);
    for (mut whole, mut cut) in Transform::both().into_iter().zip(Transform::both()) {
        let mut frames = Vec::new();
        for sample in &samples {
            cut.push(std::slice::from_ref(sample), &mut frames);
        }
        cut.finish(&mut frames);
        assert_eq!(frames, whole.all(&samples));
    }
}

#[test]
fn a_finished_transform_starts_over() {
    let samples = noise(9_000, 3);
    for mut transform in Transform::both() {
        let first = transform.all(&samples);
        assert_eq!(transform.all(&samples), first);
    }
}

#[test]
fn an_empty_signal_has_one_silent_frame() {
    for mut transform in Transform::both() {
        let frames = transform.all(&[]);
        assert_eq!(frames, [(0, vec![0.0; BINS])]);
    }
}

#[test]
fn bad_samples_are_counted_and_leave_later_frames_alone() {
    let clean = noise(80_000, 11);
    let mut dirty = clean.clone();
    let bad = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        -1e7,
        1e-40,
        -0.0,
    ];
    dirty[20_000..20_000 + bad.len()].copy_from_slice(&bad);
    for (mut transform, mut reference) in Transform::both().into_iter().zip(Transform::both()) {
        let frames = transform.all(&dirty);
        let expected = reference.all(&clean);
        assert_eq!(transform.invalid_samples(), 5);
        assert_eq!(reference.invalid_samples(), 0);
        for ((n, frame), (_, expected)) in frames.iter().zip(&expected) {
            assert!(frame.iter().all(|m| m.is_finite()), "frame {n}");
            // No window reaches further than the longest one's half, 0.53 s.
            if n.abs_diff(20) > 13 {
                assert_eq!(frame, expected, "frame {n}");
            }
        }
    }
}

#[test]
fn denormals_are_silence() {
    let tiny: Vec<f32> = noise(30_000, 5).iter().map(|x| x * 1e-39).collect();
    for mut transform in Transform::both() {
        for (_, frame) in transform.all(&tiny) {
            assert_eq!(frame, [0.0; BINS]);
        }
    }
}

#[test]
fn a_live_frame_comes_with_its_last_sample() {
    let samples = noise(8_000, 1);
    let mut live = CausalVqt::new();
    for (sample, received) in samples.iter().zip(1..) {
        live.push(std::slice::from_ref(sample), |frame| {
            assert_eq!(received, frame.time_samples as usize + LOOKAHEAD_SAMPLES);
            assert_eq!(frame.time_samples, frame.index * LIVE_HOP_SAMPLES as u64);
        });
    }
}

#[test]
fn a_bin_does_not_hear_past_its_lookahead() {
    let quiet = noise(40_000, 21);
    let time = 24 * LIVE_HOP_SAMPLES;
    let expected = live_frames(&quiet);
    for bin in (0..BINS).step_by(13).chain([BINS - 1]) {
        let lookahead = lookahead_samples(bin);
        assert!(lookahead <= LOOKAHEAD_SAMPLES);
        let mut changed = quiet.clone();
        for sample in &mut changed[time + lookahead..] {
            *sample = -*sample;
        }
        let moved = (live_frames(&changed)[24][bin] - expected[24][bin]).abs();
        // The spectrum is shared: the rest is the kernels' truncation error.
        let typical = rms(&expected, bin);
        assert!(moved < 2e-3 * typical, "bin {bin}: {moved} of {typical}");

        // The test can fail: the last quarter of the window does matter.
        let mut heard = quiet.clone();
        let inside = (window_samples(bin) / 4.0) as usize;
        for sample in &mut heard[time + lookahead - inside..] {
            *sample = -*sample;
        }
        let moved = (live_frames(&heard)[24][bin] - expected[24][bin]).abs();
        assert!(moved > 0.01 * typical, "bin {bin}: {moved} of {typical}");
        // And nothing after the frame's end affects it at all.
        let mut later = quiet.clone();
        later[time + LOOKAHEAD_SAMPLES..].fill(0.9);
        assert_eq!(live_frames(&later)[24], expected[24]);
    }
}

fn rms(frames: &[Vec<f32>], bin: usize) -> f32 {
    let sum: f32 = frames.iter().map(|f| f[bin] * f[bin]).sum();
    (sum / frames.len() as f32).sqrt()
}

fn live_frames(samples: &[f32]) -> Vec<Vec<f32>> {
    let mut frames = Vec::new();
    let mut live = CausalVqt::new();
    live.push(samples, |f| frames.push(f.magnitudes.to_vec()));
    live.finish(|f| frames.push(f.magnitudes.to_vec()));
    frames
}

#[test]
fn a_steady_sinusoid_measures_the_same_in_both_transforms() {
    for bin in [0, 30, 61, 90, 119, 143] {
        let omega = std::f64::consts::TAU * bin_frequency_hz(bin) / f64::from(SAMPLE_RATE);
        let tone: Vec<f32> = (0..60_000)
            .map(|n| (omega * f64::from(n)).sin() as f32)
            .collect();
        let [cqt, live] = Transform::both().map(|mut t| t.all(&tone)[30].1[bin]);
        // At C1 the live window holds 15 periods, so a little of the negative
        // frequency remains.
        assert!(
            (live / cqt - 1.0).abs() < 0.01,
            "bin {bin}: {live} against {cqt}"
        );
    }
}

#[test]
fn transforms_can_move_between_threads() {
    fn assert_send<T: Send>() {}
    assert_send::<CausalVqt>();
    assert_send::<CentredCqt>();
}

/// The table in the documentation of `features::causal_vqt` and in docs/features.md.
#[test]
fn lookahead_per_octave_is_as_documented() {
    let milliseconds = |samples: f64| samples * 1e3 / f64::from(SAMPLE_RATE);
    let documented = [
        (450.0, 321.3, 92.9, 92.9),
        (315.8, 202.1, 92.9, 92.9),
        (197.8, 116.1, 92.9, 58.0),
        (113.2, 62.7, 56.6, 31.3),
        (61.0, 32.6, 30.5, 16.3),
        (31.8, 16.7, 15.9, 8.3),
    ];
    for (octave, documented) in documented.into_iter().enumerate() {
        let (low, high) = (24 * octave, 24 * octave + 23);
        let actual = (
            milliseconds(window_samples(low)),
            milliseconds(window_samples(high)),
            milliseconds(lookahead_samples(low) as f64),
            milliseconds(lookahead_samples(high) as f64),
        );
        println!(
            "| C{}–B{} | {low}–{high} | {:.0}–{:.0} | {:.1}–{:.1} |",
            octave + 1,
            octave + 1,
            actual.0,
            actual.1,
            actual.2,
            actual.3
        );
        assert!((actual.0 - documented.0).abs() < 0.06, "{actual:?}");
        assert!((actual.1 - documented.1).abs() < 0.06, "{actual:?}");
        assert!((actual.2 - documented.2).abs() < 0.06, "{actual:?}");
        assert!((actual.3 - documented.3).abs() < 0.06, "{actual:?}");
    }
}
