//! The exported ONNX files in ONNX Runtime compared with the default engine.
//!
//! `ORT_DYLIB_PATH` names the ONNX Runtime library, `CHANGES_PYTHON` a Python with the
//! packages of `onnx/requirements.txt`. One process can load one ONNX Runtime, so all
//! tests share it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Distribution, Tensor};
use networks::{BurnModel, Init, Weights};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recognizer::calibration::{Calibration, Calibrations};
use recognizer::decode::Posterior;
use recognizer::features::BINS;
use recognizer::inference::ort::{
    Accelerator, OrtCausal, OrtError, OrtRuntime, OrtSettings, OrtWindow,
};
use recognizer::inference::{CausalModel, WindowModel};
use recognizer::models;
use recognizer::networks::{
    Architecture, BtcConfig, PitchClassNetConfig, TwoEOneDConfig, WINDOW_FRAMES,
};
use recognizer::weights::ModelCard;
use tempfile::TempDir;

/// Largest difference between the engines' posteriors.
const TOLERANCE: f32 = 1e-4;
/// Length of the compared streams in frames: 14 s.
const FRAMES: usize = 300;

fn variable(name: &str, what: &str) -> PathBuf {
    PathBuf::from(env::var_os(name).unwrap_or_else(|| panic!("{name} must name {what}")))
}

fn runtime() -> OrtRuntime {
    let library = variable("ORT_DYLIB_PATH", "the ONNX Runtime library");
    OrtRuntime::load(&library).unwrap()
}

/// Moves every weight away from its initial value (norms at one, gates and biases at zero), as
/// training does, with this deviation.
struct Shake(f64);

impl ModuleMapper for Shake {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            let noise = Distribution::Normal(0.0, self.0);
            let noise = Tensor::random(tensor.dims(), noise, &tensor.device());
            tensor + noise
        })
    }
}

fn shaken(architecture: Architecture, seed: u64) -> Weights {
    let device = Device::flex();
    device.seed(seed);
    // 2E1D has no norm before its last layer: with large weights its attention becomes so
    // sharp that float32 rounding matters.
    let deviation = match architecture {
        Architecture::TwoEOneD(_) => 0.05,
        _ => 0.15,
    };
    Weights {
        network: architecture.init(&device).map(&mut Shake(deviation)),
        architecture,
        mean: -6.5,
        deviation: 2.25,
        calibrations: Calibrations {
            track: Calibration {
                slope: 1.5,
                offset: 0.25,
            },
            display: Some(Calibration {
                slope: 0.5,
                offset: 0.75,
            }),
        },
        card: ModelCard {
            name: "shaken".into(),
            ..ModelCard::default()
        },
    }
}

/// Log-compressed frames like those of music: partials that stay and change, over a floor,
/// from silence to full scale.
fn frames(count: usize, seed: u64) -> Vec<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut level = [-9.0_f32; BINS];
    let mut result = Vec::with_capacity(count * BINS);
    for t in 0..count {
        if t % 20 == 0 {
            level = std::array::from_fn(|_| random.random_range(-13.8..-5.0));
            for _ in 0..12 {
                level[random.random_range(0..BINS)] = random.random_range(-2.0..2.5);
            }
        }
        if (100..110).contains(&t) {
            level = [-13.815_511; BINS];
        }
        result.extend(level.map(|x| x + random.random_range(-0.3..0.3)));
    }
    result
}

fn exported(weights: &Weights, folder: &TempDir) -> PathBuf {
    let path = folder.path().join("model.onnx");
    fs::write(&path, trainer::onnx::to_bytes(weights).unwrap()).unwrap();
    path
}

/// Largest difference of a log-posterior and of a posterior over all frames.
fn differences(a: &[Posterior], b: &[Posterior]) -> (f32, f32) {
    assert_eq!(a.len(), b.len());
    let mut largest = (0.0_f32, 0.0_f32);
    let mut compare = |a: &[f32], b: &[f32]| {
        for (a, b) in a.iter().zip(b) {
            assert!(a.is_finite() && b.is_finite());
            largest.0 = largest.0.max((a - b).abs());
            largest.1 = largest.1.max((a.exp() - b.exp()).abs());
        }
    };
    for (a, b) in a.iter().zip(b) {
        compare(&a.chord, &b.chord);
        match (&a.bass, &b.bass) {
            (Some(a), Some(b)) => compare(a, b),
            (None, None) => {}
            _ => panic!("one engine has a bass, the other has none"),
        }
    }
    largest
}

fn report(what: &str, (log, plain): (f32, f32), burn: Duration, ort: Duration) {
    println!(
        "{what}: largest difference {plain:.2e} (log {log:.2e}); burn {burn:.2?}, ort {ort:.2?}, \
         ratio ort/burn {:.2}",
        ort.as_secs_f64() / burn.as_secs_f64()
    );
    assert!(plain <= TOLERANCE, "{what}: posteriors differ by {plain}");
    assert!(log <= TOLERANCE, "{what}: log-posteriors differ by {log}");
}

fn stream(model: &dyn CausalModel, frames: &[f32]) -> (Vec<Posterior>, Duration) {
    let mut stream = model.start();
    let (frames, rest) = frames.as_chunks::<BINS>();
    assert!(rest.is_empty());
    // The first frame runs with cold caches.
    stream.step(&frames[0]).unwrap();
    stream.reset();
    let start = Instant::now();
    let posteriors = frames.iter().map(|f| stream.step(f).unwrap()).collect();
    (posteriors, start.elapsed())
}

fn windows(model: &dyn WindowModel, frames: &[f32]) -> (Vec<Posterior>, Duration) {
    model.windows(&frames[..WINDOW_FRAMES * BINS]).unwrap();
    let start = Instant::now();
    let posteriors = model.windows(frames).unwrap();
    (posteriors, start.elapsed())
}

fn compare_causal(what: &str, weights: Weights) {
    let folder = tempfile::tempdir().unwrap();
    let path = exported(&weights, &folder);
    let ort = OrtCausal::open(&runtime(), &path, OrtSettings::default()).unwrap();
    assert_eq!(ort.calibrations(), weights.calibrations);
    let burn = BurnModel::causal(weights).unwrap();
    let frames = frames(FRAMES, 5);
    let (a, burn_time) = stream(&burn, &frames);
    let (b, ort_time) = stream(&ort, &frames);
    report(what, differences(&a, &b), burn_time, ort_time);
}

fn compare_windowed(what: &str, weights: Weights) {
    let folder = tempfile::tempdir().unwrap();
    let path = exported(&weights, &folder);
    let ort = OrtWindow::open(&runtime(), &path, OrtSettings::default()).unwrap();
    assert_eq!(ort.calibration(), weights.calibrations.track);
    let burn = BurnModel::windowed(weights).unwrap();
    let frames = frames(4 * WINDOW_FRAMES, 6);
    let (a, burn_time) = windows(&burn, &frames);
    let (b, ort_time) = windows(&ort, &frames);
    report(what, differences(&a, &b), burn_time, ort_time);
}

#[test]
fn the_causal_form_agrees_frame_by_frame() {
    let architecture = Architecture::PitchClass(PitchClassNetConfig::live());
    compare_causal("live, random", shaken(architecture, 1));
}

#[test]
fn the_windowed_forms_agree() {
    for (name, architecture) in [
        (
            "windowed",
            Architecture::PitchClass(PitchClassNetConfig::windowed()),
        ),
        ("BTC", Architecture::Btc(BtcConfig::new().with_layers(3))),
        (
            "2E1D",
            Architecture::TwoEOneD(TwoEOneDConfig::new().with_layers(2)),
        ),
    ] {
        compare_windowed(&format!("{name}, random"), shaken(architecture, 2));
    }
}

#[test]
fn the_built_in_weights_agree() {
    let built_in = |bytes| Weights::from_bytes(bytes, &Device::flex()).unwrap();
    compare_causal("live, built in", built_in(models::LIVE));
    compare_windowed("windowed, built in", built_in(models::WINDOWED));
}

#[test]
fn a_reset_stream_starts_over_and_streams_do_not_share_state() {
    let folder = tempfile::tempdir().unwrap();
    let weights = shaken(Architecture::PitchClass(PitchClassNetConfig::live()), 3);
    let path = exported(&weights, &folder);
    let model = OrtCausal::open(&runtime(), &path, OrtSettings::default()).unwrap();
    let (mut a, mut b) = (model.start(), model.start());
    let first = a.step(&[-3.0; BINS]).unwrap();
    let second = a.step(&[-3.0; BINS]).unwrap();
    assert_ne!(first, second);
    assert_eq!(first, b.step(&[-3.0; BINS]).unwrap());
    a.reset();
    assert_eq!(first, a.step(&[-3.0; BINS]).unwrap());
}

#[test]
fn the_onnx_checker_accepts_every_architecture() {
    let python = variable("CHANGES_PYTHON", "a Python with onnx");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx/check.py");
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = [
        Architecture::PitchClass(PitchClassNetConfig::live()),
        Architecture::PitchClass(PitchClassNetConfig::windowed()),
        Architecture::Btc(BtcConfig::new().with_layers(2)),
        Architecture::TwoEOneD(TwoEOneDConfig::new().with_layers(2)),
    ]
    .into_iter()
    .enumerate()
    .map(|(i, architecture)| {
        let path = folder.path().join(format!("{i}.onnx"));
        let bytes = trainer::onnx::to_bytes(&shaken(architecture, 4)).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    })
    .collect();
    let output = Command::new(python)
        .arg(script)
        .args(&paths)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

#[test]
fn what_cannot_run_is_refused_with_its_reason() {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    let settings = OrtSettings::default();
    let path = folder.path().join("model.onnx");
    let causal = |path: &Path| OrtCausal::open(&runtime, path, settings).err().unwrap();
    let windowed = |path: &Path| OrtWindow::open(&runtime, path, settings).err().unwrap();

    assert!(matches!(causal(&path), OrtError::Unreadable { .. }));
    fs::write(&path, b"not ONNX at all").unwrap();
    assert!(matches!(windowed(&path), OrtError::Refused { .. }));

    let live = shaken(Architecture::PitchClass(PitchClassNetConfig::live()), 7);
    let live = trainer::onnx::to_bytes(&live).unwrap();
    fs::write(&path, &live[..live.len() / 2]).unwrap();
    assert!(matches!(causal(&path), OrtError::Refused { .. }));

    fs::write(&path, &live).unwrap();
    let error = windowed(&path).to_string();
    assert!(error.contains("unexpected input"), "{error}");

    let format = b"changes-onnx/1";
    let at = live
        .windows(format.len())
        .position(|w| w == format)
        .unwrap();
    let mut other = live.clone();
    other[at + format.len() - 1] = b'7';
    fs::write(&path, &other).unwrap();
    let error = causal(&path).to_string();
    assert!(
        error.contains("`changes-onnx/7`, not `changes-onnx/1`"),
        "{error}"
    );

    let net = shaken(Architecture::PitchClass(PitchClassNetConfig::windowed()), 8);
    fs::write(&path, trainer::onnx::to_bytes(&net).unwrap()).unwrap();
    let error = causal(&path).to_string();
    assert!(
        error.contains("input `frames` has the shape [?, 108, 144], not [1, 1, 144]"),
        "{error}"
    );
}

#[test]
fn a_library_that_is_none_and_an_accelerator_that_is_absent_are_errors() {
    let runtime = runtime();
    let error = OrtRuntime::load(Path::new("no/such/library.so"))
        .err()
        .unwrap();
    assert!(error.to_string().contains("no/such/library.so"), "{error}");

    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("libonnxruntime.so");
    fs::write(&other, b"not a library").unwrap();
    let error = OrtRuntime::load(&other).err().unwrap();
    assert!(matches!(error, OrtError::OtherLibrary { .. }), "{error}");

    // One machine cannot have both.
    let weights = shaken(Architecture::PitchClass(PitchClassNetConfig::live()), 9);
    let path = exported(&weights, &folder);
    let absent = if cfg!(windows) {
        Accelerator::CoreMl
    } else {
        Accelerator::DirectMl
    };
    let settings = OrtSettings {
        accelerator: absent,
        ..OrtSettings::default()
    };
    let error = OrtCausal::open(&runtime, &path, settings).err().unwrap();
    assert!(matches!(error, OrtError::Refused { .. }), "{error}");
}
