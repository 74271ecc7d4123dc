//! Scores on songs that were held out, through the engines as they ship.
//!
//! The audio is rendered with the SoundFont that is never trained on. `offline` is
//! [`recognizer::transcribe`]; `live` the confirmed track of
//! [`recognizer::live::LiveEngine`], fed at 48 kHz; `display` what its display showed at
//! each moment, late as it was. Scores are mir_eval's chord metrics, weighted by duration
//! over all songs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, anyhow};
use harmony::label::Label;
use harmony::score::{Evaluation, Interval, Metric, Scores, evaluate};
use harmony::vocabulary::large;
use indicatif::ProgressBar;
use recognizer::audio::Audio;
use recognizer::inference::{CausalModel, WindowModel};
use recognizer::live::{Event, LiveEngine, LiveSettings};
use recognizer::transcribe::transcribe;
use serde::Serialize;

use crate::pop909::Pop909;
use crate::prepare::{SetSettings, example, label_at};
use crate::soundfont::SoundFonts;

/// How an engine did on a set.
#[derive(Debug, Clone, Serialize)]
pub struct EngineScores {
    /// mir_eval's metrics by name.
    pub metrics: BTreeMap<&'static str, f64>,
    /// Share of reference time with the right class of 170, by quality (`maj`, `min7` …).
    pub quality_recall: BTreeMap<String, f64>,
    /// Mean of `quality_recall` (the paper's ACQA).
    pub mean_quality_recall: f64,
    /// Share of the time of inverted chords on which root and bass are both right.
    pub inversions: f64,
}

/// What `evaluate_set` measures: name of the engine and its scores.
pub type SetScores = BTreeMap<&'static str, EngineScores>;

/// One example through all engines.
struct Done {
    index: usize,
    labels: Vec<(f64, f64, Label)>,
    results: Vec<(Vec<Interval>, Evaluation)>,
}

#[derive(Default)]
struct Sums {
    pieces: Vec<Evaluation>,
    /// Per quality: seconds in the reference, seconds right.
    qualities: BTreeMap<String, (f64, f64)>,
    inverted: (f64, f64),
}

/// Evaluates the engines on a set of rendered examples.
///
/// # Errors
/// An example that cannot be made, or an engine that fails.
pub fn evaluate_set(
    settings: &SetSettings,
    corpus: Option<&Pop909>,
    fonts: &SoundFonts,
    live: &Arc<dyn CausalModel>,
    windowed: &dyn WindowModel,
    threads: usize,
) -> Result<SetScores> {
    let bar = ProgressBar::new(settings.count);
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<Done>> {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index as u64 >= settings.count {
                return Ok(done);
            }
            let rendered = example(settings, index as u64, corpus, fonts)?;
            let labels = rendered.labels;
            let audio = Audio::new(rendered.samples, rendered.sample_rate);
            let reference: Vec<Interval> = labels
                .iter()
                .map(|(start, end, label)| interval(*start, *end, label))
                .collect();
            let tracks = [
                offline_track(&audio, windowed)?,
                live_track(&audio, live, false)?,
                live_track(&audio, live, true)?,
            ];
            let mut results = Vec::new();
            for track in tracks {
                let evaluation = evaluate(&reference, &track)?;
                results.push((track, evaluation));
            }
            done.push(Done {
                index,
                labels,
                results,
            });
            bar.inc(1);
        }
    };
    let mut done = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        handles
            .into_iter()
            .map(|h| {
                h.join()
                    .unwrap_or_else(|_| Err(anyhow!("an evaluating thread panicked")))
            })
            .collect::<Result<Vec<_>>>()
    })?
    .into_iter()
    .flatten()
    .collect::<Vec<_>>();
    bar.finish_and_clear();
    // Sums in the order of the examples, whichever thread was faster.
    done.sort_by_key(|done| done.index);

    let mut sums: [Sums; 3] = Default::default();
    for done in done {
        for (sum, (track, evaluation)) in sums.iter_mut().zip(done.results) {
            sum.pieces.push(evaluation);
            count_qualities(sum, &done.labels, &track);
        }
    }
    Ok(["offline", "live", "display"]
        .into_iter()
        .zip(sums)
        .map(|(name, sums)| (name, scores(&sums)))
        .collect())
}

fn interval(start_s: f64, end_s: f64, label: &Label) -> Interval {
    Interval {
        start_s,
        end_s,
        label: label.clone(),
    }
}

fn offline_track(audio: &Audio, model: &dyn WindowModel) -> Result<Vec<Interval>> {
    Ok(transcribe(audio, model, |_| true)?
        .segments()
        .iter()
        .map(|s| interval(s.start_s, s.end_s, &s.label))
        .collect())
}

/// The confirmed track, or with `as_displayed` what was on screen when.
fn live_track(
    audio: &Audio,
    model: &Arc<dyn CausalModel>,
    as_displayed: bool,
) -> Result<Vec<Interval>> {
    let mut engine = LiveEngine::new(
        Arc::clone(model),
        f64::from(audio.sample_rate),
        LiveSettings::default(),
    )?;
    engine.push(&audio.samples);
    engine.finish();
    let length_s = audio.length_s();
    let mut track = Vec::new();
    let mut shown = (0.0, Label::NoChord);
    while let Some(event) = engine.poll() {
        match event {
            Event::Segment(s) if !as_displayed => {
                track.push(interval(s.start_s, s.end_s, &s.label))
            }
            Event::Shown(s) if as_displayed && s.shown_at_s < length_s => {
                if s.shown_at_s > shown.0 {
                    track.push(interval(shown.0, s.shown_at_s, &shown.1));
                }
                shown = (s.shown_at_s, s.label);
            }
            _ => {}
        }
    }
    if as_displayed && length_s > shown.0 {
        track.push(interval(shown.0, length_s, &shown.1));
    }
    Ok(track)
}

fn count_qualities(sums: &mut Sums, labels: &[(f64, f64, Label)], track: &[Interval]) {
    const STEP_S: f64 = 0.05;
    let track: Vec<(f64, f64, Label)> = track
        .iter()
        .map(|i| (i.start_s, i.end_s, i.label.clone()))
        .collect();
    let end = labels.last().map_or(0.0, |l| l.1);
    for step in 0..(end / STEP_S) as usize {
        let time_s = (step as f64 + 0.5) * STEP_S;
        let (reference, estimate) = (label_at(labels, time_s), label_at(&track, time_s));
        let (class, found) = (large::index_of(&reference), large::index_of(&estimate));
        if class == large::UNKNOWN {
            continue;
        }
        let name = if class == large::NO_CHORD {
            "N".to_string()
        } else {
            large::QUALITIES[class % 14].to_string()
        };
        let entry = sums.qualities.entry(name).or_default();
        entry.0 += STEP_S;
        entry.1 += if class == found { STEP_S } else { 0.0 };
        if let Label::Chord(chord) = &reference
            && chord.bass_pitch_class() != chord.root().pitch_class()
        {
            sums.inverted.0 += STEP_S;
            let right = matches!(&estimate, Label::Chord(e)
                if e.root().pitch_class() == chord.root().pitch_class()
                    && e.bass_pitch_class() == chord.bass_pitch_class());
            sums.inverted.1 += if right { STEP_S } else { 0.0 };
        }
    }
}

fn scores(sums: &Sums) -> EngineScores {
    let pooled: Scores = Evaluation::pooled(&sums.pieces);
    let mut metrics: BTreeMap<&'static str, f64> = Metric::ALL
        .into_iter()
        .map(|m| (m.name(), pooled.get(m)))
        .collect();
    metrics.insert("overseg", pooled.overseg);
    metrics.insert("underseg", pooled.underseg);
    metrics.insert("seg", pooled.seg);
    let quality_recall: BTreeMap<String, f64> = sums
        .qualities
        .iter()
        .filter(|(_, (all, _))| *all >= 1.0)
        .map(|(name, (all, right))| (name.clone(), right / all))
        .collect();
    let chords: Vec<f64> = quality_recall
        .iter()
        .filter(|(name, _)| *name != "N")
        .map(|(_, recall)| *recall)
        .collect();
    EngineScores {
        metrics,
        mean_quality_recall: chords.iter().sum::<f64>() / chords.len().max(1) as f64,
        quality_recall,
        inversions: sums.inverted.1 / sums.inverted.0.max(1e-9),
    }
}

/// Columns of the table: the paper's seven metrics and segmentation.
const COLUMNS: [&str; 8] = [
    "root", "thirds", "triads", "sevenths", "tetrads", "majmin", "mirex", "seg",
];

/// A Markdown table of a set.
pub fn table(scores: &SetScores) -> String {
    let mut text = format!(
        "| engine | {} | quality recall | inversions |\n",
        COLUMNS.join(" | ")
    );
    text += &format!("|---|{}\n", "---|".repeat(COLUMNS.len() + 2));
    for (engine, scores) in scores {
        let cells: Vec<String> = COLUMNS
            .iter()
            .map(|c| format!("{:.3}", scores.metrics.get(c).copied().unwrap_or(f64::NAN)))
            .collect();
        text += &format!(
            "| {engine} | {} | {:.3} | {:.3} |\n",
            cells.join(" | "),
            scores.mean_quality_recall,
            scores.inversions
        );
    }
    text
}
