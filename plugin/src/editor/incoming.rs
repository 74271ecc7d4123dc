//! Songs and charts from dialogs and the clipboard, opened on threads of their own. Messages
//! about them go to the foot of the window.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use harmony::export::Format;
use harmony::import::chart::WrittenChart;
use recognizer::audio::reference;

use super::desk::Notice;
use super::files::{Files, folder, nearest, options, write_new};
use crate::instance::Instance;
use crate::opening::{
    AUDIO_EXTENSIONS, CHART_EXTENSIONS, Job, OpenError, Place, Proposal, align_chart, example,
    hear_song, is_chart, place_song, read_chart, read_text,
};
use crate::session::Clock;
use crate::view::Controls;

/// The message when no file was chosen and it is unknown whether there was a dialog.
const NO_DIALOG: &str = "Nothing opened: no file was chosen. If no dialog has opened, this system \
                         has none (xdg-desktop-portal or zenity).";

/// What a dialog opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A song's audio.
    Audio,
    /// A chart.
    Chart,
}

impl Files {
    /// Asks the user for a song or a chart, and opens it. The track gets a song in one edit.
    pub(super) fn ask_for(
        &self,
        instance: &Arc<Instance>,
        kind: Kind,
        place: Place,
        controls: &Controls,
    ) {
        let folder = folder(controls);
        let instance = Arc::downgrade(instance);
        self.on_a_thread("Nothing was opened", move |files| {
            let audio = ("Audio", &AUDIO_EXTENSIONS[..]);
            let charts = ("Charts", &CHART_EXTENSIONS[..]);
            let (title, first, second) = match kind {
                Kind::Audio => ("Open a song's audio", audio, charts),
                Kind::Chart => ("Open a chart", charts, audio),
            };
            let dialog = rfd::AsyncFileDialog::new()
                .set_title(title)
                .set_directory(nearest(&folder))
                .add_filter(first.0, first.1)
                .add_filter(second.0, second.1);
            if let Some(file) = files.chosen(dialog.pick_file(), NO_DIALOG) {
                files.open(&instance, &file, place);
            }
        });
    }

    /// Aligns a chart given as text.
    pub(super) fn open_text(&self, instance: &Arc<Instance>, text: String) {
        let instance = Arc::downgrade(instance);
        self.on_a_thread("Nothing was aligned", move |files| {
            let chart = read_text(&text);
            let aligned = chart.and_then(|chart| files.align(&instance, Arc::new(chart)));
            files.tell_opened(aligned);
        });
    }

    /// Aligns the last chart again: one that waits for music, or whose alignment was undone.
    pub(super) fn align_again(&self, instance: &Arc<Instance>) {
        let Some(chart) = instance.opening.chart() else {
            return;
        };
        let instance = Arc::downgrade(instance);
        self.on_a_thread("Nothing was aligned", move |files| {
            files.tell_opened(files.align(&instance, chart));
        });
    }

    /// Writes the song that was opened, with the chords of the track, as a training example: a
    /// JAMS file that names the audio, in the export folder.
    pub(super) fn save_example(&self, instance: &Arc<Instance>, controls: &Controls) {
        let (mut options, folder) = (options(controls), folder(controls));
        let session = instance.session();
        let (track, song) = (session.track(), instance.opening.song(session.loads()));
        self.on_a_thread("The example was not written", move |files| {
            let written = || -> Result<PathBuf, String> {
                let song = song.ok_or("open the song's audio first (Ctrl+O)")?;
                let track = example(&track, &song).map_err(|error| error.to_string())?;
                let audio = reference(&song.path).map_err(|error| error.to_string())?;
                options.audio = Some(audio);
                write_new(&folder, &track, Format::Jams, &options).map_err(|it| it.to_string())
            };
            match written() {
                Ok(path) => files.tell(Notice {
                    text: format!("Saved {}", path.display()),
                    error: false,
                    file: Some(path),
                }),
                Err(error) => files.tell_failure(format!("Not saved: {error}")),
            }
        });
    }

    /// Opens a file on this thread, and reports how it went.
    fn open(&self, instance: &Weak<Instance>, path: &Path, place: Place) {
        let opened = if is_chart(path) {
            read_chart(path).and_then(|chart| self.align(instance, Arc::new(chart)))
        } else {
            self.song(instance, path, place)
        };
        self.tell_opened(opened);
    }

    fn tell_opened(&self, opened: Result<String, OpenError>) {
        match opened {
            Ok(text) => self.tell(Notice {
                text,
                error: false,
                file: None,
            }),
            // The user who cancelled needs no message.
            Err(OpenError::Cancelled) => {}
            Err(error) => self.tell_failure(format!("Not opened: {error}")),
        }
    }

    fn song(
        &self,
        instance: &Weak<Instance>,
        path: &Path,
        place: Place,
    ) -> Result<String, OpenError> {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let (job, loads) = self.begin(instance, name.to_string_lossy().into_owned())?;
        let network = {
            let there = instance.upgrade().ok_or(OpenError::Cancelled)?;
            there.params.networks.read().windowed.clone()
        };
        // Held weakly: the instance may be removed meanwhile without waiting for this.
        let song = hear_song(&job, path, network.as_ref(), loads)?;
        let instance = instance.upgrade().ok_or(OpenError::Cancelled)?;
        let session = instance.session();
        let position = instance.snapshot().position;
        let song = place_song(&job, song, place, session, position)?;
        instance.tell_edited();
        let heard = song.chords.segments().iter();
        let chords = heard.filter(|it| it.label.chord().is_some()).count();
        let beats = match &song.beats {
            Some(beats) => format!(", {:.0} bpm", beats.bpm()),
            None => ", no steady beat".to_owned(),
        };
        let plural = if chords == 1 { "" } else { "s" };
        let instead = song.refused.as_ref().map_or_else(String::new, |why| {
            format!(" The built-in network has heard it: {why}.")
        });
        let said = format!(
            "{}: {chords} chord{plural}{beats}. Undo (Ctrl+Z) takes it away.{instead}",
            song.name
        );
        // The song stays, whatever becomes of a chart that waited for it.
        let aligned = match instance.opening.waiting_chart() {
            Some(chart) => align_chart(&job, chart, session),
            None => Ok(None),
        };
        Ok(match aligned {
            Ok(Some(proposal)) => told(&proposal),
            Ok(None) | Err(OpenError::Cancelled) => said,
            Err(error) => format!("{said} The chart is not aligned: {error}."),
        })
    }

    fn align(
        &self,
        instance: &Weak<Instance>,
        chart: Arc<WrittenChart>,
    ) -> Result<String, OpenError> {
        let (job, _) = self.begin(instance, chart.title.clone())?;
        let instance = instance.upgrade().ok_or(OpenError::Cancelled)?;
        let session = Arc::clone(instance.session());
        let has_transport = session.clock() == Clock::Host;
        // What follows takes long and must not keep the instance alive.
        drop(instance);
        let bars = chart.bars.len();
        let title = chart.title.clone();
        Ok(match align_chart(&job, chart, &session)? {
            Some(proposal) => told(&proposal),
            None => {
                let otherwise = if has_transport {
                    "play the song"
                } else {
                    "let it hear the song"
                };
                format!(
                    "{title}: {bars} bars. Open the song's audio (Ctrl+O) and it is aligned to \
                     that, or {otherwise} and align it then."
                )
            }
        })
    }

    fn begin(&self, instance: &Weak<Instance>, text: String) -> Result<(Job, u32), OpenError> {
        let there = instance.upgrade().ok_or(OpenError::Cancelled)?;
        let alive = Weak::clone(instance);
        let repaint = there.repaint.clone();
        let job = there.opening.begin(
            text,
            move || alive.strong_count() > 0,
            move || repaint.request_repaint(),
        )?;
        Ok((job, there.session().loads()))
    }
}

/// The message about a proposal.
fn told(proposal: &Proposal) -> String {
    let (bars, differing) = (proposal.bars.len(), proposal.differing());
    let capo = proposal.capo.map_or_else(String::new, |fret| {
        format!(" It sounds like a capo on fret {fret}.")
    });
    let plural = if bars == 1 { "" } else { "s" };
    format!(
        "{}: {bars} bar{plural} found, {differing} with other chords than were heard.{capo} Accept \
         what is right.",
        proposal.title
    )
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use nice_plug_egui::RepaintNotifier;

    use super::*;
    use crate::host::Listener;
    use crate::opening::tests::song;
    use crate::params::ChangesParams;

    #[derive(Default)]
    struct Told(AtomicU32);

    impl Listener for Told {
        fn project_changed(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn instance() -> (Arc<Instance>, Arc<Told>, Files) {
        let instance = Arc::new(Instance::new(Arc::new(ChangesParams::default())));
        let told = Arc::new(Told::default());
        instance.host.set_listener(Some(told.clone()));
        (instance, told, Files::new(RepaintNotifier::default()))
    }

    #[test]
    fn a_song_and_a_chart_are_opened_told_and_the_host_knows() {
        let folder = tempfile::tempdir().unwrap();
        let (instance, told, files) = instance();
        let weak = Arc::downgrade(&instance);
        let chart = folder.path().join("four.txt");
        std::fs::write(&chart, "|: C | Am | F | G :| x4").unwrap();
        files.open(&weak, &chart, Place::Start);
        let said = files.take().unwrap();
        assert!(
            !said.error && said.text.contains("Open the song's audio"),
            "{said:?}"
        );
        assert_eq!(told.0.load(Ordering::Relaxed), 0);
        // The chart was waiting for the song.
        files.open(&weak, &song(folder.path()), Place::Start);
        let said = files.take().unwrap();
        assert!(
            !said.error && said.text.contains("16 bars found"),
            "{said:?}"
        );
        assert_eq!(told.0.load(Ordering::Relaxed), 1);
        let session = instance.session();
        assert!(session.undo() && session.track().timeline().is_empty());
        // Once aligned, the chart waits for no other song.
        files.open(&weak, &song(folder.path()), Place::Start);
        let said = files.take().unwrap();
        assert!(
            said.text.contains("Undo (Ctrl+Z) takes it away"),
            "{said:?}"
        );
        let missing = folder.path().join("none.mp3");
        files.open(&weak, &missing, Place::Start);
        let said = files.take().unwrap();
        assert!(said.error && said.text.contains("none.mp3"), "{said:?}");
    }

    #[test]
    fn nothing_comes_of_it_once_the_instance_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let (instance, told, files) = instance();
        let weak = Arc::downgrade(&instance);
        drop(instance);
        files.open(&weak, &song(folder.path()), Place::Start);
        assert!(files.take().is_none());
        assert_eq!(told.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn an_example_is_written_beside_the_exports_and_names_the_audio() {
        let folder = tempfile::tempdir().unwrap();
        let (instance, _, files) = instance();
        let mut controls = Controls::default();
        controls.window.folder = folder.path().join("out").display().to_string();
        let wait = || {
            let started = std::time::Instant::now();
            loop {
                if let Some(notice) = files.take() {
                    return notice;
                }
                assert!(started.elapsed().as_secs() < 60, "no message");
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        };
        files.save_example(&instance, &controls);
        let said = wait();
        assert!(
            said.error && said.text.contains("open the song's audio"),
            "{said:?}"
        );
        let path = song(folder.path());
        files.open(&Arc::downgrade(&instance), &path, Place::Start);
        assert!(!files.take().unwrap().error);
        files.save_example(&instance, &controls);
        let written = wait().file.unwrap();
        assert_eq!(written.file_name().unwrap(), "song.jams");
        let text = std::fs::read_to_string(&written).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let audio = serde_json::to_value(reference(&path).unwrap()).unwrap();
        assert_eq!(json["sandbox"]["audio"], audio);
        let chords = harmony::import::load(&written).unwrap();
        assert!(chords.segments().len() >= 16);
    }
}
