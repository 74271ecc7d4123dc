//! Sliding-window transform: a frame of magnitudes at every `hop`-th sample.

use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

use super::kernel::{Kernels, Window};
use super::samples::{is_valid, tame};
use super::{BINS, HOP_SAMPLES};

/// A hop that is not a multiple of [`HOP_SAMPLES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("hop of {hop} samples: it must be a positive multiple of {HOP_SAMPLES}")]
pub struct HopError {
    /// The refused hop, in samples.
    pub hop: usize,
}

/// Frames of a whole signal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frames {
    /// Magnitudes, `n_frames` × [`BINS`], one frame after the other.
    pub data: Vec<f32>,
    /// Number of frames.
    pub n_frames: usize,
}

impl Frames {
    /// The magnitudes of frame `index`, low to high.
    ///
    /// # Panics
    /// When `index` is not below `n_frames`.
    #[must_use]
    pub fn frame(&self, index: usize) -> &[f32] {
        &self.data[index * BINS..(index + 1) * BINS]
    }
}

/// The sliding-window transform. Owns all buffers; after [`SlidingTransform::new`] only
/// [`SlidingTransform::retune`] allocates.
#[derive(Clone)]
pub(super) struct SlidingTransform {
    kernels: Kernels,
    fft: Arc<dyn RealToComplex<f32>>,
    hop: usize,
    /// Samples of a frame before its time stamp.
    before: usize,
    /// Samples of a frame from its time stamp on.
    after: usize,
    /// The last samples; `history[filled - 1]` is the newest.
    history: Box<[f32]>,
    filled: usize,
    /// How many of the newest samples are zero, without interruption.
    zeros: usize,
    /// Samples received, the zeros of `finish` included.
    received: u64,
    next_frame: u64,
    invalid_samples: u64,
    /// FFT input: the time stamp at index 0, earlier samples at the end.
    frame: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
    /// The spectrum's used part, split for the kernels.
    re: Vec<f32>,
    im: Vec<f32>,
    magnitudes: [f32; BINS],
}

impl SlidingTransform {
    /// A transform with one window per bin and an FFT of `fft_len` samples, which must cover the
    /// longest reach of all windows.
    pub fn new(windows: &[Window; BINS], fft_len: usize, hop: usize) -> Result<Self, HopError> {
        if hop == 0 || !hop.is_multiple_of(HOP_SAMPLES) {
            return Err(HopError { hop });
        }
        let reach = |edge: fn(&Window) -> i64| windows.iter().map(edge);
        let before = reach(|w| -w.first()).max().unwrap_or(0).max(0) as usize;
        let after = reach(|w| w.last() + 1).max().unwrap_or(0).max(0) as usize;
        assert!(before + after <= fft_len, "windows longer than the FFT");

        let kernels = Kernels::new(windows, fft_len);
        let fft = RealFftPlanner::new().plan_fft_forward(fft_len);
        let used = kernels.spectrum_len();
        let mut transform = Self {
            hop,
            before,
            after,
            // Room for more than one frame, so that the history is seldom moved back.
            history: vec![0.0; 2 * (before + after)].into_boxed_slice(),
            filled: 0,
            zeros: 0,
            received: 0,
            next_frame: 0,
            invalid_samples: 0,
            frame: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            re: vec![0.0; used],
            im: vec![0.0; used],
            magnitudes: [0.0; BINS],
            kernels,
            fft,
        };
        transform.reset();
        Ok(transform)
    }

    /// Back to the state after construction: frame 0 is at the next sample.
    pub fn reset(&mut self) {
        // Silence before the first sample.
        self.filled = self.before + self.after;
        self.history[..self.filled].fill(0.0);
        self.zeros = self.filled;
        self.received = 0;
        self.next_frame = 0;
        self.invalid_samples = 0;
    }

    pub fn hop(&self) -> usize {
        self.hop
    }

    /// Changes the windows from the next frame on. They must not reach farther than those of
    /// [`Self::new`].
    pub fn retune(&mut self, windows: &[Window; BINS]) {
        debug_assert!(
            windows
                .iter()
                .all(|w| -w.first() <= self.before as i64 && w.last() < self.after as i64)
        );
        self.kernels = Kernels::new(windows, self.frame.len());
        let used = self.kernels.spectrum_len();
        self.re.resize(used, 0.0);
        self.im.resize(used, 0.0);
    }

    /// Samples up to the one that completes the next frame; at least one.
    pub fn until_frame(&self) -> usize {
        usize::try_from(self.frame_end() - self.received).unwrap_or(usize::MAX)
    }

    pub fn invalid_samples(&self) -> u64 {
        self.invalid_samples
    }

    /// Takes samples and passes each frame that they complete to `sink`.
    pub fn push(&mut self, mut samples: &[f32], mut sink: impl FnMut(u64, &[f32; BINS])) {
        while !samples.is_empty() {
            let missing = self.frame_end() - self.received;
            let take = samples
                .len()
                .min(usize::try_from(missing).unwrap_or(usize::MAX));
            let (now, later) = samples.split_at(take);
            self.append(now);
            samples = later;
            if self.received == self.frame_end() {
                self.analyse();
                sink(self.next_frame, &self.magnitudes);
                self.next_frame += 1;
            }
        }
    }

    /// Ends the signal: the remaining frames, up to the one at or just before its end, are filled
    /// with silence. There are `1 + len / hop` frames in all, as in librosa. Starts over
    /// afterwards, keeping the count of invalid samples.
    pub fn finish(&mut self, mut sink: impl FnMut(u64, &[f32; BINS])) {
        let frames = 1 + self.received / self.hop as u64;
        let zeros = [0.0; HOP_SAMPLES];
        while self.next_frame < frames {
            let missing = self.frame_end() - self.received;
            let take = missing.min(HOP_SAMPLES as u64) as usize;
            self.push(&zeros[..take], &mut sink);
        }
        let invalid_samples = self.invalid_samples;
        self.reset();
        self.invalid_samples = invalid_samples;
    }

    /// How many samples must have been received for the next frame.
    fn frame_end(&self) -> u64 {
        self.next_frame * self.hop as u64 + self.after as u64
    }

    fn append(&mut self, mut samples: &[f32]) {
        self.received += samples.len() as u64;
        let span = self.before + self.after;
        // With a long hop some samples are in no frame.
        let unseen = samples.len().saturating_sub(span);
        self.invalid_samples += samples[..unseen].iter().filter(|s| !is_valid(**s)).count() as u64;
        samples = &samples[unseen..];
        if self.filled + samples.len() > self.history.len() {
            self.history.copy_within(self.filled - span..self.filled, 0);
            self.filled = span;
        }
        let free = &mut self.history[self.filled..self.filled + samples.len()];
        for (kept, sample) in free.iter_mut().zip(samples) {
            *kept = tame(*sample);
            self.invalid_samples += u64::from(!is_valid(*sample));
        }
        self.zeros = match free.iter().rposition(|sample| *sample != 0.0) {
            Some(last) => free.len() - 1 - last,
            None => self.zeros.saturating_add(free.len()),
        };
        self.filled += samples.len();
    }

    /// Transforms the newest samples into `magnitudes`.
    fn analyse(&mut self) {
        if self.zeros >= self.before + self.after {
            // The transform of silence is zero: a stopped host costs nothing.
            self.magnitudes.fill(0.0);
            return;
        }
        let newest = &self.history[self.filled - (self.before + self.after)..self.filled];
        let (past, future) = newest.split_at(self.before);
        let len = self.frame.len();
        self.frame[..self.after].copy_from_slice(future);
        self.frame[self.after..len - self.before].fill(0.0);
        self.frame[len - self.before..].copy_from_slice(past);
        let result =
            self.fft
                .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch);
        debug_assert!(result.is_ok(), "the buffers came from this plan");
        let used = self.spectrum.iter().zip(&mut self.re).zip(&mut self.im);
        for ((x, re), im) in used {
            *re = x.re;
            *im = x.im;
        }
        self.kernels
            .magnitudes(&self.re, &self.im, &mut self.magnitudes);
    }
}
