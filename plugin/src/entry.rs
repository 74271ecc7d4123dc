//! The entry points that hosts load: nice-plug's wrappers, with what they lack.
//!
//! nice-plug 0.4.2 makes entry points by macro and gives the plugin no access to its host.
//! These do the same, hand over the host, to tell it that the project has changed
//! ([`host`](crate::host)), and drop everything that may call the host before the host
//! releases the instance. They also add the parameters that hosts read the chord from
//! (`readout`).

pub(crate) mod clap;
mod readout;
mod vst3;
