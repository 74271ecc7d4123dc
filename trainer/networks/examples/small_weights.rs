//! Writes small networks into a folder: the seeds of the fuzz target for weights. (2E1D has no
//! small form: its width is that of the frames.)
//!
//! `cargo run --release --package networks --example small_weights FOLDER`

use std::path::PathBuf;

use burn::tensor::Device;
use networks::{Init, Weights};
use recognizer::networks::{Architecture, BtcConfig, PitchClassNetConfig};
use recognizer::weights::ModelCard;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(
        std::env::args()
            .nth(1)
            .ok_or("usage: small_weights FOLDER")?,
    );
    std::fs::create_dir_all(&folder)?;
    let pitch_class = |causal| {
        let config = PitchClassNetConfig::new(causal, vec![1, 2]);
        let config = config.with_channels(4).with_bottleneck(2);
        Architecture::PitchClass(config.with_front_channels(1).with_mixed(2))
    };
    let btc = BtcConfig::new().with_hidden(4).with_heads(2).with_layers(1);
    for (name, architecture) in [
        ("live", pitch_class(true)),
        ("windowed", pitch_class(false)),
        ("btc", Architecture::Btc(btc)),
    ] {
        let device = Device::flex();
        device.seed(1);
        let weights = Weights {
            network: architecture.init(&device),
            architecture,
            mean: -5.0,
            deviation: 2.5,
            calibrations: recognizer::calibration::Calibrations::default(),
            card: ModelCard {
                name: name.to_owned(),
                ..ModelCard::default()
            },
        };
        std::fs::write(folder.join(name), weights.to_bytes()?)?;
    }
    Ok(())
}
