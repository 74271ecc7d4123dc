//! The archive for Linux, and the checksums of everything built.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use xshell::cmd;

use super::programs::Programs;
use super::release::Release;
use super::{folder, tree};
use crate::workspace::{say, shell, target};

/// The archive's name: `changes-0.1.0-x86_64-linux`.
pub fn name(release: &Release) -> String {
    format!("changes-{}-x86_64-linux", release.version)
}

/// Packs the archive. Returns its path.
pub fn pack(programs: &Programs, release: &Release) -> Result<PathBuf> {
    say("Packing the archive for Linux");
    let name = name(release);
    let above = target()?.join("staged");
    let staged = above.join(&name);
    tree::lay(programs, &staged)?;
    tree::set_rights(&staged)?;
    let archive = folder()?.join(format!("{name}.tar.gz"));
    let sh = shell()?;
    let time = format!("--mtime=@{}", release.time);
    let tar = above.join(format!("{name}.tar"));
    // A fixed order, owner and time, and no user name: the bytes depend only on the content.
    cmd!(
        sh,
        "tar --create --file {tar} --directory {above} --format=ustar --sort=name {time}
         --owner=0 --group=0 --numeric-owner {name}"
    )
    .run()?;
    let packed = cmd!(sh, "gzip --no-name --best --stdout {tar}").output()?;
    fs::write(&archive, &packed.stdout)
        .with_context(|| format!("cannot write {}", archive.display()))?;
    fs::remove_file(&tar)?;
    Ok(archive)
}

/// Writes `SHA256SUMS` of everything in `target/dist`, in the format of `sha256sum --check`.
pub fn sums() -> Result<PathBuf> {
    let folder = folder()?;
    let place = folder.join("SHA256SUMS");
    let mut lines = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.is_file() && path != place {
            let name = path.file_name().context("a file without a name")?;
            lines.push(format!("{}  {}\n", sum(&path)?, name.display()));
        }
    }
    // By name.
    lines.sort_by(|a, b| a[64..].cmp(&b[64..]));
    fs::write(&place, lines.concat())
        .with_context(|| format!("cannot write {}", place.display()))?;
    Ok(place)
}

/// SHA-256 of a file, in hexadecimal digits.
pub fn sum(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let digest = Sha256::digest(&bytes);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
