//! Finds the licence of a package's music in its Debian `copyright` file.
//!
//! Most are in Debian's machine-readable format
//! (<https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/>): stanzas of `Files:`
//! patterns with the short name of a `License:`. The patterns are those of the source package,
//! not of the files installed, so they are matched by the kind of file they name.

use std::collections::BTreeSet;

/// Extensions and folders in patterns of music.
const NAMES_AUDIO: [&str; 11] = [
    ".ogg", ".oga", ".opus", ".mp3", ".flac", ".wav", "music", "sound", "audio", "song", "/snd/",
];

/// Extensions that are not music, even in such a folder.
const NAMES_OTHER: [&str; 4] = [".cpp", ".c", ".h", ".py"];

/// The SPDX expression of the music's licences: those of the stanzas that name audio, or else
/// of the stanza for all files. `LicenseRef-PACKAGE` where the file has another format.
pub fn licence(copyright: &str, package: &str) -> String {
    let unknown = || format!("LicenseRef-{package}");
    if !copyright
        .trim_start()
        .to_ascii_lowercase()
        .starts_with("format")
    {
        return unknown();
    }
    let mut of_audio = BTreeSet::new();
    let mut of_all = None;
    for stanza in stanzas(copyright) {
        let (Some(files), Some(licence)) = (field(&stanza, "files"), field(&stanza, "license"))
        else {
            continue;
        };
        let licence = expression(licence.lines().next().unwrap_or_default());
        for pattern in files.split_whitespace() {
            let lower = pattern.to_ascii_lowercase();
            if pattern == "*" {
                of_all = Some(licence.clone());
            } else if NAMES_AUDIO.iter().any(|name| lower.contains(name))
                && !NAMES_OTHER.iter().any(|name| lower.ends_with(name))
            {
                of_audio.insert(licence.clone());
            }
        }
    }
    if of_audio.is_empty() {
        of_audio.extend(of_all);
    }
    let all: Vec<String> = of_audio
        .into_iter()
        .map(|one| {
            if one.contains(" OR ") {
                format!("({one})")
            } else {
                one
            }
        })
        .collect();
    if all.is_empty() {
        unknown()
    } else {
        all.join(" AND ")
    }
}

/// The stanzas of a control file, without comments.
fn stanzas(text: &str) -> Vec<Vec<&str>> {
    let mut stanzas = vec![Vec::new()];
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if line.trim().is_empty() {
            stanzas.push(Vec::new());
        } else if let Some(stanza) = stanzas.last_mut() {
            stanza.push(line);
        }
    }
    stanzas
}

/// The value of a field, with its continuation lines.
fn field(stanza: &[&str], name: &str) -> Option<String> {
    let mut value: Option<String> = None;
    for line in stanza {
        if line.starts_with([' ', '\t']) {
            if let Some(value) = &mut value {
                value.push('\n');
                value.push_str(line.trim());
            }
        } else if value.is_some() {
            break;
        } else if let Some((key, rest)) = line.split_once(':')
            && key.eq_ignore_ascii_case(name)
        {
            value = Some(rest.trim().to_owned());
        }
    }
    value
}

/// Debian's short name of a licence as an SPDX expression.
fn expression(short: &str) -> String {
    let clean = short.replace(',', " ");
    let mut words: Vec<String> = Vec::new();
    let mut name: Vec<&str> = Vec::new();
    // A name may have several words ("GPL-3+ with Font exception").
    for word in clean.split_whitespace() {
        if word.eq_ignore_ascii_case("or") || word.eq_ignore_ascii_case("and") {
            words.extend(identifier(&name));
            name.clear();
            words.push(word.to_ascii_uppercase());
        } else {
            name.push(word);
        }
    }
    words.extend(identifier(&name));
    let text = words.join(" ");
    match spdx::Expression::parse(&text) {
        Ok(_) => text,
        Err(_) => identifier(&[clean.as_str()]).unwrap_or_else(|| "LicenseRef-unknown".into()),
    }
}

/// A single licence; `None` for no words.
fn identifier(words: &[&str]) -> Option<String> {
    let name = words.join("-");
    if name.is_empty() {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    let known = match lower.as_str() {
        "expat" => "MIT",
        "cc0" => "CC0-1.0",
        "cc-by-sa-3" => "CC-BY-SA-3.0",
        "bsd-2-clause" => "BSD-2-Clause",
        "bsd-3-clause" => "BSD-3-Clause",
        "zlib" => "Zlib",
        "free-art-license" | "fal-1.3" => "LAL-1.3",
        "free-art-license-1.2" => "LAL-1.2",
        _ => "",
    };
    if !known.is_empty() {
        return Some(known.into());
    }
    if let Some(version) = lower.strip_prefix("gpl-").or(lower.strip_prefix("lgpl-")) {
        let family = if lower.starts_with('l') {
            "LGPL"
        } else {
            "GPL"
        };
        let (version, tail) = match version.strip_suffix('+') {
            Some(version) => (version, "or-later"),
            None => (version, "only"),
        };
        let version = if version.contains('.') {
            version.to_owned()
        } else {
            format!("{version}.0")
        };
        let spdx = format!("{family}-{version}-{tail}");
        if spdx::license_id(&spdx).is_some() {
            return Some(spdx);
        }
    }
    if let Some(id) = spdx::license_id(name.trim_end_matches('+')) {
        return Some(id.name.to_owned());
    }
    let own: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '-'
            }
        })
        .collect();
    Some(format!("LicenseRef-{}", own.trim_matches('-')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
        \n\
        Files: *\nCopyright: someone\nLicense: GPL-2+\n\
        \n\
        # A comment\n\
        Files: data/music/a.ogg\n data/music/b.ogg\nCopyright: another\nLicense: CC-BY-SA-3.0\n \
        The text.\n\
        \n\
        Files: src/sound.cpp\nLicense: BSL-1.0\n\
        \n\
        License: GPL-2+\n Text.\n";

    #[test]
    fn stanzas_of_audio_come_before_the_one_of_all_files() {
        assert_eq!(licence(FILE, "game"), "CC-BY-SA-3.0");
        let all = FILE.replace("music/", "pictures/").replace(".ogg", ".png");
        assert_eq!(licence(&all, "game"), "GPL-2.0-or-later");
        let two = FILE.replace("src/sound.cpp", "sound/x.wav");
        assert_eq!(licence(&two, "game"), "BSL-1.0 AND CC-BY-SA-3.0");
        assert_eq!(licence("This is prose.", "game"), "LicenseRef-game");
        assert_eq!(licence("", "game"), "LicenseRef-game");
    }

    #[test]
    fn short_names_become_spdx_expressions() {
        for (short, spdx) in [
            ("GPL-2", "GPL-2.0-only"),
            ("GPL-3.0+", "GPL-3.0-or-later"),
            ("LGPL-2.1+", "LGPL-2.1-or-later"),
            (
                "Expat or GPL-2 or GPL-3",
                "MIT OR GPL-2.0-only OR GPL-3.0-only",
            ),
            ("CC-BY-SA-3.0+", "CC-BY-SA-3.0"),
            (
                "GPL-2+ and public-domain",
                "GPL-2.0-or-later AND LicenseRef-public-domain",
            ),
            (
                "GPL-3+ with Font exception",
                "LicenseRef-GPL-3--with-Font-exception",
            ),
            (
                "Expat or GPL-2, and CC-BY-3.0",
                "MIT OR GPL-2.0-only AND CC-BY-3.0",
            ),
            ("", "LicenseRef-unknown"),
        ] {
            let text = expression(short);
            assert_eq!(text, spdx);
            spdx::Expression::parse(&text).unwrap();
        }
    }
}
