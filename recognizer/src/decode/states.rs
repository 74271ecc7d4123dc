//! States of the decoders' hidden Markov model: a class over a bass.
//!
//! A network outputs a class of the large vocabulary and, separately, the pitch class of the bass.
//! The decoders follow both at once, so that an inversion has its own beginning and end. A state is
//! a class over its root, over another of its tones, or over one of the usual slash basses; its
//! log-probability is
//!
//! `ln p(class) + ln p(bass | the basses of that class)`,
//!
//! which divides a class's probability among its basses, without favouring classes with many or
//! few. The first 170 states are the classes in root position, in the vocabulary's order.

use std::sync::LazyLock;

use harmony::label::{Label, Quality};
use harmony::vocabulary::{inversions, large};

use super::Posterior;
use crate::networks::CHORD_CLASSES;

/// Cost of a bass other than the root, nats: when in doubt, root position.
const INVERSION_COST: f32 = 0.7;
/// Log-probability of the impossible.
const NEVER: f32 = -1e9;

/// A class over a bass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Class of the large vocabulary.
    pub class: u8,
    /// Pitch class of the bass; `None` for `N` and `X`.
    pub bass: Option<u8>,
}

/// All states and, for each class, which of them are its inversions.
struct Table {
    states: Vec<State>,
    /// For each class, its inversions as a range of `states`.
    inversions: Vec<std::ops::Range<usize>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut states: Vec<State> = (0..CHORD_CLASSES)
        .map(|class| State {
            class: class as u8,
            bass: large::root_of(class),
        })
        .collect();
    let inversions = (0..CHORD_CLASSES)
        .map(|class| {
            let start = states.len();
            if let (Label::Chord(chord), Some(root)) =
                (large::label_of(class), large::root_of(class))
            {
                let tones = chord.pitch_classes();
                let slash = slash_basses(chord.quality());
                for above in 1..12 {
                    let bass = (root + above) % 12;
                    if tones >> bass & 1 == 1 || slash.contains(&above) {
                        states.push(State {
                            class: class as u8,
                            bass: Some(bass),
                        });
                    }
                }
            }
            start..states.len()
        })
        .collect();
    Table { states, inversions }
});

/// Basses outside the chord that are written after a slash, semitones above the root:
/// `C/D`, `C/F`, `Am/D`, by quality.
fn slash_basses(quality: Quality) -> &'static [u8] {
    match quality {
        Quality::Min => &[5],
        Quality::Maj => &[2, 5],
        _ => &[],
    }
}

/// All states; the first 170 are the classes in root position.
pub fn states() -> &'static [State] {
    &TABLE.states
}

/// The chord of a state.
pub fn label_of(state: usize) -> Label {
    let State { class, bass } = TABLE.states[state];
    inversions::label_of(usize::from(class), bass)
}

/// The class of a state.
pub fn class_of(state: usize) -> usize {
    usize::from(TABLE.states[state].class)
}

/// The root of a state, a pitch class; 12 without one (`N` and `X`).
pub fn root_of(state: usize) -> usize {
    large::root_of(class_of(state)).map_or(ROOTS - 1, usize::from)
}

/// Values of [`root_of`].
pub const ROOTS: usize = 13;

/// Log-probability of every state, into `out`. Without a bass head every chord is in root
/// position.
pub fn emissions(posterior: &Posterior, out: &mut Vec<f32>) {
    out.clear();
    out.extend_from_slice(&posterior.chord);
    out.resize(TABLE.states.len(), NEVER);
    let Some(bass) = &posterior.bass else {
        return;
    };
    let p: [f32; 12] = std::array::from_fn(|i| bass[i].exp().max(1e-6));
    let inverted = (-INVERSION_COST).exp();
    for class in 0..large::CHORDS {
        let range = TABLE.inversions[class].clone();
        let root = p[class / large::QUALITIES.len()];
        let others: f32 = TABLE.states[range.clone()]
            .iter()
            .filter_map(|s| s.bass)
            .map(|b| p[usize::from(b)] * inverted)
            .sum();
        let ln_total = (root + others).ln();
        for state in range {
            if let Some(b) = TABLE.states[state].bass {
                let ln_p = (p[usize::from(b)] * inverted).ln();
                out[state] = posterior.chord[class] + ln_p - ln_total;
            }
        }
        out[class] = posterior.chord[class] + root.ln() - ln_total;
    }
}

/// A set of states, one bit each.
#[derive(Debug, Clone, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// Empties the set.
    pub(super) fn clear(&mut self) {
        self.0.clear();
        self.0.resize(TABLE.states.len().div_ceil(64), 0);
    }

    pub(super) fn set(&mut self, state: usize) {
        self.0[state / 64] |= 1 << (state % 64);
    }

    pub(super) fn get(&self, state: usize) -> bool {
        self.0[state / 64] >> (state % 64) & 1 == 1
    }

    /// The empty set.
    pub(super) fn none() -> Self {
        let mut bits = Self::default();
        bits.clear();
        bits
    }

    /// All states.
    pub(super) fn all() -> Self {
        let count = TABLE.states.len();
        let word = |i: usize| match count - 64 * i {
            rest if rest < 64 => (1 << rest) - 1,
            _ => u64::MAX,
        };
        Self((0..count.div_ceil(64)).map(word).collect())
    }

    /// Removes the states that are not in `kept`, and calls `gone` for each.
    pub(super) fn retain(&mut self, kept: &Self, mut gone: impl FnMut(usize)) {
        for (i, (word, kept)) in self.0.iter_mut().zip(&kept.0).enumerate() {
            let mut out = *word & !kept;
            *word &= kept;
            while out != 0 {
                gone(64 * i + out.trailing_zeros() as usize);
                out &= out - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::BASS_CLASSES;

    #[test]
    fn the_first_states_are_the_classes_in_root_position() {
        for class in 0..CHORD_CLASSES {
            assert_eq!(class_of(class), class);
            assert_eq!(label_of(class), large::label_of(class));
        }
    }

    #[test]
    fn states_are_different_chords() {
        let mut seen = std::collections::HashSet::new();
        for state in states() {
            assert!(seen.insert((state.class, state.bass)), "{state:?} twice");
        }
        assert!(states().len() > 600 && states().len() < 700);
    }

    #[test]
    fn the_states_of_a_class_share_its_probability() {
        let mut chord = [(0.4_f32 / 169.0).ln(); CHORD_CLASSES];
        chord[1] = 0.6_f32.ln();
        let mut bass = [(0.2_f32 / 12.0).ln(); BASS_CLASSES];
        bass[4] = 0.8_f32.ln();
        let posterior = Posterior {
            chord,
            bass: Some(bass),
            extensions: None,
        };
        let mut out = Vec::new();
        emissions(&posterior, &mut out);
        let total: f32 = states()
            .iter()
            .zip(&out)
            .filter(|(s, _)| s.class == 1)
            .map(|(_, e)| e.exp())
            .sum();
        assert!((total - 0.6).abs() < 1e-4);
        let best = (0..out.len())
            .max_by(|&a, &b| out[a].total_cmp(&out[b]))
            .unwrap();
        assert_eq!(label_of(best).to_string(), "C:maj/3");
    }

    #[test]
    fn without_a_bass_head_there_are_no_inversions() {
        let posterior = Posterior {
            chord: [0.0; CHORD_CLASSES],
            bass: None,
            extensions: None,
        };
        let mut out = Vec::new();
        emissions(&posterior, &mut out);
        assert!(out[..CHORD_CLASSES].iter().all(|&e| e == 0.0));
        assert!(out[CHORD_CLASSES..].iter().all(|&e| e < -1e8));
    }
}
