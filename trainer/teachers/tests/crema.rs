//! The crema teacher compared with the original in Python (goldens/make_crema.py).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::convert::Infallible;

use harmony::import;
use harmony::vocabulary::large;
use support::{formula, golden, largest_difference, numbers};
use teachers::crema::features::{BINS, HARMONICS, harmonic_cqt};
use teachers::crema::network::{BASSES, CLASSES, Network, Outputs};
use teachers::crema::weights::Weights;
use teachers::crema::{Crema, FOLDER, check};
use teachers::{HOP_SAMPLES, Teacher};

/// Numbers of a row of the goldens: tag, pitch, root and bass.
const ROW: usize = CLASSES + 12 + 13 + BASSES;

/// The first six seconds of the clip, faded in and out as by the script.
fn clip() -> Vec<f32> {
    const FADE: usize = 1024;
    let mut samples = support::clip(6);
    let end = samples.len() - 1;
    for n in 0..FADE {
        let gain = n as f32 / FADE as f32;
        samples[n] *= gain;
        samples[end - n] *= gain;
    }
    samples
}

/// The script's `weight`.
fn weight(layer: &str, name: &str, shape: &[usize]) -> Vec<f32> {
    let inputs: usize = match shape.split_last() {
        Some((_, inputs)) if !inputs.is_empty() => inputs.iter().product(),
        _ => 64,
    };
    let reach = (3.0 / inputs as f32).sqrt();
    let mut numbers = formula(&format!("{layer}/{name}"), shape.iter().product(), reach);
    for x in &mut numbers {
        *x = match (layer, name) {
            (_, "gamma") => *x + 1.0,
            ("batch_normalization_1", "moving_variance") => (x.abs() + 0.5) * 400.0,
            (_, "moving_variance") => x.abs() + 0.5,
            ("batch_normalization_1", "moving_mean") => *x - 40.0,
            _ => *x,
        };
    }
    numbers
}

fn random_network() -> Network {
    Network::from_tensors(|layer, name, shape| Ok::<_, Infallible>(weight(layer, name, shape)))
        .unwrap()
}

/// Outputs as the rows of the goldens.
fn rows(outputs: &Outputs) -> Vec<f32> {
    let frames = outputs.tag.len() / CLASSES;
    let mut rows = Vec::new();
    for n in 0..frames {
        for (part, width) in [
            (&outputs.tag, CLASSES),
            (&outputs.pitch, 12),
            (&outputs.root, 13),
            (&outputs.bass, BASSES),
        ] {
            rows.extend_from_slice(&part[n * width..][..width]);
        }
    }
    rows
}

/// The original reads the clip at 44 100 Hz and resamples it: that changes only bins far below
/// the loudest. In decibels.
#[test]
fn features_equal_pumpps() {
    let ours = harmonic_cqt(&clip());
    let theirs = numbers("crema_cqt.f32");
    assert_eq!(ours.len(), 6 * 22_050 / 2048 * BINS * HARMONICS);
    assert_eq!(ours.len(), theirs.len());
    let loud = |x: &f32| *x > -50.0;
    let mut differences = (0.0_f32, 0.0_f32);
    for (a, b) in ours.iter().zip(&theirs) {
        let difference = (a - b).abs();
        differences.1 = differences.1.max(difference);
        if loud(b) {
            differences.0 = differences.0.max(difference);
        }
    }
    assert!(
        differences.0 < 0.002 && differences.1 < 0.02,
        "{differences:?}"
    );
    // Constant levels would make the comparison meaningless.
    assert!(theirs.iter().filter(|x| loud(x)).count() > theirs.len() / 10);
}

#[test]
fn a_network_with_random_weights_equals_keras() {
    let ours = rows(&random_network().outputs(&numbers("crema_cqt.f32")));
    let theirs = numbers("crema_random.f32");
    let difference = largest_difference(&ours, &theirs);
    assert!(difference < 1e-4, "{difference}");
    let spread = |place: usize| {
        let column = theirs.chunks_exact(ROW).map(|row| row[place]);
        column.clone().fold(0.0, f32::max) - column.fold(1.0, f32::min)
    };
    assert!((0..ROW).filter(|&place| spread(place) > 1e-3).count() > 50);
}

#[test]
fn any_length_is_heard_and_the_same_twice() {
    let teacher = Crema::from_network(random_network(), "random".into());
    let clip = clip();
    for length in [0, 1, 1024, 2047, 2048, 5000, 22_050] {
        let heard = teacher.predict(&clip[..length]).unwrap();
        let frames = 1 + length / HOP_SAMPLES;
        assert_eq!(heard.chord.len(), frames * large::LEN, "{length}");
        let bass = heard.bass.as_ref().unwrap();
        assert_eq!(bass.len(), frames * BASSES, "{length}");
        for row in heard.chord.chunks_exact(large::LEN) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-4, "{length}");
        }
        let end_s = heard.timeline.segments().last().map_or(0.0, |s| s.end_s);
        assert!((end_s - length as f64 / 22_050.0).abs() < 1e-9, "{length}");
        assert_eq!(teacher.predict(&clip[..length]).unwrap(), heard, "{length}");
    }
    let silence = teacher.predict(&vec![0.0; 30_000]).unwrap();
    assert!(silence.chord.iter().all(|p| p.is_finite()));
}

#[test]
fn views_are_averaged_and_the_audio_as_it_is_stays() {
    let teacher = || Crema::from_network(random_network(), "random".into());
    let clip = clip();
    let plain = teacher().predict(&clip).unwrap();
    let same = teacher().with_views("0".parse().unwrap());
    assert_eq!(same.predict(&clip).unwrap(), plain);
    let outputs = |views: &str| {
        let viewed = teacher().with_views(views.parse().unwrap());
        (viewed.outputs(&clip).tag, viewed.name().to_owned())
    };
    let [(a, _), (b, _), (both, name)] = ["-2", "0h", "-2,0h"].map(outputs);
    assert!(largest_difference(&a, &b) > 1e-3, "the views are the same");
    let mean: Vec<f32> = a.iter().zip(&b).map(|(a, b)| 0.5 * (a + b)).collect();
    assert!(largest_difference(&mean, &both) < 1e-6);
    assert_eq!(name, "crema (-2,0h)");
    let viewed = teacher().with_views("-6h,6".parse().unwrap());
    for length in [0, 1, 5000] {
        let heard = viewed.predict(&clip[..length]).unwrap();
        assert!(heard.chord.iter().all(|p| p.is_finite()), "{length}");
    }
}

#[test]
fn the_real_network_equals_the_original_where_it_was_fetched() {
    let folder = golden("../../../../data/teachers");
    if !folder.join(FOLDER).is_dir() {
        eprintln!("not fetched (trainer teacher fetch crema): nothing to compare");
        return;
    }
    check(&folder).unwrap();
    let teacher = Crema::open(&folder).unwrap();
    let ours = rows(&teacher.outputs(&clip()));
    let difference = largest_difference(&ours, &numbers("crema_real.f32"));
    assert!(difference < 1e-4, "{difference}");
    let theirs = import::load(&golden("crema_real.lab")).unwrap();
    let heard = teacher.predict(&clip()).unwrap();
    let ours = heard.timeline.segments();
    assert_eq!(ours.len(), theirs.segments().len());
    for (ours, theirs) in ours.iter().zip(theirs.segments()) {
        assert_eq!(ours.label.to_string(), theirs.label.to_string());
        assert!((ours.start_s - theirs.start_s).abs() < 1e-5);
    }
}

#[test]
fn tensors_come_from_keras_files() {
    let bytes = std::fs::read(golden("crema_small.h5")).unwrap();
    let weights = Weights::read(bytes.clone()).unwrap();
    let read = |name: &str, shape: &[usize]| weights.tensor("dense", name, shape);
    assert_eq!(
        read("kernel", &[3, 4]).unwrap(),
        weight("dense", "kernel", &[3, 4])
    );
    assert_eq!(read("bias", &[4]).unwrap(), weight("dense", "bias", &[4]));
    for (name, shape) in [
        ("kernel", vec![4, 3]),
        ("kernel", vec![12]),
        ("none", vec![4]),
    ] {
        let error = format!("{:#}", read(name, &shape).unwrap_err());
        assert!(error.contains(&format!("dense/dense/{name}:0")), "{error}");
    }
    // Wherever the file is cut, it is refused when opened or when read.
    for length in (0..bytes.len()).step_by(7) {
        let cut = Weights::read(bytes[..length].to_vec());
        assert!(cut.is_err() || cut.unwrap().tensor("dense", "bias", &[4]).is_err());
    }
}

#[test]
fn files_that_are_no_weights_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let error = Crema::open(folder.path()).err().unwrap();
    assert!(format!("{error:#}").contains("model.h5"), "{error:#}");
    std::fs::create_dir(folder.path().join(FOLDER)).unwrap();
    std::fs::write(folder.path().join(FOLDER).join("model.h5"), b"no").unwrap();
    let error = Crema::open(folder.path()).err().unwrap();
    assert!(format!("{error:#}").contains("SHA-256"), "{error:#}");
    for bytes in [&b""[..], b"\x89HDF\r\n\x1a\n", b"not a file"] {
        assert!(Network::from_hdf5(bytes.to_vec()).is_err());
    }
}
