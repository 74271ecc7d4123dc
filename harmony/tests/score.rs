//! The scores against mir_eval 0.8.2 (goldens made by
//! `tests/goldens/make_chord_scores.py`).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeMap;

use common::{any_label, label};
use harmony::label::{Encoded, Label};
use harmony::score::{
    Boundaries, BoundaryCounts, Evaluation, Interval, Metric, ScoreError, Scores, evaluate,
    evaluate_folded, evaluate_timelines,
};
use harmony::timeline::{Segment, Timeline};
use proptest::prelude::*;
use serde::Deserialize;

const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct Golden {
    mir_eval: String,
    /// As text: the goldens know spellings that print differently here.
    labels: Vec<String>,
    encode: Vec<(i8, u16, i8, u16)>,
    compare: BTreeMap<String, Vec<String>>,
    evaluations: Vec<GoldenEvaluation>,
}

#[derive(Deserialize)]
struct GoldenEvaluation {
    name: String,
    reference: Vec<(f64, f64, Label)>,
    estimate: Vec<(f64, f64, Label)>,
    scores: BTreeMap<String, f64>,
}

fn golden() -> Golden {
    let golden: Golden = serde_json::from_str(include_str!("goldens/chord_scores.json")).unwrap();
    assert_eq!(golden.mir_eval, "0.8.2");
    golden
}

fn intervals(rows: &[(f64, f64, Label)]) -> Vec<Interval> {
    let rows = rows.iter().cloned();
    rows.map(|(start_s, end_s, label)| Interval {
        start_s,
        end_s,
        label,
    })
    .collect()
}

#[test]
fn labels_encode_as_in_mir_eval() {
    let golden = golden();
    assert!(golden.labels.len() > 120);
    for (text, &(root, mask, bass, folded)) in golden.labels.iter().zip(&golden.encode) {
        let plain = Encoded::new(&label(text), false);
        assert_eq!(
            (plain.root, plain.mask, plain.bass),
            (root, mask, bass),
            "{text}"
        );
        assert_eq!(
            Encoded::new(&label(text), true).mask,
            folded,
            "{text} folded"
        );
    }
}

#[test]
fn every_pair_compares_as_in_mir_eval() {
    let golden = golden();
    let labels: Vec<Label> = golden.labels.iter().map(|text| label(text)).collect();
    for metric in Metric::ALL {
        let rows = &golden.compare[metric.name()];
        for (reference, row) in labels.iter().zip(rows) {
            for (estimate, expected) in labels.iter().zip(row.chars()) {
                let expected = match expected {
                    '1' => Some(true),
                    '0' => Some(false),
                    _ => None,
                };
                let answer = metric.compare(reference, estimate);
                assert_eq!(answer, expected, "{metric}: {reference} against {estimate}");
            }
        }
    }
}

#[test]
fn whole_annotations_score_as_in_mir_eval() {
    let golden = golden();
    assert!(golden.evaluations.len() > 80);
    let mut worst = 0.0_f64;
    for GoldenEvaluation {
        name,
        reference,
        estimate,
        scores,
    } in &golden.evaluations
    {
        let found = evaluate(&intervals(reference), &intervals(estimate))
            .unwrap()
            .scores;
        let found = serde_json::to_value(found).unwrap();
        assert_eq!(found.as_object().unwrap().len(), scores.len());
        for (metric, expected) in scores {
            let difference = (found[metric].as_f64().unwrap() - expected).abs();
            assert!(
                difference < TOLERANCE,
                "{name}, {metric}: off by {difference:e}"
            );
            worst = worst.max(difference);
        }
    }
    println!(
        "largest difference {worst:e} over {} annotations",
        golden.evaluations.len()
    );
}

/// What `tests/goldens/make_boundary_scores.py` adds to an evaluation.
#[derive(Deserialize)]
struct GoldenBoundaries {
    /// Precision, recall and F within 0.15 s.
    #[serde(rename = "0.15")]
    narrow: (f64, f64, f64),
    /// The same within 0.5 s.
    #[serde(rename = "0.5")]
    wide: (f64, f64, f64),
    /// The scores after folding.
    folded: BTreeMap<String, f64>,
}

fn golden_boundaries() -> BTreeMap<String, GoldenBoundaries> {
    #[derive(Deserialize)]
    struct File {
        mir_eval: String,
        evaluations: BTreeMap<String, GoldenBoundaries>,
    }
    let file: File = serde_json::from_str(include_str!("goldens/boundary_scores.json")).unwrap();
    assert_eq!(file.mir_eval, "0.8.2");
    file.evaluations
}

#[test]
fn boundaries_score_as_in_mir_eval() {
    let boundaries = golden_boundaries();
    let mut hits = 0;
    for evaluation in golden().evaluations {
        let name = &evaluation.name;
        let expected = &boundaries[name];
        let (reference, estimate) = (
            intervals(&evaluation.reference),
            intervals(&evaluation.estimate),
        );
        let found = Boundaries::new(&reference, &estimate).unwrap();
        for (window_s, (precision, recall, f)) in [(0.15, expected.narrow), (0.5, expected.wide)] {
            let counts = found.hits(window_s);
            hits += counts.hits;
            for (found, expected) in [
                (counts.precision(), precision),
                (counts.recall(), recall),
                (counts.f_measure(), f),
            ] {
                assert!(
                    (found - expected).abs() < TOLERANCE,
                    "{name}, {window_s} s: {found} for {expected}"
                );
            }
        }
    }
    assert!(hits > 1000, "{hits} hits in all");
}

#[test]
fn folded_annotations_score_as_in_mir_eval() {
    let folded = golden_boundaries();
    let mut differ = 0;
    for evaluation in golden().evaluations {
        let name = &evaluation.name;
        let (reference, estimate) = (
            intervals(&evaluation.reference),
            intervals(&evaluation.estimate),
        );
        let found = evaluate_folded(&reference, &estimate).unwrap().scores;
        let plain = evaluate(&reference, &estimate).unwrap().scores;
        differ += usize::from((found.tetrads - plain.tetrads).abs() > 1e-3);
        let found = serde_json::to_value(found).unwrap();
        for (metric, expected) in &folded[name].folded {
            let found = found[metric].as_f64().unwrap();
            assert!(
                (found - expected).abs() < TOLERANCE,
                "{name}, {metric}: {found} for {expected}"
            );
        }
    }
    assert!(differ > 30, "folding changed {differ} evaluations");
}

#[test]
fn offsets_are_those_of_the_nearest_boundary() {
    let row = |start_s, end_s, text| Interval {
        start_s,
        end_s,
        label: label(text),
    };
    let reference = [
        row(0.0, 1.0, "C"),
        row(1.0, 2.0, "C"),
        row(2.0, 3.0, "F"),
        row(3.0, 4.0, "G"),
    ];
    let estimate = [
        row(0.0, 1.9, "C"),
        row(1.9, 2.3, "D"),
        row(2.3, 3.25, "F"),
        row(3.25, 9.0, "G"),
    ];
    let boundaries = Boundaries::new(&reference, &estimate).unwrap();
    // Equal neighbours are no change of chord, and the ends do not count.
    assert_eq!(boundaries.reference_s, [2.0, 3.0]);
    assert_eq!(boundaries.estimate_s, [1.9, 2.3, 3.25]);
    let offsets = boundaries.offsets_s(0.5);
    assert!((offsets[0] + 0.1).abs() < TOLERANCE && (offsets[1] - 0.25).abs() < TOLERANCE);
    assert_eq!(boundaries.offsets_s(0.15).len(), 1);
    let counts = boundaries.hits(0.15);
    let pooled = BoundaryCounts::pooled([&counts, &boundaries.hits(0.5)]);
    assert_eq!((pooled.hits, pooled.reference, pooled.estimate), (3, 4, 6));
    assert!((pooled.f_measure() - 0.6).abs() < TOLERANCE);
}

#[test]
fn what_mir_eval_refuses_is_compared_by_notes() {
    assert_eq!(
        Metric::Tetrads.compare(&label("C:maj11"), &label("C:maj7")),
        Some(true)
    );
    assert_eq!(
        Metric::Triads.compare(&label("C:aug7"), &label("C:aug")),
        Some(true)
    );
    let row = |start_s, end_s, text| Interval {
        start_s,
        end_s,
        label: label(text),
    };
    let reference = [row(1.0, 2.0, "C"), row(2.0, 3.0, "F")];
    let touching = [
        row(0.0, 1.0, "G"),
        row(1.0, 2.0, "C"),
        row(2.0, 3.0, "F"),
        row(3.0, 4.0, "A"),
    ];
    let scores = evaluate(&reference, &touching).unwrap().scores;
    assert_eq!((scores.majmin, scores.seg), (1.0, 1.0));
}

#[test]
fn bad_intervals_are_refused() {
    let row = |start_s, end_s| Interval {
        start_s,
        end_s,
        label: label("C"),
    };
    let good = [row(0.0, 1.0)];
    assert_eq!(evaluate(&[], &good), Err(ScoreError::EmptyReference));
    for (bad, message) in [
        (vec![row(-1.0, 1.0)], "finite times"),
        (vec![row(0.0, f64::NAN)], "finite times"),
        (vec![row(1.0, 1.0)], "no duration"),
        (vec![row(0.0, 2.0), row(1.0, 3.0)], "before the previous"),
        (vec![row(2.0, 3.0), row(0.0, 1.0)], "before the previous"),
    ] {
        for error in [evaluate(&bad, &good), evaluate(&good, &bad)] {
            let error = error.unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}

#[test]
fn pooling_weighs_by_what_was_comparable() {
    let row = |start_s, end_s, text| Interval {
        start_s,
        end_s,
        label: label(text),
    };
    let right = evaluate(&[row(0.0, 1.0, "C")], &[row(0.0, 1.0, "C")]).unwrap();
    let wrong = evaluate(
        &[row(0.0, 3.0, "F"), row(3.0, 9.0, "C:sus4")],
        &[row(0.0, 9.0, "C:sus4")],
    )
    .unwrap();
    let pooled = Evaluation::pooled([&right, &wrong]);
    assert!((pooled.majmin - 0.25).abs() < TOLERANCE);
    assert!((pooled.root - 0.7).abs() < TOLERANCE);
    assert_eq!(Evaluation::pooled([]), Scores::default());
}

fn any_timeline() -> impl Strategy<Value = Timeline> {
    proptest::collection::vec((1_u32..40, any_label()), 1..12).prop_map(|parts| {
        let mut end_s = 0.0;
        let segments = parts.into_iter().map(|(tenths, label)| {
            let start_s = end_s;
            end_s += f64::from(tenths) / 10.0;
            Segment::new(start_s, end_s, label)
        });
        Timeline::from_segments(segments.collect::<Vec<_>>()).unwrap()
    })
}

proptest! {
    #[test]
    fn scores_lie_between_0_and_1(reference in any_timeline(), estimate in any_timeline()) {
        let scores = evaluate_timelines(&reference, &estimate).unwrap().scores;
        let all = Metric::ALL.map(|metric| scores.get(metric));
        for score in all.into_iter().chain([scores.overseg, scores.underseg, scores.seg]) {
            prop_assert!((-TOLERANCE..=1.0 + TOLERANCE).contains(&score), "{:?}", scores);
        }
    }

    #[test]
    fn a_timeline_agrees_with_itself(timeline in any_timeline()) {
        let Evaluation { scores, comparable_s, .. } = evaluate_timelines(&timeline, &timeline).unwrap();
        for (metric, comparable_s) in Metric::ALL.into_iter().zip(comparable_s) {
            let expected = if comparable_s > 0.0 { 1.0 } else { 0.0 };
            prop_assert!((scores.get(metric) - expected).abs() < TOLERANCE, "{}", metric);
        }
        prop_assert_eq!(scores.seg, 1.0);
    }
}
