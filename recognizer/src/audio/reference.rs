//! Reference to an audio file by path and hash.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use harmony::export::AudioReference;
use sha2::{Digest, Sha256};

use super::AudioError;
use crate::hexadecimal::hexadecimal;

/// The absolute path of a file and the hash of its bytes, all of which are read.
///
/// # Errors
/// A file that cannot be read; the error names it.
pub fn reference(path: impl AsRef<Path>) -> Result<AudioReference, AudioError> {
    let path = path.as_ref();
    let unreadable = |source| AudioError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let whole: PathBuf = path.canonicalize().map_err(unreadable)?;
    let mut hasher = Sha256::new();
    let mut file = File::open(&whole).map_err(unreadable)?;
    io::copy(&mut file, &mut hasher).map_err(unreadable)?;
    Ok(AudioReference {
        path: whole,
        sha256: hexadecimal(hasher.finalize()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_path_and_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("song.wav");
        std::fs::write(&path, b"abc").unwrap();
        let named = reference(&path).unwrap();
        assert_eq!(named.path, path.canonicalize().unwrap());
        // FIPS 180-2, appendix B.1.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(named.sha256, known);
        let missing = reference(folder.path().join("none.wav")).unwrap_err();
        assert!(missing.to_string().contains("none.wav"), "{missing}");
    }
}
