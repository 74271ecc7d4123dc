//! Our network as a graph; see [`networks::pitch_class`].

use recognizer::features::BINS;
use recognizer::inference::onnx::NEXT;
use recognizer::networks::PitchClassNetConfig;

use super::OnnxError;
use super::graph::{Graph, Heads, Size, Value};

const PITCH_CLASSES: usize = 12;
const OCTAVES: usize = BINS / 24;
const QUALITIES: usize = 14;
/// Taps of a block.
const TAPS: usize = 3;

/// Builds the network over `x`, `[batch, frames, 144]` standardized.
pub(super) fn build(
    graph: &mut Graph,
    config: &PitchClassNetConfig,
    x: &Value,
    frames: usize,
) -> Result<Heads, OnnxError> {
    let net = Net { config, frames };
    let mut h = net.fold(graph, x)?;
    for (index, &dilation) in config.dilations.iter().enumerate() {
        h = net.block(graph, index, dilation, &h)?;
    }
    let h = net.norm(graph, "norm", &h)?;
    let h = graph.op("Relu", &[&h]);
    net.heads(graph, &h)
}

struct Net<'a> {
    config: &'a PitchClassNetConfig,
    frames: usize,
}

impl Net<'_> {
    /// `[batch, frames, 12, width]` from any tensor with that many values.
    fn shape(&self, width: usize) -> [i64; 4] {
        [-1, self.frames as i64, PITCH_CLASSES as i64, width as i64]
    }

    /// Front convolution, octaves folded into channels.
    fn fold(&self, graph: &mut Graph, x: &Value) -> Result<Value, OnnxError> {
        let channels = self.config.front_channels;
        let y = graph.reshape(x, &[-1, 1, BINS as i64]);
        let y = graph.conv1d("front", &y, 2, self.config.front_padding())?;
        let y = graph.op("Relu", &[&y]);
        let octaves = [-1, channels as i64, OCTAVES as i64, PITCH_CLASSES as i64];
        let y = graph.reshape(&y, &octaves);
        let y = graph.transpose(&y, &[0, 3, 1, 2]);
        let y = graph.reshape(&y, &self.shape(channels * OCTAVES));
        graph.linear("fold", &y)
    }

    /// Layer norm over pitch classes and channels of a frame.
    fn norm(&self, graph: &mut Graph, path: &str, x: &Value) -> Result<Value, OnnxError> {
        // The operator needs a gain and an offset for every value it normalizes.
        let shape = [PITCH_CLASSES, self.config.channels];
        let gain = graph
            .weight_data(&format!("{path}.gain"))?
            .repeat(PITCH_CLASSES);
        let gain = graph.constant(&shape, &gain);
        let offset = graph
            .weight_data(&format!("{path}.offset"))?
            .repeat(PITCH_CLASSES);
        let offset = graph.constant(&shape, &offset);
        Ok(graph.layer_norm(x, &gain, &offset, -2, 1e-5))
    }

    fn block(
        &self,
        graph: &mut Graph,
        index: usize,
        dilation: usize,
        x: &Value,
    ) -> Result<Value, OnnxError> {
        let path = format!("blocks.{index}");
        let h = self.norm(graph, &format!("{path}.norm"), x)?;
        let v = if self.config.causal {
            self.taps_causal(graph, index, dilation, &h)?
        } else {
            self.taps_centred(graph, &path, dilation, &h)?
        };
        let v = graph.op("Relu", &[&v]);
        let v = self.mix(graph, &format!("{path}.mix"), &v)?;
        let v = graph.op("Relu", &[&v]);
        let v = graph.linear(&format!("{path}.out"), &v)?;
        Ok(graph.op("Add", &[x, &v]))
    }

    fn taps_causal(
        &self,
        graph: &mut Graph,
        index: usize,
        dilation: usize,
        h: &Value,
    ) -> Result<Value, OnnxError> {
        let mut sum = graph.linear(&format!("blocks.{index}.taps.0"), h)?;
        for tap in 1..TAPS {
            let delay = tap * dilation;
            let name = format!("block_{index}_tap_{tap}");
            let shape = [1, delay, PITCH_CLASSES, self.config.bottleneck].map(Size::Fixed);
            let past = graph.input(&name, &shape);
            let new = graph.linear(&format!("blocks.{index}.taps.{tap}"), h)?;
            let line = graph.concat(&[&past, &new], 1);
            let seen = graph.slice(&line, 1, 0, self.frames);
            sum = graph.op("Add", &[&sum, &seen]);
            let next = graph.slice(&line, 1, self.frames, self.frames + delay);
            graph.output(&format!("{name}{NEXT}"), &next, &shape);
        }
        Ok(sum)
    }

    fn taps_centred(
        &self,
        graph: &mut Graph,
        path: &str,
        dilation: usize,
        h: &Value,
    ) -> Result<Value, OnnxError> {
        let d = dilation.min(self.frames);
        let rest = self.frames - d;
        let centre = graph.linear(&format!("{path}.taps.0"), h)?;
        let before = graph.linear(&format!("{path}.taps.1"), h)?;
        let before = graph.slice(&before, 1, 0, rest);
        let before = graph.pad_frames(&before, d, 0);
        let after = graph.linear(&format!("{path}.taps.2"), h)?;
        let after = graph.slice(&after, 1, d, self.frames);
        let after = graph.pad_frames(&after, 0, d);
        let sum = graph.op("Add", &[&centre, &before]);
        Ok(graph.op("Add", &[&sum, &after]))
    }

    /// The circular mix: over rolled rows for a single frame, and by the expanded matrix,
    /// which the runtime computes once from the filter, for many.
    fn mix(&self, graph: &mut Graph, path: &str, x: &Value) -> Result<Value, OnnxError> {
        let inputs = self.config.bottleneck as i64;
        let weight = graph.weight(&format!("{path}.weight"))?;
        let bias = graph.weight(&format!("{path}.bias"))?;
        let (pitch_classes, mixed) = (PITCH_CLASSES as i64, self.config.mixed as i64);
        let y = if self.frames == 1 {
            let order = intervals(graph, |p, i| (p + i) % PITCH_CLASSES);
            let rolled = graph.gather(x, &order, 2);
            let rolled = graph.reshape(&rolled, &self.shape(PITCH_CLASSES * inputs as usize));
            let filter = graph.reshape(&weight, &[pitch_classes * inputs, mixed]);
            graph.op("MatMul", &[&rolled, &filter])
        } else {
            let order = intervals(graph, |q, p| (q + PITCH_CLASSES - p) % PITCH_CLASSES);
            let matrix = graph.gather(&weight, &order, 0);
            let matrix = graph.transpose(&matrix, &[0, 2, 1, 3]);
            let matrix = graph.reshape(&matrix, &[pitch_classes * inputs, pitch_classes * mixed]);
            let rows = graph.reshape(x, &[-1, self.frames as i64, pitch_classes * inputs]);
            let y = graph.op("MatMul", &[&rows, &matrix]);
            graph.reshape(&y, &self.shape(self.config.mixed))
        };
        Ok(graph.op("Add", &[&y, &bias]))
    }

    fn heads(&self, graph: &mut Graph, h: &Value) -> Result<Heads, OnnxError> {
        let frames = self.frames as i64;
        let mean = graph.reduce("ReduceMean", h, 2, false);
        let max = graph.reduce("ReduceMax", h, 2, false);
        let pooled = graph.concat(&[&mean, &max], 2);

        let quality = graph.linear("quality", h)?;
        let quality = graph.reshape(&quality, &[-1, frames, (PITCH_CLASSES * QUALITIES) as i64]);
        let absent = graph.linear("absent", &pooled)?;
        let chord = graph.concat(&[&quality, &absent], 2);

        let bass = graph.linear("bass", h)?;
        let bass = graph.reshape(&bass, &[-1, frames, PITCH_CLASSES as i64]);
        let no_bass = graph.linear("no_bass", &pooled)?;
        let bass = graph.concat(&[&bass, &no_bass], 2);

        let extensions = if self.config.extensions {
            let extensions = graph.linear("colour", h)?;
            let classes = PITCH_CLASSES * self.config.extension_values();
            Some((
                graph.reshape(&extensions, &[-1, frames, classes as i64]),
                classes,
            ))
        } else {
            None
        };
        Ok(Heads {
            chord,
            bass: Some(bass),
            extensions,
        })
    }
}

/// The 12 × 12 indices `f(row, column)`.
fn intervals(graph: &mut Graph, f: impl Fn(usize, usize) -> usize) -> Value {
    let indices: Vec<i64> = (0..PITCH_CLASSES)
        .flat_map(|row| (0..PITCH_CLASSES).map(move |column| (row, column)))
        .map(|(row, column)| f(row, column) as i64)
        .collect();
    graph.integers(&[PITCH_CLASSES, PITCH_CLASSES], &indices)
}
