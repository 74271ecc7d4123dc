//! The songs of a command line.

mod kinds;
mod places;
mod several;
mod source;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

pub use kinds::PassedOver;
pub use places::outputs;
pub use several::Several;
pub use source::Song;

use crate::error::Error;
use kinds::Kind;

/// The songs in files and folders.
#[derive(Debug, Default)]
pub struct Found {
    /// The songs, each once.
    pub songs: Vec<Song>,
    /// Files in folders that cannot be read.
    pub passed_over: PassedOver,
    /// Folders and files that cannot be read, and folders without songs.
    pub problems: Vec<Error>,
    /// Files in folders that are not music.
    pub beside: PassedOver,
    /// Whether several files or a folder were given, so that there may be any number of songs.
    pub are_several: bool,
}

/// The songs of these paths: files as they are, folders as the songs in and below them, in order of
/// their names.
///
/// # Errors
/// [`Error::NoSongs`] or [`Error::ReadFolder`] if nothing at all was found.
pub fn listed(paths: &[PathBuf]) -> Result<Found, Error> {
    let mut found = Found {
        are_several: paths.len() > 1,
        ..Found::default()
    };
    let mut folders = HashSet::new();
    for path in paths {
        if !path.is_dir() {
            if is_mistyped(path) {
                found.problems.push(Error::NoSuchThing(path.clone()));
            } else {
                found.songs.push(Song::from_argument(path));
            }
            continue;
        }
        found.are_several = true;
        // The tree of a single folder becomes that of the output; of several, each gets its own
        // subfolder.
        let below = match paths {
            [_] => PathBuf::new(),
            _ => own_name(path, &mut folders),
        };
        let mut in_it = Found::default();
        walk(path, &below, &mut in_it);
        if in_it.songs.is_empty() && in_it.problems.is_empty() {
            in_it.beside.join(&in_it.passed_over);
            in_it.problems.push(Error::NoSongs {
                path: path.clone(),
                kinds: in_it.beside.kinds(),
            });
        }
        found.songs.append(&mut in_it.songs);
        found.problems.append(&mut in_it.problems);
        found.passed_over.join(&in_it.passed_over);
    }
    let mut places = HashSet::new();
    found.songs.retain(|song| places.insert(song.identity()));
    match found.problems.pop() {
        Some(problem) if found.songs.is_empty() => return Err(problem),
        last => found.problems.extend(last),
    }
    Ok(found)
}

/// Whether a path is a single word without a file: likely a mistyped command.
fn is_mistyped(path: &Path) -> bool {
    let is_word = path.components().count() == 1 && path.extension().is_none();
    is_word && path != "-" && path.symlink_metadata().is_err()
}

/// A name for a folder that differs from those before.
fn own_name(path: &Path, taken: &mut HashSet<String>) -> PathBuf {
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = absolute.file_name().unwrap_or_default();
    let mut own = PathBuf::from(name);
    let mut number = 2;
    while !taken.insert(places::key(&own)) {
        let mut numbered = name.to_owned();
        numbered.push(format!(" ({number})"));
        own = numbered.into();
        number += 1;
    }
    own
}

fn walk(folder: &Path, below: &Path, found: &mut Found) {
    let mut walked = Walked::new(folder);
    let entries = WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| walked.enters(entry));
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if error.loop_ancestor().is_some() => continue,
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                // A broken link matters only if it names a song.
                if path.is_symlink() && kinds::by_name(&path) != Kind::Song {
                    continue;
                }
                let source = error
                    .into_io_error()
                    .unwrap_or_else(|| std::io::Error::other("the folders form a loop"));
                found.problems.push(Error::ReadFolder { path, source });
                continue;
            }
        };
        if entry.file_type().is_dir() {
            continue;
        }
        let path = entry.path();
        match kinds::by_name(path) {
            Kind::Song if entry.file_type().is_file() => {
                let place = path.strip_prefix(folder).unwrap_or(path);
                found.songs.push(Song::in_folder(path, below.join(place)));
            }
            Kind::Beside => found.beside.add(path),
            Kind::Hidden => {}
            Kind::Song | Kind::Unknown => found.passed_over.add(path),
        }
    }
}

/// The searched folders, by their canonical paths.
struct Walked(Vec<PathBuf>);

impl Walked {
    fn new(folder: &Path) -> Self {
        Self(folder.canonicalize().into_iter().collect())
    }

    /// Whether to enter an entry: all except links to folders that are searched anyway, whether
    /// above, below or beside it.
    fn enters(&mut self, entry: &DirEntry) -> bool {
        if entry.depth() == 0 || !entry.path_is_symlink() || !entry.file_type().is_dir() {
            return true;
        }
        let Ok(target) = entry.path().canonicalize() else {
            return false;
        };
        let known = |it: &PathBuf| target.starts_with(it) || it.starts_with(&target);
        if self.0.iter().any(known) {
            return false;
        }
        self.0.push(target);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    fn places(found: &Found) -> Vec<String> {
        let place = |song: &Song| song.place().display().to_string().replace('\\', "/");
        found.songs.iter().map(place).collect()
    }

    #[test]
    fn a_folder_is_mirrored_and_several_keep_their_names() {
        let folder = tree(&["x/CD1/a.wav", "x/b.mp3", "x/._b.mp3", "y/CD1/a.WAV"]);
        let at = |name: &str| folder.path().join(name);
        let one = listed(&[at("x")]).unwrap();
        assert_eq!(places(&one), ["CD1/a.wav", "b.mp3"]);
        assert!(one.are_several && one.passed_over.is_empty());
        let two = listed(&[at("x"), at("y"), at("x/b.mp3")]).unwrap();
        assert_eq!(places(&two), ["x/CD1/a.wav", "x/b.mp3", "y/CD1/a.WAV"]);
        let alike = listed(&[at("x/CD1"), at("y/CD1")]).unwrap();
        assert_eq!(places(&alike), ["CD1/a.wav", "CD1 (2)/a.WAV"]);
    }

    #[test]
    fn what_is_named_twice_is_one_song() {
        let folder = tree(&["a.wav", "b/c.wav"]);
        let at = |name: &str| folder.path().join(name);
        let found = listed(&[at("a.wav"), at("b/../a.wav"), at("a.wav")]).unwrap();
        assert_eq!(places(&found), ["a.wav"]);
        let found = listed(&["-".into(), "-".into()]).unwrap();
        assert_eq!(found.songs.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_once_and_loops_not_at_all() {
        use std::os::unix::fs::symlink;
        let folder = tree(&["in/a/x.wav", "out/y.wav", "in/one.mp3"]);
        let at = |name: &str| folder.path().join(name);
        symlink(at("in"), at("in/a/loop")).unwrap();
        symlink("..", at("in/up")).unwrap();
        symlink(".", at("in/a/self")).unwrap();
        symlink(at("in/a"), at("in/0 aside")).unwrap();
        symlink(at("out"), at("in/other")).unwrap();
        symlink(at("out"), at("in/other again")).unwrap();
        symlink(at("in"), at("out/back")).unwrap();
        symlink("nowhere", at("in/dangling.txt")).unwrap();
        symlink("one.mp3", at("in/two.mp3")).unwrap();
        let found = listed(&[at("in")]).unwrap();
        assert_eq!(
            places(&found),
            ["a/x.wav", "one.mp3", "other/y.wav", "two.mp3"]
        );
        assert!(found.problems.is_empty(), "{:?}", found.problems);
        symlink("nowhere", at("in/dangling.wav")).unwrap();
        assert_eq!(listed(&[at("in")]).unwrap().problems.len(), 1);
    }

    #[test]
    fn folders_without_songs_say_what_they_hold() {
        let folder = tree(&["a/x.wma", "a/y.WMA", "a/z.ape", "b/s.wav", "b/s.dsf"]);
        let at = |name: &str| folder.path().join(name);
        let error = listed(&[at("a")]).unwrap_err().to_string();
        assert!(error.contains("1 .ape, 2 .wma"), "{error}");
        let found = listed(&[at("a"), at("b")]).unwrap();
        assert_eq!(places(&found), ["b/s.wav"]);
        assert_eq!(found.problems.len(), 1);
        assert_eq!(found.passed_over.kinds(), "1 .ape, 1 .dsf, 2 .wma");
    }
}
