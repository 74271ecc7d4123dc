//! The smallest CLAP host that can put the plugin through its paces.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use clack_extensions::audio_ports_config::{AudioPortsConfigBuffer, PluginAudioPortsConfig};
use clack_extensions::gui::{GuiSize, HostGui, HostGuiImpl};
use clack_extensions::params::{ParamInfoBuffer, PluginParams};
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::{HostState, HostStateImpl, PluginState};
use clack_host::events::EventFlags;
use clack_host::events::event_types::{
    MidiEvent, MidiSysExEvent, NoteOffEvent, NoteOnEvent, ParamValueEvent, TransportEvent,
    TransportFlags,
};
use clack_host::events::spaces::CoreEventSpace;
use clack_host::events::{Match, UnknownEvent};
use clack_host::prelude::*;
use clack_host::utils::{BeatTime, SecondsTime};
use harmony::timeline::Status;
use harmony::track::Track;

use super::out::{Message, Out};

pub const ID: &std::ffi::CStr = c"audio.changes.changes";

#[derive(Default)]
pub struct TestShared {
    /// Whether the plugin wants to be called on the main thread.
    callback: AtomicBool,
    /// How often it said that the project has changed.
    marked: AtomicU32,
}

impl SharedHandler<'_> for TestShared {
    fn request_restart(&self) {}
    fn request_process(&self) {}
    fn request_callback(&self) {
        self.callback.store(true, Ordering::Relaxed);
    }
}

pub struct TestMainThread<'a>(&'a TestShared);

impl<'a> MainThreadHandler<'a> for TestMainThread<'a> {}

impl HostStateImpl for TestMainThread<'_> {
    fn mark_dirty(&self) {
        self.0.marked.fetch_add(1, Ordering::Relaxed);
    }
}

pub struct TestHost;

impl HostHandlers for TestHost {
    type Shared<'a> = TestShared;
    type MainThread<'a> = TestMainThread<'a>;
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _: &Self::Shared<'_>) {
        builder.register::<HostGui>().register::<HostState>();
    }
}

/// A host that does as the plugin's window wishes, which is nothing.
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

/// The built plugin: `CHANGES_CLAP`, or the library in the target directory that
/// this test was built in. A `.clap` is that library under another name.
pub fn library() -> PathBuf {
    if let Some(path) = std::env::var_os("CHANGES_CLAP") {
        return path.into();
    }
    let test = std::env::current_exe().unwrap();
    let target = test.parent().unwrap().parent().unwrap();
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let name = format!("{prefix}changes_plugin{suffix}");
    // Cargo puts the library beside the test even where it does not lift it up; an older
    // build may have left one in the other place.
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

pub fn load() -> PluginEntry {
    let path = library();
    // SAFETY: the library is the plugin under test, built from this repository.
    unsafe { PluginEntry::load(&path) }.unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

pub fn instantiate(entry: &PluginEntry) -> PluginInstance<TestHost> {
    let info = HostInfo::new("Changes tests", "Changes", "", "1").unwrap();
    let made = PluginInstance::<TestHost>::new(
        |_| TestShared::default(),
        |shared| TestMainThread(shared),
        entry,
        ID,
        &info,
    );
    made.unwrap()
}

/// Calls the plugin on the main thread if it wanted that, and tells how often it has said that
/// the project has changed.
pub fn marked(instance: &mut PluginInstance<TestHost>) -> u32 {
    if instance.access_shared_handler(|it| it.callback.swap(false, Ordering::Relaxed)) {
        instance.call_on_main_thread_callback();
    }
    instance.access_shared_handler(|it| it.marked.load(Ordering::Relaxed))
}

pub fn activate(
    instance: &mut PluginInstance<TestHost>,
    sample_rate: f64,
    max_frames: usize,
) -> StartedPluginAudioProcessor<TestHost> {
    let configuration = PluginAudioConfiguration {
        sample_rate,
        min_frames_count: 1,
        max_frames_count: max_frames as u32,
    };
    instance
        .activate(|_, _| (), configuration)
        .unwrap()
        .start_processing()
        .unwrap()
}

/// Chooses the layout of that name; the plugin must not be active.
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

/// Says whether the host renders offline; the plugin must not be active.
pub fn set_render_mode(instance: &mut PluginInstance<TestHost>, mode: RenderMode) {
    let plugin = instance.plugin_handle();
    let render: PluginRender = plugin.get_extension().unwrap();
    assert!(!render.has_realtime_requirement(&plugin));
    render.set(&plugin, mode).unwrap();
}

/// What was found out about a parameter.
#[derive(Debug)]
pub struct Parameter {
    pub id: ClapId,
    pub name: String,
    pub min: f64,
    pub max: f64,
    pub value: f64,
}

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
            }
        })
        .collect()
}

pub fn save(instance: &mut PluginInstance<TestHost>) -> Vec<u8> {
    let plugin = instance.plugin_handle();
    let state: PluginState = plugin.get_extension().unwrap();
    let mut saved = Vec::new();
    state.save(&plugin, &mut saved).unwrap();
    saved
}

/// Whether the plugin took the state.
pub fn restore(instance: &mut PluginInstance<TestHost>, saved: &[u8]) -> bool {
    let plugin = instance.plugin_handle();
    let state: PluginState = plugin.get_extension().unwrap();
    state.load(&plugin, &mut &saved[..]).is_ok()
}

/// The JSON within a saved state; eight bytes of length come first.
pub fn state_json(saved: &[u8]) -> serde_json::Value {
    serde_json::from_slice(&saved[8..]).unwrap()
}

/// The session within a saved state: its clock, and its chord track.
pub fn session(instance: &mut PluginInstance<TestHost>) -> (String, Track) {
    let state = state_json(&save(instance));
    let session: serde_json::Value =
        serde_json::from_str(state["fields"]["track"].as_str().unwrap()).unwrap();
    let track = serde_json::from_value(session["track"].clone()).unwrap();
    (session["clock"].as_str().unwrap().to_owned(), track)
}

/// The chord track within a saved state as it was written, to the last digit.
pub fn track_json(instance: &mut PluginInstance<TestHost>) -> String {
    let state = state_json(&save(instance));
    state["fields"]["track"].as_str().unwrap().to_owned()
}

/// The chord track within a saved state.
pub fn track(instance: &mut PluginInstance<TestHost>) -> Track {
    session(instance).1
}

/// The track once it reaches `end_s` and all of it is confirmed: the worker has its own pace.
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

/// A song in 4/4 at 120 beats a minute, at `beats` quarter notes.
pub fn rolling(beats: f64) -> TransportEvent {
    let (beat, second) = (BeatTime::from_float, SecondsTime::from_float);
    TransportEvent {
        header: EventHeader::new_core(0, EventFlags::empty()),
        flags: TransportFlags::HAS_TEMPO
            | TransportFlags::HAS_BEATS_TIMELINE
            | TransportFlags::HAS_SECONDS_TIMELINE
            | TransportFlags::HAS_TIME_SIGNATURE
            | TransportFlags::IS_PLAYING,
        song_pos_beats: beat(beats),
        song_pos_seconds: second(beats / 2.0),
        tempo: 120.0,
        tempo_inc: 0.0,
        loop_start_beats: beat(0.0),
        loop_end_beats: beat(0.0),
        loop_start_seconds: second(0.0),
        loop_end_seconds: second(0.0),
        bar_start: beat((beats / 4.0).floor() * 4.0),
        bar_number: (beats / 4.0).floor() as i32,
        time_signature_numerator: 4,
        time_signature_denominator: 4,
    }
}

/// A note that the plugin has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    pub on: bool,
    pub channel: u16,
    pub key: u16,
    /// 1 … 127; 0 when it ends.
    pub velocity: u8,
}

impl Note {
    fn of(event: &UnknownEvent) -> Option<Self> {
        let pckn = |pckn: Pckn| (pckn.raw_channel() as u16, pckn.raw_key() as u16);
        let (on, (channel, key), velocity) = match event.as_core_event()? {
            CoreEventSpace::NoteOn(it) => (true, pckn(it.pckn()), it.velocity()),
            CoreEventSpace::NoteOff(it) => (false, pckn(it.pckn()), 0.0),
            _ => return None,
        };
        Some(Self {
            on,
            channel,
            key,
            velocity: (velocity * 127.0).round() as u8,
        })
    }
}

/// The notes that were sent on and not off.
pub fn hanging(notes: &[Note]) -> Vec<(u16, u16)> {
    let mut sounding = Vec::new();
    for note in notes {
        let key = (note.channel, note.key);
        sounding.retain(|it| *it != key);
        if note.on {
            sounding.push(key);
        }
    }
    sounding
}

/// Buffers for one block, allocated once.
pub struct Block {
    input: Vec<Vec<f32>>,
    output: Vec<Vec<f32>>,
    input_ports: AudioPorts,
    output_ports: AudioPorts,
    events: EventBuffer,
    out_events: Out,
    /// The notes that the plugin has sent, in order.
    pub notes: Vec<Note>,
    /// The events that the plugin has sent in the last block: for which sample, and what else
    /// than a note.
    pub sent: Vec<(u32, Option<Message>)>,
    /// What the plugin asked for after the last block.
    pub status: Option<ProcessStatus>,
    /// Whether the plugin reads from where it writes.
    pub in_place: bool,
    /// What is done around the plugin's own code; nothing, unless somebody watches it.
    pub around: fn(&mut dyn FnMut()),
}

impl Block {
    pub fn new(channels: usize, max_frames: usize) -> Self {
        Self {
            input: vec![vec![0.0; max_frames]; channels],
            // Not zero, so that an output that was not written is seen.
            output: vec![vec![7.0; max_frames]; channels],
            input_ports: AudioPorts::with_capacity(channels, 1),
            output_ports: AudioPorts::with_capacity(channels, 1),
            events: EventBuffer::with_capacity(16),
            out_events: Out::with_capacity(256),
            notes: Vec::new(),
            sent: Vec::new(),
            status: None,
            in_place: false,
            around: |process| process(),
        }
    }

    /// Changes a parameter with the next block.
    pub fn set(&mut self, parameter: ClapId, value: f64) {
        let event = ParamValueEvent::new(0, parameter, Pckn::match_all(), value);
        self.events.push(&event);
    }

    /// Sends the plugin a note with the next block.
    pub fn note(&mut self, on: bool, channel: u16, key: u16) {
        let pckn = Pckn::new(0u16, channel, key, Match::All);
        if on {
            self.events.push(&NoteOnEvent::new(0, pckn, 0.5));
        } else {
            self.events.push(&NoteOffEvent::new(0, pckn, 0.5));
        }
    }

    /// Sends the plugin a message of three bytes at a sample of the next block.
    pub fn midi(&mut self, at: u32, message: [u8; 3]) {
        self.events.push(&MidiEvent::new(at, 0, message));
    }

    /// Sends the plugin a system-exclusive message at a sample of the next block.
    pub fn sysex(&mut self, at: u32, message: &'static [u8]) {
        // SAFETY: the bytes are there for ever.
        let event = unsafe { MidiSysExEvent::new(at, 0, message) };
        self.events.push(&event);
    }

    /// Runs `audio[channel][..frames]` through the plugin.
    pub fn process(
        &mut self,
        processor: &mut StartedPluginAudioProcessor<TestHost>,
        audio: &[&[f32]],
        transport: Option<&TransportEvent>,
    ) -> &[Vec<f32>] {
        let frames = audio[0].len();
        let read = if self.in_place {
            &mut self.output
        } else {
            &mut self.input
        };
        let mut read_from = Vec::with_capacity(audio.len());
        for (to, from) in read.iter_mut().zip(audio) {
            to[..frames].copy_from_slice(from);
            read_from.push(to.as_mut_ptr());
        }
        let input = self.input_ports.with_input_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_input_only(read_from.iter().map(|it| {
                // SAFETY: buffers of this length, which live as long as this block; only
                // their addresses go to the plugin, which may be given the same for both.
                let samples = unsafe { std::slice::from_raw_parts_mut(*it, frames) };
                InputChannel::variable(samples)
            })),
        }]);
        let mut output = self.output_ports.with_output_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_output_only(
                self.output.iter_mut().map(|it| &mut it[..frames]),
            ),
        }]);
        let events = InputEvents::from_buffer(&self.events);
        let mut out_events = OutputEvents::from_buffer(&mut self.out_events);
        let mut status = None;
        (self.around)(&mut || {
            status = Some(processor.process(
                &input,
                &mut output,
                &events,
                &mut out_events,
                None,
                transport,
            ));
        });
        self.status = Some(status.expect("the block is processed").unwrap());
        self.events.clear();
        let told = self.out_events.events.iter().filter_map(Note::of);
        self.notes.extend(told);
        self.sent = self.out_events.sent();
        self.out_events.clear();
        &self.output
    }
}
