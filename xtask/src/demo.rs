//! `cargo xtask demo`: the built plugin in a real host, on real music.

use std::path::PathBuf;

use anyhow::Result;
use xshell::cmd;

use crate::workspace::{release_binary, shell, target};
use crate::{apt, bundle};

#[derive(clap::Args)]
pub struct Options {
    /// Play this file instead of the bundled one
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Load this CLAP instead of building one
    #[arg(long, value_name = "FILE")]
    clap: Option<PathBuf>,
    /// Write the chord track and the picture here instead of target/demo
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Builds what is missing and starts the host, `xtask/demo`.
pub fn run(options: &Options) -> Result<()> {
    let sh = shell()?;
    let clap = match &options.clap {
        Some(clap) => {
            cmd!(
                sh,
                "cargo build --release --workspace --bin demo --example editor_picture"
            )
            .run()?;
            clap.clone()
        }
        None => bundle::bundle_with_everything()?.clap,
    };
    apt::ensure(apt::VULKAN, "drawing the editor without a screen")?;
    let output = match &options.output {
        Some(folder) => folder.clone(),
        None => target()?.join("demo"),
    };
    let demo = release_binary("demo")?;
    let file = options.file.as_deref();
    cmd!(sh, "{demo} --clap {clap} --output {output} {file...}")
        .quiet()
        .run()?;
    Ok(())
}
