//! Runs the chordnet teacher on samples written by another program, for
//! `tests/goldens/compare_chordnet.py`:
//!
//! ```text
//! chordnet_heads TEACHERS SAMPLES OUT
//! ```
//!
//! `SAMPLES` are little-endian float32, mono at 22 050 Hz. Writes `OUT.cqt.f32` (`[frames, 288]`),
//! `OUT.heads.f32` (`[frames, 100]`) and `OUT.lab`, and prints the processor time in seconds.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use cpu_time::ProcessTime;
use teachers::chordnet::features::hybrid_cqt;
use teachers::chordnet::{ChordNet, decode};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [teachers, samples, out] = arguments.as_slice() else {
        anyhow::bail!("usage: chordnet_heads TEACHERS SAMPLES OUT");
    };
    let bytes = fs::read(samples).with_context(|| format!("reading {samples}"))?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    ensure!(
        rest.is_empty(),
        "the size of {samples} is not a multiple of 4 bytes"
    );
    let samples: Vec<f32> = numbers.iter().map(|b| f32::from_le_bytes(*b)).collect();
    let teacher = ChordNet::open(Path::new(teachers))?;

    let begun = ProcessTime::now();
    let transform = hybrid_cqt(&samples);
    let heads = teacher.heads(&transform);
    let spans = decode::decode(&heads);
    let taken_s = begun.elapsed().as_secs_f64();

    write(&format!("{out}.cqt.f32"), &transform)?;
    write(&format!("{out}.heads.f32"), heads.as_slice())?;
    fs::write(format!("{out}.lab"), decode::lab(&spans))
        .with_context(|| format!("writing {out}.lab"))?;
    println!("{taken_s}");
    Ok(())
}

fn write(path: &str, numbers: &[f32]) -> Result<()> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    fs::write(path, bytes).with_context(|| format!("writing {path}"))
}
