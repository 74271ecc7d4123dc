//! The chords of an audio file, with changes on the beats found in it.
//!
//! ```sh
//! cargo run --release -p recognizer --example transcribe assets/demo/town-theme.ogg
//! ```

use std::error::Error;

use recognizer::beat::{self, Known};
use recognizer::{Analysis, Signal, models};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name an audio file")?;

    // Any format, any rate; a damaged file is read as far as possible, with a warning.
    let (signal, warning) = Signal::read(&path, &mut |_| {})?;
    if let Some(warning) = warning {
        eprintln!("{path}: {warning}");
    }

    // The slow part. The closure gets the share done and returns whether to continue.
    let model = models::windowed()?;
    let analysis = Analysis::new(&signal, &*model, |_| true)?;

    // Decoding is quick: once to find where chords change, which helps to find the bars, and once
    // more on the beats.
    let mut timeline = analysis.timeline(None)?;
    if let Some(beats) = beat::find(&signal, &timeline, Known::default()) {
        timeline = analysis.timeline(Some(&beats.grid()))?;
    }

    for segment in timeline.segments() {
        let (start_s, end_s) = (segment.start_s, segment.end_s);
        println!("{start_s:7.2} {end_s:7.2}  {}", segment.label);
    }
    Ok(())
}
