//! The programs of a release: built separately, with their commit and without paths of this
//! machine in them.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xshell::{Cmd, Shell, cmd};

use super::release::Release;
use crate::apt;
use crate::workspace::{has_library_source, root, say, shell, target};

/// The packages, and the feature for the standalone program.
pub const ALL: [&str; 6] = [
    "--package",
    "changes-plugin",
    "--package",
    "changes-cli",
    "--features",
    "changes-plugin/standalone",
];

/// The built programs.
pub struct Programs {
    /// The plugin as a library.
    pub plugin: PathBuf,
    /// The standalone program; a build for tests may lack it.
    pub standalone: Option<PathBuf>,
    /// The command.
    pub command: PathBuf,
}

impl Programs {
    /// Builds the programs.
    pub fn build(release: &Release) -> Result<Self> {
        apt::ensure(apt::LINKER, "linking Rust programs")?;
        apt::ensure(apt::STANDALONE, "the standalone program")?;
        say("Building the programs of the release");
        let folder = target()?.join("ship");
        build(release, &folder, &ALL)?;
        let programs = Self::within(&folder.join("release"))?;
        ensure!(
            programs.standalone.is_some(),
            "the standalone program is not built"
        );
        Ok(programs)
    }

    /// The programs last built for tests, to try packing with.
    pub fn as_built() -> Result<Self> {
        Self::within(&target()?.join("release"))
    }

    fn within(folder: &Path) -> Result<Self> {
        let programs = Self {
            plugin: folder.join("libchanges_plugin.so"),
            standalone: Some(folder.join("changes-standalone")).filter(|it| it.exists()),
            command: folder.join("changes"),
        };
        for path in [&programs.plugin, &programs.command] {
            ensure!(path.exists(), "{} is not built", path.display());
        }
        Ok(programs)
    }

    /// All existing programs.
    pub fn all(&self) -> Vec<&Path> {
        let mut all = vec![self.plugin.as_path(), self.command.as_path()];
        all.extend(self.standalone.as_deref());
        all
    }
}

/// Builds the command again, in another folder. Returns its path.
pub fn command_again(release: &Release) -> Result<PathBuf> {
    let folder = target()?.join("ship-again");
    let arguments = [&ALL[..], &["--bin", "changes"]].concat();
    build(release, &folder, &arguments)?;
    Ok(folder.join("release/changes"))
}

/// Builds the packages of `arguments` into `folder`.
fn build(release: &Release, folder: &Path, arguments: &[&str]) -> Result<()> {
    let sh = shell()?;
    let command = cargo(&sh, release, "build", None)?;
    Ok(command
        .args(arguments)
        .arg("--target-dir")
        .arg(folder)
        .run()?)
}

/// A Cargo command for releases, for another system if `triple` names one.
pub fn cargo<'a>(
    sh: &'a Shell,
    release: &Release,
    verb: &str,
    triple: Option<&str>,
) -> Result<Cmd<'a>> {
    let command = cmd!(sh, "cargo {verb} --release --locked");
    let command = match triple {
        None => command,
        Some(triple) => library(command.args(["--target", triple]), triple)?,
    };
    Ok(command
        .env("CARGO_ENCODED_RUSTFLAGS", remaps()?.join("\x1f"))
        .env("CARGO_INCREMENTAL", "0")
        .env("SOURCE_DATE_EPOCH", release.time.to_string())
        .env(
            "CHANGES_COMMIT",
            release.commit.as_deref().unwrap_or_default(),
        ))
}

/// Gives a Cargo command the standard library of another system: rustup's, or, where that cannot
/// be fetched, one built from source.
///
/// # Errors
/// If neither is available.
pub fn library<'a>(command: Cmd<'a>, triple: &str) -> Result<Cmd<'a>> {
    if has_target(triple)? {
        return Ok(command);
    }
    let sh = shell()?;
    let added = cmd!(sh, "rustup target add {triple}").run();
    if added.is_ok() && has_target(triple)? {
        return Ok(command);
    }
    ensure!(
        has_library_source(&sh)?,
        "there is no standard library for {triple} here: `rustup target add {triple}` fetches it, \
         `rustup component add rust-src` what it can be built from"
    );
    Ok(command
        .arg("-Zbuild-std=std,panic_abort")
        .env("RUSTC_BOOTSTRAP", "1"))
}

/// Whether the compiler has the standard library of another system.
fn has_target(triple: &str) -> Result<bool> {
    let sh = shell()?;
    let sysroot = cmd!(sh, "rustc --print sysroot").quiet().read()?;
    Ok(Path::new(&sysroot)
        .join("lib/rustlib")
        .join(triple)
        .join("lib")
        .exists())
}

/// Replacements for this machine's folders in messages of the programs.
fn remaps() -> Result<Vec<String>> {
    let sh = shell()?;
    let sysroot = cmd!(sh, "rustc --print sysroot").quiet().read()?;
    let cargo = match env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".cargo"),
    };
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    // The last match applies.
    Ok(vec![
        remap(Path::new(&sysroot), "/rust"),
        remap(&cargo, "/cargo"),
        remap(&root(), "/changes"),
    ])
}
