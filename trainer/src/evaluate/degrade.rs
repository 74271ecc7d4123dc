//! Degraded recordings: out of tune, noisy, compressed.

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use recognizer::audio::Audio;
use recognizer::features::SAMPLE_RATE;
use recognizer::resample::StreamResampler;

use super::piece::Piece;
use renderer::effects::{codec, dynamics, noise};

/// Detuning of a piece in cents; every other piece is flat.
pub(crate) const DETUNED_CENTS: f64 = 40.0;
/// Level of the noise below the music, in dB.
pub(crate) const NOISE_BELOW_DB: f32 = 15.0;
/// Its colour, see [`noise::add_noise`].
const NOISE_COLOUR: f32 = 0.7;
/// libvorbis's worst quality.
pub(crate) const LOSSY_QUALITY: f32 = -0.1;

/// One kind of degradation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Degradation {
    /// Faster and sharp or slower and flat by [`DETUNED_CENTS`].
    Detuned,
    /// Coloured noise, [`NOISE_BELOW_DB`] under the music.
    Noisy,
    /// An Ogg Vorbis round trip at [`LOSSY_QUALITY`].
    Lossy,
}

impl Degradation {
    /// The degraded piece; `index` decides direction and noise.
    ///
    /// # Errors
    /// If a codec or a resampler refuses the audio's rate.
    pub(crate) fn apply(self, piece: Piece, index: u64) -> Result<Piece> {
        match self {
            Self::Detuned => detuned(
                piece,
                if index.is_multiple_of(2) {
                    DETUNED_CENTS
                } else {
                    -DETUNED_CENTS
                },
            ),
            Self::Noisy => Ok(noisy(piece, index)),
            Self::Lossy => lossy(piece),
        }
    }
}

/// Played at another speed, like a tape: pitch and time change together, exactly.
fn detuned(mut piece: Piece, cents: f64) -> Result<Piece> {
    let speed = (cents / 1200.0).exp2();
    let heard_at = f64::from(piece.audio.sample_rate) * speed;
    let mut resampler = StreamResampler::new(heard_at)
        .with_context(|| format!("playing {} {cents} cents off", piece.name))?;
    let mut samples = Vec::new();
    resampler.push(&piece.audio.samples, &mut samples);
    resampler.flush(&mut samples);
    piece.audio = Audio::new(samples, SAMPLE_RATE);
    for segment in &mut piece.reference {
        segment.start_s /= speed;
        segment.end_s /= speed;
    }
    for span in piece.confident.iter_mut().flatten() {
        *span = (span.0 / speed, span.1 / speed);
    }
    Ok(piece)
}

fn noisy(mut piece: Piece, index: u64) -> Piece {
    if let Some(rms) = dynamics::active_rms(&piece.audio.samples) {
        let mut rng = ChaCha8Rng::seed_from_u64(index);
        let level = rms * 10_f32.powf(-NOISE_BELOW_DB / 20.0);
        noise::add_noise(&mut piece.audio.samples, &mut rng, level, NOISE_COLOUR);
    }
    piece
}

fn lossy(mut piece: Piece) -> Result<Piece> {
    piece.audio.samples =
        codec::vorbis_round_trip(&piece.audio.samples, piece.audio.sample_rate, LOSSY_QUALITY)
            .with_context(|| format!("the Vorbis round trip of {}", piece.name))?;
    Ok(piece)
}

#[cfg(test)]
mod tests {
    use super::*;
    use harmony::timeline::Segment;

    /// Two seconds of a 441 Hz tone.
    fn tone() -> Piece {
        let samples = (0..2 * SAMPLE_RATE)
            .map(|n| (f64::from(n) * 441.0 / 22_050.0 * std::f64::consts::TAU).sin() as f32 * 0.3)
            .collect();
        Piece {
            name: "tone".into(),
            group: None,
            audio: Audio::new(samples, SAMPLE_RATE),
            reference: vec![Segment::new(0.0, 2.0, "A".parse().unwrap())],
            confident: Some(vec![(0.0, 1.0)]),
        }
    }

    /// Frequency by zero crossings.
    fn frequency_hz(samples: &[f32]) -> f64 {
        let middle = &samples[2000..samples.len() - 2000];
        let crossings = middle
            .windows(2)
            .filter(|pair| pair[0] <= 0.0 && pair[1] > 0.0)
            .count();
        crossings as f64 * f64::from(SAMPLE_RATE) / middle.len() as f64
    }

    #[test]
    fn detuning_moves_pitch_and_labels_together() {
        for (index, sign) in [(0, 1.0), (1, -1.0)] {
            let piece = Degradation::Detuned.apply(tone(), index).unwrap();
            let ratio = (sign * DETUNED_CENTS / 1200.0_f64).exp2();
            let found = frequency_hz(&piece.audio.samples);
            assert!((found / (441.0 * ratio) - 1.0).abs() < 3e-3, "{found} Hz");
            assert!((piece.reference[0].end_s - piece.audio.length_s()).abs() < 1e-3);
            assert!((piece.confident.unwrap()[0].1 - 1.0 / ratio).abs() < 1e-9);
        }
    }

    #[test]
    fn noise_lies_where_it_should_and_the_codec_keeps_the_length() {
        let power = |x: &[f32]| x.iter().map(|s| s * s).sum::<f32>() / x.len() as f32;
        let noisy = Degradation::Noisy.apply(tone(), 3).unwrap().audio.samples;
        let noise: Vec<f32> = noisy
            .iter()
            .zip(&tone().audio.samples)
            .map(|(a, b)| a - b)
            .collect();
        let below_db = 10.0 * (power(&tone().audio.samples) / power(&noise)).log10();
        assert!((below_db - NOISE_BELOW_DB).abs() < 1.5, "{below_db} dB");
        assert_eq!(
            noisy,
            Degradation::Noisy.apply(tone(), 3).unwrap().audio.samples
        );
        let lossy = Degradation::Lossy.apply(tone(), 0).unwrap().audio.samples;
        assert_eq!(lossy.len(), tone().audio.samples.len());
        assert_ne!(lossy, tone().audio.samples);
    }
}
