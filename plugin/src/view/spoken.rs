//! Spoken names for screen readers: words instead of printed signs.

use super::names::ChordName;

/// Longer ones first: they contain shorter ones.
const WORDS: [(&str, &str); 21] = [
    ("hdim", "half-diminished"),
    ("maj", "major"),
    ("min", "minor"),
    ("dim", "diminished"),
    ("aug", "augmented"),
    ("sus", "suspended"),
    ("add", "add"),
    ("omit", "without"),
    ("no", "without"),
    ("ø", "half-diminished"),
    ("°", "diminished"),
    ("+", "augmented"),
    ("Δ", "major"),
    ("m", "minor"),
    ("-", "minor"),
    ("−", "minor"),
    ("*", "without"),
    ("♭", "flat"),
    ("♯", "sharp"),
    ("b", "flat"),
    ("#", "sharp"),
];

/// A chord in its written notation: `A♭maj7/C` is "A flat major 7 over C". Empty if it has no
/// name.
pub fn chord(name: &ChordName) -> String {
    let mut words = vec![note(&name.root)];
    words.extend(quality(&name.quality));
    // "A" alone could be an article. Numerals are unambiguous.
    let numeral = |first: char| {
        matches!(
            first,
            'I' | 'V' | 'i' | 'v' | '1'..='7' | 'b' | '#' | '♭' | '♯'
        )
    };
    if words.len() == 1 && !name.root.is_empty() && !name.root.starts_with(numeral) {
        words.push("major".to_owned());
    }
    if let Some(bass) = &name.bass {
        words.push("over".to_owned());
        words.push(note(bass));
    }
    words.join(" ")
}

/// A note, or the numeral or number of a degree, with its accidentals.
fn note(name: &str) -> String {
    let mut letters = name.chars();
    let plain = match (letters.next(), letters.next()) {
        // As typed: Bb. Numerals have it in front: bVII.
        (Some('A'..='G'), Some('b')) => name.replace('b', "♭"),
        (Some('b'), _) => name.replacen('b', "♭", 1),
        _ => name.to_owned(),
    };
    signs(&plain.replace('#', "♯"))
}

/// The part after the root, word by word.
fn quality(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((sign, word)) = WORDS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            words.push((*word).to_owned());
            rest = &rest[sign.len()..];
            continue;
        }
        let digits = rest.chars().take_while(|it| digit(*it).is_some());
        let number: String = digits.filter_map(digit).collect();
        let read: usize = rest.chars().take(number.len()).map(char::len_utf8).sum();
        if read > 0 {
            words.push(number);
            rest = &rest[read..];
            continue;
        }
        // Brackets, commas and the slash of 6/9 are not spoken.
        if first.is_alphabetic() {
            words.push(first.to_string());
        }
        rest = &rest[first.len_utf8()..];
    }
    words
}

/// A digit, normal or superscript.
fn digit(letter: char) -> Option<char> {
    match letter {
        '0'..='9' => Some(letter),
        '¹' => Some('1'),
        '²' => Some('2'),
        '³' => Some('3'),
        '⁰' | '⁴'..='⁹' => char::from_digit(letter as u32 - '⁰' as u32, 10),
        _ => None,
    }
}

/// A text with its musical and mathematical signs replaced by words.
pub fn signs(text: &str) -> String {
    let mut said = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        let word = match letter {
            '♭' => "flat",
            '♯' => "sharp",
            '𝄫' => "double flat",
            '𝄪' => "double sharp",
            'ø' => "half-diminished",
            '°' => "diminished",
            '−' => "minus",
            '·' => ",",
            _ => {
                said.push(letter);
                continue;
            }
        };
        if word == "," {
            said.truncate(said.trim_end().len());
        } else if !said.is_empty() && !said.ends_with([' ', '(', '\n']) {
            said.push(' ');
        }
        said.push_str(word);
        said.push(' ');
    }
    // A word is followed by a space, unless it ends something.
    for end in [",", ".", ":", ")"] {
        said = said.replace(&format!(" {end}"), end);
    }
    while said.contains("  ") {
        said = said.replace("  ", " ");
    }
    said.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_are_said_in_words() {
        for (written, said) in [
            ("C", "C major"),
            ("B♭/D", "B flat major over D"),
            ("H", "H major"),
            ("IV", "IV"),
            ("♭VII", "flat VII"),
            ("A♭maj7", "A flat major 7"),
            ("G7(♭9)", "G 7 flat 9"),
            ("F♯ø7", "F sharp half-diminished 7"),
            ("B♭7sus4", "B flat 7 suspended 4"),
            ("Cm(maj7)/E♭", "C minor major 7 over E flat"),
            ("Am7/C", "A minor 7 over C"),
            ("C°7", "C diminished 7"),
            ("C+", "C augmented"),
            ("C6/9", "C 6 9"),
            ("C(add9)", "C add 9"),
            ("E5", "E 5"),
            // Plain text, Harte, numerals and Nashville numbers.
            ("Bbm7b5", "B flat minor 7 flat 5"),
            ("F#7", "F sharp 7"),
            ("Bb:min7/b3", "B flat minor 7 over flat 3"),
            ("C:maj(9,*5)", "C major 9 without 5"),
            ("F#:hdim7", "F sharp half-diminished 7"),
            ("♭VIImaj7", "flat VII major 7"),
            ("♯ivø7", "sharp iv half-diminished 7"),
            ("1maj⁷", "1 major 7"),
            ("♭7⁷sus⁴", "flat 7 7 suspended 4"),
        ] {
            assert_eq!(chord(&ChordName::new(written)), said, "{written}");
        }
        assert_eq!(chord(&ChordName::default()), "");
    }

    #[test]
    fn signs_within_texts_become_words() {
        for (written, said) in [
            ("", ""),
            ("Undo", "Undo"),
            ("Key E♭ major", "Key E flat major"),
            ("A = 432 Hz, −32 cents", "A = 432 Hz, minus 32 cents"),
            ("D♭ / C♯", "D flat / C sharp"),
            ("Key · set by hand", "Key, set by hand"),
            ("For B♭ and E♭.", "For B flat and E flat."),
        ] {
            assert_eq!(signs(written), said);
        }
    }
}
