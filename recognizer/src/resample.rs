//! Streaming resampling from any host rate to [`SAMPLE_RATE`], with exact time stamps.
//!
//! Built on rubato's windowed-sinc resampler. Its delay is removed: output sample `n` is the input
//! at `n / 22050` seconds. Two things make that exact and not approximate:
//!
//! - if the ratio of the rates is a fraction with a small denominator, the sinc has that many
//!   phases, so that every output position falls on one and nothing is interpolated between phases;
//! - zeros before the first sample shift the delay to a whole number of output samples, which are
//!   then dropped.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{
    Async, FixedAsync, Indexing, Resampler, SincInterpolationParameters, SincInterpolationType,
    WindowFunction, calculate_cutoff,
};

use crate::features::SAMPLE_RATE;
use crate::features::samples::{is_valid, tame};

/// Lowest host rate, in Hz.
pub const MIN_HOST_RATE: f64 = 8_000.0;

/// Highest host rate, in Hz.
pub const MAX_HOST_RATE: f64 = 384_000.0;

/// Zero crossings of the sinc, counted in samples of the slower side.
const SINC_PERIODS: usize = 64;

/// With [`SINC_PERIODS`] it attenuates aliases by about 100 dB and passes everything up to 7 kHz;
/// the highest bin is at 2.1 kHz.
const WINDOW: WindowFunction = WindowFunction::Blackman2;

/// The most phases that are tabulated exactly; 441 suffices for multiples of 1 kHz.
const MAX_EXACT_PHASES: u64 = 512;

/// Phases for all other rates, with linear interpolation between them; its
/// error is below -100 dB.
const INTERPOLATED_PHASES: usize = 512;

/// Input handed to rubato at once, in seconds; each chunk has a fixed cost.
const CHUNK_S: f64 = 0.0025;

/// The most leading zeros. Enough for an exact shift at every rate with an exact table; at other
/// rates an error of at most 1/512 output sample remains (the worst case is a rate close to a small
/// multiple of the output rate).
const MAX_LEADING_ZEROS: usize = 4096;

/// Samples are multiplied by this inside rubato. The window reduces the outermost taps of the sinc
/// to 1e-37, and products with them would be denormal numbers for all but the loudest music: at
/// 44.1 kHz the filter took seven times as long. It is a power of two, so that no bit of the result
/// changes; from the smallest sample ([`tame`]) to the largest nothing underflows or overflows.
const LIFT: f32 = (1_u128 << 64) as f32;

/// A host rate outside the supported range.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("sample rate of {rate} Hz: it must be between {MIN_HOST_RATE} and {MAX_HOST_RATE} Hz")]
pub struct RateError {
    /// The refused rate, in Hz.
    pub rate: f64,
}

/// Streaming resampler of a mono signal to [`SAMPLE_RATE`].
///
/// Samples that are not finite count as silence, larger ones than
/// [`crate::features::MAX_ABS_SAMPLE`] are clamped. The output does not depend on how the input is
/// divided into blocks. After construction only the caller's output vector allocates, if its
/// capacity runs out.
pub struct StreamResampler {
    host_rate: f64,
    /// `None` at [`SAMPLE_RATE`]: samples pass unchanged.
    sinc: Option<Sinc>,
    /// Input samples since the start.
    received: u64,
    /// Output samples since the start.
    produced: u64,
    invalid_samples: u64,
}

impl StreamResampler {
    /// A resampler for input at `host_rate` Hz.
    ///
    /// # Errors
    /// [`RateError`] unless the rate lies between [`MIN_HOST_RATE`] and
    /// [`MAX_HOST_RATE`].
    pub fn new(host_rate: f64) -> Result<Self, RateError> {
        if !(MIN_HOST_RATE..=MAX_HOST_RATE).contains(&host_rate) {
            return Err(RateError { rate: host_rate });
        }
        let sinc = if host_rate == f64::from(SAMPLE_RATE) {
            None
        } else {
            Some(Sinc::new(host_rate).ok_or(RateError { rate: host_rate })?)
        };
        Ok(Self {
            host_rate,
            sinc,
            received: 0,
            produced: 0,
            invalid_samples: 0,
        })
    }

    /// Takes samples and appends the output samples that they complete to `out`.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        let before = out.len();
        self.received += samples.len() as u64;
        self.invalid_samples += samples.iter().filter(|s| !is_valid(**s)).count() as u64;
        match &mut self.sinc {
            None => out.extend(samples.iter().copied().map(tame)),
            Some(sinc) => sinc.push(samples, out),
        }
        self.produced += (out.len() - before) as u64;
    }

    /// Ends the signal: appends the buffered rest, so that the output has every sample `n` with
    /// `n / 22050` before the end of the input. Starts over, keeping the count of invalid samples.
    pub fn flush(&mut self, out: &mut Vec<f32>) {
        let missing = usize::try_from(self.output_len(self.received) - self.produced).unwrap_or(0);
        if let Some(sinc) = &mut self.sinc {
            let target = out.len() + missing;
            while out.len() < target {
                sinc.push(&[0.0; 128], out);
            }
            out.truncate(target);
        }
        let invalid_samples = self.invalid_samples;
        self.reset();
        self.invalid_samples = invalid_samples;
    }

    /// Forgets everything; the next sample is at time 0.
    pub fn reset(&mut self) {
        if let Some(sinc) = &mut self.sinc {
            sinc.reset();
        }
        self.received = 0;
        self.produced = 0;
        self.invalid_samples = 0;
    }

    /// Output samples of `input_len` input samples once flushed: all `n` with
    /// `n / 22050 < input_len / host_rate`.
    #[must_use]
    pub fn output_len(&self, input_len: u64) -> u64 {
        if self.host_rate.fract() == 0.0 {
            let exact = u128::from(input_len) * u128::from(SAMPLE_RATE);
            exact.div_ceil(self.host_rate as u128) as u64
        } else {
            (input_len as f64 * f64::from(SAMPLE_RATE) / self.host_rate).ceil() as u64
        }
    }

    /// The longest delay of an output sample after its time stamp, in seconds: half the sinc, and
    /// the input until a chunk is full.
    #[must_use]
    pub fn delay_s(&self) -> f64 {
        let wait = self
            .sinc
            .as_ref()
            .map_or(0, |s| s.sinc_len / 2 + s.chunk.len());
        wait as f64 / self.host_rate
    }

    /// Rate of the input, in Hz.
    #[must_use]
    pub fn host_rate(&self) -> f64 {
        self.host_rate
    }

    /// Input samples since the last reset that were not finite or beyond
    /// [`crate::features::MAX_ABS_SAMPLE`].
    #[must_use]
    pub fn invalid_samples(&self) -> u64 {
        self.invalid_samples
    }
}

/// rubato's resampler with its chunking and delay hidden.
struct Sinc {
    resampler: Async<f32>,
    sinc_len: usize,
    /// Input waiting for a full chunk; the first `filled` are valid.
    chunk: Box<[f32]>,
    filled: usize,
    /// Output of one chunk.
    resampled: Box<[f32]>,
    /// Zeros before the signal, see [`alignment`].
    leading_zeros: usize,
    /// Output samples before time 0.
    delay: usize,
    /// How many of them are still to come.
    to_skip: usize,
    /// Zeros in a row at the end of the input.
    zeros: usize,
    /// With this many zeros the filter contains nothing else and outputs zeros until other input
    /// comes: nothing is computed, and rubato only advances its position.
    rests_after: usize,
    /// The setting of rubato for that.
    resting: Indexing,
}

impl Sinc {
    /// `None` when rubato refuses the rate.
    fn new(host_rate: f64) -> Option<Self> {
        let step = host_rate / f64::from(SAMPLE_RATE);
        let (phases, interpolation) = match exact_phases(host_rate) {
            Some(phases) => (phases, SincInterpolationType::Nearest),
            None => (INTERPOLATED_PHASES, SincInterpolationType::Linear),
        };
        let sinc_len = ((SINC_PERIODS as f64 * step.max(1.0)) as usize).next_multiple_of(8);
        let parameters = SincInterpolationParameters::new(sinc_len, WINDOW)
            // rubato's default assumes that the length is that of the slower side, and puts the
            // edge too close to its Nyquist frequency.
            .f_cutoff(calculate_cutoff(SINC_PERIODS, WINDOW))
            .oversampling_factor(phases)
            .interpolation(interpolation);
        let chunk_len = (CHUNK_S * host_rate) as usize;
        let fixed = FixedAsync::Input;
        let ratio = step.recip();
        let resampler = Async::new_sinc(ratio, 1.0, &parameters, chunk_len, 1, fixed).ok()?;
        let (leading_zeros, delay) = alignment(step, sinc_len, phases);
        let mut sinc = Self {
            resampled: vec![0.0; resampler.output_frames_max()].into_boxed_slice(),
            resampler,
            sinc_len,
            chunk: vec![0.0; chunk_len].into_boxed_slice(),
            filled: 0,
            leading_zeros,
            delay,
            to_skip: 0,
            zeros: 0,
            // rubato keeps twice the sinc before a chunk.
            rests_after: 2 * sinc_len + 2 * chunk_len,
            resting: Indexing {
                active_channels_mask: Some(vec![false]),
                ..Indexing::default()
            },
        };
        sinc.reset();
        Some(sinc)
    }

    fn reset(&mut self) {
        self.resampler.reset();
        self.filled = 0;
        self.zeros = 0;
        self.to_skip = self.delay;
        let mut zeros = self.leading_zeros;
        while zeros > 0 {
            let take = zeros.min(self.chunk.len() - self.filled);
            self.chunk[self.filled..self.filled + take].fill(0.0);
            self.filled += take;
            zeros -= take;
            // All of this is before time 0 and skipped.
            let skipped = self.run_full_chunk().len();
            debug_assert_eq!(skipped, 0);
        }
    }

    fn push(&mut self, mut samples: &[f32], out: &mut Vec<f32>) {
        while !samples.is_empty() {
            let take = samples.len().min(self.chunk.len() - self.filled);
            let (now, later) = samples.split_at(take);
            let free = &mut self.chunk[self.filled..self.filled + take];
            for (kept, sample) in free.iter_mut().zip(now) {
                *kept = tame(*sample) * LIFT;
            }
            self.filled += take;
            samples = later;
            out.extend_from_slice(self.run_full_chunk());
        }
    }

    /// The output of a full chunk, without samples to be skipped.
    fn run_full_chunk(&mut self) -> &[f32] {
        if self.filled < self.chunk.len() {
            return &[];
        }
        self.filled = 0;
        self.zeros = if self.chunk.iter().all(|sample| *sample == 0.0) {
            self.zeros.saturating_add(self.chunk.len())
        } else {
            0
        };
        let rests = self.zeros >= self.rests_after;
        if rests {
            self.resampled.fill(0.0);
        }
        let len = self.resampled.len();
        let input = SequentialSlice::new(&self.chunk[..], 1, self.chunk.len());
        let output = SequentialSlice::new_mut(&mut self.resampled[..], 1, len);
        let (Ok(input), Ok(mut output)) = (input, output) else {
            unreachable!("one channel of the slices' own lengths");
        };
        let result =
            self.resampler
                .process_into_buffer(&input, &mut output, rests.then_some(&self.resting));
        let written = match result {
            Ok((_, written)) => written,
            Err(error) => unreachable!("the buffers have rubato's own sizes: {error}"),
        };
        let skip = self.to_skip.min(written);
        self.to_skip -= skip;
        for sample in &mut self.resampled[skip..written] {
            *sample *= LIFT.recip();
        }
        &self.resampled[skip..written]
    }
}

/// Denominator of `host_rate / SAMPLE_RATE` when it is small enough to tabulate
/// every phase.
fn exact_phases(host_rate: f64) -> Option<usize> {
    if host_rate.fract() != 0.0 {
        return None;
    }
    let (mut a, mut b) = (host_rate as u64, u64::from(SAMPLE_RATE));
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let phases = u64::from(SAMPLE_RATE) / a;
    (phases <= MAX_EXACT_PHASES).then_some(phases as usize)
}

/// The number of leading zeros, and of output samples that then come before time 0.
///
/// rubato's output `k` is the input at `(k + 1) * step - sinc_len / 2 +
/// 1 / phases` samples (its sinc table ends one phase early), so `k` output
/// samples are to be dropped with `(k + 1) * step = sinc_len / 2 + zeros -
/// 1 / phases`; the zeros are chosen such that `k` is whole.
fn alignment(step: f64, sinc_len: usize, phases: usize) -> (usize, usize) {
    let position =
        |zeros: usize| ((sinc_len / 2 + zeros) as f64 - (phases as f64).recip()) / step - 1.0;
    let distance = |zeros: usize| (position(zeros) - position(zeros).round()).abs();
    let mut best = 0;
    for zeros in 0..MAX_LEADING_ZEROS {
        // By more than rounding errors, so that the first of equals wins.
        if distance(zeros) < distance(best) - 1e-9 {
            best = zeros;
        }
    }
    (best, position(best).round() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::samples::{MAX_ABS_SAMPLE, MIN_ABS_SAMPLE};

    #[test]
    fn usual_rates_have_exact_phases() {
        for (rate, phases) in [
            (8e3, 441),
            (11_025.0, 2),
            (44_100.0, 1),
            (48e3, 147),
            (384e3, 147),
        ] {
            assert_eq!(exact_phases(rate), Some(phases), "{rate}");
        }
        assert_eq!(exact_phases(44_056.0), None);
        assert_eq!(exact_phases(44_100.5), None);
    }

    /// Music, and silence of all lengths around that at which the resampler begins to rest.
    fn music_with_silence(rate: f64) -> Vec<f32> {
        let mut signal = Vec::new();
        for (n, silence_s) in [0.001, 0.004, 0.01, 0.0101, 0.05, 0.3].iter().enumerate() {
            let tone = (0..(0.02 * rate) as usize + n).map(|i| (i as f32 * 0.07).sin());
            signal.extend(tone);
            signal.extend(std::iter::repeat_n(0.0, (silence_s * rate) as usize + n));
        }
        signal
    }

    #[test]
    fn the_lift_changes_no_bit_and_nothing_inside_is_denormal() {
        // The same music at half a millionth of the level, to the last bit.
        let quiet = 2_f32.powi(-19);
        for rate in [8e3, 44.1e3, 48e3, 44_056.0] {
            let loud = music_with_silence(rate);
            let soft: Vec<f32> = loud.iter().map(|sample| sample * quiet).collect();
            let resampled = |signal: &[f32]| {
                let mut resampler = StreamResampler::new(rate).unwrap();
                let mut out = Vec::new();
                resampler.push(signal, &mut out);
                resampler.flush(&mut out);
                out
            };
            let expected: Vec<f32> = resampled(&loud).iter().map(|s| s * quiet).collect();
            assert_eq!(resampled(&soft), expected, "{rate}");
        }
        // What an impulse gives are the taps: the least of them makes a normal number even of
        // the smallest sample that passes, and the largest sample does not overflow.
        let mut sinc = Sinc::new(44.1e3).unwrap();
        let mut taps = Vec::new();
        for n in 0..2_000 {
            sinc.push(&[f32::from(u8::from(n == 500 || n == 1_001))], &mut taps);
        }
        let sizes = taps.iter().map(|tap| f64::from(tap.abs()));
        let least = sizes.filter(|tap| *tap > 0.0).fold(1.0, f64::min);
        let product = least * f64::from(MIN_ABS_SAMPLE) * f64::from(LIFT);
        assert!(product >= f64::from(f32::MIN_POSITIVE), "{least:e}");
        assert!(least < 1e-30, "no window so deep any more: {least:e}");
        let mut out = Vec::new();
        Sinc::new(44.1e3)
            .unwrap()
            .push(&[MAX_ABS_SAMPLE; 2_000], &mut out);
        let last = out.last().unwrap();
        assert!((last / MAX_ABS_SAMPLE - 1.0).abs() < 1e-3, "{last}");
    }

    #[test]
    fn resting_in_silence_changes_no_bit() {
        for rate in [8e3, 44.1e3, 48e3, 44_056.0, 192e3] {
            let signal = music_with_silence(rate);
            let resampled = |rests: bool| {
                let mut resampler = StreamResampler::new(rate).unwrap();
                let sinc = resampler.sinc.as_mut().unwrap();
                if !rests {
                    sinc.rests_after = usize::MAX;
                }
                let mut out = Vec::new();
                let mut rested = false;
                for block in signal.chunks(100) {
                    resampler.push(block, &mut out);
                    let sinc = resampler.sinc.as_ref().unwrap();
                    rested |= sinc.zeros >= sinc.rests_after;
                }
                assert_eq!(rested, rests, "{rate}");
                resampler.flush(&mut out);
                out
            };
            assert_eq!(resampled(true), resampled(false), "{rate}");
        }
    }
}
