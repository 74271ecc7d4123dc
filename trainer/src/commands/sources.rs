//! The sources of rendered music: songs and SoundFonts.

use std::path::PathBuf;

use renderer::pop909::{Pop909, Pop909Error};
use renderer::soundfont::{SoundFontError, SoundFonts, Split};

/// The folders that rendering commands read.
#[derive(clap::Args)]
pub(super) struct Sources {
    /// Folder with the SoundFonts.
    #[arg(long, default_value = "data/soundfonts")]
    soundfonts: PathBuf,
    /// Folder with POP909.
    #[arg(long, default_value = "../shared/pop909")]
    pop909: PathBuf,
    /// Folder with POP909-CL: where its chords differ, those of POP909 are not trusted
    #[arg(long)]
    pop909_cl: Option<PathBuf>,
}

impl Sources {
    /// The SoundFonts of a split.
    ///
    /// # Errors
    /// If the folder has none, or a file is not a SoundFont.
    pub(super) fn fonts(&self, split: Split) -> Result<SoundFonts, SoundFontError> {
        SoundFonts::load(&self.soundfonts, split)
    }

    /// The songs.
    ///
    /// # Errors
    /// If the folder contains none.
    pub(super) fn songs(&self) -> Result<Pop909, Pop909Error> {
        let songs = Pop909::open(&self.pop909)?;
        Ok(match &self.pop909_cl {
            Some(folder) => songs.agreed_with(folder),
            None => songs,
        })
    }
}
