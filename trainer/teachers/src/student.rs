//! A network of ours as a teacher for the next generation, beside the one that it learned
//! from.
//!
//! A student makes other errors than its teacher, and the mean of both is a better label than
//! either (Xie et al., "Self-training with Noisy Student", CVPR 2020).

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use harmony::vocabulary::large;
use recognizer::audio::Audio;
use recognizer::decode::Posterior;
use recognizer::decode::viterbi::argmax;
use recognizer::features::SAMPLE_RATE;
use recognizer::inference::PitchClassModel;
use recognizer::models;
use recognizer::networks::extensions::{EXTENSION_VALUES, TENSION_VALUES};
use recognizer::signal::Signal;
use recognizer::transcribe::Analysis;

use super::{ELEVENTHS, Extensions, HOP_SAMPLES, NINTHS, Prediction, Teacher};
use crate::sha256;

/// A windowed network of ours and its weights.
pub struct Student {
    name: String,
    sha256: String,
    model: Arc<PitchClassModel>,
}

impl Student {
    /// Opens the network in a weights file.
    ///
    /// # Errors
    /// If the file cannot be read or has no windowed network of ours; the error names it.
    pub fn open(path: &Path) -> Result<Self> {
        let sha256 = sha256::of_file(path).with_context(|| path.display().to_string())?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        Ok(Self {
            name: format!("student {stem}"),
            sha256,
            model: models::load_windowed(path)?,
        })
    }
}

impl Teacher for Student {
    fn name(&self) -> &str {
        &self.name
    }

    fn sha256(&self) -> &str {
        &self.sha256
    }

    fn predict(&self, samples: &[f32]) -> Result<Prediction> {
        let audio = Audio::new(samples.to_vec(), SAMPLE_RATE);
        let listened = Analysis::new(&Signal::from_audio(&audio)?, &*self.model, |_| true)?;
        let frames = 1 + samples.len() / HOP_SAMPLES;
        let mut heard = Prediction {
            bass: Some(Vec::new()),
            extensions: Some(Extensions::default()),
            timeline: listened.timeline(None)?,
            ..Prediction::default()
        };
        let Some(last) = listened.posteriors.len().checked_sub(1) else {
            return Ok(heard);
        };
        for frame in 0..frames {
            // Its frames are at every second one of these; between two their mean is used.
            let first = &listened.posteriors[(frame / 2).min(last)];
            let second = &listened.posteriors[frame.div_ceil(2).min(last)];
            push(&mut heard, first, second);
        }
        Ok(heard)
    }
}

/// Adds the mean of two posteriors as a frame.
fn push(heard: &mut Prediction, first: &Posterior, second: &Posterior) {
    let mean = |a: &[f32], b: &[f32]| -> Vec<f32> {
        a.iter()
            .zip(b)
            .map(|(a, b)| 0.5 * (a.exp() + b.exp()))
            .collect()
    };
    let chord = mean(&first.chord, &second.chord);
    let root = large::root_of(argmax(&chord)).map_or(0, usize::from);
    heard.chord.extend(chord);
    if let (Some(a), Some(b), Some(bass)) = (&first.bass, &second.bass, &mut heard.bass) {
        bass.extend(mean(a, b));
    }
    if let (Some(a), Some(b), Some(extensions)) =
        (&first.extensions, &second.extensions, &mut heard.extensions)
    {
        let at_root = root * EXTENSION_VALUES..root * EXTENSION_VALUES + TENSION_VALUES;
        let values = mean(&a[at_root.clone()], &b[at_root]);
        extensions.ninth.extend_from_slice(&values[..NINTHS]);
        extensions
            .eleventh
            .extend_from_slice(&values[NINTHS..NINTHS + ELEVENTHS]);
        extensions
            .thirteenth
            .extend_from_slice(&values[NINTHS + ELEVENTHS..]);
    }
}
