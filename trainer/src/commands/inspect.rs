//! `trainer inspect`: draws some seconds of music with the chords of the engines.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::evaluate::engines::{live_tracks, offline_track};
use crate::evaluate::real::{self, Heard, POSTERIOR_FRAME_S};
use crate::plot::excerpt::{Excerpt, NamedTrack};
use crate::plot::png;
use anyhow::{Context, Result, ensure};
use harmony::export::atomic;
use harmony::timeline::Segment;
use recognizer::audio::Audio;
use recognizer::features::causal_vqt::LIVE_HOP_SAMPLES;
use recognizer::features::centred_cqt::CentredCqt;
use recognizer::features::{BINS, SAMPLE_RATE, log_compress};
use recognizer::inference::{CausalModel, WindowModel};
use recognizer::resample::StreamResampler;

/// Longest time that is drawn, in seconds.
const MAX_SPAN_S: f64 = 120.0;
/// Seconds of audio before and after, on which the frames depend.
const MARGIN_S: f64 = 1.0;

/// The arguments of `trainer inspect`.
#[derive(clap::Args)]
pub(super) struct InspectArguments {
    /// The audio file.
    #[arg(long)]
    audio: PathBuf,
    /// A teacher's output: a .posteriors file with its .lab beside it.
    #[arg(long)]
    posteriors: Option<PathBuf>,
    /// Start of the picture, in seconds.
    #[arg(long, default_value_t = 0.0)]
    from: f64,
    /// End of the picture, in seconds.
    #[arg(long, default_value_t = 20.0)]
    to: f64,
    /// The picture, a PNG.
    #[arg(short, long)]
    out: PathBuf,
    /// Causal weights [default: the built-in ones].
    #[arg(long)]
    live: Option<PathBuf>,
    /// Windowed weights [default: the built-in ones].
    #[arg(long)]
    windowed: Option<PathBuf>,
}

/// Draws the picture.
pub(super) fn run(arguments: &InspectArguments) -> Result<()> {
    let (from_s, to_s) = (arguments.from, arguments.to);
    ensure!(
        from_s >= 0.0 && to_s > from_s && to_s - from_s <= MAX_SPAN_S,
        "--from {from_s} --to {to_s}: give a range of at most {MAX_SPAN_S} s"
    );
    let (live, windowed) =
        super::eval::networks(arguments.live.as_deref(), arguments.windowed.as_deref())?;
    let audio = real::audio(&arguments.audio)?;
    let heard = arguments
        .posteriors
        .as_deref()
        .map(Heard::load)
        .transpose()?;
    let tracks = student_tracks(&audio, &live, windowed.as_ref())?;
    let name = arguments.audio.file_name().unwrap_or_default();
    let excerpt = excerpt(
        &name.to_string_lossy(),
        &audio,
        (from_s, to_s),
        heard.as_ref(),
        tracks,
    )?;
    write(&excerpt, &arguments.out)?;
    println!("{}", arguments.out.display());
    Ok(())
}

/// Writes only a PNG: an SVG of so many frames would be useless.
pub(super) fn write(excerpt: &Excerpt, path: &Path) -> Result<()> {
    let bytes = png(excerpt).with_context(|| format!("drawing {}", path.display()))?;
    Ok(atomic::write(path, &bytes)?)
}

/// The tracks of both engines.
pub(super) fn student_tracks(
    audio: &Audio,
    live: &Arc<dyn CausalModel>,
    windowed: &dyn WindowModel,
) -> Result<Vec<NamedTrack>> {
    let track = |name: &str, segments: Vec<Segment>| NamedTrack {
        name: name.into(),
        segments,
    };
    let (confirmed, displayed) = live_tracks(audio, live)?;
    Ok(vec![
        track("offline", offline_track(audio, windowed, live)?),
        track("live", confirmed),
        track("display", displayed),
    ])
}

/// A part of a piece, with the tracks of teacher and students.
pub(super) fn excerpt(
    name: &str,
    audio: &Audio,
    (from_s, to_s): (f64, f64),
    heard: Option<&Heard>,
    students: Vec<NamedTrack>,
) -> Result<Excerpt> {
    let to_s = to_s.min(audio.length_s());
    ensure!(
        to_s > from_s,
        "{name} is {:.1} s long, but the picture begins at {from_s} s",
        audio.length_s()
    );
    let teacher = heard.map(|heard| NamedTrack {
        name: "teacher".into(),
        segments: heard.segments.clone(),
    });
    let within = |mut track: NamedTrack| {
        track
            .segments
            .retain(|s| s.end_s > from_s && s.start_s < to_s);
        track
    };
    let (first_s, frames) = frames(audio, from_s, to_s)?;
    Ok(Excerpt {
        title: format!("{name}, {from_s:.1} to {to_s:.1} s"),
        from_s,
        to_s,
        frames_s: (first_s, POSTERIOR_FRAME_S),
        frames,
        tracks: teacher.into_iter().chain(students).map(within).collect(),
        confidence: heard
            .iter()
            .flat_map(|heard| heard.confidence.iter().enumerate())
            .map(|(frame, sure)| (frame as f64 * POSTERIOR_FRAME_S, f64::from(*sure)))
            .filter(|(time_s, _)| (from_s..=to_s).contains(time_s))
            .collect(),
    })
}

/// Log-compressed constant-Q frames of a part, and the time of the first.
fn frames(audio: &Audio, from_s: f64, to_s: f64) -> Result<(f64, Vec<f32>)> {
    let rate = f64::from(audio.sample_rate);
    let sample = |time_s: f64| ((time_s.max(0.0) * rate) as usize).min(audio.samples.len());
    let (first, last) = (sample(from_s - MARGIN_S), sample(to_s + MARGIN_S));
    let mut resampler = StreamResampler::new(rate)?;
    let mut samples = Vec::new();
    resampler.push(&audio.samples[first..last], &mut samples);
    resampler.flush(&mut samples);
    let mut transform = CentredCqt::new(LIVE_HOP_SAMPLES)?;
    let mut frames = Vec::new();
    let mut take = |_: u64, magnitudes: &[f32; BINS]| {
        frames.extend(magnitudes.iter().map(|m| log_compress(*m)));
    };
    transform.push(&samples, &mut take);
    transform.finish(&mut take);
    // Only the part that is drawn: the picture's brightness follows its own frames.
    let start_s = first as f64 / rate;
    let hop_s = LIVE_HOP_SAMPLES as f64 / f64::from(SAMPLE_RATE);
    let skip = ((from_s - start_s) / hop_s).floor().max(0.0) as usize;
    let count = ((to_s - from_s) / hop_s).ceil() as usize + 2;
    let rows = frames.chunks_exact(BINS).skip(skip).take(count);
    Ok((
        start_s + skip as f64 * hop_s,
        rows.flatten().copied().collect(),
    ))
}
