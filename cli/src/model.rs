//! The built-in networks: whole files, live engines, and `changes weights`.

use std::path::Path;
use std::sync::Arc;

use recognizer::beat::Known;
use recognizer::inference::PitchClassModel;
use recognizer::live::{LiveEngine, LiveSettings};
use recognizer::models;
use recognizer::signal::Signal;
use recognizer::song::{self, Heard};
use recognizer::transcribe::Analysis;
use recognizer::tuning::TuningSetting;
use recognizer::weights::ModelCard;

use crate::error::{Error, in_file};
use crate::output::print;

/// A network, for whole files or for live engines.
pub struct Model(Arc<PitchClassModel>);

impl Model {
    /// Loads it, from a file of weights if there is one.
    pub fn offline(weights: Option<&Path>) -> Result<Self, Error> {
        Ok(Self(match weights {
            Some(path) => models::load_windowed(path)?,
            None => models::windowed()?,
        }))
    }

    /// Analyses `signal`, which was read from `file`. Chords change on its beats, if it has any;
    /// without `known`, none are looked for.
    pub fn transcribe(
        &self,
        file: &Path,
        signal: &Signal,
        known: Option<Known>,
        tuning: TuningSetting,
        progress: impl FnMut(f32),
    ) -> Result<Heard, Error> {
        let listened = self.listen(file, signal, known, tuning, progress)?;
        Ok(listened.1)
    }

    /// The same with the network's answers.
    pub fn listen(
        &self,
        file: &Path,
        signal: &Signal,
        known: Option<Known>,
        tuning: TuningSetting,
        mut progress: impl FnMut(f32),
    ) -> Result<(Analysis, Heard), Error> {
        let go_on = |share| {
            progress(share);
            true
        };
        let heard = song::listen(signal, &*self.0, known, tuning, go_on);
        heard.map_err(|cause| in_file(file)(&cause))
    }

    /// The network of live engines, from a file of weights if there is one.
    pub fn causal(weights: Option<&Path>) -> Result<Self, Error> {
        Ok(Self(match weights {
            Some(path) => models::load_live(path)?,
            None => models::live()?,
        }))
    }

    /// A live engine with this causal network, for audio of `rate` Hz from `file`.
    pub fn live(&self, file: &Path, rate: f64, tuning: TuningSetting) -> Result<LiveEngine, Error> {
        let settings = LiveSettings {
            tuning,
            ..LiveSettings::default()
        };
        LiveEngine::new(self.0.clone(), rate, settings).map_err(|cause| in_file(file)(&cause))
    }
}

/// `changes weights`.
pub fn run() -> Result<(), Error> {
    let text: Vec<String> = models::cards()?.iter().map(describe).collect();
    print(text.join("\n").as_bytes())
}

fn describe(card: &ModelCard) -> String {
    let ModelCard {
        name,
        data,
        teacher,
        command,
        seed,
        metrics,
        ..
    } = card;
    let mut text = format!(
        "{name}\n  data     {data}\n  teacher  {teacher}\n  trained  {command} (seed {seed})\n"
    );
    for (metric, value) in metrics {
        text += &format!("  {metric:<8} {value:.4}\n");
    }
    text
}
