//! Excerpts of held-out songs, which several evaluations use.

use std::path::PathBuf;

use crate::beats::tempi::Tempi;
use crate::prepare::{SetSettings, example, example_stems};
use anyhow::{Result, ensure};
use renderer::pop909::{Pop909, SongSplit};
use renderer::progressions::ProgressionSettings;
use renderer::render::{RenderSettings, Rendered, Stems};
use renderer::soundfont::{SoundFonts, Split};

use super::sources::Sources;

/// Which songs, and where they are.
#[derive(clap::Args)]
pub(super) struct SongArguments {
    /// Number of excerpts.
    #[arg(short = 'n', long, default_value_t = 20)]
    count: u64,
    /// Seed of the set.
    #[arg(short, long, default_value_t = 777)]
    seed: u64,
    /// Songs of the valid split with the training SoundFonts, for choosing constants, instead
    /// of the test split with a held-out SoundFont.
    #[arg(long)]
    tune: bool,
    /// The songs without effects and in tune, as in the set `songs-dry` of `eval`.
    #[arg(long)]
    dry: bool,
    /// Like `--tune`, with songs of the train split, for fitting many parameters.
    #[arg(long, conflicts_with = "tune")]
    fit: bool,
    #[command(flatten)]
    sources: Sources,
}

/// The songs, each rendered on request.
pub(super) struct Songs {
    settings: SetSettings,
    corpus: Pop909,
    fonts: SoundFonts,
    count: usize,
}

impl SongArguments {
    /// The songs, excerpts of `length_s` seconds.
    ///
    /// # Errors
    /// If no songs are asked for, or the folders contain none.
    pub(super) fn open(&self, length_s: f64) -> Result<Songs> {
        ensure!(self.count > 0, "no songs to evaluate on");
        let (split, fonts) = self.split();
        Ok(Songs {
            settings: SetSettings {
                count: self.count,
                songs_of_three: 3,
                solo_share: 0.0,
                length_s,
                split,
                seed: self.seed,
                render: self.render(),
                progression: ProgressionSettings::default(),
            },
            corpus: self.sources.songs()?,
            fonts: self.sources.fonts(fonts)?,
            count: usize::try_from(self.count)?,
        })
    }
}

impl SongArguments {
    const fn split(&self) -> (SongSplit, Split) {
        if self.tune {
            (SongSplit::Valid, Split::Train)
        } else if self.fit {
            (SongSplit::Train, Split::Train)
        } else {
            (SongSplit::Test, Split::HeldOut)
        }
    }

    fn render(&self) -> RenderSettings {
        if self.dry {
            RenderSettings::dry()
        } else {
            RenderSettings::default()
        }
    }

    /// Music in many tempi and meters, `count` rounds of each kind, cached in `cache`.
    ///
    /// # Errors
    /// See [`Self::open`].
    pub(super) fn tempi(&self, length_s: f64, cache: Option<PathBuf>) -> Result<Tempi> {
        ensure!(self.count > 0, "no songs to evaluate on");
        let (split, fonts) = self.split();
        Ok(Tempi {
            rounds: usize::try_from(self.count)?,
            seed: self.seed,
            length_s,
            split,
            render: self.render(),
            corpus: self.sources.songs()?,
            fonts: self.sources.fonts(fonts)?,
            cache,
        })
    }
}

impl Songs {
    /// The number of songs.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Uses generated progressions instead of songs.
    pub(super) fn write(&mut self, progression: ProgressionSettings) {
        self.settings.songs_of_three = 0;
        self.settings.progression = progression;
    }

    /// Song `index`, rendered, with its stems.
    ///
    /// # Errors
    /// See [`Self::get`].
    pub(super) fn stems(&self, index: usize) -> Result<(Rendered, Stems)> {
        example_stems(
            &self.settings,
            index as u64,
            Some(&self.corpus),
            &self.fonts,
        )
    }

    /// Song `index`, rendered.
    ///
    /// # Errors
    /// If a song cannot be read, or a synthesizer or codec fails.
    pub(super) fn get(&self, index: usize) -> Result<Rendered> {
        example(
            &self.settings,
            index as u64,
            Some(&self.corpus),
            &self.fonts,
        )
    }
}
