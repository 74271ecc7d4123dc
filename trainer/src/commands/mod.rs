//! The commands, one a file.

pub mod corpus;
pub mod run;
pub mod train;
