//! What the worker publishes for the window: one immutable value at a time.

use harmony::label::Label;
use harmony::time::Meter;
use harmony::timeline::Status as ChordStatus;
use harmony::track::Track;
use recognizer::band::{Part, Said};
use recognizer::live::{Shown, ShownState};
use recognizer::tuning::Tuning;

use crate::recognition::SPECTRUM_BINS;

/// What the plugin is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// No audio has arrived for a while: the host is not processing.
    #[default]
    Idle,
    /// The host bypasses the plugin.
    Bypassed,
    /// Audio arrives and is silent.
    Silence,
    /// There is sound, but no chord in it yet.
    Listening,
    /// The chord shown is a guess.
    Unsure,
    /// A chord is shown.
    Recognizing,
    /// Audio was lost because the machine was too slow.
    Gap,
    /// The analysis stopped on an error of its own.
    Failed,
}

impl Status {
    /// Whether a recognized chord is shown. In silence, or when nothing plays, there is none.
    pub const fn shows_chord(self) -> bool {
        matches!(self, Self::Unsure | Self::Recognizing | Self::Gap)
    }
}

/// A position in the song: in the host's time on [`Clock::Host`](crate::session::Clock::Host),
/// else in the stream's. Seconds are those of [`Session::track`](crate::session::Session::track).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SongPosition {
    /// Seconds of the track. Negative in the host's pre-roll.
    pub time_s: f64,
    /// Quarter-note beats, where the host reports them.
    pub beat: Option<f64>,
    /// Whether the position moves on: the host's transport rolls, or, on the stream's
    /// clock, audio arrives. While this is `false` on the host's clock, nothing is written
    /// into the track.
    pub playing: bool,
    /// Number of the current bar, counted from 1, where the host reports beats. 0 and less in
    /// the pre-roll.
    pub bar_number: Option<i64>,
    /// Quarter notes a minute, where the host reports a tempo.
    pub tempo_bpm: Option<f64>,
    /// The time signature, where the host reports it.
    pub meter: Option<Meter>,
}

/// A snapshot of an instance's analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// What the plugin is doing.
    pub status: Status,
    /// Whether the user holds the display.
    pub frozen: bool,
    /// The chord that is shown, if any.
    pub current: Option<Shown>,
    /// What each part of the band contributed to that chord; empty without a band.
    pub said: Vec<Said>,
    /// How the instance stands in its band.
    pub band: Standing,
    /// How far the analysis has come, in seconds of the stream.
    pub now_s: f64,
    /// Log magnitudes of the latest constant-Q frame, ln(|C| + 1e-6).
    pub spectrum: [f32; SPECTRUM_BINS],
    /// The tuning of the music, set or found; `None` until it is known.
    pub tuning: Option<Tuning>,
    /// Why built-in networks replace the chosen ones, a line each.
    pub refused_networks: Vec<String>,
    /// The position of the analysis in the song: the right end of the live part of the track,
    /// and the place of a playhead. The host itself is [`lag_s`](Self::lag_s) seconds further
    /// on. Moves on while the display is frozen. `None` before the first audio.
    pub position: Option<SongPosition>,
    /// Up to this second of the track the current pass has been refined: its chords are
    /// [`Confirmed`](harmony::timeline::Status::Confirmed), those from here to
    /// [`position`](Self::position) provisional. What lies after the position is from an
    /// earlier pass. `None` until something was refined since the song last started or jumped.
    pub confirmed_to_s: Option<f64>,
    /// Seconds by which the live display is behind the audio: the audio waiting to be
    /// analysed, and what the recognizer needs to hear of a sound.
    pub lag_s: f32,
    /// Seconds by which the confirmed track is behind the audio, at the latest; 0 where
    /// nothing is refined.
    pub confirm_lag_s: f32,
    /// Share of one processor core that the analysis of this instance takes, 0…1.
    pub cpu: f32,
    /// Samples lost so far because the machine was too slow.
    pub lost: u64,
    /// The host's rate in Hz; 0 before the first activation.
    pub sample_rate: f64,
}

/// The standing of an instance in its band.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It listens by itself.
    #[default]
    Alone,
    /// It has a part in a band without other instances in this process.
    Missing {
        /// The band's letter.
        band: char,
    },
    /// It plays in a band, whose chord and track it shows.
    Together {
        /// The band's letter.
        band: char,
        /// The parts of all of its instances, in order.
        parts: Vec<Part>,
    },
}

/// Below this confidence a chord is shown as a guess.
pub const SURE: f32 = 0.5;

/// ln(1e-6), the magnitude of silence.
pub const SPECTRUM_FLOOR: f32 = -13.815_511;

impl Default for Snapshot {
    fn default() -> Self {
        Self {
            status: Status::default(),
            frozen: false,
            current: None,
            said: Vec::new(),
            band: Standing::default(),
            now_s: 0.0,
            spectrum: [SPECTRUM_FLOOR; SPECTRUM_BINS],
            tuning: None,
            refused_networks: Vec::new(),
            position: None,
            confirmed_to_s: None,
            lag_s: 0.0,
            confirm_lag_s: 0.0,
            cpu: 0.0,
            lost: 0,
            sample_rate: 0.0,
        }
    }
}

impl Snapshot {
    /// The snapshot for a `track` at `at_s`, as far as a track has it: the chord, but no
    /// spectrum and no alternatives.
    pub fn of_track(track: &Track, at_s: f64) -> Self {
        // A chord that has just ended is still shown.
        let mut heard = track.timeline().segments().iter().rev();
        let last = heard.find(|segment| segment.start_s < at_s);
        let current = last.filter(|it| it.end_s >= at_s - 0.1).map(|it| Shown {
            shown_at_s: at_s,
            starts_at_s: it.start_s,
            label: it.label.clone(),
            state: match it.status {
                ChordStatus::Confirmed => ShownState::Confirmed,
                ChordStatus::Provisional => ShownState::Provisional,
            },
            confidence: it.confidence,
            alternatives: Vec::new(),
        });
        let status = match &current {
            Some(Shown {
                label: Label::Chord(_),
                confidence,
                ..
            }) if *confidence >= SURE => Status::Recognizing,
            Some(Shown {
                label: Label::Chord(_) | Label::Unknown,
                ..
            }) => Status::Unsure,
            _ => Status::Listening,
        };
        Self {
            status,
            current,
            now_s: at_s,
            ..Self::default()
        }
    }
}
