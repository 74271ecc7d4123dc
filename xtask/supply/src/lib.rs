//! What the plugin is made of, for whoever gets it: the licence texts of everything within it,
//! and the list of it.

mod notices;
mod packages;
mod sbom;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use packages::Linked;

/// Writes the licence texts of everything within the plugin, and the list of it
/// (CycloneDX), into `folder`; where they are.
///
/// # Errors
/// Where a package has no licence, or something cannot be read or written.
pub fn write(root: &Path, folder: &Path) -> Result<[PathBuf; 2]> {
    let linked = Linked::find(root, "changes-plugin")?;
    let texts = notices::text(root, &linked)?;
    let bill = serde_json::to_vec_pretty(&sbom::bill(root, &linked)?)?;
    Ok([
        put(folder, "Changes-third-party-notices.txt", texts.as_bytes())?,
        put(folder, "Changes.cdx.json", &bill)?,
    ])
}

/// Writes a file whole or not at all.
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
        let linked = Linked::find(&root(), "changes-plugin").unwrap();
        let (text, bill) = (
            notices::text(&root(), &linked).unwrap(),
            serde_json::to_value(sbom::bill(&root(), &linked).unwrap()).unwrap(),
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
        // Ours are there too, beside the plugin itself.
        let ours = components.iter().filter(|it| it.get("purl").is_none());
        let ours: Vec<&str> = ours.filter_map(|it| it["name"].as_str()).collect();
        let known = [
            "changes-realtime",
            "harmony",
            "recognizer",
            "recognizer-mono",
        ];
        assert_eq!(ours, known);
        assert_eq!(components.len(), names.len() + ours.len());
    }
}
