//! Decoding of posteriors to chords.
//!
//! Both decoders use a hidden Markov model whose states are the classes over their basses
//! ([`states`]), whose emission log-probabilities are the network's log-posteriors, and in which
//! changing state costs some nats. [`viterbi`] finds the best path through a whole recording, with
//! cheaper changes on known beats ([`changes`]); [`fixed_lag`] follows the best path as it grows,
//! for live use.

pub mod changes;
pub mod fixed_lag;
pub(crate) mod mix;
pub mod path;
pub mod states;
pub mod viterbi;

use harmony::label::{Chord, Degree, Extension, Label, Quality};
use harmony::vocabulary::large;

use crate::networks::extensions::{
    EXTENSION_VALUES, GROUPS, NO_THIRD, SUSPENDED_SEVENTH, TENSION_VALUES,
};
use crate::networks::{BASS_CLASSES, CHORD_CLASSES};

/// Values of the extension head: for each root those of [`crate::networks::extensions`].
pub const EXTENSION_CLASSES: usize = 12 * EXTENSION_VALUES;
/// The same for networks with only ninths, elevenths and thirteenths.
pub const TENSION_CLASSES: usize = 12 * TENSION_VALUES;
/// The least mean probability over a segment with which an extension is written.
const EXTENSION_MIN_PROBABILITY: f32 = 0.6;
/// The same for a ninth on a major triad or a sixth.
const ADDED_NINTH_MIN_PROBABILITY: f32 = 0.45;
/// The same for a ninth on a minor triad. The networks, which seldom meet these names in training,
/// are less sure of them than they may be (docs/results/2026-11-30-names.md).
const MINOR_NINTH_MIN_PROBABILITY: f32 = 0.3;
/// The same for a missing third: at 0.3 it is also written for guitar chords with a soft third.
const NO_THIRD_MIN_PROBABILITY: f32 = 0.45;
/// The same for the seventh of a suspended fourth.
const SUSPENDED_SEVENTH_MIN_PROBABILITY: f32 = 0.3;
/// Log-probability of an extension that a network does not have.
const UNKNOWN_EXTENSION: f32 = -20.0;

/// Log-posteriors of one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    /// Log-probability of each of the 170 classes.
    pub chord: [f32; CHORD_CLASSES],
    /// Log-probability of each bass pitch class, and of none; absent without a bass head.
    pub bass: Option<[f32; BASS_CLASSES]>,
    /// Log-probabilities of the extensions of each root, group by group; absent without
    /// such a head.
    pub extensions: Option<[f32; EXTENSION_CLASSES]>,
}

impl Posterior {
    /// From the logits of a frame (`chord` has 170 values, `bass` 13, `extensions` for each root all
    /// of [`EXTENSION_VALUES`] or the first of them, whole groups).
    pub fn from_logits(chord: &[f32], bass: Option<&[f32]>, extensions: Option<&[f32]>) -> Self {
        let mut posterior = Self {
            chord: [0.0; CHORD_CLASSES],
            bass: bass.map(|_| [0.0; BASS_CLASSES]),
            extensions: extensions.map(|_| [0.0; EXTENSION_CLASSES]),
        };
        if let (Some(logits), Some(out)) = (extensions, posterior.extensions.as_mut()) {
            let width = logits.len() / 12;
            for root in 0..12 {
                let logits = &logits[root * width..][..width];
                let out = &mut out[root * EXTENSION_VALUES..][..EXTENSION_VALUES];
                for (first, length) in GROUPS {
                    match logits.get(first..first + length) {
                        Some(group) => log_softmax(group, &mut out[first..first + length]),
                        None => out[first + 1..first + length].fill(UNKNOWN_EXTENSION),
                    }
                }
            }
        }
        log_softmax(chord, &mut posterior.chord);
        if let (Some(logits), Some(out)) = (bass, posterior.bass.as_mut()) {
            log_softmax(logits, out);
        }
        posterior
    }
}

/// `out[i] = logits[i] − ln Σ exp(logits)`, without overflow.
fn log_softmax(logits: &[f32], out: &mut [f32]) {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|x| (x - largest).exp()).sum();
    let ln_sum = sum.ln();
    for (out, logit) in out.iter_mut().zip(logits) {
        // In this order: `largest + ln_sum` would round the small term away.
        *out = (logit - largest) - ln_sum;
    }
}

/// Running sum of the evidence for a segment's confidence and extensions.
#[derive(Debug, Clone, Default)]
pub struct SegmentEvidence {
    frames: u32,
    chord: f64,
    /// Sums of the probabilities of the extensions at the segment's root.
    extensions: [f32; EXTENSION_VALUES],
}

impl SegmentEvidence {
    /// Adds a frame of a segment whose class is `class`.
    pub fn add(&mut self, posterior: &Posterior, class: usize) {
        self.frames += 1;
        self.chord += f64::from(posterior.chord[class].exp());
        if let Some(extensions) = &posterior.extensions
            && let Some(root) = large::root_of(class)
        {
            let at_root = &extensions[usize::from(root) * EXTENSION_VALUES..][..EXTENSION_VALUES];
            for (sum, log_p) in self.extensions.iter_mut().zip(at_root) {
                *sum += log_p.exp();
            }
        }
    }

    /// Mean posterior of the class over the segment, 0 to 1.
    pub fn confidence(&self) -> f32 {
        (self.chord / f64::from(self.frames.max(1))) as f32
    }

    /// `label` with the extensions that are likely enough. Sevenths take all of them, triads and
    /// sixths a ninth (`add9`, `6/9`), a suspended fourth its seventh and a ninth; major and minor
    /// become a power chord if there is no third.
    pub fn with_extensions(&self, label: Label) -> Label {
        let Label::Chord(chord) = &label else {
            return label;
        };
        if self.frames < 3 {
            return label;
        }
        let frames = self.frames as f32;
        let sure = |value: usize, least: f32| self.extensions[value] >= least * frames;
        let root_position = chord.bass_pitch_class() == chord.root().pitch_class();
        let degrees: Vec<&str> = match chord.quality() {
            Quality::Maj | Quality::Min if sure(NO_THIRD, NO_THIRD_MIN_PROBABILITY) => {
                return if root_position {
                    Chord::new(chord.root(), Quality::Power).into()
                } else {
                    label
                };
            }
            quality @ (Quality::Maj | Quality::Min | Quality::Maj6 | Quality::Min6) => {
                let least = match quality {
                    Quality::Min => MINOR_NINTH_MIN_PROBABILITY,
                    _ => ADDED_NINTH_MIN_PROBABILITY,
                };
                sure(1, least).then_some("9").into_iter().collect()
            }
            Quality::Sus4 if sure(SUSPENDED_SEVENTH, SUSPENDED_SEVENTH_MIN_PROBABILITY) => {
                let ninth = sure(1, EXTENSION_MIN_PROBABILITY).then_some("9");
                std::iter::once("b7").chain(ninth).collect()
            }
            _ if has_seventh(chord) => DEGREES
                .iter()
                .filter(|(value, _)| sure(*value, EXTENSION_MIN_PROBABILITY))
                .map(|(_, degree)| *degree)
                .collect(),
            _ => return label,
        };
        let degrees = degrees
            .into_iter()
            .filter_map(|degree| degree.parse::<Degree>().ok())
            .map(|degree| Extension {
                degree,
                omitted: false,
            });
        match chord.clone().with_extensions(degrees) {
            Ok(extended) => extended.into(),
            Err(_) => label,
        }
    }
}

/// The extensions of a seventh: index of the head's value, and degree.
const DEGREES: [(usize, &str); 7] = [
    (1, "9"),
    (2, "#9"),
    (3, "b9"),
    (5, "11"),
    (6, "#11"),
    (8, "13"),
    (9, "b13"),
];

fn has_seventh(chord: &Chord) -> bool {
    let above = |semitones: u32| chord.intervals() >> semitones & 1 == 1;
    above(10) || above(11)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posteriors_sum_to_one_even_for_huge_logits() {
        let mut logits = vec![-1e4_f32; CHORD_CLASSES];
        logits[3] = 9e4;
        logits[4] = 9e4;
        let posterior = Posterior::from_logits(&logits, None, None);
        let sum: f32 = posterior.chord.iter().map(|x| x.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-5);
        assert!((posterior.chord[3].exp() - 0.5).abs() < 1e-3);
    }

    fn named_with(label: &str, values: &[usize], probability: f32) -> String {
        let mut evidence = SegmentEvidence {
            frames: 10,
            ..SegmentEvidence::default()
        };
        for value in values {
            evidence.extensions[*value] = 10.0 * probability;
        }
        evidence.with_extensions(label.parse().unwrap()).to_string()
    }

    fn named(label: &str, values: &[usize]) -> String {
        named_with(label, values, 0.9)
    }

    #[test]
    fn colours_make_the_names_that_the_classes_lack() {
        assert_eq!(named("E:maj", &[NO_THIRD]), "E:5");
        assert_eq!(named("E:min", &[NO_THIRD, 1]), "E:5");
        assert_eq!(named("E:maj/3", &[NO_THIRD]), "E:maj/3");
        assert_eq!(named("E:7", &[NO_THIRD]), "E:7");
        assert_eq!(named("G:sus4", &[SUSPENDED_SEVENTH]), "G:sus4(b7)");
        assert_eq!(named("G:sus4", &[SUSPENDED_SEVENTH, 1]), "G:sus4(b7,9)");
        assert_eq!(named("G:sus2", &[SUSPENDED_SEVENTH]), "G:sus2");
        assert_eq!(named("C:maj", &[1]), "C:maj(9)");
        assert_eq!(named("A:min", &[1, 5]), "A:min(9)");
        assert_eq!(named("F:maj6", &[1]), "F:maj6(9)");
        assert_eq!(named("G:7", &[3, 9]), "G:7(b9,b13)");
    }

    /// The networks are least sure of what they seldom heard.
    #[test]
    fn names_that_are_rare_need_less() {
        for (label, value, least, named) in [
            ("E:maj", NO_THIRD, 0.45, "E:5"),
            ("G:sus4", SUSPENDED_SEVENTH, 0.3, "G:sus4(b7)"),
            ("A:min", 1, 0.3, "A:min(9)"),
            ("F:maj6", 1, 0.45, "F:maj6(9)"),
            ("C:maj", 1, 0.45, "C:maj(9)"),
            ("G:7", 3, 0.6, "G:7(b9)"),
        ] {
            assert_eq!(named_with(label, &[value], least + 0.01), named);
            assert_eq!(named_with(label, &[value], least - 0.01), label);
        }
    }

    #[test]
    fn a_network_of_fewer_colours_says_nothing_of_the_others() {
        let logits = [0.0; CHORD_CLASSES];
        let few = [1.0; 12 * crate::networks::extensions::TENSION_VALUES];
        let posterior = Posterior::from_logits(&logits, None, Some(&few));
        let extensions = posterior.extensions.unwrap();
        for root in extensions.chunks_exact(EXTENSION_VALUES) {
            assert!((root[0].exp() - 0.25).abs() < 1e-6);
            assert_eq!(root[NO_THIRD], UNKNOWN_EXTENSION);
            assert_eq!(root[NO_THIRD - 1], 0.0);
        }
    }
}
