//! The built-in networks: weights embedded in the binary, read once a process.
//!
//! [`live()`] is for a [`LiveEngine`](crate::LiveEngine), [`windowed()`] for
//! [`transcribe()`](crate::transcribe()) and a [`RefiningEngine`](crate::RefiningEngine).

use std::sync::{Arc, OnceLock};

use crate::inference::PitchClassModel;
use crate::weights::{ModelCard, WeightsFile};

/// The weights file of the causal network of the live engine.
pub const LIVE: &[u8] = include_bytes!("../weights/live.safetensors");
/// The weights file of the windowed network of whole files.
pub const WINDOWED: &[u8] = include_bytes!("../weights/windowed.safetensors");

/// The embedded weights could not be read: a fault of the build, not of the user.
#[derive(Debug, Clone, thiserror::Error)]
#[error("embedded weights `{name}`: {reason}")]
pub struct EmbeddedError {
    name: &'static str,
    reason: String,
}

type Cell = OnceLock<Result<Arc<PitchClassModel>, EmbeddedError>>;

fn embedded(
    cell: &'static Cell,
    name: &'static str,
    bytes: &[u8],
    causal: bool,
) -> Result<Arc<PitchClassModel>, EmbeddedError> {
    cell.get_or_init(|| {
        let refused = |reason: String| EmbeddedError { name, reason };
        let file = WeightsFile::read(bytes).map_err(|e| refused(e.to_string()))?;
        let model = if causal {
            PitchClassModel::causal(&file)
        } else {
            PitchClassModel::windowed(&file)
        };
        model.map(Arc::new).map_err(|e| refused(e.to_string()))
    })
    .clone()
}

/// The built-in causal model, shared by all callers.
///
/// # Errors
/// [`EmbeddedError`] if the embedded bytes are not such weights.
pub fn live() -> Result<Arc<PitchClassModel>, EmbeddedError> {
    static CELL: Cell = OnceLock::new();
    embedded(&CELL, "live", LIVE, true)
}

/// The built-in windowed model, shared by all callers.
///
/// # Errors
/// [`EmbeddedError`] if the embedded bytes are not such weights.
pub fn windowed() -> Result<Arc<PitchClassModel>, EmbeddedError> {
    static CELL: Cell = OnceLock::new();
    embedded(&CELL, "windowed", WINDOWED, false)
}

/// The model cards of the built-in weights.
///
/// # Errors
/// [`EmbeddedError`] if the embedded bytes are not such weights.
pub fn cards() -> Result<Vec<ModelCard>, EmbeddedError> {
    Ok(vec![live()?.card().clone(), windowed()?.card().clone()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_weights_load_and_say_where_they_come_from() {
        for card in cards().unwrap() {
            assert!(!card.command.is_empty(), "{card:?}");
            assert!(!card.data.is_empty(), "{card:?}");
        }
    }
}
