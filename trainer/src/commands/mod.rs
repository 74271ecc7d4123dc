//! The commands, one a file.

pub mod corpus;
pub mod disagreements;
pub mod eval;
pub mod inspect;
pub mod plot;
pub mod run;
pub mod train;
