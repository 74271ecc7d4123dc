//! The files installed on Linux, in the folders of the archive.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use changes_supply::Product;
use xshell::cmd;

use super::programs::Programs;
use crate::workspace::{root, shell};

/// The completions: shell, path of its script in the archive and in the package.
pub const COMPLETIONS: [(&str, &str, &str); 3] = [
    (
        "bash",
        "bash-completion/completions/changes",
        "bash-completion/completions/changes",
    ),
    (
        "zsh",
        "zsh/site-functions/_changes",
        "zsh/vendor-completions/_changes",
    ),
    (
        "fish",
        "fish/vendor_completions.d/changes.fish",
        "fish/vendor_completions.d/changes.fish",
    ),
];

/// Lays everything out below `folder`, which is made anew.
pub fn lay(programs: &Programs, folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    put(&programs.plugin, &folder.join("plugin/Changes.clap"))?;
    // The format's specification requires a folder that names the system.
    let inner = "plugin/Changes.vst3/Contents/x86_64-linux/Changes.so";
    put(&programs.plugin, &folder.join(inner))?;
    put(&programs.command, &folder.join("bin/changes"))?;
    if let Some(standalone) = &programs.standalone {
        put(standalone, &folder.join("bin/changes-standalone"))?;
    }
    let deploy = root().join("deploy/linux");
    put(&deploy.join("install.sh"), &folder.join("install.sh"))?;
    put(&deploy.join("README.txt"), &folder.join("README.txt"))?;
    let share = folder.join("share");
    let desktop = "applications/changes-standalone.desktop";
    put(
        &deploy.join("changes-standalone.desktop"),
        &share.join(desktop),
    )?;
    manual(&programs.command, &share)?;
    documents(&share.join("doc/changes-chords"))
}

/// The manual and the completions, which the command itself generates.
fn manual(command: &Path, share: &Path) -> Result<()> {
    let sh = shell()?;
    let pages = share.join("man/man1");
    cmd!(sh, "{command} man {pages}").quiet().run()?;
    for (name, place, _) in COMPLETIONS {
        let script = cmd!(sh, "{command} completions {name}").quiet().read()?;
        write(
            &share.join(place),
            format!("{}\n", script.trim_end()).as_bytes(),
        )?;
    }
    Ok(())
}

/// Licences, the bill of materials, and the changelog.
fn documents(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    changes_supply::write(&root(), &Product::ALL, folder).context("the notices")?;
    for name in ["LICENSE", "CHANGELOG.md"] {
        put(&root().join(name), &folder.join(name))?;
    }
    Ok(())
}

/// Copies a file, creating its parent folders.
pub fn put(from: &Path, to: &Path) -> Result<()> {
    let copy = || -> std::io::Result<()> {
        fs::create_dir_all(to.parent().unwrap_or(Path::new(".")))?;
        fs::copy(from, to)?;
        Ok(())
    };
    copy().with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

/// Writes a file, creating its parent folders.
pub fn write(to: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(to.parent().unwrap_or(Path::new(".")))?;
        fs::write(to, bytes)
    };
    write().with_context(|| format!("cannot write {}", to.display()))
}

/// Sets the permissions of everything below `folder`: readable by all, programs executable.
pub fn set_rights(folder: &Path) -> Result<()> {
    for path in all(folder)? {
        let runs = path.is_dir() || runs(&path);
        rights(&path, if runs { 0o755 } else { 0o644 })?;
    }
    Ok(())
}

/// Whether a file is executable: programs and scripts are, libraries are not.
fn runs(path: &Path) -> bool {
    let below_bin = path.parent().is_some_and(|it| it.ends_with("bin"));
    below_bin || path.extension().is_some_and(|it| it == "sh")
}

#[cfg(unix)]
fn rights(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .with_context(|| format!("cannot set the permissions of {}", path.display()))
}

#[cfg(not(unix))]
fn rights(_: &Path, _: u32) -> Result<()> {
    Ok(())
}

/// Everything below `folder`, and itself.
pub fn all(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![folder.to_owned()];
    let mut next = 0;
    while next < found.len() {
        if found[next].is_dir() {
            for entry in fs::read_dir(&found[next])? {
                found.push(entry?.path());
            }
        }
        next += 1;
    }
    found.sort();
    Ok(found)
}
