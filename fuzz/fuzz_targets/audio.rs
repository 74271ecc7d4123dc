//! Audio files, and the same bytes from a pipe.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| changes_fuzz_targets::audio::run(data));
