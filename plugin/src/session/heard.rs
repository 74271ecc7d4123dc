//! What the network said of the song that was heard, frame by frame, where it lies in the track:
//! for charts that are aligned to it. It is kept in memory alone, for half an hour of the song,
//! each log-probability as a byte: less than 4 MB.

use std::collections::BTreeMap;
use std::sync::Arc;

use harmony::time::TempoMap;
use parking_lot::Mutex;
use recognizer::decode::Posterior;
use recognizer::features::centred_cqt::FILE_HOP_S;
use recognizer::networks::{BASS_CLASSES, CHORD_CLASSES};

use super::{Clock, Session};

/// How much of a song is kept, seconds: as much as a chart is aligned to.
pub(crate) const MOST_KEPT_S: f64 = 1800.0;

/// Frames that are kept and dropped together: twelve seconds.
const CHUNK: usize = 128;

/// Most chunks; a song that begins within one needs one more.
const MOST_CHUNKS: usize = (MOST_KEPT_S / FILE_HOP_S) as usize / CHUNK + 2;

/// Steps in a nat. What is less likely than e^−16 is as good as impossible: an alignment takes no
/// notice below e^−8.
const STEPS: f32 = 16.0;

/// Where the host counts beats, a frame belongs to the music only while the track's tempo puts it
/// within so many seconds of where it was heard: two frames.
const SAME_S: f64 = 2.0 * FILE_HOP_S;

/// A frame of the network's answers, small.
#[derive(Clone, Debug)]
struct Frame {
    /// Where it was heard, in quarter notes of the track.
    beat: f32,
    /// Log-probabilities of the classes, in steps below zero.
    chord: [u8; CHORD_CLASSES],
    /// The same of the basses; none without such a head.
    bass: Option<[u8; BASS_CLASSES]>,
}

fn pack<const N: usize>(values: &[f32; N]) -> [u8; N] {
    // A cast of what is below or above all steps, or no number, ends at the nearest.
    values.map(|value| (-value * STEPS).round() as u8)
}

fn unpack<const N: usize>(values: &[u8; N]) -> [f32; N] {
    values.map(|value| -f32::from(value) / STEPS)
}

/// A frame as it was heard.
pub(crate) struct HeardFrame {
    /// Second of the track.
    pub at_s: f64,
    /// Quarter note of the track.
    pub beat: f64,
    /// What the network said.
    pub posterior: Posterior,
}

#[derive(Clone)]
struct Chunk {
    /// By place in the chunk, all of them.
    frames: Vec<Option<Frame>>,
    /// When it was written last, by a count.
    written: u64,
}

/// What was heard, by the numbers of the frames since the track's second 0.
#[derive(Clone, Default)]
pub(crate) struct HeardFrames {
    clock: Clock,
    loads: u32,
    writes: u64,
    chunks: BTreeMap<u64, Arc<Chunk>>,
}

impl HeardFrames {
    /// Number of the frame at a second of the track.
    fn number(at_s: f64) -> Option<u64> {
        let number = (at_s / FILE_HOP_S).round();
        (number >= 0.0 && number < u64::MAX as f64).then_some(number as u64)
    }

    fn keep(&mut self, clock: Clock, loads: u32, heard: Vec<HeardFrame>) {
        if (self.clock, self.loads) != (clock, loads) {
            // Its seconds are others, or those of another song.
            *self = Self {
                clock,
                loads,
                ..Self::default()
            };
        }
        self.writes += 1;
        for frame in heard {
            let Some(number) = Self::number(frame.at_s) else {
                continue;
            };
            let empty = || {
                Arc::new(Chunk {
                    frames: vec![None; CHUNK],
                    written: 0,
                })
            };
            let chunk = self
                .chunks
                .entry(number / CHUNK as u64)
                .or_insert_with(empty);
            let chunk = Arc::make_mut(chunk);
            chunk.written = self.writes;
            let small = Frame {
                beat: frame.beat as f32,
                chord: pack(&frame.posterior.chord),
                bass: frame.posterior.bass.as_ref().map(pack),
            };
            chunk.frames[(number % CHUNK as u64) as usize] = Some(small);
        }
        while self.chunks.len() > MOST_CHUNKS {
            let oldest = self.chunks.iter().min_by_key(|(_, chunk)| chunk.written);
            let Some(oldest) = oldest.map(|(number, _)| *number) else {
                break;
            };
            self.chunks.remove(&oldest);
        }
    }

    /// What was heard nearest to a second of the track, at most a frame beside it; `None` where
    /// nothing was, or where `tempo`, the track's, puts elsewhere what was heard there.
    pub(crate) fn at(&self, at_s: f64, tempo: &TempoMap) -> Option<Posterior> {
        let number = Self::number(at_s)?;
        let near = [Some(number), number.checked_sub(1), number.checked_add(1)];
        let frame = near.into_iter().flatten().find_map(|number| {
            let chunk = self.chunks.get(&(number / CHUNK as u64))?;
            chunk.frames[(number % CHUNK as u64) as usize].as_ref()
        })?;
        // Of a track on the stream's clock the seconds count, whatever its tempo.
        let now_s = tempo.time_at(f64::from(frame.beat));
        let moved = self.clock == Clock::Host && (now_s - at_s).abs() > SAME_S;
        (!moved).then(|| Posterior {
            chord: unpack(&frame.chord),
            bass: frame.bass.as_ref().map(unpack),
            extensions: None,
        })
    }
}

impl Session {
    /// For the worker: keeps what the network said, where it lies in the track, when `loads` states
    /// had been loaded.
    pub(crate) fn keep_heard(&self, loads: u32, heard: Vec<HeardFrame>) {
        if loads != self.loads() || heard.is_empty() {
            return;
        }
        let clock = self.clock();
        self.heard.lock().keep(clock, loads, heard);
    }

    /// What the network said of the song that the track is of. Nothing of it where the track is a
    /// band's, of which each instance has heard a part.
    pub(crate) fn heard(&self) -> HeardFrames {
        let (loads, clock) = (self.loads(), self.clock());
        if self.shared.read().is_of_band() {
            return HeardFrames::default();
        }
        let heard = self.heard.lock();
        if (heard.clock, heard.loads) == (clock, loads) {
            heard.clone()
        } else {
            HeardFrames::default()
        }
    }

    /// Forgets what was heard: the track has other music now.
    pub(crate) fn forget_heard(&self) {
        *self.heard.lock() = HeardFrames::default();
    }
}

/// What was heard, as a session has it.
pub(super) type Kept = Mutex<HeardFrames>;

#[cfg(test)]
mod tests {
    use recognizer::networks::NO_BASS;

    use super::*;

    fn frame(number: u64, class: usize) -> HeardFrame {
        let mut chord = [-9.0; CHORD_CLASSES];
        (chord[class], chord[class + 1]) = (-0.3, f32::NEG_INFINITY);
        let mut bass = [-3.2; BASS_CLASSES];
        bass[NO_BASS] = -0.5;
        let at_s = number as f64 * FILE_HOP_S;
        HeardFrame {
            at_s,
            beat: 2.0 * at_s,
            posterior: Posterior {
                chord,
                bass: Some(bass),
                extensions: None,
            },
        }
    }

    fn class(heard: &HeardFrames, number: u64) -> Option<usize> {
        let at_s = number as f64 * FILE_HOP_S;
        let posterior = heard.at(at_s, &TempoMap::default())?;
        posterior.chord.iter().position(|it| *it > -1.0)
    }

    #[test]
    fn what_was_heard_comes_back_within_a_step() {
        let mut heard = HeardFrames::default();
        heard.keep(Clock::Host, 0, vec![frame(500, 7)]);
        let at_s = 500.0 * FILE_HOP_S;
        let tempo = TempoMap::default();
        let posterior = heard.at(at_s + 0.4 * FILE_HOP_S, &tempo).unwrap();
        assert!((posterior.chord[7] + 0.3).abs() <= 0.5 / STEPS);
        assert!((posterior.chord[20] + 9.0).abs() <= 0.5 / STEPS);
        assert!(posterior.chord[8] < -15.0);
        assert!((posterior.bass.unwrap()[NO_BASS] + 0.5).abs() <= 0.5 / STEPS);
        // A hole of one frame is filled, one of two is not.
        assert_eq!(class(&heard, 501), Some(7));
        assert_eq!(class(&heard, 502), None);
        assert_eq!(heard.at(-1.0, &tempo).map(|it| it.chord[7]), None);
    }

    #[test]
    fn at_another_tempo_it_lies_elsewhere_and_is_not_used() {
        let slower = TempoMap::constant(100.0, 0.0, 0.0).unwrap();
        let at_s = 500.0 * FILE_HOP_S;
        for (clock, used) in [(Clock::Host, false), (Clock::Stream, true)] {
            let mut heard = HeardFrames::default();
            heard.keep(clock, 0, vec![frame(500, 7)]);
            assert_eq!(heard.at(at_s, &slower).is_some(), used);
        }
    }

    #[test]
    fn it_is_bounded_and_the_oldest_goes() {
        let mut heard = HeardFrames::default();
        let frames = (MOST_CHUNKS * CHUNK) as u64;
        heard.keep(Clock::Stream, 0, vec![frame(CHUNK as u64, 3)]);
        heard.keep(Clock::Stream, 0, vec![frame(0, 1)]);
        heard.keep(Clock::Stream, 0, vec![frame(CHUNK as u64, 4)]);
        for number in 2 * CHUNK as u64..frames + CHUNK as u64 {
            heard.keep(Clock::Stream, 0, vec![frame(number, 5)]);
        }
        assert_eq!(heard.chunks.len(), MOST_CHUNKS);
        assert_eq!(
            (class(&heard, 0), class(&heard, CHUNK as u64)),
            (None, Some(4))
        );
        let bytes = MOST_CHUNKS * CHUNK * size_of::<Option<Frame>>();
        assert!(bytes < 4_000_000, "{bytes}");
        assert!(MOST_CHUNKS as f64 * CHUNK as f64 * FILE_HOP_S >= MOST_KEPT_S);
    }

    #[test]
    fn another_song_has_nothing_of_it() {
        let session = Session::default();
        session.keep_heard(0, vec![frame(10, 2)]);
        assert_eq!(class(&session.heard(), 10), Some(2));
        session.keep_heard(1, vec![frame(10, 3)]);
        assert_eq!(class(&session.heard(), 10), Some(2));
        session.take_hosts_clock(120.0);
        assert_eq!(class(&session.heard(), 10), None);
        session.keep_heard(0, vec![frame(10, 4)]);
        session.load(&Session::default().save().unwrap());
        assert_eq!(class(&session.heard(), 10), None);
        session.keep_heard(1, vec![frame(10, 5)]);
        assert_eq!(class(&session.heard(), 10), Some(5));
        session.forget_heard();
        assert_eq!(class(&session.heard(), 10), None);
    }
}
