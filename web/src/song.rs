//! Transcription of a decoded song.

use std::ops::ControlFlow;

use harmony::export;
use harmony::timeline::{Alternative, Timeline};
use harmony::vocabulary::Vocabulary;
use recognizer::beat::Known;
use recognizer::features::SAMPLE_RATE;
use recognizer::mono::MonoMix;
use recognizer::signal::SignalBuilder;
use recognizer::transcribe::Networks;
use recognizer::tuning::{Tuning, TuningSetting};
use recognizer::{Analysis, Signal, models, song};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};

use crate::error::Error;

/// The most channels that are mixed to one: the limit of the Web Audio API.
const MAX_CHANNELS: usize = 32;

/// A song: first its audio, block by block, then its chords.
#[wasm_bindgen]
pub struct Song {
    rate: u32,
    mix: MonoMix,
    mono: Vec<f32>,
    builder: SignalBuilder,
    /// The whole signal, once the audio is complete.
    signal: Option<Signal>,
}

/// The result of transcribing a song.
#[derive(Serialize)]
struct Heard {
    /// The saved form of its track.
    track: String,
    length_s: f64,
    /// The frequency of A in Hz.
    a4_hz: f64,
    /// The tuning in words, if it is not A = 440 Hz.
    tuning: Option<String>,
    /// Whether it has a steady beat.
    has_beats: bool,
}

#[wasm_bindgen]
impl Song {
    /// A song of samples at `rate` Hz.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(rate: u32) -> Self {
        Self {
            rate,
            mix: MonoMix::new(f64::from(rate)),
            mono: Vec::new(),
            builder: SignalBuilder::default(),
            signal: None,
        }
    }

    /// Takes the next samples of all channels, one channel after the other in `planes`. They are
    /// mixed as in the command: two by [`MonoMix`], more to their mean.
    ///
    /// # Errors
    /// No channels, or too many.
    pub fn push(&mut self, planes: &[f32], channels: usize) -> Result<(), JsError> {
        Ok(self.take(planes, channels)?)
    }

    /// The chord track, as JSON: `track` (its saved form), `length_s`, `a4_hz`, `tuning`,
    /// `has_beats`. `progress` is called with the share done, 0 … 1.
    ///
    /// # Errors
    /// A rate out of range, and failures of the recognizer.
    pub fn transcribe(
        &mut self,
        title: &str,
        progress: &js_sys::Function,
    ) -> Result<String, JsError> {
        let tell = |share: f32| {
            // An exception in the page's callback is ignored.
            let _ = progress.call1(&JsValue::NULL, &JsValue::from(share));
        };
        Ok(self.heard(title, tell)?)
    }

    /// The analysed audio as a WAV file: mono, 22 050 Hz, 16 bits.
    ///
    /// # Errors
    /// A rate out of range.
    pub fn wav(&mut self) -> Result<Vec<u8>, JsError> {
        Ok(wav(self.signal()?)?)
    }
}

impl Song {
    /// A song with complete audio.
    pub(crate) fn of(rate: u32, builder: SignalBuilder) -> Self {
        Self {
            builder,
            ..Self::new(rate)
        }
    }

    fn take(&mut self, planes: &[f32], channels: usize) -> Result<(), Error> {
        if channels == 0 || channels > MAX_CHANNELS {
            return Err(Error::Channels(channels, MAX_CHANNELS));
        }
        let frames = planes.len() / channels;
        self.mono.clear();
        match channels {
            1 => self.mono.extend_from_slice(planes),
            2 => {
                let (left, right) = planes.split_at(frames);
                self.mix.append(left, right, &mut self.mono);
            }
            _ => {
                let scale = 1.0 / channels as f32;
                self.mono.extend((0..frames).map(|frame| {
                    let sum: f32 = (0..channels)
                        .map(|channel| planes[channel * frames + frame])
                        .sum();
                    sum * scale
                }));
            }
        }
        self.builder.push(self.rate, &self.mono);
        Ok(())
    }

    fn signal(&mut self) -> Result<&Signal, Error> {
        if self.signal.is_none() {
            self.signal = Some(std::mem::take(&mut self.builder).finish()?);
        }
        Ok(self.signal.get_or_insert_default())
    }

    /// Transcribes the song like `changes transcribe` without options.
    fn heard(&mut self, title: &str, mut progress: impl FnMut(f32)) -> Result<String, Error> {
        let windowed = models::windowed()?;
        let networks = Networks::both(&*windowed, models::live()?);
        let signal = self.signal()?;
        let (known, tuning) = (Some(Known::default()), TuningSetting::Estimated);
        let (analysis, heard) = song::listen(signal, &networks, known, tuning, |share| {
            progress(share);
            true
        })?;
        let chords = heard
            .chords
            .map_labels(|label| Vocabulary::default().simplify(label));
        let chords = with_alternatives(&chords, &analysis)?;
        let about = export::Options {
            title: Some(title.to_owned()),
            ..export::Options::default()
        };
        let track = song::track(&chords, &chords, heard.beats.as_ref(), &about)?;
        Ok(serde_json::to_string(&Heard {
            track: track.to_json()?,
            length_s: analysis.length_s,
            a4_hz: heard.tuning.a4_hz(),
            tuning: (heard.tuning != Tuning::CONCERT).then(|| heard.tuning.to_string()),
            has_beats: heard.beats.is_some(),
        })?)
    }
}

/// The same chords with their alternatives.
fn with_alternatives(chords: &Timeline, analysis: &Analysis) -> Result<Timeline, Error> {
    let mut segments = chords.segments().to_vec();
    for segment in &mut segments {
        let others = analysis.alternatives(segment);
        segment.alternatives = others
            .into_iter()
            .map(|(label, probability)| Alternative { label, probability })
            .collect();
    }
    Ok(Timeline::from_segments(segments)?)
}

/// A WAV file of the signal.
fn wav(signal: &Signal) -> Result<Vec<u8>, Error> {
    const HEAD: u32 = 36;
    let bytes = u32::try_from(2 * signal.len()).unwrap_or(u32::MAX - HEAD);
    let mut file = Vec::with_capacity(bytes as usize + 44);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(HEAD + bytes).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend_from_slice(&SAMPLE_RATE.to_le_bytes());
    file.extend_from_slice(&(2 * SAMPLE_RATE).to_le_bytes());
    file.extend_from_slice(b"\x02\0\x10\0data");
    file.extend_from_slice(&bytes.to_le_bytes());
    signal
        .blocks(|block| {
            for sample in block {
                let whole = (sample.clamp(-1.0, 1.0) * 32_767.0) as i16;
                file.extend_from_slice(&whole.to_le_bytes());
            }
            ControlFlow::Continue(())
        })
        .map_err(recognizer::TranscribeError::from)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use harmony::track::Track;

    /// A cadence in C, stereo, and the same in mono.
    fn chords() -> (Vec<f32>, Vec<f32>) {
        let rate = 44_100;
        let tones = [[262.0, 330.0, 392.0], [349.0, 440.0, 523.0]];
        let mono: Vec<f32> = (0..8 * rate)
            .map(|n| {
                let turn = std::f32::consts::TAU * n as f32 / rate as f32;
                let hz = tones[n / (2 * rate) % 2];
                hz.iter().map(|hz| (turn * hz).sin()).sum::<f32>() * 0.1
            })
            .collect();
        let stereo = mono.chunks(1000).flat_map(|block| [block, block].concat());
        (stereo.collect(), mono)
    }

    fn labels(song: &mut Song) -> Vec<String> {
        let mut last = 0.0;
        let heard = song.heard("Cadence", |share| last = share).unwrap();
        assert!(last > 0.99);
        let heard: serde_json::Value = serde_json::from_str(&heard).unwrap();
        let track = Track::from_json(heard["track"].as_str().unwrap()).unwrap();
        assert_eq!(track.info().title, "Cadence");
        assert_eq!(heard["length_s"].as_f64().unwrap(), 8.0);
        let segments = track.timeline().segments().iter();
        segments
            .filter(|segment| segment.label.chord().is_some())
            .map(|segment| {
                assert_eq!(segment.alternatives.len(), 4);
                segment.label.to_string()
            })
            .collect()
    }

    #[test]
    fn channels_in_blocks_are_the_song() {
        let (stereo, mono) = chords();
        let mut one = Song::new(44_100);
        one.take(&mono, 1).unwrap();
        let mut two = Song::new(44_100);
        let mut three = Song::new(44_100);
        for (both, single) in stereo.chunks(2000).zip(mono.chunks(1000)) {
            two.take(both, 2).unwrap();
            three.take(&single.repeat(3), 3).unwrap();
        }
        assert_eq!(one.signal().unwrap(), two.signal().unwrap());
        assert_eq!(one.signal().unwrap().len(), three.signal().unwrap().len());
        let found = labels(&mut one);
        assert!(found.len() >= 2 && found.iter().all(|it| it.starts_with(['C', 'F'])));
        assert_eq!(labels(&mut three), found);
    }

    #[test]
    fn bad_channels_and_rates_are_told() {
        let mut song = Song::new(44_100);
        assert!(matches!(song.take(&[], 0), Err(Error::Channels(0, _))));
        assert!(matches!(song.take(&[], 33), Err(Error::Channels(33, _))));
        let mut song = Song::new(5);
        song.take(&[0.0], 1).unwrap();
        assert!(matches!(song.heard("", |_| ()), Err(Error::Rate(_))));
    }

    #[test]
    fn the_wav_is_what_was_heard() {
        let (_, mono) = chords();
        let mut song = Song::new(44_100);
        song.take(&mono, 1).unwrap();
        let file = wav(song.signal().unwrap()).unwrap();
        assert_eq!(file.len() as u64, 44 + 2 * song.signal().unwrap().len());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("song.wav");
        std::fs::write(&path, file).unwrap();
        let audio = recognizer::decode_file(&path, &mut |_| {}).unwrap();
        assert_eq!(audio.sample_rate, SAMPLE_RATE);
        assert_eq!(audio.samples.len() as u64, song.signal().unwrap().len());
    }
}
