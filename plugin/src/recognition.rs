//! The recognizer as the worker uses it.

use recognizer::band::PartFrame;
use recognizer::beat::BeatSource;
use recognizer::live::Shown;
use recognizer::refine::Refined;
use recognizer::tuning::Tuning;

pub use changes_realtime::settings::Settings;

use crate::error::RecognizerError;
use crate::networks::NetworkChoice;

/// Bins of the displayed spectrum.
pub const SPECTRUM_BINS: usize = 144;

/// The source of beats, asked for those from one second to another of the recognizer's time.
pub type Grid<'a> = dyn BeatSource + 'a;

/// A recognizer of one stream of audio: its live display, and behind that its refined result.
pub trait Recognizer: Send {
    /// Takes mono samples at the host's rate. `grid` is asked for the beats of what was
    /// pushed; a change of chord on a beat is shown sooner.
    fn push(&mut self, samples: &[f32], grid: &mut Grid<'_>);
    /// The next change of the display, if there is one.
    fn poll(&mut self) -> Option<Shown>;
    /// Analyses some of what was heard again, if enough has come since, and returns what is
    /// final now. May take tens of milliseconds. The result does not depend on when this is
    /// called. Call it until it returns `None`.
    fn refine(&mut self, grid: &mut Grid<'_>) -> Option<Refined>;
    /// Whether [`refine`](Self::refine) has something to do; depends only on the samples.
    fn is_refining_due(&self) -> bool;
    /// What `refine` would return of all that is open if the audio ended here. It changes
    /// nothing: the audio may go on.
    fn preview(&self, grid: &mut Grid<'_>) -> Option<Refined>;
    /// Sets whether frames are kept for [`take_frames`](Self::take_frames), for the rest of a band.
    /// Off at first. The [refined](Refined::frames) result always has its frames.
    fn share(&mut self, _: bool) {}
    /// The posteriors of each frame since the last call, in the recognizer's seconds.
    fn take_frames(&mut self) -> Vec<PartFrame> {
        Vec::new()
    }
    /// Log magnitudes of the latest frame, ln(|C| + 1e-6).
    fn spectrum(&self) -> &[f32];
    /// The tuning of the music, once it is known.
    fn tuning(&self) -> Option<Tuning>;
    /// Marks that `lost` samples are missing here.
    fn mark_gap(&mut self, lost: u64);
    /// Takes new settings.
    fn set(&mut self, settings: Settings);
    /// Ends the audio here: what is still inside may be polled and refined, both until there
    /// is nothing more; then everything is forgotten and time begins at zero again.
    fn finish(&mut self);
    /// Seconds from a sound to its display, at most.
    fn latency_s(&self) -> f64;
    /// Seconds from a sound to its final chord, at most.
    fn refining_latency_s(&self) -> f64;
}

/// A new recognizer.
pub struct Made {
    /// The recognizer.
    pub recognizer: Box<dyn Recognizer>,
    /// Why it does not have the chosen networks, a line each.
    pub refused: Vec<String>,
}

/// Makes recognizers that share their weights.
pub trait Recognizers: Send + Sync {
    /// Makes a recognizer for audio at `sample_rate` in Hz, with these networks.
    ///
    /// # Errors
    /// If the rate is out of range.
    fn make(
        &self,
        sample_rate: f64,
        settings: Settings,
        networks: &NetworkChoice,
    ) -> Result<Made, RecognizerError>;
}
