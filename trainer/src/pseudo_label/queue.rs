//! The order of tracks.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::corpus::{Corpus, Split, Track};

/// A part of the work: shard `index` (from 0) of `count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Its number, below `count`.
    pub index: usize,
    /// The number of shards.
    pub count: usize,
}

impl Default for Shard {
    /// All of the work.
    fn default() -> Self {
        Self { index: 0, count: 1 }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// A text that is not a shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a shard: write NUMBER/COUNT with the number from 0, such as 0/4")]
pub struct ParseShardError(String);

impl FromStr for Shard {
    type Err = ParseShardError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || ParseShardError(text.chars().take(40).collect());
        let (index, count) = text.split_once('/').ok_or_else(refused)?;
        let number = |text: &str| text.parse::<usize>().map_err(|_| refused());
        let (index, count) = (number(index)?, number(count)?);
        if index < count {
            Ok(Self { index, count })
        } else {
            Err(refused())
        }
    }
}

/// The tracks of a shard in processing order: training before validation before test; in each,
/// the sources take turns, and the shortest track of a source comes first, so that early
/// results are varied.
#[must_use]
pub fn queue<'a>(corpus: &'a Corpus, splits: &[Split], shard: Shard) -> Vec<&'a Track> {
    let mut queue = Vec::new();
    for split in Split::ALL {
        if !splits.is_empty() && !splits.contains(&split) {
            continue;
        }
        let mut sources: BTreeMap<&str, Vec<&Track>> = BTreeMap::new();
        for track in corpus.tracks_of(split) {
            sources.entry(&track.source).or_default().push(track);
        }
        let mut turns: Vec<(usize, &str, &Track)> = Vec::new();
        for (source, mut tracks) in sources {
            tracks.sort_by(|a, b| {
                let by_length = a.duration_s.total_cmp(&b.duration_s);
                by_length.then_with(|| a.id.cmp(&b.id))
            });
            let turn = |(turn, track)| (turn, source, track);
            turns.extend(tracks.into_iter().enumerate().map(turn));
        }
        turns.sort_by_key(|&(turn, source, _)| (turn, source));
        queue.extend(turns.into_iter().map(|(_, _, track)| track));
    }
    let of_shard =
        |(place, track): (usize, &'a Track)| (place % shard.count == shard.index).then_some(track);
    queue.into_iter().enumerate().filter_map(of_shard).collect()
}
