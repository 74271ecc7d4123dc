//! Multi-head attention as burn's `MultiHeadAttention` computes it.

use super::OnnxError;
use super::graph::{Graph, Value};

/// Value for masked scores before the softmax; burn's default.
const HIDDEN: f32 = -1e4;

/// Shape of one attention.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attention {
    /// Heads.
    pub heads: usize,
    /// Width of the model.
    pub width: usize,
    /// Positions in the sequence.
    pub length: usize,
}

impl Attention {
    /// `x`, `[batch, length, width]`, attends to `memory` of the same shape with the weights
    /// below `path`. `mask`, `[length, length]`, is true where a query must not attend to a
    /// key.
    pub(super) fn build(
        self,
        graph: &mut Graph,
        path: &str,
        x: &Value,
        memory: &Value,
        mask: Option<&Value>,
    ) -> Result<Value, OnnxError> {
        let head_width = self.width / self.heads;
        let split = [-1, self.length as i64, self.heads as i64, head_width as i64];
        let mut heads = |name: &str, from: &Value, order: &[i64]| -> Result<Value, OnnxError> {
            let y = graph.linear(&format!("{path}.{name}"), from)?;
            let y = graph.reshape(&y, &split);
            Ok(graph.transpose(&y, order))
        };
        let query = heads("query", x, &[0, 2, 1, 3])?;
        let key = heads("key", memory, &[0, 2, 3, 1])?;
        let value = heads("value", memory, &[0, 2, 1, 3])?;
        let scale = graph.scalar((head_width as f32).sqrt());
        let scores = graph.op("MatMul", &[&query, &key]);
        let mut scores = graph.op("Div", &[&scores, &scale]);
        if let Some(mask) = mask {
            let hidden = graph.scalar(HIDDEN);
            scores = graph.op("Where", &[mask, &hidden, &scores]);
        }
        let weights = graph.softmax(&scores, -1);
        let context = graph.op("MatMul", &[&weights, &value]);
        let context = graph.transpose(&context, &[0, 2, 1, 3]);
        let context = graph.reshape(&context, &[-1, self.length as i64, self.width as i64]);
        graph.linear(&format!("{path}.output"), &context)
    }
}
