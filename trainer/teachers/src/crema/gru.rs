//! Keras' recurrent layer as of 2018: gated recurrent units (Cho et al. 2014) whose reset gate
//! is applied to the state before the product, with a hard sigmoid.

/// One direction.
#[derive(Debug, Clone)]
pub(super) struct Gru {
    /// Size of the state.
    pub hidden: usize,
    /// `[inputs, 3 · hidden]`: update gate, reset gate, candidate.
    pub kernel: Vec<f32>,
    /// `[hidden, 3 · hidden]`.
    pub recurrent: Vec<f32>,
    /// `[3 · hidden]`.
    pub bias: Vec<f32>,
}

/// Keras' `hard_sigmoid`.
fn hard_sigmoid(x: f32) -> f32 {
    (0.2 * x + 0.5).clamp(0.0, 1.0)
}

/// Adds `x · matrix` to `sums`, where `matrix` has rows of `width` numbers, of which
/// `sums.len()` from `column` on are used.
fn add_product(sums: &mut [f32], x: &[f32], matrix: &[f32], width: usize, column: usize) {
    for (x, row) in x.iter().zip(matrix.chunks_exact(width)) {
        let row = &row[column..column + sums.len()];
        for (sum, weight) in sums.iter_mut().zip(row) {
            *sum += x * weight;
        }
    }
}

impl Gru {
    /// Writes the state after each row of `inputs`, taken in the order `rows`, to `out` at the
    /// row's place: `width` numbers per row, of which those from `column` on belong to this
    /// direction.
    fn run(
        &self,
        inputs: &[&[f32]],
        rows: impl Iterator<Item = usize>,
        out: &mut [f32],
        width: usize,
        column: usize,
    ) {
        let n = self.hidden;
        let mut state = vec![0.0; n];
        let mut gates = vec![0.0; 3 * n];
        let mut reset = vec![0.0; n];
        for at in rows {
            gates.copy_from_slice(&self.bias);
            add_product(&mut gates, inputs[at], &self.kernel, 3 * n, 0);
            let (update_reset, candidate) = gates.split_at_mut(2 * n);
            add_product(update_reset, &state, &self.recurrent, 3 * n, 0);
            let (update, r) = update_reset.split_at(n);
            for ((reset, state), r) in reset.iter_mut().zip(&state).zip(r) {
                *reset = state * hard_sigmoid(*r);
            }
            add_product(candidate, &reset, &self.recurrent, 3 * n, 2 * n);
            for ((state, z), new) in state.iter_mut().zip(update).zip(candidate) {
                let z = hard_sigmoid(*z);
                *state = z * *state + (1.0 - z) * new.tanh();
            }
            out[at * width + column..][..n].copy_from_slice(&state);
        }
    }
}

/// Both directions over `inputs`, rows of `width` numbers: `[rows, 2 · hidden]`, the states of
/// `forward` before those of `backward`.
pub(super) fn both(forward: &Gru, backward: &Gru, inputs: &[f32], width: usize) -> Vec<f32> {
    let rows: Vec<&[f32]> = inputs.chunks_exact(width).collect();
    let joined = forward.hidden + backward.hidden;
    let mut out = vec![0.0; rows.len() * joined];
    forward.run(&rows, 0..rows.len(), &mut out, joined, 0);
    let reversed = (0..rows.len()).rev();
    backward.run(&rows, reversed, &mut out, joined, forward.hidden);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One unit computed by hand: z = hs(0.5), r = hs(1), candidate tanh(x + r · h · 2).
    #[test]
    fn a_unit_by_hand() {
        let unit = |candidate: f32| Gru {
            hidden: 1,
            kernel: vec![0.0, 0.0, candidate],
            recurrent: vec![0.0, 0.0, 2.0],
            bias: vec![0.5, 1.0, 0.0],
        };
        let out = both(&unit(1.0), &unit(-1.0), &[1.0, 0.5], 1);
        let step = |h: f32, x: f32| 0.6 * h + 0.4 * (x + 0.7 * h * 2.0).tanh();
        let first = step(0.0, 1.0);
        let last = step(0.0, -0.5);
        let expected = [first, step(last, -1.0), step(first, 0.5), last];
        for (ours, expected) in out.iter().zip(expected) {
            assert!((ours - expected).abs() < 1e-6, "{out:?}");
        }
    }
}
