//! Memory of a growing chord track alone: each chord is written ten times while it is heard, and
//! from time to time a copy is made, as by the plugin's window. The growth in the soak is compared
//! with it (`docs/reliability.md`). Linux only.
//!
//! ```sh
//! cargo run --release -p harmony --example track_memory
//! ```

use std::error::Error;
use std::sync::Arc;

use harmony::label::Label;
use harmony::timeline::{Alternative, Segment};
use harmony::track::Track;

/// As many as ten hours of the soak produce.
const CHORDS: usize = 8208;
const CHORD_S: f64 = 4.0;
const WRITES: usize = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let names = ["C", "A:min", "F:maj7", "G:7", "D:min7/b3", "E:hdim7"];
    let labels = names
        .into_iter()
        .map(str::parse)
        .collect::<Result<Vec<Label>, _>>()?;
    let label = |index: usize| labels[index % labels.len()].clone();
    let mut track = Track::new();
    let mut published = Arc::new(track.clone());
    let before = resident_bytes()?;
    for index in 0..CHORDS {
        let start_s = index as f64 * CHORD_S;
        for write in 1..=WRITES {
            let heard_s = CHORD_S * write as f64 / WRITES as f64;
            let mut segment = Segment::new(start_s, start_s + heard_s, label(index));
            segment.alternatives = (1..5)
                .map(|other| Alternative {
                    label: label(index + other),
                    probability: 0.1,
                })
                .collect();
            track.replace_range(segment.start_s, segment.end_s, [segment])?;
            if index % 8 == 0 {
                published = Arc::new(track.clone());
            }
        }
        if (index + 1) % (CHORDS / 8) == 0 {
            let bytes = resident_bytes()?.saturating_sub(before);
            println!(
                "{} chords: {:.1} MB, {} bytes a chord",
                index + 1,
                bytes as f64 / 1e6,
                bytes / (index + 1)
            );
        }
    }
    println!("{} chords in the last copy", published.timeline().len());
    Ok(())
}

/// Resident memory of this process.
fn resident_bytes() -> Result<usize, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .ok_or("no VmRSS in /proc/self/status")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<usize>()? * 1024)
}
