//! The track as it is drawn: bars with chords on their beats, and chords in seconds.

use harmony::chart::{Bar, Chart, ChartOptions, DIVISIONS, MAX_BARS};
use harmony::key::Key;
use harmony::label::Label;
use harmony::timeline::{Segment, Status};
use harmony::track::Track;

use super::names::{ChordName, Namer};
use harmony::function::Function;

/// A chord of the track, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Start in seconds of the track.
    pub start_s: f64,
    /// End in seconds of the track.
    pub end_s: f64,
    /// Its name; empty where nothing sounds or the chord is unknown.
    pub name: ChordName,
    /// Its harmonic function in the key.
    pub function: Function,
    /// 0…1.
    pub confidence: f32,
    /// Whether later audio may overrule it.
    pub provisional: bool,
    /// Whether later passes leave it alone.
    pub locked: bool,
    /// Whether nothing sounds, rather than an unknown chord.
    pub silent: bool,
}

/// A chord in its bar.
#[derive(Clone, Debug, PartialEq)]
pub struct SheetChord {
    /// Where in the bar it starts, 0…1.
    pub at: f32,
    /// How much of the bar it lasts, 0…1.
    pub length: f32,
    /// Whether it continues from the bar before.
    pub held: bool,
    /// Index of the chord of the track that sounds there; `None` before and after all of them.
    /// Where several are shown as one, the longest.
    pub span: Option<usize>,
    /// Index of the chord of the track that it starts with.
    pub first: Option<usize>,
}

/// A bar.
#[derive(Clone, Debug, PartialEq)]
pub struct SheetBar {
    /// Its number in the host's song.
    pub number: i64,
    /// Its start in quarter notes.
    pub start_beat: f64,
    /// Its end in quarter notes.
    pub end_beat: f64,
    /// Its start in seconds of the track.
    pub start_s: f64,
    /// Its end in seconds of the track.
    pub end_s: f64,
    /// The number of slashes: the beats that a musician counts.
    pub pulses: u32,
    /// Numerator and denominator of the meter, where it is new.
    pub meter: Option<(u8, u8)>,
    /// The key in words, where it is new.
    pub key: Option<String>,
    /// The label of the section that starts here.
    pub section: Option<String>,
    /// Whether it is written as a repetition of the bar before it.
    pub simile: bool,
    /// Whether the music starts within it.
    pub pickup: bool,
    /// Its chords, in order.
    pub chords: Vec<SheetChord>,
}

/// The track in bars and in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// The title; empty where there is none.
    pub title: String,
    /// The composer; may be empty.
    pub composer: String,
    /// Bars on a line.
    pub bars_per_line: usize,
    /// The key at the start in words, where it is known.
    pub key: Option<String>,
    /// The bars from the first chord on.
    pub bars: Vec<SheetBar>,
    /// The chords.
    pub spans: Vec<Span>,
}

impl Sheet {
    /// The sheet of a track, with bars at least to `until_beat`, the playhead's.
    pub fn new(track: &Track, namer: &Namer, until_beat: Option<f64>) -> Self {
        let segments = track.timeline().segments();
        let spans: Vec<Span> = segments
            .iter()
            .map(|segment| span(segment, track, namer))
            .collect();
        let options = ChartOptions {
            trim: true,
            fold: false,
        };
        // Chords shown alike are one on paper.
        let simple = |label: &Label| namer.simple(label);
        let shown = (!namer.is_full()).then(|| track.map_labels(simple));
        let chart = Chart::new(shown.as_ref().unwrap_or(track), options);
        let labels: Vec<Label> = segments.iter().map(|it| simple(&it.label)).collect();
        let mut bars: Vec<SheetBar> = (0..chart.bars.len())
            .map(|index| bar(&chart, index, track, namer, &spans, &labels))
            .collect();
        extend(&mut bars, track, until_beat);
        let info = track.info();
        Self {
            title: info.title.clone(),
            composer: info.composer.clone(),
            bars_per_line: usize::from(info.bars_per_line),
            key: track
                .keys()
                .first()
                .and_then(|region| namer.key(Some(region.key)))
                .map(|key| namer.key_name(key)),
            bars,
            spans,
        }
    }

    /// The chord that sounds at a time of the track.
    pub fn span_at(&self, time_s: f64) -> Option<usize> {
        let after = self.spans.partition_point(|span| span.start_s <= time_s);
        let index = after.checked_sub(1)?;
        (time_s < self.spans[index].end_s).then_some(index)
    }

    /// The bar that a beat lies in.
    pub fn bar_at(&self, beat: f64) -> Option<usize> {
        let after = self
            .bars
            .partition_point(|bar| bar.start_beat <= beat + 1e-6);
        let index = after.checked_sub(1)?;
        (beat < self.bars[index].end_beat).then_some(index)
    }

    /// The lines, as ranges of bars, with at most `most` bars each: a section starts a line. A
    /// single bar before a section joins the line before it, and a pickup does not count.
    pub fn lines(&self, most: usize) -> Vec<std::ops::Range<usize>> {
        let most = most.max(1);
        let section = |index: usize| {
            self.bars
                .get(index)
                .is_some_and(|bar| bar.section.is_some())
        };
        let mut lines = Vec::with_capacity(self.bars.len() / most + 1);
        let (mut from, mut count) = (0, 0);
        for (index, bar) in self.bars.iter().enumerate() {
            let after_pickup = index == 1 && self.bars[0].is_pickup();
            let alone = most > 1 && section(index + 1);
            let full = count == most && !alone || count > most;
            if index > from && !after_pickup && (full || bar.section.is_some()) {
                lines.push(from..index);
                (from, count) = (index, 0);
            }
            count += usize::from(!bar.is_pickup());
        }
        if from < self.bars.len() {
            lines.push(from..self.bars.len());
        }
        lines
    }
}

impl SheetBar {
    /// Whether the music starts within this bar.
    pub fn is_pickup(&self) -> bool {
        self.pickup
    }

    /// Its width relative to a whole bar.
    pub fn share(&self) -> f32 {
        if self.pickup { 0.4 } else { 1.0 }
    }
}

fn span(segment: &Segment, track: &Track, namer: &Namer) -> Span {
    let key = track.key_at_s(segment.start_s);
    Span {
        start_s: segment.start_s,
        end_s: segment.end_s,
        name: namer.name(&segment.label, key),
        function: function(&segment.label, key),
        confidence: segment.confidence,
        provisional: segment.status == Status::Provisional,
        locked: segment.locked,
        silent: segment.label == Label::NoChord,
    }
}

fn function(label: &Label, key: Option<Key>) -> Function {
    label
        .chord()
        .map_or(Function::Unknown, |chord| Function::of_chord(chord, key))
}

fn bar(
    chart: &Chart,
    index: usize,
    track: &Track,
    namer: &Namer,
    spans: &[Span],
    labels: &[Label],
) -> SheetBar {
    let bar = &chart.bars[index];
    let length = f64::from(bar.length) / f64::from(DIVISIONS);
    let end_beat = bar.start_beat + length;
    let before = index.checked_sub(1).map(|before| &chart.bars[before]);
    let place = |placed: &harmony::chart::Placed| {
        let span = sounding(bar, placed, track, spans, labels);
        SheetChord {
            at: placed.offset as f32 / bar.length as f32,
            length: placed.length as f32 / bar.length as f32,
            held: placed.held,
            span,
            first: span.map(|span| {
                let alike = labels[..span].iter().rev();
                span - alike.take_while(|label| **label == labels[span]).count()
            }),
        }
    };
    let chords: Vec<SheetChord> = bar.chords.iter().map(place).collect();
    let final_ones = chords.iter().all(|chord| {
        chord
            .span
            .is_none_or(|index| !spans[index].provisional && !spans[index].name.is_empty())
    });
    SheetBar {
        number: track.meters().bar_at(bar.start_beat + 1e-3).number,
        start_beat: bar.start_beat,
        end_beat,
        start_s: bar.start_s,
        end_s: track.tempo().time_at(end_beat),
        pulses: (bar.length / bar.pulse()).max(1),
        meter: before
            .is_none_or(|before| before.meter != bar.meter)
            .then(|| (bar.meter.numerator(), bar.meter.denominator())),
        key: before
            .filter(|before| before.key != bar.key)
            .and_then(|_| namer.key(bar.key))
            .map(|key| namer.key_name(key)),
        section: bar.section.clone(),
        simile: chart.is_simile(index) && final_ones,
        pickup: bar.number == 0,
        chords,
    }
}

/// Index of the chord of the track behind a chord of the chart: of those that sound in its time,
/// the longest with its label. `labels` are those of the spans as they are shown.
fn sounding(
    bar: &Bar,
    placed: &harmony::chart::Placed,
    track: &Track,
    spans: &[Span],
    labels: &[Label],
) -> Option<usize> {
    let at = |offset: u32| {
        let beat = bar.start_beat + f64::from(offset) / f64::from(DIVISIONS);
        track.tempo().time_at(beat)
    };
    let (from_s, to_s) = (at(placed.offset), at(placed.offset + placed.length));
    let first = spans.partition_point(|span| span.end_s <= from_s);
    let overlap = |span: &Span| span.end_s.min(to_s) - span.start_s.max(from_s);
    (first..spans.len())
        .take_while(|&index| spans[index].start_s < to_s)
        .max_by(|&a, &b| {
            let rank = |index: usize| {
                let same = labels[index] == placed.label;
                (same, overlap(&spans[index]))
            };
            let ((a_same, a_long), (b_same, b_long)) = (rank(a), rank(b));
            a_same.cmp(&b_same).then(a_long.total_cmp(&b_long))
        })
}

/// Appends empty bars up to the playhead, so that its line has bars before there is anything
/// in them.
fn extend(bars: &mut Vec<SheetBar>, track: &Track, until_beat: Option<f64>) {
    let Some(until) = until_beat.filter(|beat| beat.is_finite()) else {
        return;
    };
    let from = match bars.last() {
        Some(last) => last.end_beat,
        None => track.meters().bar_at(until).start,
    };
    // The next bar is there before the playhead reaches it.
    for bar in track.meters().bars(from, until + 1e-6, MAX_BARS.min(4096)) {
        let meter = (bar.meter.numerator(), bar.meter.denominator());
        bars.push(SheetBar {
            number: bar.number,
            start_beat: bar.start,
            end_beat: bar.end,
            start_s: track.tempo().time_at(bar.start),
            end_s: track.tempo().time_at(bar.end),
            pulses: ((bar.end - bar.start) / bar.meter.pulse_beats())
                .round()
                .max(1.0) as u32,
            meter: bars.is_empty().then_some(meter),
            key: None,
            section: None,
            simile: false,
            pickup: false,
            chords: Vec::new(),
        });
    }
}
