//! Counts songs.
//!
//! Kneser and Ney (1995), in the interpolated form of Chen and Goodman (1999): the longest context
//! counts how often a chord followed; a shorter one counts after how many different longer ones it
//! did, since it is asked only where the longer one does not know.

use std::collections::BTreeMap;

use super::{Change, Context, Counts, MOST_BEFORE, Progressions};

/// How songs are counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitSettings {
    /// What each count is lowered by, 0 … 1.
    pub discount: f64,
    /// What followed two chords less often than this is left out of the table.
    pub least: u32,
}

impl Default for FitSettings {
    fn default() -> Self {
        Self {
            discount: 0.9,
            least: 2,
        }
    }
}

impl Progressions {
    /// Counts the changes of songs.
    #[must_use]
    pub fn fit<'a>(changes: impl IntoIterator<Item = &'a Change>, settings: &FitSettings) -> Self {
        let mut rows: BTreeMap<Context, Counts> = BTreeMap::new();
        for change in changes {
            for order in (0..=MOST_BEFORE).rev() {
                let context = Context::new(change.mode, &change.before, order);
                // Known after the longer context already: nothing new for a shorter one.
                if !rows.entry(context).or_default().add(change.next) {
                    break;
                }
            }
        }
        for (context, counts) in &mut rows {
            if context.before.iter().all(Option::is_some) {
                counts.prune(settings.least);
            }
        }
        rows.retain(|_, counts| !counts.is_empty());
        Self {
            discount: settings.discount.clamp(0.0, 1.0),
            rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Mode;
    use crate::progression::Step;

    fn change(text: &str) -> Change {
        let mut steps: Vec<Step> = text.split(' ').map(|it| it.parse().unwrap()).collect();
        let next = steps.pop().unwrap();
        Change {
            mode: Mode::Major,
            before: steps,
            next,
        }
    }

    #[test]
    fn counts_are_lowered_and_the_rest_goes_to_shorter_contexts() {
        let changes = ["0M 5M 7M", "0M 5M 7M", "0M 5M 0M", "9m 5M 7M"].map(change);
        let settings = FitSettings {
            discount: 0.5,
            least: 1,
        };
        let fitted = Progressions::fit(&changes, &settings);
        let outlook = fitted.next(Mode::Major, &["0M", "5M"].map(|it| it.parse().unwrap()));
        let found = |next: &str| f64::from(outlook.probability(next.parse().unwrap()));
        // 7M came after 5M twice, 0M once; after one chord, 7M in two contexts and 0M in one;
        // both after 5M alone.
        let shortest = |seen: f64| 0.5 * seen.min(1.0) / 2.0 + 0.5 / 72.0;
        let lowered = |count: f64| (count - 0.5_f64).max(0.0) / 3.0;
        let one = |count: f64| lowered(count) + shortest(count) / 3.0;
        let two = |count: f64| lowered(count) + one(count) / 3.0;
        // The sounding chord was taken out of all of them.
        for (next, count) in [("7M", 2.0), ("0M", 1.0)] {
            let (ratio, wanted) = (found(next) / found("2m"), two(count) / two(0.0));
            assert!(
                (ratio / wanted - 1.0).abs() < 1e-4,
                "{next}: {ratio} {wanted}"
            );
        }
    }

    #[test]
    fn what_is_rare_is_left_out_and_keeps_its_share() {
        let mut changes = vec![change("0M 5M 7M"); 3];
        changes.push(change("0M 5M 2m"));
        let fit = |least| {
            let settings = FitSettings {
                discount: 0.5,
                least,
            };
            Progressions::fit(&changes, &settings)
        };
        let probable = |fitted: &Progressions, next: &str| {
            let before = ["0M", "5M"].map(|it| it.parse().unwrap());
            let next = next.parse().unwrap();
            fitted.next(Mode::Major, &before).probability(next)
        };
        let (all, pruned) = (fit(1), fit(2));
        assert!(pruned.to_string().len() < all.to_string().len());
        assert!((probable(&all, "7M") - probable(&pruned, "7M")).abs() < 0.1);
        assert!(probable(&pruned, "2m") > probable(&pruned, "3m") * 4.0);
    }
}
