//! Changes: an audio plugin (VST3 and CLAP) that reads chord changes live.
//!
//! What runs where:
//!
//! * The **audio thread** passes the audio through bit for bit and copies it into a preallocated
//!   ring ([`changes_realtime::tap`]). It never allocates, locks, logs or makes a system call; it
//!   never waits, unless the host renders faster than real time ([`changes_realtime::bounce`]).
//! * One **worker** thread per process, shared by all instances ([`worker`]), takes the
//!   audio from the rings, recognizes chords (`analysis`), and publishes a
//!   [`snapshot`].
//! * The **editor** ([`editor`]) draws the latest snapshot and never waits.
//!
//! The chords of the session are edited in the window and saved with the host's project:
//! see [`session`].

#![warn(unreachable_pub)]

use std::num::NonZeroU32;
use std::sync::Arc;

use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::*;

pub mod recognition;
pub mod snapshot;
pub mod sysex;
pub mod view;

// Nothing below runs on the audio thread: locks are allowed here.
#[allow(clippy::disallowed_types, reason = "runs on the worker")]
mod analysis;
#[allow(clippy::disallowed_types, reason = "runs on the window's thread")]
pub mod editor;
mod engine;
#[allow(clippy::disallowed_types, reason = "hands out what is locked")]
mod entry;
pub mod error;
#[allow(
    clippy::disallowed_types,
    reason = "the worker's; on the audio thread of a host that renders"
)]
pub mod hearing;
#[allow(
    clippy::disallowed_types,
    reason = "shared by worker, editor and main thread"
)]
pub mod host;
#[allow(
    clippy::disallowed_types,
    reason = "shared by worker, editor and main thread"
)]
pub mod instance;
#[allow(clippy::disallowed_types, reason = "the worker's")]
pub mod networks;
#[allow(
    clippy::disallowed_types,
    reason = "shared by the window and threads that read files"
)]
pub mod opening;
#[allow(
    clippy::disallowed_types,
    reason = "what is saved is not read while processing"
)]
pub mod params;
#[allow(
    clippy::disallowed_types,
    reason = "shared by worker, editor and main thread"
)]
pub mod session;
#[allow(clippy::disallowed_types, reason = "the worker and its handles")]
pub mod worker;

use self::editor::ChangesEditor;
use self::error::PrepareError;
use self::hearing::Hearing;
use self::instance::Instance;
use self::params::ChangesParams;
use self::snapshot::{Snapshot, Status};
use self::sysex::SysEx;
use self::worker::Worker;
use changes_realtime::audition::Audition;
use changes_realtime::bounce::Bounce;
use changes_realtime::midi_out::MidiOut;
use changes_realtime::notes_in;
use changes_realtime::ring::ring_samples;
use changes_realtime::tap::{Tap, TapInput};
use changes_realtime::transport::HostPosition;

pub use self::entry::clap::clap_entry;

/// Asks for a call on the host's main thread, for an instance that has something to tell
/// ([`host`]).
pub struct TellHost;

/// The plugin.
pub struct Changes {
    params: Arc<ChangesParams>,
    hearing: Arc<Hearing>,
    /// Kept from the first activation on.
    worker: Option<Arc<Worker>>,
    /// The audio thread's end of the tap, from the first activation on.
    tap: Option<TapInput>,
    /// Waits for the worker where the host renders faster than it can follow.
    bounce: Bounce,
    /// The notes that sound on the MIDI output.
    midi: MidiOut,
    /// The chord that the user wants to hear on it.
    audition: Audition,
    /// The length of the last block, in seconds.
    block_s: f64,
    /// Events of the block, passed on after the analysis; allocated in advance.
    events: Vec<NoteEvent<SysEx>>,
    /// Whether the host's transport has ever rolled.
    rolled: bool,
}

/// How many events of a block are known before its audio. Further ones are passed on as well, but
/// analysed a block later.
const EVENTS: usize = 256;

/// Room for the events of a block, with all of its memory touched: the audio thread must not
/// be held up by page faults.
fn room_for_events() -> Vec<NoteEvent<SysEx>> {
    let some_event = || NoteEvent::NoteOff {
        timing: 0,
        voice_id: VoiceID::Wildcard,
        channel: Channel::Wildcard,
        key: Key::Wildcard,
        velocity: 0.0,
    };
    let mut events = Vec::with_capacity(EVENTS);
    events.resize_with(EVENTS, some_event);
    events.clear();
    events
}

impl Default for Changes {
    fn default() -> Self {
        let params = Arc::new(ChangesParams::default());
        let instance = Arc::new(Instance::new(Arc::clone(&params)));
        Self {
            params,
            hearing: Arc::new(Hearing::new(instance)),
            worker: None,
            tap: None,
            bounce: Bounce::default(),
            midi: MidiOut::default(),
            audition: Audition::default(),
            block_s: 0.0,
            events: room_for_events(),
            rolled: false,
        }
    }
}

impl Changes {
    /// What the instance shares with the worker and the editor.
    pub fn instance(&self) -> &Arc<Instance> {
        self.hearing.instance()
    }

    /// Gets everything ready for audio at `sample_rate` in Hz. Does nothing if it is ready,
    /// since hosts activate repeatedly. If the analysis has stopped on an error, it starts
    /// again.
    ///
    /// # Errors
    ///
    /// If there is no worker.
    pub fn prepare(&mut self, sample_rate: f64) -> Result<(), PrepareError> {
        if let Some(worker) = &self.worker {
            worker.revive()?;
        } else {
            let worker = Worker::of_process(engine::load)?;
            worker.adopt(&self.hearing);
            self.worker = Some(worker);
        }
        // The reader of a tap drops it early only when the analysis fails.
        let ready = self
            .tap
            .as_ref()
            .is_some_and(|tap| tap.sample_rate() == sample_rate && !tap.is_abandoned());
        if !ready {
            let capacity = ring_samples(sample_rate);
            // If a host switches back and forth faster than the worker follows, taps wait in a
            // queue with their memory, unless nothing was written to them.
            let make = if self.hearing.has_feeds() {
                Tap::new
            } else {
                Tap::touched
            };
            let (input, output) = make(capacity, sample_rate);
            self.hearing.feed(output);
            self.tap = Some(match &self.tap {
                Some(before) => input.after(before),
                None => input,
            });
        }
        self.hearing.take_place();
        Ok(())
    }

    /// Sets whether the host has said that it renders offline: then each block is analysed
    /// before the next.
    pub fn set_offline(&mut self, offline: bool) {
        self.bounce.set_offline(offline);
    }

    /// Takes a block on the audio thread: reads it and changes nothing. In real time it never
    /// waits; for hosts that render faster see [`changes_realtime::bounce`].
    pub fn listen<C: AsRef<[f32]>>(&mut self, channels: &[C], frames: usize, host: HostPosition) {
        let (Some(tap), Some(worker)) = (&mut self.tap, &self.worker) else {
            return;
        };
        self.midi.hear(channels, frames, tap.sample_rate());
        self.block_s = frames as f64 / tap.sample_rate();
        if self.params.bypass.value() {
            tap.skip(frames);
            return;
        }
        tap.set(self.params.settings());
        tap.set_loads(self.params.session.loads());
        let help = |offline: bool| {
            let heard = offline && self.hearing.hear();
            if !heard {
                worker.wake();
            }
            heard
        };
        self.bounce.before(tap, frames, help);
        tap.push(channels, frames, host);
        self.bounce.after(tap, help);
    }

    /// Takes the incoming notes of an event of the next block. Safe on the audio thread.
    fn hear_event(&mut self, event: &NoteEvent<SysEx>) {
        if let (Some(tap), Some((timing, change))) = (&mut self.tap, notes_in::change_of(event)) {
            tap.note(timing, change);
        }
    }

    /// The host pauses or ends: all that was heard becomes final. Safe on the audio thread.
    pub fn pause(&mut self) {
        self.audition.end();
        if let Some(tap) = &mut self.tap {
            tap.pause();
        }
    }

    /// Sends the live chord, or the one that the user wants to hear, as notes, after
    /// [`listen`](Self::listen) with the same block. Where the host has a transport, the live chord
    /// sounds only while it rolls. `send` returns whether the host took the event.
    pub fn play(&mut self, host: HostPosition, send: impl FnMut(NoteEvent<()>) -> bool) {
        self.rolled |= host.playing;
        let bypassed = self.params.bypass.value();
        let wish = &self.hearing.wish;
        if let Some(notes) = self.audition.play(wish, self.block_s, bypassed) {
            return self.midi.play_asked(notes, self.params.how_sent(), send);
        }
        let stands_still = self.rolled && !host.playing;
        let notes = self.hearing.live_notes.get();
        let current = self.tap.as_ref().map(TapInput::epoch) == Some(notes.epoch);
        let sending = self.params.sending().filter(|_| current && !stands_still);
        self.midi.play(sending.map(|how| (notes, how)), send);
    }
}

/// A note on or off as an event of this plugin; it sends no other events itself.
fn note(event: NoteEvent<()>) -> Option<NoteEvent<SysEx>> {
    match event {
        NoteEvent::NoteOn {
            timing,
            voice_id,
            channel,
            key,
            velocity,
        } => Some(NoteEvent::NoteOn {
            timing,
            voice_id,
            channel,
            key,
            velocity,
        }),
        NoteEvent::NoteOff {
            timing,
            voice_id,
            channel,
            key,
            velocity,
        } => Some(NoteEvent::NoteOff {
            timing,
            voice_id,
            channel,
            key,
            velocity,
        }),
        _ => None,
    }
}

const fn layout(channels: u32, name: &'static str) -> AudioIOLayout {
    AudioIOLayout {
        main_input_channels: NonZeroU32::new(channels),
        main_output_channels: NonZeroU32::new(channels),
        names: PortNames {
            layout: Some(name),
            ..PortNames::const_default()
        },
        ..AudioIOLayout::const_default()
    }
}

impl Plugin for Changes {
    const NAME: &'static str = "Changes";
    const VENDOR: &'static str = "Changes";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[layout(2, "Stereo"), layout(1, "Mono")];

    // Incoming events are passed on: with an output, most hosts leave that to the plugin. All
    // of them: without its sustain pedal a performance is wrong.
    const MIDI_INPUT: MidiConfig = MidiConfig::MidiCCs;
    const MIDI_OUTPUT: MidiConfig = MidiConfig::MidiCCs;

    type Editor = ChangesEditor;
    type SysExMessage = SysEx;
    type BackgroundTask = TellHost;

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    fn task_executor(&mut self) -> TaskExecutor<Self> {
        let host = Arc::clone(&self.hearing.host);
        Box::new(move |TellHost| {
            host.tell();
        })
    }

    fn editor(&mut self, executor: AsyncExecutor<Self>) -> Option<ChangesEditor> {
        self.hearing
            .host
            .set_errand(move || executor.execute_gui(TellHost));
        Some(ChangesEditor::new(Arc::clone(self.instance())))
    }

    fn activate(
        &mut self,
        _: &AudioIOLayout,
        buffer_config: &BufferConfig,
        context: &mut impl ActivateContext<Self>,
    ) -> bool {
        context.set_latency_samples(0);
        // In VST3 the wrapper reports the mode that was set before the current one; and some
        // hosts render faster than real time without saying so.
        self.set_offline(
            context.plugin_api() == PluginApi::Clap
                && buffer_config.process_mode == ProcessMode::Offline,
        );
        if let Err(reason) = self.prepare(f64::from(buffer_config.sample_rate)) {
            nice_error!("Changes cannot listen: {reason}");
            // The audio still passes; the editor shows that the analysis does not run.
            self.hearing.publish(Snapshot {
                status: Status::Failed,
                ..Snapshot::default()
            });
        }
        true
    }

    fn reset(&mut self) {
        self.audition.end();
        if let Some(tap) = &mut self.tap {
            tap.reset();
        }
    }

    fn stop_processing(&mut self) {
        self.pause();
    }

    fn deactivate(&mut self) {
        self.pause();
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        _: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        // The standalone program has no song: the transport of its backend is made up.
        let host = match context.plugin_api() {
            PluginApi::Standalone => HostPosition::default(),
            PluginApi::Clap | PluginApi::Vst3 => HostPosition::from_transport(context.transport()),
        };
        while self.events.len() < EVENTS
            && let Some(event) = context.next_event()
        {
            self.hear_event(&event);
            self.events.push(event);
        }
        self.listen(buffer.as_slice_immutable(), buffer.samples(), host);
        // Hosts want events ordered by time. The plugin's own come first in the block.
        self.play(host, |event| {
            note(event).is_some_and(|event| context.try_send_event(event).is_ok())
        });
        // A VST3 host keeps the address of a message's bytes, which the wrapper has on its stack.
        let takes_sysex = context.plugin_api() == PluginApi::Clap;
        let passes =
            |event: &NoteEvent<SysEx>| takes_sysex || !matches!(event, NoteEvent::MidiSysEx { .. });
        for event in self.events.drain(..) {
            if passes(&event) {
                // A host without room for its own events loses them.
                let _ = context.try_send_event(event);
            }
        }
        while let Some(event) = context.next_event() {
            self.hear_event(&event);
            if passes(&event) {
                let _ = context.try_send_event(event);
            }
        }
        if self.midi.is_sounding() {
            // A sleeping plugin cannot end a note.
            ProcessStatus::KeepAlive
        } else {
            ProcessStatus::Normal
        }
    }
}

impl ClapPlugin for Changes {
    const CLAP_ID: &'static str = "audio.changes.changes";
    const CLAP_DESCRIPTION: Option<&'static str> = Some("Reads the chords of what plays, live");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = &[
        ClapFeature::AudioEffect,
        ClapFeature::Analyzer,
        ClapFeature::Stereo,
        ClapFeature::Mono,
        ClapFeature::Utility,
    ];
}

impl Vst3Plugin for Changes {
    const VST3_CLASS_ID: [u8; 16] = *b"ChangesChordRead";
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] = &[
        Vst3SubCategory::Fx,
        Vst3SubCategory::Analyzer,
        Vst3SubCategory::Tools,
    ];
}
