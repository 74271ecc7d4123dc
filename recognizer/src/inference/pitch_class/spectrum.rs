//! The circular mix over pitch classes, in the frequency domain.
//!
//! `out[p] = bias + Σ_q x[p + q] W[q]`, indices modulo twelve, takes 144 products of a row of
//! inputs with a matrix. The discrete Fourier transform over pitch classes turns it into one
//! product for each frequency `k`, `Y_k = X_k Σ_q W[q] e^(2πikq/12)`: two real ones (0 and 6) and
//! five complex ones of four real products each, 22 instead of 144. The transforms cost a fortieth
//! of that. A complex product is that of two rows, a real and an imaginary part, with both parts of
//! the weights: twelve matrices in all, as many as there are rotations, each read once per frame.

use super::layer::{Layer, Output, apply, one_part};
use crate::networks::PITCH_CLASSES;
use crate::simd::{Isa, LANES, Lanes, multiply_add};

/// Frequencies in the spectrum of real numbers, 0 to 6.
const FREQUENCIES: usize = PITCH_CLASSES / 2 + 1;
/// The number of frequencies with a real and an imaginary part, 1 to 5; also the number of pairs of
/// opposite pitch classes.
const PAIRS: usize = PITCH_CLASSES / 2 - 1;
/// The pitch class opposite 0, and the highest frequency.
const HALF: usize = PITCH_CLASSES / 2;

/// Cosine of `n` twelfths of a turn.
const COSINE: [f32; PITCH_CLASSES] = {
    const C: f32 = 0.866_025_4;
    [1.0, C, 0.5, 0.0, -0.5, -C, -1.0, -C, -0.5, 0.0, 0.5, C]
};

const fn cosine(twelfths: usize) -> f32 {
    COSINE[twelfths % PITCH_CLASSES]
}

const fn sine(twelfths: usize) -> f32 {
    COSINE[(twelfths + 3 * PITCH_CLASSES / 4) % PITCH_CLASSES]
}

/// Cosines and sines of frequencies 1 … 5 at pitch classes 1 … 5.
const COSINES: [[f32; PAIRS]; PAIRS] = table(false);
const SINES: [[f32; PAIRS]; PAIRS] = table(true);

const fn table(is_sine: bool) -> [[f32; PAIRS]; PAIRS] {
    let mut table = [[0.0; PAIRS]; PAIRS];
    let mut i = 0;
    while i < PAIRS * PAIRS {
        let (k, p) = (i / PAIRS, i % PAIRS);
        let angle = (k + 1) * (p + 1);
        table[k][p] = if is_sine { sine(angle) } else { cosine(angle) };
        i += 1;
    }
    table
}

/// A mix as one layer for each frequency: products with the real part of its weights, then with the
/// imaginary part, if any. The inverse transform's factors are in the weights.
pub(super) struct SpectralMix {
    layers: [Layer; FREQUENCIES],
    inputs: usize,
    outputs: usize,
}

/// Spectra of frames before and after a mix, for each frequency, with [`rows_of`] rows per frame.
#[derive(Default)]
pub(super) struct Spectra {
    before: [Vec<f32>; FREQUENCIES],
    behind: [Vec<f32>; FREQUENCIES],
}

/// Rows of a frequency: a real part and, if any, an imaginary part.
const fn rows_of(k: usize) -> usize {
    if k.is_multiple_of(HALF) { 1 } else { 2 }
}

impl SpectralMix {
    /// From `[12, inputs, outputs]` and one bias for each output.
    pub fn new(weights: &[f32], bias: &[f32]) -> Self {
        let outputs = bias.len();
        let inputs = weights.len() / outputs / PITCH_CLASSES;
        let none = vec![0.0; outputs];
        let layers = std::array::from_fn(|k| {
            // The omitted frequency 12 - k is the conjugate of k and contributes the same.
            let share = if k % HALF == 0 { 1.0 } else { 2.0 } / PITCH_CLASSES as f32;
            let part = |of: fn(usize) -> f32| -> Vec<f32> {
                let mut sum = vec![0.0; inputs * outputs];
                for (q, weights) in weights.chunks_exact(inputs * outputs).enumerate() {
                    for (sum, w) in sum.iter_mut().zip(weights) {
                        *sum += share * of(k * q) * w;
                    }
                }
                sum
            };
            let real = part(cosine);
            if k % HALF == 0 {
                return Layer::new(&real, if k == 0 { bias } else { &none });
            }
            let imaginary = part(sine);
            let rows = real
                .chunks_exact(outputs)
                .zip(imaginary.chunks_exact(outputs));
            let both: Vec<f32> = rows
                .flat_map(|(re, im)| re.iter().chain(im).copied())
                .collect();
            Layer::new(&both, &vec![0.0; 2 * outputs])
        });
        Self {
            layers,
            inputs,
            outputs,
        }
    }

    /// Numbers from one output row to the next.
    pub fn width(&self) -> usize {
        self.outputs
    }

    /// Room for `frames` frames.
    pub fn spectra(&self, frames: usize) -> Spectra {
        Spectra {
            before: std::array::from_fn(|k| vec![0.0; frames * rows_of(k) * self.inputs]),
            behind: std::array::from_fn(|k| {
                vec![0.0; frames * rows_of(k) * self.layers[k].width()]
            }),
        }
    }

    /// `out = max(0, mix(x))` of each frame: `x` is `[frames, 12, inputs]`, `out` `[frames, 12,
    /// outputs]`.
    #[inline(always)]
    pub fn apply<I: Isa>(&self, x: &[f32], frames: usize, spectra: &mut Spectra, out: &mut [f32]) {
        let size = PITCH_CLASSES * self.inputs;
        for (frame, x) in x.chunks_exact(size).take(frames).enumerate() {
            self.analyse::<I>(x, frame, &mut spectra.before);
        }
        let layers = self.layers.iter().zip(&spectra.before);
        for (k, ((layer, before), behind)) in layers.zip(&mut spectra.behind).enumerate() {
            let rows = one_part(before, layer.inputs, frames * rows_of(k));
            apply::<I, 1>(layer, rows, behind, Output::Plain);
        }
        let size = PITCH_CLASSES * self.outputs;
        for (frame, out) in out.chunks_exact_mut(size).take(frames).enumerate() {
            self.synthesize::<I>(&spectra.behind, frame, out);
        }
    }

    /// The spectrum of one frame.
    #[inline(always)]
    fn analyse<I: Isa>(&self, x: &[f32], frame: usize, spectra: &mut [Vec<f32>; FREQUENCIES]) {
        let n = self.inputs;
        for first in (0..n).step_by(LANES) {
            let row = |p: usize| load(&x[p * n..][..n], first);
            let (first_row, opposite) = (row(0), row(HALF));
            let mut sums = [[0.0; LANES]; PAIRS];
            let mut differences = [[0.0; LANES]; PAIRS];
            for p in 0..PAIRS {
                let (left, right) = (row(p + 1), row(PITCH_CLASSES - 1 - p));
                for lane in 0..LANES {
                    sums[p][lane] = left[lane] + right[lane];
                    differences[p][lane] = right[lane] - left[lane];
                }
            }
            for (k, spectrum) in spectra.iter_mut().enumerate() {
                let spectrum = &mut spectrum[frame * rows_of(k) * n..];
                let mut real = [0.0; LANES];
                let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
                for lane in 0..LANES {
                    real[lane] = multiply_add::<I>(sign, opposite[lane], first_row[lane]);
                }
                if k % HALF == 0 {
                    for (p, sum) in sums.iter().enumerate() {
                        let sign = if k * (p + 1) % 4 == 2 { -1.0 } else { 1.0 };
                        add::<I>(&mut real, sign, sum);
                    }
                    store(&mut spectrum[..n], first, &real);
                    continue;
                }
                let mut imaginary = [0.0; LANES];
                for p in 0..PAIRS {
                    add::<I>(&mut real, COSINES[k - 1][p], &sums[p]);
                    add::<I>(&mut imaginary, SINES[k - 1][p], &differences[p]);
                }
                store(&mut spectrum[..n], first, &real);
                store(&mut spectrum[n..2 * n], first, &imaginary);
            }
        }
    }

    /// One frame from its spectrum, negative numbers as zero.
    #[inline(always)]
    fn synthesize<I: Isa>(&self, spectra: &[Vec<f32>; FREQUENCIES], frame: usize, out: &mut [f32]) {
        let n = self.outputs;
        for first in (0..n).step_by(LANES) {
            // Products of a row, real or imaginary, with a part of the weights.
            let product = |k: usize, row: usize, part: usize| {
                let row = &spectra[k][(frame * rows_of(k) + row) * self.layers[k].width()..];
                load(&row[part * n..][..n], first)
            };
            let (constant, alternating) = (product(0, 0, 0), product(HALF, 0, 0));
            let (mut real, mut imaginary) = ([[0.0; LANES]; PAIRS], [[0.0; LANES]; PAIRS]);
            for k in 0..PAIRS {
                let (re_re, re_im) = (product(k + 1, 0, 0), product(k + 1, 0, 1));
                let (im_re, im_im) = (product(k + 1, 1, 0), product(k + 1, 1, 1));
                for lane in 0..LANES {
                    real[k][lane] = re_re[lane] - im_im[lane];
                    imaginary[k][lane] = re_im[lane] + im_re[lane];
                }
            }
            for p in 0..=HALF {
                let sign = if p % 2 == 0 { 1.0 } else { -1.0 };
                let mut even = constant;
                add::<I>(&mut even, sign, &alternating);
                for (k, real) in real.iter().enumerate() {
                    add::<I>(&mut even, cosine((k + 1) * p), real);
                }
                let mut odd = [0.0; LANES];
                for (k, imaginary) in imaginary.iter().enumerate() {
                    add::<I>(&mut odd, sine((k + 1) * p), imaginary);
                }
                let (mut left, mut right) = ([0.0; LANES], [0.0; LANES]);
                for lane in 0..LANES {
                    left[lane] = (even[lane] - odd[lane]).max(0.0);
                    right[lane] = (even[lane] + odd[lane]).max(0.0);
                }
                store(&mut out[p * n..][..n], first, &left);
                if p % HALF != 0 {
                    store(&mut out[(PITCH_CLASSES - p) * n..][..n], first, &right);
                }
            }
        }
    }
}

/// `sum += factor * x`.
#[inline(always)]
fn add<I: Isa>(sum: &mut Lanes, factor: f32, x: &Lanes) {
    for (sum, x) in sum.iter_mut().zip(x) {
        *sum = multiply_add::<I>(factor, *x, *sum);
    }
}

/// Sixteen numbers of a row from `first` on, zeros beyond its end.
#[inline(always)]
fn load(row: &[f32], first: usize) -> Lanes {
    match row[first..].first_chunk() {
        Some(lanes) => *lanes,
        None => {
            let mut lanes = [0.0; LANES];
            lanes[..row.len() - first].copy_from_slice(&row[first..]);
            lanes
        }
    }
}

/// Writes lanes into a row from `first` on, as far as it reaches.
#[inline(always)]
fn store(row: &mut [f32], first: usize, lanes: &Lanes) {
    let row = &mut row[first..];
    match row.first_chunk_mut() {
        Some(place) => *place = *lanes,
        None => {
            let count = row.len();
            row.copy_from_slice(&lanes[..count]);
        }
    }
}
