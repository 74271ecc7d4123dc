//! The constant-Q transform against librosa on real music.

use recognizer::features::centred_cqt::{CentredCqt, cqt};
use recognizer::features::{BINS, HOP_SAMPLES};

/// Share of the clip's largest magnitude under which a bin is not compared in
/// relative terms: 60 dB down, librosa's own decimation filters and its 1 %
/// kernel sparsity are of the size of what remains.
const FLOOR: f32 = 1e-3;

fn clip() -> Vec<f32> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/goldens/clip.wav");
    let reader = hound::WavReader::open(path).expect("the clip");
    assert_eq!(reader.spec().sample_rate, recognizer::features::SAMPLE_RATE);
    let samples = reader.into_samples::<i16>();
    samples
        .map(|s| f32::from(s.expect("a sample")) / 32_768.0)
        .collect()
}

fn librosas() -> Vec<f32> {
    let bytes = include_bytes!("goldens/cqt.f32");
    let values = bytes.as_chunks::<4>().0;
    values.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let mean = |x: &[f32]| x.iter().map(|x| f64::from(*x)).sum::<f64>() / x.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (f64::from(*a) - mean_a, f64::from(*b) - mean_b);
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    ab / (aa * bb).sqrt()
}

#[test]
fn equals_librosa_on_real_music() {
    let ours = cqt(&clip(), HOP_SAMPLES).expect("a valid hop");
    let theirs = librosas();
    assert_eq!(ours.data.len(), theirs.len());

    let overall = correlation(&ours.data, &theirs);
    let log = |x: &[f32]| {
        x.iter()
            .map(|x| recognizer::features::log_compress(*x))
            .collect::<Vec<_>>()
    };
    let overall_log = correlation(&log(&ours.data), &log(&theirs));
    let floor = FLOOR * theirs.iter().copied().fold(0.0, f32::max);
    let mut errors: Vec<f32> = ours
        .data
        .iter()
        .zip(&theirs)
        .filter(|(_, theirs)| **theirs > floor)
        .map(|(ours, theirs)| (ours / theirs - 1.0).abs())
        .collect();
    errors.sort_by(f32::total_cmp);
    let quantile = |q: f64| errors[(q * (errors.len() - 1) as f64) as usize];
    println!(
        "correlation {overall:.6}, of logarithms {overall_log:.6}; relative error median {:.4}, 90 % {:.4}; {} of {} values",
        quantile(0.5),
        quantile(0.9),
        errors.len(),
        theirs.len(),
    );
    for octave in 0..6 {
        let of = |data: &[f32]| -> Vec<f32> {
            data.chunks_exact(BINS)
                .flat_map(|f| f[octave * 24..(octave + 1) * 24].to_vec())
                .collect()
        };
        let c = correlation(&of(&ours.data), &of(&theirs));
        println!("octave {octave}: correlation {c:.6}");
        assert!(c > 0.999, "octave {octave}: correlation {c}");
    }
    assert!(overall > 0.999);
    assert!(overall_log > 0.99);
    assert!(
        errors.len() > theirs.len() / 2,
        "the floor hides most values"
    );
    assert!(quantile(0.5) < 0.02);
}

#[test]
fn hop_2048_is_every_fourth_frame_bit_for_bit() {
    let clip = clip();
    let fine = cqt(&clip, 512).expect("a valid hop");
    let coarse = cqt(&clip, 2048).expect("a valid hop");
    assert_eq!(coarse.n_frames, 1 + clip.len() / 2048);
    for n in 0..coarse.n_frames {
        assert_eq!(coarse.frame(n), fine.frame(4 * n), "frame {n}");
    }
}

#[test]
fn refuses_other_hops() {
    for hop in [0, 1, 500, 513] {
        let error = CentredCqt::new(hop).err().expect("a refusal");
        assert!(error.to_string().contains(&hop.to_string()));
    }
}
