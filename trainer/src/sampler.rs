//! Draws training windows: which example, where in it, moved and coloured how.
//!
//! Everything about step `n` follows from the seed and `n` alone, so a resumed run sees
//! what an uninterrupted one would have.

use half::f16;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recognizer::features::BINS;

use crate::frames::{Frames, IGNORED};

/// One window of one example, augmented.
#[derive(Debug, Clone)]
pub struct Window {
    /// `[frames, 144]`, log-compressed.
    pub bins: Vec<f32>,
    /// Large-vocabulary class, or [`IGNORED`].
    pub chord: Vec<u8>,
    /// Bass class, or [`IGNORED`].
    pub bass: Vec<u8>,
}

/// How windows are drawn.
#[derive(Debug, Clone)]
pub struct Sampler {
    /// Frames in a window.
    pub frames: usize,
    /// Largest move up or down, in semitones (0: none).
    pub transpose: i32,
    /// Largest change of level, in nepers (natural logarithm of the amplitude ratio).
    pub level: f32,
    /// Seed of all draws.
    pub seed: u64,
}

impl Sampler {
    /// Draws window `index` of step `step` from `examples`; long examples are drawn more often.
    pub fn draw(&self, examples: &[Frames], step: u64, index: u64) -> Window {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(step.wrapping_mul(4096).wrapping_add(index));
        let example = &examples[rng.random_range(0..examples.len())];
        let start = rng.random_range(0..example.len().saturating_sub(self.frames).max(1));
        let shift = rng.random_range(-self.transpose..=self.transpose);
        let colour = Colour::draw(&mut rng, self.level);
        let mut window = Window {
            bins: Vec::with_capacity(self.frames * BINS),
            chord: Vec::with_capacity(self.frames),
            bass: Vec::with_capacity(self.frames),
        };
        for t in start..start + self.frames {
            if t < example.len() {
                let row = &example.bins[t * BINS..(t + 1) * BINS];
                window.bins.extend(colour.apply(row, shift));
                window.chord.push(transposed_chord(example.chord[t], shift));
                window.bass.push(transposed_bass(example.bass[t], shift));
            } else {
                window.bins.extend(std::iter::repeat_n(SILENCE, BINS));
                window.chord.push(IGNORED);
                window.bass.push(IGNORED);
            }
        }
        window
    }
}

/// ln(1e-6): what [`recognizer::features::log_compress`] makes of nothing.
const SILENCE: f32 = -13.815_51;

/// A change of level, a smooth change of spectrum, and a noise floor.
struct Colour {
    level: f32,
    /// Weights of a constant, tilt, bow and two ripples over the bins.
    curve: [f32; 4],
    floor: f32,
}

impl Colour {
    fn draw(rng: &mut ChaCha8Rng, level: f32) -> Self {
        let amount = if level > 0.0 { 1.0 } else { 0.0 };
        let mut signed = |size: f32| (rng.random::<f32>() * 2.0 - 1.0) * size * amount;
        let curve = [signed(0.8), signed(0.5), signed(0.4), signed(0.3)];
        let level = signed(level);
        let floor = (-9.0 + signed(3.5)).exp() * amount;
        Self {
            level,
            curve,
            floor,
        }
    }

    fn apply<'a>(&'a self, row: &'a [f16], shift: i32) -> impl Iterator<Item = f32> + 'a {
        (0..BINS as i32).map(move |bin| {
            // Bins that would come from outside repeat the edge's semitone.
            let source = (bin - 2 * shift).clamp(0, BINS as i32 - 1) as usize;
            let u = bin as f32 / (BINS - 1) as f32 * 2.0 - 1.0;
            let [tilt, bow, ripple, fine] = self.curve;
            let gain = self.level
                + tilt * u
                + bow * (u * u - 0.33)
                + ripple * (u * 5.0).sin()
                + fine * (u * 11.0 + ripple * 9.0).cos();
            let x = row[source].to_f32() + gain;
            if self.floor > 0.0 {
                (x.exp() + self.floor).ln()
            } else {
                x
            }
        })
    }
}

fn transposed_chord(class: u8, shift: i32) -> u8 {
    if class >= 168 {
        return class;
    }
    let root = (i32::from(class / 14) + shift).rem_euclid(12) as u8;
    root * 14 + class % 14
}

fn transposed_bass(bass: u8, shift: i32) -> u8 {
    if bass >= 12 {
        return bass;
    }
    (i32::from(bass) + shift).rem_euclid(12) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Frames {
        Frames {
            bins: (0..50 * BINS)
                .map(|i| f16::from_f32(-(i as f32 % 9.0)))
                .collect(),
            chord: vec![14 * 11 + 1; 50],
            bass: vec![11; 50],
        }
    }

    #[test]
    fn a_step_is_the_same_whenever_it_is_drawn() {
        let sampler = Sampler {
            frames: 20,
            transpose: 3,
            level: 2.0,
            seed: 5,
        };
        let a = sampler.draw(&[example()], 7, 3);
        let b = sampler.draw(&[example()], 7, 3);
        assert_eq!(a.bins, b.bins);
        assert_ne!(a.bins, sampler.draw(&[example()], 8, 3).bins);
    }

    #[test]
    fn labels_move_with_the_bins() {
        assert_eq!(transposed_chord(14 * 11 + 1, 2), 14 + 1);
        assert_eq!(transposed_chord(169, 2), 169);
        assert_eq!(transposed_bass(0, -1), 11);
        assert_eq!(transposed_bass(12, 5), 12);
    }

    #[test]
    fn past_the_end_there_is_silence_without_a_label() {
        let sampler = Sampler {
            frames: 80,
            transpose: 0,
            level: 0.0,
            seed: 1,
        };
        let window = sampler.draw(&[example()], 0, 0);
        assert_eq!(window.chord[79], IGNORED);
        assert_eq!(window.bins[79 * BINS], SILENCE);
        assert_eq!(window.bins.len(), 80 * BINS);
    }
}
