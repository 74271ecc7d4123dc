//! Paths of the workspace, and messages of a step.

use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result};
use serde::Deserialize;
use xshell::{Shell, cmd};

/// The root of the repository: the folder above this package.
///
/// Cargo gives the package's folder when it runs the program; a binary that was started by
/// hand falls back to the folder at build time.
pub fn root() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map(Path::to_path_buf).unwrap_or(package)
}

/// Makes the root the current directory, as every command here expects.
pub fn enter() -> Result<()> {
    let root = root();
    env::set_current_dir(&root).with_context(|| format!("cannot enter {}", root.display()))
}

/// A shell in the root of the repository.
pub fn shell() -> Result<Shell> {
    Ok(Shell::new()?)
}

/// Cargo's target directory, which a user may have moved.
pub fn target() -> Result<PathBuf> {
    #[derive(Deserialize)]
    struct Metadata {
        target_directory: PathBuf,
    }
    static TARGET: OnceLock<PathBuf> = OnceLock::new();
    if let Some(target) = TARGET.get() {
        return Ok(target.clone());
    }
    let sh = shell()?;
    let json = cmd!(sh, "cargo metadata --format-version 1 --no-deps")
        .quiet()
        .read()?;
    let metadata: Metadata =
        serde_json::from_str(&json).context("cannot read what `cargo metadata` printed")?;
    Ok(TARGET.get_or_init(|| metadata.target_directory).clone())
}

/// A program of the workspace, as the release build leaves it.
pub fn release_binary(name: &str) -> Result<PathBuf> {
    Ok(target()?
        .join("release")
        .join(format!("{name}{}", env::consts::EXE_SUFFIX)))
}

/// Whether the compiler has the source of its library, fetched by rustup if not.
pub fn has_library_source(sh: &Shell) -> Result<bool> {
    let sysroot = cmd!(sh, "rustc --print sysroot").quiet().read()?;
    let library = Path::new(&sysroot).join("lib/rustlib/src/rust/library/Cargo.lock");
    if !library.exists()
        && let Err(error) = cmd!(sh, "rustup component add rust-src").run()
    {
        say(error.to_string());
    }
    Ok(library.exists())
}

/// Writes a file completely or not at all.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let put = || -> Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    };
    put().with_context(|| format!("cannot write {}", path.display()))
}

/// Prints what happens next, in one line.
pub fn say(line: impl AsRef<str>) {
    println!("==> {}", line.as_ref());
}
