//! Scans of small folders.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use harmony::export::{Options, save_track};
use harmony::time::TempoMap;
use harmony::timeline::{Segment, Timeline};
use harmony::track::Track;
use trainer::corpus::scan::{
    ScanReport, ScanSettings, Skipped, SkippedAs, Source, read_sources, scan,
};
use trainer::corpus::{Corpus, Split};

use super::{settings, tones};

fn tone(path: &Path, hz: f64, length_s: f64) {
    tones(path, 8000, &[hz], length_s);
}

fn run(settings: &ScanSettings) -> (ScanReport, Corpus) {
    let report = scan(settings, &AtomicBool::new(false)).unwrap();
    (report, Corpus::open(&settings.out).unwrap())
}

#[test]
fn a_folder_becomes_a_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    tone(&at("one/Song A.wav"), 220.0, 2.5);
    tone(&at("one/again.wav"), 220.0, 2.5);
    tone(&at("one/click.wav"), 220.0, 0.5);
    tone(&at("two/deep/b.WAV"), 330.0, 1.5);
    tone(&at(".hidden/c.wav"), 440.0, 1.5);
    fs::write(at("two/broken.ogg"), b"OggS but not really").unwrap();
    fs::write(at("two/empty.mp3"), b"").unwrap();
    fs::write(at("two/readme.txt"), b"text").unwrap();
    let settings = ScanSettings {
        sources: [(
            "two".into(),
            Source {
                licence: "CC0-1.0".into(),
                split: Some(Split::Test),
                kind: Some("sung".into()),
            },
        )]
        .into(),
        split: Some(Split::Train),
        ..settings(folder.path())
    };
    let (report, corpus) = run(&settings);
    assert_eq!(report.tracks, 2);
    assert_eq!(report.read, 6);
    assert!((report.hours * 3600.0 - 4.0).abs() < 1e-9);
    assert_eq!(report.skipped_as(SkippedAs::Broken), 2);
    assert_eq!(report.skipped_as(SkippedAs::Short), 1);
    assert_eq!(report.skipped_as(SkippedAs::Duplicate), 1);
    let duplicate = report
        .skipped
        .iter()
        .find(|s| s.skipped_as == SkippedAs::Duplicate)
        .unwrap();
    assert_eq!(duplicate.path, Path::new("one/again.wav"));
    assert_eq!(duplicate.reason, "one/Song A.wav");

    let [a, b] = corpus.tracks() else {
        panic!("two tracks")
    };
    assert_eq!(a.path, Path::new("one/Song A.wav"));
    assert_eq!((a.duration_s, a.source.as_str()), (2.5, "one"));
    assert_eq!((a.licence.as_str(), a.split), ("unknown", Split::Train));
    assert!(a.id.starts_with("one-Song_A-"), "{}", a.id);
    assert!(a.audio_path().is_file());
    assert_eq!((b.licence.as_str(), b.split), ("CC0-1.0", Split::Test));
    assert_eq!((a.kind.as_deref(), b.kind.as_deref()), (None, Some("sung")));
    let list = fs::read_to_string(at("corpus.skipped.jsonl")).unwrap();
    assert_eq!(list.lines().count(), 4);
}

#[test]
fn unchanged_files_are_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    tone(&at("a.wav"), 220.0, 1.5);
    tone(&at("b.wav"), 330.0, 1.5);
    fs::write(at("broken.flac"), b"no").unwrap();
    let settings = settings(folder.path());
    assert_eq!(run(&settings).0.read, 3);
    let text = fs::read(&settings.out).unwrap();
    let (report, _) = run(&settings);
    assert_eq!((report.read, report.skipped.len()), (0, 1));
    assert_eq!(fs::read(&settings.out).unwrap(), text);

    // Killed while writing a line of the journal.
    let mut journal = fs::OpenOptions::new()
        .append(true)
        .open(at("corpus.scan"))
        .unwrap();
    journal.write_all(b"{\"path\":\"b.wa").unwrap();
    drop(journal);
    assert_eq!(run(&settings).0.read, 0);

    tone(&at("b.wav"), 330.0, 2.0);
    fs::remove_file(at("a.wav")).unwrap();
    let (report, corpus) = run(&settings);
    assert_eq!(report.read, 1);
    assert_eq!(corpus.tracks().len(), 1);
    assert_eq!(corpus.tracks()[0].duration_s, 2.0);
}

#[test]
fn labels_are_found_and_broken_ones_leave_the_track_out() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    tone(&at("audio/a.wav"), 220.0, 1.5);
    tone(&at("audio/b.wav"), 330.0, 1.5);
    tone(&at("audio/c.wav"), 440.0, 1.5);
    fs::write(at("audio/b.lab"), "0 1.5 Z:maj\n").unwrap();
    fs::write(at("audio/c.lab"), "0 1.5 C:maj\n").unwrap();
    let (report, corpus) = run(&settings(folder.path()));
    assert_eq!((report.tracks, report.labelled), (2, 1));
    assert_eq!(report.skipped_as(SkippedAs::Broken), 1);
    assert_eq!(corpus.tracks()[0].labels, None);
    let labels = corpus.tracks()[1].labels_path().unwrap();
    assert!(labels.ends_with("audio/c.lab") && labels.is_file());

    // With a folder of labels, those beside the audio are ignored.
    fs::create_dir_all(at("labels")).unwrap();
    fs::write(at("labels/a.lab"), "0 1.5 A:min\n").unwrap();
    let (report, corpus) = run(&ScanSettings {
        folder: at("audio"),
        out: at("other.jsonl"),
        labels: Some(at("labels")),
        ..settings(folder.path())
    });
    assert_eq!((report.tracks, report.labelled), (3, 1));
    assert_eq!(
        corpus.tracks()[0].labels.as_deref(),
        Some(Path::new("labels/a.lab"))
    );
    assert_eq!(corpus.tracks()[0].path, Path::new("audio/a.wav"));
}

#[test]
fn an_interrupted_scan_leaves_no_manifest() {
    let folder = tempfile::tempdir().unwrap();
    tone(&folder.path().join("a.wav"), 220.0, 1.5);
    let settings = settings(folder.path());
    assert!(scan(&settings, &AtomicBool::new(true)).is_err());
    assert!(!settings.out.exists());
    assert_eq!(run(&settings).0.tracks, 1);
}

#[test]
fn sources_that_are_none_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sources.json");
    assert!(read_sources(&path).is_err());
    fs::write(&path, "[1]").unwrap();
    let error = read_sources(&path).unwrap_err();
    assert!(error.to_string().contains("sources.json"));
    fs::write(&path, r#"{"p": {"licence": "MIT", "split": "valid"}}"#).unwrap();
    assert_eq!(read_sources(&path).unwrap()["p"].split, Some(Split::Valid));
}

#[test]
fn an_example_names_audio_elsewhere_and_is_taken_while_that_is_the_same() {
    let (folder, music) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let song = music.path().join("song.wav");
    tone(&song, 220.0, 12.0);
    let chords = [
        Segment::new(0.0, 6.0, "A:min7".parse().unwrap()),
        Segment::new(6.0, 12.0, "D:9".parse().unwrap()),
    ];
    let timeline = Timeline::from_segments(chords).unwrap();
    let track = Track::from_timeline(timeline.clone(), TempoMap::default());
    let named = |name: &str, song: &Path| {
        let options = Options {
            audio: Some(recognizer::audio::reference(song).unwrap()),
            ..Options::default()
        };
        save_track(&folder.path().join(name), &track, &options).unwrap();
    };
    named("song.jams", &song);
    // The same chords for audio inside the folder, with other labels beside it.
    tone(&folder.path().join("near.wav"), 330.0, 12.0);
    fs::write(folder.path().join("near.lab"), "0 12 C\n").unwrap();
    named("a-near.jams", &folder.path().join("near.wav"));
    let gone = music.path().join("gone.wav");
    tone(&gone, 440.0, 12.0);
    named("gone.jams", &gone);
    fs::remove_file(&gone).unwrap();
    let settings = settings(folder.path());
    let (report, corpus) = run(&settings);
    assert_eq!((report.tracks, report.labelled), (2, 2));
    let reasons: Vec<SkippedAs> = report.skipped.iter().map(|it| it.skipped_as).collect();
    assert_eq!(reasons, [SkippedAs::Broken, SkippedAs::Duplicate]);
    for track in corpus.tracks() {
        assert!(track.audio_path().is_file(), "{track:?}");
        let labels = harmony::import::load(&track.labels_path().unwrap()).unwrap();
        assert_eq!(labels, timeline);
        assert_eq!(track.source, settings.name);
    }
    // The chords do not belong to other audio under that name.
    tone(&song, 221.0, 12.0);
    let (report, corpus) = run(&settings);
    assert_eq!((report.tracks, corpus.tracks().len()), (1, 1));
    let changed = |it: &Skipped| it.reason.contains("has changed since");
    assert!(report.skipped.iter().any(changed), "{:?}", report.skipped);
}
