//! What is scored: the engines as they ship, and other listeners.

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
use recognizer::transcribe::{Analysis, Networks, decode};
use recognizer::tuning::TuningSetting;

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

/// Another recognizer, such as a teacher.
pub trait Listener: Sync {
    /// Its name in the tables.
    fn name(&self) -> &str;

    /// What determines its answers, weights and settings: equal identities give the same
    /// answer for the same audio.
    fn identity(&self) -> String;

    /// The chords of the audio, with confidences.
    ///
    /// # Errors
    /// Any failure of the listener.
    fn listen(&self, audio: &Audio) -> Result<Vec<Segment>>;
}

/// Everything that is scored in one run, on the same audio.
#[derive(Clone)]
pub struct Engines<'a> {
    /// The network of the live engine.
    pub live: Arc<dyn CausalModel>,
    /// The network of the whole-file engine.
    pub windowed: &'a dyn WindowModel,
    /// Further costs for decoding with the whole-file engine, by name.
    pub costs: Vec<(String, ChangeCosts)>,
    /// The other listeners.
    pub listeners: Vec<&'a dyn Listener>,
    /// The oracle, which gets the notes.
    pub oracle: Option<&'a Oracle>,
    /// The cache of the listeners' tracks.
    pub cache: Option<&'a TrackCache>,
}

/// A chord track with the name of its maker.
pub type Named = (String, Vec<Segment>);

impl Engines<'_> {
    /// The tracks of all.
    ///
    /// # Errors
    /// If an engine fails.
    pub fn tracks(&self, audio: &Audio) -> Result<Vec<Named>> {
        let (live, display) = live_tracks(audio, &self.live)?;
        let heard = whole(audio, self.windowed, &self.live)?;
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

/// The track of the whole-file engine, which asks both networks.
///
/// # Errors
/// If an engine fails.
pub fn offline_track(
    audio: &Audio,
    windowed: &dyn WindowModel,
    live: &Arc<dyn CausalModel>,
) -> Result<Vec<Segment>> {
    Ok(whole(audio, windowed, live)?
        .timeline(None)?
        .segments()
        .to_vec())
}

/// What both networks hear in a whole file.
fn whole(
    audio: &Audio,
    windowed: &dyn WindowModel,
    live: &Arc<dyn CausalModel>,
) -> Result<Analysis> {
    let networks = Networks::both(windowed, Arc::clone(live));
    let signal = Signal::from_audio(audio)?;
    let tuning = TuningSetting::Estimated;
    Ok(Analysis::with_tuning(&signal, &networks, tuning, |_| true)?)
}

/// The confirmed track of the live engine, and the track of its display.
///
/// # Errors
/// If the engine refuses the rate.
pub fn live_tracks(
    audio: &Audio,
    model: &Arc<dyn CausalModel>,
) -> Result<(Vec<Segment>, Vec<Segment>)> {
    live_tracks_with(audio, model, LiveSettings::default(), None)
}

/// The same with other settings, and on the beats of `grid` if there is one.
///
/// # Errors
/// If the engine refuses the rate.
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
    // The display is empty at first.
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
