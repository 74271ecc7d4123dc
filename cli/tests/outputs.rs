//! Output targets: by name and `--format`, nothing lost, no partial files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use support::{changes_in, files, shell, songs};

#[test]
fn a_dash_is_standard_output_for_every_format() {
    let folder = songs(&["song.wav"]);
    let run = |words: &[&str]| changes_in(folder.path(), words).clean().out;
    for (format, file) in [
        ("mid", "a.mid"),
        ("pdf", "a.pdf"),
        ("svg", "a.svg"),
        ("lab", "a.lab"),
        ("musicxml", "a.musicxml"),
        ("jams", "a.jams"),
    ] {
        run(&["song.wav", "-o", file]);
        let bytes = fs::read(folder.path().join(file)).unwrap();
        assert!(
            run(&["song.wav", "-o", "-", "-f", format]) == bytes,
            "{format}"
        );
        assert!(run(&["song.wav", "-f", format]) == bytes, "{format}");
        if cfg!(unix) {
            assert!(run(&["song.wav", "-o", "/dev/stdout", "-f", format]) == bytes);
            let piped = shell(
                folder.path(),
                &format!("changes song.wav -f {format} -o - | cat"),
            );
            assert!(piped.clean().out == bytes, "{format}");
        }
    }
    assert_eq!(run(&["song.wav", "-o", "-"]), run(&["song.wav"]));
    assert!(!folder.path().join("-").exists());
}

#[test]
fn what_format_says_is_written_whatever_the_name() {
    let folder = songs(&["song.wav"]);
    let run = |words: &[&str]| changes_in(folder.path(), words);
    for (name, format, start) in [
        ("x", "pdf", "%PDF"),
        ("chart.v2", "midi", "MThd"),
        ("x.txt", "audacity", "0.0"),
        ("song.csv", "reaper", "#,Name"),
        ("list.txt", "lab", "0.0"),
        ("song.labels.txt", "text", "song\n"),
        ("x.xml", "MusicXML", "<?xml"),
        ("t.txt", "table", "|"),
    ] {
        run(&["song.wav", "-o", name, "-f", format]).clean();
        let bytes = fs::read(folder.path().join(name)).unwrap();
        assert!(bytes.starts_with(start.as_bytes()), "{name}");
    }
    // A name of another format is a mistake.
    let message = run(&["song.wav", "-o", "a.pdf", "-f", "mid"]).refused(1);
    assert!(
        message.contains("a.pdf") && message.contains("--format mid"),
        "{message}"
    );
    let message = run(&["song.wav", "-o", "nothing"]).refused(1);
    assert!(
        message.contains(".pdf") && message.contains("--format"),
        "{message}"
    );
    // Names of songs with dots are no formats.
    fs::create_dir(folder.path().join("in")).unwrap();
    fs::rename(
        folder.path().join("song.wav"),
        folder.path().join("in/song.labels.wav"),
    )
    .unwrap();
    run(&["in", "-o", "out", "-f", "text"]).clean();
    let text = fs::read_to_string(folder.path().join("out/song.labels.txt")).unwrap();
    assert!(text.starts_with("song.labels\n"), "{text}");
}

#[test]
fn several_songs_do_not_go_into_one_file() {
    let folder = songs(&["a.wav", "b.wav", "more/c.wav"]);
    let run = |words: &[&str]| changes_in(folder.path(), words);
    for words in [
        ["a.wav", "b.wav", "-o", "charts.pdf"],
        ["more", "--force", "-o", "charts.pdf"],
    ] {
        let message = run(&words).refused(1);
        assert!(message.contains("charts.pdf"), "{message}");
        assert!(message.contains("-o charts -f pdf"), "{message}");
    }
    for format in ["mid", "pdf", "jams", "csv", "musicxml"] {
        let message = run(&["a.wav", "b.wav", "-f", format]).refused(1);
        assert!(
            message.contains(&format!("-o FOLDER -f {format}")),
            "{message}"
        );
    }
    fs::write(folder.path().join("file"), "kept").unwrap();
    let message = run(&["a.wav", "b.wav", "-o", "file"]).refused(1);
    assert!(message.contains("-o file"), "{message}");
    assert_eq!(
        files(folder.path()),
        ["a.wav", "b.wav", "file", "more/c.wav"]
    );
    // What the message proposes works; so does a folder that is meant by its name.
    run(&["a.wav", "b.wav", "-o", "charts", "-f", "pdf"]).clean();
    run(&["a.wav", "b.wav", "-o", "charts.pdf/"]).clean();
    assert_eq!(files(&folder.path().join("charts")), ["a.pdf", "b.pdf"]);
    assert_eq!(files(&folder.path().join("charts.pdf")), ["a.lab", "b.lab"]);
}

#[test]
fn nothing_is_replaced_without_being_asked_for() {
    let folder = songs(&["song.wav"]);
    let run = |words: &[&str]| changes_in(folder.path(), words);
    let at = |name: &str| folder.path().join(name);
    for words in [
        vec!["song.wav", "-o", "mine.lab"],
        vec!["song.wav", "-o", "mine.lab", "-f", "lab"],
        vec!["live", "--fast", "song.wav", "-o", "mine.lab"],
        vec!["live", "--fast", "song.wav", "--events", "mine.lab"],
    ] {
        fs::write(at("mine.lab"), "mine").unwrap();
        let message = run(&words).refused(1);
        assert!(
            message.contains("mine.lab") && message.contains("--force"),
            "{message}"
        );
        assert_eq!(fs::read_to_string(at("mine.lab")).unwrap(), "mine");
        let forced = run(&[words.as_slice(), &["--force"]].concat());
        assert_eq!((forced.code, forced.err.as_str()), (Some(0), ""));
        assert_ne!(fs::read_to_string(at("mine.lab")).unwrap(), "mine");
    }
    // Refused before any work: the song is not even opened.
    let message = run(&["missing.wav", "-o", "mine.lab"]).refused(1);
    assert!(
        message.contains("--force") && !message.contains("missing"),
        "{message}"
    );
    assert_eq!(files(folder.path()), ["mine.lab", "song.wav"]);
}

#[test]
fn a_folder_keeps_what_is_in_it_and_gets_the_rest() {
    let folder = songs(&["in/a.wav", "in/x/b.wav"]);
    let run = |words: &[&str]| changes_in(folder.path(), words);
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("out/x")).unwrap();
    fs::write(at("out/x/b.lab"), "mine").unwrap();
    let ran = run(&["in", "-o", "out"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.err.contains("1 of 2") && ran.err.contains("--force"),
        "{}",
        ran.err
    );
    assert_eq!(fs::read_to_string(at("out/x/b.lab")).unwrap(), "mine");
    assert!(
        fs::read_to_string(at("out/a.lab"))
            .unwrap()
            .contains("C:maj")
    );
    let ran = run(&["in", "-o", "out"]);
    assert!(
        ran.code == Some(0) && ran.err.contains("2 of 2"),
        "{}",
        ran.err
    );
    run(&["in", "-o", "out", "--force"]).clean();
    assert_ne!(fs::read_to_string(at("out/x/b.lab")).unwrap(), "mine");
    assert_eq!(files(&at("out")), ["a.lab", "x/b.lab"]);
}

#[test]
fn a_song_is_never_written_over() {
    let folder = songs(&["song.wav", "song"]);
    let before = fs::read(folder.path().join("song.wav")).unwrap();
    for words in [
        ["song.wav", "-f", "pdf", "--force", "-o", "song.wav"],
        ["song.wav", "-f", "pdf", "--force", "-o", "./../song.wav"],
    ] {
        let words = words.map(|word| {
            word.replace(
                "..",
                &format!("../{}", folder.path().file_name().unwrap().display()),
            )
        });
        let message = changes_in(folder.path(), &words).refused(1);
        assert!(message.contains("the song itself"), "{message}");
    }
    assert_eq!(fs::read(folder.path().join("song.wav")).unwrap(), before);
}

#[test]
fn places_that_cannot_be_written_to_are_told_before_the_music() {
    let folder = songs(&["song.wav"]);
    fs::write(folder.path().join("file"), "").unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    for (words, name) in [
        // The song is missing, but the message is about the output.
        (vec!["missing.wav", "-o", "no/such.lab"], "no/such.lab"),
        (vec!["missing.wav", "-o", "file/a.lab"], "file/a.lab"),
        (vec!["missing.wav", "b.wav", "-o", "file/out"], "file/out"),
        (
            vec!["live", "missing.wav", "-o", "no/such.lab"],
            "no/such.lab",
        ),
        (
            vec!["live", "missing.wav", "--events", "no/such.jsonl"],
            "no/such.jsonl",
        ),
        (vec!["live", "missing.wav", "--events", "folder"], "folder"),
        (
            vec!["live", "missing.wav", "--events", "x.lab", "-o", "x.lab"],
            "x.lab",
        ),
        (vec!["live", "missing.wav", "-o", "-", "--events", "-"], "-"),
    ] {
        let message = changes_in(folder.path(), &words).refused(1);
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(
            message.contains(name) && !message.contains("missing"),
            "{message}"
        );
    }
    assert_eq!(files(folder.path()), ["file", "song.wav"]);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_read_only_file_is_told_before_the_music_though_forced() {
        let folder = songs(&["song.wav"]);
        let path = folder.path().join("kept.jsonl");
        fs::write(&path, "mine").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        let words = ["live", "missing.wav", "--force", "--events", "kept.jsonl"];
        let message = changes_in(folder.path(), &words).refused(1);
        assert!(message.contains("read-only"), "{message}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn whoever_has_seen_enough_ends_it_quietly() {
        let folder = songs(&["a.wav", "b.wav"]);
        let run = |line: &str| shell(folder.path(), line);
        // The reader is gone before anything is printed.
        for line in [
            "changes a.wav b.wav | true",
            "changes live --fast a.wav | true",
            "changes weights | true",
            "changes --help | true",
            "{ changes missing.wav 2>&1 || true; } | true",
            "changes a.wav b.wav -f lab | head -n 1",
        ] {
            let ran = run(line);
            assert_eq!(ran.err, "", "{line}");
        }
        // The files are written nevertheless.
        run("changes live --fast a.wav -o a.lab --events a.jsonl | true").clean();
        assert_eq!(files(folder.path()), ["a.jsonl", "a.lab", "a.wav", "b.wav"]);
    }

    #[test]
    fn a_full_disk_is_no_success() {
        if fs::metadata("/dev/full").is_err() {
            return;
        }
        let folder = songs(&["a.wav"]);
        let ran = shell(folder.path(), "changes a.wav > /dev/full");
        assert!(
            ran.code == Some(1) && ran.err.contains("cannot print"),
            "{}",
            ran.err
        );
    }

    #[test]
    fn odd_names_are_names() {
        let folder = songs(&[
            "a 'b' \"c\" $d;&.wav",
            "-dash.wav",
            "new\nline.wav",
            "\u{1b}[31m.wav",
            "日本.wav",
        ]);
        let ran = changes_in(folder.path(), &[".", "-o", "out", "-f", "mid"]);
        ran.clean();
        assert_eq!(
            files(&folder.path().join("out")),
            [
                "\u{1b}[31m.mid",
                "-dash.mid",
                "a 'b' \"c\" $d;&.mid",
                "new\nline.mid",
                "日本.mid"
            ]
        );
        // Control characters do not affect the terminal.
        let table = changes_in(folder.path(), &["."]).clean().text();
        assert!(
            table.contains("new\\nline.wav") && !table.contains('\u{1b}'),
            "{table}"
        );
        let message = changes_in(folder.path(), &["\u{1b}[2J\n.wav"]).refused(1);
        assert!(
            message.lines().count() == 1 && !message.contains('\u{1b}'),
            "{message}"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_that_are_no_text_are_names() {
        use std::ffi::{OsStr, OsString};
        use std::os::unix::ffi::OsStrExt;
        let folder = songs(&["a.wav"]);
        let name = OsStr::from_bytes(b"caf\xe9.wav");
        fs::rename(folder.path().join("a.wav"), folder.path().join(name)).unwrap();
        let words: Vec<OsString> = vec![
            name.into(),
            "-o".into(),
            OsStr::from_bytes(b"\xff.mid").into(),
        ];
        changes_in(folder.path(), &words).clean();
        assert!(folder.path().join(OsStr::from_bytes(b"\xff.mid")).exists());
        let words: Vec<OsString> = vec![".".into(), "-o".into(), "out".into()];
        changes_in(folder.path(), &words).clean();
        assert!(
            folder
                .path()
                .join("out")
                .join(OsStr::from_bytes(b"caf\xe9.lab"))
                .exists()
        );
    }
}

/// On a pseudo-terminal of util-linux's `script`.
#[cfg(target_os = "linux")]
mod terminal {
    use super::*;
    use support::CHANGES;

    /// The output on the terminal and the exit code; `None` without `script`.
    fn on_terminal(
        folder: &std::path::Path,
        typed: &str,
        arguments: &str,
    ) -> Option<(String, Option<i32>)> {
        let line = format!("sleep 0.5; printf '{typed}'; sleep 0.5");
        let line = format!("({line}) | script -qec \"{CHANGES} {arguments}\" /dev/null");
        let there = shell(folder, "command -v script");
        if there.code != Some(0) {
            return None;
        }
        let ran = shell(folder, &line);
        Some((ran.text(), ran.code))
    }

    #[test]
    fn bytes_are_not_put_on_the_screen() {
        let folder = songs(&["song.wav"]);
        for arguments in ["song.wav -f pdf", "song.wav -o - -f mid"] {
            let Some((shown, code)) = on_terminal(folder.path(), "", arguments) else {
                return;
            };
            assert_eq!(code, Some(1), "{shown}");
            assert!(
                shown.contains("on a terminal") && !shown.contains("%PDF"),
                "{shown}"
            );
        }
        let (shown, code) = on_terminal(folder.path(), "", "song.wav -f lab").unwrap();
        assert!(code == Some(0) && shown.contains("C:maj"), "{shown}");
    }

    #[test]
    fn whoever_is_there_is_asked() {
        let folder = songs(&["song.wav"]);
        let path = folder.path().join("a.lab");
        for (typed, code, replaced) in [("n\\n", 1, false), ("\\n", 1, false), ("y\\n", 0, true)] {
            fs::write(&path, "mine").unwrap();
            let arguments = "song.wav -o a.lab";
            let Some((shown, found)) = on_terminal(folder.path(), typed, arguments) else {
                return;
            };
            assert!(
                shown.contains("a.lab already exists. Replace it? [y/N]"),
                "{shown}"
            );
            assert_eq!(found, Some(code), "{shown}");
            assert_eq!(
                fs::read_to_string(&path).unwrap() != "mine",
                replaced,
                "{shown}"
            );
        }
        fs::create_dir(folder.path().join("out")).unwrap();
        fs::write(folder.path().join("out/song.lab"), "mine").unwrap();
        let (shown, code) = on_terminal(folder.path(), "y\\n", "song.wav -o out").unwrap();
        assert!(code == Some(0) && shown.contains("[y/N]"), "{shown}");
        let text = fs::read_to_string(folder.path().join("out/song.lab")).unwrap();
        assert!(text.contains("C:maj"), "{text}");
    }

    #[test]
    fn nothing_piped_in_is_said_instead_of_waiting() {
        let folder = songs(&[]);
        let Some((shown, code)) = on_terminal(folder.path(), "", "-") else {
            return;
        };
        assert!(
            code == Some(1) && shown.contains("standard input"),
            "{shown}"
        );
    }
}
