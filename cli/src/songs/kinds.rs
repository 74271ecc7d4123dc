//! Kinds of files by their names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The extensions of songs in folders: those of every readable format, including video.
const AUDIO: [&str; 37] = [
    "aac", "adts", "aif", "aifc", "aiff", "au", "bw64", "bwf", "caf", "f4a", "flac", "m4a", "m4b",
    "m4r", "m4v", "mka", "mkv", "mov", "mp1", "mp2", "mp3", "mp4", "mpa", "mpga", "oga", "ogg",
    "ogv", "ogx", "opus", "qt", "rf64", "snd", "w64", "wav", "wave", "weba", "webm",
];

/// Extensions of files that are expected beside music and ignored: texts, pictures, playlists,
/// files of other programs, and chord tracks.
const BESIDE: [&str; 54] = [
    "accurip", "asd", "bak", "bmp", "cho", "chopro", "chordpro", "crd", "csv", "cue", "db", "doc",
    "docx", "ffp", "gif", "heic", "htm", "html", "ini", "jams", "jpeg", "jpg", "json", "lab",
    "lnk", "log", "lrc", "m3u", "m3u8", "md", "md5", "mid", "midi", "musicxml", "nfo", "odt",
    "pdf", "peak", "pkf", "pls", "png", "rtf", "reapeaks", "sfk", "sfv", "sha256", "svg", "tif",
    "tiff", "txt", "url", "webp", "xml", "xspf",
];

/// The most files that a message names one by one.
const MOST_NAMED: usize = 8;

/// The kind of a file in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A song, by its extension.
    Song,
    /// Not music: ignored.
    Beside,
    /// A hidden file.
    Hidden,
    /// Perhaps music in a format that cannot be read.
    Unknown,
}

/// The kind of a file by its name.
pub(super) fn by_name(path: &Path) -> Kind {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    // Metadata that macOS writes on foreign file systems, with the file's extension.
    if name.starts_with(b"._") {
        return Kind::Hidden;
    }
    let extension = extension(path);
    if AUDIO.contains(&extension.as_str()) {
        Kind::Song
    } else if name.starts_with(b".") {
        Kind::Hidden
    } else if BESIDE.contains(&extension.as_str()) {
        Kind::Beside
    } else {
        Kind::Unknown
    }
}

/// The extension in lower case, empty without one.
fn extension(path: &Path) -> String {
    let extension = path.extension().unwrap_or_default();
    extension.to_string_lossy().to_lowercase()
}

/// Files of folders that cannot be read.
#[derive(Debug, Default)]
pub struct PassedOver {
    kinds: BTreeMap<String, usize>,
    named: Vec<PathBuf>,
    count: usize,
}

impl PassedOver {
    /// Counts a file.
    pub(super) fn add(&mut self, path: &Path) {
        *self.kinds.entry(extension(path)).or_default() += 1;
        self.count += 1;
        if self.named.len() < MOST_NAMED {
            self.named.push(path.to_owned());
        }
    }

    /// Adds the files of another folder.
    pub(super) fn join(&mut self, others: &Self) {
        for (kind, count) in &others.kinds {
            *self.kinds.entry(kind.clone()).or_default() += count;
        }
        self.count += others.count;
        let room = MOST_NAMED - self.named.len();
        self.named.extend(others.named.iter().take(room).cloned());
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// `2 .wma, 1 without extension`.
    pub fn kinds(&self) -> String {
        let kinds = self.kinds.iter().map(|(extension, count)| {
            if extension.is_empty() {
                format!("{count} without extension")
            } else {
                format!("{count} .{extension}")
            }
        });
        kinds.collect::<Vec<_>>().join(", ")
    }

    /// A line about all of them.
    pub fn report(&self) -> String {
        let mut names: Vec<String> = self
            .named
            .iter()
            .map(|it| it.display().to_string())
            .collect();
        if self.count > names.len() {
            names.push(format!("{} more", self.count - names.len()));
        }
        let files = if self.count == 1 { "file" } else { "files" };
        format!(
            "skipped {} {files} of kinds that cannot be read: {} ({}); to convert one: ffmpeg -i FILE song.flac",
            self.count,
            self.kinds(),
            names.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_kinds() {
        for (name, kind) in [
            ("a.wav", Kind::Song),
            ("a.OPUS", Kind::Song),
            ("01. a.b.Mp3", Kind::Song),
            (".hidden.flac", Kind::Song),
            ("._a.wav", Kind::Hidden),
            (".DS_Store", Kind::Hidden),
            ("cover.JPG", Kind::Beside),
            ("a.wma", Kind::Unknown),
            ("wav", Kind::Unknown),
        ] {
            assert_eq!(by_name(Path::new(name)), kind, "{name}");
        }
    }

    /// Every format of the recognizer's test files is found in folders.
    #[test]
    fn whatever_can_be_read_is_a_song() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../recognizer/tests/audio");
        let mut read = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if recognizer::audio::decode_file(&path, &mut |_| {}).is_ok() {
                assert_eq!(by_name(&path), Kind::Song, "{}", path.display());
                read += 1;
            }
        }
        assert!(read >= 5, "{read} files");
    }

    #[test]
    fn many_are_counted_and_some_named() {
        let mut passed = PassedOver::default();
        for index in 0..20 {
            passed.add(Path::new(&format!("{index}.wma")));
        }
        passed.add(Path::new("b/noise"));
        let text = passed.report();
        for part in [
            "21 files",
            "20 .wma",
            "1 without extension",
            "0.wma",
            "13 more",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
