//! The song is played over a confirmed track: what stays, and what one undo brings back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::bars::{ALL, four_bars, shape};
use common::label;
use harmony::edit::{Command, Editor, Heard, MAX_DEPTH, MAX_PASSES, Snap, Undo};
use harmony::label::Label;
use harmony::time::TempoMap;
use harmony::timeline::{Alternative, MAX_ALTERNATIVES, Segment, Status, Timeline, TimelineError};
use harmony::track::{Keep, MAX_GROWN_SEGMENTS, MAX_SAVED_BYTES, Track};
use proptest::prelude::*;

/// Four bars of one confirmed chord each, at 120 beats a minute.
fn track() -> Track {
    four_bars(|bar, segment| segment.confidence = 0.1 + 0.2 * bar as f32)
}

fn heard(start_s: f64, end_s: f64, name: &str, status: Status) -> Heard {
    let mut segment = Segment::new(start_s, end_s, label(name));
    segment.status = status;
    segment.confidence = 0.55;
    segment.into()
}

/// Plays one chord from one second to another: live, a tenth of a second at a time, and then
/// confirmed in one piece.
fn play(editor: &mut Editor, pass: u64, from_s: f64, to_s: f64, name: &str) {
    live(editor, pass, from_s, to_s, name);
    confirm(editor, pass, from_s, to_s, name);
}

fn live(editor: &mut Editor, pass: u64, from_s: f64, to_s: f64, name: &str) {
    let steps = ((to_s - from_s) * 10.0).round() as u32;
    for step in 0..steps {
        let at = |step: u32| from_s + (to_s - from_s) * f64::from(step) / f64::from(steps);
        let (from_s, to_s) = (at(step), at(step + 1));
        let piece = heard(from_s, to_s, name, Status::Provisional);
        editor.hear(pass, from_s, to_s, [piece]).unwrap();
    }
}

fn confirm(editor: &mut Editor, pass: u64, from_s: f64, to_s: f64, name: &str) {
    let piece = heard(from_s, to_s, name, Status::Confirmed);
    editor.hear(pass, from_s, to_s, [piece]).unwrap();
}

#[test]
fn silence_and_sound_without_a_chord_leave_confirmed_chords_alone() {
    for name in ["N", "X"] {
        let mut editor = Editor::new(track());
        play(&mut editor, 1, 0.0, 8.0, name);
        assert_eq!(editor.track(), &track(), "{name}");
        // Nor is there anything to undo.
        assert!(!editor.can_undo());
        // Past the end of the track it is written.
        play(&mut editor, 2, 6.0, 10.0, name);
        assert_eq!(shape(editor.track()), format!("{ALL}, 8-10 {name}"));
    }
    // Faint sound changes nothing, whatever chord it is taken for.
    let mut editor = Editor::new(track());
    let faint = |from_s, to_s, status| Heard {
        faint: true,
        ..heard(from_s, to_s, "E", status)
    };
    for status in [Status::Provisional, Status::Confirmed] {
        editor
            .hear(1, 1.0, 10.0, [faint(1.0, 10.0, status)])
            .unwrap();
    }
    assert_eq!(shape(editor.track()), format!("{ALL}, 8-10 E:maj"));
    // A stretch without any segment.
    editor.hear(1, 1.0, 7.0, []).unwrap();
    assert_eq!(shape(editor.track()), format!("{ALL}, 8-10 E:maj"));
}

#[test]
fn what_was_taken_for_a_chord_and_is_silence_gives_the_confirmed_one_back() {
    let mut editor = Editor::new(track());
    // The last note rings on in the display, and the live analysis hears drums as a chord.
    live(&mut editor, 1, 1.0, 5.0, "E");
    assert_eq!(
        shape(editor.track()),
        "0-1 C:maj, 1-5 E:maj?, 5-6 F:maj, 6-8 G:7"
    );
    confirm(&mut editor, 1, 1.0, 5.0, "N");
    assert_eq!(editor.track(), &track());
    assert!(!editor.can_undo());
}

#[test]
fn a_rest_between_chords_keeps_what_was_there() {
    let mut editor = Editor::new(track());
    let pieces = [
        heard(0.0, 1.0, "E", Status::Confirmed),
        heard(1.0, 2.5, "N", Status::Confirmed),
        heard(2.5, 4.0, "B", Status::Confirmed),
    ];
    editor.hear(1, 0.0, 4.0, pieces).unwrap();
    assert_eq!(
        shape(editor.track()),
        "0-1 E:maj, 1-2 C:maj, 2-2.5 A:min, 2.5-4 B:maj, 4-6 F:maj, 6-8 G:7"
    );
}

#[test]
fn a_loop_that_falls_silent_does_not_erase_what_it_played_over() {
    let mut editor = Editor::new(track());
    // Played once, too briefly to be confirmed, and then the player listens.
    live(&mut editor, 1, 2.0, 4.0, "E");
    live(&mut editor, 2, 2.0, 4.0, "N");
    assert_eq!(editor.track(), &track());
}

#[test]
fn each_pass_over_confirmed_chords_is_one_step() {
    let mut editor = Editor::new(track());
    play(&mut editor, 1, 1.0, 5.0, "E");
    let first = editor.track().clone();
    play(&mut editor, 2, 3.0, 10.0, "B");
    assert_eq!(shape(editor.track()), "0-1 C:maj, 1-3 E:maj, 3-10 B:maj");
    assert_eq!(editor.next_undo(), Some(Undo::Pass));
    assert!(editor.undo());
    // After the end there was nothing to bring back.
    assert_eq!(
        shape(editor.track()),
        format!("{}, 8-10 B:maj", shape(&first))
    );
    assert!(editor.undo());
    assert_eq!(shape(editor.track()), format!("{ALL}, 8-10 B:maj"));
    assert!(!editor.undo());
    assert!(editor.redo() && editor.redo() && !editor.redo());
    assert_eq!(
        shape(editor.track()),
        "0-1 C:maj, 1-3 E:maj, 3-8 B:maj, 8-10 B:maj"
    );
    assert!(editor.undo() && editor.undo());
    assert_eq!(shape(editor.track()), format!("{ALL}, 8-10 B:maj"));
}

#[test]
fn keys_come_back_with_the_chords() {
    let mut before = track();
    before.estimate_keys_of_confirmed().unwrap();
    let mut editor = Editor::new(before.clone());
    play(&mut editor, 1, 0.0, 8.0, "F#");
    editor.track_mut().estimate_keys_of_confirmed().unwrap();
    assert_ne!(editor.track().keys(), before.keys());
    assert!(editor.undo());
    assert_eq!(editor.track(), &before);
}

#[test]
fn the_same_chords_again_are_nothing_to_take_back() {
    let mut editor = Editor::new(track());
    for pass in 0..100 {
        for (bar, name) in ["C", "A:min", "F", "G:7"].into_iter().enumerate() {
            // A change lies a hundredth of a second late.
            let from_s = 2.0 * bar as f64 + if bar == 0 { 0.0 } else { 0.01 };
            let to_s = 2.0 * (bar + 1) as f64 + if bar == 3 { 0.0 } else { 0.01 };
            play(&mut editor, pass, from_s, to_s, name);
        }
        assert!(!editor.can_undo(), "{pass}");
        editor.settle(pass);
    }
    // Nor is an earlier pass that replaced something lost among them.
    let before = shape(editor.track());
    play(&mut editor, 100, 0.0, 2.0, "E");
    for pass in 101..200 {
        play(&mut editor, pass, 0.0, 2.0, "E");
        editor.settle(pass);
    }
    assert!(editor.undo());
    assert_eq!(shape(editor.track()), before);
    assert!(!editor.can_undo());
}

#[test]
fn small_shifts_of_many_passes_add_up_and_come_back() {
    let mut editor = Editor::new(track());
    for pass in 0..50 {
        let change_s = 2.0 - 0.015 * (pass + 1) as f64;
        play(&mut editor, pass, 0.0, change_s, "C");
        play(&mut editor, pass, change_s, 4.0, "A:min");
        editor.settle(pass);
    }
    assert_eq!(editor.track().timeline().segments()[0].end_s, 1.25);
    assert_eq!(editor.next_undo(), Some(Undo::Pass));
    while editor.undo() {}
    assert_eq!(editor.track(), &track());
}

#[test]
fn edits_made_while_it_plays_are_taken_back_first() {
    let mut editor = Editor::new(track());
    let set = |at_s: f64, name: &str| Command::SetChord {
        at_s,
        label: label(name),
    };
    play(&mut editor, 1, 0.0, 3.0, "E");
    // One chord where the pass was, and one where it will be.
    editor.apply(&set(1.0, "E:min")).unwrap();
    editor.apply(&set(5.0, "F:min")).unwrap();
    editor
        .apply(&Command::Split {
            at_s: 7.0,
            snap: Snap::Off,
        })
        .unwrap();
    play(&mut editor, 1, 3.0, 8.0, "B");
    assert_eq!(
        shape(editor.track()),
        "0-3 E:min*, 3-4 B:maj, 4-6 F:min*, 6-8 B:maj"
    );
    assert_eq!(editor.next_undo(), Some(Undo::Edit));
    for _ in 0..3 {
        assert!(editor.undo());
    }
    assert_eq!(editor.next_undo(), Some(Undo::Pass));
    assert!(editor.undo());
    assert_eq!(editor.track(), &track());
    assert!(!editor.can_undo());
}

#[test]
fn edits_of_before_stay_when_a_pass_is_taken_back() {
    let mut editor = Editor::new(track());
    let lock = Command::SetLocked {
        at_s: 3.0,
        locked: true,
    };
    editor.apply(&lock).unwrap();
    let before = editor.track().clone();
    play(&mut editor, 1, 0.0, 8.0, "E");
    assert_eq!(shape(editor.track()), "0-2 E:maj, 2-4 A:min*, 4-8 E:maj");
    assert!(editor.undo());
    assert_eq!(editor.track(), &before);
    assert!(editor.undo());
    assert_eq!(editor.track(), &track());
}

#[test]
fn a_pass_that_was_undone_takes_nothing_more_away() {
    let mut editor = Editor::new(track());
    live(&mut editor, 1, 0.0, 3.0, "E");
    assert!(editor.undo());
    assert_eq!(editor.track(), &track());
    // It goes on, and what was heard before the undo is confirmed.
    live(&mut editor, 1, 3.0, 5.0, "E");
    confirm(&mut editor, 1, 0.0, 5.0, "E");
    live(&mut editor, 1, 5.0, 9.0, "E");
    assert_eq!(shape(editor.track()), format!("{ALL}, 8-9 E:maj?"));
    confirm(&mut editor, 1, 5.0, 9.0, "E");
    assert_eq!(shape(editor.track()), format!("{ALL}, 8-9 E:maj"));
    // Redone, it continues as before; the next pass is separate.
    assert!(editor.redo());
    play(&mut editor, 1, 9.0, 10.0, "E");
    assert_eq!(
        shape(editor.track()),
        "0-3 E:maj?, 3-4 A:min, 4-6 F:maj, 6-8 G:7, 8-10 E:maj"
    );
    play(&mut editor, 2, 0.0, 4.0, "B");
    assert_eq!(
        shape(editor.track()),
        "0-4 B:maj, 4-6 F:maj, 6-8 G:7, 8-10 E:maj"
    );
}

#[test]
fn what_is_confirmed_late_belongs_to_the_pass_it_was_heard_in() {
    let mut editor = Editor::new(track());
    live(&mut editor, 1, 0.0, 8.0, "E");
    // The loop starts again; only then is the end of the first pass confirmed.
    live(&mut editor, 2, 0.0, 3.0, "B");
    confirm(&mut editor, 1, 4.0, 8.0, "D");
    live(&mut editor, 2, 3.0, 5.0, "B");
    confirm(&mut editor, 2, 0.0, 5.0, "B");
    assert_eq!(shape(editor.track()), "0-5 B:maj, 5-8 D:maj");
    assert!(editor.undo());
    assert_eq!(shape(editor.track()), "0-4 E:maj?, 4-8 D:maj");
    assert!(editor.undo());
    assert_eq!(editor.track(), &track());
}

#[test]
fn a_cleared_track_is_not_filled_again_by_silence() {
    let mut editor = Editor::new(track());
    play(&mut editor, 1, 0.0, 4.0, "E");
    editor.apply(&Command::Clear).unwrap();
    live(&mut editor, 1, 4.0, 5.0, "B");
    confirm(&mut editor, 1, 4.0, 5.0, "N");
    assert_eq!(shape(editor.track()), "4-5 N");
}

#[test]
fn what_comes_back_is_on_its_beats() {
    let mut editor = Editor::new(track());
    play(&mut editor, 1, 0.0, 8.0, "E");
    let half = TempoMap::constant(60.0, 0.0, 0.0).unwrap();
    editor.set_tempo(half.clone(), Keep::Beats).unwrap();
    assert!(editor.undo());
    let mut slow = track();
    slow.set_tempo(half, Keep::Beats).unwrap();
    assert_eq!(editor.track().timeline(), slow.timeline());
}

#[test]
fn many_passes_are_bounded_and_the_first_chart_is_still_there() {
    let mut editor = Editor::new(track());
    for pass in 0..1000 {
        let names = ["E", "B", "F#"];
        play(&mut editor, pass, 0.5, 7.5, names[pass as usize % 3]);
        if pass == 500 {
            let label = label("D");
            editor
                .apply(&Command::SetChord { at_s: 0.2, label })
                .unwrap();
        }
    }
    let mut steps = 0;
    while editor.undo() {
        steps += 1;
    }
    assert!((2..=MAX_PASSES + 1).contains(&steps), "{steps}");
    assert_eq!(editor.track(), &track());
}

#[test]
fn passes_take_no_edit_out_of_the_history() {
    let mut editor = Editor::new(track());
    for pass in 0..MAX_DEPTH as u64 {
        let label = label(if pass % 2 == 0 { "D" } else { "E" });
        editor
            .apply(&Command::SetChord { at_s: 1.0, label })
            .unwrap();
        play(&mut editor, pass, 3.0, 7.0, ["B", "F#"][pass as usize % 2]);
    }
    while editor.undo() {}
    assert_eq!(editor.track(), &track());
}

#[test]
fn a_track_does_not_grow_past_what_can_be_read_again() {
    let alternatives = (0..MAX_ALTERNATIVES).map(|_| Alternative {
        label: label("F#:hdim7(b9,11)/b3"),
        probability: 0.123_456_79,
    });
    let alternatives: Vec<Alternative> = alternatives.collect();
    let long = |index: usize, name: &str| {
        let (start_s, length_s) = (1.0 / 3.0 + index as f64 / 7.0, 1.0 / 7.0);
        let mut segment = Segment::new(start_s, start_s + length_s, label(name));
        segment.confidence = 0.123_456_79;
        segment.locked = true;
        segment.alternatives.clone_from(&alternatives);
        segment
    };
    let names = ["Bb:minmaj7(9)/b3", "F#:hdim7(b9,11)/b3"];
    let mut segments: Vec<Segment> = (0..MAX_GROWN_SEGMENTS)
        .map(|index| long(index, names[index % 2]))
        .collect();
    for index in 1..segments.len() {
        segments[index - 1].end_s = segments[index].start_s;
    }
    let timeline = Timeline::from_segments(segments).unwrap();
    let end_s = timeline.end_s().unwrap();
    let full = Track::from_timeline(timeline, TempoMap::constant(97.3, 0.1, 0.0).unwrap());
    let mut editor = Editor::new(full.clone());
    let error = TimelineError::Full {
        most: MAX_GROWN_SEGMENTS,
    };
    let more = heard(end_s, end_s + 1.0, "D", Status::Confirmed);
    let refused = editor.hear(1, end_s, end_s + 1.0, [more]);
    assert_eq!(refused, Err(error.clone()));
    let split = Command::Split {
        at_s: 0.4,
        snap: Snap::Off,
    };
    assert_eq!(editor.apply(&split), Err(error.into()));
    assert_eq!(editor.track(), &full);
    // The same chords are heard again and again.
    let lock = |locked| Command::SetLocked { at_s: 0.4, locked };
    editor.apply(&lock(false)).unwrap();
    let first = full.timeline().segments()[0].clone();
    let again = heard(first.start_s, first.end_s, "D", Status::Confirmed);
    assert_eq!(
        editor.hear(1, first.start_s, first.end_s, [again]),
        Ok(true)
    );
    let json = full.to_json().unwrap();
    assert!(json.len() < MAX_SAVED_BYTES * 9 / 10, "{}", json.len());
    let read = Track::from_json(&json).unwrap();
    assert_eq!(read.timeline().len(), MAX_GROWN_SEGMENTS);
}

/// What happens in one pass, in sixteenths of a bar.
#[derive(Clone, Debug)]
struct Pass {
    from: u32,
    /// Length and name of each stretch, what is shown at first, and whether it is faint.
    stretches: Vec<(u32, &'static str, &'static str, bool)>,
    /// How much of it is confirmed only after the next pass has begun.
    late: u32,
}

const STEP_S: f64 = 0.125;

fn at(step: u32) -> f64 {
    f64::from(step) * STEP_S
}

fn pass() -> impl Strategy<Value = Pass> {
    let name = || proptest::sample::select(vec!["N", "X", "C", "A:min", "F", "G:7", "E", "B"]);
    let stretch = (1_u32..24, name(), name(), proptest::bool::weighted(0.15));
    (
        0_u32..72,
        proptest::collection::vec(stretch, 1..6),
        0_u32..20,
    )
        .prop_map(|(from, stretches, late)| Pass {
            from,
            stretches,
            late,
        })
}

impl Pass {
    /// Label and faintness at a step of the track.
    fn at(&self, step: u32, live: bool) -> Option<(&'static str, bool)> {
        let mut from = self.from;
        for &(length, name, shown, faint) in &self.stretches {
            if (from..from + length).contains(&step) {
                return Some((if live { shown } else { name }, faint));
            }
            from += length;
        }
        None
    }

    fn end(&self) -> u32 {
        self.from + self.stretches.iter().map(|it| it.0).sum::<u32>()
    }

    fn write(&self, editor: &mut Editor, number: u64, step: u32, live: bool) {
        let (name, faint) = self.at(step, live).unwrap();
        let status = if live {
            Status::Provisional
        } else {
            Status::Confirmed
        };
        let piece = Heard {
            faint,
            ..heard(at(step), at(step + 1), name, status)
        };
        editor
            .hear(number, at(step), at(step + 1), [piece])
            .unwrap();
    }
}

/// A random chart with chords of all kinds.
fn chart() -> impl Strategy<Value = Track> {
    let name = proptest::sample::select(vec!["N", "X", "C", "A:min", "F", "G:7"]);
    let chord = (
        1_u32..20,
        name,
        any::<bool>(),
        proptest::bool::weighted(0.2),
    );
    proptest::collection::vec(chord, 1..10).prop_map(|chords| {
        let mut from = 0;
        let segments = chords.into_iter().map(|(length, name, confirmed, locked)| {
            let mut segment = Segment::new(at(from), at(from + length), label(name));
            from += length;
            segment.confidence = f32::from(u16::try_from(length).unwrap()) / 20.0;
            segment.locked = locked;
            if !confirmed {
                segment.status = Status::Provisional;
            }
            segment
        });
        let mut timeline = Timeline::from_segments(segments).unwrap();
        timeline.merge_equal();
        Track::from_timeline(timeline, TempoMap::default())
    })
}

/// Whether every confirmed chord of `before` is in `after`, at its time and with its name.
fn keeps(before: &Track, after: &Track) -> bool {
    let steps = (before.timeline().end_s().unwrap() / STEP_S).round() as u32;
    (0..steps).all(|step| {
        let middle_s = at(step) + STEP_S / 2.0;
        let was = before.timeline().at(middle_s).unwrap();
        let now = after.timeline().at(middle_s);
        let chord = was.status == Status::Confirmed && was.label.chord().is_some();
        !chord || now.is_some_and(|now| now.label == was.label)
    })
}

/// The part of a track that another one reaches to.
fn head(track: &Track, of: &Track) -> Vec<Segment> {
    let mut timeline = track.timeline().clone();
    timeline.truncate(of.timeline().end_s().unwrap());
    timeline.segments().to_vec()
}

proptest! {
    /// Whatever a pass hears, live and later, one undo restores what it replaced, and it replaces
    /// nothing where it heard nothing.
    #[test]
    fn what_a_pass_takes_away_one_undo_brings_back(
        chart in chart(),
        passes in proptest::collection::vec(pass(), 1..5),
    ) {
        let mut editor = Editor::new(chart);
        for (number, pass) in passes.iter().enumerate() {
            let before = editor.track().clone();
            for step in pass.from..pass.end() {
                pass.write(&mut editor, number as u64, step, true);
            }
            for step in pass.from..pass.end() {
                pass.write(&mut editor, number as u64, step, false);
            }
            let after = editor.track().clone();
            // Only a chord takes the place of a confirmed one.
            for segment in before.timeline() {
                let confirmed = segment.status == Status::Confirmed;
                if !confirmed || segment.label.chord().is_none() {
                    continue;
                }
                let now = after.timeline().range(segment.start_s, segment.end_s);
                prop_assert!(now.iter().all(|it| it.label.chord().is_some()));
            }
            let whole = keeps(&before, &after);
            if !whole {
                prop_assert_eq!(editor.next_undo(), Some(Undo::Pass));
                let mut undone = Editor::clone(&editor);
                prop_assert!(undone.undo());
                prop_assert_eq!(head(undone.track(), &before), before.timeline().segments().to_vec());
                prop_assert!(undone.redo());
                let redone = undone.track();
                prop_assert!(keeps(&after, redone));
            }
        }
    }

    /// The same where the end of each pass is confirmed only while the next one plays, as in a
    /// loop, with edits in between: step by step back to the chart.
    #[test]
    fn everything_undone_is_the_first_chart(
        chart in chart(),
        passes in proptest::collection::vec(pass(), 1..5),
        edits in proptest::collection::vec((0_u32..80, proptest::option::of("[CDE]")), 0..6),
    ) {
        let mut editor = Editor::new(chart.clone());
        let mut late: Option<(u64, &Pass)> = None;
        let mut edits = edits.into_iter();
        for (number, pass) in passes.iter().enumerate() {
            for step in pass.from..pass.end() {
                pass.write(&mut editor, number as u64, step, true);
                if step % 16 == 0 && let Some((step, name)) = edits.next() {
                    let at_s = at(step);
                    // There may be no chord to edit.
                    let _ = editor.apply(&match name {
                        Some(name) => {
                            let label: Label = label(&name);
                            Command::SetChord { at_s, label }
                        }
                        None => Command::SetLocked { at_s, locked: true },
                    });
                }
                // The rest of the pass before, where this one has not been yet.
                if let Some((earlier, before)) = late
                    && step == pass.from + 4
                {
                    for late in before.end().saturating_sub(before.late)..before.end() {
                        if late >= before.from && !(pass.from..=step).contains(&late) {
                            before.write(&mut editor, earlier, late, false);
                        }
                    }
                }
            }
            let last = pass.end().saturating_sub(pass.late);
            for step in pass.from..last {
                pass.write(&mut editor, number as u64, step, false);
            }
            late = Some((number as u64, pass));
        }
        let played = editor.track().clone();
        let mut steps = 0;
        while editor.undo() {
            steps += 1;
        }
        prop_assert!(keeps(&chart, editor.track()), "{}\n{}", shape(&chart), shape(editor.track()));
        for _ in 0..steps {
            prop_assert!(editor.redo());
        }
        prop_assert!(keeps(&played, editor.track()));
    }
}
