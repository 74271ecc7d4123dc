//! The release plugin in a host.

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

/// How long the worker has for them before the next ones come.
const CATCH_UP: Duration = Duration::from_millis(1500);

/// Size of the plugin's window.
const EDITOR: (u16, u16) = (960, 600);

/// What a call may take, but for one in ten thousand.
const LIMIT_US: f64 = 10.0;

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
    /// The longest.
    pub max_us: f64,
    /// Calls longer than [`LIMIT_US`], in a second that calls took.
    pub above_limit_per_s: f64,
    /// Interruptions of an empty loop, between the calls, that would have made a call of
    /// `p50_us` longer than that, in a second.
    pub interruptions_above_limit_per_s: f64,
    /// All of the loop's interruptions, in a second.
    pub interruptions_per_s: f64,
    /// Half of them are no longer.
    pub interruption_p50_us: f64,
    /// As `p9999_us`, without as many of the longest calls as the loop was interrupted in a
    /// time like theirs: what is left is the plugin's.
    pub undisturbed_p9999_us: f64,
    /// Whether the calls came from a thread with the priority that hosts give to audio.
    pub realtime_priority: bool,
    /// Whether the plugin's window was open: it is where there is an X server.
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

/// Plays in real time and takes the audio thread's share off the whole.
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
    // Whatever is still waiting belongs to the audio played so far.
    thread::sleep(Duration::from_millis(500));
    let others = process.elapsed().saturating_sub(audio_thread.elapsed());
    plugin.deactivate(stream);
    Ok(others.as_secs_f64() / (played as f64 / clip.sample_rate))
}

/// Times the calls alone, as fast as they return.
fn callback(clap: &Path, clip: &Clip, extent: Extent, samples: usize) -> Result<Block> {
    // An instance of its own, and with it an empty ring.
    let mut plugin = Plugin::load(clap)?;
    let mut stream = plugin.activate(clip.sample_rate, samples)?;
    stream.fill(clip, samples);
    // None where there is no X server.
    let window = Parent::open(EDITOR.0, EDITOR.1).ok();
    if let Some(window) = &window {
        plugin.open_editor(window)?;
    }
    // A thread of its own, so that nothing else gets its priority, the worker least of all:
    // it was started before.
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

/// What the times of all calls say.
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
        // 10 000 calls of a microsecond, ten of them interrupted, as often as an empty loop is.
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
        // The same calls on a machine that leaves them alone are the plugin's own doing.
        let quiet = Interruptions::of(Vec::new(), 0.01);
        assert!(
            (self::block(64, times_us, &quiet, false, false).undisturbed_p9999_us - 13.0).abs()
                < 1e-9
        );
    }
}
