//! What the licences of the plugin's dependencies allow.

use anyhow::{Context, Result, ensure};
use spdx::{Expression, ParseMode};
use xshell::cmd;

use crate::workspace::{say, shell};

/// Licences under which a library may become part of the plugin: whoever gets the
/// plugin needs to get no source of ours with it.
const ALLOWED: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    // Of whole files: those of the decoders are published as they are.
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Fails if anything that the shipped programs are linked with is under another licence.
pub fn check() -> Result<()> {
    let sh = shell()?;
    let format = "{p}|{l}";
    let tree = cmd!(
        sh,
        "cargo tree --package changes-plugin --package changes-cli --edges normal --target all
         --prefix none --format {format}"
    )
    .quiet()
    .read()?;
    // A package met again is marked so, with what stands before it left out.
    let mut lines: Vec<&str> = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|line| !line.is_empty())
        .collect();
    lines.sort_unstable();
    lines.dedup();
    let mut refused = Vec::new();
    for line in &lines {
        let (package, licence) = line.split_once('|').context("odd output of cargo tree")?;
        if !allowed(licence) {
            refused.push(format!("{package}: {licence:?}"));
        }
    }
    ensure!(
        refused.is_empty(),
        "not allowed in the plugin: {}",
        refused.join("; ")
    );
    say(format!(
        "{} packages, all under licences that allow it",
        lines.len()
    ));
    Ok(())
}

/// Whether a licence expression leaves a choice that is allowed.
fn allowed(licence: &str) -> bool {
    Expression::parse_mode(licence, ParseMode::LAX).is_ok_and(|expression| {
        expression.evaluate(|requirement| {
            let name = requirement.license.to_string();
            ALLOWED.contains(&name.as_str())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::allowed;

    #[test]
    fn a_choice_is_enough_and_copyleft_is_not() {
        for licence in [
            "MIT",
            "MIT/Apache-2.0",
            "MIT OR GPL-3.0-only",
            "MPL-2.0",
            "Apache-2.0 WITH LLVM-exception",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
        ] {
            assert!(allowed(licence), "{licence}");
        }
        for licence in [
            "GPL-3.0-or-later",
            "LGPL-2.1-only",
            "MIT AND GPL-2.0-only",
            "",
            "Own",
        ] {
            assert!(!allowed(licence), "{licence}");
        }
    }
}
