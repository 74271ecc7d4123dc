//! Builds the tensors of a training step from windows and an objective.

use burn::tensor::{Device, Tensor, TensorData};
use harmony::vocabulary::large;
use recognizer::decode::viterbi::argmax;
use recognizer::features::BINS;
use recognizer::networks::extensions::{EXTENSION_VALUES, Extensions, GROUPS};
use recognizer::networks::{BASS_CLASSES, CHORD_CLASSES, NO_BASS};

use crate::frames::IGNORED;
use crate::loss::{ExtensionTargets, HeadTargets, SoftTargets, Targets};
use crate::objective::{Confidence, FrameWeights, Objective, softened};
use crate::sampler::Window;

/// Class `N`.
const NO_CHORD: usize = large::NO_CHORD;
/// Qualities, and one more for `N` and `X`.
pub(crate) const KINDS: usize = large::QUALITIES.len() + 1;

/// Weight of each quality (and of `N`) in the hard term.
pub(crate) type KindWeights = [f32; KINDS];

/// Row of [`KindWeights`] for a class.
fn kind(class: usize) -> usize {
    large::quality_index_of(class).unwrap_or(large::QUALITIES.len())
}

/// (mean share / share)^`power` of each kind among `classes`, between 1/5 and 5.
pub(crate) fn kind_weights(classes: impl Iterator<Item = u8>, power: f32) -> KindWeights {
    let mut counts = [0.0_f64; KINDS];
    for class in classes.filter(|&c| c != IGNORED) {
        counts[kind(usize::from(class))] += 1.0;
    }
    let mean = counts.iter().sum::<f64>() / KINDS as f64;
    counts.map(|count| {
        let ratio = (mean / count.max(1.0)) as f32;
        ratio.powf(power).clamp(0.2, 5.0)
    })
}

/// The tensors of a step, or of one thread's part of it.
pub(crate) struct Batch {
    /// `[windows, frames, 144]`, standardised.
    pub x: Tensor<3>,
    /// The targets of the network.
    pub targets: Targets,
}

/// Targets of a batch before they become tensors.
#[derive(Default)]
struct Rows {
    chord: Vec<i64>,
    chord_weight: Vec<f32>,
    bass: Vec<i64>,
    bass_weight: Vec<f32>,
    soft_chord: Vec<f32>,
    soft_bass: Vec<f32>,
    soft_weight: Vec<f32>,
    soft_bass_weight: Vec<f32>,
    inverse_temperature: Vec<f32>,
    entropy: f64,
    bass_entropy: f64,
    root: Vec<i64>,
    extensions: Vec<f32>,
    any_soft: bool,
    any_extensions: bool,
}

impl Batch {
    /// The batch of `windows`, whose frames are standardised by `mean` and `deviation`.
    pub(crate) fn new(
        windows: &[Window],
        objective: &Objective,
        kinds: &KindWeights,
        (mean, deviation): (f32, f32),
        device: &Device,
    ) -> Self {
        let frames = windows.first().map_or(0, |w| w.chord.len());
        let bins: Vec<f32> = windows
            .iter()
            .flat_map(|w| &w.bins)
            .map(|x| (x - mean) / deviation)
            .collect();
        let mut rows = Rows::default();
        for window in windows {
            for t in 0..frames {
                rows.push(window, t, objective, kinds);
            }
        }
        Self {
            x: Tensor::from_data(TensorData::new(bins, [windows.len(), frames, BINS]), device),
            targets: rows.into_targets(objective.focal_gamma, device),
        }
    }
}

impl Rows {
    fn push(&mut self, window: &Window, t: usize, objective: &Objective, kinds: &KindWeights) {
        let frames = window.lead..window.chord.len() - window.padding;
        let padded = !frames.contains(&t);
        let row = |all: &[f32], width: usize| -> Option<std::ops::Range<usize>> {
            let t = t.checked_sub(frames.start)?;
            (!padded && !all.is_empty()).then_some(t * width..(t + 1) * width)
        };
        let teacher = window.teacher.as_ref();
        let chord_p = teacher.and_then(|o| row(&o.chord, CHORD_CLASSES).map(|r| &o.chord[r]));
        let bass_p = teacher.and_then(|o| row(&o.bass, BASS_CLASSES).map(|r| &o.bass[r]));
        let extensions_p =
            teacher.and_then(|o| row(&o.extensions, EXTENSION_VALUES).map(|r| &o.extensions[r]));

        let mut label = window.chord[t];
        let mut bass_label = window.bass[t];
        if padded && !objective.mask_padding {
            (label, bass_label) = (NO_CHORD as u8, NO_BASS as u8);
        }
        let confidence = chord_p.map(|p| confidence(p, objective.temperature));
        let known = label != IGNORED || bass_label != IGNORED;
        let mut weights = objective.weights(known, confidence);
        if !weights.from_teacher && begins(window, t, objective.onset_frames) {
            weights.hard *= objective.onset_weight;
            weights.soft *= objective.onset_weight;
        }

        let class = match chord_p {
            Some(p) if weights.from_teacher => argmax(p),
            _ if label != IGNORED => usize::from(label),
            _ => 0,
        };
        self.chord.push(class as i64);
        // The chord of a bass line alone is unknown.
        let chord_known = weights.from_teacher || label != IGNORED;
        self.chord_weight
            .push(weights.hard * f32::from(chord_known) * kinds[kind(class)]);

        let chord_root = large::root_of(class).map(usize::from);
        let root = chord_root.unwrap_or(0);
        let (bass, bass_known) = match bass_p {
            Some(p) if weights.from_teacher => (argmax(p), true),
            _ if !weights.from_teacher && bass_label != IGNORED => (usize::from(bass_label), true),
            _ => (0, false),
        };
        let inverted = chord_known && chord_root.is_some_and(|root| bass < 12 && bass != root);
        let stress = if inverted {
            objective.inversion_weight
        } else {
            1.0
        };
        self.bass.push(bass as i64);
        self.bass_weight
            .push(weights.hard * f32::from(bass_known) * stress);

        self.push_soft(chord_p, bass_p, &weights);
        self.push_extensions(window.extensions[t], class, root, extensions_p, &weights);
    }

    fn push_soft(&mut self, chord: Option<&[f32]>, bass: Option<&[f32]>, weights: &FrameWeights) {
        let t = weights.temperature;
        let scaled = weights.soft * t * t;
        self.inverse_temperature.push(1.0 / t);
        let add = |p: Option<&[f32]>, width: usize, out: &mut Vec<f32>, sum: &mut f64| {
            let start = out.len();
            match p {
                Some(p) if scaled > 0.0 => {
                    softened(p.iter().copied(), t, out);
                    let entropy: f32 = out[start..].iter().map(|&p| p * p.max(1e-12).ln()).sum();
                    *sum += f64::from(scaled * entropy);
                    scaled
                }
                _ => {
                    out.extend(std::iter::repeat_n(0.0, width));
                    0.0
                }
            }
        };
        let weight = add(
            chord,
            CHORD_CLASSES,
            &mut self.soft_chord,
            &mut self.entropy,
        );
        let bass_weight = add(
            bass,
            BASS_CLASSES,
            &mut self.soft_bass,
            &mut self.bass_entropy,
        );
        self.any_soft |= weight > 0.0;
        self.soft_weight.push(weight);
        self.soft_bass_weight.push(bass_weight);
    }

    fn push_extensions(
        &mut self,
        label: u8,
        class: usize,
        root: usize,
        teacher: Option<&[f32]>,
        weights: &FrameWeights,
    ) {
        self.root.push(root as i64);
        let total = weights.hard + weights.soft;
        let start = self.extensions.len();
        match teacher {
            _ if class >= large::CHORDS || total == 0.0 => {}
            Some(p) if weights.from_teacher => {
                self.extensions.extend(p.iter().map(|p| p * total));
            }
            _ if !weights.from_teacher && label != IGNORED => {
                self.extensions
                    .extend(std::iter::repeat_n(0.0, EXTENSION_VALUES));
                let values = Extensions::from_index(label).values();
                for ((first, _), value) in GROUPS.iter().zip(values) {
                    self.extensions[start + first + value] = total;
                }
            }
            _ => {}
        }
        if self.extensions.len() == start {
            self.extensions
                .extend(std::iter::repeat_n(0.0, EXTENSION_VALUES));
        } else {
            self.any_extensions = true;
        }
    }

    fn into_targets(self, focal_gamma: f32, device: &Device) -> Targets {
        let rows = self.chord.len();
        let vector = |data: Vec<f32>| Tensor::from_data(TensorData::new(data, [rows]), device);
        let classes = |data: Vec<i64>| Tensor::from_data(TensorData::new(data, [rows]), device);
        let matrix = |data: Vec<f32>, width: usize| -> Tensor<2> {
            Tensor::from_data(TensorData::new(data, [rows, width]), device)
        };
        let inverse_temperature = matrix(self.inverse_temperature, 1);
        let soft = |probabilities, width, weight, entropy: f64| SoftTargets {
            probabilities: matrix(probabilities, width),
            inverse_temperature: inverse_temperature.clone(),
            weight: vector(weight),
            negative_entropy: entropy as f32,
        };
        Targets {
            chord: HeadTargets {
                class: classes(self.chord),
                weight: vector(self.chord_weight),
                soft: self.any_soft.then(|| {
                    soft(
                        self.soft_chord,
                        CHORD_CLASSES,
                        self.soft_weight,
                        self.entropy,
                    )
                }),
            },
            bass: HeadTargets {
                class: classes(self.bass),
                weight: vector(self.bass_weight),
                soft: self.any_soft.then(|| {
                    soft(
                        self.soft_bass,
                        BASS_CLASSES,
                        self.soft_bass_weight,
                        self.bass_entropy,
                    )
                }),
            },
            extensions: self.any_extensions.then(|| ExtensionTargets {
                root: classes(self.root),
                weighted: matrix(self.extensions, EXTENSION_VALUES),
            }),
            focal_gamma,
        }
    }
}

/// Whether another labelled chord began at frame `t` or within the `frames - 1` before it.
fn begins(window: &Window, t: usize, frames: usize) -> bool {
    let label = |t: usize| (window.chord[t], window.bass[t]);
    let first = (t + 1).saturating_sub(frames).max(1);
    (first..=t).any(|t| label(t).0 != IGNORED && label(t) != label(t - 1))
}

fn confidence(p: &[f32], temperature: f32) -> Confidence {
    let plain = p.iter().copied().fold(0.0, f32::max);
    let power = 1.0 / temperature;
    let sum: f32 = p.iter().map(|p| p.max(0.0).powf(power)).sum();
    Confidence {
        plain,
        softened: if sum > 0.0 {
            plain.powf(power) / sum
        } else {
            0.0
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::Stage;
    use crate::sampler::WindowTargets;

    fn window(label: u8) -> Window {
        let mut chord = vec![0.0; CHORD_CLASSES];
        chord[1] = 0.6;
        chord[14] = 0.4;
        let mut bass = vec![0.0; BASS_CLASSES];
        bass[4] = 1.0;
        Window {
            bins: vec![0.0; 2 * BINS],
            chord: vec![label, IGNORED],
            bass: vec![if label == IGNORED { IGNORED } else { 0 }, IGNORED],
            extensions: vec![IGNORED; 2],
            teacher: Some(WindowTargets {
                chord,
                bass,
                extensions: Vec::new(),
            }),
            lead: 0,
            padding: 1,
        }
    }

    fn numbers<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
        tensor.clone().into_data().try_to_vec::<f32>().unwrap()
    }

    fn batch(label: u8, objective: &Objective) -> Batch {
        Batch::new(
            &[window(label)],
            objective,
            &[1.0; KINDS],
            (0.0, 1.0),
            &Device::flex(),
        )
    }

    #[test]
    fn padding_is_masked_or_taught_as_no_chord() {
        let mut objective = Objective::paper(Stage::Labels);
        let weights = numbers(&batch(3, &objective).targets.chord.weight);
        assert_eq!(weights, [1.0, 1.0]);
        objective.mask_padding = true;
        let weights = numbers(&batch(3, &objective).targets.chord.weight);
        assert_eq!(weights, [1.0, 0.0]);
    }

    #[test]
    fn pseudo_labels_are_the_teachers_best_class_and_bass() {
        let batch = batch(IGNORED, &Objective::paper(Stage::PseudoLabels));
        let class = batch.targets.chord.class.into_data();
        assert_eq!(class.iter::<i64>().next(), Some(1));
        let bass = batch.targets.bass.class.into_data();
        assert_eq!(bass.iter::<i64>().next(), Some(4));
    }

    #[test]
    fn stage_two_holds_label_and_teacher() {
        let mut objective = Objective::paper(Stage::Distillation);
        objective.mask_padding = true;
        let batch = batch(30, &objective);
        let weights = numbers(&batch.targets.chord.weight);
        assert!((weights[0] - 0.7).abs() < 1e-6);
        let soft = batch.targets.chord.soft.unwrap();
        let p = numbers(&soft.probabilities);
        let expected =
            0.6_f32.powf(1.0 / 3.0) / (0.6_f32.powf(1.0 / 3.0) + 0.4_f32.powf(1.0 / 3.0));
        assert!((p[1] - expected).abs() < 1e-5);
        let weights = numbers(&soft.weight);
        assert!((weights[0] - 0.3 * 9.0).abs() < 1e-5 && weights[1] == 0.0);
    }

    #[test]
    fn where_a_chord_begins_weighs_more() {
        let begun = |chord: [u8; 6], frames| {
            let window = Window {
                bins: vec![0.0; 6 * BINS],
                chord: chord.to_vec(),
                bass: vec![0; 6],
                extensions: vec![IGNORED; 6],
                teacher: None,
                lead: 0,
                padding: 0,
            };
            let objective = Objective {
                onset_weight: 3.0,
                onset_frames: frames,
                ..Objective::ours(Stage::Distillation)
            };
            let kinds = [1.0; KINDS];
            let batch = Batch::new(&[window], &objective, &kinds, (0.0, 1.0), &Device::flex());
            numbers(&batch.targets.chord.weight)
        };
        // The first frame may lie in the middle of a chord.
        let chord = [1, 1, 30, 30, 30, 1];
        assert_eq!(begun(chord, 2), [1.0, 1.0, 3.0, 3.0, 1.0, 3.0]);
        assert_eq!(begun(chord, 0), [1.0; 6]);
        let chord = [1, IGNORED, IGNORED, 1, 1, 1];
        assert_eq!(begun(chord, 1), [1.0, 0.0, 0.0, 3.0, 1.0, 1.0]);
    }

    #[test]
    fn rare_kinds_weigh_more() {
        let classes = std::iter::repeat_n(1_u8, 900).chain(std::iter::repeat_n(8, 100));
        let weights = kind_weights(classes, 0.5);
        assert!(weights[8] > 2.0 * weights[1]);
        let flat = kind_weights([1_u8, 8].into_iter(), 0.0);
        assert_eq!(flat, [1.0; KINDS]);
    }
}
