//! Evidence of a bass note and of a melody for chord classes.

use std::sync::LazyLock;

use harmony::label::Label;
use harmony::vocabulary::large;

/// Probability that the bass plays the root of the chord, its fifth, and each of its other tones,
/// in this order; notes outside the chord share the rest. A bass line is mostly roots and fifths,
/// with passing notes between chords.
const BASS_ON: [f32; 3] = [0.62, 0.12, 0.06];

/// For each class the pitch classes of its chord, as bits; 0 for `N` and `X`.
static TONES: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let tones = |class: usize| match large::label_of(class) {
        Label::Chord(chord) => chord.pitch_classes(),
        _ => 0,
    };
    (0..large::LEN).map(tones).collect()
});

/// For each chord the probability that the bass plays each pitch class.
static BASS_NOTES: LazyLock<Vec<[f32; 12]>> = LazyLock::new(|| {
    (0..large::CHORDS)
        .map(|class| {
            let root = large::root_of(class).map_or(0, usize::from);
            let mut notes = [0.0_f32; 12];
            let mut outside = 0.0_f32;
            for above in 0..12 {
                let note = (root + above) % 12;
                let inside = TONES[class] >> note & 1 == 1;
                notes[note] = match above {
                    0 => BASS_ON[0],
                    7 if inside => BASS_ON[1],
                    _ if inside => BASS_ON[2],
                    _ => {
                        outside += 1.0;
                        0.0
                    }
                };
            }
            let rest = 1.0 - notes.iter().sum::<f32>();
            let share = rest / outside.max(1.0);
            notes.map(|it| if it > 0.0 { it } else { share })
        })
        .collect()
});

/// `ln p(bass | chord) − ln p(bass)` for a chord of class `class`, the bass being each pitch class
/// with the probability `bass`: positive where the chord explains the bass.
pub(super) fn of_bass(class: usize, bass: &[f32; 12]) -> f32 {
    let likelihoods = &BASS_NOTES[class];
    let explained: f32 = likelihoods.iter().zip(bass).map(|(a, b)| a * b).sum();
    let by_chance = bass.iter().sum::<f32>() / 12.0;
    (explained.max(1e-6) / by_chance.max(1e-6)).ln()
}

/// The share of a melody that contradicts the third of a chord of class `class`, 0 … 1: the other
/// third on its root, if the chord has only one.
pub(super) fn against_third(class: usize, notes: &[f32; 12]) -> f32 {
    let Some(root) = large::root_of(class).map(usize::from) else {
        return 0.0;
    };
    let note = |above: usize| (root + above) % 12;
    let has = |above: usize| TONES[class] >> note(above) & 1 == 1;
    match (has(3), has(4)) {
        (true, false) => notes[note(4)],
        (false, true) => notes[note(3)],
        _ => 0.0,
    }
}

/// The pitch classes of a class.
pub(super) fn tones_of(class: usize) -> u16 {
    TONES[class]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(label: &str) -> usize {
        large::index_of(&label.parse().unwrap())
    }

    fn only(note: usize) -> [f32; 12] {
        std::array::from_fn(|at| f32::from(u8::from(at == note)))
    }

    #[test]
    fn basses_are_probabilities_and_explain_their_chords() {
        for notes in BASS_NOTES.iter() {
            assert!((notes.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            assert!(notes.iter().all(|it| *it > 0.0));
        }
        // Over a C bass, E minor is Cmaj7.
        assert!(of_bass(class("C:maj7"), &only(0)) > 1.5);
        assert!(of_bass(class("E:min"), &only(0)) < -1.0);
        assert!(of_bass(class("C:maj"), &only(4)) > of_bass(class("C:maj"), &only(6)));
        // A bass without a distinct note is no evidence.
        assert!(of_bass(class("C:maj"), &[1.0 / 12.0; 12]).abs() < 1e-5);
    }

    #[test]
    fn a_melody_speaks_against_the_other_third_alone() {
        assert_eq!(against_third(class("C:maj"), &only(3)), 1.0);
        assert_eq!(against_third(class("C:min"), &only(4)), 1.0);
        assert_eq!(against_third(class("C:maj"), &only(4)), 0.0);
        assert_eq!(against_third(class("C:sus4"), &only(3)), 0.0);
        assert_eq!(against_third(class("C:maj"), &only(5)), 0.0);
        assert_eq!(against_third(large::NO_CHORD, &only(3)), 0.0);
    }
}
