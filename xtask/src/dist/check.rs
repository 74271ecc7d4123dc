//! Checks what ships as its users get it: installed in a new Debian, used and removed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use xshell::{Shell, cmd};

use super::programs::{self, Programs};
use super::release::Release;
use super::{archive, deb, glibc, windows, wine};
use crate::workspace::{say, shell, target};
use crate::{apt, bundle};

/// The Debian release with the oldest supported glibc.
const DEBIAN: &str = "bookworm";

/// Real music that is in the repository.
pub const SONG: &str = "assets/demo/town-theme.ogg";

/// Builds the archive and the package, and installs, uses and removes both in a new Debian.
pub fn check() -> Result<()> {
    let release = Release::find(None)?;
    let programs = Programs::build(&release)?;
    for program in programs.all() {
        glibc::check(program)?;
    }
    same_bytes(&programs, &release)?;
    installed(&programs, &release).map(|_| ())
}

/// Builds and packs everything for Windows, and installs, uses and removes it under Wine; then
/// runs the plugin's own tests there.
pub fn windows() -> Result<()> {
    let release = Release::find(None)?;
    let built = windows::build(&release)?;
    windows_installed(&built, &release)?;
    wine::check_units(&release)
}

/// Packs the programs built for Windows, and installs, uses and removes them under Wine.
/// Returns the archive.
pub fn windows_installed(built: &Path, release: &Release) -> Result<PathBuf> {
    let packed = || -> Result<(PathBuf, String)> {
        let archive = windows::pack(built, release)?;
        let sum = archive::sum(&archive)?;
        Ok((archive, sum))
    };
    let first = packed()?;
    ensure!(
        first == packed()?,
        "packing twice gives different bytes in the archive for Windows"
    );
    let host = windows::host(release)?;
    wine::check(&first.0, &host, release, &Reference::new()?)?;
    Ok(first.0)
}

/// The chords that the programs built for this machine find in the song, as label files.
pub struct Reference {
    /// The command.
    pub command: String,
    /// The CLAP in a host.
    pub clap: String,
    /// The VST3 in a host.
    pub vst3: String,
}

impl Reference {
    fn new() -> Result<Self> {
        let [command, host, plugin] = bundle::player()?;
        say("Playing the song here");
        let folder = tempfile::tempdir()?;
        let sh = shell()?;
        let played = |format: &str| -> Result<String> {
            let track = folder.path().join(format).with_extension("lab");
            cmd!(sh, "{host} {format} {plugin} {SONG} {track}")
                .quiet()
                .run()?;
            Ok(fs::read_to_string(track)?)
        };
        Ok(Self {
            command: lab(&command)?,
            clap: played("clap")?,
            vst3: played("vst3")?,
        })
    }
}

/// Fails unless a second build, in another folder, has the same bytes.
fn same_bytes(programs: &Programs, release: &Release) -> Result<()> {
    say("Building the command once more");
    let again = programs::command_again(release)?;
    let (first, second) = (archive::sum(&programs.command)?, archive::sum(&again)?);
    ensure!(
        first == second,
        "two builds of the same tree differ: {} and {}",
        programs.command.display(),
        again.display()
    );
    Ok(())
}

/// Packs programs, and installs, uses and removes them in a new Debian. Returns archive and
/// package.
pub fn installed(programs: &Programs, release: &Release) -> Result<[PathBuf; 2]> {
    let pack = || -> Result<[(PathBuf, String); 2]> {
        let (tar, deb) = (archive::pack(programs, release)?, deb::pack(release)?);
        let sums = (archive::sum(&tar)?, archive::sum(&deb)?);
        Ok([(tar, sums.0), (deb, sums.1)])
    };
    let packed = pack()?;
    ensure!(
        packed == pack()?,
        "packing twice gives different bytes in the archive or the package"
    );
    let [(tar, _), (deb, _)] = packed;
    let Some(debian) = Debian::new()? else {
        say("NOT CHECKED: a new Debian can only be made on Debian, by root");
        return Ok([tar, deb]);
    };
    let lab = lab(&programs.command)?;
    debian.check_deb(&deb, &lab)?;
    debian.check_archive(&tar, release, &lab)?;
    Ok([tar, deb])
}

/// The chords that a command finds in the song on this machine.
fn lab(command: &Path) -> Result<String> {
    let sh = shell()?;
    Ok(cmd!(sh, "{command} transcribe {SONG} --format lab")
        .quiet()
        .read()?)
}

/// A minimal Debian.
struct Debian {
    root: PathBuf,
    sh: Shell,
}

impl Debian {
    /// Makes one; `None` where that is not possible.
    fn new() -> Result<Option<Self>> {
        let sh = shell()?;
        if !apt::has_apt() || cmd!(sh, "id --user").quiet().read()? != "0" {
            return Ok(None);
        }
        let Some(mirror) = mirror(&sh)? else {
            return Ok(None);
        };
        apt::ensure(apt::DEBIAN_ROOT, "a new Debian")?;
        say("Making a new Debian");
        let folder = target()?.join("debian");
        let (base, root) = (folder.join("base"), folder.join("root"));
        for path in [&root, &folder.join("unfinished")] {
            if path.exists() {
                fs::remove_dir_all(path)?;
            }
        }
        // It takes minutes, and the result changes only with the release.
        if !base.exists() {
            let unfinished = folder.join("unfinished");
            cmd!(
                sh,
                "debootstrap --variant=minbase {DEBIAN} {unfinished} {mirror}"
            )
            .ignore_stdout()
            .run()?;
            fs::rename(&unfinished, &base)?;
        }
        cmd!(sh, "cp --archive {base} {root}").run()?;
        // This machine's package sources, which it can reach.
        for name in [
            "sources.list",
            "sources.list.d",
            "apt.conf.d",
            "auth.conf.d",
        ] {
            let from = Path::new("/etc/apt").join(name);
            let to = root.join("etc/apt");
            if from.exists() {
                cmd!(sh, "cp --recursive --dereference {from} {to}").run()?;
            }
        }
        let debian = Self { root, sh };
        debian.run("apt-get update --quiet")?;
        fs::copy(SONG, debian.root.join("tmp/song.ogg"))?;
        Ok(Some(debian))
    }

    /// Runs a line of shell in it. Returns its output.
    fn run(&self, line: &str) -> Result<String> {
        let Self { root, sh } = self;
        let path =
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/root/.local/bin";
        let ran = cmd!(
            sh,
            "chroot {root} env -i {path} HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
             sh -euc {line}"
        );
        ran.quiet()
            .read()
            .with_context(|| format!("in the new Debian: {line}"))
    }

    /// All of its files that do not belong to package managers.
    fn files(&self) -> Result<BTreeSet<String>> {
        let line = "find / -xdev -not -path '/var/*' -not -path '/tmp/*' -not -path '/proc/*' \
                    -not -path '/etc/ld.so.cache' -print";
        Ok(self.run(line)?.lines().map(str::to_owned).collect())
    }

    fn check_deb(&self, deb: &Path, lab: &str) -> Result<()> {
        say("Installing the package in the new Debian");
        fs::copy(deb, self.root.join("tmp/changes.deb"))?;
        // Dependencies stay: only the package itself must go without a trace.
        let depends = self.run("dpkg-deb --field /tmp/changes.deb Depends")?;
        let names: Vec<&str> = depends
            .split(',')
            .filter_map(|it| it.split_whitespace().next())
            .collect();
        self.run(&format!(
            "apt-get install --yes --quiet --no-install-recommends {}",
            names.join(" ")
        ))?;
        let before = self.files()?;
        // Over an older version, whose programs differ.
        self.run(
            "dpkg-deb --raw-extract /tmp/changes.deb /tmp/older
             sed -i 's/^Version: .*/Version: 0.0.1/' /tmp/older/DEBIAN/control
             echo older | tee /tmp/older/usr/bin/changes /tmp/older/usr/lib/clap/Changes.clap
             dpkg-deb -Znone --build /tmp/older /tmp/older.deb",
        )?;
        for (package, version) in [("older", "0.0.1"), ("changes", env!("CARGO_PKG_VERSION"))] {
            self.run(&format!(
                "apt-get install --yes --quiet --no-install-recommends /tmp/{package}.deb"
            ))?;
            let format = "--showformat='${Version}'";
            let installed = self.run(&format!("dpkg-query --show {format} {}", deb::PACKAGE))?;
            ensure!(
                installed == version,
                "{installed} is installed, not {version}"
            );
        }
        self.used(
            "/usr/lib/clap",
            "/usr/lib/vst3",
            "/usr/bin",
            "/usr/share",
            lab,
        )?;
        self.run(&format!("apt-get purge --yes --quiet {}", deb::PACKAGE))?;
        same(&before, &self.files()?)
    }

    fn check_archive(&self, tar: &Path, release: &Release, lab: &str) -> Result<()> {
        fs::copy(tar, self.root.join("tmp/changes.tar.gz"))?;
        self.run("cd /tmp && tar --extract --gzip --file changes.tar.gz")?;
        let install = format!("/tmp/{}/install.sh", archive::name(release));
        for (option, places) in [
            (
                "",
                [
                    "/root/.clap",
                    "/root/.vst3",
                    "/root/.local/bin",
                    "/root/.local/share",
                ],
            ),
            (
                "--system",
                [
                    "/usr/lib/clap",
                    "/usr/lib/vst3",
                    "/usr/local/bin",
                    "/usr/local/share",
                ],
            ),
        ] {
            say(format!("Installing the archive in the new Debian {option}"));
            let before = self.files()?;
            let [clap, vst3, bin, share] = places;
            // Over an older version, whose programs differ.
            self.run(&format!(
                "rm -rf /tmp/older && cp -R $(dirname {install}) /tmp/older
                 for file in bin/changes plugin/Changes.clap \\
                     plugin/Changes.vst3/Contents/x86_64-linux/Changes.so
                 do echo older > /tmp/older/$file; done
                 /tmp/older/install.sh {option}
                 grep -qx older {clap}/Changes.clap"
            ))?;
            // Twice: an update is an installation, too.
            for _ in 0..2 {
                self.run(&format!("{install} {option}"))?;
                self.used(clap, vst3, bin, share, lab)?;
            }
            self.run(&format!("{install} {option} --uninstall"))?;
            let after = self.files()?;
            let left: Vec<&String> = after
                .difference(&before)
                .filter(|path| !self.root.join(path.trim_start_matches('/')).is_dir())
                .collect();
            ensure!(left.is_empty(), "left behind: {left:?}");
        }
        Ok(())
    }

    /// Uses what is installed.
    fn used(&self, clap: &str, vst3: &str, bin: &str, share: &str, lab: &str) -> Result<()> {
        let found = self.run(&format!(
            "{bin}/changes transcribe /tmp/song.ogg --format lab"
        ))?;
        ensure!(
            found == lab,
            "the chords differ from those found on this machine:\n{found}\n{lab}"
        );
        let version = self.run("changes --version")?;
        ensure!(
            version.contains(env!("CARGO_PKG_VERSION")) && version.contains('('),
            "{version:?} is not a version"
        );
        if self
            .root
            .join(format!(".{bin}/changes-standalone"))
            .exists()
        {
            let help = self.run("changes-standalone --help")?;
            ensure!(help.contains("--backend"), "{help:?}");
        }
        // All libraries and symbols that the plugins need are there.
        for library in [
            format!("{clap}/Changes.clap"),
            format!("{vst3}/Changes.vst3/Contents/x86_64-linux/Changes.so"),
        ] {
            let linked = self.run(&format!("ldd -r {library} 2>&1"))?;
            ensure!(
                !linked.contains("not found") && !linked.contains("undefined"),
                "{library}: {linked}"
            );
        }
        self.run(&format!(
            "test -s {share}/man/man1/changes.1 || test -s {share}/man/man1/changes.1.gz
             grep -q transcribe {share}/bash-completion/completions/changes
             test -s {share}/doc/changes-chords/Changes.cdx.json"
        ))?;
        Ok(())
    }
}

fn same(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Result<()> {
    let left: Vec<&String> = after.difference(before).collect();
    let lost: Vec<&String> = before.difference(after).collect();
    if left.is_empty() && lost.is_empty() {
        return Ok(());
    }
    bail!("left behind: {left:?}; lost: {lost:?}")
}

/// The Debian mirror of this machine.
fn mirror(sh: &Shell) -> Result<Option<String>> {
    let format = "$(REPO_URI)|$(CODENAME)|$(COMPONENT)";
    let filter = "Created-By: Packages";
    let targets = cmd!(sh, "apt-get indextargets --format {format} {filter}")
        .quiet()
        .ignore_stderr()
        .read()
        .unwrap_or_default();
    let ours = targets.lines().find_map(|line| {
        let mut words = line.split('|');
        let (uri, codename, component) = (words.next()?, words.next()?, words.next()?);
        (codename == DEBIAN && component == "main").then(|| uri.to_owned())
    });
    Ok(ours)
}
