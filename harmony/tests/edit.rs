//! Edits of a track: what each does, and that any sequence can be undone.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::bars::{ALL, four_bars, shape};
use common::label;
use harmony::edit::{Command, EditError, Editor, MAX_DEPTH, Placed, Snap};
use harmony::key::Key;
use harmony::label::Label;
use harmony::time::{TempoMap, TimeError};
use harmony::timeline::{Alternative, Segment, Status, Timeline};
use harmony::track::{Info, Keep, LoadError, Track};
use proptest::prelude::*;

/// Four bars of one chord each, at 120 beats a minute.
fn track() -> Track {
    four_bars(|_, segment| {
        segment.confidence = 0.5;
        segment.alternatives = vec![Alternative {
            label: label("D:min7"),
            probability: 0.25,
        }];
    })
}

fn after(command: Command) -> String {
    let mut editor = Editor::new(track());
    editor.apply(&command).unwrap();
    assert_whole(editor.track());
    shape(editor.track())
}

#[test]
fn each_command_does_what_it_says() {
    assert_eq!(shape(&track()), ALL);
    let label = label("E:7");
    assert_eq!(
        after(Command::SetChord { at_s: 3.0, label }),
        ALL.replace("A:min", "E:7*")
    );
    assert_eq!(
        after(Command::TakeAlternative {
            at_s: 3.0,
            label: self::label("D:min7"),
        }),
        ALL.replace("A:min", "D:min7*")
    );
    let drag = |to_s, snap| Command::MoveBoundary {
        from_s: 4.1,
        to_s,
        snap,
    };
    let moved = |to: &str| {
        // Both sides are locked, so that later analysis does not move the boundary back.
        ALL.replace("-4 A:min", &format!("-{to} A:min*"))
            .replace("4-6 F:maj", &format!("{to}-6 F:maj*"))
    };
    assert_eq!(after(drag(4.7, Snap::Beat)), moved("4.5"));
    assert_eq!(after(drag(4.7, Snap::Eighth)), moved("4.75"));
    assert_eq!(after(drag(4.7, Snap::Off)), moved("4.7"));
    assert_eq!(after(drag(99.0, Snap::Bar)), moved("5.98"));
    assert_eq!(
        after(Command::Split {
            at_s: 4.6,
            snap: Snap::Beat
        }),
        ALL.replace("4-6 F:maj", "4-4.5 F:maj, 4.5-6 F:maj")
    );
    assert_eq!(
        after(Command::MergeNext { at_s: 2.5 }),
        "0-2 C:maj, 2-6 A:min*, 6-8 G:7"
    );
    assert_eq!(
        after(Command::Delete { at_s: 2.5 }),
        "0-4 C:maj*, 4-6 F:maj, 6-8 G:7"
    );
    assert_eq!(
        after(Command::Delete { at_s: 0.5 }),
        "0-4 A:min*, 4-6 F:maj, 6-8 G:7"
    );
    assert_eq!(
        after(Command::SetLocked {
            at_s: 7.0,
            locked: true
        }),
        ALL.replace("G:7", "G:7*")
    );
}

#[test]
fn alternatives_change_places_with_the_chord() {
    let mut editor = Editor::new(track());
    let take = |text: &str| Command::TakeAlternative {
        at_s: 3.0,
        label: label(text),
    };
    editor.apply(&take("D:min7")).unwrap();
    let segment = &editor.track().timeline().segments()[1];
    assert_eq!(segment.alternatives[0].label, label("A:min"));
    assert_eq!(segment.alternatives[0].probability, 0.5);
    editor.apply(&take("A:min")).unwrap();
    assert_eq!(
        editor.track().timeline().segments()[1].label,
        label("A:min")
    );
}

#[test]
fn an_alternative_is_taken_by_its_name_from_a_track_that_has_moved_on() {
    let mut editor = Editor::new(track());
    let take = Command::TakeAlternative {
        at_s: 3.0,
        label: label("D:min7"),
    };
    let heard = |name: &str, others: &[&str]| {
        let mut segment = Segment::new(2.0, 4.0, label(name));
        segment.alternatives = others
            .iter()
            .map(|other| Alternative {
                label: label(other),
                probability: 0.2,
            })
            .collect();
        segment
    };
    // Analysis has found other readings since the musician saw these, in another order.
    let now = heard("A:min", &["C:maj6", "D:min7"]);
    editor.replace_range(2.0, 4.0, [now]).unwrap();
    editor.apply(&take).unwrap();
    assert_eq!(shape(editor.track()), ALL.replace("A:min", "D:min7*"));
    assert!(editor.undo());
    // It is no longer a reading: nothing else is taken instead.
    let now = heard("A:min7", &["C:maj6"]);
    editor.replace_range(2.0, 4.0, [now]).unwrap();
    let error = editor.apply(&take).unwrap_err();
    assert_eq!(
        error.to_string(),
        "D:min7 is not among the other readings of the chord at 3 s"
    );
    assert_eq!(shape(editor.track()), ALL.replace("A:min", "A:min7"));
    // It is the chord by now.
    let now = heard("D:min7", &["A:min"]);
    editor.replace_range(2.0, 4.0, [now]).unwrap();
    editor.apply(&take).unwrap();
    assert_eq!(shape(editor.track()), ALL.replace("A:min", "D:min7*"));
}

#[test]
fn what_cannot_be_done_says_why_and_changes_nothing() {
    let mut editor = Editor::new(track());
    let bad = [
        (
            Command::Delete { at_s: 8.0 },
            EditError::NoSegment { at_s: 8.0 },
        ),
        (
            Command::MergeNext { at_s: 7.0 },
            EditError::NoNext { at_s: 7.0 },
        ),
        (
            Command::Split {
                at_s: 4.01,
                snap: Snap::Off,
            },
            EditError::TooShort { at_s: 4.01 },
        ),
        (
            Command::TakeAlternative {
                at_s: 1.0,
                label: label("F"),
            },
            EditError::NoAlternative {
                at_s: 1.0,
                label: label("F"),
            },
        ),
    ];
    for (command, error) in bad {
        assert_eq!(editor.apply(&command).unwrap_err(), error);
    }
    assert_eq!(editor.track(), &track());
    assert!(!editor.can_undo());
    assert!(
        editor
            .apply(&Command::SetKey {
                beat: f64::NAN,
                key: None
            })
            .is_ok()
    );
    assert!(!editor.can_undo(), "what changes nothing leaves no trace");
}

#[test]
fn locked_chords_survive_new_analysis() {
    let mut editor = Editor::new(track());
    let label_of = |text: &str| label(text);
    editor
        .apply(&Command::SetChord {
            at_s: 3.0,
            label: label_of("E:7"),
        })
        .unwrap();
    // New analysis of the passage, loop after loop, differs.
    for _ in 0..2 {
        let heard = [
            Segment::new(1.0, 3.5, label_of("C:min")),
            Segment::new(3.5, 5.0, label_of("Bb")),
        ];
        editor.replace_range(1.0, 5.0, heard).unwrap();
        assert_eq!(
            shape(editor.track()),
            "0-1 C:maj, 1-2 C:min, 2-4 E:7*, 4-5 Bb:maj, 5-6 F:maj, 6-8 G:7"
        );
    }
    // Undoing the edit leaves the analysis next to it.
    assert!(editor.undo());
    assert_eq!(
        shape(editor.track()),
        "0-1 C:maj, 1-2 C:min, 2-4 A:min, 4-5 Bb:maj, 5-6 F:maj, 6-8 G:7"
    );
}

#[test]
fn tempo_changes_keep_seconds_or_beats() {
    let half = TempoMap::constant(60.0, 0.0, 0.0).unwrap();
    let beats = |track: &Track| -> Vec<f64> {
        let segments = track.timeline().segments().iter();
        segments
            .map(|segment| segment.start_beat.unwrap())
            .collect()
    };
    let mut recording = track();
    recording.set_tempo(half.clone(), Keep::Seconds).unwrap();
    assert_eq!(shape(&recording), ALL);
    assert_eq!(beats(&recording), [0.0, 2.0, 4.0, 6.0]);
    let mut song = track();
    song.set_tempo(half, Keep::Beats).unwrap();
    assert_eq!(shape(&song), "0-4 C:maj, 4-8 A:min, 8-12 F:maj, 12-16 G:7");
    assert_eq!(beats(&song), [0.0, 4.0, 8.0, 12.0]);
}

/// Chords with a key, a section and a meter that begin at 4 s.
fn arranged() -> Editor {
    let mut editor = Editor::new(track());
    let (beat, key) = (8.0, Some("F:maj".parse().unwrap()));
    editor.apply(&Command::SetKey { beat, key }).unwrap();
    let label = Some("B".to_owned());
    editor.apply(&Command::SetSection { beat, label }).unwrap();
    let meter = "3/4".parse().unwrap();
    editor.apply(&Command::SetMeter { beat, meter }).unwrap();
    editor
}

#[test]
fn a_scaled_tempo_counts_other_beats_over_the_same_seconds() {
    for (factor, bpm, bar_s) in [(0.5, 60.0, 4.0), (2.0, 240.0, 1.0)] {
        let mut editor = arranged();
        let before = editor.track().clone();
        let command = Command::ScaleTempo { factor };
        let json = serde_json::to_string(&command).unwrap();
        assert_eq!(serde_json::from_str::<Command>(&json).unwrap(), command);
        editor.apply(&command).unwrap();
        let track = editor.track();
        assert_whole(track);
        assert_eq!(shape(track), ALL);
        assert_eq!(track.tempo().bpm_at(0.0), bpm);
        assert_eq!(track.keys()[0].beat, 8.0 * factor);
        assert_eq!(track.sections()[0].beat, 8.0 * factor);
        assert_eq!(track.tempo().time_at(track.meters().changes()[1].beat), 4.0);
        let bar = track.meters().bar_at(0.0);
        assert_eq!(track.tempo().time_at(bar.end), bar_s);
        assert!(editor.undo());
        assert_eq!(editor.track(), &before);
        assert!(editor.redo());
        assert_eq!(editor.track().tempo().bpm_at(0.0), bpm);
    }
}

#[test]
fn taking_a_scaled_tempo_back_leaves_what_was_heard_since() {
    let mut editor = arranged();
    editor.apply(&Command::ScaleTempo { factor: 0.5 }).unwrap();
    let heard = [Segment::new(3.0, 9.0, label("E"))];
    editor.replace_range(3.0, 9.0, heard).unwrap();
    assert!(editor.undo());
    assert_eq!(shape(editor.track()), "0-2 C:maj, 2-3 A:min, 3-9 E:maj");
    assert_eq!(editor.track().tempo(), &TempoMap::default());
    assert_whole(editor.track());
}

#[test]
fn a_track_is_transposed_with_its_keys_and_back() {
    let mut editor = arranged();
    editor
        .apply(&Command::SetLocked {
            at_s: 0.5,
            locked: true,
        })
        .unwrap();
    let before = editor.track().clone();
    editor.apply(&Command::Transpose { semitones: 3 }).unwrap();
    let track = editor.track();
    for (old, new) in before.timeline().into_iter().zip(track.timeline()) {
        assert_eq!(new.locked, old.locked);
        assert_eq!((new.start_s, new.end_s), (old.start_s, old.end_s));
        if let (Label::Chord(old), Label::Chord(new)) = (&old.label, &new.label) {
            let up = (old.root().pitch_class() + 3) % 12;
            assert_eq!(new.root().pitch_class(), up);
            assert_eq!(new.intervals(), old.intervals());
        }
    }
    for (old, new) in before.keys().iter().zip(track.keys()) {
        assert_eq!(new.by_hand, old.by_hand);
        let up = (old.key.tonic().pitch_class() + 3) % 12;
        assert_eq!(new.key.tonic().pitch_class(), up);
    }
    assert!(editor.undo());
    assert_eq!(editor.track(), &before);
    // An octave is no edit.
    let could = editor.can_undo();
    editor
        .apply(&Command::Transpose { semitones: -12 })
        .unwrap();
    assert_eq!((editor.track(), editor.can_undo()), (&before, could));
}

#[test]
fn a_tempo_that_nothing_can_have_is_refused() {
    let mut editor = arranged();
    let before = editor.track().clone();
    for factor in [0.01, 100.0, 0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = editor.apply(&Command::ScaleTempo { factor }).unwrap_err();
        assert!(
            matches!(error, EditError::Time(TimeError::Tempo(_))),
            "{error}"
        );
        assert_eq!(editor.track(), &before);
    }
    let error = editor
        .apply(&Command::ScaleTempo { factor: 0.01 })
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the tempo 1.2 is outside 4 to 1000 beats a minute"
    );
}

#[test]
fn the_tempo_of_a_host_is_not_undone() {
    let mut editor = Editor::new(track());
    editor.apply(&Command::ScaleTempo { factor: 0.5 }).unwrap();
    let told = TempoMap::constant(96.0, 0.0, 0.0).unwrap();
    editor.set_tempo(told.clone(), Keep::Seconds).unwrap();
    assert!(!editor.undo() && !editor.redo());
    assert_eq!(editor.track().tempo(), &told);
}

#[test]
fn history_is_bounded() {
    let mut editor = Editor::new(track());
    for index in 0..MAX_DEPTH + 10 {
        let label = label(if index % 2 == 0 { "D" } else { "E" });
        editor
            .apply(&Command::SetChord { at_s: 1.0, label })
            .unwrap();
    }
    let mut undone = 0;
    while editor.undo() {
        undone += 1;
    }
    assert_eq!(undone, MAX_DEPTH);
}

#[test]
fn a_cleared_track_comes_back_where_it_was_and_the_rest_stays() {
    let mut editor = Editor::new(track());
    editor
        .apply(&Command::SetSection {
            beat: 0.0,
            label: Some("A".into()),
        })
        .unwrap();
    editor.apply(&Command::Clear).unwrap();
    assert!(editor.track().timeline().is_empty() && editor.track().sections().is_empty());
    // Heard since: two seconds that were cleared, and two after them.
    let heard = [Segment::new(6.0, 10.0, label("E"))];
    editor.replace_range(6.0, 10.0, heard).unwrap();
    assert!(editor.undo());
    assert_eq!(shape(editor.track()), format!("{ALL}, 8-10 E:maj"));
    assert_eq!(editor.track().sections().len(), 1);
    assert!(editor.redo());
    assert_eq!(shape(editor.track()), "8-10 E:maj");
    assert!(editor.undo());
    assert_eq!(shape(editor.track()), format!("{ALL}, 8-10 E:maj"));
    // The same in the middle of a track and at its end.
    let mut editor = Editor::new(Track::from_timeline(
        Timeline::from_segments([Segment::new(4.0, 6.0, label("D"))]).unwrap(),
        TempoMap::default(),
    ));
    editor.apply(&Command::Clear).unwrap();
    editor
        .replace_range(0.0, 8.0, [Segment::new(0.0, 8.0, label("E"))])
        .unwrap();
    assert!(editor.undo());
    assert_eq!(shape(editor.track()), "0-4 E:maj, 4-6 D:maj, 6-8 E:maj");
    assert!(editor.redo());
    assert_eq!(shape(editor.track()), "0-4 E:maj, 4-6 X, 6-8 E:maj");
}

#[test]
fn the_saved_form() {
    let mut editor = Editor::new(track());
    for command in [
        Command::SetKey {
            beat: 0.0,
            key: Some("A:min".parse().unwrap()),
        },
        Command::SetSection {
            beat: 8.0,
            label: Some("B\n".into()),
        },
        Command::SetMeter {
            beat: 8.0,
            meter: "3/4".parse().unwrap(),
        },
        Command::SetInfo {
            info: Info {
                title: "T".into(),
                ..Info::default()
            },
        },
        Command::SetLocked {
            at_s: 1.0,
            locked: true,
        },
    ] {
        // Commands are kept and sent as JSON, too.
        let json = serde_json::to_string(&command).unwrap();
        assert_eq!(serde_json::from_str::<Command>(&json).unwrap(), command);
        editor.apply(&command).unwrap();
    }
    let track = editor.into_track();
    let json = track.to_json().unwrap();
    assert_eq!(Track::from_json(&json).unwrap(), track);
    assert_eq!(track.sections()[0].label, "B");

    let newer = json.replacen("\"version\":1", "\"version\":2", 1);
    assert!(matches!(
        Track::from_json(&newer),
        Err(LoadError::Version(2))
    ));
    for (from, to) in [
        ("\"end_s\":2.0", "\"end_s\":2.5"),
        ("\"last_bpm\":120.0", "\"last_bpm\":1e9"),
        ("\"3/4\"", "\"3/0\""),
        ("\"confidence\":0.5", "\"confidence\":5"),
        ("\"probability\":0.25", "\"probability\":-1"),
        ("A:min", "H:min"),
    ] {
        let broken = json.replacen(from, to, 1);
        assert_ne!(broken, json, "{from}");
        assert!(Track::from_json(&broken).is_err(), "{to}");
    }
    let deep = "[".repeat(100_000);
    assert!(Track::from_json(&deep).is_err());
    assert!(Track::from_json("").is_err());
    let minimal = r#"{"version":1,"segments":[]}"#;
    assert!(Track::from_json(minimal).unwrap().timeline().is_empty());
}

fn assert_whole(track: &Track) {
    let segments = track.timeline().segments();
    for segment in segments {
        segment.check().unwrap();
        let beat = track.tempo().beat_at(segment.start_s);
        assert!((segment.start_beat.unwrap() - beat).abs() < 1e-9);
    }
    for pair in segments.windows(2) {
        assert_eq!(pair[0].end_s, pair[1].start_s);
    }
    assert!(
        track
            .keys()
            .windows(2)
            .all(|pair| pair[0].beat < pair[1].beat)
    );
    assert!(
        track
            .sections()
            .windows(2)
            .all(|pair| pair[0].beat < pair[1].beat)
    );
}

fn time() -> impl Strategy<Value = f64> {
    prop_oneof![
        10 => (0_u32..36).prop_map(|step| f64::from(step) * 0.25),
        10 => 0.0..9.0_f64,
        1 => proptest::num::f64::ANY,
    ]
}

fn snap() -> impl Strategy<Value = Snap> {
    proptest::sample::select(vec![Snap::Off, Snap::Beat, Snap::Eighth, Snap::Bar])
}

fn command() -> impl Strategy<Value = Command> {
    let names = proptest::sample::select(vec!["N", "X", "C", "D:min7", "F#:7/3"]);
    let keys = proptest::sample::select(vec![None, Some("Eb:maj"), Some("C#:min")]);
    let meters = proptest::sample::select(vec!["4/4", "6/8", "7/8", "3/4"]);
    let named = names.prop_map(|text| -> Label { text.parse().unwrap() });
    prop_oneof![
        (time(), named).prop_map(|(at_s, label)| Command::SetChord { at_s, label }),
        (time(), proptest::sample::select(vec!["D:min7", "F"])).prop_map(|(at_s, name)| {
            Command::TakeAlternative {
                at_s,
                label: label(name),
            }
        }),
        (time(), time(), snap()).prop_map(|(from_s, to_s, snap)| Command::MoveBoundary {
            from_s,
            to_s,
            snap
        }),
        (time(), snap()).prop_map(|(at_s, snap)| Command::Split { at_s, snap }),
        time().prop_map(|at_s| Command::MergeNext { at_s }),
        time().prop_map(|at_s| Command::Delete { at_s }),
        (time(), any::<bool>()).prop_map(|(at_s, locked)| Command::SetLocked { at_s, locked }),
        (time(), keys).prop_map(|(beat, key)| Command::SetKey {
            beat,
            key: key.map(|key| -> Key { key.parse().unwrap() }),
        }),
        (time(), proptest::option::of("[A-D]"))
            .prop_map(|(beat, label)| Command::SetSection { beat, label }),
        (time(), meters).prop_map(|(beat, meter)| Command::SetMeter {
            beat,
            meter: meter.parse().unwrap(),
        }),
        proptest::sample::select(vec![0.5, 2.0, 0.0, 1.0 / 3.0])
            .prop_map(|factor| Command::ScaleTempo { factor }),
        any::<i32>().prop_map(|semitones| Command::Transpose { semitones }),
        Just(Command::Clear),
    ]
}

proptest! {
    #[test]
    fn any_edits_can_be_taken_back_and_done_again(commands in proptest::collection::vec(command(), 1..40)) {
        let mut editor = Editor::new(track());
        let mut states = vec![track()];
        for command in &commands {
            let before = editor.track().clone();
            if editor.apply(command).is_err() {
                prop_assert_eq!(editor.track(), &before);
            }
            assert_whole(editor.track());
            let cleared = editor.track().timeline().is_empty();
            prop_assert!(cleared || editor.track().timeline().end_s() == Some(8.0));
            if *editor.track() != before {
                states.push(editor.track().clone());
            }
        }
        let last = states.len() - 1;
        for state in states[..last].iter().rev() {
            prop_assert!(editor.undo());
            prop_assert_eq!(editor.track(), state);
        }
        prop_assert!(!editor.undo());
        for state in &states[1..] {
            prop_assert!(editor.redo());
            prop_assert_eq!(editor.track(), state);
        }
        prop_assert!(!editor.redo());
        // And it is still a track that can be saved and drawn.
        let track = editor.into_track();
        let again = Track::from_json(&track.to_json().unwrap()).unwrap();
        prop_assert_eq!(again.keys().len(), track.keys().len());
        prop_assert_eq!(again.sections().len(), track.sections().len());
        prop_assert_eq!(again.timeline().len(), track.timeline().len());
        // JSON keeps all but the last binary digit of a time.
        for (found, wanted) in again.timeline().into_iter().zip(track.timeline()) {
            prop_assert_eq!(&found.label, &wanted.label);
            prop_assert_eq!(found.locked, wanted.locked);
            prop_assert!((found.start_s - wanted.start_s).abs() < 1e-9);
        }
    }

    #[test]
    fn hearing_and_editing_at_once_leave_a_whole_track(
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let mut editor = Editor::new(track());
        for step in &steps {
            let before = editor.track().clone();
            let done = match step {
                Step::Edit(command) => editor.apply(command).is_ok(),
                Step::Hear(from_s, to_s, segments) => {
                    let heard = editor.replace_range(*from_s, *to_s, segments.clone());
                    for locked in before.timeline().into_iter().filter(|it| it.locked) {
                        let kept = editor.track().timeline().at(locked.start_s).unwrap();
                        prop_assert_eq!(&kept.label, &locked.label);
                        prop_assert!(kept.locked);
                        prop_assert!(kept.start_s <= locked.start_s && kept.end_s >= locked.end_s);
                    }
                    heard.is_ok()
                }
                Step::Tempo(bpm, keep) => {
                    let tempo = TempoMap::constant(*bpm, 0.0, 0.0).unwrap();
                    editor.set_tempo(tempo, *keep).is_ok()
                }
                Step::Undo => {
                    editor.undo();
                    true
                }
                Step::Redo => {
                    editor.redo();
                    true
                }
            };
            if !done {
                prop_assert_eq!(editor.track(), &before);
            }
            assert_whole(editor.track());
        }
    }
}

/// An operation on a track, by analysis or by the user.
#[derive(Clone, Debug)]
enum Step {
    Edit(Command),
    Hear(f64, f64, Vec<Segment>),
    Tempo(f64, Keep),
    Undo,
    Redo,
}

fn step() -> impl Strategy<Value = Step> {
    let heard = (time(), time(), any::<bool>()).prop_map(|(start_s, end_s, sure)| {
        let mut segment = Segment::new(start_s.min(end_s), start_s.max(end_s), label("G:9"));
        if !sure {
            segment.status = Status::Provisional;
        }
        segment
    });
    prop_oneof![
        8 => command().prop_map(Step::Edit),
        4 => (time(), time(), proptest::collection::vec(heard, 0..4)).prop_map(
            |(a, b, mut segments)| {
                segments.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
                // In order mostly, and within the range mostly.
                for index in 1..segments.len() {
                    let start_s = segments[index].start_s;
                    let before = &mut segments[index - 1];
                    before.end_s = before.end_s.min(start_s);
                }
                Step::Hear(a.min(b), a.max(b), segments)
            }
        ),
        1 => (20.0..300.0_f64, proptest::sample::select(vec![Keep::Seconds, Keep::Beats]))
            .prop_map(|(bpm, keep)| Step::Tempo(bpm, keep)),
        2 => Just(Step::Undo),
        1 => Just(Step::Redo),
    ]
}

#[test]
fn a_grid_is_fitted_to_the_music_and_chords_stay() {
    let mut editor = Editor::new(track());
    editor
        .apply(&Command::SetSection {
            beat: 4.0,
            label: Some("B".to_owned()),
        })
        .unwrap();
    let before = editor.track().clone();
    let fit = Command::FitGrid {
        factor: 0.5,
        by_s: -0.1,
    };
    editor.apply(&fit).unwrap();
    assert_whole(editor.track());
    assert_eq!(shape(editor.track()), ALL);
    let tempo = editor.track().tempo();
    assert_eq!((tempo.last_bpm(), tempo.time_at(0.0)), (60.0, -0.1));
    // The section stays with its bar.
    let section = &editor.track().sections()[0];
    assert!((tempo.time_at(section.beat) - 1.9).abs() < 1e-9);
    assert!(editor.undo());
    assert_eq!(*editor.track(), before);
    for by_s in [f64::NAN, f64::INFINITY, -1e300] {
        let fit = Command::FitGrid { factor: 1.0, by_s };
        assert!(editor.apply(&fit).is_err(), "{by_s}");
        assert_eq!(*editor.track(), before);
    }
}

#[test]
fn what_somebody_chose_goes_over_locked_chords_and_comes_back() {
    let mut editor = Editor::new(track());
    let set = Command::SetChord {
        at_s: 3.0,
        label: label("E:7"),
    };
    editor.apply(&set).unwrap();
    let before = editor.track().clone();
    let chosen = [Segment::new(2.5, 5.0, label("B:min"))];
    let place = |over_locked| Command::Place {
        at_s: 0.0,
        song: Box::new(Placed {
            chords: Timeline::from_segments(chosen.clone()).unwrap(),
            title: "A Song".to_owned(),
            composer: "Anna".to_owned(),
            over_locked,
            ..Placed::default()
        }),
    };
    let mut after = |over_locked| {
        editor.apply(&place(over_locked)).unwrap();
        assert_whole(editor.track());
        let shape = shape(editor.track());
        assert_eq!(editor.track().info().title, "A Song");
        assert!(editor.undo());
        assert_eq!(*editor.track(), before);
        shape
    };
    assert_eq!(
        after(false),
        "0-2 C:maj, 2-4 E:7*, 4-5 B:min, 5-6 F:maj, 6-8 G:7"
    );
    assert_eq!(
        after(true),
        "0-2 C:maj, 2-2.5 E:7*, 2.5-5 B:min, 5-6 F:maj, 6-8 G:7"
    );
}

#[test]
fn a_song_that_reaches_beyond_the_track_is_taken_back_whole() {
    let mut editor = Editor::new(track());
    let before = editor.track().clone();
    let place = |at_s, labels: &[&str]| {
        let chords = labels.iter().enumerate().map(|(index, text)| {
            let start_s = 3.0 * index as f64;
            Segment::new(start_s, start_s + 3.0, label(text))
        });
        Command::Place {
            at_s,
            song: Box::new(Placed {
                chords: Timeline::from_segments(chords).unwrap(),
                ..Placed::default()
            }),
        }
    };
    editor.apply(&place(5.0, &["B:min", "E", "A"])).unwrap();
    assert_eq!(
        shape(editor.track()),
        "0-2 C:maj, 2-4 A:min, 4-5 F:maj, 5-8 B:min, 8-11 E:maj, 11-14 A:maj"
    );
    let after = editor.track().clone();
    assert!(editor.undo());
    assert_eq!(*editor.track(), before);
    assert!(editor.redo());
    assert_eq!(*editor.track(), after);
    // Chords heard after it stay; the time between is unknown.
    let heard = Segment::new(14.0, 16.0, label("D"));
    editor.hear(1, 14.0, 16.0, vec![heard.into()]).unwrap();
    assert!(editor.undo());
    assert_eq!(shape(editor.track()), format!("{ALL}, 8-14 X, 14-16 D:maj"));
}
