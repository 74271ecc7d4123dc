//! The commands, one a file.

pub mod beats;
pub mod calibrate;
pub mod combine;
pub mod corpus;
pub mod costs;
pub mod disagreements;
pub mod eval;
pub mod fit_beats;
pub mod inspect;
pub mod latency;
pub mod plot;
pub mod pseudo_label;
pub mod run;
pub mod songs;
pub mod sources;
pub mod teacher;
pub mod tempi;
pub mod train;
pub mod tune;
