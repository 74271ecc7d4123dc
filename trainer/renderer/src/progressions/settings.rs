//! Settings of the progression generator.

/// The distributions of the generator. All shares are probabilities, 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgressionSettings {
    /// Minimum length in seconds; the last section is completed.
    pub duration_s: f64,
    /// Share of sections whose qualities are drawn evenly from the fourteen of the vocabulary
    /// (and the extensions, by `extension_share`) on any root.
    pub even_share: f64,
    /// Share of the chords of the other sections that are replaced by a rarer
    /// relative (major by `maj6`, `sus2`, `aug`, …).
    pub rare_share: f64,
    /// Share of chords with ninths, elevenths, thirteenths or altered tones.
    pub extension_share: f64,
    /// Share of chords with a bass other than the root, in sections that are not even. Not
    /// every quality has inversions, so the resulting share is somewhat smaller.
    pub inversion_share: f64,
    /// The same in even sections.
    pub even_inversion_share: f64,
    /// Share of sections preceded by some time without a chord.
    pub no_chord_share: f64,
    /// Slowest and fastest tempo in beats per minute.
    pub tempo_bpm: (f64, f64),
    /// Share of songs in triple meter.
    pub waltz_share: f64,
    /// Share of songs that swing.
    pub swing_share: f64,
    /// Share of songs in which the band plays some chords half a beat early.
    pub push_share: f64,
    /// Share of songs on power chords: fifths through distorted amplifiers.
    pub power_share: f64,
    /// Share of the chords that the fourteen qualities do not cover: `add9`, `min(add9)`,
    /// `6/9`, `7sus4`.
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
    /// The settings of the rare-quality sets: the qualities of every section are drawn evenly.
    #[must_use]
    pub fn even() -> Self {
        Self {
            even_share: 1.0,
            ..Self::default()
        }
    }

    /// The settings of the set of chords that the fourteen qualities do not cover.
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
