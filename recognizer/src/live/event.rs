//! Events of the live engine.

use harmony::label::Label;
use harmony::timeline::Segment;
use serde::Serialize;

/// Whether the shown label can still change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ShownState {
    /// Shown at once; later audio may change it.
    Provisional,
    /// Final.
    Confirmed,
}

/// A change of the display.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// Seconds of audio that had arrived when the display changed.
    pub shown_at_s: f64,
    /// Where the chord begins, seconds.
    pub starts_at_s: f64,
    /// The chord, in the vocabulary with inversions.
    pub label: Label,
    /// Whether it is final.
    pub state: ShownState,
    /// Mean posterior of the chord since it began, 0 … 1.
    pub confidence: f32,
    /// The next best classes of the latest frame with their probabilities, best first.
    #[serde(skip)]
    pub alternatives: Vec<(Label, f32)>,
}

/// An event returned by [`LiveEngine::poll`](super::LiveEngine::poll).
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The display changes.
    Shown(Shown),
    /// A stretch of the track is final (its status is
    /// [`Confirmed`](harmony::timeline::Status::Confirmed)). Segments come in order and without
    /// gaps.
    Segment(Segment),
}
