//! The commands, one a file.

pub mod run;
pub mod train;
pub mod corpus;
