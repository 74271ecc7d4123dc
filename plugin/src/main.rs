//! Changes as a program of its own: audio in, chords on screen. `--help` lists the
//! ways to get audio in.

use std::process::ExitCode;

fn main() -> ExitCode {
    if nice_plug::prelude::nice_export_standalone::<changes_plugin::Changes>() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
