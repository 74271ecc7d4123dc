//! Single cycles built from harmonic amplitudes, crossfaded from bright to dark.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use realfft::RealFftPlanner;
use realfft::num_complex::Complex32;

use super::expression::Curve;
use super::{CONTROL_SAMPLES, shaped};

/// Samples of a cycle: a power of two, because the phase is the upper bits of a counter.
const CYCLE: usize = 1 << CYCLE_BITS;
const CYCLE_BITS: u32 = 11;

/// Number of cycles of a wavetable.
pub const CYCLES: usize = 4;

/// One cycle, its first sample repeated at the end.
pub type Table = Vec<f32>;

/// The spectrum of the harmonics.
#[derive(Debug, Clone, PartialEq)]
pub enum Spectrum {
    /// A pulse of this width (0.5 is a square, 0 a saw) through a resonant low-pass filter
    /// that closes from cycle to cycle.
    Analog {
        /// Width of the pulse; 0 for a saw.
        pulse: f32,
        /// Corner of the filter in the brightest cycle, Hz.
        cutoff_hz: f32,
        /// How far the corner follows the key, 0 to 1.
        tracking: f32,
        /// Factor of the corner from one cycle to the next.
        closing: f32,
        /// Gain at the corner.
        resonance: f32,
    },
    /// Drawbars of a Hammond organ (16', 5⅓', 8', 4', 2⅔', 2', 1⅗', 1⅓', 1'), 0 to 1 each.
    Drawbars([f32; 9]),
    /// A glottal source through the formants of a vowel for each cycle.
    Vowels {
        /// Formants in Hz, one set per cycle.
        formants: [[f32; 4]; CYCLES],
        /// Fall of the source in dB per octave.
        tilt_db: f32,
    },
    /// Random amplitudes under a slope.
    Chance {
        /// Relative amplitude of each of the lowest harmonics, 0 to 1.
        amplitudes: Vec<f32>,
        /// Exponent of the fall over the harmonics in the brightest cycle.
        slope: f32,
        /// Added to the exponent from cycle to cycle.
        closing: f32,
    },
}

/// Oscillators that read the cycles.
#[derive(Debug, Clone, PartialEq)]
pub struct Wavetable {
    /// The harmonics.
    pub spectrum: Spectrum,
    /// Number of oscillators.
    pub unison: usize,
    /// Largest detuning of an oscillator, cents.
    pub spread_cents: f32,
    /// Time constant in which a note moves from the first cycle to the last, in seconds.
    pub darken_s: f32,
    /// Final position of a note between the first (0) and the last cycle.
    pub rest: f32,
    /// How far the position oscillates, in cycles.
    pub sweep: f32,
    /// How fast it oscillates, in Hz.
    pub sweep_hz: f32,
}

impl Wavetable {
    /// The cycles for a fundamental: nothing at or above half the rate.
    #[must_use]
    pub fn tables(&self, hz: f32, rate_hz: f32) -> Vec<Table> {
        let mut planner = RealFftPlanner::<f32>::new();
        let inverse = planner.plan_fft_inverse(CYCLE);
        let (base_hz, step) = match self.spectrum {
            // The lowest drawbar lies an octave below the key.
            Spectrum::Drawbars(_) => (hz / 2.0, 1),
            _ => (hz, 1),
        };
        // Vibrato and slides need some room below half the rate.
        let most = ((0.45 * rate_hz / base_hz) as usize).clamp(1, CYCLE / 4);
        (0..CYCLES)
            .map(|cycle| {
                let mut bins = vec![Complex32::default(); CYCLE / 2 + 1];
                let mut energy = 0.0;
                for harmonic in (1..=most).step_by(step) {
                    let amplitude = self.amplitude(harmonic, cycle, hz);
                    energy += amplitude * amplitude;
                    // Phases like a saw's, where every harmonic is a sine, shifted in a fixed
                    // pattern so that not every cycle is a spike.
                    let phase = (harmonic * harmonic) as f32 * 0.37;
                    bins[harmonic] = Complex32::from_polar(amplitude, phase);
                }
                let scale = 0.5 / energy.sqrt().max(1e-6);
                let mut table = vec![0.0_f32; CYCLE];
                bins[0] = Complex32::default();
                bins[CYCLE / 2] = Complex32::default();
                // The only failure is a wrong length or a complex end bin.
                let ok = inverse.process(&mut bins, &mut table);
                debug_assert!(ok.is_ok());
                for value in &mut table {
                    *value *= scale;
                }
                let first = table[0];
                table.push(first);
                table
            })
            .collect()
    }

    fn amplitude(&self, harmonic: usize, cycle: usize, hz: f32) -> f32 {
        let n = harmonic as f32;
        match &self.spectrum {
            Spectrum::Analog {
                pulse,
                cutoff_hz,
                tracking,
                closing,
                resonance,
            } => {
                let wave = if *pulse > 0.0 {
                    (std::f32::consts::PI * n * pulse).sin().abs() / n
                } else {
                    1.0 / n
                };
                let follow = (hz / 262.0).powf(*tracking);
                let corner = cutoff_hz * follow * closing.powi(cycle as i32);
                let ratio = n * hz / corner.max(hz * 1.2);
                // Two poles, and a bell at the corner.
                let filter = 1.0 / (1.0 + ratio.powi(4)).sqrt();
                let bell = 1.0 + resonance * (-(ratio.ln() * 3.0).powi(2)).exp();
                wave * filter * bell
            }
            Spectrum::Drawbars(bars) => {
                const HARMONICS: [usize; 9] = [1, 3, 2, 4, 6, 8, 10, 12, 16];
                HARMONICS
                    .iter()
                    .position(|of| *of == harmonic)
                    .map_or(0.0, |bar| bars[bar])
            }
            Spectrum::Vowels { formants, tilt_db } => {
                let source = 10_f32.powf(tilt_db * n.log2() / 20.0);
                let at = n * hz;
                let mut gain = 0.06;
                for (index, centre) in formants[cycle].iter().enumerate() {
                    let width = 60.0 + 0.06 * centre;
                    let level = 0.75_f32.powi(index as i32);
                    gain += level / (1.0 + ((at - centre) / width).powi(2));
                }
                source * gain
            }
            Spectrum::Chance {
                amplitudes,
                slope,
                closing,
            } => {
                let chance = amplitudes.get(harmonic - 1).copied().unwrap_or(0.3);
                chance * n.powf(-(slope + closing * cycle as f32))
            }
        }
    }

    /// Adds one note.
    #[expect(clippy::too_many_arguments, reason = "all there is about one note")]
    pub(super) fn voice(
        &self,
        tables: &[Table],
        hz: f32,
        velocity: f32,
        curve: &Curve,
        amplitude: &[f32],
        rate_hz: f32,
        rng: &mut ChaCha8Rng,
        out: &mut [f32],
    ) {
        let scale = 1.0 / (self.unison.max(1) as f32).sqrt();
        let sweep_phase = rng.random_range(0.0..std::f32::consts::TAU);
        for _ in 0..self.unison.max(1) {
            let cents = rng.random_range(-1.0..=1.0_f32) * self.spread_cents;
            let detuned = hz * (cents / 1200.0).exp2();
            let mut phase: u32 = rng.random();
            let mut step = 0_u32;
            let mut weight = 0.0_f32;
            let (mut low, mut high) = (&tables[0], &tables[0]);
            let mut current = usize::MAX;
            shaped(amplitude, out, |block| {
                if block != current {
                    current = block;
                    let at_s = (block * CONTROL_SAMPLES) as f32 / rate_hz;
                    let bent = detuned * (curve.bend(at_s) / 12.0).exp2();
                    step = (f64::from(bent / rate_hz) * 4_294_967_296.0) as u32;
                    if matches!(self.spectrum, Spectrum::Drawbars(_)) {
                        step /= 2;
                    }
                    // Soft notes start darker.
                    let from = (1.0 - velocity) * 1.5;
                    let to = self.rest.max(from);
                    let swing = self.sweep
                        * (std::f32::consts::TAU * self.sweep_hz * at_s + sweep_phase).sin();
                    let position =
                        to + (from - to) * (-at_s / self.darken_s.max(1e-3)).exp() + swing;
                    let position = position.clamp(0.0, (CYCLES - 1) as f32 - 1e-3);
                    let whole = position as usize;
                    weight = position - whole as f32;
                    low = &tables[whole];
                    high = &tables[whole + 1];
                }
                phase = phase.wrapping_add(step);
                let index = (phase >> (32 - CYCLE_BITS)) as usize;
                let part = (phase << CYCLE_BITS) as f32 * (1.0 / 4_294_967_296.0);
                let a = low[index] + (low[index + 1] - low[index]) * part;
                let b = high[index] + (high[index + 1] - high[index]) * part;
                (a + (b - a) * weight) * scale
            });
        }
    }
}
