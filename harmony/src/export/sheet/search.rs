//! Search for system fonts with letters that the built-in fonts lack.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fontdb::{Database, FaceInfo, Style};
use ttf_parser::{GlyphId, OutlineBuilder};

use super::font::Face;
use super::shape::is_ignorable;

/// Where fonts are searched for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FontSearch {
    /// In the folders of the system.
    #[default]
    System,
    /// In one folder and its subfolders.
    Folder(PathBuf),
}

/// The most fonts that a chart takes from outside.
const MOST: usize = 12;

/// The time limit for opening fonts for one chart.
const PATIENCE: Duration = Duration::from_secs(3);

/// Larger files are skipped.
const MAX_FONT_BYTES: usize = 128 << 20;

/// A font that was found.
pub(super) struct Found {
    pub(super) data: Vec<u8>,
    pub(super) index: u32,
    pub(super) name: String,
    /// Whether it is for bold text.
    pub(super) bold: bool,
}

/// Clusters of characters without a font, each with whether they are bold.
#[derive(Clone, Debug, Default)]
pub(super) struct Needed(BTreeSet<(bool, String)>);

impl Needed {
    pub(super) fn add(&mut self, face: Face, cluster: &str) {
        self.0.insert((face == Face::Bold, cluster.to_owned()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clusters(&self) -> impl Iterator<Item = (Face, &str)> {
        self.0.iter().map(|(bold, cluster)| {
            let face = if *bold { Face::Bold } else { Face::Regular };
            (face, cluster.as_str())
        })
    }

    /// The characters that need a glyph.
    fn characters(&self, bold: bool) -> BTreeSet<char> {
        let alike = self.0.iter().filter(|(is_bold, _)| *is_bold == bold);
        alike
            .flat_map(|(_, cluster)| cluster.chars())
            .filter(|&c| !is_ignorable(c))
            .collect()
    }
}

/// Fonts for the needed characters, if there are any: as few as possible, and those that look most
/// like the built-in ones. The same fonts on the system give the same choice.
pub(super) fn find(needed: Needed, search: &FontSearch) -> Vec<Found> {
    // In a browser there are no font files and no clock for the time limit.
    if cfg!(all(target_family = "wasm", target_os = "unknown")) {
        return Vec::new();
    }
    let mut database = Database::new();
    match search {
        FontSearch::System => database.load_system_fonts(),
        FontSearch::Folder(folder) => database.load_fonts_dir(folder),
    }
    let started = Instant::now();
    let mut found = Vec::new();
    for bold in [true, false] {
        let mut characters = needed.characters(bold);
        let language = Language::from_characters(&characters);
        let mut candidates: Vec<&FaceInfo> = database.faces().collect();
        candidates.sort_by_cached_key(|info| (rank(info, bold, language), source(info)));
        while !characters.is_empty() && found.len() < MOST {
            let Some((info, has)) = best(&database, &candidates, &characters, started) else {
                break;
            };
            characters.retain(|c| !has.contains(c));
            let data = database.with_face_data(info.id, |data, index| (data.to_vec(), index));
            if let Some((data, index)) = data {
                found.push(Found {
                    data,
                    index,
                    name: plain_name(&info.post_script_name),
                    bold,
                });
            }
        }
    }
    found
}

/// The first of the fonts that have most of the characters, and those characters.
fn best<'a>(
    database: &Database,
    candidates: &[&'a FaceInfo],
    characters: &BTreeSet<char>,
    started: Instant,
) -> Option<(&'a FaceInfo, BTreeSet<char>)> {
    let mut best: Option<(&FaceInfo, BTreeSet<char>)> = None;
    for info in candidates {
        if started.elapsed() > PATIENCE {
            break;
        }
        let has = database.with_face_data(info.id, |data, index| covered(data, index, characters));
        let has = has.unwrap_or_default();
        if has.len() > best.as_ref().map_or(0, |(_, best)| best.len()) {
            let all = has.len() == characters.len();
            best = Some((info, has));
            if all {
                break;
            }
        }
    }
    best
}

/// The characters that a font can draw. Emoji fonts have no outlines.
fn covered(data: &[u8], index: u32, characters: &BTreeSet<char>) -> BTreeSet<char> {
    let Ok(face) = ttf_parser::Face::parse(data, index) else {
        return BTreeSet::new();
    };
    if data.len() > MAX_FONT_BYTES || harfrust::FontRef::from_index(data, index).is_err() {
        return BTreeSet::new();
    }
    let drawn = |id: GlyphId| face.outline_glyph(id, &mut Nothing).is_some();
    let has = |c: &char| {
        let id = face.glyph_index(*c).filter(|id| id.0 != 0);
        id.is_some_and(|id| c.is_whitespace() || drawn(id))
    };
    characters.iter().copied().filter(has).collect()
}

struct Nothing;

impl OutlineBuilder for Nothing {
    fn move_to(&mut self, _: f32, _: f32) {}
    fn line_to(&mut self, _: f32, _: f32) {}
    fn quad_to(&mut self, _: f32, _: f32, _: f32, _: f32) {}
    fn curve_to(&mut self, _: f32, _: f32, _: f32, _: f32, _: f32, _: f32) {}
    fn close(&mut self) {}
}

/// Families that match Inter, by the start of their names, best first.
const FAMILIES: [&str; 24] = [
    "Noto Sans",
    "Source Han Sans",
    "Hiragino Sans",
    "Hiragino Kaku Gothic",
    "PingFang",
    "Apple SD Gothic Neo",
    "Yu Gothic",
    "Meiryo",
    "Microsoft YaHei",
    "Microsoft JhengHei",
    "Malgun Gothic",
    "Segoe UI",
    "Nirmala",
    "Leelawadee",
    "Geeza Pro",
    "Arial Hebrew",
    "Kohinoor",
    "Thonburi",
    "DejaVu Sans",
    "Arial",
    "Droid Sans Fallback",
    "WenQuanYi",
    "FreeSans",
    "Lohit",
];

/// The language of the Han characters of a text, which are drawn differently in each.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Japanese,
    Korean,
    Chinese,
}

impl Language {
    fn from_characters(characters: &BTreeSet<char>) -> Self {
        let any = |from: char, to: char| characters.range(from..=to).next().is_some();
        if any('\u{3040}', '\u{30FF}') || any('\u{FF66}', '\u{FF9F}') {
            Self::Japanese
        } else if any('\u{AC00}', '\u{D7A3}') || any('\u{1100}', '\u{11FF}') {
            Self::Korean
        } else {
            Self::Chinese
        }
    }

    /// Whether a font family is made for this language rather than for another.
    fn suits(self, family: &str) -> bool {
        let own: &[&str] = match self {
            Self::Japanese => &["JP"],
            Self::Korean => &["KR"],
            Self::Chinese => &["SC", "TC", "HK"],
        };
        let last = family.rsplit(' ').next().unwrap_or_default();
        !["JP", "KR", "SC", "TC", "HK"].contains(&last) || own.contains(&last)
    }
}

/// How poorly a font fits: less is better.
fn rank(info: &FaceInfo, bold: bool, language: Language) -> (u32, u32, u16) {
    let family = info.families.first().map_or("", |(name, _)| name.as_str());
    let known = FAMILIES.iter().position(|known| family.starts_with(known));
    // Fonts of last resort draw boxes.
    let useless = ["LastResort", "Last Resort", "Adobe Blank", "Unifont"];
    let mut place = match known {
        Some(place) => place as u32,
        None if useless.iter().any(|name| family.contains(name)) => 1000,
        None if family.contains("Serif") => 200,
        None => 100,
    };
    if info.monospaced || family.contains("Mono") || !language.suits(family) {
        place += 50;
    }
    let slanted = u32::from(info.style != Style::Normal) + u32::from(family.contains(" UI"));
    let wanted = if bold { 600 } else { 400 };
    (place, slanted, info.weight.0.abs_diff(wanted))
}

/// The location of a font, to order equal ones.
fn source(info: &FaceInfo) -> (String, u32) {
    let path = match &info.source {
        fontdb::Source::File(path) | fontdb::Source::SharedFile(path, _) => {
            path.to_string_lossy().into_owned()
        }
        fontdb::Source::Binary(_) => String::new(),
    };
    (path, info.index)
}

/// A PostScript name of letters, digits and hyphens.
fn plain_name(name: &str) -> String {
    let plain = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-');
    let name: String = plain.take(63).collect();
    if name.is_empty() {
        "Font".to_owned()
    } else {
        name
    }
}
