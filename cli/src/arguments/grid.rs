//! Options that correct the beats that are found.

use clap::Args;
use harmony::time::Meter;
use recognizer::beat::{Known, Octave};

/// Corrections of the beats that are found.
#[derive(Args)]
pub struct Grid {
    /// Find no beats: chords change where they were heard
    #[arg(long, conflicts_with_all = ["half_tempo", "double_tempo"])]
    pub no_grid: bool,
    /// Halve the tempo that is found: take every second beat
    #[arg(long, conflicts_with_all = ["double_tempo", "bpm"])]
    pub half_tempo: bool,
    /// Double the tempo that is found: add a beat between each two
    #[arg(long, conflicts_with = "bpm")]
    pub double_tempo: bool,
}

impl Grid {
    /// What the beat finder is to know, given a tempo and a meter; none with `--no-grid`.
    pub fn known(&self, bpm: Option<f64>, meter: Option<Meter>) -> Option<Known> {
        let octave = match (self.half_tempo, self.double_tempo) {
            (true, _) => Octave::Half,
            (_, true) => Octave::Double,
            _ => Octave::AsFound,
        };
        (!self.no_grid).then_some(Known { bpm, meter, octave })
    }
}
