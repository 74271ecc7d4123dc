//! Corpora, rendering, training and evaluation for the networks of Changes.
//!
//! The labelled-data renderer goes from an [`example::Example`] (a POP909 song or a
//! written progression, arranged for a band) through [`render::render`] to mono
//! audio with chord labels and beats. [`prepare`] turns that into frames with targets,
//! [`train`] trains on them. Everything follows from a seed.

pub mod arrange;
pub mod audible;
pub mod batch;
pub mod beats;
pub mod chord;
pub mod corpus;
pub mod device;
pub mod effects;
pub mod evaluate;
pub mod example;
pub mod frames;
pub mod labelled_audio;
pub mod loss;
mod mix;
pub mod objective;
pub mod onnx;
pub mod parallel;
pub mod pipeline;
pub mod plot;
pub mod pop909;
pub mod posteriors;
pub mod prepare;
pub mod progression;
pub mod provenance;
pub mod pseudo_label;
pub mod render;
pub mod sampler;
pub mod schedule;
pub mod score;
pub mod sha256;
pub mod solo;
pub mod soundfont;
pub mod store;
pub mod synthesizer;
pub mod teacher;
pub mod train;
pub mod validation;
pub mod watch;
