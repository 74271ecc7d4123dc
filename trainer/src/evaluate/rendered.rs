//! Pieces rendered on request.

use anyhow::Result;
use harmony::timeline::Segment;
use recognizer::audio::Audio;
use renderer::pop909::Pop909;
use renderer::soundfont::SoundFonts;

use super::cache::RenderCache;
use super::degrade::Degradation;
use super::piece::{Piece, Pieces};
use crate::prepare::{SetSettings, example};

/// Songs or progressions rendered on the fly.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RenderedSet<'a> {
    /// The settings of the examples.
    pub settings: &'a SetSettings,
    /// The songs.
    pub corpus: Option<&'a Pop909>,
    /// The SoundFonts.
    pub fonts: &'a SoundFonts,
    /// The degradation of the audio.
    pub degradation: Option<Degradation>,
    /// The cache of rendered audio.
    pub cache: Option<&'a RenderCache>,
}

impl Pieces for RenderedSet<'_> {
    fn count(&self) -> usize {
        usize::try_from(self.settings.count).unwrap_or(usize::MAX)
    }

    fn piece(&self, index: usize) -> Result<Piece> {
        let make = || -> Result<Piece> {
            let rendered = example(self.settings, index as u64, self.corpus, self.fonts)?;
            Ok(Piece {
                name: format!("{index:04}"),
                group: None,
                audio: Audio::new(rendered.samples, rendered.sample_rate),
                reference: rendered
                    .labels
                    .into_iter()
                    .map(|(start_s, end_s, label)| Segment::new(start_s, end_s, label))
                    .collect(),
                confident: None,
            })
        };
        let piece = match self.cache {
            Some(cache) => {
                let fonts: Vec<&str> = (0..self.fonts.count())
                    .map(|i| self.fonts.get(i).0)
                    .collect();
                // The number of examples has no influence on any of them.
                let settings = SetSettings {
                    count: 0,
                    ..self.settings.clone()
                };
                cache.piece(&format!("{settings:?} {fonts:?} {index}"), make)?
            }
            None => make()?,
        };
        match self.degradation {
            Some(degradation) => degradation.apply(piece, index as u64),
            None => Ok(piece),
        }
    }
}
