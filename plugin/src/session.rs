//! The chord track of the session: who may read it, change it and save it.
//!
//! A [`Session`] belongs to one instance and is shared by the worker, which writes into it
//! what it hears, by the editor, which shows and edits it, and by the host's main thread,
//! which saves and loads it. The audio thread never touches it.
//!
//! Reading is cheap: [`Session::track`] hands out the same [`Arc`] until something has
//! changed, and [`Session::revision`] says whether something has.

mod saved;
mod song;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use harmony::edit::{Command, EditError, Undo};
use harmony::track::{MAX_GROWN_SEGMENTS, Track};
use nice_plug::prelude::{ParamPtr, Params};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::snapshot::SongPosition;
use crate::transport::HostPosition;

pub use self::saved::{SavedSession, StateError};
pub(crate) use self::song::{Place, Song};

/// What the times of a track count from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// From the first sample that the plugin heard: the host has shown no running
    /// transport yet. Beats and bars of the track mean nothing then.
    #[default]
    Stream,
    /// From the start of the host's song: seconds, beats and bars are the host's.
    Host,
}

/// A track as it was at some revision.
#[derive(Default)]
struct Published {
    revision: u64,
    track: Arc<Track>,
}

#[derive(Default)]
struct Content {
    song: Song,
    message: Option<Message>,
}

/// What the user should be told.
enum Message {
    /// A saved session could not be read.
    Refused(StateError),
    /// The host's song has begun, and what was heard before is not part of it.
    SetAside,
    /// The track has as many chords as it may have.
    Full,
}

impl Message {
    fn text(&self) -> String {
        match self {
            Self::Refused(error) => {
                format!("The saved chord track could not be read and was left out: {error}")
            }
            Self::SetAside => "The song has begun, and chords lie on its bars from now on. Undo \
                               brings back those that were heard before it."
                .to_owned(),
            Self::Full => format!(
                "The track is full: it has {MAX_GROWN_SEGMENTS} chords, and what more is heard is \
                 left out. Export it and clear it to go on."
            ),
        }
    }
}

/// The chord track of one instance; see the module's text.
#[derive(Default)]
pub struct Session {
    content: Mutex<Content>,
    /// Counts changes of `content`.
    revision: AtomicU64,
    /// Counts loaded states; changes under the lock of `content`.
    loads: AtomicU32,
    /// The copy that was handed out last; made anew when somebody asks and it is old.
    published: ArcSwap<Published>,
}

impl Session {
    /// The track as it is now: chords (provisional ones, confirmed ones, locked ones) with
    /// their alternatives, tempo, metres, keys, sections. It never changes once handed out;
    /// while nothing changes this returns the same [`Arc`], so it may be called with each
    /// paint.
    pub fn track(&self) -> Arc<Track> {
        let published = self.published.load();
        if published.revision == self.revision() {
            return Arc::clone(&published.track);
        }
        let content = self.content.lock();
        // Under the lock nobody counts on.
        let published = Published {
            revision: self.revision(),
            track: Arc::new(content.song.track().clone()),
        };
        let track = Arc::clone(&published.track);
        self.published.store(Arc::new(published));
        track
    }

    /// Counts up with every change of the track, its clock or the message, whoever made
    /// it. Two equal values: [`track`](Self::track) is the same.
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// What the track's seconds count from. When the host's transport rolls for the first
    /// time the track starts anew on [`Clock::Host`] (its title and composer stay). That is
    /// an edit: [`undo`](Self::undo) brings what was heard before back, at its seconds.
    pub fn clock(&self) -> Clock {
        self.content.lock().song.clock()
    }

    /// Carries out an edit; it can be undone. A chord that was set by hand is locked: what
    /// the plugin hears later leaves it alone until it is unlocked.
    ///
    /// # Errors
    /// What the command cannot do here, to be shown to the user; nothing has changed then.
    pub fn edit(&self, command: &Command) -> Result<(), EditError> {
        self.change(|content| content.song.editor_mut().apply(command))
    }

    /// Takes the last edit back, or what the last pass over the song has replaced of the
    /// confirmed chords; whether there was one. What was heard since stays, except within the
    /// span of time that the edit had changed, or where the pass had been.
    pub fn undo(&self) -> bool {
        self.change(|content| {
            let undone = content.song.editor_mut().undo();
            if undone && matches!(content.message, Some(Message::SetAside)) {
                content.message = None;
            }
            undone
        })
    }

    /// Does again what was taken back last; whether there was something.
    pub fn redo(&self) -> bool {
        self.change(|content| content.song.editor_mut().redo())
    }

    /// Whether [`undo`](Self::undo) would do something.
    pub fn can_undo(&self) -> bool {
        self.content.lock().song.editor().can_undo()
    }

    /// What [`undo`](Self::undo) would take back.
    pub fn next_undo(&self) -> Option<Undo> {
        self.content.lock().song.editor().next_undo()
    }

    /// Whether [`redo`](Self::redo) would do something.
    pub fn can_redo(&self) -> bool {
        self.content.lock().song.editor().can_redo()
    }

    /// What the user should be told about the session: a saved state that could not be
    /// read, chords that were set aside when the host's song began, a track that is full; `None` when all is
    /// well. It stays until a state is loaded without fault,
    /// [`dismiss_message`](Self::dismiss_message) is called, or an undo has brought the
    /// chords back.
    pub fn message(&self) -> Option<String> {
        self.content.lock().message.as_ref().map(Message::text)
    }

    /// Takes the message away: the user has seen it.
    pub fn dismiss_message(&self) {
        self.change(|content| content.message = None);
    }

    /// The saved form: JSON with a version, see [`SavedSession`].
    ///
    /// # Errors
    /// None that a track can cause; the type is serde's.
    pub fn save(&self) -> Result<String, serde_json::Error> {
        SavedSession {
            clock: self.clock(),
            track: self.track().as_ref().clone(),
        }
        .to_json()
    }

    /// Takes over a saved form, of this version or an older one. One that cannot be read
    /// leaves an empty track, and [`message`](Self::message) says why.
    pub fn load(&self, text: &str) {
        let loaded = SavedSession::from_json(text);
        self.change(|content| {
            self.loads.fetch_add(1, Ordering::Release);
            match loaded {
                Ok(saved) => {
                    content.song = Song::new(saved.clock, saved.track);
                    content.message = None;
                }
                Err(error) => {
                    content.song = Song::default();
                    content.message = Some(Message::Refused(error));
                }
            }
        });
    }

    /// How many saved states were loaded so far, wrapping around. Safe on the audio thread,
    /// which marks the audio with it.
    pub fn loads(&self) -> u32 {
        self.loads.load(Ordering::Acquire)
    }

    /// For the worker: writes what was heard when `loads` states had been loaded. `None` if
    /// there was another since: it was heard in a session that is gone, and is left out.
    pub(crate) fn record<R>(&self, loads: u32, write: impl FnOnce(&mut Song) -> R) -> Option<R> {
        let mut content = self.content.lock();
        if loads != self.loads() {
            return None;
        }
        let result = write(&mut content.song);
        if content.song.take_set_aside() && content.message.is_none() {
            content.message = Some(Message::SetAside);
        }
        let full = content.song.take_full() && content.message.is_none();
        if full {
            content.message = Some(Message::Full);
        }
        if content.song.take_written() || full {
            self.revision.fetch_add(1, Ordering::Release);
        }
        Some(result)
    }

    /// For the worker: what it hears from `stream_s` of the stream on is part of the session
    /// that `loads` loaded states have left.
    pub(crate) fn take_up(&self, loads: u32, stream_s: f64) {
        let mut content = self.content.lock();
        if loads == self.loads() {
            content.song.take_up(stream_s);
        }
    }

    /// For the worker: where in the song the host is, `stream_s` being the second of the
    /// stream and `moving` whether audio arrives.
    pub(crate) fn position(
        &self,
        host: &HostPosition,
        stream_s: f64,
        moving: bool,
    ) -> SongPosition {
        self.content.lock().song.position(host, stream_s, moving)
    }

    fn change<R>(&self, change: impl FnOnce(&mut Content) -> R) -> R {
        let mut content = self.content.lock();
        let result = change(&mut content);
        self.revision.fetch_add(1, Ordering::Release);
        result
    }
}

/// The key of the plugin's state under which the session is saved.
const FIELD: &str = "track";

// Not by `#[persist]`: that keeps what it had when it cannot read a field, and tells nobody.
//
// SAFETY: there is no parameter here, so there is no pointer to one.
unsafe impl Params for Session {
    fn param_map(&self) -> Vec<(String, ParamPtr, String)> {
        Vec::new()
    }

    fn serialize_fields(&self) -> BTreeMap<String, String> {
        self.save()
            .map(|json| (FIELD.to_owned(), json))
            .into_iter()
            .collect()
    }

    fn deserialize_fields(&self, serialized: &BTreeMap<String, String>) {
        if let Some(text) = serialized.get(FIELD) {
            self.load(text);
        }
    }
}

#[cfg(test)]
mod tests;
