//! A teacher scored beside the engines, on the same samples.

use std::sync::Arc;

use anyhow::Result;
use harmony::timeline::Segment;
use harmony::vocabulary::large;
use recognizer::audio::Audio;
use recognizer::features::SAMPLE_RATE;
use recognizer::resample::StreamResampler;

use super::engines::Listener;
use super::real::POSTERIOR_FRAME_S;
use teachers::Teacher;

/// A teacher as a listener: its own chords, each with its mean probability.
pub(crate) struct TeacherListener(Arc<dyn Teacher>);

impl TeacherListener {
    /// A listener with `teacher`.
    #[must_use]
    pub(crate) fn new(teacher: Arc<dyn Teacher>) -> Self {
        Self(teacher)
    }
}

impl Listener for TeacherListener {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn identity(&self) -> String {
        format!("{} {}", self.0.name(), self.0.sha256())
    }

    fn listen(&self, audio: &Audio) -> Result<Vec<Segment>> {
        let heard = if audio.sample_rate == SAMPLE_RATE {
            self.0.predict(&audio.samples)?
        } else {
            let mut resampler = StreamResampler::new(f64::from(audio.sample_rate))?;
            let mut samples = Vec::new();
            resampler.push(&audio.samples, &mut samples);
            resampler.flush(&mut samples);
            self.0.predict(&samples)?
        };
        Ok(heard
            .timeline
            .segments()
            .iter()
            .map(|segment| Segment {
                confidence: probability(&heard.chord, segment),
                ..segment.clone()
            })
            .collect())
    }
}

/// Mean probability of the segment's class over its frames, `[frames, 170]`.
fn probability(chord: &[f32], segment: &Segment) -> f32 {
    let class = large::index_of(&segment.label);
    let frame = |time_s: f64| (time_s / POSTERIOR_FRAME_S).ceil().max(0.0) as usize;
    let (first, end) = (frame(segment.start_s), frame(segment.end_s));
    let inside = chord
        .chunks_exact(large::LEN)
        .skip(first)
        .take(end.saturating_sub(first));
    let (sum, count) = inside.fold((0.0, 0), |(sum, count), p| (sum + p[class], count + 1));
    let mean = sum / count.max(1) as f32;
    if mean.is_finite() {
        mean.clamp(0.0, 1.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use harmony::label::Label;
    use harmony::timeline::Timeline;
    use teachers::Prediction;

    /// Hears C major for the whole length, with probability three quarters.
    struct OneChord;

    impl Teacher for OneChord {
        fn name(&self) -> &str {
            "one"
        }

        fn sha256(&self) -> &str {
            "ab"
        }

        fn predict(&self, samples: &[f32]) -> Result<Prediction> {
            let length_s = samples.len() as f64 / f64::from(SAMPLE_RATE);
            let frames = 1 + samples.len() / teachers::HOP_SAMPLES;
            let label: Label = "C:maj".parse()?;
            let mut chord = vec![0.0; frames * large::LEN];
            for frame in chord.chunks_exact_mut(large::LEN) {
                frame[large::index_of(&label)] = 0.75;
            }
            Ok(Prediction {
                chord,
                timeline: Timeline::from_segments([Segment::new(0.0, length_s, label)])?,
                ..Prediction::default()
            })
        }
    }

    #[test]
    fn a_teacher_hears_at_any_rate_and_says_how_sure_it_is() {
        let listener = TeacherListener::new(Arc::new(OneChord));
        assert_eq!(listener.identity(), "one ab");
        for rate in [22_050, 44_100] {
            let audio = Audio::new(vec![0.1; rate as usize * 2], rate);
            let track = listener.listen(&audio).unwrap();
            assert_eq!(track.len(), 1);
            assert!((track[0].end_s - 2.0).abs() < 0.01, "{}", track[0].end_s);
            assert!((track[0].confidence - 0.75).abs() < 1e-6);
        }
    }
}
