//! The chord track of the session, to be read, edited and saved.
//!
//! A [`Session`] belongs to one instance and is shared by the worker, which writes what it
//! hears, the editor, which shows and edits it, and the host's main thread, which saves and
//! loads it. The audio thread never touches it.
//!
//! Reading is cheap: [`Session::track`] returns the same [`Arc`] until something has changed,
//! and [`Session::revision`] tells whether something has.

mod heard;
mod refused;
mod saved;
mod shared;
mod song;
mod unsaved;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use harmony::edit::{Command, EditError, Undo};
use harmony::track::{MAX_GROWN_SEGMENTS, Track};
use nice_plug::prelude::{ParamPtr, Params};
use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};

use self::shared::{Content, Shared};
use self::unsaved::Unsaved;
use crate::snapshot::SongPosition;
use changes_realtime::transport::HostPosition;

pub(crate) use self::heard::{HeardFrame, HeardFrames, MOST_KEPT_S};
pub use self::saved::{SavedSession, StateError};
pub(crate) use self::song::{Place, Song};

/// Where the times of a track count from.
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

/// A message for the user.
enum Message {
    /// A saved session could not be read.
    Refused,
    /// An unreadable track, kept beside the current one, can be read now.
    Readable,
    /// The host's song has begun; what was heard before is not part of it.
    SetAside,
    /// The track has the most chords it may have.
    Full,
    /// Another instance of the band had another track, which is kept.
    Merged,
}

impl Message {
    fn text(&self, content: &Content) -> Option<String> {
        Some(match self {
            Self::Refused => {
                let reason = content.refused.reason()?;
                let kept = match content.refused.in_place(content.has_chords()) {
                    Some(_) => "stays in the project until chords are heard or edited",
                    None => "is kept in the project beside the new one",
                };
                // In a small window the end is cut off.
                format!("Cannot read the saved chord track; it {kept}: {reason}.")
            }
            Self::Readable => "The project keeps another chord track, which could not be read \
                               when this one was made, and now can. Bring it back, and this one \
                               is kept instead."
                .to_owned(),
            Self::Merged => "Another instance of the band had another chord track, which is kept. \
                             Bring it back, and this one is kept instead."
                .to_owned(),
            Self::SetAside => "The song has begun: from now on chords lie on its bars. Undo \
                               brings back those that were heard before it."
                .to_owned(),
            Self::Full => format!(
                "The track is full: it has {MAX_GROWN_SEGMENTS} chords, and further ones are \
                 left out. Export it and clear it to go on."
            ),
        })
    }
}

/// The chord track of one instance; see the module's documentation. Instances in one band
/// share its content.
#[derive(Default)]
pub struct Session {
    /// Locked while its content is used: joining a band waits for that.
    shared: RwLock<Arc<Shared>>,
    /// Counts loaded states; changes under the lock of the content.
    loads: AtomicU32,
    /// Which of the content the host's project has. Locked before the content where both are
    /// locked.
    unsaved: Mutex<Unsaved>,
    /// What the network said of the song. Locked last.
    heard: heard::Kept,
}

impl Session {
    /// The current track: chords (provisional, confirmed and locked) with their alternatives,
    /// tempo, meters, keys, sections. It never changes once returned; while nothing changes
    /// this returns the same [`Arc`], so it is cheap enough for each paint.
    pub fn track(&self) -> Arc<Track> {
        self.shared.read().track()
    }

    /// A number that changes with every change of the track, its clock or the message. While
    /// it is the same, [`track`](Self::track) is the same.
    pub fn revision(&self) -> u64 {
        self.shared.read().revision()
    }

    /// Where the track's seconds count from. When the host's transport rolls for the first
    /// time the track starts anew on [`Clock::Host`], keeping its title and composer. That is
    /// an edit: [`undo`](Self::undo) brings back what was heard before, at its seconds.
    pub fn clock(&self) -> Clock {
        self.look(|content| content.song.clock())
    }

    /// Carries out an edit, which can be undone. A chord set by hand is locked: later passes
    /// leave it alone until it is unlocked.
    ///
    /// # Errors
    /// If the command is impossible here; the message is for the user, and nothing has
    /// changed.
    pub fn edit(&self, command: &Command) -> Result<(), EditError> {
        self.change(|content| {
            content.song.editor_mut().apply(command)?;
            content.refused.set_edited(true);
            Ok(())
        })
    }

    /// Carries out an edit that adds chords from a file ([`Command::Place`]). On a track that goes
    /// by the stream, what is heard from then on comes after them.
    ///
    /// # Errors
    /// As [`edit`](Self::edit).
    pub fn place(&self, command: &Command) -> Result<(), EditError> {
        self.change(|content| {
            content.song.put_in(command)?;
            content.refused.set_edited(true);
            Ok(())
        })
    }

    /// Puts the track on the seconds of the host's song from now on, as when it first rolls: for a
    /// host that stands still but reports a tempo, in quarter notes a minute.
    pub fn take_hosts_clock(&self, bpm: f64) {
        self.change(|content| {
            content.song.begin_at(bpm);
            if content.song.take_set_aside() && content.message.is_none() {
                content.message = Some(Message::SetAside);
            }
        });
    }

    /// Undoes the last edit, or brings back the confirmed chords that the last pass over the
    /// song replaced. Returns whether there was anything to undo. What was heard since stays,
    /// except within the time span that the edit had changed or the pass had covered.
    pub fn undo(&self) -> bool {
        self.change(|content| {
            let undone = content.song.editor_mut().undo();
            if undone && matches!(content.message, Some(Message::SetAside)) {
                content.message = None;
            }
            content.song.close_rooms();
            content.refused.set_edited(content.song.editor().can_undo());
            undone
        })
    }

    /// Redoes what was undone last. Returns whether there was anything to redo.
    pub fn redo(&self) -> bool {
        self.change(|content| {
            let redone = content.song.editor_mut().redo();
            content.song.make_room();
            content.refused.set_edited(content.song.editor().can_undo());
            redone
        })
    }

    /// Whether [`undo`](Self::undo) would do anything.
    pub fn can_undo(&self) -> bool {
        self.look(|content| content.song.editor().can_undo())
    }

    /// What [`undo`](Self::undo) would undo.
    pub fn next_undo(&self) -> Option<Undo> {
        self.look(|content| content.song.editor().next_undo())
    }

    /// Whether [`redo`](Self::redo) would do anything.
    pub fn can_redo(&self) -> bool {
        self.look(|content| content.song.editor().can_redo())
    }

    /// A message for the user about the session: a saved state that could not be read, chords set
    /// aside when the host's song began, a full track; `None` if there is none. It stays until a
    /// state is loaded without error, [`dismiss_message`](Self::dismiss_message) is called, or an
    /// undo has brought the chords back.
    pub fn message(&self) -> Option<String> {
        self.look(|content| {
            let message = content.message.as_ref();
            message.and_then(|message| message.text(content))
        })
    }

    /// Whether the message is about a track that [`bring_back`](Self::bring_back) brings back.
    pub fn can_bring_back(&self) -> bool {
        self.look(|content| {
            let message = content.message.as_ref();
            message.is_some_and(|it| matches!(it, Message::Readable | Message::Merged))
        })
    }

    /// Brings back the track that the message is about, and keeps the current one in its place,
    /// so that a second call swaps them again. Returns whether there was one.
    pub fn bring_back(&self) -> bool {
        self.change(|content| {
            if !content.refused.is_readable() {
                return false;
            }
            let now = SavedSession {
                clock: content.song.clock(),
                track: content.song.track().clone(),
                changed_ms: content.changed_ms,
            };
            // The text is missing only for a track that nobody would miss.
            let Some(saved) = content.refused.swap(now.to_json().ok()) else {
                return false;
            };
            self.loads.fetch_add(1, Ordering::Release);
            content.song = Song::new(saved.clock, saved.track);
            content.changed_ms = saved.changed_ms;
            true
        })
    }

    /// Dismisses the message: the user has seen it.
    pub fn dismiss_message(&self) {
        self.change(|content| content.message = None);
    }

    /// The saved form: JSON with a version, see [`SavedSession`]. A loaded form that could not
    /// be read is returned as it was, as long as nothing was heard or edited since.
    ///
    /// # Errors
    /// A track causes none; the type is serde's.
    pub fn save(&self) -> Result<String, serde_json::Error> {
        Ok(self.save_all()?.0)
    }

    /// [`save`](Self::save), and the unreadable texts kept beside the track.
    fn save_all(&self) -> Result<(String, Vec<String>), serde_json::Error> {
        let mut unsaved = self.unsaved.lock();
        let shared = self.shared.read();
        let content = shared.content.lock();
        let has_chords = content.has_chords();
        let beside = content.refused.beside(has_chords);
        let beside = beside.into_iter().map(str::to_owned).collect();
        if let Some(text) = content.refused.in_place(has_chords) {
            unsaved.kept(content.song.track());
            return Ok((text.to_owned(), beside));
        }
        let (clock, changed_ms) = (content.song.clock(), content.changed_ms);
        let track = shared.publish(&content);
        // Saving takes time, and the worker writes meanwhile.
        drop(content);
        drop(shared);
        unsaved.kept(&track);
        drop(unsaved);
        let saved = SavedSession {
            clock,
            track: Arc::unwrap_or_clone(track),
            changed_ms,
        };
        Ok((saved.to_json()?, beside))
    }

    /// Loads a saved form, of this version or an older one. One that cannot be read leaves an
    /// empty track: [`message`](Self::message) says why, and [`save`](Self::save) returns it.
    ///
    /// In a band, the first state that an instance is given comes from the project, which all
    /// of its instances have saved: the newest of them counts. A later one was chosen by the
    /// user: it counts, and the track that was there is kept beside it.
    pub fn load(&self, text: &str) {
        self.load_all(text, Vec::new());
    }

    /// [`load`](Self::load), with the texts kept beside the track.
    fn load_all(&self, text: &str, beside: Vec<String>) {
        let mut loaded = Content::loaded(text, beside);
        let mut unsaved = self.unsaved.lock();
        let shared = self.shared.read();
        shared.take_over(|content| {
            let first = self.loads.fetch_add(1, Ordering::Release) == 0;
            if !shared.is_of_band() {
                *content = loaded;
            } else if first {
                if content.merge(loaded) {
                    shared.count_replaced();
                }
            } else {
                std::mem::swap(content, &mut loaded);
                content.keep_aside(loaded);
                shared.count_replaced();
            }
            unsaved.kept(content.song.track());
        });
    }

    /// Whether chords were heard that the host's project lacks and the host should be told
    /// now; not each time, see [`unsaved`]. The caller then tells it. Not for the audio
    /// thread.
    pub(crate) fn has_news_for_host(&self) -> bool {
        let now = Instant::now();
        // Saving and loading have priority.
        let Some(mut unsaved) = self.unsaved.try_lock() else {
            return false;
        };
        let news = unsaved.is_due(self.revision(), now)
            && self.look(|content| unsaved.differs(content.song.track()));
        if news {
            unsaved.told(now);
        }
        news
    }

    /// Notes that the host was told of the change.
    pub(crate) fn host_was_told(&self) {
        self.unsaved.lock().told(Instant::now());
    }

    /// How many saved states were loaded so far, wrapping around. Safe on the audio thread,
    /// which marks the audio with it.
    pub fn loads(&self) -> u32 {
        self.loads.load(Ordering::Acquire)
    }

    /// For the worker: writes what was heard when `loads` states had been loaded. `None` if
    /// another was loaded since: it was heard in a session that is gone, and is left out.
    pub(crate) fn record<R>(&self, loads: u32, write: impl FnOnce(&mut Song) -> R) -> Option<R> {
        let shared = self.shared.read();
        let mut content = shared.content.lock();
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
            shared.count(&mut content);
        }
        Some(result)
    }

    /// For the worker: what it hears from `stream_s` of the stream on belongs to the session
    /// after `loads` loaded states.
    pub(crate) fn take_up(&self, loads: u32, stream_s: f64) {
        let shared = self.shared.read();
        let mut content = shared.content.lock();
        if loads == self.loads() {
            content.song.take_up(stream_s);
        }
    }

    /// For the worker: the position in the host's song, at `stream_s` seconds of the stream;
    /// `moving` says whether audio arrives.
    pub(crate) fn position(
        &self,
        host: &HostPosition,
        stream_s: f64,
        moving: bool,
    ) -> SongPosition {
        self.look(|content| content.song.position(host, stream_s, moving))
    }

    fn look<R>(&self, look: impl FnOnce(&Content) -> R) -> R {
        look(&self.shared.read().content.lock())
    }

    fn change<R>(&self, change: impl FnOnce(&mut Content) -> R) -> R {
        self.shared.read().change(change)
    }
}

/// The key of the plugin's state under which the session is saved.
const FIELD: &str = "track";

/// The key for saved sessions that could not be read, as a JSON array of texts.
const REFUSED_FIELD: &str = "refused-tracks";

// Not by `#[persist]`: that keeps the old value when it cannot read a field, without an error.
//
// SAFETY: there is no parameter here, so there is no pointer to one.
unsafe impl Params for Session {
    fn param_map(&self) -> Vec<(String, ParamPtr, String)> {
        Vec::new()
    }

    fn serialize_fields(&self) -> BTreeMap<String, String> {
        let mut fields = BTreeMap::new();
        if let Ok((json, beside)) = self.save_all() {
            fields.insert(FIELD.to_owned(), json);
            if !beside.is_empty()
                && let Ok(beside) = serde_json::to_string(&beside)
            {
                fields.insert(REFUSED_FIELD.to_owned(), beside);
            }
        }
        fields
    }

    fn deserialize_fields(&self, serialized: &BTreeMap<String, String>) {
        if let Some(text) = serialized.get(FIELD) {
            let beside = serialized.get(REFUSED_FIELD);
            let beside = beside.and_then(|texts| serde_json::from_str(texts).ok());
            self.load_all(text, beside.unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests;
