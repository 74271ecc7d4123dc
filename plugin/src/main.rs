//! Changes as a standalone program: audio in, chords on screen. `--help` lists the audio
//! inputs.

use std::process::ExitCode;

fn main() -> ExitCode {
    if nice_plug::prelude::nice_export_standalone::<changes_plugin::Changes>() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
