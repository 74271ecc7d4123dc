//! Weights files. Built for fuzzing the reader lets a wrong digest of the tensors pass:
//! behind it lies what is worth the time.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| changes_fuzz_targets::weights::run(data));
