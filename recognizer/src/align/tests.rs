use harmony::import::chart::{WrittenChart, parse};
use harmony::time::Meter;
use harmony::vocabulary::large;

use super::*;
use crate::calibration::Calibration;
use crate::decode::Posterior;
use crate::decode::viterbi::tests::peak;
use crate::tuning::Tuning;

/// Posteriors of these chords with lengths in seconds, good but not perfect.
fn heard(chords: &[(&str, f64)]) -> Analysis {
    let mut posteriors: Vec<Posterior> = Vec::new();
    let mut end_s = 0.0;
    for (name, length_s) in chords {
        end_s += length_s;
        let class = large::index_of(&name.parse().unwrap());
        while boundary_s(posteriors.len() + 1) <= end_s {
            let mut frame = peak(class, 0.7);
            if posteriors.len() % 9 == 4 {
                // In one frame of nine another chord is slightly likelier.
                frame = peak((class + 30) % 168, 0.45);
                frame.chord[class] = 0.4_f32.ln();
            }
            posteriors.push(frame);
        }
    }
    Analysis {
        posteriors,
        length_s: end_s,
        tuning: Tuning::CONCERT,
        calibration: Calibration::default(),
    }
}

fn chart(text: &str) -> WrittenChart {
    parse(text).unwrap()
}

fn beats(bpm: f64, length_s: f64) -> Beats {
    let count = (length_s * bpm / 60.0) as usize;
    Beats {
        meter: Meter::COMMON,
        times_s: (0..=count).map(|it| it as f64 * 60.0 / bpm).collect(),
        in_bar: (0..=count).map(|it| it % 4).collect(),
    }
}

fn aligned(chart: &WrittenChart, analysis: &Analysis, beats: Option<&Beats>) -> Alignment {
    align(chart, analysis, beats, |_| true).unwrap()
}

/// Bars of the chart in the order in which they were found.
fn order(alignment: &Alignment) -> Vec<usize> {
    alignment.bars.iter().map(|bar| bar.bar).collect()
}

fn assert_near(alignment: &Alignment, starts_s: &[f64]) {
    let found: Vec<f64> = alignment.bars.iter().map(|bar| bar.start_s).collect();
    let near = found.len() == starts_s.len()
        && found
            .iter()
            .zip(starts_s)
            .all(|(a, b)| (a - b).abs() < 0.12);
    assert!(near, "{found:?} are not {starts_s:?}");
}

const FOUR: [(&str, f64); 4] = [("C", 2.0), ("A:min", 2.0), ("F", 2.0), ("G:7", 2.0)];

#[test]
fn bars_are_found_with_beats_and_without() {
    let analysis = heard(&FOUR);
    let written = chart("| C | Am | F | G |");
    for beats in [None, Some(&beats(120.0, 8.0)), Some(&beats(60.0, 8.0))] {
        let found = aligned(&written, &analysis, beats);
        assert_eq!(order(&found), [0, 1, 2, 3]);
        assert_eq!(found.transposition, 0);
        assert_near(&found, &[0.0, 2.0, 4.0, 6.0]);
        assert!(
            found
                .bars
                .iter()
                .all(|bar| !bar.is_flagged() && bar.score > -0.9)
        );
    }
}

#[test]
fn bars_of_one_chord_are_counted() {
    let mut song = vec![("C", 8.0)];
    song.extend([("G", 2.0), ("C", 4.0), ("F", 2.0)]);
    let found = aligned(
        &chart("| C | % | % | % | G | C | % | F |"),
        &heard(&song),
        None,
    );
    assert_eq!(order(&found), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_near(&found, &[0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0]);
}

#[test]
fn a_transposed_chart_finds_its_capo() {
    let analysis = heard(&[("Eb", 2.0), ("C:min", 2.0), ("Ab", 2.0), ("Bb:7", 2.0)]);
    let found = aligned(
        &chart("| C | Am | F | G |"),
        &analysis,
        Some(&beats(120.0, 8.0)),
    );
    assert_eq!((found.transposition, found.capo()), (3, Some(3)));
    assert_eq!(found.bars[1].chords[0].label.to_string(), "C:min");
}

#[test]
fn a_wrong_chord_is_flagged_with_what_was_heard() {
    let found = aligned(
        &chart("| C | Am | Bb | G |"),
        &heard(&FOUR),
        Some(&beats(120.0, 8.0)),
    );
    assert_eq!(order(&found), [0, 1, 2, 3]);
    let flagged: Vec<bool> = found.bars.iter().map(AlignedBar::is_flagged).collect();
    assert_eq!(flagged, [false, false, true, false]);
    let heard = found.bars[2].chords[0].heard.as_ref().unwrap();
    assert_eq!(heard.to_string(), "F:maj");
    assert!(found.bars[2].score < -2.0);
}
