//! The timeline: its operations, and that none of them breaks its invariants.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::label;
use harmony::timeline::{Segment, Status, Timeline, TimelineError};
use proptest::prelude::*;

fn segment(start_s: f64, end_s: f64, text: &str) -> Segment {
    Segment::new(start_s, end_s, label(text))
}

fn timeline(segments: &[(f64, f64, &str)]) -> Timeline {
    Timeline::from_segments(
        segments
            .iter()
            .map(|&(start, end, text)| segment(start, end, text)),
    )
    .unwrap()
}

/// A timeline in short form: `0-1 C:maj, 1-2 N`.
fn shape(timeline: &Timeline) -> String {
    let segments = timeline.segments().iter();
    let parts: Vec<String> = segments
        .map(|segment| format!("{}-{} {}", segment.start_s, segment.end_s, segment.label))
        .collect();
    parts.join(", ")
}

#[test]
fn gaps_are_lost_time() {
    let timeline = timeline(&[(0.5, 1.0, "C"), (2.0, 3.0, "G")]);
    assert_eq!(shape(&timeline), "0.5-1 C:maj, 1-2 X, 2-3 G:maj");
    let gap = &timeline.segments()[1];
    assert_eq!((gap.confidence, gap.status), (0.0, Status::Confirmed));
    assert_eq!(
        (timeline.start_s(), timeline.end_s()),
        (Some(0.5), Some(3.0))
    );
}

#[test]
fn lookup_by_time() {
    let timeline = timeline(&[(0.5, 1.0, "C"), (1.0, 2.0, "F"), (2.0, 3.0, "G")]);
    let at = |time_s: f64| timeline.at(time_s).map(|segment| segment.label.to_string());
    assert_eq!(at(0.4), None);
    assert_eq!(at(0.5).as_deref(), Some("C:maj"));
    assert_eq!(at(1.0).as_deref(), Some("F:maj"));
    assert_eq!(at(2.999).as_deref(), Some("G:maj"));
    assert_eq!(at(3.0), None);
    assert_eq!(at(f64::NAN), None);
    let count = |from, to| timeline.range(from, to).len();
    assert_eq!(count(0.0, 0.5), 0);
    assert_eq!(count(0.0, 0.6), 1);
    assert_eq!(count(0.9, 2.0), 2);
    assert_eq!(count(0.0, 9.0), 3);
    assert_eq!(count(2.0, 1.0), 0);
    assert_eq!(count(f64::NAN, f64::NAN), 0);
}

#[test]
fn inserting_cuts_what_is_there() {
    let mut timeline = timeline(&[(0.0, 1.0, "C"), (1.0, 2.0, "F"), (2.0, 3.0, "G")]);
    timeline.insert(segment(0.5, 2.5, "A:min")).unwrap();
    assert_eq!(shape(&timeline), "0-0.5 C:maj, 0.5-2.5 A:min, 2.5-3 G:maj");
    timeline.insert(segment(1.0, 1.5, "N")).unwrap();
    assert_eq!(
        shape(&timeline),
        "0-0.5 C:maj, 0.5-1 A:min, 1-1.5 N, 1.5-2.5 A:min, 2.5-3 G:maj"
    );
    timeline.insert(segment(4.0, 5.0, "D")).unwrap();
    timeline.insert(segment(0.0, 3.0, "E")).unwrap();
    assert_eq!(shape(&timeline), "0-3 E:maj, 3-4 X, 4-5 D:maj");
}

#[test]
fn inserting_before_the_start() {
    let mut timeline = timeline(&[(5.0, 6.0, "C")]);
    timeline.insert(segment(1.0, 2.0, "F")).unwrap();
    assert_eq!(shape(&timeline), "1-2 F:maj, 2-5 X, 5-6 C:maj");
}

#[test]
fn replacing_a_range() {
    let mut timeline = timeline(&[(0.0, 2.0, "C"), (2.0, 4.0, "F")]);
    timeline
        .replace_range(1.0, 3.0, [segment(1.25, 1.5, "G"), segment(2.0, 2.5, "A")])
        .unwrap();
    assert_eq!(
        shape(&timeline),
        "0-1 C:maj, 1-1.25 X, 1.25-1.5 G:maj, 1.5-2 X, 2-2.5 A:maj, 2.5-3 X, 3-4 F:maj"
    );
    timeline.replace_range(0.5, 3.5, []).unwrap();
    assert_eq!(shape(&timeline), "0-0.5 C:maj, 0.5-3.5 X, 3.5-4 F:maj");
}

#[test]
fn beats_are_interpolated_at_cuts() {
    let mut long = segment(0.0, 4.0, "C");
    long.start_beat = Some(8.0);
    long.end_beat = Some(16.0);
    let mut timeline = Timeline::from_segments([long]).unwrap();
    timeline.insert(segment(1.0, 2.0, "F")).unwrap();
    let beats: Vec<_> = timeline
        .segments()
        .iter()
        .map(|s| (s.start_beat, s.end_beat))
        .collect();
    assert_eq!(
        beats,
        [
            (Some(8.0), Some(10.0)),
            (None, None),
            (Some(12.0), Some(16.0))
        ]
    );
}

#[test]
fn merging_weighs_confidence_by_duration() {
    let mut timeline = timeline(&[(0.0, 1.0, "C"), (1.0, 4.0, "C:maj"), (4.0, 5.0, "F")]);
    let mut quiet = segment(1.0, 4.0, "C");
    quiet.confidence = 0.5;
    timeline.insert(quiet).unwrap();
    let mut open = segment(4.5, 5.0, "F");
    open.status = Status::Provisional;
    timeline.insert(open).unwrap();
    timeline.merge_equal();
    // F stays in two: one part of it is not confirmed yet.
    assert_eq!(shape(&timeline), "0-4 C:maj, 4-4.5 F:maj, 4.5-5 F:maj");
    assert_eq!(timeline.segments()[0].confidence, 0.625);
}

#[test]
fn shortening() {
    let mut timeline = timeline(&[(0.0, 1.0, "C"), (1.0, 2.0, "F"), (2.0, 3.0, "G")]);
    timeline.truncate(2.5);
    timeline.forget_before(0.5);
    assert_eq!(shape(&timeline), "0.5-1 C:maj, 1-2 F:maj, 2-2.5 G:maj");
    timeline.truncate(f64::NAN);
    timeline.forget_before(f64::NAN);
    assert_eq!(timeline.len(), 3);
    timeline.forget_before(2.0);
    timeline.truncate(2.0);
    assert!(timeline.is_empty());
}

#[test]
fn bad_segments_are_refused_and_change_nothing() {
    let before = timeline(&[(0.0, 1.0, "C"), (1.0, 2.0, "F")]);
    let mut timeline = before.clone();
    let mut beats = segment(0.0, 1.0, "C");
    beats.start_beat = Some(2.0);
    beats.end_beat = Some(1.0);
    let mut confidence = segment(0.0, 1.0, "C");
    confidence.confidence = f32::NAN;
    for bad in [
        segment(-1.0, 1.0, "C"),
        segment(f64::NAN, 1.0, "C"),
        segment(0.0, f64::INFINITY, "C"),
        segment(0.0, 1.01e7, "C"),
        segment(1.0, 1.0, "C"),
        segment(2.0, 1.0, "C"),
        beats,
        confidence,
    ] {
        assert!(timeline.insert(bad.clone()).is_err(), "{bad:?}");
        assert!(Timeline::from_segments([bad]).is_err());
    }
    let error = timeline
        .replace_range(0.0, 1.0, [segment(0.0, 1.5, "G")])
        .unwrap_err();
    assert!(matches!(error, TimelineError::OutsideRange { .. }));
    let overlapping = [segment(0.0, 0.6, "G"), segment(0.5, 1.0, "D")];
    let error = timeline.replace_range(0.0, 1.0, overlapping).unwrap_err();
    assert!(matches!(error, TimelineError::Overlap { .. }));
    assert_eq!(timeline, before);
}

#[test]
fn serde_checks_what_it_reads() {
    let timeline = timeline(&[(0.0, 1.0, "C"), (1.0, 2.0, "F:7/b7")]);
    let json = serde_json::to_string(&timeline).unwrap();
    assert_eq!(serde_json::from_str::<Timeline>(&json).unwrap(), timeline);
    let broken = json.replace("\"end_s\":1.0", "\"end_s\":1.5");
    assert!(serde_json::from_str::<Timeline>(&broken).is_err());
}

#[derive(Clone, Debug)]
enum Operation {
    Insert(Segment),
    Replace(f64, f64, Vec<Segment>),
    Merge,
    Truncate(f64),
    Forget(f64),
    Simplify,
}

/// Times on a coarse grid, so that edges often meet, and some invalid ones.
fn time() -> impl Strategy<Value = f64> {
    prop_oneof![
        20 => (0_u32..40).prop_map(|step| f64::from(step) * 0.25),
        5 => 0.0..10.0_f64,
        1 => proptest::num::f64::ANY,
    ]
}

fn any_segment() -> impl Strategy<Value = Segment> {
    let labels = proptest::sample::select(vec!["N", "X", "C", "C:min7", "F#:7/3"]);
    let beat =
        || proptest::option::of(prop_oneof![5 => -8.0..64.0_f64, 1 => proptest::num::f64::ANY]);
    (
        time(),
        time(),
        beat(),
        beat(),
        labels,
        -0.05_f32..1.05,
        any::<bool>(),
    )
        .prop_map(
            |(start_s, end_s, start_beat, end_beat, text, confidence, provisional)| Segment {
                start_s,
                end_s,
                start_beat,
                end_beat,
                label: label(text),
                confidence,
                locked: false,
                alternatives: Vec::new(),
                status: if provisional {
                    Status::Provisional
                } else {
                    Status::Confirmed
                },
            },
        )
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => any_segment().prop_map(Operation::Insert),
        4 => (time(), time(), proptest::collection::vec(any_segment(), 0..4))
            .prop_map(|(from, to, segments)| Operation::Replace(from, to, segments)),
        1 => Just(Operation::Merge),
        1 => time().prop_map(Operation::Truncate),
        1 => time().prop_map(Operation::Forget),
        1 => Just(Operation::Simplify),
    ]
}

fn assert_whole(timeline: &Timeline) {
    for segment in timeline {
        segment.check().unwrap();
    }
    for pair in timeline.segments().windows(2) {
        assert_eq!(pair[0].end_s, pair[1].start_s);
    }
}

proptest! {
    #[test]
    fn no_sequence_of_operations_breaks_it(operations in proptest::collection::vec(operation(), 1..40)) {
        let mut timeline = Timeline::new();
        for operation in operations {
            let before = timeline.clone();
            let result = match operation {
                Operation::Insert(segment) => {
                    let result = timeline.insert(segment.clone());
                    if result.is_ok() {
                        prop_assert_eq!(timeline.at(segment.start_s), Some(&segment));
                    }
                    result
                }
                Operation::Replace(from, to, segments) => timeline.replace_range(from, to, segments),
                Operation::Merge => {
                    timeline.merge_equal();
                    Ok(())
                }
                Operation::Truncate(time_s) => {
                    timeline.truncate(time_s);
                    prop_assert!(time_s.is_nan() || timeline.end_s().is_none_or(|end| end <= time_s));
                    Ok(())
                }
                Operation::Forget(time_s) => {
                    timeline.forget_before(time_s);
                    prop_assert!(time_s.is_nan() || timeline.start_s().is_none_or(|start| start >= time_s));
                    Ok(())
                }
                Operation::Simplify => {
                    let simple = timeline.map_labels(|_| label("C"));
                    prop_assert_eq!(simple.end_s(), timeline.end_s());
                    Ok(())
                }
            };
            if result.is_err() {
                prop_assert_eq!(&timeline, &before);
            }
            assert_whole(&timeline);
        }
    }

    #[test]
    fn an_edit_leaves_the_rest_alone(
        cuts in proptest::collection::btree_set(0_u32..40, 2..12),
        from in 0_u32..40,
        length in 1_u32..20,
        probe in 0.0..20.0_f64,
    ) {
        let cuts: Vec<f64> = cuts.into_iter().map(f64::from).collect();
        let names = ["C", "F", "G", "A:min"];
        let segments = cuts.windows(2).zip(names.iter().cycle())
            .map(|(edge, name)| segment(edge[0], edge[1], name));
        let before = Timeline::from_segments(segments).unwrap();
        let (from, to) = (f64::from(from), f64::from(from + length));
        let mut after = before.clone();
        after.insert(segment(from, to, "D:dim")).unwrap();
        let name = |timeline: &Timeline| timeline.at(probe).map(|segment| segment.label.clone());
        if (from..to).contains(&probe) {
            prop_assert_eq!(name(&after), Some(label("D:dim")));
        } else if before.at(probe).is_some() {
            prop_assert_eq!(name(&after), name(&before));
        }
    }
}
