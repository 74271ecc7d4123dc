//! What travels with the audio from the parameters to the recognizer.

/// What a user may set about what is heard, and holds from one sample on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Whether what is heard is written into the track.
    pub write: bool,
    /// 0…1: how little evidence a chord needs to be shown.
    pub sensitivity: f32,
    /// Seconds for which a new chord must lead before it replaces the one shown.
    pub hold_s: f32,
    /// Cents above A = 440 Hz that the music is heard at; `None` where the music says it.
    pub tuning_cents: Option<f32>,
}
