//! Values that are read more kindly than files are.

use harmony::key::Key;
use harmony::time::{MAX_BPM, MIN_BPM};

/// A tempo that a MIDI file can hold.
pub(super) fn tempo(text: &str) -> Result<f64, String> {
    match text.trim().parse() {
        Ok(bpm) if (MIN_BPM..=MAX_BPM).contains(&bpm) => Ok(bpm),
        _ => Err(format!("expected a number from {MIN_BPM} to {MAX_BPM}")),
    }
}

/// A key in any case: `eb:maj`, `F# Minor`, `am`, `B♭`.
pub(super) fn key(text: &str) -> Result<Key, String> {
    let plain = text.trim().replace('♭', "b").replace('♯', "#");
    let first = plain.chars().next().map(|c| c.to_ascii_uppercase());
    let first_up: String = first.into_iter().chain(plain.chars().skip(1)).collect();
    // `AM` may mean either mode and stays refused; a word does not.
    let split = first_up.find([':', ' ', '-']);
    let word_down = split.map(|at| {
        let (tonic, mode) = first_up.split_at(at);
        format!("{tonic}{}", mode.to_ascii_lowercase().replace('-', " "))
    });
    let forms = [Some(plain.as_str()), Some(&first_up), word_down.as_deref()];
    let read = forms
        .into_iter()
        .flatten()
        .find_map(|form| form.parse().ok());
    read.ok_or_else(|| {
        let refused = text.parse::<Key>().err();
        refused.map_or_else(String::new, |error| error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_as_people_type_them() {
        for (typed, meant) in [
            ("Eb:maj", "Eb:maj"),
            ("eb:maj", "Eb:maj"),
            ("EB", ""),
            ("am", "A:min"),
            ("A Minor", "A:min"),
            ("f#:MIN", "F#:min"),
            ("B♭", "Bb:maj"),
            ("bb", "Bb:maj"),
            ("F♯m", "F#:min"),
            ("c-minor", "C:min"),
            (" C ", "C:maj"),
            ("H:maj", ""),
            ("AM", ""),
            ("", ""),
        ] {
            let read = key(typed).map_or_else(|_| String::new(), |key| key.to_string());
            assert_eq!(read, meant, "{typed}");
        }
        assert!(key("H:maj").unwrap_err().contains("H:maj"));
    }
}
