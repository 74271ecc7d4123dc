//! The CLAP host, built on clack-host.
//!
//! Functions that return a [`Result`] are for programs that load a file named by the user; the
//! others are for tests, and panic where the plugin violates the interface.

use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use clack_extensions::audio_ports_config::{AudioPortsConfigBuffer, PluginAudioPortsConfig};
use clack_extensions::gui::{GuiSize, HostGui, HostGuiImpl};
use clack_extensions::params::{ParamInfoBuffer, ParamInfoFlags, PluginParams};
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::{HostState, HostStateImpl, PluginState};
use clack_host::events::EventFlags;
use clack_host::events::event_types::{TransportEvent, TransportFlags};
use clack_host::prelude::*;
use clack_host::utils::{BeatTime, SecondsTime};
use harmony::timeline::Status;
use harmony::track::Track;

pub use crate::block::{Block, Note, hanging};
use crate::state;

/// The plugin's identifier.
pub const ID: &CStr = c"audio.changes.changes";

/// What the plugin has requested from the host.
#[derive(Default)]
pub struct TestShared {
    /// Whether the plugin wants a call on the main thread.
    callback: AtomicBool,
    /// How often it reported a change of the project.
    marked: AtomicU32,
}

impl SharedHandler<'_> for TestShared {
    fn request_restart(&self) {}
    fn request_process(&self) {}
    fn request_callback(&self) {
        self.callback.store(true, Ordering::Relaxed);
    }
}

/// The host's side of its main thread.
pub struct TestMainThread<'a>(&'a TestShared);

impl<'a> MainThreadHandler<'a> for TestMainThread<'a> {}

impl HostStateImpl for TestMainThread<'_> {
    fn mark_dirty(&self) {
        self.0.marked.fetch_add(1, Ordering::Relaxed);
    }
}

/// The kinds of handlers of this host.
pub struct TestHost;

impl HostHandlers for TestHost {
    type Shared<'a> = TestShared;
    type MainThread<'a> = TestMainThread<'a>;
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _: &Self::Shared<'_>) {
        builder.register::<HostGui>().register::<HostState>();
    }
}

/// A host that ignores the requests of the plugin's window.
impl HostGuiImpl for TestShared {
    fn resize_hints_changed(&self) {}

    fn request_resize(&self, _: GuiSize) -> Result<(), HostError> {
        Ok(())
    }

    fn request_show(&self) -> Result<(), HostError> {
        Ok(())
    }

    fn request_hide(&self) -> Result<(), HostError> {
        Ok(())
    }

    fn closed(&self, _: bool) {}
}

/// The built plugin: `CHANGES_CLAP`, or the library in the target directory of this test's
/// build. A `.clap` is that library under another name.
pub fn library() -> PathBuf {
    if let Some(path) = std::env::var_os("CHANGES_CLAP") {
        return path.into();
    }
    let test = std::env::current_exe().unwrap();
    let target = test.parent().unwrap().parent().unwrap();
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let name = format!("{prefix}changes_plugin{suffix}");
    // Cargo puts the library beside the test even where it does not copy it up; an older build
    // may have left one in the other place.
    let found = [target.join(&name), test.parent().unwrap().join(&name)]
        .into_iter()
        .filter(|path| path.exists())
        .max_by_key(|path| path.metadata().and_then(|it| it.modified()).ok());
    found.unwrap_or_else(|| {
        panic!(
            "no {name} in {}: build it with `cargo build --release -p changes-plugin`, or name \
             the plugin in CHANGES_CLAP",
            target.display()
        )
    })
}

/// Loads a `.clap`: on macOS a folder around the library, elsewhere the library itself.
///
/// # Errors
/// If there is no CLAP plugin at that path.
pub fn open(path: &Path) -> Result<PluginEntry> {
    let library = if path.is_dir() {
        path.join("Contents/MacOS/Changes")
    } else {
        path.to_owned()
    };
    // SAFETY: loading a library runs its code: this is the plugin under test, built from this
    // repository, or one named by the user.
    unsafe { PluginEntry::load(&library) }
        .map_err(|error| anyhow!("{error}"))
        .with_context(|| format!("cannot load {}", library.display()))
}

/// Makes an instance of the plugin with this identifier.
///
/// # Errors
/// If the plugin does not start.
pub fn create(entry: &PluginEntry, id: &CStr) -> Result<PluginInstance<TestHost>> {
    let info = HostInfo::new("Changes tests", "Changes", "", env!("CARGO_PKG_VERSION"))?;
    PluginInstance::<TestHost>::new(
        |_| TestShared::default(),
        |shared| TestMainThread(shared),
        entry,
        id,
        &info,
    )
    .map_err(|error| anyhow!("the plugin does not start: {error}"))
}

/// Loads the built [`library`].
///
/// # Panics
/// If it is not a CLAP plugin.
pub fn load() -> PluginEntry {
    open(&library()).unwrap()
}

/// Makes an instance of the plugin.
///
/// # Panics
/// If it does not start.
pub fn instantiate(entry: &PluginEntry) -> PluginInstance<TestHost> {
    create(entry, ID).unwrap()
}

/// Calls the plugin on the main thread if it requested that. Returns how often it has reported
/// a change of the project.
pub fn marked(instance: &mut PluginInstance<TestHost>) -> u32 {
    if instance.access_shared_handler(|it| it.callback.swap(false, Ordering::Relaxed)) {
        instance.call_on_main_thread_callback();
    }
    instance.access_shared_handler(|it| it.marked.load(Ordering::Relaxed))
}

/// Makes the plugin ready for blocks of at most `max_frames` samples at `sample_rate` in Hz.
///
/// # Errors
/// If it does not activate or start processing.
pub fn start(
    instance: &mut PluginInstance<TestHost>,
    sample_rate: f64,
    max_frames: usize,
) -> Result<StartedPluginAudioProcessor<TestHost>> {
    let configuration = PluginAudioConfiguration {
        sample_rate,
        min_frames_count: 1,
        max_frames_count: u32::try_from(max_frames)?,
    };
    instance
        .activate(|_, _| (), configuration)
        .map_err(|error| anyhow!("the plugin does not activate: {error}"))?
        .start_processing()
        .map_err(|error| anyhow!("the plugin does not start processing: {error}"))
}

/// Like [`start`].
///
/// # Panics
/// If that fails.
pub fn activate(
    instance: &mut PluginInstance<TestHost>,
    sample_rate: f64,
    max_frames: usize,
) -> StartedPluginAudioProcessor<TestHost> {
    start(instance, sample_rate, max_frames).unwrap()
}

/// Selects the layout of this name; the plugin must not be active.
pub fn select_layout(instance: &mut PluginInstance<TestHost>, name: &str) {
    let plugin = instance.plugin_handle();
    let configs: PluginAudioPortsConfig = plugin.get_extension().unwrap();
    let mut buffer = AudioPortsConfigBuffer::new();
    let id = (0..configs.count(&plugin))
        .find_map(|index| {
            let config = configs.get(&plugin, index, &mut buffer)?;
            (config.name == name.as_bytes()).then_some(config.id)
        })
        .unwrap_or_else(|| panic!("no layout {name}"));
    configs.select(&plugin, id).unwrap();
}

/// Tells the plugin whether the host renders offline; the plugin must not be active.
///
/// # Errors
/// If the plugin lacks the extension, or refuses.
pub fn render(instance: &mut PluginInstance<TestHost>, mode: RenderMode) -> Result<()> {
    let plugin = instance.plugin_handle();
    let render: PluginRender = plugin
        .get_extension()
        .context("the plugin has no render extension")?;
    ensure!(
        !render.has_realtime_requirement(&plugin),
        "the plugin requires real time"
    );
    render.set(&plugin, mode)?;
    Ok(())
}

/// Like [`render`].
///
/// # Panics
/// If that fails.
pub fn set_render_mode(instance: &mut PluginInstance<TestHost>, mode: RenderMode) {
    render(instance, mode).unwrap();
}

/// A parameter of the plugin.
#[derive(Debug)]
pub struct Parameter {
    /// The identifier by which hosts set it.
    pub id: ClapId,
    /// The name that users see.
    pub name: String,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
    /// The current value.
    pub value: f64,
    /// Its flags.
    pub flags: ParamInfoFlags,
}

/// All parameters.
///
/// # Panics
/// If the plugin has none, or hides one.
pub fn parameters(instance: &mut PluginInstance<TestHost>) -> Vec<Parameter> {
    let plugin = instance.plugin_handle();
    let params: PluginParams = plugin.get_extension().unwrap();
    (0..params.count(&plugin))
        .map(|index| {
            let mut buffer = ParamInfoBuffer::new();
            let info = params.get_info(&plugin, index, &mut buffer).unwrap();
            Parameter {
                id: info.id,
                name: String::from_utf8_lossy(info.name).into_owned(),
                min: info.min_value,
                max: info.max_value,
                value: params.get_value(&plugin, info.id).unwrap(),
                flags: info.flags,
            }
        })
        .collect()
}

/// The parameter of this name.
///
/// # Errors
/// If there is none.
pub fn parameter(instance: &mut PluginInstance<TestHost>, name: &str) -> Result<ClapId> {
    let plugin = instance.plugin_handle();
    let params: PluginParams = plugin
        .get_extension()
        .context("the plugin offers no parameters")?;
    let mut buffer = ParamInfoBuffer::new();
    (0..params.count(&plugin))
        .find_map(|index| {
            let info = params.get_info(&plugin, index, &mut buffer)?;
            (info.name == name.as_bytes()).then_some(info.id)
        })
        .with_context(|| format!("the plugin has no parameter `{name}`"))
}

/// The state that the plugin saves with a project.
///
/// # Errors
/// If the plugin does not deliver it.
pub fn saved(instance: &mut PluginInstance<TestHost>) -> Result<Vec<u8>> {
    let plugin = instance.plugin_handle();
    let state: PluginState = plugin
        .get_extension()
        .context("the plugin does not offer its state")?;
    let mut saved = Vec::new();
    state.save(&plugin, &mut saved)?;
    Ok(saved)
}

/// Like [`saved`].
///
/// # Panics
/// If that fails.
pub fn save(instance: &mut PluginInstance<TestHost>) -> Vec<u8> {
    saved(instance).unwrap()
}

/// Loads a state. Returns whether the plugin took it.
pub fn restore(instance: &mut PluginInstance<TestHost>, saved: &[u8]) -> bool {
    let plugin = instance.plugin_handle();
    let state: PluginState = plugin.get_extension().unwrap();
    state.load(&plugin, &mut &saved[..]).is_ok()
}

/// The JSON within a saved state.
///
/// # Panics
/// If there is none.
pub fn state_json(saved: &[u8]) -> serde_json::Value {
    state::json(saved).unwrap()
}

/// The session that the plugin would save: its clock and its chord track.
///
/// # Panics
/// If it cannot be read.
pub fn session(instance: &mut PluginInstance<TestHost>) -> (String, Track) {
    let (session, track) = state::session(&save(instance)).unwrap();
    (session["clock"].as_str().unwrap().to_owned(), track)
}

/// The chord track in a saved state as written, to the last digit.
pub fn track_json(instance: &mut PluginInstance<TestHost>) -> String {
    let state = state_json(&save(instance));
    state["fields"]["track"].as_str().unwrap().to_owned()
}

/// The chord track in a saved state.
pub fn track(instance: &mut PluginInstance<TestHost>) -> Track {
    session(instance).1
}

/// Waits until the track reaches `end_s` and all of it is confirmed: the worker has its own
/// pace.
pub fn await_confirmed(instance: &mut PluginInstance<TestHost>, end_s: f64) -> Track {
    let started = Instant::now();
    loop {
        let track = track(instance);
        let reached = track.timeline().end_s().is_some_and(|it| it >= end_s);
        let mut segments = track.timeline().into_iter();
        if reached && segments.all(|it| it.status == Status::Confirmed) {
            return track;
        }
        assert!(started.elapsed() < Duration::from_secs(300), "{track:#?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The musical time of a song.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tempo {
    /// Quarter notes per minute.
    pub bpm: f64,
    /// Quarter notes per bar.
    pub beats_per_bar: u16,
}

impl Tempo {
    /// The transport of a playing song, so many seconds from its start.
    pub fn at(self, seconds: f64) -> TransportEvent {
        self.transport(seconds * self.bpm / 60.0, seconds)
    }

    fn transport(self, beats: f64, seconds: f64) -> TransportEvent {
        let (beat, second) = (BeatTime::from_float, SecondsTime::from_float);
        let bar = (beats / f64::from(self.beats_per_bar)).floor();
        TransportEvent {
            header: EventHeader::new_core(0, EventFlags::empty()),
            flags: TransportFlags::HAS_TEMPO
                | TransportFlags::HAS_BEATS_TIMELINE
                | TransportFlags::HAS_SECONDS_TIMELINE
                | TransportFlags::HAS_TIME_SIGNATURE
                | TransportFlags::IS_PLAYING,
            song_pos_beats: beat(beats),
            song_pos_seconds: second(seconds),
            tempo: self.bpm,
            tempo_inc: 0.0,
            loop_start_beats: beat(0.0),
            loop_end_beats: beat(0.0),
            loop_start_seconds: second(0.0),
            loop_end_seconds: second(0.0),
            bar_start: beat(bar * f64::from(self.beats_per_bar)),
            bar_number: bar as i32,
            time_signature_numerator: self.beats_per_bar,
            time_signature_denominator: 4,
        }
    }
}

/// A song in 4/4 at 120 beats a minute, at `beats` quarter notes.
pub fn rolling(beats: f64) -> TransportEvent {
    let tempo = Tempo {
        bpm: 120.0,
        beats_per_bar: 4,
    };
    tempo.transport(beats, beats / 2.0)
}
