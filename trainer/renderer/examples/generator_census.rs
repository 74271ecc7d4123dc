//! The output of the progression generator with its default settings: share of the time of
//! each quality, inversions, time without a chord.

use renderer::chord::{Family, QUALITIES};
use renderer::progressions::{ProgressionSettings, census};

fn main() {
    let census = census(1, 2000, &ProgressionSettings::default());
    let total: f64 = census.beats.iter().sum();
    for (quality, beats) in QUALITIES.iter().zip(&census.beats) {
        println!("{:12} {:5.2} %", quality.harte, 100.0 * beats / total);
    }
    for family in [
        Family::Triad,
        Family::Seventh,
        Family::Rare,
        Family::Extension,
    ] {
        println!("{family:?}: {:.1} %", 100.0 * census.share(family));
    }
    println!("inverted: {:.1} %", 100.0 * census.inverted_beats / total);
    println!(
        "without a chord: {:.1} % of all time",
        100.0 * census.none_beats / (total + census.none_beats)
    );
    println!(
        "beats a span: {:.2}",
        (total + census.none_beats) / census.spans as f64
    );
}
