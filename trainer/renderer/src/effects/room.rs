//! Rooms: convolution with an exponentially decaying noise (Moorer, *About this
//! reverberation business*, Computer Music Journal 3(2), 1979) after a few early reflections.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use realfft::RealFftPlanner;

/// A room.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Room {
    /// Time in which the low frequencies decay by 60 dB, in seconds.
    pub decay_s: f32,
    /// The same above about 2 kHz, as a share of `decay_s`.
    pub damping: f32,
    /// Silence before the first reflection, in seconds.
    pub predelay_s: f32,
}

impl Room {
    /// The impulse response without the direct sound, of unit energy.
    #[must_use]
    pub fn response(&self, rng: &mut ChaCha8Rng, rate_hz: f32) -> Vec<f32> {
        let start = (self.predelay_s * rate_hz) as usize;
        let length = ((self.decay_s * rate_hz) as usize).max(64);
        let mut response = vec![0.0_f32; start + length];
        // -60 dB is a factor of 1000 in amplitude: exp(-6.91).
        let low_rate = 6.91 / (self.decay_s * rate_hz);
        let high_rate = low_rate / self.damping.max(0.05);
        let smoothing = (-std::f32::consts::TAU * 2000.0 / rate_hz).exp();
        let mut low = 0.0;
        for (index, slot) in response[start..].iter_mut().enumerate() {
            let white: f32 = rng.random_range(-1.0..=1.0);
            low = smoothing * low + (1.0 - smoothing) * white;
            let at = index as f32;
            *slot = low * (-low_rate * at).exp() + (white - low) * (-high_rate * at).exp();
        }
        for _ in 0..8 {
            let after_s = rng.random_range(0.0..0.06_f32.min(self.decay_s));
            let at = start + (after_s * rate_hz) as usize;
            if let Some(slot) = response.get_mut(at) {
                *slot += rng.random_range(-4.0..4.0);
            }
        }
        let energy: f32 = response.iter().map(|x| x * x).sum();
        let scale = 1.0 / energy.sqrt().max(1e-9);
        for slot in &mut response {
            *slot *= scale;
        }
        response
    }
}

/// Convolves by overlap-add; the result is as long as the input.
#[must_use]
pub fn convolve(input: &[f32], response: &[f32]) -> Vec<f32> {
    let size = (2 * response.len()).next_power_of_two().max(8192);
    let block = size - response.len() + 1;
    let mut planner = RealFftPlanner::<f32>::new();
    let forward = planner.plan_fft_forward(size);
    let inverse = planner.plan_fft_inverse(size);
    let mut time = forward.make_input_vec();
    let mut transfer = forward.make_output_vec();
    let mut spectrum = forward.make_output_vec();
    let mut scratch = forward.make_scratch_vec();
    let mut inverse_scratch = inverse.make_scratch_vec();

    time[..response.len()].copy_from_slice(response);
    // The only failure is a wrong buffer length, and the plans made the buffers.
    let ok = forward.process_with_scratch(&mut time, &mut transfer, &mut scratch);
    debug_assert!(ok.is_ok());

    let mut output = vec![0.0; input.len()];
    for (index, chunk) in input.chunks(block).enumerate() {
        time.fill(0.0);
        time[..chunk.len()].copy_from_slice(chunk);
        let ok = forward.process_with_scratch(&mut time, &mut spectrum, &mut scratch);
        debug_assert!(ok.is_ok());
        for (bin, factor) in spectrum.iter_mut().zip(&transfer) {
            *bin *= factor;
        }
        // A real signal's first and last bins are real: removes rounding errors.
        if let Some(first) = spectrum.first_mut() {
            first.im = 0.0;
        }
        if let Some(last) = spectrum.last_mut() {
            last.im = 0.0;
        }
        let ok = inverse.process_with_scratch(&mut spectrum, &mut time, &mut inverse_scratch);
        debug_assert!(ok.is_ok());
        let scale = 1.0 / size as f32;
        for (out, value) in output[index * block..].iter_mut().zip(&time) {
            *out += value * scale;
        }
    }
    output
}
