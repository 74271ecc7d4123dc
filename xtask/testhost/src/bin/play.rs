//! Plays a song through a built plugin and writes the chord track that it makes:
//!
//!     play clap Changes.clap song.ogg track.lab
//!     play vst3 Changes.vst3/Contents/x86_64-linux/Changes.so song.ogg track.lab
//!
//! The CLAP is told that the host renders, and gets both channels; the VST3 is played in real
//! time, in a song at 120 beats a minute, and gets the left one. The output is the track once
//! all of it is confirmed, in the format of the last argument's extension. Built for two
//! systems, the program tells whether both find the same chords.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use harmony::export;
use harmony::timeline::Status;
use harmony::track::Track;
use testhost::clip::Clip;
use testhost::player::Plugin;
use testhost::{state, vst3};

/// Samples of a block.
const BLOCK: usize = 512;

/// How long the plugin may take to finish its analysis.
const CATCH_UP: Duration = Duration::from_secs(120);

/// A track that ends less than this before the music, in seconds, is complete: it consists of
/// frames.
const FRAME_S: f64 = 0.2;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("play: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[OsString]) -> Result<()> {
    let [format, plugin, song, output] = arguments else {
        bail!("usage: play clap|vst3 PLUGIN SONG TRACK");
    };
    let clip = Clip::load(Path::new(song))?;
    let plugin = Path::new(plugin);
    let track = match format.to_str() {
        Some("clap") => as_clap(plugin, &clip)?,
        Some("vst3") => as_vst3(plugin, &clip)?,
        _ => bail!("{} is neither clap nor vst3", format.display()),
    };
    let output = PathBuf::from(output);
    export::save_track(&output, &track, &export::Options::default())
        .with_context(|| format!("cannot write {}", output.display()))
}

/// Renders the clip through the CLAP, as fast as possible.
fn as_clap(path: &Path, clip: &Clip) -> Result<Track> {
    let mut plugin = Plugin::load(path)?;
    plugin.set_offline()?;
    let mut stream = plugin.activate(clip.sample_rate, BLOCK)?;
    for from in (0..clip.frames()).step_by(BLOCK) {
        let len = BLOCK.min(clip.frames() - from);
        stream.play(clip, from, len, None)?;
    }
    plugin.deactivate(stream);
    confirmed(clip, || Ok(state::session(&plugin.state()?)?.1))
}

/// Plays the clip through the VST3, in real time.
fn as_vst3(path: &Path, clip: &Clip) -> Result<Track> {
    ensure!(path.is_file(), "{} is not a file", path.display());
    let mut plugin = vst3::Instance::start(path, clip.sample_rate, BLOCK);
    let started = Instant::now();
    for (index, block) in clip.channels[0].chunks(BLOCK).enumerate() {
        let due = Duration::from_secs_f64((index * BLOCK) as f64 / clip.sample_rate);
        thread::sleep(due.saturating_sub(started.elapsed()));
        plugin.play(block, true);
    }
    plugin.stop();
    confirmed(clip, || Ok(state::session_in(&plugin.state()?)?.1))
}

/// Waits until the track covers the clip and is confirmed: the plugin has its own pace.
fn confirmed(clip: &Clip, mut track: impl FnMut() -> Result<Track>) -> Result<Track> {
    let started = Instant::now();
    loop {
        let track = track()?;
        let end_s = track.timeline().end_s().unwrap_or(0.0);
        let mut segments = track.timeline().into_iter();
        if end_s >= clip.duration_s() - FRAME_S && segments.all(|it| it.status == Status::Confirmed)
        {
            return Ok(track);
        }
        ensure!(
            started.elapsed() < CATCH_UP,
            "the track stays unfinished, and ends at {end_s} s"
        );
        thread::sleep(Duration::from_millis(20));
    }
}
