//! Atomic writing: a file is either whole or not there.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file could not be written; the old one, if any, is untouched.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot write: {source}", path.display())]
pub struct WriteError {
    /// The file.
    pub path: PathBuf,
    /// The system's error.
    pub source: io::Error,
}

/// Writes a temporary file in the same folder, syncs it to disk and renames it over the old one,
/// whose permissions it takes. A symbolic link is replaced, not followed; pipes, terminals and
/// devices are written into.
///
/// A program that is killed meanwhile leaves the old file and, at worst, a hidden `.changes-….part`
/// beside it. If several programs write at once, the last file is kept, whole.
///
/// # Errors
/// A read-only file at `path`, and any error of the file system; nothing has changed then.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    replace(path, bytes).map_err(named(path))
}

/// Writes a file as [`write()`] does, but only where none exists.
///
/// # Errors
/// A file at `path`, as [`io::ErrorKind::AlreadyExists`], however late it appeared there; and as
/// [`write()`].
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let put = || {
        let (folder, file) = (folder_of(path), beside(path, bytes)?);
        match file.persist_noclobber(path) {
            Ok(_) => {}
            // Some file systems of memory cards can neither rename without replacing nor link:
            // there the name is reserved first.
            Err(refused) if refused.error.kind() != io::ErrorKind::AlreadyExists => {
                File::create_new(path)?;
                refused.file.persist(path).map_err(|error| {
                    let _ = std::fs::remove_file(path);
                    error.error
                })?;
            }
            Err(taken) => return Err(taken.error),
        }
        sync_folder(folder);
        Ok(())
    };
    put().map_err(named(path))
}

/// Checks that [`write()`] could write to `path`; leaves no file behind.
///
/// # Errors
/// As [`write()`]: no such folder, a folder that cannot be written to, a read-only file.
pub fn check(path: &Path) -> Result<(), WriteError> {
    let try_it = || match place(path)? {
        Place::Device => Ok(()),
        Place::File(_) => empty_beside(path).map(drop),
    };
    try_it().map_err(named(path))
}

/// Renames a complete file over another in the same folder, as [`write()`] does with its temporary
/// file: for writers that need a path.
///
/// # Errors
/// Any error of the file system; the old file is untouched then.
pub fn put_in_place(complete: &Path, path: &Path) -> Result<(), WriteError> {
    let put = || {
        sync_file(complete)?;
        std::fs::rename(complete, path)?;
        sync_folder(folder_of(path));
        Ok(())
    };
    put().map_err(named(path))
}

/// Waits until a file that was written by other means is on disk, with its name.
///
/// # Errors
/// A file that cannot be opened or synced.
pub fn sync(path: &Path) -> Result<(), WriteError> {
    sync_file(path).map_err(named(path))?;
    sync_folder(folder_of(path));
    Ok(())
}

fn named(path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    |source| WriteError {
        path: path.to_owned(),
        source,
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// What a path refers to.
enum Place {
    /// A pipe, a terminal, `/dev/null`.
    Device,
    /// A regular file with these permissions, or no file yet.
    File(Option<Permissions>),
}

fn place(path: &Path) -> io::Result<Place> {
    if path.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    let old = path.metadata().ok();
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        return Ok(Place::Device);
    }
    let old = old.map(|old| old.permissions());
    if old.as_ref().is_some_and(Permissions::readonly) {
        // The rename would succeed, but the file was protected on purpose.
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "the file is read-only",
        ));
    }
    Ok(Place::File(old))
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let old = match place(path)? {
        Place::Device => return File::options().write(true).open(path)?.write_all(bytes),
        Place::File(old) => old,
    };
    let file = beside(path, bytes)?;
    if let Some(old) = old {
        file.as_file().set_permissions(old)?;
        file.as_file().sync_all()?;
    }
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder_of(path));
    Ok(())
}

/// A temporary file with these bytes beside `path`, synced to disk; deleted when dropped.
fn beside(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut file = empty_beside(path)?;
    file.as_file_mut().write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn empty_beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".changes-").suffix(".part");
    // Created like any new file: with the default permissions, and with the system's own error, not
    // one that names the hidden file.
    builder.make_in(folder_of(path), |beside| File::create_new(beside))
}

fn sync_file(path: &Path) -> io::Result<()> {
    // Windows syncs only files opened for writing.
    File::options()
        .read(true)
        .write(true)
        .open(path)?
        .sync_all()
}

/// A rename is on disk once its folder is synced. Only Unix can sync a folder; if that fails, the
/// file is in place nevertheless.
fn sync_folder(folder: &Path) {
    if cfg!(unix)
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
}
