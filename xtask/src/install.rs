//! Copies the plugins to where hosts look for them.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::bundle;
use crate::workspace::say;

#[derive(clap::Args)]
pub struct Options {
    /// Install below this folder instead of the home folder
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
}

/// The user's own plugin folders on this system.
struct Folders {
    clap: PathBuf,
    vst3: PathBuf,
}

/// Makes the bundles and puts both plugins into the user's plugin folders.
pub fn run(options: &Options) -> Result<()> {
    let bundle = bundle::bundle()?;
    let folders = folders(options.home.as_deref())?;
    for (plugin, folder) in [(&bundle.clap, &folders.clap), (&bundle.vst3, &folders.vst3)] {
        let installed = put(plugin, folder)?;
        say(format!("Installed {}", installed.display()));
    }
    Ok(())
}

fn folders(home: Option<&Path>) -> Result<Folders> {
    let of_variable = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .with_context(|| format!("{name} is not set"))
    };
    let home = |variable: &str| match home {
        Some(home) => Ok(home.to_path_buf()),
        None => of_variable(variable),
    };
    // The folders that the documents of the two formats name.
    Ok(if cfg!(target_os = "macos") {
        let plugins = home("HOME")?.join("Library/Audio/Plug-Ins");
        Folders {
            clap: plugins.join("CLAP"),
            vst3: plugins.join("VST3"),
        }
    } else if cfg!(windows) {
        let common = home("LOCALAPPDATA")?.join("Programs").join("Common");
        Folders {
            clap: common.join("CLAP"),
            vst3: common.join("VST3"),
        }
    } else {
        let home = home("HOME")?;
        Folders {
            clap: home.join(".clap"),
            vst3: home.join(".vst3"),
        }
    })
}

/// Copies `plugin` into `folder` in place of an older one.
///
/// The copy is made beside its place and then renamed: a host that scans meanwhile never sees
/// half a plugin, and one that has loaded the old one keeps it.
fn put(plugin: &Path, folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let name = plugin.file_name().context("a plugin without a name")?;
    let place = folder.join(name);
    let beside = |suffix: &str| {
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(suffix);
        folder.join(hidden)
    };
    let (new, old) = (beside(".new"), beside(".old"));
    remove(&new)?;
    remove(&old)?;
    copy(plugin, &new).with_context(|| format!("cannot copy to {}", new.display()))?;
    if place.exists() {
        // A folder cannot be renamed over another one.
        fs::rename(&place, &old)
            .with_context(|| format!("cannot replace {}; is a host using it?", place.display()))?;
    }
    fs::rename(&new, &place).with_context(|| format!("cannot write {}", place.display()))?;
    remove(&old)?;
    Ok(place)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else {
        fs::copy(from, to)?;
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    let removed = match path.symlink_metadata() {
        Err(_) => return Ok(()),
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    removed.with_context(|| format!("cannot remove {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_bundle_replaces_the_older_one_whole() {
        let temporary = tempfile::tempdir().unwrap();
        let plugin = temporary.path().join("Changes.vst3");
        fs::create_dir_all(plugin.join("Contents/x86_64-linux")).unwrap();
        fs::write(plugin.join("Contents/x86_64-linux/Changes.so"), "new").unwrap();
        let folder = temporary.path().join("home/.vst3");
        fs::create_dir_all(folder.join("Changes.vst3/Contents")).unwrap();
        fs::write(folder.join("Changes.vst3/Contents/left-over"), "old").unwrap();

        let place = put(&plugin, &folder).unwrap();

        let installed = place.join("Contents/x86_64-linux/Changes.so");
        assert_eq!(fs::read_to_string(installed).unwrap(), "new");
        assert!(!place.join("Contents/left-over").exists());
        let names: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|it| it.unwrap().file_name())
            .collect();
        assert_eq!(names, ["Changes.vst3"]);
    }

    #[test]
    fn a_file_replaces_a_file() {
        let temporary = tempfile::tempdir().unwrap();
        let plugin = temporary.path().join("Changes.clap");
        let folder = temporary.path().join(".clap");
        for content in ["first", "second"] {
            fs::write(&plugin, content).unwrap();
            let place = put(&plugin, &folder).unwrap();
            assert_eq!(fs::read_to_string(place).unwrap(), content);
        }
    }
}
