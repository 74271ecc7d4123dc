//! The refining engine: its output, for any block sizes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::f32::consts::TAU;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use harmony::time::Meter;
use proptest::prelude::*;
use recognizer::audio::Audio;
use recognizer::band::PartFrame;
use recognizer::beat::{BeatGrid, BeatSource, GridSpan, NoBeats};
use recognizer::decode::Posterior;
use recognizer::features::BINS;
use recognizer::inference::{InferenceError, WindowModel};
use recognizer::live::{FRAME_S, LiveEngine, LiveSettings};
use recognizer::models;
use recognizer::networks::CHORD_CLASSES;
use recognizer::refine::{Refined, RefiningEngine};
use recognizer::transcribe::transcribe;
use recognizer::tuning::{Tuning, TuningSetting};

const RATE: f64 = 22_050.0;

/// A network that outputs C major for loud low bins, G major for loud high ones, else no chord.
struct LowOrHigh;

impl WindowModel for LowOrHigh {
    fn windows(&self, frames: &[f32]) -> Result<Vec<Posterior>, InferenceError> {
        let loudest = |bins: &[f32]| bins.iter().copied().fold(f32::MIN, f32::max);
        Ok(frames
            .chunks_exact(BINS)
            .map(|frame| {
                let (low, high) = frame.split_at(BINS / 2);
                let mut logits = [0.0; CHORD_CLASSES];
                let (low, high) = (loudest(low), loudest(high));
                let class = if low.max(high) < -7.0 {
                    169
                } else if low > high {
                    1
                } else {
                    7 * 14 + 1
                };
                logits[class] = 8.0;
                Posterior::from_logits(&logits, None, None)
            })
            .collect())
    }
}

/// The same with counted runs.
#[derive(Default)]
struct Counted(AtomicUsize);

impl WindowModel for Counted {
    fn windows(&self, frames: &[f32]) -> Result<Vec<Posterior>, InferenceError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        LowOrHigh.windows(frames)
    }
}

struct Broken;

impl WindowModel for Broken {
    fn windows(&self, _: &[f32]) -> Result<Vec<Posterior>, InferenceError> {
        Err(InferenceError::Engine("on purpose".into()))
    }
}

/// Low and high notes by turns, each `length_s` long.
fn music(length_s: f64, note_s: f64) -> Vec<f32> {
    (0..(length_s * RATE) as usize)
        .map(|i| {
            let time_s = i as f64 / RATE;
            let low = ((time_s / note_s) as u64).is_multiple_of(2);
            let hz = if low { 110.0 } else { 880.0 };
            0.3 * (TAU * (hz * time_s).fract() as f32).sin()
        })
        .collect()
}

fn host(bpm: f64) -> impl FnMut(f64, f64) -> Option<BeatGrid> {
    move |from_s: f64, to_s: f64| {
        Some(BeatGrid::from_spans(&[GridSpan {
            from_s,
            to_s,
            beat: from_s * bpm / 60.0,
            bpm,
            meter: Meter::COMMON,
            bar_beat: 0.0,
        }]))
    }
}

fn all(engine: &mut RefiningEngine, beats: &mut dyn BeatSource) -> Vec<Refined> {
    std::iter::from_fn(|| engine.poll(beats)).collect()
}

/// Start, end and label of the chords, with continued ones joined.
fn chords(refined: &[Refined]) -> Vec<(f64, f64, String)> {
    let mut chords: Vec<(f64, f64, String)> = Vec::new();
    for part in refined.iter().flat_map(|r| &r.segments) {
        let (segment, label) = (&part.segment, part.segment.label.to_string());
        match chords.last_mut() {
            Some(last) if part.continues => {
                assert_eq!(last.2, label);
                assert_eq!(last.1, segment.start_s);
                last.1 = segment.end_s;
            }
            _ => chords.push((segment.start_s, segment.end_s, label)),
        }
    }
    chords
}

fn engine() -> RefiningEngine {
    RefiningEngine::new(Arc::new(LowOrHigh), RATE).unwrap()
}

#[test]
fn outputs_tile_the_stream_and_changes_lie_on_the_beat() {
    let mut engine = engine();
    engine.push(&music(31.0, 2.0));
    engine.finish();
    let refined = all(&mut engine, &mut host(120.0));
    assert!(refined.len() > 5);
    let mut reached_s = 0.0;
    for part in &refined {
        assert_eq!(part.from_s, reached_s);
        for segment in &part.segments {
            assert_eq!(segment.segment.start_s, reached_s);
            assert_eq!(segment.alternatives.len(), 4);
            reached_s = segment.segment.end_s;
        }
        assert_eq!(part.to_s, reached_s);
    }
    assert!((reached_s - 31.0).abs() < 1e-9);
    let chords = chords(&refined);
    assert_eq!(chords.len(), 16);
    for (i, (start_s, _, label)) in chords.iter().enumerate() {
        // On the beat to the sample, though frames are 93 ms apart.
        assert!((start_s - 2.0 * i as f64).abs() < 1e-6, "{chords:?}");
        assert_eq!(label, if i % 2 == 0 { "C:maj" } else { "G:maj" });
    }
}

#[test]
fn without_a_grid_changes_lie_near_where_they_sound() {
    let mut engine = engine();
    engine.push(&music(20.0, 2.0));
    engine.finish();
    let chords = chords(&all(&mut engine, &mut NoBeats));
    assert_eq!(chords.len(), 10);
    for (i, (start_s, ..)) in chords.iter().enumerate() {
        // The longest windows smear a change over more than a frame.
        assert!((start_s - 2.0 * i as f64).abs() < 0.1, "{chords:?}");
    }
}

/// Like [`LowOrHigh`], but "no chord" as soon as a note ends.
struct Hushed;

impl WindowModel for Hushed {
    fn windows(&self, frames: &[f32]) -> Result<Vec<Posterior>, InferenceError> {
        let mut heard = LowOrHigh.windows(frames)?;
        for (posterior, frame) in heard.iter_mut().zip(frames.chunks_exact(BINS)) {
            if frame.iter().all(|bin| *bin < HUSH) {
                let mut logits = [0.0; CHORD_CLASSES];
                logits[169] = 30.0;
                *posterior = Posterior::from_logits(&logits, None, None);
            }
        }
        Ok(heard)
    }
}

/// Below the steady notes of [`music`], ln.
const HUSH: f32 = -2.5;

#[test]
fn a_file_and_a_stream_end_with_their_last_chord() {
    for (silence_s, last) in [(0.0, "G:maj"), (0.1, "G:maj"), (1.0, "N")] {
        let mut samples = music(8.0, 2.0);
        samples.extend(vec![0.0; (silence_s * RATE) as usize]);
        let mut engine = RefiningEngine::new(Arc::new(Hushed), RATE).unwrap();
        engine.push(&samples);
        engine.finish();
        let stream = chords(&all(&mut engine, &mut NoBeats));
        let audio = Audio::new(samples, RATE as u32);
        let file = transcribe(&audio, &Hushed, |_| true).unwrap();
        let file_end = file.segments().last().unwrap();
        let (_, end_s, label) = stream.last().unwrap();
        assert_eq!((label.as_str(), *end_s), (last, audio.length_s()));
        assert_eq!(file_end.label.to_string(), last);
        assert_eq!(file_end.end_s, audio.length_s());
    }
}

#[test]
fn what_comes_out_is_in_time() {
    let mut engine = engine();
    let latency_s = engine.latency_s();
    assert!(latency_s < 7.0);
    let mut reached_s = 0.0;
    for block in music(40.0, 2.0).chunks(512) {
        engine.push(block);
        while let Some(refined) = engine.poll(&mut NoBeats) {
            reached_s = refined.to_s;
        }
        assert!(engine.now_s() - reached_s <= latency_s);
    }
    assert!(reached_s > 30.0);
}

#[test]
fn gaps_and_ends_begin_afresh_and_time_goes_on() {
    let mut engine = engine();
    engine.mark_gap(22_050);
    engine.push(&music(3.0, 2.0));
    engine.mark_gap(2 * 22_050);
    engine.push(&music(12.0, 2.0));
    engine.finish();
    engine.push(&music(0.01, 2.0));
    engine.finish();
    engine.finish();
    let refined = all(&mut engine, &mut NoBeats);
    let spans: Vec<(f64, f64)> = refined.iter().map(|r| (r.from_s, r.to_s)).collect();
    assert_eq!(spans[0], (1.0, 4.0));
    assert_eq!(spans[1].0, 6.0);
    assert!(spans.iter().any(|s| (s.1 - 18.0).abs() < 1e-6));
    assert_eq!(engine.counters().lost_samples, 3 * 22_050);
    assert!(refined.iter().all(|r| !r.segments.is_empty()));
    assert!(engine.poll(&mut NoBeats).is_none());

    engine.reset();
    assert_eq!(engine.now_s(), 0.0);
    engine.finish();
    assert!(engine.poll(&mut NoBeats).is_none());
}

/// A network that cannot tell C major from G major.
struct Torn;

impl WindowModel for Torn {
    fn windows(&self, frames: &[f32]) -> Result<Vec<Posterior>, InferenceError> {
        let mut logits = [0.0; CHORD_CLASSES];
        (logits[1], logits[7 * 14 + 1]) = (8.0, 8.0);
        let torn = Posterior::from_logits(&logits, None, None);
        Ok(vec![torn; frames.len() / BINS])
    }
}

#[test]
fn the_live_engine_helps_to_decide_whatever_the_blocks() {
    // It has heard C major for five seconds, then G major.
    let told = |frame: usize| {
        let time_s = frame as f64 * FRAME_S;
        let mut logits = [0.0; CHORD_CLASSES];
        logits[if time_s < 5.0 { 1 } else { 7 * 14 + 1 }] = 8.0;
        PartFrame {
            time_s,
            posterior: Posterior::from_logits(&logits, None, None),
            notes: [0.0; 12],
            silent: false,
        }
    };
    let heard = |block: usize, tell: bool| {
        let mut engine = RefiningEngine::new(Arc::new(Torn), RATE).unwrap();
        let (mut refined, mut frames) = (Vec::new(), 0);
        for (n, samples) in music(10.0, 2.0).chunks(block).enumerate() {
            let now_s = (n * block + samples.len()) as f64 / RATE;
            let until = (now_s / FRAME_S) as usize;
            if tell {
                engine.tell_frames(&(frames..until).map(told).collect::<Vec<_>>());
            }
            frames = until;
            engine.push(samples);
            refined.extend(all(&mut engine, &mut NoBeats));
        }
        engine.finish();
        refined.extend(all(&mut engine, &mut NoBeats));
        refined
    };
    let one = heard(512, true);
    let [(_, change_s, first), (.., second)] = &chords(&one)[..] else {
        panic!("{:?}", chords(&one));
    };
    assert_eq!((first.as_str(), second.as_str()), ("C:maj", "G:maj"));
    assert!((change_s - 5.0).abs() < 0.1, "{change_s}");
    assert_eq!(heard(22_050, true), one);
    assert_eq!(chords(&heard(512, false)).len(), 1);
}

#[test]
fn a_broken_network_is_no_chord_and_is_counted() {
    let mut engine = RefiningEngine::new(Arc::new(Broken), 44_100.0).unwrap();
    engine.push(&vec![0.1; 44_100 * 12]);
    engine.finish();
    let chords = chords(&all(&mut engine, &mut NoBeats));
    assert_eq!(chords.len(), 1);
    assert_eq!(chords[0].2, "N");
    assert!(engine.counters().failed_runs > 3);
    assert!(RefiningEngine::new(Arc::new(Broken), 1.0).is_err());
}

#[test]
fn a_grid_that_is_nonsense_does_no_harm() {
    let mut engine = engine();
    engine.push(&music(15.0, 1.0));
    engine.finish();
    let refined = all(&mut engine, &mut |from_s: f64, to_s: f64| {
        Some(BeatGrid::from_spans(&[
            GridSpan {
                from_s: from_s - 1e9,
                to_s: to_s + 1e9,
                beat: 1e18,
                bpm: 999.0,
                meter: Meter::new(32, 16).unwrap(),
                bar_beat: -1e18,
            },
            GridSpan {
                from_s: to_s,
                to_s: from_s,
                beat: f64::NAN,
                bpm: 4.0,
                meter: Meter::COMMON,
                bar_beat: f64::INFINITY,
            },
        ]))
    });
    assert!((refined.last().unwrap().to_s - 15.0).abs() < 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn blocks_do_not_matter(
        sizes in prop::collection::vec(1_usize..30_000, 1..40),
        poll_every in 1_usize..5,
        gap_at in 0_usize..40,
    ) {
        let music = music(16.0, 0.7);
        let gap = gap_at * 8_000;
        let mut whole = engine();
        for (i, part) in [&music[..gap], &music[gap..]].into_iter().enumerate() {
            if i > 0 {
                whole.mark_gap(500);
            }
            whole.push(part);
        }
        whole.finish();
        let whole = all(&mut whole, &mut host(97.0));

        let mut cut = engine();
        let mut refined = Vec::new();
        let mut at = 0;
        for (i, &size) in sizes.iter().cycle().enumerate() {
            if at >= music.len() {
                break;
            }
            let mut end = (at + size).min(music.len());
            if at < gap && gap <= end {
                end = gap;
            }
            if at == gap {
                cut.mark_gap(500);
            }
            cut.push(&music[at..end]);
            at = end;
            if i % poll_every == 0 {
                refined.extend(all(&mut cut, &mut host(97.0)));
            }
        }
        cut.finish();
        refined.extend(all(&mut cut, &mut host(97.0)));
        prop_assert_eq!(refined, whole);
    }
}

#[test]
fn the_network_is_asked_about_silence_once() {
    let model = Arc::new(Counted::default());
    let mut engine = RefiningEngine::new(Arc::clone(&model) as Arc<dyn WindowModel>, RATE).unwrap();
    let runs = || model.0.load(Ordering::Relaxed);
    let mut hear = |samples: &[f32]| {
        engine.push(samples);
        chords(&all(&mut engine, &mut NoBeats))
    };
    hear(&music(20.0, 1.0));
    let of_music = runs();
    // The windows of ten seconds that hold a little of the music, and one that does not.
    let silence = hear(&vec![0.0; (60.0 * RATE) as usize]);
    let of_silence = runs() - of_music;
    assert!((2..=6).contains(&of_silence), "{of_silence} runs");
    assert_eq!(silence.last().map(|it| it.2.as_str()), Some("N"));
    let again = hear(&music(20.0, 1.0));
    assert!(runs() - of_music - of_silence >= of_music - 1);
    assert!(again.iter().any(|it| it.2 == "C:maj"), "{again:?}");
}

#[test]
fn the_built_in_network_hears_a_chord_that_stays() {
    let mut engine = RefiningEngine::new(models::windowed().unwrap(), 44_100.0).unwrap();
    // C major with a few partials.
    let samples: Vec<f32> = (0..44_100 * 12)
        .map(|i| {
            let t = i as f32 / 44_100.0;
            let notes = [130.81_f32, 261.63, 329.63, 392.0];
            let tone =
                |f: f32| (1..5).map(move |k| (TAU * f * k as f32 * t).sin() / (k * k) as f32);
            0.1 * notes.iter().flat_map(|&f| tone(f)).sum::<f32>()
        })
        .collect();
    engine.push(&samples);
    engine.finish();
    let refined = all(&mut engine, &mut NoBeats);
    let seconds = |label: &str| -> f64 {
        let parts = refined.iter().flat_map(|r| &r.segments);
        parts
            .filter(|s| s.segment.label.to_string().starts_with(label))
            .map(|s| s.segment.end_s - s.segment.start_s)
            .sum()
    };
    assert!(seconds("C:maj") > 10.0, "{:?}", chords(&refined));
}

/// A network that records every window to the last bit.
#[derive(Default)]
struct Remembering(Mutex<Vec<Vec<u32>>>);

impl WindowModel for Remembering {
    fn windows(&self, frames: &[f32]) -> Result<Vec<Posterior>, InferenceError> {
        let bits = frames.iter().map(|value| value.to_bits()).collect();
        self.0.lock().unwrap().push(bits);
        LowOrHigh.windows(frames)
    }
}

/// Triads `cents` above concert pitch, a second each.
fn out_of_tune(cents: f64, seconds: usize) -> Vec<f32> {
    let notes = [[48, 52, 55], [53, 57, 60], [55, 59, 62]];
    let sample = |i: usize| {
        let time_s = i as f64 / RATE;
        let note = |note: i32| {
            let hz = 440.0 * ((f64::from(note) - 69.0 + cents / 100.0) / 12.0).exp2();
            (1..=5_u8).map(move |partial| {
                let turns = (hz * f64::from(partial) * time_s).fract() as f32;
                0.06 / f32::from(partial) * (TAU * turns).sin()
            })
        };
        notes[time_s as usize % 3].into_iter().flat_map(note).sum()
    };
    (0..seconds * RATE as usize).map(sample).collect()
}

#[test]
fn an_engine_that_is_told_the_tuning_hears_what_one_hears_that_looks_for_it() {
    let (flat, sharp) = (out_of_tune(-32.0, 14), out_of_tune(35.0, 9));
    let heard = |size: Option<usize>| {
        let model = Arc::new(Remembering::default());
        let mut live = size.map(|_| {
            LiveEngine::new(models::live().unwrap(), RATE, LiveSettings::default()).unwrap()
        });
        let mut engine = match size {
            Some(_) => RefiningEngine::told_tuning(model.clone(), RATE).unwrap(),
            None => RefiningEngine::new(model.clone(), RATE).unwrap(),
        };
        let mut previews = Vec::new();
        for (part, samples) in [&flat, &sharp].into_iter().enumerate() {
            for block in samples.chunks(size.unwrap_or(4000)) {
                if let Some(live) = &mut live {
                    live.push(block);
                    engine.tell_tuning(live.tuning_steps());
                }
                engine.push(block);
                all(&mut engine, &mut |_, _| None);
            }
            previews.push(engine.preview(&mut |_, _| None));
            if part == 0 {
                if let Some(live) = &mut live {
                    live.mark_gap(1000);
                    engine.tell_tuning(live.tuning_steps());
                }
                engine.mark_gap(1000);
                all(&mut engine, &mut |_, _| None);
            }
        }
        let fixed = LiveSettings {
            tuning: TuningSetting::Fixed(Tuning::from_cents(15.0)),
            ..LiveSettings::default()
        };
        if let Some(live) = &mut live {
            live.set(fixed);
            engine.tell_tuning(live.tuning_steps());
        } else {
            engine.set_tuning(fixed.tuning);
        }
        previews.push(engine.preview(&mut |_, _| None));
        if let Some(live) = &mut live {
            live.finish();
            engine.tell_tuning(live.tuning_steps());
        }
        engine.finish();
        all(&mut engine, &mut |_, _| None);
        let windows = std::mem::take(&mut *model.0.lock().unwrap());
        (previews, windows)
    };
    let itself = heard(None);
    assert!(itself.1.len() > 8, "{}", itself.1.len());
    for size in [333, 4096, 300_000] {
        assert!(heard(Some(size)) == itself, "{size}");
    }
}
