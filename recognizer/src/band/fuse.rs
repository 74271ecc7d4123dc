//! Fusion of the posteriors of several parts at one moment.
//!
//! With `p_i` the posterior of part `i` over the chord classes (without `N`), and `n_i` its
//! probability that there is no chord,
//!
//! `ln p(class) = Σ w_i ln p_i(class) + B(class) − M(class) + const`,
//!
//! over the parts with chords, with `w_i = (1 − n_i) / max (1 − n)`, all divided by the square root
//! of their sum, since the parts of one song are not independent of each other. So a part fades out
//! as it falls silent, and the posterior of a single part is unchanged. There is no chord where no
//! part has one: `p(N) = Π n_i`.
//!
//! `B` is the log-probability of the chord given the note of the bass, and `M` the share of the
//! melody that contradicts the chord's third, weighted. The bass of the chord is that of the bass
//! part while it plays.

use harmony::vocabulary::large;

use super::Part;
use super::evidence::{against_third, of_bass};
use crate::decode::{EXTENSION_CLASSES, Posterior};
use crate::networks::{BASS_CLASSES, CHORD_CLASSES, NO_BASS};

/// Weights of the evidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Share of its probability that a part spreads over all classes if there are other parts, so
    /// that no part alone can rule out a chord that all the others have.
    pub doubt: f32,
    /// Weight of the bass as evidence for the chord.
    pub bass: f32,
    /// Penalty for a third that the melody contradicts, nats.
    pub third: f32,
}

impl Default for Weights {
    /// Set by hand: other values change little (`trainer eval-band --tune --weights`,
    /// docs/results).
    fn default() -> Self {
        Self {
            doubt: 0.02,
            bass: 0.6,
            third: 0.6,
        }
    }
}

/// Least probability of a bass note.
const LEAST_BASS: f32 = 1e-4;

/// The evidence of one part at a moment. A part that is silent has none.
#[derive(Debug, Clone, Copy)]
pub struct Vote<'a> {
    /// The part.
    pub part: Part,
    /// The network's posterior.
    pub posterior: &'a Posterior,
    /// The share of each pitch class in the sound, C first ([`notes_of`](super::notes_of)).
    pub notes: &'a [f32; 12],
}

/// The fused posterior of all votes, independent of their order; see the module. Drums have no
/// vote. Without a part with chords the bass decides; `None` without a bass, too.
#[must_use]
pub fn fuse(votes: &[Vote<'_>]) -> Option<Posterior> {
    fuse_with(votes, Weights::default())
}

/// As [`fuse`], with other weights.
#[must_use]
pub fn fuse_with(votes: &[Vote<'_>], by: Weights) -> Option<Posterior> {
    let mut votes: Vec<Vote<'_>> = votes.to_vec();
    votes.retain(|vote| vote.part != Part::Drums);
    // The last digits of a sum depend on the order.
    votes.sort_by(|a, b| a.part.cmp(&b.part).then_with(|| by_content(a, b)));
    let of = |part: Part| votes.iter().filter(move |vote| vote.part == part);
    let mut chords: Vec<&Vote<'_>> = votes.iter().filter(|it| it.part.tells_chords()).collect();
    let basses: Vec<&Vote<'_>> = of(Part::Bass).collect();
    let melodies: Vec<&Vote<'_>> = of(Part::Melody).collect();
    if chords.is_empty() {
        chords.clone_from(&basses);
    }
    match (chords.as_slice(), basses.is_empty(), melodies.is_empty()) {
        ([], ..) => return None,
        ([only], true, true) => return Some(only.posterior.clone()),
        _ => {}
    }
    let (bass, bass_sounds) = bass_of(&chords, &basses);
    let notes: [f32; 12] = std::array::from_fn(|note| bass[note].exp());
    let mut chord = chords_of(&chords, by.doubt);
    let none = chord[large::NO_CHORD];
    chord[large::NO_CHORD] = f32::NEG_INFINITY;
    for (class, score) in chord.iter_mut().enumerate().take(large::CHORDS) {
        if bass_sounds > 0.0 {
            *score += by.bass * bass_sounds * of_bass(class, &notes);
        }
        for melody in &melodies {
            *score -= by.third * against_third(class, melody.notes);
        }
    }
    normalize(&mut chord, (1.0 - none.exp()).max(1e-6).ln());
    chord[large::NO_CHORD] = none;
    Some(Posterior {
        chord,
        bass: Some(bass),
        extensions: extensions_of(&chords),
    })
}

fn by_content(a: &Vote<'_>, b: &Vote<'_>) -> std::cmp::Ordering {
    let values = |vote: &Vote<'_>| {
        let posterior = vote.posterior;
        let bass = posterior.bass.iter().flatten().copied();
        let chord = posterior.chord.iter().copied();
        chord.chain(bass).chain(*vote.notes).collect::<Vec<f32>>()
    };
    let (a, b) = (values(a), values(b));
    let differ = a.iter().zip(&b).map(|(a, b)| a.total_cmp(b));
    differ
        .into_iter()
        .find(|order| order.is_ne())
        .unwrap_or(a.len().cmp(&b.len()))
}

/// Probability that a part hears no chord.
fn none_of(vote: &Vote<'_>) -> f32 {
    vote.posterior.chord[large::NO_CHORD].exp().clamp(0.0, 1.0)
}

/// The weight of each part, at most 1, and the divisor of their weighted sum.
fn weights(votes: &[&Vote<'_>]) -> (Vec<f32>, f32) {
    let sounds: Vec<f32> = votes.iter().map(|vote| 1.0 - none_of(vote)).collect();
    let largest = sounds.iter().copied().fold(1e-6, f32::max);
    let weights: Vec<f32> = sounds.iter().map(|it| it / largest).collect();
    let scale = weights.iter().sum::<f32>().max(1.0).sqrt();
    (weights, scale)
}

/// Scores of the chords and of `X`, not normalized, and the log-probability of `N`.
fn chords_of(votes: &[&Vote<'_>], doubt: f32) -> [f32; CHORD_CLASSES] {
    let (weights, scale) = weights(votes);
    let doubt = if votes.len() > 1 { doubt } else { 0.0 };
    let mut scores = [0.0_f32; CHORD_CLASSES];
    let mut none = 0.0;
    for (vote, weight) in votes.iter().zip(weights) {
        let posterior = &vote.posterior.chord;
        none += posterior[large::NO_CHORD];
        let chords = (1.0 - none_of(vote)).max(1e-6);
        for (class, score) in scores.iter_mut().enumerate() {
            let p = posterior[class].exp() / chords;
            let p = (1.0 - doubt) * p + doubt / CHORD_CLASSES as f32;
            *score += weight / scale * p.max(1e-9).ln();
        }
    }
    scores[large::NO_CHORD] = none.min(0.0);
    scores
}

/// Normalizes the scores so that their exponentials sum to `exp(ln_total)`.
pub(super) fn normalize(scores: &mut [f32], ln_total: f32) {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = scores.iter().map(|it| (it - largest).exp()).sum();
    let ln_sum = sum.ln();
    for score in scores.iter_mut() {
        *score = (*score - largest) - ln_sum + ln_total;
    }
}

/// Log-probabilities of the bass, and the share that comes from a playing bass part.
fn bass_of(chords: &[&Vote<'_>], basses: &[&Vote<'_>]) -> ([f32; BASS_CLASSES], f32) {
    // A mix contains the bass; a harmony perhaps only its lowest voice.
    let mixes: Vec<&Vote<'_>> = chords
        .iter()
        .filter(|vote| vote.part == Part::Mix)
        .copied()
        .collect();
    let others = mean_bass(if mixes.is_empty() { chords } else { &mixes });
    let Some(bass) = mean_bass(basses) else {
        let others = others.unwrap_or([1.0 / BASS_CLASSES as f32; BASS_CLASSES]);
        return (others.map(|p| p.max(LEAST_BASS).ln()), 0.0);
    };
    let sounds = 1.0 - bass[NO_BASS];
    let others = others.unwrap_or(bass);
    let mut mixed: [f32; BASS_CLASSES] =
        std::array::from_fn(|note| bass[note] + bass[NO_BASS] * others[note]);
    mixed[NO_BASS] = bass[NO_BASS] * others[NO_BASS];
    let mut mixed = mixed.map(|p| p.max(LEAST_BASS).ln());
    normalize(&mut mixed, 0.0);
    (mixed, sounds)
}

/// The normalized geometric mean of some parts' bass probabilities.
fn mean_bass(votes: &[&Vote<'_>]) -> Option<[f32; BASS_CLASSES]> {
    let basses: Vec<&[f32; BASS_CLASSES]> = votes
        .iter()
        .filter_map(|vote| vote.posterior.bass.as_ref())
        .collect();
    if basses.is_empty() {
        return None;
    }
    let count = basses.len() as f32;
    let mut mean: [f32; BASS_CLASSES] = std::array::from_fn(|note| {
        let sum: f32 = basses.iter().map(|it| it[note].max(LEAST_BASS.ln())).sum();
        sum / count
    });
    normalize(&mut mean, 0.0);
    Some(mean.map(f32::exp))
}

/// The weighted mean of the log-probabilities of the extensions.
fn extensions_of(votes: &[&Vote<'_>]) -> Option<[f32; EXTENSION_CLASSES]> {
    let (weights, _) = weights(votes);
    let known = votes.iter().zip(weights);
    let known: Vec<(&[f32; EXTENSION_CLASSES], f32)> = known
        .filter_map(|(vote, weight)| Some((vote.posterior.extensions.as_ref()?, weight)))
        .collect();
    let total: f32 = known.iter().map(|(_, weight)| weight).sum();
    if known.is_empty() || total <= 0.0 {
        return None;
    }
    Some(std::array::from_fn(|at| {
        let sum: f32 = known
            .iter()
            .map(|(extensions, weight)| extensions[at] * weight)
            .sum();
        sum / total
    }))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A posterior with probability `p` for a label and a bass.
    pub(in crate::band) fn heard(label: &str, p: f32, bass: usize) -> Posterior {
        let class = large::index_of(&label.parse().unwrap());
        let mut chord = [((1.0 - p) / (CHORD_CLASSES - 1) as f32).ln(); CHORD_CLASSES];
        chord[class] = p.ln();
        let mut basses = [(0.1_f32 / 12.0).ln(); BASS_CLASSES];
        basses[bass] = 0.9_f32.ln();
        Posterior {
            chord,
            bass: Some(basses),
            extensions: None,
        }
    }

    fn between(a: (&str, f32), b: (&str, f32)) -> Posterior {
        let mut posterior = heard(a.0, a.1, NO_BASS);
        let rest = (1.0 - a.1 - b.1) / (CHORD_CLASSES - 2) as f32;
        let (first, second) = (
            large::index_of(&a.0.parse().unwrap()),
            large::index_of(&b.0.parse().unwrap()),
        );
        posterior.chord = [rest.ln(); CHORD_CLASSES];
        posterior.chord[first] = a.1.ln();
        posterior.chord[second] = b.1.ln();
        posterior
    }

    const QUIET: [f32; 12] = [0.0; 12];

    fn vote(part: Part, posterior: &Posterior) -> Vote<'_> {
        Vote {
            part,
            posterior,
            notes: &QUIET,
        }
    }

    fn best(posterior: &Posterior) -> String {
        let best = (0..CHORD_CLASSES)
            .max_by(|&a, &b| posterior.chord[a].total_cmp(&posterior.chord[b]))
            .unwrap();
        large::label_of(best).to_string()
    }

    fn sums_to_one(posterior: &Posterior) {
        let chord: f32 = posterior.chord.iter().map(|it| it.exp()).sum();
        let bass: f32 = posterior.bass.unwrap().iter().map(|it| it.exp()).sum();
        assert!((chord - 1.0).abs() < 1e-3, "{chord}");
        assert!((bass - 1.0).abs() < 1e-2, "{bass}");
    }

    #[test]
    fn one_part_alone_is_believed_as_it_is() {
        let mix = heard("D:min7", 0.7, 2);
        assert_eq!(fuse(&[vote(Part::Mix, &mix)]), Some(mix.clone()));
        let drums = heard("C:maj", 0.9, 0);
        let with_drums = [vote(Part::Drums, &drums), vote(Part::Mix, &mix)];
        assert_eq!(fuse(&with_drums), Some(mix));
        assert_eq!(fuse(&[vote(Part::Drums, &drums)]), None);
        assert_eq!(fuse(&[vote(Part::Melody, &drums)]), None);
        assert_eq!(fuse(&[]), None);
    }

    #[test]
    fn the_bass_is_that_of_the_bass_part_and_explains_the_chord() {
        // Keys without the root of C major 7.
        let keys = between(("E:min", 0.75), ("C:maj7", 0.2));
        let bass = heard("C:maj", 0.5, 0);
        let fused = fuse(&[vote(Part::Harmony, &keys), vote(Part::Bass, &bass)]).unwrap();
        assert_eq!(best(&fused), "C:maj7");
        sums_to_one(&fused);
        assert!(fused.bass.unwrap()[0].exp() > 0.8);
        // A passing note does not change a clear chord.
        let keys = heard("C:maj", 0.9, NO_BASS);
        let bass = heard("D:maj", 0.5, 2);
        let fused = fuse(&[vote(Part::Harmony, &keys), vote(Part::Bass, &bass)]).unwrap();
        assert_eq!(best(&fused), "C:maj");
        assert!(fused.bass.unwrap()[2].exp() > 0.8);
        // Where the bass rests, the other parts give the lowest note.
        let (mix, rest) = (heard("C:maj/3", 0.9, 4), heard("N", 0.9, NO_BASS));
        let fused = fuse(&[vote(Part::Mix, &mix), vote(Part::Bass, &rest)]).unwrap();
        assert!(fused.bass.unwrap()[4].exp() > 0.7);
    }

    #[test]
    fn a_melody_tips_the_scales_and_no_more() {
        let open = between(("A:maj", 0.5), ("A:min", 0.4));
        let clear = between(("A:maj", 0.9), ("A:min", 0.05));
        let sung = heard("N", 0.9, NO_BASS);
        let notes: [f32; 12] = std::array::from_fn(|at| f32::from(u8::from(at == 0)));
        let melody = Vote {
            part: Part::Melody,
            posterior: &sung,
            notes: &notes,
        };
        let fused = |keys| fuse(&[vote(Part::Harmony, keys), melody]).unwrap();
        assert_eq!(best(&fused(&open)), "A:min");
        assert_eq!(best(&fused(&clear)), "A:maj");
        sums_to_one(&fused(&open));
    }

    #[test]
    fn parts_that_agree_are_surer_and_one_that_falls_silent_fades() {
        let (keys, guitar) = (heard("G:7", 0.6, 7), heard("G:7", 0.6, 7));
        let both = fuse(&[vote(Part::Harmony, &keys), vote(Part::Harmony, &guitar)]).unwrap();
        let class = large::index_of(&"G:7".parse().unwrap());
        assert!(both.chord[class].exp() > 0.7);
        sums_to_one(&both);
        let nothing = heard("N", 0.98, NO_BASS);
        let one = fuse(&[vote(Part::Harmony, &keys), vote(Part::Harmony, &nothing)]).unwrap();
        assert!((one.chord[class].exp() - 0.6).abs() < 0.1);
        let none = fuse(&[
            vote(Part::Harmony, &nothing),
            vote(Part::Harmony, &nothing.clone()),
        ]);
        assert_eq!(best(&none.unwrap()), "N");
    }

    #[test]
    fn the_order_of_the_votes_changes_no_digit() {
        let parts = [
            (Part::Harmony, heard("C:maj", 0.61, 0)),
            (Part::Harmony, between(("C:maj7", 0.31), ("E:min", 0.27))),
            (Part::Harmony, between(("A:min7", 0.33), ("C:maj6", 0.29))),
            (Part::Mix, heard("C:maj7", 0.37, 0)),
            (Part::Bass, heard("C:maj", 0.53, 0)),
            (Part::Bass, heard("G:maj", 0.51, 7)),
            (Part::Melody, heard("E:min", 0.3, 4)),
            (Part::Drums, heard("X", 0.9, NO_BASS)),
        ];
        let notes: Vec<[f32; 12]> = (0..parts.len())
            .map(|part| std::array::from_fn(|at| ((at * 7 + part * 3) % 12) as f32 / 66.0))
            .collect();
        let votes: Vec<Vote<'_>> = parts
            .iter()
            .zip(&notes)
            .map(|((part, posterior), notes)| Vote {
                part: *part,
                posterior,
                notes,
            })
            .collect();
        let wanted = fuse(&votes);
        for first in 0..votes.len() {
            let mut turned = votes.clone();
            turned.rotate_left(first);
            assert_eq!(fuse(&turned), wanted);
            turned.reverse();
            assert_eq!(fuse(&turned), wanted);
        }
    }
}
