//! POP909-CL: the chords of POP909 as corrected by experts.
//!
//! `NNN.mid` of that collection has a track `piano` with the score and one, called `chords` in
//! half of the files and `MIDI 01` in the others, that has each chord as notes from its start
//! to its end; the lowest note is the bass. Its beats are those of the song's own annotation,
//! shifted by a constant number of beats, which is found here. Where both have the same notes
//! over the same bass a label can be trusted; elsewhere it is disputed.

use std::path::Path;

use midly::{MetaMessage, Smf, Timing, TrackEventKind};

use super::keyboard::{Held, Keyboard};
use super::{Pop909Error, read};
use crate::chord::{Chord, QUALITIES};
use crate::song::{Harmony, Song, Span};

/// Largest shift that is tried, beats either way.
const MAX_SHIFT: i32 = 24;
/// Positions compared in each beat.
const STEPS: f64 = 4.0;
/// A shift is rejected if a smaller share of the positions agrees.
const LEAST_AGREEMENT: f64 = 0.4;

/// A chord of the corrected track.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Corrected {
    /// First beat and end in beats, counted as in the collection.
    start: f64,
    end: f64,
    /// Its pitch classes, bit 0 is C.
    notes: u16,
    /// Pitch class of its lowest note.
    bass: u8,
}

/// Keeps the chords on which both collections agree: `song`'s spans are cut, and marked
/// [`Harmony::Unknown`] where the corrected chord has other notes or another bass. Returns the
/// share of the time with a chord on which both agree, or `None`, with the song unchanged,
/// where the two do not fit together or the file has no chords.
///
/// # Errors
/// If the file cannot be read or is damaged.
pub(super) fn keep_agreed(song: &mut Song, path: &Path) -> Result<Option<f64>, Pop909Error> {
    let fitting = fitting(song, path)?;
    Ok(fitting.map(|(corrected, shift)| mark(song, &corrected, shift)))
}

/// The corrected chords in place of the song's own. Returns whether the two fit together; where
/// they do not, the song stays as it was.
///
/// # Errors
/// The file cannot be read or is damaged.
pub(super) fn replace(song: &mut Song, path: &Path) -> Result<bool, Pop909Error> {
    let fitting = fitting(song, path)?;
    let fits = fitting.is_some();
    if let Some((corrected, shift)) = fitting {
        song.spans = spans(&corrected, shift);
    }
    Ok(fits)
}

/// The corrected chords of a file and the beats to add to a position of the song; `None` where the
/// two do not fit together or the file has no chords.
///
/// # Errors
/// If the file cannot be read or is damaged.
fn fitting(song: &Song, path: &Path) -> Result<Option<(Vec<Corrected>, f64)>, Pop909Error> {
    let corrected = chords(path, &read(path)?)?;
    Ok(corrected.and_then(|chords| {
        let shift = best_shift(song, &chords)?;
        Some((chords, shift))
    }))
}

/// Adds a span, or lengthens the last one if both have the same harmony.
fn append(spans: &mut Vec<Span>, start: f64, end: f64, harmony: Harmony) {
    match spans.last_mut() {
        Some(last) if last.harmony == harmony => last.end = end,
        _ => spans.push(Span {
            start,
            end,
            harmony,
        }),
    }
}

/// Corrected chords on the song's count, which is `shift` beats behind theirs.
fn spans(corrected: &[Corrected], shift: f64) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut at = 0.0;
    for chord in corrected {
        let (start, end) = ((chord.start - shift).max(at), chord.end - shift);
        if end <= start {
            continue;
        }
        if start > at {
            append(&mut spans, at, start, Harmony::None);
        }
        let harmony = named(chord.notes, chord.bass).map_or(Harmony::Unknown, Harmony::Chord);
        append(&mut spans, start, end, harmony);
        at = end;
    }
    spans
}

/// The chord with just these notes over this bass: in root position if it can be, else the plainest.
fn named(notes: u16, bass: u8) -> Option<Chord> {
    let roots = (0..12).map(|up| (bass + up) % 12);
    roots
        .flat_map(|root| {
            (0..QUALITIES.len()).map(move |quality| Chord {
                root,
                quality,
                bass: (bass + 12 - root) % 12,
            })
        })
        .filter(|chord| chord.pitch_classes() == notes)
        .min_by_key(|chord| {
            let tones = chord.kind().tones;
            // C E G over E is C/E, not C5 with a bass from outside it.
            let outside = !tones.iter().any(|tone| tone % 12 == chord.bass);
            (chord.bass != 0, outside, tones.len(), chord.quality)
        })
}

/// Marks disputed chords, with a shift of `shift` beats. Returns the share of the time with a
/// chord that is undisputed.
fn mark(song: &mut Song, corrected: &[Corrected], shift: f64) -> f64 {
    let (mut agreed, mut all) = (0.0, 0.0);
    let mut spans: Vec<Span> = Vec::new();
    for span in &song.spans {
        let Harmony::Chord(chord) = span.harmony else {
            append(&mut spans, span.start, span.end, span.harmony);
            continue;
        };
        let mut at = span.start;
        while at < span.end - 1e-9 {
            let next = (((at * STEPS).floor() + 1.0) / STEPS).min(span.end);
            let middle = (at + next) / 2.0;
            let same = chord_at(corrected, middle + shift).is_some_and(|other| {
                other.notes == chord.pitch_classes() && other.bass == chord.bass_pitch_class()
            });
            all += next - at;
            agreed += if same { next - at } else { 0.0 };
            let harmony = if same { span.harmony } else { Harmony::Unknown };
            append(&mut spans, at, next, harmony);
            at = next;
        }
    }
    song.spans = spans;
    if all > 0.0 { agreed / all } else { 0.0 }
}

/// The number of beats to add to a position of the song so that most notes agree.
fn best_shift(song: &Song, corrected: &[Corrected]) -> Option<f64> {
    let positions: Vec<(f64, u16)> = song
        .spans
        .iter()
        .filter_map(|span| match span.harmony {
            Harmony::Chord(chord) => Some((*span, chord.pitch_classes())),
            _ => None,
        })
        .flat_map(|(span, notes)| {
            let beats = (span.end - span.start).ceil() as usize;
            (0..beats).map(move |beat| (span.start + beat as f64 + 0.25, notes))
        })
        .collect();
    let agreement = |shift: f64| {
        let same = positions.iter().filter(|(beat, notes)| {
            chord_at(corrected, beat + shift).is_some_and(|it| it.notes == *notes)
        });
        same.count() as f64 / positions.len().max(1) as f64
    };
    let shifts = (-2 * MAX_SHIFT..=2 * MAX_SHIFT).map(|half| f64::from(half) / 2.0);
    let (share, shift) = shifts
        .map(|shift| (agreement(shift), shift))
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.abs().total_cmp(&a.1.abs())))?;
    (share >= LEAST_AGREEMENT).then_some(shift)
}

fn chord_at(corrected: &[Corrected], beat: f64) -> Option<&Corrected> {
    let next = corrected.partition_point(|chord| chord.start <= beat);
    let chord = &corrected[next.checked_sub(1)?];
    (beat < chord.end).then_some(chord)
}

/// The chords in order, from the track that has them.
fn chords(path: &Path, bytes: &[u8]) -> Result<Option<Vec<Corrected>>, Pop909Error> {
    let midi = |reason: String| Pop909Error::Midi {
        path: path.to_owned(),
        reason,
    };
    let smf = Smf::parse(bytes).map_err(|error| midi(error.to_string()))?;
    let Timing::Metrical(division) = smf.header.timing else {
        return Err(midi("time code instead of ticks per beat".to_owned()));
    };
    let division = f64::from(division.as_int()).max(1.0);
    let named = |names: &[&[u8]]| {
        smf.tracks.iter().find(|track| {
            track.iter().any(|event| match event.kind {
                TrackEventKind::Meta(MetaMessage::TrackName(name)) => names.contains(&name),
                _ => false,
            })
        })
    };
    let Some(track) = named(&[b"chords"]).or_else(|| named(&[b"MIDI 01"])) else {
        return Ok(None);
    };
    let mut tick = 0_u64;
    let mut keyboard = Keyboard::new();
    let mut notes: Vec<Held> = Vec::new();
    for event in track {
        tick += u64::from(event.delta.as_int());
        if let TrackEventKind::Midi { message, .. } = event.kind {
            notes.extend(keyboard.take(tick, message));
        }
    }
    notes.sort_unstable();
    let mut chords: Vec<Corrected> = Vec::new();
    let mut at = 0;
    while let Some(&Held { from, .. }) = notes.get(at) {
        let together = notes[at..].iter().take_while(|note| note.from == from);
        let (mut mask, mut lowest, mut end) = (0_u16, u8::MAX, from);
        for note in together {
            mask |= 1 << (note.key % 12);
            lowest = lowest.min(note.key);
            end = end.max(note.to);
            at += 1;
        }
        if let Some(last) = chords.last_mut() {
            last.end = last.end.min(from as f64 / division);
        }
        chords.push(Corrected {
            start: from as f64 / division,
            end: end as f64 / division,
            notes: mask,
            bass: lowest % 12,
        });
    }
    Ok(Some(chords))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::song::Beat;
    use crate::song::key_of;

    fn chord(label: &str) -> Harmony {
        Harmony::Chord(Chord::from_harte(label).unwrap())
    }

    #[test]
    fn what_is_disputed_is_unknown() {
        let mut song = Song {
            beats: (0..20)
                .map(|i| Beat {
                    time_s: f64::from(i),
                    downbeat: i % 4 == 0,
                })
                .collect(),
            spans: [("C:maj", 0.0), ("A:min", 4.0), ("F:maj/3", 8.0)]
                .map(|(label, start)| Span {
                    start,
                    end: start + 4.0,
                    harmony: chord(label),
                })
                .to_vec(),
            swing: 0.5,
            key: key_of(0, false),
            keys: Vec::new(),
        };
        // Shifted by two beats; the second chord changes half way, the third has another bass.
        let corrected = [
            (2.0, 6.0, 0b1001_0001, 0),
            (6.0, 8.0, 0b10_0001_0001 | 1 << 9, 9),
            (8.0, 10.0, 0b1001_0001, 0),
            (10.0, 14.0, 0b10_0010_0001, 5),
        ]
        .map(|(start, end, notes, bass)| Corrected {
            start,
            end,
            notes,
            bass,
        });
        assert_eq!(best_shift(&song, &corrected), Some(2.0));
        let share = mark(&mut song, &corrected, 2.0);
        assert!((share - 0.5).abs() < 1e-9);
        let spans: Vec<_> = song.spans.iter().map(|it| (it.end, it.harmony)).collect();
        let wanted = [
            (4.0, chord("C:maj")),
            (6.0, chord("A:min")),
            (12.0, Harmony::Unknown),
        ];
        assert_eq!(spans, wanted);
    }

    #[test]
    fn corrected_chords_have_names_and_lie_on_the_songs_beats() {
        let corrected = |start, end, notes, bass| Corrected {
            start,
            end,
            notes,
            bass,
        };
        let all = [
            // C E G from before the first beat on, and again; then A C E G over A and over C.
            corrected(1.0, 4.0, 0b1001_0001, 0),
            corrected(4.0, 5.0, 0b1001_0001, 0),
            corrected(6.0, 8.0, 0b10_1001_0001, 9),
            corrected(8.0, 9.0, 0b10_1001_0001, 0),
            // C E G over E, and a cluster.
            corrected(9.0, 10.0, 0b1001_0001, 4),
            corrected(10.0, 11.0, 0b1111, 0),
        ];
        let found: Vec<_> = spans(&all, 2.0)
            .iter()
            .map(|span| (span.start, span.end, span.harmony))
            .collect();
        let wanted = [
            (0.0, 3.0, chord("C:maj")),
            (3.0, 4.0, Harmony::None),
            (4.0, 6.0, chord("A:min7")),
            (6.0, 7.0, chord("C:maj6")),
            (7.0, 8.0, chord("C:maj/3")),
            (8.0, 9.0, Harmony::Unknown),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn chords_are_read_whatever_their_track_is_called() {
        // A C major triad over two beats, after `piano`.
        let file = |name: &[u8]| {
            let track = |name: &[u8], notes: &[u8]| {
                let mut body = vec![0, 0xff, 0x03, name.len() as u8];
                body.extend(name);
                body.extend(notes);
                body.extend([0, 0xff, 0x2f, 0]);
                let mut track = b"MTrk".to_vec();
                track.extend((body.len() as u32).to_be_bytes());
                track.extend(body);
                track
            };
            let chord = [
                0, 0x90, 48, 64, 0, 0x90, 52, 64, 0, 0x90, 55, 64, 48, 0x80, 48, 0, 0, 0x80, 52, 0,
                0, 0x80, 55, 0,
            ];
            let mut bytes = b"MThd\0\0\0\x06\0\x01\0\x02\0\x18".to_vec();
            bytes.extend(track(b"piano", &[0, 0x90, 60, 64, 24, 0x80, 60, 0]));
            bytes.extend(track(name, &chord));
            bytes
        };
        let read = |name: &[u8]| chords(Path::new("001.mid"), &file(name)).unwrap();
        let wanted = vec![Corrected {
            start: 0.0,
            end: 2.0,
            notes: 0b1001_0001,
            bass: 0,
        }];
        assert_eq!(read(b"chords"), Some(wanted.clone()));
        assert_eq!(read(b"MIDI 01"), Some(wanted));
        assert_eq!(read(b"drums"), None);
    }
}
