//! The native module of the Python package `changes`: the functions behind `changes/__init__.py`,
//! with plain numbers, texts and bytes.
//!
//! Long work runs on a separate thread ([`work`]), without the interpreter lock, while the caller's
//! thread checks for Ctrl-C.

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
