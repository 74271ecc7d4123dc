//! The score of a beat candidate from its features.
//!
//! A weighted sum, and a few hidden units, because features depend on each other: a strong second
//! beat means something else at 60 than at 180 a minute.

use super::describe::{FEATURES, Features};

/// The number of hidden units.
pub const UNITS: usize = 16;

/// A hidden unit: `output · tanh(bias + Σ inputs · features)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// Its weight of each feature.
    pub inputs: Features,
    /// Its bias.
    pub bias: f64,
    /// Its output weight: the most that it adds to the score.
    pub output: f64,
}

/// The network that rates candidates.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorer {
    /// Weights of the sum, one for each feature.
    pub linear: Features,
    /// Hidden units, which are added to it.
    pub units: [Unit; UNITS],
}

impl Scorer {
    /// A scorer that rates all candidates equally.
    pub const NEUTRAL: Self = Self {
        linear: [0.0; FEATURES],
        units: [Unit {
            inputs: [0.0; FEATURES],
            bias: 0.0,
            output: 0.0,
        }; UNITS],
    };

    /// The score of a candidate with these features; higher is likelier.
    #[must_use]
    pub fn score(&self, features: &Features) -> f64 {
        let units = self
            .units
            .iter()
            .map(|unit| unit.output * unit.answer(features));
        product(&self.linear, features) + units.sum::<f64>()
    }
}

impl Unit {
    /// Its activation, −1 to 1.
    #[must_use]
    pub fn answer(&self, features: &Features) -> f64 {
        (self.bias + product(&self.inputs, features)).tanh()
    }
}

fn product(a: &Features, b: &Features) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
