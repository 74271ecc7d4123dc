//! The plugin's state, through the entry that hosts load. The first byte selects what the rest is:
//! `!` all bytes from the host, `#` the chord track within the state, anything else the state,
//! whose leading length is corrected, because otherwise every input would end there.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| changes_fuzz_targets::state::run(data));
