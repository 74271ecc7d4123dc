//! What the window shows, as plain values: no audio, no parameters, no host.
//!
//! A [`View`] is computed from a [`Snapshot`], the session's [`Track`] and [`Controls`], and
//! drawn by [`editor::draw`](crate::editor::draw()).

mod band;
mod controls;
pub mod names;
pub mod next;
pub mod preferences;
pub mod sheet;
pub mod spoken;
mod status;
mod tuning;

use std::sync::Arc;

use harmony::key::Key;
use harmony::label::{Chord, Label};
use harmony::timeline::Status as ChordStatus;
use harmony::track::Track;
use recognizer::live::ShownState;

pub use self::band::BandView;
pub use self::controls::{BandControls, Controls, MidiControls, TuningControls};
use self::names::{ChordName, Namer};
use self::next::{GuessView, NextView};
use self::preferences::NextChoice;
use self::sheet::Sheet;
pub use self::status::StatusWord;
pub use self::tuning::TuningView;
use crate::recognition::SPECTRUM_BINS;
use crate::session::Clock;
use crate::snapshot::{SPECTRUM_FLOOR, Snapshot, SongPosition, Status};
use harmony::function::Function;

/// The session as the window shows it.
#[derive(Clone, Debug)]
pub struct Song {
    /// The track.
    pub track: Arc<Track>,
    /// Where its seconds count from.
    pub clock: Clock,
    /// Whether there is anything to undo.
    pub can_undo: bool,
    /// Whether an undo would bring back what playing the song again has replaced, and not an
    /// edit.
    pub undoes_pass: bool,
    /// Whether there is anything to redo.
    pub can_redo: bool,
    /// A message for the user.
    pub message: Option<String>,
    /// Whether the message is about a track that can be brought back.
    pub can_bring_back: bool,
}

impl Song {
    /// A track with nothing to undo.
    pub fn of_track(track: Track, clock: Clock) -> Self {
        Self {
            track: Arc::new(track),
            clock,
            can_undo: false,
            undoes_pass: false,
            can_redo: false,
            message: None,
            can_bring_back: false,
        }
    }

    /// Whether the beats and bars of the track belong to its music: the host's, or those found in a
    /// file. Otherwise a track that goes by the stream has one tempo, which is made up.
    pub fn has_bars(&self) -> bool {
        self.clock == Clock::Host || self.track.tempo().points().len() > 1
    }

    /// The snapshot for the song at `at_s`, as far as a track has it: the chord, its other
    /// readings and the position, but no spectrum.
    pub fn snapshot_at(&self, at_s: f64, playing: bool) -> Snapshot {
        let track = &self.track;
        let mut snapshot = Snapshot::of_track(track, at_s);
        let host = self.clock == Clock::Host;
        let beat = track.tempo().beat_at(at_s);
        let bar = track.meters().bar_at(beat);
        snapshot.position = Some(SongPosition {
            time_s: at_s,
            beat: host.then_some(beat),
            playing,
            bar_number: host.then_some(bar.number),
            tempo_bpm: host.then(|| track.tempo().bpm_at(beat)),
            meter: host.then_some(bar.meter),
        });
        let sounding = track.timeline().at(at_s - 1e-3);
        if let (Some(current), Some(segment)) = (&mut snapshot.current, sounding) {
            let readings = segment.alternatives.iter();
            current.alternatives = readings
                .map(|reading| (reading.label.clone(), reading.probability))
                .collect();
        }
        if !playing {
            snapshot.status = Status::Idle;
        }
        snapshot
    }
}

/// The notes of a chord.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tones {
    /// Bit n: pitch class n sounds.
    pub pitch_classes: u16,
    /// Pitch class of the root.
    pub root: u8,
    /// Pitch class of the bass.
    pub bass: u8,
}

/// The chord shown large.
#[derive(Clone, Debug, PartialEq)]
pub struct ChordView {
    /// Its name.
    pub name: ChordName,
    /// Its bass note, spelled.
    pub bass: String,
    /// 0…1.
    pub confidence: f32,
    /// Whether it is final.
    pub confirmed: bool,
    /// Whether it is a guess.
    pub unsure: bool,
    /// Whether it was set by hand.
    pub locked: bool,
    /// Whether it comes from the track at a playhead that stands still, and is not heard now.
    pub remembered: bool,
    /// Its harmonic function in the key.
    pub function: Function,
    /// The chord as it is written.
    pub written: Chord,
    /// The chord as it is shown, in concert pitch.
    pub shown: Label,
    /// Its notes in concert pitch.
    pub sounding: Tones,
}

/// Another reading of the chord.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// The chord's name.
    pub name: ChordName,
    /// The chord in concert pitch.
    pub label: Label,
    /// 0…1.
    pub probability: f32,
}

/// The current key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyView {
    /// In words: `A♭ major`; `None` while none is known.
    pub name: Option<String>,
    /// Whether it was set by hand.
    pub by_hand: bool,
    /// The key in concert pitch.
    pub key: Option<Key>,
    /// The beat of the track from which it holds.
    pub from_beat: f64,
}

/// The position in the song.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// Seconds of the track.
    pub time_s: f64,
    /// Quarter notes, where the host reports them.
    pub beat: Option<f64>,
    /// Whether it moves on.
    pub playing: bool,
    /// Quarter notes a minute.
    pub tempo_bpm: Option<f64>,
}

/// Everything the window shows.
#[derive(Clone, Debug)]
pub struct View {
    /// The word for what the plugin is doing.
    pub status: StatusWord,
    /// The chord, if there is one.
    pub chord: Option<ChordView>,
    /// The other readings, best first.
    pub alternatives: Vec<Alternative>,
    /// The chord that is expected next, where the passage was heard before.
    pub next: Option<NextView>,
    /// The chord that usually follows, where none is expected and somebody wants to know.
    pub guess: Option<GuessView>,
    /// Whether the next chord is announced at all.
    pub announces: bool,
    /// The key.
    pub key: KeyView,
    /// Tempo, meter and bar, where the host reports them.
    pub transport: Option<String>,
    /// The tempo at which a track without a host's bars is exported, in quarter notes a minute;
    /// `None` while it has no chords.
    pub own_bpm: Option<f64>,
    /// The tuning of the music.
    pub tuning: TuningView,
    /// The position in the song, once it has begun.
    pub now: Option<Now>,
    /// Seconds by which the position is behind the audio.
    pub lag_s: f32,
    /// Whether the track has bars: from the host, or found in a file.
    pub has_bars: bool,
    /// Whether the host reports the song's time.
    pub on_host: bool,
    /// The track as it is drawn.
    pub sheet: Arc<Sheet>,
    /// The track itself, which edits refer to.
    pub track: Arc<Track>,
    /// The constant-Q spectrum, 24 bins an octave from C1, each 0…1.
    pub spectrum: Vec<f32>,
    /// Whether there is anything to undo.
    pub can_undo: bool,
    /// Whether an undo would bring back what playing the song again has replaced, and not an
    /// edit.
    pub undoes_pass: bool,
    /// Whether there is anything to redo.
    pub can_redo: bool,
    /// Whether what is heard goes into the track.
    pub writes: bool,
    /// A message for the user.
    pub message: Option<String>,
    /// Whether the message is about a track that can be brought back.
    pub can_bring_back: bool,
    /// Rate, latency and load, for the foot of the window.
    pub machine: String,
    /// Why built-in networks replace the chosen ones.
    pub refused_network: Option<String>,
    /// The band.
    pub band: BandView,
    /// Writes and reads chord names.
    pub namer: Namer,
}

/// The magnitude (natural logarithm) that fills the spectrum's height.
const SPECTRUM_CEILING: f32 = 0.7;

/// Magnitudes below this (natural logarithm) are not drawn; about −60 dB.
const SPECTRUM_SHOWN: f32 = -6.5;

impl View {
    /// The view of a snapshot and a session under these settings.
    pub fn new(snapshot: &Snapshot, song: &Song, controls: &Controls) -> Self {
        let sheet = Self::sheet(snapshot, song, controls);
        Self::with_sheet(snapshot, song, controls, Arc::new(sheet))
    }

    /// The sheet of such a view, worth keeping while the track does not change.
    pub fn sheet(snapshot: &Snapshot, song: &Song, controls: &Controls) -> Sheet {
        let beat = snapshot.position.and_then(|position| position.beat);
        Sheet::new(&song.track, &Namer::new(controls), beat)
    }

    /// The view with a sheet that was made before.
    pub fn with_sheet(
        snapshot: &Snapshot,
        song: &Song,
        controls: &Controls,
        sheet: Arc<Sheet>,
    ) -> Self {
        let namer = Namer::new(controls);
        let position = snapshot.position;
        let key = key_view(&song.track, position, &namer);
        let chord =
            live_chord(snapshot, &key, &namer).or_else(|| remembered_chord(snapshot, song, &namer));
        let live = chord.as_ref().is_some_and(|chord| !chord.remembered);
        let alternatives = match (&chord, live) {
            (Some(chord), true) => alternatives(snapshot, chord, &key, &namer),
            _ => Vec::new(),
        };
        let next = match controls.window.next {
            NextChoice::Off => None,
            NextChoice::Heard | NextChoice::Guess => {
                NextView::of(snapshot, song, chord.as_ref(), &namer)
            }
        };
        let guesses = next.is_none() && controls.window.next == NextChoice::Guess;
        let guess = guesses.then(|| GuessView::of(snapshot, song, chord.as_ref(), &namer));
        let band = BandView::of(snapshot, key.key, &namer);
        let has_bars = song.has_bars();
        Self {
            status: StatusWord::of(snapshot),
            chord,
            alternatives,
            next,
            guess: guess.flatten(),
            announces: controls.window.next != NextChoice::Off,
            key,
            transport: position.and_then(transport),
            own_bpm: own_bpm(song),
            tuning: TuningView::of(snapshot, controls),
            now: position.map(|position| now(position, &song.track, has_bars)),
            lag_s: snapshot.lag_s,
            has_bars,
            on_host: song.clock == Clock::Host,
            sheet,
            track: Arc::clone(&song.track),
            spectrum: snapshot
                .spectrum
                .iter()
                .map(|bin| spectrum_height(*bin))
                .collect(),
            can_undo: song.can_undo,
            undoes_pass: song.undoes_pass,
            can_redo: song.can_redo,
            writes: controls.write,
            refused_network: (!snapshot.refused_networks.is_empty()).then(|| {
                let why = snapshot.refused_networks.join("; ");
                format!("Using the built-in network: {why}")
            }),
            message: song.message.clone(),
            can_bring_back: song.can_bring_back,
            machine: machine(snapshot),
            band,
            namer,
        }
    }
}

/// The chord that sounds.
fn live_chord(snapshot: &Snapshot, key: &KeyView, namer: &Namer) -> Option<ChordView> {
    let shows = snapshot.status.shows_chord();
    let current = snapshot.current.as_ref().filter(|_| shows)?;
    let view = chord_view(&current.label, key.key, namer)?;
    Some(ChordView {
        confidence: current.confidence,
        confirmed: current.state == ShownState::Confirmed,
        unsure: snapshot.status == Status::Unsure,
        ..view
    })
}

/// The chord at a playhead that stands still.
fn remembered_chord(snapshot: &Snapshot, song: &Song, namer: &Namer) -> Option<ChordView> {
    let position = snapshot.position.filter(|position| !position.playing)?;
    let segment = song.track.timeline().at(position.time_s)?;
    let key = song.track.key_at_s(position.time_s);
    let view = chord_view(&segment.label, key, namer)?;
    Some(ChordView {
        confidence: segment.confidence,
        confirmed: segment.status == ChordStatus::Confirmed,
        unsure: segment.confidence < crate::snapshot::SURE,
        locked: segment.locked,
        remembered: true,
        ..view
    })
}

fn chord_view(label: &Label, key: Option<Key>, namer: &Namer) -> Option<ChordView> {
    let Label::Chord(written) = namer.written(label) else {
        return None;
    };
    let sounding = label.chord()?;
    let bass = match namer.key(key) {
        Some(key) => key.spell(written.bass_pitch_class()),
        None => written.bass_note(),
    };
    Some(ChordView {
        name: namer.name(label, key),
        bass: namer.note(bass),
        confidence: 0.0,
        confirmed: false,
        unsure: false,
        locked: false,
        remembered: false,
        function: Function::of_chord(sounding, key),
        sounding: Tones {
            pitch_classes: sounding.pitch_classes(),
            root: sounding.root().pitch_class(),
            bass: sounding.bass_pitch_class(),
        },
        written,
        shown: namer.simple(label),
    })
}

fn alternatives(
    snapshot: &Snapshot,
    chord: &ChordView,
    key: &KeyView,
    namer: &Namer,
) -> Vec<Alternative> {
    let mut found: Vec<Alternative> = Vec::new();
    let given = snapshot.current.iter().flat_map(|it| &it.alternatives);
    for (label, probability) in given {
        let name = namer.name(label, key.key);
        // A smaller vocabulary can make several of them equal.
        if name.is_empty() || name == chord.name {
            continue;
        }
        match found.iter_mut().find(|other| other.name == name) {
            Some(other) => other.probability += probability,
            None => found.push(Alternative {
                name,
                label: label.clone(),
                probability: *probability,
            }),
        }
    }
    found
}

fn key_view(track: &Track, position: Option<SongPosition>, namer: &Namer) -> KeyView {
    let beat = position.map_or(0.0, |position| match position.beat {
        Some(beat) => beat,
        None => track.tempo().beat_at(position.time_s),
    });
    let after = track
        .keys()
        .partition_point(|region| region.beat <= beat + 1e-6);
    let region = track.keys().get(after.saturating_sub(1));
    KeyView {
        name: region
            .and_then(|region| namer.key(Some(region.key)))
            .map(|key| namer.key_name(key)),
        by_hand: region.is_some_and(|region| region.by_hand),
        key: region.map(|region| region.key),
        from_beat: region.map_or(0.0, |region| region.beat),
    }
}

/// The position in the song, with the track's own beats where it has bars and the host reports
/// none.
fn now(position: SongPosition, track: &Track, has_bars: bool) -> Now {
    let own = (position.beat.is_none() && has_bars).then(|| {
        let beat = track.tempo().beat_at(position.time_s);
        (beat, track.tempo().bpm_at(beat))
    });
    Now {
        time_s: position.time_s,
        beat: position.beat.or(own.map(|it| it.0)),
        playing: position.playing,
        tempo_bpm: own.map(|it| it.1).or(position.tempo_bpm),
    }
}

/// The tempo of a track that goes by the stream, for which no host gives one.
fn own_bpm(song: &Song) -> Option<f64> {
    let track = &song.track;
    let mut chords = track.timeline().segments().iter();
    let counted = song.clock == Clock::Stream && chords.any(|it| it.label.chord().is_some());
    counted.then(|| track.tempo().bpm_at(0.0))
}

/// Tempo, meter and bar as text.
fn transport(position: SongPosition) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(tempo) = position.tempo_bpm {
        let rounded = (tempo * 10.0).round() / 10.0;
        parts.push(format!("{rounded} bpm"));
    }
    if let Some(meter) = position.meter {
        parts.push(meter.to_string());
    }
    if let Some(bar) = position.bar_number {
        parts.push(format!("bar {bar}"));
    }
    (!parts.is_empty()).then(|| parts.join("  ·  "))
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
        "{:.1} kHz  ·  audio latency 0  ·  shown {:.0} ms behind",
        snapshot.sample_rate / 1000.0,
        snapshot.lag_s * 1000.0,
    );
    if snapshot.confirm_lag_s > 0.0 {
        text.push_str(&format!(
            "  ·  confirmed {:.1} s behind",
            snapshot.confirm_lag_s
        ));
    }
    text.push_str(&format!("  ·  CPU {:.1} %", snapshot.cpu * 100.0));
    if snapshot.lost > 0 {
        let lost_s = snapshot.lost as f64 / snapshot.sample_rate;
        text.push_str(&format!("  ·  {lost_s:.1} s lost"));
    }
    text
}

const _: () = assert!(SPECTRUM_BINS == 144);

#[cfg(test)]
mod tests;
