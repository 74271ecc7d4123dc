//! Which audio a chord track belongs to, without the audio.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A file of audio by its name and its content. In JAMS files it is the `audio` of the sandbox of
/// the whole file: `trainer corpus scan` takes such a file as an example to learn from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioReference {
    /// The file.
    pub path: PathBuf,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}
