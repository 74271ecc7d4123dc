use super::*;
use crate::snapshot::{CurrentChord, StripLine, StripSegment};

fn label(text: &str) -> Label {
    text.parse().unwrap()
}

fn snapshot(text: &str) -> Snapshot {
    Snapshot {
        status: Status::Recognising,
        current: Some(CurrentChord {
            label: label(text),
            confirmed: true,
            confidence: 0.8,
            alternatives: vec![(label("A:min7"), 0.1), (label("A:min"), 0.05)],
        }),
        ..Snapshot::default()
    }
}

fn shown(text: &str, controls: &Controls) -> String {
    View::new(&snapshot(text), controls)
        .chord
        .unwrap()
        .name
        .text()
}

#[test]
fn names_follow_vocabulary_notation_and_key() {
    let mut controls = Controls::default();
    assert_eq!(shown("C:maj7/3", &controls), "Cmaj7/E");
    assert_eq!(shown("F#:hdim7", &controls), "F♯ø7");
    controls.vocabulary = 1;
    assert_eq!(shown("C:maj7/3", &controls), "Cmaj7");
    controls.vocabulary = 0;
    assert_eq!(shown("C:maj7/3", &controls), "C");
    controls.vocabulary = 1;
    controls.style = 3;
    controls.tonic = 7;
    assert_eq!(shown("D:7", &controls), "V7");
    controls.style = 4;
    assert_eq!(shown("D:maj", &controls), "5");
}

#[test]
fn names_fall_into_their_parts() {
    let parts = |text: &str| {
        let ChordName {
            root,
            quality,
            bass,
        } = ChordName::new(text);
        (root, quality, bass.unwrap_or_default())
    };
    let of = |root: &str, quality: &str, bass: &str| {
        (root.to_owned(), quality.to_owned(), bass.to_owned())
    };
    assert_eq!(parts("B♭7sus4"), of("B♭", "7sus4", ""));
    assert_eq!(parts("Am/C"), of("A", "m", "C"));
    assert_eq!(parts("F♯ø7"), of("F♯", "ø7", ""));
    assert_eq!(parts("♭VII7sus4"), of("♭VII", "7sus4", ""));
    assert_eq!(parts("C6/9"), of("C", "6/9", ""));
    assert_eq!(parts("Bb:sus4(b7)"), of("Bb", "sus4(b7)", ""));
    assert_eq!(parts("C:maj/5"), of("C", "maj", "5"));
    assert_eq!(parts("6-/1"), of("6", "-", "1"));
    assert_eq!(parts("N.C."), of("N.C.", "", ""));
}

#[test]
fn tones_root_and_bass_are_told() {
    let view = View::new(&snapshot("C:maj/3"), &Controls::default());
    let chord = view.chord.unwrap();
    assert_eq!(
        chord.tones,
        Tones {
            pitch_classes: 0b1001_0001,
            root: 0,
            bass: 4
        }
    );
    assert_eq!(chord.bass, "E");
}

#[test]
fn a_smaller_vocabulary_folds_alternatives_and_strip() {
    let mut snapshot = snapshot("C:maj");
    let controls = Controls {
        vocabulary: 0,
        ..Controls::default()
    };
    let segment = |start_s: f64, end_s: f64, text: &str| StripSegment {
        start_s,
        end_s,
        label: label(text),
        confidence: 0.5,
        confirmed: true,
    };
    snapshot.strip.now_s = 16.0;
    snapshot.strip.segments = vec![
        segment(0.0, 4.0, "C:maj7"),
        segment(4.0, 8.0, "C:maj"),
        segment(8.0, 16.0, "N"),
    ];
    let view = View::new(&snapshot, &controls);
    assert_eq!(view.alternatives.len(), 1);
    assert!((view.alternatives[0].probability - 0.15).abs() < 1e-6);
    let strip: Vec<_> = view
        .strip
        .iter()
        .map(|it| (it.start, it.end, it.name.as_str()))
        .collect();
    assert_eq!(strip, [(0.0, 0.5, "C"), (0.5, 1.0, "")]);
}

#[test]
fn no_chord_is_claimed_where_none_sounds() {
    for status in [
        Status::Idle,
        Status::Silence,
        Status::Listening,
        Status::Failed,
    ] {
        let snapshot = Snapshot {
            status,
            ..snapshot("C:maj")
        };
        assert_eq!(View::new(&snapshot, &Controls::default()).chord, None);
    }
    assert_eq!(View::new(&snapshot("N"), &Controls::default()).chord, None);
    assert_eq!(View::new(&snapshot("X"), &Controls::default()).chord, None);
}

#[test]
fn lines_carry_bars_or_seconds() {
    let mut snapshot = snapshot("C:maj");
    snapshot.strip.now_s = 80.0;
    let line = |at_s: f64, kind| StripLine { at_s, kind };
    snapshot.strip.lines = vec![
        line(72.0, LineKind::Bar(Some(5))),
        line(76.0, LineKind::Seconds(76)),
    ];
    let marks = View::new(&snapshot, &Controls::default()).marks;
    assert_eq!(
        (marks[0].at, marks[0].text.as_str(), marks[0].bar),
        (0.5, "5", true)
    );
    assert_eq!((marks[1].text.as_str(), marks[1].bar), ("1:16", false));
}

#[test]
fn broken_magnitudes_are_drawn_as_nothing() {
    let mut snapshot = snapshot("C:maj");
    snapshot.spectrum[3] = f32::NAN;
    snapshot.spectrum[4] = 1e9;
    let view = View::new(&snapshot, &Controls::default());
    assert_eq!((view.spectrum[3], view.spectrum[4]), (0.0, 1.0));
}

#[test]
fn a_view_survives_its_json() {
    let view = View::new(&snapshot("C:maj7/3"), &Controls::default());
    let json = serde_json::to_string(&view).unwrap();
    assert_eq!(serde_json::from_str::<View>(&json).unwrap(), view);
}
