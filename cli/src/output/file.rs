//! An output file, checked before the work and written after it.

use std::fs;
use std::path::{Path, PathBuf};

use harmony::export::atomic;

use super::taken::Taken;
use crate::error::Error;

/// A file to write: whole or not at all, and over another only on purpose.
#[derive(Clone, Debug)]
pub struct OutputFile {
    path: PathBuf,
    replace: bool,
}

impl OutputFile {
    /// A file in a place that was checked.
    pub(super) const fn new(path: PathBuf, replace: bool) -> Self {
        Self { path, replace }
    }

    /// Checks that a file can be written in a place, before there is anything to write.
    ///
    /// # Errors
    /// A place that holds a file which is not to be replaced, that is one of `inputs`, or that
    /// cannot be written to.
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

    /// Writes it, making its folders.
    ///
    /// # Errors
    /// The system's errors; a file that has appeared there meanwhile and is not to be replaced.
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
