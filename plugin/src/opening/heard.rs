//! What was heard of the host's song so far, as network output: the frames that the session keeps,
//! where the track has a confirmed chord that was heard. Elsewhere (a chord set by hand, one that is
//! not confirmed yet, a project that was opened again) it is rebuilt from the track, which keeps the
//! chords with their probabilities and those of their other readings.

use harmony::timeline::{Segment, Status, Timeline};
use harmony::track::Track;
use harmony::vocabulary::large;
use recognizer::beat::Beats;
use recognizer::calibration::Calibration;
use recognizer::decode::Posterior;
use recognizer::features::centred_cqt::FILE_HOP_S;
use recognizer::networks::{BASS_CLASSES, CHORD_CLASSES, NO_BASS};
use recognizer::transcribe::Analysis;
use recognizer::tuning::Tuning;

use crate::session::{HeardFrames, MOST_KEPT_S};

/// The probability that the classes not named in the track share.
const REST: f32 = 0.02;

/// The probability of the chord's bass against all others.
const BASS: f32 = 0.9;

/// What was heard in a part of the track.
pub(super) struct HeardSong {
    /// Where it begins in the track, in seconds.
    pub from_s: f64,
    /// The posteriors of each frame, times from there on.
    pub analysis: Analysis,
    /// Its beats, from the track's bars, if those belong to the song.
    pub beats: Option<Beats>,
    /// Its chords, times from there on.
    pub chords: Timeline,
}

impl HeardSong {
    /// From the first chord of the track to the last, with the frames `heard` of it; `None` if it
    /// has no chord. `has_bars` says whether beats and bars of the track belong to its music.
    pub(super) fn of(track: &Track, heard: &HeardFrames, has_bars: bool) -> Option<Self> {
        let segments = track.timeline().segments();
        let is_chord = |it: &&Segment| it.label.chord().is_some();
        // On a frame's own place, so that each of them lies where it was heard.
        let first_s = segments.iter().find(is_chord)?.start_s;
        let from_s = (first_s / FILE_HOP_S).floor() * FILE_HOP_S;
        let last_s = segments.iter().rfind(is_chord)?.end_s;
        let to_s = last_s.min(from_s + MOST_KEPT_S);
        let within = track.timeline().range(from_s, to_s).iter().map(|segment| {
            let mut part = segment.clone();
            part.start_s = (segment.start_s - from_s).max(0.0);
            part.end_s = segment.end_s.min(to_s) - from_s;
            (part.start_beat, part.end_beat) = (None, None);
            part
        });
        let chords = Timeline::from_segments(within.filter(|it| it.end_s > it.start_s)).ok()?;
        Some(Self {
            from_s,
            analysis: Analysis {
                posteriors: posteriors(&chords, to_s - from_s, |at_s| {
                    heard.at(from_s + at_s, track.tempo())
                }),
                length_s: to_s - from_s,
                tuning: Tuning::CONCERT,
                calibration: Calibration::default(),
            },
            beats: has_bars.then(|| beats(track, from_s, to_s)).flatten(),
            chords,
        })
    }
}

fn posteriors(
    chords: &Timeline,
    length_s: f64,
    heard: impl Fn(f64) -> Option<Posterior>,
) -> Vec<Posterior> {
    let frames = (length_s / FILE_HOP_S).ceil() as usize;
    let mut segments = chords.segments().iter().peekable();
    let mut now: Option<(&Segment, Posterior)> = None;
    let nobody_knows = posterior(None);
    (0..frames)
        .map(|frame| {
            let time_s = frame as f64 * FILE_HOP_S;
            while let Some(segment) = segments.next_if(|it| it.start_s <= time_s) {
                now = Some((segment, posterior(Some(segment))));
            }
            match &now {
                Some((segment, posterior)) if time_s < segment.end_s => {
                    // What somebody has set is what counts, and what is open may change.
                    let was_heard = segment.status == Status::Confirmed && !segment.locked;
                    let frame = was_heard.then(|| heard(time_s)).flatten();
                    frame.unwrap_or_else(|| posterior.clone())
                }
                _ => nobody_knows.clone(),
            }
        })
        .collect()
}

/// The posterior of a chord and its other readings; all other classes share the rest.
fn posterior(segment: Option<&Segment>) -> Posterior {
    let mut chord = [REST / CHORD_CLASSES as f32; CHORD_CLASSES];
    let mut bass = [(1.0 - BASS) / BASS_CLASSES as f32; BASS_CLASSES];
    match segment {
        Some(segment) => {
            let own = segment.confidence.clamp(0.0, 1.0);
            chord[large::index_of(&segment.label)] += own;
            for other in &segment.alternatives {
                chord[large::index_of(&other.label)] += other.probability.clamp(0.0, 1.0);
            }
            let sounding = segment.label.chord();
            let place = sounding.map_or(NO_BASS, |it| usize::from(it.bass_pitch_class()));
            bass[place] += BASS;
        }
        None => chord[large::UNKNOWN] += 1.0,
    }
    let log = |values: &mut [f32]| {
        let sum: f32 = values.iter().sum();
        for value in values {
            *value = (*value / sum).ln();
        }
    };
    log(&mut chord);
    log(&mut bass);
    Posterior {
        chord,
        bass: Some(bass),
        extensions: None,
    }
}

/// The beats in a part of a track, times from its beginning on. The meter is that of its first
/// bar; bars of other meters keep their number of beats.
fn beats(track: &Track, from_s: f64, to_s: f64) -> Option<Beats> {
    const MOST_BARS: usize = 100_000;
    let (tempo, meters) = (track.tempo(), track.meters());
    let (from, to) = (tempo.beat_at(from_s), tempo.beat_at(to_s));
    let mut beats = Beats {
        meter: meters.bar_at(from).meter,
        times_s: Vec::new(),
        in_bar: Vec::new(),
    };
    let pulse = beats.meter.pulse_beats();
    for bar in meters.bars(meters.bar_at(from).start, to, MOST_BARS) {
        let pulses = ((bar.end - bar.start) / pulse).round().max(1.0) as usize;
        for number in 0..pulses {
            let time_s = tempo.time_at(bar.start + number as f64 * pulse) - from_s;
            if time_s >= -1e-6 && time_s <= to_s - from_s {
                beats.times_s.push(time_s);
                beats.in_bar.push(number);
            }
        }
    }
    (beats.times_s.len() >= 2).then_some(beats)
}
