//! The networks that are built in.

use std::path::Path;
use std::sync::Arc;

use harmony::timeline::Timeline;
use recognizer::beat::{self, Beats, Known};
use recognizer::inference::PitchClassModel;
use recognizer::live::{LiveEngine, LiveSettings};
use recognizer::models;
use recognizer::signal::Signal;
use recognizer::transcribe::Listened;
use recognizer::weights::ModelCard;

use crate::error::{Error, in_file};
use crate::output::print;

/// The network for whole files.
pub struct Model(Arc<PitchClassModel>);

impl Model {
    /// Loads it.
    pub fn offline() -> Result<Self, Error> {
        Ok(Self(models::windowed()?))
    }

    /// The chords of `signal`, which was read from `file`, on its beats where it has any;
    /// without `known`, no beats are looked for.
    pub fn transcribe(
        &self,
        file: &Path,
        signal: &Signal,
        known: Option<Known>,
        mut progress: impl FnMut(f32),
    ) -> Result<(Timeline, Option<Beats>), Error> {
        let go_on = |share| {
            progress(share);
            true
        };
        let in_file = in_file(file);
        let listened = Listened::to(signal, &*self.0, go_on).map_err(|cause| in_file(&cause))?;
        let decode = |grid| listened.timeline(grid).map_err(|cause| in_file(&cause));
        let chords = decode(None)?;
        match known.and_then(|known| beat::find(signal, &chords, known)) {
            Some(beats) => Ok((decode(Some(&beats.grid()))?, Some(beats))),
            None => Ok((chords, None)),
        }
    }

    /// A live engine for audio of `rate` hertz from `file`.
    pub fn live(file: &Path, rate: f64) -> Result<LiveEngine, Error> {
        LiveEngine::new(models::live()?, rate, LiveSettings::default())
            .map_err(|cause| in_file(file)(&cause))
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
