//! The command line tool on whole files.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;

use testhost::clip::Clip;
use testhost::process::memory;

use crate::costs::Extent;
use crate::paths::release_binary;

/// The fastest of several runs counts: the others were disturbed by other programs.
const RUNS: usize = 3;

/// Ticks per second in `/proc/PID/stat`: fixed by the kernel's interface.
const TICKS_PER_S: f64 = 100.0;

/// The whole program, from start to end, decoding included.
#[derive(Serialize)]
pub struct FileSpeed {
    /// Length of the audio.
    pub audio_s: f64,
    /// Time on the clock.
    pub wall_s: f64,
    /// Time on the processor, all threads together.
    pub processor_s: f64,
    /// The most memory it held at once.
    pub peak_memory_bytes: u64,
    /// Time on the clock for one second of audio: what starting costs.
    pub start_s: f64,
}

/// `changes transcribe`.
pub fn transcribe(clip: &Clip, folder: &Path, extent: Extent) -> Result<FileSpeed> {
    speed(clip, folder, extent, &["transcribe"])
}

/// `changes live --fast`.
pub fn live(clip: &Clip, folder: &Path, extent: Extent) -> Result<FileSpeed> {
    speed(clip, folder, extent, &["live", "--fast"])
}

fn speed(clip: &Clip, folder: &Path, extent: Extent, command: &[&str]) -> Result<FileSpeed> {
    let long = folder.join("long.wav");
    clip.repeated(extent.file_s).write_wav(&long)?;
    let short = folder.join("short.wav");
    clip.repeated(1.0).write_wav(&short)?;
    let fastest = |file: &Path| -> Result<Run> {
        let mut best: Option<Run> = None;
        for _ in 0..RUNS {
            let words = command.iter().map(OsStr::new);
            let run = run(words.chain([file.as_os_str()]))?;
            if best.as_ref().is_none_or(|best| run.wall_s < best.wall_s) {
                best = Some(run);
            }
        }
        best.context("nothing ran")
    };
    let start_s = fastest(&short)?.wall_s;
    let Run {
        wall_s,
        processor_s,
        peak_memory_bytes,
    } = fastest(&long)?;
    Ok(FileSpeed {
        audio_s: extent.file_s,
        wall_s,
        processor_s,
        peak_memory_bytes,
        start_s,
    })
}

/// The cost of a run of the tool.
pub struct Run {
    /// Time on the clock.
    pub wall_s: f64,
    /// Time on the processor, all threads together.
    pub processor_s: f64,
    /// The most memory it held at once.
    pub peak_memory_bytes: u64,
}

/// Runs the tool on the first core alone and watches it.
pub fn run<'a>(arguments: impl Iterator<Item = &'a OsStr>) -> Result<Run> {
    ensure!(
        cfg!(target_os = "linux"),
        "this measurement reads /proc and works on Linux only"
    );
    let binary = release_binary("changes")?;
    let start = Instant::now();
    let mut command = Command::new("taskset");
    command
        .args(["--cpu-list", "0"])
        .arg(binary)
        .args(arguments);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start `taskset`, of the package util-linux")?;
    let mut peak_memory_bytes = 0;
    // The times of a process that has ended can be read until it is waited for.
    let processor_s = loop {
        let stat = Stat::of(&child)?;
        if stat.state == "Z" {
            break stat.processor_s;
        }
        if let Some(bytes) = peak_memory(&child) {
            peak_memory_bytes = bytes;
        }
        thread::sleep(Duration::from_millis(2));
    };
    let wall_s = start.elapsed().as_secs_f64();
    let status = child.wait()?;
    if !status.success() {
        bail!("this failed: {command:?}");
    }
    Ok(Run {
        wall_s,
        processor_s,
        peak_memory_bytes,
    })
}

struct Stat {
    state: String,
    processor_s: f64,
}

impl Stat {
    /// From `/proc/PID/stat`: the state is the first field after the name in
    /// brackets, user and system time are the twelfth and thirteenth.
    fn of(child: &Child) -> Result<Self> {
        let text = fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
        let fields: Vec<&str> = text
            .rsplit_once(") ")
            .context("odd /proc/PID/stat")?
            .1
            .split(' ')
            .collect();
        let ticks = |index: usize| -> Result<f64> {
            Ok(fields.get(index).context("odd /proc/PID/stat")?.parse()?)
        };
        Ok(Self {
            state: fields.first().context("odd /proc/PID/stat")?.to_string(),
            processor_s: (ticks(11)? + ticks(12)?) / TICKS_PER_S,
        })
    }
}

/// The most resident memory so far.
fn peak_memory(child: &Child) -> Option<u64> {
    memory(&child.id().to_string(), "VmHWM:")
}
