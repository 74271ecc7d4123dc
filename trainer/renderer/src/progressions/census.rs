//! Statistics of the generator's output.

use super::compose;
use super::settings::ProgressionSettings;
use crate::chord::{Family, QUALITIES};
use crate::random::{Stream, stream};
use crate::song::Harmony;

/// The time of each quality and of inversions, in beats.
#[derive(Debug, Clone, PartialEq)]
pub struct Census {
    /// Beats per entry of [`QUALITIES`].
    pub beats: Vec<f64>,
    /// Beats with a bass other than the root.
    pub inverted_beats: f64,
    /// Beats without a chord.
    pub none_beats: f64,
    /// Number of spans.
    pub spans: usize,
}

/// Counts the generator's output over `songs` songs from `seed`.
#[must_use]
pub fn census(seed: u64, songs: u64, settings: &ProgressionSettings) -> Census {
    let mut census = Census {
        beats: vec![0.0; QUALITIES.len()],
        inverted_beats: 0.0,
        none_beats: 0.0,
        spans: 0,
    };
    for song in 0..songs {
        let mut rng = stream(seed.wrapping_add(song), Stream::Compose);
        for span in compose(&mut rng, settings).spans {
            let beats = span.end - span.start;
            census.spans += 1;
            match span.harmony {
                Harmony::Chord(chord) => {
                    census.beats[chord.quality] += beats;
                    if chord.bass != 0 {
                        census.inverted_beats += beats;
                    }
                }
                Harmony::None | Harmony::Unknown => census.none_beats += beats,
            }
        }
    }
    census
}

impl Census {
    /// The share of a family of qualities in the time with a chord.
    #[must_use]
    pub fn share(&self, family: Family) -> f64 {
        let total: f64 = self.beats.iter().sum();
        let of: f64 = QUALITIES
            .iter()
            .zip(&self.beats)
            .filter(|(quality, _)| quality.family == family)
            .map(|(_, beats)| beats)
            .sum();
        of / total
    }
}
