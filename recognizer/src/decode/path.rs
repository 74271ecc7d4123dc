//! Chords of a path of states.

use std::ops::Range;

use harmony::label::Label;
use harmony::timeline::Segment;
use harmony::vocabulary::large;

use super::states::{class_of, label_of};
use super::{Posterior, SegmentEvidence};
use crate::features::centred_cqt::FILE_HOP_S;
use crate::networks::CHORD_CLASSES;

/// How many alternatives a chord has.
pub const ALTERNATIVES: usize = 4;

/// Neighbouring frames with one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// State of [`super::states`].
    pub state: usize,
    /// Frames, counted from the beginning of the path.
    pub frames: Range<usize>,
}

/// The stretches of a path, in order.
#[must_use]
pub fn stretches(path: &[usize]) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for (frame, &state) in path.iter().enumerate() {
        match stretches.last_mut() {
            Some(last) if last.state == state => last.frames.end = frame + 1,
            _ => stretches.push(Stretch {
                state,
                frames: frame..frame + 1,
            }),
        }
    }
    stretches
}

/// Removes silence shorter than two frames at the very end of the audio: the windows of the last
/// frames reach beyond the end, so a chord that seems to stop only there lasts to the end.
/// `segment_of` returns the segment of an item.
pub fn join_silent_end<T>(items: &mut Vec<T>, segment_of: impl Fn(&mut T) -> &mut Segment) {
    let [.., before, last] = items.as_mut_slice() else {
        return;
    };
    let (before, last) = (segment_of(before), segment_of(last));
    let short = last.end_s - last.start_s < 2.0 * FILE_HOP_S;
    let chord = matches!(before.label, Label::Chord(_));
    if short && chord && last.label == Label::NoChord {
        before.end_s = last.end_s;
        items.pop();
    }
}

/// The chord of a stretch of frames.
#[derive(Debug, Clone, PartialEq)]
pub struct Chord {
    /// The chord, with the extensions that are likely enough.
    pub label: Label,
    /// Mean posterior of its class, 0 … 1.
    pub confidence: f32,
    /// The [`ALTERNATIVES`] other classes with the largest mean posteriors, largest first.
    pub alternatives: Vec<(Label, f32)>,
}

impl Chord {
    /// The chord of `state` over frames with these posteriors.
    #[must_use]
    pub fn heard(state: usize, posteriors: &[Posterior]) -> Self {
        let class = class_of(state);
        let mut evidence = SegmentEvidence::default();
        for posterior in posteriors {
            evidence.add(posterior, class);
        }
        Self {
            label: evidence.with_extensions(label_of(state)),
            confidence: evidence.confidence().clamp(0.0, 1.0),
            alternatives: other_classes(class, posteriors),
        }
    }
}

/// The [`ALTERNATIVES`] classes other than `class` with the largest mean posteriors, largest first.
pub(crate) fn other_classes(class: usize, posteriors: &[Posterior]) -> Vec<(Label, f32)> {
    let mut mean = [0.0_f32; CHORD_CLASSES];
    for posterior in posteriors {
        for (sum, ln_p) in mean.iter_mut().zip(&posterior.chord) {
            *sum += ln_p.exp() / posteriors.len() as f32;
        }
    }
    let mut order: Vec<usize> = (0..CHORD_CLASSES)
        .filter(|&other| other != class && other != large::UNKNOWN)
        .collect();
    order.sort_by(|&a, &b| mean[b].total_cmp(&mean[a]));
    order
        .into_iter()
        .take(ALTERNATIVES)
        .map(|class| (large::label_of(class), mean[class].clamp(0.0, 1.0)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::viterbi::tests::peak;
    use super::*;

    #[test]
    fn stretches_tile_the_path() {
        let found = stretches(&[3, 3, 5, 3]);
        let frames: Vec<Range<usize>> = found.iter().map(|s| s.frames.clone()).collect();
        assert_eq!(frames, [0..2, 2..3, 3..4]);
        assert!(stretches(&[]).is_empty());
    }

    #[test]
    fn only_a_sliver_of_silence_behind_a_chord_is_joined() {
        let ends = |labels: [&str; 2], last_s: f64| {
            let [before, last] = labels.map(|label| label.parse().unwrap());
            let mut segments = vec![
                Segment::new(0.0, 4.0, before),
                Segment::new(4.0, 4.0 + last_s, last),
            ];
            join_silent_end(&mut segments, |segment| segment);
            let parts = segments.iter().map(|it| (it.label.to_string(), it.end_s));
            parts.collect::<Vec<_>>()
        };
        let (short_s, long_s) = (1.9 * FILE_HOP_S, 2.1 * FILE_HOP_S);
        assert_eq!(ends(["G:7", "N"], short_s), [("G:7".into(), 4.0 + short_s)]);
        assert_eq!(ends(["G:7", "N"], long_s).len(), 2);
        assert_eq!(ends(["G:7", "C"], short_s).len(), 2);
        assert_eq!(ends(["X", "N"], short_s).len(), 2);
        let mut alone = vec![Segment::new(0.0, 0.1, Label::NoChord)];
        join_silent_end(&mut alone, |segment| segment);
        assert_eq!(alone.len(), 1);
    }

    #[test]
    fn alternatives_are_the_other_classes_by_probability() {
        let chord = Chord::heard(1, &[peak(1, 0.6), peak(14, 0.5), peak(14, 0.5)]);
        assert_eq!(chord.label.to_string(), "C:maj");
        assert!((chord.confidence - 0.2).abs() < 0.01);
        assert_eq!(chord.alternatives.len(), ALTERNATIVES);
        assert_eq!(chord.alternatives[0].0, large::label_of(14));
        assert!((chord.alternatives[0].1 - 1.0 / 3.0).abs() < 0.01);
    }
}
