//! From an example to audio with labels.

use harmony::label::Label;
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rustysynth::{SoundFont, Synthesizer, SynthesizerError, SynthesizerSettings};
use std::sync::Arc;

use crate::arrange::{Bus, Track};
use crate::effects::{
    codec, dynamics, dynamics::Compressor, filters, filters::Filter, modulation, noise, room,
    room::Room,
};
use crate::example::{Example, Stream, stream};
use crate::score::{Beat, Harmony};
use crate::soundfont::SoundFonts;

/// Samples that the synthesizer renders at a time; events fall on these
/// boundaries, rounded to the nearest (±1.5 ms at 22 050 Hz).
const BLOCK_SAMPLES: usize = 64;

/// How examples are rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct RenderSettings {
    /// Rate of the result in Hz.
    pub sample_rate: u32,
    /// Scales the probability of every effect, 0 (a dry mix) to 1.
    pub effects: f64,
    /// Share of examples that go through a lossy codec, scaled by `effects`.
    pub codec_share: f64,
    /// Largest detuning in cents, up or down.
    pub detune_cents: f64,
}

impl Default for RenderSettings {
    fn default() -> Self {
        Self {
            sample_rate: 22_050,
            effects: 1.0,
            codec_share: 0.2,
            detune_cents: 40.0,
        }
    }
}

impl RenderSettings {
    /// No effects and no detuning.
    #[must_use]
    pub fn dry() -> Self {
        Self {
            effects: 0.0,
            detune_cents: 0.0,
            ..Self::default()
        }
    }
}

/// Why an example could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The synthesizer refuses the rate.
    #[error("the synthesizer refuses its settings: {0}")]
    Synthesizer(#[from] SynthesizerError),
    /// The lossy codec failed.
    #[error("the Vorbis round trip failed: {0}")]
    Codec(#[from] vorbis_rs::VorbisError),
}

/// Audio with its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// Mono samples in -1 to 1.
    pub samples: Vec<f32>,
    /// Rate in Hz.
    pub sample_rate: u32,
    /// Start and end in seconds and the label; gap-free from 0 to the end.
    pub labels: Vec<(f64, f64, Label)>,
    /// The beats inside the audio.
    pub beats: Vec<Beat>,
    /// The SoundFont heard.
    pub soundfont: String,
}

/// Renders an example. The same arguments give the same bits.
///
/// # Errors
/// The rate is outside what the synthesizer or the codec takes.
pub fn render(
    example: &Example,
    fonts: &SoundFonts,
    settings: &RenderSettings,
    seed: u64,
) -> Result<Rendered, RenderError> {
    let mut rng = stream(seed, Stream::Mix);
    let (name, font) = fonts.get(rng.random_range(0..fonts.count()));
    let cents = if settings.detune_cents > 0.0 {
        rng.random_range(-settings.detune_cents..=settings.detune_cents)
    } else {
        0.0
    };
    // Varispeed: synthesized at one rate and heard at another, pitch and time
    // move together, exactly, and the labels with them.
    let rate = f64::from(settings.sample_rate);
    let synth_rate = (rate / (cents / 1200.0).exp2()).round();
    let stretch = synth_rate / rate;
    let length = (example.duration_s * synth_rate).floor() as usize;

    let mut mix = Mixer {
        rng,
        noise: stream(seed, Stream::Noise),
        rate_hz: settings.sample_rate as f32,
        effects: settings.effects,
    };
    let mut sum = vec![0.0_f32; length];
    let mut send = vec![0.0_f32; length];
    let wet = mix.chance(0.75);
    for bus in Bus::ALL {
        let tracks: Vec<&Track> = example
            .tracks
            .iter()
            .filter(|track| track.bus == bus)
            .collect();
        if tracks.is_empty() {
            continue;
        }
        let mut samples = synthesize(font, bus, &tracks, synth_rate as i32, length)?;
        let Some(rms) = dynamics::active_rms(&samples) else {
            continue;
        };
        // Programs and SoundFonts differ by tens of dB: every bus is brought to
        // one level before a mixing engineer's taste is drawn.
        let scale = 0.1 / rms;
        for sample in &mut samples {
            *sample *= scale;
        }
        mix.treat(bus, &mut samples);
        let (gain, reverb) = mix.levels(bus, wet);
        for ((out, sent), sample) in sum.iter_mut().zip(&mut send).zip(&samples) {
            *out += sample * gain;
            *sent += sample * gain * reverb;
        }
    }
    if wet {
        let room = mix.room();
        let response = room.response(&mut mix.noise, mix.rate_hz);
        for (out, tail) in sum.iter_mut().zip(room::convolve(&send, &response)) {
            *out += tail;
        }
    }
    for (start, end) in &example.noise {
        let at = |seconds: f64| ((seconds * synth_rate) as usize).min(length);
        let level = mix.rng.random_range(0.003..0.1);
        let colour = mix.rng.random_range(0.0..0.95);
        noise::add_noise(
            &mut sum[at(*start)..at(*end)],
            &mut mix.noise,
            level,
            colour,
        );
    }
    mix.master(&mut sum);
    if mix.rng.random_bool(settings.codec_share * settings.effects) {
        let quality = mix.rng.random_range(-0.1..0.3);
        sum = codec::vorbis_round_trip(&sum, settings.sample_rate, quality)?;
    }
    mix.finish(&mut sum);

    let duration_s = length as f64 / rate;
    Ok(Rendered {
        samples: sum,
        sample_rate: settings.sample_rate,
        labels: labels(example, stretch, duration_s),
        beats: example
            .score
            .beats
            .iter()
            .map(|beat| Beat {
                time_s: beat.time_s * stretch,
                ..*beat
            })
            .filter(|beat| (0.0..duration_s).contains(&beat.time_s))
            .collect(),
        soundfont: name.to_owned(),
    })
}

/// The chord track, gap-free from 0 to the end; stretches before and after the
/// score have no chord.
fn labels(example: &Example, stretch: f64, duration_s: f64) -> Vec<(f64, f64, Label)> {
    let mut labels: Vec<(f64, f64, Label)> = Vec::new();
    let mut push = |start: f64, end: f64, label: Label| {
        let (start, end) = (start.max(0.0), end.min(duration_s));
        if end - start < 1e-6 {
            return;
        }
        match labels.last_mut() {
            Some(last) if last.2 == label => last.1 = end,
            _ => labels.push((start, end, label)),
        }
    };
    let score = &example.score;
    let mut at = 0.0;
    for span in &score.spans {
        let start = score.time_s(span.start) * stretch;
        let end = score.time_s(span.end) * stretch;
        push(at, start, Label::NoChord);
        let label = match span.harmony {
            Harmony::Chord(chord) => chord.label(example.flats),
            Harmony::None => Label::NoChord,
            Harmony::Unknown => Label::Unknown,
        };
        push(start.max(at), end, label);
        at = end;
    }
    push(at, duration_s, Label::NoChord);
    labels
}

/// Plays the tracks of one bus and sums the two channels.
fn synthesize(
    font: &Arc<SoundFont>,
    bus: Bus,
    tracks: &[&Track],
    rate: i32,
    length: usize,
) -> Result<Vec<f32>, SynthesizerError> {
    const NOTE_OFF: i32 = 0x80;
    const NOTE_ON: i32 = 0x90;
    const CONTROL: i32 = 0xB0;
    const PROGRAM: i32 = 0xC0;
    let mut settings = SynthesizerSettings::new(rate);
    settings.block_size = BLOCK_SAMPLES;
    settings.maximum_polyphony = 64;
    // Rooms are ours: one for the whole mix, and of many kinds.
    settings.enable_reverb_and_chorus = false;
    let mut synth = Synthesizer::new(font, &settings)?;

    // Block, on after off, channel, key, velocity.
    let mut events: Vec<(usize, i32, i32, i32, i32)> = Vec::new();
    for (index, track) in tracks.iter().enumerate() {
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
        let block =
            |seconds: f64| (seconds * f64::from(rate) / BLOCK_SAMPLES as f64).round() as usize;
        for note in &track.notes {
            let start = block(note.start);
            let end = block(note.end).max(start + 1);
            let key = i32::from(note.key);
            events.push((start, NOTE_ON, channel, key, i32::from(note.velocity)));
            events.push((end, NOTE_OFF, channel, key, 0));
        }
    }
    events.sort_unstable();

    let mut output = Vec::with_capacity(length + BLOCK_SAMPLES);
    let mut left = [0.0; BLOCK_SAMPLES];
    let mut right = [0.0; BLOCK_SAMPLES];
    let mut pending = events.into_iter().peekable();
    for block in 0..length.div_ceil(BLOCK_SAMPLES) {
        while let Some((_, command, channel, key, velocity)) =
            pending.next_if(|(at, ..)| *at <= block)
        {
            synth.process_midi_message(channel, command, key, velocity);
        }
        synth.render(&mut left, &mut right);
        output.extend(left.iter().zip(&right).map(|(l, r)| 0.5 * (l + r)));
    }
    output.truncate(length);
    Ok(output)
}

/// The mixing engineer: draws which effects an example gets, and applies them.
struct Mixer {
    rng: ChaCha8Rng,
    noise: ChaCha8Rng,
    rate_hz: f32,
    effects: f64,
}

impl Mixer {
    fn chance(&mut self, share: f64) -> bool {
        self.rng.random_bool(share * self.effects)
    }

    fn between(&mut self, low: f32, high: f32) -> f32 {
        self.rng.random_range(low..=high)
    }

    /// Uniform in the logarithm.
    fn between_log(&mut self, low: f32, high: f32) -> f32 {
        self.between(low.ln(), high.ln()).exp()
    }

    fn treat(&mut self, bus: Bus, samples: &mut [f32]) {
        let rate = self.rate_hz;
        let (drive, chorus, tremolo, echo, compress, equalise) = match bus {
            Bus::Chords => (0.12, 0.25, 0.06, 0.06, 0.2, 0.5),
            Bus::Bass => (0.15, 0.06, 0.0, 0.0, 0.5, 0.4),
            Bus::Lead => (0.08, 0.15, 0.04, 0.3, 0.2, 0.4),
            Bus::Drums => (0.12, 0.0, 0.0, 0.05, 0.4, 0.4),
        };
        if self.chance(compress) {
            self.compressor().apply(samples, rate);
        }
        if self.chance(drive) {
            let drive = self.between_log(2.0, 20.0);
            let asymmetry = self.between(0.0, 0.1);
            dynamics::saturate(samples, drive, asymmetry);
            filters::apply(samples, rate, Filter::HighPass { hz: 20.0 });
            // An amplifier's cabinet takes the fizz away.
            let hz = self.between_log(2500.0, 6000.0);
            filters::apply(samples, rate, Filter::LowPass { hz });
            if let Some(rms) = dynamics::active_rms(samples) {
                let scale = 0.1 / rms;
                samples.iter_mut().for_each(|sample| *sample *= scale);
            }
        }
        if self.chance(chorus) {
            let lfo = self.between_log(0.2, 3.0);
            let depth = self.between(0.0005, 0.003);
            let mix = self.between(0.2, 0.5);
            modulation::chorus(samples, rate, lfo, depth, mix);
        }
        if self.chance(tremolo) {
            let lfo = self.between(2.0, 7.0);
            let depth = self.between(0.2, 0.7);
            modulation::tremolo(samples, rate, lfo, depth);
        }
        if self.chance(echo) {
            let delay = self.between(0.1, 0.5);
            let feedback = self.between(0.1, 0.5);
            let mix = self.between(0.1, 0.4);
            modulation::echo(samples, rate, delay, feedback, mix);
        }
        if self.chance(equalise) {
            self.equalise(samples, 6.0);
        }
    }

    /// Gain of a bus and how much of it goes to the room.
    fn levels(&mut self, bus: Bus, wet: bool) -> (f32, f32) {
        let (low_db, high_db, most) = match bus {
            Bus::Chords => (-5.0, 3.0, 0.7),
            Bus::Bass => (-7.0, 3.0, 0.15),
            Bus::Lead => (-8.0, 4.0, 0.7),
            Bus::Drums => (-12.0, 1.0, 0.35),
        };
        let gain = 10_f32.powf(self.between(low_db, high_db) / 20.0);
        let send = self.between(0.0, 1.0) * most;
        (gain, if wet { send } else { 0.0 })
    }

    fn room(&mut self) -> Room {
        Room {
            decay_s: self.between_log(0.15, 3.0),
            damping: self.between(0.2, 0.9),
            predelay_s: self.between(0.0, 0.03),
        }
    }

    fn compressor(&mut self) -> Compressor {
        Compressor {
            threshold_db: self.between(-34.0, -18.0),
            ratio: self.between_log(1.5, 8.0),
            attack_s: self.between_log(0.002, 0.05),
            release_s: self.between_log(0.05, 0.5),
        }
    }

    fn equalise(&mut self, samples: &mut [f32], most_db: f32) {
        for _ in 0..2 {
            let filter = Filter::Peak {
                hz: self.between_log(80.0, 6000.0),
                db: self.between(-most_db, most_db),
                q: self.between_log(0.4, 2.5),
            };
            filters::apply(samples, self.rate_hz, filter);
        }
    }

    fn master(&mut self, samples: &mut [f32]) {
        let rate = self.rate_hz;
        if self.chance(0.5) {
            self.equalise(samples, 5.0);
        }
        if self.chance(0.35) {
            let hz = self.between_log(100.0, 500.0);
            let db = self.between(-8.0, 6.0);
            filters::apply(samples, rate, Filter::LowShelf { hz, db });
        }
        if self.chance(0.35) {
            let hz = self.between_log(1000.0, 4000.0);
            let db = self.between(-10.0, 6.0);
            filters::apply(samples, rate, Filter::HighShelf { hz, db });
        }
        if self.chance(0.5) {
            self.compressor().apply(samples, rate);
        }
        if self.chance(0.2) {
            let drive = self.between_log(1.0, 5.0);
            let asymmetry = self.between(0.0, 0.1);
            dynamics::saturate(samples, drive, asymmetry);
            filters::apply(samples, rate, Filter::HighPass { hz: 20.0 });
        }
        // A telephone, a small loudspeaker, a cassette.
        if self.chance(0.15) {
            let hz = self.between_log(50.0, 250.0);
            filters::apply(samples, rate, Filter::HighPass { hz });
        }
        if self.chance(0.2) {
            let hz = self.between_log(1800.0, 8000.0);
            filters::apply(samples, rate, Filter::LowPass { hz });
        }
        let rms = dynamics::active_rms(samples).unwrap_or(0.1);
        if self.chance(0.35) {
            let below_db = self.between(-60.0, -22.0);
            let colour = self.between(0.0, 0.9);
            let level = rms * 10_f32.powf(below_db / 20.0);
            noise::add_noise(samples, &mut self.noise, level, colour);
        }
        if self.chance(0.05) {
            let mains = *[50.0, 60.0].choose(&mut self.rng).unwrap_or(&50.0);
            let below_db = self.between(-50.0, -30.0);
            noise::add_hum(samples, rate, mains, rms * 10_f32.powf(below_db / 20.0));
        }
    }

    /// The level of the finished file.
    fn finish(&mut self, samples: &mut [f32]) {
        let peak = if self.chance(0.9) {
            self.between_log(0.1, 0.98)
        } else {
            0.9
        };
        let push_db = if self.chance(0.4) {
            self.between(1.0, 9.0)
        } else {
            0.0
        };
        dynamics::limit(samples, peak, push_db);
    }
}
