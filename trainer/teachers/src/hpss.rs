//! The harmonic part of a magnitude spectrogram: drums and other noises taken away.
//!
//! Fitzgerald, "Harmonic/percussive separation using median filtering" (DAFx 2010): a median over
//! time keeps what lasts, one over frequency keeps what is short and wide, and a soft mask of
//! their squares divides each bin between both. With the settings of `librosa.decompose.hpss`:
//! medians of 31 with reflected edges, power 2, margin 1.

/// Frames and bins of the medians at a hop of 512 samples, as in librosa.
pub(crate) const KERNEL: usize = 31;

/// The harmonic part of `magnitudes`, `[frames, bins]`, with medians over `frames` frames and over
/// `bins` bins, both odd.
pub(crate) fn harmonic(magnitudes: &[f32], width: usize, frames: usize, bins: usize) -> Vec<f32> {
    let mut result = magnitudes.to_vec();
    let rows = magnitudes.len() / width.max(1);
    if rows == 0 {
        return result;
    }
    // What lasts, column by column; the result is multiplied by the mask in the same order.
    let mut lasting = vec![0.0; magnitudes.len()];
    let mut median = Median::new(frames);
    for bin in 0..width {
        median.filter(
            rows,
            |row| magnitudes[row * width + bin],
            |row, x| lasting[row * width + bin] = x,
        );
    }
    let mut wide = vec![0.0; width];
    let mut median = Median::new(bins);
    for (row, lasting) in result
        .chunks_exact_mut(width)
        .zip(lasting.chunks_exact(width))
    {
        median.filter(width, |bin| row[bin], |bin, x| wide[bin] = x);
        for ((x, lasting), wide) in row.iter_mut().zip(lasting).zip(&wide) {
            *x *= mask(*lasting, *wide);
        }
    }
    result
}

/// The share of `a`: `a² / (a² + b²)`, one half where both vanish (`librosa.util.softmask`).
fn mask(a: f32, b: f32) -> f32 {
    let largest = a.max(b);
    if largest < f32::MIN_POSITIVE {
        return 0.5;
    }
    let (a, b) = ((a / largest).powi(2), (b / largest).powi(2));
    a / (a + b)
}

/// A running median.
struct Median {
    length: usize,
    /// The values of the window in order of size.
    sorted: Vec<f32>,
}

impl Median {
    /// A median of `length` values, an odd number.
    fn new(length: usize) -> Self {
        debug_assert!(length % 2 == 1, "a median of {length}");
        Self {
            length,
            sorted: Vec::with_capacity(length),
        }
    }

    /// Filters `count` values; beyond the edges they are reflected, the edge included (SciPy's
    /// `reflect`).
    fn filter(
        &mut self,
        count: usize,
        value: impl Fn(usize) -> f32,
        mut write: impl FnMut(usize, f32),
    ) {
        let half = self.length / 2;
        // The value at place `n − half`.
        let at = |n: usize| {
            let n = n % (2 * count);
            let shifted = (n + 2 * count - half % (2 * count)) % (2 * count);
            value(shifted.min(2 * count - 1 - shifted))
        };
        self.sorted.clear();
        self.sorted.extend((0..self.length).map(at));
        self.sorted.sort_unstable_by(f32::total_cmp);
        for n in 0..count {
            write(n, self.sorted[half]);
            self.replace(at(n), at(n + self.length));
        }
    }

    /// Replaces one value of the window by another.
    fn replace(&mut self, old: f32, new: f32) {
        let sorted = &mut self.sorted;
        let order = |a: f32| move |b: &f32| b.total_cmp(&a).is_lt();
        let from = sorted.partition_point(order(old));
        let to = sorted.partition_point(order(new));
        if to > from {
            sorted.copy_within(from + 1..to, from);
            sorted[to - 1] = new;
        } else {
            sorted.copy_within(to..from, to + 1);
            sorted[to] = new;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_stays_and_a_click_goes() {
        let (rows, width) = (100, 120);
        let (tone, click) = (40, 50);
        let mut spectrum = vec![0.0; rows * width];
        for row in 0..rows {
            spectrum[row * width + tone] = 1.0;
        }
        for bin in 0..width {
            spectrum[click * width + bin] = 2.0;
        }
        let kept = harmonic(&spectrum, width, KERNEL, KERNEL);
        for row in (0..rows).filter(|row| *row != click) {
            assert_eq!(kept[row * width + tone], 1.0, "frame {row}");
        }
        for bin in (0..width).filter(|bin| *bin != tone) {
            assert_eq!(kept[click * width + bin], 0.0, "bin {bin}");
        }
        // Where both meet, the tone has a fifth: 1² of 1² + 2².
        let both = kept[click * width + tone];
        assert!((both - 0.4).abs() < 1e-6, "{both}");
    }

    #[test]
    fn steady_audio_keeps_its_notes_and_loses_its_clicks() {
        use crate::chordnet::features::{ALL_BINS, hybrid_cqt};
        let sine = |n: usize| (n as f32 * 440.0 / 22_050.0 * std::f32::consts::TAU).sin() * 0.3;
        let steady: Vec<f32> = (0..88_200).map(sine).collect();
        let mut clicked = steady.clone();
        for n in (11_025..88_200).step_by(22_050) {
            clicked[n] += 0.9;
            clicked[n + 1] -= 0.9;
        }
        let energy = |spectrum: &[f32], bins: std::ops::Range<usize>| -> f32 {
            let rows = spectrum.chunks_exact(ALL_BINS);
            rows.map(|row| row[bins.clone()].iter().map(|x| x * x).sum::<f32>())
                .sum()
        };
        // A4 is 51 semitones above the lowest bin; the clicks are heard four octaves higher.
        let (note, high) = (150..157, 230..288);
        let [steady, clicked] = [steady, clicked].map(|samples| hybrid_cqt(&samples));
        let kept = harmonic(&clicked, ALL_BINS, KERNEL, KERNEL);
        let of_note = energy(&kept, note.clone()) / energy(&steady, note);
        assert!(of_note > 0.95, "{of_note}");
        let [before, after] = [&clicked, &kept].map(|it| energy(it, high.clone()));
        assert!(before > 10.0 * energy(&steady, high), "{before}");
        assert!(after < 0.1 * before, "{after} of {before}");
    }

    #[test]
    fn a_running_median_is_the_median_with_reflected_edges() {
        for count in [1, 2, 5, 31, 70] {
            let values: Vec<f32> = (0..count).map(|n| (n * 37 % 23) as f32).collect();
            for length in [1, 3, 7, 31] {
                let half = length / 2;
                let mut medians = vec![0.0; count];
                Median::new(length).filter(count, |n| values[n], |n, x| medians[n] = x);
                let expected = (0..count).map(|n| {
                    let at = |k: usize| {
                        let place = (n + k) as isize - half as isize;
                        let place = place.rem_euclid(2 * count as isize) as usize;
                        values[place.min(2 * count - 1 - place)]
                    };
                    let mut window: Vec<f32> = (0..length).map(at).collect();
                    window.sort_by(f32::total_cmp);
                    window[half]
                });
                assert_eq!(medians, expected.collect::<Vec<_>>(), "{length} of {count}");
            }
        }
    }

    #[test]
    fn silence_and_nothing_stay() {
        assert_eq!(harmonic(&[0.0; 40], 4, KERNEL, KERNEL), [0.0; 40]);
        assert!(harmonic(&[], 4, KERNEL, KERNEL).is_empty());
    }
}
