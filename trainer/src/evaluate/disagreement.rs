//! Where two listeners disagree, and in what way.

use std::collections::BTreeMap;

use harmony::label::{Chord, Label};
use harmony::timeline::Segment;
use harmony::vocabulary::large;
use serde::{Deserialize, Serialize};

use super::overlap::overlaps;

/// How two labels differ, by the most prominent difference: no chord, root, third, the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// One has no chord.
    NoChord,
    /// A major chord and its relative minor.
    Relative,
    /// Roots a fifth apart.
    Fifth,
    /// Roots a third apart, but no relatives.
    Third,
    /// Roots a whole tone or a semitone apart.
    Second,
    /// Roots a tritone apart.
    Tritone,
    /// The same root, major for minor or the reverse.
    MajorMinor,
    /// The same root, and a third against none (`sus`).
    Suspended,
    /// The same root and third, another quality.
    Quality,
    /// The same chord over another bass.
    Bass,
}

/// How an estimate differs from a reference; `None` where they agree or the reference has no
/// label.
#[must_use]
pub(crate) fn kind(reference: &Label, estimate: &Label) -> Option<Kind> {
    let (own, other) = match (reference, estimate) {
        (Label::Unknown, _) | (Label::NoChord, Label::NoChord) => return None,
        (Label::Chord(own), Label::Chord(other)) => (own, other),
        _ => return Some(Kind::NoChord),
    };
    let up = (12 + other.root().pitch_class() - own.root().pitch_class()) % 12;
    let (own_third, other_third) = (third(own), third(other));
    Some(match up {
        0 if large::index_of(reference) == large::index_of(estimate) => {
            if own.bass_pitch_class() == other.bass_pitch_class() {
                return None;
            }
            Kind::Bass
        }
        0 if own_third == other_third => Kind::Quality,
        0 if own_third.is_none() || other_third.is_none() => Kind::Suspended,
        0 => Kind::MajorMinor,
        // The relative minor lies three semitones below the major.
        9 if own_third == Some(4) && other_third == Some(3) => Kind::Relative,
        3 if own_third == Some(3) && other_third == Some(4) => Kind::Relative,
        5 | 7 => Kind::Fifth,
        3 | 4 | 8 | 9 => Kind::Third,
        6 => Kind::Tritone,
        _ => Kind::Second,
    })
}

/// Semitones of the chord's third.
fn third(chord: &Chord) -> Option<u8> {
    let above = |semitones: u8| {
        chord.pitch_classes() >> ((chord.root().pitch_class() + semitones) % 12) & 1 == 1
    };
    [4, 3].into_iter().find(|semitones| above(*semitones))
}

/// One disagreement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Disagreement {
    /// The track.
    pub track: String,
    /// Its package or folder.
    pub source: String,
    /// The kind of disagreement.
    pub kind: Kind,
    /// Start in seconds.
    pub from_s: f64,
    /// End in seconds.
    pub to_s: f64,
    /// The teacher's chord.
    pub teacher: Label,
    /// The student's chord.
    pub student: Label,
    /// Mean of the teacher's highest probability there.
    pub teacher_confidence: f32,
    /// The student's confidence in its segment.
    pub student_confidence: f32,
}

impl Disagreement {
    /// Length in seconds.
    #[must_use]
    pub(crate) fn duration_s(&self) -> f64 {
        self.to_s - self.from_s
    }

    /// Length times both confidences: the order of inspection.
    #[must_use]
    pub(crate) fn weight(&self) -> f64 {
        self.duration_s() * f64::from(self.teacher_confidence * self.student_confidence)
    }
}

/// All disagreements of a student with its teacher on a track, in order. `sure` returns the
/// teacher's confidence between two times.
pub(crate) fn disagreements(
    (track, source): (&str, &str),
    teacher: &[Segment],
    student: &[Segment],
    sure: impl Fn(f64, f64) -> f32,
) -> Vec<Disagreement> {
    overlaps(teacher, student)
        .iter()
        .filter_map(|overlap| {
            Some(Disagreement {
                track: track.to_owned(),
                source: source.to_owned(),
                kind: kind(&overlap.reference.label, overlap.label())?,
                from_s: overlap.start_s,
                to_s: overlap.end_s,
                teacher: overlap.reference.label.clone(),
                student: overlap.label().clone(),
                teacher_confidence: sure(overlap.start_s, overlap.end_s),
                student_confidence: overlap.estimate.map_or(0.0, |s| s.confidence),
            })
        })
        .collect()
}

/// The counts of one kind over a corpus.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct KindCount {
    /// The number of disagreements.
    pub stretches: usize,
    /// Seconds.
    pub seconds: f64,
    /// Seconds with high mean confidence of the teacher.
    pub sure_seconds: f64,
}

/// Counts by kind; `sure` is the threshold of the teacher's confidence.
#[must_use]
pub(crate) fn by_kind(all: &[Disagreement], sure: f32) -> BTreeMap<Kind, KindCount> {
    let mut counts: BTreeMap<Kind, KindCount> = BTreeMap::new();
    for one in all {
        let count = counts.entry(one.kind).or_default();
        count.stretches += 1;
        count.seconds += one.duration_s();
        if one.teacher_confidence > sure {
            count.sure_seconds += one.duration_s();
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_example() {
        for (reference, estimate, expected) in [
            ("C", "C", None),
            ("X", "C", None),
            ("N", "N", None),
            ("N", "C", Some(Kind::NoChord)),
            ("C", "N", Some(Kind::NoChord)),
            ("C", "A:min", Some(Kind::Relative)),
            ("C:maj7", "A:min7", Some(Kind::Relative)),
            ("A:min", "C", Some(Kind::Relative)),
            ("C", "A", Some(Kind::Third)),
            ("C", "E:min", Some(Kind::Third)),
            ("C", "G", Some(Kind::Fifth)),
            ("C", "F:min", Some(Kind::Fifth)),
            ("C", "D:min", Some(Kind::Second)),
            ("C", "B", Some(Kind::Second)),
            ("C", "F#", Some(Kind::Tritone)),
            ("C", "C:min", Some(Kind::MajorMinor)),
            ("C:7", "C:min7", Some(Kind::MajorMinor)),
            ("C", "C:sus4", Some(Kind::Suspended)),
            ("C", "C:7", Some(Kind::Quality)),
            ("C", "C:maj/3", Some(Kind::Bass)),
        ] {
            let found = kind(&reference.parse().unwrap(), &estimate.parse().unwrap());
            assert_eq!(found, expected, "{reference} against {estimate}");
        }
    }

    #[test]
    fn stretches_are_counted_by_kind() {
        let segment = |start_s, end_s, label: &str, confidence| Segment {
            confidence,
            ..Segment::new(start_s, end_s, label.parse().unwrap())
        };
        let teacher = [segment(0.0, 4.0, "C", 1.0), segment(4.0, 8.0, "G", 1.0)];
        let student = [segment(0.0, 5.0, "C", 0.5), segment(5.0, 8.0, "E:min", 0.5)];
        let sure = |from_s: f64, _| if from_s < 4.5 { 0.9 } else { 0.4 };
        let all = disagreements(("a", "b"), &teacher, &student, sure);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].from_s, all[0].to_s), (4.0, 5.0));
        assert!((all[1].weight() - 3.0 * 0.4 * 0.5).abs() < 1e-6);
        let counts = by_kind(&all, 0.8);
        assert_eq!(counts[&Kind::Fifth].seconds, 1.0);
        assert_eq!(counts[&Kind::Fifth].sure_seconds, 1.0);
        assert_eq!(counts[&Kind::Relative].sure_seconds, 0.0);
    }
}
