//! Live recognition from a microphone: the current chord, and the track.

use std::sync::Arc;

use harmony::key::Key;
use harmony::timeline::{Alternative, Segment, Status};
use harmony::track::Track;
use recognizer::beat::NoBeats;
use recognizer::inference::{CausalModel, WindowModel};
use recognizer::refine::Refined;
use recognizer::signal::SignalBuilder;
use recognizer::{Event, LiveEngine, LiveSettings, RefiningEngine, Shown, ShownState, models};
use serde::Serialize;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::error::Error;
use crate::settings::Settings;
use crate::song::Song;
use crate::view::{Other, Sound, others};

/// Listens like the plugin without a transport: one engine shows the current chord, and a second
/// one analyses the same samples some seconds later and confirms.
#[wasm_bindgen]
pub struct Listener {
    rate: u32,
    engine: LiveEngine,
    refining: RefiningEngine,
    /// All samples, to be transcribed as a whole at the end.
    builder: SignalBuilder,
    track: Track,
    shown: Option<Shown>,
    /// The end of the confirmed track, seconds.
    confirmed_s: f64,
    /// Whether the track has changed since it was last returned.
    changed: bool,
    peak: f32,
}

/// The changes by a block.
#[derive(Serialize)]
struct Heard {
    now_s: f64,
    /// Peak of the block, full scale at 1.
    peak: f32,
    /// The display, if it has changed.
    shown: Option<Now>,
    /// The saved form of the track, if it has changed.
    track: Option<String>,
}

/// The display.
#[derive(Serialize)]
struct Now {
    starts_at_s: f64,
    confirmed: bool,
    #[serde(flatten)]
    sound: Sound,
    alternatives: Vec<Other>,
}

#[wasm_bindgen]
impl Listener {
    /// A listener for samples at `rate` Hz.
    ///
    /// # Errors
    /// A rate out of range.
    #[wasm_bindgen(constructor)]
    pub fn new(rate: u32) -> Result<Self, JsError> {
        Ok(Self::at(rate)?)
    }

    /// Takes the next mono samples. Returns the changes as JSON: `now_s`, `peak`, `shown` and
    /// `track`.
    ///
    /// # Errors
    /// Settings that cannot be read.
    pub fn push(&mut self, samples: &[f32], settings: &str) -> Result<String, JsError> {
        Ok(self.hear(samples, settings)?)
    }

    /// The whole recording, as a song.
    #[must_use]
    pub fn into_song(self) -> Song {
        Song::of(self.rate, self.builder)
    }
}

impl Listener {
    fn at(rate: u32) -> Result<Self, Error> {
        let host_rate = f64::from(rate);
        let live = models::live()? as Arc<dyn CausalModel>;
        let windowed = models::windowed()? as Arc<dyn WindowModel>;
        let mut engine = LiveEngine::new(live, host_rate, LiveSettings::default())?;
        engine.share_frames(true);
        let mut refining = RefiningEngine::told_tuning(windowed, host_rate)?;
        refining.tell_tuning(engine.tuning_steps());
        Ok(Self {
            rate,
            engine,
            refining,
            builder: SignalBuilder::default(),
            track: Track::new(),
            shown: None,
            confirmed_s: 0.0,
            changed: false,
            peak: 0.0,
        })
    }

    fn hear(&mut self, samples: &[f32], settings: &str) -> Result<String, Error> {
        let settings = Settings::read(settings)?;
        self.builder.push(self.rate, samples);
        self.engine.push(samples);
        self.refining.tell_tuning(self.engine.tuning_steps());
        self.refining.tell_frames(&self.engine.take_frames());
        self.refining.push(samples);
        let loudest = samples.iter().map(|sample| sample.abs());
        self.peak = loudest.fold(0.0, f32::max);
        let mut news = false;
        while let Some(event) = self.engine.poll() {
            match event {
                Event::Shown(shown) => {
                    self.shown = Some(shown);
                    news = true;
                }
                Event::Segment(mut segment) => {
                    segment.status = Status::Provisional;
                    // The confirmed part stays.
                    segment.start_s = segment.start_s.max(self.confirmed_s);
                    self.write(segment.start_s, segment.end_s, vec![segment])?;
                }
            }
        }
        while let Some(refined) = self.refining.poll(&mut NoBeats) {
            self.confirm(refined)?;
        }
        let track = std::mem::take(&mut self.changed).then(|| self.track.to_json());
        Ok(serde_json::to_string(&Heard {
            now_s: self.engine.now_s(),
            peak: self.peak,
            shown: self.shown.as_ref().filter(|_| news).map(|shown| {
                let key = self.key();
                Now::new(shown, key, &settings)
            }),
            track: track.transpose()?,
        })?)
    }

    /// The current key.
    fn key(&self) -> Option<Key> {
        self.track.key_at_s(self.engine.now_s())
    }

    fn write(&mut self, from_s: f64, to_s: f64, segments: Vec<Segment>) -> Result<(), Error> {
        if to_s > from_s {
            self.track.replace_range(from_s, to_s, segments)?;
            self.changed = true;
        }
        Ok(())
    }

    fn confirm(&mut self, refined: Refined) -> Result<(), Error> {
        let segments = refined.segments.into_iter().map(|it| Segment {
            alternatives: it
                .alternatives
                .into_iter()
                .map(|(label, probability)| Alternative { label, probability })
                .collect(),
            ..it.segment
        });
        self.write(refined.from_s, refined.to_s, segments.collect())?;
        self.confirmed_s = refined.to_s;
        Ok(self.track.estimate_keys_of_confirmed()?)
    }
}

impl Now {
    fn new(shown: &Shown, key: Option<Key>, settings: &Settings) -> Self {
        let readings = shown.alternatives.iter().map(|(label, p)| (label, *p));
        Self {
            starts_at_s: shown.starts_at_s,
            confirmed: shown.state == ShownState::Confirmed,
            sound: Sound::new(&shown.label, shown.confidence, key, settings),
            alternatives: others(readings, &shown.label, key, settings),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chord_is_shown_then_confirmed_and_kept() {
        let rate = 48_000;
        let mut listener = Listener::at(rate).unwrap();
        let chord = |n: u32| {
            let turn = std::f32::consts::TAU * n as f32 / rate as f32;
            let hz = if n < 8 * rate {
                [110.0, 220.0, 261.6, 329.6]
            } else {
                [87.3, 174.6, 220.0, 261.6]
            };
            // With overtones, as instruments have them.
            let tone =
                |hz: f32| (1..=4).map(move |k| (turn * hz * k as f32).sin() / (k * k) as f32);
            0.1 * hz.into_iter().flat_map(tone).sum::<f32>()
        };
        let samples: Vec<f32> = (0..20 * rate).map(chord).collect();
        let (mut shown, mut track) = (Vec::new(), None);
        for block in samples.chunks(2048) {
            let heard = listener.hear(block, "{}").unwrap();
            let heard: serde_json::Value = serde_json::from_str(&heard).unwrap();
            if let Some(text) = heard["shown"]["name"]["text"].as_str() {
                shown.push((text.to_owned(), heard["now_s"].as_f64().unwrap()));
            }
            if let Some(json) = heard["track"].as_str() {
                track = Some(Track::from_json(json).unwrap());
            }
            assert!(heard["peak"].as_f64().unwrap() <= 0.6);
        }
        assert!(
            shown
                .iter()
                .any(|(text, now_s)| text == "Am" && *now_s < 1.5)
        );
        assert!(
            shown
                .iter()
                .any(|(text, now_s)| text == "F" && *now_s < 9.5)
        );
        let track = track.unwrap();
        let at = |time_s| track.timeline().at(time_s).unwrap();
        assert_eq!(at(4.0).label.to_string(), "A:min");
        assert_eq!(at(4.0).status, Status::Confirmed);
        assert_eq!(at(4.0).alternatives.len(), 4);
        assert_eq!(at(11.0).label.to_string(), "F:maj");
        assert!(track.key_at_s(4.0).is_some());
    }
}
