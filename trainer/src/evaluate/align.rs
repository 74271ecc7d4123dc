//! Charts with mistakes for rendered songs, and scores of their alignment.
//!
//! A song is cut into sections at its downbeats and reassembled, with one section played twice and
//! one left out. Its chart has each section once, with some chords replaced by others of the song
//! or by neighbouring ones, and is transposed. The right alignment is known.

use harmony::import::chart::{WrittenBar, WrittenChart, WrittenChord};
use harmony::label::Label;
use harmony::score::Interval;
use harmony::time::Meter;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recognizer::align::Alignment;
use recognizer::audio::Audio;
use renderer::song::Beat;
use serde::Serialize;

use crate::beats::song::Song;

/// Bars of a section.
const SECTION_BARS: usize = 8;
/// Share of the chords that are replaced.
const WRONG_SHARE: f64 = 0.1;
/// A bar within this distance is found, in seconds.
const NEAR_S: f64 = 0.15;
/// Length of the crossfade between sections, in seconds.
const FADE_S: f64 = 0.01;

/// A song that is played differently from its chart.
#[derive(Debug, Clone)]
pub(crate) struct Exercise {
    /// The audio.
    pub(crate) audio: Audio,
    /// The chart.
    pub(crate) chart: WrittenChart,
    /// For each played bar, its index in the chart and its start in seconds.
    pub(crate) played: Vec<(usize, f64)>,
    /// For each bar of the chart, whether it has a wrong chord.
    pub(crate) wrong: Vec<bool>,
    /// Semitones by which the music sounds above the chart, −5 … 6.
    pub(crate) transposition: i32,
}

/// Counts of the results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Counts {
    /// Played bars with right chords.
    pub(crate) right: usize,
    /// Right bars that were found within 0.15 s.
    pub(crate) right_near: usize,
    /// Right bars that were flagged.
    pub(crate) right_flagged: usize,
    /// Played bars with a wrong chord.
    pub(crate) wrong: usize,
    /// Wrong bars that were found and flagged.
    pub(crate) wrong_flagged: usize,
    /// Bars that were found where they were not played.
    pub(crate) astray: usize,
    /// Charts.
    pub(crate) charts: usize,
    /// Charts whose transposition was found.
    pub(crate) transposed: usize,
}

impl Counts {
    /// The sum of both.
    #[must_use]
    pub(crate) const fn and(self, other: Self) -> Self {
        Self {
            right: self.right + other.right,
            right_near: self.right_near + other.right_near,
            right_flagged: self.right_flagged + other.right_flagged,
            wrong: self.wrong + other.wrong,
            wrong_flagged: self.wrong_flagged + other.wrong_flagged,
            astray: self.astray + other.astray,
            charts: self.charts + other.charts,
            transposed: self.transposed + other.transposed,
        }
    }
}

/// A bar of a song.
struct Bar {
    start_s: f64,
    end_s: f64,
    chords: Vec<WrittenChord>,
    beats: u8,
}

impl Exercise {
    /// Makes an exercise from a song; `None` if it has fewer than three sections. The same
    /// seed gives the same exercise.
    #[must_use]
    pub(crate) fn new(song: &Song, seed: u64) -> Option<Self> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let bars = bars(&song.beats, &song.chords);
        let sections: Vec<&[Bar]> = bars
            .chunks(SECTION_BARS)
            .filter(|section| section.len() == SECTION_BARS)
            .collect();
        if sections.len() < 3 {
            return None;
        }
        // One section is played twice, and one that is neither the first nor the last is left
        // out.
        let twice = random.random_range(0..sections.len());
        let middle: Vec<usize> = (1..sections.len() - 1).filter(|it| *it != twice).collect();
        let left_out = middle.choose(&mut random).copied();
        let mut order: Vec<usize> = Vec::new();
        for section in (0..sections.len()).filter(|it| Some(*it) != left_out) {
            order.push(section);
            if section == twice {
                order.push(section);
            }
        }
        let (audio, played) = spliced(&song.audio, &sections, &order);
        let transposition = random.random_range(-5..=6);
        let (chart, wrong) = written(&sections, transposition, &mut random);
        Some(Self {
            audio,
            chart,
            played,
            wrong,
            transposition,
        })
    }

    /// Scores an alignment.
    #[must_use]
    pub(crate) fn counts(&self, found: &Alignment) -> Counts {
        let mut counts = Counts {
            charts: 1,
            transposed: usize::from(found.transposition == self.transposition),
            ..Counts::default()
        };
        for &(bar, start_s) in &self.played {
            let same = found.bars.iter().filter(|it| it.bar == bar);
            let near = same
                .map(|it| (it, (it.start_s - start_s).abs()))
                .min_by(|a, b| a.1.total_cmp(&b.1));
            let hit = near.filter(|(_, distance_s)| *distance_s <= NEAR_S);
            // A flag refers to the right bar if most of the bar was found there.
            let flagged = near.is_some_and(|(it, distance_s)| distance_s <= 0.5 && it.is_flagged());
            if self.wrong[bar] {
                counts.wrong += 1;
                counts.wrong_flagged += usize::from(flagged);
            } else {
                counts.right += 1;
                counts.right_near += usize::from(hit.is_some());
                counts.right_flagged += usize::from(flagged);
            }
        }
        counts.astray = found
            .bars
            .iter()
            .filter(|it| {
                let mut same = self.played.iter().filter(|(bar, _)| *bar == it.bar);
                same.all(|(_, start_s)| (start_s - it.start_s).abs() > 0.5)
            })
            .count();
        counts
    }
}

/// The bars between downbeats, with their chords on beats.
fn bars(beats: &[Beat], chords: &[Interval]) -> Vec<Bar> {
    let starts: Vec<usize> = (0..beats.len()).filter(|it| beats[*it].downbeat).collect();
    let mut bars = Vec::new();
    for pair in starts.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let mut placed: Vec<WrittenChord> = Vec::new();
        for beat in from..to {
            let middle_s = f64::midpoint(beats[beat].time_s, beats[beat + 1].time_s);
            let sounding = chords
                .iter()
                .find(|it| (it.start_s..it.end_s).contains(&middle_s));
            let label = sounding.map_or(Label::NoChord, |it| it.label.clone());
            match placed.last_mut() {
                Some(last) if last.label == label => last.beats += 1.0,
                _ => placed.push(WrittenChord { label, beats: 1.0 }),
            }
        }
        bars.push(Bar {
            start_s: beats[from].time_s,
            end_s: beats[to].time_s,
            chords: placed,
            beats: (to - from).min(32) as u8,
        });
    }
    bars
}

/// The audio of the sections in another order, with the start of each bar.
fn spliced(audio: &Audio, sections: &[&[Bar]], order: &[usize]) -> (Audio, Vec<(usize, f64)>) {
    let rate = f64::from(audio.sample_rate);
    let at = |time_s: f64| ((time_s * rate).round().max(0.0) as usize).min(audio.samples.len());
    let mut samples: Vec<f32> = Vec::new();
    let mut played = Vec::new();
    let fade = (FADE_S * rate) as usize;
    // The audio before the first section and after the last stays.
    let first = sections[order[0]][0].start_s;
    if order[0] == 0 {
        samples.extend_from_slice(&audio.samples[..at(first)]);
    }
    for &section in order {
        let bars = sections[section];
        let (from, to) = (at(bars[0].start_s), at(bars[bars.len() - 1].end_s));
        let start = samples.len();
        for (index, bar) in bars.iter().enumerate() {
            let start_s = start as f64 / rate + bar.start_s - bars[0].start_s;
            played.push((section * SECTION_BARS + index, start_s));
        }
        samples.extend_from_slice(&audio.samples[from..to]);
        // Fades the end of the previous section out into the new one.
        for index in 0..fade.min(start).min(to - from) {
            let share = index as f32 / fade as f32;
            samples[start + index] *= share;
            samples[start - 1 - index] *= share;
        }
    }
    (Audio::new(samples, audio.sample_rate), played)
}

/// The chart of the sections, with wrong chords, transposed down by `transposition`.
fn written(
    sections: &[&[Bar]],
    transposition: i32,
    random: &mut ChaCha8Rng,
) -> (WrittenChart, Vec<bool>) {
    let mut others: Vec<Label> = Vec::new();
    for chord in sections
        .iter()
        .copied()
        .flatten()
        .flat_map(|bar| &bar.chords)
    {
        if chord.label.chord().is_some() && !others.contains(&chord.label) {
            others.push(chord.label.clone());
        }
    }
    let mut bars = Vec::new();
    let mut wrong = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        for (place, bar) in section.iter().enumerate() {
            let mut is_wrong = false;
            let chords = bar.chords.iter().map(|chord| {
                let mut label = chord.label.clone();
                if label.chord().is_some() && random.random_bool(WRONG_SHARE) {
                    label = another(&label, &others, random);
                    is_wrong = true;
                }
                WrittenChord {
                    label: label.transposed(-transposition),
                    beats: chord.beats,
                }
            });
            let chords = chords.collect();
            let name = char::from(b'A' + (index % 26) as u8).to_string();
            bars.push(WrittenBar {
                section: (place == 0).then_some(name),
                meter: Meter::new(bar.beats.max(1), 4).unwrap_or(Meter::COMMON),
                chords,
                measured: true,
            });
            wrong.push(is_wrong);
        }
    }
    let chart = WrittenChart {
        bars,
        in_bars: true,
        ..WrittenChart::default()
    };
    (chart, wrong)
}

/// Another chord with another triad: half of the time one of the song, otherwise a
/// neighbouring one.
fn another(label: &Label, others: &[Label], random: &mut ChaCha8Rng) -> Label {
    let triad = |label: &Label| {
        let chord = label.chord()?;
        Some((
            chord.root().pitch_class(),
            chord.intervals() & 0b1_1111_1000,
        ))
    };
    if random.random_bool(0.5) {
        let mut different: Vec<&Label> = others
            .iter()
            .filter(|it| triad(it) != triad(label))
            .collect();
        different.shuffle(random);
        if let Some(other) = different.first() {
            return (*other).clone();
        }
    }
    let step = *[-5, -2, -1, 1, 2, 5].choose(random).unwrap_or(&2);
    label.transposed(step)
}
