//! Fetches the SoundFonts for rendering training data, from Debian packages.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::cmd;

use crate::apt;
use crate::workspace::{say, shell};

/// Where the trainer looks for them.
const FOLDER: &str = "data/soundfonts";

struct Source {
    /// The Debian package.
    package: &'static str,
    /// The file in it.
    packed: &'static str,
    /// Its name in [`FOLDER`].
    name: &'static str,
}

const SOURCES: [Source; 4] = [
    Source {
        package: "fluid-soundfont-gm",
        packed: "usr/share/sounds/sf2/FluidR3_GM.sf2",
        name: "FluidR3_GM.sf2",
    },
    Source {
        package: "timgm6mb-soundfont",
        packed: "usr/share/sounds/sf2/TimGM6mb.sf2",
        name: "TimGM6mb.sf2",
    },
    Source {
        package: "musescore-general-soundfont",
        packed: "usr/share/sounds/sf3/MuseScore_General_Full.sf3",
        name: "MuseScore_General.sf3",
    },
    Source {
        package: "opl3-soundfont",
        packed: "usr/share/sounds/sf2/OPL-3_FM_128M.sf2",
        name: "OPL-3_FM_128M.sf2",
    },
];

/// Puts every missing SoundFont into `data/soundfonts`. Nothing is installed on the system,
/// and no root rights are needed.
pub fn fetch() -> Result<()> {
    fs::create_dir_all(FOLDER).with_context(|| format!("cannot create {FOLDER}"))?;
    for source in &SOURCES {
        let place = Path::new(FOLDER).join(source.name);
        if place.exists() {
            say(format!("{} is there", place.display()));
            continue;
        }
        if !apt::has_apt() {
            bail!(
                "{} comes from the Debian package {}, and there is no apt-get here; unpack the \
                 package elsewhere and put {} at {}",
                source.name,
                source.package,
                source.packed,
                place.display()
            );
        }
        say(format!(
            "Fetching {} from the Debian package {}",
            source.name, source.package
        ));
        unpack(source, &place)?;
    }
    Ok(())
}

/// Downloads the package and moves its SoundFont to `place`.
fn unpack(source: &Source, place: &Path) -> Result<()> {
    // Inside `data`, so that the final move stays on one file system.
    let work = tempfile::Builder::new()
        .prefix("debian-")
        .tempdir_in(FOLDER)?;
    let deb = download(source.package, work.path())?;
    let unpacked = work.path().join("unpacked");
    let sh = shell()?;
    cmd!(sh, "dpkg-deb --extract {deb} {unpacked}")
        .quiet()
        .run()?;
    let packed = unpacked.join(source.packed);
    fs::rename(&packed, place)
        .with_context(|| format!("{} has no {}", source.package, source.packed))
}

/// The `.deb` of `package`, downloaded into `folder`; apt checks its signature.
fn download(package: &str, folder: &Path) -> Result<PathBuf> {
    let sh = shell()?;
    sh.change_dir(folder);
    // Apt drops root rights for a download and may then be unable to write here; it warns
    // about that and downloads anyway.
    let fetch = || {
        cmd!(sh, "apt-get download --quiet {package}")
            .quiet()
            .ignore_stderr()
            .run()
    };
    if fetch().is_err() {
        apt::update()?;
        cmd!(sh, "apt-get download --quiet {package}")
            .quiet()
            .run()?;
    }
    let mut debs = sh
        .read_dir(".")?
        .into_iter()
        .filter(|it| it.extension() == Some("deb".as_ref()));
    debs.next()
        .with_context(|| format!("apt-get downloaded nothing for {package}"))
}
