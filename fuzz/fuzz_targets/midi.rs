//! The songs of POP909: a MIDI file and the annotations beside it. The first byte selects which of
//! the files the rest is; the others are valid.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| changes_fuzz_targets::midi::run(data));
