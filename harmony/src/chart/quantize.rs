//! Quantization: moves chord changes onto beats.
//!
//! A change goes to the nearest pulse of its bar if it is within [`PULSE_REACH`] of one, else to
//! the nearest eighth note. The first change goes to the nearest pulse if less than half a pulse of
//! silence precedes it. Chords shorter than [`SLIVER_BEATS`] and chords left without duration are
//! dropped, equal neighbours are joined, and gaps of less than a pulse (no chord, unknown) are
//! added to the chord before them.

use super::{Bar, Chart, ChartOptions, Placed, divisions};
use crate::label::Label;
use crate::time::MeterMap;
use crate::timeline::Segment;
use crate::track::{SLIVER_BEATS, Track};

/// The most bars of a chart; what comes later is left out.
pub const MAX_BARS: usize = 10_000;

/// How far from a pulse, as a share of a pulse, a change still snaps to it. Recognized and played
/// changes are up to a sixteenth off the beat.
const PULSE_REACH: f64 = 0.3;

/// The finest grid of a change: eighth notes.
const FINEST_BEATS: f64 = 0.5;

/// A chord on the grid, in beats of the track.
struct Change {
    start: f64,
    end: f64,
    label: Label,
}

impl Chart {
    /// The chart of a track.
    #[must_use]
    pub fn new(track: &Track, options: ChartOptions) -> Self {
        let info = track.info();
        let mut chart = Self {
            title: info.title.clone(),
            composer: info.composer.clone(),
            tempo_bpm: 120.0,
            bars_per_line: usize::from(info.bars_per_line),
            bars: Vec::new(),
        };
        let changes = changes(track, options.trim);
        let (Some(first), Some(last)) = (changes.first(), changes.last()) else {
            return chart;
        };
        let (from, to) = (first.start, last.end);
        chart.tempo_bpm = track.tempo().mean_bpm(from, to);
        chart.bars = bars(track, from, to);
        for bar in &mut chart.bars {
            fill(bar, &changes);
        }
        place_sections(&mut chart.bars, track);
        if options.fold {
            chart.fold_repeats();
        }
        chart
    }
}

/// The chords on the grid: in order, without gaps or equal neighbours.
fn changes(track: &Track, trim: bool) -> Vec<Change> {
    let sounding = |label: &Label| matches!(label, Label::Chord(_));
    let (tempo, meters) = (track.tempo(), track.meters());
    let span = |segment: &Segment| (tempo.beat_at(segment.start_s), tempo.beat_at(segment.end_s));
    // Too short to stand alone: its time goes to the segment before it.
    let is_sliver = |segment: &Segment, pulse_share: f64| {
        let (start, end) = span(segment);
        let shortest = match sounding(&segment.label) {
            true if segment.locked => 0.0,
            true => SLIVER_BEATS,
            false => meters.meter_at(start).pulse_beats() * pulse_share,
        };
        end - start < shortest
    };
    let mut segments = track.timeline().segments();
    if trim {
        let chord = |segment: &Segment| sounding(&segment.label) && !is_sliver(segment, 1.0);
        let any = |segment: &Segment| sounding(&segment.label);
        let first = segments.iter().position(chord);
        let first = first.or_else(|| segments.iter().position(any));
        let end = segments.iter().rposition(chord);
        let end = end.or_else(|| segments.iter().rposition(any));
        let (Some(first), Some(end)) = (first, end) else {
            return Vec::new();
        };
        segments = &segments[first..=end];
    } else if let Some(first) = segments.iter().position(|it| !is_sliver(it, 0.5)) {
        // Slivers at the start have no chord before them to be added to.
        segments = &segments[first..];
    }
    let track_start = track
        .timeline()
        .start_s()
        .map(|start_s| tempo.beat_at(start_s));
    let mut found: Vec<Change> = Vec::new();
    for segment in segments {
        let (start, end) = span(segment);
        let pulse = meters.meter_at(start).pulse_beats();
        let label = match found.last() {
            Some(last) if is_sliver(segment, 1.0) => last.label.clone(),
            _ => segment.label.clone(),
        };
        let lead = track_start.map_or(0.0, |track_start| start - track_start);
        let start = if found.is_empty() && sounding(&label) && lead < pulse / 2.0 {
            on_pulse(meters, start)
        } else {
            snapped(meters, start)
        };
        let end = snapped(meters, end);
        // A chord left without duration is dropped, without a gap: its neighbours meet there.
        if end <= start {
            continue;
        }
        match found.last_mut() {
            Some(last) if last.label == label => last.end = end,
            _ => found.push(Change { start, end, label }),
        }
    }
    for index in 1..found.len() {
        found[index - 1].end = found[index].start;
    }
    found
}

/// The pulse that is nearest to a beat.
fn on_pulse(meters: &MeterMap, beat: f64) -> f64 {
    let bar = meters.bar_at(beat);
    let pulse = bar.meter.pulse_beats();
    (bar.start + ((beat - bar.start) / pulse).round() * pulse).min(bar.end)
}

/// The grid position nearest to a beat.
fn snapped(meters: &MeterMap, beat: f64) -> f64 {
    let bar = meters.bar_at(beat);
    let pulse = bar.meter.pulse_beats();
    let offset = beat - bar.start;
    let on_pulse = (offset / pulse).round() * pulse;
    let on_grid = if (offset - on_pulse).abs() <= PULSE_REACH * pulse {
        on_pulse
    } else {
        (offset / FINEST_BEATS).round() * FINEST_BEATS
    };
    // Sixteenth meters have bars that eighths do not fill.
    (bar.start + on_grid).min(bar.end)
}

/// The empty bars from the first chord to the last.
fn bars(track: &Track, from: f64, to: f64) -> Vec<Bar> {
    let mut number = 0;
    let mut bars = Vec::new();
    for (index, span) in track.meters().bars(from, to, MAX_BARS).iter().enumerate() {
        let late = from - span.start;
        // Music that starts in the second half of a bar starts with a pickup.
        let pickup = index == 0 && late > 1e-6 && late >= (span.end - span.start) / 2.0;
        let start_beat = if pickup { from } else { span.start };
        if !pickup {
            number += 1;
        }
        bars.push(Bar {
            number,
            start_s: track.tempo().time_at(start_beat),
            start_beat,
            length: divisions(span.end - start_beat).max(1),
            meter: span.meter,
            // The key that holds in most of the bar.
            key: track.key_at((start_beat + span.end) / 2.0),
            section: None,
            chords: Vec::new(),
            repeat_start: false,
            repeat_times: 0,
        });
    }
    bars
}

/// Puts the chords into a bar. Time before the first is `N`; the last one sounds to the end of the
/// bar.
fn fill(bar: &mut Bar, changes: &[Change]) {
    let end_beat = bar.start_beat + f64::from(bar.length) / f64::from(super::DIVISIONS);
    let first = changes.partition_point(|change| change.end <= bar.start_beat + 1e-6);
    for change in &changes[first..] {
        if change.start >= end_beat - 1e-6 {
            break;
        }
        let offset = divisions((change.start - bar.start_beat).max(0.0)).min(bar.length - 1);
        if bar.chords.is_empty() && offset > 0 {
            bar.chords.push(Placed {
                offset: 0,
                length: offset,
                label: Label::NoChord,
                held: false,
            });
        }
        if bar.chords.last().is_some_and(|last| last.offset == offset) {
            continue;
        }
        bar.chords.push(Placed {
            offset,
            length: 0,
            label: change.label.clone(),
            held: change.start < bar.start_beat - 1e-6,
        });
    }
    if bar.chords.is_empty() {
        bar.chords.push(Placed {
            offset: 0,
            length: bar.length,
            label: Label::NoChord,
            held: false,
        });
    }
    let ends: Vec<u32> = bar.chords[1..].iter().map(|next| next.offset).collect();
    for (placed, end) in bar
        .chords
        .iter_mut()
        .zip(ends.into_iter().chain([bar.length]))
    {
        placed.length = end - placed.offset;
    }
}

/// Gives each section to the bar that starts nearest to it.
fn place_sections(bars: &mut [Bar], track: &Track) {
    for section in track.sections() {
        let nearest = bars.iter_mut().min_by(|a, b| {
            let distance = |bar: &Bar| (bar.start_beat - section.beat).abs();
            distance(a).total_cmp(&distance(b))
        });
        if let Some(bar) = nearest
            && (bar.start_beat - section.beat).abs() < bar.meter.bar_beats()
        {
            bar.section = Some(section.label.clone());
        }
    }
}
