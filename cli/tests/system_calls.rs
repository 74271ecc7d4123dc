//! System calls of the command: no network, and files are on disk before they get their names.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use testhost::strace;

const SONG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/demo/town-theme.ogg");

#[test]
fn transcribing_reaches_for_no_network_and_syncs_what_it_saves() {
    if !strace::available() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let track = format!("{folder}/song.mid");
    let program = Path::new(env!("CARGO_BIN_EXE_changes"));
    let calls = strace::watch(program, &["transcribe", SONG, "-o", &track], &[]);
    assert_eq!(strace::internet(&calls), [""; 0]);

    // Sync the bytes, rename, sync the folder: whenever the power fails, the old file or the new
    // one is there.
    let place = |what: &dyn Fn(&str) -> bool| calls.lines().position(what).expect(&calls);
    let synced = place(&|it| it.contains("fsync(") && it.contains(".part>"));
    let named = place(&|it| it.contains("rename") && it.contains(&track));
    let listed = place(&|it| it.contains("fsync(") && it.contains(&format!("<{folder}>")));
    assert!(synced < named && named < listed, "{calls}");
}

#[test]
fn playing_reaches_for_no_network() {
    if strace::available() {
        let program = Path::new(env!("CARGO_BIN_EXE_changes"));
        let calls = strace::watch(program, &["live", "--fast", SONG], &[]);
        assert_eq!(strace::internet(&calls), [""; 0]);
    }
}
