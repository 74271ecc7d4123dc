//! A host for one CLAP plugin, on clack-host: headless, but for a window where one is wanted.

mod window;

use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use clack_extensions::gui::{
    GuiApiType, GuiConfiguration, GuiSize, HostGui, HostGuiImpl, PluginGui, Window,
};
use clack_extensions::params::{ParamInfoBuffer, PluginParams};
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::PluginState;
use clack_host::events::EventHeader;
use clack_host::events::event_types::{ParamValueEvent, TransportEvent, TransportFlags};
use clack_host::events::spaces::CoreEventSpace;
use clack_host::prelude::*;
use clack_host::utils::{BeatTime, SecondsTime};

use crate::clip::Clip;
pub use window::HostWindow;

/// What the plugin may ask of this host: none of it is needed.
pub struct Shared;

impl SharedHandler<'_> for Shared {
    fn request_restart(&self) {}
    fn request_process(&self) {}
    fn request_callback(&self) {}
}

impl HostGuiImpl for Shared {
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

/// This host's kinds of handlers.
pub struct Handlers;

impl HostHandlers for Handlers {
    type Shared<'a> = Shared;
    type MainThread<'a> = ();
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _: &Self::Shared<'_>) {
        builder.register::<HostGui>();
    }
}

/// A loaded plugin, on the thread that loaded it.
pub struct Plugin {
    instance: PluginInstance<Handlers>,
    /// The plugin's name and version, as it tells them.
    pub name: String,
}

impl Plugin {
    /// Loads the first plugin of a `.clap` file.
    #[expect(
        unsafe_code,
        reason = "loading a library runs its code: this one was built here"
    )]
    pub fn load(path: &Path) -> Result<Self> {
        // On macOS a `.clap` is a folder around the library.
        let library = if path.is_dir() {
            path.join("Contents/MacOS/Changes")
        } else {
            path.into()
        };
        // SAFETY: the file is the plugin that this workspace just built.
        let entry = unsafe { PluginEntry::load(&library) }
            .map_err(|error| anyhow!("{error}"))
            .with_context(|| format!("cannot load {}", library.display()))?;
        let factory = entry
            .get_plugin_factory()
            .context("the file offers no CLAP plugins")?;
        let descriptor = factory
            .plugin_descriptor(0)
            .context("the file has no plugin in it")?;
        let id = descriptor
            .id()
            .context("the plugin has no identifier")?
            .to_owned();
        let text = |text: Option<&std::ffi::CStr>| {
            text.map_or_else(String::new, |text| text.to_string_lossy().into_owned())
        };
        let name = format!("{} {}", text(descriptor.name()), text(descriptor.version()));
        let host = HostInfo::new("Changes xtask", "Changes", "", env!("CARGO_PKG_VERSION"))?;
        let instance = PluginInstance::new(|_| Shared, |_| (), &entry, &id, &host)
            .map_err(|error| anyhow!("the plugin does not start: {error}"))?;
        Ok(Self { instance, name })
    }

    /// Says that this host renders offline, as fast as it goes; before the plugin is active.
    pub fn set_offline(&mut self) -> Result<()> {
        let handle = self.instance.plugin_handle();
        let render: PluginRender = handle
            .get_extension()
            .context("the plugin does not ask how the host renders")?;
        render.set(&handle, RenderMode::Offline)?;
        Ok(())
    }

    /// Makes the plugin ready for stereo audio in blocks of at most `block` samples.
    pub fn activate(&mut self, sample_rate: f64, block: usize) -> Result<Stream> {
        let configuration = PluginAudioConfiguration {
            sample_rate,
            min_frames_count: 1,
            max_frames_count: u32::try_from(block)?,
        };
        let processor = self
            .instance
            .activate(|_, _| (), configuration)
            .map_err(|error| anyhow!("the plugin does not activate: {error}"))?;
        Ok(Stream {
            processor: processor.into(),
            input: [vec![0.0; block], vec![0.0; block]],
            output: [vec![0.0; block], vec![0.0; block]],
            input_ports: AudioPorts::with_capacity(2, 1),
            output_ports: AudioPorts::with_capacity(2, 1),
            sent: EventBuffer::with_capacity(4),
            events: EventBuffer::with_capacity(64),
            sample_rate,
            position: 0,
            song_start: 0,
        })
    }

    /// Opens the plugin's editor in `window`; it is to be closed before the window is.
    #[expect(
        unsafe_code,
        reason = "a window is told to the plugin as a bare number"
    )]
    pub fn open_editor(&mut self, window: &HostWindow) -> Result<()> {
        let handle = self.instance.plugin_handle();
        let gui: PluginGui = handle
            .get_extension()
            .context("the plugin offers no editor")?;
        let configuration = GuiConfiguration {
            api_type: GuiApiType::X11,
            is_floating: false,
        };
        gui.create(&handle, configuration)?;
        // SAFETY: whoever calls this keeps the window until the editor is closed.
        unsafe { gui.set_parent(&handle, Window::from_x11_handle(window.number.into())) }?;
        gui.show(&handle)?;
        Ok(())
    }

    /// Closes the editor.
    pub fn close_editor(&mut self) {
        let handle = self.instance.plugin_handle();
        if let Some(gui) = handle.get_extension::<PluginGui>() {
            gui.destroy(&handle);
        }
    }

    /// The parameter of that name.
    pub fn parameter(&mut self, name: &str) -> Result<ClapId> {
        let handle = self.instance.plugin_handle();
        let params: PluginParams = handle
            .get_extension()
            .context("the plugin offers no parameters")?;
        let mut buffer = ParamInfoBuffer::new();
        (0..params.count(&handle))
            .find_map(|index| {
                let info = params.get_info(&handle, index, &mut buffer)?;
                (info.name == name.as_bytes()).then_some(info.id)
            })
            .with_context(|| format!("the plugin has no parameter `{name}`"))
    }

    /// Takes a stream back that has ended.
    pub fn deactivate(&mut self, stream: Stream) {
        self.instance.deactivate(stream.processor.into_stopped());
    }

    /// What the plugin wants saved with a project.
    pub fn state(&mut self) -> Result<Vec<u8>> {
        let handle = self.instance.plugin_handle();
        let state: PluginState = handle
            .get_extension()
            .context("the plugin does not offer its state")?;
        let mut bytes = Vec::new();
        state.save(&handle, &mut bytes)?;
        Ok(bytes)
    }
}

/// The musical time of the song that the host plays.
#[derive(Clone, Copy)]
pub struct Tempo {
    /// Quarter notes a minute.
    pub bpm: f64,
    /// Quarter notes in a bar.
    pub beats_per_bar: u16,
}

/// The audio side of an active plugin; it may live on a thread of its own.
pub struct Stream {
    processor: PluginAudioProcessor<Handlers>,
    input: [Vec<f32>; 2],
    output: [Vec<f32>; 2],
    input_ports: AudioPorts,
    output_ports: AudioPorts,
    /// To the plugin, with the next block.
    sent: EventBuffer,
    /// From the plugin, with the last block.
    events: EventBuffer,
    sample_rate: f64,
    position: u64,
    /// Where the song began.
    song_start: u64,
}

impl Stream {
    /// Plays one block, `clip[from..from + len]`, and checks that the plugin passed
    /// it through bit for bit.
    pub fn play(
        &mut self,
        clip: &Clip,
        from: usize,
        len: usize,
        tempo: Option<Tempo>,
    ) -> Result<()> {
        for (buffer, channel) in self.input.iter_mut().zip(&clip.channels) {
            buffer[..len].copy_from_slice(&channel[from..from + len]);
        }
        self.process(len, tempo)?;
        for (channel, output) in clip.channels.iter().zip(&self.output) {
            let same = channel[from..from + len]
                .iter()
                .zip(&output[..len])
                .all(|(sent, received)| sent.to_bits() == received.to_bits());
            ensure!(same, "the plugin changed the audio at sample {from}");
        }
        Ok(())
    }

    /// Puts the beginning of `clip` into the input.
    pub fn fill(&mut self, clip: &Clip, len: usize) {
        for (buffer, channel) in self.input.iter_mut().zip(&clip.channels) {
            buffer[..len].copy_from_slice(&channel[..len]);
        }
    }

    /// Calls the plugin for a block of `len` samples of whatever is in the input.
    pub fn process(&mut self, len: usize, tempo: Option<Tempo>) -> Result<()> {
        let transport = tempo.map(|tempo| self.transport(tempo));
        let inputs = self.input_ports.with_input_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_input_only(
                self.input
                    .iter_mut()
                    .map(|channel| InputChannel::variable(&mut channel[..len])),
            ),
        }]);
        let mut outputs = self.output_ports.with_output_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_output_only(
                self.output.iter_mut().map(|channel| &mut channel[..len]),
            ),
        }]);
        self.events.clear();
        let processor = self
            .processor
            .ensure_processing_started()
            .map_err(|error| anyhow!("the plugin does not start processing: {error}"))?;
        processor
            .process(
                &inputs,
                &mut outputs,
                &InputEvents::from_buffer(&self.sent),
                &mut OutputEvents::from_buffer(&mut self.events),
                Some(self.position),
                transport.as_ref(),
            )
            .map_err(|error| anyhow!("the plugin failed at sample {}: {error}", self.position))?;
        self.sent.clear();
        self.position += len as u64;
        Ok(())
    }

    /// Changes a parameter with the next block.
    pub fn set(&mut self, parameter: ClapId, value: f64) {
        self.sent.push(&ParamValueEvent::new(
            0,
            parameter,
            Pckn::match_all(),
            value,
        ));
    }

    /// Whether a note began in the last block.
    pub fn note_began(&self) -> bool {
        self.events
            .iter()
            .any(|event| matches!(event.as_core_event(), Some(CoreEventSpace::NoteOn(_))))
    }

    /// The song begins with the next block.
    pub fn start_song(&mut self) {
        self.song_start = self.position;
    }

    /// The transport of a song that has played from its start to here.
    fn transport(&self, tempo: Tempo) -> TransportEvent {
        let seconds = (self.position - self.song_start) as f64 / self.sample_rate;
        let beats = seconds * tempo.bpm / 60.0;
        let bar = (beats / f64::from(tempo.beats_per_bar)).floor();
        TransportEvent {
            header: EventHeader::new_core(0, clack_host::events::EventFlags::empty()),
            flags: TransportFlags::HAS_TEMPO
                | TransportFlags::HAS_BEATS_TIMELINE
                | TransportFlags::HAS_SECONDS_TIMELINE
                | TransportFlags::HAS_TIME_SIGNATURE
                | TransportFlags::IS_PLAYING,
            song_pos_beats: BeatTime::from_float(beats),
            song_pos_seconds: SecondsTime::from_float(seconds),
            tempo: tempo.bpm,
            tempo_inc: 0.0,
            loop_start_beats: BeatTime::from_int(0),
            loop_end_beats: BeatTime::from_int(0),
            loop_start_seconds: SecondsTime::from_int(0),
            loop_end_seconds: SecondsTime::from_int(0),
            bar_start: BeatTime::from_float(bar * f64::from(tempo.beats_per_bar)),
            bar_number: bar as i32,
            time_signature_numerator: tempo.beats_per_bar,
            time_signature_denominator: 4,
        }
    }
}
