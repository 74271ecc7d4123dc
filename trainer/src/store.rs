//! Folders in an object store, for machines that share a job but no file system.
//!
//! `s3://bucket/folder`, `gs://…`, `az://…` or `file:///folder`, through the crate
//! `object_store`, which reads keys and endpoints from the usual environment variables
//! (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, …) and retries after short network failures. The
//! clients of the three clouds need this crate's feature `cloud`.

use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use object_store::path::Path as Key;
use object_store::{GetResult, ObjectStore, ObjectStoreExt, parse_url_opts};
use tempfile::NamedTempFile;
use tokio::runtime::Runtime;
use url::Url;

/// The largest object that is fetched, in bytes: hours of uncompressed audio.
pub const MAX_OBJECT_BYTES: u64 = 4 << 30;

/// A folder in an object store. May be used by several threads.
pub struct Store {
    url: String,
    root: Key,
    store: Box<dyn ObjectStore>,
    runtime: Runtime,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the keys.
        f.debug_tuple("Store").field(&self.url).finish()
    }
}

impl Store {
    /// Whether a path is a folder in a store, and not a local one.
    #[must_use]
    pub fn is_url(path: &Path) -> bool {
        path.to_str().is_some_and(|text| text.contains("://"))
    }

    /// The folder at `url`. The store is not contacted yet.
    ///
    /// # Errors
    /// If the text is not a URL, the kind of store is unknown or not built in, or settings in
    /// the environment are invalid.
    pub fn open(url: &str) -> Result<Self> {
        let parsed = Url::parse(url).with_context(|| format!("{url} is not a URL"))?;
        // Not `vars`, which panics on environment variables that are not Unicode.
        let settings = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?.to_ascii_lowercase();
            Some((name, value.into_string().ok()?))
        });
        let (store, root) = parse_url_opts(&parsed, settings).with_context(|| {
            let clouds = if cfg!(feature = "cloud") {
                ""
            } else {
                " (s3://, gs:// and az:// need a trainer built with `--features cloud`)"
            };
            format!("{url} cannot be opened{clouds}")
        })?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("starting the thread that talks to the object store")?;
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            root,
            store,
            runtime,
        })
    }

    /// Fetches the object `name` into the file `to`, completely or not at all. Returns whether
    /// there is such an object.
    ///
    /// # Errors
    /// If the store or the file system refuses, or the object is larger than
    /// [`MAX_OBJECT_BYTES`].
    pub fn fetch(&self, name: &str, to: &Path) -> Result<bool> {
        let key = self.key(name)?;
        let named = || format!("fetching {}/{name}", self.url);
        self.runtime
            .block_on(async {
                match self.store.get(&key).await {
                    Ok(object) => write(object, to).await.map(|()| true),
                    Err(object_store::Error::NotFound { .. }) => Ok(false),
                    Err(error) => Err(error.into()),
                }
            })
            .with_context(named)
    }

    /// Puts the file `from` into the store as the object `name`, completely or not at all,
    /// replacing an earlier one.
    ///
    /// # Errors
    /// If the file cannot be read, or the store refuses.
    pub fn put(&self, from: &Path, name: &str) -> Result<()> {
        let bytes = fs::read(from).with_context(|| format!("reading {}", from.display()))?;
        let key = self.key(name)?;
        self.runtime
            .block_on(self.store.put(&key, bytes.into()))
            .with_context(|| format!("putting {}/{name}", self.url))?;
        Ok(())
    }

    /// Fetches the object `name` into the file `to` for the lifetime of the loan; `None` if
    /// there is no such object.
    ///
    /// # Errors
    /// See [`Self::fetch`].
    pub fn lend(&self, name: &str, to: PathBuf) -> Result<Option<Loan>> {
        Ok(self.fetch(name, &to)?.then_some(Loan(to)))
    }

    /// The key of a name within the folder. Names come from manifests: one that leads out of
    /// the folder (`..`) is refused.
    fn key(&self, name: &str) -> Result<Key> {
        let refused = || format!("{name:?} is not a valid object name");
        let of_name = Key::parse(name).with_context(refused)?;
        if of_name.as_ref().is_empty() {
            bail!(refused());
        }
        Ok(self.root.parts().chain(of_name.parts()).collect())
    }
}

/// Writes an object to a temporary file and renames it, without syncing: it is only a copy.
async fn write(object: GetResult, to: &Path) -> Result<()> {
    let size = object.meta.size;
    ensure!(
        size <= MAX_OBJECT_BYTES,
        "it has {size} bytes, more than {MAX_OBJECT_BYTES}"
    );
    let folder = to.parent().unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    copy(object, file.as_file_mut()).await?;
    file.persist(to)?;
    Ok(())
}

async fn copy(object: GetResult, file: &mut File) -> Result<()> {
    use futures_util::TryStreamExt;

    let mut parts = object.into_stream();
    while let Some(part) = parts.try_next().await? {
        file.write_all(&part)?;
    }
    Ok(())
}

/// A local file that is removed with its last user.
#[derive(Debug)]
pub struct Loan(PathBuf);

impl Loan {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        // It is in a folder that is removed as well.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(folder: &Path) -> Store {
        Store::open(&format!("file://{}", folder.display())).unwrap()
    }

    #[test]
    fn what_is_put_is_fetched() {
        let there = tempfile::tempdir().unwrap();
        let here = tempfile::tempdir().unwrap();
        let store = store(there.path());
        let file = here.path().join("a song.ogg");
        assert!(!store.fetch("a/b c.ogg", &file).unwrap());
        assert!(!file.exists());
        fs::write(&file, b"sound").unwrap();
        store.put(&file, "a/b c.ogg").unwrap();
        fs::write(&file, b"other").unwrap();
        assert!(store.fetch("a/b c.ogg", &file).unwrap());
        assert_eq!(fs::read(&file).unwrap(), b"sound");
        let lent = here.path().join("lent.ogg");
        let loan = store.lend("a/b c.ogg", lent.clone()).unwrap().unwrap();
        assert_eq!(fs::read(loan.path()).unwrap(), b"sound");
        drop(loan);
        assert!(!lent.exists());
        assert!(store.lend("a/none.ogg", lent).unwrap().is_none());
        // No other file is left.
        assert_eq!(fs::read_dir(here.path()).unwrap().count(), 1);
    }

    #[test]
    fn names_stay_within_the_folder() {
        let there = tempfile::tempdir().unwrap();
        fs::create_dir(there.path().join("in")).unwrap();
        fs::write(there.path().join("secret"), b"1").unwrap();
        let store = store(&there.path().join("in"));
        let to = there.path().join("to");
        for name in ["../secret", "a/../../secret", "..", ".", "", "a/./b"] {
            assert!(store.fetch(name, &to).is_err(), "{name}");
            assert!(store.put(&there.path().join("secret"), name).is_err());
        }
    }

    #[test]
    fn what_is_no_store_is_refused_with_its_name() {
        for url in ["nothing", "tape://reel/1", "://", "file://elsewhere/folder"] {
            let error = format!("{:#}", Store::open(url).unwrap_err());
            assert!(error.contains(url), "{error}");
        }
        assert!(Store::is_url(Path::new("s3://bucket/folder")));
        assert!(!Store::is_url(Path::new("data/corpora")));
    }
}
