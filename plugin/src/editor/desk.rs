//! What is under way in the window: what is open, where it is scrolled to, what is being
//! dragged. It lives as long as the window and is not saved.

use std::path::PathBuf;

use egui::Rect;
use harmony::edit::{Command, Snap};
use harmony::export::Format;
use harmony::label::{Chord, Label};
use harmony::voicing::Fingering;

pub use super::incoming::Kind;
use super::taps::Taps;
use crate::opening::{OpeningView, Place};

/// What the user asks of the session or of the system.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// An edit of the track.
    Edit(Command),
    /// Play a chord on the MIDI output, as it sounds.
    Hear(Label),
    /// Take the last edit back.
    Undo,
    /// Do it again.
    Redo,
    /// Write a file into the folder of the exports.
    Save(Format),
    /// Ask where to write a file.
    SaveAs(Format),
    /// Put a file's text on the clipboard.
    Copy(Format),
    /// Drag a file out of the window.
    DragOut(Format),
    /// Ask for a song or a chart, and open it.
    Ask(Kind),
    /// Align a chart that is a text.
    AlignText(String),
    /// Align the chart once more that was read last.
    AlignAgain,
    /// Stop what is being opened.
    CancelOpening,
    /// Write the song with its chords as an example to learn from.
    SaveExample,
    /// Ask for a file of weights: of the display (`true`) or of the confirmed track.
    ChooseNetwork(bool),
    /// Take the whole chart into the track.
    AcceptChart,
    /// Take one bar of it.
    AcceptBar(usize),
    /// Forget the chart.
    DiscardChart,
    /// Show a file in the system's file manager.
    Reveal(PathBuf),
    /// Bring the track back that the message of the session is about.
    BringBack,
    /// The message of the session was read.
    Dismiss,
}

/// Something to tell the user, at the foot of the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What.
    pub text: String,
    /// Whether something went wrong.
    pub error: bool,
    /// The file that it is about, to be shown.
    pub file: Option<PathBuf>,
}

/// What is open above the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Open {
    /// Nothing.
    #[default]
    Nothing,
    /// The editor of the chord that sounds at a time of the track.
    Chord(ChordEditor),
    /// The key that holds now.
    Key(Rect),
    /// Title, composer and bars a line.
    Song(SongEditor),
    /// The formats.
    Export,
    /// Songs and charts from files.
    Files,
    /// Where beats and bars are tapped and nudged.
    Grid(Rect),
    /// The settings.
    Settings,
}

/// A chord being edited.
#[derive(Clone, Debug, PartialEq)]
pub struct ChordEditor {
    /// A time that lies in the chord, in seconds of the track.
    pub at_s: f64,
    /// Where the click was, in seconds of the track: where a split would be.
    pub clicked_s: f64,
    /// Where on screen the chord is.
    pub anchor: Rect,
    /// What is typed.
    pub text: String,
    /// The section that is typed.
    pub section: String,
    /// Whether the text has yet to be selected.
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

/// A boundary being dragged, in seconds of the track.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drag {
    /// Where it was.
    pub from_s: f64,
    /// Where it would be dropped.
    pub to_s: f64,
}

/// Fingerings of the last chord that was asked for.
#[derive(Clone, Debug, Default)]
pub struct Fingerings {
    key: Option<(Chord, Vec<u8>)>,
    found: Vec<Fingering>,
}

impl Fingerings {
    /// The fingerings of a chord on open strings, MIDI notes behind the capo, computed when
    /// either has changed.
    pub fn of(&mut self, chord: &Chord, strings: &[u8]) -> &[Fingering] {
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
    /// Which chords there are and how they are written.
    #[default]
    Chords,
    /// What is listened for.
    Listening,
    /// The instrument in the hand, and MIDI out.
    Playing,
    /// How the window looks.
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

/// Texts of the settings that are being typed, until they mean something and are left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// The chords that somebody plays.
    pub own_chords: Option<String>,
    /// The open strings of an instrument.
    pub own_strings: Option<String>,
    /// What was said when a capo was asked for.
    pub capo: Option<String>,
}

/// What is under way in the window.
#[derive(Clone, Debug)]
pub struct Desk {
    /// What the user has asked for since it was last emptied.
    pub actions: Vec<Action>,
    /// What is open.
    pub open: Open,
    /// What there is to tell.
    pub notice: Option<Notice>,
    /// What is being opened, and what there is of it.
    pub opening: OpeningView,
    /// Where a song from a file is put.
    pub place: Place,
    /// The tempo that is being tapped.
    pub taps: Taps,
    /// The chart that is typed.
    pub chart_text: String,
    /// Whether files can be dragged out of this window.
    pub can_drag_out: bool,
    /// The folder that exports go to when the user has named none.
    pub default_folder: String,
    /// Whether the lead sheet keeps the playhead in view.
    pub follow: bool,
    /// How far the lead sheet is scrolled, in points; `None` before it was drawn.
    pub scroll: Option<f32>,
    /// Seconds at the playhead's place of the time strip, while it does not follow.
    pub strip_s: f64,
    /// The boundary that is being dragged.
    pub drag: Option<Drag>,
    /// What dragged boundaries are drawn to.
    pub snap: Snap,
    /// Seconds by which the playhead has gone on since the view was made.
    pub ahead_s: f64,
    /// Where the head of the sheet was drawn: the form of the song opens there.
    pub song_anchor: Option<Rect>,
    /// The fingerings shown last.
    pub fingerings: Fingerings,
    /// The page of the settings that is shown.
    pub settings: SettingsPage,
    /// What is being typed in the settings.
    pub typed: Typed,
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
        }
    }
}

impl Desk {
    /// Asks for something.
    pub fn ask(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// Asks for an edit.
    pub fn edit(&mut self, command: Command) {
        self.actions.push(Action::Edit(command));
    }
}
