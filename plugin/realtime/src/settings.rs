//! Settings that travel with the audio from the parameters to the recognizer.

/// The user's settings for the analysis, in force from one sample on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Whether what is heard is written into the track.
    pub write: bool,
    /// 0…1: how little evidence a chord needs to be shown.
    pub sensitivity: f32,
    /// Seconds for which a new chord must lead before it replaces the one shown.
    pub hold_s: f32,
    /// Tuning to read chords at, in cents above A = 440 Hz; `None` to estimate it from the
    /// music.
    pub tuning_cents: Option<f32>,
}
