//! Chord tracks written to files and read back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;

use common::{any_label, label};
use harmony::export::{self, Format, Options, SaveError};
use harmony::import::{self, ImportError};
use harmony::label::Label;
use harmony::style::Style;
use harmony::timeline::{Segment, Status, Timeline};
use proptest::prelude::*;

fn example() -> Timeline {
    let mut open = Segment::new(4.0, 5.25, label("C:maj(9,11)"));
    open.confidence = 0.9;
    open.status = Status::Provisional;
    open.start_beat = Some(8.0);
    open.end_beat = Some(10.5);
    Timeline::from_segments([
        Segment::new(0.5, 2.0, label("A:min/b3")),
        Segment::new(2.0, 4.0, label("N")),
        open,
        Segment::lost(5.25, 6.0),
    ])
    .unwrap()
}

fn written(format: Format, timeline: &Timeline, options: &Options) -> String {
    let mut bytes = Vec::new();
    format.write(&mut bytes, timeline, options).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn lab() {
    let text = written(Format::Lab, &example(), &Options::default());
    assert_eq!(
        text,
        "0.500000\t2.000000\tA:min/b3\n2.000000\t4.000000\tN\n4.000000\t5.250000\tC:maj(9,11)\n\
         5.250000\t6.000000\tX\n"
    );
    let sharp = Timeline::from_segments([Segment::new(0.0, 1.0, label("F#:7"))]).unwrap();
    let flat = Options {
        key: Some("Gb:maj".parse().unwrap()),
        ..Options::default()
    };
    assert_eq!(
        written(Format::Lab, &sharp, &flat),
        "0.000000\t1.000000\tGb:7\n"
    );
}

#[test]
fn csv() {
    let options = Options {
        style: Style::Jazz,
        ..Options::default()
    };
    assert_eq!(
        written(Format::Csv, &example(), &options),
        "start_s,end_s,start_beat,end_beat,label,chord,confidence,status\n\
         0.500000,2.000000,,,A:min/b3,Am/C,1.0000,confirmed\n\
         2.000000,4.000000,,,N,N.C.,1.0000,confirmed\n\
         4.000000,5.250000,8.000000,10.500000,\"C:maj(9,11)\",\"C(add9,add11)\",0.9000,provisional\n\
         5.250000,6.000000,,,X,?,0.0000,confirmed\n"
    );
}

#[test]
fn jams() {
    let options = Options {
        key: Some("A:min".parse().unwrap()),
        title: Some("A \"title\"".into()),
        ..Options::default()
    };
    let text = written(Format::Jams, &example(), &options);
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file["file_metadata"]["title"], "A \"title\"");
    assert_eq!(file["file_metadata"]["duration"], 6.0);
    let chords = &file["annotations"][0];
    assert_eq!(chords["namespace"], "chord");
    assert_eq!(chords["data"].as_array().unwrap().len(), 4);
    assert_eq!(chords["data"][2]["value"], "C:maj(9,11)");
    assert_eq!(chords["data"][2]["confidence"], 0.9);
    assert_eq!(file["annotations"][1]["namespace"], "key_mode");
    assert_eq!(file["annotations"][1]["data"][0]["value"], "A:minor");
}

#[test]
fn a_chord_half_of_which_is_confirmed_is_written_once() {
    let confirmed = Segment::new(0.0, 1.5, label("G"));
    let mut open = Segment::new(1.5, 2.0, label("G"));
    open.status = Status::Provisional;
    open.confidence = 0.2;
    let mut locked = Segment::new(2.0, 4.0, label("G"));
    locked.locked = true;
    let other = Segment::new(4.0, 5.0, label("C"));
    let timeline = Timeline::from_segments([confirmed, open, locked, other]).unwrap();
    let options = Options::default();
    let lab = written(Format::Lab, &timeline, &options);
    assert_eq!(
        lab,
        "0.000000\t4.000000\tG:maj\n4.000000\t5.000000\tC:maj\n"
    );
    // The table has each part with what is known of it.
    assert_eq!(written(Format::Csv, &timeline, &options).lines().count(), 5);
    let jams: serde_json::Value =
        serde_json::from_str(&written(Format::Jams, &timeline, &options)).unwrap();
    let chords = jams["annotations"][0]["data"].as_array().unwrap();
    assert_eq!(chords.len(), 2);
    // Seven eighths of it are certain, one is known to .2.
    assert!((chords[0]["confidence"].as_f64().unwrap() - 0.9).abs() < 1e-6);
    let track = options.track(&timeline).unwrap();
    for format in [Format::Lab, Format::Audacity, Format::Reaper] {
        let mut bytes = Vec::new();
        format.write_track(&mut bytes, &track, &options).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text.matches('G').count(), 1, "{text}");
    }
}

#[test]
fn formats_by_extension() {
    for format in Format::ALL {
        let name = format!("a.b/song.{}", format.extension().to_uppercase());
        assert_eq!(Format::from_path(Path::new(&name)), Ok(format));
    }
    assert_eq!(Format::from_path(Path::new("x.midi")), Ok(Format::Midi));
    for bad in ["song", "song.", ".lab", "song.mp3", "lab"] {
        let error = Format::from_path(Path::new(bad)).unwrap_err().to_string();
        assert!(error.starts_with(bad) && error.contains(".jams"), "{error}");
    }
}

#[test]
fn saving_is_whole_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.lab");
    std::fs::write(&path, "old").unwrap();
    let bad_tempo = Options {
        tempo_bpm: f64::NAN,
        ..Options::default()
    };
    export::save(&path, &example(), &bad_tempo).unwrap();
    assert_eq!(import::load(&path).unwrap().len(), 4);

    let midi = folder.path().join("song.mid");
    let error = export::save(&midi, &example(), &bad_tempo).unwrap_err();
    assert!(matches!(error, SaveError::Export { .. }));
    assert!(error.to_string().contains("song.mid") && error.to_string().contains("tempo"));
    assert!(!midi.exists());

    let nowhere = folder.path().join("missing").join("song.lab");
    let error = export::save(&nowhere, &example(), &Options::default()).unwrap_err();
    assert!(error.to_string().contains("song.lab"), "{error}");
    let taken = folder.path().join("folder.lab");
    std::fs::create_dir(&taken).unwrap();
    assert!(export::save(&taken, &example(), &Options::default()).is_err());

    for format in Format::ALL {
        let path = folder.path().join("all").with_extension(format.extension());
        export::save(&path, &example(), &Options::default()).unwrap();
        assert!(path.metadata().unwrap().len() > 50);
    }
    let leftovers = std::fs::read_dir(folder.path()).unwrap().filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains(".part")
    });
    assert_eq!(leftovers.count(), 0);
}

#[cfg(unix)]
#[test]
fn a_saved_file_keeps_the_permissions_of_the_old_one() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.lab");
    let mode = || path.metadata().unwrap().permissions().mode() & 0o777;
    export::save(&path, &example(), &Options::default()).unwrap();
    assert_eq!(mode() & 0o600, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    export::save(&path, &example(), &Options::default()).unwrap();
    assert_eq!(mode(), 0o640);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o440)).unwrap();
    let error = export::save(&path, &Timeline::new(), &Options::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("song.lab: cannot write: the file is read-only"),
        "{error}"
    );
    assert_eq!(import::load(&path).unwrap().len(), 4);
}

fn shape(timeline: &Timeline) -> String {
    let parts: Vec<String> = timeline
        .segments()
        .iter()
        .map(|segment| format!("{}-{} {}", segment.start_s, segment.end_s, segment.label))
        .collect();
    parts.join(", ")
}

#[test]
fn lab_files_of_others() {
    let text =
        "\u{FEFF}# a comment\r\n0 1.5 C\r\n\r\n1.5004   2\tG:7/3\r\n1.9996 2.0 F\n3 4 N\n4 4 C\n";
    assert_eq!(
        shape(&import::lab::parse(text).unwrap()),
        "0-1.5 C:maj, 1.5-2 G:7/3, 2-3 X, 3-4 N"
    );
}

#[test]
fn bad_lab_lines_are_named() {
    for (text, message) in [
        ("", "no chords in the file"),
        ("# only\n", "no chords in the file"),
        (
            "0 1 C\n1 2\n",
            "line 2: expected start, end and label, found 2 column(s)",
        ),
        (
            "0 1 C maj\n",
            "line 1: expected start, end and label, found 4 column(s)",
        ),
        ("0 1 C\nx 2 C\n", "line 2: \"x\" is not a time in seconds"),
        (
            "0 1 C:mja\n",
            "line 1: unknown quality \"mja\" at character 3 of `C:mja`",
        ),
        (
            "0 1 C\n\n0.5 2 D\n",
            "line 3: the segment at 0.5 s starts before the previous one ends at 1 s",
        ),
        (
            "0 nan C\n",
            "line 1: the span 0 s to NaN s is not made of times from 0 to 1e7 s",
        ),
        (
            "-1 1 C\n",
            "line 1: the span -1 s to 1 s is not made of times from 0 to 1e7 s",
        ),
        ("2 1 C\n", "line 1: the span 2 s to 1 s has no duration"),
    ] {
        assert_eq!(import::lab::parse(text).unwrap_err().to_string(), message);
    }
}

#[test]
fn imports_are_bounded() {
    let line = |index: usize| format!("{index} {} N\n", index + 1);
    let many: String = (0..=import::MAX_SEGMENTS).map(line).collect();
    assert!(matches!(
        import::lab::parse(&many),
        Err(ImportError::TooManySegments)
    ));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.lab");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(import::MAX_FILE_BYTES + 1).unwrap();
    let error = import::load(&path).unwrap_err().to_string();
    assert!(error.ends_with("large.lab: larger than 32 MiB"), "{error}");
}

#[test]
fn files_that_cannot_be_loaded_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        import::load(&path).unwrap_err().to_string()
    };
    assert!(file("a.txt", b"").ends_with("a.txt: the name must end in .lab or .jams"));
    assert!(file("b.lab", &[0xFF, 0xFE]).ends_with("b.lab: not a text file"));
    assert!(file("c.lab", b"0 1 H").contains("c.lab: line 1: expected a root"));
    assert!(file("d.jams", b"{").contains("d.jams: not a JAMS file"));
    let missing = import::load(&folder.path().join("e.lab"))
        .unwrap_err()
        .to_string();
    assert!(missing.contains("e.lab: cannot read"), "{missing}");
}

#[test]
fn jams_files_of_others() {
    let text = r#"{"annotations": [
        {"namespace": "beat", "data": [{"time": 0, "duration": 0, "value": 1, "confidence": null}]},
        {"data": [
            {"time": 0, "duration": 1.5, "value": "C", "confidence": null},
            {"time": 1.5, "duration": 1, "value": "G:7", "confidence": 7}
        ], "annotation_metadata": {}, "namespace": "chord_harte"}
    ], "file_metadata": {}}"#;
    let timeline = import::jams::parse(text).unwrap();
    assert_eq!(shape(&timeline), "0-1.5 C:maj, 1.5-2.5 G:7");
    assert_eq!(timeline.segments()[1].confidence, 1.0);
}

#[test]
fn jams_files_without_a_number_for_the_confidence() {
    let with = |confidence: &str| {
        format!(
            r#"{{"annotations": [{{"namespace": "chord", "data": [
            {{"time": 0.0, "duration": 2.0, "value": "C:maj"{confidence}}},
            {{"time": 2.0, "duration": 2.0, "value": "G:7", "confidence": 0.25}}],
            "sandbox": {{"note": "NaN \" NaN, -Infinity", "x": NaN}}}}]}}"#
        )
    };
    for none in [
        "NaN",
        "Infinity",
        "-Infinity",
        "null",
        "\"high\"",
        "[0.5]",
        "1e999",
    ] {
        let text = with(&format!(", \"confidence\": {none}"));
        let timeline = import::jams::parse(&text).unwrap();
        assert_eq!(shape(&timeline), "0-2 C:maj, 2-4 G:7", "{none}");
        assert_eq!(timeline.segments()[0].confidence, 1.0, "{none}");
        assert_eq!(timeline.segments()[1].confidence, 0.25, "{none}");
    }
    assert_eq!(import::jams::parse(&with("")).unwrap().len(), 2);
    // Invalid times are refused, and so is text that only resembles NaN.
    for bad in [
        ", \"confidence\": NaNs",
        ", \"confidence\": Nan",
        ", \"time\": NaN",
    ] {
        assert!(import::jams::parse(&with(bad)).is_err(), "{bad}");
    }
    let time =
        r#"{"annotations":[{"namespace":"chord","data":[{"time":NaN,"duration":1,"value":"C"}]}]}"#;
    assert!(import::jams::parse(time).is_err());
    // The line that a message names is the line of the file.
    let broken = "{\"annotations\": [\n{\"namespace\": NaN}\n]}";
    let error = import::jams::parse(broken).unwrap_err().to_string();
    assert!(error.contains("line 2"), "{error}");
}

#[test]
fn bad_jams_files_say_why() {
    let with = |data: &str| format!(r#"{{"annotations":[{{"namespace":"chord","data":{data}}}]}}"#);
    let bad = |text: &str| import::jams::parse(text).unwrap_err().to_string();
    assert!(bad("[1,").contains("not a JAMS file"));
    assert!(bad("{}").contains("missing field `annotations`"));
    assert_eq!(
        bad(r#"{"annotations":[]}"#),
        "no chord annotation in the file"
    );
    assert_eq!(bad(&with("[]")), "no chords in the file");
    assert!(bad(&with(r#"{"time":[]}"#)).contains("the data of the chord annotation"));
    let row = |value: &str, duration: &str| {
        bad(&with(&format!(
            r#"[{{"time":0,"duration":{duration},"value":"{value}"}}]"#
        )))
    };
    assert!(row("C:foo", "1").starts_with("chord observation 1: unknown quality \"foo\""));
    assert!(row("C", "-1").contains("chord observation 1: the span"));
    // Deep nesting ends in an error, not in an overflowing stack.
    let deep = "[".repeat(1_000_000);
    assert!(bad(&deep).contains("not a JAMS file"));
    assert!(bad(&format!(r#"{{"sandbox":{deep}"#)).contains("not a JAMS file"));
    assert!(bad(&with(&deep)).contains("not a JAMS file"));
}

fn any_timeline() -> impl Strategy<Value = Timeline> {
    proptest::collection::vec((0.002..20.0_f64, any_label(), 0.0..=1.0_f32), 1..30).prop_map(
        |parts| {
            let mut end_s = 0.0;
            let segments = parts.into_iter().map(|(duration_s, label, confidence)| {
                let start_s = end_s;
                end_s += duration_s;
                Segment {
                    confidence,
                    ..Segment::new(start_s, end_s, label)
                }
            });
            Timeline::from_segments(segments.collect::<Vec<_>>()).unwrap()
        },
    )
}

fn assert_close(found: &Timeline, expected: &Timeline, tolerance_s: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.into_iter().zip(expected) {
        assert_eq!(found.label, expected.label);
        assert!((found.start_s - expected.start_s).abs() < tolerance_s);
        assert!((found.end_s - expected.end_s).abs() < tolerance_s);
    }
}

/// With neighbours of equal labels joined, as they are written.
fn whole(mut timeline: Timeline) -> Timeline {
    timeline.merge_labels();
    timeline
}

proptest! {
    #[test]
    fn broken_jams_files_are_refused_or_read(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "NaN", "-Infinity", "Infinity", "-", "N", "\"", "\\", "é", "{", "}", "[", "]", ":", ",", "null", "1",
                "\"annotations\":", "\"namespace\":\"chord\"", "\"data\":", "\"time\":0", "\"duration\":1",
                "\"value\":\"C\"", "\"confidence\":",
            ]),
            0..40,
        ),
    ) {
        if let Ok(timeline) = import::jams::parse(&parts.concat()) {
            prop_assert!(timeline.into_iter().all(|it| (0.0..=1.0).contains(&it.confidence)));
        }
    }

    #[test]
    fn lab_round_trips(timeline in any_timeline()) {
        let timeline = whole(timeline);
        let text = written(Format::Lab, &timeline, &Options::default());
        assert_close(&import::lab::parse(&text).unwrap(), &timeline, 1e-6);
    }

    #[test]
    fn jams_round_trips(timeline in any_timeline()) {
        let timeline = whole(timeline);
        let text = written(Format::Jams, &timeline, &Options::default());
        let found = import::jams::parse(&text).unwrap();
        assert_close(&found, &timeline, 1e-9);
        for (found, expected) in found.segments().iter().zip(timeline.segments()) {
            prop_assert_eq!(found.confidence, expected.confidence);
        }
    }

    #[test]
    fn csv_has_the_labels_and_times(timeline in any_timeline()) {
        let text = written(Format::Csv, &timeline, &Options::default());
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let segments = rows.records().map(|row| {
            let row = row.unwrap();
            Segment::new(
                row[0].parse().unwrap(),
                row[1].parse().unwrap(),
                row[4].parse().unwrap(),
            )
        });
        let found: Vec<Segment> = segments.collect();
        assert_close(&Timeline::from_segments(found).unwrap(), &timeline, 1e-6);
    }

    #[test]
    fn a_track_in_a_key_comes_back_as_it_sounds(timeline in any_timeline(), key in proptest::sample::select(vec!["Gb:maj", "F#:min", "C:maj"])) {
        let timeline = whole(timeline);
        let sound = |label: &Label| label.chord().map(|it| (it.pitch_classes(), it.bass_pitch_class()));
        // Neighbours that the key spells alike are joined when they are read again.
        let neighbours = timeline.segments().windows(2);
        let mut sounds = neighbours.map(|pair| (sound(&pair[0].label), sound(&pair[1].label)));
        prop_assume!(!sounds.any(|(one, next)| one.is_some() && one == next));
        let options = Options { key: Some(key.parse().unwrap()), ..Options::default() };
        let track = options.track(&timeline).unwrap();
        for (format, parse) in [
            (Format::Lab, import::lab::parse as fn(&str) -> _),
            (Format::Jams, import::jams::parse),
        ] {
            let mut bytes = Vec::new();
            format.write_track(&mut bytes, &track, &options).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            let found = parse(&text).unwrap();
            prop_assert_eq!(found.len(), timeline.len());
            for (found, expected) in found.segments().iter().zip(timeline.segments()) {
                prop_assert_eq!(sound(&found.label), sound(&expected.label));
            }
            // Written once more it is the same file.
            let mut again = Vec::new();
            let track = options.track(&found).unwrap();
            format.write_track(&mut again, &track, &options).unwrap();
            if format == Format::Lab {
                prop_assert_eq!(String::from_utf8(again).unwrap(), text);
            }
        }
    }

    #[test]
    fn no_text_panics(text in "([-0-9.eE naif]{0,12}[ \t][-0-9.]{0,8}[ \t]([A-H]:?[a-z0-9]{0,5}|N|\\PC{0,4})\r?\n){0,6}") {
        let _ = import::lab::parse(&text);
        let _ = import::jams::parse(&text);
    }

    #[test]
    fn no_damaged_jams_panics(at in 0_usize..1200, byte in any::<u8>()) {
        let mut bytes = written(Format::Jams, &example(), &Options::default()).into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(timeline) = import::jams::parse(&String::from_utf8_lossy(&bytes)) {
            for segment in &timeline {
                segment.check().unwrap();
            }
        }
    }
}

proptest! {
    // Thirteen files a case, pictures among them.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_timeline_is_written_in_every_format(timeline in any_timeline(), style in proptest::sample::select(Style::ALL.to_vec())) {
        let options = Options { style, key: Some("Eb:maj".parse().unwrap()), ..Options::default() };
        for format in Format::ALL {
            let mut bytes = Vec::new();
            format.write(&mut bytes, &timeline, &options).unwrap();
            // Silence has no labels.
            prop_assert!(!bytes.is_empty() || format == Format::Audacity);
        }
        let labels = timeline.segments().iter().filter(|segment| segment.label != Label::NoChord);
        prop_assert!(labels.count() <= timeline.len());
    }
}
