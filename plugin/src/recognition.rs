//! What the worker needs of a recognizer.

use recognizer::band::PartFrame;
use recognizer::beat::BeatSource;
use recognizer::live::Shown;
use recognizer::refine::Refined;
use recognizer::tuning::Tuning;

pub use changes_realtime::settings::Settings;

use crate::error::RecognizerError;
use crate::networks::NetworkChoice;

/// Bins of the spectrum that is shown.
pub const SPECTRUM_BINS: usize = 144;

/// Asked for the beats from one second to another, in the recognizer's seconds.
pub type Grid<'a> = dyn BeatSource + 'a;

/// A recognizer of one stream of audio: what it shows at once, and behind that what it has
/// gone over again.
pub trait Recognizer: Send {
    /// Takes mono samples at the host's rate. `grid` is asked for beats of what was pushed,
    /// on which a change of chord is shown sooner.
    fn push(&mut self, samples: &[f32], grid: &mut Grid<'_>);
    /// The next change of the display, if there is one.
    fn poll(&mut self) -> Option<Shown>;
    /// Goes over some of what was heard again, if enough has come since, and tells what
    /// is final now. May take tens of milliseconds. What it tells does not depend on when
    /// it is called; to be called until there is nothing more.
    fn refine(&mut self, grid: &mut Grid<'_>) -> Option<Refined>;
    /// Whether [`refine`](Self::refine) has something to do; depends on the samples alone.
    fn is_refining_due(&self) -> bool;
    /// What `refine` would tell of all that is open if the audio ended here. Nothing is
    /// changed by asking: the audio may go on.
    fn preview(&self, grid: &mut Grid<'_>) -> Option<Refined>;
    /// Whether frames are kept for [`take_frames`](Self::take_frames), and given out with what is
    /// [refined](Refined::frames): others want to know what is heard. Not at first.
    fn share(&mut self, _: bool) {}
    /// What each frame since this was asked last says, in the recognizer's seconds.
    fn take_frames(&mut self) -> Vec<PartFrame> {
        Vec::new()
    }
    /// Log magnitudes of the latest frame, ln(|C| + 1e-6).
    fn spectrum(&self) -> &[f32];
    /// The tuning that the music is heard at, once it is known.
    fn tuning(&self) -> Option<Tuning>;
    /// Says that `lost` samples are missing here.
    fn mark_gap(&mut self, lost: u64);
    /// Takes new settings.
    fn set(&mut self, settings: Settings);
    /// Says that the audio ends here: what is still inside may be polled and refined, both
    /// until there is nothing more; then everything is forgotten and time begins at zero
    /// again.
    fn finish(&mut self);
    /// Seconds from hearing a sound to knowing it, at the latest.
    fn latency_s(&self) -> f64;
    /// Seconds from hearing a sound to its final chord, at the latest.
    fn refining_latency_s(&self) -> f64;
}

/// A recognizer as it was made.
pub struct Made {
    /// The recognizer.
    pub recognizer: Box<dyn Recognizer>,
    /// Why it does not have the networks that were chosen, a line each.
    pub refused: Vec<String>,
}

/// Makes recognizers that share their weights.
pub trait Recognizers: Send + Sync {
    /// A recognizer for audio at `sample_rate` in Hz, with these networks.
    ///
    /// # Errors
    /// A rate that it cannot hear.
    fn make(
        &self,
        sample_rate: f64,
        settings: Settings,
        networks: &NetworkChoice,
    ) -> Result<Made, RecognizerError>;
}
