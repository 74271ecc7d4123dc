//! Summary of each part's contribution to a chord.

use harmony::label::Label;
use harmony::vocabulary::large;

use super::Part;
use crate::decode::Posterior;
use crate::networks::{CHORD_CLASSES, NO_BASS};

/// The least share of a melody note that is named.
const LEAST_NOTE: f32 = 0.15;

/// The contribution of one part while a chord sounded.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A chord, or `N`, with its mean probability.
    Chord(Part, Label, f32),
    /// A pitch class of the bass, with its mean probability.
    Bass(u8, f32),
    /// Pitch classes of the melody, the most frequent first.
    Notes(Vec<u8>),
    /// It was silent.
    Nothing(Part),
}

/// The posterior and notes of one part at one frame; `None` while it was silent.
pub type Word<'a> = (Part, Option<(&'a Posterior, &'a [f32; 12])>);

/// The contributions of the parts over some frames, one entry per part in the order of [`Part`];
/// drums have none.
pub fn what_was_said<'a>(words: impl IntoIterator<Item = Word<'a>>) -> Vec<Said> {
    let mut sums: std::collections::BTreeMap<Part, Sum> = std::collections::BTreeMap::new();
    for (part, word) in words {
        if part == Part::Drums {
            continue;
        }
        let sum = sums.entry(part).or_default();
        if let Some((posterior, notes)) = word {
            sum.add(posterior, notes);
        }
    }
    sums.into_iter()
        .map(|(part, sum)| sum.in_words(part))
        .collect()
}

struct Sum {
    count: f32,
    chord: [f32; CHORD_CLASSES],
    bass: [f32; 12],
    notes: [f32; 12],
}

impl Default for Sum {
    fn default() -> Self {
        Self {
            count: 0.0,
            chord: [0.0; CHORD_CLASSES],
            bass: [0.0; 12],
            notes: [0.0; 12],
        }
    }
}

impl Sum {
    fn add(&mut self, posterior: &Posterior, notes: &[f32; 12]) {
        self.count += 1.0;
        for (sum, ln_p) in self.chord.iter_mut().zip(&posterior.chord) {
            *sum += ln_p.exp();
        }
        if let Some(bass) = &posterior.bass {
            for (sum, ln_p) in self.bass.iter_mut().zip(&bass[..NO_BASS]) {
                *sum += ln_p.exp();
            }
        }
        for (sum, note) in self.notes.iter_mut().zip(notes) {
            *sum += note;
        }
    }

    fn in_words(&self, part: Part) -> Said {
        if self.count == 0.0 {
            return Said::Nothing(part);
        }
        let best = |values: &[f32]| {
            let best = (0..values.len()).max_by(|&a, &b| values[a].total_cmp(&values[b]));
            let best = best.unwrap_or(0);
            (best, (values[best] / self.count).clamp(0.0, 1.0))
        };
        match part {
            Part::Bass => {
                let (note, p) = best(&self.bass);
                Said::Bass(note as u8, p)
            }
            Part::Melody => {
                let mut notes: Vec<u8> = (0..12).collect();
                notes.retain(|note| self.notes[usize::from(*note)] >= LEAST_NOTE * self.count);
                notes.sort_by(|a, b| {
                    let [a, b] = [a, b].map(|note| self.notes[usize::from(*note)]);
                    b.total_cmp(&a)
                });
                Said::Notes(notes)
            }
            _ => {
                let (class, p) = best(&self.chord);
                Said::Chord(part, large::label_of(class), p)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fuse::tests::heard;
    use super::*;

    #[test]
    fn each_part_has_a_line_of_its_own_kind() {
        let (keys, bass) = (heard("E:min", 0.8, 7), heard("C", 0.4, 0));
        let sung: [f32; 12] = std::array::from_fn(|note| match note {
            4 => 0.3,
            7 => 0.6,
            _ => 0.01,
        });
        let quiet = [0.0; 12];
        let said = what_was_said([
            (Part::Melody, Some((&bass, &sung))),
            (Part::Bass, Some((&bass, &quiet))),
            (Part::Harmony, Some((&keys, &quiet))),
            (Part::Harmony, None),
            (Part::Mix, None),
            (Part::Drums, Some((&keys, &quiet))),
        ]);
        assert_eq!(said.len(), 4);
        assert_eq!(said[0], Said::Nothing(Part::Mix));
        assert!(matches!(&said[1], Said::Chord(Part::Harmony, label, p)
            if label.to_string() == "E:min" && (p - 0.8).abs() < 1e-3));
        assert!(matches!(said[2], Said::Bass(0, p) if p > 0.85));
        assert_eq!(said[3], Said::Notes(vec![7, 4]));
    }
}
