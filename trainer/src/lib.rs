//! Corpora, training and evaluation for the networks of Changes.
//!
//! The crate `renderer` turns songs into labelled audio, `teachers` has other recognizers for
//! labelling real music, `networks` has the networks to train. Here `prepare` turns audio into
//! frames with targets and `train` trains on them; [`corpus`] and [`pseudo_label`] do the same
//! for real music, and [`evaluate`] scores the results.

#![warn(unreachable_pub)]

mod batch;
pub mod beats;
mod commands;
pub mod corpus;
mod device;
pub mod evaluate;
pub mod frames;
mod labelled_audio;
mod loss;
mod objective;
pub mod onnx;
mod parallel;
mod parts;
mod pipeline;
mod plot;
mod prepare;
mod provenance;
pub mod pseudo_label;
mod sampler;
mod schedule;
pub mod store;
mod train;
mod validation;
mod watch;

pub use commands::run;
