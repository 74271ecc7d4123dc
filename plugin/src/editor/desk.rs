//! The state of the open window: which popover is open, how far it is scrolled, what is being
//! dragged. It lives as long as the window and is not saved.

use std::path::PathBuf;

use egui::Rect;
use harmony::edit::{Command, Snap};
use harmony::export::Format;
use harmony::label::{Chord, Label};
use harmony::voicing::Fingering;

use super::announcing::Announced;
pub use super::incoming::Kind;
use super::taps::Taps;
use crate::opening::{OpeningView, Place};

/// An action that the user asks of the session or the system.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// An edit of the track.
    Edit(Command),
    /// Play a chord, in concert pitch, on the MIDI output.
    Hear(Label),
    /// Undo the last edit.
    Undo,
    /// Redo the last undone edit.
    Redo,
    /// Write a file into the export folder.
    Save(Format),
    /// Ask where to write a file, and write it there.
    SaveAs(Format),
    /// Copy a file's text to the clipboard.
    Copy(Format),
    /// Drag a file out of the window.
    DragOut(Format),
    /// Choose a song or a chart in a dialog, and open it.
    Ask(Kind),
    /// Align a chart given as text.
    AlignText(String),
    /// Align the last chart again.
    AlignAgain,
    /// Stop what is being opened.
    CancelOpening,
    /// Write the song with its chords as a training example.
    SaveExample,
    /// Choose a file of weights, for the display (`true`) or the confirmed track.
    ChooseNetwork(bool),
    /// Take the whole chart into the track.
    AcceptChart,
    /// Take one bar of the chart into the track, by its index.
    AcceptBar(usize),
    /// Discard the chart.
    DiscardChart,
    /// Show a file in the system's file manager.
    Reveal(PathBuf),
    /// Bring back the track that the session's message is about.
    BringBack,
    /// Close the session's message.
    Dismiss,
}

/// A message at the foot of the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its text.
    pub text: String,
    /// Whether something went wrong.
    pub error: bool,
    /// The file it is about, for *Show*.
    pub file: Option<PathBuf>,
}

/// The popover that is open.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Open {
    /// Nothing.
    #[default]
    Nothing,
    /// The editor of a chord.
    Chord(ChordEditor),
    /// The choice of the current key.
    Key(Rect),
    /// Title, composer and bars a line.
    Song(SongEditor),
    /// The exports.
    Export,
    /// Songs and charts from files.
    Files,
    /// Tapping the tempo, and moving beats and bars.
    Grid(Rect),
    /// The settings.
    Settings,
}

/// A chord being edited.
#[derive(Clone, Debug, PartialEq)]
pub struct ChordEditor {
    /// A time within the chord, in seconds of the track.
    pub at_s: f64,
    /// The time that was clicked, in seconds of the track: a split goes there.
    pub clicked_s: f64,
    /// Where the chord is on screen.
    pub anchor: Rect,
    /// The text being typed.
    pub text: String,
    /// The section name being typed.
    pub section: String,
    /// Whether the text is still to be selected.
    pub fresh: bool,
    /// Whether the page for key, meter and section is shown.
    pub from_here: bool,
}

/// Title and composer being edited.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SongEditor {
    /// The title.
    pub title: String,
    /// The composer.
    pub composer: String,
    /// Bars on a line.
    pub bars_per_line: u8,
}

/// A chord boundary being dragged, in seconds of the track.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drag {
    /// Where it was.
    pub from_s: f64,
    /// Where it would be dropped.
    pub to_s: f64,
}

/// Fingerings of the last chord asked for.
#[derive(Clone, Debug, Default)]
pub struct Fingerings {
    key: Option<(Chord, Vec<u8>)>,
    found: Vec<Fingering>,
}

impl Fingerings {
    /// The fingerings of a chord on these open strings (MIDI notes, capo included). They are
    /// computed again only when the chord or the strings have changed.
    pub fn for_chord(&mut self, chord: &Chord, strings: &[u8]) -> &[Fingering] {
        let key = self.key.as_ref();
        if key.is_none_or(|(of, on)| of != chord || on != strings) {
            self.found = harmony::voicing::fingerings(chord, strings, 6);
            self.key = Some((chord.clone(), strings.to_vec()));
        }
        &self.found
    }
}

/// A page of the settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SettingsPage {
    /// The vocabulary, and how chords are written.
    #[default]
    Chords,
    /// Sensitivity, tuning, networks and the part in a band.
    Listening,
    /// The instrument, its capo, and MIDI out.
    Playing,
    /// The look of the window.
    Window,
}

impl SettingsPage {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Chords, Self::Listening, Self::Playing, Self::Window];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chords => "Chords",
            Self::Listening => "Listening",
            Self::Playing => "Playing",
            Self::Window => "Window",
        }
    }

    /// What is set there.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Chords => "Notation, names of notes, simpler chords",
            Self::Listening => "Sensitivity, tuning, the part in a band",
            Self::Playing => "Your instrument and its tuning, capo, MIDI out",
            Self::Window => "View, next chord, theme, version",
        }
    }
}

/// Texts being typed in the settings, kept until they are valid and their field is left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// The chords that the user plays.
    pub own_chords: Option<String>,
    /// The open strings of an instrument.
    pub own_strings: Option<String>,
    /// The message about the suggested capo.
    pub capo: Option<String>,
}

/// The state of the open window.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Actions asked for since this was last emptied.
    pub actions: Vec<Action>,
    /// The popover that is open.
    pub open: Open,
    /// The message at the foot of the window.
    pub notice: Option<Notice>,
    /// What is being opened: its progress, and a chart that waits to be accepted.
    pub opening: OpeningView,
    /// Where a song from a file goes.
    pub place: Place,
    /// The taps of a tempo.
    pub taps: Taps,
    /// The chart being typed.
    pub chart_text: String,
    /// Whether files can be dragged out of this window.
    pub can_drag_out: bool,
    /// The folder that exports go to when the user has named none.
    pub default_folder: String,
    /// Whether the lead sheet keeps the playhead in view.
    pub follow: bool,
    /// How far the lead sheet is scrolled, in points; `None` before it was drawn.
    pub scroll: Option<f32>,
    /// The time at the strip's playhead position, in seconds, while the strip does not follow.
    pub strip_s: f64,
    /// The boundary being dragged.
    pub drag: Option<Drag>,
    /// What dragged boundaries snap to.
    pub snap: Snap,
    /// Seconds that the playhead has moved on since the view was made.
    pub ahead_s: f64,
    /// Where the head of the sheet was drawn: the song's form opens there.
    pub song_anchor: Option<Rect>,
    /// The fingerings shown last.
    pub fingerings: Fingerings,
    /// The page of the settings that is shown.
    pub settings: SettingsPage,
    /// Texts being typed in the settings.
    pub typed: Typed,
    /// The chord that was last announced to screen readers.
    pub announced: Announced,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            actions: Vec::new(),
            open: Open::Nothing,
            notice: None,
            opening: OpeningView::default(),
            place: Place::default(),
            taps: Taps::default(),
            chart_text: String::new(),
            can_drag_out: false,
            default_folder: "Documents/Changes".to_owned(),
            follow: true,
            scroll: None,
            strip_s: 0.0,
            drag: None,
            snap: Snap::default(),
            ahead_s: 0.0,
            song_anchor: None,
            fingerings: Fingerings::default(),
            settings: SettingsPage::default(),
            typed: Typed::default(),
            announced: Announced::default(),
        }
    }
}

impl Desk {
    /// Asks for an action.
    pub fn ask(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// Asks for an edit.
    pub fn edit(&mut self, command: Command) {
        self.actions.push(Action::Edit(command));
    }
}
