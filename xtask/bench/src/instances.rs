//! Many instances of the release plugin in one host.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use cpu_time::ProcessTime;
use serde::Serialize;

use testhost::clip::Clip;
use testhost::player::{Plugin, Stream};
use testhost::process::memory;

use crate::costs::Extent;
use crate::music::TEMPO;

/// Samples of a block.
const BLOCK: usize = 512;
/// The first seconds are not counted.
const WARM_UP: Duration = Duration::from_secs(4);
/// Silence after which the networks have forgotten the music: ten seconds at most.
const FORGOTTEN: Duration = Duration::from_secs(14);

/// What many instances cost together.
#[derive(Serialize)]
pub struct Many {
    /// Instances.
    pub count: usize,
    /// Time to load and activate the second instance.
    pub second_s: f64,
    /// Memory that the second instance adds, while it plays.
    pub second_bytes: u64,
    /// Processor time of the host per second of real time, with all instances playing.
    pub cores_playing: f64,
    /// The same with all instances in silence.
    pub cores_silent: f64,
    /// Memory of all of them.
    pub all_bytes: u64,
}

/// Measures with all instances listening to `clip`, each from a different place.
pub fn measure(clap: &Path, clip: &Clip, extent: Extent) -> Result<Many> {
    let watched = Duration::from_secs_f64(extent.watched_s);
    let resident = || memory("self", "VmRSS:").unwrap_or(0);
    let before = resident();
    let start = |instances: &mut Vec<(Plugin, Stream)>| -> Result<()> {
        let mut plugin = Plugin::load(clap)?;
        let stream = plugin.activate(clip.sample_rate, BLOCK)?;
        instances.push((plugin, stream));
        Ok(())
    };
    let mut instances = Vec::new();
    start(&mut instances)?;
    play(&mut instances, clip, WARM_UP)?;
    let one = resident();
    let begun = Instant::now();
    start(&mut instances)?;
    let second_s = begun.elapsed().as_secs_f64();
    play(&mut instances, clip, WARM_UP)?;
    let second_bytes = resident().saturating_sub(one);
    while instances.len() < extent.instances {
        start(&mut instances)?;
    }
    play(&mut instances, clip, WARM_UP)?;
    let cores_playing = play(&mut instances, clip, watched)?;
    let all_bytes = resident().saturating_sub(before);
    let silence = Clip {
        sample_rate: clip.sample_rate,
        channels: [vec![0.0; clip.frames()], vec![0.0; clip.frames()]],
    };
    play(&mut instances, &silence, FORGOTTEN)?;
    let cores_silent = play(&mut instances, &silence, watched)?;
    for (mut plugin, stream) in instances {
        plugin.deactivate(stream);
    }
    Ok(Many {
        count: extent.instances,
        second_s,
        second_bytes,
        cores_playing,
        cores_silent,
        all_bytes,
    })
}

/// Plays in real time on this thread, block by block through all instances. Returns the
/// processor time of the whole process per second.
fn play(instances: &mut [(Plugin, Stream)], clip: &Clip, how_long: Duration) -> Result<f64> {
    let process = ProcessTime::now();
    let count = instances.len();
    let start = Instant::now();
    let mut played = 0;
    while start.elapsed() < how_long {
        let due = Duration::from_secs_f64(played as f64 / clip.sample_rate);
        thread::sleep(due.saturating_sub(start.elapsed()));
        for (index, (_, stream)) in instances.iter_mut().enumerate() {
            let from = (played + index * clip.frames() / count) % (clip.frames() - BLOCK);
            stream.play(clip, from, BLOCK, Some(TEMPO))?;
        }
        played += BLOCK;
    }
    Ok(process.elapsed().as_secs_f64() / start.elapsed().as_secs_f64())
}
