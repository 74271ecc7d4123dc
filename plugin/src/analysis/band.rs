//! The bands of the process: which instances analyse one song together.
//!
//! A band plays together as soon as it has two instances, one of which has a part other than the
//! mix. Then its chord and its track come from all of them, and an instance reports frame by frame
//! what it hears ([`Seat`]). Otherwise each instance listens by itself, as if there were no bands.

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

/// The length of a beat where the host gives no tempo, in seconds.
const UNTOLD_BEAT_S: f64 = 0.5;

/// A frame takes in the notes up to this long after it, in seconds.
const LOOK_AHEAD_S: f64 = 0.09;

/// How many bands there are.
const BANDS: usize = 4;

/// What comes with each frame of a part.
#[derive(Clone, Copy, Debug)]
struct Tag {
    /// The position in the host's song.
    host: HostPosition,
    /// Whether what is heard there is to be written.
    write: bool,
}

/// What a band shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Picture {
    /// The chord.
    pub(super) current: Option<Shown>,
    /// What each part contributed to it.
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
    /// Whether and how the band plays together.
    standing: Standing,
    /// The count of the chord that was seen last.
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

    /// Moves to the band and part of the parameters. `active` says whether audio comes, so that
    /// the others wait for it. Returns whether anything about the band has changed.
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

    /// Whether the band uses what this instance hears.
    pub(super) fn is_heard(&self) -> bool {
        self.is_together() && self.part != Part::Drums
    }

    /// Reports what was heard, with times in seconds since `start_s` of the stream.
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

    /// Reports that nothing more comes for now.
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

    /// What the band shows, and whether its chord has changed since the last call.
    pub(super) fn look(&mut self) -> Option<(Arc<Picture>, bool)> {
        let picture = self.picture()?;
        let new = self.seen.replace(picture.chords) != Some(picture.chords);
        Some((picture, new))
    }

    /// Leaves the band.
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

/// The posterior of the incoming notes at a moment of the stream, with the host's position
/// there.
fn of_notes(notes: &MidiNotes, at_s: f64, host: &HostPosition, lane: Lane) -> Option<Posterior> {
    if notes.is_empty() {
        return None;
    }
    let beat_s = host.tempo_bpm.map_or(UNTOLD_BEAT_S, |bpm| 60.0 / bpm);
    // Where no beats are known, the notes of one beat's time count.
    let since_s = host
        .beats
        .map_or(beat_s, |beats| beats.rem_euclid(1.0) * beat_s);
    // Not all notes known so far: that depends on the blocks.
    let known_s = match lane {
        Lane::Live => at_s + LOOK_AHEAD_S,
        Lane::Refined => at_s + beat_s,
    };
    notes.posterior(at_s, at_s - since_s, beat_s, known_s)
}

/// The position in the host's song in its own seconds, while it plays.
fn song_s(host: &HostPosition) -> Option<f64> {
    if !host.is_in_song() {
        return None;
    }
    let of_beats = || Some(host.beats? * 60.0 / host.tempo_bpm?);
    host.seconds.or_else(of_beats)
}
