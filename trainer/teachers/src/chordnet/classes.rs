//! Maps the six heads to the classes of the students.
//!
//! A class's probability is that of its triad times that of its seventh; where triad and
//! seventh form no class of their own (a seventh on an augmented or suspended triad, a major
//! seventh on a diminished one) the triad's class gets it, so that all mass is kept. The
//! original expresses sixths with its thirteenth head, as a 13 without a seventh, and here too
//! that gives `maj6` and `min6`.

use harmony::vocabulary::large;

use super::heads::{Frame, Heads};
use crate::{ELEVENTHS, Extensions, NINTHS, Prediction, THIRTEENTHS};

/// Indices in the vocabulary's order of qualities.
mod quality {
    pub(super) const MIN: usize = 0;
    pub(super) const MAJ: usize = 1;
    pub(super) const DIM: usize = 2;
    pub(super) const AUG: usize = 3;
    pub(super) const MIN6: usize = 4;
    pub(super) const MAJ6: usize = 5;
    pub(super) const MIN7: usize = 6;
    pub(super) const MINMAJ7: usize = 7;
    pub(super) const MAJ7: usize = 8;
    pub(super) const DOM7: usize = 9;
    pub(super) const DIM7: usize = 10;
    pub(super) const HDIM7: usize = 11;
    pub(super) const SUS2: usize = 12;
    pub(super) const SUS4: usize = 13;
}

/// Qualities of the triads in the head's order (maj, min, sus4, sus2, dim, aug) with each
/// seventh (none, 7, b7, bb7); the last column is no seventh with a thirteenth.
const QUALITIES: [[usize; 5]; 6] = {
    use quality::*;
    [
        [MAJ, MAJ7, DOM7, MAJ6, MAJ6],
        [MIN, MINMAJ7, MIN7, MIN6, MIN6],
        [SUS4; 5],
        [SUS2; 5],
        [DIM, DIM, HDIM7, DIM7, DIM],
        [AUG; 5],
    ]
};

/// Basses of the students: twelve pitch classes, then none.
const BASSES: usize = 13;

/// Converts the heads at hop 512 to the students' classes at hop 1024, without chords. Frame `i` is
/// `¼ p[2i−1] + ½ p[2i] + ¼ p[2i+1]`, at the ends from the frames there are.
#[must_use]
pub fn heard(heads: &Heads) -> Prediction {
    let mut fine: Vec<Row> = heads.frames().map(|frame| Row::new(&frame)).collect();
    if fine.is_empty() {
        fine.push(Row::default());
    }
    let mut heard = Prediction {
        bass: Some(Vec::new()),
        extensions: Some(Extensions::default()),
        ..Prediction::default()
    };
    for middle in (0..fine.len()).step_by(2) {
        let before = &fine[middle.saturating_sub(1)];
        let after = &fine[(middle + 1).min(fine.len() - 1)];
        let here = &fine[middle];
        let mix = |part: fn(&Row) -> &[f32]| {
            let neighbours = part(before).iter().zip(part(after));
            let mixed = part(here).iter().zip(neighbours);
            mixed.map(|(here, (before, after))| 0.25 * before + 0.5 * here + 0.25 * after)
        };
        heard.chord.extend(mix(|row| &row.chord));
        if let Some(bass) = &mut heard.bass {
            bass.extend(mix(|row| &row.bass));
        }
        if let Some(extensions) = &mut heard.extensions {
            extensions.ninth.extend(mix(|row| &row.ninth));
            extensions.eleventh.extend(mix(|row| &row.eleventh));
            extensions.thirteenth.extend(mix(|row| &row.thirteenth));
        }
    }
    heard
}

/// One frame in the students' classes.
#[derive(Clone)]
struct Row {
    chord: [f32; large::LEN],
    bass: [f32; BASSES],
    ninth: [f32; NINTHS],
    eleventh: [f32; ELEVENTHS],
    thirteenth: [f32; THIRTEENTHS],
}

impl Default for Row {
    fn default() -> Self {
        Self {
            chord: [0.0; large::LEN],
            bass: [0.0; BASSES],
            ninth: [0.0; NINTHS],
            eleventh: [0.0; ELEVENTHS],
            thirteenth: [0.0; THIRTEENTHS],
        }
    }
}

impl Row {
    fn new(frame: &Frame<'_>) -> Self {
        let mut row = Self::default();
        row.chord[large::NO_CHORD] = frame.triad[0];
        let sixth = frame.thirteenth[1];
        let none = frame.seventh[0];
        let sevenths = [
            none * (1.0 - sixth),
            frame.seventh[1],
            frame.seventh[2],
            frame.seventh[3],
            none * sixth,
        ];
        for (kind, qualities) in QUALITIES.iter().enumerate() {
            for root in 0..12 {
                let triad = frame.triad[1 + 12 * kind + root];
                for (quality, seventh) in qualities.iter().zip(sevenths) {
                    row.chord[large::QUALITIES.len() * root + quality] += triad * seventh;
                }
            }
        }
        row.bass[..12].copy_from_slice(&frame.bass[1..]);
        row.bass[12] = frame.bass[0];
        row.ninth.copy_from_slice(frame.ninth);
        row.eleventh.copy_from_slice(frame.eleventh);
        row.thirteenth.copy_from_slice(frame.thirteenth);
        row
    }
}
