//! The fonts of the charts: measuring, glyphs and their outlines.

use std::fmt::Write;

use ttf_parser::{GlyphId, OutlineBuilder};

use crate::export::ExportError;

/// Which font.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Face {
    /// Inter Display SemiBold: chords, title, sections.
    Bold,
    /// Inter Regular: everything small.
    Regular,
    /// A part of Bravura: musical signs, accidentals of chord symbols.
    Music,
}

impl Face {
    pub(super) const ALL: [Self; 3] = [Self::Bold, Self::Regular, Self::Music];

    /// The font file.
    pub(super) const fn data(self) -> &'static [u8] {
        match self {
            Self::Bold => include_bytes!("../../../assets/fonts/InterDisplay-SemiBold.ttf"),
            Self::Regular => include_bytes!("../../../assets/fonts/Inter-Regular.ttf"),
            Self::Music => include_bytes!("../../../assets/fonts/ChangesMusic.ttf"),
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bold => "InterDisplay-SemiBold",
            Self::Regular => "Inter-Regular",
            Self::Music => "ChangesMusic",
        }
    }
}

/// The parsed fonts.
pub(super) struct Fonts {
    faces: [ttf_parser::Face<'static>; 3],
}

/// A glyph and how far it moves the pen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Glyph {
    pub(super) id: u16,
    /// In font units.
    pub(super) advance: u16,
}

impl Fonts {
    pub(super) fn load() -> Result<Self, ExportError> {
        let face = |face: Face| {
            ttf_parser::Face::parse(face.data(), 0).map_err(|_| ExportError::Font(face.name()))
        };
        Ok(Self {
            faces: [face(Face::Bold)?, face(Face::Regular)?, face(Face::Music)?],
        })
    }

    pub(super) const fn of(&self, face: Face) -> &ttf_parser::Face<'static> {
        &self.faces[face as usize]
    }

    pub(super) fn units_per_em(&self, face: Face) -> f32 {
        f32::from(self.of(face).units_per_em())
    }

    /// Whether a font has a character.
    pub(super) fn has(&self, face: Face, c: char) -> bool {
        self.of(face).glyph_index(c).is_some()
    }

    /// The glyph of a character; a question mark for one that the font lacks.
    pub(super) fn glyph(&self, face: Face, c: char) -> Glyph {
        let font = self.of(face);
        let id = font
            .glyph_index(c)
            .or_else(|| font.glyph_index('?'))
            .unwrap_or(GlyphId(0));
        Glyph {
            id: id.0,
            advance: font.glyph_hor_advance(id).unwrap_or(0),
        }
    }

    /// The width of a text in points.
    pub(super) fn width(&self, face: Face, size: f32, text: &str) -> f32 {
        let units: f32 = text
            .chars()
            .map(|c| f32::from(self.glyph(face, c).advance))
            .sum();
        units * size / self.units_per_em(face)
    }

    /// The outline of a glyph as the data of an SVG path, in font units, y upwards.
    pub(super) fn outline(&self, face: Face, id: u16) -> String {
        let mut path = Path(String::new());
        self.of(face).outline_glyph(GlyphId(id), &mut path);
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
