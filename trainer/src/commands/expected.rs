//! `trainer eval-expected`: how often an expected next chord comes, and how early it is known,
//! on repeated passages of held-out songs; and how often a guess is right elsewhere.

use std::path::PathBuf;

use crate::beats::measure::median;
use crate::beats::song::Song;
use crate::parallel;
use anyhow::Result;
use harmony::expect::{Likely, expected, likely};
use harmony::label::Label;
use harmony::simplify::Simplify;
use harmony::timeline::{Segment, Timeline};
use harmony::track::{Keep, Track};
use recognizer::beat::{self, Known};
use recognizer::models;
use recognizer::signal::Signal;
use recognizer::transcribe::Analysis;
use serde::Serialize;

use super::songs::SongArguments;

/// The arguments of `trainer eval-expected`.
#[derive(clap::Args)]
pub(super) struct ExpectedArguments {
    #[command(flatten)]
    songs: SongArguments,
    /// Length of a song in seconds.
    #[arg(short, long, default_value_t = 120.0)]
    length: f64,
    /// Seconds after which the track has a chord, as with the live engine.
    #[arg(long, default_value_t = 0.6)]
    delay: f64,
    /// Seconds after which a chord is confirmed, and counts for the key.
    #[arg(long, default_value_t = 7.0)]
    confirmed: f64,
    /// Guesses that are less likely than this are not made, as in the window.
    #[arg(long, default_value_t = 0.35, value_parser = super::share)]
    least: f64,
    /// Threads.
    #[arg(short, long, default_value_t = 2)]
    threads: usize,
    /// All figures as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// The outcome for the changes of one song.
#[derive(Debug, Default, Serialize)]
struct Outcome {
    /// Changes of chord.
    changes: usize,
    /// Changes before which a chord was expected.
    expected: usize,
    /// Expected changes that brought another chord.
    wrong: usize,
    /// For right expectations, seconds from the first expectation until the chord came.
    leads_s: Vec<f64>,
    /// Where no chord was expected.
    guesses: Guesses,
}

/// What became of guesses, where no chord was expected.
#[derive(Debug, Default, Serialize)]
struct Guesses {
    /// Changes of chord.
    changes: usize,
    /// Those before which a chord was guessed.
    guessed: usize,
    /// The sum of how likely those guesses were said to be.
    said: f64,
    /// Those of them that brought another root, or another third.
    wrong: usize,
    /// For the others, seconds from the guess until the chord came.
    leads_s: Vec<f64>,
}

impl Guesses {
    /// Adds what would have been guessed, the moment the sounding chord is known, of the chord
    /// that came.
    fn add(&mut self, track: &Track, at_s: f64, next: &Segment, settings: &ExpectedArguments) {
        self.changes += 1;
        if at_s >= next.start_s {
            return;
        }
        let guess = likely(track, track.tempo().beat_at(at_s));
        let wanted = |it: &Likely| f64::from(it.probability) >= settings.least;
        let Some(guess) = guess.filter(wanted) else {
            return;
        };
        self.guessed += 1;
        self.said += f64::from(guess.probability);
        let third = |label: &Label| {
            let chord = label.chord()?;
            let minor = chord.quality().has_minor_third();
            Some((chord.root().pitch_class(), minor))
        };
        if third(&guess.label) == third(&next.label) {
            self.leads_s.push(next.start_s - at_s);
        } else {
            self.wrong += 1;
        }
    }
}

/// Evaluates and prints.
pub(super) fn run(arguments: &ExpectedArguments) -> Result<()> {
    let interrupted = super::interruption()?;
    let songs = arguments.songs.open(arguments.length)?;
    let model = models::windowed()?;
    let outcomes = parallel::map(
        "expected",
        songs.count(),
        arguments.threads,
        &interrupted,
        |index| {
            let song = Song::new(songs.get(index)?);
            let signal = Signal::from_audio(&song.audio)?;
            let analysis = Analysis::new(&signal, &*model, |_| true)?;
            let plain = analysis.timeline(None)?;
            let beats = beat::find(&signal, &plain, Known::default());
            let mut track = Track::new();
            if let Some(tempo) = beats.as_ref().and_then(beat::Beats::tempo_map) {
                track.set_tempo(tempo, Keep::Seconds)?;
            }
            let timeline = match &beats {
                Some(beats) => analysis.timeline(Some(&beats.grid()))?,
                None => plain,
            };
            let end_s = timeline.end_s().unwrap_or(0.0);
            track.replace_range(0.0, end_s, timeline.segments().to_vec())?;
            outcome(&track, arguments)
        },
    )?;
    let changes: usize = outcomes.iter().map(|it| it.changes).sum();
    let expected: usize = outcomes.iter().map(|it| it.expected).sum();
    let wrong: usize = outcomes.iter().map(|it| it.wrong).sum();
    let mut leads_s: Vec<f64> = outcomes.iter().flat_map(|it| it.leads_s.clone()).collect();
    println!(
        "{} songs, {changes} changes: a chord was expected before {:.3} of them, wrongly {:.3} of those; median lead {:.2} s",
        outcomes.len(),
        expected as f64 / changes.max(1) as f64,
        wrong as f64 / expected.max(1) as f64,
        median(&mut leads_s).unwrap_or(f64::NAN),
    );
    let guesses = || outcomes.iter().map(|it| &it.guesses);
    let unexpected: usize = guesses().map(|it| it.changes).sum();
    let guessed: usize = guesses().map(|it| it.guessed).sum();
    let said: f64 = guesses().map(|it| it.said).sum();
    let missed: usize = guesses().map(|it| it.wrong).sum();
    let mut leads_s: Vec<f64> = guesses().flat_map(|it| it.leads_s.clone()).collect();
    println!(
        "before the other {unexpected}: a guess before {:.3} of them, wrong {:.3} of those, said to be right {:.3}; median lead {:.2} s",
        guessed as f64 / unexpected.max(1) as f64,
        missed as f64 / guessed.max(1) as f64,
        said / guessed.max(1) as f64,
        median(&mut leads_s).unwrap_or(f64::NAN),
    );
    if let Some(path) = &arguments.json {
        harmony::export::atomic::write(path, &serde_json::to_vec_pretty(&outcomes)?)?;
    }
    Ok(())
}

/// The expectations before each change of a track, as it is heard chord by chord.
fn outcome(track: &Track, settings: &ExpectedArguments) -> Result<Outcome> {
    let triad = |label: &Label| {
        let simple = Simplify::Triads.label(label);
        let chord = simple.chord()?;
        Some((chord.root().pitch_class(), chord.quality()))
    };
    let segments = track.timeline().segments();
    let mut outcome = Outcome::default();
    for pair in segments.windows(2) {
        let (sounding, next) = (&pair[0], &pair[1]);
        if next.label.chord().is_none() || triad(&sounding.label) == triad(&next.label) {
            continue;
        }
        outcome.changes += 1;
        // From when the sounding chord is known, every tenth of a second until the next one.
        let first_s = sounding.start_s + settings.delay;
        let mut said: Option<(f64, Label)> = None;
        let steps = ((next.start_s - first_s) / 0.1).floor().max(-1.0);
        let mut step = 0.0;
        while step <= steps {
            let at_s = first_s + 0.1 * step;
            step += 1.0;
            let now = expected(track, track.tempo().beat_at(at_s)).map(|it| it.label);
            // A changed expectation starts anew; one that has disappeared does not count.
            match (&said, now) {
                (Some((_, label)), Some(now)) if triad(label) == triad(&now) => {}
                (_, now) => said = now.map(|now| (at_s, now)),
            }
        }
        if let Some((since_s, label)) = said {
            outcome.expected += 1;
            if triad(&label) == triad(&next.label) {
                outcome.leads_s.push(next.start_s - since_s);
            } else {
                outcome.wrong += 1;
            }
        } else {
            let known = with_keys(track, first_s - settings.confirmed)?;
            outcome.guesses.add(&known, first_s, next, settings);
        }
    }
    Ok(outcome)
}

/// The track with the keys that are found from its chords up to a second.
fn with_keys(track: &Track, until_s: f64) -> Result<Track> {
    let confirmed = track.timeline().segments().iter();
    let confirmed = confirmed.take_while(|it| it.end_s <= until_s).cloned();
    let mut known = track.clone();
    known.estimate_keys_of(&Timeline::from_segments(confirmed)?)?;
    Ok(known)
}
