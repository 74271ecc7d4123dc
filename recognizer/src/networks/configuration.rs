//! Configurations of the networks, from which the shapes of their tensors follow.
//!
//! Only numbers; the trainer builds the networks from them. As JSON each is an object with one
//! entry per field.

use serde::{Deserialize, Serialize};

use super::extensions::{EXTENSION_VALUES, TENSION_VALUES};

/// Writes a method that sets one field.
macro_rules! with {
    ($($(#[$doc:meta])* $name:ident, $field:ident: $type:ty;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $field: $type) -> Self {
            self.$field = $field;
            self
        }
    )*};
}

/// Shape of our pitch-class network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PitchClassNetConfig {
    /// True: taps reach into the past only. False: both ways.
    pub causal: bool,
    /// Channels of the residual stream, per pitch class.
    pub channels: usize,
    /// Channels between the taps and the mix over pitch classes.
    pub bottleneck: usize,
    /// Channels of the front convolution over log-frequency.
    pub front_channels: usize,
    /// Bins that a filter of the front convolution spans; odd.
    pub front_kernel: usize,
    /// Distance between the taps of each block, in frames.
    pub dilations: Vec<usize>,
    /// Channels between the mix over pitch classes and the residual stream.
    pub mixed: usize,
    /// Whether there is a head for ninths, elevenths and thirteenths. The weights files of
    /// version 0.1 call it `colours`, and it keeps that name in them.
    #[serde(rename = "colours")]
    pub extensions: bool,
    /// Whether that head also recognizes power chords and the seventh of a suspended fourth.
    #[serde(
        default,
        rename = "wide_colours",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub wide_extensions: bool,
    /// Dropout inside the blocks, while training.
    pub dropout: f64,
}

impl PitchClassNetConfig {
    /// A small network with these dilations.
    #[must_use]
    pub fn new(causal: bool, dilations: Vec<usize>) -> Self {
        Self {
            causal,
            channels: 64,
            bottleneck: 32,
            front_channels: 16,
            front_kernel: 7,
            dilations,
            mixed: 64,
            extensions: false,
            wide_extensions: false,
            dropout: 0.0,
        }
    }

    /// The shipped `live` network: causal, hop 1024, reaches 5.9 s into the past.
    #[must_use]
    pub fn live() -> Self {
        Self::new(true, vec![1, 2, 4, 8, 16, 32, 1])
            .with_bottleneck(48)
            .with_mixed(96)
            .with_wide_front()
    }

    /// The shipped `windowed` network: hop 2048, windows of 108 frames. It reaches 8 s in
    /// both directions, so that every frame sees its whole window of ten seconds.
    #[must_use]
    pub fn windowed() -> Self {
        Self::new(false, vec![1, 2, 4, 8, 16, 32, 16, 4, 2, 1])
            .with_channels(80)
            .with_bottleneck(48)
            .with_mixed(128)
            .with_wide_front()
    }

    with! {
        /// Other distances between taps, one for each block.
        with_dilations, dilations: Vec<usize>;
        /// Another width of the residual stream.
        with_channels, channels: usize;
        /// Another width between the taps and the mix.
        with_bottleneck, bottleneck: usize;
        /// Another number of filters over log-frequency.
        with_front_channels, front_channels: usize;
        /// Another span of those filters, in bins; odd.
        with_front_kernel, front_kernel: usize;
        /// Another width after the mix.
        with_mixed, mixed: usize;
        /// With a head for ninths, elevenths and thirteenths, or without.
        with_extensions, extensions: bool;
        /// With all values of that head, or only those of version 0.1.
        with_wide_extensions, wide_extensions: bool;
        /// Another share of dropout.
        with_dropout, dropout: f64;
    }

    /// Filters over two octaves, enough to distinguish a partial from a slope of the spectrum, and
    /// an extension head.
    fn with_wide_front(self) -> Self {
        self.with_front_kernel(25)
            .with_front_channels(24)
            .with_extensions(true)
            .with_wide_extensions(true)
    }

    /// Values of the extension head for one root; 0 without such a head.
    #[must_use]
    pub fn extension_values(&self) -> usize {
        match (self.extensions, self.wide_extensions) {
            (false, _) => 0,
            (true, false) => TENSION_VALUES,
            (true, true) => EXTENSION_VALUES,
        }
    }

    /// Zero bins before and after a frame, so that its 144 bins give 72 semitones.
    #[must_use]
    pub fn front_padding(&self) -> [usize; 2] {
        let before = self.front_kernel.saturating_sub(1) / 2;
        [before, self.front_kernel.saturating_sub(2 + before)]
    }

    /// Whether a network of this shape can grow to shape `other` with the same results: they
    /// differ only in [`Self::bottleneck`], [`Self::mixed`] and [`Self::wide_extensions`], which
    /// must not shrink, in blocks that are added to [`Self::dilations`] (and in dropout, which
    /// has no parameters).
    #[must_use]
    pub fn grows_to(&self, other: &Self) -> bool {
        let same = |c: &Self| {
            c.clone()
                .with_dilations(self.dilations.clone())
                .with_bottleneck(self.bottleneck)
                .with_mixed(self.mixed)
                .with_wide_extensions(self.wide_extensions)
                .with_dropout(self.dropout)
        };
        same(other) == *self
            && other.bottleneck >= self.bottleneck
            && other.mixed >= self.mixed
            && other.wide_extensions >= self.wide_extensions
            && self.blocks_in(other).is_some()
    }

    /// For each block of `other` the block of this network that it comes from, by the first
    /// blocks with the same dilation in the same order; `None` for a new block. `None` as a
    /// whole if a block of this network has no place.
    #[must_use]
    pub fn blocks_in(&self, other: &Self) -> Option<Vec<Option<usize>>> {
        let mut next = 0;
        let places = other.dilations.iter().map(|dilation| {
            let here = self.dilations.get(next) == Some(dilation);
            let place = here.then_some(next);
            next += usize::from(here);
            place
        });
        let places: Vec<_> = places.collect();
        (next == self.dilations.len()).then_some(places)
    }
}

/// Shape of BTC, the bi-directional transformer for chord recognition (Park et al., ISMIR
/// 2019); the defaults are the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BtcConfig {
    /// Width of the transformer.
    pub hidden: usize,
    /// Attention heads.
    pub heads: usize,
    /// Bi-directional layers.
    pub layers: usize,
    /// Dropout, while training.
    pub dropout: f64,
}

impl Default for BtcConfig {
    fn default() -> Self {
        Self {
            hidden: 128,
            heads: 4,
            layers: 8,
            dropout: 0.2,
        }
    }
}

impl BtcConfig {
    /// The paper's shape.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    with! {
        /// Another width.
        with_hidden, hidden: usize;
        /// Another number of heads.
        with_heads, heads: usize;
        /// Another number of layers.
        with_layers, layers: usize;
        /// Another share of dropout.
        with_dropout, dropout: f64;
    }
}

/// Shape of 2E1D (ChordMini's ChordNet); the defaults are the reference repository's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TwoEOneDConfig {
    /// Tokens a frame is cut into for the frequency encoder.
    pub tokens: usize,
    /// Layers of each of the three stacks.
    pub layers: usize,
    /// Heads of the frequency encoder.
    pub frequency_heads: usize,
    /// Heads of the time encoder and of the decoder.
    pub time_heads: usize,
    /// Dropout, while training.
    pub dropout: f64,
}

impl Default for TwoEOneDConfig {
    fn default() -> Self {
        Self {
            tokens: 12,
            layers: 5,
            frequency_heads: 6,
            time_heads: 8,
            dropout: 0.2,
        }
    }
}

impl TwoEOneDConfig {
    /// The reference repository's shape.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    with! {
        /// Another number of tokens.
        with_tokens, tokens: usize;
        /// Another number of layers.
        with_layers, layers: usize;
        /// Another number of heads of the frequency encoder.
        with_frequency_heads, frequency_heads: usize;
        /// Another number of heads of the time encoder and of the decoder.
        with_time_heads, time_heads: usize;
        /// Another share of dropout.
        with_dropout, dropout: f64;
    }
}
