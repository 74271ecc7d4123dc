//! Comparison of two chord tracks over time.

use harmony::label::Label;
use harmony::score::Interval;
use harmony::timeline::Segment;

/// A time range with one label on each side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Overlap<'a> {
    /// Start in seconds.
    pub start_s: f64,
    /// End in seconds; after the start.
    pub end_s: f64,
    /// The reference there.
    pub reference: &'a Segment,
    /// The estimate there; `None` where it has no label.
    pub estimate: Option<&'a Segment>,
}

impl Overlap<'_> {
    /// Length in seconds.
    pub(crate) fn duration_s(&self) -> f64 {
        self.end_s - self.start_s
    }

    /// The estimate's label; a missing one counts as no chord, as in mir_eval.
    pub(crate) fn label(&self) -> &Label {
        self.estimate.map_or(&Label::NoChord, |s| &s.label)
    }
}

/// The reference cut at the boundaries of the estimate. Both are in order and do not
/// overlap themselves.
pub(crate) fn overlaps<'a>(reference: &'a [Segment], estimate: &'a [Segment]) -> Vec<Overlap<'a>> {
    let mut all = Vec::with_capacity(reference.len() + estimate.len());
    let mut at = 0;
    for reference in reference {
        let mut from_s = reference.start_s;
        while at < estimate.len() && estimate[at].end_s <= from_s {
            at += 1;
        }
        for piece in &estimate[at..] {
            if piece.start_s >= reference.end_s {
                break;
            }
            let start_s = piece.start_s.max(from_s);
            let end_s = piece.end_s.min(reference.end_s);
            for (start_s, end_s, estimate) in
                [(from_s, start_s, None), (start_s, end_s, Some(piece))]
            {
                if end_s > start_s {
                    all.push(Overlap {
                        start_s,
                        end_s,
                        reference,
                        estimate,
                    });
                }
            }
            from_s = end_s.max(from_s);
        }
        if reference.end_s > from_s {
            all.push(Overlap {
                start_s: from_s,
                end_s: reference.end_s,
                reference,
                estimate: None,
            });
        }
    }
    all
}

/// A track in the form that the scores take.
pub(crate) fn intervals(track: &[Segment]) -> Vec<Interval> {
    track.iter().map(Interval::from).collect()
}

/// A track whose time outside `spans` (seconds, in order, disjoint) is `X`, which no
/// metric compares in a reference.
pub(crate) fn within(track: &[Segment], spans: &[(f64, f64)]) -> Vec<Interval> {
    let kept: Vec<Segment> = spans
        .iter()
        .filter(|(start_s, end_s)| end_s > start_s)
        .map(|&(start_s, end_s)| Segment::new(start_s, end_s, Label::NoChord))
        .collect();
    let mut masked: Vec<Interval> = Vec::new();
    for piece in overlaps(track, &kept) {
        let label = match piece.estimate {
            Some(_) => piece.reference.label.clone(),
            None => Label::Unknown,
        };
        match masked.last_mut() {
            Some(last) if last.label == label && last.end_s == piece.start_s => {
                last.end_s = piece.end_s;
            }
            _ => masked.push(Interval {
                start_s: piece.start_s,
                end_s: piece.end_s,
                label,
            }),
        }
    }
    masked
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A track of segments from start to end in seconds, with labels in Harte's notation.
    pub(crate) fn track(rows: &[(f64, f64, &str)]) -> Vec<Segment> {
        rows.iter()
            .map(|(s, e, l)| Segment::new(*s, *e, l.parse().unwrap()))
            .collect()
    }

    fn segment(start_s: f64, end_s: f64, label: &str) -> Segment {
        Segment::new(start_s, end_s, label.parse().unwrap())
    }

    #[test]
    fn every_moment_of_the_reference_comes_once() {
        let reference = [segment(0.0, 2.0, "C"), segment(2.0, 5.0, "F")];
        let estimate = [
            segment(0.5, 1.0, "G"),
            segment(1.0, 3.0, "A"),
            segment(4.0, 9.0, "B"),
        ];
        let pieces: Vec<(f64, f64, String, String)> = overlaps(&reference, &estimate)
            .iter()
            .map(|o| {
                (
                    o.start_s,
                    o.end_s,
                    o.reference.label.to_string(),
                    o.label().to_string(),
                )
            })
            .collect();
        let expected = [
            (0.0, 0.5, "C:maj", "N"),
            (0.5, 1.0, "C:maj", "G:maj"),
            (1.0, 2.0, "C:maj", "A:maj"),
            (2.0, 3.0, "F:maj", "A:maj"),
            (3.0, 4.0, "F:maj", "N"),
            (4.0, 5.0, "F:maj", "B:maj"),
        ]
        .map(|(s, e, r, l)| (s, e, r.to_owned(), l.to_owned()));
        assert_eq!(pieces, expected);
        assert_eq!(overlaps(&reference, &[]).len(), 2);
        assert!(overlaps(&[], &estimate).is_empty());
    }

    #[test]
    fn outside_the_spans_nothing_is_known() {
        let track = [segment(0.0, 2.0, "C"), segment(2.0, 4.0, "F")];
        let masked = within(&track, &[(1.0, 2.5), (3.0, 3.5)]);
        let found: Vec<(f64, f64, String)> = masked
            .iter()
            .map(|i| (i.start_s, i.end_s, i.label.to_string()))
            .collect();
        let expected = [
            (0.0, 1.0, "X"),
            (1.0, 2.0, "C:maj"),
            (2.0, 2.5, "F:maj"),
            (2.5, 3.0, "X"),
            (3.0, 3.5, "F:maj"),
            (3.5, 4.0, "X"),
        ]
        .map(|(s, e, l)| (s, e, l.to_owned()));
        assert_eq!(found, expected);
    }
}
