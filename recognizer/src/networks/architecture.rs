//! A common type for all architectures, for weights files, training and inference.

use serde::{Deserialize, Serialize};

use super::configuration::{BtcConfig, PitchClassNetConfig, TwoEOneDConfig};

/// The kind of frames that a network reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrontEnd {
    /// The causal transform of [`crate::features::causal_vqt`], hop 1024.
    Live,
    /// The librosa-equal transform of [`crate::features::centred_cqt`], hop 2048.
    Cqt,
}

impl FrontEnd {
    /// Samples at 22 050 Hz from one frame to the next.
    pub fn hop_samples(self) -> usize {
        match self {
            FrontEnd::Live => 1024,
            FrontEnd::Cqt => 2048,
        }
    }
}

/// An architecture and its shape: everything needed to rebuild a network from its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    /// Our pitch-class network.
    PitchClass(PitchClassNetConfig),
    /// BTC, the paper's first student.
    Btc(BtcConfig),
    /// 2E1D, the paper's second student.
    TwoEOneD(TwoEOneDConfig),
}

impl Architecture {
    /// The same architecture with another dropout in training; parameters and results stay.
    #[must_use]
    pub fn with_dropout(self, dropout: f64) -> Self {
        match self {
            Architecture::PitchClass(c) => Architecture::PitchClass(c.with_dropout(dropout)),
            Architecture::Btc(c) => Architecture::Btc(c.with_dropout(dropout)),
            Architecture::TwoEOneD(c) => Architecture::TwoEOneD(c.with_dropout(dropout)),
        }
    }

    /// Whether the network can run frame by frame.
    pub fn is_causal(&self) -> bool {
        matches!(self, Architecture::PitchClass(c) if c.causal)
    }

    /// The frames the network reads: the live transform for causal networks.
    pub fn front_end(&self) -> FrontEnd {
        if self.is_causal() {
            FrontEnd::Live
        } else {
            FrontEnd::Cqt
        }
    }

    /// Whether every size is within plausible bounds, so that a hostile file cannot cause unbounded
    /// allocation.
    pub fn is_plausible(&self) -> bool {
        let within = |n: usize, limit: usize| (1..=limit).contains(&n);
        match self {
            Architecture::PitchClass(c) => {
                within(c.channels, 512)
                    && within(c.bottleneck, 256)
                    && within(c.front_channels, 128)
                    && within(c.front_kernel, 145)
                    && c.front_kernel % 2 == 1
                    && within(c.mixed, 512)
                    && within(c.dilations.len(), 32)
                    && c.dilations.iter().all(|&d| within(d, 512))
                    && (0.0..1.0).contains(&c.dropout)
            }
            Architecture::Btc(c) => {
                within(c.hidden, 1024)
                    && within(c.heads, 64)
                    && c.hidden % c.heads == 0
                    && c.hidden % 2 == 0
                    && within(c.layers, 32)
                    && (0.0..1.0).contains(&c.dropout)
            }
            Architecture::TwoEOneD(c) => {
                within(c.tokens, 144)
                    && 144 % c.tokens == 0
                    && within(c.layers, 32)
                    && within(c.frequency_heads, 144)
                    && (144 / c.tokens) % c.frequency_heads == 0
                    && within(c.time_heads, 144)
                    && 144 % c.time_heads == 0
                    && (0.0..1.0).contains(&c.dropout)
            }
        }
    }
}
