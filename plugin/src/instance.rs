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

/// What one instance's audio thread, worker and editor share. The audio thread has its end of
/// the tap, and uses only atomics of this: parameter values and
/// [`live_notes`](Self::live_notes), unless its host renders offline
/// ([`Hearing::hear`](crate::hearing::Hearing::hear)).
pub struct Instance {
    /// Parameters and what is saved with them.
    pub params: Arc<ChangesParams>,
    /// Asks an open editor to draw itself again.
    pub repaint: RepaintNotifier,
    /// The connection to the host.
    pub host: Arc<HostLink>,
    /// Taps that the worker has not taken over yet, oldest first: one more each
    /// time the host changes its rate.
    feeds: Mutex<VecDeque<TapOutput>>,
    /// The revision of the session when the latest snapshot was published.
    shown_revision: AtomicU64,
    /// Songs and charts being opened.
    pub opening: Arc<Opening>,
    /// The notes of the live chord, from the worker to the audio thread.
    pub live_notes: LiveNotes,
    /// The notes to audition, from the window to the audio thread.
    pub wish: Wish,
    /// The latest snapshot. Readers and the writer never wait for each other.
    snapshot: ArcSwap<Snapshot>,
    /// Whether the snapshot was read since [`Self::was_looked_at`] was last called.
    looked_at: AtomicBool,
}

impl Instance {
    /// An instance that has had no audio.
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

    /// Whether taps wait for the worker. Not for the audio thread.
    pub fn has_feeds(&self) -> bool {
        !self.feeds.lock().is_empty()
    }

    /// Takes over the oldest tap that is waiting.
    pub(crate) fn next_feed(&self) -> Option<TapOutput> {
        self.feeds.lock().pop_front()
    }

    /// The chord track, to read, edit and save. Not for the audio thread.
    pub fn session(&self) -> &Arc<Session> {
        &self.params.session
    }

    /// Tells the host that the user has changed what its project keeps. Not for the audio
    /// thread.
    pub fn tell_edited(&self) {
        self.session().host_was_told();
        self.host.project_changed();
    }

    /// Tells the host, now and then, that chords were heard which its project lacks. Not for
    /// the audio thread.
    pub(crate) fn tell_heard(&self) {
        if self.session().has_news_for_host() {
            self.host.project_changed();
        }
    }

    /// The latest snapshot of the analysis.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.looked_at.store(true, Ordering::Relaxed);
        self.snapshot.load_full()
    }

    /// Whether the snapshot was read since the last call: an open window reads it at every
    /// repaint. Without one, fifty snapshots a second are not needed.
    pub(crate) fn was_looked_at(&self) -> bool {
        self.looked_at.swap(false, Ordering::Relaxed)
    }

    /// Publishes a snapshot and asks for a repaint, unless nothing has changed: a window on a
    /// stopped host costs nothing.
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
