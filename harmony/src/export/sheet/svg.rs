//! Pages as SVG. Every glyph is defined once and referenced wherever it is used.

use std::collections::BTreeSet;
use std::fmt::Write;

use quick_xml::escape::escape;

use super::draw::{Ink, Mark, Page};
use super::font::{Face, Fonts};

/// The document. Pages stand below each other.
pub(super) fn write(pages: &[Page], fonts: &Fonts, title: &str) -> String {
    let width = pages.iter().map(|page| page.width).fold(0.0, f32::max);
    let height: f32 = pages.iter().map(|page| page.height).sum();
    let mut body = String::new();
    let mut used: BTreeSet<(Face, u16)> = BTreeSet::new();
    let mut top = 0.0;
    for page in pages {
        put(
            &mut body,
            format_args!("<g transform=\"translate(0 {top})\">\n"),
        );
        for mark in &page.marks {
            self::mark(&mut body, mark, fonts, &mut used);
        }
        body.push_str("</g>\n");
        top += page.height;
    }
    let title = match title {
        "" => String::new(),
        title => format!("<title>{}</title>\n", escape(title)),
    };
    let mut svg = String::new();
    put(
        &mut svg,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}pt\" height=\"{height}pt\" \
             viewBox=\"0 0 {width} {height}\">\n{title}<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<defs>\n"
        ),
    );
    for (face, id) in used {
        let outline = fonts.outline(face, id);
        put(
            &mut svg,
            format_args!("<path id=\"g{}-{id}\" d=\"{outline}\"/>\n", face.number()),
        );
    }
    svg.push_str("</defs>\n");
    svg.push_str(&body);
    svg.push_str("</svg>\n");
    svg
}

fn mark(body: &mut String, mark: &Mark, fonts: &Fonts, used: &mut BTreeSet<(Face, u16)>) {
    match mark {
        Mark::Rect {
            x,
            y,
            width,
            height,
            ink,
        } => put(
            body,
            format_args!(
                "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" fill=\"{}\"/>\n",
                colour(*ink)
            ),
        ),
        Mark::Dot { x, y, radius } => put(
            body,
            format_args!(
                "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{radius}\" fill=\"{}\"/>\n",
                colour(Ink::Black)
            ),
        ),
        Mark::Text { runs, ink, says } => {
            let label = match says.as_str() {
                "" => " aria-hidden=\"true\"".to_owned(),
                says => format!(" role=\"img\" aria-label=\"{}\"", escape(says)),
            };
            put(body, format_args!("<g fill=\"{}\"{label}>", colour(*ink)));
            for run in runs {
                let scale = run.size / fonts.units_per_em(run.face);
                for glyph in &run.glyphs {
                    // Spaces are glyphs without an outline.
                    if glyph.text.chars().all(char::is_whitespace) && !glyph.text.is_empty() {
                        continue;
                    }
                    used.insert((run.face, glyph.id));
                    let (x, y) = (run.x + glyph.x, run.y - glyph.y);
                    put(
                        body,
                        format_args!(
                            "<use href=\"#g{}-{}\" transform=\"translate({x:.2} {y:.2}) scale({scale:.5} -{scale:.5})\"/>",
                            run.face.number(),
                            glyph.id
                        ),
                    );
                }
            }
            body.push_str("</g>\n");
        }
    }
}

fn colour(ink: Ink) -> String {
    let [red, green, blue] = ink.rgb();
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(what);
}
