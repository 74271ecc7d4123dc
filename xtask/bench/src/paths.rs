//! Paths of what is measured: beside this program, as one build leaves it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::say;

/// A program of the workspace, as the release build leaves it.
pub fn release_binary(name: &str) -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    Ok(here.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// A folder of Cargo's target directory.
pub fn target(folder: &str) -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let target = here.ancestors().nth(2);
    Ok(target.context("not in a target directory")?.join(folder))
}

/// The plugin as hosts load it: a file, or a folder on macOS.
pub fn clap() -> Result<PathBuf> {
    target("bundled/Changes.clap")
}

/// The VST3 plugin: a folder.
pub fn vst3() -> Result<PathBuf> {
    target("bundled/Changes.vst3")
}

/// The size in bytes of a file, or of everything in a folder.
pub fn size(path: &Path) -> Result<u64> {
    let metadata = path
        .metadata()
        .with_context(|| format!("cannot read {}", path.display()))?;
    if metadata.is_file() {
        return Ok(metadata.len());
    }
    let entries = path
        .read_dir()
        .with_context(|| format!("cannot list {}", path.display()))?;
    entries.map(|entry| size(&entry?.path())).sum()
}

/// Writes a report where the user wants it, or into the target directory.
pub fn save(chosen: Option<&Path>, name: &str, report: &impl Serialize) -> Result<()> {
    let path = match chosen {
        Some(path) => path.to_owned(),
        None => target("bench")?.join(name),
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    std::fs::write(&path, serde_json::to_string_pretty(report)? + "\n")
        .with_context(|| format!("cannot write {}", path.display()))?;
    say(format!("Wrote {}", path.display()));
    Ok(())
}
