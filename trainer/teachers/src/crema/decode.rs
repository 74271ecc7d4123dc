//! The original's chords: a Viterbi pass over the classes
//! (`librosa.sequence.viterbi_discriminative` with pumpp's transition matrix, in which all
//! changes are equally likely), then the likeliest bass over each segment.

use anyhow::{Result, ensure};
use harmony::label::Label;
use harmony::timeline::{Segment, Timeline};
use harmony::vocabulary::{inversions, large};
use recognizer::decode::viterbi::argmax;

use super::features::{HOP_SAMPLES, SAMPLE_RATE};
use super::network::{BASSES, CLASSES, Outputs};
use crate::mixture::path;

/// Probability that a chord continues from one frame to the next, and that it changes to one
/// particular other chord: the two values of the matrix that comes with the weights.
const STAYS: f32 = 0.957_154_6;
const CHANGES: f32 = 2.535_228_7e-4;

/// The track of `outputs` with the classes `names`, for a file of `length_s` seconds.
///
/// # Errors
/// If names are not chords, or there are too few.
pub fn timeline(outputs: &Outputs, names: &[String], length_s: f64) -> Result<Timeline> {
    ensure!(names.len() == CLASSES, "{} names", names.len());
    let change = STAYS.ln() - CHANGES.ln();
    let path = path(&outputs.tag, change, f32::MIN_POSITIVE);
    let basses: Vec<&[f32]> = outputs.bass.chunks_exact(BASSES).collect();
    // A chord lasts from the middle of its first frame to the middle of the next chord's.
    let seconds = |frame: usize| (frame * HOP_SAMPLES) as f64 / SAMPLE_RATE;
    let mut segments: Vec<Segment> = Vec::new();
    let mut first = 0;
    for run in path.chunk_by(|a, b| a == b) {
        let end = first + run.len();
        let start_s = seconds(first);
        let end_s = if end == path.len() {
            length_s
        } else {
            seconds(end).min(length_s)
        };
        let label: Label = names[run[0]].parse()?;
        // The original includes two frames of the next chord.
        let heard = &basses[first..(end + 1).min(basses.len())];
        if end_s > start_s {
            segments.push(Segment::new(start_s, end_s, with_bass(label, heard)));
        }
        first = end;
    }
    if segments.is_empty() && length_s > 0.0 {
        segments.push(Segment::new(0.0, length_s, Label::NoChord));
    }
    Ok(Timeline::from_segments(segments)?)
}

/// The chord over the bass with the largest geometric mean over some frames, if it is a note of
/// the chord.
fn with_bass(label: Label, basses: &[&[f32]]) -> Label {
    let Label::Chord(chord) = &label else {
        return label;
    };
    let mut sums = [0.0; BASSES];
    for row in basses {
        for (sum, p) in sums.iter_mut().zip(*row) {
            *sum += p.max(f32::MIN_POSITIVE).ln();
        }
    }
    let bass = argmax(&sums);
    if bass < 12 && chord.pitch_classes() >> bass & 1 == 1 {
        inversions::label_of(large::index_of(&label), Some(bass as u8))
    } else {
        label
    }
}

#[cfg(test)]
mod tests {
    use super::super::names;
    use super::*;

    /// Four frames for each chord with a bass, all with near certainty.
    fn outputs(chords: &[(&str, usize)]) -> Outputs {
        let mut outputs = Outputs::default();
        for (chord, bass) in chords {
            let class = names().iter().position(|name| name == chord).unwrap();
            let row = |classes: usize, class: usize| {
                let mut row = vec![1e-4; classes];
                row[class] = 1.0 - 1e-4 * (classes - 1) as f32;
                row
            };
            for _ in 0..4 {
                outputs.tag.extend(row(CLASSES, class));
                outputs.bass.extend(row(BASSES, *bass));
            }
        }
        outputs
    }

    fn written(chords: &[(&str, usize)]) -> Vec<String> {
        let outputs = outputs(chords);
        let track = timeline(&outputs, &names(), 100.0).unwrap();
        let label = |segment: &Segment| segment.label.to_string();
        track.segments().iter().map(label).collect()
    }

    #[test]
    fn a_bass_counts_where_it_is_a_note_of_the_chord() {
        let chords = [("C:maj", 4), ("F:maj", 5), ("A:min", 6), ("N", 0)];
        assert_eq!(written(&chords), ["C:maj/3", "F:maj", "A:min", "N"]);
        assert_eq!(written(&[("D:7", 12)]), ["D:7"]);
    }

    #[test]
    fn chords_begin_at_their_frame_and_end_with_the_file() {
        let outputs = outputs(&[("C:maj", 0), ("G:maj", 7)]);
        let track = timeline(&outputs, &names(), 0.8).unwrap();
        let change_s = 4.0 * 2048.0 / 22_050.0;
        let [c, g] = track.segments() else {
            panic!("{track:?}");
        };
        assert_eq!((c.start_s, c.end_s), (0.0, change_s));
        assert_eq!((g.start_s, g.end_s), (change_s, 0.8));
        let nothing = timeline(&Outputs::default(), &names(), 0.05).unwrap();
        assert_eq!(nothing.segments()[0].label, Label::NoChord);
        assert!(
            timeline(&Outputs::default(), &names(), 0.0)
                .unwrap()
                .is_empty()
        );
    }
}
