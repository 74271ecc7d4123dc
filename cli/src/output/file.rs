//! Output files, checked before the work and written after it.

use std::fs;
use std::path::{Path, PathBuf};

use harmony::export::atomic;

use super::taken::Taken;
use crate::error::Error;

/// A file to write, whole or not at all; it replaces another only if asked to.
#[derive(Clone, Debug)]
pub struct OutputFile {
    path: PathBuf,
    replace: bool,
}

impl OutputFile {
    /// A file at a checked path.
    pub(super) const fn new(path: PathBuf, replace: bool) -> Self {
        Self { path, replace }
    }

    /// Checks that a file can be written to `path`, before there is anything to write.
    ///
    /// # Errors
    /// A path with a file that must not be replaced, that is one of `inputs`, or that cannot be
    /// written to.
    pub fn settle(path: &Path, force: bool, inputs: &[&Path]) -> Result<Self, Error> {
        let taken = Taken::among(&[path.to_owned()], inputs)?;
        let replace = taken.is_empty() || force || taken.ask_for_one(path)?;
        if !replace {
            return Err(Error::Taken(path.to_owned()));
        }
        atomic::check(path)?;
        // A device or a pipe is written into, which `create` would refuse.
        let is_device = path.metadata().is_ok_and(|it| !it.is_file());
        Ok(Self::new(path.to_owned(), !taken.is_empty() || is_device))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes it, creating its folders.
    ///
    /// # Errors
    /// The system's errors; a file that has appeared there meanwhile and must not be replaced.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        if let Some(folder) = self.path.parent()
            && !folder.as_os_str().is_empty()
        {
            fs::create_dir_all(folder).map_err(|source| Error::Folder {
                path: folder.to_owned(),
                source,
            })?;
        }
        if self.replace {
            Ok(atomic::write(&self.path, bytes)?)
        } else {
            Ok(atomic::create(&self.path, bytes)?)
        }
    }
}
