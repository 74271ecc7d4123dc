//! Sparse frequency-domain kernels: each bin of a frame is a short weighted sum
//! over the frame's spectrum (Brown & Puckette, "An efficient algorithm for the
//! calculation of a constant Q transform", JASA 1992).

use std::f64::consts::PI;

use realfft::num_complex::{Complex32, Complex64};

/// Spectral coefficients of a window below this share of its peak are dropped.
///
/// A Hann window's spectrum falls with the cube of the distance, so 2e-4 keeps about twelve side
/// lobes; the transform then stays within 2e-4 of the dense one on a full-scale signal (measured by
/// `truncation_error_is_small`).
const TRUNCATION: f64 = 2e-4;

/// Terms that are summed side by side, so that the compiler can vectorize the
/// sums without reordering them.
const LANES: usize = 8;

/// The window of one bin, relative to the frame's time stamp.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// Centre frequency in Hz over the sample rate.
    pub frequency: f64,
    /// Length of the Hann window in samples, not rounded.
    pub length: f64,
    /// Middle of the window in samples after the frame's time stamp.
    pub centre: i64,
    /// Magnitude of a steady sinusoid of amplitude 2 at the centre frequency.
    pub scale: f64,
}

impl Window {
    /// First sample the window touches, relative to the time stamp.
    pub fn first(&self) -> i64 {
        self.centre - self.half()
    }

    /// Last sample the window touches, relative to the time stamp.
    pub fn last(&self) -> i64 {
        self.centre + self.half()
    }

    /// Samples on each side of the centre with a weight above zero.
    fn half(&self) -> i64 {
        // At exactly length/2 the Hann window is zero.
        (self.length / 2.0).ceil() as i64 - 1
    }

    /// Spectrum of the centred window at `omega` radians a sample, divided by
    /// its value at zero: a Hann window is three Dirichlet kernels.
    fn spectrum(&self, omega: f64) -> f64 {
        let terms = (2 * self.half() + 1) as f64;
        let step = 2.0 * PI / self.length;
        let at = |w: f64| {
            0.5 * dirichlet(w, terms)
                + 0.25 * (dirichlet(w - step, terms) + dirichlet(w + step, terms))
        };
        at(omega) / at(0.0)
    }
}

/// `sum of e^{j w o}` over `terms` consecutive integers `o` centred at zero.
fn dirichlet(w: f64, terms: f64) -> f64 {
    let denominator = (w / 2.0).sin();
    if denominator.abs() < 1e-12 {
        terms
    } else {
        (terms * w / 2.0).sin() / denominator
    }
}

/// One row of the kernel matrix: weights of consecutive spectrum bins.
#[derive(Clone, Debug)]
struct Row {
    /// First spectrum bin.
    first: usize,
    /// Number of spectrum bins, a multiple of [`LANES`].
    len: usize,
    /// Where the weights begin in [`Kernels::re`].
    re: usize,
    /// Where they begin in [`Kernels::im`]; `None` for a window centred on the
    /// time stamp, whose spectrum is real.
    im: Option<usize>,
}

/// The kernels of all bins for one FFT length.
#[derive(Clone, Debug)]
pub(super) struct Kernels {
    rows: Vec<Row>,
    re: Vec<f32>,
    im: Vec<f32>,
    /// Spectrum bins that any row reads, rounded up for the last row's lanes.
    spectrum_len: usize,
}

impl Kernels {
    /// Kernels for the spectrum of a frame of `fft_len` samples whose time stamp
    /// is at index 0, earlier samples wrapping to the end.
    pub fn new(windows: &[Window], fft_len: usize) -> Self {
        Self::with_truncation(windows, fft_len, TRUNCATION)
    }

    fn with_truncation(windows: &[Window], fft_len: usize, truncation: f64) -> Self {
        let mut kernels = Self {
            rows: Vec::with_capacity(windows.len()),
            re: Vec::new(),
            im: Vec::new(),
            spectrum_len: 0,
        };
        for window in windows {
            kernels.add_row(window, fft_len, truncation);
        }
        kernels
    }

    fn add_row(&mut self, window: &Window, fft_len: usize, truncation: f64) {
        let (first, last) = support(window, fft_len, truncation);
        let len = (last + 1 - first).next_multiple_of(LANES);
        let row = Row {
            first,
            len,
            re: self.re.len(),
            im: (window.centre != 0).then_some(self.im.len()),
        };
        for m in first..first + len {
            let weight = if m <= last {
                self::weight(window, fft_len, m)
            } else {
                Complex64::ZERO
            };
            self.re.push(weight.re as f32);
            if row.im.is_some() {
                self.im.push(weight.im as f32);
            }
        }
        self.spectrum_len = self.spectrum_len.max(first + len);
        self.rows.push(row);
    }

    /// Spectrum bins that [`Self::magnitudes`] reads.
    pub fn spectrum_len(&self) -> usize {
        self.spectrum_len
    }

    /// Multiplies the spectrum, split into real and imaginary parts of
    /// [`Self::spectrum_len`] values each, into one magnitude a bin.
    pub fn magnitudes(&self, re: &[f32], im: &[f32], magnitudes: &mut [f32]) {
        for (row, magnitude) in self.rows.iter().zip(magnitudes) {
            let span = row.first..row.first + row.len;
            let (x_re, x_im) = (&re[span.clone()], &im[span]);
            let w_re = &self.re[row.re..row.re + row.len];
            let sum = match row.im {
                None => Complex32::new(dot(w_re, x_re), dot(w_re, x_im)),
                Some(start) => {
                    let w_im = &self.im[start..start + row.len];
                    Complex32::new(
                        dot(w_re, x_re) - dot(w_im, x_im),
                        dot(w_re, x_im) + dot(w_im, x_re),
                    )
                }
            };
            *magnitude = (sum.re * sum.re + sum.im * sum.im).sqrt();
        }
    }
}

/// First and last spectrum bin in which the window weighs at least `truncation`
/// of its peak.
fn support(window: &Window, fft_len: usize, truncation: f64) -> (usize, usize) {
    // |spectrum| < 1 / (pi x³) at x = distance * length / fft_len > 2.
    let reach = (PI * truncation).recip().cbrt().max(2.0) * fft_len as f64 / window.length;
    let centre = window.frequency * fft_len as f64;
    let first = (centre - reach).ceil().max(0.0) as usize;
    let last = ((centre + reach).floor() as usize).min(fft_len / 2);
    (first, last)
}

/// Weight of spectrum bin `m`, by Parseval's theorem the conjugate of the
/// windowed oscillation's spectrum.
fn weight(window: &Window, fft_len: usize, m: usize) -> Complex64 {
    let omega = 2.0 * PI * (m as f64 / fft_len as f64 - window.frequency);
    let amplitude = window.scale * window.spectrum(omega) / fft_len as f64;
    Complex64::from_polar(amplitude, omega * window.centre as f64)
}

/// Dot product with a fixed order of summation.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0f32; LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (b + f)) + ((c + g) + (d + h))
}

#[cfg(test)]
mod tests {
    use super::*;
    use realfft::RealFftPlanner;

    const FFT_LEN: usize = 4096;

    fn window(frequency: f64, length: f64, centre: i64) -> Window {
        Window {
            frequency,
            length,
            centre,
            scale: length.sqrt(),
        }
    }

    /// The definition, summed in the time domain.
    fn by_definition(window: &Window, sample: impl Fn(i64) -> f64) -> f64 {
        let weight =
            |o: i64| 0.5 + 0.5 * (2.0 * PI * (o - window.centre) as f64 / window.length).cos();
        let span = window.first()..=window.last();
        let total: f64 = span.clone().map(weight).sum();
        let sum: Complex64 = span
            .map(|o| {
                let phase = -2.0 * PI * window.frequency * o as f64;
                Complex64::from_polar(sample(o) * weight(o) / total, phase)
            })
            .sum();
        sum.norm() * window.scale
    }

    /// A deterministic broadband signal within ±1.
    fn noise(o: i64) -> f64 {
        let mixed = (o as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn by_kernels(windows: &[Window], truncation: f64, sample: impl Fn(i64) -> f64) -> Vec<f32> {
        let kernels = Kernels::with_truncation(windows, FFT_LEN, truncation);
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(FFT_LEN);
        let mut frame = vec![0f32; FFT_LEN];
        let first = windows.iter().map(Window::first).min().unwrap();
        let last = windows.iter().map(Window::last).max().unwrap();
        for o in first..=last {
            frame[o.rem_euclid(FFT_LEN as i64) as usize] = sample(o) as f32;
        }
        let mut spectrum = fft.make_output_vec();
        fft.process(&mut frame, &mut spectrum).unwrap();
        spectrum.resize(spectrum.len() + LANES, Complex32::ZERO);
        let re: Vec<f32> = spectrum.iter().map(|x| x.re).collect();
        let im: Vec<f32> = spectrum.iter().map(|x| x.im).collect();
        let mut magnitudes = vec![0f32; windows.len()];
        kernels.magnitudes(&re, &im, &mut magnitudes);
        magnitudes
    }

    #[test]
    fn truncation_error_is_small() {
        let windows = [
            window(0.004, 2900.7, 0),
            window(0.01, 1200.0, 0),
            window(0.01, 1201.3, -500),
            window(0.09, 375.5, 0),
            window(0.02, 3000.0, -1000),
        ];
        let measured = by_kernels(&windows, TRUNCATION, noise);
        for (window, measured) in windows.iter().zip(measured) {
            let exact = by_definition(window, noise);
            // White noise of variance 1/3 has this root mean square magnitude.
            let rms = (window.scale.powi(2) * 1.5 / 3.0 / window.length).sqrt();
            let error = (exact - f64::from(measured)).abs() / rms;
            assert!(
                error < 2e-3,
                "{window:?}: {measured} against {exact}, {error}"
            );
        }
    }

    #[test]
    fn a_sinusoid_at_the_centre_measures_the_scale() {
        let window = window(0.05, 700.0, -40);
        let sine = |o: i64| 2.0 * (2.0 * PI * 0.05 * o as f64 + 0.3).cos();
        let measured = by_kernels(&[window], TRUNCATION, sine)[0];
        assert!((f64::from(measured) / window.scale - 1.0).abs() < 1e-3);
    }
}
