//! The exports of a song with everything in it, opened in other people's programs.
//!
//! `CHANGES_PYTHON` names a Python with the packages of `readers/requirements.txt`, as
//! `cargo xtask test` sets it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::env;
use std::path::Path;
use std::process::Command;

use harmony::chart::{Chart, ChartOptions};
use harmony::export::{FontSearch, Format, Options, save_track};
use harmony::track::{Info, Track};

fn song() -> Track {
    Track::from_json(include_str!("readers/song.json")).unwrap()
}

#[test]
fn every_format_opens_elsewhere() {
    let python = env::var_os("CHANGES_PYTHON").expect("CHANGES_PYTHON must name a Python");
    let folder = tempfile::tempdir().unwrap();
    let track = song();
    for format in Format::ALL {
        let path = folder
            .path()
            .join("song")
            .with_extension(format.extension());
        save_track(&path, &track, &Options::default()).unwrap();
    }
    // The same song with texts of many scripts.
    let mut track = song();
    track.set_info(Info {
        title: "Ночь 東京 שלום हिन्दी".to_owned(),
        composer: "Ωδή ليالي".to_owned(),
        bars_per_line: 4,
    });
    for beat in track
        .sections()
        .iter()
        .map(|section| section.beat)
        .collect::<Vec<_>>()
    {
        track.set_section(beat, None).unwrap();
    }
    track.set_section(0.0, Some("夜 2")).unwrap();
    let scripts = folder.path().join("scripts");
    std::fs::create_dir(&scripts).unwrap();
    let options = Options {
        fonts: FontSearch::Folder(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fonts")),
        ..Options::default()
    };
    for format in Format::ALL {
        let path = scripts.join("song").with_extension(format.extension());
        save_track(&path, &track, &options).unwrap();
    }
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/check.py");
    let output = Command::new(python)
        .arg(check)
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

fn written(format: Format, track: &Track) -> String {
    let mut bytes = Vec::new();
    format
        .write_track(&mut bytes, track, &Options::default())
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_chart_in_text() {
    assert_eq!(
        written(Format::Text, &song()),
        include_str!("readers/song.txt")
    );
}

#[test]
fn the_chart_in_chordpro() {
    assert_eq!(
        written(Format::ChordPro, &song()),
        include_str!("readers/song.cho")
    );
    assert_eq!(
        written(Format::ChordProInline, &song()),
        include_str!("readers/song.inline.cho")
    );
}

#[test]
fn unfolded_charts_have_every_bar() {
    let options = ChartOptions {
        fold: false,
        ..ChartOptions::default()
    };
    let chart = Chart::new(&song(), options);
    assert_eq!(chart.bars.len(), 36);
    assert!(chart.bars.iter().all(|bar| bar.repeat_times == 0));
    let folded = Chart::new(&song(), ChartOptions::default());
    assert_eq!(folded.bars.len(), 28);
    // A pickup of one beat, then bars whose chords fill them.
    assert_eq!((folded.bars[0].number, folded.bars[0].length), (0, 4));
    for bar in &chart.bars {
        let ends = bar
            .chords
            .iter()
            .map(|placed| placed.offset + placed.length);
        let starts = bar.chords.iter().map(|placed| placed.offset);
        assert_eq!(starts.clone().next(), Some(0));
        assert!(starts.skip(1).chain([bar.length]).eq(ends));
    }
}
