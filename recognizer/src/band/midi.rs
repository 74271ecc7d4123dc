//! Chords from MIDI notes: exact, with the pedal, arpeggios collected over a beat.

use harmony::played::NoteChange;
use harmony::vocabulary::large;

use super::evidence::tones_of;
use crate::decode::Posterior;
use crate::networks::{BASS_CLASSES, CHORD_CLASSES, NO_BASS};

/// How long ended notes are kept, seconds; longer than the slowest beat and the delay of the
/// refined lane.
const KEPT_S: f64 = 30.0;
/// The most notes that are kept.
const MOST_NOTES: usize = 4096;
/// The shortest and the longest beat, seconds.
const BEAT_S: (f64, f64) = (0.2, 1.5);
/// Weight at the beginning of a beat of a note from the beat before that was not struck again.
const BEFORE: f32 = 0.6;
/// Scores, nats: a note in the chord, and a note outside it.
const NOTE: (f32, f32) = (1.0, -4.0);
/// Scores, nats, of chord tones that are not played: root, third or its suspension, fifth, and
/// seventh or sixth.
const MISSING: [f32; 4] = [-1.0, -2.5, -0.6, -3.0];
/// Score if the lowest note is the root.
const ROOT_LOWEST: f32 = 1.0;
/// Probability of the lowest note as the bass.
const SURE_BASS: f32 = 0.9;
/// Probability of `N` although there are notes.
const NO_CHORD: f32 = 1e-3;

#[derive(Debug, Clone, Copy)]
struct Note {
    channel: u8,
    key: u8,
    from_s: f64,
    /// Where it ends; infinity while it sounds.
    to_s: f64,
    /// Whether its key is down.
    held: bool,
}

impl Note {
    fn sounds(&self) -> bool {
        self.to_s == f64::INFINITY
    }
}

/// The notes of the recent past of one part, in seconds of its stream.
#[derive(Debug, Clone, Default)]
pub struct MidiNotes {
    notes: Vec<Note>,
    pedals: u16,
}

impl MidiNotes {
    /// Takes an event at `at_s`, not earlier than the last one.
    pub fn change(&mut self, at_s: f64, change: NoteChange) {
        match change {
            NoteChange::On { channel, key } => {
                self.release(at_s, channel, key, true);
                self.notes
                    .retain(|it| it.sounds() || it.to_s >= at_s - KEPT_S);
                if key < 128 && self.notes.len() < MOST_NOTES {
                    self.notes.push(Note {
                        channel: channel % 16,
                        key,
                        from_s: at_s,
                        to_s: f64::INFINITY,
                        held: true,
                    });
                }
            }
            NoteChange::Off { channel, key } => self.release(at_s, channel, key, false),
            NoteChange::Pedal { channel, down } => {
                let bit = 1 << (channel % 16);
                if down {
                    self.pedals |= bit;
                    return;
                }
                self.pedals &= !bit;
                for note in &mut self.notes {
                    if note.sounds() && !note.held && note.channel == channel % 16 {
                        note.to_s = at_s;
                    }
                }
            }
            NoteChange::AllOff => {
                self.pedals = 0;
                for note in self.notes.iter_mut().filter(|it| it.sounds()) {
                    note.to_s = at_s;
                    note.held = false;
                }
            }
        }
    }

    fn release(&mut self, at_s: f64, channel: u8, key: u8, again: bool) {
        let pedal = self.pedals >> (channel % 16) & 1 == 1;
        let same = |it: &&mut Note| it.sounds() && it.key == key && it.channel == channel % 16;
        for note in self.notes.iter_mut().filter(same) {
            note.held = false;
            if again || !pedal {
                note.to_s = at_s;
            }
        }
    }

    /// Whether there are no notes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    /// The posterior of the chord at `at_s`, the last beat having begun at `beat_s` and the one
    /// before it `length_s` earlier. Notes are known up to `known_s`, which may be after `at_s`:
    /// then an arpeggio in the current beat counts as a whole. `None` without notes.
    #[must_use]
    pub fn posterior(
        &self,
        at_s: f64,
        beat_s: f64,
        length_s: f64,
        known_s: f64,
    ) -> Option<Posterior> {
        let length_s = length_s.clamp(BEAT_S.0, BEAT_S.1);
        let begin_s = beat_s.clamp(at_s - length_s, at_s);
        let until_s = (begin_s + length_s).min(known_s.max(at_s));
        let phase = ((at_s - begin_s) / length_s) as f32;
        let mut weights = [0.0_f32; 12];
        let mut lowest: Option<u8> = None;
        for note in &self.notes {
            if note.from_s >= until_s || note.to_s <= begin_s - length_s {
                continue;
            }
            // A key released shortly after the beat belongs to the chord before.
            let left_s = note.to_s - begin_s;
            let lingers = note.from_s < begin_s - 0.02 && left_s < 0.25 * length_s;
            let weight = if note.to_s > begin_s && !lingers {
                1.0
            } else {
                BEFORE * (1.0 - phase)
            };
            let class = &mut weights[usize::from(note.key % 12)];
            *class = class.max(weight);
            if weight >= 1.0 {
                lowest = Some(lowest.map_or(note.key, |it| it.min(note.key)));
            }
        }
        let lowest = lowest?;
        Some(posterior_of(&weights, lowest % 12))
    }
}

/// The posterior of pitch classes with weights 0 … 1, over a bass.
fn posterior_of(weights: &[f32; 12], lowest: u8) -> Posterior {
    let mut logits = [0.0_f32; CHORD_CLASSES];
    for (class, logit) in logits.iter_mut().enumerate().take(large::CHORDS) {
        let tones = tones_of(class);
        let root = large::root_of(class).unwrap_or(0);
        for above in 0..12_u8 {
            let note = (root + above) % 12;
            let weight = weights[usize::from(note)];
            if tones >> note & 1 == 0 {
                *logit += weight * NOTE.1;
                continue;
            }
            let role = match above {
                0 => 0,
                2..=5 => 1,
                6..=8 => 2,
                _ => 3,
            };
            *logit += weight * NOTE.0 + (1.0 - weight) * MISSING[role];
        }
        if root == lowest {
            *logit += ROOT_LOWEST;
        }
    }
    let highest = logits[..large::CHORDS].iter().copied();
    let highest = highest.fold(f32::NEG_INFINITY, f32::max);
    logits[large::NO_CHORD] = highest + NO_CHORD.ln();
    // If no chord fits well, `X` gets a share.
    logits[large::UNKNOWN] = (highest - 4.0).max(-2.0);
    let mut bass = [((1.0 - SURE_BASS) / 12.0).ln(); BASS_CLASSES];
    bass[usize::from(lowest)] = SURE_BASS.ln();
    bass[NO_BASS] = -12.0;
    Posterior::from_logits(&logits, Some(&bass), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(posterior: &Posterior) -> (String, f32, usize) {
        let class = (0..CHORD_CLASSES)
            .max_by(|&a, &b| posterior.chord[a].total_cmp(&posterior.chord[b]))
            .unwrap();
        let bass = posterior.bass.unwrap();
        let low = (0..12).max_by(|&a, &b| bass[a].total_cmp(&bass[b]));
        (
            large::label_of(class).to_string(),
            posterior.chord[class].exp(),
            low.unwrap(),
        )
    }

    fn played(keys: &[u8]) -> MidiNotes {
        let mut notes = MidiNotes::default();
        for key in keys {
            notes.change(
                0.0,
                NoteChange::On {
                    channel: 0,
                    key: *key,
                },
            );
        }
        notes
    }

    #[test]
    fn chords_are_read_as_they_are_played() {
        let chords: [(&[u8], &str, usize); 10] = [
            (&[60, 64, 67], "C:maj", 0),
            (&[64, 67, 72], "C:maj", 4),
            (&[57, 60, 64], "A:min", 9),
            (&[57, 60, 64, 67], "A:min7", 9),
            (&[55, 59, 62, 65], "G:7", 7),
            (&[48, 64, 67, 71], "C:maj7", 0),
            (&[62, 65, 68, 72], "D:hdim7", 2),
            (&[60, 63, 66], "C:dim", 0),
            (&[60, 65, 67], "C:sus4", 0),
            (&[60, 64, 68], "C:aug", 0),
        ];
        for (keys, label, low) in chords {
            let posterior = played(keys).posterior(0.3, 0.0, 0.5, 0.3).unwrap();
            let (found, p, bass) = best(&posterior);
            assert_eq!((found.as_str(), bass), (label, low), "{keys:?}");
            // An augmented triad has three roots.
            assert!(p > 0.4, "{label} {p}");
        }
    }

    #[test]
    fn the_pedal_holds_what_was_let_go() {
        let mut notes = played(&[60, 64, 67]);
        notes.change(
            0.1,
            NoteChange::Pedal {
                channel: 0,
                down: true,
            },
        );
        for key in [60, 64, 67] {
            notes.change(0.2, NoteChange::Off { channel: 0, key });
        }
        assert_eq!(
            best(&notes.posterior(3.4, 3.0, 0.5, 3.4).unwrap()).0,
            "C:maj"
        );
        notes.change(
            3.5,
            NoteChange::Pedal {
                channel: 0,
                down: false,
            },
        );
        assert!(notes.posterior(5.1, 5.0, 0.5, 5.1).is_none());
        // Another channel's pedal holds nothing.
        let mut notes = played(&[60, 64, 67]);
        notes.change(
            0.1,
            NoteChange::Pedal {
                channel: 3,
                down: true,
            },
        );
        notes.change(0.2, NoteChange::AllOff);
        assert!(notes.posterior(2.1, 2.0, 0.5, 2.1).is_none());
    }

    #[test]
    fn an_arpeggio_is_gathered_over_its_beat() {
        let mut notes = MidiNotes::default();
        for (index, key) in [57, 60, 64, 67].into_iter().enumerate() {
            let at_s = 1.0 + 0.125 * index as f64;
            notes.change(at_s, NoteChange::On { channel: 0, key });
            notes.change(at_s + 0.12, NoteChange::Off { channel: 0, key });
        }
        // Later, the whole beat is known.
        assert_eq!(
            best(&notes.posterior(1.05, 1.0, 0.5, 5.0).unwrap()).0,
            "A:min7"
        );
        // During the beat the notes so far count, at its end all of them.
        let (label, p, _) = best(&notes.posterior(1.05, 1.0, 0.5, 1.05).unwrap());
        assert!(label != "A:min7" && p < 0.7, "{label} {p}");
        assert_eq!(
            best(&notes.posterior(1.45, 1.0, 0.5, 1.45).unwrap()).0,
            "A:min7"
        );
    }

    #[test]
    fn a_chord_that_is_let_go_late_does_not_blur_the_next() {
        let mut notes = played(&[60, 64, 67]);
        for key in [53, 57, 60] {
            notes.change(1.0, NoteChange::On { channel: 0, key });
        }
        for key in [64, 67] {
            notes.change(1.05, NoteChange::Off { channel: 0, key });
        }
        let (label, _, bass) = best(&notes.posterior(1.4, 1.0, 0.5, 1.4).unwrap());
        assert_eq!((label.as_str(), bass), ("F:maj", 5));
    }

    #[test]
    fn the_past_is_bounded() {
        let mut notes = MidiNotes::default();
        for index in 0..20_000_u32 {
            let at_s = f64::from(index) * 0.001;
            notes.change(
                at_s,
                NoteChange::On {
                    channel: 0,
                    key: (index % 128) as u8,
                },
            );
        }
        assert!(notes.notes.len() <= MOST_NOTES);
    }
}
