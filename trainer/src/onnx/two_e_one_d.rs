//! 2E1D as a graph; see [`networks::two_e_one_d`].

use networks::two_e_one_d::position_table;
use recognizer::features::BINS;
use recognizer::networks::TwoEOneDConfig;

use super::OnnxError;
use super::attention::Attention;
use super::graph::{Graph, Value};

/// Builds the network over `x`, `[batch, frames, 144]` standardized. Returns the chord logits.
pub(super) fn build(
    graph: &mut Graph,
    config: &TwoEOneDConfig,
    x: &Value,
    frames: usize,
) -> Result<Value, OnnxError> {
    let token_bins = BINS / config.tokens;
    let over_tokens = Attention {
        heads: config.frequency_heads,
        width: token_bins,
        length: config.tokens,
    };
    let over_frames = Attention {
        heads: config.time_heads,
        width: BINS,
        length: frames,
    };

    let f = graph.reshape(x, &[-1, config.tokens as i64, token_bins as i64]);
    let mut f = with_positions(graph, &f, config.tokens, token_bins);
    for index in 0..config.layers {
        f = layer(graph, over_tokens, &format!("frequency.{index}"), &f, None)?;
    }
    let f = graph.reshape(&f, &[-1, frames as i64, BINS as i64]);
    let f = graph.linear("frequency_out", &f)?;

    let mut t = with_positions(graph, x, frames, BINS);
    for index in 0..config.layers {
        t = layer(graph, over_frames, &format!("time.{index}"), &t, None)?;
    }
    let t = graph.linear("time_out", &t)?;

    let mut h = graph.op("Add", &[&f, &t]);
    for index in 0..config.layers {
        h = layer(
            graph,
            over_frames,
            &format!("decoder.{index}"),
            &h,
            Some(&t),
        )?;
    }
    let gain = graph.weight("norm.gamma")?;
    let offset = graph.weight("norm.beta")?;
    let h = graph.layer_norm(&h, &gain, &offset, -1, 1e-5);
    graph.linear("chord", &h)
}

fn layer(
    graph: &mut Graph,
    attention: Attention,
    path: &str,
    x: &Value,
    memory: Option<&Value>,
) -> Result<Value, OnnxError> {
    let gates = graph.weight_data(&format!("{path}.gates"))?;
    let [self_gate, cross_gate, feed_forward_gate] = gates.as_slice() else {
        return Err(OnnxError::Tensors(format!(
            "`{path}.gates` has {} numbers, not 3",
            gates.len()
        )));
    };
    let attended = attention.build(graph, &format!("{path}.self_attention"), x, x, None)?;
    let mut x = gated(graph, x, &attended, *self_gate);
    if let Some(memory) = memory {
        let cross = format!("{path}.cross_attention");
        let attended = attention.build(graph, &cross, &x, memory, None)?;
        x = gated(graph, &x, &attended, *cross_gate);
    }
    let h = graph.linear(&format!("{path}.expand"), &x)?;
    let h = graph.op("Relu", &[&h]);
    let h = graph.linear(&format!("{path}.contract"), &h)?;
    Ok(gated(graph, &x, &h, *feed_forward_gate))
}

fn gated(graph: &mut Graph, x: &Value, branch: &Value, gate: f32) -> Value {
    let gate = graph.scalar(gate);
    let branch = graph.op("Mul", &[branch, &gate]);
    graph.op("Add", &[x, &branch])
}

/// Adds sinusoidal positions, sine and cosine interleaved.
fn with_positions(graph: &mut Graph, x: &Value, length: usize, width: usize) -> Value {
    let positions = graph.constant(&[length, width], &position_table(length, width));
    graph.op("Add", &[x, &positions])
}
