//! The networks that are built in.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use harmony::timeline::Timeline;
use recognizer::audio::Audio;
use recognizer::live::{LiveEngine, LiveModel, LiveSettings};
use recognizer::transcribe::{OfflineModel, transcribe};
use recognizer::weights::ModelCard;

use crate::error::Error;

/// The network for whole files.
pub struct Model(OfflineModel);

impl Model {
    /// Loads it.
    pub fn offline() -> Result<Self, Error> {
        Ok(Self(OfflineModel::embedded().map_err(broken)?))
    }

    /// The chords of `audio`, which was read from `file`.
    pub fn transcribe(
        &self,
        file: &Path,
        audio: &Audio,
        progress: &mut dyn FnMut(f32),
    ) -> Result<Timeline, Error> {
        transcribe(audio, &self.0, progress).map_err(|cause| in_file(file, &cause))
    }

    /// A live engine for audio of `rate` hertz from `file`.
    pub fn live(file: &Path, rate: f64) -> Result<LiveEngine, Error> {
        let model = Arc::new(LiveModel::embedded().map_err(broken)?);
        LiveEngine::new(model, rate, LiveSettings::default()).map_err(|cause| in_file(file, &cause))
    }
}

fn broken(cause: impl std::error::Error) -> Error {
    Error::Model(cause.to_string())
}

fn in_file(file: &Path, cause: &dyn std::error::Error) -> Error {
    Error::Recognition {
        path: file.to_owned(),
        cause: cause.to_string(),
    }
}

/// `changes weights`.
pub fn run() -> Result<(), Error> {
    let live = LiveModel::embedded().map_err(broken)?;
    let offline = OfflineModel::embedded().map_err(broken)?;
    let text = format!(
        "live\n{}\nwhole files\n{}",
        describe(live.card()),
        describe(offline.card())
    );
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
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
        "  network   {name}\n  data      {data}\n  teacher   {teacher}\n  \
         trained   {command} (seed {seed})\n"
    );
    for (metric, value) in metrics {
        text += &format!("  {metric:<9} {value:.4}\n");
    }
    text
}
