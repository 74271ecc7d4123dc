//! Fingerings of chords on stringed instruments.

use crate::label::Chord;

/// The open strings of a guitar as MIDI notes, from low to high: E A D G B E.
pub const STANDARD_TUNING: [u8; 6] = [40, 45, 50, 55, 59, 64];

/// The highest fret that is used.
const HIGHEST_FRET: u8 = 12;

/// How many frets a hand spans.
const SPAN: u8 = 3;

/// How many fingers press strings.
const FINGERS: usize = 4;

/// A fingering of a chord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingering {
    /// The fret of each string, in the order of the strings: 0 is open, `None` not played.
    pub frets: Vec<Option<u8>>,
    /// The fret of the barre, if the first finger presses several strings.
    pub barre: Option<u8>,
}

impl Fingering {
    /// The sounding notes as MIDI notes, from the first string on.
    #[must_use]
    pub fn notes(&self, tuning: &[u8]) -> Vec<u8> {
        let strings = self.frets.iter().zip(tuning);
        strings
            .filter_map(|(fret, open)| Some(open.saturating_add((*fret)?)))
            .collect()
    }

    /// The lowest pressed fret; 0 if all strings are open.
    #[must_use]
    pub fn position(&self) -> u8 {
        let pressed = self.frets.iter().flatten().filter(|&&fret| fret > 0);
        pressed.min().copied().unwrap_or(0)
    }
}

/// The rules for fingerings on an instrument.
#[derive(Clone, Copy)]
struct Rules {
    /// Whether the bass must be on the lowest sounding string: true where the strings reach down to
    /// the bass range. On a ukulele any note of the chord may be lowest.
    bass_lowest: bool,
    /// The fewest strings that sound.
    least: usize,
    /// The lowest sounding string must be among this many lowest strings.
    lowest: usize,
}

impl Rules {
    fn of(tuning: &[u8]) -> Self {
        /// C3: strings below it carry a bass.
        const BASS: u8 = 48;
        let rising = tuning.is_sorted();
        let bass_lowest = rising && tuning.first().is_some_and(|lowest| *lowest < BASS);
        match tuning.len() {
            count @ 5.. if bass_lowest => Self {
                bass_lowest,
                least: 3,
                lowest: count - 2,
            },
            count if bass_lowest => Self {
                bass_lowest,
                least: 2,
                lowest: count - 1,
            },
            count => Self {
                bass_lowest,
                least: count,
                lowest: 1,
            },
        }
    }
}

/// The best fingerings of a chord, best first, at most `most`: its bass on the lowest sounding
/// string where the instrument has low strings, no note outside the chord, no muted string between
/// others, within four frets and four fingers. Notes of a large chord that a hand cannot hold are
/// left out: first the fifth, then the root, then upper voices.
///
/// `tuning` are the open strings as MIDI notes, in the order of the strings. A capo is a tuning
/// with every string raised.
#[must_use]
pub fn fingerings(chord: &Chord, tuning: &[u8], most: usize) -> Vec<Fingering> {
    let rules = Rules::of(tuning);
    let classes = chord.pitch_classes();
    let mut found: Vec<(i32, Fingering)> = Vec::new();
    for position in 1..=HIGHEST_FRET - SPAN {
        // The frets at which each string sounds a note of the chord.
        let options: Vec<Vec<u8>> = tuning
            .iter()
            .map(|&open| {
                let frets = std::iter::once(0).chain(position..=position + SPAN);
                frets
                    .filter(|fret| classes >> ((open.saturating_add(*fret)) % 12) & 1 == 1)
                    .collect()
            })
            .collect();
        for lowest in 0..rules.lowest {
            let mut held = Held {
                chord,
                tuning,
                rules,
                options: &options,
                lowest,
                frets: vec![None; tuning.len()],
            };
            held.hold(lowest, &mut found);
        }
    }
    found.sort_by_key(|(cost, _)| *cost);
    found.dedup_by(|a, b| a.1 == b.1);
    let mut best: Vec<Fingering> = Vec::new();
    for (_, fingering) in found {
        if best.len() == most {
            break;
        }
        if !best.contains(&fingering) {
            best.push(fingering);
        }
    }
    best
}

/// State of the search over frets.
struct Held<'a> {
    chord: &'a Chord,
    tuning: &'a [u8],
    rules: Rules,
    /// The frets of each string with a note of the chord.
    options: &'a [Vec<u8>],
    lowest: usize,
    frets: Vec<Option<u8>>,
}

impl Held<'_> {
    /// Tries every fret of string `string` and of the strings above it.
    fn hold(&mut self, string: usize, found: &mut Vec<(i32, Fingering)>) {
        if string >= self.lowest + self.rules.least {
            rate(self.chord, self.tuning, &self.frets, found);
        }
        if string == self.frets.len() {
            return;
        }
        for &fret in &self.options[string] {
            let class = self.tuning[string].saturating_add(fret) % 12;
            let is_bass = string == self.lowest && self.rules.bass_lowest;
            if is_bass && class != self.chord.bass_pitch_class() {
                continue;
            }
            self.frets[string] = Some(fret);
            self.hold(string + 1, found);
            self.frets[string] = None;
        }
    }
}

/// Adds a fingering with its penalty, if it is playable.
fn rate(chord: &Chord, tuning: &[u8], frets: &[Option<u8>], found: &mut Vec<(i32, Fingering)>) {
    let pressed: Vec<u8> = frets
        .iter()
        .flatten()
        .copied()
        .filter(|&it| it > 0)
        .collect();
    let low = pressed.iter().min().copied().unwrap_or(0);
    let high = pressed.iter().max().copied().unwrap_or(0);
    let at_low = pressed.iter().filter(|&&fret| fret == low).count();
    // A barre covers the open strings above it.
    let open_above = {
        let first = frets.iter().position(|fret| *fret == Some(low));
        frets
            .iter()
            .skip(first.unwrap_or(frets.len()))
            .any(|fret| *fret == Some(0))
    };
    let barre = (pressed.len() > FINGERS && at_low >= 2 && !open_above).then_some(low);
    let fingers = match barre {
        Some(_) => pressed.len() - at_low + 1,
        None => pressed.len(),
    };
    if fingers > FINGERS || high - low > SPAN {
        return;
    }
    let fingering = Fingering {
        frets: frets.to_vec(),
        barre,
    };
    let notes = fingering.notes(tuning);
    let sounding = notes
        .iter()
        .fold(0_u16, |mask, note| mask | 1 << (note % 12));
    let root = chord.root().pitch_class();
    let missing: i32 = chord
        .voices()
        .into_iter()
        .filter(|semitones| {
            let class = (i32::from(root) + semitones).rem_euclid(12);
            sounding >> class & 1 == 0
        })
        .map(|semitones| match semitones {
            7 => 20,
            0 => 30,
            12.. => 60,
            // Third, seventh, altered fifth, suspension: without these it would be another chord.
            _ => 200,
        })
        .sum();
    if missing >= 200 {
        return;
    }
    let strings = notes.len() as i32;
    // Full chords in low positions, in root position on low strings, easy ones first.
    let cost = missing + 4 * i32::from(low) + 3 * i32::from(high - low) + 3 * fingers as i32
        - 9 * strings
        + if barre.is_some() { 4 } else { 0 };
    found.push((cost, fingering));
}
