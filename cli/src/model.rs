//! The networks, built in or loaded, and `changes weights`.

use std::path::Path;
use std::sync::Arc;

use recognizer::beat::Known;
use recognizer::inference::ort::{OrtCausal, OrtRuntime, OrtSettings, OrtWindow};
use recognizer::inference::{CausalModel, WindowModel};
use recognizer::live::{LiveEngine, LiveSettings};
use recognizer::models;
use recognizer::signal::Signal;
use recognizer::song::{self, Heard};
use recognizer::transcribe::{Analysis, Networks};
use recognizer::tuning::TuningSetting;
use recognizer::weights::ModelCard;

use crate::arguments::Hearing;
use crate::error::{Error, in_file};
use crate::output::print;

/// The networks for whole files: the built-in two, or one of the user's own.
pub struct WholeFile {
    windowed: Arc<dyn WindowModel>,
    causal: Option<Arc<dyn CausalModel>>,
}

impl WholeFile {
    /// The built-in ones, or that of a file of weights or an ONNX file.
    pub fn load(options: &Hearing) -> Result<Self, Error> {
        let own: Arc<dyn WindowModel> = match &options.weights {
            Some(path) if is_onnx(path) => {
                let runtime = runtime(options, path)?;
                Arc::new(OrtWindow::open(&runtime, path, OrtSettings::default())?)
            }
            Some(path) => models::load_windowed(path)?,
            None => return Self::built_in(),
        };
        Ok(Self {
            windowed: own,
            causal: None,
        })
    }

    /// The built-in ones.
    pub fn built_in() -> Result<Self, Error> {
        Ok(Self {
            windowed: models::windowed()?,
            causal: Some(models::live()?),
        })
    }

    /// Analyses `signal`, which was read from `file`. Chords change on its beats, if it has any; if
    /// `known` is `None`, beats are not searched for.
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

    /// As [`Self::transcribe`], also returning the network's posteriors.
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
        let networks = Networks {
            windowed: &*self.windowed,
            causal: self.causal.clone(),
        };
        let heard = song::listen(signal, &networks, known, tuning, go_on);
        heard.map_err(|cause| in_file(file)(&cause))
    }
}

/// The network for live engines.
pub struct Causal(Arc<dyn CausalModel>);

impl Causal {
    /// The built-in one, or that of a file of weights or an ONNX file.
    pub fn load(options: &Hearing) -> Result<Self, Error> {
        Ok(Self(match &options.weights {
            Some(path) if is_onnx(path) => {
                let runtime = runtime(options, path)?;
                Arc::new(OrtCausal::open(&runtime, path, OrtSettings::default())?)
            }
            Some(path) => models::load_live(path)?,
            None => models::live()?,
        }))
    }

    /// A live engine with this causal network, for audio of `rate` Hz from `file`.
    pub fn engine(
        &self,
        file: &Path,
        rate: f64,
        tuning: TuningSetting,
    ) -> Result<LiveEngine, Error> {
        let settings = LiveSettings {
            tuning,
            ..LiveSettings::default()
        };
        LiveEngine::new(self.0.clone(), rate, settings).map_err(|cause| in_file(file)(&cause))
    }
}

fn is_onnx(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("onnx"))
}

/// Loads ONNX Runtime, which ONNX files need and which is not built in.
fn runtime(options: &Hearing, path: &Path) -> Result<OrtRuntime, Error> {
    let library = options.onnx_runtime.as_deref();
    let library = library.ok_or_else(|| Error::NoOnnxRuntime(path.to_owned()))?;
    Ok(OrtRuntime::load(library)?)
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
        core_hours,
        metrics,
    } = card;
    let mut text = format!(
        "{name}\n  data     {data}\n  teacher  {teacher}\n  trained  {command} (seed {seed})\n"
    );
    if *core_hours > 0.0 {
        text += &format!("  took     {core_hours:.1} hours of one processor core\n");
    }
    for (metric, value) in metrics {
        text += &format!("  {metric:<8} {value:.4}\n");
    }
    text
}
