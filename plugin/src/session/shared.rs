//! The content of a session, which all instances of a band may share.
//!
//! All of them save it with the host's project. When the project is opened they load one by one,
//! each its copy: the newest becomes the band's, and a different one is kept beside it and can
//! be brought back.

use std::cmp::Ordering as Order;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use harmony::track::Track;
use parking_lot::Mutex;

use super::refused::Refused;
use super::saved::SavedSession;
use super::song::Song;
use super::{Message, Session};

/// The last revision. All sessions of the process share this counter, so that no two have the
/// same revision: an instance may move from one to another.
static REVISION: AtomicU64 = AtomicU64::new(0);

/// A track as it was at some revision.
#[derive(Default)]
struct Published {
    revision: u64,
    track: Arc<Track>,
}

#[derive(Default)]
pub(super) struct Content {
    pub(super) song: Song,
    pub(super) message: Option<Message>,
    pub(super) refused: Refused,
    /// See [`SavedSession::changed_ms`].
    pub(super) changed_ms: u64,
}

impl Content {
    /// The content of a saved form, with the texts kept beside it.
    pub(super) fn loaded(text: &str, beside: Vec<String>) -> Self {
        let mut content = match SavedSession::from_json(text) {
            Ok(saved) => Self {
                song: Song::new(saved.clock, saved.track),
                changed_ms: saved.changed_ms,
                ..Self::default()
            },
            Err(error) => Self {
                message: Some(Message::Refused),
                refused: Refused::new(text, error),
                ..Self::default()
            },
        };
        content.refused.set_aside(beside);
        if content.message.is_none() && content.refused.is_readable() {
            content.message = Some(Message::Readable);
        }
        content
    }

    pub(super) fn has_chords(&self) -> bool {
        let segments = self.song.track().timeline().segments();
        segments.iter().any(|it| it.label.chord().is_some())
    }

    /// Merges another content into this one: the newer of the two tracks stays, and the other
    /// is kept beside it. Returns whether the track is another one now.
    pub(super) fn merge(&mut self, mut other: Self) -> bool {
        let taken = other.order(self) == Order::Greater;
        if taken {
            std::mem::swap(self, &mut other);
        }
        self.keep_aside(other);
        taken
    }

    /// Keeps what another content has beside its track, unless it is here already.
    pub(super) fn keep_aside(&mut self, other: Self) {
        let differs = other.has_chords() && other.song.track() != self.song.track();
        let saved = differs.then(|| other.saved().to_json().ok()).flatten();
        let had_track = saved.is_some();
        let mut texts = other.refused.into_texts();
        texts.extend(saved);
        let new = self.refused.put_aside(texts);
        if new && had_track && self.message.is_none() {
            self.message = Some(Message::Merged);
        }
    }

    /// The order of contents: the greatest is the band's. With chords in both, the newer one.
    fn order(&self, other: &Self) -> Order {
        let rank = |it: &Self| {
            (
                it.has_chords(),
                it.refused.reason().is_some(),
                it.changed_ms,
            )
        };
        let end_s = |it: &Self| it.song.track().timeline().end_s().unwrap_or(0.0);
        if self.song.track() == other.song.track() && rank(self) == rank(other) {
            return Order::Equal;
        }
        let text = |it: &Self| it.saved().to_json().unwrap_or_default();
        rank(self)
            .cmp(&rank(other))
            .then(end_s(self).total_cmp(&end_s(other)))
            .then_with(|| text(self).cmp(&text(other)))
    }

    fn saved(&self) -> SavedSession {
        SavedSession {
            clock: self.song.clock(),
            track: self.song.track().clone(),
            changed_ms: self.changed_ms,
        }
    }

    /// A copy of the track alone: its undo history and the texts beside it stay with the band.
    fn copied(&self) -> Self {
        Self {
            song: Song::new(self.song.clock(), self.song.track().clone()),
            changed_ms: self.changed_ms,
            ..Self::default()
        }
    }
}

#[derive(Default)]
pub(super) struct Shared {
    pub(super) content: Mutex<Content>,
    /// Changes with `content`, under its lock.
    revision: AtomicU64,
    /// The copy that was handed out last, renewed on request when it is old.
    published: ArcSwap<Published>,
    /// Whether the content belongs to a band.
    of_band: AtomicBool,
    /// Counts how often the track was replaced by another.
    replaced: AtomicU32,
}

impl Shared {
    pub(super) fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    pub(super) fn track(&self) -> Arc<Track> {
        let published = self.published.load();
        if published.revision == self.revision() {
            return Arc::clone(&published.track);
        }
        self.publish(&self.content.lock())
    }

    /// The track of `content`, which is locked.
    pub(super) fn publish(&self, content: &Content) -> Arc<Track> {
        let published = self.published.load();
        if published.revision == self.revision() {
            return Arc::clone(&published.track);
        }
        // The revision cannot change here: it is counted under the lock of the content.
        let published = Published {
            revision: self.revision(),
            track: Arc::new(content.song.track().clone()),
        };
        let track = Arc::clone(&published.track);
        self.published.store(Arc::new(published));
        track
    }

    pub(super) fn change<R>(&self, change: impl FnOnce(&mut Content) -> R) -> R {
        let mut content = self.content.lock();
        let result = change(&mut content);
        self.count(&mut content);
        result
    }

    /// The same for a change that does not make the track newer.
    pub(super) fn take_over(&self, change: impl FnOnce(&mut Content)) {
        change(&mut self.content.lock());
        self.count_revision();
    }

    /// Counts a change of `content`, which is locked.
    pub(super) fn count(&self, content: &mut Content) {
        if self.is_of_band() {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            content.changed_ms = now.map_or(0, |it| it.as_millis() as u64);
        }
        self.count_revision();
    }

    fn count_revision(&self) {
        let revision = REVISION.fetch_add(1, Ordering::Relaxed) + 1;
        self.revision.store(revision, Ordering::Release);
    }

    pub(super) fn is_of_band(&self) -> bool {
        self.of_band.load(Ordering::Relaxed)
    }

    pub(super) fn count_replaced(&self) {
        self.replaced.fetch_add(1, Ordering::Release);
    }
}

impl Session {
    /// A session that instances may join.
    pub(crate) fn of_band() -> Self {
        let session = Self::default();
        session.shared.read().of_band.store(true, Ordering::Relaxed);
        session
    }

    /// Joins a band: shares its content, and merges this session's into it, see
    /// [`Content::merge`].
    pub(crate) fn join(&self, band: &Self) {
        let of_band = band.shared.read();
        let mut own = self.shared.write();
        if Arc::ptr_eq(&of_band, &own) {
            return;
        }
        let brought = std::mem::take(&mut *own.content.lock());
        of_band.take_over(|content| {
            if content.merge(brought) {
                of_band.count_replaced();
                content.song.change_writer();
            }
        });
        *own = Arc::clone(&of_band);
    }

    /// Leaves the band, with a copy of its track.
    pub(crate) fn leave(&self) {
        let mut own = self.shared.write();
        let shared = Shared {
            content: Mutex::new(own.content.lock().copied()),
            ..Shared::default()
        };
        shared.count_revision();
        *own = Arc::new(shared);
    }

    /// Takes over the content of a band that has ended.
    pub(crate) fn inherit(&self) {
        let shared = self.shared.read();
        shared.of_band.store(false, Ordering::Relaxed);
        shared.content.lock().song.change_writer();
    }

    /// Counts how often the track was replaced by another: what was heard before then does not
    /// belong to it.
    pub(crate) fn replaced(&self) -> u32 {
        self.shared.read().replaced.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use harmony::edit::Command;
    use harmony::timeline::Segment;

    use super::*;

    fn session(chords: &[(f64, f64, &str)]) -> Session {
        let session = Session::default();
        session.record(session.loads(), |song| {
            for &(start_s, end_s, label) in chords {
                let heard = Segment::new(start_s, end_s, label.parse().unwrap());
                song.write(start_s, end_s, vec![heard]);
            }
        });
        session
    }

    fn chords(session: &Session) -> Vec<String> {
        let track = session.track();
        let segments = track.timeline().segments().iter();
        segments.map(|it| it.label.to_string()).collect()
    }

    fn set(session: &Session, label: &str) {
        let label = label.parse().unwrap();
        session
            .edit(&Command::SetChord { at_s: 0.5, label })
            .unwrap();
    }

    #[test]
    fn all_see_one_track_and_any_of_them_edits_and_undoes_it() {
        let band = Session::of_band();
        let first = session(&[(0.0, 1.0, "C")]);
        set(&first, "D:min");
        let second = Session::default();
        first.join(&band);
        second.join(&band);
        assert_eq!(chords(&second), ["D:min"]);
        assert_eq!(second.revision(), first.revision());
        set(&second, "G:7");
        assert_eq!(chords(&first), ["G:7"]);
        // Edits from before the band can be undone, too.
        assert!(first.undo() && second.undo());
        assert_eq!(chords(&band), ["C:maj"]);
        assert!(second.redo());
        // A session that leaves takes a copy with it.
        second.leave();
        set(&first, "F");
        assert_eq!(
            (chords(&first), chords(&second)),
            (vec!["F:maj".into()], vec!["D:min".into()])
        );
        assert_ne!(second.revision(), first.revision());
    }

    #[test]
    fn a_project_that_is_opened_again_has_its_track_once() {
        let band = Session::of_band();
        let members: Vec<Session> = (0..4).map(|_| Session::default()).collect();
        for member in &members {
            member.join(&band);
        }
        set_up(&members[2]);
        let saved: Vec<String> = members.iter().map(|it| it.save().unwrap()).collect();
        assert!(saved.iter().all(|it| *it == saved[0]) && saved[0].contains("changed_ms"));
        // Loaded before they are a band, and after.
        for early in [true, false] {
            let band = Session::of_band();
            let members: Vec<Session> = (0..4).map(|_| Session::default()).collect();
            for (member, saved) in members.iter().zip(&saved) {
                if early {
                    member.load(saved);
                }
                member.join(&band);
                if !early {
                    member.load(saved);
                }
            }
            for member in &members {
                assert_eq!(chords(member), ["C:maj", "F:maj"]);
                assert_eq!(member.message(), None);
                assert_eq!(member.save().unwrap(), saved[0]);
            }
        }
    }

    fn set_up(session: &Session) {
        session.record(session.loads(), |song| {
            for (start_s, label) in [(0.0, "C"), (1.0, "F")] {
                let heard = Segment::new(start_s, start_s + 1.0, label.parse().unwrap());
                song.write(start_s, start_s + 1.0, vec![heard]);
            }
        });
    }

    #[test]
    fn the_newest_counts_in_any_order_and_what_gives_way_can_be_brought_back() {
        let text = |changed_ms: u64, label: &str| {
            let mut content = Content {
                changed_ms,
                ..Content::default()
            };
            let heard = Segment::new(0.0, 1.0, label.parse().unwrap());
            content.song.write(0.0, 1.0, vec![heard]);
            content.saved().to_json().unwrap()
        };
        let (old, new) = (text(1000, "C"), text(2000, "G"));
        for order in [[&old, &new], [&new, &old]] {
            let band = Session::of_band();
            let members = order.map(|text| {
                let member = Session::default();
                member.load(text);
                member.join(&band);
                member
            });
            assert_eq!(chords(&members[0]), ["G:maj"]);
            assert!(members[0].can_bring_back());
            assert!(members[1].message().unwrap().contains("Bring it back"));
            assert!(members[1].bring_back());
            assert_eq!(chords(&members[0]), ["C:maj"]);
            assert!(members[0].bring_back());
            assert_eq!(chords(&band), ["G:maj"]);
        }
        // A state that the user chooses later counts, however old.
        let band = Session::of_band();
        let member = Session::default();
        member.join(&band);
        member.load(&new);
        let replaced = band.replaced();
        member.load(&old);
        assert_eq!(chords(&band), ["C:maj"]);
        assert_ne!(band.replaced(), replaced);
        assert!(band.can_bring_back() && band.bring_back());
        assert_eq!(chords(&member), ["G:maj"]);
    }

    #[test]
    fn what_cannot_be_read_is_not_lost_in_a_band() {
        let newer = r#"{"version": 99, "clock": "host", "track": {}}"#;
        let band = Session::of_band();
        let (first, second) = (session(&[(0.0, 1.0, "C")]), Session::default());
        second.load(newer);
        first.join(&band);
        second.join(&band);
        assert_eq!(chords(&second), ["C:maj"]);
        let (_, beside) = first.save_all().unwrap();
        assert_eq!(beside, [newer]);
    }

    #[test]
    fn an_instance_by_itself_saves_what_it_always_has() {
        let alone = session(&[(0.0, 1.0, "C")]);
        set(&alone, "D:min");
        assert!(!alone.save().unwrap().contains("changed_ms"));
    }
}
