//! The printed table of display changes, and the events file.

use harmony::label::Label;
use harmony::timeline::Timeline;
use recognizer::live::{Event, LiveEngine, Shown, ShownState};
use serde::Serialize;

use super::nobody_reads;
use crate::arguments::Notation;
use crate::error::{Error, in_file};
use crate::output::{OutputFile, print};
use crate::say::say;
use crate::songs::Song;
use crate::table::{clock, percent};

/// One change of the display, as `--events` writes it.
#[derive(Serialize)]
struct EventLine<'a> {
    shown_at_s: f64,
    starts_at_s: f64,
    label: &'a Label,
    state: &'static str,
    confidence: f32,
}

/// Where `--events` go.
pub(super) enum Events {
    /// Nowhere.
    None,
    /// To standard output, instead of the table.
    Printed,
    /// To a file, with the lines so far.
    File(OutputFile, Vec<u8>),
}

/// The display.
pub(super) struct Display<'a> {
    notation: &'a Notation,
    pub(super) events: Events,
    /// The final segments.
    pub(super) chords: Timeline,
    /// Whether anything is printed; false once standard output is closed.
    prints: bool,
    /// Whether the chords also go into a file.
    has_files: bool,
    has_head: bool,
    /// The shown chord, the same in the chosen vocabulary, and its state.
    last: Option<(Label, Label, ShownState)>,
}

impl<'a> Display<'a> {
    /// A display; `prints` is false if standard output has another use, `writes` is true if the
    /// chords also go into a file.
    pub(super) fn new(notation: &'a Notation, events: Events, prints: bool, writes: bool) -> Self {
        Self {
            has_files: writes || matches!(events, Events::File(..)),
            notation,
            events,
            chords: Timeline::default(),
            prints,
            has_head: false,
            last: None,
        }
    }

    /// Takes the engine's events.
    pub(super) fn follow(&mut self, song: &Song, engine: &mut LiveEngine) -> Result<(), Error> {
        if !self.has_head {
            self.has_head = true;
            self.head()?;
        }
        while let Some(event) = engine.poll() {
            match event {
                Event::Shown(shown) => self.show(song, &shown)?,
                Event::Segment(mut segment) => {
                    segment.label = self.notation.vocabulary.simplify(&segment.label);
                    let put = self.chords.insert(segment);
                    put.map_err(|cause| in_file(song.path())(&cause))?;
                }
            }
        }
        Ok(())
    }

    fn head(&mut self) -> Result<(), Error> {
        if matches!(self.events, Events::Printed) {
            return Ok(());
        }
        self.print(&format!(
            "{:>9}  {:<14} {:>9}  {:<11} {:>5}",
            "shown", "chord", "from", "", "sure"
        ))
    }

    fn show(&mut self, song: &Song, shown: &Shown) -> Result<(), Error> {
        let label = self.notation.vocabulary.simplify(&shown.label);
        let label = self.notation.simplify.label(&label);
        let label = match self.notation.transpose {
            0 => label,
            semitones => label.transposed(semitones),
        };
        // Chords that are equal in the vocabulary are one on the display.
        let hidden = self.last.as_ref().is_some_and(|(full, simple, state)| {
            *full != shown.label && *simple == label && *state == shown.state
        });
        self.last = Some((shown.label.clone(), label.clone(), shown.state));
        if hidden {
            return Ok(());
        }
        let state = match shown.state {
            ShownState::Provisional => "provisional",
            ShownState::Confirmed => "confirmed",
        };
        let event = serde_json::to_string(&EventLine {
            shown_at_s: shown.shown_at_s,
            starts_at_s: shown.starts_at_s,
            label: &label,
            state,
            confidence: shown.confidence,
        });
        let event = event.map_err(|cause| in_file(song.path())(&cause))?;
        match &mut self.events {
            Events::Printed => return self.print(&event),
            Events::File(_, lines) => {
                lines.extend(event.bytes());
                lines.push(b'\n');
            }
            Events::None => {}
        }
        self.print(&format!(
            "{:>9}  {:<14} {:>9}  {state:<11} {:>5}",
            clock(shown.shown_at_s),
            self.notation.written().format(&label, self.notation.key),
            clock(shown.starts_at_s),
            percent(shown.confidence),
        ))
    }

    /// Prints a line. If standard output is closed, files are still written.
    fn print(&mut self, line: &str) -> Result<(), Error> {
        if !self.prints {
            return Ok(());
        }
        let printed = print(format!("{}\n", line.trim_end()).as_bytes());
        match printed {
            Err(error) if self.has_files => {
                self.prints = false;
                if !nobody_reads(&error) {
                    say(&error);
                }
                Ok(())
            }
            printed => printed,
        }
    }
}
