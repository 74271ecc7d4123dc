//! Views: several ways for a teacher to hear the same audio.
//!
//! A teacher's network is not equivariant: it may read the same music better a semitone lower, or
//! without its drums. A [`View`] changes the spectrum that the network reads; its answer is turned
//! back to the original pitch, and the answers of all [`Views`] are averaged.

use std::fmt;
use std::str::FromStr;

use harmony::vocabulary::large;

use crate::sha256;

/// The furthest transposition, in semitones: chordnet's transform has data for six semitones
/// beyond either end of what its networks read.
pub const MAX_SEMITONES: i8 = 6;

/// One way to hear audio; the default is the audio as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct View {
    /// Only the harmonic part of the spectrum, without percussion.
    pub harmonic: bool,
    /// Transposition of what the network reads, upwards, at most [`MAX_SEMITONES`] in either
    /// direction.
    semitones: i8,
}

impl View {
    /// A view.
    ///
    /// # Errors
    /// If the transposition is further than [`MAX_SEMITONES`].
    pub fn new(semitones: i8, harmonic: bool) -> Result<Self, ParseViewsError> {
        if semitones.unsigned_abs() > MAX_SEMITONES.unsigned_abs() {
            return Err(ParseViewsError::TooFar(i32::from(semitones)));
        }
        Ok(Self {
            harmonic,
            semitones,
        })
    }

    /// Transposition of what the network reads, upwards.
    #[must_use]
    pub fn semitones(self) -> i8 {
        self.semitones
    }

    /// The pitch class, as the network hears it, of the original's pitch class `original`.
    pub(crate) fn heard(self, original: usize) -> usize {
        (original as isize + isize::from(self.semitones)).rem_euclid(12) as usize
    }

    /// The class of the large vocabulary, as the network hears it, of the original's class.
    pub(crate) fn heard_class(self, original: usize) -> usize {
        if original >= large::CHORDS {
            return original;
        }
        let qualities = large::QUALITIES.len();
        self.heard(original / qualities) * qualities + original % qualities
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}",
            self.semitones,
            if self.harmonic { "h" } else { "" }
        )
    }
}

/// A text that does not name views.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseViewsError {
    /// A part of it is not a view.
    #[error(
        "{0:?} is not a view: write semitones, and an h for the harmonic part, such as -1 or 0h"
    )]
    NotAView(String),
    /// A transposition is too far.
    #[error("a view {0} semitones away: at most {MAX_SEMITONES} in either direction")]
    TooFar(i32),
    /// A view stands there twice.
    #[error("the view {0} stands there twice")]
    Twice(View),
}

/// The views of a teacher: at least one, each once, in an order of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Views(Vec<View>);

impl Default for Views {
    /// The audio as it is.
    fn default() -> Self {
        Self(vec![View::default()])
    }
}

impl Views {
    /// Whether this is the audio as it is, and nothing else.
    #[must_use]
    pub fn are_plain(&self) -> bool {
        *self == Self::default()
    }

    /// The views.
    pub fn iter(&self) -> impl Iterator<Item = View> {
        self.0.iter().copied()
    }

    /// Whether one of them is of the harmonic part.
    pub(crate) fn any_harmonic(&self) -> bool {
        self.iter().any(|view| view.harmonic)
    }

    /// The name of the teacher `name` with these views.
    pub(crate) fn name(&self, name: &str) -> String {
        if self.are_plain() {
            name.to_owned()
        } else {
            format!("{name} ({self})")
        }
    }

    /// The identity with these views of a teacher whose weights have this hash: the same hash for
    /// the audio as it is.
    pub(crate) fn identity(&self, sha256: String) -> String {
        if self.are_plain() {
            sha256
        } else {
            sha256::of_bytes(format!("{sha256} {self}").as_bytes())
        }
    }
}

/// What a teacher's answers are known by, and the views in which it hears audio.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) views: Views,
    /// Its name, with the views.
    pub(crate) name: String,
    /// The hash of its weights and views.
    pub(crate) sha256: String,
}

impl Identity {
    /// Of a teacher that hears the audio as it is.
    pub(crate) fn plain(name: &str, sha256: String) -> Self {
        Self {
            views: Views::default(),
            name: name.to_owned(),
            sha256,
        }
    }

    /// Of the same teacher, so far without views, with these.
    pub(crate) fn with_views(self, views: Views) -> Self {
        Self {
            name: views.name(&self.name),
            sha256: views.identity(self.sha256),
            views,
        }
    }
}

impl fmt::Display for Views {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.iter().map(|view| view.to_string()).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for Views {
    type Err = ParseViewsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut views = text.split(',').map(view).collect::<Result<Vec<_>, _>>()?;
        // Their order in a mean would change its last bits.
        views.sort_unstable();
        if let Some(pair) = views.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(ParseViewsError::Twice(pair[0]));
        }
        Ok(Self(views))
    }
}

fn view(text: &str) -> Result<View, ParseViewsError> {
    let text = text.trim();
    let (semitones, harmonic) = match text.strip_suffix('h') {
        Some(semitones) => (semitones, true),
        None => (text, false),
    };
    let refused = || ParseViewsError::NotAView(text.chars().take(40).collect());
    let semitones: i32 = semitones.parse().map_err(|_| refused())?;
    let near = i8::try_from(semitones).map_err(|_| ParseViewsError::TooFar(semitones))?;
    View::new(near, harmonic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_named_in_an_order_of_their_own() {
        let views: Views = "1, 0h,0,-1".parse().unwrap();
        assert_eq!(views.to_string(), "-1,0,1,0h");
        assert_eq!(views.name("chordnet"), "chordnet (-1,0,1,0h)");
        assert_eq!("0".parse(), Ok(Views::default()));
        assert!("+0".parse::<Views>().unwrap().are_plain());
        assert!(!"0h".parse::<Views>().unwrap().are_plain());
        assert_eq!(Views::default().name("crema"), "crema");
        assert_eq!(Views::default().identity("ab".to_owned()), "ab");
        let (one, other) = (
            views.identity("ab".to_owned()),
            views.identity("ac".to_owned()),
        );
        assert!(one != other && one != "ab" && one.len() == 64, "{one}");
    }

    #[test]
    fn what_is_no_view_is_refused_by_name() {
        for (text, message) in [
            ("", "\"\" is not a view"),
            ("0,", "\"\" is not a view"),
            ("h", "\"h\" is not a view"),
            ("0.5", "\"0.5\" is not a view"),
            ("7", "7 semitones away"),
            ("-1000", "-1000 semitones away"),
            ("0,1,0", "0 stands there twice"),
        ] {
            let error = text.parse::<Views>().unwrap_err().to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn classes_turn_with_the_root_and_none_stays() {
        let class = |label: &str| large::index_of(&label.parse().unwrap());
        let view = View::new(-3, true).unwrap();
        assert_eq!(view.heard_class(class("C:min7")), class("A:min7"));
        assert_eq!(view.heard_class(large::NO_CHORD), large::NO_CHORD);
        assert_eq!(view.heard_class(large::UNKNOWN), large::UNKNOWN);
    }
}
