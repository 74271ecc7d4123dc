//! How soon the live display is right.
//!
//! For each chord of the reference: from its start to the moment from which the display is
//! right and stays right until the chord ends, or for at least [`KEPT_S`]. All of it is audio
//! time (`shown_at_s` of the live engine): what the window shows once that much audio has come
//! in. Buffers, computing and painting add to it.

use harmony::score::Metric;
use harmony::timeline::Segment;
use serde::Serialize;

/// A label that has been right for this long counts as kept, in seconds.
pub(crate) const KEPT_S: f64 = 1.0;
/// A label shown for less than this has flickered, in seconds.
pub(crate) const FLICKER_S: f64 = 0.2;

/// The display's latency for one piece, or for several.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Latency {
    /// The delay in seconds of each chord that was shown and kept.
    pub delays_s: Vec<f64>,
    /// The number of chords that were not.
    pub missed: usize,
    /// Labels shown during a chord before the right one, which are neither that chord nor the
    /// previous one.
    pub wrong: usize,
    /// Labels that were shown for less than [`FLICKER_S`].
    pub flickers: usize,
    /// Length of the music, seconds.
    pub length_s: f64,
}

impl Latency {
    /// Compares `display` with `reference`, both in order and without gaps. Chords that
    /// `metric` does not compare are left out.
    #[must_use]
    pub(crate) fn new(reference: &[Segment], display: &[Segment], metric: Metric) -> Self {
        let display = joined(display, |a, b| a.label == b.label);
        let chords = joined(reference, |a, b| {
            metric.compare(&a.label, &b.label) == Some(true)
        });
        let mut result = Self {
            flickers: display
                .iter()
                .filter(|shown| shown.end_s - shown.start_s < FLICKER_S)
                .count(),
            length_s: display.last().map_or(0.0, |shown| shown.end_s),
            ..Self::default()
        };
        for (index, chord) in chords.iter().enumerate() {
            if metric.compare(&chord.label, &chord.label).is_none() {
                continue;
            }
            let before = index.checked_sub(1).map(|i| &chords[i]);
            result.add(chord, before, &display, metric);
        }
        result
    }

    fn add(
        &mut self,
        chord: &Segment,
        before: Option<&Segment>,
        display: &[Segment],
        metric: Metric,
    ) {
        let right = |shown: &Segment| metric.compare(&chord.label, &shown.label) == Some(true);
        let first = display.partition_point(|shown| shown.end_s <= chord.start_s);
        let during: Vec<&Segment> = display[first..]
            .iter()
            .take_while(|shown| shown.start_s < chord.end_s)
            .collect();
        // Since when the display has been right without interruption.
        let mut since = None;
        let mut wrong = 0;
        for shown in &during {
            if !right(shown) {
                since = None;
                let old =
                    before.is_some_and(|b| metric.compare(&b.label, &shown.label) == Some(true));
                wrong += usize::from(shown.start_s > chord.start_s && !old);
                continue;
            }
            let start_s = *since.get_or_insert(shown.start_s.max(chord.start_s));
            if shown.end_s >= chord.end_s || shown.end_s - start_s >= KEPT_S {
                self.delays_s.push(start_s - chord.start_s);
                self.wrong += wrong;
                return;
            }
        }
        self.missed += 1;
        self.wrong += wrong;
    }

    /// Pools several pieces.
    #[must_use]
    pub(crate) fn pooled(pieces: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::default();
        for piece in pieces {
            all.delays_s.extend(piece.delays_s);
            all.missed += piece.missed;
            all.wrong += piece.wrong;
            all.flickers += piece.flickers;
            all.length_s += piece.length_s;
        }
        all.delays_s.sort_by(f64::total_cmp);
        all
    }

    /// The delay in seconds that a share of the kept chords does not exceed; for pooled
    /// latencies.
    #[must_use]
    pub(crate) fn quantile_s(&self, share: f64) -> Option<f64> {
        let last = self.delays_s.len().checked_sub(1)?;
        let index = (last as f64 * share.clamp(0.0, 1.0)).round() as usize;
        self.delays_s.get(index).copied()
    }

    /// The share of chords that were never shown and kept.
    #[must_use]
    pub(crate) fn missed_share(&self) -> f64 {
        self.missed as f64 / (self.missed + self.delays_s.len()).max(1) as f64
    }

    /// Labels shown for less than [`FLICKER_S`], per minute.
    #[must_use]
    pub(crate) fn flickers_per_minute(&self) -> f64 {
        self.flickers as f64 / (self.length_s / 60.0).max(f64::EPSILON)
    }

    /// Mean number of wrong labels before a chord.
    #[must_use]
    pub(crate) fn wrong_per_chord(&self) -> f64 {
        self.wrong as f64 / (self.missed + self.delays_s.len()).max(1) as f64
    }
}

/// Joins neighbours that are `same`.
fn joined(track: &[Segment], same: impl Fn(&Segment, &Segment) -> bool) -> Vec<Segment> {
    let mut result: Vec<Segment> = Vec::new();
    for segment in track {
        match result.last_mut() {
            Some(last) if same(last, segment) => last.end_s = segment.end_s,
            _ => result.push(segment.clone()),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::super::overlap::tests::track;
    use super::*;

    #[test]
    fn a_chord_counts_from_when_it_is_right_and_stays_right() {
        let reference = track(&[
            (0.0, 2.0, "C:maj"),
            (2.0, 4.0, "A:min"),
            (4.0, 6.0, "G:maj"),
        ]);
        let display = track(&[
            (0.0, 0.5, "N"),
            (0.5, 2.25, "C:maj7"),
            // Right, then wrong again, then right to the end.
            (2.25, 2.35, "A:min"),
            (2.35, 2.75, "F:maj"),
            (2.75, 4.25, "A:min7"),
            // Never G.
            (4.25, 6.0, "D:maj"),
        ]);
        let latency = Latency::new(&reference, &display, Metric::MajMin);
        assert_eq!(latency.delays_s, [0.5, 0.75]);
        assert_eq!((latency.missed, latency.wrong, latency.flickers), (1, 2, 1));
        let pooled = Latency::pooled([latency.clone(), latency]);
        assert_eq!(pooled.quantile_s(0.0), Some(0.5));
        assert_eq!(pooled.quantile_s(1.0), Some(0.75));
        assert!((pooled.missed_share() - 1.0 / 3.0).abs() < 1e-9);
        assert!((pooled.flickers_per_minute() - 10.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_shown_already_takes_no_time_and_a_second_is_enough() {
        let reference = track(&[(0.0, 2.0, "C:maj"), (2.0, 8.0, "C:min")]);
        let until = |end_s: f64| {
            let display = track(&[
                (0.0, 1.9, "C:maj"),
                (1.9, end_s, "C:min"),
                (end_s, 8.0, "C:maj"),
            ]);
            Latency::new(&reference, &display, Metric::MajMin)
        };
        assert_eq!(until(3.5).delays_s, [0.0, 0.0]);
        assert_eq!((until(2.5).delays_s.len(), until(2.5).missed), (1, 1));
    }

    #[test]
    fn what_the_metric_leaves_out_is_left_out() {
        let reference = track(&[(0.0, 2.0, "C:dim"), (2.0, 4.0, "C:maj")]);
        let display = track(&[(0.0, 2.5, "C:dim"), (2.5, 4.0, "C:maj")]);
        let latency = Latency::new(&reference, &display, Metric::MajMin);
        assert_eq!(latency.delays_s, [0.5]);
        assert_eq!(latency.missed, 0);
    }
}
