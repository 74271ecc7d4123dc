//! What hosts load: nice-plug's wrappers in entries of our own, which add what the wrappers lack.
//!
//! nice-plug 0.4.2 makes entries by macro and hands the plugin nothing of the host. These do
//! the same and hand over whom to tell that the project has changed ([`host`](crate::host)),
//! and they let go of all that may call the host before the host lets go of the instance.

pub(crate) mod clap;
mod vst3;
