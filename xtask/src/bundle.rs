//! Bundles of the plugin, as hosts load them.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use changes_supply::Product;
use xshell::cmd;

use crate::apt;
use crate::workspace::{release_binary, root, say, shell, target};

/// The package with the plugin in it; its bundle's name is in `bundler.toml`.
const PACKAGE: &str = "changes-plugin";

#[derive(clap::Args)]
pub struct Options {
    /// Build one bundle for both processors of Macs, on macOS
    #[arg(long)]
    universal: bool,
}

/// Makes the requested bundle and prints where it is.
pub fn run(options: &Options) -> Result<()> {
    let bundle = if options.universal {
        universal()?
    } else {
        bundle()?
    };
    bundle.print();
    Ok(())
}

/// Where the two plugins are.
pub struct Bundle {
    /// `Changes.clap`: on Linux and Windows a file, on macOS a folder.
    pub clap: PathBuf,
    /// `Changes.vst3`: a folder.
    pub vst3: PathBuf,
}

impl Bundle {
    /// Where [`bundle`] puts them, whether or not it has run.
    pub fn location() -> Result<Self> {
        let bundled = target()?.join("bundled");
        Ok(Self {
            clap: bundled.join("Changes.clap"),
            vst3: bundled.join("Changes.vst3"),
        })
    }

    /// Prints where the two plugins are.
    pub fn print(&self) {
        println!("{}\n{}", self.clap.display(), self.vst3.display());
    }
}

/// Builds the plugin in release and puts both bundles into `target/bundled`.
pub fn bundle() -> Result<Bundle> {
    if !has_linker() {
        apt::ensure(apt::LINKER, "linking Rust programs")?;
    }
    say("Building the release plugin");
    nice_plug_xtask::build(&[PACKAGE.to_owned()], &["--release".to_owned()])?;
    bundle_built()
}

/// The same for both processors of Macs in one bundle.
fn universal() -> Result<Bundle> {
    ensure!(
        cfg!(target_os = "macos"),
        "bundles for both processors can be made only on macOS, with its `lipo`"
    );
    say("Building the release plugin for both processors");
    for triple in ["x86_64-apple-darwin", "aarch64-apple-darwin"] {
        let arguments = ["--release".to_owned(), format!("--target={triple}")];
        nice_plug_xtask::build(&[PACKAGE.to_owned()], &arguments)?;
    }
    bundle_as_built(true)
}

/// Builds everything that the demo and the tests use, in one go, and bundles the plugin.
/// Cargo resolves the features of dependencies anew for each selection of packages, and
/// burn takes minutes to compile: one selection, one burn.
pub fn bundle_with_everything() -> Result<Bundle> {
    if !has_linker() {
        apt::ensure(apt::LINKER, "linking Rust programs")?;
    }
    let sh = shell()?;
    // The time of each crate is recorded in target/cargo-timings, at no cost.
    cmd!(
        sh,
        "cargo build --release --workspace --all-targets --timings"
    )
    .run()?;
    bundle_built()
}

/// Builds a program of this workspace with the features that everything else has, so that
/// nothing is compiled twice. Returns its path.
pub fn program(name: &str) -> Result<PathBuf> {
    let sh = shell()?;
    cmd!(sh, "cargo build --release --workspace --bin {name}").run()?;
    release_binary(name)
}

/// The host that plays a song through the plugin, `xtask/testhost/src/bin/play.rs`.
pub const PLAYER: [&str; 6] = [
    "--package",
    "testhost",
    "--bin",
    "play",
    "--features",
    "testhost/clip,testhost/vst3",
];

/// Builds the command, that host, and the plugin's library, with the same features as
/// everything else.
pub fn player() -> Result<[PathBuf; 3]> {
    let sh = shell()?;
    let features = PLAYER[5];
    cmd!(
        sh,
        "cargo build --release --workspace --lib --bin changes --bin play --features {features}"
    )
    .run()?;
    let library = format!("{DLL_PREFIX}changes_plugin{DLL_SUFFIX}");
    Ok([
        release_binary("changes")?,
        release_binary("play")?,
        target()?.join("release").join(library),
    ])
}

/// Bundles the release plugin as it was last built.
pub fn bundle_built() -> Result<Bundle> {
    bundle_as_built(false)
}

fn bundle_as_built(universal: bool) -> Result<Bundle> {
    nice_plug_xtask::bundle(&target()?, PACKAGE, &["--release".to_owned()], universal)
        .context("cannot bundle the plugin")?;
    let bundle = Bundle::location()?;
    for path in [&bundle.clap, &bundle.vst3] {
        ensure!(
            path.exists(),
            "the bundler did not write {}",
            path.display()
        );
    }
    changes_supply::write(&root(), &Product::PLUGIN, &target()?.join("bundled"))
        .context("the notices of the bundles")?;
    Ok(bundle)
}

fn has_linker() -> bool {
    !cfg!(target_os = "linux") || Path::new("/usr/bin/cc").exists()
}
