//! Audio from standard input and other pipes.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use support::{changes_in, files, shell, songs};

#[test]
fn what_is_piped_in_is_what_is_in_the_file() {
    let folder = songs(&["song.wav"]);
    let run = |line: &str| shell(folder.path(), line).clean().text();
    let table = changes_in(folder.path(), &["song.wav"]).clean().text();
    assert_eq!(run("cat song.wav | changes transcribe -"), table);
    assert_eq!(run("cat song.wav | changes -"), table);
    assert_eq!(run("changes - < song.wav"), table);
    assert_eq!(run("changes /dev/stdin < song.wav"), table);
    assert_eq!(run("cat song.wav | changes /dev/stdin"), table);
    assert_eq!(
        run("mkfifo pipe.wav; cat song.wav > pipe.wav & changes pipe.wav; rm pipe.wav"),
        table
    );
    // The sizes in the header, as a program writes them into a pipe: never filled in.
    let mut bytes = fs::read(folder.path().join("song.wav")).unwrap();
    bytes[4..8].fill(0xff);
    bytes[40..44].fill(0xff);
    fs::write(folder.path().join("endless.wav"), bytes).unwrap();
    let endless = shell(folder.path(), "cat endless.wav | changes -");
    assert_eq!((endless.code, endless.text()), (Some(0), table));
    let live = run("changes live --fast song.wav");
    assert_eq!(run("cat song.wav | changes live --fast -"), live);
}

#[test]
fn its_chord_track_goes_where_others_go() {
    let folder = songs(&["song.wav", "b.wav", "-"]);
    let run = |line: &str| shell(folder.path(), line).clean().text();
    run("cat song.wav | changes - -o a.mid --title Song");
    run("cat song.wav | changes song.wav -o b.mid --title Song");
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(read("a.mid"), read("b.mid"));
    run("cat song.wav | changes - b.wav -o out");
    assert_eq!(files(&folder.path().join("out")), ["b.lab", "stdin.lab"]);
    let text = run("cat song.wav | changes - b.wav");
    assert!(text.starts_with("standard input\n"), "{text}");
    // A file of that name can be read, too.
    assert_eq!(
        run("changes ./- < /dev/null"),
        changes_in(folder.path(), &["./-"]).text()
    );
}

#[test]
fn what_is_no_music_is_told_as_standard_input() {
    let folder = songs(&[]);
    for line in [
        "changes - < /dev/null",
        "echo nothing | changes transcribe -",
        "true | changes live -",
        "changes - <&-",
    ] {
        let message = shell(folder.path(), line).refused(1);
        assert!(
            message.starts_with("changes: standard input: "),
            "{line}: {message}"
        );
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}
