//! Only a test: `tests/rtsan.rs` loads the built plugin as a host does and lets
//! RealtimeSanitizer abort on whatever may block within the audio callback (memory, locks,
//! system calls). The plugin itself is the release build, unchanged:
//!
//! ```sh
//! cargo build --release -p changes-plugin
//! CHANGES_CLAP=$PWD/target/release/libchanges_plugin.so \
//! RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=realtime --cfg rtsan" \
//!     cargo test -p changes-rtsan --target x86_64-unknown-linux-gnu --target-dir target/rtsan
//! ```
