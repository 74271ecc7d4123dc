//! All measures of one engine, on a piece and over a set.

use std::collections::BTreeMap;

use anyhow::Result;
use harmony::score::{
    Boundaries, BoundaryCounts, Evaluation, Metric, Scores, evaluate, evaluate_folded,
};
use harmony::timeline::Segment;
use recognizer::calibration::Calibration as Platt;
use serde::{Deserialize, Serialize};

use super::calibration::{Calibration, Reliability};
use super::overlap::{intervals, overlaps, within};
use super::piece::Piece;
use super::qualities::{Confusion, NameScore, Qualities};

/// Windows for boundary hits, seconds to either side: about a sixteenth at 100 beats a minute,
/// and mir_eval's narrow one.
pub const WINDOWS_S: [f64; 2] = [0.15, 0.5];

/// The paper's seven metrics, of which it reports the average.
pub const SEVEN: [Metric; 7] = [
    Metric::Root,
    Metric::Thirds,
    Metric::Triads,
    Metric::Sevenths,
    Metric::Tetrads,
    Metric::MajMin,
    Metric::Mirex,
];

/// An engine's results for one piece.
#[derive(Debug, Clone)]
pub struct Measures {
    plain: Evaluation,
    folded: Evaluation,
    /// Compared with the reference where that is confident.
    confident: Option<Evaluation>,
    qualities: Qualities,
    calibration: Calibration,
    boundaries: [BoundaryCounts; WINDOWS_S.len()],
    offsets_s: Vec<f64>,
}

impl Measures {
    /// Measures a track against the reference of its piece.
    ///
    /// # Errors
    /// If a reference or a track cannot be scored.
    pub fn new(piece: &Piece, track: &[Segment]) -> Result<Self> {
        let (reference, estimate) = (intervals(&piece.reference), intervals(track));
        let mut qualities = Qualities::default();
        let mut calibration = Calibration::default();
        for overlap in overlaps(&piece.reference, track) {
            qualities.count(&overlap);
            calibration.count(&overlap);
        }
        let boundaries = Boundaries::new(&reference, &estimate)?;
        let confident = piece
            .confident
            .as_ref()
            .map(|spans| evaluate(&within(&piece.reference, spans), &estimate))
            .transpose()?;
        Ok(Self {
            plain: evaluate(&reference, &estimate)?,
            folded: evaluate_folded(&reference, &estimate)?,
            confident,
            qualities,
            calibration,
            boundaries: WINDOWS_S.map(|window_s| boundaries.hits(window_s)),
            offsets_s: boundaries.offsets_s(WINDOWS_S[1]),
        })
    }
}

/// Boundary hits within one window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BoundaryScores {
    /// Seconds to either side.
    pub window_s: f64,
    /// Share of the estimate's boundaries that are hits.
    pub precision: f64,
    /// Share of the reference's boundaries that are hits.
    pub recall: f64,
    /// Their harmonic mean.
    pub f_measure: f64,
}

/// Agreement over part of the time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// mir_eval's majmin there.
    pub majmin: f64,
    /// Seconds that majmin could compare.
    pub seconds: f64,
}

/// An engine's results for the pieces of one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupScores {
    /// Pieces.
    pub pieces: usize,
    /// Over all time.
    pub all: Part,
    /// Where the reference is confident.
    pub confident: Option<Part>,
    /// Average of [`SEVEN`].
    pub average: f64,
}

/// An engine's results for a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineScores {
    /// mir_eval's metrics by name, on the raw references, weighted by duration.
    pub metrics: BTreeMap<String, f64>,
    /// Average of [`SEVEN`] among them.
    pub average: f64,
    /// The same by the protocol of arXiv 2602.19778, see [`harmony::score::evaluate_folded`].
    pub folded: BTreeMap<String, f64>,
    /// Average of [`SEVEN`] among those.
    pub folded_average: f64,
    /// Share of reference time with the right class of 170, by quality (`maj`, `min7` …).
    pub quality_recall: BTreeMap<String, f64>,
    /// Mean of `quality_recall` without `N` (ACQA).
    pub mean_quality_recall: f64,
    /// Share of the time of inverted chords on which root and bass are both right.
    pub inversions: Option<f64>,
    /// The same where bass and notes are right, regardless of the name.
    #[serde(default)]
    pub inversions_by_notes: Option<f64>,
    /// Recognition of names outside the vocabulary, where the references have them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, NameScore>,
    /// The confusion matrix of the qualities.
    pub confusion: Confusion,
    /// The calibration of the confidences.
    pub calibration: Reliability,
    /// The scaling of the confidences that would calibrate them.
    #[serde(default)]
    pub mending: Platt,
    /// Changes of chord that are hit, for each of [`WINDOWS_S`].
    pub boundaries: Vec<BoundaryScores>,
    /// Median delay of the nearest change, among those within 0.5 s; negative when early.
    pub boundary_offset_s: Option<f64>,
    /// Where the reference is confident.
    pub confident: Option<Part>,
    /// By package of real music.
    pub groups: BTreeMap<String, GroupScores>,
}

impl EngineScores {
    /// Pools the pieces of a set, each with its group.
    #[must_use]
    pub fn pooled(pieces: &[(Option<&str>, &Measures)]) -> Self {
        let mut qualities = Qualities::default();
        let mut calibration = Calibration::default();
        for (_, measures) in pieces {
            qualities.merge(&measures.qualities);
            calibration.merge(&measures.calibration);
        }
        let mut offsets_s: Vec<f64> = pieces
            .iter()
            .flat_map(|(_, measures)| measures.offsets_s.iter().copied())
            .collect();
        let plain = Evaluation::pooled(pieces.iter().map(|(_, m)| &m.plain));
        let folded = Evaluation::pooled(pieces.iter().map(|(_, m)| &m.folded));
        let quality_recall = qualities.recall();
        let chords: Vec<f64> = quality_recall
            .iter()
            .filter(|(name, _)| *name != "N")
            .map(|(_, recall)| *recall)
            .collect();
        Self {
            metrics: by_name(&plain),
            average: average(&plain),
            folded: by_name(&folded),
            folded_average: average(&folded),
            mean_quality_recall: chords.iter().sum::<f64>() / chords.len().max(1) as f64,
            quality_recall,
            inversions: qualities.inversions(),
            inversions_by_notes: qualities.inversions_by_notes(),
            names: qualities.names(),
            confusion: qualities.confusion(),
            calibration: calibration.reliability(),
            mending: calibration.fit(),
            boundaries: boundaries(pieces),
            boundary_offset_s: median(&mut offsets_s),
            confident: confident(pieces),
            groups: groups(pieces),
        }
    }
}

fn by_name(scores: &Scores) -> BTreeMap<String, f64> {
    let mut named: BTreeMap<String, f64> = Metric::ALL
        .into_iter()
        .map(|metric| (metric.name().to_owned(), scores.get(metric)))
        .collect();
    named.insert("overseg".into(), scores.overseg);
    named.insert("underseg".into(), scores.underseg);
    named.insert("seg".into(), scores.seg);
    named
}

fn average(scores: &Scores) -> f64 {
    SEVEN.iter().map(|m| scores.get(*m)).sum::<f64>() / SEVEN.len() as f64
}

fn boundaries(pieces: &[(Option<&str>, &Measures)]) -> Vec<BoundaryScores> {
    WINDOWS_S
        .iter()
        .enumerate()
        .map(|(at, &window_s)| {
            let counts = BoundaryCounts::pooled(pieces.iter().map(|(_, m)| &m.boundaries[at]));
            BoundaryScores {
                window_s,
                precision: counts.precision(),
                recall: counts.recall(),
                f_measure: counts.f_measure(),
            }
        })
        .collect()
}

/// majmin over evaluations; `None` if there are none.
fn part<'a>(evaluations: impl Iterator<Item = &'a Evaluation> + Clone) -> Option<Part> {
    let at = Metric::ALL.iter().position(|m| *m == Metric::MajMin)?;
    evaluations.clone().next()?;
    Some(Part {
        majmin: Evaluation::pooled(evaluations.clone()).majmin,
        seconds: evaluations.map(|e| e.comparable_s[at]).sum(),
    })
}

fn confident(pieces: &[(Option<&str>, &Measures)]) -> Option<Part> {
    part(pieces.iter().filter_map(|(_, m)| m.confident.as_ref()))
}

fn groups(pieces: &[(Option<&str>, &Measures)]) -> BTreeMap<String, GroupScores> {
    let mut by_group: BTreeMap<&str, Vec<(Option<&str>, &Measures)>> = BTreeMap::new();
    for &(group, measures) in pieces {
        if let Some(name) = group {
            by_group.entry(name).or_default().push((group, measures));
        }
    }
    by_group
        .into_iter()
        .filter_map(|(name, pieces)| {
            let plain = pieces.iter().map(|(_, m)| &m.plain);
            let scores = GroupScores {
                pieces: pieces.len(),
                all: part(plain.clone())?,
                confident: confident(&pieces),
                average: average(&Evaluation::pooled(plain)),
            };
            Some((name.to_owned(), scores))
        })
        .collect()
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::overlap::tests::track;
    use super::*;
    use recognizer::audio::Audio;

    fn piece(reference: &[(f64, f64, &str)], confident: Option<Vec<(f64, f64)>>) -> Piece {
        Piece {
            name: "a".into(),
            group: Some("package".into()),
            audio: Audio::default(),
            reference: track(reference),
            confident,
        }
    }

    #[test]
    fn a_set_pools_its_pieces() {
        let first = piece(
            &[(0.0, 4.0, "C:maj"), (4.0, 8.0, "F:min7")],
            Some(vec![(0.0, 4.0)]),
        );
        let right = Measures::new(&first, &first.reference).unwrap();
        let second = piece(
            &[(0.0, 4.0, "C:maj"), (4.0, 8.0, "G:maj/3")],
            Some(vec![(4.0, 8.0)]),
        );
        let late = track(&[(0.0, 4.2, "C:maj"), (4.2, 8.0, "G:maj")]);
        let late = Measures::new(&second, &late).unwrap();
        let scores =
            EngineScores::pooled(&[(Some("a"), &right), (Some("b"), &late), (None, &right)]);

        assert!((scores.metrics["majmin"] - 23.8 / 24.0).abs() < 1e-9);
        assert!((scores.average - 23.8 / 24.0).abs() < 1e-9);
        assert_eq!(scores.inversions, Some(0.0));
        assert!((scores.quality_recall["min7"] - 1.0).abs() < 1e-12);
        let [narrow, wide] = scores.boundaries[..] else {
            panic!("two windows");
        };
        assert!((narrow.f_measure - 2.0 / 3.0).abs() < 1e-12);
        assert!((wide.f_measure - 1.0).abs() < 1e-12);
        assert_eq!(scores.boundary_offset_s, Some(0.0));
        let confident = scores.confident.unwrap();
        assert!((confident.seconds - 12.0).abs() < 1e-9);
        assert!((confident.majmin - 11.8 / 12.0).abs() < 1e-9);
        assert_eq!(scores.groups.len(), 2);
        assert!((scores.groups["b"].all.majmin - 7.8 / 8.0).abs() < 1e-9);
        assert!((scores.groups["b"].confident.unwrap().majmin - 3.8 / 4.0).abs() < 1e-9);
        // All tracks had full confidence and were wrong for 0.2 s of 24.
        assert!((scores.calibration.ece - 0.2 / 24.0).abs() < 1e-9);
    }

    #[test]
    fn medians_of_few_and_of_none() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3.0, -1.0]), Some(1.0));
        assert_eq!(median(&mut [3.0, -1.0, 2.0]), Some(2.0));
    }
}
