//! Chord labels in Harte syntax, and chord symbols as musicians type them.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| changes_fuzz_targets::label::run(data));
