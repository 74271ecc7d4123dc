//! What the licences of the plugin's dependencies allow.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};

use crate::supply::{self, Platform};
use crate::workspace::{root, say};

/// The part of `deny.toml` that is read here; cargo-deny reads the rest.
#[derive(Deserialize)]
struct Rules {
    licenses: Licences,
}

/// Licences under which a library may become part of the plugin.
#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
}

impl Licences {
    fn read() -> Result<Vec<Licensee>> {
        let path = root().join(supply::RULES);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let rules: Rules =
            toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
        let allow = rules.licenses.allow.iter();
        allow
            .map(|it| Licensee::parse(it).with_context(|| format!("{it:?} in {}", path.display())))
            .collect()
    }
}

/// Fails if anything that the shipped programs are linked with is under another licence
/// than `deny.toml` allows.
pub fn check() -> Result<()> {
    let allow = Licences::read()?;
    let linked = supply::linked(&["changes-plugin", "changes-cli"], Platform::All)?;
    let mut refused = Vec::new();
    for package in &linked.packages {
        let licence = package.license.as_deref().unwrap_or_default();
        if !allowed(licence, &allow) {
            refused.push(format!("{} {}: {licence:?}", package.name, package.version));
        }
    }
    ensure!(
        refused.is_empty(),
        "not allowed in the plugin: {}",
        refused.join("; ")
    );
    say(format!(
        "{} packages, all under licences that allow it",
        linked.packages.len()
    ));
    Ok(())
}

/// Whether a licence expression leaves a choice that is allowed.
fn allowed(licence: &str, allow: &[Licensee]) -> bool {
    Expression::parse_mode(licence, ParseMode::LAX).is_ok_and(|expression| {
        expression.evaluate(|requirement| allow.iter().any(|it| it.satisfies(requirement)))
    })
}

#[cfg(test)]
mod tests {
    use super::{Licences, allowed};

    #[test]
    fn a_choice_is_enough_and_copyleft_is_not() {
        let allow = Licences::read().unwrap();
        for licence in [
            "MIT",
            "MIT/Apache-2.0",
            "MIT OR GPL-3.0-only",
            "MPL-2.0",
            "Apache-2.0 WITH LLVM-exception",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
        ] {
            assert!(allowed(licence, &allow), "{licence}");
        }
        for licence in [
            "GPL-3.0-or-later",
            "LGPL-2.1-only",
            "MIT AND GPL-2.0-only",
            "",
            "Own",
        ] {
            assert!(!allowed(licence, &allow), "{licence}");
        }
    }
}
