//! `cargo xtask dist`: the installable files, in `target/dist`.

mod archive;
pub mod check;
mod deb;
mod glibc;
mod programs;
mod release;
mod screen;
mod tree;
pub mod wheel;
pub mod windows;
mod wine;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::workspace::{say, target};
pub use programs::library;

use programs::Programs;
use release::Release;

#[derive(clap::Args)]
pub struct Options {
    /// Only the Python package, as a wheel
    #[arg(long, conflicts_with = "linux")]
    wheel: bool,
    /// Only the archive for Linux and the package for Debian
    #[arg(long)]
    linux: bool,
    /// Only the archive for Windows, built here by mingw-w64
    #[arg(long, conflicts_with_all = ["linux", "wheel", "as_built"])]
    windows: bool,
    /// Build this release: refused unless the tree is clean, the version is that of Cargo.toml and
    /// CHANGELOG.md has a section of it
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Pack the programs that were last built for tests, to try the packing
    #[arg(long, conflicts_with = "version")]
    as_built: bool,
    /// Then install, use and remove it: the archive and the package in a new Debian, the archive
    /// for Windows under Wine
    #[arg(long, conflicts_with = "wheel")]
    try_it: bool,
}

/// Builds what was asked for, or everything that this machine builds.
pub fn run(options: &Options) -> Result<()> {
    let release = Release::find(options.version.as_deref())?;
    let folder = folder()?;
    if options.version.is_some() {
        // Nothing of another build may lie beside a release.
        fs::remove_dir_all(&folder)?;
        fs::create_dir_all(&folder)?;
    }
    let mut built = Vec::new();
    if options.windows {
        let programs = windows::build(&release)?;
        built.push(if options.try_it {
            check::windows_installed(&programs, &release)?
        } else {
            windows::pack(&programs, &release)?
        });
    } else if !options.wheel {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            bail!(
                "the archive and the package are built on x86_64 Linux; elsewhere `cargo xtask \
                 bundle` builds the plugins"
            );
        }
        let programs = if options.as_built {
            Programs::as_built()?
        } else {
            Programs::build(&release)?
        };
        for program in programs.all() {
            let (major, minor) = glibc::check(program)?;
            say(format!("{} needs glibc {major}.{minor}", program.display()));
        }
        if options.try_it {
            built.extend(check::installed(&programs, &release)?);
        } else {
            built.push(archive::pack(&programs, &release)?);
            built.push(deb::pack(&release)?);
        }
    }
    if !options.linux && !options.windows {
        built.push(wheel::build(&release)?);
    }
    built.push(archive::sums()?);
    for path in built {
        println!("{}", path.display());
    }
    Ok(())
}

/// `target/dist`, made where it is missing.
fn folder() -> Result<PathBuf> {
    let folder = target()?.join("dist");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}
