//! The built-in networks, with weights embedded in the binary and read once per process; and
//! networks from weights files of the trainer.
//!
//! [`live()`] is for a [`LiveEngine`](crate::LiveEngine), [`windowed()`] for
//! [`transcribe()`](crate::transcribe()) and a [`RefiningEngine`](crate::RefiningEngine).

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hexadecimal::hexadecimal;
use crate::inference::{ModelError, PitchClassModel};
use crate::weights::{ModelCard, WeightsError, WeightsFile};

/// The weights file of the causal network of the live engine.
pub const LIVE: &[u8] = include_bytes!("../weights/live.safetensors");
/// The weights file of the windowed network of whole files.
pub const WINDOWED: &[u8] = include_bytes!("../weights/windowed.safetensors");

/// The largest weights file that is read, bytes: twenty times the built-in ones.
const MAX_WEIGHTS_BYTES: u64 = 64 << 20;

/// Why a weights file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}", path.display())]
pub struct LoadError {
    path: PathBuf,
    #[source]
    cause: LoadErrorKind,
}

/// What is wrong with a weights file.
#[derive(Debug, thiserror::Error)]
pub enum LoadErrorKind {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// It is larger than any weights file.
    #[error("larger than {} MiB, so not a weights file of Changes", MAX_WEIGHTS_BYTES >> 20)]
    TooLarge,
    /// Its weights are invalid.
    #[error("these weights cannot be used: {0}")]
    Weights(#[from] WeightsError),
    /// It contains another kind of network.
    #[error("{0}")]
    Model(#[from] ModelError),
    /// Its bytes differ from the file that was chosen.
    #[error("the file has changed since it was chosen: its SHA-256 is now {0}")]
    OtherFile(String),
}

/// A weights file, by path and hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkFile {
    /// Where it is.
    pub path: PathBuf,
    /// SHA-256 of its bytes, in lower-case hexadecimal digits.
    pub sha256: String,
}

impl NetworkFile {
    /// The file at `path` as it is now, with its model card. It must contain a network for live
    /// engines (if `causal`) or for whole files.
    ///
    /// # Errors
    /// As [`load_live`].
    pub fn choose(path: &Path, causal: bool) -> Result<(Self, ModelCard), LoadError> {
        let choose = || {
            let bytes = read(path)?;
            let card = model(&bytes, causal)?.card().clone();
            let file = Self {
                path: path.to_owned(),
                sha256: hexadecimal(Sha256::digest(&bytes)),
            };
            Ok((file, card))
        };
        choose().map_err(of(path))
    }

    /// Its network, if the file is unchanged.
    ///
    /// # Errors
    /// As [`load_live`], and a file that has changed.
    pub fn load(&self, causal: bool) -> Result<Arc<PitchClassModel>, LoadError> {
        let load = || {
            let bytes = read(&self.path)?;
            let found = hexadecimal(Sha256::digest(&bytes));
            if found != self.sha256 {
                return Err(LoadErrorKind::OtherFile(found));
            }
            model(&bytes, causal)
        };
        load().map(Arc::new).map_err(of(&self.path))
    }
}

/// The causal network of a weights file, for live engines.
///
/// # Errors
/// A file that cannot be read or does not contain such a network; the error names it.
pub fn load_live(path: &Path) -> Result<Arc<PitchClassModel>, LoadError> {
    load(path, true)
}

/// The windowed network of a weights file, for whole files.
///
/// # Errors
/// As [`load_live`].
pub fn load_windowed(path: &Path) -> Result<Arc<PitchClassModel>, LoadError> {
    load(path, false)
}

fn load(path: &Path, causal: bool) -> Result<Arc<PitchClassModel>, LoadError> {
    let load = || model(&read(path)?, causal);
    load().map(Arc::new).map_err(of(path))
}

fn of(path: &Path) -> impl FnOnce(LoadErrorKind) -> LoadError {
    |cause| LoadError {
        path: path.to_owned(),
        cause,
    }
}

/// The bytes of a file, up to the size limit.
fn read(path: &Path) -> Result<Vec<u8>, LoadErrorKind> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    file.take(MAX_WEIGHTS_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_WEIGHTS_BYTES {
        return Err(LoadErrorKind::TooLarge);
    }
    Ok(bytes)
}

fn model(bytes: &[u8], causal: bool) -> Result<PitchClassModel, LoadErrorKind> {
    let file = WeightsFile::read(bytes)?;
    Ok(if causal {
        PitchClassModel::causal(&file)?
    } else {
        PitchClassModel::windowed(&file)?
    })
}

/// The embedded weights could not be read: an error in the build, not by the user.
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
    fn weights_of_a_file_are_those_of_its_kind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.safetensors");
        std::fs::write(&path, WINDOWED).unwrap();
        assert_eq!(
            load_windowed(&path).unwrap().card(),
            windowed().unwrap().card()
        );
        let error = load_live(&path).err().unwrap().to_string();
        assert!(
            error.contains("mine.safetensors") && error.contains("causal"),
            "{error}"
        );
        std::fs::write(&path, &WINDOWED[..1000]).unwrap();
        assert!(load_windowed(&path).is_err());
        let error = load_live(&folder.path().join("none")).err().unwrap();
        assert!(matches!(error.cause, LoadErrorKind::Io(_)));
    }

    #[test]
    fn a_chosen_file_is_known_by_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.safetensors");
        std::fs::write(&path, LIVE).unwrap();
        let (file, card) = NetworkFile::choose(&path, true).unwrap();
        assert_eq!(&card, live().unwrap().card());
        assert_eq!(file.load(true).unwrap().card(), &card);
        assert!(NetworkFile::choose(&path, false).is_err());
        std::fs::write(&path, WINDOWED).unwrap();
        let error = file.load(true).err().unwrap();
        assert!(
            matches!(error.cause, LoadErrorKind::OtherFile(_)),
            "{error}"
        );
    }

    #[test]
    fn the_embedded_weights_load_and_say_where_they_come_from() {
        for card in cards().unwrap() {
            assert!(!card.command.is_empty(), "{card:?}");
            assert!(!card.data.is_empty(), "{card:?}");
        }
    }
}
