//! Pages as PDF, with subsets of the fonts and text that can be searched and copied.

use std::collections::BTreeMap;

use miniz_oxide::deflate::compress_to_vec_zlib;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use subsetter::GlyphRemapper;

use super::draw::{Ink, Mark, Page, Run};
use super::font::{Face, Fonts};
use crate::chart::Chart;
use crate::export::ExportError;

const COMPRESSION: u8 = 6;

/// The length of the handles when four Bézier curves draw a circle, in radii.
const KAPPA: f32 = 0.552_285;

/// Glyphs this close to the pen position, in points, are written in one string.
const IN_PLACE: f32 = 0.01;

/// The used part of a font. Its glyphs are renumbered in order of use.
#[derive(Default)]
struct Used {
    glyphs: GlyphRemapper,
    /// The characters that each new number stands for.
    texts: BTreeMap<u16, String>,
    /// The advance width of each, in font units.
    advances: BTreeMap<u16, u16>,
}

/// The objects of one font.
struct FontRefs {
    font: Ref,
    cid: Ref,
    descriptor: Ref,
    file: Ref,
    cmap: Ref,
}

/// The document.
pub(super) fn write(pages: &[Page], fonts: &Fonts, chart: &Chart) -> Result<Vec<u8>, ExportError> {
    let mut used: BTreeMap<Face, Used> = BTreeMap::new();
    let contents: Vec<Vec<u8>> = pages
        .iter()
        .map(|page| compress_to_vec_zlib(&drawn(page, fonts, &mut used), COMPRESSION))
        .collect();

    let mut next = 1;
    let mut reference = || {
        let new = Ref::new(next);
        next += 1;
        new
    };
    let (catalog, tree, info) = (reference(), reference(), reference());
    let refs: Vec<FontRefs> = used
        .iter()
        .map(|_| FontRefs {
            font: reference(),
            cid: reference(),
            descriptor: reference(),
            file: reference(),
            cmap: reference(),
        })
        .collect();
    let places: Vec<(Ref, Ref)> = pages.iter().map(|_| (reference(), reference())).collect();

    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    let kids = places.iter().map(|(page, _)| *page);
    pdf.pages(tree).kids(kids).count(pages.len() as i32);
    let mut about = pdf.document_info(info);
    about.title(TextStr(match chart.title.as_str() {
        "" => "Chords",
        title => title,
    }));
    if !chart.composer.is_empty() {
        about.author(TextStr(&chart.composer));
    }
    about.creator(TextStr(concat!("Changes ", env!("CARGO_PKG_VERSION"))));
    about.finish();

    for ((page, content), &(at, stream)) in pages.iter().zip(&contents).zip(&places) {
        let mut entry = pdf.page(at);
        entry.media_box(Rect::new(0.0, 0.0, page.width, page.height));
        entry.parent(tree).contents(stream);
        let mut resources = entry.resources();
        let mut dictionary = resources.fonts();
        for (face, refs) in used.keys().zip(&refs) {
            dictionary.pair(Name(resource(*face).as_bytes()), refs.font);
        }
        dictionary.finish();
        resources.finish();
        entry.finish();
        pdf.stream(stream, content).filter(Filter::FlateDecode);
    }
    for ((face, used), refs) in used.iter().zip(&refs) {
        font(&mut pdf, *face, refs, fonts, used)?;
    }
    Ok(pdf.finish())
}

fn resource(face: Face) -> String {
    format!("F{}", face.number())
}

fn drawn(page: &Page, fonts: &Fonts, used: &mut BTreeMap<Face, Used>) -> Vec<u8> {
    let mut content = Content::new();
    let paint = |content: &mut Content, ink: Ink| {
        let [red, green, blue] = ink.rgb().map(|part| f32::from(part) / 255.0);
        content.set_fill_rgb(red, green, blue);
    };
    // In PDF y points upwards.
    let up = |y: f32| page.height - y;
    for mark in &page.marks {
        match mark {
            Mark::Rect {
                x,
                y,
                width,
                height,
                ink,
            } => {
                paint(&mut content, *ink);
                content.rect(*x, up(y + height), *width, *height);
                content.fill_nonzero();
            }
            Mark::Dot { x, y, radius } => {
                paint(&mut content, Ink::Black);
                circle(&mut content, *x, up(*y), *radius);
            }
            Mark::Text { runs, ink, .. } => {
                paint(&mut content, *ink);
                for run in runs {
                    letters(&mut content, fonts, run, up(run.y), used);
                }
            }
        }
    }
    content.finish().to_vec()
}

fn letters(
    content: &mut Content,
    fonts: &Fonts,
    run: &Run,
    y: f32,
    used: &mut BTreeMap<Face, Used>,
) {
    let used = used.entry(run.face).or_default();
    let scale = run.size / fonts.units_per_em(run.face);
    let mut says_itself = true;
    let mut codes = Vec::with_capacity(run.glyphs.len());
    for glyph in &run.glyphs {
        let code = used.glyphs.remap(glyph.id);
        let text = used.texts.entry(code).or_insert_with(|| glyph.text.clone());
        // A glyph may stand for several characters, and those for several glyphs.
        says_itself &= *text == glyph.text && !text.is_empty();
        let advance = fonts.advance(run.face, glyph.id);
        used.advances.insert(code, advance);
        codes.push((code, f32::from(advance) * scale));
    }
    // PDF viewers reorder right-to-left text themselves, letter by letter.
    let spelt = run.glyphs.iter().map(|glyph| glyph.text.as_str());
    says_itself &= spelt.collect::<String>() == run.text;
    says_itself |= run.right_to_left;
    if !says_itself {
        let mut span = content.begin_marked_content_with_properties(Name(b"Span"));
        span.properties().actual_text(TextStr(&run.text));
    }
    content.begin_text();
    content.set_font(Name(resource(run.face).as_bytes()), run.size);
    let mut bytes: Vec<u8> = Vec::with_capacity(2 * codes.len());
    let (mut pen, mut line) = (f32::NAN, f32::NAN);
    for (glyph, (code, advance)) in run.glyphs.iter().zip(codes) {
        // Letters that the font has shifted are positioned separately.
        let in_place = (glyph.x - pen).abs() <= IN_PLACE && glyph.y == line;
        if !in_place {
            if !bytes.is_empty() {
                content.show(Str(&bytes));
                bytes.clear();
            }
            content.set_text_matrix([1.0, 0.0, 0.0, 1.0, run.x + glyph.x, y + glyph.y]);
            (pen, line) = (glyph.x, glyph.y);
        }
        bytes.extend(code.to_be_bytes());
        pen += advance;
    }
    if !bytes.is_empty() {
        content.show(Str(&bytes));
    }
    content.end_text();
    if !says_itself {
        content.end_marked_content();
    }
}

fn circle(content: &mut Content, x: f32, y: f32, r: f32) {
    let k = KAPPA * r;
    content.move_to(x + r, y);
    content.cubic_to(x + r, y + k, x + k, y + r, x, y + r);
    content.cubic_to(x - k, y + r, x - r, y + k, x - r, y);
    content.cubic_to(x - r, y - k, x - k, y - r, x, y - r);
    content.cubic_to(x + k, y - r, x + r, y - k, x + r, y);
    content.fill_nonzero();
}

/// A font whose character codes are glyph numbers, reduced to the glyphs in use.
fn font(
    pdf: &mut Pdf,
    face: Face,
    refs: &FontRefs,
    fonts: &Fonts,
    used: &Used,
) -> Result<(), ExportError> {
    let system = SystemInfo {
        registry: Str(b"Adobe"),
        ordering: Str(b"Identity"),
        supplement: 0,
    };
    let (data, index) = fonts.data(face);
    let data = subsetter::subset(data, index, &used.glyphs)
        .map_err(|_| ExportError::Font("it cannot be subset"))?;
    // PostScript outlines (CFF) are embedded without the rest of the file.
    let outlines = ttf_parser::RawFace::parse(&data, 0)
        .ok()
        .and_then(|raw| raw.table(ttf_parser::Tag::from_bytes(b"CFF ")))
        .map(<[u8]>::to_vec);
    let postscript = outlines.is_some();

    // A tag of six letters marks a font subset.
    let mark = char::from(b'A' + face.number() % 26);
    let name = format!("CHANG{mark}+{}", fonts.name(face));
    let name = Name(name.as_bytes());
    pdf.type0_font(refs.font)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(refs.cid)
        .to_unicode(refs.cmap);

    // Lengths in thousandths of the em.
    let scale = 1000.0 / fonts.units_per_em(face);
    let mut cid = pdf.cid_font(refs.cid);
    cid.base_font(name);
    cid.system_info(system);
    cid.font_descriptor(refs.descriptor);
    cid.default_width(0.0);
    if postscript {
        cid.subtype(CidFontType::Type0);
    } else {
        cid.subtype(CidFontType::Type2);
        cid.cid_to_gid_map_predefined(Name(b"Identity"));
    }
    let mut widths = cid.widths();
    for (&id, &advance) in &used.advances {
        widths.consecutive(id, [f32::from(advance) * scale]);
    }
    widths.finish();
    cid.finish();

    let (bounds, ascent, descent, capitals) = fonts.with(face, |font| {
        (
            font.global_bounding_box(),
            font.ascender(),
            font.descender(),
            font.capital_height().unwrap_or(700),
        )
    });
    let mut descriptor = pdf.font_descriptor(refs.descriptor);
    descriptor
        .name(name)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(
            f32::from(bounds.x_min) * scale,
            f32::from(bounds.y_min) * scale,
            f32::from(bounds.x_max) * scale,
            f32::from(bounds.y_max) * scale,
        ))
        .italic_angle(0.0)
        .ascent(f32::from(ascent) * scale)
        .descent(f32::from(descent) * scale)
        .cap_height(f32::from(capitals) * scale)
        .stem_v(80.0);
    if postscript {
        descriptor.font_file3(refs.file);
    } else {
        descriptor.font_file2(refs.file);
    }
    descriptor.finish();

    let file = outlines.unwrap_or(data);
    let length = file.len() as i32;
    let file = compress_to_vec_zlib(&file, COMPRESSION);
    let mut stream = pdf.stream(refs.file, &file);
    stream.filter(Filter::FlateDecode);
    if postscript {
        stream.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
    } else {
        stream.pair(Name(b"Length1"), length);
    }
    stream.finish();

    let mut cmap = UnicodeCmap::new(Name(b"Custom"), system);
    for (&id, text) in &used.texts {
        match text.as_str() {
            // A zero-width space: a code without text could be read as anything.
            "" => cmap.pair(id, '\u{200B}'),
            text => cmap.pair_with_multiple(id, text.chars()),
        }
    }
    pdf.cmap(refs.cmap, &cmap.finish());
    Ok(())
}
