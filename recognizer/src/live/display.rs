//! Display policy: when the shown chord changes, and to what.
//!
//! The decoder gives the leading chord at every frame. The display follows it under three rules: a
//! chord must first lead for [`hold_s`](super::LiveSettings::hold_s), no label is replaced before
//! it could be read ([`SHOWN_FRAMES`]), and a change of extensions alone must last for
//! [`EXTENSION_FRAMES`].

use harmony::label::Label;
use harmony::vocabulary::large;

use super::LAG_FRAMES;
use super::clock::FrameClock;
use super::event::{Shown, ShownState};
use super::recent::{RecentPosteriors, evidence};
use super::track::TrackBuilder;
use crate::beat::Place;
use crate::decode::fixed_lag::Run;
use crate::decode::states::{class_of, label_of};
use crate::networks::CHORD_CLASSES;

/// The least number of frames for which a label is shown, 0.23 s: less cannot be read.
const SHOWN_FRAMES: u64 = 5;
/// Frames for which another extension of the shown chord must last before it is shown.
const EXTENSION_FRAMES: u32 = 3;
/// The most alternatives of an event.
const ALTERNATIVES: usize = 4;

/// The cost of a display change on a beat, as a share of that elsewhere. Chosen on the valid split
/// (`trainer eval-latency --tune --beats`): it gains 18 ms of median latency and .4 points of
/// majmin, for one more wrong label per twenty-five chords.
pub(super) fn cost_share_on(place: Place) -> f32 {
    match place {
        Place::Downbeat => 0.4,
        Place::HalfBar => 0.5,
        Place::Beat => 0.7,
        Place::OffBeat => 1.0,
    }
}

/// State of the display.
#[derive(Debug, Default)]
pub(super) struct Display {
    /// State that is shown, before its extensions.
    chord: Option<usize>,
    /// First frame of the chord, as far as known.
    start: u64,
    /// The earliest possible first frame of the chord's confirmed segment.
    first_start: u64,
    label: Option<Label>,
    state: Option<ShownState>,
    /// Frames for which other extensions have been waiting.
    pending: u32,
    /// A state that leads but has not led for long enough, and since which frame.
    waiting: Option<(usize, u64)>,
    /// Frame at which the label was shown.
    label_since: u64,
}

/// The state of decoders and track after a frame.
pub(super) struct Decoded<'a> {
    /// Number of the frame.
    pub(super) index: u64,
    /// The state that leads, and since which frame.
    pub(super) leading: Run,
    /// The track up to the confirmed frame.
    pub(super) track: &'a TrackBuilder,
    /// Posteriors up to this frame.
    pub(super) recent: &'a RecentPosteriors,
    pub(super) clock: FrameClock,
}

impl Display {
    /// Whether the display changes at this frame. A new chord must have led for `hold_frames`.
    pub(super) fn update(&mut self, decoded: &Decoded<'_>, hold_frames: u64) -> Option<Shown> {
        let Decoded { index, leading, .. } = *decoded;
        let chord = leading.state;
        if !self.follow(index, leading, hold_frames) {
            return None;
        }
        // The evidence of the frames since the chord began. The start is that of the current path,
        // but never later than the one shown.
        self.start = self
            .start
            .min(leading.start)
            .max(index.saturating_sub(LAG_FRAMES as u64));
        let length = (index - self.start.min(index)) as usize + 1;
        let evidence = evidence(decoded.recent.last(length), class_of(chord));
        // While it is open, the confirmed segment's label takes precedence.
        let confirmed = decoded
            .track
            .open()
            .filter(|open| open.state == chord && open.start_frame >= self.first_start)
            .map(|open| (open.label.clone(), open.start_s));
        let (label, starts_at_s, state) = match confirmed {
            Some((label, start_s)) => (label, start_s, ShownState::Confirmed),
            None => (
                evidence.with_extensions(label_of(chord)),
                decoded.clock.frame_s(leading.start),
                ShownState::Provisional,
            ),
        };
        if self.label.is_none() {
            self.first_start = leading.start.saturating_sub(2);
        }
        let is_other = self.label.as_ref() != Some(&label);
        if is_other && self.is_label_new(index) {
            return None;
        }
        if is_other && state == ShownState::Provisional && self.label.is_some() {
            self.pending += 1;
            if self.pending < EXTENSION_FRAMES {
                return None;
            }
        }
        self.pending = 0;
        if !is_other && self.state == Some(state) {
            return None;
        }
        if is_other {
            self.label_since = index;
        }
        self.label = Some(label.clone());
        self.state = Some(state);
        Some(Shown {
            shown_at_s: decoded.clock.heard_s(index),
            starts_at_s,
            label,
            state,
            confidence: evidence.confidence(),
            alternatives: alternatives(decoded.recent, class_of(chord)),
        })
    }

    /// Switches to the leading chord if it may be shown; returns whether it is now displayed.
    fn follow(&mut self, index: u64, leading: Run, hold_frames: u64) -> bool {
        let chord = leading.state;
        if self.chord == Some(chord) {
            self.waiting = None;
            return true;
        }
        let since = match self.waiting {
            Some((waiting, since)) if waiting == chord => since,
            _ => index,
        };
        self.waiting = Some((chord, since));
        if index - since < hold_frames || self.is_label_new(index) {
            return false;
        }
        *self = Self {
            chord: Some(chord),
            start: leading.start,
            label_since: self.label_since,
            ..Self::default()
        };
        true
    }

    /// Whether the label has not yet been shown for long enough to be read.
    fn is_label_new(&self, index: u64) -> bool {
        self.label.is_some() && index < self.label_since + SHOWN_FRAMES
    }
}

/// The most probable classes of the latest frame, except the shown one.
fn alternatives(recent: &RecentPosteriors, shown: usize) -> Vec<(Label, f32)> {
    let Some(latest) = recent.newest() else {
        return Vec::new();
    };
    let mut order: Vec<usize> = (0..CHORD_CLASSES)
        .filter(|&c| c != shown && c != large::UNKNOWN)
        .collect();
    order.sort_by(|&a, &b| latest.chord[b].total_cmp(&latest.chord[a]));
    order
        .into_iter()
        .take(ALTERNATIVES)
        .map(|class| (large::label_of(class), latest.chord[class].exp()))
        .collect()
}
