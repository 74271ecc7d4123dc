//! Plays tracks through a SoundFont.

use std::sync::Arc;

use rustysynth::{SoundFont, Synthesizer, SynthesizerError, SynthesizerSettings};

use crate::arranger::{Bus, Track};
use crate::synthesizer::expression::Expression;

/// Samples that the synthesizer renders at a time; events fall on these
/// boundaries, rounded to the nearest (±1.5 ms at 22 050 Hz).
const BLOCK_SAMPLES: usize = 64;
/// Blocks between pitch bends (12 ms).
const BEND_BLOCKS: usize = 4;
/// Range of the pitch wheel, semitones.
const BEND_SEMITONES: f32 = 12.0;

const NOTE_OFF: i32 = 0x80;
const NOTE_ON: i32 = 0x90;
const CONTROL: i32 = 0xB0;
const PROGRAM: i32 = 0xC0;
const BEND: i32 = 0xE0;

/// Plays the tracks of one bus and sums the two channels. Each track comes with its pitch
/// bends; bends are for monophonic parts.
///
/// # Errors
/// If the synthesizer refuses the rate.
pub fn play(
    font: &Arc<SoundFont>,
    bus: Bus,
    tracks: &[(&Track, Expression)],
    rate: i32,
    length: usize,
) -> Result<Vec<f32>, SynthesizerError> {
    let mut settings = SynthesizerSettings::new(rate);
    settings.block_size = BLOCK_SAMPLES;
    settings.maximum_polyphony = 64;
    // Reverberation is added later: one room for the whole mix, of many kinds.
    settings.enable_reverb_and_chorus = false;
    let mut synth = Synthesizer::new(font, &settings)?;

    // Block, kind of message (note-offs before note-ons before bends), channel, two data
    // bytes.
    let mut events: Vec<(usize, i32, i32, i32, i32)> = Vec::new();
    let block = |seconds: f64| (seconds * f64::from(rate) / BLOCK_SAMPLES as f64).round() as usize;
    for (index, (track, expression)) in tracks.iter().enumerate() {
        let channel = if bus == Bus::Drums {
            9
        } else {
            // Nine is the percussion channel; more than fifteen parts share channels.
            let slot = (index % 15) as i32;
            if slot >= 9 { slot + 1 } else { slot }
        };
        synth.process_midi_message(channel, PROGRAM, i32::from(track.program), 0);
        synth.process_midi_message(channel, CONTROL, 7, i32::from(track.volume));
        synth.process_midi_message(channel, CONTROL, 10, i32::from(track.pan));
        synth.process_midi_message(channel, CONTROL, 1, i32::from(track.vibrato));
        // Registered parameter 0 is the range of the pitch wheel.
        for (controller, value) in [(101, 0), (100, 0), (6, BEND_SEMITONES as i32)] {
            synth.process_midi_message(channel, CONTROL, controller, value);
        }
        for note in &track.notes {
            let start = block(note.start);
            let end = block(note.end).max(start + 1);
            let key = i32::from(note.key);
            events.push((start, NOTE_ON, channel, key, i32::from(note.velocity)));
            events.push((end, NOTE_OFF, channel, key, 0));
        }
        if expression.is_none() {
            continue;
        }
        for (index, (note, curve)) in track
            .notes
            .iter()
            .zip(expression.curves(&track.notes))
            .enumerate()
        {
            let start = block(note.start);
            // The next note takes over the pitch wheel.
            let end = track
                .notes
                .get(index + 1)
                .map_or(f64::INFINITY, |next| next.start)
                .min(note.end + 0.3);
            for at in (start..block(end).max(start + 1)).step_by(BEND_BLOCKS) {
                let at_s = ((at - start) * BLOCK_SAMPLES) as f32 / rate as f32;
                let wheel = 8192.0 + 8192.0 * curve.bend(at_s) / BEND_SEMITONES;
                let wheel = (wheel.round() as i32).clamp(0, 16_383);
                events.push((at, BEND, channel, wheel & 127, wheel >> 7));
            }
        }
    }
    events.sort_unstable();

    let mut output = Vec::with_capacity(length + BLOCK_SAMPLES);
    let mut left = [0.0; BLOCK_SAMPLES];
    let mut right = [0.0; BLOCK_SAMPLES];
    let mut pending = events.into_iter().peekable();
    for block in 0..length.div_ceil(BLOCK_SAMPLES) {
        while let Some((_, command, channel, first, second)) =
            pending.next_if(|(at, ..)| *at <= block)
        {
            synth.process_midi_message(channel, command, first, second);
        }
        synth.render(&mut left, &mut right);
        output.extend(left.iter().zip(&right).map(|(l, r)| 0.5 * (l + r)));
    }
    output.truncate(length);
    Ok(output)
}
