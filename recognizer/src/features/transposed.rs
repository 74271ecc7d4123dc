//! Frames of music in another key.

use super::{BINS, BINS_PER_OCTAVE};

/// The bin from which `bin` of a frame comes when it is transposed up by `semitones`. The edge of
/// the spectrum is repeated where there is nothing to come from, in training as in use.
#[must_use]
pub fn transposed_from(bin: usize, semitones: i32) -> usize {
    let moved = bin as i32 - semitones * (BINS_PER_OCTAVE / 12) as i32;
    moved.clamp(0, BINS as i32 - 1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semitone_is_two_bins_and_edges_repeat() {
        assert_eq!(transposed_from(10, 0), 10);
        assert_eq!(transposed_from(10, 2), 6);
        assert_eq!(transposed_from(10, -2), 14);
        assert_eq!(transposed_from(1, 2), 0);
        assert_eq!(transposed_from(BINS - 1, -1), BINS - 1);
    }
}
