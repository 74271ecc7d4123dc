//! The native half of the Python package `changes`: what `changes/__init__.py` shows to
//! people, in plain numbers, texts and bytes.
//!
//! Everything that takes long runs on a thread of its own ([`work`]), with the interpreter
//! free, while the caller's thread looks for Ctrl-C.

mod audio;
mod errors;
mod live;
mod posteriors;
mod track;
mod work;

use pyo3::prelude::*;

/// The module `changes._native`.
#[pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::errors::AudioError;
    #[pymodule_export]
    use crate::live::Live;
    #[pymodule_export]
    use crate::posteriors::posteriors;
    #[pymodule_export]
    use crate::track::{Track, transcribe};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("CHORD_NAMES", crate::posteriors::chord_names())?;
        module.add("BASS_NAMES", crate::posteriors::bass_names())?;
        module.add("FORMATS", crate::track::formats())
    }
}
