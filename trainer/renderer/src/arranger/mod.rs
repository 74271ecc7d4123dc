//! Turns a chord track into the parts of a band.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::song::{Harmony, Song, Span};

pub mod bass;
pub mod comping;
pub mod drums;
pub mod melody;
pub mod programs;
pub mod voicing;

/// The group of instruments that a track is mixed and treated with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bus {
    /// Comping, pads, the accompaniment.
    Chords,
    /// Guitars through an amplifier, distorted together.
    Guitars,
    /// The bass.
    Bass,
    /// Melodies.
    Lead,
    /// Drums and percussion.
    Drums,
}

impl Bus {
    /// All buses in the order they are mixed.
    pub const ALL: [Self; 5] = [
        Self::Chords,
        Self::Guitars,
        Self::Bass,
        Self::Lead,
        Self::Drums,
    ];
}

/// A note. Inside the arranger times are in beats, in a [`Track`] in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Note {
    /// Onset.
    pub start: f64,
    /// Release.
    pub end: f64,
    /// MIDI key, 0 to 127.
    pub key: u8,
    /// MIDI velocity, 1 to 127.
    pub velocity: u8,
}

/// One instrument of the mix.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// Its group.
    pub bus: Bus,
    /// General MIDI program, counted from 0; the kit number on the drum bus.
    pub program: u8,
    /// Notes with times in seconds.
    pub notes: Vec<Note>,
    /// MIDI channel volume, 0 to 127.
    pub volume: u8,
    /// MIDI pan, 64 is the centre.
    pub pan: u8,
    /// Depth of the modulation wheel, 0 to 127: vibrato on singing leads.
    pub vibrato: u8,
}

/// What is played where there is no chord.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    Silence,
    Drums,
    Percussion,
    Noise,
}

/// A finished arrangement.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrangement {
    /// The instruments.
    pub tracks: Vec<Track>,
    /// Stretches of noise in seconds.
    pub noise: Vec<(f64, f64)>,
}

/// Which parts the arranger writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Number of comping instruments, at least one when the song brings none.
    pub comping: usize,
    /// A bass line.
    pub bass: bool,
    /// A drum kit.
    pub drums: bool,
    /// A melody.
    pub melody: bool,
    /// A second, slower line against the melody.
    pub counter: bool,
}

impl Parts {
    /// A band for a chord track alone: always chords, the rest at random.
    #[must_use]
    pub fn band(rng: &mut ChaCha8Rng) -> Self {
        Self {
            comping: *[1, 1, 2, 2, 3, 4].choose(rng).unwrap_or(&1),
            bass: rng.random_bool(0.86),
            drums: rng.random_bool(0.78),
            melody: rng.random_bool(0.7),
            counter: rng.random_bool(0.2),
        }
    }

    /// Additional parts for a song that has its own melody and piano.
    #[must_use]
    pub fn additions(rng: &mut ChaCha8Rng) -> Self {
        Self {
            comping: *[0, 0, 1, 1, 2].choose(rng).unwrap_or(&0),
            bass: rng.random_bool(0.75),
            drums: rng.random_bool(0.75),
            melody: false,
            counter: rng.random_bool(0.12),
        }
    }
}

/// The parts that play in a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Texture {
    /// Everybody.
    Full,
    /// One accompanying part and the melody; no drums.
    Sparse,
    /// Bass, drums and the melody; the bass outlines the chords.
    Bare,
}

/// A run of bars in which all parts keep their patterns.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub texture: Texture,
    pub start: f64,
    pub end: f64,
    pub bars: Vec<(f64, f64)>,
}

impl Section {
    /// The section's chords, cut to it.
    pub(crate) fn spans(&self, song: &Song) -> Vec<Span> {
        song.spans
            .iter()
            .filter(|span| span.end > self.start && span.start < self.end)
            .map(|span| Span {
                start: span.start.max(self.start),
                end: span.end.min(self.end),
                harmony: span.harmony,
            })
            .filter(|span| span.end - span.start > 1e-6)
            .collect()
    }
}

fn sections(rng: &mut ChaCha8Rng, song: &Song, parts: Parts) -> Vec<Section> {
    let bars = song.bars();
    let size = *[4_usize, 8, 8, 16].choose(rng).unwrap_or(&8);
    bars.chunks(size)
        .map(|chunk| Section {
            texture: match rng.random_range(0..100) {
                0..12 => Texture::Sparse,
                12..16 if parts.bass => Texture::Bare,
                _ => Texture::Full,
            },
            start: chunk[0].0,
            end: chunk[chunk.len() - 1].1,
            bars: chunk.to_vec(),
        })
        .collect()
}

/// Writes the parts for a song.
#[must_use]
pub fn arrange(rng: &mut ChaCha8Rng, song: &Song, parts: Parts) -> Arrangement {
    let sections = sections(rng, song, parts);
    let gaps: Vec<(Span, Gap)> = song
        .spans
        .iter()
        .filter(|span| span.harmony == Harmony::None)
        .map(|span| {
            let gap = match rng.random_range(0..10) {
                0..4 => Gap::Drums,
                4..7 => Gap::Silence,
                7..9 => Gap::Percussion,
                _ => Gap::Noise,
            };
            (*span, gap)
        })
        .collect();

    // The sections in which the bass rests are drawn first: the comping carries its note
    // there.
    let bass_plays: Vec<bool> = sections
        .iter()
        .map(|section| {
            let share = match section.texture {
                Texture::Full => 0.94,
                Texture::Sparse => 0.5,
                Texture::Bare => 1.0,
            };
            parts.bass && rng.random_bool(share)
        })
        .collect();

    let mut tracks = Vec::new();
    let comps = comping::write(rng, song, &sections, &bass_plays, parts.comping);
    for (index, (program, notes)) in comps.into_iter().enumerate() {
        // The part with the whole chord seldom goes through a distorted amplifier.
        let share = if index == 0 { 0.15 } else { 0.6 };
        let bus = if programs::is_amplified(program) && rng.random_bool(share) {
            Bus::Guitars
        } else {
            Bus::Chords
        };
        tracks.push(track(rng, song, bus, program, notes));
    }
    if parts.bass {
        let notes = bass::write(rng, song, &sections, &bass_plays);
        let program = programs::pick(rng, programs::BASS);
        tracks.push(track(rng, song, Bus::Bass, program, notes));
    }
    if parts.melody {
        let notes = melody::write(rng, song, &sections);
        let program = programs::pick(rng, programs::LEAD);
        if rng.random_bool(0.25) {
            let second = programs::pick(rng, programs::LEAD);
            let below = if rng.random_bool(0.6) {
                melody::harmonised(song, &notes)
            } else {
                notes.clone()
            };
            tracks.push(track(rng, song, Bus::Lead, second, below));
        }
        tracks.push(track(rng, song, Bus::Lead, program, notes));
    }
    if parts.counter {
        let notes = melody::counter(rng, song, &sections);
        let program = programs::pick(rng, programs::HELD);
        tracks.push(track(rng, song, Bus::Lead, program, notes));
    }
    let gap_spans = |wanted: Gap| -> Vec<(f64, f64)> {
        gaps.iter()
            .filter(|(_, gap)| *gap == wanted)
            .map(|(span, _)| (span.start, span.end))
            .collect()
    };
    let mut silent = gap_spans(Gap::Silence);
    silent.extend(gap_spans(Gap::Percussion));
    silent.extend(gap_spans(Gap::Noise));
    let mut kit = drums::percussion(rng, &gap_spans(Gap::Percussion));
    if parts.drums {
        kit.extend(drums::write(rng, song, &sections, &silent));
    } else {
        kit.extend(drums::percussion(rng, &gap_spans(Gap::Drums)));
    }
    if !kit.is_empty() {
        let program = programs::pick(rng, programs::KITS);
        tracks.push(track(rng, song, Bus::Drums, program, kit));
    }
    let noise = gap_spans(Gap::Noise)
        .into_iter()
        .map(|(start, end)| (song.time_s(start), song.time_s(end)))
        .collect();
    Arrangement { tracks, noise }
}

/// Gives a part its instrument and its times in seconds, with slight timing deviations.
pub fn track(rng: &mut ChaCha8Rng, song: &Song, bus: Bus, program: u8, notes: Vec<Note>) -> Track {
    let looseness_s = *[0.0, 0.004, 0.008, 0.015].choose(rng).unwrap_or(&0.0);
    // Some players lean on the beat, some lie behind it.
    let lean_s = if bus == Bus::Drums || looseness_s == 0.0 {
        0.0
    } else {
        rng.random_range(-0.008..0.018)
    };
    let notes = notes
        .into_iter()
        .map(|note| {
            let late = lean_s + rng.random_range(-1.0..=1.0) * looseness_s;
            let start = (song.time_s(note.start) + late).max(0.0);
            Note {
                start,
                end: (song.time_s(note.end) + late).max(start + 0.03),
                ..note
            }
        })
        .collect();
    finish(rng, bus, program, notes)
}

/// Gives a part with notes in seconds its volume and pan.
pub(crate) fn finish(rng: &mut ChaCha8Rng, bus: Bus, program: u8, notes: Vec<Note>) -> Track {
    let width = match bus {
        Bus::Chords | Bus::Guitars => 50,
        Bus::Lead => 20,
        Bus::Bass | Bus::Drums => 8,
    };
    let vibrato = if bus == Bus::Lead && rng.random_bool(0.5) {
        rng.random_range(10..70)
    } else {
        0
    };
    Track {
        bus,
        program,
        notes,
        volume: rng.random_range(80..=115),
        pan: (64 + rng.random_range(-width..=width)) as u8,
        vibrato,
    }
}

/// A velocity around `centre`.
pub fn velocity(rng: &mut ChaCha8Rng, centre: i32) -> u8 {
    (centre + rng.random_range(-10..=10)).clamp(20, 127) as u8
}
