//! The recognizer behind the plugin: the live engine and the refining engine.

use recognizer::band::PartFrame;
use recognizer::beat::NoBeats;
use recognizer::live::{Event, LiveEngine, LiveSettings, Shown};
use recognizer::refine::{Refined, RefiningEngine};
use recognizer::tuning::{Tuning, TuningSetting};

use crate::error::{PrepareError, RecognizerError};
use crate::networks::{Library, NetworkChoice};
use crate::recognition::{Grid, Made, Recognizer, Recognizers, Settings};

/// Seconds of audio that warm the engine up: all buffers get their size, and all pages of the
/// weights are read, before a host waits for the first chord.
const WARM_UP_S: f64 = 1.0;

/// Reads the weights and warms them up.
pub(crate) fn load() -> Result<Box<dyn Recognizers>, PrepareError> {
    let engines = Engines(Library::new()?);
    let sample_rate = 48_000.0;
    let settings = Settings {
        write: false,
        sensitivity: 0.5,
        hold_s: 0.0,
        tuning_cents: None,
    };
    let made = engines.make(sample_rate, settings, &NetworkChoice::default())?;
    let mut engine = made.recognizer;
    // Not quite silence, for which the network would not run.
    let hum: Vec<f32> = (0..(WARM_UP_S * sample_rate) as usize)
        .map(|index| 0.01 * (index as f32 * 0.03).sin())
        .collect();
    engine.push(&hum, &mut NoBeats);
    Ok(Box::new(engines))
}

struct Engines(Library);

impl Recognizers for Engines {
    fn make(
        &self,
        sample_rate: f64,
        settings: Settings,
        choice: &NetworkChoice,
    ) -> Result<Made, RecognizerError> {
        let networks = self.0.get(choice);
        let engine = LiveEngine::new(networks.live, sample_rate, of(settings))?;
        let mut refining = RefiningEngine::told_tuning(networks.windowed, sample_rate)?;
        refining.share_frames(true);
        let mut live = Live {
            engine,
            refining,
            mix: !networks.own_windowed,
            shared: None,
            ended: false,
        };
        live.engine.share_frames(true);
        live.tell();
        Ok(Made {
            recognizer: Box::new(live),
            refused: networks.refused.iter().map(ToString::to_string).collect(),
        })
    }
}

fn of(settings: Settings) -> LiveSettings {
    LiveSettings {
        sensitivity: settings.sensitivity,
        hold_s: settings.hold_s,
        tuning: settings
            .tuning_cents
            .map_or(TuningSetting::Estimated, |cents| {
                TuningSetting::Fixed(Tuning::from_cents(cents))
            }),
    }
}

struct Live {
    engine: LiveEngine,
    refining: RefiningEngine,
    /// Whether the live engine's answers are mixed into the refined ones. A network that was chosen
    /// for the track decides alone.
    mix: bool,
    /// The live engine's frames for the rest of a band, if they are wanted.
    shared: Option<Vec<PartFrame>>,
    /// Whether the refining engine must start afresh once everything was taken out of it, as
    /// the live engine already has.
    ended: bool,
}

impl Live {
    /// Tells the refining engine what the live engine has found in its last call: the tuning, which
    /// both use, and its answers.
    fn tell(&mut self) {
        self.refining.tell_tuning(self.engine.tuning_steps());
        let frames = self.engine.take_frames();
        if self.mix {
            self.refining.tell_frames(&frames);
        }
        if let Some(shared) = &mut self.shared {
            shared.extend(frames);
        }
    }
}

impl Recognizer for Live {
    fn push(&mut self, samples: &[f32], grid: &mut Grid<'_>) {
        self.engine.push_on_beats(samples, grid);
        self.tell();
        self.refining.push(samples);
    }

    fn poll(&mut self) -> Option<Shown> {
        // The refining engine decides what is final, so the displayed changes are enough.
        loop {
            if let Event::Shown(shown) = self.engine.poll()? {
                return Some(shown);
            }
        }
    }

    fn refine(&mut self, grid: &mut Grid<'_>) -> Option<Refined> {
        let refined = self.refining.poll(grid);
        if refined.is_none() && std::mem::take(&mut self.ended) {
            self.refining.reset();
        }
        refined
    }

    fn is_refining_due(&self) -> bool {
        self.refining.is_due()
    }

    fn preview(&self, grid: &mut Grid<'_>) -> Option<Refined> {
        self.refining.preview(grid)
    }

    fn share(&mut self, share: bool) {
        self.shared = share.then(|| self.shared.take().unwrap_or_default());
    }

    fn take_frames(&mut self) -> Vec<PartFrame> {
        self.shared.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn spectrum(&self) -> &[f32] {
        self.engine.spectrum()
    }

    fn tuning(&self) -> Option<Tuning> {
        self.engine.tuning()
    }

    fn mark_gap(&mut self, lost: u64) {
        self.engine.mark_gap(lost);
        self.tell();
        self.refining.mark_gap(lost);
    }

    fn set(&mut self, settings: Settings) {
        self.engine.set(of(settings));
        self.tell();
    }

    fn finish(&mut self) {
        self.engine.finish();
        self.tell();
        self.refining.finish();
        self.ended = true;
    }

    fn latency_s(&self) -> f64 {
        self.engine.latency_s()
    }

    fn refining_latency_s(&self) -> f64 {
        self.refining.latency_s()
    }
}
