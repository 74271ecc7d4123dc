//! `cargo xtask corpus`: freely licensed music for training, as unlabelled data.

mod copyright;
mod packages;
mod unpack;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use xshell::cmd;

use crate::apt;
use crate::workspace::{release_binary, say, shell, write};
use packages::{GAMES, Package, RESERVED, Split};

/// Shorter files, in seconds, are sound effects and jingles.
const MIN_LENGTH_S: f64 = 30.0;

#[derive(clap::Subcommand)]
pub enum Corpus {
    /// Music of Debian's games, held out by package: data/corpora/debian-games
    DebianGames(Options),
}

#[derive(clap::Args)]
pub struct Options {
    /// Fetch only the packages reserved for evaluation, into
    /// data/corpora/debian-games-reserved
    #[arg(long)]
    reserved_for_evaluation: bool,
}

/// The description of a package for the trainer.
#[derive(Serialize)]
struct Source {
    licence: String,
    split: Split,
}

pub fn run(corpus: &Corpus) -> Result<()> {
    let Corpus::DebianGames(options) = corpus;
    if options.reserved_for_evaluation {
        make("debian-games-reserved", RESERVED)
    } else {
        make("debian-games", GAMES)
    }
}

/// Fetches what is missing of `packages` and writes the manifest. A package that cannot be
/// fetched is reported and left out.
fn make(name: &str, packages: &[Package]) -> Result<()> {
    let folder = Path::new("data/corpora").join(name);
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut sources = BTreeMap::new();
    let mut missing = Vec::new();
    let mut updated = false;
    for package in packages {
        match fetch(package, &folder, &mut updated) {
            Ok(licence) => {
                let split = package.split;
                sources.insert(package.name, Source { licence, split });
            }
            Err(error) => {
                say(format!("Left out {}: {error:#}", package.name));
                missing.push(package.name);
            }
        }
    }
    if sources.is_empty() {
        bail!("none of the {} packages could be fetched", packages.len());
    }
    let list = folder.join("sources.json");
    let json = serde_json::to_string_pretty(&sources)?;
    write(&list, json.as_bytes())?;
    say(format!(
        "{} of {} packages are there; reading their music",
        sources.len(),
        packages.len()
    ));
    scan(name, &folder, &list)?;
    if !missing.is_empty() {
        say(format!(
            "{} packages could not be fetched: {}",
            missing.len(),
            missing.join(", ")
        ));
    }
    Ok(())
}

/// Puts a package's music into `folder/PACKAGE` unless it is there, and returns its licence.
fn fetch(package: &Package, folder: &Path, updated: &mut bool) -> Result<String> {
    let place = folder.join(package.name);
    if !place.exists() {
        if !apt::has_apt() {
            bail!("it comes from Debian, and there is no apt-get here");
        }
        say(format!("Fetching {}", package.name));
        // Hidden from the trainer, and in the same folder, so that the move is a rename.
        let work = tempfile::Builder::new()
            .prefix(".debian-")
            .tempdir_in(folder)?;
        let deb = download(package.name, work.path(), updated)?;
        let unpacked = work.path().join("unpacked");
        fs::create_dir(&unpacked)?;
        unpack::unpack(&deb, package.name, &unpacked)?;
        fs::rename(&unpacked, &place)
            .with_context(|| format!("cannot create {}", place.display()))?;
    }
    if let Some(licence) = package.licence {
        return Ok(licence.into());
    }
    // Missing where the package shares another one's documentation folder.
    let text = fs::read(place.join("copyright")).unwrap_or_default();
    Ok(copyright::licence(
        &String::from_utf8_lossy(&text),
        package.name,
    ))
}

/// The `.deb` of `package`, downloaded into `folder`; apt checks its signature.
fn download(package: &str, folder: &Path, updated: &mut bool) -> Result<PathBuf> {
    let sh = shell()?;
    sh.change_dir(folder);
    let fetch = || {
        cmd!(sh, "apt-get download --quiet {package}")
            .quiet()
            .ignore_stderr()
            .ignore_stdout()
            .run()
    };
    if fetch().is_err() {
        // Once is enough: a package missing after that does not exist.
        if *updated {
            bail!("apt-get cannot download it");
        }
        *updated = true;
        apt::update()?;
        fetch().context("apt-get cannot download it")?;
    }
    let mut debs = sh
        .read_dir(".")?
        .into_iter()
        .filter(|it| it.extension() == Some("deb".as_ref()));
    debs.next().context("apt-get downloaded nothing")
}

/// Builds the trainer and lets it write the manifest.
fn scan(name: &str, folder: &Path, sources: &Path) -> Result<()> {
    let sh = shell()?;
    cmd!(sh, "cargo build --release --workspace --all-targets").run()?;
    let trainer = release_binary("trainer")?;
    let length = MIN_LENGTH_S.to_string();
    cmd!(
        sh,
        "{trainer} corpus scan {folder} --name {name} --sources {sources} --min-length {length}"
    )
    .run()?;
    cmd!(sh, "{trainer} corpus show {folder}").run()?;
    Ok(())
}
