//! Reader: posteriors to events, with two decoders, the display and the track.

use std::collections::VecDeque;

use harmony::timeline::Segment;

use super::FRAME_S;
use super::clock::FrameClock;
use super::display::{Decoded, Display, cost_share_on};
use super::event::Event;
use super::recent::RecentPosteriors;
use super::settings::LiveSettings;
use super::track::TrackBuilder;
use crate::beat::BeatSource;
use crate::decode::Posterior;
use crate::decode::fixed_lag::FixedLag;
use crate::decode::states::emissions;

/// How long after a sound a frame may be the first to contain it, seconds.
const BEAT_REACH_S: f64 = 3.25 * FRAME_S;

/// An analysed frame.
pub(crate) struct Heard {
    /// Its number, without gaps since the reader started.
    pub(crate) index: u64,
    /// Its posterior.
    pub(crate) posterior: Posterior,
    /// Whether it is silent; all silent frames have the same posterior.
    pub(crate) silent: bool,
    /// The times of frames.
    pub(crate) clock: FrameClock,
}

/// Reads chords from frame to frame.
pub(crate) struct Reader {
    /// Decoder of the confirmed track.
    decoder: FixedLag,
    display_decoder: FixedLag,
    settings: LiveSettings,
    display: Display,
    track: TrackBuilder,
    recent: RecentPosteriors,
    /// Log-probabilities of the decoders' states in the latest frame.
    heard: Vec<f32>,
    /// Whether those are of silence.
    heard_silence: bool,
}

impl Reader {
    pub(crate) fn new(settings: LiveSettings) -> Self {
        Self {
            decoder: FixedLag::new(settings.track_decoder()),
            display_decoder: FixedLag::new(settings.display_decoder()),
            settings,
            display: Display::default(),
            track: TrackBuilder::default(),
            recent: RecentPosteriors::default(),
            heard: Vec::new(),
            heard_silence: false,
        }
    }

    /// Forgets all frames; the next frame is number 0.
    pub(crate) fn start(&mut self) {
        self.decoder = FixedLag::new(self.settings.track_decoder());
        self.display_decoder = FixedLag::new(self.settings.display_decoder());
        self.display = Display::default();
        self.track = TrackBuilder::default();
        self.recent = RecentPosteriors::default();
    }

    /// The first segment begins at `start_s` seconds.
    pub(crate) fn begin_track(&mut self, start_s: f64) {
        self.track = TrackBuilder::starting_at(start_s);
    }

    /// New settings, from the next frame on.
    pub(crate) fn set(&mut self, settings: LiveSettings) {
        self.settings = settings;
        let track = settings.track_decoder();
        self.decoder.set_costs(track.change_cost, track.hold);
        // The display's decoder is set at every frame.
    }

    /// Takes the next frame. `beats` is asked for beats in the clock's seconds.
    pub(crate) fn hear(
        &mut self,
        heard: Heard,
        beats: &mut dyn BeatSource,
        events: &mut VecDeque<Event>,
    ) {
        let Heard {
            index,
            posterior,
            silent,
            clock,
        } = heard;
        // The emissions of silence are always the same.
        if !(silent && self.heard_silence) {
            emissions(&posterior, &mut self.heard);
            self.heard_silence = silent;
        }
        self.set_display_costs(clock.frame_s(index), beats);
        let leading = self.display_decoder.show_heard(&self.heard);
        let confirmed = self.decoder.push_heard(&self.heard).confirmed;
        self.recent.push(posterior);
        if let Some(confirmed) = confirmed {
            let path = || self.decoder.path();
            let ended = self.track.confirm(confirmed, path, &self.recent, clock);
            events.extend(ended.map(Event::Segment));
        }
        let decoded = Decoded {
            index,
            leading,
            track: &self.track,
            recent: &self.recent,
            clock,
        };
        let shown = self.display.update(&decoded, self.settings.hold_frames());
        events.extend(shown.map(Event::Shown));
    }

    /// The input ends at `end_s`: the whole path becomes final.
    pub(crate) fn close(&mut self, end_s: f64, clock: FrameClock, events: &mut VecDeque<Event>) {
        let (path, frames) = (self.decoder.path(), self.decoder.frames());
        let ended: Vec<Segment> = self.track.close(&path, frames, end_s, &self.recent, clock);
        events.extend(ended.into_iter().map(Event::Segment));
    }

    /// Makes changes of the display cheaper where a frame at `to_s` may be on a beat.
    fn set_display_costs(&mut self, to_s: f64, beats: &mut dyn BeatSource) {
        let settings = self.settings.display_decoder();
        let from_s = to_s - BEAT_REACH_S;
        let share = beats
            .beats_between(from_s, to_s)
            .and_then(|grid| grid.strongest(from_s, to_s))
            .map_or(1.0, |position| cost_share_on(position.place));
        self.display_decoder
            .set_costs(share * settings.change_cost, settings.hold);
    }
}
