//! The licence texts of third-party work in a product.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use cargo_metadata::Package;
use spdx::{Expression, ParseMode};

use crate::packages::Linked;

/// Lower-case beginnings of the names of licence files.
const NAMES: [&str; 6] = [
    "licence",
    "license",
    "copying",
    "copyright",
    "notice",
    "unlicense",
];

/// The largest file that counts as a licence, in bytes.
const MAX_BYTES: u64 = 256 << 10;

/// Fonts in the plugin: folders with the licence and a table of the files.
const FONTS: [&str; 2] = ["harmony/assets/fonts", "plugin/assets/fonts"];

/// All texts, each once, with the packages it applies to.
pub fn text(root: &Path, linked: &Linked) -> Result<String> {
    let mut holders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in linked.third_party() {
        let texts = texts_of(package)
            .with_context(|| format!("the licence of {} {}", package.name, package.version))?;
        for text in texts {
            let holder = format!("{} {}", package.name, package.version);
            holders.entry(text).or_default().push(holder);
        }
    }
    for folder in FONTS {
        let path = root.join(folder);
        let read = |name: &str| {
            let path = path.join(name);
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let text = format!(
            "{}\n\n{}",
            read("README.md")?.trim(),
            read("OFL.txt")?.trim()
        );
        holders
            .entry(text)
            .or_default()
            .push(format!("fonts of {folder}"));
    }
    let library = "Copyright (c) The Rust Project Contributors";
    for id in ["MIT", "Apache-2.0"] {
        let text = format!("{library}\n\n{}", standard_text(id)?);
        let holder = "the standard library of Rust".to_owned();
        holders.entry(text).or_default().push(holder);
    }

    let mut all = format!(
        "Changes {} contains the work of others. Their licences and notices follow:\n\
         {} texts, each with the packages it applies to.\n",
        env!("CARGO_PKG_VERSION"),
        holders.len()
    );
    // In the order of the packages, not of the texts.
    let mut ordered: Vec<(&Vec<String>, &String)> =
        holders.iter().map(|(text, of)| (of, text)).collect();
    ordered.sort();
    for (of, text) in ordered {
        let rule = "=".repeat(80);
        write!(all, "\n{rule}\n{}\n{rule}\n\n{text}\n", of.join(", "))?;
    }
    Ok(all)
}

/// The texts in a package's folder, or the standard ones if it has none.
fn texts_of(package: &Package) -> Result<Vec<String>> {
    let manifest = package.manifest_path.as_std_path();
    let folder = manifest.parent().context("a manifest without a folder")?;
    let mut texts = Vec::new();
    if let Some(named) = &package.license_file {
        texts.push(tidy(&folder.join(named))?);
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if !NAMES.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        if entry.metadata()?.is_file() {
            paths.push(entry.path());
        } else {
            for entry in fs::read_dir(entry.path())? {
                paths.push(entry?.path());
            }
        }
    }
    paths.sort();
    for path in paths {
        if path.metadata()?.len() <= MAX_BYTES && path.extension() != Some("rs".as_ref()) {
            texts.push(tidy(&path)?);
        }
    }
    if texts.is_empty() {
        texts.push(stated_text(package)?);
    }
    texts.sort();
    texts.dedup();
    Ok(texts)
}

/// A file as text, with line ends and trailing white space normalized, so that equal texts
/// compare equal.
fn tidy(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    Ok(lines.join("\n").trim_matches('\n').to_owned())
}

/// The standard texts of the licences that a package declares, with its authors.
fn stated_text(package: &Package) -> Result<String> {
    let stated = package.license.as_deref().context("no licence is stated")?;
    let expression = Expression::parse_mode(stated, ParseMode::LAX)?;
    let mut text = format!(
        "{stated}; the package has no text of its own.\nCopyright (c) {}",
        if package.authors.is_empty() {
            format!("the authors of {}", package.name)
        } else {
            package.authors.join(", ")
        }
    );
    let mut found = 0;
    for requirement in expression.requirements() {
        if let Some(id) = requirement.req.license.id() {
            write!(text, "\n\n{}", id.text().trim())?;
            found += 1;
        }
    }
    ensure!(found > 0, "{stated:?} has no known text");
    Ok(text)
}

fn standard_text(id: &str) -> Result<&'static str> {
    let id = spdx::license_id(id).with_context(|| format!("no licence {id}"))?;
    Ok(id.text().trim())
}
