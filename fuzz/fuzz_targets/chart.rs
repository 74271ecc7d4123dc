//! Charts written by people.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| changes_fuzz_targets::chart::run(data));
