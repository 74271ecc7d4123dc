//! The recognizer's loops against burn's module.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Distribution, Tensor};
use networks::{BurnModel, Init, Weights};
use recognizer::decode::Posterior;
use recognizer::features::BINS;
use recognizer::inference::{CausalModel, PitchClassModel, WindowModel};
use recognizer::models;
use recognizer::networks::{Architecture, PitchClassNetConfig, WINDOW_FRAMES};
use recognizer::weights::{ModelCard, WeightsFile};

/// Adds noise to every number, so that biases, gains and offsets matter.
struct Shake;

impl ModuleMapper for Shake {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|x| {
            let noise = x.random_like(Distribution::Normal(0.0, 0.1));
            x + noise
        })
    }
}

fn random(config: PitchClassNetConfig) -> Vec<u8> {
    let device = Device::flex();
    device.seed(9);
    let architecture = Architecture::PitchClass(config);
    Weights {
        network: architecture.init(&device).map(&mut Shake),
        architecture,
        mean: -6.0,
        deviation: 2.0,
        calibrations: recognizer::calibration::Calibrations::default(),
        card: ModelCard::default(),
    }
    .to_bytes()
    .unwrap()
}

/// Chord-like noise: levels that drift over bins and time.
fn frames(count: usize) -> Vec<f32> {
    (0..count * BINS)
        .map(|i| {
            let (t, b) = ((i / BINS) as f32, (i % BINS) as f32);
            -6.0 + 3.0 * (0.7 * b + 0.2 * t).sin() + 2.0 * (0.05 * b * t).cos()
        })
        .collect()
}

fn largest_difference(a: &[Posterior], b: &[Posterior]) -> f32 {
    assert_eq!(a.len(), b.len());
    let numbers = |p: &Posterior| -> Vec<f32> {
        let bass = p.bass.iter().flatten();
        let extensions = p.extensions.iter().flatten();
        p.chord
            .iter()
            .chain(bass)
            .chain(extensions)
            .copied()
            .collect()
    };
    let pairs = a.iter().zip(b).flat_map(|(a, b)| {
        let (a, b) = (numbers(a), numbers(b));
        assert_eq!(a.len(), b.len());
        a.into_iter().zip(b)
    });
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn compare_causal(bytes: &[u8]) {
    let ours = PitchClassModel::causal(&WeightsFile::read(bytes).unwrap()).unwrap();
    let burn = Weights::from_bytes(bytes, &Device::flex()).unwrap();
    let burn = BurnModel::causal(burn).unwrap();
    let run = |model: &dyn CausalModel| -> Vec<Posterior> {
        let mut stream = model.start();
        let frames = frames(150);
        let (frames, _) = frames.as_chunks::<BINS>();
        frames.iter().map(|f| stream.step(f).unwrap()).collect()
    };
    let difference = largest_difference(&run(&ours), &run(&burn));
    assert!(difference < 1e-4, "{difference}");
}

fn compare_windowed(bytes: &[u8]) {
    let ours = PitchClassModel::windowed(&WeightsFile::read(bytes).unwrap()).unwrap();
    let burn = Weights::from_bytes(bytes, &Device::flex()).unwrap();
    let burn = BurnModel::windowed(burn).unwrap();
    let frames = frames(2 * WINDOW_FRAMES);
    let (a, b) = (ours.windows(&frames), burn.windows(&frames));
    let difference = largest_difference(&a.unwrap(), &b.unwrap());
    assert!(difference < 1e-4, "{difference}");
}

#[test]
fn the_built_in_networks_answer_as_burns_do() {
    compare_causal(models::LIVE);
    compare_windowed(models::WINDOWED);
}

#[test]
fn networks_of_odd_sizes_answer_as_burns_do() {
    let odd = |causal| {
        PitchClassNetConfig::new(causal, vec![3, 100])
            .with_channels(21)
            .with_bottleneck(9)
            .with_mixed(18)
            .with_front_channels(5)
            .with_front_kernel(3)
    };
    compare_causal(&random(odd(true)));
    compare_windowed(&random(odd(false)));
    compare_causal(&random(PitchClassNetConfig::live()));
    compare_windowed(&random(PitchClassNetConfig::windowed()));
}

#[test]
fn a_stream_can_be_reset_and_streams_do_not_share_state() {
    let bytes = random(PitchClassNetConfig::live());
    let model = PitchClassModel::causal(&WeightsFile::read(&bytes).unwrap()).unwrap();
    let (mut a, mut b) = (model.start(), model.start());
    let frame = [-3.0; BINS];
    let first = a.step(&frame).unwrap();
    assert_ne!(first, a.step(&[-9.0; BINS]).unwrap());
    assert_eq!(first, b.step(&frame).unwrap());
    a.reset();
    assert_eq!(first, a.step(&frame).unwrap());
}
