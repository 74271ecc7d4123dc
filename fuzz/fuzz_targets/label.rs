//! Chord labels in Harte syntax, and chord symbols as musicians type them.

#![no_main]

use harmony::key::Key;
use harmony::label::{Encoded, Label};
use harmony::style::{Style, format, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
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
});
