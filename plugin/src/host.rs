//! What an instance reports to its host without nice-plug: that the project has changed, so that
//! the host asks before closing it, and the chord shown ([`LiveReadout`]), which the host can read
//! as parameters.
//!
//! CLAP's `clap_host_state.mark_dirty` and VST3's `IComponentHandler2::setDirty` do that, both
//! on the host's main thread only. nice-plug 0.4.2 uses neither; `entry` passes the host on as
//! a [`Listener`]. The other known way, a hidden parameter that is changed, would show in every
//! parameter list, and Ardour 7 ignores parameters that cannot be automated.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use changes_realtime::readout::LiveReadout;
use parking_lot::Mutex;

/// A host that can be told of changes.
pub trait Listener: Send + Sync {
    /// The project has changed in something other than a parameter. Called on the host's main
    /// thread.
    fn project_changed(&self);
}

/// How long the end of an instance waits for a callback, which takes microseconds.
const LONGEST_ERRAND: Duration = Duration::from_secs(1);

/// Requests a call of [`HostLink::tell`] on the host's main thread.
type Errand = Box<dyn Fn() + Send>;

struct Host {
    listener: Arc<dyn Listener>,
    main_thread: ThreadId,
}

/// The connection from one instance to its host; see the module's documentation.
#[derive(Default)]
pub struct HostLink {
    host: Mutex<Option<Host>>,
    /// `None` before the wrapper has provided one, and once the instance ends.
    errand: Mutex<Option<Errand>>,
    /// Whether the host is still to be told.
    pending: AtomicBool,
    /// Whether the host itself runs such callbacks.
    has_callback: bool,
    /// Windows that are open.
    windows: AtomicU32,
    /// The chord that is shown, for the host to read.
    pub readout: LiveReadout,
}

thread_local! {
    /// The link of the instance that this thread is making.
    static MAKING: RefCell<Option<Arc<HostLink>>> = const { RefCell::new(None) };
}

impl HostLink {
    /// For a host that calls the plugin on its main thread on request, as CLAP hosts do.
    pub fn with_callback() -> Self {
        Self {
            has_callback: true,
            ..Self::default()
        }
    }

    /// Makes an instance with this link, on this thread: nice-plug makes instances without
    /// arguments.
    pub fn while_making<T>(self: &Arc<Self>, make: impl FnOnce() -> T) -> T {
        MAKING.set(Some(Arc::clone(self)));
        let made = make();
        MAKING.set(None);
        made
    }

    /// The link of the instance being made, or one without a host.
    pub fn of_this_making() -> Arc<Self> {
        MAKING.with_borrow(Option::clone).unwrap_or_default()
    }

    /// Sets the host to be told. Call it on the host's main thread.
    pub fn set_listener(&self, listener: Option<Arc<dyn Listener>>) {
        *self.host.lock() = listener.map(|listener| Host {
            listener,
            main_thread: thread::current().id(),
        });
        self.tell();
    }

    /// Sets the way to the host's main thread.
    pub fn set_errand(&self, errand: impl Fn() + Send + 'static) {
        *self.errand.lock() = Some(Box::new(errand));
    }

    /// Ends the link: once this returns, the host is not called and nothing of it is used. Call it
    /// on the host's main thread.
    pub fn close(&self) {
        // A running callback holds this lock and is waited for, unless it waits in turn for
        // the host, which makes this call.
        let errand = self.errand.try_lock_for(LONGEST_ERRAND);
        let errand = errand.and_then(|mut errand| errand.take());
        let host = self.host.lock().take();
        drop((errand, host));
    }

    /// A window of the instance opens.
    pub fn window_opened(&self) {
        self.windows.fetch_add(1, Ordering::Relaxed);
    }

    /// One is closed.
    pub fn window_closed(&self) {
        self.windows.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether callbacks reach the host's main thread. Those of VST3 on Linux go through the
    /// window's run loop; without a window nice-plug runs them on a thread of its own, where they
    /// are useless and may outlive the instance.
    fn runs_errands(&self) -> bool {
        self.has_callback
            || cfg!(any(not(unix), target_os = "macos"))
            || self.windows.load(Ordering::Relaxed) > 0
    }

    /// The project has changed: tells the host as soon as its main thread is free or calls.
    /// From any thread but the audio thread.
    pub fn project_changed(&self) {
        self.pending.store(true, Ordering::Release);
        if !self.tell()
            && self.runs_errands()
            && let Some(errand) = &*self.errand.lock()
        {
            errand();
        }
    }

    /// Tells the host if it is still to be told and this is its main thread. Returns whether
    /// nothing is left to tell.
    pub fn tell(&self) -> bool {
        let here = thread::current().id();
        let host = self.host.lock();
        let listener = match &*host {
            Some(host) if host.main_thread == here => Arc::clone(&host.listener),
            _ => return !self.pending.load(Ordering::Acquire),
        };
        // The host may respond by calling back or removing the listener.
        drop(host);
        if self.pending.swap(false, Ordering::AcqRel) {
            listener.project_changed();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[derive(Default)]
    struct Told(AtomicU32);

    impl Listener for Told {
        fn project_changed(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn told() -> (Arc<HostLink>, Arc<Told>) {
        let (link, host) = (Arc::new(HostLink::default()), Arc::new(Told::default()));
        link.set_listener(Some(host.clone()));
        (link, host)
    }

    #[test]
    fn the_host_is_told_on_its_main_thread_alone_and_once_for_all_that_waits() {
        let (link, host) = told();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| link.project_changed());
            }
        });
        assert_eq!(host.0.load(Ordering::Relaxed), 0);
        assert!(link.tell() && link.tell());
        assert_eq!(host.0.load(Ordering::Relaxed), 1);
        link.project_changed();
        assert_eq!(host.0.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_host_that_comes_later_is_told_what_waits() {
        let link = Arc::new(HostLink::default());
        link.project_changed();
        let host = Arc::new(Told::default());
        link.set_listener(Some(host.clone()));
        assert_eq!(host.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn errands_are_asked_for_elsewhere_and_none_after_the_end() {
        let (link, host) = told();
        link.window_opened();
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        link.set_errand(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        thread::scope(|scope| scope.spawn(|| link.project_changed()).join()).unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        link.close();
        thread::scope(|scope| scope.spawn(|| link.project_changed()).join()).unwrap();
        link.project_changed();
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert_eq!(host.0.load(Ordering::Relaxed), 0);
        // Whatever the errand captured is dropped.
        assert_eq!(Arc::strong_count(&asked), 1);
    }

    #[test]
    fn errands_that_nobody_runs_are_not_asked_for() {
        let asked_of = |link: HostLink, window: bool| {
            let asked = Arc::new(AtomicU32::new(0));
            let count = Arc::clone(&asked);
            link.set_errand(move || {
                count.fetch_add(1, Ordering::Relaxed);
            });
            if window {
                link.window_opened();
            }
            link.project_changed();
            asked.load(Ordering::Relaxed)
        };
        assert_eq!(asked_of(HostLink::with_callback(), false), 1);
        assert_eq!(asked_of(HostLink::default(), true), 1);
        if cfg!(target_os = "linux") {
            assert_eq!(asked_of(HostLink::default(), false), 0);
        }
    }

    #[test]
    fn an_instance_finds_the_link_that_it_is_made_with() {
        let link = Arc::new(HostLink::default());
        let found = link.while_making(HostLink::of_this_making);
        assert!(Arc::ptr_eq(&found, &link));
        assert!(!Arc::ptr_eq(&HostLink::of_this_making(), &link));
    }
}
