//! The software bill of materials: CycloneDX 1.6 as JSON
//! (<https://cyclonedx.org/docs/1.6/json>).

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::Package;
use serde::{Deserialize, Serialize};

use crate::packages::Linked;

/// A bill of materials.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bill {
    bom_format: &'static str,
    spec_version: &'static str,
    version: u32,
    metadata: Head,
    components: Vec<Component>,
    dependencies: Vec<Dependency>,
}

#[derive(Serialize)]
struct Head {
    component: Component,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Component {
    r#type: &'static str,
    bom_ref: String,
    name: String,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<Licence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
}

#[derive(Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
struct Licence {
    expression: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    r#ref: String,
    depends_on: Vec<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

/// The bill of a product, from its packages.
pub fn bill(linked: &Linked) -> Result<Bill> {
    let checksums = checksums(&linked.lock)?;
    let component = |package: &Package| {
        let key = (package.name.to_string(), package.version.to_string());
        let checksum = checksums.get(&key);
        Component {
            r#type: "library",
            bom_ref: reference(package),
            name: package.name.to_string(),
            version: package.version.to_string(),
            description: package.description.clone(),
            hashes: checksum
                .map(|content| Hash {
                    alg: "SHA-256",
                    content: content.clone(),
                })
                .into_iter()
                .collect(),
            licenses: package
                .license
                .iter()
                // Old packages separate alternatives with a slash.
                .map(|it| Licence {
                    expression: it.replace('/', " OR "),
                })
                .collect(),
            // Packages of the workspace are in no registry.
            purl: package.source.is_some().then(|| reference(package)),
        }
    };
    let chief = linked
        .packages
        .iter()
        .find(|it| it.name == linked.chief)
        .context("a product that is not among its packages")?;
    Ok(Bill {
        bom_format: "CycloneDX",
        spec_version: "1.6",
        version: 1,
        metadata: Head {
            component: Component {
                r#type: "application",
                name: "Changes".to_owned(),
                ..component(chief)
            },
        },
        components: linked
            .packages
            .iter()
            .filter(|it| it.id != chief.id)
            .map(component)
            .collect(),
        dependencies: linked
            .packages
            .iter()
            .map(|package| Dependency {
                r#ref: reference(package),
                depends_on: linked
                    .dependencies(package)
                    .into_iter()
                    .map(reference)
                    .collect(),
            })
            .collect(),
    })
}

/// A package's URL (<https://github.com/package-url/purl-spec>).
fn reference(package: &Package) -> String {
    // Package names need no escaping; versions need one.
    let version = package.version.to_string().replace('+', "%2B");
    format!("pkg:cargo/{}@{version}", package.name)
}

/// SHA-256 of the packages from the registry, by name and version.
fn checksums(path: &Path) -> Result<BTreeMap<(String, String), String>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let lock: Lock = toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
    let locked = lock.package.into_iter();
    Ok(locked
        .filter_map(|it| Some(((it.name, it.version), it.checksum?)))
        .collect())
}
