//! The plugin's state, through the entry that hosts load. The first byte says what the rest
//! is: `!` all that the host hands over, `#` the chord track within the state, anything else
//! the state, whose length in front is put right, or else all would end there.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| changes_fuzz_targets::state::run(data));
