//! What the worker publishes for whoever draws: one immutable value at a time.

use harmony::label::Label;

use crate::recognition::SPECTRUM_BINS;
use crate::track::ChordTrack;

/// What the plugin is doing, said honestly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// No audio has arrived for a while: the host is not processing.
    #[default]
    Idle,
    /// The host bypasses the plugin.
    Bypassed,
    /// Audio arrives and is silent.
    Silence,
    /// There is sound, and no chord in it yet.
    Listening,
    /// A chord is shown that is more guess than knowledge.
    Unsure,
    /// A chord is shown.
    Recognising,
    /// Audio was lost because the machine was too slow.
    Gap,
    /// The analysis stopped on an error of its own.
    Failed,
}

/// The chord that is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentChord {
    /// The chord.
    pub label: Label,
    /// Whether it will not be taken back.
    pub confirmed: bool,
    /// 0…1.
    pub confidence: f32,
    /// The next best chords with their probabilities, best first.
    pub alternatives: Vec<(Label, f32)>,
}

/// A chord on the strip.
#[derive(Clone, Debug, PartialEq)]
pub struct StripSegment {
    /// Start in seconds of the stream.
    pub start_s: f64,
    /// End in seconds of the stream.
    pub end_s: f64,
    /// The chord.
    pub label: Label,
    /// 0…1.
    pub confidence: f32,
    /// Whether it will not be taken back.
    pub confirmed: bool,
}

/// What a line on the strip stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// The start of a bar, with its number counted from 1 where the host tells.
    Bar(Option<i32>),
    /// Whole seconds of the stream, where the host tells no bars.
    Seconds(u32),
}

/// A line on the strip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StripLine {
    /// Where, in seconds of the stream.
    pub at_s: f64,
    /// What it stands for.
    pub kind: LineKind,
}

/// The recent past.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strip {
    /// The right edge, in seconds of the stream.
    pub now_s: f64,
    /// How much of the past is shown, in seconds.
    pub window_s: f64,
    /// Chords, ordered; may begin before the window.
    pub segments: Vec<StripSegment>,
    /// Bar lines, or seconds.
    pub lines: Vec<StripLine>,
}

/// One picture of an instance's analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// What the plugin is doing.
    pub status: Status,
    /// Whether the display is held by the user.
    pub frozen: bool,
    /// The chord that is shown, if any.
    pub current: Option<CurrentChord>,
    /// The recent past.
    pub strip: Strip,
    /// Log magnitudes of the latest constant-Q frame, ln(|C| + 1e-6).
    pub spectrum: [f32; SPECTRUM_BINS],
    /// Seconds by which the display is behind the audio: what waits to be analysed, and
    /// what the analysis must hear of a sound to know it.
    pub lag_s: f32,
    /// Share of one processor core that the analysis of this instance takes, 0…1.
    pub cpu: f32,
    /// Samples lost so far because the machine was too slow.
    pub lost: u64,
    /// The host's rate in Hz; 0 before the first activation.
    pub sample_rate: f64,
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
            strip: Strip {
                window_s: 16.0,
                ..Strip::default()
            },
            spectrum: [SPECTRUM_FLOOR; SPECTRUM_BINS],
            lag_s: 0.0,
            cpu: 0.0,
            lost: 0,
            sample_rate: 0.0,
        }
    }
}

impl Snapshot {
    /// What the editor showed when `track` stood at `at_s`, as far as a track can
    /// tell: chords and strip, but no spectrum and no alternatives.
    pub fn of_track(track: &ChordTrack, at_s: f64) -> Self {
        let strip = Strip {
            now_s: at_s,
            window_s: 16.0,
            ..Strip::default()
        };
        let heard = track
            .segments()
            .iter()
            .filter(|segment| segment.start_s < at_s);
        let recent = heard.filter(|segment| segment.end_s > at_s - strip.window_s);
        let segments: Vec<StripSegment> = recent
            .map(|segment| StripSegment {
                start_s: segment.start_s,
                end_s: segment.end_s.min(at_s),
                label: segment.label.clone(),
                confidence: segment.confidence,
                confirmed: segment.confirmed,
            })
            .collect();
        let current = segments
            .last()
            .filter(|last| last.end_s >= at_s - 0.1)
            .map(|last| CurrentChord {
                label: last.label.clone(),
                confirmed: last.confirmed,
                confidence: last.confidence,
                alternatives: Vec::new(),
            });
        let first = ((at_s - strip.window_s).max(0.0) / 2.0).ceil() as u32;
        let seconds = (first..=(at_s.clamp(0.0, 1e6) / 2.0) as u32).map(|index| 2 * index);
        let lines = seconds
            .map(|second| StripLine {
                at_s: f64::from(second),
                kind: LineKind::Seconds(second),
            })
            .collect();
        let status = match &current {
            Some(CurrentChord {
                label: Label::Chord(_),
                confidence,
                ..
            }) if *confidence >= SURE => Status::Recognising,
            Some(CurrentChord {
                label: Label::Chord(_) | Label::Unknown,
                ..
            }) => Status::Unsure,
            _ => Status::Listening,
        };
        let strip = Strip {
            segments,
            lines,
            ..strip
        };
        Self {
            status,
            current,
            strip,
            ..Self::default()
        }
    }
}
