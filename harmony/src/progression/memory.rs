//! How one song goes, as far as it was heard.

use std::collections::BTreeMap;

use super::{Change, Context, Counts, MOST_BEFORE, Outlook, Progressions, Step};
use crate::key::Mode;

/// A song's own changes count as much as those of all songs when so many were seen in the same
/// context. Chosen among 1, 2, 4 and 8 on POP909's songs for choosing.
const WEIGHT: f32 = 4.0;

/// What has followed what in one song.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory(BTreeMap<Context, Counts>);

impl Memory {
    /// Of a song's changes so far.
    #[must_use]
    pub fn of<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Self {
        let mut memory = Self::default();
        for change in changes {
            memory.learn(change);
        }
        memory
    }

    /// Takes note of a change.
    pub fn learn(&mut self, change: &Change) {
        for order in 1..=MOST_BEFORE {
            let context = Context::new(change.mode, &change.before, order);
            self.0.entry(context).or_default().add(change.next);
        }
    }

    /// How probable each step is after `before`, the sounding one last: by how songs go, and by
    /// how this one has gone.
    #[must_use]
    pub fn next(&self, songs: &Progressions, mode: Mode, before: &[Step]) -> Outlook {
        let mut outlook = songs.next(mode, before);
        for order in 1..=MOST_BEFORE {
            if let Some(counts) = self.0.get(&Context::new(mode, before, order)) {
                outlook = outlook.mixed(counts);
            }
        }
        outlook
    }
}

impl Outlook {
    /// With what one song has done in this context, by how often it was in it.
    fn mixed(mut self, counts: &Counts) -> Self {
        let total = counts.total() as f32;
        let share = total / (total + WEIGHT);
        for (index, probability) in self.0.iter_mut().enumerate() {
            let own = Step::from_index(index).map_or(0, |step| counts.get(step));
            *probability = (1.0 - share) * *probability + share * own as f32 / total.max(1.0);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_song_that_goes_its_own_way_is_believed() {
        let steps = ["0M", "1M"].map(|it| it.parse::<Step>().unwrap());
        let change = Change {
            mode: Mode::Major,
            before: steps[..1].to_vec(),
            next: steps[1],
        };
        let pop = Progressions::pop();
        let mut memory = Memory::default();
        let likely = |memory: &Memory| {
            let outlook = memory.next(pop, Mode::Major, &steps[..1]);
            let sum: f32 = outlook.0.iter().sum();
            assert!((sum - 1.0).abs() < 1e-4, "{sum}");
            (
                outlook.probability(steps[1]),
                outlook.ranked()[0].0 == steps[1],
            )
        };
        let (before, first) = likely(&memory);
        assert!(before < 0.02 && !first, "{before}");
        memory.learn(&change);
        let (after, _) = likely(&memory);
        assert!(after > 0.3, "{after}");
        memory.learn(&change);
        assert!(likely(&memory).1);
        // Elsewhere all is as before.
        let elsewhere = memory.next(pop, Mode::Minor, &steps[..1]);
        assert_eq!(elsewhere, pop.next(Mode::Minor, &steps[..1]));
    }
}
