//! Weights files. In fuzzing builds the reader accepts a wrong digest of the tensors, so that the
//! code after it is reached.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| changes_fuzz_targets::weights::run(data));
