//! Folders of songs: every song once, each with its own output, and nothing lost silently.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use support::{changes_in, files, songs, triad};

#[test]
fn the_tree_is_mirrored_below_the_output_folder() {
    let folder = songs(&[
        "albums/CD1/01 Intro.wav",
        "albums/CD1/01 Intro.WAVE",
        "albums/CD2/01 Intro.wav",
        "albums/single.wav",
    ]);
    fs::write(
        folder.path().join("albums/CD1/._01 Intro.wav"),
        b"\x00\x05\x16\x07",
    )
    .unwrap();
    fs::write(folder.path().join("albums/CD1/.DS_Store"), "").unwrap();
    fs::write(folder.path().join("albums/CD1/cover.jpg"), "").unwrap();
    changes_in(folder.path(), &["albums", "-o", "out"]).clean();
    let out = folder.path().join("out");
    assert_eq!(
        files(&out),
        [
            "CD1/01 Intro.WAVE.lab",
            "CD1/01 Intro.wav.lab",
            "CD2/01 Intro.lab",
            "single.lab"
        ]
    );
    let first = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    assert!(first("CD1/01 Intro.wav.lab").contains("C:maj"));
    assert!(
        first("CD1/01 Intro.WAVE.lab").contains("C#:maj")
            || first("CD1/01 Intro.WAVE.lab").contains("Db:maj")
    );
    assert!(first("CD2/01 Intro.lab").contains("D:maj"));
    // Several folders keep their own names.
    changes_in(
        &folder.path().join("albums"),
        &["CD1", "CD2", "-o", "../two", "-f", "csv"],
    )
    .clean();
    assert_eq!(
        files(&folder.path().join("two")),
        [
            "CD1/01 Intro.WAVE.csv",
            "CD1/01 Intro.wav.csv",
            "CD2/01 Intro.csv"
        ]
    );
}

#[test]
fn files_that_would_share_an_output_are_told_apart() {
    let folder = songs(&["a.wav", "a.aiff", "x/a.wav", "A.WAV", "y/b.wav", "z/b.wav"]);
    changes_in(
        folder.path(),
        &[
            "a.wav",
            "x/a.wav",
            "y/b.wav",
            "./y/../y/b.wav",
            "z/b.wav",
            "-o",
            "out",
        ],
    )
    .clean();
    let out = |name: &str| files(&folder.path().join(name));
    let found = out("out");
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.contains(&"y/b.lab".to_owned()) && found.contains(&"z/b.lab".to_owned()));
    // Also on a case-insensitive file system.
    changes_in(folder.path(), &["a.wav", "A.WAV", "a.aiff", "-o", "case"]).clean();
    let mut names: Vec<String> = out("case").iter().map(|it| it.to_lowercase()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 3, "{names:?}");
    // The same file twice is one song.
    changes_in(folder.path(), &["a.wav", "./a.wav", "-o", "once"]).clean();
    assert_eq!(out("once"), ["a.lab"]);
}

#[cfg(unix)]
#[test]
fn loops_of_links_end() {
    use std::os::unix::fs::symlink;
    let folder = songs(&["in/CD1/a.wav", "in/b.wav"]);
    symlink("..", folder.path().join("in/CD1/up")).unwrap();
    symlink(".", folder.path().join("in/here")).unwrap();
    symlink(folder.path(), folder.path().join("in/above")).unwrap();
    changes_in(folder.path(), &["in", "-o", "out"]).clean();
    assert_eq!(files(&folder.path().join("out")), ["CD1/a.lab", "b.lab"]);
}

#[test]
fn what_cannot_be_read_is_named_and_counted() {
    let folder = songs(&["in/a.wav"]);
    for name in [
        "in/b.wma",
        "in/sub/c.WMA",
        "in/d.ape",
        "in/noise",
        "in/list.m3u",
        "in/notes.txt",
    ] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    let ran = changes_in(folder.path(), &["in", "-o", "out"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    for part in [
        "4 files",
        "2 .wma",
        "1 .ape",
        "1 without extension",
        "c.WMA",
        "noise",
        "ffmpeg",
    ] {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
    fs::remove_file(folder.path().join("in/a.wav")).unwrap();
    let message = changes_in(folder.path(), &["in", "-o", "out2"]).refused(1);
    assert!(
        message.contains("no audio files") && message.contains("2 .wma"),
        "{message}"
    );
    assert!(!folder.path().join("out2").exists());
}

#[test]
fn printed_tracks_carry_the_names_of_their_files() {
    let folder = songs(&["in/CD1/a.wav", "in/CD2/a.wav"]);
    let run = |words: &[&str]| changes_in(folder.path(), words).clean().text();
    let name = |cd: &str| {
        std::path::Path::new("in")
            .join(cd)
            .join("a.wav")
            .display()
            .to_string()
    };
    for words in [
        vec!["in"],
        vec!["in/CD1/a.wav", "in/CD2/a.wav"],
        vec!["in", "-o", "-"],
    ] {
        let text = run(&words);
        let heads: Vec<&str> = text.lines().filter(|line| line.ends_with(".wav")).collect();
        let named: Vec<String> = heads
            .iter()
            .map(|it| it.replace('/', std::path::MAIN_SEPARATOR_STR))
            .collect();
        assert_eq!(named, [name("CD1"), name("CD2")], "{text}");
    }
    // A folder with a single song counts as several, too.
    assert!(run(&["in/CD1"]).lines().next().unwrap().ends_with("a.wav"));
    assert!(!run(&["in/CD1/a.wav"]).contains("a.wav"));
    let labels = run(&["in", "-f", "lab"]);
    assert_eq!(
        labels
            .lines()
            .filter(|line| line.starts_with("# in"))
            .count(),
        2,
        "{labels}"
    );
    let import = harmony::import::lab::parse(&run(&["in/CD1", "-f", "lab"])).unwrap();
    assert!(!import.is_empty());
}

#[test]
fn a_broken_song_or_folder_does_not_stop_the_others() {
    let folder = songs(&["in/a.wav", "in/z.wav"]);
    fs::write(folder.path().join("in/broken.mp3"), "nothing").unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    let ran = changes_in(folder.path(), &["in", "empty", "missing.wav", "-o", "out"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    for part in [
        "broken.mp3",
        "empty: ",
        "missing.wav",
        "3 of 5 files failed",
    ] {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
    assert_eq!(files(&folder.path().join("out")), ["in/a.lab", "in/z.lab"]);
}

#[cfg(unix)]
mod stop {
    use super::*;
    use std::process::{Command, Stdio};
    use std::time::Duration;
    use support::{CHANGES, press_ctrl_c};

    /// Ctrl-C ends the run between two songs or within one; finished files are whole, and the same
    /// command does the rest.
    #[test]
    fn what_is_done_stays_and_the_same_command_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..60 {
            triad(
                &folder.path().join(format!("in/{number:02}.wav")),
                number % 12,
            );
        }
        let mut child = Command::new(CHANGES)
            .args(["in", "-o", "out", "-f", "mid"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = folder.path().join("out");
        while !out.join("00.mid").exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
        press_ctrl_c(&child);
        let status = child.wait().unwrap();
        let done = files(&out);
        // A machine that is very fast may have done all of it.
        if status.code() != Some(0) {
            assert_eq!(status.code(), Some(130));
            let mut message = String::new();
            std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut message).unwrap();
            assert!(
                message.contains(&format!("{} of 60 songs are done", done.len())),
                "{message} {done:?}"
            );
        }
        for name in &done {
            let bytes = fs::read(out.join(name)).unwrap();
            assert!(
                name.ends_with(".mid") && bytes.starts_with(b"MThd"),
                "{name}"
            );
        }
        let ran = changes_in(folder.path(), &["in", "-o", "out", "-f", "mid"]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_eq!(files(&out).len(), 60);
    }
}
