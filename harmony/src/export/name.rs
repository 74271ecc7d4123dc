//! File names made from titles.

/// The longest file name made from a title, in bytes of UTF-8. File systems allow 255, ecryptfs
/// 143; a number and an extension are added.
pub const MOST_BYTES: usize = 80;

/// The name for a title without usable characters.
const UNTITLED: &str = "Chords";

/// Names that Windows reserves for devices, with any extension ("Naming Files, Paths, and
/// Namespaces", Microsoft); those that end in a digit also with a superscript one.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];

/// A file name for a title, without extension, that every operating system accepts: at most
/// [`MOST_BYTES`] long, without characters with a meaning in paths, not a device of Windows, not
/// hidden, and not ending in characters that Windows drops. `Chords` if the title has no usable
/// character.
pub fn file_name(title: &str) -> String {
    let mut name = String::new();
    for c in title.chars().filter_map(allowed) {
        if name.len() + c.len_utf8() > MOST_BYTES {
            break;
        }
        // Characters trimmed at the start do not count.
        if !(name.is_empty() && is_trimmed(c)) {
            name.push(c);
        }
    }
    name.truncate(name.trim_end_matches(is_trimmed).len());
    if name.is_empty() {
        return UNTITLED.to_owned();
    }
    let base = name.split('.').next().unwrap_or_default();
    let base = base.trim_end_matches(is_trimmed).len();
    if is_device(&name[..base]) {
        // Before the extension, which Windows ignores here.
        name.insert(base, '-');
        return file_name(&name);
    }
    name
}

/// The character to write for `c`; `None` if it is left out.
fn allowed(c: char) -> Option<char> {
    match c {
        // Invisible characters, which may reverse the rest of the name.
        '\u{200b}'
        | '\u{200e}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => None,
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' | '\u{2028}' | '\u{2029}' => Some('-'),
        c if c.is_control() => Some('-'),
        c => Some(c),
    }
}

/// Leading dots hide a file, and Windows drops dots and spaces at the end.
fn is_trimmed(c: char) -> bool {
    c == '.' || c.is_whitespace()
}

fn is_device(base: &str) -> bool {
    let numbered = NUMBERED_DEVICES.iter().any(|device| {
        base.get(..device.len())
            .zip(base.get(device.len()..))
            .is_some_and(|(start, end)| {
                let mut digits = end.chars();
                let digit = digits.next();
                start.eq_ignore_ascii_case(device)
                    && digit.is_some_and(|c| c.is_ascii_digit() || "¹²³".contains(c))
                    && digits.next().is_none()
            })
    });
    numbered || DEVICES.iter().any(|it| it.eq_ignore_ascii_case(base))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_stay_as_they_are_where_they_can() {
        for title in [
            "Lights on the Harbour",
            "歌",
            "v1.2",
            "-rf",
            "Concerto",
            "Com",
            "lpt10",
            "A♭ – 2nd take (live) & more",
        ] {
            assert_eq!(file_name(title), title);
        }
    }

    #[test]
    fn what_means_something_in_a_path_is_replaced() {
        assert_eq!(file_name("Lights: on/off"), "Lights- on-off");
        assert_eq!(file_name("a\\b*c?"), "a-b-c-");
        assert_eq!(file_name("one\r\ntwo\u{7f}\u{85}\u{2028}x"), "one--two---x");
        assert_eq!(file_name("gnp\u{202e}.exe\u{feff}"), "gnp.exe");
        assert_eq!(file_name("../../etc/passwd"), "-..-etc-passwd");
    }

    #[test]
    fn nothing_is_left_of_some_titles() {
        for title in ["", " ... ", "\u{200b}", ".", "\u{3000}"] {
            assert_eq!(file_name(title), "Chords", "{title:?}");
        }
    }

    #[test]
    fn the_length_counts_bytes_and_no_character_is_cut() {
        assert_eq!(file_name(&"x".repeat(300)), "x".repeat(80));
        assert_eq!(file_name(&"𝄞".repeat(80)), "𝄞".repeat(20));
        assert_eq!(file_name(&"歌".repeat(80)), "歌".repeat(26));
        // A cut name may end in a character that is dropped.
        assert_eq!(
            file_name(&format!("{} . b", "x".repeat(78))),
            "x".repeat(78)
        );
    }

    #[test]
    fn names_of_windows_devices_are_no_longer_those() {
        for (title, name) in [
            ("CON", "CON-"),
            ("aux.", "aux-"),
            ("Nul.tar.gz", "Nul-.tar.gz"),
            ("prn .txt", "prn- .txt"),
            ("com1", "com1-"),
            ("COM0", "COM0-"),
            ("LPT²", "LPT²-"),
            ("lpt9.mid", "lpt9-.mid"),
            ("conin$", "conin$-"),
            (" con ", "con-"),
        ] {
            assert_eq!(file_name(title), name);
        }
    }

    proptest! {
        #[test]
        fn every_title_makes_a_name(title in "\\PC{0,120}|(?s).{0,120}|(con|aux|lpt1)[. ]{0,90}.{0,9}") {
            let name = file_name(&title);
            prop_assert!(!name.is_empty() && name.len() <= MOST_BYTES);
            prop_assert!(!name.starts_with(is_trimmed) && !name.ends_with(is_trimmed));
            prop_assert!(!name.chars().any(|c| c.is_control() || "/\\:*?\"<>|".contains(c)));
            let base = name.split('.').next().unwrap_or_default();
            prop_assert!(!is_device(base.trim_end()));
            prop_assert_eq!(file_name(&name), name);
        }
    }
}
