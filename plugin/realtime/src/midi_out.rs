//! The live chord as notes on the plugin's MIDI output.
//!
//! The worker voices the chord and leaves it in [`LiveNotes`], one atomic number; the audio
//! thread reads it with each block and sends the difference to the notes that sound. Every
//! note-on is remembered until its note-off was sent, whatever happens between, so that no
//! note hangs.
//!
//! The worker is behind the audio. Its result for music before a jump of the song, a stop or a
//! bypass must not sound after it. So the audio thread counts these breaks, the count travels
//! with the audio to the worker and back with the notes, and only notes with the current count
//! are played.
//!
//! A host may put a plugin to sleep when the music has ended, and takes no notes from one that
//! sleeps, is stopped or deactivated. So the audio thread itself checks whether there is sound
//! ([`MidiOut::hear`]) and ends the notes a moment after it stops, however far behind the
//! worker is; while notes sound the host is asked to keep the plugin awake.

use std::sync::atomic::{AtomicU64, Ordering};

use harmony::voicing::Voiced;
use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::NoteEvent;

/// The most notes above the bass.
pub const UPPER_NOTES: usize = 7;

/// A chord's notes. Key 0, which no chord contains, is not used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// MIDI key of the bass.
    pub bass: Option<u8>,
    /// MIDI keys above it.
    pub upper: [Option<u8>; UPPER_NOTES],
    /// The break of the song that they come after; see the module's documentation.
    pub epoch: u8,
}

impl Notes {
    /// No notes.
    pub fn none(epoch: u8) -> Self {
        Self {
            epoch,
            ..Self::default()
        }
    }

    /// A voiced chord, moved by `octaves`. Keys outside 1 … 127 are left out, as are notes
    /// past [`UPPER_NOTES`] and, above the bass, the bass note itself.
    pub fn from_voiced(voiced: &Voiced, octaves: i32, epoch: u8) -> Self {
        let moved = |key: u8| {
            let key = i32::from(key) + 12 * octaves;
            u8::try_from(key).ok().filter(|key| (1..=127).contains(key))
        };
        let bass = moved(voiced.bass);
        let keys = voiced.upper.iter().filter_map(|&key| moved(key));
        let mut upper = [None; UPPER_NOTES];
        for (slot, key) in upper.iter_mut().zip(keys.filter(|key| Some(*key) != bass)) {
            *slot = Some(key);
        }
        Self { bass, upper, epoch }
    }

    /// Packed into one number: the epoch in the lowest byte, then the bass, then the others.
    pub(crate) fn packed(self) -> u64 {
        let keys = std::iter::once(self.bass).chain(self.upper);
        keys.enumerate()
            .fold(u64::from(self.epoch), |packed, (slot, key)| {
                packed | u64::from(key.unwrap_or(0)) << (8 + 7 * slot)
            })
    }

    pub(crate) fn unpacked(packed: u64) -> Self {
        let key = |slot: usize| {
            let key = (packed >> (8 + 7 * slot)) as u8 & 0x7f;
            (key > 0).then_some(key)
        };
        Self {
            bass: key(0),
            upper: std::array::from_fn(|index| key(index + 1)),
            epoch: packed as u8,
        }
    }
}

/// The notes that should sound. Written by the worker, read by the audio thread.
#[derive(Debug, Default)]
pub struct LiveNotes(AtomicU64);

impl LiveNotes {
    /// Sets what should sound from now on.
    pub fn set(&self, notes: Notes) {
        self.0.store(notes.packed(), Ordering::Relaxed);
    }

    /// What should sound. Safe on the audio thread.
    pub fn get(&self) -> Notes {
        Notes::unpacked(self.0.load(Ordering::Relaxed))
    }
}

/// How the notes are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sending {
    /// MIDI channel, 0 … 15.
    pub channel: u8,
    /// Channel of the bass, 0 … 15; `None` leaves it out.
    pub bass_channel: Option<u8>,
    /// MIDI velocity, 0 … 1.
    pub velocity: f32,
}

/// A note whose note-on was sent to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sounding {
    channel: u8,
    key: u8,
}

/// Samples up to this, −100 dB, are silence.
const SILENT: f32 = 1e-5;

/// Notes end after this many seconds of silence, long enough that gated music does not cut its
/// chords to pieces.
const ENDS_AFTER_S: f64 = 0.1;

/// After such a silence the chord from before sounds again only after this many seconds of
/// music: the worker is behind, and may not have heard the new one yet.
const AGAIN_S: f64 = 0.3;

/// Whether there is sound.
#[derive(Debug, Default)]
struct Hearing {
    /// Seconds of silence so far.
    silent_s: f64,
    /// Seconds since the last silence that ended notes.
    heard_s: f64,
    /// The notes that should have sounded in it.
    ended: Option<Notes>,
}

impl Hearing {
    fn hear(&mut self, silent: bool, duration_s: f64) {
        if silent {
            self.silent_s += duration_s;
        } else {
            self.silent_s = 0.0;
            self.heard_s += duration_s;
        }
    }

    /// Whether these notes may sound.
    fn lets(&mut self, notes: Notes) -> bool {
        if self.silent_s >= ENDS_AFTER_S {
            self.ended = Some(notes);
            self.heard_s = 0.0;
            return false;
        }
        if self.ended == Some(notes) && self.heard_s < AGAIN_S {
            return false;
        }
        self.ended = None;
        true
    }
}

/// The audio thread's end of the MIDI output: knows which notes sound.
#[derive(Debug, Default)]
pub struct MidiOut {
    sounding: [Option<Sounding>; 1 + UPPER_NOTES],
    hearing: Hearing,
}

impl MidiOut {
    /// Checks whether there is sound in a block of `frames` at `sample_rate` in Hz.
    pub fn hear<C: AsRef<[f32]>>(&mut self, channels: &[C], frames: usize, sample_rate: f64) {
        let sounds = |sample: &f32| sample.abs() > SILENT;
        let mut channels = channels.iter().map(AsRef::as_ref);
        let silent = channels.all(|channel| !channel.iter().take(frames).any(sounds));
        self.hearing.hear(silent, frames as f64 / sample_rate);
    }

    /// Makes exactly `notes` sound: sends note-offs for what ends and note-ons for what is
    /// new; notes in both continue. `None` ends everything. `send` returns whether the host
    /// took the event; what it did not take is sent again with the next block. Never
    /// allocates, frees, locks or makes a system call.
    pub fn play(
        &mut self,
        notes: Option<(Notes, Sending)>,
        send: impl FnMut(NoteEvent<()>) -> bool,
    ) {
        let heard = notes.filter(|(notes, _)| self.hearing.lets(*notes));
        self.sound(heard, send);
    }

    /// The same for an auditioned chord: it sounds whether there is audio or not.
    pub fn play_asked(
        &mut self,
        notes: Notes,
        sending: Sending,
        send: impl FnMut(NoteEvent<()>) -> bool,
    ) {
        self.sound(Some((notes, sending)), send);
    }

    fn sound(
        &mut self,
        notes: Option<(Notes, Sending)>,
        mut send: impl FnMut(NoteEvent<()>) -> bool,
    ) {
        let mut wanted = [None; 1 + UPPER_NOTES];
        let mut velocity = 0.0;
        if let Some((notes, sending)) = notes {
            velocity = sending.velocity;
            let on = |channel: u8| move |key: u8| Sounding { channel, key };
            wanted[0] = sending
                .bass_channel
                .and_then(|channel| notes.bass.map(on(channel)));
            for (slot, key) in wanted[1..].iter_mut().zip(notes.upper) {
                *slot = key.map(on(sending.channel));
            }
        }
        for slot in &mut self.sounding {
            if let Some(note) = *slot
                && !wanted.contains(&Some(note))
                && send(note.off())
            {
                *slot = None;
            }
        }
        for note in wanted.into_iter().flatten() {
            let sounds = self.sounding.contains(&Some(note));
            let free = self.sounding.iter_mut().find(|slot| slot.is_none());
            if let (false, Some(slot)) = (sounds, free)
                && send(note.on(velocity))
            {
                *slot = Some(note);
            }
        }
    }

    /// Whether a note sounds.
    pub fn is_sounding(&self) -> bool {
        self.sounding.iter().any(Option::is_some)
    }
}

impl Sounding {
    fn on(self, velocity: f32) -> NoteEvent<()> {
        NoteEvent::NoteOn {
            timing: 0,
            voice_id: VoiceID::Wildcard,
            channel: Channel::Number(self.channel),
            key: Key::Number(self.key),
            velocity,
        }
    }

    fn off(self) -> NoteEvent<()> {
        NoteEvent::NoteOff {
            timing: 0,
            voice_id: VoiceID::Wildcard,
            channel: Channel::Number(self.channel),
            key: Key::Number(self.key),
            velocity: 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chord(bass: u8, upper: &[u8]) -> Notes {
        let upper = upper.to_vec();
        Notes::from_voiced(&Voiced { bass, upper }, 0, 3)
    }

    const TOGETHER: Sending = Sending {
        channel: 0,
        bass_channel: Some(0),
        velocity: 0.5,
    };

    /// Events as `+key` and `-key`, channel before a colon where it is not 0.
    fn told(out: &mut MidiOut, notes: Option<(Notes, Sending)>) -> Vec<String> {
        let mut events = Vec::new();
        out.play(notes, |event| {
            events.push(text(event));
            true
        });
        events
    }

    fn text(event: NoteEvent<()>) -> String {
        let (sign, channel, key) = match event {
            NoteEvent::NoteOn { channel, key, .. } => ("+", channel, key),
            NoteEvent::NoteOff { channel, key, .. } => ("-", channel, key),
            other => panic!("{other:?}"),
        };
        let channel = channel.number().unwrap();
        let channel = if channel == 0 {
            String::new()
        } else {
            format!("{channel}:")
        };
        format!("{channel}{sign}{}", key.number().unwrap())
    }

    #[test]
    fn notes_survive_the_packing() {
        let full = chord(36, &[55, 59, 62, 65, 69, 72, 127]);
        let live = LiveNotes::default();
        for notes in [full, chord(47, &[60]), Notes::none(255), Notes::default()] {
            live.set(notes);
            assert_eq!(live.get(), notes);
        }
    }

    #[test]
    fn octaves_move_notes_and_leave_out_what_no_key_has() {
        let voiced = Voiced {
            bass: 36,
            upper: vec![36, 60, 120],
        };
        let up = Notes::from_voiced(&voiced, 1, 0);
        assert_eq!(
            (up.bass, up.upper[0], up.upper[1]),
            (Some(48), Some(72), None)
        );
        let down = Notes::from_voiced(&voiced, -3, 0);
        assert_eq!((down.bass, down.upper[0]), (None, Some(24)));
    }

    #[test]
    fn only_differences_are_sent() {
        let mut out = MidiOut::default();
        let c = Some((chord(36, &[60, 64, 67]), TOGETHER));
        assert_eq!(told(&mut out, c), ["+36", "+60", "+64", "+67"]);
        assert!(told(&mut out, c).is_empty());
        let a_minor = Some((chord(45, &[60, 64, 69]), TOGETHER));
        assert_eq!(told(&mut out, a_minor), ["-36", "-67", "+45", "+69"]);
        let mut ended = told(&mut out, None);
        ended.sort();
        assert_eq!(ended, ["-45", "-60", "-64", "-69"]);
        assert!(!out.is_sounding());
    }

    #[test]
    fn silence_ends_the_notes_and_music_brings_them_back() {
        const BLOCK: usize = 480;
        let (quiet, loud) = ([0.5e-5; BLOCK], [0.1; BLOCK]);
        let mut out = MidiOut::default();
        let mut blocks = |audio: &[f32; BLOCK], count: u32, notes| -> Vec<String> {
            let told = (0..count).flat_map(|_| {
                out.hear(&[audio, &quiet], BLOCK, 48_000.0);
                told(&mut out, Some((notes, TOGETHER)))
            });
            told.collect()
        };
        let (c, a_minor) = (chord(36, &[60]), chord(45, &[57]));
        assert_eq!(blocks(&loud, 1, c), ["+36", "+60"]);
        // A gap of less than a tenth of a second, and one of exactly that.
        assert!(blocks(&quiet, 9, c).is_empty() && blocks(&loud, 1, c).is_empty());
        assert_eq!(blocks(&quiet, 11, c), ["-36", "-60"]);
        // The old chord waits for the worker; a new one is known to be right.
        assert!(blocks(&loud, 29, c).is_empty());
        assert_eq!(blocks(&loud, 2, c), ["+36", "+60"]);
        assert_eq!(blocks(&quiet, 11, c), ["-36", "-60"]);
        assert_eq!(blocks(&loud, 1, a_minor), ["+45", "+57"]);
        // NaN counts as silence, as it does in the analysis.
        assert_eq!(blocks(&[f32::NAN; BLOCK], 11, a_minor), ["-45", "-57"]);
    }

    #[test]
    fn another_channel_ends_the_notes_on_the_old_one() {
        let mut out = MidiOut::default();
        let apart = Sending {
            channel: 1,
            bass_channel: Some(2),
            ..TOGETHER
        };
        let without = Sending {
            bass_channel: None,
            ..TOGETHER
        };
        let notes = chord(36, &[60]);
        assert_eq!(told(&mut out, Some((notes, TOGETHER))), ["+36", "+60"]);
        let moved = told(&mut out, Some((notes, apart)));
        assert_eq!(moved, ["-36", "-60", "2:+36", "1:+60"]);
        assert_eq!(
            told(&mut out, Some((notes, without))),
            ["2:-36", "1:-60", "+60"]
        );
    }

    #[test]
    fn a_host_that_takes_no_events_leaves_no_note_hanging() {
        let mut out = MidiOut::default();
        let c = Some((chord(36, &[60, 64]), TOGETHER));
        out.play(c, |_| false);
        assert!(!out.is_sounding());
        told(&mut out, c);
        out.play(None, |_| false);
        assert!(out.is_sounding());
        assert_eq!(told(&mut out, None), ["-36", "-60", "-64"]);
        // Every note that went on went off.
        let mut balance = 0;
        let mut toggle = 0u32;
        for round in 0..1000u32 {
            let notes = chord(36 + (round % 5) as u8, &[60 + (round % 7) as u8, 64, 67]);
            let wanted = (round % 11 != 0).then_some((notes, TOGETHER));
            out.play(wanted, |event| {
                toggle = toggle.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let taken = toggle >> 30 != 0;
                let step = if matches!(event, NoteEvent::NoteOn { .. }) {
                    1
                } else {
                    -1
                };
                balance += if taken { step } else { 0 };
                taken
            });
        }
        out.play(None, |_| {
            balance -= 1;
            true
        });
        assert_eq!(balance, 0);
    }
}
