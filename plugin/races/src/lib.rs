//! Only tests: `cargo xtask test --step races` runs those of `changes-realtime` and
//! `tests/protocol.rs`, which passes thousands of blocks between threads, under
//! ThreadSanitizer, with the stable compiler and a standard library built for it. Where a
//! nightly compiler with the components `miri` and `rust-src` is installed, `tests/protocol.rs`
//! also runs under Miri, which looks for data races and undefined behaviour in several
//! interleavings and with the weak memory that the language allows.
