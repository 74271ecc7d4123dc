//! Text shaping: the font of each part, the order of parts in scripts from right to left, and
//! joined letters.

use harfrust::{
    BufferClusterLevel, Direction, FontRef, ShapeOptions, ShaperData, Tag, UnicodeBuffer,
};
use unicode_bidi::BidiInfo;
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;

use super::draw::{Glyph, Run};
use super::font::{Face, Fonts};

/// The size of accidentals, as a share of the letters around them: the music font
/// counts its em as four spaces of a staff.
const ACCIDENTAL_SIZE: f32 = 1.2;

/// Drawn for a character that no font has.
const MISSING: &str = "?";

/// The grapheme clusters of a text.
pub(super) fn clusters(text: &str) -> impl Iterator<Item = &str> {
    text.graphemes(true)
}

/// Whether a character only modifies how others are drawn, and needs no glyph.
pub(super) const fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// A text as runs in reading order, positioned to the right from 0.
pub(super) fn runs(fonts: &Fonts, face: Face, size: f32, text: &str) -> Vec<Run> {
    let is_plain = |c: char| fonts.has(face, c) || fonts.has(Face::Music, c);
    if !text.chars().all(is_plain) {
        return complex(fonts, face, size, text);
    }
    let mut runs = plain(fonts, face, size, text);
    placed(&mut runs.iter_mut());
    runs
}

/// Places runs one after another.
fn placed(runs: &mut dyn Iterator<Item = &'_ mut Run>) {
    let mut x = 0.0;
    for run in runs {
        run.x = x;
        x += run.width;
    }
}

/// The size of one font's letters beside letters of another font.
fn size_among(face: Face, others: Face, size: f32) -> f32 {
    match face {
        Face::Music if others != Face::Music => size * ACCIDENTAL_SIZE,
        _ => size,
    }
}

/// Letters one after another, one glyph each; characters that the font lacks come from the music
/// font.
fn plain(fonts: &Fonts, face: Face, size: f32, text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_music = |c: char| !fonts.has(face, c);
        let music = is_music(first);
        let end = rest.find(|c| is_music(c) != music).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        let chosen = if music { Face::Music } else { face };
        runs.push(letters(fonts, chosen, size_among(chosen, face, size), part));
        rest = after;
    }
    runs
}

fn letters(fonts: &Fonts, face: Face, size: f32, text: &str) -> Run {
    let scale = size / fonts.units_per_em(face);
    let mut x = 0.0;
    let glyphs = text.chars().map(|c| {
        let id = fonts.glyph(face, c);
        let glyph = Glyph {
            id,
            x,
            y: 0.0,
            text: c.to_string(),
        };
        x += f32::from(fonts.advance(face, id)) * scale;
        glyph
    });
    let glyphs = glyphs.collect();
    Run {
        x: 0.0,
        y: 0.0,
        size,
        face,
        glyphs,
        width: x,
        text: text.to_owned(),
        right_to_left: false,
    }
}

/// A part of a text in one font and one script.
struct Item {
    face: Option<Face>,
    script: Option<Script>,
    text: String,
}

fn complex(fonts: &Fonts, face: Face, size: f32, text: &str) -> Vec<Run> {
    // Each with where it starts in the text.
    let mut runs: Vec<(usize, Run)> = Vec::new();
    let bidi = BidiInfo::new(text, None);
    for paragraph in &bidi.paragraphs {
        let (levels, spans) = bidi.visual_runs(paragraph, paragraph.range.clone());
        for span in spans {
            let rtl = levels.get(span.start).is_some_and(|level| level.is_rtl());
            let mut start = span.start;
            let items = items(fonts, face, &text[span]);
            let mut part: Vec<(usize, Run)> = Vec::with_capacity(items.len());
            for item in &items {
                let run = match item.face {
                    Some(found) => shaped(fonts, found, size_among(found, face, size), item, rtl),
                    None => missing(fonts, face, size, item),
                };
                part.push((start, run));
                start += item.text.len();
            }
            if rtl {
                part.reverse();
            }
            runs.append(&mut part);
        }
    }
    placed(&mut runs.iter_mut().map(|(_, run)| run));
    // Reading order, for readers that take the text in file order.
    runs.sort_by_key(|(start, _)| *start);
    runs.into_iter().map(|(_, run)| run).collect()
}

/// A question mark for each character that no font has.
fn missing(fonts: &Fonts, face: Face, size: f32, item: &Item) -> Run {
    let marks = MISSING.repeat(clusters(&item.text).count());
    Run {
        text: item.text.clone(),
        ..letters(fonts, face, size, &marks)
    }
}

fn items(fonts: &Fonts, face: Face, text: &str) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for cluster in clusters(text) {
        let script = cluster
            .chars()
            .map(|c| c.script())
            .find(|script| !matches!(script, Script::Common | Script::Inherited | Script::Unknown));
        let chosen = fonts.choose(face, cluster);
        let alike = |item: &&mut Item| {
            item.face == chosen
                && (script.is_none() || item.script.is_none() || item.script == script)
        };
        match items.last_mut().filter(alike) {
            Some(item) => {
                item.text.push_str(cluster);
                item.script = item.script.or(script);
            }
            None => items.push(Item {
                face: chosen,
                script,
                text: cluster.to_owned(),
            }),
        }
    }
    items
}

/// Shapes a part: the font joins and positions its glyphs.
fn shaped(fonts: &Fonts, face: Face, size: f32, item: &Item, rtl: bool) -> Run {
    let scale = size / fonts.units_per_em(face);
    let mut run = Run {
        x: 0.0,
        y: 0.0,
        size,
        face,
        glyphs: Vec::new(),
        width: 0.0,
        text: item.text.clone(),
        right_to_left: rtl,
    };
    let Some(output) = shape(fonts, face, &item.text, item.script, rtl) else {
        return Run {
            right_to_left: rtl,
            ..letters(fonts, face, size, &item.text)
        };
    };
    let texts = texts(fonts, face, item, &output, rtl);
    let mut pen = 0.0;
    let places = output.glyph_infos().iter().zip(output.glyph_positions());
    for ((info, position), text) in places.zip(texts) {
        run.glyphs.push(Glyph {
            id: u16::try_from(info.glyph_id).unwrap_or(0),
            x: pen + position.x_offset as f32 * scale,
            y: position.y_offset as f32 * scale,
            text,
        });
        pen += position.x_advance as f32 * scale;
    }
    run.width = pen;
    run
}

/// The text of each glyph: its own characters where the font has joined or moved none, else the
/// first glyph of a cluster gets the characters that the others do not have.
fn texts(
    fonts: &Fonts,
    face: Face,
    item: &Item,
    output: &harfrust::GlyphBuffer,
    rtl: bool,
) -> Vec<String> {
    let infos = output.glyph_infos();
    let mut starts: Vec<usize> = infos.iter().map(|info| info.cluster as usize).collect();
    starts.sort_unstable();
    starts.dedup();
    let mut texts = vec![String::new(); infos.len()];
    for (index, &from) in starts.iter().enumerate() {
        let to = starts.get(index + 1).copied().unwrap_or(item.text.len());
        let mut rest: Vec<char> = item
            .text
            .get(from..to)
            .unwrap_or_default()
            .chars()
            .collect();
        let own = (0..infos.len()).filter(|&glyph| infos[glyph].cluster as usize == from);
        let own: Vec<usize> = own.collect();
        for &glyph in own.iter().filter(|_| own.len() > 1) {
            let is_its = |c: &char| u32::from(fonts.glyph(face, *c)) == infos[glyph].glyph_id;
            if let Some(place) = rest.iter().position(is_its) {
                texts[glyph].push(rest.remove(place));
            }
        }
        // PDF viewers reorder right-to-left text letter by letter.
        if rtl {
            rest.reverse();
        }
        let first = own.iter().find(|&&glyph| texts[glyph].is_empty());
        if let Some(&glyph) = first.or(own.first()) {
            texts[glyph].extend(rest);
        }
    }
    if rtl {
        // A mirrored bracket looks like its counterpart.
        for (text, info) in texts.iter_mut().zip(infos) {
            let turned = BRACKETS.iter().find(|(own, _)| text.starts_with(*own));
            if let Some((_, other)) = turned
                && u32::from(fonts.glyph(face, *other)) == info.glyph_id
            {
                *text = other.to_string();
            }
        }
    }
    texts
}

/// Brackets that are mirrored in right-to-left scripts, with their mirror images.
const BRACKETS: [(char, char); 10] = [
    ('(', ')'),
    (')', '('),
    ('[', ']'),
    (']', '['),
    ('{', '}'),
    ('}', '{'),
    ('<', '>'),
    ('>', '<'),
    ('«', '»'),
    ('»', '«'),
];

/// Whether a font has a glyph for everything in a cluster after composition.
pub(super) fn covers(fonts: &Fonts, face: Face, cluster: &str) -> bool {
    let script = cluster.chars().map(|c| c.script()).next();
    shape(fonts, face, cluster, script, false)
        .is_some_and(|output| output.glyph_infos().iter().all(|info| info.glyph_id != 0))
}

fn shape(
    fonts: &Fonts,
    face: Face,
    text: &str,
    script: Option<Script>,
    rtl: bool,
) -> Option<harfrust::GlyphBuffer> {
    let (data, index) = fonts.data(face);
    let font = FontRef::from_index(data, index).ok()?;
    let data = ShaperData::new(&font);
    let shaper = data.shaper(&font).build();
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    if let Some(script) = script
        && let Ok(tag) = <[u8; 4]>::try_from(script.short_name().as_bytes())
        && let Some(script) = harfrust::Script::from_iso15924_tag(Tag::new(&tag))
    {
        buffer.set_script(script);
    }
    buffer.set_direction(if rtl {
        Direction::RightToLeft
    } else {
        Direction::LeftToRight
    });
    buffer.guess_segment_properties();
    // The finest cluster level, so that copied text maps to single letters.
    buffer.set_cluster_level(BufferClusterLevel::MonotoneCharacters);
    Some(shaper.shape(buffer, ShapeOptions::new()))
}
