//! Effects on a mix on its way to a listener: all mono, in place, from a seed.

pub mod codec;
pub mod dynamics;
pub mod filters;
pub mod modulation;
pub mod noise;
pub mod room;
pub mod tape;
