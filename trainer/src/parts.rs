//! Frames with a single part of a mix, as an instance hears it on its track in a studio.
//!
//! The harmony alone determines the chord but not always its bass; a bass line alone determines
//! only the bass. Where a part rests it determines neither, though the other parts continue.

use harmony::vocabulary::large;
use renderer::arranger::Bus;
use renderer::render::Stems;

use crate::frames::{Frames, IGNORED};

/// A frame below this level, in dB relative to the part's loudest frame, is a rest.
const RESTS_DB: f32 = -45.0;

/// A part that is trained on alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LonePart {
    /// All instruments that play chords.
    Harmony,
    /// The bass.
    Bass,
}

impl LonePart {
    /// The part's samples: the sum of its stems. `None` if it does not play.
    pub(crate) fn of(self, stems: &Stems) -> Option<Vec<f32>> {
        let mut sum: Option<Vec<f32>> = None;
        for (bus, samples) in stems {
            let mine = match bus {
                Bus::Chords | Bus::Guitars => self == Self::Harmony,
                Bus::Bass => self == Self::Bass,
                Bus::Lead | Bus::Drums => false,
            };
            if !mine {
                continue;
            }
            let sum = sum.get_or_insert_with(|| vec![0.0; samples.len()]);
            sum.iter_mut().zip(samples).for_each(|(out, s)| *out += s);
        }
        sum
    }

    /// Removes from `frames`, one for every `hop` of `samples`, the targets that the part does not
    /// determine.
    pub(crate) fn forget(self, frames: &mut Frames, samples: &[f32], hop: usize) {
        let level = |frame: usize| {
            let centre = frame * hop;
            let near = centre.saturating_sub(hop)..(centre + hop).min(samples.len());
            let near = samples.get(near).unwrap_or(&[]);
            near.iter().map(|x| x * x).sum::<f32>() / near.len().max(1) as f32
        };
        let levels: Vec<f32> = (0..frames.len()).map(level).collect();
        let loudest = levels.iter().copied().fold(0.0, f32::max);
        let least = loudest * 10_f32.powf(RESTS_DB / 10.0);
        for (frame, level) in levels.into_iter().enumerate() {
            let rests = level <= least && frames.chord[frame] != large::NO_CHORD as u8;
            if rests || self == Self::Bass {
                frames.chord[frame] = IGNORED;
                frames.extensions[frame] = IGNORED;
            }
            if rests || self == Self::Harmony {
                frames.bass[frame] = IGNORED;
            }
        }
    }
}

/// The part of example `index` that is trained on alone, for a `share` of the examples; in two of
/// three cases it is the harmony.
pub(crate) fn part_of(index: u64, share: f64) -> Option<LonePart> {
    let turns = |index: u64| (index as f64 * share).floor() as u64;
    let turn = turns(index);
    (turns(index + 1) > turn).then_some(match turn % 3 {
        2 => LonePart::Bass,
        _ => LonePart::Harmony,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use harmony::label::Label;
    use recognizer::features::BINS;
    use recognizer::networks::FrontEnd;

    const HOP: usize = 2048;

    fn frames(labels: &[&str]) -> Frames {
        let mut frames = Frames::new();
        for label in labels {
            frames.push(&[0.0; BINS], &label.parse::<Label>().unwrap());
        }
        frames
    }

    #[test]
    fn each_part_says_what_it_can_where_it_plays() {
        assert_eq!(FrontEnd::Cqt.hop_samples(), HOP);
        // Two frames of music, then a rest.
        let samples: Vec<f32> = (0..6 * HOP).map(|i| f32::from(i < 2 * HOP)).collect();
        let labels = ["C:maj/3", "C:maj/3", "N", "A:min", "A:min", "N"];
        let all = frames(&labels);
        let mut harmony = all.clone();
        LonePart::Harmony.forget(&mut harmony, &samples, HOP);
        assert_eq!(harmony.bass, [IGNORED; 6]);
        assert_eq!(harmony.chord[..3], all.chord[..3]);
        assert_eq!(harmony.chord[3..5], [IGNORED; 2]);
        assert_eq!(harmony.chord[5], all.chord[5]);
        let mut bass = all.clone();
        LonePart::Bass.forget(&mut bass, &samples, HOP);
        assert_eq!(bass.chord, [IGNORED; 6]);
        assert_eq!(bass.bass[..3], all.bass[..3]);
        assert_eq!(bass.bass[3..5], [IGNORED; 2]);
        assert!(bass.is_labelled() && harmony.is_labelled());
    }

    #[test]
    fn the_share_holds_and_the_harmony_comes_twice_as_often() {
        let parts: Vec<_> = (0..60).filter_map(|index| part_of(index, 0.2)).collect();
        let bass = parts.iter().filter(|it| **it == LonePart::Bass).count();
        assert_eq!((parts.len(), bass), (12, 4));
        assert!((0..60).all(|index| part_of(index, 0.0).is_none()));
    }

    #[test]
    fn stems_of_a_part_are_summed() {
        let stems = vec![
            (Bus::Chords, vec![0.1, 0.2]),
            (Bus::Guitars, vec![0.3, 0.0]),
            (Bus::Drums, vec![1.0, 1.0]),
        ];
        assert_eq!(LonePart::Harmony.of(&stems), Some(vec![0.4, 0.2]));
        assert_eq!(LonePart::Bass.of(&stems), None);
    }
}
