//! Chord labels in Harte syntax, and chord symbols as musicians type them.

use harmony::key::Key;
use harmony::label::{Encoded, Label};
use harmony::style::{Style, format, read};

/// Reads `data` as a label, a symbol and a key.
///
/// # Panics
/// Where a promise of the reader does not hold.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let labels = [text.parse::<Label>().ok(), read(text).ok()];
    for label in labels.into_iter().flatten() {
        let written = label.to_string();
        assert_eq!(written.parse().as_ref(), Ok(&label), "{written}");
        for fold in [false, true] {
            let _ = Encoded::new(&label, fold);
        }
        for style in Style::ALL {
            assert!(!format(&label, style, None).is_empty());
        }
    }
    if let Ok(key) = text.parse::<Key>() {
        assert_eq!(key.to_string().parse(), Ok(key));
    }
}
