//! Reference to the audio that a chord track belongs to.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// An audio file by its path and its hash. In JAMS files it is the `audio` of the file's top-level
/// sandbox: `trainer corpus scan` takes such a file as a training example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioReference {
    /// The file.
    pub path: PathBuf,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}
