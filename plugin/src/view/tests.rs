use harmony::edit::{Command, Editor};
use harmony::time::TempoMap;
use harmony::timeline::{Segment, Timeline};

use super::preferences::{InstrumentChoice, Preferences, SimplifyChoice, WrittenFor};
use super::*;
use harmony::note_names::NoteNames;
use harmony::voicing::Instrument;
use recognizer::live::Shown;
use recognizer::tuning::Tuning;

fn label(text: &str) -> Label {
    text.parse().unwrap()
}

fn song(chords: &[&str]) -> Song {
    let segments = chords.iter().enumerate().map(|(index, chord)| {
        Segment::new(2.0 * index as f64, 2.0 * index as f64 + 2.0, label(chord))
    });
    let timeline = Timeline::from_segments(segments).unwrap();
    Song::of_track(
        Track::from_timeline(timeline, TempoMap::default()),
        Clock::Host,
    )
}

fn snapshot(text: &str) -> Snapshot {
    Snapshot {
        status: Status::Recognizing,
        current: Some(Shown {
            shown_at_s: 0.0,
            starts_at_s: 0.0,
            label: label(text),
            state: ShownState::Confirmed,
            confidence: 0.8,
            alternatives: vec![(label("A:min7"), 0.1), (label("A:min"), 0.05)],
        }),
        ..Snapshot::default()
    }
}

fn shown(text: &str, controls: &Controls) -> String {
    let view = View::new(&snapshot(text), &song(&[]), controls);
    view.chord.unwrap().name.text()
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
fn names_are_written_for_the_instrument() {
    let mut controls = Controls::default();
    controls.window.written_for = WrittenFor::Eb;
    assert_eq!(shown("C:maj7/3", &controls), "Amaj7/C♯");
    controls.window.written_for = WrittenFor::Bb;
    assert_eq!(shown("Eb:min7", &controls), "Fm7");
    let namer = Namer::new(&controls);
    assert_eq!(namer.read("Fm7").unwrap(), label("Eb:min7"));
    let keys = [
        ("C:maj", "D:maj"),
        ("A:min", "B:min"),
        ("E:maj", "F#:maj"),
        ("Db:maj", "Eb:maj"),
    ];
    for (sounding, written) in keys {
        let (sounding, written): (Key, Key) = (sounding.parse().unwrap(), written.parse().unwrap());
        assert_eq!(namer.key(Some(sounding)), Some(written));
        let back = namer.sounding_key(written);
        assert_eq!(back.tonic().pitch_class(), sounding.tonic().pitch_class());
    }
}

#[test]
fn chords_are_as_simple_as_wanted() {
    use SimplifyChoice::{AsHeard, MajMin, NoSevenths, Own, Triads};
    for (heard, simplify, name) in [
        ("G:9/3", AsHeard, "G9/B"),
        ("G:9/3", NoSevenths, "G/B"),
        ("B:hdim7", NoSevenths, "B°"),
        ("C:maj6/5", NoSevenths, "C6/G"),
        ("C:maj6/5", Triads, "C/G"),
        ("D:sus4(b7)", Triads, "Dsus4"),
        ("D:sus4(b7)", MajMin, "D"),
        // No chords have been named.
        ("G:9/3", Own, "G9/B"),
    ] {
        let mut controls = Controls::default();
        controls.window.simplify = simplify;
        assert_eq!(shown(heard, &controls), name, "{heard}, {simplify:?}");
    }
}

#[test]
fn ones_own_chords_are_typed_as_they_are_written_and_kept_as_they_sound() {
    let mut controls = Controls::default();
    controls.window.simplify = SimplifyChoice::Own;
    controls.window.written_for = WrittenFor::Bb;
    controls.window.names = NoteNames::German;
    let namer = Namer::new(&controls);
    let own = namer.read_chords("D, Hm G;  A D").unwrap();
    assert_eq!(own, ["C", "A:min", "F", "G"].map(label));
    assert_eq!(namer.typed_chords(&own), "D Hm G A");
    controls.window.own_chords = own;
    assert_eq!(shown("F:maj7", &controls), "G");
    assert_eq!(shown("A:min9/b3", &controls), "Hm");
    let namer = Namer::new(&controls);
    let error = namer.read_chords("D H#m Wm7").unwrap_err().to_string();
    assert!(error.contains("\"Wm7\""), "{error}");
    assert_eq!(namer.read_chords(" ,; "), Ok(Vec::new()));
    let many = (0..65).map(|it| format!("{}add{}", ["C", "D", "E", "F", "G"][it % 5], it));
    assert!(
        namer
            .read_chords(&many.collect::<Vec<_>>().join(" "))
            .is_err()
    );
    let json = serde_json::to_string(&controls.window).unwrap();
    assert_eq!(
        serde_json::from_str::<Preferences>(&json).unwrap(),
        controls.window
    );
}

#[test]
fn strings_are_typed_in_the_names_that_are_chosen() {
    let mut controls = Controls::default();
    controls.window.names = NoteNames::German;
    let namer = Namer::new(&controls);
    let strings = namer.read_strings("e2 A2, d3 G3 H3 E4").unwrap();
    assert_eq!(strings, [40, 45, 50, 55, 59, 64]);
    assert_eq!(namer.typed_strings(&strings), "E2 A2 D3 G3 H3 E4");
    assert_eq!(namer.read_strings("ukulele").unwrap(), [67, 60, 64, 69]);
    for (text, says) in [
        ("D2 A2 Q3", "\"Q3\" is no note"),
        ("D A D", "\"D\" is no note with its octave"),
        ("D2 A2", "3 to 8 strings, not 2"),
        ("C1 C1 C1 C1 C1 C1 C1 C1 C1", "3 to 8 strings, not 9"),
    ] {
        let error = namer.read_strings(text).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    controls.window.instrument = InstrumentChoice::Own;
    assert_eq!(controls.window.strings(), Instrument::Guitar);
    controls.window.own_strings = strings.clone();
    assert_eq!(controls.window.strings(), Instrument::Own(strings));
}

#[test]
fn notes_have_the_names_that_are_chosen() {
    let mut controls = Controls::default();
    for (names, chord, typed) in [
        (NoteNames::English, "B♭7/D", "Bb7/D"),
        (NoteNames::German, "B7/D", "B7/D"),
        (NoteNames::Solfege, "Si♭7/Re", "Sib7/Re"),
    ] {
        controls.window.names = names;
        let heard = label("Bb:7/3");
        assert_eq!(shown("Bb:7/3", &controls), chord);
        let namer = Namer::new(&controls);
        assert_eq!(namer.typed(&heard, None), typed);
        assert_eq!(namer.read(typed).unwrap(), heard);
        // The signs of printed music are read as well.
        assert_eq!(namer.read(chord).unwrap(), heard);
    }
    controls.window.names = NoteNames::German;
    let namer = Namer::new(&controls);
    assert_eq!(namer.key_name("B:min".parse().unwrap()), "H minor");
    assert_eq!(namer.read("Hm7").unwrap(), label("B:min7"));
    // Numerals are not notes.
    controls.style = 3;
    assert_eq!(shown("B:min", &controls), "vii");
    controls.style = 2;
    assert_eq!(shown("B:min", &controls), "Bmin");
}

#[test]
fn chords_that_are_shown_alike_are_one_on_the_sheet() {
    let song = song(&["C:maj7", "C:maj6", "A:min7", "A:min"]);
    let mut controls = Controls::default();
    controls.window.simplify = SimplifyChoice::Triads;
    let sheet = Sheet::new(&song.track, &Namer::new(&controls), None);
    assert!(sheet.bars[1].simile && !sheet.bars[2].simile);
    let chord = &sheet.bars[3].chords[0];
    assert!(chord.held);
    assert_eq!((chord.span, chord.first), (Some(3), Some(2)));
    // Each can still be edited.
    let names: Vec<_> = sheet.spans.iter().map(|span| span.name.text()).collect();
    assert_eq!(names, ["C", "C", "Am", "Am"]);
}

#[test]
fn exports_are_as_simple_as_the_window_and_the_track_is_not_touched() {
    let song = song(&["C:maj7", "C:7", "A:min7/b3"]);
    let before = song.track.as_ref().clone();
    let mut controls = Controls::default();
    assert!(Arc::ptr_eq(
        &controls.exported(Arc::clone(&song.track)),
        &song.track
    ));
    controls.window.simplify = SimplifyChoice::MajMin;
    let exported = controls.exported(Arc::clone(&song.track));
    let labels: Vec<_> = exported
        .timeline()
        .into_iter()
        .map(|it| it.label.to_string())
        .collect();
    assert_eq!(labels, ["C:maj", "A:min"]);
    assert_eq!(*song.track, before);
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
    let view = View::new(&snapshot("C:maj/3"), &song(&[]), &Controls::default());
    let chord = view.chord.unwrap();
    let tones = Tones {
        pitch_classes: 0b1001_0001,
        root: 0,
        bass: 4,
    };
    assert_eq!(chord.sounding, tones);
    assert_eq!(chord.bass, "E");
}

#[test]
fn a_smaller_vocabulary_folds_alternatives() {
    let controls = Controls {
        vocabulary: 0,
        ..Controls::default()
    };
    let view = View::new(&snapshot("C:maj"), &song(&[]), &controls);
    assert_eq!(view.alternatives.len(), 1);
    assert!((view.alternatives[0].probability - 0.15).abs() < 1e-6);
}

#[test]
fn a_chord_is_shown_only_while_something_sounds() {
    for status in [
        Status::Idle,
        Status::Bypassed,
        Status::Silence,
        Status::Listening,
    ] {
        let mut snapshot = snapshot("C:maj");
        snapshot.status = status;
        assert!(
            View::new(&snapshot, &song(&[]), &Controls::default())
                .chord
                .is_none()
        );
    }
    for status in [Status::Unsure, Status::Recognizing, Status::Gap] {
        let mut snapshot = snapshot("C:maj");
        snapshot.status = status;
        assert!(
            View::new(&snapshot, &song(&[]), &Controls::default())
                .chord
                .is_some()
        );
    }
}

#[test]
fn a_playhead_that_stands_still_shows_the_chord_of_the_track() {
    let song = song(&["C:maj", "F:maj", "G:7"]);
    let view = View::new(&song.snapshot_at(3.0, false), &song, &Controls::default());
    let chord = view.chord.unwrap();
    assert!(chord.remembered);
    assert_eq!(chord.name.text(), "F");
    assert!(view.alternatives.is_empty());
}

#[test]
fn broken_numbers_are_drawn_as_nothing() {
    let mut snapshot = Snapshot::default();
    snapshot.spectrum[0] = f32::NAN;
    snapshot.spectrum[1] = f32::INFINITY;
    let view = View::new(&snapshot, &song(&[]), &Controls::default());
    assert!(
        view.spectrum
            .iter()
            .all(|height| (0.0..=1.0).contains(height))
    );
}

#[test]
fn the_key_of_the_track_spells_and_says_who_set_it() {
    let mut editor = Editor::new(song(&["Db:maj", "Gb:maj"]).track.as_ref().clone());
    let show = |editor: &Editor| {
        let song = Song::of_track(editor.track().clone(), Clock::Host);
        View::new(&song.snapshot_at(1.0, true), &song, &Controls::default())
    };
    assert_eq!(show(&editor).key.name, None);
    let key = Some("C#:maj".parse().unwrap());
    editor.apply(&Command::SetKey { beat: 0.0, key }).unwrap();
    let view = show(&editor);
    assert_eq!(view.key.name.as_deref(), Some("C♯ major"));
    assert!(view.key.by_hand);
    assert_eq!(view.chord.unwrap().name.text(), "C♯");
    assert_eq!(view.sheet.spans[1].name.text(), "F♯");
}

#[test]
fn the_sheet_has_bars_similes_and_room_for_the_playhead() {
    let song = song(&["C:maj", "C:maj", "F:maj", "G:7"]);
    let sheet = Sheet::new(&song.track, &Namer::new(&Controls::default()), Some(23.0));
    assert_eq!(sheet.bars.len(), 6);
    assert!(sheet.bars[1].simile);
    assert!(!sheet.bars[2].simile);
    assert_eq!(sheet.bars[0].meter, Some((4, 4)));
    assert_eq!(sheet.bars[1].meter, None);
    assert_eq!(sheet.bar_at(22.9), Some(5));
    assert_eq!(sheet.bars[3].chords[0].span, Some(3));
    assert_eq!(sheet.lines(4), [0..4, 4..6]);
}

#[test]
fn chords_shorter_than_a_beat_leave_no_hole() {
    let segments = [
        Segment::new(0.0, 1.95, label("C:maj")),
        Segment::new(1.95, 2.05, label("F:maj")),
        Segment::new(2.05, 4.0, label("G:7")),
    ];
    let timeline = Timeline::from_segments(segments).unwrap();
    let track = Track::from_timeline(timeline, TempoMap::default());
    let sheet = Sheet::new(&track, &Namer::new(&Controls::default()), None);
    let spans: Vec<_> = sheet.bars.iter().map(|bar| bar.chords[0].span).collect();
    assert_eq!(spans, [Some(0), Some(2)]);
}

#[test]
fn functions_are_those_of_the_key() {
    let of = |chord: &str, key: &str| {
        let label = label(chord);
        Function::of_chord(label.chord().unwrap(), Some(key.parse().unwrap()))
    };
    for (chord, key, function) in [
        ("C:maj7", "C:maj", Function::Tonic),
        ("A:min7", "C:maj", Function::Tonic),
        ("D:min7", "C:maj", Function::Subdominant),
        ("G:7", "C:maj", Function::Dominant),
        ("B:hdim7", "C:maj", Function::Dominant),
        ("C:7", "C:maj", Function::Chromatic),
        ("Ab:maj", "C:maj", Function::Chromatic),
        ("A:min", "A:min", Function::Tonic),
        ("E:7", "A:min", Function::Dominant),
        ("F:maj", "A:min", Function::Subdominant),
        ("G:maj", "A:min", Function::Dominant),
    ] {
        assert_eq!(of(chord, key), function, "{chord} in {key}");
    }
    assert_eq!(
        Function::of_chord(label("C").chord().unwrap(), None),
        Function::Unknown
    );
}

#[test]
fn preferences_of_an_older_version_load() {
    let old = r#"{"theme": "light"}"#;
    let loaded: Preferences = serde_json::from_str(old).unwrap();
    assert_eq!(loaded.theme, super::preferences::ThemeChoice::Light);
    assert_eq!(loaded.capo, 0);
    let json = serde_json::to_string(&loaded).unwrap();
    assert_eq!(serde_json::from_str::<Preferences>(&json).unwrap(), loaded);
}

#[test]
fn machines_are_described_with_both_latencies() {
    let snapshot = Snapshot {
        sample_rate: 48_000.0,
        lag_s: 0.21,
        confirm_lag_s: 5.4,
        lost: 24_000,
        ..Snapshot::default()
    };
    let view = View::new(&snapshot, &song(&[]), &Controls::default());
    for part in [
        "shown 210 ms behind",
        "confirmed 5.4 s behind",
        "0.5 s lost",
    ] {
        assert!(view.machine.contains(part), "{}", view.machine);
    }
}

#[test]
fn the_tuning_is_news_where_it_is_not_the_usual_one() {
    let view = |cents: Option<f32>, fixed: bool| {
        let snapshot = Snapshot {
            tuning: cents.map(Tuning::from_cents),
            ..Snapshot::default()
        };
        let mut controls = Controls::default();
        controls.tuning.fixed = fixed;
        View::new(&snapshot, &song(&[]), &controls).tuning
    };
    assert_eq!(view(None, false).text(), "Tuning not found yet");
    assert_eq!(view(Some(-32.0), false).text(), "A = 432 Hz, −32 cents");
    assert_eq!(view(Some(-32.0), true).text(), "A = 440 Hz, 0 cents");
    let news = |cents, fixed| view(cents, fixed).is_news();
    assert!(!news(None, false) && !news(Some(4.9), false) && !news(Some(-5.0), false));
    assert!(news(Some(-32.0), false) && news(Some(6.0), false) && news(None, true));
}
