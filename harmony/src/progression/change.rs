//! The changes of a song, as they are counted and foretold.

use super::{MOST_BEFORE, Step};
use crate::key::{Key, Mode};
use crate::label::Chord;

/// A chord and those before it, all as they stand in the key of the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The mode of that key.
    pub mode: Mode,
    /// The chords before, the latest last: at least one, at most [`MOST_BEFORE`]. Fewer where
    /// the passage began there.
    pub before: Vec<Step>,
    /// What came.
    pub next: Step,
}

/// The chords that are `before` the next one in `key`, the latest last: what the functions of this
/// module take. Chords that follow each other in it as one step are one.
#[must_use]
pub fn before(chords: &[&Chord], key: Key) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for chord in chords.iter().rev() {
        let step = Step::of(chord, key);
        if steps.last() == Some(&step) {
            continue;
        }
        if steps.len() == MOST_BEFORE {
            break;
        }
        steps.push(step);
    }
    steps.reverse();
    steps
}

/// The changes of a song: its chords in order, each with its key; `None` where a passage ends
/// because there is silence or nobody knows.
#[must_use]
pub fn changes<'a>(song: impl IntoIterator<Item = Option<(&'a Chord, Key)>>) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut passage: Vec<&Chord> = Vec::new();
    for place in song {
        let Some((chord, key)) = place else {
            passage.clear();
            continue;
        };
        let before = before(&passage, key);
        let next = Step::of(chord, key);
        if !before.is_empty() && before.last() != Some(&next) {
            changes.push(Change {
                mode: key.mode(),
                before,
                next,
            });
        }
        passage.push(chord);
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Label;

    #[test]
    fn changes_stand_in_the_key_of_what_comes() {
        let song = ["C", "C:7", "F", "F:maj7", "-", "G", "D:7", "G"];
        let keys = ["C", "C", "C", "C", "C", "C", "G", "G"];
        let chords: Vec<Option<(Label, Key)>> = song
            .iter()
            .zip(keys)
            .map(|(chord, key)| Some((chord.parse().ok()?, key.parse().unwrap())))
            .collect();
        let song = chords.iter().map(|place| {
            let (label, key) = place.as_ref()?;
            Some((label.chord()?, *key))
        });
        let found: Vec<String> = changes(song)
            .iter()
            .map(|change| {
                let before: Vec<String> = change.before.iter().map(Step::to_string).collect();
                format!("{} > {}", before.join(" "), change.next)
            })
            .collect();
        let wanted = ["0M > 0D", "0M 0D > 5M", "0M > 7D", "0M 7D > 0M"];
        assert_eq!(found, wanted);
    }
}
