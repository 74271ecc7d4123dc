//! Makes the networks of Changes.

pub mod frames;
pub mod loss;
pub mod sampler;
pub mod train;
