//! Equalizer and band limits, from second-order sections.

use biquad::{Biquad, Coefficients, DirectForm2Transposed, Type};

/// One filter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Filter {
    /// A bell: gain in dB around a frequency with a quality.
    Peak {
        /// Centre in Hz.
        hz: f32,
        /// Gain in dB.
        db: f32,
        /// Quality.
        q: f32,
    },
    /// A low shelf.
    LowShelf {
        /// Corner in Hz.
        hz: f32,
        /// Gain in dB.
        db: f32,
    },
    /// A high shelf.
    HighShelf {
        /// Corner in Hz.
        hz: f32,
        /// Gain in dB.
        db: f32,
    },
    /// Second-order Butterworth low-pass.
    LowPass {
        /// Corner in Hz.
        hz: f32,
    },
    /// Second-order Butterworth high-pass.
    HighPass {
        /// Corner in Hz.
        hz: f32,
    },
}

/// Filters in place. A filter beyond the sample rate (corner at or above half of it) is left
/// out.
pub fn apply(samples: &mut [f32], rate_hz: f32, filter: Filter) {
    const BUTTERWORTH: f32 = std::f32::consts::FRAC_1_SQRT_2;
    let (kind, hz, q) = match filter {
        Filter::Peak { hz, db, q } => (Type::PeakingEQ(db), hz, q),
        Filter::LowShelf { hz, db } => (Type::LowShelf(db), hz, BUTTERWORTH),
        Filter::HighShelf { hz, db } => (Type::HighShelf(db), hz, BUTTERWORTH),
        Filter::LowPass { hz } => (Type::LowPass, hz, BUTTERWORTH),
        Filter::HighPass { hz } => (Type::HighPass, hz, BUTTERWORTH),
    };
    // The crate's unit is half the rate: 1 is the Nyquist frequency.
    let Ok(coefficients) = Coefficients::from_normalized_params(kind, 2.0 * hz / rate_hz, q) else {
        return;
    };
    let mut section = DirectForm2Transposed::<f32>::new(coefficients);
    for sample in samples {
        *sample = section.run(*sample);
    }
}
