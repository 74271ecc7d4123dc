//! `.lab` files.

#![no_main]

use changes_fuzz::assert_whole;
use harmony::export::{Format, Options};
use harmony::import::lab;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(timeline) = lab::parse(text) else {
        return;
    };
    assert_whole(&timeline);
    let mut written = Vec::new();
    Format::Lab
        .write(&mut written, &timeline, &Options::default())
        .unwrap();
    let again = lab::parse(std::str::from_utf8(&written).unwrap());
    // Of what is shorter than the last digit that is written nothing is left.
    if timeline.into_iter().any(|it| it.duration_s() > 1e-2) {
        assert_whole(&again.unwrap());
    }
});
