//! An oracle that gets every note.
//!
//! Some chords have the same notes: C6 is Am7/C, Cm6 is Am7b5/C, Csus2 is Gsus4/C, and an
//! augmented or diminished seventh chord is one of three or four. Where each may be inverted,
//! the sound of a single moment cannot distinguish them. The oracle gets the pitch classes,
//! the bass and the exact times, knows from other pieces of the same set how often each name
//! occurs, and chooses the one that is right most often. It ignores the chords before and
//! after, so it is not a strict bound; a score far above it would be luck, or good use of the
//! key.

use std::collections::HashMap;

use harmony::label::{Chord, Label};
use harmony::timeline::Segment;

/// The notes of a chord above its bass: bit n stands for n semitones.
type AboveBass = u16;

/// Names of chords by their notes.
#[derive(Debug, Clone, Default)]
pub struct Oracle {
    /// For each set of notes, the names seen for it as chords on a bass of C, with seconds.
    seen: HashMap<AboveBass, HashMap<String, (Chord, f64)>>,
}

impl Oracle {
    /// Counts the names of the chords in a track.
    pub fn learn(&mut self, track: &[Segment]) {
        for segment in track {
            if let Some(chord) = segment.label.chord() {
                let names = self.seen.entry(above_bass(chord)).or_default();
                let on_c = on_bass(chord, 0);
                let name = Label::Chord(on_c.clone()).to_string();
                let (_, seconds) = names.entry(name).or_insert((on_c, 0.0));
                *seconds += segment.end_s - segment.start_s;
            }
        }
    }

    /// Its track for `reference`: the same times, with the most likely names of the same
    /// notes.
    #[must_use]
    pub fn track(&self, reference: &[Segment]) -> Vec<Segment> {
        reference
            .iter()
            .map(|segment| {
                let mut named = segment.clone();
                if let Some(chord) = segment.label.chord()
                    && let Some(likeliest) = self.likeliest(above_bass(chord))
                {
                    let bass = i32::from(chord.bass_pitch_class());
                    named.label = Label::Chord(on_bass(likeliest, bass));
                }
                named
            })
            .collect()
    }

    fn likeliest(&self, notes: AboveBass) -> Option<&Chord> {
        let names = self.seen.get(&notes)?;
        let likeliest = names
            .iter()
            // Of two equally likely ones the first by name, independent of the table's order.
            .max_by(|(a, (_, x)), (b, (_, y))| x.total_cmp(y).then_with(|| b.cmp(a)));
        likeliest.map(|(_, (chord, _))| chord)
    }
}

fn above_bass(chord: &Chord) -> AboveBass {
    let notes = chord.pitch_classes();
    let bass = u32::from(chord.bass_pitch_class());
    (notes >> bass | notes << (12 - bass)) & 0xfff
}

/// The chord moved so that its bass is `bass`.
fn on_bass(chord: &Chord, bass: i32) -> Chord {
    chord.transposed(bass - i32::from(chord.bass_pitch_class()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(labels: &[(&str, f64)]) -> Vec<Segment> {
        let mut start_s = 0.0;
        let segment = |(label, length_s): &(&str, f64)| {
            let segment = Segment::new(start_s, start_s + length_s, label.parse().unwrap());
            start_s += length_s;
            segment
        };
        labels.iter().map(segment).collect()
    }

    fn names(track: &[Segment]) -> Vec<String> {
        track.iter().map(|it| it.label.to_string()).collect()
    }

    #[test]
    fn chords_of_the_same_notes_and_bass_get_the_commoner_name() {
        let mut oracle = Oracle::default();
        oracle.learn(&track(&[
            ("C:maj6", 3.0),
            ("A:min7/b3", 1.0),
            ("D:min7", 5.0),
        ]));
        let heard = oracle.track(&track(&[
            ("F:maj6", 1.0),
            ("D:min7/b3", 1.0),
            ("E:min7", 1.0),
            ("N", 1.0),
            ("G:7", 1.0),
        ]));
        // The last one was never seen: it keeps its name.
        assert_eq!(names(&heard), ["F:maj6", "F:maj6", "E:min7", "N", "G:7"]);
    }

    #[test]
    fn a_plain_triad_is_never_in_doubt() {
        let mut oracle = Oracle::default();
        let inverted = [("C:maj", 1.0), ("C:maj/3", 9.0), ("C:maj/5", 9.0)];
        oracle.learn(&track(&inverted));
        let reference = track(&[("Eb:maj", 1.0), ("Eb:maj/3", 1.0), ("Eb:maj/5", 1.0)]);
        assert_eq!(oracle.track(&reference), reference);
    }
}
