//! Nothing but tests: `cargo xtask test --step races` runs those of `changes-realtime`, and of
//! `tests/protocol.rs`, where thousands of blocks cross, under ThreadSanitizer: with the stable
//! compiler, the standard library built for it. Where a nightly compiler with the components
//! `miri` and `rust-src` is there, `tests/protocol.rs` runs under Miri, too, which looks for
//! data races and undefined behaviour in several interleavings and with the weak memory that
//! the language allows.
