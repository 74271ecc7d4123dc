//! The chord model of CREMA (McFee and Bello, "Structured training for large-vocabulary chord
//! recognition", ISMIR 2017), from the weights inside the ISC-licensed Python package crema
//! 0.2.0. It was trained on other hand-labelled recordings than [`super::chordnet`], with
//! another network and other features: a second opinion.
//!
//! Everything is computed here, in Rust: [`features`] (pumpp's harmonic constant-Q transform),
//! [`network`] (convolutions, recurrent layers, heads), [`decode`] (the original's Viterbi pass
//! and its basses). The original works at 44 100 Hz; its features end at 4.2 kHz, and audio at
//! 22 050 Hz gives the same.

pub mod decode;
pub mod features;
pub mod network;
pub mod weights;

mod gru;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use harmony::label::Label;
use harmony::vocabulary::large;

use super::{HOP_SAMPLES, Prediction, Teacher};
use crate::mixture::Rule;
use crate::sha256;
use crate::views::{Identity, View, Views};

use network::{BASSES, CLASSES, Network, Outputs, PITCHES, ROOTS};

/// Folder of the weights below the folder of all teachers.
pub const FOLDER: &str = "crema";
/// Name of the weights in it.
pub const FILE: &str = "model.h5";
/// Their name in the wheel.
pub const WHEEL_NAME: &str = "crema/models/chord/model.h5";
/// The package they come from.
pub const PACKAGE: &str = "crema==0.2.0";
/// SHA-256 of the weights.
pub const SHA256: &str = "08b80e5b648e743c89284e9bc0b12b993dad1129157a75e0de70e076b0b8a235";

/// Frames of [`HOP_SAMPLES`] per frame of the original.
const FRAMES: usize = features::HOP_SAMPLES / HOP_SAMPLES;

/// The path of the weights below the folder of all teachers.
#[must_use]
pub fn path(folder: &Path) -> PathBuf {
    folder.join(FOLDER).join(FILE)
}

/// Checks that the weights exist and are intact.
///
/// # Errors
/// If the file is missing or another one; the error names it.
pub fn check(folder: &Path) -> Result<()> {
    let path = path(folder);
    let named = || format!("reading {}", path.display());
    let found = sha256::of_file(&path).with_context(named)?;
    ensure!(
        found == SHA256,
        "{} is not the file of {PACKAGE}: its SHA-256 is {found}",
        path.display()
    );
    Ok(())
}

/// The teacher.
pub struct Crema {
    network: Network,
    identity: Identity,
    /// The students' class for each of the network's outputs.
    classes: [usize; CLASSES],
}

impl Crema {
    /// Opens the weights that `trainer teacher fetch crema` has put below `folder`.
    ///
    /// # Errors
    /// If the file is missing, another one or damaged; the error names it.
    pub fn open(folder: &Path) -> Result<Self> {
        check(folder)?;
        let path = path(folder);
        let named = || path.display().to_string();
        let bytes = std::fs::read(&path).with_context(named)?;
        let network = Network::from_hdf5(bytes).with_context(named)?;
        Ok(Self::from_network(network, SHA256.to_owned()))
    }

    /// A teacher with any weights, identified by their hash.
    #[must_use]
    pub fn from_network(network: Network, sha256: String) -> Self {
        Self {
            network,
            identity: Identity::plain(FOLDER, sha256),
            classes: classes(),
        }
    }

    /// The same teacher, so far without views, with these.
    #[must_use]
    pub fn with_views(self, views: Views) -> Self {
        Self {
            identity: self.identity.with_views(views),
            ..self
        }
    }

    /// The network's output for each frame of [`features::HOP_SAMPLES`], averaged over the views.
    #[must_use]
    pub fn outputs(&self, samples: &[f32]) -> Outputs {
        let seen: Vec<Outputs> = self
            .identity
            .views
            .iter()
            .map(|view| {
                let outputs = self.network.outputs(&features::seen_in(view, samples));
                turned_back(&self.classes, view, &outputs)
            })
            .collect();
        let mean = |part: fn(&Outputs) -> &Vec<f32>, width: usize| {
            Rule::Average.together(seen.iter().map(part), width)
        };
        Outputs {
            tag: mean(|outputs| &outputs.tag, CLASSES),
            pitch: mean(|outputs| &outputs.pitch, PITCHES),
            root: mean(|outputs| &outputs.root, ROOTS),
            bass: mean(|outputs| &outputs.bass, BASSES),
        }
    }
}

/// The names of the network's classes in its order, which is alphabetical.
#[must_use]
pub fn names() -> Vec<String> {
    const ROOTS: [&str; 12] = [
        "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B",
    ];
    let chords = ROOTS.iter().flat_map(|root| {
        let qualities = large::QUALITIES.iter();
        qualities.map(move |quality| format!("{root}:{}", quality.shorthand()))
    });
    let mut names: Vec<String> = chords.chain(["N".into(), "X".into()]).collect();
    names.sort_unstable();
    names
}

fn classes() -> [usize; CLASSES] {
    let mut classes = [large::UNKNOWN; CLASSES];
    for (class, name) in classes.iter_mut().zip(names()) {
        let label = name.parse().unwrap_or(Label::Unknown);
        *class = large::index_of(&label);
    }
    classes
}

/// The same chords at the original's pitch, of outputs in `view` with these `classes`.
fn turned_back(classes: &[usize; CLASSES], view: View, outputs: &Outputs) -> Outputs {
    let mut places = [0; CLASSES];
    for (place, class) in classes.iter().enumerate() {
        places[*class] = place;
    }
    let heard = classes.iter().map(|class| view.heard_class(*class));
    let tags: Vec<usize> = heard.map(|class| places[class]).collect();
    // What is behind the pitch classes is none of them.
    let notes = |width: usize| -> Vec<usize> {
        let heard = |note: usize| if note < 12 { view.heard(note) } else { note };
        (0..width).map(heard).collect()
    };
    let turned = |rows: &[f32], heard: &[usize]| -> Vec<f32> {
        let row = |row: &[f32]| heard.iter().map(|place| row[*place]).collect::<Vec<f32>>();
        rows.chunks_exact(heard.len()).flat_map(row).collect()
    };
    Outputs {
        tag: turned(&outputs.tag, &tags),
        pitch: turned(&outputs.pitch, &notes(PITCHES)),
        root: turned(&outputs.root, &notes(ROOTS)),
        bass: turned(&outputs.bass, &notes(BASSES)),
    }
}

impl Teacher for Crema {
    fn name(&self) -> &str {
        &self.identity.name
    }

    fn sha256(&self) -> &str {
        &self.identity.sha256
    }

    fn predict(&self, samples: &[f32]) -> Result<Prediction> {
        let outputs = self.outputs(samples);
        let frames = 1 + samples.len() / HOP_SAMPLES;
        let length_s = samples.len() as f64 / features::SAMPLE_RATE;
        let mut ordered = vec![0.0; outputs.tag.len()];
        let rows = ordered.chunks_exact_mut(CLASSES);
        for (row, heard) in rows.zip(outputs.tag.chunks_exact(CLASSES)) {
            for (class, p) in self.classes.iter().zip(heard) {
                row[*class] = *p;
            }
        }
        let mut nothing = [0.0; CLASSES];
        nothing[large::NO_CHORD] = 1.0;
        let mut no_bass = [0.0; BASSES];
        no_bass[BASSES - 1] = 1.0;
        Ok(Prediction {
            chord: between(&ordered, &nothing, frames),
            bass: Some(between(&outputs.bass, &no_bass, frames)),
            extensions: None,
            timeline: decode::timeline(&outputs, &names(), length_s)?,
        })
    }
}

/// Converts rows at [`features::HOP_SAMPLES`] to `frames` rows at [`HOP_SAMPLES`]: the same
/// rows, with the mean of the neighbours between them; the last one is repeated. Without any
/// row, `none`.
fn between(rows: &[f32], none: &[f32], frames: usize) -> Vec<f32> {
    let width = none.len();
    let rows: Vec<&[f32]> = rows.chunks_exact(width).collect();
    let Some(last) = rows.last() else {
        return none.repeat(frames);
    };
    let mut all = Vec::with_capacity(frames * width);
    for frame in 0..frames {
        let row = |at: usize| *rows.get(at).unwrap_or(last);
        let before = row(frame / FRAMES);
        let after = row(frame.div_ceil(FRAMES));
        let mixed = before.iter().zip(after).map(|(a, b)| 0.5 * (a + b));
        all.extend(mixed);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_own_name() {
        let names = names();
        assert_eq!(names.len(), CLASSES);
        assert_eq!(
            (&*names[0], &*names[13], &*names[14], &*names[169]),
            ("A#:7", "A#:sus4", "A:7", "X")
        );
        let mut classes = classes();
        assert_eq!(classes[169], large::UNKNOWN);
        classes.sort_unstable();
        assert!(classes.iter().enumerate().all(|(i, class)| i == *class));
    }

    #[test]
    fn outputs_are_turned_back_to_the_originals_pitch() {
        // A network that hears the audio two semitones higher hears an A minor as a B minor.
        let view = View::new(2, false).unwrap();
        let row = |width: usize, place: usize| {
            let mut row = vec![0.0; width];
            row[place] = 1.0;
            row
        };
        let tag = |name: &str| row(CLASSES, names().iter().position(|it| it == name).unwrap());
        let heard = Outputs {
            tag: [tag("B:min"), tag("C#:7"), tag("N")].concat(),
            pitch: row(PITCHES, 11).repeat(3),
            root: [row(ROOTS, 11), row(ROOTS, 1), row(ROOTS, 12)].concat(),
            bass: row(BASSES, 0).repeat(3),
        };
        let original = turned_back(&classes(), view, &heard);
        assert_eq!(original.tag, [tag("A:min"), tag("B:7"), tag("N")].concat());
        assert_eq!(original.pitch, row(PITCHES, 9).repeat(3));
        let roots = [row(ROOTS, 9), row(ROOTS, 11), row(ROOTS, 12)].concat();
        assert_eq!(original.root, roots);
        assert_eq!(original.bass, row(BASSES, 10).repeat(3));
        let back = turned_back(&classes(), View::new(-2, false).unwrap(), &original);
        assert_eq!(back, heard);
    }

    #[test]
    fn frames_between_are_the_mean_of_their_neighbours() {
        let rows = [0.0, 1.0, 1.0, 0.0];
        let all = between(&rows, &[1.0, 0.0], 5);
        assert_eq!(all, [0.0, 1.0, 0.5, 0.5, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
        assert_eq!(between(&[], &[0.0, 1.0], 2), [0.0, 1.0, 0.0, 1.0]);
    }
}
