//! Pitch bends of a monophonic part: slides into notes, scoops from below, vibrato, drift.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::arranger::Note;

/// The habits of a singer or soloist.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expression {
    /// Time constant of the slide from the previous note, in seconds; 0 for none.
    pub glide_s: f32,
    /// Largest distance in semitones below (above, if negative) the note at which it can
    /// begin.
    pub scoop: f32,
    /// Depth of the vibrato, in semitones to either side.
    pub vibrato: f32,
    /// Rate of the vibrato, in Hz.
    pub vibrato_hz: f32,
    /// Time until the vibrato is full, in seconds.
    pub delay_s: f32,
    /// Depth of the pitch drift, in semitones.
    pub waver: f32,
}

/// The bend of one note.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    habits: Expression,
    /// Offset at the onset, in semitones.
    from: f32,
    glide_s: f32,
    phase: f32,
}

impl Expression {
    /// Notes without bends.
    pub const NONE: Self = Self {
        glide_s: 0.0,
        scoop: 0.0,
        vibrato: 0.0,
        vibrato_hz: 5.0,
        delay_s: 0.0,
        waver: 0.0,
    };

    /// Draws a singer's habits.
    #[must_use]
    pub fn singer(rng: &mut ChaCha8Rng) -> Self {
        Self {
            glide_s: rng.random_range(0.01..0.06),
            scoop: rng.random_range(0.0..2.0),
            vibrato: rng.random_range(0.05..0.7),
            vibrato_hz: rng.random_range(4.5..7.0),
            delay_s: rng.random_range(0.1..0.6),
            waver: rng.random_range(0.0..0.25),
        }
    }

    /// Draws a player's habits, between none and a singer's.
    #[must_use]
    pub fn player(rng: &mut ChaCha8Rng) -> Self {
        let singer = Self::singer(rng);
        let much = rng.random_range(0.0..0.7_f32).powi(2);
        Self {
            glide_s: if rng.random_bool(0.3) {
                singer.glide_s
            } else {
                0.0
            },
            scoop: singer.scoop * much,
            vibrato: singer.vibrato * much,
            waver: singer.waver * much,
            ..singer
        }
    }

    /// Whether notes are unchanged.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.glide_s == 0.0 && self.scoop == 0.0 && self.vibrato == 0.0 && self.waver == 0.0
    }

    /// The bend of each note, ordered by time. Slides start from the previous note if it has
    /// just ended or still sounds and is within an octave.
    #[must_use]
    pub fn curves(&self, notes: &[Note]) -> Vec<Curve> {
        let mut previous: Option<Note> = None;
        notes
            .iter()
            .enumerate()
            .map(|(index, note)| {
                let step = previous.map_or(0.0, |before| {
                    let near = note.start - before.end < 0.06 && note.start > before.start + 0.03;
                    let step = f32::from(before.key) - f32::from(note.key);
                    if near && step.abs() <= 12.0 {
                        step
                    } else {
                        0.0
                    }
                });
                previous = Some(*note);
                // A number in 0 to 1 that varies from note to note.
                let chance = (index as f32 * 0.618_034).fract();
                let (from, glide_s) = if self.glide_s > 0.0 && step != 0.0 && chance < 0.6 {
                    (step, self.glide_s)
                } else if chance > 0.4 {
                    (-self.scoop * (chance - 0.4) / 0.6, 0.04)
                } else {
                    (0.0, 0.0)
                };
                Curve {
                    habits: *self,
                    from,
                    glide_s,
                    phase: chance * std::f32::consts::TAU,
                }
            })
            .collect()
    }
}

impl Curve {
    /// Semitones above the note's key, `at_s` seconds after its onset.
    #[must_use]
    pub fn bend(&self, at_s: f32) -> f32 {
        let habits = &self.habits;
        let slide = if self.glide_s > 0.0 {
            self.from * (-at_s / self.glide_s).exp()
        } else {
            0.0
        };
        let depth = habits.vibrato * (at_s / habits.delay_s.max(0.01)).min(1.0);
        let turn = std::f32::consts::TAU * habits.vibrato_hz * at_s + self.phase;
        // Two slow sines of incommensurable periods: irregular, but the same from a seed.
        let waver = habits.waver
            * 0.5
            * ((at_s * 9.7 + 3.0 * self.phase).sin() + (at_s * 23.1 + self.phase).sin());
        slide + depth * turn.sin() + waver
    }
}
