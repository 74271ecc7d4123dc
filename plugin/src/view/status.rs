//! What the plugin is doing, in words.

use crate::snapshot::{Snapshot, Status};

/// What the plugin is doing, as the editor says it.
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
    /// More guess than knowledge.
    Unsure,
    /// A chord is recognised.
    Recognising,
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
            Status::Recognising => Self::Recognising,
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
            Self::Recognising => "Recognising",
            Self::Frozen => "Frozen",
            Self::Gap => "Audio lost",
            Self::Failed => "Stopped",
        }
    }

    /// The sentence behind the word.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting for the host to play audio through Changes.",
            Self::Bypassed => {
                "The host bypasses Changes: audio passes, and nothing is heard, shown or written."
            }
            Self::Silence => "Audio arrives and is silent.",
            Self::Listening => "There is sound, and no chord in it yet.",
            Self::Unsure => "The chord shown is more guess than knowledge.",
            Self::Recognising => "The chord shown is what sounds.",
            Self::Frozen => "The display is held. Listening goes on, and so does the track.",
            Self::Gap => "The machine was too slow and audio was lost to the analysis.",
            Self::Failed => {
                "The analysis stopped on an error. Audio still passes. Switch the plugin off and \
                 on in the host to begin again."
            }
        }
    }
}
