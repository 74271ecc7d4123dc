//! Corpora, training and evaluation for the networks of Changes.
//!
//! The crate `renderer` makes songs into labelled audio, `teachers` says what others hear in real
//! music, `networks` has what learns. Here [`prepare`] turns audio into frames with targets and
//! [`train`] trains on them; [`corpus`] and [`pseudo_label`] do so with real music, and
//! [`evaluate`] scores what came of it.

pub mod batch;
pub mod beats;
pub mod corpus;
pub mod device;
pub mod evaluate;
pub mod frames;
pub mod labelled_audio;
pub mod loss;
pub mod objective;
pub mod onnx;
pub mod parallel;
pub mod pipeline;
pub mod plot;
pub mod prepare;
pub mod provenance;
pub mod pseudo_label;
pub mod sampler;
pub mod schedule;
pub mod store;
pub mod train;
pub mod validation;
pub mod watch;
