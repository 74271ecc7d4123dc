//! One chord: root, quality, extensions, bass.

use std::fmt;

use super::{Degree, Note, Quality};

/// The most extensions one chord may carry.
pub const MAX_EXTENSIONS: usize = 16;

/// A degree added to the quality's own, or one of them left out (`*3`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Extension {
    /// Which degree.
    pub degree: Degree,
    /// True when the degree is left out instead of added.
    pub omitted: bool,
}

impl Extension {
    /// The degree added.
    #[must_use]
    pub const fn add(degree: Degree) -> Self {
        Self {
            degree,
            omitted: false,
        }
    }

    /// The degree left out.
    #[must_use]
    pub const fn omit(degree: Degree) -> Self {
        Self {
            degree,
            omitted: true,
        }
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.omitted {
            f.write_str("*")?;
        }
        self.degree.fmt(f)
    }
}

/// More than [`MAX_EXTENSIONS`] different extensions were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a chord has at most {MAX_EXTENSIONS} extensions, not {count}")]
pub struct TooManyExtensions {
    /// How many there were.
    pub count: usize,
}

/// A chord: a root, a quality, extensions, and the bass as a degree above the root.
///
/// Extensions are a set, as in mir_eval: they are kept sorted and each at most
/// once, so that equal chords compare equal however they were written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chord {
    root: Note,
    quality: Quality,
    extensions: Vec<Extension>,
    bass: Degree,
}

impl Chord {
    /// The plain chord in root position.
    ///
    /// [`Quality::Unstated`] with nothing in brackets has no text form, so it
    /// becomes [`Quality::Single`], which has the same notes.
    #[must_use]
    pub const fn new(root: Note, quality: Quality) -> Self {
        let quality = match quality {
            Quality::Unstated => Quality::Single,
            stated => stated,
        };
        Self {
            root,
            quality,
            extensions: Vec::new(),
            bass: Degree::ROOT,
        }
    }

    /// A chord whose degrees are listed, without a shorthand: `C:(1,b3,5)`.
    /// An empty list gives [`Quality::Single`].
    ///
    /// # Errors
    /// More than [`MAX_EXTENSIONS`] different extensions.
    pub fn from_degrees(
        root: Note,
        extensions: impl IntoIterator<Item = Extension>,
    ) -> Result<Self, TooManyExtensions> {
        let mut chord = Self::new(root, Quality::Single).with_extensions(extensions)?;
        if !chord.extensions.is_empty() {
            chord.quality = Quality::Unstated;
        }
        Ok(chord)
    }

    /// The same chord over another bass, given as a degree above the root.
    #[must_use]
    pub fn with_bass(mut self, bass: Degree) -> Self {
        self.bass = bass;
        self
    }

    /// The same chord with these extensions added to those it has.
    ///
    /// # Errors
    /// More than [`MAX_EXTENSIONS`] different extensions.
    pub fn with_extensions(
        mut self,
        extensions: impl IntoIterator<Item = Extension>,
    ) -> Result<Self, TooManyExtensions> {
        self.extensions.extend(extensions);
        self.extensions.sort_unstable();
        self.extensions.dedup();
        let count = self.extensions.len();
        if count > MAX_EXTENSIONS {
            return Err(TooManyExtensions { count });
        }
        Ok(self)
    }

    /// The root as it is spelled.
    #[must_use]
    pub const fn root(&self) -> Note {
        self.root
    }

    /// The quality.
    #[must_use]
    pub const fn quality(&self) -> Quality {
        self.quality
    }

    /// The extensions, sorted, each once.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The bass as a degree above the root; [`Degree::ROOT`] in root position.
    #[must_use]
    pub const fn bass(&self) -> Degree {
        self.bass
    }

    /// The bass as a note, spelled by its degree: the bass of `A:min/b3` is C.
    #[must_use]
    pub fn bass_note(&self) -> Note {
        self.root.up(self.bass)
    }

    /// The pitch class of the bass, C = 0 … B = 11.
    #[must_use]
    pub const fn bass_pitch_class(&self) -> u8 {
        (self.root.pitch_class() + self.bass.pitch_class()) % 12
    }

    /// True when the bass is the root.
    #[must_use]
    pub const fn is_root_position(&self) -> bool {
        self.bass.pitch_class() == 0
    }

    /// The sounding notes above the bass as semitones above the root, from low
    /// to high, ninths to thirteenths in their own octave. Each pitch class is
    /// there once, in its lowest place; the bass is not added.
    #[must_use]
    pub fn voices(&self) -> Vec<i32> {
        let omitted = |semitones: i32| {
            self.extensions.iter().any(|extension| {
                extension.omitted
                    && extension.degree.pitch_class() == semitones.rem_euclid(12) as u8
            })
        };
        let added = self
            .extensions
            .iter()
            .filter(|extension| !extension.omitted);
        let mut voices: Vec<i32> = self
            .quality
            .degrees()
            .iter()
            .chain(added.map(|extension| &extension.degree))
            .map(|degree| degree.semitones())
            .filter(|&semitones| !omitted(semitones))
            .collect();
        voices.sort_unstable();
        let mut seen = 0_u16;
        voices.retain(|semitones| {
            let bit = 1 << semitones.rem_euclid(12);
            let new = seen & bit == 0;
            seen |= bit;
            new
        });
        voices
    }

    /// The sounding pitch classes relative to the root, bass included: bit n
    /// stands for n semitones above the root.
    #[must_use]
    pub fn intervals(&self) -> u16 {
        self.voices()
            .into_iter()
            .fold(1 << self.bass.pitch_class(), |mask, semitones| {
                mask | 1 << semitones.rem_euclid(12)
            })
    }

    /// The sounding pitch classes, bass included: bit 0 is C … bit 11 is B.
    #[must_use]
    pub fn pitch_classes(&self) -> u16 {
        rotate_up(self.intervals(), self.root.pitch_class())
    }

    /// The same chord `semitones` higher, its root in the common spelling.
    #[must_use]
    pub fn transposed(&self, semitones: i32) -> Self {
        let pitch_class = (i32::from(self.root.pitch_class()) + semitones.rem_euclid(12)) % 12;
        let root = Note::common(pitch_class as u8, self.quality.has_minor_third());
        self.with_root(root)
    }

    /// The same chord on another root.
    #[must_use]
    pub fn with_root(&self, root: Note) -> Self {
        Self {
            root,
            ..self.clone()
        }
    }
}

/// Moves a 12-bit interval mask up to a root: relative to absolute pitch classes.
pub(crate) const fn rotate_up(mask: u16, semitones: u8) -> u16 {
    let shift = semitones % 12;
    ((mask << shift) | (mask >> (12 - shift))) & 0xFFF
}

/// Harte syntax.
impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.root, self.quality)?;
        if let Some((first, rest)) = self.extensions.split_first() {
            write!(f, "({first}")?;
            for extension in rest {
                write!(f, ",{extension}")?;
            }
            f.write_str(")")?;
        }
        if self.bass != Degree::ROOT {
            write!(f, "/{}", self.bass)?;
        }
        Ok(())
    }
}
