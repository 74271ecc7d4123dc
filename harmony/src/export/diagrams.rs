//! Chord diagrams: the different chords of a chart, and their fingerings.

use crate::chart::Chart;
use crate::key::Key;
use crate::label::{Chord, Label};
use crate::voicing::{Fingering, Instrument, fingerings};

/// The most chords that get a diagram.
const MOST: usize = 120;

/// Frets of a diagram.
pub(crate) const FRETS: u8 = 4;

/// A chord of a chart and its fingering.
pub(crate) struct Diagram {
    /// The chord.
    pub(crate) chord: Chord,
    /// The key of the first bar with the chord, which spells it.
    pub(crate) key: Option<Key>,
    /// The best fingering.
    pub(crate) held: Fingering,
}

impl Diagram {
    /// The first fret of the diagram: fingerings within the first frets start at the nut.
    pub(crate) fn first_fret(&self) -> u8 {
        let highest = self.held.frets.iter().flatten().max().copied();
        if highest.unwrap_or(0) <= FRETS {
            1
        } else {
            self.held.position().max(1)
        }
    }
}

/// The different chords of a chart that can be fingered, in order of appearance.
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
