//! Pseudo-labels: a teacher's output for one track, on disk.
//!
//! A safetensors file, `<track id>.posteriors`, with `chord` `[frames, 170]` and, where the
//! teacher has them, `bass` `[frames, 13]`, `ninth` `[frames, 4]`, `eleventh` `[frames, 3]`
//! and `thirteenth` `[frames, 3]`: probabilities, float16. Frame `i` is at
//! `i · 1024 / 22050` s. Its one metadata entry, [`ORIGIN_KEY`], is an [`Origin`] as JSON.
//! Beside it lies `<track id>.lab`, the teacher's own chords.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use half::f16;
use harmony::export::atomic;
use harmony::vocabulary::large;
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde::{Deserialize, Serialize};

use crate::{ELEVENTHS, NINTHS, Prediction, THIRTEENTHS};

/// The format that this version writes and reads.
pub const FORMAT: &str = "changes-posteriors/1";
/// The metadata entry with the [`Origin`].
pub const ORIGIN_KEY: &str = "origin";
/// Classes of the bass: twelve pitch classes, then none.
pub const BASSES: usize = 13;
/// The largest file that is read, in bytes: four hours take 150 MB.
pub const MAX_BYTES: u64 = 256 << 20;
/// The largest safetensors header that is read, in bytes.
const MAX_HEADER_BYTES: u64 = 1 << 20;

/// The teacher and the track of posteriors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// [`FORMAT`].
    pub format: String,
    /// Name of the teacher, with its views.
    pub teacher: String,
    /// SHA-256 of its weights and views.
    pub teacher_sha256: String,
    /// Identifier of the track.
    pub track: String,
    /// SHA-256 of its file.
    pub track_sha256: String,
    /// Only this many seconds of the track were processed.
    pub max_length_s: u32,
}

/// A teacher's output in float16, `[frames, classes]` each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Posteriors {
    /// The teacher and the track.
    pub origin: Origin,
    /// Classes of [`harmony::vocabulary::large`], 170.
    pub chord: Vec<f16>,
    /// Pitch class of the bass, 12 for none: 13.
    pub bass: Option<Vec<f16>>,
    /// None, 9, #9, b9.
    pub ninth: Option<Vec<f16>>,
    /// None, 11, #11.
    pub eleventh: Option<Vec<f16>>,
    /// None, 13, b13.
    pub thirteenth: Option<Vec<f16>>,
}

/// The file of a track's posteriors in `folder`.
#[must_use]
pub fn path_of(folder: &Path, track: &str) -> PathBuf {
    folder.join(format!("{track}.posteriors"))
}

/// The file of the teacher's own chords in `folder`.
#[must_use]
pub fn lab_path_of(folder: &Path, track: &str) -> PathBuf {
    folder.join(format!("{track}.lab"))
}

impl Posteriors {
    /// Posteriors from a teacher's prediction.
    #[must_use]
    pub fn new(origin: Origin, heard: &Prediction) -> Self {
        let halves = |x: &Vec<f32>| x.iter().map(|&x| f16::from_f32(x)).collect();
        let extensions = heard.extensions.as_ref();
        Self {
            origin,
            chord: halves(&heard.chord),
            bass: heard.bass.as_ref().map(halves),
            ninth: extensions.map(|c| halves(&c.ninth)),
            eleventh: extensions.map(|c| halves(&c.eleventh)),
            thirteenth: extensions.map(|c| halves(&c.thirteenth)),
        }
    }

    /// Number of frames.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chord.len() / large::LEN
    }

    /// Whether there are no frames.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chord.is_empty()
    }

    /// The file's bytes; equal posteriors give equal bytes.
    ///
    /// # Errors
    /// If the tensors differ in their number of frames.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let frames = self.len();
        let mut tensors: Vec<(&str, usize, Vec<u8>)> = Vec::new();
        for (name, classes, values) in self.tensors() {
            ensure!(
                values.len() == frames * classes,
                "`{name}` has {} numbers, not {frames} × {classes}",
                values.len()
            );
            let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
            tensors.push((name, classes, bytes));
        }
        let views = tensors
            .iter()
            .map(|(name, classes, bytes)| {
                let view = TensorView::new(Dtype::F16, vec![frames, *classes], bytes)?;
                Ok((*name, view))
            })
            .collect::<Result<Vec<_>>>()?;
        // A single entry: the order of several in the file would be random.
        let origin = serde_json::to_string(&self.origin)?;
        let header = HashMap::from([(ORIGIN_KEY.to_owned(), origin)]);
        Ok(serialize(views, Some(header))?)
    }

    /// Name, number of classes and values of the existing tensors.
    fn tensors(&self) -> impl Iterator<Item = (&'static str, usize, &[f16])> {
        [
            ("chord", large::LEN, Some(&self.chord)),
            ("bass", BASSES, self.bass.as_ref()),
            ("ninth", NINTHS, self.ninth.as_ref()),
            ("eleventh", ELEVENTHS, self.eleventh.as_ref()),
            ("thirteenth", THIRTEENTHS, self.thirteenth.as_ref()),
        ]
        .into_iter()
        .filter_map(|(name, classes, values)| Some((name, classes, values?.as_slice())))
    }

    /// Writes the file to a temporary one beside `path` and renames it.
    ///
    /// # Errors
    /// See [`Self::to_bytes`]; also file system errors, naming the file.
    pub fn save(&self, path: &Path) -> Result<()> {
        let bytes = self
            .to_bytes()
            .with_context(|| path.display().to_string())?;
        Ok(atomic::write(path, &bytes)?)
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// If the file is missing, too large or not of this format; the error names it.
    pub fn load(path: &Path) -> Result<Self> {
        let named = || format!("reading {}", path.display());
        let file = File::open(path).with_context(named)?;
        let size = file.metadata().with_context(named)?.len();
        ensure!(
            size <= MAX_BYTES,
            "{} has {size} bytes, more than the {MAX_BYTES} that are read",
            path.display()
        );
        let mut bytes = Vec::with_capacity(size as usize);
        file.take(MAX_BYTES)
            .read_to_end(&mut bytes)
            .with_context(named)?;
        Self::from_bytes(&bytes).with_context(named)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// If the bytes are not of this format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (_, metadata) = SafeTensors::read_metadata(bytes)?;
        let origin = origin_in(metadata.metadata().as_ref())?;
        let tensors = SafeTensors::deserialize(bytes)?;
        let read = |name: &str, classes: usize| -> Result<Option<Vec<f16>>> {
            let Ok(view) = tensors.tensor(name) else {
                return Ok(None);
            };
            let fits = view.dtype() == Dtype::F16
                && matches!(view.shape(), [_, width] if *width == classes);
            ensure!(
                fits,
                "`{name}` is {:?} {:?}, not F16 [frames, {classes}]",
                view.dtype(),
                view.shape()
            );
            let (numbers, _) = view.data().as_chunks::<2>();
            Ok(Some(
                numbers.iter().map(|&b| f16::from_le_bytes(b)).collect(),
            ))
        };
        let posteriors = Self {
            origin,
            chord: read("chord", large::LEN)?.context("there is no tensor `chord`")?,
            bass: read("bass", BASSES)?,
            ninth: read("ninth", NINTHS)?,
            eleventh: read("eleventh", ELEVENTHS)?,
            thirteenth: read("thirteenth", THIRTEENTHS)?,
        };
        let frames = posteriors.len();
        for (name, classes, values) in posteriors.tensors() {
            ensure!(
                values.len() == frames * classes,
                "`{name}` has {} frames, `chord` {frames}",
                values.len() / classes
            );
            ensure!(
                values.iter().all(|x| x.is_finite() && *x >= f16::ZERO),
                "`{name}` has values that are not probabilities"
            );
        }
        Ok(posteriors)
    }
}

impl Origin {
    /// Reads only the origin from the file at `path`.
    ///
    /// # Errors
    /// If the file is missing or not of this format; the error names it.
    pub fn load(path: &Path) -> Result<Self> {
        let named = || format!("reading {}", path.display());
        let mut file = File::open(path).with_context(named)?;
        let size = file.metadata().with_context(named)?.len();
        let mut length = [0; 8];
        file.read_exact(&mut length).with_context(named)?;
        let length = u64::from_le_bytes(length);
        ensure!(
            length <= MAX_HEADER_BYTES,
            "{}: a header of {length} bytes",
            path.display()
        );
        let mut header = Vec::new();
        file.take(length)
            .read_to_end(&mut header)
            .with_context(named)?;
        let metadata: safetensors::tensor::Metadata =
            serde_json::from_slice(&header).with_context(named)?;
        // A full disk or an interrupted copy leaves an incomplete file.
        let end = metadata.data_len() as u64 + 8 + length;
        ensure!(
            size == end,
            "{} has {size} bytes, not {end}",
            path.display()
        );
        origin_in(metadata.metadata().as_ref()).with_context(named)
    }
}

fn origin_in(metadata: Option<&HashMap<String, String>>) -> Result<Origin> {
    let origin = metadata.and_then(|entries| entries.get(ORIGIN_KEY));
    let origin: Origin = serde_json::from_str(origin.context("no posteriors of a teacher")?)?;
    ensure!(
        origin.format == FORMAT,
        "format {:?}, not {FORMAT:?}",
        origin.format
    );
    Ok(origin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Extensions;

    fn example(frames: usize) -> Posteriors {
        let numbers = |classes: usize| -> Vec<f32> {
            (0..frames * classes)
                .map(|i| (i % 7) as f32 / 8.0)
                .collect()
        };
        let heard = Prediction {
            chord: numbers(170),
            bass: Some(numbers(13)),
            extensions: Some(Extensions {
                ninth: numbers(4),
                eleventh: numbers(3),
                thirteenth: numbers(3),
            }),
            ..Prediction::default()
        };
        let origin = Origin {
            format: FORMAT.into(),
            teacher: "chordnet".into(),
            teacher_sha256: "ab".repeat(32),
            track: "a-track".into(),
            track_sha256: "cd".repeat(32),
            max_length_s: 600,
        };
        Posteriors::new(origin, &heard)
    }

    #[test]
    fn a_file_reads_back_and_is_always_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_of(folder.path(), "a-track");
        for bass in [true, false] {
            let mut posteriors = example(5);
            if !bass {
                posteriors.bass = None;
                posteriors.ninth = None;
            }
            posteriors.save(&path).unwrap();
            assert_eq!(Posteriors::load(&path).unwrap(), posteriors);
            assert_eq!(Origin::load(&path).unwrap(), posteriors.origin);
            assert_eq!(
                posteriors.to_bytes().unwrap(),
                std::fs::read(&path).unwrap()
            );
        }
    }

    #[test]
    fn damaged_files_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_of(folder.path(), "a-track");
        let whole = example(3).to_bytes().unwrap();
        for length in [0, 4, 8, 100, whole.len() - 1] {
            std::fs::write(&path, &whole[..length]).unwrap();
            for error in [
                Posteriors::load(&path).map(|_| ()).unwrap_err(),
                Origin::load(&path).map(|_| ()).unwrap_err(),
            ] {
                assert!(
                    format!("{error:#}").contains("a-track.posteriors"),
                    "{error:#}"
                );
            }
        }
        let mut other = example(3);
        other.origin.format = "changes-posteriors/9".into();
        let error = Posteriors::from_bytes(&other.to_bytes().unwrap()).unwrap_err();
        assert!(error.to_string().contains("changes-posteriors/9"));
        let mut uneven = example(3);
        uneven.bass = Some(vec![f16::ZERO; 26]);
        assert!(
            uneven
                .to_bytes()
                .unwrap_err()
                .to_string()
                .contains("`bass`")
        );
        let mut infinite = example(3);
        infinite.chord[7] = f16::INFINITY;
        let error = Posteriors::from_bytes(&infinite.to_bytes().unwrap()).unwrap_err();
        assert!(error.to_string().contains("not probabilities"));
    }
}
