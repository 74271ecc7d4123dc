//! 3×3 convolutions over time and frequency, each between two instance norms.
//!
//! A map is stored as `[frames, bins, channels]`. A convolution reads the maps before the norm
//! and computes the sums over its own output, row by row: the norm (which needs the mean and
//! deviation over the whole file), SELU and pooling of the previous layer are applied while
//! its rows are read. Exact shortcuts: a bias before an instance norm has no effect and is
//! left out; norm and SELU are monotonic, so the maximum of a pool may be taken first.

use recognizer::simd::product::{Part, accumulate, in_groups};
use recognizer::simd::{Isa, LANES, Lanes, for_this_processor};

use super::activations::selu;
use super::winograd::{self, POINTS, TILE};

/// Added to the variance by PyTorch's `InstanceNorm2d`.
const EPSILON: f64 = 1e-5;

/// Rows of the kernel, along time.
const TAPS: usize = 3;

/// Weights of one convolution, packed for [`convolve`].
#[derive(Clone, Debug)]
pub struct Conv {
    /// Channels read.
    pub inputs: usize,
    /// Channels written, a multiple of [`LANES`].
    pub outputs: usize,
    /// `[outputs / 16, 3 (time), 3 (frequency), inputs]` of sixteen output channels.
    direct: Vec<Lanes>,
    /// `[outputs / 16, 6 (points), 3 (time), inputs]` of sixteen output channels.
    at_points: Vec<Lanes>,
}

impl Conv {
    /// Packs PyTorch's `[outputs, inputs, 3 (time), 3 (frequency)]`.
    pub fn new(inputs: usize, outputs: usize, weight: &[f32]) -> Self {
        assert_eq!(weight.len(), outputs * inputs * 9);
        assert!(outputs.is_multiple_of(LANES));
        let kernel = |output: usize, input: usize, time: usize| -> [f32; 3] {
            let first = ((output * inputs + input) * 3 + time) * 3;
            [weight[first], weight[first + 1], weight[first + 2]]
        };
        let mut direct = Vec::with_capacity(weight.len() / LANES);
        let mut at_points = Vec::with_capacity(2 * weight.len() / LANES);
        for block in 0..outputs / LANES {
            let output = |lane: usize| block * LANES + lane;
            for time in 0..TAPS {
                for bin in 0..3 {
                    direct.extend((0..inputs).map(|input| -> Lanes {
                        std::array::from_fn(|lane| kernel(output(lane), input, time)[bin])
                    }));
                }
            }
            for point in 0..POINTS {
                for time in 0..TAPS {
                    at_points.extend((0..inputs).map(|input| -> Lanes {
                        std::array::from_fn(|lane| {
                            winograd::kernel(kernel(output(lane), input, time))[point]
                        })
                    }));
                }
            }
        }
        Self {
            inputs,
            outputs,
            direct,
            at_points,
        }
    }

    /// Whether Winograd's algorithm is used for rows of this many results: where tiles fit and
    /// channels fill the lanes.
    fn by_points(&self, bins: usize) -> bool {
        bins.is_multiple_of(TILE) && self.inputs.is_multiple_of(LANES)
    }
}

/// The effect of the norm after a convolution on each channel: `(x − mean) · scale`.
#[derive(Clone, Debug)]
pub(super) struct Norm {
    mean: Vec<f32>,
    scale: Vec<f32>,
}

/// Sums of a channel and of its squares over the whole map.
struct Moments {
    sums: Vec<f64>,
    squares: Vec<f64>,
    count: u64,
}

impl Moments {
    fn norm(&self) -> Norm {
        let n = self.count.max(1) as f64;
        let mean: Vec<f64> = self.sums.iter().map(|sum| sum / n).collect();
        let scale = self.squares.iter().zip(&mean).map(|(squares, mean)| {
            let variance = (squares / n - mean * mean).max(0.0);
            (variance + EPSILON).sqrt().recip() as f32
        });
        Norm {
            scale: scale.collect(),
            mean: mean.iter().map(|&mean| mean as f32).collect(),
        }
    }
}

/// How a convolution's inputs are read from a map.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    /// Bins in a row of the map.
    pub bins: usize,
    /// Bins over which the maximum is taken.
    pub pool: usize,
    /// The norm, with SELU after it; `None` for the network's input.
    pub norm: Option<&'a Norm>,
    /// Zeros on each side of a row.
    pub padding: usize,
}

impl Reading<'_> {
    /// Bins in a row after pooling.
    fn pooled(&self) -> usize {
        self.bins / self.pool
    }

    /// Bins that a convolution writes.
    pub(super) fn written(&self) -> usize {
        self.pooled() + 2 * self.padding - 2
    }
}

/// Runs `conv` over `map`, `frames` rows with a distance of `stride` numbers, and replaces it
/// by the result. Returns the norm that follows.
pub(super) fn convolve(
    conv: &Conv,
    reading: Reading<'_>,
    map: &mut [f32],
    frames: usize,
    stride: usize,
) -> Norm {
    let bins = reading.written();
    let mut row = vec![0.0; (reading.pooled() + 2 * reading.padding) * conv.inputs];
    let by_points = conv.by_points(bins);
    let prepared = if by_points {
        bins / TILE * POINTS * conv.inputs
    } else {
        row.len()
    };
    // The three rows that a row of results reads.
    let mut rows: [Vec<f32>; TAPS] = std::array::from_fn(|_| vec![0.0; prepared]);
    let mut prepare = |map_row: &[f32], out: &mut [f32]| {
        if by_points {
            read_row(conv.inputs, reading, map_row, &mut row);
            row_at_points(conv.inputs, &row, out);
        } else {
            read_row(conv.inputs, reading, map_row, out);
        }
    };
    let mut moments = Moments {
        sums: vec![0.0; conv.outputs],
        squares: vec![0.0; conv.outputs],
        count: (frames * bins) as u64,
    };
    let mut row_moments = vec![[[0.0; LANES]; 2]; conv.outputs / LANES];
    if frames > 0 {
        prepare(&map[..stride], &mut rows[1]);
    }
    for frame in 0..frames {
        let next = &mut rows[(frame + 2) % TAPS];
        if frame + 1 < frames {
            prepare(&map[(frame + 1) * stride..(frame + 2) * stride], next);
        } else {
            next.fill(0.0);
        }
        let seen = std::array::from_fn(|tap| rows[(frame + tap) % TAPS].as_slice());
        let out = &mut map[frame * stride..][..bins * conv.outputs];
        if by_points {
            tiles_of_row(conv, bins, &seen, out, &mut row_moments);
        } else {
            direct_row(conv, bins, &seen, out, &mut row_moments);
        }
        for (block, [sums, squares]) in row_moments.iter().enumerate() {
            for lane in 0..LANES {
                moments.sums[block * LANES + lane] += f64::from(sums[lane]);
                moments.squares[block * LANES + lane] += f64::from(squares[lane]);
            }
        }
    }
    moments.norm()
}

for_this_processor! {
    /// A row at the six points; see [`winograd::row`].
    fn row_at_points(channels: usize, row: &[f32], out: &mut [f32]) = row_at_points_with
}

#[inline(always)]
fn row_at_points_with<I: Isa>(channels: usize, row: &[f32], out: &mut [f32]) {
    winograd::row::<I>(channels, row, out);
}

for_this_processor! {
    /// Results of one frame from the three rows it reads, and their moments.
    fn direct_row(
        conv: &Conv,
        bins: usize,
        rows: &[&[f32]; TAPS],
        out: &mut [f32],
        moments: &mut [[Lanes; 2]],
    ) = direct_row_with
}

#[inline(always)]
fn direct_row_with<I: Isa>(
    conv: &Conv,
    bins: usize,
    rows: &[&[f32]; TAPS],
    out: &mut [f32],
    moments: &mut [[Lanes; 2]],
) {
    // The three bins that a result reads are consecutive.
    let tap = 3 * conv.inputs;
    for (block, moments) in moments.iter_mut().enumerate() {
        let weights = &conv.direct[block * TAPS * tap..][..TAPS * tap];
        *moments = [[0.0; LANES]; 2];
        in_groups!(bins, |first, P| {
            let part = |i: usize| Part {
                inputs: rows[i],
                weights: &weights[i * tap..][..tap],
            };
            let parts = [part(0), part(1), part(2)];
            let zeros = [[0.0; LANES]; P];
            let sums = accumulate::<I, P, TAPS>(parts, first, conv.inputs, zeros);
            for (p, sums) in sums.iter().enumerate() {
                let at = (first + p) * conv.outputs + block * LANES;
                write(sums, &mut out[at..at + LANES], moments);
            }
        });
    }
}

for_this_processor! {
    /// Like [`direct_row`], from rows at the six points.
    fn tiles_of_row(
        conv: &Conv,
        bins: usize,
        rows: &[&[f32]; TAPS],
        out: &mut [f32],
        moments: &mut [[Lanes; 2]],
    ) = tiles_of_row_with
}

#[inline(always)]
fn tiles_of_row_with<I: Isa>(
    conv: &Conv,
    bins: usize,
    rows: &[&[f32]; TAPS],
    out: &mut [f32],
    moments: &mut [[Lanes; 2]],
) {
    let tap = conv.inputs;
    let tiles = bins / TILE;
    for (block, moments) in moments.iter_mut().enumerate() {
        let weights = &conv.at_points[block * POINTS * TAPS * tap..][..POINTS * TAPS * tap];
        *moments = [[0.0; LANES]; 2];
        in_groups!(tiles, |first, P| {
            let mut at_points = [[[0.0; LANES]; P]; POINTS];
            for (point, sums) in at_points.iter_mut().enumerate() {
                let part = |i: usize| Part {
                    inputs: &rows[i][point * tiles * tap..][..tiles * tap],
                    weights: &weights[(point * TAPS + i) * tap..][..tap],
                };
                let parts = [part(0), part(1), part(2)];
                let zeros = [[0.0; LANES]; P];
                *sums = accumulate::<I, P, TAPS>(parts, first, tap, zeros);
            }
            for p in 0..P {
                let [a, b, c, d, e, f] = &at_points;
                let sums = [&a[p], &b[p], &c[p], &d[p], &e[p], &f[p]];
                for (n, result) in winograd::results::<I>(sums).iter().enumerate() {
                    let at = ((first + p) * TILE + n) * conv.outputs + block * LANES;
                    write(result, &mut out[at..at + LANES], moments);
                }
            }
        });
    }
}

/// Writes results and adds them to the moments.
#[inline(always)]
fn write(result: &Lanes, out: &mut [f32], [sums, squares]: &mut [Lanes; 2]) {
    out.copy_from_slice(result);
    for lane in 0..LANES {
        sums[lane] += result[lane];
        squares[lane] += result[lane] * result[lane];
    }
}

/// One row as a convolution reads it: pooled, normalized, SELU, padded with zeros.
fn read_row(channels: usize, reading: Reading<'_>, row: &[f32], out: &mut [f32]) {
    let used = reading.padding * channels;
    let inner = &mut out[used..used + reading.pooled() * channels];
    match reading.norm {
        None => inner.copy_from_slice(&row[..inner.len()]),
        Some(norm) => activate(channels, reading.pool, norm, row, inner),
    }
}

for_this_processor! {
    /// Pool, norm and SELU of one row.
    pub fn activate(
        channels: usize,
        pool: usize,
        norm: &Norm,
        row: &[f32],
        out: &mut [f32],
    ) = activate_with
}

#[inline(always)]
fn activate_with<I: Isa>(channels: usize, pool: usize, norm: &Norm, row: &[f32], out: &mut [f32]) {
    let (means, _) = norm.mean.as_chunks::<LANES>();
    let (scales, _) = norm.scale.as_chunks::<LANES>();
    let pooled = row.chunks_exact(pool * channels);
    for (group, out) in pooled.zip(out.chunks_exact_mut(channels)) {
        let (out, _) = out.as_chunks_mut::<LANES>();
        for (block, out) in out.iter_mut().enumerate() {
            let mut largest = [f32::NEG_INFINITY; LANES];
            for bin in group.chunks_exact(channels) {
                let (bin, _) = bin.as_chunks::<LANES>();
                for lane in 0..LANES {
                    let x = bin[block][lane];
                    largest[lane] = if x > largest[lane] { x } else { largest[lane] };
                }
            }
            for lane in 0..LANES {
                let x = (largest[lane] - means[block][lane]) * scales[block][lane];
                out[lane] = selu::<I>(x);
            }
        }
    }
}
