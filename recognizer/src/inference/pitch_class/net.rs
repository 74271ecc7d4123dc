//! The weights, in the layout of the loops.

use super::layer::Layer;
use super::spectrum::SpectralMix;
use crate::features::BINS;
use crate::networks::{OCTAVES, PITCH_CLASSES, PitchClassNetConfig, QUALITIES, TAPS};
use crate::weights::{WeightsError, WeightsFile};

/// The weights of a network.
pub(super) struct Net {
    pub padding_before: usize,
    pub padded_bins: usize,
    pub front: Layer,
    pub fold: Layer,
    pub blocks: Vec<Block>,
    pub gain: Vec<f32>,
    pub offset: Vec<f32>,
    /// Fourteen qualities, the bass and the extensions of a pitch class.
    pub root: Layer,
    /// No chord, unknown and no bass, from all pitch classes together.
    pub absent: Layer,
    pub channels: usize,
    pub bottleneck: usize,
    /// Values of the extension head for a pitch class; 0 without one.
    pub extensions: usize,
}

pub(super) struct Block {
    /// All three taps side by side.
    pub taps: Layer,
    pub mix: SpectralMix,
    pub out: Layer,
    pub dilation: usize,
}

impl Net {
    pub fn new(config: &PitchClassNetConfig, file: &WeightsFile<'_>) -> Result<Self, WeightsError> {
        let mut read = 0;
        let mut tensor = |name: &str, shape: &[usize]| {
            read += 1;
            file.tensor(&format!("PitchClass.{name}"), shape)
        };
        let (c, r, mixed) = (config.channels, config.bottleneck, config.mixed);
        let (f, k) = (config.front_channels, config.front_kernel);
        let [before, after] = config.front_padding();

        let front = Layer::new(
            &transposed(&tensor("front.weight", &[f, 1, k])?, f),
            &tensor("front.bias", &[f])?,
        );
        // The module's inputs are octaves within channels, ours channels within octaves.
        let weight = tensor("fold.weight", &[f * OCTAVES, c])?;
        let mut by_octave = Vec::with_capacity(weight.len());
        for octave in 0..OCTAVES {
            for channel in 0..f {
                by_octave.extend_from_slice(&weight[(channel * OCTAVES + octave) * c..][..c]);
            }
        }
        let fold = Layer::new(&by_octave, &tensor("fold.bias", &[c])?);

        let mut blocks = Vec::with_capacity(config.dilations.len());
        for (i, &dilation) in config.dilations.iter().enumerate() {
            let gain = tensor(&format!("blocks.{i}.norm.gain"), &[c])?;
            let offset = tensor(&format!("blocks.{i}.norm.offset"), &[c])?;
            let mut weights = vec![0.0; c * TAPS * r];
            let mut bias = vec![0.0; TAPS * r];
            for tap in 0..TAPS {
                let weight = tensor(&format!("blocks.{i}.taps.{tap}.weight"), &[c, r])?;
                if tap == 0 {
                    bias[..r].copy_from_slice(&tensor(&format!("blocks.{i}.taps.0.bias"), &[r])?);
                }
                for (channel, row) in weight.chunks_exact(r).enumerate() {
                    for (j, w) in row.iter().enumerate() {
                        weights[channel * TAPS * r + tap * r + j] = gain[channel] * w;
                        bias[tap * r + j] += offset[channel] * w;
                    }
                }
            }
            let name = |part: &str| format!("blocks.{i}.{part}");
            let mix = tensor(&name("mix.weight"), &[PITCH_CLASSES, r, mixed])?;
            let mix_bias = tensor(&name("mix.bias"), &[mixed])?;
            blocks.push(Block {
                taps: Layer::new(&weights, &bias),
                mix: SpectralMix::new(&mix, &mix_bias),
                out: Layer::new(
                    &tensor(&name("out.weight"), &[mixed, c])?,
                    &tensor(&name("out.bias"), &[c])?,
                ),
                dilation,
            });
        }

        let mut heads = vec![
            (
                tensor("quality.weight", &[c, QUALITIES])?,
                tensor("quality.bias", &[QUALITIES])?,
            ),
            (tensor("bass.weight", &[c, 1])?, tensor("bass.bias", &[1])?),
        ];
        let extensions = config.extension_values();
        if extensions > 0 {
            heads.push((
                tensor("colour.weight", &[c, extensions])?,
                tensor("colour.bias", &[extensions])?,
            ));
        }
        let absent = [
            (
                tensor("absent.weight", &[2 * c, 2])?,
                tensor("absent.bias", &[2])?,
            ),
            (
                tensor("no_bass.weight", &[2 * c, 1])?,
                tensor("no_bass.bias", &[1])?,
            ),
        ];
        let net = Self {
            padding_before: before,
            padded_bins: before + BINS + after,
            front,
            fold,
            blocks,
            gain: tensor("norm.gain", &[c])?,
            offset: tensor("norm.offset", &[c])?,
            root: side_by_side(&heads),
            absent: side_by_side(&absent),
            channels: c,
            bottleneck: r,
            extensions,
        };
        if read != file.tensor_count() {
            return Err(WeightsError::DoNotFit(format!(
                "{} tensors, not {read}",
                file.tensor_count()
            )));
        }
        Ok(net)
    }
}

/// `[outputs, inputs]` to `[inputs, outputs]`.
fn transposed(weights: &[f32], outputs: usize) -> Vec<f32> {
    let inputs = weights.len() / outputs;
    (0..inputs)
        .flat_map(|i| (0..outputs).map(move |o| weights[o * inputs + i]))
        .collect()
}

/// Joins layers with the same inputs to one.
fn side_by_side(layers: &[(Vec<f32>, Vec<f32>)]) -> Layer {
    let bias: Vec<f32> = layers.iter().flat_map(|(_, bias)| bias.clone()).collect();
    let inputs = layers
        .first()
        .map_or(0, |(weights, bias)| weights.len() / bias.len());
    let weights: Vec<f32> = (0..inputs)
        .flat_map(|row| {
            layers
                .iter()
                .flat_map(move |(weights, bias)| &weights[row * bias.len()..][..bias.len()])
        })
        .copied()
        .collect();
    Layer::new(&weights, &bias)
}
