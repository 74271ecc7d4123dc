//! Renders an example to labelled audio.

use harmony::key::Key;
use harmony::label::Label;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rustysynth::SynthesizerError;

use crate::arranger::{Bus, Track, programs};
use crate::audible::{Heard, append, audible};
use crate::effects::{dynamics, modulation, noise};
use crate::example::Example;
use crate::mix::{BUS_LEVEL, Mixer};
use crate::random::{Stream, stream};
use crate::song::{Beat, Harmony};
use crate::soundfont::{SoundFonts, Split, player};
use crate::synthesizer::drums::DrumMachine;
use crate::synthesizer::expression::Expression;
use crate::synthesizer::patch::Role;
use crate::synthesizer::{self, Patch};

/// Settings of rendering.
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
    /// Share of the parts that our own synthesizer plays instead of a SoundFont. A held-out
    /// SoundFont always plays everything, so that evaluation uses unknown timbres.
    pub synthesizer_share: f64,
    /// Share of the melodies with slides, scoops and vibrato.
    pub expression_share: f64,
}

impl Default for RenderSettings {
    fn default() -> Self {
        Self {
            sample_rate: 22_050,
            effects: 1.0,
            codec_share: 0.2,
            detune_cents: 40.0,
            synthesizer_share: 0.4,
            expression_share: 0.7,
        }
    }
}

impl RenderSettings {
    /// No effects, no detuning, and only SoundFonts.
    #[must_use]
    pub fn dry() -> Self {
        Self {
            effects: 0.0,
            detune_cents: 0.0,
            synthesizer_share: 0.0,
            expression_share: 0.0,
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
    /// Start and end in seconds of the keys inside the audio, where they are known.
    pub keys: Vec<(f64, f64, Key)>,
    /// The SoundFonts used, joined by `+`.
    pub soundfont: String,
}

/// The audio of each bus of a mix: its instruments with their effects and at their level in the
/// mix, before room and mastering, as on the tracks of a studio.
pub type Stems = Vec<(Bus, Vec<f32>)>;

/// Renders an example. The same arguments give the same bits.
///
/// # Errors
/// If the synthesizer or the codec does not support the rate.
pub fn render(
    example: &Example,
    fonts: &SoundFonts,
    settings: &RenderSettings,
    seed: u64,
) -> Result<Rendered, RenderError> {
    Ok(render_stems(example, fonts, settings, seed)?.0)
}

/// The same with the stems of the mix, each with the mix's length and rate.
///
/// # Errors
/// See [`render`].
pub fn render_stems(
    example: &Example,
    fonts: &SoundFonts,
    settings: &RenderSettings,
    seed: u64,
) -> Result<(Rendered, Stems), RenderError> {
    let mut stems = Stems::new();
    let mut rng = stream(seed, Stream::Mix);
    let mut band = Band::draw(seed, fonts, settings);
    let cents = if settings.detune_cents > 0.0 {
        rng.random_range(-settings.detune_cents..=settings.detune_cents)
    } else {
        0.0
    };
    // Varispeed: synthesized at one rate and played at another, so that pitch and time change
    // together, exactly, and the labels with them.
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
    let wet = mix.chance(0.8);
    let pump = mix.pump();
    let kicks = kicks(example);
    for bus in Bus::ALL {
        let tracks: Vec<&Track> = example
            .tracks
            .iter()
            .filter(|track| track.bus == bus)
            .collect();
        if tracks.is_empty() {
            continue;
        }
        let mut samples = band.play(bus, &tracks, synth_rate as f32, length)?;
        // Programs and SoundFonts differ by tens of dB: every bus is brought to one level
        // before mix levels are drawn.
        if !level(&mut samples, BUS_LEVEL) {
            continue;
        }
        mix.treat(bus, &mut samples);
        if let Some((depth, recover_s)) = pump
            && bus != Bus::Drums
        {
            modulation::pump(&mut samples, synth_rate as f32, &kicks, depth, recover_s);
        }
        let (gain, reverb) = mix.levels(bus, wet);
        for ((out, sent), sample) in sum.iter_mut().zip(&mut send).zip(&samples) {
            *out += sample * gain;
            *sent += sample * gain * reverb;
        }
        samples.iter_mut().for_each(|sample| *sample *= gain);
        stems.push((bus, samples));
    }
    if wet {
        mix.reverberate(&send, &mut sum);
    }
    // Measured before noise is added: noise does not shorten a decaying chord.
    let audible = example.rings.then(|| {
        let spans = labels(example, 1.0, length as f64 / synth_rate);
        audible(&sum, synth_rate, &spans)
    });
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
        sum = mix.encode(&sum, settings.sample_rate)?;
    }
    mix.finish(&mut sum);

    let duration_s = length as f64 / rate;
    let rendered = Rendered {
        samples: sum,
        sample_rate: settings.sample_rate,
        labels: match audible {
            Some(heard) => stretched(heard, stretch, duration_s),
            None => labels(example, stretch, duration_s),
        },
        beats: example
            .song
            .beats
            .iter()
            .map(|beat| Beat {
                time_s: beat.time_s * stretch,
                ..*beat
            })
            .filter(|beat| (0.0..duration_s).contains(&beat.time_s))
            .collect(),
        keys: keys(example, stretch, duration_s),
        soundfont: band.names(),
    };
    Ok((rendered, stems))
}

/// The audible chords, played `stretch` times as slowly.
fn stretched(heard: Vec<Heard>, stretch: f64, duration_s: f64) -> Vec<Heard> {
    let last = heard.len().saturating_sub(1);
    heard
        .into_iter()
        .enumerate()
        .map(|(index, (start_s, end_s, label))| {
            let end_s = if index == last {
                duration_s
            } else {
                (end_s * stretch).min(duration_s)
            };
            (start_s * stretch, end_s, label)
        })
        .collect()
}

/// The part of the annotated keys that lies in the audio.
fn keys(example: &Example, stretch: f64, duration_s: f64) -> Vec<(f64, f64, Key)> {
    let second = |beat: f64| (example.song.straight_s(beat) * stretch).clamp(0.0, duration_s);
    let spans = example.song.keys.iter();
    spans
        .map(|span| (second(span.start), second(span.end), span.key))
        .filter(|(start_s, end_s, _)| end_s > start_s)
        .collect()
}

/// The chord track of an example played `stretch` times as slowly, gap-free from 0 to the end,
/// `(start, end, label)` in seconds; the time before and after the song has no chord.
#[must_use]
pub fn labels(example: &Example, stretch: f64, duration_s: f64) -> Vec<(f64, f64, Label)> {
    let mut labels: Vec<(f64, f64, Label)> = Vec::new();
    let mut push = |start: f64, end: f64, label: Label| {
        append(&mut labels, start.max(0.0), end.min(duration_s), label);
    };
    let song = &example.song;
    let mut at = 0.0;
    for span in &song.spans {
        let start = song.time_s(span.start) * stretch;
        let end = song.time_s(span.end) * stretch;
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

/// Scales the signal to an RMS level, measured without silence. Returns whether it was not
/// silent.
fn level(samples: &mut [f32], to: f32) -> bool {
    let Some(rms) = dynamics::active_rms(samples) else {
        return false;
    };
    let scale = to / rms;
    samples.iter_mut().for_each(|sample| *sample *= scale);
    true
}

/// The onsets of the kick in seconds, ascending.
fn kicks(example: &Example) -> Vec<f64> {
    let mut onsets: Vec<f64> = example
        .tracks
        .iter()
        .filter(|track| track.bus == Bus::Drums)
        .flat_map(|track| &track.notes)
        .filter(|note| matches!(note.key, 35 | 36))
        .map(|note| note.start)
        .collect();
    onsets.sort_by(f64::total_cmp);
    onsets
}

/// The players: a SoundFont for each bus, and the share of synthesized parts.
struct Band<'a> {
    fonts: &'a SoundFonts,
    /// Index of the SoundFont of each bus, in the order of [`Bus::ALL`].
    chosen: [usize; Bus::ALL.len()],
    rng: ChaCha8Rng,
    synthesizer_share: f64,
    expression_share: f64,
}

impl<'a> Band<'a> {
    fn draw(seed: u64, fonts: &'a SoundFonts, settings: &RenderSettings) -> Self {
        let mut rng = stream(seed, Stream::Band);
        let one = fonts.draw(&mut rng);
        let mixed = settings.synthesizer_share > 0.0 && rng.random_bool(0.5);
        let chosen = std::array::from_fn(|_| if mixed { fonts.draw(&mut rng) } else { one });
        let synthesizer_share = match fonts.split() {
            // Some examples are all SoundFont, some all synthesizer, most are mixed.
            Split::Train if settings.synthesizer_share > 0.0 => {
                let even = rng.random_range(0.0..2.0 * settings.synthesizer_share);
                even.min(1.0)
            }
            Split::Train | Split::HeldOut => 0.0,
        };
        Self {
            fonts,
            chosen,
            rng,
            synthesizer_share,
            expression_share: settings.expression_share,
        }
    }

    fn names(&self) -> String {
        let mut names: Vec<&str> = self
            .chosen
            .iter()
            .map(|index| self.fonts.get(*index).0)
            .collect();
        names.sort_unstable();
        names.dedup();
        names.join("+")
    }

    /// Plays the parts of one bus and mixes them.
    fn play(
        &mut self,
        bus: Bus,
        tracks: &[&Track],
        rate_hz: f32,
        length: usize,
    ) -> Result<Vec<f32>, SynthesizerError> {
        let mut sum = vec![0.0_f32; length];
        let mut sampled = Vec::new();
        for track in tracks {
            if !self.rng.random_bool(self.synthesizer_share) {
                let expression = self.expression(track, false);
                sampled.push((*track, expression));
                continue;
            }
            let mut samples = self.synthesize(bus, track, rate_hz, length);
            if level(&mut samples, BUS_LEVEL * f32::from(track.volume) / 100.0) {
                for (out, sample) in sum.iter_mut().zip(samples) {
                    *out += sample;
                }
            }
        }
        if sampled.is_empty() {
            return Ok(sum);
        }
        let index = Bus::ALL.iter().position(|of| *of == bus).unwrap_or(0);
        let (_, font) = self.fonts.get(self.chosen[index]);
        let mut samples = player::play(font, bus, &sampled, rate_hz as i32, length)?;
        if sampled.len() == tracks.len() {
            return Ok(samples);
        }
        if level(&mut samples, BUS_LEVEL * (sampled.len() as f32).sqrt()) {
            for (out, sample) in sum.iter_mut().zip(samples) {
                *out += sample;
            }
        }
        Ok(sum)
    }

    fn synthesize(&mut self, bus: Bus, track: &Track, rate_hz: f32, length: usize) -> Vec<f32> {
        let rng = &mut self.rng;
        let held = programs::HELD
            .iter()
            .any(|(program, _)| *program == track.program);
        let role = match bus {
            Bus::Drums => {
                return DrumMachine::draw(rng).play(&track.notes, rate_hz, length, rng);
            }
            Bus::Bass => Role::Bass,
            // Songs are sung.
            Bus::Lead if rng.random_bool(0.65) => Role::Voice,
            Bus::Lead => Role::Lead,
            Bus::Chords if held => Role::Held,
            Bus::Chords | Bus::Guitars => Role::Struck,
        };
        let patch = Patch::draw(rng, role);
        let expression = self.expression(track, role == Role::Voice);
        synthesizer::play(
            &patch,
            &track.notes,
            &expression,
            rate_hz,
            length,
            &mut self.rng,
        )
    }

    /// The pitch bends of a part: only monophonic leads have any.
    fn expression(&mut self, track: &Track, sung: bool) -> Expression {
        let alone = track
            .notes
            .windows(2)
            .all(|pair| pair[1].start > pair[0].start + 0.02 && pair[0].end < pair[1].start + 0.15);
        if track.bus != Bus::Lead || !alone || !self.rng.random_bool(self.expression_share) {
            return Expression::NONE;
        }
        if sung || programs::is_voice(track.program) {
            Expression::singer(&mut self.rng)
        } else {
            Expression::player(&mut self.rng)
        }
    }
}
