//! Mixing of two channels to one: their mean, or half their difference where the mean cancels.
//!
//! One channel with inverted polarity is a common fault of cables, of wideners and of phone
//! recordings: the mean of both (the mid) then cancels most of the sound. So the energies of mid
//! and side (half the difference) are followed, in steps of 10 ms with a memory of some 0.15 s. If
//! the mid stays 12 dB below the side for 50 ms the side is used instead, until the mid is less
//! than 6 dB below, with a crossfade of 20 ms. Normal music never reaches this: its mid passes bit
//! for bit.
//!
//! The steps are counted from the first sample, and the energies are integers, whose sum does not
//! depend on the order: the output does not depend on how the audio is cut into blocks.

/// Length of a step, seconds.
const STEP_S: f64 = 0.01;
/// Time constant of the energies (decay to 1/e), seconds.
const MEMORY_S: f64 = 0.15;
/// The mid counts as cancelled below this share of the side's energy: -12 dB.
const CANCELLED: f64 = 0.063;
/// The mid counts as present again above this share: -6 dB.
const THERE: f64 = 0.25;
/// Consecutive steps with the mid cancelled until the side is used.
const SURE_STEPS: u32 = 5;
/// Steps of a fade.
const FADE_STEPS: usize = 2;
/// Full scale in the energies: 16 bits with room for peaks of 18 dB above it.
const FULL_SCALE: f32 = 4096.0;
/// Largest amplitude in the energies.
const MOST: f32 = 32_767.0;
/// Mean energy of a sample of the side below which it is silence (about -66 dB).
const SILENCE: f64 = 4.0;

/// Mixes two channels to one.
#[derive(Clone, Debug)]
pub struct MonoMix {
    /// Samples of a step.
    step: usize,
    /// Samples of the current step so far.
    filled: usize,
    /// Energies of mid and side in the current step.
    now: [u64; 2],
    /// Decayed energies of mid and side.
    past: [f64; 2],
    /// Decay factor of the energies per step.
    keep: f64,
    /// Consecutive steps in which the mid was cancelled.
    cancelled: u32,
    /// Whether the side is used, or faded to.
    side: bool,
    /// Samples since the fade began, up to `fade`.
    faded: usize,
    /// Samples of a fade.
    fade: usize,
}

/// How the next samples are mixed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mix {
    /// As the mean of both channels.
    Mid,
    /// As half their difference.
    Side,
    /// Crossfading from one to the other.
    Fade {
        /// Whether to the side.
        to_side: bool,
        /// Samples since the fade began.
        from: usize,
        /// Length of the fade in samples.
        of: usize,
    },
}

impl Mix {
    /// The mix of one sample pair, `index` samples after the first that is mixed this way.
    #[must_use]
    pub fn sample(self, index: usize, left: f32, right: f32) -> f32 {
        let mid = 0.5 * (left + right);
        match self {
            Self::Mid => mid,
            Self::Side => 0.5 * (left - right),
            Self::Fade { to_side, from, of } => {
                let done = (from + index).min(of) as f32 / of as f32;
                let share = if to_side { done } else { 1.0 - done };
                (1.0 - share) * mid + share * (0.5 * (left - right))
            }
        }
    }
}

impl MonoMix {
    /// A mixer for audio at `rate` Hz. Neither this nor any other call allocates.
    #[must_use]
    pub fn new(rate: f64) -> Self {
        let step = ((rate * STEP_S) as usize).max(1);
        Self {
            step,
            filled: 0,
            now: [0; 2],
            past: [0.0; 2],
            keep: (-STEP_S / MEMORY_S).exp(),
            cancelled: 0,
            side: false,
            faded: FADE_STEPS * step,
            fade: FADE_STEPS * step,
        }
    }

    /// Takes the next samples of both channels, as many as the shorter one has. Returns how many of
    /// them are mixed in the same way, and how; the rest must be passed to the next call. Safe on
    /// an audio thread.
    pub fn next(&mut self, left: &[f32], right: &[f32]) -> (usize, Mix) {
        let count = (self.step - self.filled).min(left.len()).min(right.len());
        let mix = match (self.faded < self.fade, self.side) {
            (false, false) => Mix::Mid,
            (false, true) => Mix::Side,
            (true, to_side) => Mix::Fade {
                to_side,
                from: self.faded,
                of: self.fade,
            },
        };
        let [mid, side] = energies(&left[..count], &right[..count]);
        self.now[0] += mid;
        self.now[1] += side;
        self.filled += count;
        self.faded = (self.faded + count).min(self.fade);
        if self.filled == self.step {
            self.end_step();
        }
        (count, mix)
    }

    /// Appends the mix of both channels to `out`.
    pub fn append(&mut self, mut left: &[f32], mut right: &[f32], out: &mut Vec<f32>) {
        while !left.is_empty() && !right.is_empty() {
            let (count, mix) = self.next(left, right);
            let pairs = left[..count].iter().zip(&right[..count]).enumerate();
            out.extend(pairs.map(|(n, (l, r))| mix.sample(n, *l, *r)));
            (left, right) = (&left[count..], &right[count..]);
        }
    }

    fn end_step(&mut self) {
        self.filled = 0;
        for (past, now) in self.past.iter_mut().zip(&mut self.now) {
            *past = *past * self.keep + *now as f64;
            *now = 0;
        }
        let [mid, side] = self.past;
        let silence = SILENCE * self.step as f64;
        if side < silence && mid < silence {
            // Silence: the choice stays.
            self.cancelled = 0;
            return;
        }
        self.cancelled = if mid < CANCELLED * side {
            self.cancelled.saturating_add(1)
        } else {
            0
        };
        let side_is_heard = if self.side {
            mid < THERE * side
        } else {
            self.cancelled >= SURE_STEPS
        };
        // A fade ends before another begins, so that the signal never jumps.
        if side_is_heard != self.side && self.faded == self.fade {
            self.side = side_is_heard;
            self.faded = 0;
        }
    }
}

/// The energies of mid and side.
fn energies(left: &[f32], right: &[f32]) -> [u64; 2] {
    // NaN counts as 0.
    let square = |x: f32| {
        let whole = (x * (0.5 * FULL_SCALE)).clamp(-MOST, MOST) as i32;
        (whole * whole) as u32
    };
    let mut sums = [0; 2];
    for (left, right) in left.iter().zip(right) {
        sums[0] += u64::from(square(left + right));
        sums[1] += u64::from(square(left - right));
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 44_100.0;

    fn tone(hz: f64, seconds: f64) -> Vec<f32> {
        let turn = std::f64::consts::TAU * hz / RATE;
        (0..(seconds * RATE) as usize)
            .map(|n| (0.3 * (turn * n as f64).sin()) as f32)
            .collect()
    }

    fn mixed(left: &[f32], right: &[f32], block: usize) -> Vec<f32> {
        let mut mix = MonoMix::new(RATE);
        let mut out = Vec::new();
        for (left, right) in left.chunks(block).zip(right.chunks(block)) {
            mix.append(left, right, &mut out);
        }
        out
    }

    fn rms(samples: &[f32]) -> f32 {
        (samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn music_as_it_should_be_is_its_mid_bit_for_bit() {
        let (a, b) = (tone(220.0, 3.0), tone(331.0, 3.0));
        let silence = vec![0.0; a.len()];
        // Both the same, two voices, one side alone, and a side 6 dB above the mid.
        let wide: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a - 0.33 * b).collect();
        let wide_right: Vec<f32> = a.iter().zip(&b).map(|(a, b)| -0.33 * a - b).collect();
        for (left, right) in [(&a, &a), (&a, &b), (&a, &silence), (&wide, &wide_right)] {
            let expected: Vec<f32> = left.iter().zip(right).map(|(l, r)| 0.5 * (l + r)).collect();
            assert_eq!(mixed(left, right, 512), expected);
        }
    }

    #[test]
    fn a_channel_upside_down_is_heard_and_nothing_clicks() {
        let a = tone(220.0, 2.0);
        let upside_down: Vec<f32> = a.iter().map(|x| -x).collect();
        let out = mixed(&a, &upside_down, 512);
        let late = 4_000;
        assert!(
            out[late..]
                .iter()
                .zip(&a[late..])
                .all(|(x, y)| (x - y).abs() < 1e-6)
        );
        let steepest = |s: &[f32]| {
            s.windows(2)
                .map(|w| (w[1] - w[0]).abs())
                .fold(0.0, f32::max)
        };
        assert!(steepest(&out) < 1.2 * steepest(&a));
        // Not quite inverted, and one channel quieter.
        let near: Vec<f32> = a.iter().map(|x| -0.7 * x).collect();
        assert!(rms(&mixed(&a, &near, 512)[late..]) > 0.8 * rms(&a));
    }

    #[test]
    fn it_goes_back_when_the_mid_does() {
        let a = tone(220.0, 1.0);
        let upside_down: Vec<f32> = a.iter().map(|x| -x).collect();
        let left = [&a[..], &a, &a].concat();
        let right = [&a[..], &upside_down, &a].concat();
        let out = mixed(&left, &right, 100);
        let second = a.len();
        assert_eq!(out[..second], left[..second]);
        assert_eq!(
            out[2 * second + second / 2..],
            left[2 * second + second / 2..]
        );
        let middle = second + second * 6 / 10..2 * second;
        assert!(rms(&out[middle.clone()]) > 0.95 * rms(&left[middle]));
    }

    #[test]
    fn every_cut_gives_the_same() {
        let a = tone(220.0, 1.0);
        let b = tone(221.0, 1.0);
        let upside_down: Vec<f32> = b.iter().map(|x| -x).collect();
        let whole = mixed(&a, &upside_down, a.len());
        for block in [1, 3, 64, 441, 512, 1000, 8192] {
            assert_eq!(mixed(&a, &upside_down, block), whole, "{block}");
        }
    }

    #[test]
    fn what_is_no_number_does_no_harm() {
        let bad = [f32::NAN, f32::INFINITY, -1e30, 0.1].repeat(20_000);
        let good = tone(220.0, 1.0);
        assert_eq!(mixed(&bad, &good, 512).len(), good.len());
        let upside_down: Vec<f32> = good.iter().map(|x| -x).collect();
        let mut mix = MonoMix::new(RATE);
        let mut out = Vec::new();
        mix.append(&bad, &bad, &mut out);
        out.clear();
        for _ in 0..6 {
            mix.append(&good, &upside_down, &mut out);
        }
        assert!(rms(&out[5 * good.len()..]) > 0.9 * rms(&good));
    }
}
