//! What an instance of the plugin shares with the worker and the editor.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use nice_plug_egui::RepaintNotifier;
use parking_lot::Mutex;

use crate::host::HostLink;
use crate::opening::Opening;
use crate::params::ChangesParams;
use crate::session::Session;
use crate::snapshot::Snapshot;
use changes_realtime::audition::Wish;
use changes_realtime::midi_out::LiveNotes;
use changes_realtime::tap::TapOutput;

/// The meeting place of one instance's audio thread, worker and editor. The audio
/// thread has its end of the tap, and reads of this the atomics alone, values of parameters
/// and [`live_notes`](Self::live_notes), unless its host renders offline
/// ([`Hearing::hear`](crate::hearing::Hearing::hear)).
pub struct Instance {
    /// Parameters and what is saved with them.
    pub params: Arc<ChangesParams>,
    /// Asks an open editor to draw itself again.
    pub repaint: RepaintNotifier,
    /// The way to the host, for what it should know.
    pub host: Arc<HostLink>,
    /// Taps that the worker has not taken over yet, oldest first: one more each
    /// time the host changes its rate.
    feeds: Mutex<VecDeque<TapOutput>>,
    /// The revision of the session when the latest picture was published.
    shown_revision: AtomicU64,
    /// Songs and charts that are opened.
    pub opening: Arc<Opening>,
    /// The notes of the live chord, from the worker to the audio thread.
    pub live_notes: LiveNotes,
    /// The notes that somebody wants to hear, from the window to the audio thread.
    pub wish: Wish,
    /// The latest picture. Readers and the writer never wait for each other.
    snapshot: ArcSwap<Snapshot>,
    /// Whether somebody has looked at it since [`Self::was_looked_at`] was last asked.
    looked_at: AtomicBool,
}

impl Instance {
    /// An instance without audio so far.
    pub fn new(params: Arc<ChangesParams>) -> Self {
        Self {
            repaint: RepaintNotifier::default(),
            host: HostLink::of_this_making(),
            feeds: Mutex::default(),
            params,
            shown_revision: AtomicU64::new(0),
            opening: Arc::default(),
            live_notes: LiveNotes::default(),
            wish: Wish::default(),
            snapshot: ArcSwap::default(),
            looked_at: AtomicBool::new(false),
        }
    }

    /// Hands the worker a tap. Not for the audio thread.
    pub fn feed(&self, output: TapOutput) {
        self.feeds.lock().push_back(output);
    }

    /// Whether taps wait that the worker has not taken over yet. Not for the audio thread.
    pub fn has_feeds(&self) -> bool {
        !self.feeds.lock().is_empty()
    }

    /// Takes over the oldest tap that is waiting.
    pub(crate) fn next_feed(&self) -> Option<TapOutput> {
        self.feeds.lock().pop_front()
    }

    /// The chord track: to read, to edit, to save. Not for the audio thread.
    pub fn session(&self) -> &Arc<Session> {
        &self.params.session
    }

    /// Tells the host that somebody has changed what its project keeps. Not for the audio
    /// thread.
    pub fn tell_edited(&self) {
        self.session().host_was_told();
        self.host.project_changed();
    }

    /// Tells the host, once in a while, that chords were heard that its project lacks. Not for
    /// the audio thread.
    pub(crate) fn tell_heard(&self) {
        if self.session().has_news_for_host() {
            self.host.project_changed();
        }
    }

    /// The latest picture of the analysis.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.looked_at.store(true, Ordering::Relaxed);
        self.snapshot.load_full()
    }

    /// Whether anybody has asked for the picture since this was last asked: an open window
    /// does so at every repaint. A closed window needs no drawing fifty times a second.
    pub(crate) fn was_looked_at(&self) -> bool {
        self.looked_at.swap(false, Ordering::Relaxed)
    }

    /// Publishes a picture and asks for a repaint, unless everything is as it was: a window
    /// on a host that stands still costs nothing.
    pub(crate) fn publish(&self, snapshot: Snapshot) {
        let revision = self.session().revision();
        let same_track = self.shown_revision.swap(revision, Ordering::Relaxed) == revision;
        if same_track && **self.snapshot.load() == snapshot {
            return;
        }
        self.snapshot.store(Arc::new(snapshot));
        self.repaint.request_repaint();
    }
}
