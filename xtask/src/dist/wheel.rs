//! The Python package: a wheel by maturin, and its tests in an environment with nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use changes_supply::Product;
use xshell::cmd;

use super::folder;
use super::release::Release;
use crate::workspace::{root, say, shell, target};
use crate::{bundle, python};

/// Builds the wheel. Returns its path.
pub fn build(release: &Release) -> Result<PathBuf> {
    let sh = shell()?;
    let target = target()?;
    let requirements = [PathBuf::from("python/requirements/build.txt")];
    let python = python::kept(&target.join("maturin"), &requirements)?;
    let package = staged(&target.join("wheel"))?;
    say("Building the Python package");
    // An empty folder, so that only the new wheel is in it afterwards.
    let built = target.join("wheel/built");
    remove(&built)?;
    let maturin = python.with_file_name("maturin");
    let manifest = package.join("Cargo.toml");
    cmd!(
        sh,
        "{maturin} build --release --locked --quiet --manifest-path {manifest} --target-dir {target}
         --out {built}"
    )
    .env("SOURCE_DATE_EPOCH", release.time.to_string())
    .run()?;
    let mut wheels = Vec::new();
    for entry in fs::read_dir(&built)? {
        wheels.push(entry?.path());
    }
    ensure!(wheels.len() == 1, "maturin wrote {wheels:?}");
    let name = wheels[0].file_name().context("a wheel without a name")?;
    let place = folder()?.join(name);
    fs::copy(&wheels[0], &place).with_context(|| format!("cannot write {}", place.display()))?;
    Ok(place)
}

/// Writes the texts that the package adds to its own. Returns their folder.
fn staged(scratch: &Path) -> Result<PathBuf> {
    let package = root().join("python");
    fs::create_dir_all(scratch)?;
    let [texts, _] = changes_supply::write(&root(), &Product::PYTHON, scratch)
        .context("the notices of the Python package")?;
    fs::copy(&texts, package.join("THIRD-PARTY-NOTICES.txt"))?;
    Ok(package)
}

/// Lints the package, installs the wheel into a new environment, and runs the package's tests there.
pub fn check() -> Result<()> {
    lint()?;
    let wheel = build(&Release::find(None)?)?;
    let command = bundle::program("changes")?;
    let sh = shell()?;
    let environment = target()?.join("wheel/environment");
    let requirements = [PathBuf::from("python/requirements/test.txt")];
    let python = python::fresh(&environment, &requirements)?;
    cmd!(
        sh,
        "{python} -m pip install --quiet --disable-pip-version-check {wheel}"
    )
    .run()?;
    // From another folder, so that the installed package is tested.
    let tests = root().join("python/tests");
    sh.change_dir(&environment);
    cmd!(sh, "{python} -m pytest --quiet -p no:cacheprovider {tests}")
        .env("CHANGES_COMMAND", command)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .run()?;
    Ok(())
}

/// The lint steps of the workspace, for this package.
fn lint() -> Result<()> {
    let sh = shell()?;
    let (manifest, target) = ("python/Cargo.toml", target()?);
    cmd!(sh, "cargo fmt --manifest-path {manifest} --check").run()?;
    cmd!(
        sh,
        "cargo clippy --release --locked --manifest-path {manifest} --target-dir {target}
         -- --deny warnings"
    )
    .run()?;
    Ok(())
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// `version = "…"` of the table `[head]` of a manifest.
    fn version(manifest: &str, head: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(manifest);
        let text = std::fs::read_to_string(path).unwrap();
        let behind = text.split(head).nth(1).unwrap();
        let line = behind.lines().find(|it| it.starts_with("version")).unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    }

    #[test]
    fn the_python_package_has_the_version_of_the_workspace() {
        assert_eq!(
            version("../python/Cargo.toml", "[package]"),
            version("../Cargo.toml", "[workspace.package]")
        );
    }

    #[test]
    fn the_licence_in_the_python_package_is_ours() {
        let read = |path: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
            std::fs::read_to_string(path).unwrap()
        };
        assert_eq!(read("../python/LICENSE"), read("../LICENSE"));
    }
}
