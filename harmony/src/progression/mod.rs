//! Which chord comes next, by how songs usually go.
//!
//! Two things are known of it. [`Progressions`] were counted in many songs: how often each chord
//! follows one or two others in a key, by interpolated Kneser-Ney smoothing of order 3. A
//! [`Memory`] counts the changes of one song as it goes on, and outweighs them the more it has seen.
//!
//! Chords are told apart relative to their key, as [`Step`]s. A change is from one step to another:
//! no chord follows itself.
//!
//! ```
//! use harmony::key::Key;
//! use harmony::label::{Chord, Label};
//! use harmony::progression::{Progressions, Step, before};
//!
//! let key: Key = "D".parse()?;
//! let heard: Vec<Label> = ["E:min7", "A:7"].map(str::parse).into_iter().collect::<Result<_, _>>()?;
//! let heard: Vec<&Chord> = heard.iter().filter_map(Label::chord).collect();
//! let outlook = Progressions::pop().next(key.mode(), &before(&heard, key));
//! let (step, probability) = outlook.ranked()[0];
//! assert_eq!(step.chord(key).to_string(), "D:maj");
//! assert!(probability > 0.4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod change;
mod counts;
mod fit;
mod memory;
mod step;
mod text;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::key::Mode;

pub use self::change::{Change, before, changes};
pub use self::fit::FitSettings;
pub use self::memory::Memory;
pub use self::step::{ParseStepError, STEPS, Step};
pub use self::text::ParseProgressionsError;

use self::counts::Counts;

/// How many chords before the next one are looked at, the sounding one among them.
pub const MOST_BEFORE: usize = 2;

/// Those counted in pop songs, as `trainer fit-progressions` writes them; docs/training.md has
/// the command.
const POP: &str = include_str!("pop.txt");

static POP_SONGS: LazyLock<Progressions> = LazyLock::new(|| match POP.parse() {
    Ok(progressions) => progressions,
    Err(error) => unreachable!("a test reads the built-in progressions: {error}"),
});

/// The chords before: the mode, and up to two steps, the latest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Context {
    minor: bool,
    before: [Option<Before>; MOST_BEFORE],
}

/// What was before a chord.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Before {
    /// Nothing, or silence.
    Start,
    /// A chord.
    Step(Step),
}

impl Context {
    /// The last `order` of the chords before, the latest of which is the last; `None` where there
    /// are fewer and something else is before them.
    fn new(mode: Mode, before: &[Step], order: usize) -> Self {
        let mut context = Self {
            minor: mode == Mode::Minor,
            before: [None; MOST_BEFORE],
        };
        let mut latest = before.iter().rev();
        for place in context.before.iter_mut().take(order) {
            *place = Some(
                latest
                    .next()
                    .map_or(Before::Start, |step| Before::Step(*step)),
            );
        }
        context
    }
}

/// How often chords follow each other in a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Progressions {
    /// What each count is lowered by, for what was never counted.
    discount: f64,
    /// What followed in each context.
    rows: BTreeMap<Context, Counts>,
}

impl Progressions {
    /// Those of pop songs: POP909's.
    #[must_use]
    pub fn pop() -> &'static Self {
        &POP_SONGS
    }

    /// How probable each step is after `before`, the sounding one last; a passage that begins has
    /// one. Of more than [`MOST_BEFORE`] only the latest count.
    #[must_use]
    pub fn next(&self, mode: Mode, before: &[Step]) -> Outlook {
        let mut outlook = Outlook::even();
        for order in 0..=MOST_BEFORE {
            let Some(row) = self.rows.get(&Context::new(mode, before, order)) else {
                break;
            };
            outlook = outlook.after(row, self.discount);
        }
        outlook.without(before.last())
    }

    /// The natural logarithm of how probable `next` is after `before`: for a decoder.
    #[must_use]
    pub fn ln_probability(&self, mode: Mode, before: &[Step], next: Step) -> f32 {
        self.next(mode, before).probability(next).ln()
    }
}

/// How probable each step is. Those that cannot come have none of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook([f32; STEPS]);

impl Outlook {
    /// Shares of these weights, by the steps' numbers; `sounding` is left out.
    #[must_use]
    pub fn from_weights(weights: [f32; STEPS], sounding: Option<&Step>) -> Self {
        Self(weights).without(sounding)
    }

    const fn even() -> Self {
        Self([1.0 / STEPS as f32; STEPS])
    }

    /// Counts on top of it: each lowered by `discount`, and what they leave shared as here.
    fn after(mut self, counts: &Counts, discount: f64) -> Self {
        let total = f64::from(counts.total());
        if total <= 0.0 {
            return self;
        }
        let mut left = 1.0;
        let mut counted = [0.0; STEPS];
        for (step, count) in counts.iter() {
            let share = (f64::from(count) - discount).max(0.0) / total;
            counted[step.index()] = share;
            left -= share;
        }
        for (probability, share) in self.0.iter_mut().zip(counted) {
            *probability = (left * f64::from(*probability) + share) as f32;
        }
        self
    }

    /// The same with a step left out, which sounds already.
    fn without(mut self, sounding: Option<&Step>) -> Self {
        if let Some(step) = sounding {
            self.0[step.index()] = 0.0;
        }
        let sum: f32 = self.0.iter().sum();
        if sum > 0.0 {
            for probability in &mut self.0 {
                *probability /= sum;
            }
        }
        self
    }

    /// How probable a step is, 0 … 1.
    #[must_use]
    pub const fn probability(&self, step: Step) -> f32 {
        self.0[step.index()]
    }

    /// The roots with a major or a minor third, the likeliest first: of each its likeliest kind,
    /// and how probable all of its kinds are together.
    #[must_use]
    pub fn ranked(&self) -> Vec<(Step, f32)> {
        let mut thirds: Vec<(Step, f32, f32)> = Vec::new();
        for step in (0..STEPS).filter_map(Step::from_index) {
            let own = self.probability(step);
            match thirds
                .iter_mut()
                .find(|it| it.0.has_root_and_third_of(step))
            {
                Some((best, highest, sum)) => {
                    *sum += own;
                    if own > *highest {
                        (*best, *highest) = (step, own);
                    }
                }
                None => thirds.push((step, own, own)),
            }
        }
        thirds.sort_by(|a, b| b.2.total_cmp(&a.2));
        thirds.into_iter().map(|it| (it.0, it.2)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Vec<Step> {
        text.split(' ').map(|step| step.parse().unwrap()).collect()
    }

    #[test]
    fn the_built_in_ones_are_read_and_are_probabilities() {
        let pop = Progressions::pop();
        for mode in [Mode::Major, Mode::Minor] {
            for before in ["0M", "7D", "0M 7M", "9m 5M 0M", "6a 1s"] {
                let before = steps(before);
                let outlook = pop.next(mode, &before);
                let sum: f32 = outlook.0.iter().sum();
                assert!((sum - 1.0).abs() < 1e-4, "{mode:?} {before:?}: {sum}");
                assert_eq!(outlook.probability(before[before.len() - 1]), 0.0);
                let others = outlook.0.iter().filter(|it| **it > 0.0).count();
                assert_eq!(others, STEPS - 1);
                let ranked: f32 = outlook.ranked().iter().map(|it| it.1).sum();
                assert!((ranked - 1.0).abs() < 1e-4);
            }
        }
        assert!(POP.len() < 60_000, "{} bytes", POP.len());
    }

    #[test]
    fn a_dominant_goes_home() {
        let pop = Progressions::pop();
        let best = |mode, before: &str| pop.next(mode, &steps(before)).ranked()[0].0.to_string();
        assert_eq!(best(Mode::Major, "2m 7D"), "0M");
        assert_eq!(best(Mode::Minor, "5m 7D"), "0m");
        let [first, other] = ["0M", "1M"].map(|next| {
            let next = next.parse().unwrap();
            pop.ln_probability(Mode::Major, &steps("5M 7M"), next)
        });
        assert!(first > other + 3.0, "{first} {other}");
    }
}
