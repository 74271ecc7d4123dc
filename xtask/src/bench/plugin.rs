//! The release plugin in a host.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use cpu_time::{ProcessTime, ThreadTime};
use serde::Serialize;

use super::files::memory;
use crate::clip::Clip;
use crate::demo::TEMPO;
use crate::host::Plugin;

/// Block sizes that hosts use.
const BLOCKS: [usize; 6] = [64, 128, 256, 512, 1024, 2048];

/// Blocks of each size: enough for one in ten thousand to be seen several times.
const CALLS: usize = 50_000;

/// How long the worker is watched in real time.
const WORKER: Duration = Duration::from_secs(20);

/// Costs of the plugin.
#[derive(Serialize)]
pub struct Cost {
    /// Loading the library and making an instance.
    pub load_s: f64,
    /// Making it ready to process.
    pub activate_s: f64,
    /// The cost of the audio callback by block size.
    pub process: Vec<Block>,
    /// Processor time of everything but the audio thread, for a second of audio.
    pub worker_s_per_audio_s: f64,
    /// How much larger the host is with the plugin at work.
    pub memory_bytes: u64,
}

/// The audio callback for one block size.
#[derive(Serialize)]
pub struct Block {
    /// Samples of each channel in a block.
    pub samples: usize,
    /// Half of the calls take no longer.
    pub p50_us: f64,
    /// All but one in a hundred.
    pub p99_us: f64,
    /// All but one in ten thousand.
    pub p9999_us: f64,
    /// The longest.
    pub max_us: f64,
}

/// Measures with the plugin listening to `clip`.
pub fn measure(clap: &Path, clip: &Clip) -> Result<Cost> {
    let resident = || memory("self", "VmRSS:").unwrap_or(0);
    let before = resident();
    let start = Instant::now();
    let mut plugin = Plugin::load(clap)?;
    let load_s = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let stream = plugin.activate(clip.sample_rate, 512)?;
    let activate_s = start.elapsed().as_secs_f64();
    plugin.deactivate(stream);
    let worker_s_per_audio_s = worker(&mut plugin, clip)?;
    let memory_bytes = resident().saturating_sub(before);
    let process = BLOCKS
        .iter()
        .map(|&block| callback(&mut plugin, clip, block))
        .collect::<Result<_>>()?;
    Ok(Cost {
        load_s,
        activate_s,
        process,
        worker_s_per_audio_s,
        memory_bytes,
    })
}

/// Plays in real time and takes the audio thread's share off the whole.
fn worker(plugin: &mut Plugin, clip: &Clip) -> Result<f64> {
    const BLOCK: usize = 512;
    let mut stream = plugin.activate(clip.sample_rate, BLOCK)?;
    let (process, audio_thread) = (ProcessTime::now(), ThreadTime::now());
    let start = Instant::now();
    let mut played = 0;
    while start.elapsed() < WORKER {
        let due = Duration::from_secs_f64(played as f64 / clip.sample_rate);
        thread::sleep(due.saturating_sub(start.elapsed()));
        let from = played % (clip.len() - BLOCK);
        stream.play(clip, from, BLOCK, TEMPO)?;
        played += BLOCK;
    }
    // Whatever is still waiting belongs to the audio played so far.
    thread::sleep(Duration::from_millis(500));
    let others = process.elapsed().saturating_sub(audio_thread.elapsed());
    plugin.deactivate(stream);
    Ok(others.as_secs_f64() / (played as f64 / clip.sample_rate))
}

/// Times the calls alone, as fast as they return.
fn callback(plugin: &mut Plugin, clip: &Clip, block: usize) -> Result<Block> {
    let mut stream = plugin.activate(clip.sample_rate, block)?;
    stream.fill(clip, block);
    let mut times_us = Vec::with_capacity(CALLS);
    for call in 0..CALLS {
        let start = Instant::now();
        stream.process(block, Some(TEMPO))?;
        times_us.push(start.elapsed().as_secs_f64() * 1e6);
        // Now and then the worker gets a chance, or every call would meet a full
        // ring, which is the cheap case.
        if call % 64 == 0 {
            thread::sleep(Duration::from_micros(500));
        }
    }
    plugin.deactivate(stream);
    times_us.sort_by(f64::total_cmp);
    let quantile = |share: f64| times_us[((CALLS - 1) as f64 * share).round() as usize];
    Ok(Block {
        samples: block,
        p50_us: quantile(0.5),
        p99_us: quantile(0.99),
        p9999_us: quantile(0.9999),
        max_us: quantile(1.0),
    })
}
