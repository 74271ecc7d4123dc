//! What progressions are drawn from.

/// What the generator draws from. All shares are probabilities in 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgressionSettings {
    /// Least length in seconds; the last section is finished.
    pub duration_s: f64,
    /// Share of sections whose qualities are drawn evenly over the fourteen of
    /// the vocabulary (and the extensions, by `extension_share`) on any root.
    pub even_share: f64,
    /// Share of the chords of the other sections that are replaced by a rarer
    /// relative (major by `maj6`, `sus2`, `aug`, …).
    pub rare_share: f64,
    /// Share of chords with ninths, elevenths, thirteenths or altered tones.
    pub extension_share: f64,
    /// Share of chords with another bass than the root, in sections that are not even. Not
    /// every quality has inversions, so what is heard is somewhat less.
    pub inversion_share: f64,
    /// The same in even sections.
    pub even_inversion_share: f64,
    /// Share of sections preceded by a stretch without a chord.
    pub no_chord_share: f64,
    /// Slowest and fastest tempo in beats per minute.
    pub tempo_bpm: (f64, f64),
    /// Share of songs in three instead of four.
    pub waltz_share: f64,
    /// Share of songs that swing.
    pub swing_share: f64,
    /// Share of songs in which the band plays chords half a beat early now and then.
    pub push_share: f64,
    /// Share of songs on power chords: fifths through distorted amplifiers.
    pub power_share: f64,
    /// Share of the chords with the names that the fourteen qualities lack: `add9`,
    /// `min(add9)`, `6/9`, `7sus4`.
    pub added_share: f64,
}

impl Default for ProgressionSettings {
    fn default() -> Self {
        Self {
            duration_s: 60.0,
            even_share: 0.3,
            rare_share: 0.2,
            extension_share: 0.12,
            inversion_share: 0.25,
            even_inversion_share: 0.44,
            no_chord_share: 0.25,
            tempo_bpm: (50.0, 200.0),
            waltz_share: 0.2,
            swing_share: 0.25,
            push_share: 0.25,
            power_share: 0.0,
            added_share: 0.0,
        }
    }
}

impl ProgressionSettings {
    /// Those of the rare-quality sets: the qualities of every section are drawn evenly.
    #[must_use]
    pub fn even() -> Self {
        Self {
            even_share: 1.0,
            ..Self::default()
        }
    }

    /// Those of the set of names that the fourteen qualities lack.
    #[must_use]
    pub fn named() -> Self {
        Self {
            even_share: 0.0,
            rare_share: 0.0,
            added_share: 0.8,
            power_share: 0.25,
            ..Self::default()
        }
    }
}
