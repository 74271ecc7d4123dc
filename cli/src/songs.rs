//! The audio files that a command line names.

use std::path::{Path, PathBuf};

use crate::error::Error;

/// The extensions of files that are taken from folders.
const EXTENSIONS: [&str; 9] = [
    "wav", "flac", "mp3", "ogg", "oga", "opus", "m4a", "aac", "mp4",
];

/// How deep folders may lie in each other.
const DEEPEST: usize = 16;

/// Files as they are, folders as the audio files in and below them, in order of their names.
pub fn listed(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            walk(path, DEEPEST, &mut files)?;
            if files.len() == before {
                return Err(Error::NoSongs(path.clone()));
            }
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let unreadable = |source| Error::ReadFolder {
        path: folder.to_owned(),
        source,
    };
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(unreadable)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()
        .map_err(unreadable)?;
    entries.sort();
    for path in entries {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let is_audio = extension.is_some_and(|it| {
            EXTENSIONS
                .iter()
                .any(|known| it.eq_ignore_ascii_case(known))
        });
        if path.is_dir() && depth > 0 {
            walk(&path, depth - 1, files)?;
        } else if is_audio && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}
