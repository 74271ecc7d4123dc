//! Parsers of option values, more tolerant than those of files.

use harmony::key::Key;
use harmony::time::{MAX_BPM, MIN_BPM};
use recognizer::tuning::{MAX_CENTS, Tuning, TuningSetting};

/// A tempo within the bounds of MIDI files.
pub(super) fn tempo(text: &str) -> Result<f64, String> {
    match text.trim().parse() {
        Ok(bpm) if (MIN_BPM..=MAX_BPM).contains(&bpm) => Ok(bpm),
        _ => Err(format!("expected a number from {MIN_BPM} to {MAX_BPM}")),
    }
}

/// A tuning: `auto`, the frequency of A as `432` or `A=432 Hz`, or cents as `-32c`.
pub(super) fn tuning(text: &str) -> Result<TuningSetting, String> {
    if text.trim().eq_ignore_ascii_case("auto") {
        return Ok(TuningSetting::Estimated);
    }
    match text.parse() {
        Ok(tuning) => Ok(TuningSetting::Fixed(tuning)),
        Err(_) => {
            let [low, high] = [-MAX_CENTS, MAX_CENTS].map(|it| Tuning::from_cents(it).a4_hz());
            Err(format!(
                "expected auto, the frequency of A from {low:.0} to {high:.0} (432), or cents \
                 within ±{MAX_CENTS} (-32c)"
            ))
        }
    }
}

/// A key in any case: `eb:maj`, `F# Minor`, `am`, `B♭`.
pub(super) fn key(text: &str) -> Result<Key, String> {
    let plain = text.trim().replace('♭', "b").replace('♯', "#");
    let first = plain.chars().next().map(|c| c.to_ascii_uppercase());
    let first_up: String = first.into_iter().chain(plain.chars().skip(1)).collect();
    // `AM` is ambiguous and stays refused; with a word for the mode it is not.
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
    fn tunings_are_hertz_or_cents() {
        let cents = |text| match tuning(text) {
            Ok(TuningSetting::Fixed(tuning)) => Some(tuning.cents().round()),
            _ => None,
        };
        for (text, expected) in [
            ("432", -32.0),
            ("A=432 Hz", -32.0),
            ("a4 = 444", 16.0),
            ("A=443", 12.0),
            ("-32c", -32.0),
            ("−32 cents", -32.0),
            ("+20C", 20.0),
            ("440", 0.0),
        ] {
            assert_eq!(cents(text), Some(expected), "{text}");
        }
        assert_eq!(tuning("Auto"), Ok(TuningSetting::Estimated));
        for text in ["", "flat", "300", "-90c", "nan", "A=", "infc"] {
            assert!(tuning(text).is_err(), "{text}");
        }
    }

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
