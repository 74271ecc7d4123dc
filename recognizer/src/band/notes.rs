//! Pitch of a monophonic part.

use crate::features::{BINS, LOG_OFFSET};

/// Semitones of a frame.
const SEMITONES: usize = BINS / 2;

/// Partials of a note, semitones above it, with their weights.
const PARTIALS: [(usize, f32); 6] = [
    (0, 1.0),
    (12, 0.8),
    (19, 0.64),
    (24, 0.51),
    (28, 0.41),
    (31, 0.33),
];

/// Exponent that sharpens the loudest note against the others.
const CONTRAST: i32 = 4;

/// The share of each pitch class (C is 0) in a frame, as if a single note sounded: the weighted sum
/// of the note's partials (harmonic sum, Klapuri 2006), for the best octave of each. `frame` has
/// log-compressed magnitudes. Sums to 1, or to 0 where nothing sounds.
#[must_use]
pub fn notes_of(frame: &[f32; BINS]) -> [f32; 12] {
    let magnitude = |bin: usize| (frame[bin].exp() - LOG_OFFSET).max(0.0);
    let semitones: [f32; SEMITONES] = std::array::from_fn(|note| {
        let beside = [(2 * note).checked_sub(1), Some(2 * note + 1)];
        let beside = beside.into_iter().flatten();
        let beside: f32 = beside.filter(|bin| *bin < BINS).map(magnitude).sum();
        magnitude(2 * note) + 0.5 * beside
    });
    let mut classes = [0.0_f32; 12];
    for note in 0..SEMITONES {
        // A note needs its own fundamental; else its subharmonics would score as high.
        let fundamental = semitones[note];
        let partials = PARTIALS.iter();
        let sum: f32 = partials
            .map(|(above, weight)| weight * semitones.get(note + above).copied().unwrap_or(0.0))
            .sum();
        let salience = sum.min(6.0 * fundamental);
        let class = &mut classes[note % 12];
        *class = class.max(salience);
    }
    let largest = classes.iter().copied().fold(0.0, f32::max);
    if largest <= 0.0 {
        return [0.0; 12];
    }
    let raised = classes.map(|it| (it / largest).powi(CONTRAST));
    let total: f32 = raised.iter().sum();
    raised.map(|it| it / total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::log_compress;

    fn frame(bins: &[(usize, f32)]) -> [f32; BINS] {
        let mut magnitudes = [0.0; BINS];
        for (bin, magnitude) in bins {
            magnitudes[*bin] = *magnitude;
        }
        magnitudes.map(log_compress)
    }

    #[test]
    fn a_note_is_known_by_its_partials_even_where_one_of_them_is_louder() {
        // E3 with a loud second partial and a loud third (a B).
        let e3 = 2 * (2 * 12 + 4);
        let notes = notes_of(&frame(&[
            (e3, 0.10),
            (e3 + 24, 0.15),
            (e3 + 38, 0.12),
            (e3 + 48, 0.05),
        ]));
        assert!(notes[4] > 0.7, "{notes:?}");
        assert!((notes.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn silence_is_no_note() {
        assert_eq!(notes_of(&frame(&[])), [0.0; 12]);
    }
}
