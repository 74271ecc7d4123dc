//! What the user says of the beats that are found.

use clap::Args;
use harmony::time::Metre;
use recognizer::beat::{Known, Octave};

/// Beats otherwise than they are found.
#[derive(Args)]
pub struct Grid {
    /// Put no beats under the chords: they change where they are heard to
    #[arg(long, conflicts_with_all = ["half_tempo", "double_tempo"])]
    pub no_grid: bool,
    /// Take every second of the beats that are found: half the tempo
    #[arg(long, conflicts_with_all = ["double_tempo", "bpm"])]
    pub half_tempo: bool,
    /// Put a beat between each two that are found: double the tempo
    #[arg(long, conflicts_with = "bpm")]
    pub double_tempo: bool,
}

impl Grid {
    /// What is known of the beats, given a tempo and a metre; none where there is to be no grid.
    pub fn known(&self, bpm: Option<f64>, metre: Option<Metre>) -> Option<Known> {
        let octave = match (self.half_tempo, self.double_tempo) {
            (true, _) => Octave::Half,
            (_, true) => Octave::Double,
            _ => Octave::AsFound,
        };
        (!self.no_grid).then_some(Known { bpm, metre, octave })
    }
}
