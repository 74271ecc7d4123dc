//! `.mid`: a standard MIDI file, format 1. Track 0 holds the tempo and a marker
//! for each chord, track 1 the chords as notes.

mod clock;
mod voicing;

use std::io;

use midly::num::{u4, u7, u15, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};

use super::{ExportError, Options};
use crate::style::{Style, format};
use crate::timeline::Timeline;
use clock::Clock;

pub use voicing::voicing;

/// Ticks in a quarter note.
pub const TICKS_PER_QUARTER: u16 = 480;

const CHANNEL: u4 = u4::new(0);
const VELOCITY: u7 = u7::new(80);

/// Writes the file.
///
/// Where every segment knows its beats, the ticks are those beats and the
/// tempo map makes the seconds right; otherwise the tempo is that of the
/// options. Markers are plain ASCII symbols, for programs that know no Unicode.
///
/// # Errors
/// The writer's; a tempo outside 4 to 1000 a minute; a timeline too long for
/// the format (days).
pub fn write(
    mut writer: impl io::Write,
    timeline: &Timeline,
    options: &Options,
) -> Result<(), ExportError> {
    let clock = Clock::new(timeline, options.tempo_bpm)?;
    let symbols: Vec<String> = timeline
        .segments()
        .iter()
        .map(|segment| format(&segment.label, Style::Plain, options.key.as_ref()))
        .collect();

    let mut conductor = Track::default();
    let title = options.title.as_deref().unwrap_or("Chords");
    conductor.meta(0, MetaMessage::TrackName(title.as_bytes()));
    for change in &clock.tempos {
        conductor.meta(
            change.tick,
            MetaMessage::Tempo(change.microseconds_per_quarter),
        );
    }
    for (symbol, &start) in symbols.iter().zip(&clock.edges) {
        conductor.meta(start, MetaMessage::Marker(symbol.as_bytes()));
    }
    let end = clock.edges.last().copied().unwrap_or(0);
    conductor.meta(end, MetaMessage::EndOfTrack);

    let mut chords = Track::default();
    chords.meta(0, MetaMessage::TrackName(b"Chords"));
    for (segment, edge) in timeline.segments().iter().zip(clock.edges.windows(2)) {
        let Some(chord) = segment.label.chord().filter(|_| edge[0] < edge[1]) else {
            continue;
        };
        let notes = voicing(chord);
        for &key in &notes {
            chords.note(
                edge[0],
                MidiMessage::NoteOn {
                    key: key.into(),
                    vel: VELOCITY,
                },
            );
        }
        for &key in &notes {
            chords.note(
                edge[1],
                MidiMessage::NoteOff {
                    key: key.into(),
                    vel: u7::new(0),
                },
            );
        }
    }
    chords.meta(end, MetaMessage::EndOfTrack);

    let header = Header::new(
        Format::Parallel,
        Timing::Metrical(u15::new(TICKS_PER_QUARTER)),
    );
    let mut file = Smf::new(header);
    file.tracks = vec![conductor.in_order(), chords.in_order()];
    file.write_std(&mut writer)?;
    writer.flush()?;
    Ok(())
}

/// Events of one track by their absolute tick.
#[derive(Default)]
struct Track<'a> {
    events: Vec<(u32, TrackEventKind<'a>)>,
}

impl<'a> Track<'a> {
    fn meta(&mut self, tick: u32, message: MetaMessage<'a>) {
        self.events.push((tick, TrackEventKind::Meta(message)));
    }

    fn note(&mut self, tick: u32, message: MidiMessage) {
        self.events.push((
            tick,
            TrackEventKind::Midi {
                channel: CHANNEL,
                message,
            },
        ));
    }

    /// The track as MIDI stores it: sorted, each event after a delta. Events of one
    /// tick keep the order in which they were added.
    fn in_order(mut self) -> Vec<TrackEvent<'a>> {
        self.events.sort_by_key(|&(tick, _)| tick);
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
