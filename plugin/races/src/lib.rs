//! The plugin's files that the audio thread and the worker meet in, compiled by themselves:
//! the tap with its marks and counters, the notes of the live chord, and the waiting of hosts
//! that render. The tests of `tests/protocol.rs` run under Miri, which looks
//! for data races and undefined behaviour in many interleavings and with the weak memory that
//! the language allows:
//!
//! ```sh
//! MIRIFLAGS="-Zmiri-many-seeds=0..2 -Zmiri-disable-isolation" \
//!     cargo +nightly miri test -p changes-races --test protocol --target-dir target/miri
//! ```
//!
//! That needs a nightly compiler with the components `miri` and `rust-src`.

#[path = "../../src/bounce.rs"]
pub mod bounce;
#[path = "../../src/midi_out.rs"]
pub mod midi_out;
#[path = "../../src/settings.rs"]
pub mod settings;
#[path = "../../src/tap.rs"]
pub mod tap;
#[path = "../../src/transport.rs"]
pub mod transport;
