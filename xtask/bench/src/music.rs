//! What is played: the music of the demo.

use anyhow::Result;
use testhost::clip::Clip;
use testhost::player::Tempo;

/// The file, from the root of the repository, where xtask starts this; `assets/demo/NOTICE.md`
/// says whose it is.
pub const FILE: &str = "assets/demo/town-theme.ogg";

/// Its tempo.
pub const TEMPO: Tempo = Tempo {
    bpm: 76.8,
    beats_per_bar: 4,
};

/// All of it.
pub fn clip() -> Result<Clip> {
    Clip::load(FILE.as_ref())
}
