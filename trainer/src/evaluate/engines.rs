//! Who is scored: the engines as they ship, and whoever else listens.

use std::sync::Arc;

use anyhow::Result;
use harmony::label::Label;
use harmony::timeline::{Segment, Status};
use recognizer::audio::Audio;
use recognizer::beat::BeatGrid;
use recognizer::decode::changes::ChangeCosts;
use recognizer::inference::{CausalModel, WindowModel};
use recognizer::live::{Event, LiveEngine, LiveSettings};
use recognizer::signal::Signal;
use recognizer::transcribe::{Analysis, decode, transcribe};

use super::cache::TrackCache;
use super::oracle::Oracle;

/// Name of the whole-file engine.
pub const OFFLINE: &str = "offline";
/// Name of the confirmed track of the live engine.
pub const LIVE: &str = "live";
/// Name of what the live engine's display showed.
pub const DISPLAY: &str = "display";

/// Name of `Oracle`.
pub const ORACLE: &str = "oracle";

/// Something else that hears chords, a teacher.
pub trait Listener: Sync {
    /// Its name in the tables.
    fn name(&self) -> &str;

    /// What decides its answers, weights and settings: equal identities say the same of
    /// the same audio.
    fn identity(&self) -> String;

    /// What it hears, with its confidence.
    ///
    /// # Errors
    /// Whatever goes wrong with it.
    fn listen(&self, audio: &Audio) -> Result<Vec<Segment>>;
}

/// All that are scored in one run, on the same audio.
#[derive(Clone)]
pub struct Engines<'a> {
    /// The network of the live engine.
    pub live: Arc<dyn CausalModel>,
    /// The network of the whole-file engine.
    pub windowed: &'a dyn WindowModel,
    /// Other costs with which the whole-file engine decodes what it heard, by name.
    pub costs: Vec<(String, ChangeCosts)>,
    /// The others.
    pub listeners: Vec<&'a dyn Listener>,
    /// Who is told the notes.
    pub oracle: Option<&'a Oracle>,
    /// Where what the listeners said is kept.
    pub cache: Option<&'a TrackCache>,
}

/// A chord track with the name of who made it.
pub type Named = (String, Vec<Segment>);

impl Engines<'_> {
    /// The track of each.
    ///
    /// # Errors
    /// An engine that fails.
    pub fn tracks(&self, audio: &Audio) -> Result<Vec<Named>> {
        let (live, display) = live_tracks(audio, &self.live)?;
        let heard = Analysis::new(&Signal::from_audio(audio)?, self.windowed, |_| true)?;
        let mut tracks = vec![
            (
                OFFLINE.to_owned(),
                heard.timeline(None)?.segments().to_vec(),
            ),
            (LIVE.to_owned(), live),
            (DISPLAY.to_owned(), display),
        ];
        for (name, costs) in &self.costs {
            let track = decode(&heard.posteriors, heard.length_s, None, *costs)?;
            tracks.push((format!("{OFFLINE} {name}"), track.segments().to_vec()));
        }
        for listener in &self.listeners {
            let listen = || listener.listen(audio);
            let track = match self.cache {
                Some(cache) => cache.track(&listener.identity(), audio, listen)?,
                None => listen()?,
            };
            tracks.push((listener.name().to_owned(), track));
        }
        Ok(tracks)
    }
}

/// The track of the whole-file engine.
///
/// # Errors
/// An engine that fails.
pub fn offline_track(audio: &Audio, model: &dyn WindowModel) -> Result<Vec<Segment>> {
    Ok(transcribe(audio, model, |_| true)?.segments().to_vec())
}

/// The confirmed track of the live engine, and what was on its display when.
///
/// # Errors
/// A rate that the engine refuses.
pub fn live_tracks(
    audio: &Audio,
    model: &Arc<dyn CausalModel>,
) -> Result<(Vec<Segment>, Vec<Segment>)> {
    live_tracks_with(audio, model, LiveSettings::default(), None)
}

/// The same with other settings, and on the beats of `grid` where there is one.
///
/// # Errors
/// A rate that the engine refuses.
pub fn live_tracks_with(
    audio: &Audio,
    model: &Arc<dyn CausalModel>,
    settings: LiveSettings,
    grid: Option<&BeatGrid>,
) -> Result<(Vec<Segment>, Vec<Segment>)> {
    let rate = f64::from(audio.sample_rate);
    let mut engine = LiveEngine::new(Arc::clone(model), rate, settings)?;
    engine.push_on_beats(&audio.samples, &mut |_: f64, _: f64| grid.cloned());
    engine.finish();
    let length_s = audio.length_s();
    let mut confirmed = Vec::new();
    let mut displayed = Vec::new();
    // Nothing is shown at first, and nothing is what that says.
    let mut shown = Segment::new(0.0, length_s, Label::NoChord);
    while let Some(event) = engine.poll() {
        match event {
            Event::Segment(segment) => confirmed.push(segment),
            Event::Shown(next) if next.shown_at_s < length_s => {
                if next.shown_at_s > shown.start_s {
                    shown.end_s = next.shown_at_s;
                    displayed.push(shown.clone());
                }
                shown = Segment {
                    confidence: next.confidence,
                    status: Status::Provisional,
                    ..Segment::new(next.shown_at_s, length_s, next.label)
                };
            }
            Event::Shown(_) => {}
        }
    }
    if length_s > shown.start_s {
        displayed.push(shown);
    }
    Ok((confirmed, displayed))
}
