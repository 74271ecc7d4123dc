//! The music that is played: the demo's.

use anyhow::Result;
use testhost::clip::Clip;
use testhost::player::Tempo;

/// The file, relative to the root of the repository, where xtask starts this;
/// `assets/demo/NOTICE.md` has its licence.
pub const FILE: &str = "assets/demo/town-theme.ogg";

/// Its tempo.
pub const TEMPO: Tempo = Tempo {
    bpm: 76.8,
    beats_per_bar: 4,
};

/// The whole file.
pub fn clip() -> Result<Clip> {
    Clip::load(FILE.as_ref())
}
