//! Chord recognition: audio in, chords out, for whole files and live.
//!
//! # Whole files
//!
//! [`decode_file`] reads all common formats, the [`models`] are built in, and [`transcribe()`]
//! gives a timeline: segments in seconds, each with a label, a confidence and a status.
//!
//! ```
//! use recognizer::{decode_file, models, transcribe};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/demo/town-theme.ogg");
//! # /*
//! let path = "song.mp3";
//! # */
//! let audio = decode_file(path, &mut |_| {})?;
//! let timeline = transcribe(&audio, &*models::windowed()?, |_| true)?;
//! for segment in timeline.segments() {
//!     println!("{:7.2} {:7.2}  {}", segment.start_s, segment.end_s, segment.label);
//! }
//! # assert!(timeline.segments().iter().any(|it| it.label.to_string() == "A:min"));
//! # Ok(())
//! # }
//! ```
//!
//! [`Analysis`] is the same in two steps, for a file whose beats are known or to be found
//! ([`beat::find()`]): chord changes are then placed on them. [`song`] also finds beats and keys,
//! and makes a chord track. Both also take two networks ([`transcribe::Networks`]): the one for live
//! engines costs as much again and finds more of sparse and sung music. A [`Signal`] keeps long
//! audio out of memory.
//!
//! # Live
//!
//! [`LiveEngine`] takes samples at any rate, in blocks of any size, and gives the chord to show at
//! once and the final one a second later. [`RefiningEngine`] analyses the same samples some seconds
//! later with the network for whole files, and can be told what the live engine has heard.
//!
//! ```
//! use recognizer::{Event, LiveEngine, LiveSettings, models};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let rate = 48_000.0;
//! let mut engine = LiveEngine::new(models::live()?, rate, LiveSettings::default())?;
//! # let chord: Vec<f32> = (0..3 * 48_000)
//! #     .map(|n| n as f32 / 48_000.0)
//! #     .map(|t| [110.0, 220.0, 261.6, 329.6].map(|hz| (std::f32::consts::TAU * hz * t).sin()))
//! #     .map(|tones| 0.1 * tones.iter().sum::<f32>())
//! #     .collect();
//! # let mut last = String::new();
//! for block in chord.chunks(512) {
//!     engine.push(block);
//!     while let Some(event) = engine.poll() {
//!         if let Event::Shown(shown) = event {
//!             println!("{:5.2} s: {} {:?}", shown.shown_at_s, shown.label, shown.state);
//! #             last = shown.label.to_string();
//!         }
//!     }
//! }
//! # assert_eq!(last, "A:min");
//! # Ok(())
//! # }
//! ```
//!
//! The programs `examples/transcribe.rs` and `examples/live.rs` are these two with error handling
//! and a command line.
//!
//! # How it works
//!
//! Whole files: [`audio`] → [`resample`] → [`features::centred_cqt`] → a network over windows of
//! ten seconds → [`decode::viterbi`] → a timeline. Live: [`resample`] → [`features::causal_vqt`] →
//! a causal network → [`decode::fixed_lag`] → events. The networks' shapes are in [`networks`],
//! their parameters in [`weights`] files, and [`inference`] runs them. All engines follow the
//! music's [`tuning`]. [`align()`](align::align) aligns a written chart to the audio.

pub mod align;
pub mod audio;
pub mod band;
pub mod beat;
pub mod calibration;
pub mod decode;
pub mod features;
pub mod inference;
pub mod live;
pub mod models;
pub mod networks;
pub mod refine;
pub mod resample;
pub mod signal;
pub mod song;
pub mod transcribe;
pub mod tuning;
pub mod weights;

mod averages;
mod hexadecimal;

// For the teachers' networks of the trainer.
#[doc(hidden)]
pub mod simd;

pub use audio::{Audio, AudioError, decode_file};
pub use beat::{BeatGrid, BeatSource, NoBeats};
pub use live::{Event, LiveEngine, LiveError, LiveSettings, Shown, ShownState};
pub use recognizer_mono as mono;
pub use refine::{Refined, RefinedSegment, RefiningEngine};
pub use resample::RateError;
pub use signal::Signal;
pub use transcribe::{Analysis, TranscribeError, transcribe};
pub use tuning::{Tuning, TuningSetting};
