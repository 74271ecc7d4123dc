//! What an engine gets wrong where two witnesses agree, by the way in which it is wrong.

use std::collections::BTreeMap;

use harmony::label::Label;
use harmony::score::Metric;
use harmony::timeline::Segment;
use serde::{Deserialize, Serialize};

use super::disagreement::{Kind, kind};
use super::overlap::overlaps;

/// Nearer than this to a change of chord, in seconds, a mistake is one of timing.
const NEAR_CHANGE_S: f64 = 0.2;

/// How an engine is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Within 0.2 s of a change of chord.
    NearChange,
    /// It has a chord where the witnesses have none.
    ChordForNone,
    /// It has no chord where the witnesses have one.
    NoneForChord,
    /// Its root is a fifth or a fourth away.
    Fifth,
    /// Major for minor, or the reverse, on the right root.
    MajorMinor,
    /// The relative minor or major.
    Relative,
    /// Anything else: other roots, no third.
    Other,
}

impl Mistake {
    /// All of them, in the order of tables.
    pub(crate) const ALL: [Self; 7] = [
        Self::NearChange,
        Self::ChordForNone,
        Self::NoneForChord,
        Self::Fifth,
        Self::MajorMinor,
        Self::Relative,
        Self::Other,
    ];

    /// Its name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NearChange => "near a change",
            Self::ChordForNone => "a chord for N",
            Self::NoneForChord => "N for a chord",
            Self::Fifth => "a fifth off",
            Self::MajorMinor => "major for minor",
            Self::Relative => "the relative",
            Self::Other => "else",
        }
    }

    /// The mistake of an estimate that is wrong by majmin, away from changes.
    fn of(reference: &Label, estimate: &Label) -> Self {
        match (reference, estimate) {
            (Label::NoChord, _) => Self::ChordForNone,
            (_, Label::NoChord) => Self::NoneForChord,
            _ => match kind(reference, estimate) {
                Some(Kind::Fifth) => Self::Fifth,
                Some(Kind::MajorMinor) => Self::MajorMinor,
                Some(Kind::Relative) => Self::Relative,
                _ => Self::Other,
            },
        }
    }
}

/// Seconds by mistake.
pub(crate) type Mistakes = BTreeMap<Mistake, f64>;

/// The mistakes of `track` in `agreed`, the stretches on which the witnesses agree. `first` is
/// all of the first witness's track: its changes of chord count.
pub(crate) fn mistakes(first: &[Segment], agreed: &[Segment], track: &[Segment]) -> Mistakes {
    let near = near_changes(first);
    let mut seconds = Mistakes::new();
    for wrong in overlaps(agreed, track) {
        let (reference, estimate) = (&wrong.reference.label, wrong.label());
        if Metric::MajMin.compare(reference, estimate) != Some(false) {
            continue;
        }
        let inside = |&(start_s, end_s): &(f64, f64)| {
            (end_s.min(wrong.end_s) - start_s.max(wrong.start_s)).max(0.0)
        };
        let near_s: f64 = near.iter().map(inside).sum();
        let away_s = wrong.duration_s() - near_s;
        *seconds.entry(Mistake::NearChange).or_default() += near_s;
        *seconds.entry(Mistake::of(reference, estimate)).or_default() += away_s;
    }
    seconds
}

/// The times near a change of chord, disjoint and in order.
fn near_changes(track: &[Segment]) -> Vec<(f64, f64)> {
    let mut near: Vec<(f64, f64)> = Vec::new();
    for pair in track.windows(2) {
        if Metric::MajMin.compare(&pair[0].label, &pair[1].label) == Some(true) {
            continue;
        }
        let change_s = pair[1].start_s;
        let (start_s, end_s) = (change_s - NEAR_CHANGE_S, change_s + NEAR_CHANGE_S);
        match near.last_mut() {
            Some(last) if last.1 >= start_s => last.1 = end_s,
            _ => near.push((start_s, end_s)),
        }
    }
    near
}

#[cfg(test)]
mod tests {
    use super::super::overlap::tests::track;
    use super::*;

    #[test]
    fn every_wrong_second_is_one_mistake() {
        let first = track(&[
            (0.0, 4.0, "C:maj"),
            // By majmin this is no change.
            (4.0, 6.0, "C:maj7"),
            (6.0, 8.0, "N"),
            (8.0, 10.0, "A:min"),
        ]);
        let said = track(&[
            (0.0, 1.0, "G:maj"),
            (1.0, 2.0, "C:min"),
            (2.0, 3.0, "A:min"),
            (3.0, 4.2, "N"),
            (4.2, 6.1, "C:maj"),
            (6.1, 8.0, "E:maj"),
            (8.0, 9.0, "A:min7"),
            (9.0, 10.0, "B:maj"),
        ]);
        let found = mistakes(&first, &first, &said);
        let expected = [
            (Mistake::NearChange, 0.4),
            (Mistake::ChordForNone, 1.6),
            (Mistake::NoneForChord, 1.2),
            (Mistake::Fifth, 1.0),
            (Mistake::MajorMinor, 1.0),
            (Mistake::Relative, 1.0),
            (Mistake::Other, 1.0),
        ];
        assert_eq!(found.len(), expected.len());
        for (mistake, seconds) in expected {
            assert!((found[&mistake] - seconds).abs() < 1e-9, "{found:?}");
        }
        // Only where they agree.
        let found = mistakes(&first, &first[3..], &said);
        assert!((found.values().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn near_changes_do_not_overlap() {
        let quick = track(&[
            (0.0, 1.0, "C"),
            (1.0, 1.3, "F"),
            (1.3, 3.0, "G"),
            (3.0, 4.0, "C"),
        ]);
        assert_eq!(near_changes(&quick), [(0.8, 1.5), (2.8, 3.2)]);
    }
}
