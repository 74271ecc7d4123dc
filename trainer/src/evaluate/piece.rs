//! What is scored: audio with a reference, one piece at a time.

use anyhow::Result;
use harmony::timeline::Segment;
use recognizer::audio::Audio;

use super::cache::RenderCache;
use super::spoil::Spoil;
use crate::prepare::{SetSettings, example};
use renderer::pop909::Pop909;
use renderer::soundfont::SoundFonts;

/// Audio and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Name of the piece in its set.
    pub name: String,
    /// What pieces are reported together by, the package of real music.
    pub group: Option<String>,
    /// The audio, mono.
    pub audio: Audio,
    /// What is to be recognised, in order and without overlaps.
    pub reference: Vec<Segment>,
    /// Spans in seconds in which the reference is sure of itself, where it is a teacher.
    pub confident: Option<Vec<(f64, f64)>>,
}

/// A set of pieces that are made when they are needed.
pub trait Pieces: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// The piece at `index`; the same index gives the same piece.
    ///
    /// # Errors
    /// A piece that cannot be made or read, by name.
    fn piece(&self, index: usize) -> Result<Piece>;
}

/// Songs or progressions rendered on the fly.
#[derive(Debug, Clone, Copy)]
pub struct RenderedSet<'a> {
    /// What the examples are.
    pub settings: &'a SetSettings,
    /// The songs.
    pub corpus: Option<&'a Pop909>,
    /// What they are heard through.
    pub fonts: &'a SoundFonts,
    /// What happens to the audio afterwards.
    pub spoil: Option<Spoil>,
    /// Where rendered audio is kept between runs.
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
                // How many there are changes none of them.
                let settings = SetSettings {
                    count: 0,
                    ..self.settings.clone()
                };
                cache.piece(&format!("{settings:?} {fonts:?} {index}"), make)?
            }
            None => make()?,
        };
        match self.spoil {
            Some(spoil) => spoil.apply(piece, index as u64),
            None => Ok(piece),
        }
    }
}
