//! Pages as PDF, with the fonts inside and the text as text.

use std::collections::BTreeMap;

use miniz_oxide::deflate::compress_to_vec_zlib;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use super::draw::{Ink, Mark, Page};
use super::font::{Face, Fonts};

const COMPRESSION: u8 = 6;

/// A circle by four Bézier curves: the distance of their handles, in radii.
const KAPPA: f32 = 0.552_285;

/// The objects of one font.
struct FontRefs {
    font: Ref,
    cid: Ref,
    descriptor: Ref,
    file: Ref,
    cmap: Ref,
}

/// The document.
pub(super) fn write(pages: &[Page], fonts: &Fonts, title: &str) -> Vec<u8> {
    let mut next = 1;
    let mut reference = || {
        let new = Ref::new(next);
        next += 1;
        new
    };
    let (catalog, tree, info) = (reference(), reference(), reference());
    let refs: Vec<FontRefs> = Face::ALL
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
    about.title(TextStr(if title.is_empty() { "Chords" } else { title }));
    about.creator(TextStr(concat!("Changes ", env!("CARGO_PKG_VERSION"))));
    about.finish();

    // The glyphs of each font that are used, with the character they stand for.
    let mut used: [BTreeMap<u16, char>; 3] = Default::default();
    for (page, &(at, content)) in pages.iter().zip(&places) {
        let mut entry = pdf.page(at);
        entry.media_box(Rect::new(0.0, 0.0, page.width, page.height));
        entry.parent(tree).contents(content);
        let mut resources = entry.resources();
        let mut dictionary = resources.fonts();
        for (face, refs) in Face::ALL.iter().zip(&refs) {
            dictionary.pair(resource(*face), refs.font);
        }
        dictionary.finish();
        resources.finish();
        entry.finish();
        let stream = compress_to_vec_zlib(&drawn(page, fonts, &mut used), COMPRESSION);
        pdf.stream(content, &stream).filter(Filter::FlateDecode);
    }
    for ((face, refs), used) in Face::ALL.into_iter().zip(&refs).zip(&used) {
        font(&mut pdf, face, refs, fonts, used);
    }
    pdf.finish()
}

const fn resource(face: Face) -> Name<'static> {
    match face {
        Face::Bold => Name(b"F0"),
        Face::Regular => Name(b"F1"),
        Face::Music => Name(b"F2"),
    }
}

fn drawn(page: &Page, fonts: &Fonts, used: &mut [BTreeMap<u16, char>; 3]) -> Vec<u8> {
    let mut content = Content::new();
    let paint = |content: &mut Content, ink: Ink| {
        let [red, green, blue] = ink.rgb().map(|part| f32::from(part) / 255.0);
        content.set_fill_rgb(red, green, blue);
    };
    // PDF counts upwards.
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
                    let mut codes = Vec::with_capacity(2 * run.text.len());
                    for c in run.text.chars() {
                        let glyph = fonts.glyph(run.face, c);
                        used[run.face as usize].entry(glyph.id).or_insert(c);
                        codes.extend(glyph.id.to_be_bytes());
                    }
                    content.begin_text();
                    content.set_font(resource(run.face), run.size);
                    content.set_text_matrix([1.0, 0.0, 0.0, 1.0, run.x, up(run.y)]);
                    content.show(Str(&codes));
                    content.end_text();
                }
            }
        }
    }
    content.finish().to_vec()
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

/// A TrueType font whose codes are its glyphs.
fn font(pdf: &mut Pdf, face: Face, refs: &FontRefs, fonts: &Fonts, used: &BTreeMap<u16, char>) {
    let system = SystemInfo {
        registry: Str(b"Adobe"),
        ordering: Str(b"Identity"),
        supplement: 0,
    };
    let name = Name(face.name().as_bytes());
    pdf.type0_font(refs.font)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(refs.cid)
        .to_unicode(refs.cmap);

    // Lengths in thousandths of the em.
    let scale = 1000.0 / fonts.units_per_em(face);
    let parsed = fonts.of(face);
    let mut cid = pdf.cid_font(refs.cid);
    cid.subtype(CidFontType::Type2);
    cid.base_font(name);
    cid.system_info(system);
    cid.font_descriptor(refs.descriptor);
    cid.default_width(0.0);
    cid.cid_to_gid_map_predefined(Name(b"Identity"));
    let mut widths = cid.widths();
    for &id in used.keys() {
        let advance = parsed
            .glyph_hor_advance(ttf_parser::GlyphId(id))
            .unwrap_or(0);
        widths.consecutive(id, [f32::from(advance) * scale]);
    }
    widths.finish();
    cid.finish();

    let bounds = parsed.global_bounding_box();
    let ascent = f32::from(parsed.ascender()) * scale;
    pdf.font_descriptor(refs.descriptor)
        .name(name)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(
            f32::from(bounds.x_min) * scale,
            f32::from(bounds.y_min) * scale,
            f32::from(bounds.x_max) * scale,
            f32::from(bounds.y_max) * scale,
        ))
        .italic_angle(0.0)
        .ascent(ascent)
        .descent(f32::from(parsed.descender()) * scale)
        .cap_height(f32::from(parsed.capital_height().unwrap_or(700)) * scale)
        .stem_v(80.0)
        .font_file2(refs.file);

    let file = compress_to_vec_zlib(face.data(), COMPRESSION);
    let mut stream = pdf.stream(refs.file, &file);
    stream.filter(Filter::FlateDecode);
    stream.pair(Name(b"Length1"), face.data().len() as i32);
    stream.finish();

    let mut cmap = UnicodeCmap::new(Name(b"Custom"), system);
    for (&id, &c) in used {
        cmap.pair(id, c);
    }
    pdf.cmap(refs.cmap, &cmap.finish());
}
