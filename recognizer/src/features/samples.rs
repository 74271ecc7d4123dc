//! Bounds of input samples: invalid values are replaced.

/// Samples beyond this are clamped to it (120 dB above full scale), so that no
/// finite input can overflow an analysis.
pub const MAX_ABS_SAMPLE: f32 = 1e6;

/// Samples below this count as zero (400 dB below full scale): denormals make
/// some processors hundreds of times slower.
pub(crate) const MIN_ABS_SAMPLE: f32 = 1e-20;

/// Whether the sample is valid: finite and within bounds.
pub(crate) fn is_valid(sample: f32) -> bool {
    sample.abs() <= MAX_ABS_SAMPLE
}

/// The sample made safe for analysis: finite, bounded, not denormal.
pub(crate) fn tame(sample: f32) -> f32 {
    if !sample.is_finite() || sample.abs() < MIN_ABS_SAMPLE {
        0.0
    } else {
        sample.clamp(-MAX_ABS_SAMPLE, MAX_ABS_SAMPLE)
    }
}
