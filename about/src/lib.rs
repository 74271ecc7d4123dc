//! The version and commit of this build.

/// Version and commit, as in `0.1.0 (commit 1a2b3c4d5e6f)`. A build without a known commit has
/// `0.1.0 (built from source)`; one with uncommitted changes ends in `-dirty`.
pub const BUILD: &str = env!("CHANGES_BUILD");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_version_and_origin() {
        let rest = BUILD.strip_prefix(env!("CARGO_PKG_VERSION")).unwrap();
        assert!(
            rest == " (built from source)" || rest.starts_with(" (commit "),
            "{BUILD}"
        );
    }
}
