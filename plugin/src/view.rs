//! What the editor shows, as plain values: no audio, no parameters, no host.
//!
//! A [`View`] is computed from a [`Snapshot`] and [`Controls`], and drawn by
//! [`editor::draw`](crate::editor::draw()). It can be saved as JSON and drawn again.

use harmony::key::Key;
use harmony::label::Label;
use harmony::style::{self, Style};
use harmony::vocabulary::Vocabulary;
use serde::{Deserialize, Serialize};

use crate::params::Panels;
use crate::recognition::SPECTRUM_BINS;
use crate::snapshot::{LineKind, SPECTRUM_FLOOR, Snapshot, Status, Strip};

/// The settings that the editor shows and changes. Indices are those of the
/// variants of the parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Controls {
    /// Index of the vocabulary.
    pub vocabulary: usize,
    /// Index of the notation.
    pub style: usize,
    /// Pitch class of the key's tonic.
    pub tonic: usize,
    /// 0 major, 1 minor.
    pub mode: usize,
    /// 0…1.
    pub sensitivity: f32,
    /// In seconds.
    pub hold_s: f32,
    /// Whether the display is held.
    pub freeze: bool,
    /// Which parts are shown.
    pub panels: Panels,
}

impl Default for Controls {
    fn default() -> Self {
        Self {
            vocabulary: 2,
            style: 0,
            tonic: 0,
            mode: 0,
            sensitivity: 0.5,
            hold_s: 0.0,
            freeze: false,
            panels: Panels::default(),
        }
    }
}

impl Controls {
    /// Whether the notation refers to a key.
    pub fn needs_key(&self) -> bool {
        matches!(self.style(), Style::Roman | Style::Nashville)
    }

    fn style(&self) -> Style {
        match self.style {
            0 => Style::Jazz,
            1 => Style::Plain,
            2 => Style::Harte,
            3 => Style::Roman,
            _ => Style::Nashville,
        }
    }

    fn vocabulary(&self) -> Vocabulary {
        match self.vocabulary {
            0 => Vocabulary::MajMin,
            1 => Vocabulary::Large,
            _ => Vocabulary::Inversions,
        }
    }

    /// The key, spelled as it is usually written.
    fn key(&self) -> Option<Key> {
        const MAJOR: [&str; 12] = [
            "C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B",
        ];
        const MINOR: [&str; 12] = [
            "C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B",
        ];
        let (tonics, mode) = if self.mode == 0 {
            (MAJOR, "maj")
        } else {
            (MINOR, "min")
        };
        format!("{}:{mode}", tonics[self.tonic % 12]).parse().ok()
    }
}

/// A chord's name in the parts that are set differently.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChordName {
    /// What is set large: the root, or the whole numeral.
    pub root: String,
    /// What is set smaller after it: quality and extensions.
    pub quality: String,
    /// The bass after the slash, if it is not the root.
    pub bass: Option<String>,
}

impl ChordName {
    fn new(text: &str) -> Self {
        // Only a slash that a note name or a number follows divides chord and bass;
        // "6/9" does not.
        let (upper, bass) = match text.rsplit_once('/') {
            Some((upper, bass)) if upper.contains(':') || !bass.starts_with('9') => {
                (upper, Some(bass.to_owned()))
            }
            _ => (text, None),
        };
        let mut letters = upper.char_indices();
        let root_end = match letters.next() {
            Some((_, 'A'..='G')) => letters
                .find(|(_, letter)| !matches!(letter, '♯' | '♭' | '#' | 'b' | '𝄪' | '𝄫'))
                .map_or(upper.len(), |(at, _)| at),
            _ => numeral_end(upper),
        };
        let (root, quality) = upper.split_at(root_end);
        let quality = quality.strip_prefix(':').unwrap_or(quality);
        if root.is_empty() {
            return Self {
                root: text.to_owned(),
                ..Self::default()
            };
        }
        Self {
            root: root.to_owned(),
            quality: quality.to_owned(),
            bass,
        }
    }

    /// The name on one line.
    pub fn text(&self) -> String {
        match &self.bass {
            Some(bass) => format!("{}{}/{bass}", self.root, self.quality),
            None => format!("{}{}", self.root, self.quality),
        }
    }
}

/// Where a Roman numeral or a Nashville number ends: accidentals, then letters of a
/// numeral or one digit.
fn numeral_end(text: &str) -> usize {
    let rest = text.trim_start_matches(['♯', '♭', '#', 'b']);
    let numeral = rest.trim_start_matches(['I', 'V', 'i', 'v']);
    let degree = match rest.chars().next() {
        Some('1'..='7') => 1,
        _ => rest.len() - numeral.len(),
    };
    if degree == 0 {
        0
    } else {
        text.len() - rest.len() + degree
    }
}

/// Which keys are lit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tones {
    /// Bit n: pitch class n sounds.
    pub pitch_classes: u16,
    /// Pitch class of the root.
    pub root: u8,
    /// Pitch class of the bass.
    pub bass: u8,
}

/// The chord that is shown large.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChordView {
    /// Its name.
    pub name: ChordName,
    /// Its bass note, spelled.
    pub bass: String,
    /// 0…1.
    pub confidence: f32,
    /// Whether it will not be taken back.
    pub confirmed: bool,
    /// Its tones.
    pub tones: Tones,
}

/// What else it might be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// The chord's name.
    pub name: String,
    /// 0…1.
    pub probability: f32,
}

/// A chord on the strip; positions are 0 at the left edge and 1 at the right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StripChord {
    /// Where it begins.
    pub start: f32,
    /// Where it ends.
    pub end: f32,
    /// Its name; empty for no chord.
    pub name: String,
    /// Pitch class of the root, if it has one.
    pub root: Option<u8>,
    /// 0…1.
    pub confidence: f32,
    /// Whether it will not be taken back.
    pub confirmed: bool,
}

/// A line on the strip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StripMark {
    /// Where, from 0 to 1.
    pub at: f32,
    /// What is written at it.
    pub text: String,
    /// Whether it is a bar line.
    pub bar: bool,
}

/// Everything the editor shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// The word for what the plugin is doing.
    pub status: StatusWord,
    /// The chord, if there is one.
    pub chord: Option<ChordView>,
    /// What else it might be, best first.
    pub alternatives: Vec<Alternative>,
    /// The recent chords.
    pub strip: Vec<StripChord>,
    /// Bar lines, or seconds.
    pub marks: Vec<StripMark>,
    /// The constant-Q spectrum, 24 bins an octave from C1, each 0…1.
    pub spectrum: Vec<f32>,
    /// What the machine is doing, for the corner.
    pub machine: String,
}

/// What the plugin is doing, as the editor says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusWord {
    /// Waiting for the host to process audio.
    Waiting,
    /// The host bypasses the plugin.
    Bypassed,
    /// Silence.
    Silence,
    /// Sound, and no chord yet.
    Listening,
    /// More guess than knowledge.
    Unsure,
    /// A chord is recognised.
    Recognising,
    /// The display is held.
    Frozen,
    /// Audio was lost.
    Gap,
    /// The analysis stopped.
    Failed,
}

impl StatusWord {
    /// The word itself.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Bypassed => "Bypassed",
            Self::Silence => "Silence",
            Self::Listening => "Listening",
            Self::Unsure => "Unsure",
            Self::Recognising => "Recognising",
            Self::Frozen => "Frozen",
            Self::Gap => "Audio lost",
            Self::Failed => "Stopped",
        }
    }

    /// The sentence behind the word.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting for the host to play audio through Changes.",
            Self::Bypassed => "The host bypasses Changes; audio passes and is not analysed.",
            Self::Silence => "Audio arrives and is silent.",
            Self::Listening => "There is sound, and no chord in it yet.",
            Self::Unsure => "The chord shown is more guess than knowledge.",
            Self::Recognising => "The chord shown is what sounds.",
            Self::Frozen => "The display is held. Listening goes on.",
            Self::Gap => "The machine was too slow and audio was lost to the analysis.",
            Self::Failed => "The analysis stopped on an error. Audio still passes.",
        }
    }
}

/// Magnitude that fills the spectrum's height, ln.
const SPECTRUM_CEILING: f32 = 0.7;

/// Magnitudes below this, ln, are drawn as nothing; about −60 dB.
const SPECTRUM_SHOWN: f32 = -6.5;

impl View {
    /// What to show of `snapshot` under `controls`.
    pub fn new(snapshot: &Snapshot, controls: &Controls) -> Self {
        let namer = Namer::new(controls);
        let status = match snapshot.status {
            _ if snapshot.frozen => StatusWord::Frozen,
            Status::Idle => StatusWord::Waiting,
            Status::Bypassed => StatusWord::Bypassed,
            Status::Silence => StatusWord::Silence,
            Status::Listening => StatusWord::Listening,
            Status::Unsure => StatusWord::Unsure,
            Status::Recognising => StatusWord::Recognising,
            Status::Gap => StatusWord::Gap,
            Status::Failed => StatusWord::Failed,
        };
        // In silence, or with nobody playing, the last chord is past; the strip has it.
        let sounding = !matches!(
            snapshot.status,
            Status::Idle | Status::Bypassed | Status::Silence | Status::Listening | Status::Failed
        );
        let current = snapshot.current.as_ref().filter(|_| sounding);
        let chord = current
            .and_then(|current| namer.chord(&current.label, current.confidence, current.confirmed));
        let shown_name = chord.as_ref().map(|chord| chord.name.text());
        let mut alternatives: Vec<Alternative> = Vec::new();
        for (label, probability) in current.into_iter().flat_map(|it| &it.alternatives) {
            let name = namer.name(label);
            // A smaller vocabulary folds several of them into one.
            if name.is_empty() || shown_name.as_ref() == Some(&name) {
                continue;
            }
            match alternatives.iter_mut().find(|other| other.name == name) {
                Some(other) => other.probability += probability,
                None => alternatives.push(Alternative {
                    name,
                    probability: *probability,
                }),
            }
        }
        Self {
            status,
            chord,
            alternatives,
            strip: strip_chords(&snapshot.strip, &namer),
            marks: strip_marks(&snapshot.strip),
            spectrum: snapshot
                .spectrum
                .iter()
                .map(|bin| spectrum_height(*bin))
                .collect(),
            machine: machine(snapshot),
        }
    }
}

impl Default for View {
    fn default() -> Self {
        Self::new(&Snapshot::default(), &Controls::default())
    }
}

/// Writes labels in the chosen vocabulary, notation and key.
struct Namer {
    vocabulary: Vocabulary,
    style: Style,
    key: Option<Key>,
}

impl Namer {
    fn new(controls: &Controls) -> Self {
        Self {
            vocabulary: controls.vocabulary(),
            style: controls.style(),
            key: controls.key(),
        }
    }

    fn name(&self, label: &Label) -> String {
        match self.vocabulary.simplify(label) {
            Label::NoChord | Label::Unknown => String::new(),
            chord => style::format(&chord, self.style, self.key.as_ref()),
        }
    }

    fn chord(&self, label: &Label, confidence: f32, confirmed: bool) -> Option<ChordView> {
        let Label::Chord(chord) = self.vocabulary.simplify(label) else {
            return None;
        };
        let tones = Tones {
            pitch_classes: chord.pitch_classes(),
            root: chord.root().pitch_class(),
            bass: chord.bass_pitch_class(),
        };
        let name = style::format(&Label::Chord(chord.clone()), self.style, self.key.as_ref());
        let bass = match &self.key {
            Some(key) => key.spell(tones.bass),
            None => chord.bass_note(),
        };
        let bass = bass.to_string().replace('#', "♯").replace('b', "♭");
        Some(ChordView {
            name: ChordName::new(&name),
            bass,
            confidence,
            confirmed,
            tones,
        })
    }

    fn root(&self, label: &Label) -> Option<u8> {
        label.chord().map(|chord| chord.root().pitch_class())
    }
}

fn strip_chords(strip: &Strip, namer: &Namer) -> Vec<StripChord> {
    let start_s = strip.now_s - strip.window_s;
    let at = |time_s: f64| (((time_s - start_s) / strip.window_s) as f32).clamp(0.0, 1.0);
    let mut chords: Vec<StripChord> = Vec::new();
    for segment in &strip.segments {
        let name = namer.name(&segment.label);
        let (from, to) = (at(segment.start_s), at(segment.end_s));
        match chords.last_mut() {
            // A smaller vocabulary may not tell the two apart.
            Some(last) if last.name == name && (from - last.end).abs() < 1e-4 => {
                last.end = to;
                last.confirmed = segment.confirmed;
                last.confidence = last.confidence.max(segment.confidence);
            }
            _ => chords.push(StripChord {
                start: from,
                end: to,
                root: namer.root(&segment.label).filter(|_| !name.is_empty()),
                name,
                confidence: segment.confidence,
                confirmed: segment.confirmed,
            }),
        }
    }
    chords
}

fn strip_marks(strip: &Strip) -> Vec<StripMark> {
    let start_s = strip.now_s - strip.window_s;
    let of = |line: &crate::snapshot::StripLine| StripMark {
        at: ((line.at_s - start_s) / strip.window_s) as f32,
        text: match line.kind {
            LineKind::Bar(Some(number)) => number.to_string(),
            LineKind::Bar(None) => String::new(),
            LineKind::Seconds(seconds) => format!("{}:{:02}", seconds / 60, seconds % 60),
        },
        bar: matches!(line.kind, LineKind::Bar(_)),
    };
    strip
        .lines
        .iter()
        .map(of)
        .filter(|mark| (0.0..=1.0).contains(&mark.at))
        .collect()
}

fn spectrum_height(bin: f32) -> f32 {
    let bin = if bin.is_finite() { bin } else { SPECTRUM_FLOOR };
    ((bin - SPECTRUM_SHOWN) / (SPECTRUM_CEILING - SPECTRUM_SHOWN)).clamp(0.0, 1.0)
}

fn machine(snapshot: &Snapshot) -> String {
    if snapshot.sample_rate <= 0.0 {
        return String::new();
    }
    let mut text = format!(
        "{:.1} kHz  ·  audio latency 0  ·  display {:.0} ms behind  ·  CPU {:.1} %",
        snapshot.sample_rate / 1000.0,
        snapshot.lag_s * 1000.0,
        snapshot.cpu * 100.0
    );
    if snapshot.lost > 0 {
        let lost_s = snapshot.lost as f64 / snapshot.sample_rate;
        text.push_str(&format!("  ·  {lost_s:.1} s lost"));
    }
    text
}

const _: () = assert!(SPECTRUM_BINS == 144);

#[cfg(test)]
mod tests;
