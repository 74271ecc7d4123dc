//! `.jams` files.

use crate::assert_whole;
use harmony::export::{Format, Options};
use harmony::import::jams;

/// Reads `data` as JAMS.
///
/// # Panics
/// Where a promise of the reader does not hold.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(timeline) = jams::parse(text) else {
        return;
    };
    assert_whole(&timeline);
    let mut written = Vec::new();
    Format::Jams
        .write(&mut written, &timeline, &Options::default())
        .unwrap();
    let again = jams::parse(std::str::from_utf8(&written).unwrap());
    // Segments shorter than the last written digit are dropped.
    if timeline.into_iter().any(|it| it.duration_s() > 1e-2) {
        assert_whole(&again.unwrap());
    }
}
