//! MIDI files, read back with midly: chords, markers and times.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{any_label, chord, label};
use harmony::export::midi::{TICKS_PER_QUARTER, voicing};
use harmony::export::{ExportError, Format, Options};
use harmony::style::{Style, format};
use harmony::timeline::{Segment, Status, Timeline};
use harmony::track::SLIVER_BEATS;
use midly::{MetaMessage, MidiMessage, Smf, TrackEventKind};
use proptest::prelude::*;

/// What a program sees: times in seconds by the file's own tempo map.
struct Heard {
    markers: Vec<(f64, String)>,
    /// Start, end, MIDI note.
    notes: Vec<(f64, f64, u8)>,
    marker_ticks: Vec<u32>,
}

fn heard(bytes: &[u8]) -> Heard {
    let file = Smf::parse(bytes).unwrap();
    let mut tempos = Vec::new();
    let mut markers = Vec::new();
    let mut notes = Vec::new();
    let mut open: Vec<(u8, u32)> = Vec::new();
    for track in &file.tracks {
        let mut tick = 0;
        for event in track {
            tick += event.delta.as_int();
            match event.kind {
                TrackEventKind::Meta(MetaMessage::Tempo(tempo)) => {
                    tempos.push((tick, tempo.as_int()))
                }
                TrackEventKind::Meta(MetaMessage::Marker(text)) => {
                    markers.push((tick, String::from_utf8(text.to_vec()).unwrap()));
                }
                TrackEventKind::Midi {
                    message: MidiMessage::NoteOn { key, .. },
                    ..
                } => {
                    open.push((key.as_int(), tick));
                }
                TrackEventKind::Midi {
                    message: MidiMessage::NoteOff { key, .. },
                    ..
                } => {
                    let place = open
                        .iter()
                        .position(|(open, _)| *open == key.as_int())
                        .unwrap();
                    let (key, start) = open.remove(place);
                    notes.push((start, tick, key));
                }
                _ => {}
            }
        }
        assert!(open.is_empty(), "notes hang");
    }
    let seconds = |tick: u32| {
        let mut time_s = 0.0;
        for (index, &(from, tempo)) in tempos.iter().enumerate() {
            let to = tempos.get(index + 1).map_or(tick, |next| next.0.min(tick));
            let quarters = f64::from(to.saturating_sub(from)) / f64::from(TICKS_PER_QUARTER);
            time_s += quarters * f64::from(tempo) / 1e6;
        }
        time_s
    };
    Heard {
        marker_ticks: markers.iter().map(|marker| marker.0).collect(),
        markers: markers
            .into_iter()
            .map(|(tick, text)| (seconds(tick), text))
            .collect(),
        notes: notes
            .into_iter()
            .map(|(from, to, key)| (seconds(from), seconds(to), key))
            .collect(),
    }
}

fn written(timeline: &Timeline, options: &Options) -> Vec<u8> {
    let mut bytes = Vec::new();
    Format::Midi.write(&mut bytes, timeline, options).unwrap();
    bytes
}

fn timeline(segments: impl IntoIterator<Item = Segment>) -> Timeline {
    Timeline::from_segments(segments).unwrap()
}

#[test]
fn chords_sound_when_they_should() {
    let timeline = timeline([
        Segment::new(0.5, 2.0, label("A:min/b3")),
        Segment::new(2.0, 4.0, label("N")),
        Segment::new(4.0, 5.25, label("Bb:9")),
    ]);
    let heard = heard(&written(
        &timeline,
        &Options {
            tempo_bpm: 97.0,
            ..Options::default()
        },
    ));
    let texts: Vec<&str> = heard
        .markers
        .iter()
        .map(|marker| marker.1.as_str())
        .collect();
    assert_eq!(texts, ["Am/C", "N.C.", "Bb9"]);
    for ((found, _), expected) in heard.markers.iter().zip([0.5, 2.0, 4.0]) {
        assert!((found - expected).abs() < 0.001);
    }
    let at = |time_s: f64| -> Vec<u8> {
        let sounding = heard
            .notes
            .iter()
            .filter(|note| note.0 <= time_s && time_s < note.1);
        let mut keys: Vec<u8> = sounding.map(|note| note.2).collect();
        keys.sort_unstable();
        keys
    };
    assert!(at(0.2).is_empty());
    // C2, then A3 C4 E4.
    assert_eq!(at(1.0), [36, 57, 60, 64]);
    assert!(at(3.0).is_empty());
    // Bb2, then Bb3 D4 F4 Ab4 C5.
    assert_eq!(at(4.5), [46, 58, 62, 65, 68, 72]);
    assert!(at(6.0).is_empty());
}

#[test]
fn a_chord_half_of_which_is_confirmed_is_struck_once() {
    let mut open = Segment::new(1.5, 4.0, label("G"));
    open.status = Status::Provisional;
    let timeline = timeline([Segment::new(0.0, 1.5, label("G")), open]);
    let heard = heard(&written(&timeline, &Options::default()));
    assert_eq!(heard.markers.len(), 1);
    let times = heard
        .notes
        .iter()
        .map(|(start_s, end_s, _)| (*start_s, *end_s));
    assert!(times.into_iter().all(|times| times == (0.0, 4.0)));
}

#[test]
fn beats_make_the_ticks_and_the_tempo_makes_the_seconds() {
    // Three bars at 120, 100 and 100, from bar 3 of a song that began at 0 s.
    let bar = |start_s, end_s, start_beat: f64, text| Segment {
        start_beat: Some(start_beat),
        end_beat: Some(start_beat + 4.0),
        ..Segment::new(start_s, end_s, label(text))
    };
    let timeline = timeline([
        bar(4.0, 6.0, 8.0, "C"),
        bar(6.0, 8.4, 12.0, "F"),
        bar(8.4, 10.8, 16.0, "G"),
    ]);
    let heard = heard(&written(&timeline, &Options::default()));
    let quarter = u32::from(TICKS_PER_QUARTER);
    assert_eq!(
        heard.marker_ticks,
        [8 * quarter, 12 * quarter, 16 * quarter]
    );
    for ((found, _), expected) in heard.markers.iter().zip([4.0, 6.0, 8.4]) {
        assert!((found - expected).abs() < 1e-4, "{found} {expected}");
    }
}

#[test]
fn a_few_milliseconds_of_silence_are_none() {
    let timeline = timeline([
        Segment::new(0.0, 0.012, label("N")),
        Segment::new(0.012, 2.0, label("C")),
        Segment::new(2.0, 2.05, label("X")),
        Segment::new(2.05, 4.0, label("C")),
        Segment::new(4.0, 5.0, label("N")),
        Segment::new(5.0, 6.0, label("G")),
        Segment::new(6.0, 6.04, label("N")),
    ]);
    let heard = heard(&written(&timeline, &Options::default()));
    let markers: Vec<(f64, &str)> = heard
        .markers
        .iter()
        .map(|(time_s, text)| ((time_s * 1e3).round() / 1e3, text.as_str()))
        .collect();
    assert_eq!(markers, [(0.0, "C"), (4.0, "N.C."), (5.0, "G")]);
    let ends: Vec<(f64, f64)> = heard.notes.iter().map(|note| (note.0, note.1)).collect();
    // To the nearest tick.
    let lasts = |start: f64, end: f64| {
        let near = |a: f64, b: f64| (a - b).abs() < 2e-3;
        ends.iter()
            .any(|note| near(note.0, start) && near(note.1, end))
    };
    assert!(lasts(0.0, 4.0) && lasts(5.0, 6.04), "{ends:?}");
    // A timeline of nothing but slivers is kept.
    let only = Timeline::from_segments([Segment::new(0.0, 0.01, label("N"))]).unwrap();
    assert_eq!(
        self::heard(&written(&only, &Options::default()))
            .markers
            .len(),
        1
    );
}

#[test]
fn beats_that_cannot_be_a_tempo_fall_back_to_seconds() {
    for (start_beat, end_beat) in [
        (Some(0.0), Some(0.0)),
        (Some(0.0), None),
        (Some(0.0), Some(1e9)),
    ] {
        let segment = Segment {
            start_beat,
            end_beat,
            ..Segment::new(1.0, 2.0, label("C"))
        };
        let heard = heard(&written(&timeline([segment]), &Options::default()));
        assert_eq!(heard.marker_ticks, [2 * u32::from(TICKS_PER_QUARTER)]);
    }
}

#[test]
fn what_midi_cannot_hold_is_refused() {
    let short = timeline([Segment::new(0.0, 1.0, label("C"))]);
    for tempo_bpm in [0.0, -120.0, 3.0, 1e9, f64::NAN, f64::INFINITY] {
        let options = Options {
            tempo_bpm,
            ..Options::default()
        };
        let error = Format::Midi
            .write(Vec::new(), &short, &options)
            .unwrap_err();
        assert!(matches!(error, ExportError::Tempo(_)));
    }
    let endless = timeline([Segment::new(0.0, 9e6, label("C"))]);
    let error = Format::Midi
        .write(Vec::new(), &endless, &Options::default())
        .unwrap_err();
    assert!(error.to_string().contains("9000000 s"), "{error}");
    assert_eq!(
        heard(&written(&Timeline::new(), &Options::default())).notes,
        []
    );
}

proptest! {
    #[test]
    fn a_voicing_has_the_notes_of_its_chord(chord in chord()) {
        let notes = voicing(&chord);
        prop_assert_eq!(notes[0] % 12, chord.bass_pitch_class());
        prop_assert!(notes.is_sorted());
        prop_assert!(notes.iter().all(|&note| (36..=96).contains(&note)));
        let mask = notes.iter().fold(0_u16, |mask, note| mask | 1 << (note % 12));
        prop_assert_eq!(mask, chord.pitch_classes());
    }

    #[test]
    fn times_are_right_at_any_tempo(
        durations in proptest::collection::vec(0.05..8.0_f64, 1..30),
        tempo_bpm in 20.0..300.0_f64,
        labels in proptest::collection::vec(any_label(), 30),
        beats in any::<bool>(),
        first_beat in 0.0..32.0_f64,
    ) {
        let (mut time_s, mut beat) = (0.25, first_beat);
        let segments = durations.iter().zip(labels).map(|(duration_s, label)| {
            // Shorter silence is left out, as the next test says.
            let least_s = match label {
                harmony::label::Label::Chord(_) => 0.0,
                _ => 1.01 * SLIVER_BEATS * 60.0 / tempo_bpm,
            };
            let duration_s = duration_s.max(least_s);
            let mut segment = Segment::new(time_s, time_s + duration_s, label);
            time_s += duration_s;
            if beats {
                segment.start_beat = Some(beat);
                beat += duration_s * tempo_bpm / 60.0;
                segment.end_beat = Some(beat);
            }
            segment
        });
        let mut timeline = Timeline::from_segments(segments.collect::<Vec<_>>()).unwrap();
        timeline.merge_labels();
        let heard = heard(&written(&timeline, &Options { tempo_bpm, ..Options::default() }));
        prop_assert_eq!(heard.markers.len(), timeline.len());
        // Rounding: half a tick at either end of a segment, and the tempo in microseconds.
        let tolerance_s = 2.0 * 60.0 / 20.0 / f64::from(TICKS_PER_QUARTER);
        for ((found, text), segment) in heard.markers.iter().zip(timeline.segments()) {
            prop_assert!((found - segment.start_s).abs() < tolerance_s, "{} {}", found, segment.start_s);
            prop_assert_eq!(text, &format(&segment.label, Style::Plain, None));
        }
    }
}

/// XF's chord events of a file, with their ticks.
fn xf_events(options: &Options) -> Vec<(u32, Vec<u8>)> {
    let segments = [
        Segment::new(0.0, 2.0, label("Eb:min7/b7")),
        Segment::new(2.0, 4.0, label("N")),
        Segment::new(4.0, 6.0, label("X")),
        Segment::new(6.0, 8.0, label("F#:7")),
    ];
    let timeline = Timeline::from_segments(segments).unwrap();
    let mut bytes = Vec::new();
    Format::Midi.write(&mut bytes, &timeline, options).unwrap();
    let file = Smf::parse(&bytes).unwrap();
    let mut events = Vec::new();
    let mut tick = 0;
    for event in &file.tracks[0] {
        tick += event.delta.as_int();
        if let TrackEventKind::Meta(MetaMessage::SequencerSpecific(data)) = event.kind {
            events.push((tick, data.to_vec()));
        }
    }
    events
}

#[test]
fn yamaha_chord_events_are_there_when_they_are_asked_for() {
    assert!(xf_events(&Options::default()).is_empty());
    let options = Options {
        xf: true,
        // It spells F sharp as G flat.
        key: Some("Eb:min".parse().unwrap()),
        ..Options::default()
    };
    let event = |chord: [u8; 4]| [&[0x43, 0x7b, 0x01][..], &chord].concat();
    let expected = [
        (0, event([0x23, 0x0a, 0x22, 0x7f])),
        (1920, event([0x31, 0x22, 0x7f, 0x7f])),
        (5760, event([0x25, 0x13, 0x7f, 0x7f])),
    ];
    assert_eq!(xf_events(&options), expected);
}
