//! Recall and confusion of qualities, and recognition of inversions.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use harmony::label::Label;
use harmony::vocabulary::large;
use serde::{Deserialize, Serialize};

use super::overlap::Overlap;

/// Qualities of the vocabulary.
const QUALITIES: usize = large::QUALITIES.len();
/// Row and column of `N`.
const NO_CHORD: usize = QUALITIES;
/// Column of chords on another root, and of `X`.
const OTHER: usize = QUALITIES + 1;
/// Seconds of a quality in the reference below which it is not counted.
const LEAST_S: f64 = 1.0;
/// Names that are shown and exported outside the vocabulary, in Harte's syntax above a root; a chord
/// with the same notes has the name.
const NAMES: [&str; 9] = [
    "5", "sus4(b7)", "maj(9)", "min(9)", "maj6(9)", "9", "maj9", "min9", "7(b9)",
];

/// Seconds of reference by quality of reference and estimate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Qualities {
    /// Rows: the qualities and `N`; columns: the qualities on the right root, `N`, other.
    seconds: [[f64; QUALITIES + 2]; QUALITIES + 1],
    /// Time of inverted chords, and that on which root and bass are both right.
    inverted: (f64, f64),
    /// Time of inverted chords on which notes and bass are right, whatever the name.
    inverted_notes: f64,
    /// For each of [`NAMES`]: time in the reference, in the estimate, and in both at once.
    names: [[f64; 3]; NAMES.len()],
}

/// The recognition of one name outside the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NameScore {
    /// Share of its time in the reference on which root and name are right.
    pub recall: f64,
    /// Share of its time in the estimate on which root and name are right; `None` if it never
    /// occurs.
    pub precision: Option<f64>,
}

/// A confusion matrix relative to the root.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confusion {
    /// Qualities of the reference, `N` last.
    pub rows: Vec<String>,
    /// Qualities of the estimate where its root is right, then `N`, then other roots.
    pub columns: Vec<String>,
    /// Seconds, a row for each quality of the reference.
    pub seconds: Vec<Vec<f64>>,
}

impl Default for Qualities {
    fn default() -> Self {
        Self {
            seconds: [[0.0; QUALITIES + 2]; QUALITIES + 1],
            inverted: (0.0, 0.0),
            inverted_notes: 0.0,
            names: [[0.0; 3]; NAMES.len()],
        }
    }
}

impl Qualities {
    /// Counts a time range.
    pub(crate) fn count(&mut self, overlap: &Overlap<'_>) {
        let seconds = overlap.duration_s();
        let (reference, estimate) = (&overlap.reference.label, overlap.label());
        if *reference != Label::Unknown {
            self.count_names(reference, estimate, seconds);
        }
        let (class, found) = (large::index_of(reference), large::index_of(estimate));
        if class == large::UNKNOWN {
            return;
        }
        let row = quality(class);
        let column = if found == large::NO_CHORD {
            NO_CHORD
        } else if found == large::UNKNOWN
            || class == large::NO_CHORD
            || found / QUALITIES != class / QUALITIES
        {
            OTHER
        } else {
            quality(found)
        };
        self.seconds[row][column] += seconds;
        if let Label::Chord(chord) = reference
            && chord.bass_pitch_class() != chord.root().pitch_class()
        {
            let bass_right = estimate
                .chord()
                .filter(|it| it.bass_pitch_class() == chord.bass_pitch_class());
            let right =
                bass_right.is_some_and(|it| it.root().pitch_class() == chord.root().pitch_class());
            // Some names count a bass outside the chord among its notes, others do not.
            let bass = 1 << chord.bass_pitch_class();
            let notes = chord.pitch_classes() | bass;
            let same_notes = bass_right.is_some_and(|it| it.pitch_classes() | bass == notes);
            self.inverted.0 += seconds;
            self.inverted.1 += if right { seconds } else { 0.0 };
            self.inverted_notes += if same_notes { seconds } else { 0.0 };
        }
    }

    fn count_names(&mut self, reference: &Label, estimate: &Label, seconds: f64) {
        let (is, said) = (named(reference), named(estimate));
        if let Some((name, _)) = is {
            self.names[name][0] += seconds;
        }
        if let Some((name, _)) = said {
            self.names[name][1] += seconds;
            if is == said {
                self.names[name][2] += seconds;
            }
        }
    }

    /// The recognition of names outside the vocabulary; those with less than a second are left
    /// out.
    #[must_use]
    pub(crate) fn names(&self) -> BTreeMap<String, NameScore> {
        let scored = NAMES.iter().zip(self.names);
        scored
            .filter(|(_, [is, _, _])| *is >= LEAST_S)
            .map(|(name, [is, said, both])| {
                let score = NameScore {
                    recall: both / is,
                    precision: (said > 0.0).then(|| both / said),
                };
                ((*name).to_owned(), score)
            })
            .collect()
    }

    /// Adds the counts of another piece.
    pub(crate) fn merge(&mut self, other: &Self) {
        let own = self.names.iter_mut().flatten();
        for (own, other) in own.zip(other.names.iter().flatten()) {
            *own += other;
        }
        let own = self.seconds.iter_mut().flatten();
        for (own, other) in own.zip(other.seconds.iter().flatten()) {
            *own += other;
        }
        self.inverted.0 += other.inverted.0;
        self.inverted.1 += other.inverted.1;
        self.inverted_notes += other.inverted_notes;
    }

    /// Share of reference time with the right class of 170, by quality, including `N`.
    /// Qualities with less than a second are left out.
    #[must_use]
    pub(crate) fn recall(&self) -> BTreeMap<String, f64> {
        self.seconds
            .iter()
            .enumerate()
            .filter_map(|(row, seconds)| {
                let all: f64 = seconds.iter().sum();
                (all >= LEAST_S).then(|| (name(row), seconds[row] / all))
            })
            .collect()
    }

    /// Share of the time of inverted chords on which root and bass are both right; `None`
    /// without inverted chords.
    #[must_use]
    pub(crate) fn inversions(&self) -> Option<f64> {
        (self.inverted.0 > 0.0).then(|| self.inverted.1 / self.inverted.0)
    }

    /// Share of the time of inverted chords on which bass and notes are right, whatever the
    /// name: `C:maj6/5` is `A:min7/b7`.
    #[must_use]
    pub(crate) fn inversions_by_notes(&self) -> Option<f64> {
        (self.inverted.0 > 0.0).then(|| self.inverted_notes / self.inverted.0)
    }

    /// The confusion matrix.
    #[must_use]
    pub(crate) fn confusion(&self) -> Confusion {
        let rows: Vec<String> = (0..=NO_CHORD).map(name).collect();
        let mut columns = rows.clone();
        columns.push("other root".into());
        Confusion {
            rows,
            columns,
            seconds: self.seconds.iter().map(|row| row.to_vec()).collect(),
        }
    }
}

/// Index into [`NAMES`] and root of a chord with one of these names.
fn named(label: &Label) -> Option<(usize, u8)> {
    static NOTES: LazyLock<[Vec<i32>; NAMES.len()]> = LazyLock::new(|| {
        NAMES.map(|name| {
            let label = format!("C:{name}").parse::<Label>().ok();
            label
                .and_then(|it| Some(it.chord()?.voices()))
                .unwrap_or_default()
        })
    });
    let chord = label.chord()?;
    let notes = chord.voices();
    let place = NOTES.iter().position(|known| *known == notes)?;
    Some((place, chord.root().pitch_class()))
}

/// Row of a class that is not `X`.
fn quality(class: usize) -> usize {
    if class == large::NO_CHORD {
        NO_CHORD
    } else {
        class % QUALITIES
    }
}

fn name(row: usize) -> String {
    large::QUALITIES
        .get(row)
        .map_or_else(|| "N".into(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::super::overlap::overlaps;
    use super::super::overlap::tests::track;
    use super::*;

    fn counted(reference: &[(f64, f64, &str)], estimate: &[(f64, f64, &str)]) -> Qualities {
        let (reference, estimate) = (track(reference), track(estimate));
        let mut qualities = Qualities::default();
        for overlap in overlaps(&reference, &estimate) {
            qualities.count(&overlap);
        }
        qualities
    }

    #[test]
    fn recall_and_confusion_by_hand() {
        let qualities = counted(
            &[
                (0.0, 4.0, "C:maj"),
                (4.0, 6.0, "A:min7"),
                (6.0, 8.0, "X"),
                (8.0, 10.0, "N"),
                (10.0, 10.5, "D:dim"),
            ],
            &[
                (0.0, 1.0, "C:maj7"),
                (1.0, 4.0, "C:maj/3"),
                (4.0, 5.0, "A:min7"),
                (5.0, 9.0, "C:maj"),
                (9.0, 10.5, "N"),
            ],
        );
        let recall = qualities.recall();
        assert_eq!(recall.len(), 3, "{recall:?}");
        assert!((recall["maj"] - 0.75).abs() < 1e-12);
        assert!((recall["min7"] - 0.5).abs() < 1e-12);
        assert!((recall["N"] - 0.5).abs() < 1e-12);
        let confusion = qualities.confusion();
        let at = |row: &str, column: &str| {
            let row = confusion.rows.iter().position(|r| r == row).unwrap();
            let column = confusion.columns.iter().position(|c| c == column).unwrap();
            confusion.seconds[row][column]
        };
        assert!((at("maj", "maj7") - 1.0).abs() < 1e-12);
        assert!((at("min7", "other root") - 1.0).abs() < 1e-12);
        assert!((at("N", "other root") - 1.0).abs() < 1e-12);
        assert!((at("dim", "N") - 0.5).abs() < 1e-12);
        assert_eq!(qualities.inversions(), None);
    }

    #[test]
    fn names_beside_the_vocabulary_need_root_and_name() {
        let qualities = counted(
            &[
                (0.0, 4.0, "E:5"),
                (4.0, 8.0, "G:sus4(b7)/5"),
                (8.0, 10.0, "C:maj"),
                (10.0, 14.0, "D:9"),
            ],
            &[
                (0.0, 3.0, "E:5"),
                (3.0, 4.0, "A:5"),
                (4.0, 5.0, "G:sus4(b7)"),
                (5.0, 8.0, "G:sus4"),
                (8.0, 10.0, "C:maj(9)"),
                (10.0, 13.0, "D:7(9)"),
                (13.0, 14.0, "D:7"),
            ],
        );
        let names = qualities.names();
        assert_eq!(names.len(), 3);
        assert_eq!((names["9"].recall, names["9"].precision), (0.75, Some(1.0)));
        assert_eq!(
            (names["5"].recall, names["5"].precision),
            (0.75, Some(0.75))
        );
        let suspended = names["sus4(b7)"];
        assert_eq!((suspended.recall, suspended.precision), (0.25, Some(1.0)));
    }

    #[test]
    fn an_inversion_needs_root_and_bass() {
        let qualities = counted(
            &[(0.0, 4.0, "C:maj/3")],
            &[
                (0.0, 1.0, "C:min/3"),
                (1.0, 2.0, "C:maj"),
                (2.0, 3.0, "E:min"),
                (3.0, 4.0, "C:maj/3"),
            ],
        );
        assert!((qualities.inversions().unwrap() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn the_notes_of_an_inversion_may_have_another_name() {
        let reference = [(0.0, 4.0, "C:maj6/5"), (4.0, 5.0, "C:maj/2")];
        let estimate = [
            (0.0, 2.0, "A:min7/b7"),
            (2.0, 3.0, "A:min7"),
            (3.0, 4.0, "C:maj/5"),
            (4.0, 5.0, "C:maj/2"),
        ];
        let qualities = counted(&reference, &estimate);
        assert!((qualities.inversions_by_notes().unwrap() - 0.6).abs() < 1e-12);
        assert!((qualities.inversions().unwrap() - 0.4).abs() < 1e-12);
    }
}
