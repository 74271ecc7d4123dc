//! The cost of the release plugin in a host.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use cpu_time::{ProcessTime, ThreadTime};
use serde::Serialize;

use testhost::clip::Clip;
use testhost::parent::Parent;
use testhost::player::Plugin;
use testhost::process::memory;

use crate::costs::Extent;
use crate::interruptions::{Interruptions, as_audio_thread};
use crate::music::TEMPO;

/// Block sizes that hosts use.
const BLOCKS: [usize; 6] = [64, 128, 256, 512, 1024, 2048];

/// The most samples at once: less than the plugin's ring holds, because a full ring would be
/// the cheap case.
const SAMPLES: usize = 1_000_000;

/// How long the worker has for them before the next ones.
const CATCH_UP: Duration = Duration::from_millis(1500);

/// Size of the plugin's window.
const EDITOR: (u16, u16) = (960, 600);

/// The longest a call may take, except for one in ten thousand.
const LIMIT_US: f64 = 10.0;

/// The costs of the plugin.
#[derive(Serialize)]
pub struct Cost {
    /// Loading the library and making an instance.
    pub load_s: f64,
    /// Making it ready to process.
    pub activate_s: f64,
    /// The cost of the audio callback by block size.
    pub process: Vec<Block>,
    /// Processor time of everything but the audio thread, per second of audio.
    pub worker_s_per_audio_s: f64,
    /// The memory that the working plugin adds to its host.
    pub memory_bytes: u64,
}

/// The audio callback for one block size.
#[derive(Serialize)]
pub struct Block {
    /// Samples of each channel in a block.
    pub samples: usize,
    /// Calls that were timed.
    pub calls: usize,
    /// The median duration of a call.
    pub p50_us: f64,
    /// The 99th percentile.
    pub p99_us: f64,
    /// The 99.99th percentile.
    pub p9999_us: f64,
    /// The longest.
    pub max_us: f64,
    /// Calls longer than [`LIMIT_US`], per second of calls.
    pub above_limit_per_s: f64,
    /// Interruptions of an empty loop, between the calls, that would have made a call of
    /// `p50_us` longer than that, per second.
    pub interruptions_above_limit_per_s: f64,
    /// All interruptions of the loop, per second.
    pub interruptions_per_s: f64,
    /// The median length of an interruption.
    pub interruption_p50_us: f64,
    /// Like `p9999_us`, without as many of the longest calls as the loop was interrupted in
    /// the same time: the rest is the plugin's own.
    pub undisturbed_p9999_us: f64,
    /// Whether the calls came from a thread with the priority that hosts give to audio.
    pub realtime_priority: bool,
    /// Whether the plugin's window was open, which needs an X server.
    pub editor_open: bool,
}

/// Measures with the plugin listening to `clip`.
pub fn measure(clap: &Path, clip: &Clip, extent: Extent) -> Result<Cost> {
    let resident = || memory("self", "VmRSS:").unwrap_or(0);
    let before = resident();
    let start = Instant::now();
    let mut plugin = Plugin::load(clap)?;
    let load_s = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let stream = plugin.activate(clip.sample_rate, 512)?;
    let activate_s = start.elapsed().as_secs_f64();
    plugin.deactivate(stream);
    let worker_s_per_audio_s = worker(&mut plugin, clip, extent)?;
    let memory_bytes = resident().saturating_sub(before);
    drop(plugin);
    let process = BLOCKS
        .iter()
        .map(|&block| callback(clap, clip, extent, block))
        .collect::<Result<_>>()?;
    Ok(Cost {
        load_s,
        activate_s,
        process,
        worker_s_per_audio_s,
        memory_bytes,
    })
}

/// Plays in real time and subtracts the audio thread's share.
fn worker(plugin: &mut Plugin, clip: &Clip, extent: Extent) -> Result<f64> {
    const BLOCK: usize = 512;
    let mut stream = plugin.activate(clip.sample_rate, BLOCK)?;
    let (process, audio_thread) = (ProcessTime::now(), ThreadTime::now());
    let start = Instant::now();
    let mut played = 0;
    while start.elapsed().as_secs_f64() < extent.watched_s {
        let due = Duration::from_secs_f64(played as f64 / clip.sample_rate);
        thread::sleep(due.saturating_sub(start.elapsed()));
        let from = played % (clip.frames() - BLOCK);
        stream.play(clip, from, BLOCK, Some(TEMPO))?;
        played += BLOCK;
    }
    // Whatever still waits belongs to the audio played so far.
    thread::sleep(Duration::from_millis(500));
    let others = process.elapsed().saturating_sub(audio_thread.elapsed());
    plugin.deactivate(stream);
    Ok(others.as_secs_f64() / (played as f64 / clip.sample_rate))
}

/// Times only the calls, as fast as they return.
fn callback(clap: &Path, clip: &Clip, extent: Extent, samples: usize) -> Result<Block> {
    // A new instance has an empty ring.
    let mut plugin = Plugin::load(clap)?;
    let mut stream = plugin.activate(clip.sample_rate, samples)?;
    stream.fill(clip, samples);
    // None where there is no X server.
    let window = Parent::open(EDITOR.0, EDITOR.1).ok();
    if let Some(window) = &window {
        plugin.open_editor(window)?;
    }
    // A thread of its own, so that nothing else gets its priority, least of all the worker,
    // which was started before.
    let timed: Result<_> = thread::scope(|scope| {
        let timing = scope.spawn(|| {
            let realtime_priority = as_audio_thread();
            let mut times_us = Vec::with_capacity(extent.calls);
            let mut interruptions = Interruptions::default();
            let mut batch = Duration::ZERO;
            for call in 0..extent.calls {
                if call > 0 && call % (SAMPLES / samples) == 0 {
                    interruptions.watch(std::mem::take(&mut batch));
                    thread::sleep(CATCH_UP);
                }
                let took = stream.process(samples, Some(TEMPO))?;
                batch += took;
                times_us.push(took.as_secs_f64() * 1e6);
            }
            interruptions.watch(batch);
            Ok((times_us, interruptions, realtime_priority))
        });
        match timing.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
    if window.is_some() {
        plugin.close_editor();
    }
    plugin.deactivate(stream);
    let (times_us, interruptions, realtime_priority) = timed?;
    let open = window.is_some();
    Ok(block(
        samples,
        times_us,
        &interruptions,
        realtime_priority,
        open,
    ))
}

/// The statistics of the times of all calls.
fn block(
    samples: usize,
    mut times_us: Vec<f64>,
    interruptions: &Interruptions,
    realtime_priority: bool,
    editor_open: bool,
) -> Block {
    times_us.sort_by(f64::total_cmp);
    let quantile = |of: &[f64], share: f64| of[((of.len() - 1) as f64 * share).round() as usize];
    let p50_us = quantile(&times_us, 0.5);
    let ran_s = times_us.iter().sum::<f64>() * 1e-6;
    let above = times_us.iter().filter(|us| **us > LIMIT_US).count();
    let interrupted = (interruptions.rate() * ran_s).round() as usize;
    let undisturbed = &times_us[..times_us.len() - interrupted.min(times_us.len() - 1)];
    Block {
        samples,
        calls: times_us.len(),
        p50_us,
        p99_us: quantile(&times_us, 0.99),
        p9999_us: quantile(&times_us, 0.9999),
        max_us: quantile(&times_us, 1.0),
        above_limit_per_s: above as f64 / ran_s,
        interruptions_above_limit_per_s: interruptions.rate_above(LIMIT_US - p50_us),
        interruptions_per_s: interruptions.rate(),
        interruption_p50_us: interruptions.median_us(),
        undisturbed_p9999_us: quantile(undisturbed, 0.9999),
        realtime_priority,
        editor_open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_takes_is_told_apart() {
        // 10 000 calls of a microsecond, ten of them interrupted, as often as the empty loop.
        let mut times_us = vec![1.0; 10_000];
        for time_us in times_us.iter_mut().step_by(1000) {
            *time_us += 12.0;
        }
        let seen = Interruptions::of(vec![12.0; 10], 0.010_12);
        let block = block(64, times_us.clone(), &seen, false, false);
        assert!((block.p9999_us - 13.0).abs() < 1e-9);
        assert!((block.undisturbed_p9999_us - 1.0).abs() < 1e-9);
        assert!(
            (block.above_limit_per_s / block.interruptions_above_limit_per_s - 1.0).abs() < 0.01
        );
        // The same calls on an undisturbed machine are slow by the plugin's fault.
        let quiet = Interruptions::of(Vec::new(), 0.01);
        assert!(
            (self::block(64, times_us, &quiet, false, false).undisturbed_p9999_us - 13.0).abs()
                < 1e-9
        );
    }
}
