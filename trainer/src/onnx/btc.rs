//! BTC as a graph; see [`networks::btc`].

use networks::btc::sinusoids;
use recognizer::networks::BtcConfig;

use super::OnnxError;
use super::attention::Attention;
use super::graph::{Graph, Value};

/// Builds the network over `x`, `[batch, frames, 144]` standardized. Returns the chord logits.
pub(super) fn build(
    graph: &mut Graph,
    config: &BtcConfig,
    x: &Value,
    frames: usize,
) -> Result<Value, OnnxError> {
    let attention = Attention {
        heads: config.heads,
        width: config.hidden,
        length: frames,
    };
    let h = graph.linear("embedding", x)?;
    let positions = graph.constant(&[frames, config.hidden], &sinusoids(frames, config.hidden));
    let mut h = graph.op("Add", &[&h, &positions]);
    let past = triangle(graph, frames, |query, key| key > query);
    let future = triangle(graph, frames, |query, key| key < query);
    for layer in 0..config.layers {
        let path = format!("layers.{layer}");
        let forward = block(graph, attention, &format!("{path}.forward"), &h, &past)?;
        let backward = block(graph, attention, &format!("{path}.backward"), &h, &future)?;
        let both = graph.concat(&[&forward, &backward], 2);
        h = graph.linear(&format!("{path}.join"), &both)?;
    }
    let h = norm(graph, "norm", &h, config.hidden)?;
    graph.linear("chord", &h)
}

fn block(
    graph: &mut Graph,
    attention: Attention,
    path: &str,
    x: &Value,
    mask: &Value,
) -> Result<Value, OnnxError> {
    let width = attention.width;
    let h = norm(graph, &format!("{path}.attention_norm"), x, width)?;
    let attended = attention.build(graph, &format!("{path}.attention"), &h, &h, Some(mask))?;
    let x = graph.op("Add", &[x, &attended]);
    let h = norm(graph, &format!("{path}.feed_forward_norm"), &x, width)?;
    let h = graph.transpose(&h, &[0, 2, 1]);
    let h = graph.conv1d(&format!("{path}.conv_in"), &h, 1, [1, 1])?;
    let h = graph.op("Relu", &[&h]);
    let h = graph.conv1d(&format!("{path}.conv_out"), &h, 1, [1, 1])?;
    let h = graph.op("Relu", &[&h]);
    let h = graph.transpose(&h, &[0, 2, 1]);
    Ok(graph.op("Add", &[&x, &h]))
}

/// The original's layer norm: unbiased deviation, 1e-6 added to it.
fn norm(graph: &mut Graph, path: &str, x: &Value, width: usize) -> Result<Value, OnnxError> {
    let mean = graph.reduce("ReduceMean", x, -1, true);
    let centred = graph.op("Sub", &[x, &mean]);
    let squared = graph.op("Mul", &[&centred, &centred]);
    let variance = graph.reduce("ReduceMean", &squared, -1, true);
    let unbiased = graph.scalar(width as f32 / (width as f32 - 1.0));
    let variance = graph.op("Mul", &[&variance, &unbiased]);
    let deviation = graph.op("Sqrt", &[&variance]);
    let epsilon = graph.scalar(1e-6);
    let deviation = graph.op("Add", &[&deviation, &epsilon]);
    let unit = graph.op("Div", &[&centred, &deviation]);
    let gain = graph.weight(&format!("{path}.gain"))?;
    let offset = graph.weight(&format!("{path}.offset"))?;
    let y = graph.op("Mul", &[&unit, &gain]);
    Ok(graph.op("Add", &[&y, &offset]))
}

/// `[frames, frames]`, true where a query must not attend to a key.
fn triangle(graph: &mut Graph, frames: usize, hidden: impl Fn(usize, usize) -> bool) -> Value {
    let data: Vec<bool> = (0..frames)
        .flat_map(|query| (0..frames).map(move |key| (query, key)))
        .map(|(query, key)| hidden(query, key))
        .collect();
    graph.booleans(&[frames, frames], &data)
}
