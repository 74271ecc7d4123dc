//! Music in many tempi and meters, rendered, with the network's output for it: songs at their
//! own and other tempi, generated progressions, pieces in each meter and in free time.
//!
//! Rendering and running the network are slow and independent of changes to the beat finder,
//! so both can be cached in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use harmony::export::atomic;
use harmony::score::Interval;
use harmony::time::Meter;
use rand::Rng;
use recognizer::audio::Audio;
use recognizer::calibration::Calibration;
use recognizer::decode::Posterior;
use recognizer::inference::WindowModel;
use recognizer::signal::Signal;
use recognizer::transcribe::Analysis;
use recognizer::tuning::Tuning;
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde::{Deserialize, Serialize};

use super::measure::median_bpm;
use super::pieces::{self, Clock};
use crate::prepare::{SetSettings, written};
use renderer::example::Example;
use renderer::pop909::{Pop909, SongSplit};
use renderer::progressions::ProgressionSettings;
use renderer::random::{Stream, stream};
use renderer::render::{RenderSettings, render};
use renderer::song::{Beat, Song};
use renderer::soundfont::SoundFonts;

/// Changes whenever the cached content would change.
const VERSION: &str = "tempi/1";
/// Slowest and fastest tempo, quarter notes a minute.
const RANGE_BPM: (f64, f64) = (60.0, 200.0);
/// The meters of the generated pieces.
pub(crate) const METERS: [&str; 6] = ["4/4", "3/4", "5/4", "6/8", "7/8", "12/8"];

/// The kind of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// A song of POP909 at its own tempo.
    Song,
    /// The same at a tempo drawn from 60 to 200.
    Retimed,
    /// A generated progression at 60 to 200.
    Progression,
    /// A piece in the meter of this index of [`METERS`].
    Piece(usize),
    /// A piece in free time.
    Free,
}

/// The order in which a set goes through its kinds; usual ones come more often.
pub(crate) const KINDS: [Kind; 14] = [
    Kind::Song,
    Kind::Retimed,
    Kind::Progression,
    Kind::Piece(0),
    Kind::Piece(1),
    Kind::Song,
    Kind::Piece(2),
    Kind::Piece(3),
    Kind::Retimed,
    Kind::Piece(4),
    Kind::Progression,
    Kind::Song,
    Kind::Piece(5),
    Kind::Free,
];

/// The ground truth of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Truth {
    /// Its kind.
    pub kind: Kind,
    /// The meter, if there is one.
    pub meter: Option<String>,
    /// Quarter notes a minute, where there is a tempo.
    pub bpm: Option<f64>,
    /// Times of beats (pulses of the meter), seconds, and whether a bar starts there.
    pub beats: Vec<(f64, bool)>,
    /// The chords: start, end and label.
    pub chords: Vec<(f64, f64, String)>,
}

impl Truth {
    /// The meter, if it is known.
    #[must_use]
    pub(crate) fn meter(&self) -> Option<Meter> {
        self.meter.as_ref()?.parse().ok()
    }

    /// The chords as intervals.
    ///
    /// # Errors
    /// If a label is invalid.
    pub(crate) fn intervals(&self) -> Result<Vec<Interval>> {
        let chords = self.chords.iter();
        chords
            .map(|(start_s, end_s, label)| {
                Ok(Interval {
                    start_s: *start_s,
                    end_s: *end_s,
                    label: label.parse()?,
                })
            })
            .collect()
    }

    /// The beats in the form of a song's.
    #[must_use]
    pub(crate) fn song_beats(&self) -> Vec<Beat> {
        let beats = self.beats.iter();
        beats
            .map(|&(time_s, downbeat)| Beat { time_s, downbeat })
            .collect()
    }
}

/// An item with the network's output.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// The ground truth.
    pub truth: Truth,
    /// The audio.
    pub audio: Audio,
    /// The network's output.
    pub listened: Analysis,
}

/// The settings of a set of items.
pub(crate) struct Tempi {
    /// How many times the set goes through [`KINDS`].
    pub rounds: usize,
    /// Seed of the set.
    pub seed: u64,
    /// Length of an item, seconds.
    pub length_s: f64,
    /// The split of the songs.
    pub split: SongSplit,
    /// How items are rendered.
    pub render: RenderSettings,
    /// The songs.
    pub corpus: Pop909,
    /// The SoundFonts.
    pub fonts: SoundFonts,
    /// The cache folder.
    pub cache: Option<PathBuf>,
}

impl Tempi {
    /// The number of items.
    #[must_use]
    pub(crate) const fn count(&self) -> usize {
        self.rounds * KINDS.len()
    }

    /// Item `index`, rendered and run through `model`, or from the cache.
    ///
    /// # Errors
    /// If a song cannot be read, a synthesizer or an engine fails, or the cache cannot be
    /// written.
    pub(crate) fn get(&self, index: usize, model: &dyn WindowModel) -> Result<Item> {
        let path = self.cache.as_ref().map(|folder| {
            folder.join(format!(
                "{:?}-{}-{:.0}s-{}-{index}.item",
                self.split, self.seed, self.length_s, self.render.effects
            ))
        });
        if let Some(path) = &path
            && let Ok(item) = read(path)
        {
            return Ok(item);
        }
        let item = self.made(index, model)?;
        if let Some(path) = &path {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)
                    .with_context(|| format!("making {}", folder.display()))?;
            }
            atomic::write(path, &bytes(&item)?)?;
        }
        Ok(item)
    }

    fn made(&self, index: usize, model: &dyn WindowModel) -> Result<Item> {
        let place = index % KINDS.len();
        let kind = KINDS[place];
        let round = index / KINDS.len();
        // The number of this item within its kind.
        let alike = |kinds: &[Kind]| kinds.iter().filter(|it| **it == kind).count();
        let turn = round * alike(&KINDS) + alike(&KINDS[..place]);
        let all = self.rounds * alike(&KINDS);
        let seed = self.seed.wrapping_mul(1_000_003).wrapping_add(index as u64);
        let mut rng = stream(seed, Stream::Band);
        // Tempi are spread evenly over the range.
        let share = (turn as f64 + rng.random_range(0.0..1.0)) / all as f64;
        let bpm = RANGE_BPM.0 * (RANGE_BPM.1 / RANGE_BPM.0).powf(share);
        let (example, meter, bpm) = self.written(kind, turn, seed, bpm)?;
        let rendered = render(&example, &self.fonts, &self.render, seed)
            .with_context(|| format!("rendering item {index}"))?;
        let beats: Vec<f64> = rendered.beats.iter().map(|b| b.time_s).collect();
        let pulse = meter.map_or(1.0, Meter::pulse_beats);
        let truth = Truth {
            kind,
            meter: meter.map(|meter| meter.to_string()),
            // Measured on the result: varispeed changes it.
            bpm: bpm.and(median_bpm(&beats)).map(|bpm| bpm * pulse),
            beats: rendered
                .beats
                .iter()
                .map(|b| (b.time_s, b.downbeat))
                .collect(),
            chords: rendered
                .labels
                .iter()
                .map(|(start, end, label)| (*start, *end, label.to_string()))
                .collect(),
        };
        let audio = Audio::new(rendered.samples, rendered.sample_rate);
        let listened = Analysis::new(&Signal::from_audio(&audio)?, model, |_| true)?;
        Ok(Item {
            truth,
            audio,
            listened,
        })
    }

    fn written(
        &self,
        kind: Kind,
        turn: usize,
        seed: u64,
        bpm: f64,
    ) -> Result<(Example, Option<Meter>, Option<f64>)> {
        let settings = |songs_of_three, length_s| SetSettings {
            count: 1,
            songs_of_three,
            solo_share: 0.0,
            length_s,
            split: self.split,
            seed: self.seed,
            render: self.render.clone(),
            progression: ProgressionSettings {
                tempo_bpm: (bpm, bpm),
                ..ProgressionSettings::default()
            },
        };
        Ok(match kind {
            Kind::Song => {
                let song = written(&settings(3, self.length_s), turn as u64, Some(&self.corpus))?;
                let meter = meter_of(&song.song);
                (song, meter, Some(0.0))
            }
            Kind::Retimed => {
                // A different song than the one before.
                let at = (turn + self.rounds * 3) as u64;
                let own = written(&settings(3, 1e9), at, Some(&self.corpus))?;
                let times: Vec<f64> = own.song.beats.iter().map(|b| b.time_s).collect();
                let factor = median_bpm(&times).map_or(1.0, |own| own / bpm);
                let song = own.random_excerpt(self.length_s / factor, seed);
                let meter = meter_of(&song.song);
                (retimed(song, factor), meter, Some(bpm))
            }
            Kind::Progression => {
                let written = Example::progression(
                    seed,
                    &ProgressionSettings {
                        duration_s: self.length_s,
                        ..settings(0, self.length_s).progression
                    },
                );
                let meter = meter_of(&written.song);
                (written, meter, Some(bpm))
            }
            Kind::Piece(index) => {
                let meter: Meter = METERS[index].parse()?;
                // A dotted quarter at 60 to 150, as in jigs and slow blues.
                let bpm = if meter.pulse_beats() > 1.0 {
                    1.5 * (60.0 * 2.5_f64.powf((bpm / 60.0).ln() / (200.0_f64 / 60.0).ln()))
                } else {
                    bpm
                };
                let piece = pieces::compose(seed, meter, Clock::Tempo(bpm), self.length_s);
                (piece, Some(meter), Some(bpm))
            }
            Kind::Free => {
                let piece = pieces::compose(
                    seed,
                    Meter::COMMON,
                    Clock::Free(bpm.min(140.0)),
                    self.length_s,
                );
                (piece, None, None)
            }
        })
    }
}

/// Three or four beats in a bar, as most bars have.
fn meter_of(song: &Song) -> Option<Meter> {
    let downs: Vec<usize> = (0..song.beats.len())
        .filter(|&i| song.beats[i].downbeat)
        .collect();
    let most = |n: usize| downs.windows(2).filter(|w| w[1] - w[0] == n).count() * 2 > downs.len();
    [(3, "3/4"), (4, "4/4"), (5, "5/4")]
        .into_iter()
        .find(|(n, _)| most(*n))
        .and_then(|(_, name)| name.parse().ok())
}

/// The example played `factor` times as slowly.
fn retimed(mut example: Example, factor: f64) -> Example {
    for beat in &mut example.song.beats {
        beat.time_s *= factor;
    }
    for note in example.tracks.iter_mut().flat_map(|t| &mut t.notes) {
        note.start *= factor;
        note.end *= factor;
    }
    for (start, end) in &mut example.noise {
        *start *= factor;
        *end *= factor;
    }
    example.duration_s *= factor;
    example
}

fn bytes(item: &Item) -> Result<Vec<u8>> {
    let raw = |values: &mut dyn Iterator<Item = f32>| -> Vec<u8> {
        values.flat_map(f32::to_le_bytes).collect()
    };
    let posteriors = &item.listened.posteriors;
    let samples = raw(&mut item.audio.samples.iter().copied());
    let chord = raw(&mut posteriors.iter().flat_map(|p| p.chord));
    let bass = raw(&mut posteriors.iter().flat_map(|p| p.bass.unwrap_or_default()));

    let count = samples.len() / 4;
    let frames = posteriors.len();
    let tensors = [
        (
            "samples",
            TensorView::new(Dtype::F32, vec![count], &samples)?,
        ),
        (
            "chord",
            TensorView::new(
                Dtype::F32,
                vec![frames, chord.len() / 4 / frames.max(1)],
                &chord,
            )?,
        ),
        (
            "bass",
            TensorView::new(
                Dtype::F32,
                vec![frames, bass.len() / 4 / frames.max(1)],
                &bass,
            )?,
        ),
    ];
    let about = std::collections::HashMap::from([
        ("version".to_owned(), VERSION.to_owned()),
        ("truth".to_owned(), serde_json::to_string(&item.truth)?),
        ("rate".to_owned(), item.audio.sample_rate.to_string()),
        ("length_s".to_owned(), item.listened.length_s.to_string()),
    ]);
    Ok(serialize(tensors, Some(about))?)
}

fn read(path: &Path) -> Result<Item> {
    let bytes = fs::read(path)?;
    let (_, header) = SafeTensors::read_metadata(&bytes)?;
    let about = header.metadata().clone().unwrap_or_default();
    let entry = |name: &str| about.get(name).with_context(|| format!("no {name}"));
    ensure!(entry("version")? == VERSION, "cached by another version");
    let tensors = SafeTensors::deserialize(&bytes)?;
    let values = |name: &str| -> Result<Vec<f32>> {
        let data = tensors.tensor(name)?;
        let parts = data.data().chunks_exact(4);
        Ok(parts
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect())
    };
    let (chord, bass) = (values("chord")?, values("bass")?);
    let posteriors = chord
        .chunks_exact(recognizer::networks::CHORD_CLASSES)
        .zip(bass.chunks_exact(13))
        .map(|(chord, bass)| {
            Ok(Posterior {
                chord: chord.try_into()?,
                bass: Some(bass.try_into()?),
                extensions: None,
            })
        })
        .collect::<Result<_>>()?;
    Ok(Item {
        truth: serde_json::from_str(entry("truth")?)?,
        audio: Audio::new(values("samples")?, entry("rate")?.parse()?),
        listened: Analysis {
            posteriors,
            length_s: entry("length_s")?.parse()?,
            tuning: Tuning::CONCERT,
            calibration: Calibration::default(),
        },
    })
}
