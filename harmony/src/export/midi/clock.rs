//! From seconds or beats to ticks, with the tempo map that goes with them.

use midly::num::{u24, u28};

use super::TICKS_PER_QUARTER;
use crate::export::ExportError;
use crate::timeline::{Segment, Timeline};

const MIN_BPM: f64 = 4.0;
const MAX_BPM: f64 = 1000.0;
const MICROSECONDS_PER_MINUTE: f64 = 60e6;

/// Beats of neighbouring segments that differ by less belong together.
const BEAT_TOLERANCE: f64 = 1e-6;

/// A tempo from a tick on.
pub(super) struct TempoChange {
    pub(super) tick: u32,
    pub(super) microseconds_per_quarter: u24,
}

/// The ticks of a timeline's boundaries and the tempo between them.
pub(super) struct Clock {
    /// Where each segment starts, and where the last ends.
    pub(super) edges: Vec<u32>,
    pub(super) tempos: Vec<TempoChange>,
}

impl Clock {
    pub(super) fn new(timeline: &Timeline, tempo_bpm: f64) -> Result<Self, ExportError> {
        if !(MIN_BPM..=MAX_BPM).contains(&tempo_bpm) {
            return Err(ExportError::Tempo(tempo_bpm));
        }
        match Self::by_beats(timeline) {
            Some(clock) => clock,
            None => Self::by_seconds(timeline, tempo_bpm),
        }
    }

    /// At one tempo.
    fn by_seconds(timeline: &Timeline, tempo_bpm: f64) -> Result<Self, ExportError> {
        let edges_s = timeline.segments().iter().map(|segment| segment.start_s);
        let edges = edges_s
            .chain(timeline.end_s())
            .map(|edge_s| tick(edge_s * tempo_bpm / 60.0, edge_s))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            edges,
            tempos: vec![TempoChange::new(0, tempo_bpm)],
        })
    }

    /// At the host's beats, each segment at its own tempo; `None` unless every
    /// segment knows its beats, they join up, and the tempos can be written.
    fn by_beats(timeline: &Timeline) -> Option<Result<Self, ExportError>> {
        let segments = timeline.segments();
        let spans = segments.iter().map(Span::of).collect::<Option<Vec<_>>>()?;
        let first = spans.first()?;
        let joined = |pair: &[Span]| (pair[0].end_beat - pair[1].start_beat).abs() < BEAT_TOLERANCE;
        if !spans.windows(2).all(joined) {
            return None;
        }
        // Tick 0 is second 0: the host's beat 0 where that gives a possible
        // tempo, else as many beats before the first chord as its tempo gives.
        let lead_in = usable(60.0 * first.start_beat / first.start_s);
        let origin_beat = match lead_in {
            Some(_) => 0.0,
            None => first.start_beat - first.start_s * first.tempo_bpm / 60.0,
        };
        let mut tempos = vec![TempoChange::new(0, lead_in.unwrap_or(first.tempo_bpm))];
        let mut edges = Vec::with_capacity(spans.len() + 1);
        for span in &spans {
            let start = match tick(span.start_beat - origin_beat, span.start_s) {
                Ok(start) => start,
                Err(error) => return Some(Err(error)),
            };
            edges.push(start);
            let change = TempoChange::new(start, span.tempo_bpm);
            let same = |last: &TempoChange| {
                last.microseconds_per_quarter == change.microseconds_per_quarter
            };
            if !tempos.last().is_some_and(same) {
                tempos.push(change);
            }
        }
        let last = spans.last()?;
        let end = tick(last.end_beat - origin_beat, last.start_s);
        Some(end.map(|end| {
            edges.push(end);
            Self { edges, tempos }
        }))
    }
}

/// A segment whose beats are known.
struct Span {
    start_s: f64,
    start_beat: f64,
    end_beat: f64,
    tempo_bpm: f64,
}

impl Span {
    fn of(segment: &Segment) -> Option<Self> {
        let (start_beat, end_beat) = (segment.start_beat?, segment.end_beat?);
        let tempo_bpm = usable(60.0 * (end_beat - start_beat) / segment.duration_s())?;
        Some(Self {
            start_s: segment.start_s,
            start_beat,
            end_beat,
            tempo_bpm,
        })
    }
}

impl TempoChange {
    fn new(tick: u32, tempo_bpm: f64) -> Self {
        // At most 15 000 000, which fits: the tempo is at least MIN_BPM.
        let microseconds = (MICROSECONDS_PER_MINUTE / tempo_bpm).round() as u32;
        Self {
            tick,
            microseconds_per_quarter: u24::new(microseconds),
        }
    }
}

fn usable(tempo_bpm: f64) -> Option<f64> {
    (MIN_BPM..=MAX_BPM)
        .contains(&tempo_bpm)
        .then_some(tempo_bpm)
}

/// The tick of a beat; an error naming `time_s` where MIDI cannot count so far.
fn tick(beat: f64, time_s: f64) -> Result<u32, ExportError> {
    let tick = (beat * f64::from(TICKS_PER_QUARTER)).round();
    if (0.0..=f64::from(u28::max_value().as_int())).contains(&tick) {
        Ok(tick as u32)
    } else {
        Err(ExportError::TooLong { end_s: time_s })
    }
}
