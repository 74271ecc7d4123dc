//! Checkpoints of PyTorch and files of Keras, as the teachers are read from them.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| changes_fuzz_targets::checkpoint::run(data));
