//! The fonts of the charts: measuring, glyphs and their outlines.
//!
//! Three are built in: Latin, Greek and Cyrillic letters look the same on every machine. Letters of
//! other scripts come from the fonts of the system ([`super::search`]).

use std::collections::BTreeSet;
use std::fmt::Write;

use ttf_parser::{GlyphId, OutlineBuilder};

use super::search::{self, FontSearch, Found};
use super::shape;
use crate::export::ExportError;

/// One of the fonts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Face {
    /// Inter Display SemiBold: chords, title, sections.
    Bold,
    /// Inter Regular: everything small.
    Regular,
    /// A part of Bravura: musical signs, accidentals of chord symbols.
    Music,
    /// A system font, by its index among those found.
    Found(u8),
}

const BOLD: &[u8] = include_bytes!("../../../assets/fonts/InterDisplay-SemiBold.ttf");
const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.ttf");
const MUSIC: &[u8] = include_bytes!("../../../assets/fonts/ChangesMusic.ttf");

impl Face {
    /// A number that identifies the font.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Bold => 0,
            Self::Regular => 1,
            Self::Music => 2,
            Self::Found(index) => index.saturating_add(3),
        }
    }
}

/// The parsed fonts.
pub(super) struct Fonts {
    bold: ttf_parser::Face<'static>,
    regular: ttf_parser::Face<'static>,
    music: ttf_parser::Face<'static>,
    found: Vec<Found>,
    missing: BTreeSet<char>,
}

impl Fonts {
    /// Loads the built-in fonts.
    pub(super) fn load() -> Result<Self, ExportError> {
        let face = |data: &'static [u8], name| {
            ttf_parser::Face::parse(data, 0).map_err(|_| ExportError::Font(name))
        };
        Ok(Self {
            bold: face(BOLD, "InterDisplay-SemiBold")?,
            regular: face(REGULAR, "Inter-Regular")?,
            music: face(MUSIC, "ChangesMusic")?,
            found: Vec::new(),
            missing: BTreeSet::new(),
        })
    }

    /// Searches for system fonts with the characters of these texts that the built-in fonts lack.
    pub(super) fn search<'t>(
        &mut self,
        texts: impl IntoIterator<Item = (Face, &'t str)>,
        search: &FontSearch,
    ) {
        let mut needed = search::Needed::default();
        for (face, text) in texts {
            for cluster in shape::clusters(text) {
                if self.choose(face, cluster).is_none() {
                    needed.add(face, cluster);
                }
            }
        }
        if needed.is_empty() {
            return;
        }
        self.found = search::find(needed.clone(), search);
        for (face, cluster) in needed.clusters() {
            if self.choose(face, cluster).is_none() {
                let visible = cluster.chars().filter(|&c| !shape::is_ignorable(c));
                self.missing.extend(visible);
            }
        }
    }

    /// The characters that no font has.
    pub(super) const fn missing(&self) -> &BTreeSet<char> {
        &self.missing
    }

    /// The font that draws a cluster of characters, preferably `face`.
    pub(super) fn choose(&self, face: Face, cluster: &str) -> Option<Face> {
        let found = |bold: bool| {
            let indices = (0..=u8::MAX).zip(&self.found);
            indices
                .filter(move |(_, found)| found.bold == bold)
                .map(|(index, _)| Face::Found(index))
        };
        let bold = face == Face::Bold;
        [face, Face::Music]
            .into_iter()
            .chain(found(bold))
            .chain(found(!bold))
            .find(|&face| self.covers(face, cluster))
    }

    /// Whether a font has all characters of a cluster, or their composed form.
    fn covers(&self, face: Face, cluster: &str) -> bool {
        let mut visible = cluster.chars().filter(|&c| !shape::is_ignorable(c));
        if visible.clone().all(|c| self.has(face, c)) {
            return true;
        }
        let composed = visible.next().is_some_and(|first| self.has(face, first));
        composed && visible.next().is_some() && shape::covers(self, face, cluster)
    }

    /// The bytes of a font file and the font's index in it.
    pub(super) fn data(&self, face: Face) -> (&[u8], u32) {
        match face {
            Face::Bold => (BOLD, 0),
            Face::Regular => (REGULAR, 0),
            Face::Music => (MUSIC, 0),
            Face::Found(index) => match self.found.get(usize::from(index)) {
                Some(found) => (&found.data, found.index),
                None => (REGULAR, 0),
            },
        }
    }

    /// The PostScript name of a font.
    pub(super) fn name(&self, face: Face) -> &str {
        match face {
            Face::Bold => "InterDisplay-SemiBold",
            Face::Regular => "Inter-Regular",
            Face::Music => "ChangesMusic",
            Face::Found(index) => self
                .found
                .get(usize::from(index))
                .map_or("Inter-Regular", |found| &found.name),
        }
    }

    /// Calls `ask` with the parsed font.
    pub(super) fn with<T>(&self, face: Face, ask: impl FnOnce(&ttf_parser::Face<'_>) -> T) -> T {
        match face {
            Face::Bold => ask(&self.bold),
            Face::Regular => ask(&self.regular),
            Face::Music => ask(&self.music),
            Face::Found(_) => {
                let (data, index) = self.data(face);
                // It was parsed when it was found.
                match ttf_parser::Face::parse(data, index) {
                    Ok(parsed) => ask(&parsed),
                    Err(_) => ask(&self.regular),
                }
            }
        }
    }

    pub(super) fn units_per_em(&self, face: Face) -> f32 {
        f32::from(self.with(face, |font| font.units_per_em()))
    }

    /// Whether a font has a character.
    pub(super) fn has(&self, face: Face, c: char) -> bool {
        self.with(face, |font| font.glyph_index(c).is_some())
    }

    /// The glyph of a character; a question mark for one that the font lacks.
    pub(super) fn glyph(&self, face: Face, c: char) -> u16 {
        self.with(face, |font| {
            let id = font.glyph_index(c).or_else(|| font.glyph_index('?'));
            id.map_or(0, |id| id.0)
        })
    }

    /// The advance width of a glyph, in font units.
    pub(super) fn advance(&self, face: Face, id: u16) -> u16 {
        self.with(face, |font| {
            font.glyph_hor_advance(GlyphId(id)).unwrap_or(0)
        })
    }

    /// The width of a text in points.
    pub(super) fn width(&self, face: Face, size: f32, text: &str) -> f32 {
        shape::runs(self, face, size, text)
            .iter()
            .map(|run| run.width)
            .sum()
    }

    /// The outline of a glyph as the data of an SVG path, in font units, y upwards.
    pub(super) fn outline(&self, face: Face, id: u16) -> String {
        let mut path = Path(String::new());
        self.with(face, |font| font.outline_glyph(GlyphId(id), &mut path));
        path.0
    }
}

struct Path(String);

impl Path {
    fn put(&mut self, command: char, numbers: &[f32]) {
        self.0.push(command);
        for (index, number) in numbers.iter().enumerate() {
            let space = if index > 0 { " " } else { "" };
            // Writing to a string cannot fail.
            let _ = write!(self.0, "{space}{}", number.round());
        }
    }
}

impl OutlineBuilder for Path {
    fn move_to(&mut self, x: f32, y: f32) {
        self.put('M', &[x, y]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.put('L', &[x, y]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.put('Q', &[x1, y1, x, y]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.put('C', &[x1, y1, x2, y2, x, y]);
    }

    fn close(&mut self) {
        self.put('Z', &[]);
    }
}
