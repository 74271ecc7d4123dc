//! Matching of names as people type them.

/// Whether `text` is `name`, ignoring case, spaces, hyphens and underscores: `Drop 2` and `drop-2`
/// are `drop2`.
pub(crate) fn is(name: &str, text: &str) -> bool {
    let plain = |text: &str| {
        let kept = text.chars().filter(|c| !matches!(c, ' ' | '-' | '_'));
        kept.map(|c| c.to_ascii_lowercase()).collect::<String>()
    };
    plain(name) == plain(text)
}
