//! The plugin's files that the audio thread and the worker meet in, compiled by themselves:
//! the tap with its marks and counters, the notes of the live chord, and the waiting of hosts
//! that render. `cargo xtask test --step races` runs their tests, and those of
//! `tests/protocol.rs`, where thousands of blocks cross, under ThreadSanitizer: with the stable
//! compiler, the standard library built for it. Where a nightly compiler with the components
//! `miri` and `rust-src` is there, `tests/protocol.rs` runs under Miri, too, which looks for
//! data races and undefined behaviour in several interleavings and with the weak memory that
//! the language allows.

// The mix to mono is the recogniser's; for one file without dependencies the crate and all
// that it stands on need not be built with the sanitizer.
extern crate self as recognizer;

#[path = "../../src/bounce.rs"]
pub mod bounce;
#[path = "../../src/midi_out.rs"]
pub mod midi_out;
#[path = "../../../recognizer/src/mono.rs"]
pub mod mono;
#[path = "../../src/settings.rs"]
pub mod settings;
#[path = "../../src/tap.rs"]
pub mod tap;
#[path = "../../src/transport.rs"]
pub mod transport;
