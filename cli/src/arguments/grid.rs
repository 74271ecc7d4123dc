//! Options that correct the found beats.

use clap::Args;
use harmony::time::Meter;
use recognizer::beat::{Known, Octave};

/// Corrections of the found beats.
#[derive(Args)]
pub struct Grid {
    /// Do not use beats: chords change where they were heard
    #[arg(long, conflicts_with_all = ["half_tempo", "double_tempo"])]
    pub no_grid: bool,
    /// Halve the found tempo: take every second beat
    #[arg(long, conflicts_with_all = ["double_tempo", "bpm"])]
    pub half_tempo: bool,
    /// Double the found tempo: add a beat between each two
    #[arg(long, conflicts_with = "bpm")]
    pub double_tempo: bool,
}

impl Grid {
    /// The input of the beat finder for a given tempo and meter; `None` with `--no-grid`.
    pub fn known(&self, bpm: Option<f64>, meter: Option<Meter>) -> Option<Known> {
        let octave = match (self.half_tempo, self.double_tempo) {
            (true, _) => Octave::Half,
            (_, true) => Octave::Double,
            _ => Octave::AsFound,
        };
        (!self.no_grid).then_some(Known { bpm, meter, octave })
    }
}
