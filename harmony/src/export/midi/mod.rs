//! `.mid`: a standard MIDI file, format 1. Track 0 holds tempo, meter, keys, sections
//! and a marker for each chord, track 1 the chords as notes, track 2 their bass.

mod clock;
mod xf;

use std::io;

use midly::num::{u4, u7, u15, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};

use super::{ExportError, Options};
use crate::key::{Key, Mode};
use crate::label::Label;
use crate::style::{Style, format, spelled};
use crate::track::Track;
use crate::voicing::Voiced;
use clock::Clock;

pub use crate::voicing::voicing;

/// Ticks in a quarter note.
pub const TICKS_PER_QUARTER: u16 = 480;

const CHORD_CHANNEL: u4 = u4::new(0);
const BASS_CHANNEL: u4 = u4::new(1);
const VELOCITY: u7 = u7::new(80);

/// Writes the file.
///
/// Ticks follow the beats of the track; its tempo map gives the right seconds. Markers are plain
/// ASCII symbols, for programs without Unicode; the title and the sections are UTF-8, as programs
/// expect. Silence too short to be played is left out.
///
/// # Errors
/// An error of the writer; a track too long for the format (days).
pub fn write(
    mut writer: impl io::Write,
    track: &Track,
    options: &Options,
) -> Result<(), ExportError> {
    let track = &track.without_slivers();
    let clock = Clock::new(track);
    let segments = track.timeline().segments();
    let mut texts = Vec::with_capacity(segments.len());
    let mut edges = Vec::with_capacity(segments.len() + 1);
    for segment in segments {
        let key = track.key_at_s(segment.start_s).or(options.key);
        let symbol = format(&segment.label, Style::Plain, key.as_ref());
        texts.push((symbol, format(&segment.label, Style::Harte, key.as_ref())));
        edges.push(clock.tick(segment.start_s)?);
    }
    if let Some(end_s) = track.timeline().end_s() {
        edges.push(clock.tick(end_s)?);
    }
    let end = edges.last().copied().unwrap_or(0);

    let mut conductor = Events::new(CHORD_CHANNEL);
    let title = match track.info().title.as_str() {
        "" => "Chords",
        title => title,
    };
    conductor.meta(0, MetaMessage::TrackName(title.as_bytes()));
    for (tick, tempo) in clock.tempos()? {
        conductor.meta(tick, MetaMessage::Tempo(tempo));
    }
    for change in track.meters().changes() {
        let meter = change.meter;
        let clocks = (24.0 * meter.pulse_beats()).round().clamp(1.0, 96.0) as u8;
        // The first meter holds from the start.
        let first = change.beat == track.meters().changes()[0].beat;
        let tick = if first {
            0
        } else {
            clock.tick_of_beat(track, change.beat)?
        };
        let denominator = meter.denominator().trailing_zeros() as u8;
        conductor.meta(
            tick,
            MetaMessage::TimeSignature(meter.numerator(), denominator, clocks, 8),
        );
    }
    for (index, region) in track.keys().iter().enumerate() {
        let Ok(signature) = i8::try_from(region.key.signature()) else {
            continue;
        };
        // The format has at most seven accidentals.
        if signature.abs() <= 7 {
            let tick = if index == 0 {
                0
            } else {
                clock.tick_of_beat(track, region.beat)?
            };
            let minor = region.key.mode() == Mode::Minor;
            conductor.meta(tick, MetaMessage::KeySignature(signature, minor));
        }
    }
    for section in track.sections() {
        let tick = clock.tick_of_beat(track, section.beat)?;
        conductor.meta(tick, MetaMessage::CuePoint(section.label.as_bytes()));
    }
    let named = segments.iter().map(|segment| {
        let key = track.key_at_s(segment.start_s).or(options.key);
        let event = spelled_label(&segment.label, key.as_ref());
        options.xf.then(|| xf::event(&event)).flatten()
    });
    let named: Vec<Option<[u8; 7]>> = named.collect();
    for (((symbol, harte), named), &start) in texts.iter().zip(&named).zip(&edges) {
        conductor.meta(start, MetaMessage::Marker(symbol.as_bytes()));
        conductor.meta(start, MetaMessage::Text(harte.as_bytes()));
        if let Some(data) = named {
            conductor.meta(start, MetaMessage::SequencerSpecific(data));
        }
    }

    let mut chords = Events::new(CHORD_CHANNEL);
    chords.meta(0, MetaMessage::TrackName(b"Chords"));
    let mut basses = Events::new(BASS_CHANNEL);
    basses.meta(0, MetaMessage::TrackName(b"Bass"));
    let mut previous: Option<Voiced> = None;
    for (segment, edge) in segments.iter().zip(edges.windows(2)) {
        let &[start, stop] = edge else { continue };
        let Label::Chord(chord) = &segment.label else {
            continue;
        };
        if start < stop {
            let voiced = options.voicing.voice(chord, previous.as_ref());
            chords.notes(start, stop, &voiced.upper);
            basses.notes(start, stop, &[voiced.bass]);
            previous = Some(voiced);
        }
    }

    let header = Header::new(
        Format::Parallel,
        Timing::Metrical(u15::new(TICKS_PER_QUARTER)),
    );
    let mut file = Smf::new(header);
    file.tracks = vec![
        conductor.in_order(end),
        chords.in_order(end),
        basses.in_order(end),
    ];
    file.write_std(&mut writer)?;
    writer.flush()?;
    Ok(())
}

/// A label as its key spells it.
fn spelled_label(label: &Label, key: Option<&Key>) -> Label {
    match label {
        Label::Chord(chord) => Label::Chord(spelled(chord, key)),
        other => other.clone(),
    }
}

/// Events of one track by their absolute tick.
struct Events<'a> {
    channel: u4,
    events: Vec<(u32, TrackEventKind<'a>)>,
}

impl<'a> Events<'a> {
    const fn new(channel: u4) -> Self {
        Self {
            channel,
            events: Vec::new(),
        }
    }

    fn meta(&mut self, tick: u32, message: MetaMessage<'a>) {
        self.events.push((tick, TrackEventKind::Meta(message)));
    }

    fn notes(&mut self, start: u32, stop: u32, keys: &[u8]) {
        let on = |key: u8| MidiMessage::NoteOn {
            key: key.into(),
            vel: VELOCITY,
        };
        let off = |key: u8| MidiMessage::NoteOff {
            key: key.into(),
            vel: u7::new(0),
        };
        let channel = self.channel;
        let event = |tick, message| (tick, TrackEventKind::Midi { channel, message });
        self.events
            .extend(keys.iter().map(|&key| event(start, on(key))));
        self.events
            .extend(keys.iter().map(|&key| event(stop, off(key))));
    }

    /// The track as MIDI stores it: sorted, with delta times. Events at one tick keep the order in
    /// which they were added. The track ends at tick `end` or with its last event, whichever is
    /// later.
    fn in_order(mut self, end: u32) -> Vec<TrackEvent<'a>> {
        self.events.sort_by_key(|&(tick, _)| tick);
        let last = self.events.last().map_or(0, |&(tick, _)| tick);
        self.meta(end.max(last), MetaMessage::EndOfTrack);
        let mut previous = 0;
        self.events
            .into_iter()
            .map(|(tick, kind)| {
                let delta = u28::new(tick - previous);
                previous = tick;
                TrackEvent { delta, kind }
            })
            .collect()
    }
}
