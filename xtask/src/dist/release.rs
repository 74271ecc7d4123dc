//! The release: its version, its commit, and the timestamp of its files.

use std::env;
use std::fs;

use anyhow::{Context, Result, bail, ensure};
use xshell::cmd;

use crate::workspace::{root, shell};

/// The timestamp of archives from a tree without commits: 1980, the earliest in a zip file.
const NO_COMMIT_TIME: u64 = 315_532_800;

/// The release being built.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// The workspace's version.
    pub version: String,
    /// The commit, followed by `-dirty` where files differ from it; `None` outside a clone.
    pub commit: Option<String>,
    /// Seconds since 1970: `SOURCE_DATE_EPOCH`, else the commit's.
    pub time: u64,
}

impl Release {
    /// The release of this tree. If `wanted` names a version, everything must be ready for it.
    ///
    /// # Errors
    /// If the workspace has another version, there are uncommitted changes, or the changelog
    /// lacks the version.
    pub fn find(wanted: Option<&str>) -> Result<Self> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let (commit, changed) = commit()?;
        if let Some(wanted) = wanted {
            let changelog =
                fs::read_to_string(root().join("CHANGELOG.md")).context("the changelog")?;
            ready(wanted, &version, commit.as_deref(), &changed, &changelog)?;
        }
        let commit = commit.map(|it| {
            if changed.is_empty() {
                it
            } else {
                format!("{it}-dirty")
            }
        });
        let time = match env::var("SOURCE_DATE_EPOCH") {
            Ok(text) => text
                .parse()
                .with_context(|| format!("SOURCE_DATE_EPOCH is not a time: {text:?}"))?,
            Err(_) => commit_time().unwrap_or(NO_COMMIT_TIME),
        };
        Ok(Self {
            version,
            commit,
            time,
        })
    }
}

/// The short commit, and the files that differ from it.
fn commit() -> Result<(Option<String>, Vec<String>)> {
    let sh = shell()?;
    let head = cmd!(sh, "git rev-parse --short=12 HEAD")
        .quiet()
        .ignore_stderr()
        .read();
    let Ok(head) = head else {
        return Ok((None, Vec::new()));
    };
    let status = cmd!(sh, "git status --porcelain").quiet().read()?;
    Ok((Some(head), status.lines().map(str::to_owned).collect()))
}

fn commit_time() -> Option<u64> {
    let sh = shell().ok()?;
    let format = "--format=%ct";
    let time = cmd!(sh, "git log -1 {format}")
        .quiet()
        .ignore_stderr()
        .read();
    time.ok()?.trim().parse().ok()
}

/// Whether a tree is ready for release as `wanted`.
fn ready(
    wanted: &str,
    version: &str,
    commit: Option<&str>,
    changed: &[String],
    changelog: &str,
) -> Result<()> {
    ensure!(
        wanted == version,
        "the workspace's version is {version}, not {wanted}: change it in Cargo.toml"
    );
    ensure!(
        commit.is_some(),
        "a release is built from a commit, and this is no clone of the repository"
    );
    if let [first, ..] = changed {
        bail!(
            "{} files differ from the commit ({}): commit them first",
            changed.len(),
            first.trim()
        );
    }
    let head = format!("## [{wanted}]");
    ensure!(
        changelog.lines().any(|line| line.starts_with(&head)),
        "CHANGELOG.md has no section {head}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_tree_that_is_ready_is_released() {
        let log = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2027-01-01\n";
        let refused = |wanted: &str, commit: Option<&str>, changed: &[&str]| {
            let changed: Vec<String> = changed.iter().map(|it| (*it).to_owned()).collect();
            let result = ready(wanted, "0.2.0", commit, &changed, log);
            result.err().map(|error| error.to_string())
        };
        assert_eq!(refused("0.2.0", Some("1a2b3c"), &[]), None);
        for (wanted, commit, changed, message) in [
            ("0.3.0", Some("1a2b3c"), &[][..], "version is 0.2.0"),
            ("0.2.0", None, &[], "no clone"),
            ("0.2.0", Some("1a2b3c"), &[" M README.md"], "README.md"),
        ] {
            let error = refused(wanted, commit, changed).unwrap();
            assert!(error.contains(message), "{error}");
        }
        let old = ready("0.2.0", "0.2.0", Some("1"), &[], "## [0.1.0]\n").unwrap_err();
        assert!(old.to_string().contains("[0.2.0]"), "{old}");
    }
}
