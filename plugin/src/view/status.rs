//! What the plugin is doing, in words.

use crate::snapshot::{Snapshot, Status};

/// The plugin's status, as the editor shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusWord {
    /// Waiting for the host to process audio.
    Waiting,
    /// The host bypasses the plugin.
    Bypassed,
    /// Silence.
    Silence,
    /// Sound, and no chord yet.
    Listening,
    /// The chord is a guess.
    Unsure,
    /// A chord is recognized.
    Recognizing,
    /// The display is held.
    Frozen,
    /// Audio was lost.
    Gap,
    /// The analysis stopped.
    Failed,
}

impl StatusWord {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        match snapshot.status {
            _ if snapshot.frozen => Self::Frozen,
            Status::Idle => Self::Waiting,
            Status::Bypassed => Self::Bypassed,
            Status::Silence => Self::Silence,
            Status::Listening => Self::Listening,
            Status::Unsure => Self::Unsure,
            Status::Recognizing => Self::Recognizing,
            Status::Gap => Self::Gap,
            Status::Failed => Self::Failed,
        }
    }

    /// The word itself.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Bypassed => "Bypassed",
            Self::Silence => "Silence",
            Self::Listening => "Listening",
            Self::Unsure => "Unsure",
            Self::Recognizing => "Recognizing",
            Self::Frozen => "Frozen",
            Self::Gap => "Audio lost",
            Self::Failed => "Stopped",
        }
    }

    /// A sentence that explains the word.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting for the host to play audio through Changes.",
            Self::Bypassed => {
                "The host bypasses Changes: audio passes, and nothing is analysed, shown or written."
            }
            Self::Silence => "Audio arrives and is silent.",
            Self::Listening => "There is sound, but no chord in it yet.",
            Self::Unsure => "The chord shown is uncertain.",
            Self::Recognizing => "A chord is recognized.",
            Self::Frozen => "The display is held. Analysis and track go on.",
            Self::Gap => "The machine was too slow, and some audio was not analysed.",
            Self::Failed => {
                "The analysis stopped on an error. Audio still passes. Switch the plugin off and \
                 on in the host to begin again."
            }
        }
    }
}
