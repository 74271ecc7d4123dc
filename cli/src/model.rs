//! The networks that are built in.

use std::io::{self, Write};
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

use crate::error::Error;

/// The network for whole files.
pub struct Model(Arc<PitchClassModel>);

impl Model {
    /// Loads it.
    pub fn offline() -> Result<Self, Error> {
        Ok(Self(models::windowed()?))
    }

    /// The chords of `signal`, which was read from `file`, on its beats where it has any.
    pub fn transcribe(
        &self,
        file: &Path,
        signal: &Signal,
        known: Known,
        mut progress: impl FnMut(f32),
    ) -> Result<(Timeline, Option<Beats>), Error> {
        let go_on = |share| {
            progress(share);
            true
        };
        let listened =
            Listened::to(signal, &*self.0, go_on).map_err(|cause| in_file(file, &cause))?;
        let decode = |grid| {
            listened
                .timeline(grid)
                .map_err(|cause| in_file(file, &cause))
        };
        let chords = decode(None)?;
        match beat::find(signal, &chords, known) {
            Some(beats) => Ok((decode(Some(&beats.grid()))?, Some(beats))),
            None => Ok((chords, None)),
        }
    }

    /// A live engine for audio of `rate` hertz from `file`.
    pub fn live(file: &Path, rate: f64) -> Result<LiveEngine, Error> {
        LiveEngine::new(models::live()?, rate, LiveSettings::default())
            .map_err(|cause| in_file(file, &cause))
    }
}

fn in_file(file: &Path, cause: &dyn std::error::Error) -> Error {
    Error::Recognition {
        path: file.to_owned(),
        cause: cause.to_string(),
    }
}

/// `changes weights`.
pub fn run() -> Result<(), Error> {
    let text: Vec<String> = models::cards()?.iter().map(describe).collect();
    let mut out = io::stdout().lock();
    out.write_all(text.join("\n").as_bytes())
        .and_then(|()| out.flush())
        .map_err(Error::Stdout)
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
