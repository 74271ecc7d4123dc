//! Settings of the live engine, and the decoders' settings that follow from them.

use super::{FRAME_S, LAG_FRAMES};
use crate::decode::fixed_lag::FixedLagSettings;
use crate::tuning::TuningSetting;

/// The cost of a change on the display, as a share of that in the track: the display may be wrong
/// for a moment if it is right sooner, the track may not. Chosen on the valid split
/// (docs/performance.md).
const DISPLAY_COST_SHARE: f32 = 0.35;

/// Settings of a [`LiveEngine`](super::LiveEngine).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LiveSettings {
    /// 0 … 1: how little evidence a change of chord needs.
    pub sensitivity: f32,
    /// Seconds for which a new chord must lead before it replaces the shown one.
    pub hold_s: f32,
    /// The tuning of the transform's bins: the music's, or a given one.
    pub tuning: TuningSetting,
}

impl Default for LiveSettings {
    fn default() -> Self {
        Self {
            sensitivity: 0.5,
            hold_s: 0.0,
            tuning: TuningSetting::Estimated,
        }
    }
}

impl LiveSettings {
    /// Cost of a change of class in nats: 12 at sensitivity 0, 6 in the middle, 3 at 1.
    fn change_cost(self) -> f32 {
        12.0 * 0.25_f32.powf(self.sensitivity.clamp(0.0, 1.0))
    }

    /// [`Self::hold_s`] in frames, ten seconds at most.
    pub(super) fn hold_frames(self) -> u64 {
        (f64::from(self.hold_s.clamp(0.0, 10.0)) / FRAME_S).round() as u64
    }

    /// For the decoder of the confirmed track.
    pub(super) fn track_decoder(self) -> FixedLagSettings {
        FixedLagSettings {
            change_cost: self.change_cost(),
            lag_frames: LAG_FRAMES,
            hold: 0.0,
        }
    }

    /// For the decoder of the display.
    pub(super) fn display_decoder(self) -> FixedLagSettings {
        let track = self.track_decoder();
        FixedLagSettings {
            change_cost: track.change_cost * DISPLAY_COST_SHARE,
            ..track
        }
    }
}
