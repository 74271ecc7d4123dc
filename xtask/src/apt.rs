//! Debian and Ubuntu packages that a step needs.

use std::path::Path;

use anyhow::{Result, bail};
use xshell::cmd;

use crate::workspace::{say, shell};

/// What is needed to link any Rust program.
pub const LINKER: &[&str] = &["build-essential"];

/// A Vulkan driver in software and its loader: the editor is drawn without a screen.
pub const VULKAN: &[&str] = &["mesa-vulkan-drivers", "libvulkan1"];

/// The headers that the standalone program is built with.
pub const STANDALONE: &[&str] = &["libasound2-dev", "libjack-jackd2-dev", "pkg-config"];

/// What the pip package pedalboard is linked with.
pub const PEDALBOARD: &[&str] = &["libx11-6", "libfreetype6"];

/// An X server without a screen, and the libraries that the plugin's window opens at run time.
pub const WINDOW: &[&str] = &[
    "xvfb",
    "libegl1",
    "libgl1-mesa-dri",
    "libx11-xcb1",
    "libxkbcommon-x11-0",
];

/// A D-Bus session with AT-SPI, and the library of its clients for Python.
pub const SCREEN_READER: &[&str] = &[
    "dbus-daemon",
    "at-spi2-core",
    "python3-gi",
    "gir1.2-atspi-2.0",
];

/// Makes a Debian package.
pub const DEB: &[&str] = &["dpkg-dev", "xz-utils"];

/// Makes a new Debian in a folder.
pub const DEBIAN_ROOT: &[&str] = &["debootstrap"];

/// Links programs for Windows.
pub const MINGW: &[&str] = &["gcc-mingw-w64-x86-64"];

/// Runs programs for Windows.
pub const WINE: &[&str] = &["wine64", "wine"];

/// Shows the system calls of a program.
pub const STRACE: &[&str] = &["strace"];

/// Installs those of `packages` that are missing.
///
/// On a system without `apt-get` it only prints what is needed and continues: the step itself
/// fails if something is really missing.
pub fn ensure(packages: &[&str], purpose: &str) -> Result<()> {
    let sh = shell()?;
    if !has_apt() {
        if cfg!(target_os = "linux") {
            say(format!(
                "No apt-get here: {purpose} needs what Debian calls {}",
                packages.join(", ")
            ));
        }
        return Ok(());
    }
    let format = "--showformat=${Status}";
    let mut missing: Vec<&str> = Vec::new();
    for package in packages {
        let status = cmd!(sh, "dpkg-query --show {format} {package}")
            .quiet()
            .ignore_status()
            .ignore_stderr()
            .read()?;
        if !status.ends_with(" installed") {
            missing.push(package);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    say(format!("Installing {} for {purpose}", missing.join(", ")));
    let Some((program, arguments)) = as_root()? else {
        bail!(
            "{purpose} needs Debian packages that are not installed; install them with\n    \
             sudo apt-get install {}",
            missing.join(" ")
        );
    };
    let install = |quiet: bool| {
        let missing = &missing;
        let command = cmd!(
            sh,
            "{program} {arguments...} DEBIAN_FRONTEND=noninteractive
             apt-get install --yes --quiet --no-install-recommends {missing...}"
        );
        if quiet {
            command.ignore_stderr().ignore_stdout().run()
        } else {
            command.run()
        }
    };
    // The lists of a fresh machine are empty or old; updating them first each time would slow
    // down every run.
    if install(true).is_err() {
        update()?;
        install(false)?;
    }
    Ok(())
}

/// Updates apt's package lists.
pub fn update() -> Result<()> {
    let Some((program, arguments)) = as_root()? else {
        bail!("apt's package lists are old; refresh them with\n    sudo apt-get update");
    };
    let sh = shell()?;
    cmd!(sh, "{program} {arguments...} apt-get update --quiet").run()?;
    Ok(())
}

/// Whether this system installs packages with apt.
pub fn has_apt() -> bool {
    cfg!(target_os = "linux") && Path::new("/usr/bin/apt-get").exists()
}

/// The program and its first arguments that run a command as root, if one can here.
fn as_root() -> Result<Option<(&'static str, &'static [&'static str])>> {
    let sh = shell()?;
    if cmd!(sh, "id --user").quiet().read()? == "0" {
        return Ok(Some(("env", &[])));
    }
    let sudo = cmd!(sh, "sudo --non-interactive true")
        .quiet()
        .ignore_stdout()
        .ignore_stderr();
    Ok(sudo
        .run()
        .is_ok()
        .then_some(("sudo", &["--non-interactive", "env"])))
}
