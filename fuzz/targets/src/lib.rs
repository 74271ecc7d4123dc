//! The code of the fuzz targets. The programs for libFuzzer are in the parent package; a test here
//! replays their seeds in an ordinary build.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a target that cannot run, or whose guarantee is broken, must stop"
)]

pub mod audio;
pub mod chart;
pub mod checkpoint;
pub mod jams;
pub mod lab;
pub mod label;
pub mod manifest;
pub mod midi;
pub mod state;
pub mod weights;

use std::path::{Path, PathBuf};

use harmony::timeline::Timeline;

/// A folder of this process for the readers that take a path; in memory if the system has such a
/// file system.
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Creates the folder.
    ///
    /// # Panics
    /// If it cannot be created.
    #[must_use]
    #[allow(
        clippy::new_without_default,
        reason = "it makes a folder, which a default should not"
    )]
    pub fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() {
            memory.to_owned()
        } else {
            std::env::temp_dir()
        };
        let path = parent.join(format!("changes-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for the input");
        Self { path }
    }

    /// Writes a file in it.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).expect("a folder for the input");
        }
        std::fs::write(&path, bytes).expect("the input as a file");
        path
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Checks the invariants of a timeline.
///
/// # Panics
/// If one is broken.
pub fn assert_whole(timeline: &Timeline) {
    let mut end_s = None;
    for segment in timeline {
        segment.check().expect("a valid segment");
        assert!(end_s.is_none_or(|end_s| end_s == segment.start_s), "a gap");
        end_s = Some(segment.end_s);
    }
}
