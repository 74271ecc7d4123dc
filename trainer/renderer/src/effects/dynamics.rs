//! Compression, saturation and the final limiter.

/// A feed-forward compressor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compressor {
    /// Level in dBFS (RMS) above which it acts.
    pub threshold_db: f32,
    /// Input dB per output dB above the threshold.
    pub ratio: f32,
    /// Attack in seconds.
    pub attack_s: f32,
    /// Release in seconds.
    pub release_s: f32,
}

impl Compressor {
    /// Compresses in place. The gain is computed for blocks of 16 samples and
    /// interpolated between them: far below any attack, and cheap.
    pub fn apply(&self, samples: &mut [f32], rate_hz: f32) {
        const BLOCK: usize = 16;
        let coefficient = |seconds: f32| (-(BLOCK as f32) / (seconds * rate_hz)).exp();
        let (attack, release) = (coefficient(self.attack_s), coefficient(self.release_s));
        let mut power: f32 = 0.0;
        let mut gain: f32 = 1.0;
        for block in samples.chunks_mut(BLOCK) {
            let now = block.iter().map(|x| x * x).sum::<f32>() / block.len() as f32;
            let slope = if now > power { attack } else { release };
            power = now + slope * (power - now);
            let over_db = 10.0 * (power + 1e-12).log10() - self.threshold_db;
            let target = if over_db > 0.0 {
                10_f32.powf(-over_db * (1.0 - 1.0 / self.ratio) / 20.0)
            } else {
                1.0
            };
            let step = (target - gain) / block.len() as f32;
            for sample in block {
                gain += step;
                *sample *= gain;
            }
        }
    }
}

/// Compresses three bands separately, split at two frequencies in Hz by first-order sections
/// whose outputs sum to the input.
pub fn multiband(
    samples: &mut [f32],
    rate_hz: f32,
    (low_hz, high_hz): (f32, f32),
    bands: &[Compressor; 3],
) {
    let split = |samples: &[f32], hz: f32| -> (Vec<f32>, Vec<f32>) {
        let keep = (-std::f32::consts::TAU * hz / rate_hz).exp();
        let mut low = 0.0;
        samples
            .iter()
            .map(|sample| {
                low = keep * low + (1.0 - keep) * sample;
                (low, sample - low)
            })
            .unzip()
    };
    let (mut low, rest) = split(samples, low_hz);
    let (mut middle, mut high) = split(&rest, high_hz);
    for (band, compressor) in [&mut low, &mut middle, &mut high].into_iter().zip(bands) {
        compressor.apply(band, rate_hz);
    }
    for (index, sample) in samples.iter_mut().enumerate() {
        *sample = low[index] + middle[index] + high[index];
    }
}

/// Soft clipping, slightly asymmetric (even harmonics) by `asymmetry` times full scale; the
/// result stays within ±2, and silence stays silent.
pub fn saturate(samples: &mut [f32], drive: f32, asymmetry: f32) {
    let offset = (asymmetry * drive).tanh();
    let scale = 1.0 / drive.tanh();
    for sample in samples {
        *sample = ((drive * (*sample + asymmetry)).tanh() - offset) * scale;
    }
}

/// Scales to `peak`. If `push_db` raises the level first, samples above three quarters of the
/// peak are compressed, not clipped.
pub fn limit(samples: &mut [f32], peak: f32, push_db: f32) {
    let highest = samples.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    if highest <= 1e-9 {
        return;
    }
    let gain = 10_f32.powf(push_db / 20.0) / highest;
    const KNEE: f32 = 0.75;
    for sample in samples.iter_mut() {
        let x = *sample * gain;
        let over = x.abs() - KNEE;
        let bent = if push_db > 0.0 && over > 0.0 {
            (KNEE + (1.0 - KNEE) * (over / (1.0 - KNEE)).tanh()).copysign(x)
        } else {
            x
        };
        *sample = bent * peak;
    }
}

/// RMS over the blocks of 2048 samples that are not silent, or `None` for silence.
#[must_use]
pub fn active_rms(samples: &[f32]) -> Option<f32> {
    let powers: Vec<f32> = samples
        .chunks(2048)
        .map(|block| block.iter().map(|x| x * x).sum::<f32>() / block.len() as f32)
        .collect();
    let loudest = powers.iter().fold(0.0_f32, |most, x| most.max(*x));
    if loudest < 1e-10 {
        return None;
    }
    // Blocks 30 dB under the loudest are pauses.
    let active: Vec<f32> = powers.into_iter().filter(|p| *p > loudest * 1e-3).collect();
    Some((active.iter().sum::<f32>() / active.len() as f32).sqrt())
}
