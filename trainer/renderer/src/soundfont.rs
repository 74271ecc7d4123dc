//! SoundFonts: their paths, their split, and loading them.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rustysynth::SoundFont;

pub mod player;
pub mod sf3;

/// The use of a SoundFont.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Used in training.
    Train,
    /// Never used in training; evaluation renders with it.
    HeldOut,
}

/// The SoundFonts in use: file stem, split, and weight within its split. Training must never
/// load a held-out one.
pub const SOUNDFONTS: [(&str, Split, u32); 4] = [
    ("FluidR3_GM", Split::Train, 2),
    ("MuseScore_General", Split::Train, 2),
    // The FM chip of sound cards of the nineties: few real instruments, but much game music.
    ("OPL-3_FM_128M", Split::Train, 1),
    ("TimGM6mb", Split::HeldOut, 1),
];

/// Why SoundFonts could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum SoundFontError {
    /// None of the split's SoundFonts is in the folder.
    #[error(
        "no SoundFont for {split:?} in {folder} (looked for {wanted}): run `cargo xtask soundfonts`"
    )]
    Missing {
        /// The folder searched.
        folder: PathBuf,
        /// The split asked for.
        split: Split,
        /// The file names looked for.
        wanted: String,
    },
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is not a usable SoundFont.
    #[error("{path} is not a usable SoundFont: {source}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rustysynth::SoundFontError,
    },
    /// A Vorbis-compressed SoundFont could not be unpacked.
    #[error("cannot unpack {path}: {source}")]
    Sf3 {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: sf3::Sf3Error,
    },
}

/// Loaded SoundFonts of one split; cloning shares the samples.
#[derive(Clone)]
pub struct SoundFonts {
    fonts: Vec<(String, Arc<SoundFont>)>,
    /// The weight of each.
    weights: Vec<u32>,
    split: Split,
}

impl std::fmt::Debug for SoundFonts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.fonts.iter().map(|(name, _)| name))
            .finish()
    }
}

impl SoundFonts {
    /// Loads the split's SoundFonts in `folder`.
    ///
    /// `NAME*.sf3` (Vorbis samples) is unpacked once to `NAME.sf2` beside it.
    ///
    /// # Errors
    /// If none of them is there, or one is damaged.
    pub fn load(folder: &Path, split: Split) -> Result<Self, SoundFontError> {
        let mut fonts = Vec::new();
        let mut weights = Vec::new();
        let mut wanted = Vec::new();
        for (stem, of, weight) in SOUNDFONTS {
            if of != split {
                continue;
            }
            let path = folder.join(format!("{stem}.sf2"));
            wanted.push(format!("{stem}.sf2"));
            if !path.exists()
                && let Some(packed) = packed_beside(folder, stem)
            {
                sf3::unpack_file(&packed, &path).map_err(|source| SoundFontError::Sf3 {
                    path: packed.clone(),
                    source,
                })?;
            }
            if path.exists() {
                fonts.push((stem.to_owned(), Arc::new(load_file(&path)?)));
                weights.push(weight);
            }
        }
        if fonts.is_empty() {
            return Err(SoundFontError::Missing {
                folder: folder.to_owned(),
                split,
                wanted: wanted.join(", "),
            });
        }
        Ok(Self {
            fonts,
            weights,
            split,
        })
    }

    /// Wraps SoundFonts that are already in memory, as training ones.
    ///
    /// # Panics
    /// If the list is empty.
    #[must_use]
    pub fn from_loaded(fonts: Vec<(String, Arc<SoundFont>)>) -> Self {
        assert!(!fonts.is_empty(), "at least one SoundFont is needed");
        Self {
            weights: vec![1; fonts.len()],
            fonts,
            split: Split::Train,
        }
    }

    /// The same SoundFonts as held-out ones.
    #[must_use]
    pub fn held_out(self) -> Self {
        Self {
            split: Split::HeldOut,
            ..self
        }
    }

    /// Their split.
    #[must_use]
    pub fn split(&self) -> Split {
        self.split
    }

    /// The number of SoundFonts; at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.fonts.len()
    }

    /// Draws the index of a SoundFont by its weight.
    #[must_use]
    pub fn draw(&self, rng: &mut ChaCha8Rng) -> usize {
        let indices: Vec<usize> = (0..self.count()).collect();
        indices
            .choose_weighted(rng, |index| self.weights[*index])
            .copied()
            .unwrap_or(0)
    }

    /// The SoundFont at `index` modulo the count, with its name.
    #[must_use]
    pub fn get(&self, index: usize) -> (&str, &Arc<SoundFont>) {
        let (name, font) = &self.fonts[index % self.fonts.len()];
        (name, font)
    }
}

fn packed_beside(folder: &Path, stem: &str) -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "sf3")
                && path
                    .file_stem()
                    .and_then(|name| name.to_str())
                    .is_some_and(|name| name.starts_with(stem))
        })
        .collect();
    found.sort();
    found.into_iter().next()
}

fn load_file(path: &Path) -> Result<SoundFont, SoundFontError> {
    let file = File::open(path).map_err(|source| SoundFontError::Io {
        path: path.to_owned(),
        source,
    })?;
    SoundFont::new(&mut BufReader::with_capacity(1 << 20, file)).map_err(|source| {
        SoundFontError::Invalid {
            path: path.to_owned(),
            source,
        }
    })
}
