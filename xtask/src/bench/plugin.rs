//! The release plugin in a host.

use std::hint::black_box;
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

/// Calls for a block size: two of them are above the last but one in ten thousand.
const CALLS: usize = 20_000;

/// The most samples at once: less than the plugin's ring holds, because a full ring would be
/// the cheap case.
const SAMPLES: usize = 1_000_000;

/// How long the worker has for them before the next ones come.
const CATCH_UP: Duration = Duration::from_millis(1500);

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
    /// Calls that were timed.
    pub calls: usize,
    /// Half of the calls take no longer.
    pub p50_us: f64,
    /// All but one in a hundred.
    pub p99_us: f64,
    /// All but one in ten thousand.
    pub p9999_us: f64,
    /// As `p9999_us`, of the processor time that the calls took of their thread: while it waits
    /// for its turn it takes none. The question itself costs some tenths of a microsecond,
    /// which are in here.
    pub own_p9999_us: f64,
    /// The longest.
    pub max_us: f64,
    /// As `p9999_us`, of a loop that copies the block for as long as half of the calls take:
    /// what the machine adds by itself (interrupts, other threads, its hypervisor).
    pub machine_p9999_us: f64,
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
    drop(plugin);
    let process = BLOCKS
        .iter()
        .map(|&block| callback(clap, clip, block))
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
        stream.play(clip, from, BLOCK, Some(TEMPO))?;
        played += BLOCK;
    }
    // Whatever is still waiting belongs to the audio played so far.
    thread::sleep(Duration::from_millis(500));
    let others = process.elapsed().saturating_sub(audio_thread.elapsed());
    plugin.deactivate(stream);
    Ok(others.as_secs_f64() / (played as f64 / clip.sample_rate))
}

/// Times the calls alone, as fast as they return.
fn callback(clap: &Path, clip: &Clip, samples: usize) -> Result<Block> {
    // An instance of its own, and with it an empty ring.
    let mut plugin = Plugin::load(clap)?;
    let mut stream = plugin.activate(clip.sample_rate, samples)?;
    stream.fill(clip, samples);
    let (mut times_us, mut own_us) = (Vec::with_capacity(CALLS), Vec::with_capacity(CALLS));
    for call in 0..CALLS {
        if call > 0 && call % (SAMPLES / samples) == 0 {
            thread::sleep(CATCH_UP);
        }
        let own = ThreadTime::now();
        let start = Instant::now();
        stream.process(samples, Some(TEMPO))?;
        let took = start.elapsed();
        own_us.push(own.elapsed().as_secs_f64() * 1e6);
        times_us.push(took.as_secs_f64() * 1e6);
    }
    plugin.deactivate(stream);
    times_us.sort_by(f64::total_cmp);
    own_us.sort_by(f64::total_cmp);
    let quantile = |of: &[f64], share: f64| of[((of.len() - 1) as f64 * share).round() as usize];
    let machine_us = machine(samples, CALLS, quantile(&times_us, 0.5));
    Ok(Block {
        samples,
        calls: CALLS,
        p50_us: quantile(&times_us, 0.5),
        p99_us: quantile(&times_us, 0.99),
        p9999_us: quantile(&times_us, 0.9999),
        own_p9999_us: quantile(&own_us, 0.9999),
        max_us: quantile(&times_us, 1.0),
        machine_p9999_us: quantile(&machine_us, 0.9999),
    })
}

/// How long copying a block again and again for `each_us` takes, so many times, sorted.
fn machine(samples: usize, calls: usize, each_us: f64) -> Vec<f64> {
    let each = Duration::from_secs_f64(each_us * 1e-6);
    let (from, mut to) = (vec![0.5_f32; 2 * samples], vec![0.0_f32; 2 * samples]);
    let mut times_us: Vec<f64> = (0..calls)
        .map(|_| {
            let start = Instant::now();
            while start.elapsed() < each {
                to.copy_from_slice(black_box(&from));
                black_box(&mut to);
            }
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times_us.sort_by(f64::total_cmp);
    times_us
}
