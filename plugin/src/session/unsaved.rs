//! Whether the session holds chords that the host's project does not have yet.
//!
//! Edits are reported to the host at once. What is heard changes the track ten times a second
//! while music plays, and a host that makes an undo step of each report would fill up its
//! history: so it is told once until it has saved, and not again before a while has passed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use harmony::track::Track;

/// How often the track is checked.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The shortest time between two reports to the host of what was heard, if it has saved in
/// between.
const TELL_EVERY: Duration = Duration::from_secs(30);

/// What the host has saved, and whether it was told of changes.
#[derive(Default)]
pub(super) struct Unsaved {
    /// Fingerprint of the chords that the host has; `None` before it saved or loaded any.
    kept: Option<u64>,
    /// Whether the host was told since.
    told: bool,
    told_at: Option<Instant>,
    looked_at: Option<Instant>,
    /// The revision of the session that was checked last.
    revision: u64,
}

impl Unsaved {
    /// The host has this track: it has saved or loaded it.
    pub(super) fn kept(&mut self, track: &Track) {
        self.kept = Some(fingerprint(track));
        self.told = false;
    }

    /// The host was told.
    pub(super) fn told(&mut self, now: Instant) {
        self.told = true;
        self.told_at = Some(now);
    }

    /// Whether to check the track, now at `revision`.
    pub(super) fn is_due(&mut self, revision: u64, now: Instant) -> bool {
        let since = |at: Option<Instant>| at.map(|at| now.duration_since(at));
        let due = !self.told
            && revision != self.revision
            && since(self.looked_at).is_none_or(|it| it >= LOOK_EVERY)
            && since(self.told_at).is_none_or(|it| it >= TELL_EVERY);
        if due {
            self.looked_at = Some(now);
            self.revision = revision;
        }
        due
    }

    /// Whether the chords of the track differ from the host's.
    pub(super) fn differs(&self, track: &Track) -> bool {
        fingerprint(track) != self.kept.unwrap_or_else(|| fingerprint(&Track::new()))
    }
}

#[cfg(test)]
impl Unsaved {
    /// As if the last check and the last report were long ago.
    pub(super) fn forget_times(&mut self) {
        (self.told_at, self.looked_at) = (None, None);
    }
}

/// A fingerprint of what a musician would miss: the chords with their places. Silence is
/// written too while a host stands still, but is no reason to save.
fn fingerprint(track: &Track) -> u64 {
    let mut hasher = DefaultHasher::new();
    for segment in track.timeline().segments() {
        if segment.label.chord().is_some() {
            let ends = [segment.start_s, segment.end_s];
            (ends.map(f64::to_bits), &segment.label, segment.locked).hash(&mut hasher);
        }
    }
    hasher.finish()
}
