//! Alignment of a written chart to audio.
//!
//! The network's posteriors give how well each chord of the chart fits each frame (`fit`). A search
//! finds the path through the chart that explains the frames best (forced alignment: Rabiner 1989,
//! with explicit durations as in Ferguson 1980): a chord lasts about as long as in the chart,
//! counted by the beats of the music or by a flexible tempo; from the end of a bar the path may
//! jump to any other at a cost, a small one between sections; and music that is not in the chart
//! may come before, between and after. All twelve transpositions are tried.
//!
//! The cost of a chord that was not heard is capped, so that a wrong chord does not divert the
//! path; it is flagged afterwards, with the chord heard instead.

mod clock;
mod fit;
mod musical;
mod search;
mod steps;

use harmony::import::chart::WrittenChart;
use harmony::label::Label;
use harmony::timeline::{Segment, Timeline, TimelineError};

use crate::beat::Beats;
use crate::decode::path::Chord as HeardChord;
use crate::decode::states::{class_of, emissions};
use crate::decode::viterbi::argmax;
use crate::features::centred_cqt::FILE_HOP_S;
use crate::transcribe::Analysis;
use clock::{Clock, clocks};
use fit::{Fit, is_alike, log_probability};
use search::{Part, Path, Problem};
use steps::Steps;

/// The most cells of a search: chords of the chart times frames.
const MAX_CELLS: usize = 30_000_000;
/// Above this many cells only the likeliest transpositions are tried with every tempo.
const MANY_CELLS: usize = 2_000_000;
/// A chord that scores less than this and differs from the one heard is flagged, nats per frame.
const FLAG_SCORE: f32 = -0.7;
/// How much better than the chart as written another transposition must be, nats a minute.
const TRANSPOSITION_GAIN: f32 = 1.0;

/// Why a chart cannot be aligned.
#[derive(Debug, thiserror::Error)]
pub enum AlignError {
    /// No audio.
    #[error("there is no audio to align to")]
    NoAudio,
    /// Too many chords and too much audio together.
    #[error(
        "a chart of {chords} chords and {minutes:.0} minutes of audio are too much to align: shorten one of them"
    )]
    TooLong {
        /// Chords of the chart, repeats written out.
        chords: usize,
        /// Minutes of audio.
        minutes: f64,
    },
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
}

/// A chart on the audio.
#[derive(Debug, Clone, PartialEq)]
pub struct Alignment {
    /// How many semitones the music sounds above the chart, −5 … 6. With a capo on fret `n` it is
    /// `n`, or `n − 12`.
    pub transposition: i32,
    /// The bars as they were played, in order of time.
    pub bars: Vec<AlignedBar>,
    /// Mean score of the frames of the bars, nats: 0 where everything sounds as written.
    pub score: f32,
}

/// A bar of the chart where it was played.
#[derive(Debug, Clone, PartialEq)]
pub struct AlignedBar {
    /// Its index in the chart's bars.
    pub bar: usize,
    /// Start, seconds.
    pub start_s: f64,
    /// End, seconds.
    pub end_s: f64,
    /// Whether the path reached it by a jump, or from music that is not in the chart.
    pub jumped: bool,
    /// Its chords, or those of them that were played.
    pub chords: Vec<AlignedChord>,
    /// Mean over its frames of the log-probability of the charted chord relative to the best,
    /// nats a frame, at most 0.
    pub score: f32,
}

impl AlignedBar {
    /// Whether a chord other than the charted one was heard in it.
    #[must_use]
    pub fn is_flagged(&self) -> bool {
        self.chords.iter().any(|chord| chord.heard.is_some())
    }
}

/// A chord of a bar where it was played.
#[derive(Debug, Clone, PartialEq)]
pub struct AlignedChord {
    /// Start, seconds.
    pub start_s: f64,
    /// End, seconds.
    pub end_s: f64,
    /// The charted chord as it sounds, transposed.
    pub label: Label,
    /// Its score, as [`AlignedBar::score`].
    pub score: f32,
    /// The chord heard, where it differs: another triad, or `N`.
    pub heard: Option<Label>,
}

impl Alignment {
    /// The chart as a timeline of the whole audio: charted chords in its bars, and the chords of
    /// `heard` before, between and after them. Equal neighbours are joined.
    ///
    /// # Errors
    /// Segments that do not form a timeline, which would be a bug in the alignment.
    pub fn timeline(&self, heard: &Timeline) -> Result<Timeline, TimelineError> {
        let mut segments: Vec<Segment> = Vec::new();
        let mut at_s = heard.start_s().unwrap_or(0.0);
        let between = |from_s: f64, to_s: f64, segments: &mut Vec<Segment>| {
            for segment in heard.range(from_s, to_s) {
                let mut part = segment.clone();
                (part.start_s, part.end_s) = (segment.start_s.max(from_s), segment.end_s.min(to_s));
                (part.start_beat, part.end_beat) = (None, None);
                if part.end_s > part.start_s {
                    segments.push(part);
                }
            }
        };
        for bar in &self.bars {
            between(at_s, bar.start_s, &mut segments);
            for chord in &bar.chords {
                if chord.end_s > chord.start_s {
                    let mut segment = Segment::new(chord.start_s, chord.end_s, chord.label.clone());
                    segment.confidence = chord.score.exp().clamp(0.0, 1.0);
                    segments.push(segment);
                }
            }
            at_s = at_s.max(bar.end_s);
        }
        between(at_s, heard.end_s().unwrap_or(at_s), &mut segments);
        let mut timeline = Timeline::from_segments(segments)?;
        timeline.merge_equal();
        Ok(timeline)
    }

    /// The fret of the capo with which the chart sounds like the music, 1 … 11; `None` if it sounds
    /// as written.
    #[must_use]
    pub const fn capo(&self) -> Option<u8> {
        match self.transposition.rem_euclid(12) as u8 {
            0 => None,
            fret => Some(fret),
        }
    }
}

/// Aligns `chart` to the posteriors of `analysis`, using the `beats` found, if any.
///
/// `progress` gets the share done, 0 … 1, and returns whether to continue.
///
/// # Errors
/// See [`AlignError`].
pub fn align(
    chart: &WrittenChart,
    analysis: &Analysis,
    beats: Option<&Beats>,
    mut progress: impl FnMut(f32) -> bool,
) -> Result<Alignment, AlignError> {
    let frames = analysis.posteriors.len();
    if frames == 0 || analysis.length_s <= 0.0 {
        return Err(AlignError::NoAudio);
    }
    let steps = Steps::of(chart);
    if steps.len() * frames > MAX_CELLS {
        return Err(AlignError::TooLong {
            chords: steps.len(),
            minutes: analysis.length_s / 60.0,
        });
    }
    let clocks = clocks(chart, beats, frames);
    let (transposition, clock) = best(&steps, analysis, &clocks, &mut progress)?;
    let fit = Fit::new(&steps, &analysis.posteriors, transposition);
    let path = Problem::new(&steps, &fit, clock).path();
    Ok(Alignment::of(&path, &steps, analysis, clock, transposition))
}

/// The transposition, −5 … 6, and the clock with the likeliest path.
fn best<'a>(
    steps: &Steps,
    analysis: &Analysis,
    clocks: &'a [Clock],
    progress: &mut impl FnMut(f32) -> bool,
) -> Result<(i32, &'a Clock), AlignError> {
    let minutes = (analysis.length_s / 60.0) as f32;
    let all: Vec<i32> = (-5..=6).collect();
    let many = steps.len() * analysis.posteriors.len() > MANY_CELLS;
    // First every transposition by one clock of each kind, then the likeliest by all.
    let first: Vec<&Clock> = clocks.iter().filter(|it| it.is_first).collect();
    let kept = if many { 2 } else { 3 };
    let total = (all.len() * first.len() + kept * (clocks.len() - first.len())) as f32;
    let mut done = 0.0;
    let mut scored: Vec<(f32, i32, &Clock)> = Vec::new();
    let mut score = |transposition: i32, clocks: &[&'a Clock]| -> Result<_, AlignError> {
        let fit = Fit::new(steps, &analysis.posteriors, transposition);
        let mut found = Vec::new();
        for clock in clocks {
            let mut value = Problem::new(steps, &fit, clock).score();
            if transposition != 0 {
                value -= TRANSPOSITION_GAIN * minutes.max(1.0);
            }
            found.push((value, transposition, *clock));
            done += 1.0;
            if !progress(done / total) {
                return Err(AlignError::Stopped);
            }
        }
        Ok(found)
    };
    for &transposition in &all {
        scored.extend(score(transposition, &first)?);
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut likeliest: Vec<i32> = Vec::new();
    for (_, transposition, _) in &scored {
        if !likeliest.contains(transposition) && likeliest.len() < kept {
            likeliest.push(*transposition);
        }
    }
    let others: Vec<&Clock> = clocks.iter().filter(|it| !it.is_first).collect();
    for transposition in likeliest {
        scored.extend(score(transposition, &others)?);
    }
    let best = scored.iter().max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, transposition, clock)| (*transposition, *clock))
        .ok_or(AlignError::NoAudio)
}

impl Alignment {
    fn of(
        path: &Path,
        steps: &Steps,
        analysis: &Analysis,
        clock: &Clock,
        transposition: i32,
    ) -> Self {
        let times = path.times_s(steps, clock, analysis.length_s);
        let mut bars: Vec<AlignedBar> = Vec::new();
        let mut after = None;
        for (part, &(start_s, end_s)) in path.parts.iter().zip(&times) {
            let Part { step, from, to } = *part;
            let it = &steps.all[step];
            let label = steps.labels[it.chord].transposed(transposition);
            let heard = Heard::new(&label, analysis, from..to);
            let chord = AlignedChord {
                start_s,
                end_s,
                label,
                score: heard.score,
                heard: heard.instead,
            };
            let follows = after == Some((step, from));
            match bars.last_mut() {
                Some(bar) if follows && !it.first_of_bar => {
                    bar.end_s = end_s;
                    bar.chords.push(chord);
                }
                _ => bars.push(AlignedBar {
                    bar: it.bar,
                    start_s,
                    end_s,
                    jumped: !follows,
                    chords: vec![chord],
                    score: 0.0,
                }),
            }
            after = Some((step + 1, to));
        }
        let (mut sum, mut seconds) = (0.0, 0.0);
        for bar in &mut bars {
            let weighted =
                |sum: f64, it: &AlignedChord| sum + f64::from(it.score) * (it.end_s - it.start_s);
            let total = bar.chords.iter().fold(0.0, weighted);
            let length_s = bar.end_s - bar.start_s;
            bar.score = (total / length_s.max(1e-6)) as f32;
            sum += total;
            seconds += length_s;
        }
        Self {
            transposition,
            bars,
            score: (sum / f64::max(seconds, 1e-6)) as f32,
        }
    }
}

/// The chord heard in place of a charted one.
struct Heard {
    score: f32,
    instead: Option<Label>,
}

impl Heard {
    fn new(charted: &Label, analysis: &Analysis, frames: std::ops::Range<usize>) -> Self {
        // Frames at the edges also contain the neighbours.
        let inner = if frames.len() >= 5 {
            frames.start + 1..frames.end - 1
        } else {
            frames
        };
        let posteriors = &analysis.posteriors[inner];
        if posteriors.is_empty() {
            return Self {
                score: 0.0,
                instead: None,
            };
        }
        let mut sums: Vec<f32> = Vec::new();
        let mut now = Vec::new();
        let mut own = 0.0;
        for posterior in posteriors {
            emissions(posterior, &mut now);
            sums.resize(now.len(), 0.0);
            for (sum, value) in sums.iter_mut().zip(&now) {
                // Bounded, so that no single frame decides.
                *sum += value.max(-8.0);
            }
            own += log_probability(charted, posterior).max(-8.0);
        }
        let best = argmax(&sums);
        let class = class_of(best);
        let best_own: f32 = posteriors.iter().map(|it| it.chord[class].max(-8.0)).sum();
        let score = ((own - best_own) / posteriors.len() as f32).min(0.0);
        let differs = score < FLAG_SCORE && !is_alike(charted, class);
        let heard = differs.then(|| HeardChord::heard(best, posteriors).label);
        Self {
            score,
            instead: heard,
        }
    }
}

/// Time in seconds of the boundary before frame `frame`: frames are centred on multiples of the
/// hop.
fn boundary_s(frame: usize) -> f64 {
    ((frame as f64 - 0.5) * FILE_HOP_S).max(0.0)
}

#[cfg(test)]
mod tests;
