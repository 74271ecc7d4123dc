//! The time for which chords are audible.

use harmony::label::Label;

/// Start and end in seconds, and the label.
pub type Heard = (f64, f64, Label);

/// Length of the steps in which loudness is measured, in seconds.
const STEP_S: f64 = 0.03;
/// Down to this level below the loudest step, in dB, a chord certainly sounds.
const SOUNDS_DB: f32 = -38.0;
/// From this level down, in dB, it certainly does not; between the two it is undecided.
const GONE_DB: f32 = -56.0;

/// `labels` (gap-free) with each chord as long as it sounds in `samples`: into the silence
/// after it, or not to its written end. Where it is unclear whether a decaying chord still
/// counts, the label is `X`.
#[must_use]
pub fn audible(samples: &[f32], rate_hz: f64, labels: &[Heard]) -> Vec<Heard> {
    let step = (STEP_S * rate_hz).max(1.0) as usize;
    let levels: Vec<f32> = samples
        .chunks(step)
        .map(|part| part.iter().map(|x| x * x).sum::<f32>() / part.len() as f32)
        .collect();
    let mut heard: Vec<Heard> = Vec::new();
    for (index, (start_s, end_s, label)) in labels.iter().enumerate() {
        let Label::Chord(_) = label else {
            // Before the first chord; the silence after a chord is handled with it.
            if index == 0 {
                append(&mut heard, *start_s, *end_s, label.clone());
            }
            continue;
        };
        let until_s = match labels.get(index + 1) {
            Some((_, silent_to_s, Label::NoChord)) => *silent_to_s,
            _ => *end_s,
        };
        let first = (start_s / STEP_S) as usize;
        let last = ((until_s / STEP_S) as usize).min(levels.len());
        let steps = levels.get(first..last).unwrap_or(&[]);
        let peak = steps.iter().copied().fold(0.0, f32::max);
        // The end of the last step that is louder than so many dB below the loudest.
        let end_of = |below_db: f32| {
            let least = peak * 10_f32.powf(below_db / 10.0);
            let steps = steps.iter().rposition(|level| *level > least);
            let end_s = (first + steps.map_or(0, |step| step + 1)) as f64 * STEP_S;
            // The rest is shorter than a step can resolve.
            if end_s + 2.0 * STEP_S > until_s {
                return until_s;
            }
            end_s.clamp(*start_s, until_s)
        };
        let (sounds_s, gone_s) = (end_of(SOUNDS_DB), end_of(GONE_DB));
        append(&mut heard, *start_s, sounds_s, label.clone());
        append(&mut heard, sounds_s, gone_s, Label::Unknown);
        append(&mut heard, gone_s, until_s, Label::NoChord);
    }
    heard
}

/// Appends a label to a track, joined with an equal one before it; an empty interval is left
/// out.
pub(crate) fn append(labels: &mut Vec<Heard>, start_s: f64, end_s: f64, label: Label) {
    if end_s - start_s < 1e-6 {
        return;
    }
    match labels.last_mut() {
        Some(last) if last.2 == label => last.1 = end_s,
        _ => labels.push((start_s, end_s, label)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(text: &str) -> Label {
        text.parse().unwrap()
    }

    #[test]
    fn a_chord_lasts_as_long_as_it_sounds() {
        // Two chords that fall by 40 dB a second, the second one cut off after half a second.
        let rate = 1000.0;
        let samples: Vec<f32> = (0..8000)
            .map(|i| {
                let t = i as f32 / 1000.0;
                let level = |from: f32| 10_f32.powf(-2.0 * (t - from));
                match t {
                    1.0..5.0 => level(1.0),
                    5.0..5.5 => level(5.0),
                    _ => 0.0,
                }
            })
            .collect();
        let labels = [
            (0.0, 1.0, label("N")),
            (1.0, 1.5, label("C:maj")),
            (1.5, 5.0, label("N")),
            (5.0, 7.0, label("D:min")),
            (7.0, 8.0, label("N")),
        ];
        let found = audible(&samples, rate, &labels);
        let names: Vec<String> = found.iter().map(|it| it.2.to_string()).collect();
        assert_eq!(names, ["N", "C:maj", "X", "N", "D:min", "N"]);
        let ends: Vec<f64> = found.iter().map(|it| it.1).collect();
        for (end, wanted) in ends.iter().zip([1.0, 1.95, 2.4, 5.0, 5.5, 8.0]) {
            assert!((end - wanted).abs() < 0.07, "{ends:?}");
        }
    }
}
