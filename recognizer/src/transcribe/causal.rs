//! A causal network's answers for a whole file, mixed into a windowed network's.

use std::sync::Arc;

use super::{TranscribeError, each_block};
use crate::band::PartFrame;
use crate::decode::Posterior;
use crate::decode::mix::mix;
use crate::features::SAMPLE_RATE;
use crate::inference::CausalModel;
use crate::live::{LiveEngine, LiveError, LiveSettings};
use crate::signal::Signal;
use crate::tuning::{Tuning, TuningSetting};

/// Mixes the answers of a causal network for `signal`, read at `tuning`, into the posteriors of the
/// windowed network: the causal frames `2n − 1`, `2n` and `2n + 1` into posterior `n`.
///
/// # Errors
/// [`TranscribeError::Stopped`], and a signal that cannot be read.
pub(super) fn mix_in(
    posteriors: &mut [Posterior],
    signal: &Signal,
    model: &Arc<dyn CausalModel>,
    tuning: Tuning,
    progress: impl FnMut(f32) -> bool,
) -> Result<(), TranscribeError> {
    let settings = LiveSettings {
        tuning: TuningSetting::Fixed(tuning),
        ..LiveSettings::default()
    };
    let rate = f64::from(SAMPLE_RATE);
    let mut engine = match LiveEngine::new(Arc::clone(model), rate, settings) {
        Ok(engine) => engine,
        Err(LiveError::Rate(error)) => return Err(error.into()),
    };
    engine.share_frames(true);
    let mut mix = Mix::into(posteriors);
    let hear = |block: &[f32]| {
        engine.push(block);
        while engine.poll().is_some() {}
        mix.hear(engine.take_frames());
    };
    each_block(signal, hear, progress)?;
    engine.finish();
    mix.hear(engine.take_frames());
    mix.finish();
    Ok(())
}

/// Posteriors into which causal frames are mixed.
struct Mix<'a> {
    /// Those that are still to be mixed.
    rest: std::slice::IterMut<'a, Posterior>,
    /// The causal frame between the last one and the next, and the one at the next.
    before: Option<Posterior>,
    at: Option<Posterior>,
}

impl<'a> Mix<'a> {
    fn into(posteriors: &'a mut [Posterior]) -> Self {
        Self {
            rest: posteriors.iter_mut(),
            before: None,
            at: None,
        }
    }

    /// Takes the next causal frames.
    fn hear(&mut self, frames: Vec<PartFrame>) {
        for frame in frames {
            match self.at.take() {
                None => self.at = Some(frame.posterior),
                Some(at) => {
                    self.mix(&at, &frame.posterior);
                    self.before = Some(frame.posterior);
                }
            }
        }
    }

    /// No frame follows: the last one counts for those behind it.
    fn finish(mut self) {
        if let Some(at) = self.at.take() {
            self.mix(&at, &at);
        }
    }

    /// Mixes into the next posterior. Before the first frame it counts for itself.
    fn mix(&mut self, at: &Posterior, after: &Posterior) {
        let Some(own) = self.rest.next() else {
            return;
        };
        let before = self.before.as_ref().unwrap_or(at);
        mix(own, [before, at, after]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::mix::tests::{share_of, sure_of, unsure};

    fn frame(class: usize) -> PartFrame {
        PartFrame {
            time_s: 0.0,
            posterior: sure_of(class, 0.9),
            notes: [0.0; 12],
            silent: false,
        }
    }

    #[test]
    fn every_posterior_gets_the_causal_frames_around_it() {
        let mut posteriors = vec![unsure(); 4];
        let mut mix = Mix::into(&mut posteriors);
        mix.hear([0, 0, 1].map(frame).into());
        mix.hear([2, 2].map(frame).into());
        mix.finish();
        // The first and the last frame count for those before and behind them. For the fourth
        // posterior there are none.
        let expected = [
            [1.0, 0.0, 0.0],
            [0.25, 0.5, 0.25],
            [0.0, 0.0, 1.0],
            [0.0; 3],
        ];
        for (posterior, shares) in posteriors.iter().zip(expected) {
            for (class, share) in shares.into_iter().enumerate() {
                assert!((share_of(class, posterior) - share).abs() < 1e-4);
            }
        }
    }
}
