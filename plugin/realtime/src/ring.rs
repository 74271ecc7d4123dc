//! The size of the ring between the audio thread and the worker.

/// Seconds of audio that the ring holds while the worker is behind.
const RING_S: f64 = 33.0;

/// Most samples that it holds: 8 MB.
const MAX_SAMPLES: f64 = 2_000_000.0;

/// Samples of the ring of a [`Tap`](crate::tap::Tap) at `sample_rate` Hz.
#[must_use]
pub fn ring_samples(sample_rate: f64) -> usize {
    (RING_S * sample_rate).clamp(1.0, MAX_SAMPLES) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_half_a_minute_and_is_bounded() {
        assert_eq!(ring_samples(48_000.0), 1_584_000);
        assert_eq!(ring_samples(384_000.0), 2_000_000);
        assert_eq!(ring_samples(0.0), 1);
    }
}
