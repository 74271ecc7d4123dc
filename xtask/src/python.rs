//! The Python environment of the tests that compare with other programs.
//!
//! Each folder with Python tests has a `requirements.txt` with exact versions; all of them go
//! into one environment below the target directory. No test runs the scripts that make goldens,
//! and their packages are not in it. The Python package has environments of its own for
//! building and testing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use xshell::cmd;

use crate::apt;
use crate::workspace::{say, shell, target};

/// The interpreter of the environment, which is created, or recreated where it does not match
/// the requirement files.
pub fn environment() -> Result<PathBuf> {
    kept(&target()?.join("python"), &requirements()?)
}

/// The interpreter of the environment in `folder`, which is created, or recreated where it does
/// not match the requirement files.
pub fn kept(folder: &Path, requirements: &[PathBuf]) -> Result<PathBuf> {
    let python = interpreter(folder);
    let mut hash = Sha256::new();
    for path in requirements {
        let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        hash.update(&content);
    }
    let wanted: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let stamp = folder.join("requirements.sha256");
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    fresh(folder, requirements)?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(python)
}

/// The interpreter of a new environment in `folder`, with the packages of the requirement files.
pub fn fresh(folder: &Path, requirements: &[PathBuf]) -> Result<PathBuf> {
    let sh = shell()?;
    say(format!(
        "Setting up Python packages in {}",
        folder.display()
    ));
    let python = interpreter(folder);
    let system = system()?;
    cmd!(sh, "{system} -m venv --clear {folder}")
        .quiet()
        .run()?;
    if requirements.is_empty() {
        return Ok(python);
    }
    let arguments: Vec<&Path> = requirements
        .iter()
        .flat_map(|path| [Path::new("-r"), path.as_path()])
        .collect();
    cmd!(
        sh,
        "{python} -m pip install --quiet --disable-pip-version-check {arguments...}"
    )
    .quiet()
    .run()?;
    Ok(python)
}

fn interpreter(folder: &Path) -> PathBuf {
    folder.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    })
}

/// The ONNX Runtime library inside the Python package of that name, in the environment of
/// `python`.
pub fn onnx_runtime(python: &Path) -> Result<PathBuf> {
    let sh = shell()?;
    let script = "import onnxruntime.capi as capi; print(list(capi.__path__)[0])";
    let folder = cmd!(sh, "{python} -c {script}")
        .quiet()
        .read()
        .context("the Python package onnxruntime cannot be imported")?;
    let is_library = |name: &str| {
        name.starts_with("libonnxruntime.") && !name.ends_with(".a") || name == "onnxruntime.dll"
    };
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {folder}"))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(is_library) {
            return Ok(path);
        }
    }
    bail!("no ONNX Runtime library in {folder}")
}

/// Every requirement file of the repository, in a fixed order.
fn requirements() -> Result<Vec<PathBuf>> {
    let sh = shell()?;
    let listed = cmd!(
        sh,
        "git ls-files --cached --others --exclude-standard *requirements.txt"
    )
    .quiet()
    .read()
    .context("cannot list the requirement files with git")?;
    let mut paths: Vec<PathBuf> = listed
        .lines()
        .filter(|line| !line.contains("goldens/"))
        .map(PathBuf::from)
        .collect();
    paths.sort();
    Ok(paths)
}

/// A Python that can create environments, installed where it is missing.
pub fn system() -> Result<&'static str> {
    let works = |name: &str| -> Result<bool> {
        let probe = "import venv, ensurepip, sys; sys.exit(sys.version_info < (3, 10))";
        let sh = shell()?;
        let command = cmd!(sh, "{name} -c {probe}");
        Ok(command
            .quiet()
            .ignore_stdout()
            .ignore_stderr()
            .run()
            .is_ok())
    };
    let name = if cfg!(windows) { "python" } else { "python3" };
    if works(name)? {
        return Ok(name);
    }
    apt::ensure(
        &["python3", "python3-venv"],
        "comparing with Python programs",
    )?;
    if works(name)? {
        return Ok(name);
    }
    bail!("Python 3.10 or newer with its venv module is needed, and {name} is older or lacks it")
}
