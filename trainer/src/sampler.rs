//! Draws training windows: which example, where in it, how transposed and equalized.
//!
//! Everything about step `n` depends only on the seed and `n`, so a resumed run draws the same
//! windows as an uninterrupted one.

use half::f16;
use harmony::vocabulary::large;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recognizer::features::{BINS, transposed_from};
use recognizer::networks::extensions::EXTENSION_VALUES;
use recognizer::networks::{BASS_CLASSES, CHORD_CLASSES};

use crate::frames::{Frames, IGNORED, SoftTargets};

/// One window of one example, augmented.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    /// `[frames, 144]`, log-compressed.
    pub bins: Vec<f32>,
    /// Large-vocabulary class, or [`IGNORED`].
    pub chord: Vec<u8>,
    /// Bass class, or [`IGNORED`].
    pub bass: Vec<u8>,
    /// Index of the extensions, or [`IGNORED`].
    pub extensions: Vec<u8>,
    /// The teacher's probabilities, if there are any, for the frames of the example; see
    /// [`SoftTargets`].
    pub teacher: Option<WindowTargets>,
    /// Frames before the beginning of the example.
    pub lead: usize,
    /// Frames at the end, past the end of the example.
    pub padding: usize,
}

/// A teacher's probabilities over the frames of a window, transposed with them.
#[derive(Debug, Clone, Default)]
pub(crate) struct WindowTargets {
    /// `[frames, 170]`.
    pub chord: Vec<f32>,
    /// `[frames, 13]` or empty.
    pub bass: Vec<f32>,
    /// `[frames, 14]` or empty.
    pub extensions: Vec<f32>,
}

/// The settings for drawing windows.
#[derive(Debug, Clone)]
pub(crate) struct Sampler {
    /// Frames in a window.
    pub frames: usize,
    /// Lowest and highest transposition, in semitones.
    pub transpose: (i32, i32),
    /// Largest change of level, in nepers (natural logarithm of the amplitude ratio).
    pub level: f32,
    /// Share of the windows that may begin before an example or end after it, in silence, like
    /// the first and the last windows of a file. If this is not 0, short examples are placed
    /// anywhere in all windows.
    pub overhang: f64,
    /// Seed of all draws.
    pub seed: u64,
}

/// Examples to draw from, in proportion to their length.
pub(crate) struct Pool<'a> {
    examples: &'a [Frames],
    /// Total frames up to the end of each example.
    ends: Vec<usize>,
}

impl<'a> Pool<'a> {
    /// A pool over `examples`.
    pub(crate) fn new(examples: &'a [Frames]) -> Self {
        Self::weighted(examples, &[])
    }

    /// The same, with the length of each example multiplied by its weight; 1 if none is given.
    pub(crate) fn weighted(examples: &'a [Frames], weights: &[f32]) -> Self {
        let weights = weights.iter().copied().chain(std::iter::repeat(1.0));
        let ends = examples
            .iter()
            .zip(weights)
            .scan(0, |end, (example, weight)| {
                *end += (example.len() as f64 * f64::from(weight)).round() as usize;
                Some(*end)
            })
            .collect();
        Self { examples, ends }
    }

    /// Frames in all examples, weighted.
    pub(crate) fn frames(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }
}

impl Sampler {
    /// Draws window `index` of step `step` from `pool`, which must contain frames.
    pub(crate) fn draw(&self, pool: &Pool<'_>, step: u64, index: u64) -> Window {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(step.wrapping_mul(4096).wrapping_add(index));
        let place = rng.random_range(0..pool.frames().max(1));
        let chosen = pool.ends.partition_point(|end| *end <= place);
        let example = &pool.examples[chosen];
        let (length, frames) = (example.len() as i64, self.frames as i64);
        let room = length - frames;
        let hangs = self.overhang > 0.0 && (room < 0 || rng.random_bool(self.overhang));
        let start = if hangs {
            // At least half of the window is music, or the whole example.
            let half = (frames / 2).min(length);
            rng.random_range(half - frames..=length - half)
        } else {
            rng.random_range(0..room.max(1))
        };
        let lead = usize::try_from(-start).unwrap_or(0);
        let start = usize::try_from(start).unwrap_or(0);
        let shift = rng.random_range(self.transpose.0..=self.transpose.1);
        let timbre = Timbre::draw(&mut rng, self.level);
        let end = (start + self.frames - lead).min(example.len());
        let padding = self.frames - lead - (end - start);
        let mut window = Window {
            bins: Vec::with_capacity(self.frames * BINS),
            chord: vec![IGNORED; lead],
            bass: vec![IGNORED; lead],
            extensions: vec![IGNORED; lead],
            teacher: example
                .teacher
                .as_ref()
                .map(|soft| moved_targets(soft, start, end, shift)),
            lead,
            padding,
        };
        let silence = |frames: usize| std::iter::repeat_n(SILENCE, frames * BINS);
        window.bins.extend(silence(lead));
        window
            .extensions
            .extend_from_slice(&example.extensions[start..end]);
        for t in start..end {
            let row = &example.bins[t * BINS..(t + 1) * BINS];
            window.bins.extend(timbre.apply(row, shift));
            window.chord.push(transposed_chord(example.chord[t], shift));
            window.bass.push(transposed_bass(example.bass[t], shift));
        }
        window.bins.extend(silence(padding));
        for classes in [&mut window.chord, &mut window.bass, &mut window.extensions] {
            classes.extend(std::iter::repeat_n(IGNORED, padding));
        }
        window
    }
}

/// Rows `start..end` of soft targets, transposed up by `shift` semitones.
fn moved_targets(soft: &SoftTargets, start: usize, end: usize, shift: i32) -> WindowTargets {
    let part = |all: &[f16], width: usize, roots: usize| -> Vec<f32> {
        // The first `roots` values for each root are transposed; the rest of a row is not.
        let moving = 12 * roots;
        let first = (-shift).rem_euclid(12) as usize * roots;
        all.get(start * width..end * width)
            .unwrap_or(&[])
            .chunks_exact(width)
            .flat_map(|row| {
                let (turning, still) = row.split_at(moving);
                turning[first..]
                    .iter()
                    .chain(&turning[..first])
                    .chain(still)
                    .map(|p| p.to_f32())
            })
            .collect()
    };
    WindowTargets {
        chord: part(&soft.chord, CHORD_CLASSES, 14),
        bass: part(&soft.bass, BASS_CLASSES, 1),
        extensions: part(&soft.extensions, EXTENSION_VALUES, 0),
    }
}

/// ln(1e-6): the value of [`recognizer::features::log_compress`] for silence.
const SILENCE: f32 = -13.815_51;

/// A change of level, a smooth change of spectrum, and a noise floor.
struct Timbre {
    level: f32,
    /// Weights of a constant, tilt, bow and two ripples over the bins.
    curve: [f32; 4],
    floor: f32,
}

impl Timbre {
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
        (0..BINS).map(move |bin| {
            let source = transposed_from(bin, shift);
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
    let index = usize::from(class);
    match (large::root_of(index), large::quality_index_of(index)) {
        (Some(root), Some(quality)) => {
            let root = (i32::from(root) + shift).rem_euclid(12) as u8;
            large::class_of(root, quality) as u8
        }
        _ => class,
    }
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
            chord: vec![large::class_of(11, 1) as u8; 50],
            bass: vec![11; 50],
            extensions: vec![0; 50],
            teacher: None,
        }
    }

    fn sampler(frames: usize, transpose: (i32, i32), level: f32, seed: u64) -> Sampler {
        Sampler {
            frames,
            transpose,
            level,
            overhang: 0.0,
            seed,
        }
    }

    #[test]
    fn a_step_is_the_same_whenever_it_is_drawn() {
        let sampler = sampler(20, (-3, 3), 2.0, 5);
        let examples = [example()];
        let pool = Pool::new(&examples);
        let a = sampler.draw(&pool, 7, 3);
        let b = sampler.draw(&pool, 7, 3);
        assert_eq!(a.bins, b.bins);
        assert_ne!(a.bins, sampler.draw(&pool, 8, 3).bins);
    }

    #[test]
    fn labels_move_with_the_bins() {
        assert_eq!(
            transposed_chord(large::class_of(11, 1) as u8, 2),
            large::class_of(1, 1) as u8
        );
        assert_eq!(transposed_chord(169, 2), 169);
        assert_eq!(transposed_bass(0, -1), 11);
        assert_eq!(transposed_bass(12, 5), 12);
    }

    #[test]
    fn soft_targets_move_like_labels() {
        for shift in [-5, -1, 0, 2, 6] {
            let mut soft = SoftTargets {
                chord: vec![f16::ZERO; CHORD_CLASSES],
                bass: vec![f16::ZERO; BASS_CLASSES],
                extensions: Vec::new(),
            };
            let class = large::class_of(11, 1) as u8;
            soft.chord[usize::from(class)] = f16::from_f32(0.75);
            soft.chord[169] = f16::from_f32(0.25);
            soft.bass[4] = f16::ONE;
            let moved = moved_targets(&soft, 0, 1, shift);
            assert_eq!(
                moved.chord[usize::from(transposed_chord(class, shift))],
                0.75
            );
            assert_eq!(moved.chord[169], 0.25);
            assert_eq!(moved.bass[usize::from(transposed_bass(4, shift))], 1.0);
        }
    }

    #[test]
    fn a_short_example_lies_anywhere_in_the_window() {
        let examples = [example()];
        let sampler = Sampler {
            overhang: 0.2,
            ..sampler(80, (0, 0), 0.0, 1)
        };
        let pool = Pool::new(&examples);
        let windows: Vec<Window> = (0..40).map(|i| sampler.draw(&pool, 0, i)).collect();
        let leads: Vec<usize> = windows.iter().map(|window| window.lead).collect();
        assert!(leads.iter().any(|lead| *lead > 20) && leads.contains(&0));
        for window in &windows {
            assert_eq!(window.bins.len(), 80 * BINS);
            assert_eq!(window.chord.len(), 80);
            assert_eq!(window.extensions.len(), 80);
            let labelled = window.chord.iter().filter(|c| **c != IGNORED).count();
            assert_eq!(labelled, 80 - window.lead - window.padding);
            assert!(labelled >= 40);
            assert!(window.chord[..window.lead].iter().all(|c| *c == IGNORED));
            assert!(
                window.bins[..window.lead * BINS]
                    .iter()
                    .all(|x| *x == SILENCE)
            );
        }
    }

    #[test]
    fn past_the_end_there_is_silence_without_a_label() {
        let examples = [example()];
        let window = sampler(80, (0, 0), 0.0, 1).draw(&Pool::new(&examples), 0, 0);
        assert_eq!(window.padding, 30);
        assert_eq!(window.chord[79], IGNORED);
        assert_eq!(window.bins[79 * BINS], SILENCE);
        assert_eq!(window.bins.len(), 80 * BINS);
    }
}
