//! The programs of a release: built apart from everything else, knowing their commit and
//! nothing of where they were built.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xshell::cmd;

use super::release::Release;
use crate::apt;
use crate::workspace::{root, say, shell, target};

/// The packages of all of them, and the feature that the program without a host takes.
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
    /// The program without a host; a build for tests may lack it.
    pub standalone: Option<PathBuf>,
    /// The command.
    pub command: PathBuf,
}

impl Programs {
    /// Builds them.
    pub fn build(release: &Release) -> Result<Self> {
        apt::ensure(apt::LINKER, "linking Rust programs")?;
        apt::ensure(apt::STANDALONE, "the standalone program")?;
        say("Building the programs of the release");
        let folder = target()?.join("ship");
        cargo(release, &folder, &ALL, None)?;
        let programs = Self::within(&folder.join("release"))?;
        ensure!(
            programs.standalone.is_some(),
            "the standalone program is not built"
        );
        Ok(programs)
    }

    /// Those that were built last for tests, for trying what is made of them.
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

    /// All that are there.
    pub fn all(&self) -> Vec<&Path> {
        let mut all = vec![self.plugin.as_path(), self.command.as_path()];
        all.extend(self.standalone.as_deref());
        all
    }
}

/// Builds the command once more, in another folder; where it is.
pub fn command_again(release: &Release) -> Result<PathBuf> {
    let folder = target()?.join("ship-again");
    let arguments = [&ALL[..], &["--bin", "changes"]].concat();
    cargo(release, &folder, &arguments, None)?;
    Ok(folder.join("release/changes"))
}

/// Builds what `arguments` name into `folder`, for another system where one is named.
pub fn cargo(
    release: &Release,
    folder: &Path,
    arguments: &[&str],
    triple: Option<&str>,
) -> Result<()> {
    let sh = shell()?;
    let command = cmd!(
        sh,
        "cargo build --release --locked {arguments...} --target-dir {folder}"
    );
    let command = match triple {
        None => command,
        Some(triple) if has_target(triple)? => command.args(["--target", triple]),
        // The compiler has the source of its library where it lacks the built one.
        Some(triple) => command
            .args(["-Zbuild-std=std,panic_abort", "--target", triple])
            .env("RUSTC_BOOTSTRAP", "1"),
    };
    let command = command
        .env("CARGO_ENCODED_RUSTFLAGS", remaps()?.join("\x1f"))
        .env("CARGO_INCREMENTAL", "0")
        .env("SOURCE_DATE_EPOCH", release.time.to_string())
        .env(
            "CHANGES_COMMIT",
            release.commit.as_deref().unwrap_or_default(),
        );
    Ok(command.run()?)
}

/// Whether the compiler has the standard library of another system.
pub fn has_target(triple: &str) -> Result<bool> {
    let sh = shell()?;
    let sysroot = cmd!(sh, "rustc --print sysroot").quiet().read()?;
    Ok(Path::new(&sysroot)
        .join("lib/rustlib")
        .join(triple)
        .join("lib")
        .exists())
}

/// What the folders of this machine are called in messages of the programs.
fn remaps() -> Result<Vec<String>> {
    let sh = shell()?;
    let sysroot = cmd!(sh, "rustc --print sysroot").quiet().read()?;
    let cargo = match env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".cargo"),
    };
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    // The last that fits holds.
    Ok(vec![
        remap(Path::new(&sysroot), "/rust"),
        remap(&cargo, "/cargo"),
        remap(&root(), "/changes"),
    ])
}
