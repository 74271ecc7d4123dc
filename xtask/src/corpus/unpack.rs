//! Extracts the music of a Debian package from the `.deb` and the archives in it.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Audio that the trainer decodes.
const AUDIO: [&str; 6] = ["flac", "mp3", "oga", "ogg", "opus", "wav"];

/// Zip archives, by the extensions that games use.
const ARCHIVES: [&str; 4] = ["pk3", "pk4", "wz", "zip"];

/// Folders of sounds that are not music, however long.
const NO_MUSIC: [&str; 9] = [
    "ambience",
    "ambient",
    "environment",
    "sfx",
    "tilesets",
    "titles",
    "voice",
    "voices",
    "weather",
];

/// The largest file to extract from an archive, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// Extracts the audio and the `copyright` file of a package from `deb` into `folder`. Paths
/// are as installed, without `usr/share/games`; an archive becomes a folder of its name.
pub fn unpack(deb: &Path, package: &str, folder: &Path) -> Result<()> {
    let mut dpkg = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(deb)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run dpkg-deb")?;
    let Some(stream) = dpkg.stdout.take() else {
        bail!("dpkg-deb has no output");
    };
    let copied = copy_entries(stream, package, folder);
    if copied.is_err() {
        // It may be blocked on a full pipe; its output no longer matters.
        let _ = dpkg.kill();
    }
    let status = dpkg.wait().context("cannot wait for dpkg-deb")?;
    copied?;
    if !status.success() {
        bail!("dpkg-deb cannot read {}", deb.display());
    }
    Ok(())
}

fn copy_entries(stream: impl Read, package: &str, folder: &Path) -> Result<()> {
    let copyright = PathBuf::from(format!("usr/share/doc/{package}/copyright"));
    let mut archive = tar::Archive::new(stream);
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path()?.into_owned();
        let Some(path) = inside(&path) else { continue };
        if path == copyright {
            copy(&mut entry, &folder.join("copyright"))?;
        } else if is_music(&path) {
            copy(&mut entry, &folder.join(below_games(&path)))?;
        } else if has_extension(&path, &ARCHIVES) {
            let mut file = tempfile::tempfile_in(folder)?;
            io::copy(&mut entry, &mut file)?;
            let place = folder.join(below_games(&path));
            unzip(file, &place).with_context(|| format!("unpacking {}", path.display()))?;
        }
    }
    Ok(())
}

/// Extracts the audio of a zip archive into `folder`.
fn unzip(archive: impl Read + Seek, folder: &Path) -> Result<()> {
    let mut archive = match zip::ZipArchive::new(archive) {
        Ok(archive) => archive,
        // Games use these extensions for other things too.
        Err(zip::result::ZipError::InvalidArchive(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        let Some(path) = file.enclosed_name() else {
            continue;
        };
        if file.is_file() && is_music(&path) {
            copy(&mut file, &folder.join(path))?;
        }
    }
    Ok(())
}

/// A path without a leading `./`; `None` if it leaves its folder.
fn inside(path: &Path) -> Option<PathBuf> {
    path.components()
        .filter(|part| !matches!(part, Component::CurDir))
        .map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        })
        .collect()
}

fn below_games(path: &Path) -> &Path {
    ["usr/share/games", "usr/share", "usr/lib/games"]
        .iter()
        .find_map(|above| path.strip_prefix(above).ok())
        .unwrap_or(path)
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().and_then(|e| e.to_str());
    extension.is_some_and(|e| extensions.contains(&&*e.to_ascii_lowercase()))
}

fn is_music(path: &Path) -> bool {
    let folders = path.parent().into_iter().flat_map(Path::components);
    let mut names = folders.filter_map(|part| part.as_os_str().to_str());
    has_extension(path, &AUDIO)
        && !names.any(|name| NO_MUSIC.contains(&&*name.to_ascii_lowercase()))
}

fn copy(from: &mut impl Read, path: &Path) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    let mut write = || -> io::Result<u64> {
        let mut file = File::create(path)?;
        io::copy(&mut from.take(MAX_FILE_BYTES + 1), &mut file)
    };
    let bytes = write().with_context(|| format!("writing {}", path.display()))?;
    if bytes > MAX_FILE_BYTES {
        bail!("{} is larger than {MAX_FILE_BYTES} bytes", path.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, bytes) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            // `set_path` refuses what a malicious archive can contain.
            let name = header.as_gnu_mut().unwrap();
            name.name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            builder.append(&header, *bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (path, bytes) in entries {
            let options = zip::write::SimpleFileOptions::default();
            writer.start_file(*path, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn music_is_taken_out_of_packages_and_their_archives() {
        let pk3 = zip(&[
            ("sound/cdtracks/one.ogg", b"one"),
            ("sound/weather/rain.ogg", b"rain"),
            ("../../escaped.ogg", b"bad"),
            ("maps/a.bsp", b"map"),
        ]);
        let package = tar(&[
            ("./usr/share/games/game/music/Theme.OGG", b"theme"),
            ("./usr/share/games/game/sfx/long.ogg", b"wind"),
            ("./usr/share/games/game/data.pk3", &pk3),
            ("./usr/share/games/game/odd.zip", b"not a zip"),
            ("./usr/share/doc/game/copyright", b"Format: 1.0"),
            ("./usr/share/doc/other/copyright", b"no"),
            ("../outside.ogg", b"bad"),
        ]);
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/game");
        fs::create_dir_all(&inner).unwrap();
        copy_entries(&package[..], "game", &inner).unwrap();
        let mut found = Vec::new();
        let mut open = vec![folder.path().to_owned()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    found.push(path);
                }
            }
        }
        found.sort();
        let expected: Vec<_> = [
            "copyright",
            "game/data.pk3/sound/cdtracks/one.ogg",
            "game/music/Theme.OGG",
        ]
        .map(|path| inner.join(path))
        .into();
        assert_eq!(found, expected);
        assert_eq!(fs::read(&expected[1]).unwrap(), b"one");
    }
}
