//! Checks the programs for Windows as users get them: unpacked, installed, used and removed
//! under Wine, in an empty Windows.

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use xshell::{Cmd, Shell, cmd};
use zip::ZipArchive;

use super::check::{Reference, SONG};
use super::release::Release;
use super::screen::{self, Screen};
use super::{programs, tree, windows};
use crate::apt;
use crate::workspace::{say, shell};

/// Wine before version 9 lacks bcryptprimitives.dll, from which Rust's standard library takes
/// its random numbers: this one function calls an older one.
const RANDOM: &str = "\
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{
    return SystemFunction036(data, (ULONG)size);
}
";

/// A window with fewer colours than this has not been drawn yet.
const DRAWN: usize = 100;

/// How long a program may take to draw its window, or to end.
const PATIENCE: Duration = Duration::from_secs(180);

/// Installs, uses and removes the archive. Fails where it finds other chords than the programs
/// built for this machine.
pub fn check(archive: &Path, host: &Path, release: &Release, here: &Reference) -> Result<()> {
    let wine = Wine::new()?;
    let folder = wine.unpack(archive)?;
    let before = wine.files()?;
    let install = format!("{folder}\\install.cmd");
    say("Installing the archive under Wine");
    // Twice: an update is an installation, too.
    for _ in 0..2 {
        wine.run(&["cmd", "/c", &install])?;
    }
    let programs = wine.variable("LOCALAPPDATA")? + "\\Programs";
    let own = format!("{programs}\\Changes");
    wine.check_command(&own, release, here)?;
    for (format, plugin, wanted) in [
        ("clap", "CLAP\\Changes.clap", &here.clap),
        (
            "vst3",
            "VST3\\Changes.vst3\\Contents\\x86_64-win\\Changes.vst3",
            &here.vst3,
        ),
    ] {
        let plugin = format!("{programs}\\Common\\{plugin}");
        wine.check_plugin(host, format, &plugin, wanted)?;
    }
    wine.check_standalone(&own)?;
    // A user who has deleted the archive removes the programs with the installed copy of the
    // script.
    wine.run(&["cmd", "/c", &format!("{own}\\install.cmd"), "--uninstall"])?;
    let after = wine.files()?;
    let left: Vec<&PathBuf> = after
        .difference(&before)
        .filter(|it| it.is_file())
        .collect();
    ensure!(
        left == [&wine.here(&format!("{own}\\install.cmd"))],
        "the installed script leaves {left:?}"
    );
    wine.run(&["cmd", "/c", &install])?;
    wine.run(&["cmd", "/c", &install, "--uninstall"])?;
    let after = wine.files()?;
    let left: Vec<&PathBuf> = after.difference(&before).collect();
    ensure!(left.is_empty(), "left behind: {left:?}");
    say("install.cmd installed it twice, and removed it without a trace");
    Ok(())
}

/// Runs the plugin's own tests, built for Windows; one drags a file from one window to
/// another.
pub fn check_units(release: &Release) -> Result<()> {
    say("Running the plugin's tests under Wine");
    let wine = Wine::new()?;
    let folder = windows::folder()?;
    let tests = programs::cargo(&wine.sh, release, "test", Some(windows::TRIPLE))?
        .args(programs::ALL)
        .args(["--lib", "--target-dir"])
        .arg(folder)
        .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", "wine");
    let mut tests = wine.within(tests);
    if let Some(home) = std::env::var_os("HOME") {
        // Cargo's downloaded packages are there.
        tests = tests.env("HOME", home);
    }
    Ok(tests.run()?)
}

/// An empty Windows.
struct Wine {
    sh: Shell,
    /// Its folder.
    prefix: PathBuf,
    /// Without a screen Wine creates no windows, not even those that programs use internally.
    screen: Screen,
}

impl Wine {
    fn new() -> Result<Self> {
        apt::ensure(apt::WINE, "programs for Windows")?;
        let wine = Self {
            sh: shell()?,
            prefix: windows::folder()?.join("prefix"),
            screen: Screen::start()?,
        };
        if wine.prefix.exists() {
            fs::remove_dir_all(&wine.prefix)?;
        }
        fs::create_dir_all(wine.prefix.join("home"))?;
        wine.run(&["wineboot", "--init"])?;
        let library = wine
            .prefix
            .join("drive_c/windows/system32/bcryptprimitives.dll");
        if !library.exists() {
            let source = windows::folder()?.join("random.c");
            fs::write(&source, RANDOM)?;
            let sh = &wine.sh;
            cmd!(
                sh,
                "x86_64-w64-mingw32-gcc -shared -o {library} {source} -ladvapi32"
            )
            .quiet()
            .run()?;
        }
        Ok(wine)
    }

    /// A command with the environment that Wine needs.
    fn within<'a>(&self, command: Cmd<'a>) -> Cmd<'a> {
        command
            .env("WINEPREFIX", &self.prefix)
            // The user's folders in this Windows lie below it.
            .env("HOME", self.prefix.join("home"))
            .env("WINEDEBUG", "-all")
            // No questions about optional components, no entries in the user's menus.
            .env("WINEDLLOVERRIDES", "mscoree,mshtml,winemenubuilder.exe=")
            .env("DISPLAY", &self.screen.display)
    }

    /// Runs a Windows program, which must succeed. Returns its output.
    fn run(&self, arguments: &[&str]) -> Result<String> {
        let sh = &self.sh;
        let ran = self.within(cmd!(sh, "wine {arguments...}")).quiet();
        // Its error output is mostly Wine's own, about what this machine lacks.
        let output = ran.ignore_status().output()?;
        let text = String::from_utf8_lossy(&output.stdout).replace('\r', "");
        ensure!(
            output.status.success(),
            "under Wine, {} ends with {}: {text}{}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(text)
    }

    /// The value of a user's environment variable.
    fn variable(&self, name: &str) -> Result<String> {
        let value = self.run(&["cmd", "/c", "echo", &format!("%{name}%")])?;
        Ok(value.trim().to_owned())
    }

    /// The path on this machine of a file on its drive C.
    fn here(&self, path: &str) -> PathBuf {
        let below = path.trim_start_matches("C:\\").replace('\\', "/");
        self.prefix.join("drive_c").join(below)
    }

    /// All of its files and folders except temporary ones.
    fn files(&self) -> Result<BTreeSet<PathBuf>> {
        let all = tree::all(&self.prefix.join("drive_c"))?;
        let passing = |path: &PathBuf| path.components().any(|it| it.as_os_str() == "Temp");
        Ok(all.into_iter().filter(|path| !passing(path)).collect())
    }

    /// Unpacks an archive. Returns the folder in it, as a Windows path.
    fn unpack(&self, archive: &Path) -> Result<String> {
        let mut zip = ZipArchive::new(Cursor::new(fs::read(archive)?))?;
        zip.extract(self.here("C:\\unpacked"))?;
        let name = archive.file_stem().context("an archive without a name")?;
        Ok(format!("C:\\unpacked\\{}", name.display()))
    }

    /// Uses the installed command.
    fn check_command(&self, own: &str, release: &Release, here: &Reference) -> Result<()> {
        let program = format!("{own}\\changes.exe");
        let version = self.run(&[&program, "--version"])?;
        let commit = release.commit.as_deref().unwrap_or("built from source");
        ensure!(
            version.contains(&release.version) && version.contains(commit),
            "{version:?} is not {} of {commit}",
            release.version
        );
        let lab = self.run(&[&program, "transcribe", SONG, "--format", "lab"])?;
        same("changes.exe", &lab, &here.command)
    }

    /// Plays the song through an installed plugin.
    fn check_plugin(&self, host: &Path, format: &str, plugin: &str, wanted: &str) -> Result<()> {
        let output = "C:\\track.lab";
        let host = host
            .to_str()
            .context("a folder whose name is not valid UTF-8")?;
        self.run(&[host, format, plugin, SONG, output])?;
        let output = self.here(output);
        let lab = fs::read_to_string(&output)?;
        fs::remove_file(output)?;
        same(&format!("the {format} in a host"), &lab, wanted)
    }

    /// Opens the standalone program, waits until it is drawn, and closes it.
    fn check_standalone(&self, own: &str) -> Result<()> {
        let name = "changes-standalone.exe";
        let program = format!("{own}\\{name}");
        let sh = &self.sh;
        let command = cmd!(sh, "wine {program} --backend dummy");
        let mut program = Command::from(self.within(command))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut wait = |what: &str, done: &mut dyn FnMut(bool) -> Result<bool>| -> Result<()> {
            let started = Instant::now();
            loop {
                let ended = program.try_wait()?;
                if done(ended.is_some_and(|it| it.success()))? {
                    return Ok(());
                }
                ensure!(ended.is_none(), "{name} ends by itself: {ended:?}");
                if started.elapsed() > PATIENCE {
                    program.kill()?;
                    anyhow::bail!("{name} {what} for {} s", PATIENCE.as_secs());
                }
                thread::sleep(Duration::from_millis(500));
            }
        };
        wait("draws nothing", &mut |_| {
            Ok(screen::colours(&self.screen.look()?) >= DRAWN)
        })?;
        // Texts appear with a window's second frame at the latest.
        thread::sleep(Duration::from_secs(3));
        let picture = windows::folder()?.join("standalone.png");
        self.screen.picture(&picture)?;
        let close = cmd!(sh, "wine taskkill /im {name}").quiet();
        self.within(close).ignore_stdout().ignore_stderr().run()?;
        wait("stays open", &mut |ended| Ok(ended))?;
        say(format!(
            "{name} opens under Wine, is drawn ({}) and closes",
            picture.display()
        ));
        Ok(())
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        // What is left of it ends with its screen anyway, with error messages.
        let sh = &self.sh;
        let _ = self
            .within(cmd!(sh, "wineserver --kill"))
            .quiet()
            .ignore_stdout()
            .ignore_stderr()
            .run();
    }
}

/// Fails unless the chords found are those found on this machine.
fn same(who: &str, heard: &str, wanted: &str) -> Result<()> {
    let plain = |text: &str| text.replace('\r', "").trim_end().to_owned();
    ensure!(
        plain(heard) == plain(wanted),
        "under Wine {who} finds other chords than on this machine:\n{heard}\n{wanted}"
    );
    say(format!(
        "under Wine {who} finds the same {} chords as on this machine",
        plain(heard).lines().count()
    ));
    Ok(())
}
