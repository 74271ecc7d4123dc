//! Editing of a chord track, with undo and redo.
//!
//! ```
//! use harmony::edit::{Command, Editor};
//! use harmony::time::TempoMap;
//! use harmony::timeline::{Segment, Timeline};
//! use harmony::track::Track;
//!
//! let chords = [Segment::new(0.0, 2.0, "C".parse()?), Segment::new(2.0, 4.0, "F".parse()?)];
//! let track = Track::from_timeline(Timeline::from_segments(chords)?, TempoMap::default());
//! let mut editor = Editor::new(track);
//! editor.apply(&Command::SetChord { at_s: 2.5, label: "A:min7/b3".parse()? })?;
//! assert_eq!(editor.track().timeline().segments()[1].label.to_string(), "A:min7/b3");
//! assert!(editor.undo());
//! assert_eq!(editor.track().timeline().segments()[1].label.to_string(), "F:maj");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod change;
mod command;
mod heard;
mod history;
mod replaced;

pub use change::Change;
pub use command::{Command, EditError, MIN_SEGMENT_S, Placed, Snap};
pub use heard::Heard;
pub use history::{History, MAX_DEPTH, MAX_PASSES, Undo};

use crate::time::TempoMap;
use crate::timeline::{Segment, TimelineError};
use crate::track::{Keep, Track};

/// A track with the history of its edits.
///
/// New analysis is not an edit: it is written by [`hear`](Self::hear) and does not change locked
/// chords. All confirmed chords that one pass over the song replaces are one step of the history.
/// Undoing an edit restores the edit's span of time and nothing else; undoing a pass restores the
/// chords wherever the pass has written.
#[derive(Clone, Debug, Default)]
pub struct Editor {
    track: Track,
    history: History,
}

impl Editor {
    /// An editor of a track, without a history.
    #[must_use]
    pub fn new(track: Track) -> Self {
        Self {
            track,
            history: History::default(),
        }
    }

    /// The track as it is.
    #[must_use]
    pub const fn track(&self) -> &Track {
        &self.track
    }

    /// The track, without its history.
    #[must_use]
    pub fn into_track(self) -> Track {
        self.track
    }

    /// Carries out a command. One that changes nothing adds no undo step.
    ///
    /// # Errors
    /// A command that is not possible here; the track is unchanged then.
    pub fn apply(&mut self, command: &Command) -> Result<(), EditError> {
        let mut changed = self.track.clone();
        command.carry_out(&mut changed)?;
        self.track.check_growth(changed.timeline())?;
        if let Some(change) = Change::between(&self.track, &changed) {
            self.history.push(change);
            self.track = changed;
        }
        Ok(())
    }

    /// Undoes the last step; returns whether there was one.
    pub fn undo(&mut self) -> bool {
        self.history.undo(&mut self.track)
    }

    /// Redoes the step that was undone last; returns whether there was one.
    pub fn redo(&mut self) -> bool {
        self.history.redo(&mut self.track)
    }

    /// What [`undo`](Self::undo) would undo.
    #[must_use]
    pub fn next_undo(&self) -> Option<Undo> {
        self.history.next_undo(&self.track)
    }

    /// Whether there is something to undo.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        self.next_undo().is_some()
    }

    /// Whether there is something to redo.
    #[must_use]
    pub fn can_redo(&self) -> bool {
        self.history.redoable() > 0
    }

    /// Writes a pass's analysis of `from_s` … `to_s` into the track, as [`Track::replace_range`]
    /// does, except that only another chord replaces a confirmed one: silence, sound without a
    /// chord ([`Label`](crate::label::Label)s `N` and `X`) and sound that is too
    /// [`faint`](Heard::faint) leave it as it was before the pass. Returns whether anything was
    /// written.
    ///
    /// Later passes have greater numbers. The confirmed chords that one pass replaces are one step
    /// of undo; once it is undone, the pass replaces no more of them.
    ///
    /// # Errors
    /// As [`Track::replace_range`].
    pub fn hear(
        &mut self,
        pass: u64,
        from_s: f64,
        to_s: f64,
        heard: impl IntoIterator<Item = Heard>,
    ) -> Result<bool, TimelineError> {
        let heard = heard.into_iter().collect();
        let runs = heard::to_write(&self.history, &self.track, pass, (from_s, to_s), heard)?;
        for run in &runs {
            let (from_s, to_s) = (run[0].start_s, run[run.len() - 1].end_s);
            if !self.history.is_barred(pass) {
                self.history.remember(pass, &self.track, from_s, to_s);
            }
            self.track
                .replace_range(from_s, to_s, run.iter().cloned())?;
            self.history.follow(pass, &self.track, from_s, to_s);
        }
        Ok(!runs.is_empty())
    }

    /// To be called when passes before this one are over.
    pub fn settle(&mut self, pass: u64) {
        self.history.settle(pass, &self.track);
    }

    /// Writes new analysis ([`Track::replace_range`]).
    ///
    /// # Errors
    /// As [`Track::replace_range`].
    pub fn replace_range(
        &mut self,
        from_s: f64,
        to_s: f64,
        segments: impl IntoIterator<Item = Segment>,
    ) -> Result<(), TimelineError> {
        self.track.replace_range(from_s, to_s, segments)
    }

    /// Sets the tempo map ([`Track::set_tempo`]), and moves the chords of the history with it. It
    /// is for a tempo that the host reports: not an edit, and earlier edits of the tempo can no
    /// longer be undone.
    ///
    /// # Errors
    /// As [`Track::set_tempo`]; nothing has changed then.
    pub fn set_tempo(&mut self, tempo: TempoMap, keep: Keep) -> Result<(), TimelineError> {
        let before = self.track.tempo().clone();
        self.track.set_tempo(tempo, keep)?;
        self.history.forget_tempo_edits();
        if keep == Keep::Beats {
            let after = self.track.tempo();
            self.history
                .move_times(|time_s| after.time_at(before.beat_at(time_s)));
        }
        Ok(())
    }

    /// The track itself, for other changes that are not edits: the host's meter, newly found
    /// keys. For the tempo see [`set_tempo`](Self::set_tempo).
    pub const fn track_mut(&mut self) -> &mut Track {
        &mut self.track
    }
}
