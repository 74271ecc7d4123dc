//! Unique paths of chord tracks in an output folder.

use std::collections::{BTreeMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::Song;

/// A key that is equal for paths of the same file on a case-insensitive file system.
pub(super) fn key(path: &Path) -> String {
    path.to_string_lossy().to_lowercase()
}

/// Ways to name the chord track of a song, simplest first.
const WAYS: [fn(&Song, &str) -> PathBuf; 4] = [
    |song, extension| named(song.place(), false, extension),
    |song, extension| named(song.place(), true, extension),
    |song, extension| named(&within_its_folder(song), false, extension),
    |song, extension| named(&within_its_folder(song), true, extension),
];

/// A unique path below the output folder for the chord track of each song. Songs that would share
/// one keep their own extensions, else get the names of their folders, else numbers.
pub fn outputs(songs: &[Song], extension: &str) -> Vec<PathBuf> {
    let plain: Vec<PathBuf> = songs.iter().map(|song| WAYS[0](song, extension)).collect();
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut taken: HashSet<String> = HashSet::new();
    for (index, path) in plain.iter().enumerate() {
        groups.entry(key(path)).or_default().push(index);
        // A file cannot have the name of a folder of the tree.
        taken.extend(path.ancestors().skip(1).map(key));
    }
    let mut outputs = plain;
    let (alone, shared): (Vec<_>, Vec<_>) = groups
        .into_iter()
        .partition(|(key, group)| group.len() == 1 && !taken.contains(key));
    taken.extend(alone.into_iter().map(|(key, _)| key));
    for (_, group) in shared {
        let way = WAYS[1..].iter().find_map(|way| {
            let paths: Vec<PathBuf> = group.iter().map(|&it| way(&songs[it], extension)).collect();
            let keys: HashSet<String> = paths.iter().map(|path| key(path)).collect();
            let free = keys.len() == group.len() && keys.is_disjoint(&taken);
            free.then_some(paths)
        });
        let paths = way.unwrap_or_else(|| {
            let mut taken = taken.clone();
            let number = |&it: &usize| numbered(&songs[it], extension, &mut taken);
            group.iter().map(number).collect()
        });
        for (index, path) in group.into_iter().zip(paths) {
            taken.insert(key(&path));
            outputs[index] = path;
        }
    }
    outputs
}

/// The first of `song`, `song (2)`, `song (3)` … that is free.
fn numbered(song: &Song, extension: &str, taken: &mut HashSet<String>) -> PathBuf {
    let mut path = WAYS[0](song, extension);
    let mut number = 2;
    while !taken.insert(key(&path)) {
        let mut stem = song.place().file_stem().unwrap_or_default().to_owned();
        stem.push(format!(" ({number})"));
        path = with_extension(song.place(), stem, extension);
        number += 1;
    }
    path
}

fn named(place: &Path, with_own_extension: bool, extension: &str) -> PathBuf {
    let name = if with_own_extension {
        place.file_name()
    } else {
        place.file_stem()
    };
    with_extension(place, name.unwrap_or_default().to_owned(), extension)
}

fn with_extension(place: &Path, mut name: OsString, extension: &str) -> PathBuf {
    name.push(".");
    name.push(extension);
    place.with_file_name(name)
}

/// The path of a song below the name of its own folder.
fn within_its_folder(song: &Song) -> PathBuf {
    let absolute = std::path::absolute(song.path()).unwrap_or_default();
    let parent = absolute.parent().and_then(Path::file_name);
    let name = song.place().file_name().unwrap_or_default();
    let place = song
        .place()
        .with_file_name(parent.unwrap_or(OsStr::new("")));
    place.join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(paths: &[&str]) -> Vec<String> {
        let songs: Vec<Song> = paths
            .iter()
            .map(|path| Song::from_argument(Path::new(path)))
            .collect();
        let text = |path: PathBuf| path.display().to_string().replace('\\', "/");
        outputs(&songs, "lab").into_iter().map(text).collect()
    }

    #[test]
    fn songs_are_told_apart_by_extension_folder_and_number() {
        assert_eq!(of(&["x/a.wav", "y/b.mp3"]), ["a.lab", "b.lab"]);
        assert_eq!(of(&["a.mp3", "a.wav"]), ["a.mp3.lab", "a.wav.lab"]);
        assert_eq!(
            of(&["CD1/a.wav", "CD2/a.wav", "CD2/b.wav"]),
            ["CD1/a.lab", "CD2/a.lab", "b.lab"]
        );
        assert_eq!(
            of(&["CD1/a.wav", "CD2/a.wav", "CD2/a.mp3"]),
            ["CD1/a.wav.lab", "CD2/a.wav.lab", "CD2/a.mp3.lab"]
        );
        assert_eq!(of(&["x/a.wav", "y/x/a.wav"]), ["a.lab", "a (2).lab"]);
    }

    #[test]
    fn letters_of_either_case_are_the_same_file() {
        let found = of(&["Song.wav", "song.WAV", "SÖNG.wav", "söng.mp3"]);
        let keys: HashSet<String> = found.iter().map(|it| it.to_lowercase()).collect();
        assert_eq!(keys.len(), 4, "{found:?}");
    }

    #[test]
    fn a_folder_of_the_tree_is_no_file() {
        let songs = [
            Song::in_folder(Path::new("in/a.lab/b.wav"), "a.lab/b.wav".into()),
            Song::in_folder(Path::new("in/a.wav"), "a.wav".into()),
        ];
        let found = outputs(&songs, "lab");
        assert_eq!(found, [Path::new("a.lab/b.lab"), Path::new("a.wav.lab")]);
    }
}
