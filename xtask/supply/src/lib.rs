//! Licence texts and bill of materials of everything that ships.

mod notices;
mod packages;
mod sbom;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use packages::Linked;

/// Something that ships.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// The folder of the repository with its lock file.
    pub workspace: &'static str,
    /// Its packages in that folder, the main one first.
    pub packages: &'static [&'static str],
    /// Features that it is built with.
    pub features: &'static [&'static str],
    /// Its target, if that is another system than this one.
    pub triple: Option<&'static str>,
}

impl Product {
    /// The two bundles of the plugin.
    pub const PLUGIN: Self = Self {
        workspace: ".",
        packages: &["changes-plugin"],
        features: &[],
        triple: None,
    };
    /// The plugin, the standalone program and the command.
    pub const ALL: Self = Self {
        workspace: ".",
        packages: &["changes-plugin", "changes-cli"],
        features: &["changes-plugin/standalone"],
        triple: None,
    };
    /// The web page.
    pub const PAGE: Self = Self {
        workspace: ".",
        packages: &["changes-web"],
        features: &[],
        triple: Some("wasm32-unknown-unknown"),
    };
    /// The Python package.
    pub const PYTHON: Self = Self {
        workspace: "python",
        packages: &["changes-python"],
        features: &[],
        triple: None,
    };
}

/// Writes the licence texts and the bill of materials (CycloneDX) of a product into `folder`.
/// Returns their paths.
///
/// # Errors
/// If a package has no licence, or something cannot be read or written.
pub fn write(root: &Path, product: &Product, folder: &Path) -> Result<[PathBuf; 2]> {
    let linked = Linked::find(root, product)?;
    let texts = notices::text(root, &linked)?;
    let bill = serde_json::to_vec_pretty(&sbom::bill(&linked)?)?;
    Ok([
        put(folder, "Changes-third-party-notices.txt", texts.as_bytes())?,
        put(folder, "Changes.cdx.json", &bill)?,
    ])
}

/// Writes a file completely or not at all.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let path = folder.join(name);
    let write = || -> Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.persist(&path)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    #[test]
    fn everything_in_the_plugin_is_named_with_its_licence() {
        let linked = Linked::find(&root(), &Product::PLUGIN).unwrap();
        let (text, bill) = (
            notices::text(&root(), &linked).unwrap(),
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
        // Our own packages are there too, beside the plugin itself.
        let ours = components.iter().filter(|it| it.get("purl").is_none());
        let ours: Vec<&str> = ours.filter_map(|it| it["name"].as_str()).collect();
        let known = [
            "changes-about",
            "changes-realtime",
            "harmony",
            "recognizer",
            "recognizer-mono",
        ];
        assert_eq!(ours, known);
        assert_eq!(components.len(), names.len() + ours.len());
    }

    #[test]
    fn what_the_command_and_the_standalone_program_add_is_named() {
        let of = |product| {
            let linked = Linked::find(&root(), product).unwrap();
            let names: Vec<String> = linked
                .packages
                .iter()
                .map(|it| it.name.to_string())
                .collect();
            names
        };
        let (plugin, all) = (of(&Product::PLUGIN), of(&Product::ALL));
        assert!(plugin.iter().all(|name| all.contains(name)));
        for name in ["changes-cli", "clap", "ctrlc", "jack"] {
            assert!(all.iter().any(|it| it == name), "{name}");
        }
    }
}
