//! The package for Debian and its derivatives.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::cmd;

use super::release::Release;
use super::tree::{self, COMPLETIONS};
use super::{archive, folder};
use crate::apt;
use crate::workspace::{say, shell, target};

/// The package's name; `changes` alone would be too general.
pub const PACKAGE: &str = "changes-chords";

/// Libraries that the window opens at run time, which the linker does not know of.
const WINDOW: &str = "libegl1, libgl1, libx11-6, libx11-xcb1, libxkbcommon-x11-0";

/// Makes a package from the archive's folders. Returns its path.
pub fn pack(release: &Release) -> Result<PathBuf> {
    apt::ensure(apt::DEB, "the package for Debian")?;
    say("Packing the package for Debian");
    let staged = target()?.join("staged").join(archive::name(release));
    let work = target()?.join("staged/deb");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    let root = work.join("root");
    lay(&staged, &root)?;
    tree::set_rights(&root)?;
    let depends = depends(&work, &root)?;
    tree::write(
        &root.join("DEBIAN/control"),
        control(release, &depends, size_kib(&root)?).as_bytes(),
    )?;
    let place = folder()?.join(format!("{PACKAGE}_{}_amd64.deb", release.version));
    let sh = shell()?;
    // With a fixed time and owner the bytes depend only on the content.
    cmd!(
        sh,
        "dpkg-deb --root-owner-group -Zxz --build {root} {place}"
    )
    .env("SOURCE_DATE_EPOCH", release.time.to_string())
    .ignore_stdout()
    .run()?;
    Ok(place)
}

/// Copies the folders of the archive to where Debian has them.
fn lay(staged: &Path, root: &Path) -> Result<()> {
    let usr = root.join("usr");
    for (from, to) in [
        ("plugin/Changes.clap", "lib/clap/Changes.clap"),
        (
            "plugin/Changes.vst3/Contents/x86_64-linux/Changes.so",
            "lib/vst3/Changes.vst3/Contents/x86_64-linux/Changes.so",
        ),
        ("bin/changes", "bin/changes"),
        (
            "share/applications/changes-standalone.desktop",
            "share/applications/changes-standalone.desktop",
        ),
        (
            "share/doc/changes-chords/Changes.cdx.json",
            "share/doc/changes-chords/Changes.cdx.json",
        ),
    ] {
        tree::put(&staged.join(from), &usr.join(to))?;
    }
    let standalone = Path::new("bin/changes-standalone");
    if staged.join(standalone).exists() {
        tree::put(&staged.join(standalone), &usr.join(standalone))?;
    }
    for (_, from, to) in COMPLETIONS {
        let share = (staged.join("share"), usr.join("share"));
        tree::put(&share.0.join(from), &share.1.join(to))?;
    }
    let pages = staged.join("share/man/man1");
    for entry in fs::read_dir(&pages)? {
        let page = entry?.path();
        let name = page.file_name().context("a page without a name")?;
        let place = usr.join("share/man/man1").join(name);
        tree::put(&page, &place)?;
        compress(&place)?;
    }
    let documents = staged.join("share/doc/changes-chords");
    let read = |name: &str| {
        let path = documents.join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let copyright = format!(
        "{}\n\n{}",
        read("LICENSE")?.trim_end(),
        read("Changes-third-party-notices.txt")?
    );
    let doc = usr.join("share/doc").join(PACKAGE);
    tree::write(&doc.join("copyright"), copyright.as_bytes())?;
    tree::write(&doc.join("changelog"), read("CHANGELOG.md")?.as_bytes())?;
    compress(&doc.join("changelog"))
}

/// Compresses a file, without its timestamp.
fn compress(path: &Path) -> Result<()> {
    let sh = shell()?;
    cmd!(sh, "gzip --no-name --best --force {path}")
        .quiet()
        .run()?;
    Ok(())
}

/// The packages that the programs are linked with, by dpkg-shlibdeps.
fn depends(work: &Path, root: &Path) -> Result<String> {
    // It must run in a source package.
    tree::write(
        &work.join("debian/control"),
        format!("Source: {PACKAGE}\n\nPackage: {PACKAGE}\nArchitecture: amd64\n").as_bytes(),
    )?;
    let sh = shell()?;
    sh.change_dir(work);
    let mut programs = vec![root.join("usr/lib/clap/Changes.clap")];
    for entry in fs::read_dir(root.join("usr/bin"))? {
        programs.push(entry?.path());
    }
    programs.sort();
    let found = cmd!(sh, "dpkg-shlibdeps -O {programs...}")
        .quiet()
        .ignore_stderr()
        .read()?;
    let found = found.trim().strip_prefix("shlibs:Depends=");
    Ok(found.context("dpkg-shlibdeps found nothing")?.to_owned())
}

fn control(release: &Release, depends: &str, size_kib: u64) -> String {
    let version = &release.version;
    format!(
        "Package: {PACKAGE}\n\
         Version: {version}\n\
         Architecture: amd64\n\
         Maintainer: The maintainers of Changes <changes@localhost>\n\
         Installed-Size: {size_kib}\n\
         Depends: {depends}\n\
         Recommends: {WINDOW}\n\
         Section: sound\n\
         Priority: optional\n\
         Description: reads chord changes while music plays\n \
         A plugin (CLAP and VST3) that shows the chords of the track it is on and writes\n \
         them as a lead sheet, the same as a program without a host (for JACK and ALSA),\n \
         and the command changes, which reads the chords of audio files and writes\n \
         MusicXML, MIDI, PDF, JAMS, label files and more.\n"
    )
}

/// The size of the files on disk, in KiB.
fn size_kib(root: &Path) -> Result<u64> {
    let mut bytes = 0;
    for path in tree::all(root)? {
        let metadata = path.metadata()?;
        bytes += if metadata.is_file() {
            metadata.len()
        } else {
            4096
        };
    }
    Ok(bytes.div_ceil(1024))
}
