//! The bands of the process: which instances hear one song together.
//!
//! A band plays together as soon as it has two instances of which one has a part other than the
//! mix. Then its chord and its track are those of all of them, and an instance says frame by frame
//! what it hears ([`Seat`]). Else each of its instances listens by itself, as if there were no
//! bands.

mod confirmed;
mod ensemble;
mod live;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nice_plug::prelude::Enum;
use parking_lot::Mutex;
use recognizer::band::{Lane, MidiNotes, Part, PartFrame, Said, Spoken};
use recognizer::decode::Posterior;
use recognizer::live::Shown;

use self::ensemble::{Ensemble, Member};
use super::history::History;
use crate::params::ChangesParams;
use crate::session::Session;
use crate::snapshot::Standing;
use changes_realtime::transport::HostPosition;

/// A beat where the host tells no tempo, in seconds.
const UNTOLD_BEAT_S: f64 = 0.5;

/// Notes up to so much after a frame are known when it is, in seconds.
const LOOK_AHEAD_S: f64 = 0.09;

/// How many there are.
const BANDS: usize = 4;

/// What comes with each frame of a part.
#[derive(Clone, Copy, Debug)]
struct Tag {
    /// Where the host's song is there.
    host: HostPosition,
    /// Whether what is heard there is to be written.
    write: bool,
}

/// What a band shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Picture {
    /// The chord.
    pub(super) current: Option<Shown>,
    /// Which part said what of it.
    pub(super) said: Vec<Said>,
    /// The second of the track up to which this pass over the song is confirmed.
    pub(super) confirmed_to_s: Option<f64>,
    /// Counts changes of the chord.
    chords: u64,
}

/// The bands of the process.
#[derive(Default)]
pub(crate) struct Bands {
    bands: [Mutex<Ensemble>; BANDS],
    next_member: AtomicU64,
}

/// The place of an instance in its band.
pub(super) struct Seat {
    bands: Arc<Bands>,
    member: u64,
    /// The band, if the instance is in one yet.
    band: Option<usize>,
    part: Part,
    /// Whether the band plays together, and how.
    standing: Standing,
    /// The chord that was seen last, by its count.
    seen: Option<u64>,
}

impl Seat {
    pub(super) fn new(bands: &Arc<Bands>) -> Self {
        Self {
            bands: Arc::clone(bands),
            member: bands.next_member.fetch_add(1, Ordering::Relaxed),
            band: None,
            part: Part::Mix,
            standing: Standing::default(),
            seen: None,
        }
    }

    /// Goes where the parameters say. `active` says whether audio comes, so that the others wait
    /// for it. Whether anything about the band has changed.
    pub(super) fn follow(
        &mut self,
        params: &ChangesParams,
        session: &Arc<Session>,
        active: bool,
    ) -> bool {
        let band = params.band.value().to_index().min(BANDS - 1);
        let part = Part::from(params.part.value());
        if self.band != Some(band) {
            self.leave();
        }
        let mut ensemble = self.bands.bands[band].lock();
        let member = Member {
            part,
            session: Arc::clone(session),
            settings: params.settings(),
            active,
        };
        ensemble.admit(self.member, member);
        let standing = ensemble.standing(part, letter(band));
        drop(ensemble);
        (self.band, self.part) = (Some(band), part);
        let changed = standing != self.standing;
        self.standing = standing;
        if changed {
            self.seen = None;
        }
        changed
    }

    pub(super) fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Whether the band plays together.
    pub(super) fn is_together(&self) -> bool {
        matches!(self.standing, Standing::Together { .. })
    }

    /// Whether the others want to know what this one hears.
    pub(super) fn is_heard(&self) -> bool {
        self.is_together() && self.part != Part::Drums
    }

    /// Says what was heard, its times in seconds since `start_s` of the stream.
    pub(super) fn say(
        &self,
        lane: Lane,
        frames: Vec<PartFrame>,
        start_s: f64,
        history: &History,
        notes: &MidiNotes,
    ) {
        if frames.is_empty() {
            return;
        }
        let Some(mut ensemble) = self.lock() else {
            return;
        };
        for mut frame in frames {
            let at_s = start_s + frame.time_s;
            let moment = history.moment(at_s);
            let song_s = moment.and_then(|it| song_s(&it.host));
            let (Some(moment), Some(song_s)) = (moment, song_s) else {
                ensemble.pause(lane, self.member);
                continue;
            };
            frame.time_s = song_s;
            let spoken = Spoken {
                pass: moment.pass,
                frame,
                midi: of_notes(notes, at_s, &moment.host, lane),
                tag: Tag {
                    host: moment.host,
                    write: moment.write,
                },
            };
            ensemble.speak(lane, self.member, spoken);
        }
        ensemble.advance();
    }

    /// Says that nothing more comes for now: all has been said.
    pub(super) fn fall_silent(&self) {
        if let Some(mut ensemble) = self.lock() {
            for lane in [Lane::Live, Lane::Refined] {
                ensemble.pause(lane, self.member);
            }
            ensemble.advance();
        }
    }

    /// What the band shows.
    pub(super) fn picture(&self) -> Option<Arc<Picture>> {
        Some(self.lock()?.picture())
    }

    /// What the band shows, and whether its chord is another than when this was asked last.
    pub(super) fn look(&mut self) -> Option<(Arc<Picture>, bool)> {
        let picture = self.picture()?;
        let new = self.seen.replace(picture.chords) != Some(picture.chords);
        Some((picture, new))
    }

    /// Gives the place up.
    pub(super) fn leave(&mut self) {
        if let Some(band) = self.band.take() {
            self.bands.bands[band].lock().dismiss(self.member);
        }
    }

    fn lock(&self) -> Option<parking_lot::MutexGuard<'_, Ensemble>> {
        let band = self.band.filter(|_| self.is_together())?;
        Some(self.bands.bands[band].lock())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.leave();
    }
}

fn letter(band: usize) -> char {
    char::from(b'A' + band as u8)
}

/// What the notes that came in say of a moment of the stream, at which the host is there.
fn of_notes(notes: &MidiNotes, at_s: f64, host: &HostPosition, lane: Lane) -> Option<Posterior> {
    if notes.is_empty() {
        return None;
    }
    let beat_s = host.tempo_bpm.map_or(UNTOLD_BEAT_S, |bpm| 60.0 / bpm);
    // Where no beats are told, what has sounded for a beat's time counts.
    let since_s = host
        .beats
        .map_or(beat_s, |beats| beats.rem_euclid(1.0) * beat_s);
    // Not what happens to be known, which depends on the blocks.
    let known_s = match lane {
        Lane::Live => at_s + LOOK_AHEAD_S,
        Lane::Refined => at_s + beat_s,
    };
    notes.posterior(at_s, at_s - since_s, beat_s, known_s)
}

/// Where in the song the host is, in its own seconds, if it plays it.
fn song_s(host: &HostPosition) -> Option<f64> {
    if !host.is_in_song() {
        return None;
    }
    let of_beats = || Some(host.beats? * 60.0 / host.tempo_bpm?);
    host.seconds.or_else(of_beats)
}
