//! Checkpoints of PyTorch and files of Keras, as the teachers are read from them.

use std::cell::LazyCell;

use crate::Folder;
use teachers::btc::{Btc, scalar};
use teachers::chordnet::ChordNet;
use teachers::crema::network::Network;
use teachers::crema::weights::Weights;

thread_local! {
    static FOLDER: LazyCell<Folder> = LazyCell::new(Folder::new);
}

/// Reads `data` as a checkpoint of each kind.
///
/// # Panics
/// Where a promise of the reader does not hold.
pub fn run(data: &[u8]) {
    FOLDER.with(|folder| {
        let path = folder.write("checkpoint.pt", data);
        let _ = Btc::from_checkpoint(&path);
        let _ = scalar(&path, "mean");
        let _ = ChordNet::from_checkpoints(std::slice::from_ref(&path));
    });
    let _ = Network::from_hdf5(data.to_vec());
    if let Ok(weights) = Weights::read(data.to_vec()) {
        let _ = weights.tensor("dense", "kernel", &[3, 4]);
        let _ = weights.tensor("dense", "bias", &[4]);
    }
}
