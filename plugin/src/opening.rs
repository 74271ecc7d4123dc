//! Songs and charts from files: a song is transcribed on a thread of its own; the user's chart
//! is aligned to it, or to what was heard of the song so far.
//!
//! A song goes into the track in one edit. A chart is first a [`Proposal`], accepted as a
//! whole or bar by bar. Nothing here runs on the worker of the live analysis, and cancelling
//! waits for nothing: a thread's later result is discarded.

mod chart;
mod example;
mod heard;
mod proposal;
mod song;
#[cfg(test)]
pub(crate) mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use harmony::edit::EditError;
use harmony::import::chart::{ChartError, LoadChartError, WrittenChart};
use harmony::timeline::TimelineError;
use parking_lot::Mutex;
use recognizer::align::AlignError;
use recognizer::audio::AudioError;

use crate::session::Session;

pub use self::chart::{CHART_EXTENSIONS, align_chart, is_chart, read_chart, read_text};
pub use self::example::{ExampleError, example};
pub use self::proposal::{Proposal, ProposedBar, ProposedChord};
pub use self::song::{AUDIO_EXTENSIONS, OpenedSong, Place, hear_song, place_song};

/// The longest song that is opened, seconds: its analysis is done in memory.
pub const MAX_SONG_S: f64 = 3.0 * 3600.0;

/// Why a song or a chart was not opened. Every message names it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The song cannot be read.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The song cannot be analysed.
    #[error("{}: {cause}", path.display())]
    Song {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: String,
    },
    /// A file without a sound.
    #[error("{}: there is no audio in it", .0.display())]
    Empty(PathBuf),
    /// More than [`MAX_SONG_S`].
    #[error(
        "{}: {:.1} hours are too long for the window; the command `changes` takes any length",
        path.display(),
        length_s / 3600.0
    )]
    TooLong {
        /// The file.
        path: PathBuf,
        /// How long it is.
        length_s: f64,
    },
    /// A decoder or the analysis has panicked on it.
    #[error("{}: it cannot be read; please report this as a bug of Changes", .0.display())]
    Fault(PathBuf),
    /// The chart's file cannot be read.
    #[error(transparent)]
    ChartFile(#[from] LoadChartError),
    /// The text is not a chart.
    #[error("the text is not a chart: {0}")]
    ChartText(#[from] ChartError),
    /// The chart cannot be aligned.
    #[error("{title}: {cause}")]
    Align {
        /// The chart.
        title: String,
        /// The cause.
        cause: AlignError,
    },
    /// The chart was not found in the music.
    #[error("{0}: no bar of the chart was found in the music")]
    NotFound(String),
    /// The segments do not make a valid timeline.
    #[error("{title}: {cause}")]
    Timeline {
        /// The song or chart.
        title: String,
        /// The cause.
        cause: TimelineError,
    },
    /// The track refuses the edit.
    #[error("{title}: {cause}")]
    Edit {
        /// The song or chart.
        title: String,
        /// The cause.
        cause: EditError,
    },
    /// Something else is being opened.
    #[error("{0} is still being read: wait for it or cancel it")]
    Busy(String),
    /// Another project was loaded meanwhile.
    #[error("{0}: another project was opened meanwhile")]
    OtherSession(String),
    /// The user has cancelled it, or the instance is gone.
    #[error("cancelled")]
    Cancelled,
}

/// Progress of what is being opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// What is being done: `Listening to song.mp3`.
    pub text: String,
    /// The share that is done, 0 … 1.
    pub share: f32,
}

/// What the window shows of what is being opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpeningView {
    /// The progress, while something is being opened.
    pub progress: Option<Progress>,
    /// The song that a chart can be aligned to: its name.
    pub song: Option<String>,
    /// The chart that was read last: its title.
    pub chart: Option<String>,
    /// The chart aligned to the music, waiting to be accepted.
    pub proposal: Option<Arc<Proposal>>,
}

#[derive(Default)]
struct State {
    /// Counts starts and cancellations; the running job has the current number.
    number: u64,
    progress: Option<Progress>,
    song: Option<Arc<OpenedSong>>,
    chart: Option<Arc<WrittenChart>>,
    /// Whether there was no music to align it to yet.
    chart_waits: bool,
    proposal: Option<Arc<Proposal>>,
}

/// What one instance opens; see the module's documentation.
#[derive(Default)]
pub struct Opening(Mutex<State>);

impl Opening {
    /// What to show in a session that has loaded `loads` states.
    pub fn view(&self, loads: u32) -> OpeningView {
        let state = self.0.lock();
        let song = state.song.as_ref().filter(|it| it.loads == loads);
        let proposal = state.proposal.as_ref().filter(|it| it.loads == loads);
        OpeningView {
            progress: state.progress.clone(),
            song: song.map(|it| it.name.clone()),
            chart: state.chart.as_ref().map(|it| it.title.clone()),
            proposal: proposal.cloned(),
        }
    }

    /// Begins a job. `alive` says whether it is still wanted, `tell` is called at progress.
    ///
    /// # Errors
    /// [`OpenError::Busy`]: one thing at a time.
    pub fn begin(
        self: &Arc<Self>,
        text: String,
        alive: impl Fn() -> bool + Send + 'static,
        tell: impl Fn() + Send + 'static,
    ) -> Result<Job, OpenError> {
        let mut state = self.0.lock();
        if let Some(progress) = &state.progress {
            return Err(OpenError::Busy(progress.text.clone()));
        }
        state.number += 1;
        state.progress = Some(Progress { text, share: 0.0 });
        tell();
        Ok(Job {
            opening: Arc::clone(self),
            number: state.number,
            alive: Box::new(alive),
            tell: Box::new(tell),
        })
    }

    /// Cancels the running job at once: its later result is discarded.
    pub fn cancel(&self) {
        let mut state = self.0.lock();
        state.number += 1;
        state.progress = None;
    }

    /// The song that was opened last, if the session is still the one it was opened in: `loads`
    /// counts the states that were loaded.
    pub fn song(&self, loads: u32) -> Option<Arc<OpenedSong>> {
        let state = self.0.lock();
        state.song.clone().filter(|song| song.loads == loads)
    }

    /// The chart that was read last and neither accepted nor discarded.
    pub fn chart(&self) -> Option<Arc<WrittenChart>> {
        self.0.lock().chart.clone()
    }

    /// That chart, if it waits for music.
    pub fn waiting_chart(&self) -> Option<Arc<WrittenChart>> {
        let state = self.0.lock();
        state.chart.clone().filter(|_| state.chart_waits)
    }

    /// Takes the aligned chart, or one of its bars, into the track as one edit. Returns a
    /// message about it.
    ///
    /// # Errors
    /// If the track refuses it, or the chart belongs to another project.
    pub fn accept(
        &self,
        bar: Option<usize>,
        session: &Session,
    ) -> Result<Option<String>, OpenError> {
        let Some(proposal) = self.0.lock().proposal.clone() else {
            return Ok(None);
        };
        let title = proposal.title.clone();
        if proposal.loads != session.loads() {
            return Err(OpenError::OtherSession(title));
        }
        let command = match bar {
            Some(index) => proposal.accept_bar(index),
            None => Some(proposal.accept_all()),
        };
        let Some(command) = command else {
            return Ok(None);
        };
        session
            .place(&command)
            .map_err(|cause| OpenError::Edit { title, cause })?;
        if bar.is_some() {
            return Ok(None);
        }
        self.0.lock().proposal = None;
        let bars = proposal.bars.len();
        let plural = if bars == 1 { "" } else { "s" };
        Ok(Some(format!(
            "{}: {bars} bar{plural} accepted, and locked. Undo (Ctrl+Z) takes them out again.",
            proposal.title
        )))
    }

    /// Discards the chart and its alignment.
    pub fn discard_chart(&self) {
        let mut state = self.0.lock();
        (state.chart, state.chart_waits, state.proposal) = (None, false, None);
    }
}

/// The opening of something. Its progress ends when this is dropped.
pub struct Job {
    opening: Arc<Opening>,
    number: u64,
    alive: Box<dyn Fn() -> bool + Send>,
    tell: Box<dyn Fn() + Send>,
}

impl Job {
    /// Sets what is being done.
    fn says(&self, text: String) {
        if let Some(progress) = self.own(&mut self.opening.0.lock()) {
            *progress = Progress { text, share: 0.0 };
        }
    }

    /// Sets the share that is done. Returns whether to go on.
    fn go_on(&self, share: f32) -> bool {
        let told = match self.own(&mut self.opening.0.lock()) {
            Some(progress) => {
                let told = (share - progress.share).abs() >= 0.005;
                progress.share = if told { share } else { progress.share };
                told
            }
            None => return false,
        };
        if told {
            (self.tell)();
        }
        (self.alive)()
    }

    /// Keeps the result, unless the job was cancelled.
    fn keep(&self, keep: impl FnOnce(&mut State)) -> Result<(), OpenError> {
        let mut state = self.opening.0.lock();
        if self.own(&mut state).is_none() || !(self.alive)() {
            return Err(OpenError::Cancelled);
        }
        keep(&mut state);
        Ok(())
    }

    fn own<'a>(&self, state: &'a mut State) -> Option<&'a mut Progress> {
        (state.number == self.number)
            .then_some(state.progress.as_mut())
            .flatten()
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let mut state = self.opening.0.lock();
        if state.number == self.number {
            state.progress = None;
        }
        drop(state);
        (self.tell)();
    }
}

/// A file's name as shown to the user.
fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
