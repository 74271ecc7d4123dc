//! Chord diagrams: which chords a chart has, and how each is held.

use crate::chart::Chart;
use crate::key::Key;
use crate::label::{Chord, Label};
use crate::voicing::{Fingering, Instrument, fingerings};

/// The most chords that get a diagram.
const MOST: usize = 120;

/// Frets of a diagram.
pub(crate) const FRETS: u8 = 4;

/// A chord of a chart and how it is held.
pub(crate) struct Diagram {
    /// The chord.
    pub(crate) chord: Chord,
    /// The key of the bar in which it is first, which spells it.
    pub(crate) key: Option<Key>,
    /// The best way to hold it.
    pub(crate) held: Fingering,
}

impl Diagram {
    /// The first fret that a diagram of it shows: shapes within the first frets stand at the nut.
    pub(crate) fn first_fret(&self) -> u8 {
        let highest = self.held.frets.iter().flatten().max().copied();
        if highest.unwrap_or(0) <= FRETS {
            1
        } else {
            self.held.position().max(1)
        }
    }
}

/// The different chords of a chart that can be held, in the order in which they come.
pub(crate) fn diagrams(chart: &Chart, instrument: &Instrument) -> Vec<Diagram> {
    let mut found: Vec<Diagram> = Vec::new();
    let mut seen: Vec<Chord> = Vec::new();
    for bar in &chart.bars {
        for placed in &bar.chords {
            let Label::Chord(chord) = &placed.label else {
                continue;
            };
            if seen.contains(chord) || seen.len() >= MOST {
                continue;
            }
            seen.push(chord.clone());
            let best = fingerings(chord, instrument.strings(), 1)
                .into_iter()
                .next();
            if let Some(held) = best {
                found.push(Diagram {
                    chord: chord.clone(),
                    key: bar.key,
                    held,
                });
            }
        }
    }
    found
}
