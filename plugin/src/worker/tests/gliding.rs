//! Songs whose tempo glides, jitters, or is never quite what the host reports: the track must
//! not depend on the size of the blocks in which the host reports it.

use harmony::label::Label;
use harmony::timeline::{Segment, Status as Final};
use harmony::track::Track;
use recognizer::refine::RefinedSegment;

use super::*;

const RATE: f64 = 48_000.0;
const LENGTH_S: f64 = 40.0;
const BLOCKS: [usize; 8] = [32, 64, 128, 256, 512, 1024, 2048, 4096];

/// The length of a chord in beats.
const CHORD_BEATS: f64 = 2.0;

/// The refining pass delivers this many seconds at once, this far behind.
const GIVEN_OUT_S: f64 = 2.5;
const BEHIND_S: f64 = 4.05;

/// How far a boundary may be from its beat: the tolerance before the map follows the host.
const BEATS_OFF: f64 = 4e-3;

/// How far the tempo map may be from the song, in seconds: its thinning plus the tolerance for
/// the host.
const OFF_S: f64 = 3e-3;

/// A song, told every 32 samples: the beat and the tempo there.
struct Tempos(Vec<(f64, f64)>);

impl Tempos {
    const STEP: usize = BLOCKS[0];

    /// The song whose tempo at a second `bpm` says, which is asked step by step.
    fn of(mut bpm: impl FnMut(f64) -> f64) -> Self {
        let mut beat = 0.0;
        let steps = (LENGTH_S * RATE) as usize / Self::STEP + BLOCKS[7] / Self::STEP + 1;
        let step_s = Self::STEP as f64 / RATE;
        let told = (0..steps).map(|step| {
            let (at, tempo) = (beat, bpm(step as f64 * step_s));
            beat += step_s * tempo / 60.0;
            (at, tempo)
        });
        Self(told.collect())
    }

    /// A song that goes from 100 to 108 bpm.
    fn ramp() -> Self {
        Self::of(|at_s| 100.0 + 0.2 * at_s)
    }

    /// A song that slows down by a quarter within four seconds, and speeds up again.
    fn rubato() -> Self {
        Self::of(|at_s| 120.0 - 30.0 * (0.5 - 0.5 * (at_s * std::f64::consts::FRAC_PI_4).cos()))
    }

    /// One whose host follows another clock: no block has the tempo of the one before.
    fn jitter(bpm: f64) -> Self {
        let mut random = 1u32;
        Self::of(move |_| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            120.0 + 2.0 * bpm * (f64::from(random >> 8) / f64::from(1u32 << 24) - 0.5)
        })
    }

    fn beat(&self, sample: usize) -> f64 {
        let (beat, bpm) = self.0[sample / Self::STEP];
        beat + (sample % Self::STEP) as f64 / RATE * bpm / 60.0
    }

    fn host(&self, sample: usize) -> HostPosition {
        let (beats, bpm) = self.0[sample / Self::STEP];
        HostPosition {
            playing: true,
            tempo_bpm: Some(bpm),
            signature: Some((4, 4)),
            seconds: Some(sample as f64 / RATE),
            beats: Some(beats),
            bar_start_beats: Some((beats / 4.0).floor() * 4.0),
            bar_number: Some((beats / 4.0) as i32),
            ..HostPosition::default()
        }
    }

    /// A sample of its chord, by value.
    fn sample(&self, sample: usize) -> f32 {
        0.1 * (1.0 + (self.beat(sample) / CHORD_BEATS) as usize as f32 % 6.0)
    }
}

/// Knows its chords by the value of the samples, and says them again later.
#[derive(Default)]
struct Twice {
    heard: u64,
    last: f32,
    found: Vec<Shown>,
    /// All of them, for the second time.
    chords: Vec<(f64, Label)>,
    given_out_s: f64,
    ended: bool,
}

impl Twice {
    fn now_s(&self) -> f64 {
        self.heard as f64 / RATE
    }

    fn between(&self, from_s: f64, to_s: f64) -> Refined {
        let ends = self.chords.iter().skip(1).map(|it| it.0);
        let ends = ends.chain([f64::INFINITY]);
        let segments = self
            .chords
            .iter()
            .zip(ends)
            .filter_map(|((start_s, label), end_s)| {
                let (start_s, end_s) = (start_s.max(from_s), end_s.min(to_s));
                (end_s > start_s).then(|| RefinedSegment {
                    segment: Segment::new(start_s, end_s, label.clone()),
                    alternatives: Vec::new(),
                    continues: false,
                })
            });
        Refined {
            from_s,
            to_s,
            segments: segments.collect(),
            frames: Vec::new(),
        }
    }
}

impl Recognizer for Twice {
    fn push(&mut self, samples: &[f32], _: &mut Grid<'_>) {
        const ROOTS: [&str; 6] = ["C", "D", "E", "F", "G", "A"];
        for sample in samples {
            if *sample != self.last {
                self.last = *sample;
                let label: Label = ROOTS[(sample * 10.0).round() as usize - 1].parse().unwrap();
                self.chords.push((self.now_s(), label.clone()));
                self.found.push(Shown {
                    shown_at_s: self.now_s(),
                    starts_at_s: self.now_s(),
                    label,
                    state: ShownState::Confirmed,
                    confidence: 0.9,
                    alternatives: Vec::new(),
                });
            }
            self.heard += 1;
        }
    }

    fn poll(&mut self) -> Option<Shown> {
        (!self.found.is_empty()).then(|| self.found.remove(0))
    }

    fn refine(&mut self, _: &mut Grid<'_>) -> Option<Refined> {
        let from_s = self.given_out_s;
        let to_s = if self.ended {
            self.now_s()
        } else {
            from_s + GIVEN_OUT_S
        };
        let due = self.is_refining_due() || self.ended && to_s > from_s;
        due.then(|| {
            self.given_out_s = to_s;
            self.between(from_s, to_s)
        })
    }

    fn is_refining_due(&self) -> bool {
        !self.ended && self.now_s() >= self.given_out_s + GIVEN_OUT_S + BEHIND_S
    }

    fn preview(&self, _: &mut Grid<'_>) -> Option<Refined> {
        None
    }

    fn spectrum(&self) -> &[f32] {
        &[]
    }

    fn tuning(&self) -> Option<Tuning> {
        None
    }

    fn mark_gap(&mut self, _: u64) {
        panic!("audio was lost");
    }

    fn set(&mut self, _: Settings) {}

    fn finish(&mut self) {
        self.ended = true;
    }

    fn latency_s(&self) -> f64 {
        0.0
    }

    fn refining_latency_s(&self) -> f64 {
        BEHIND_S
    }
}

struct Listeners;

impl Recognizers for Listeners {
    fn make(&self, _: f64, _: Settings, _: &NetworkChoice) -> Result<Made, RecognizerError> {
        Ok(Made {
            recognizer: Box::<Twice>::default(),
            refused: Vec::new(),
        })
    }
}

/// The track while the song plays at its end, and that after it, and the processor's time.
fn record(song: &Tempos, block: usize) -> (Arc<Track>, Arc<Track>) {
    let worker = Worker::start(Box::new(Listeners)).unwrap();
    // All of it fits, so nothing depends on when the worker takes it.
    let length = (LENGTH_S * RATE) as usize;
    let (instance, mut input) = tapped(length + BLOCKS[7], RATE);
    let mut at = 0;
    while at < length {
        let audio: Vec<f32> = (at..at + block).map(|at| song.sample(at)).collect();
        input.push(&[audio], block, song.host(at));
        at += block;
    }
    worker.adopt(&instance);
    wait_until(|| input.is_heard());
    assert_eq!(instance.snapshot().lost, 0);
    let playing = instance.session().track();
    input.pause();
    wait_until(|| final_s(&instance.session().track()) >= LENGTH_S - 0.2);
    (playing, instance.session().track())
}

fn final_s(track: &Track) -> f64 {
    let segments = track.timeline().segments().iter();
    let confirmed = segments.filter(|it| it.status == Final::Confirmed);
    confirmed.map(|it| it.end_s - it.start_s).sum()
}

fn check(name: &str, song: &Tempos, points_most: usize) {
    let mut first: Option<Vec<(f64, Label)>> = None;
    for block in BLOCKS {
        let (playing, track) = record(song, block);
        let named = format!("{name}, blocks of {block}");
        // Everything delivered is confirmed: all but the last seven and a half seconds.
        assert!(
            final_s(&playing) > LENGTH_S - 8.6,
            "{named}: {}",
            final_s(&playing)
        );
        let tempo = track.tempo();
        let chords: Vec<(f64, Label)> = track
            .timeline()
            .segments()
            .iter()
            .map(|it| (tempo.beat_at(it.start_s), it.label.clone()))
            .collect();
        for (index, (beat, _)) in chords.iter().enumerate() {
            let wanted = index as f64 * CHORD_BEATS;
            assert!(
                (beat - wanted).abs() < BEATS_OFF,
                "{named}: {beat} for {wanted}: {chords:?}"
            );
        }
        let labels = |of: &[(f64, Label)]| of.iter().map(|it| it.1.clone()).collect::<Vec<_>>();
        let wanted = first.get_or_insert_with(|| chords.clone());
        // Blocks that do not divide the length reach a little further.
        let common = wanted.len().min(chords.len());
        assert!(common >= wanted.len() - 1, "{named}");
        assert_eq!(
            labels(&chords[..common]),
            labels(&wanted[..common]),
            "{named}"
        );
        for sample in (0..(LENGTH_S * RATE) as usize).step_by(1000) {
            let off_s = tempo.time_at(song.beat(sample)) - sample as f64 / RATE;
            assert!(
                off_s.abs() < OFF_S,
                "{named}: {off_s} s off at sample {sample}"
            );
        }
        let points = tempo.points().len();
        assert!(points <= points_most, "{named}: {points} points");
    }
}

#[test]
fn a_ramp_is_the_same_track_at_every_block_size() {
    check("ramp", &Tempos::ramp(), 40);
}

#[test]
fn so_is_a_rubato() {
    check("rubato", &Tempos::rubato(), 300);
}

#[test]
fn so_is_the_tempo_of_a_host_that_follows_another_clock() {
    check("a little jitter", &Tempos::jitter(0.05), 20);
    check("much jitter", &Tempos::jitter(3.0), 60);
}
