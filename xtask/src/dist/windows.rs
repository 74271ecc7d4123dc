//! Programs for Windows, built on Debian with mingw-w64.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use changes_supply::Product;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::release::Release;
use super::{programs, tree};
use crate::workspace::{root, say, shell, target};
use crate::{apt, bundle};

/// The target.
pub const TRIPLE: &str = "x86_64-pc-windows-gnu";

/// The target folder of these builds.
pub fn folder() -> Result<PathBuf> {
    Ok(target()?.join("windows"))
}

/// Builds for Windows. Returns the folder with the programs.
pub fn build(release: &Release) -> Result<PathBuf> {
    apt::ensure(apt::MINGW, "linking programs for Windows")?;
    say("Building for Windows");
    cargo(release, &programs::ALL)
}

/// Builds the host that plays a song through the plugin. Returns its path.
pub fn host(release: &Release) -> Result<PathBuf> {
    let built = cargo(release, &bundle::PLAYER)?;
    Ok(built.join("play.exe"))
}

/// Builds the packages of `arguments`. Returns the folder with the programs.
fn cargo(release: &Release, arguments: &[&str]) -> Result<PathBuf> {
    let sh = shell()?;
    let above = folder()?;
    programs::cargo(&sh, release, "build", Some(TRIPLE))?
        .args(arguments)
        .arg("--target-dir")
        .arg(&above)
        .run()?;
    Ok(above.join(TRIPLE).join("release"))
}

/// Packs the archive. Returns its path.
pub fn pack(built: &Path, release: &Release) -> Result<PathBuf> {
    say("Packing the archive for Windows");
    let name = format!("changes-{}-x86_64-windows", release.version);
    let staged = target()?.join("staged").join(&name);
    if staged.exists() {
        fs::remove_dir_all(&staged)?;
    }
    let plugin = built.join("changes_plugin.dll");
    tree::put(&plugin, &staged.join("plugin/Changes.clap"))?;
    let inner = "plugin/Changes.vst3/Contents/x86_64-win/Changes.vst3";
    tree::put(&plugin, &staged.join(inner))?;
    for program in ["changes.exe", "changes-standalone.exe"] {
        tree::put(&built.join(program), &staged.join("bin").join(program))?;
    }
    for text in ["install.cmd", "README.txt"] {
        let path = root().join("deploy/windows").join(text);
        let lines =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        // With other line ends Windows does not find the labels in scripts.
        let lines = lines.replace("\r\n", "\n").replace('\n', "\r\n");
        tree::write(&staged.join(text), lines.as_bytes())?;
    }
    let doc = staged.join("doc");
    fs::create_dir_all(&doc)?;
    let product = Product {
        triple: Some(TRIPLE),
        ..Product::ALL
    };
    changes_supply::write(&root(), &product, &doc).context("the notices")?;
    for text in ["LICENSE", "CHANGELOG.md"] {
        tree::put(&root().join(text), &doc.join(text))?;
    }
    let place = super::folder()?.join(format!("{name}.zip"));
    fs::write(&place, zipped(&staged, &name)?)?;
    Ok(place)
}

/// A folder as a zip file below `name`: sorted by name, with one timestamp, so that the bytes
/// depend only on the content.
fn zipped(folder: &Path, name: &str) -> Result<Vec<u8>> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for path in tree::all(folder)? {
        if path.is_file() {
            let below = path
                .strip_prefix(folder)?
                .to_string_lossy()
                .replace('\\', "/");
            zip.start_file(format!("{name}/{below}"), options)?;
            zip.write_all(&fs::read(&path)?)?;
        }
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zip_file_is_the_same_twice() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.txt", "a/c.txt"] {
            tree::write(&folder.path().join(name), name.as_bytes()).unwrap();
        }
        let first = zipped(folder.path(), "x").unwrap();
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(first.clone())).unwrap();
        let names: Vec<String> = (0..archive.len())
            .map(|it| archive.by_index(it).unwrap().name().unwrap().into_owned())
            .collect();
        assert_eq!(names, ["x/a/c.txt", "x/b.txt"]);
        std::thread::sleep(std::time::Duration::from_millis(10));
        tree::write(&folder.path().join("b.txt"), b"b.txt").unwrap();
        assert_eq!(zipped(folder.path(), "x").unwrap(), first);
    }
}
