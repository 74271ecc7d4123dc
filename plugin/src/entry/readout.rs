//! The chord shown, as read-only parameters for the host.
//!
//! nice-plug 0.4.2 has no visible read-only parameters, and lets a plugin change a parameter only
//! like a user in the window, which hosts record. So the entry points add these to nice-plug's. They
//! are not saved: they describe what sounds.

use std::sync::atomic::{AtomicU64, Ordering};

use changes_realtime::readout::{QUALITIES, Readout};
use harmony::label::Quality;

/// The group that hosts list them in.
pub(super) const GROUP: &str = "Recognized chord";

/// A parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// The root of the chord.
    Root,
    /// The quality of the chord.
    Quality,
    /// The bass note.
    Bass,
    /// The probability of the chord.
    Confidence,
}

/// nice-plug's identifiers are hashes of names below 2^31. These lie there as well, since VST3
/// leaves the others to the host; that they are no hash of ours is tested.
const FIRST_ID: u32 = 0x5245_4144;

/// The names of pitch classes.
const NOTES: [&str; 12] = [
    "C",
    "D♭ / C♯",
    "D",
    "E♭",
    "E",
    "F",
    "G♭ / F♯",
    "G",
    "A♭ / G♯",
    "A",
    "B♭",
    "B",
];

/// The text where no chord is shown.
const NONE: &str = "–";

/// The names of qualities, in the order of their numbers.
const QUALITY_NAMES: [&str; QUALITIES as usize] = [
    "major",
    "minor",
    "diminished",
    "augmented",
    "major 7",
    "minor 7",
    "7",
    "diminished 7",
    "half-diminished 7",
    "minor major 7",
    "augmented 7",
    "6",
    "minor 6",
    "9",
    "major 9",
    "minor 9",
    "11",
    "major 11",
    "minor 11",
    "13",
    "major 13",
    "minor 13",
    "sus2",
    "sus4",
    "5",
    "single note",
    "other",
];

// A new quality needs a name and, since hosts store the numbers, a number at the end.
const _: () = assert!(Quality::SHORTHANDS.len() + 1 == QUALITY_NAMES.len());

impl Field {
    /// All of them, in the order in which hosts list them.
    pub(super) const ALL: [Self; 4] = [Self::Root, Self::Quality, Self::Bass, Self::Confidence];

    /// The identifier for hosts, in CLAP and VST3; it never changes.
    pub(super) const fn id(self) -> u32 {
        FIRST_ID + self as u32
    }

    /// The parameter with this identifier.
    pub(super) fn from_id(id: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.id() == id)
    }

    /// The name that users see.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Root => "Chord root",
            Self::Quality => "Chord quality",
            Self::Bass => "Chord bass",
            Self::Confidence => "Chord confidence",
        }
    }

    /// Its largest whole value; `None` if it is continuous from 0 to 1.
    pub(super) const fn steps(self) -> Option<u8> {
        match self {
            Self::Root | Self::Bass => Some(12),
            Self::Quality => Some(QUALITIES),
            Self::Confidence => None,
        }
    }

    /// The largest value; the smallest is 0.
    pub(super) fn most(self) -> f64 {
        self.steps().map_or(1.0, f64::from)
    }

    /// Its value for a chord.
    pub(super) fn value(self, readout: Readout) -> f64 {
        match self {
            Self::Root => readout.root.into(),
            Self::Quality => readout.quality.into(),
            Self::Bass => readout.bass.into(),
            Self::Confidence => readout.confidence.into(),
        }
    }

    /// A value as text; invalid values count as the nearest valid one.
    pub(super) fn text(self, value: f64) -> String {
        // `as` turns NaN into 0 and clamps everything else.
        let index = value.round() as usize;
        let named = |names: &[&str]| {
            let index = index.min(names.len());
            index
                .checked_sub(1)
                .map_or(NONE, |index| names[index])
                .to_owned()
        };
        match self {
            Self::Root | Self::Bass => named(&NOTES),
            Self::Quality => named(&QUALITY_NAMES),
            Self::Confidence => format!("{:.0} %", value.clamp(0.0, 1.0) * 100.0),
        }
    }

    /// The value of a text.
    pub(super) fn parse(self, text: &str) -> Option<f64> {
        let text = text.trim();
        match self.steps() {
            Some(last) => (0..=last).map(f64::from).find(|it| self.text(*it) == text),
            None => {
                let percent: f64 = text.trim_end_matches('%').trim().parse().ok()?;
                percent
                    .is_finite()
                    .then(|| (percent / 100.0).clamp(0.0, 1.0))
            }
        }
    }
}

/// The last reported values, as bits: only differences are reported.
#[derive(Debug, Default)]
pub(super) struct Told([AtomicU64; Field::ALL.len()]);

impl Told {
    /// Reports changes by `push`, which returns whether the host had room; otherwise they are
    /// reported with the next call. Safe on the audio thread.
    pub(super) fn tell(&self, readout: Readout, mut push: impl FnMut(Field, f64) -> bool) {
        for (field, told) in Field::ALL.into_iter().zip(&self.0) {
            let value = field.value(readout);
            // The host calls from one thread at a time.
            if told.load(Ordering::Relaxed) != value.to_bits() && push(field, value) {
                told.store(value.to_bits(), Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_text_of_its_own() {
        for field in Field::ALL {
            assert_eq!(Field::from_id(field.id()), Some(field));
            let Some(last) = field.steps() else { continue };
            for value in (0..=last).map(f64::from) {
                assert_eq!(field.parse(&field.text(value)), Some(value), "{field:?}");
            }
            assert_eq!(field.text(1e9), field.text(f64::from(last)));
        }
        assert_eq!(Field::from_id(FIRST_ID + 4), None);
        assert_eq!(Field::Root.text(f64::NAN), NONE);
        assert_eq!(Field::Confidence.text(0.864), "86 %");
        assert_eq!(Field::Confidence.parse("86 %"), Some(0.86));
        assert_eq!(Field::Confidence.parse("much"), None);
    }

    #[test]
    fn numbers_and_names_are_of_the_same_qualities() {
        let named = |label: &str| {
            let label: harmony::label::Label = label.parse().unwrap();
            let readout = Readout::from_chord(label.chord().unwrap(), 0.5);
            let text = |field: Field| field.text(field.value(readout));
            [Field::Root, Field::Quality, Field::Bass].map(text)
        };
        let expected = |texts: [&str; 3]| texts.map(str::to_owned);
        assert_eq!(named("A:min7/b3"), expected(["A", "minor 7", "C"]));
        assert_eq!(
            named("F#:hdim7"),
            expected(["G♭ / F♯", "half-diminished 7", "G♭ / F♯"])
        );
        assert_eq!(named("C:maj6"), expected(["C", "6", "C"]));
        assert_eq!(named("B:13"), expected(["B", "13", "B"]));
        assert_eq!(named("E:5"), expected(["E", "5", "E"]));
        assert_eq!(named("C:(1,4,b7)"), expected(["C", "other", "C"]));
    }
}
