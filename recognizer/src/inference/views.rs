//! A network that hears the same frames at several transpositions.
//!
//! Trained on music moved by some semitones up and down, a network knows every key, but errs in
//! each a little differently. The geometric mean of what it hears in several of them, each answer
//! moved back, is right more often than one alone (docs/results/2026-11-30-own-views.md).

use super::{InferenceError, WindowModel};
use crate::averages;
use crate::decode::Posterior;
use crate::features::{BINS, transposed_from};

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
    let mut sums: Vec<Option<(Posterior, f32)>> = Vec::new();
    for &semitones in views {
        let higher: Vec<f32> = frames
            .chunks_exact(BINS)
            .flat_map(|frame| (0..BINS).map(move |bin| frame[transposed_from(bin, semitones)]))
            .collect();
        let heard = model.windows(&higher)?;
        sums.resize_with(heard.len(), || None);
        for (sum, mut heard) in sums.iter_mut().zip(heard) {
            move_down(&mut heard, semitones);
            averages::add(sum, &heard, 1.0);
        }
    }
    let means = sums.into_iter().flatten();
    Ok(means
        .map(|(sum, weight)| normalized(&averages::scaled(sum, weight.recip())))
        .collect())
}

/// The probabilities of these logits.
fn normalized(logits: &Posterior) -> Posterior {
    let bass = logits.bass.as_ref().map(|bass| &bass[..]);
    let extensions = logits.extensions.as_ref().map(|all| &all[..]);
    Posterior::from_logits(&logits.chord, bass, extensions)
}

/// Moves what was heard down by `semitones`.
fn move_down(heard: &mut Posterior, semitones: i32) {
    turn(&mut heard.chord, semitones);
    if let Some(bass) = &mut heard.bass {
        turn(bass, semitones);
    }
    if let Some(extensions) = &mut heard.extensions {
        turn(extensions, semitones);
    }
}

/// Moves values down by `semitones`: as many for each of the twelve roots come first, then, in
/// their places, those that have no root.
fn turn(values: &mut [f32], semitones: i32) {
    let width = values.len() / 12;
    let ahead = semitones.rem_euclid(12) as usize * width;
    values[..12 * width].rotate_left(ahead);
}

#[cfg(test)]
mod tests {
    use super::*;
    use harmony::vocabulary::large;

    use crate::decode::EXTENSION_CLASSES;
    use crate::networks::extensions::EXTENSION_VALUES;
    use crate::networks::{BASS_CLASSES, CHORD_CLASSES, NO_BASS};

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
