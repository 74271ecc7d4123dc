//! The display of chords while an audio file plays, computed as fast as possible.
//!
//! ```sh
//! cargo run --release -p recognizer --example live assets/demo/town-theme.ogg
//! ```

use std::error::Error;

use recognizer::{Event, LiveEngine, LiveSettings, decode_file, models};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name an audio file")?;
    let audio = decode_file(&path, &mut |_| {})?;

    let rate = f64::from(audio.sample_rate);
    let mut engine = LiveEngine::new(models::live()?, rate, LiveSettings::default())?;

    // Blocks of any size give the same events.
    for block in audio.samples.chunks(512) {
        engine.push(block);
        print_events(&mut engine);
    }
    // Analyses the audio that is still buffered.
    engine.finish();
    print_events(&mut engine);
    Ok(())
}

fn print_events(engine: &mut LiveEngine) {
    while let Some(event) = engine.poll() {
        match event {
            // The display changes, at once; a confirmed chord will not change again.
            Event::Shown(shown) => println!(
                "{:7.2}  show {} from {:.2} s, {:?}",
                shown.shown_at_s, shown.label, shown.starts_at_s, shown.state
            ),
            // A stretch of the track is final.
            Event::Segment(segment) => println!(
                "         {:.2} … {:.2} s was {}",
                segment.start_s, segment.end_s, segment.label
            ),
        }
    }
}
