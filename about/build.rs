//! Puts version and commit together.
//!
//! Git is not run: each commit would recompile everything that shows it, and a source archive has
//! no commits. The release build (`cargo xtask dist`) passes the commit.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=CHANGES_COMMIT");
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let commit = env::var("CHANGES_COMMIT").unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let build = if commit.is_empty() {
        "built from source".to_owned()
    } else {
        assert!(
            commit.chars().all(is_plain),
            "CHANGES_COMMIT is no commit: {commit:?}"
        );
        format!("commit {commit}")
    };
    println!("cargo:rustc-env=CHANGES_BUILD={version} ({build})");
}
