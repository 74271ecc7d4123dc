//! Windows, built on Debian: by mingw-w64 and a standard library from its source, tried under Wine.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use changes_supply::Product;
use xshell::cmd;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::release::Release;
use super::{folder, programs, tree};
use crate::apt;
use crate::workspace::{root, say, shell, target};

/// What it is built for.
pub const TRIPLE: &str = "x86_64-pc-windows-gnu";

/// Wine before 9 has no bcryptprimitives.dll, which Rust's standard library takes its random
/// numbers from: one function, answered by an older one.
const RANDOM: &str = "\
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{
    return SystemFunction036(data, (ULONG)size);
}
";

/// Builds for Windows; the folder with the programs.
pub fn build(release: &Release) -> Result<PathBuf> {
    apt::ensure(apt::MINGW, "linking programs for Windows")?;
    say("Building for Windows");
    let above = target()?.join("windows");
    programs::cargo(release, &above, &programs::ALL, Some(TRIPLE))?;
    let built = above.join(TRIPLE).join("release");
    ensure!(
        built.join("changes.exe").exists(),
        "no changes.exe in {}",
        built.display()
    );
    Ok(built)
}

/// Packs the archive; where it is.
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
    let deploy = root().join("deploy/windows");
    tree::put(&deploy.join("install.cmd"), &staged.join("install.cmd"))?;
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
    let place = folder()?.join(format!("{name}.zip"));
    fs::write(&place, zipped(&staged, &name)?)?;
    Ok(place)
}

/// A folder as a zip file below `name`: in the order of the names, all of one time, so that the
/// bytes are those of the content.
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

/// Runs `changes.exe` under Wine on real music; fails unless it hears what the command here hears.
pub fn check_command(built: &Path, song: &str, expected: &str) -> Result<()> {
    apt::ensure(apt::WINE, "programs for Windows")?;
    let sh = shell()?;
    let scratch = target()?.join("windows");
    let source = scratch.join("random.c");
    fs::write(&source, RANDOM)?;
    let library = built.join("bcryptprimitives.dll");
    cmd!(
        sh,
        "x86_64-w64-mingw32-gcc -shared -o {library} {source} -ladvapi32"
    )
    .quiet()
    .run()?;
    let program = built.join("changes.exe");
    let lab = cmd!(sh, "wine {program} transcribe {song} --format lab")
        .env("WINEPREFIX", scratch.join("prefix"))
        .env("WINEDEBUG", "-all")
        .ignore_stderr()
        .read()
        .context("changes.exe under Wine")?;
    let plain = |text: &str| text.replace('\r', "").trim_end().to_owned();
    ensure!(
        plain(&lab) == plain(expected),
        "Windows hears other chords:\n{lab}\n{expected}"
    );
    say("changes.exe hears under Wine what the command hears here");
    Ok(())
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
