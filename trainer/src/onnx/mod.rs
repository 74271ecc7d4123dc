//! Networks as ONNX files, for ONNX Runtime and everything else that reads ONNX.
//!
//! The files follow the contract of [`recognizer::inference::onnx`]: opset 17, log-compressed
//! frames as input (the graph standardizes them), logits as output, and for causal networks
//! one input and one output for the state of each delayed tap.

mod attention;
mod btc;
mod graph;
mod pitch_class;
mod proto;
mod tensors;
mod two_e_one_d;

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use harmony::export::atomic::{self, WriteError};
use networks::Weights;
use prost::Message;
use recognizer::features::BINS;
use recognizer::inference::onnx;
use recognizer::networks::{Architecture, WINDOW_FRAMES};
use recognizer::weights::WeightsError;

use graph::{Graph, Heads, Size};
use proto::{IR_VERSION, ModelProto, OPSET, OperatorSetIdProto, StringStringEntryProto};
use tensors::Tensors;

/// Why a network could not be written as ONNX.
#[derive(Debug, thiserror::Error)]
pub enum OnnxError {
    /// The weights are invalid.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The tensors do not fit a graph.
    #[error("tensors of the network: {0}")]
    Tensors(String),
    /// The network lacks a tensor of the graph.
    #[error("the network has no tensor `{0}`")]
    Missing(String),
    /// The network has a tensor that is not in the graph: the graph would compute something
    /// else.
    #[error("the tensor `{0}` has no place in the graph")]
    Unused(String),
    /// The weights file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The ONNX file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// The ONNX file of a network.
///
/// # Errors
/// See [`OnnxError`]; for our own weights that would be a bug here.
pub fn to_bytes(weights: &Weights) -> Result<Vec<u8>, OnnxError> {
    let causal = weights.architecture.is_causal();
    let (batch, frames) = if causal {
        (Size::Fixed(1), 1)
    } else {
        (Size::Batch, WINDOW_FRAMES)
    };
    let mut graph = Graph::new(&weights.card.name, Tensors::from_weights(weights)?);
    let shape = [batch, Size::Fixed(frames), Size::Fixed(BINS)];
    let x = graph.input(onnx::FRAMES, &shape);
    let mean = graph.scalar(weights.mean);
    let deviation = graph.scalar(weights.deviation);
    let x = graph.op("Sub", &[&x, &mean]);
    let x = graph.op("Div", &[&x, &deviation]);
    let heads = match &weights.architecture {
        Architecture::PitchClass(config) => pitch_class::build(&mut graph, config, &x, frames)?,
        Architecture::Btc(config) => Heads::chord(btc::build(&mut graph, config, &x, frames)?),
        Architecture::TwoEOneD(config) => {
            Heads::chord(two_e_one_d::build(&mut graph, config, &x, frames)?)
        }
    };
    graph.logits(&heads, batch, frames);
    let json = |e: serde_json::Error| OnnxError::Tensors(e.to_string());
    let entry = |key: &str, value: String| StringStringEntryProto {
        key: Some(key.to_owned()),
        value: Some(value),
    };
    let model = ModelProto {
        ir_version: Some(IR_VERSION),
        producer_name: Some("Changes".to_owned()),
        producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        graph: Some(graph.finish()?),
        opset_import: vec![OperatorSetIdProto {
            domain: Some(String::new()),
            version: Some(OPSET),
        }],
        metadata_props: vec![
            entry(onnx::FORMAT_KEY, onnx::FORMAT.to_owned()),
            entry(
                onnx::ARCHITECTURE_KEY,
                serde_json::to_string(&weights.architecture).map_err(json)?,
            ),
            entry(
                onnx::CALIBRATION_KEY,
                serde_json::to_string(&weights.calibrations).map_err(json)?,
            ),
            entry(
                onnx::CARD_KEY,
                serde_json::to_string(&weights.card).map_err(json)?,
            ),
        ],
    };
    Ok(model.encode_to_vec())
}

/// Reads the weights file `weights` and writes it as the ONNX file `out`, completely or not at
/// all.
///
/// # Errors
/// See [`OnnxError`]; it names the file or the problem with it.
pub fn export(weights: &Path, out: &Path) -> Result<(), OnnxError> {
    let bytes = fs::read(weights).map_err(|source| OnnxError::Unreadable {
        path: weights.to_owned(),
        source,
    })?;
    let weights = Weights::from_bytes(&bytes, &Device::flex())?;
    Ok(atomic::write(out, &to_bytes(&weights)?)?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use networks::Init;
    use recognizer::networks::{BtcConfig, PitchClassNetConfig, TwoEOneDConfig};
    use recognizer::weights::ModelCard;

    fn random(architecture: Architecture) -> Weights {
        Weights {
            network: architecture.init(&Device::flex()),
            architecture,
            mean: -6.0,
            deviation: 2.0,
            calibrations: recognizer::calibration::Calibrations::default(),
            card: ModelCard::default(),
        }
    }

    fn all() -> Vec<Weights> {
        [
            Architecture::PitchClass(PitchClassNetConfig::live()),
            Architecture::PitchClass(PitchClassNetConfig::windowed()),
            Architecture::Btc(BtcConfig::new()),
            Architecture::TwoEOneD(TwoEOneDConfig::new()),
        ]
        .map(random)
        .into()
    }

    #[test]
    fn every_architecture_becomes_a_graph_in_order_and_without_loose_ends() {
        for weights in all() {
            let bytes = to_bytes(&weights).unwrap();
            let model = ModelProto::decode(bytes.as_slice()).unwrap();
            let graph = model.graph.unwrap();
            let mut known = BTreeSet::new();
            let inputs = graph.input.iter().map(|value| &value.name);
            for name in inputs.chain(graph.initializer.iter().map(|t| &t.name)) {
                assert!(known.insert(name.clone().unwrap()), "{name:?} twice");
            }
            for node in &graph.node {
                for input in &node.input {
                    assert!(known.contains(input), "{input} is used before it is made");
                }
                for output in &node.output {
                    assert!(known.insert(output.clone()), "{output} is made twice");
                }
            }
            for output in &graph.output {
                assert!(known.contains(output.name.as_ref().unwrap()), "{output:?}");
            }
        }
    }

    #[test]
    fn the_causal_form_carries_every_delayed_tap() {
        let weights = random(Architecture::PitchClass(PitchClassNetConfig::live()));
        let bytes = to_bytes(&weights).unwrap();
        let graph = ModelProto::decode(bytes.as_slice()).unwrap().graph.unwrap();
        // Frames and two taps in each of seven blocks; chord, bass, extensions and the new
        // states of the taps.
        assert_eq!((graph.input.len(), graph.output.len()), (15, 17));
    }

    #[test]
    fn a_file_appears_whole_and_a_bad_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (weights, out) = (
            folder.path().join("a.safetensors"),
            folder.path().join("a.onnx"),
        );
        let error = export(&weights, &out).unwrap_err().to_string();
        assert!(error.contains("a.safetensors"), "{error}");
        let net = random(Architecture::PitchClass(PitchClassNetConfig::live()));
        fs::write(&weights, net.to_bytes().unwrap()).unwrap();
        export(&weights, &out).unwrap();
        assert_eq!(fs::read(&out).unwrap(), to_bytes(&net).unwrap());
    }
}
