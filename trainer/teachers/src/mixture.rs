//! Several teachers combined, as suggested in the paper's future work.

use std::sync::Arc;

use anyhow::{Result, ensure};
use harmony::timeline::{Segment, Timeline};
use harmony::vocabulary::{inversions, large};
use recognizer::decode::viterbi::argmax;

use super::{Extensions, HOP_SAMPLES, Prediction, Teacher};
use crate::posteriors::BASSES;
use crate::sha256;

/// The cost of a change of chord in a mix's chords, in nats at hop 1024.
const CHANGE: f32 = 15.0;
/// The smallest probability in that decoding.
const FLOOR: f32 = 1e-6;

/// The rule by which teachers are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The mean of their probabilities.
    Average,
    /// The geometric mean of their probabilities: a class that one of them excludes is
    /// excluded.
    Product,
    /// The share of teachers for which a class is the most likely.
    Vote,
}

impl Rule {
    /// The prefix for mixes with this rule: `product:A+B`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Average => "mix",
            Self::Product => "product",
            Self::Vote => "vote",
        }
    }

    /// Combines several `[frames, classes]` of the same length.
    #[must_use]
    pub fn together<'a>(
        self,
        answers: impl Iterator<Item = &'a Vec<f32>>,
        classes: usize,
    ) -> Vec<f32> {
        let mut sum: Vec<f32> = Vec::new();
        let mut count = 0.0_f32;
        for answer in answers {
            count += 1.0;
            sum.resize(sum.len().max(answer.len()), 0.0);
            match self {
                Self::Average => {
                    for (sum, p) in sum.iter_mut().zip(answer) {
                        *sum += p;
                    }
                }
                Self::Product => {
                    for (sum, p) in sum.iter_mut().zip(answer) {
                        *sum += p.max(FLOOR).ln();
                    }
                }
                Self::Vote => {
                    let rows = sum.chunks_exact_mut(classes);
                    for (sum, p) in rows.zip(answer.chunks_exact(classes)) {
                        sum[argmax(p)] += 1.0;
                    }
                }
            }
        }
        sum.iter_mut().for_each(|p| *p /= count.max(1.0));
        if self == Self::Product {
            sum.iter_mut().for_each(|p| *p = p.exp());
            for row in sum.chunks_exact_mut(classes) {
                let total: f32 = row.iter().sum();
                row.iter_mut().for_each(|p| *p /= total.max(FLOOR));
            }
        }
        sum
    }
}

/// Teachers combined. The bass and the extensions come from those that have them.
pub struct Mix {
    teachers: Vec<Arc<dyn Teacher>>,
    rule: Rule,
    name: String,
    sha256: String,
}

impl Mix {
    /// A mix of at least one teacher.
    ///
    /// # Errors
    /// If there is no teacher.
    pub fn new(teachers: Vec<Arc<dyn Teacher>>, rule: Rule) -> Result<Self> {
        ensure!(!teachers.is_empty(), "a mix of no teachers");
        let names: Vec<&str> = teachers.iter().map(|teacher| teacher.name()).collect();
        let name = format!("{}:{}", rule.name(), names.join("+"));
        let hashes: String = teachers.iter().map(|teacher| teacher.sha256()).collect();
        Ok(Self {
            sha256: sha256::of_bytes(format!("{name}:{hashes}").as_bytes()),
            name,
            teachers,
            rule,
        })
    }
}

impl Teacher for Mix {
    fn name(&self) -> &str {
        &self.name
    }

    fn sha256(&self) -> &str {
        &self.sha256
    }

    fn predict(&self, samples: &[f32]) -> Result<Prediction> {
        let heard: Vec<Prediction> = self
            .teachers
            .iter()
            .map(|teacher| teacher.predict(samples))
            .collect::<Result<_>>()?;
        let lengths = heard.iter().map(|heard| heard.chord.len());
        ensure!(
            lengths.clone().min() == lengths.max(),
            "the teachers of {} answer with different numbers of frames",
            self.name
        );
        let chord = self
            .rule
            .together(heard.iter().map(|heard| &heard.chord), large::LEN);
        let basses: Vec<&Vec<f32>> = heard
            .iter()
            .filter_map(|heard| heard.bass.as_ref())
            .collect();
        let bass = (!basses.is_empty()).then(|| self.rule.together(basses.into_iter(), BASSES));
        let with_extensions: Vec<&Extensions> = heard
            .iter()
            .filter_map(|heard| heard.extensions.as_ref())
            .collect();
        let extensions = (!with_extensions.is_empty()).then(|| {
            let of = |part: fn(&Extensions) -> &Vec<f32>, classes| {
                self.rule.together(
                    with_extensions.iter().map(|extensions| part(extensions)),
                    classes,
                )
            };
            Extensions {
                ninth: of(|c| &c.ninth, super::NINTHS),
                eleventh: of(|c| &c.eleventh, super::ELEVENTHS),
                thirteenth: of(|c| &c.thirteenth, super::THIRTEENTHS),
            }
        });
        let timeline = decode(&chord, bass.as_deref())?;
        Ok(Prediction {
            chord,
            bass,
            extensions,
            timeline,
        })
    }
}

/// The chords of probabilities `[frames, 170]`: a Viterbi pass in which a change costs
/// `CHANGE`; a segment's bass is the likeliest over it, or root position without one.
///
/// Finite probabilities cause none.
/// None that finite probabilities could cause.
pub fn decode(chord: &[f32], bass: Option<&[f32]>) -> Result<Timeline> {
    let path = path(chord, CHANGE, FLOOR);
    let mut segments: Vec<Segment> = Vec::new();
    let seconds = |frame: usize| (frame * HOP_SAMPLES) as f64 / 22_050.0;
    let mut first = 0;
    while first < path.len() {
        let same = path[first..]
            .iter()
            .take_while(|class| **class == path[first]);
        let end = first + same.count();
        let bass = bass.and_then(|bass| {
            let mut sums = [0.0; BASSES];
            for row in bass[first * BASSES..end * BASSES].chunks_exact(BASSES) {
                for (sum, p) in sums.iter_mut().zip(row) {
                    *sum += p;
                }
            }
            let likeliest = argmax(&sums);
            (likeliest < 12).then_some(likeliest as u8)
        });
        let label = inversions::label_of(path[first], bass);
        segments.push(Segment::new(seconds(first), seconds(end), label));
        first = end;
    }
    Ok(Timeline::from_segments(segments)?)
}

/// The likeliest class of each frame of probabilities `[frames, 170]`, where a change costs
/// `cost` nats and probabilities are at least `floor`.
pub(super) fn path(chord: &[f32], cost: f32, floor: f32) -> Vec<usize> {
    let frames = chord.len() / large::LEN;
    let mut best = vec![0.0_f32; large::LEN];
    let mut changed = vec![false; chord.len()];
    let mut leaders = Vec::with_capacity(frames);
    for (n, row) in chord.chunks_exact(large::LEN).enumerate() {
        let change = leaders
            .last()
            .map_or(f32::NEG_INFINITY, |&leader: &usize| best[leader] - cost);
        let flags = &mut changed[n * large::LEN..][..large::LEN];
        for ((best, p), flag) in best.iter_mut().zip(row).zip(flags) {
            *flag = *best < change;
            *best = best.max(change) + p.max(floor).ln();
        }
        leaders.push(argmax(&best));
    }
    let mut path = vec![0; frames];
    let mut class = leaders.last().copied().unwrap_or(0);
    for n in (0..frames).rev() {
        path[n] = class;
        if n > 0 && changed[n * large::LEN + class] {
            class = leaders[n - 1];
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outputs one class with a given probability, for any audio.
    struct Says {
        class: usize,
        certainty: f32,
        bass: Option<usize>,
    }

    impl Teacher for Says {
        fn name(&self) -> &str {
            "says"
        }

        fn sha256(&self) -> &str {
            "00"
        }

        fn predict(&self, samples: &[f32]) -> Result<Prediction> {
            let frames = 1 + samples.len() / HOP_SAMPLES;
            let row = |classes: usize, class: usize| {
                let mut row = vec![(1.0 - self.certainty) / (classes - 1) as f32; classes];
                row[class] = self.certainty;
                row.repeat(frames)
            };
            Ok(Prediction {
                chord: row(large::LEN, self.class),
                bass: self.bass.map(|bass| row(BASSES, bass)),
                ..Prediction::default()
            })
        }
    }

    fn mix(rule: Rule) -> Prediction {
        let says = |class, certainty, bass| -> Arc<dyn Teacher> {
            Arc::new(Says {
                class,
                certainty,
                bass,
            })
        };
        // D minor twice with low confidence, C major once with certainty.
        let teachers = vec![
            says(28, 0.4, None),
            says(28, 0.4, Some(5)),
            says(1, 0.99, None),
        ];
        Mix::new(teachers, rule)
            .unwrap()
            .predict(&[0.0; 10 * HOP_SAMPLES])
            .unwrap()
    }

    #[test]
    fn the_average_follows_certainty_and_the_vote_follows_numbers() {
        let average = mix(Rule::Average);
        assert_eq!(average.chord.len(), 11 * large::LEN);
        assert!((average.chord[1] - (0.99 + 2.0 * 0.6 / 169.0) / 3.0).abs() < 1e-6);
        assert_eq!(argmax(&average.chord[..large::LEN]), 1);
        let vote = mix(Rule::Vote);
        assert_eq!(argmax(&vote.chord[..large::LEN]), 28);
        assert!((vote.chord[28] - 2.0 / 3.0).abs() < 1e-6);
        for heard in [&average, &vote] {
            for row in heard.chord.chunks_exact(large::LEN) {
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-4);
            }
        }
        // Only one of them has a bass, an F.
        assert_eq!(vote.timeline.len(), 1);
        assert_eq!(vote.timeline.segments()[0].label.to_string(), "D:min/b3");
    }

    #[test]
    fn a_short_doubt_changes_nothing() {
        let mut chord = vec![1e-3; 40 * large::LEN];
        for frame in 0..40 {
            let class = if frame < 20 || frame == 30 { 1 } else { 71 };
            chord[frame * large::LEN + class] = 0.8;
        }
        let path = path(&chord, CHANGE, FLOOR);
        assert!(path[..20].iter().all(|&class| class == 1));
        assert!(path[20..].iter().all(|&class| class == 71));
    }

    #[test]
    fn the_order_and_the_rule_are_part_of_the_identity() {
        let says = || -> Arc<dyn Teacher> {
            Arc::new(Says {
                class: 0,
                certainty: 1.0,
                bass: None,
            })
        };
        let a = Mix::new(vec![says()], Rule::Average).unwrap();
        let b = Mix::new(vec![says()], Rule::Vote).unwrap();
        assert_ne!(a.sha256(), b.sha256());
        assert!(Mix::new(vec![], Rule::Vote).is_err());
    }
}
