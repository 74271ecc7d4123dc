//! How likely a guess at the beats is, out of its features.
//!
//! A weighted sum, and a few units that look at features together: what is right depends on
//! each other, as a strong second beat says something else at 60 than at 180 a minute.

use super::describe::{FEATURES, Features};

/// Units that look at features together.
pub const UNITS: usize = 16;

/// A unit: `output · tanh(bias + Σ inputs · features)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// One for each feature.
    pub inputs: Features,
    /// Added to their sum.
    pub bias: f64,
    /// What the unit adds to the score, at most.
    pub output: f64,
}

/// What guesses are compared by.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorer {
    /// Weights of the sum, one for each feature.
    pub linear: Features,
    /// What is added to it.
    pub units: [Unit; UNITS],
}

impl Scorer {
    /// One under which all guesses are alike.
    pub const NEUTRAL: Self = Self {
        linear: [0.0; FEATURES],
        units: [Unit {
            inputs: [0.0; FEATURES],
            bias: 0.0,
            output: 0.0,
        }; UNITS],
    };

    /// What a guess with these features has; what is likelier has more.
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
