//! The host's musical time, copied off the audio thread as plain values.
//!
//! A host reports its position once a block. Between reports it is extrapolated from tempo and
//! sample rate, so only the blocks where the extrapolation fails (start, stop, tempo change,
//! loop, locate) need to be sent to the worker. Where the tempo glides or jitters it fails a
//! little with every block; what is sent then is bounded by the elapsed time, not by the
//! number of blocks ([`crate::tap`]).

use nice_plug::prelude::Transport;

/// The host's playhead at one sample. `Copy`, so that it fits a preallocated queue; whatever
/// the host leaves out is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HostPosition {
    /// Whether the transport is rolling.
    pub playing: bool,
    /// Quarter notes per minute.
    pub tempo_bpm: Option<f64>,
    /// Numerator and denominator of the time signature.
    pub signature: Option<(u16, u16)>,
    /// Position in the song in samples.
    pub samples: Option<i64>,
    /// Position in the song in seconds.
    pub seconds: Option<f64>,
    /// Position in the song in quarter notes.
    pub beats: Option<f64>,
    /// Start of the current bar in quarter notes, if the host reports a plausible one;
    /// otherwise see [`bar_start`](Self::bar_start).
    pub bar_start_beats: Option<f64>,
    /// Number of the current bar, counted from 0.
    pub bar_number: Option<i32>,
    /// The loop in quarter notes, while it is active.
    pub loop_beats: Option<(f64, f64)>,
}

/// How far a reported position may lie from the extrapolated one, in quarter
/// notes and in seconds, before it counts as a jump. Far above the rounding of
/// hosts that report whole samples or single precision, far below a frame.
const BEATS_TOLERANCE: f64 = 1e-3;
const SECONDS_TOLERANCE: f64 = 5e-4;

/// How far the song may be from its expected position before sounding notes are cut, in
/// quarter notes and in seconds: a gliding tempo deviates less within a block.
const JUMP_BEATS: f64 = 0.1;
const JUMP_S: f64 = 0.05;

/// A beat may lie this far outside its reported bar, in quarter notes: hosts round.
const BAR_SLACK_BEATS: f64 = 0.01;

/// Hosts pass on whatever their project file holds; NaN and infinity must not reach the
/// arithmetic below.
fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

fn finite_pair(value: Option<(f64, f64)>) -> Option<(f64, f64)> {
    value.filter(|(start, end)| start.is_finite() && end.is_finite())
}

fn bar_length(signature: Option<(u16, u16)>) -> Option<f64> {
    signature.map(|(numerator, denominator)| 4.0 * f64::from(numerator) / f64::from(denominator))
}

/// The start of the bar at a beat: as the host reports it, if the beat is in that bar;
/// otherwise that of bars counted from the start of the song. Ardour 7 reports a bar to VST3
/// plugins that is elsewhere.
fn bar_start(beats: Option<f64>, length: Option<f64>, reported: Option<f64>) -> Option<f64> {
    told_bar_start(beats, length, reported).or_else(|| {
        let (at, length) = beats.zip(length)?;
        Some((at / length).floor() * length)
    })
}

/// The start of the bar as the host reports it, if the beat can be in that bar.
fn told_bar_start(beats: Option<f64>, length: Option<f64>, reported: Option<f64>) -> Option<f64> {
    let Some((at, length)) = beats.zip(length) else {
        return reported;
    };
    let inside = -BAR_SLACK_BEATS..length + BAR_SLACK_BEATS;
    reported.filter(|start| inside.contains(&(at - start)))
}

impl HostPosition {
    /// Copies what the host reports for the first sample of the current block.
    pub fn from_transport(transport: &Transport) -> Self {
        let signature = match (transport.time_sig_numerator, transport.time_sig_denominator) {
            (Some(numerator @ 1..=64), Some(denominator @ 1..=64)) => {
                Some((numerator as u16, denominator as u16))
            }
            _ => None,
        };
        let beats = finite(transport.pos_beats());
        // The fields, not the methods of the same names, which make up what a host does not
        // report: bars counted from the start of the song, as if it had one meter.
        let bar_start_beats = finite(transport.bar_start_pos_beats);
        Self {
            playing: transport.playing,
            tempo_bpm: finite(transport.tempo).filter(|tempo| (1.0..=2000.0).contains(tempo)),
            signature,
            samples: transport.pos_samples,
            seconds: finite(transport.pos_seconds()),
            beats,
            bar_start_beats: told_bar_start(beats, bar_length(signature), bar_start_beats),
            bar_number: beats.and(transport.bar_number),
            loop_beats: finite_pair(transport.loop_range_beats()),
        }
    }

    /// Length of a bar in quarter notes, where the time signature is known.
    pub fn bar_length_beats(&self) -> Option<f64> {
        bar_length(self.signature)
    }

    /// Start of the current bar in quarter notes: as reported by the host, else as if the song
    /// had this meter from its start.
    pub fn bar_start(&self) -> Option<f64> {
        bar_start(self.beats, self.bar_length_beats(), self.bar_start_beats)
    }

    /// Whether the song rolls, and the host reports its position.
    pub fn is_in_song(&self) -> bool {
        self.playing && (self.seconds.is_some() || self.beats.is_some())
    }

    /// The position `samples` later at `sample_rate` in Hz, if the transport is left alone.
    pub fn advanced(&self, samples: u64, sample_rate: f64) -> Self {
        if !self.playing || samples == 0 {
            return *self;
        }
        let elapsed_s = samples as f64 / sample_rate;
        let mut later = *self;
        later.samples = self.samples.map(|at| at.saturating_add_unsigned(samples));
        later.seconds = self.seconds.map(|at| at + elapsed_s);
        later.beats = match (self.beats, self.tempo_bpm) {
            (Some(at), Some(tempo)) => Some(at + elapsed_s * tempo / 60.0),
            (at, _) => at,
        };
        if let (Some(at), Some(start), Some(length)) =
            (later.beats, self.bar_start_beats, self.bar_length_beats())
        {
            let bars = ((at - start) / length + BEATS_TOLERANCE).floor().max(0.0);
            later.bar_start_beats = Some(start + bars * length);
            later.bar_number = self.bar_number.map(|bar| bar.saturating_add(bars as i32));
        }
        later
    }

    /// Whether the song continued as extrapolation `expected`, at whatever tempo: it neither
    /// started, stopped nor jumped.
    pub fn goes_on(&self, expected: &Self) -> bool {
        let at = |a: Option<f64>, b: Option<f64>, tolerance: f64| match (a, b) {
            (Some(a), Some(b)) => Some((a - b).abs() <= tolerance),
            _ => None,
        };
        // Beats take precedence over seconds: some hosts recount seconds when the tempo
        // changes.
        self.playing == expected.playing
            && at(self.beats, expected.beats, JUMP_BEATS)
                .or_else(|| at(self.seconds, expected.seconds, JUMP_S))
                .unwrap_or(true)
    }

    /// Whether `self`, as reported, equals the extrapolated `expected`.
    pub fn continues(&self, expected: &Self) -> bool {
        fn near(a: Option<f64>, b: Option<f64>, tolerance: f64) -> bool {
            match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() <= tolerance,
                (a, b) => a.is_none() && b.is_none(),
            }
        }
        // The bar's start is compared only roughly: at a bar line the host and
        // the extrapolation may disagree for a block on which bar it is.
        let same_bar = match (self.bar_start_beats, expected.bar_start_beats) {
            (Some(a), Some(b)) => {
                let length = self.bar_length_beats().unwrap_or(4.0);
                let bars = (a - b) / length;
                (bars - bars.round()).abs() * length <= BEATS_TOLERANCE && bars.abs() < 1.5
            }
            (a, b) => a.is_none() && b.is_none(),
        };
        self.playing == expected.playing
            && self.signature == expected.signature
            && near(self.tempo_bpm, expected.tempo_bpm, 1e-6)
            && near(self.seconds, expected.seconds, SECONDS_TOLERANCE)
            && near(self.beats, expected.beats, BEATS_TOLERANCE)
            && self.loop_beats == expected.loop_beats
            && same_bar
    }

    /// Whether `self` is at the extrapolated position and only the tempo differs.
    pub fn continues_at_another_tempo(&self, expected: &Self) -> bool {
        self.tempo_bpm.is_some()
            && expected.tempo_bpm.is_some()
            && Self {
                tempo_bpm: expected.tempo_bpm,
                ..*self
            }
            .continues(expected)
    }
}

/// The host position at one sample of the stream that the plugin has heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    /// Sample of the stream, counted from the plugin's activation.
    pub sample: u64,
    /// What the host reported there.
    pub host: HostPosition,
}

/// A part of the stream over which host time runs evenly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Start in stream time, in seconds.
    pub start_s: f64,
    /// End in stream time, in seconds.
    pub end_s: f64,
    /// Host position at `start_s`.
    pub host: HostPosition,
}

/// Host time as a function of stream time: the anchors of the recent past.
///
/// Anchors are dropped only by age. Their number is bounded by how close together they may be.
#[derive(Clone, Debug)]
pub struct TransportMap {
    anchors: Vec<Anchor>,
    sample_rate: f64,
}

/// How far back anchors are needed, in seconds: the window shows a minute, and the refining
/// pass is six seconds behind.
const KEEP_S: f64 = 120.0;

/// An anchor that is closer than this, in seconds, to the one before is replaced by the next:
/// the time between is too short to hear anything. Only a host that jumps with every small
/// block makes such anchors.
const SHORTEST_S: f64 = 5e-3;

impl TransportMap {
    /// An empty map for a stream at `sample_rate` in Hz.
    pub fn new(sample_rate: f64) -> Self {
        Self {
            anchors: Vec::new(),
            sample_rate,
        }
    }

    /// Records the host's report at a sample. Samples must not go backwards.
    pub fn insert(&mut self, anchor: Anchor) {
        let shortest = (SHORTEST_S * self.sample_rate) as u64;
        match self.anchors.as_mut_slice() {
            [.., last] if last.sample >= anchor.sample => last.host = anchor.host,
            [.., before, last] if last.sample - before.sample < shortest => *last = anchor,
            _ => self.anchors.push(anchor),
        }
        self.forget_before(anchor.sample);
    }

    /// Drops the anchors that are too old at `sample`, once there are many.
    fn forget_before(&mut self, sample: u64) {
        let kept = (KEEP_S * self.sample_rate) as u64;
        let oldest = sample.saturating_sub(kept);
        // The one before the oldest time still applies there.
        let old = self.anchors.partition_point(|it| it.sample <= oldest);
        let old = old.saturating_sub(1);
        if 2 * old > self.anchors.len() {
            self.anchors.drain(..old);
        }
    }

    /// Host position at `stream_s` seconds of the stream; `None` before the first
    /// anchor.
    pub fn at(&self, stream_s: f64) -> Option<HostPosition> {
        let sample = self.sample(stream_s);
        let index = self
            .anchors
            .partition_point(|anchor| anchor.sample <= sample);
        let anchor = self.anchors.get(index.checked_sub(1)?)?;
        Some(
            anchor
                .host
                .advanced(sample - anchor.sample, self.sample_rate),
        )
    }

    /// Cuts `start_s..end_s` of the stream at every jump of the host's time.
    pub fn spans(&self, start_s: f64, end_s: f64) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut from_s = start_s;
        let first = self.sample(start_s);
        let from = self
            .anchors
            .partition_point(|anchor| anchor.sample <= first);
        for anchor in self.anchors.iter().skip(from) {
            let at_s = anchor.sample as f64 / self.sample_rate;
            if at_s >= end_s {
                break;
            }
            if let Some(host) = self.at(from_s) {
                spans.push(Span {
                    start_s: from_s,
                    end_s: at_s,
                    host,
                });
            }
            from_s = at_s;
        }
        if from_s < end_s
            && let Some(host) = self.at(from_s)
        {
            spans.push(Span {
                start_s: from_s,
                end_s,
                host,
            });
        }
        spans
    }

    /// Whether the song ran without a jump from `start_s` to `end_s` of the stream.
    /// Standing still is no jump.
    pub fn is_steady(&self, start_s: f64, end_s: f64) -> bool {
        let (first, last) = (self.sample(start_s), self.sample(end_s));
        let from = self
            .anchors
            .partition_point(|anchor| anchor.sample <= first)
            .saturating_sub(1);
        self.anchors[from..].windows(2).all(|pair| {
            let expected = pair[0]
                .host
                .advanced(pair[1].sample - pair[0].sample, self.sample_rate);
            let now = HostPosition {
                playing: expected.playing,
                ..pair[1].host
            };
            pair[1].sample > last || now.goes_on(&expected)
        })
    }

    fn sample(&self, stream_s: f64) -> u64 {
        // Half a sample guards against the rounding of seconds.
        (stream_s * self.sample_rate + 0.5).max(0.0) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rolling(beats: f64) -> HostPosition {
        HostPosition {
            playing: true,
            tempo_bpm: Some(120.0),
            signature: Some((3, 4)),
            samples: Some((beats * 24_000.0) as i64),
            seconds: Some(beats / 2.0),
            beats: Some(beats),
            bar_start_beats: Some((beats / 3.0).floor() * 3.0),
            bar_number: Some((beats / 3.0).floor() as i32),
            loop_beats: None,
        }
    }

    #[test]
    fn a_rolling_transport_continues_for_an_hour() {
        let start = rolling(0.0);
        for second in 0..3600u32 {
            let expected = start.advanced(u64::from(second) * 48_000, 48_000.0);
            assert!(
                rolling(f64::from(second) * 2.0).continues(&expected),
                "{second}"
            );
        }
    }

    #[test]
    fn a_bar_that_is_elsewhere_is_not_believed() {
        let of = |at: f64, reported| bar_start(Some(at), Some(3.0), reported);
        // A pickup of a beat, and the first bar after it.
        assert_eq!(of(0.5, Some(-2.0)), Some(-2.0));
        assert_eq!(of(1.0, Some(1.0)), Some(1.0));
        assert_eq!(of(7.0, Some(24.0)), Some(6.0));
        assert_eq!(of(7.0, Some(0.0)), Some(6.0));
        assert_eq!(of(-0.5, None), Some(-3.0));
        assert_eq!(bar_start(Some(7.0), None, Some(5.0)), Some(5.0));
        assert_eq!(bar_start(None, Some(3.0), None), None);
    }

    #[test]
    fn what_a_host_does_not_tell_of_bars_is_not_made_up() {
        // Eight bars of 4/4, then 3/4, as VST3 reports it: without a bar number, and not
        // always with the bar's start.
        let mut transport = Transport::new(48_000.0);
        transport.playing = true;
        transport.tempo = Some(120.0);
        transport.pos_beats = Some(32.0);
        transport.time_sig_numerator = Some(3);
        transport.time_sig_denominator = Some(4);
        let host = HostPosition::from_transport(&transport);
        assert_eq!((host.bar_start_beats, host.bar_number), (None, None));
        assert_eq!(host.bar_start(), Some(30.0));
        transport.bar_start_pos_beats = Some(32.0);
        let host = HostPosition::from_transport(&transport);
        assert_eq!((host.bar_start_beats, host.bar_number), (Some(32.0), None));
        assert_eq!(host.bar_start(), Some(32.0));
        // Ardour 7 reports a wrong one.
        transport.bar_start_pos_beats = Some(8.0);
        assert_eq!(
            HostPosition::from_transport(&transport).bar_start_beats,
            None
        );
        transport.bar_number = Some(8);
        assert_eq!(HostPosition::from_transport(&transport).bar_number, Some(8));
    }

    #[test]
    fn bars_advance_with_the_beats() {
        let later = rolling(1.0).advanced(48_000 * 2, 48_000.0);
        assert_eq!(later.beats, Some(5.0));
        assert_eq!(later.bar_start_beats, Some(3.0));
        assert_eq!(later.bar_number, Some(1));
    }

    #[test]
    fn jumps_stops_and_tempo_changes_do_not_continue() {
        let expected = rolling(8.0);
        assert!(!rolling(8.01).continues(&expected));
        assert!(
            !HostPosition {
                playing: false,
                ..expected
            }
            .continues(&expected)
        );
        assert!(
            !HostPosition {
                tempo_bpm: Some(121.0),
                ..expected
            }
            .continues(&expected)
        );
        assert!(
            !HostPosition {
                beats: None,
                ..expected
            }
            .continues(&expected)
        );
    }

    #[test]
    fn a_new_tempo_is_no_jump_but_a_loop_and_a_stop_are() {
        let expected = rolling(8.0);
        let at = |beats: f64| HostPosition {
            beats: Some(beats),
            ..expected
        };
        let recounted = HostPosition {
            tempo_bpm: Some(60.0),
            seconds: Some(8.0),
            ..expected
        };
        let stopped = HostPosition {
            playing: false,
            ..expected
        };
        assert!(at(8.05).goes_on(&expected) && recounted.goes_on(&expected));
        assert!(!at(4.0).goes_on(&expected) && !stopped.goes_on(&expected));
        assert!(HostPosition::default().goes_on(&HostPosition::default()));
    }

    #[test]
    fn a_stop_leaves_the_song_steady_and_a_jump_does_not() {
        let mut map = TransportMap::new(48_000.0);
        let anchor = |second: u64, host: HostPosition| Anchor {
            sample: 48_000 * second,
            host,
        };
        map.insert(anchor(0, rolling(0.0)));
        map.insert(anchor(
            2,
            HostPosition {
                playing: false,
                ..rolling(4.0)
            },
        ));
        map.insert(anchor(5, rolling(4.0)));
        map.insert(anchor(7, rolling(0.0)));
        assert!(map.is_steady(0.0, 6.9));
        assert!(!map.is_steady(6.0, 7.5));
        assert!(map.is_steady(7.0, 9.0));
    }

    #[test]
    fn anchors_go_by_age_and_not_by_number() {
        let mut map = TransportMap::new(48_000.0);
        // One every 20 ms, for five minutes.
        let at = |n: u64| Anchor {
            sample: 960 * n,
            host: rolling(n as f64 * 0.04),
        };
        for n in 0..15_000 {
            map.insert(at(n));
            let (now_s, oldest_s) = (n as f64 * 0.02, (n as f64 * 0.02 - KEEP_S).max(0.0));
            if n % 500 == 0 {
                for time_s in [oldest_s, 0.5 * (oldest_s + now_s), now_s] {
                    let beats = map.at(time_s).unwrap().beats.unwrap();
                    assert!((beats - 2.0 * time_s).abs() < 1e-9, "{time_s}: {beats}");
                }
            }
        }
        assert!(map.anchors.len() <= 2 * (KEEP_S / 0.02) as usize + 2);
        // A host that jumps with every block of 32 samples.
        for n in 0..400_000u64 {
            map.insert(Anchor {
                sample: 14_400_000 + 32 * n,
                host: rolling((n % 7) as f64),
            });
        }
        assert!(map.anchors.len() <= 2 * (KEEP_S / SHORTEST_S) as usize + 2);
        // Where it reported its position, it is known to that precision.
        for n in 399_000..400_000u64 {
            let beats = map
                .at((14_400_000 + 32 * n) as f64 / 48_000.0)
                .unwrap()
                .beats;
            assert!((0.0..7.1).contains(&beats.unwrap()), "{beats:?}");
        }
        let anchors = map.anchors.windows(2);
        let widest = anchors.map(|pair| pair[1].sample - pair[0].sample).max();
        assert!(widest <= Some(960));
    }

    #[test]
    fn spans_are_cut_at_jumps() {
        let mut map = TransportMap::new(48_000.0);
        map.insert(Anchor {
            sample: 0,
            host: rolling(0.0),
        });
        map.insert(Anchor {
            sample: 96_000,
            host: rolling(0.0),
        });
        let spans = map.spans(1.0, 3.0);
        assert_eq!(spans.len(), 2);
        assert_eq!((spans[0].start_s, spans[0].end_s), (1.0, 2.0));
        assert_eq!(spans[0].host.beats, Some(2.0));
        assert_eq!((spans[1].start_s, spans[1].end_s), (2.0, 3.0));
        assert_eq!(spans[1].host.beats, Some(0.0));
    }

    #[test]
    fn nonsense_from_a_host_is_dropped() {
        let mut transport = Transport::new(48_000.0);
        transport.playing = true;
        transport.tempo = Some(f64::NAN);
        transport.pos_beats = Some(f64::INFINITY);
        transport.time_sig_numerator = Some(-3);
        transport.time_sig_denominator = Some(0);
        let host = HostPosition::from_transport(&transport);
        assert_eq!(
            host,
            HostPosition {
                playing: true,
                ..HostPosition::default()
            }
        );
    }
}
