//! A host that plays music through the plugin, for the demo and the measurements.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
#[cfg(feature = "x11")]
use clack_extensions::gui::{GuiApiType, GuiConfiguration, PluginGui, Window};
use clack_extensions::render::RenderMode;
use clack_host::prelude::*;

use crate::clip::Clip;
pub use crate::host::Tempo;
use crate::host::{self, Block, TestHost};
#[cfg(feature = "x11")]
use crate::parent::Parent;

/// A loaded plugin, on the thread that loaded it.
pub struct Plugin {
    instance: PluginInstance<TestHost>,
    /// The plugin's name and version, as it reports them.
    pub name: String,
}

impl Plugin {
    /// Loads the first plugin of a `.clap`.
    ///
    /// # Errors
    /// If there is none, or it does not start.
    pub fn load(path: &Path) -> Result<Self> {
        let entry = host::open(path)?;
        let factory = entry
            .get_plugin_factory()
            .context("the file offers no CLAP plugins")?;
        let descriptor = factory
            .plugin_descriptor(0)
            .context("the file has no plugin in it")?;
        let id = descriptor.id().context("the plugin has no identifier")?;
        let text = |text: Option<&std::ffi::CStr>| {
            text.map_or_else(String::new, |text| text.to_string_lossy().into_owned())
        };
        Ok(Self {
            instance: host::create(&entry, id)?,
            name: format!("{} {}", text(descriptor.name()), text(descriptor.version())),
        })
    }

    /// Reports that this host renders offline, as fast as possible; before the plugin is
    /// active.
    ///
    /// # Errors
    /// If the plugin lacks the extension.
    pub fn set_offline(&mut self) -> Result<()> {
        host::render(&mut self.instance, RenderMode::Offline)
    }

    /// Makes the plugin ready for stereo audio in blocks of at most `block` samples.
    ///
    /// # Errors
    /// If the plugin refuses.
    pub fn activate(&mut self, sample_rate: f64, block: usize) -> Result<Stream> {
        Ok(Stream {
            processor: host::start(&mut self.instance, sample_rate, block)?,
            block: Block::new(2, block),
            sample_rate,
            position: 0,
            song_start: 0,
        })
    }

    /// Opens the plugin's editor in `window`, which must exist until it is closed.
    ///
    /// # Errors
    /// If the plugin has none for such a window.
    #[cfg(feature = "x11")]
    pub fn open_editor(&mut self, window: &Parent) -> Result<()> {
        let plugin = self.instance.plugin_handle();
        let gui: PluginGui = plugin
            .get_extension()
            .context("the plugin offers no editor")?;
        let configuration = GuiConfiguration {
            api_type: GuiApiType::X11,
            is_floating: false,
        };
        gui.create(&plugin, configuration)?;
        // SAFETY: the caller keeps the window until the editor is closed.
        unsafe { gui.set_parent(&plugin, Window::from_x11_handle(window.window.into())) }?;
        gui.show(&plugin)?;
        Ok(())
    }

    /// Closes the editor.
    #[cfg(feature = "x11")]
    pub fn close_editor(&mut self) {
        let plugin = self.instance.plugin_handle();
        if let Some(gui) = plugin.get_extension::<PluginGui>() {
            gui.destroy(&plugin);
        }
    }

    /// The parameter of this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn parameter(&mut self, name: &str) -> Result<ClapId> {
        host::parameter(&mut self.instance, name)
    }

    /// Takes back a stream that has ended.
    pub fn deactivate(&mut self, stream: Stream) {
        self.instance.deactivate(stream.processor.stop_processing());
    }

    /// The state that the plugin saves with a project.
    ///
    /// # Errors
    /// If the plugin does not deliver it.
    pub fn state(&mut self) -> Result<Vec<u8>> {
        host::saved(&mut self.instance)
    }
}

/// The audio side of an active plugin; it may live on a thread of its own.
pub struct Stream {
    processor: StartedPluginAudioProcessor<TestHost>,
    block: Block,
    sample_rate: f64,
    /// Samples so far.
    position: u64,
    /// The sample at which the song began.
    song_start: u64,
}

impl Stream {
    /// Plays one block, `clip[from..from + len]`, and checks that the plugin passed
    /// it through bit for bit.
    ///
    /// # Errors
    /// If the plugin fails or changes the audio.
    pub fn play(
        &mut self,
        clip: &Clip,
        from: usize,
        len: usize,
        tempo: Option<Tempo>,
    ) -> Result<()> {
        let sent = clip.channels.each_ref().map(|it| &it[from..from + len]);
        self.block.fill(&sent);
        let received = self.run(len, tempo)?;
        for (sent, received) in sent.iter().zip(received) {
            let same = sent
                .iter()
                .zip(received)
                .all(|(sent, received)| sent.to_bits() == received.to_bits());
            ensure!(same, "the plugin changed the audio at sample {from}");
        }
        Ok(())
    }

    /// Puts the first `len` samples of `clip` into the input.
    pub fn fill(&mut self, clip: &Clip, len: usize) {
        self.block
            .fill(&clip.channels.each_ref().map(|it| &it[..len]));
    }

    /// Calls the plugin for a block of `len` samples of whatever is in the input. Returns the
    /// duration of the call.
    ///
    /// # Errors
    /// If the plugin fails.
    pub fn process(&mut self, len: usize, tempo: Option<Tempo>) -> Result<Duration> {
        self.run(len, tempo)?;
        Ok(self.block.took)
    }

    fn run(&mut self, len: usize, tempo: Option<Tempo>) -> Result<&[Vec<f32>]> {
        let seconds = (self.position - self.song_start) as f64 / self.sample_rate;
        let transport = tempo.map(|tempo| tempo.at(seconds));
        self.block.notes.clear();
        let at = self.position;
        self.position += len as u64;
        self.block
            .run(&mut self.processor, len, transport.as_ref())
            .with_context(|| format!("at sample {at}"))
    }

    /// Changes a parameter with the next block.
    pub fn set(&mut self, parameter: ClapId, value: f64) {
        self.block.set(parameter, value);
    }

    /// Whether a note began in the last block.
    pub fn note_began(&self) -> bool {
        self.block.notes.iter().any(|note| note.on)
    }

    /// The song begins with the next block.
    pub fn start_song(&mut self) {
        self.song_start = self.position;
    }
}
