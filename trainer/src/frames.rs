//! Frames with targets for training, made once and kept on disk.
//!
//! One safetensors file per example. For each front end it has `<front end>.frames` (`[frames,
//! 144]`, f16, log-compressed), `<front end>.chord`, `<front end>.bass` and `<front
//! end>.colour` (`[frames]`, u8). A teacher's output for the same audio is in a separate file
//! (see [`teachers::posteriors`]) and joined when the frames are loaded.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use half::f16;
use harmony::export::atomic;
use harmony::label::{Chord, Label, Quality};
use harmony::vocabulary::large;
use recognizer::features::BINS;
use recognizer::networks::FrontEnd;
use recognizer::networks::extensions::{
    ELEVENTHS, EXTENSION_VALUES, Extensions, NINTHS, TENSION_VALUES, THIRTEENTHS,
};
use recognizer::networks::{BASS_CLASSES, CHORD_CLASSES, NO_BASS};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};

use teachers::posteriors::Posteriors;

/// Chord target of a frame without a target (label `X`): it is excluded from the loss.
pub const IGNORED: u8 = u8::MAX;

/// The frames of one example in one front end, with their targets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frames {
    /// `[frames, 144]`, log-compressed.
    pub bins: Vec<f16>,
    /// Large-vocabulary class of each frame, or [`IGNORED`].
    pub chord: Vec<u8>,
    /// Bass pitch class of each frame, 12 for none, or [`IGNORED`].
    pub bass: Vec<u8>,
    /// Extensions of each frame's chord (see [`Extensions::index`]), or [`IGNORED`].
    pub extensions: Vec<u8>,
    /// A teacher's probabilities for each frame.
    pub teacher: Option<SoftTargets>,
}

/// A teacher's probabilities over frames.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SoftTargets {
    /// `[frames, 170]`.
    pub chord: Vec<f16>,
    /// `[frames, 13]`, 12 for none; empty if the teacher has no bass.
    pub bass: Vec<f16>,
    /// `[frames, 14]`: ninths, elevenths, thirteenths as in [`Extensions`], and zeros for those
    /// that no teacher has; empty if the teacher has none of them.
    pub extensions: Vec<f16>,
}

impl SoftTargets {
    /// Converts a teacher's probabilities from the grid of [`teachers::posteriors`] (hop 1024)
    /// to `frames` frames of a front end. At hop 2048 frame `i` is `¼p[2i−1] + ½p[2i] +
    /// ¼p[2i+1]`; past the end the last row is repeated.
    pub fn new(posteriors: &Posteriors, front_end: FrontEnd, frames: usize) -> Self {
        let on = |values: &[f16], width: usize| on_grid(values, width, front_end, frames);
        let extensions = (
            &posteriors.ninth,
            &posteriors.eleventh,
            &posteriors.thirteenth,
        );
        let extensions = match extensions {
            (Some(ninth), Some(eleventh), Some(thirteenth)) => {
                let ninth = on(ninth, NINTHS);
                let eleventh = on(eleventh, ELEVENTHS);
                let thirteenth = on(thirteenth, THIRTEENTHS);
                ninth
                    .chunks_exact(NINTHS)
                    .zip(eleventh.chunks_exact(ELEVENTHS))
                    .zip(thirteenth.chunks_exact(THIRTEENTHS))
                    .flat_map(|((n, e), t)| {
                        let unknown = [f16::ZERO; EXTENSION_VALUES - TENSION_VALUES];
                        n.iter().chain(e).chain(t).copied().chain(unknown)
                    })
                    .collect()
            }
            _ => Vec::new(),
        };
        Self {
            chord: on(&posteriors.chord, CHORD_CLASSES),
            bass: posteriors
                .bass
                .as_ref()
                .map_or_else(Vec::new, |bass| on(bass, BASS_CLASSES)),
            extensions,
        }
    }
}

/// Rows of `width` probabilities at hop 1024, converted to the grid of a front end.
fn on_grid(values: &[f16], width: usize, front_end: FrontEnd, frames: usize) -> Vec<f16> {
    let rows = values.len() / width;
    if rows == 0 {
        return Vec::new();
    }
    let row = |i: isize| {
        let i = i.clamp(0, rows as isize - 1) as usize;
        &values[i * width..(i + 1) * width]
    };
    let mut out = Vec::with_capacity(frames * width);
    for frame in 0..frames as isize {
        match front_end {
            FrontEnd::Live => out.extend_from_slice(row(frame)),
            FrontEnd::Cqt => {
                let (before, at, after) = (row(2 * frame - 1), row(2 * frame), row(2 * frame + 1));
                out.extend(before.iter().zip(at).zip(after).map(|((b, a), c)| {
                    f16::from_f32(0.25 * b.to_f32() + 0.5 * a.to_f32() + 0.25 * c.to_f32())
                }));
            }
        }
    }
    out
}

impl Frames {
    /// Number of frames.
    pub fn len(&self) -> usize {
        self.chord.len()
    }

    /// Whether any frame has a label for its chord or only its bass.
    pub fn is_labelled(&self) -> bool {
        let mut labels = self.chord.iter().chain(&self.bass);
        labels.any(|&label| label != IGNORED)
    }

    /// Whether there are no frames.
    pub fn is_empty(&self) -> bool {
        self.chord.is_empty()
    }

    /// Adds a frame of log-compressed bins whose label is `label`.
    pub fn push(&mut self, bins: &[f32], label: &Label) {
        debug_assert_eq!(bins.len(), BINS);
        self.bins.extend(bins.iter().map(|&x| f16::from_f32(x)));
        let (chord, bass) = targets(label);
        self.chord.push(chord);
        self.bass.push(bass);
        self.extensions
            .push(Extensions::from_label(label).map_or(IGNORED, Extensions::index));
    }

    /// No frames yet.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Chord and bass targets of a label.
pub fn targets(label: &Label) -> (u8, u8) {
    let class = large::index_of(label);
    match label {
        Label::NoChord => (class as u8, NO_BASS as u8),
        // There is no class for power chords: the major class stands for them, with their
        // extension.
        Label::Chord(chord) if Extensions::from_chord(chord).no_third => {
            let root = Chord::new(chord.root(), Quality::Maj).into();
            (large::index_of(&root) as u8, chord.bass_pitch_class())
        }
        Label::Chord(chord) if class != large::UNKNOWN => (class as u8, chord.bass_pitch_class()),
        _ => (IGNORED, IGNORED),
    }
}

/// The frames of one example in both front ends.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExampleFrames {
    /// Frames of the live transform.
    pub live: Frames,
    /// Frames of the librosa-equal transform at hop 2048.
    pub cqt: Frames,
}

fn prefix(front_end: FrontEnd) -> &'static str {
    match front_end {
        FrontEnd::Live => "live",
        FrontEnd::Cqt => "cqt",
    }
}

impl ExampleFrames {
    /// The frames of one front end.
    pub fn frames_for(&self, front_end: FrontEnd) -> &Frames {
        match front_end {
            FrontEnd::Live => &self.live,
            FrontEnd::Cqt => &self.cqt,
        }
    }

    /// Writes the example to a temporary file beside `path` and renames it.
    ///
    /// # Errors
    /// Any error of the file system; it names the file.
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut bytes: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
        for front_end in [FrontEnd::Live, FrontEnd::Cqt] {
            let frames = self.frames_for(front_end);
            let name = prefix(front_end);
            bytes.push((
                format!("{name}.frames"),
                Dtype::F16,
                vec![frames.len(), BINS],
                frames.bins.iter().flat_map(|x| x.to_le_bytes()).collect(),
            ));
            for (part, data) in [
                ("chord", &frames.chord),
                ("bass", &frames.bass),
                ("colour", &frames.extensions),
            ] {
                bytes.push((
                    format!("{name}.{part}"),
                    Dtype::U8,
                    vec![frames.len()],
                    data.clone(),
                ));
            }
        }
        let views = bytes
            .iter()
            .map(|(name, dtype, shape, data)| {
                Ok((name.clone(), TensorView::new(*dtype, shape.clone(), data)?))
            })
            .collect::<Result<HashMap<_, _>>>()?;
        Ok(atomic::write(path, &serialize(views, None)?)?)
    }

    /// Reads one front end of an example.
    ///
    /// # Errors
    /// If the file cannot be read or is not such an example; the error names it.
    pub fn load(path: &Path, front_end: FrontEnd) -> Result<Frames> {
        let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let load = || -> Result<Frames> {
            let tensors = SafeTensors::deserialize(&bytes)?;
            let name = prefix(front_end);
            let bins = tensors.tensor(&format!("{name}.frames"))?;
            let chord = tensors.tensor(&format!("{name}.chord"))?.data().to_vec();
            let bass = tensors.tensor(&format!("{name}.bass"))?.data().to_vec();
            // Older files have no extensions.
            let extensions = match tensors.tensor(&format!("{name}.colour")) {
                Ok(extensions) => extensions.data().to_vec(),
                Err(_) => vec![IGNORED; chord.len()],
            };
            ensure!(
                bins.dtype() == Dtype::F16
                    && bins.shape() == [chord.len(), BINS]
                    && bass.len() == chord.len()
                    && extensions.len() == chord.len(),
                "tensor shapes do not agree"
            );
            Ok(Frames {
                bins: bins
                    .data()
                    .chunks_exact(2)
                    .map(|b| f16::from_le_bytes([b[0], b[1]]))
                    .collect(),
                chord,
                bass,
                extensions,
                teacher: None,
            })
        };
        load().with_context(|| format!("{} is not an example of frames", path.display()))
    }
}

/// All example files of a folder, sorted by name.
///
/// # Errors
/// If the folder cannot be listed.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("listing {}", folder.display()))?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "frames"))
        .collect();
    paths.sort();
    Ok(paths)
}
