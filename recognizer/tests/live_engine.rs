//! The live engine with the shipped weights: its output depends on the audio alone, and no input
//! can break it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use harmony::label::Label;
use harmony::vocabulary::large;
use proptest::prelude::*;
use recognizer::beat::{BeatGrid, GridPosition, Place};
use recognizer::decode::Posterior;
use recognizer::features::BINS;
use recognizer::inference::{CausalModel, CausalStream, InferenceError};
use recognizer::live::{Event, LiveEngine, LiveSettings, Shown, ShownState};
use recognizer::models;

const RATE: f64 = 44_100.0;

fn engine_at(rate: f64) -> LiveEngine {
    let model: Arc<dyn CausalModel> = models::live().unwrap();
    LiveEngine::new(model, rate, LiveSettings::default()).unwrap()
}

/// A chord of six decaying harmonics a note, as a struck string has.
fn chord(midi_notes: &[u8], seconds: f64, rate: f64) -> Vec<f32> {
    (0..(seconds * rate) as usize)
        .map(|n| {
            let t = n as f64 / rate;
            let sum: f64 = midi_notes
                .iter()
                .flat_map(|&note| {
                    let f0 = 440.0 * 2.0_f64.powf((f64::from(note) - 69.0) / 12.0);
                    (1..=6).map(move |h| (f0 * f64::from(h), 0.7_f64.powi(h)))
                })
                .filter(|(f, _)| *f < rate * 0.45)
                .map(|(f, a)| a * (std::f64::consts::TAU * f * t).sin())
                .sum();
            (sum * 0.06 * (-t * 0.8).exp() * (t / 0.01).min(1.0)) as f32
        })
        .collect()
}

/// C, A minor, F, G: two seconds each, with the root in the bass.
fn progression(rate: f64) -> Vec<f32> {
    [
        [36, 60, 64, 67],
        [45, 57, 60, 64],
        [41, 57, 60, 65],
        [43, 59, 62, 67],
    ]
    .iter()
    .flat_map(|notes| chord(notes, 2.0, rate))
    .collect()
}

fn events(engine: &mut LiveEngine) -> Vec<Event> {
    std::iter::from_fn(|| engine.poll()).collect()
}

fn shown(events: &[Event]) -> Vec<&Shown> {
    events
        .iter()
        .filter_map(|e| match e {
            Event::Shown(s) => Some(s),
            Event::Segment(_) => None,
        })
        .collect()
}

fn segments(events: &[Event]) -> Vec<(f64, f64, String)> {
    events
        .iter()
        .filter_map(|e| match e {
            Event::Segment(s) => Some((s.start_s, s.end_s, s.label.to_string())),
            Event::Shown(_) => None,
        })
        .collect()
}

/// The label that fills most of `from..to`.
fn dominant(segments: &[(f64, f64, String)], from: f64, to: f64) -> String {
    segments
        .iter()
        .max_by(|a, b| {
            let overlap = |s: &(f64, f64, String)| s.1.min(to) - s.0.max(from);
            overlap(a).total_cmp(&overlap(b))
        })
        .map(|s| s.2.clone())
        .unwrap_or_default()
}

#[test]
fn a_known_progression_is_recognized_at_every_rate() {
    for rate in [8_000.0, 22_050.0, 44_100.0, 48_000.0, 192_000.0] {
        let mut engine = engine_at(rate);
        engine.push(&progression(rate));
        engine.finish();
        let found = segments(&events(&mut engine));
        for (i, wanted) in ["C:maj", "A:min", "F:maj", "G:maj"].iter().enumerate() {
            let start = 2.0 * i as f64;
            let label = dominant(&found, start, start + 2.0);
            assert_eq!(&label, wanted, "at {rate} Hz: {found:?}");
        }
    }
}

#[test]
fn segments_are_gap_free_and_end_with_the_audio() {
    let mut engine = engine_at(RATE);
    engine.push(&progression(RATE));
    engine.finish();
    let found = segments(&events(&mut engine));
    assert_eq!(found[0].0, 0.0);
    assert!(found.windows(2).all(|w| w[0].1 == w[1].0), "{found:?}");
    assert!((found.last().unwrap().1 - 8.0).abs() < 1e-9);
}

#[test]
fn the_display_speaks_at_once_and_confirms_later() {
    let mut engine = engine_at(RATE);
    engine.push(&progression(RATE));
    let all = events(&mut engine);
    let shown = shown(&all);
    assert!(shown.windows(2).all(|w| w[0].shown_at_s <= w[1].shown_at_s));
    assert!(shown.iter().all(|s| s.starts_at_s <= s.shown_at_s));
    let a_minor: Vec<_> = shown
        .iter()
        .filter(|s| s.label.to_string() == "A:min")
        .collect();
    assert_eq!(a_minor[0].state, ShownState::Provisional);
    assert!(a_minor.iter().any(|s| s.state == ShownState::Confirmed));
    assert!(a_minor[0].shown_at_s < 3.0, "{a_minor:?}");
    assert!(
        (a_minor.last().unwrap().starts_at_s - 2.0).abs() < 0.2,
        "{a_minor:?}"
    );
}

#[test]
fn bad_samples_are_counted_and_poison_nothing() {
    let clean = {
        let mut engine = engine_at(RATE);
        engine.push(&progression(RATE));
        engine.finish();
        segments(&events(&mut engine))
    };
    let mut engine = engine_at(RATE);
    // Half a second of invalid samples, then the music.
    let dirt = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        1e-42,
        -0.0,
    ];
    let dirty: Vec<f32> = dirt.iter().copied().cycle().take(22_050).collect();
    engine.push(&dirty);
    assert!(engine.counters().invalid_samples > 0);
    engine.push(&vec![0.0; (RATE * 6.0) as usize]);
    let before = engine.now_s();
    engine.push(&progression(RATE));
    engine.finish();
    let found = segments(&events(&mut engine));
    for (i, (_, _, wanted)) in clean
        .iter()
        .filter(|s| s.2 != "N" && s.1 - s.0 > 1.0)
        .enumerate()
    {
        let start = before + 2.0 * i as f64;
        assert_eq!(&dominant(&found, start, start + 2.0), wanted, "{found:?}");
    }
}

#[test]
fn silence_is_no_chord() {
    let mut engine = engine_at(RATE);
    engine.push(&vec![0.0; 5 * 44_100]);
    assert!(engine.is_silent());
    engine.finish();
    let found = segments(&events(&mut engine));
    assert_eq!(found, [(0.0, 5.0, "N".to_string())]);
}

/// The built-in network with counted steps; optionally without a stated memory.
struct Counted {
    model: Arc<dyn CausalModel>,
    steps: Arc<AtomicUsize>,
    tells_memory: bool,
}

struct CountedStream {
    stream: Box<dyn CausalStream>,
    steps: Arc<AtomicUsize>,
    tells_memory: bool,
}

impl CausalModel for Counted {
    fn start(&self) -> Box<dyn CausalStream> {
        Box::new(CountedStream {
            stream: self.model.start(),
            steps: Arc::clone(&self.steps),
            tells_memory: self.tells_memory,
        })
    }
}

impl CausalStream for CountedStream {
    fn step(&mut self, frame: &[f32; BINS]) -> Result<Posterior, InferenceError> {
        self.steps.fetch_add(1, Ordering::Relaxed);
        self.stream.step(frame)
    }

    fn reset(&mut self) {
        self.stream.reset();
    }

    fn memory(&self) -> Option<usize> {
        self.stream.memory().filter(|_| self.tells_memory)
    }
}

#[test]
fn long_silence_costs_nothing_and_changes_nothing() {
    let mut audio = progression(RATE);
    audio.extend(vec![0.0; (30.0 * RATE) as usize]);
    audio.extend(progression(RATE));
    let heard = |tells_memory| {
        let steps = Arc::default();
        let model = Counted {
            model: models::live().unwrap(),
            steps: Arc::clone(&steps),
            tells_memory,
        };
        let mut engine = LiveEngine::new(Arc::new(model), RATE, LiveSettings::default()).unwrap();
        engine.push(&audio);
        engine.finish();
        (events(&mut engine), steps.load(Ordering::Relaxed))
    };
    let (spared, few) = heard(true);
    let (asked, many) = heard(false);
    assert_eq!(spared, asked);
    // The network remembers about six seconds.
    let spared_s = (many - few) as f64 * recognizer::live::FRAME_S;
    assert!(
        (20.0..30.0).contains(&spared_s),
        "{spared_s} s of 30 spared"
    );
}

/// A network that outputs C major, and from a frame on G major, both with low confidence.
struct Wavering {
    frames: usize,
    until: usize,
}

impl CausalModel for Wavering {
    fn start(&self) -> Box<dyn CausalStream> {
        Box::new(Self { ..*self })
    }
}

impl CausalStream for Wavering {
    fn step(&mut self, _: &[f32; BINS]) -> Result<Posterior, InferenceError> {
        self.frames += 1;
        let mut logits = [0.0; 170];
        let class = if self.frames <= self.until {
            "C:maj"
        } else {
            "G:maj"
        };
        logits[large::index_of(&class.parse().unwrap())] = 1.0;
        Ok(Posterior::from_logits(&logits, None, None))
    }

    fn reset(&mut self) {
        self.frames = 0;
    }

    fn memory(&self) -> Option<usize> {
        None
    }
}

#[test]
fn a_change_on_a_beat_is_shown_sooner() {
    // G is heard from the frame at 2.97 s on; the third downbeat is at 2.95 s.
    let until = (3.0 / recognizer::live::FRAME_S) as usize;
    let shown_at = |grid: Option<BeatGrid>| {
        let model = Wavering { frames: 0, until };
        let settings = LiveSettings::default();
        let mut engine = LiveEngine::new(Arc::new(model), RATE, settings).unwrap();
        let hum: Vec<f32> = (0..(5.0 * RATE) as usize)
            .map(|n| (n as f32 * 0.03).sin())
            .collect();
        engine.push_on_beats(&hum, &mut |from_s: f64, to_s: f64| {
            assert!(from_s < to_s && to_s <= 5.0);
            grid.clone()
        });
        let all = events(&mut engine);
        let all = shown(&all);
        let first = all.iter().find(|s| s.label.to_string() == "G:maj");
        first.expect("G is shown").shown_at_s
    };
    let grid = |first_s: f64, place| {
        let at = |n: u32| GridPosition {
            time_s: first_s + f64::from(n),
            place,
        };
        Some(BeatGrid::new((0..5).map(at).collect()))
    };
    let free = shown_at(None);
    assert!(shown_at(grid(0.95, Place::Downbeat)) < free - 0.04);
    assert!(shown_at(grid(0.95, Place::Downbeat)) < shown_at(grid(0.95, Place::Beat)));
    // An eighth between beats, or a beat elsewhere, makes no difference.
    assert_eq!(shown_at(grid(0.95, Place::OffBeat)), free);
    assert_eq!(shown_at(grid(0.5, Place::Downbeat)), free);
}

#[test]
fn lost_samples_leave_a_marked_gap_and_times_stay_true() {
    let music = progression(RATE);
    let mut engine = engine_at(RATE);
    engine.push(&music[..88_200]);
    engine.mark_gap(44_100);
    engine.push(&music[132_300..]);
    engine.finish();
    let all = events(&mut engine);
    let found = segments(&all);
    assert!(found.contains(&(2.0, 3.0, "X".to_string())), "{found:?}");
    assert!((found.last().unwrap().1 - 8.0).abs() < 1e-9, "{found:?}");
    assert_eq!(dominant(&found, 4.0, 6.0), "F:maj", "{found:?}");
    assert!(shown(&all).iter().any(|s| s.label == Label::Unknown));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn events_do_not_depend_on_the_block_size(
        sizes in prop::collection::vec(prop_oneof![Just(1_usize), 2..600_usize, Just(16_384)], 1..12),
        rate in prop::sample::select(vec![8_000.0, 22_050.0, RATE, 48_000.0, 96_000.0]),
        gap_share in 0.0..1.0_f64,
        poll_every in 1_usize..20,
    ) {
        let music = &progression(rate)[..(3.0 * rate) as usize];
        let gap = (gap_share * music.len() as f64) as usize;
        let mut beats = |_: f64, _: f64| {
            let at = |n: u32| GridPosition {
                time_s: 0.31 * f64::from(n),
                place: [Place::Downbeat, Place::Beat][n as usize % 2],
            };
            Some(BeatGrid::new((0..12).map(at).collect()))
        };
        let mut whole = engine_at(rate);
        whole.push_on_beats(&music[..gap], &mut beats);
        whole.mark_gap(1234);
        whole.push_on_beats(&music[gap..], &mut beats);
        whole.finish();

        let mut parts = engine_at(rate);
        let mut found = Vec::new();
        let mut sizes = sizes.iter().cycle().enumerate();
        for (index, mut rest) in [&music[..gap], &music[gap..]].into_iter().enumerate() {
            if index > 0 {
                parts.mark_gap(1234);
            }
            while !rest.is_empty() {
                let (count, size) = sizes.next().unwrap();
                let (block, tail) = rest.split_at((*size).min(rest.len()));
                parts.push_on_beats(block, &mut beats);
                rest = tail;
                // Nor on when the engine is polled.
                if count % poll_every == 0 {
                    found.extend(events(&mut parts));
                }
            }
        }
        parts.finish();
        found.extend(events(&mut parts));
        prop_assert_eq!(events(&mut whole), found);
    }
}
