//! A network that hears the same frames at several transpositions.
//!
//! Trained on music moved by some semitones up and down, a network knows every key, but errs in
//! each a little differently. The geometric mean of what it hears in several of them, each answer
//! moved back, is right more often than one alone (docs/results/2026-11-30-own-views.md).

use super::{InferenceError, WindowModel};
use crate::decode::{EXTENSION_CLASSES, Posterior};
use crate::features::{BINS, transposed_from};
use crate::networks::{BASS_CLASSES, CHORD_CLASSES};

/// The transpositions, in semitones, at which our own networks hear: the ends of the range in
/// which they are trained. Chosen by the consensus of two teachers on the valid split.
pub const TRANSPOSITIONS: [i32; 2] = [-2, 2];

/// As [`WindowModel::windows`], the mean over all [`WindowModel::transpositions`].
///
/// # Errors
/// As [`WindowModel::windows`].
pub(crate) fn windows(
    model: &dyn WindowModel,
    frames: &[f32],
) -> Result<Vec<Posterior>, InferenceError> {
    let views = model.transpositions();
    if let [] | [0] = views {
        return model.windows(frames);
    }
    let mut means: Vec<Mean> = Vec::new();
    for &semitones in views {
        let moved: Vec<f32> = frames
            .chunks_exact(BINS)
            .flat_map(|frame| (0..BINS).map(move |bin| frame[transposed_from(bin, semitones)]))
            .collect();
        let heard = model.windows(&moved)?;
        means.resize_with(heard.len(), Mean::default);
        for (mean, heard) in means.iter_mut().zip(&heard) {
            mean.add(heard, semitones);
        }
    }
    Ok(means.iter().map(Mean::posterior).collect())
}

/// Sums of log-probabilities, and how many.
#[derive(Default)]
struct Mean {
    sum: Option<Posterior>,
    count: u8,
}

impl Mean {
    /// Adds what was heard `semitones` too high.
    fn add(&mut self, heard: &Posterior, semitones: i32) {
        self.count += 1;
        let sum = self.sum.get_or_insert_with(|| Posterior {
            chord: [0.0; CHORD_CLASSES],
            bass: heard.bass.map(|_| [0.0; BASS_CLASSES]),
            extensions: heard.extensions.map(|_| [0.0; EXTENSION_CLASSES]),
        });
        add_moved(&mut sum.chord, &heard.chord, semitones);
        if let (Some(sum), Some(heard)) = (&mut sum.bass, &heard.bass) {
            add_moved(sum, heard, semitones);
        }
        if let (Some(sum), Some(heard)) = (&mut sum.extensions, &heard.extensions) {
            add_moved(sum, heard, semitones);
        }
    }

    /// The geometric mean, normalized.
    fn posterior(&self) -> Posterior {
        let scale = 1.0 / f32::from(self.count.max(1));
        let Some(sum) = &self.sum else {
            return Posterior::from_logits(&[0.0; CHORD_CLASSES], None, None);
        };
        let chord = sum.chord.map(|sum| sum * scale);
        let bass = sum.bass.map(|bass| bass.map(|sum| sum * scale));
        let extensions = sum.extensions.map(|all| all.map(|sum| sum * scale));
        Posterior::from_logits(
            &chord,
            bass.as_ref().map(|bass| &bass[..]),
            extensions.as_ref().map(|all| &all[..]),
        )
    }
}

/// Adds `heard`, moved down by `semitones`, to `sum`. Both have the values of the twelve roots, as
/// many for each, then values that have no root.
fn add_moved<const VALUES: usize>(sum: &mut [f32; VALUES], heard: &[f32; VALUES], semitones: i32) {
    let width = VALUES / 12;
    let ahead = semitones.rem_euclid(12) as usize * width;
    let turning = 12 * width;
    for (index, sum) in sum.iter_mut().enumerate() {
        *sum += if index < turning {
            heard[(index + ahead) % turning]
        } else {
            heard[index]
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use harmony::vocabulary::large;

    use crate::networks::NO_BASS;
    use crate::networks::extensions::EXTENSION_VALUES;

    /// A network that reads the root from the loudest bin of a frame: its chord is a minor
    /// seventh, its bass the root, and its first extension is the root's alone.
    struct Loudest(Vec<i32>);

    fn heard(frame: &[f32]) -> Posterior {
        let loudest = (0..BINS).max_by(|a, b| frame[*a].total_cmp(&frame[*b]));
        let mut chord = [-4.0; CHORD_CLASSES];
        let mut bass = [-4.0; BASS_CLASSES];
        let mut extensions = [0.0; EXTENSION_CLASSES];
        match loudest.filter(|bin| frame[*bin] > -13.0) {
            Some(bin) => {
                let root = bin / 2 % 12;
                chord[large::class_of(root as u8, 6)] = 0.0;
                bass[root] = 0.0;
                extensions[root * EXTENSION_VALUES] = 3.0;
            }
            None => {
                chord[large::NO_CHORD] = 0.0;
                bass[NO_BASS] = 0.0;
            }
        }
        Posterior::from_logits(&chord, Some(&bass), Some(&extensions))
    }

    impl WindowModel for Loudest {
        fn windows(&self, frames: &[f32]) -> Result<Vec<Posterior>, InferenceError> {
            Ok(frames.chunks_exact(BINS).map(heard).collect())
        }

        fn transpositions(&self) -> &[i32] {
            &self.0
        }
    }

    /// Frames with one loud bin.
    fn frames(bins: &[usize]) -> Vec<[f32; BINS]> {
        let frame =
            |&loud: &usize| std::array::from_fn(|bin| if bin == loud { 0.0 } else { -14.0 });
        bins.iter().map(frame).collect()
    }

    fn near(a: &Posterior, b: &Posterior) {
        let all = |p: &Posterior| [&p.chord[..], &p.bass.unwrap(), &p.extensions.unwrap()].concat();
        for (a, b) in all(a).iter().zip(all(b)) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }

    #[test]
    fn every_view_is_moved_back() {
        let frames = frames(&[40, 61, 77, 120]);
        let one = windows(&Loudest(vec![0]), frames.as_flattened()).unwrap();
        for views in [vec![-2, 2], vec![-5, 0, 1], vec![1]] {
            let many = windows(&Loudest(views), frames.as_flattened()).unwrap();
            assert_eq!(many.len(), one.len());
            for (many, one) in many.iter().zip(&one) {
                near(many, one);
            }
        }
    }

    #[test]
    fn the_mean_is_between_views_that_differ_and_is_normalized() {
        // Two semitones lower, this tone is out of range, and the edge repeats silence.
        let frames = frames(&[1]);
        let mean = windows(&Loudest(vec![-2, 2]), frames.as_flattened()).unwrap();
        let [mean] = &mean[..] else {
            panic!("{}", mean.len());
        };
        let c = large::class_of(0, 6);
        assert!((mean.chord[c] - mean.chord[large::NO_CHORD]).abs() < 1e-4);
        assert!(mean.chord[c] > mean.chord[3]);
        assert!((mean.chord.iter().map(|p| p.exp()).sum::<f32>() - 1.0).abs() < 1e-4);
    }
}
