//! A chord diagram: strings, frets, and where the fingers go.

use super::draw::{Ink, Page};
use super::font::{Face, Fonts};
use super::symbol::{Line, chord};
use crate::export::Notation;
use crate::export::diagrams::{Diagram, FRETS};

/// Width of a diagram with the space beside it, points.
pub(super) const WIDTH: f32 = 62.0;
/// Height of a diagram with its name and the space below it.
pub(super) const HEIGHT: f32 = 84.0;

/// Size of the name.
const NAME_SIZE: f32 = 12.0;
/// Space above the strings.
const TOP: f32 = 26.0;
/// Width and height of the grid.
const GRID: (f32, f32) = (36.0, 44.0);
/// Space to the left of it, for the number of a fret.
const LEFT: f32 = 12.0;
/// Width of a line.
const LINE: f32 = 0.6;

/// Draws a diagram with its upper left corner at `left` and `top`.
pub(super) fn draw(
    page: &mut Page,
    fonts: &Fonts,
    notation: Notation,
    diagram: &Diagram,
    left: f32,
    top: f32,
) {
    let label = diagram.chord.clone().into();
    let name = chord(fonts, &label, diagram.key, notation, NAME_SIZE);
    let says = notation.format(&label, diagram.key);
    let frets = &diagram.held.frets;
    let spoken: Vec<String> = frets
        .iter()
        .map(|fret| fret.map_or_else(|| "x".to_owned(), |fret| fret.to_string()))
        .collect();
    let (x, y) = (left + LEFT, top + TOP);
    let (width, height) = GRID;
    let runs = name.at(x, top + NAME_SIZE);
    page.text(runs, Ink::Black, &format!("{says}: {}", spoken.join(" ")));
    let string = width / (frets.len().max(2) - 1) as f32;
    let fret = height / f32::from(FRETS);
    let first = diagram.first_fret();
    for index in 0..frets.len() {
        let at = x + index as f32 * string;
        page.rect(at - LINE / 2.0, y, LINE, height, Ink::Grey);
    }
    for row in 0..=FRETS {
        // The nut is thick.
        let thick = if row == 0 && first == 1 { 2.0 } else { LINE };
        let at = y + f32::from(row) * fret;
        page.rect(
            x - LINE / 2.0,
            at - thick / 2.0,
            width + LINE,
            thick,
            Ink::Black,
        );
    }
    if first > 1 {
        let mut number = Line::new(fonts);
        number.push(Face::Regular, 7.0, 0.0, &first.to_string());
        let at = x - 4.0 - number.width;
        page.text(number.at(at, y + fret * 0.65), Ink::Grey, "");
    }
    for (index, held) in frets.iter().enumerate() {
        let at = x + index as f32 * string;
        match held {
            None | Some(0) => {
                let sign = if held.is_none() { "x" } else { "o" };
                let mut line = Line::new(fonts);
                line.push(Face::Regular, 7.0, 0.0, sign);
                let half = line.width / 2.0;
                page.text(line.at(at - half, y - 3.0), Ink::Grey, "");
            }
            Some(pressed) => {
                let row = f32::from(pressed - first) + 0.5;
                page.dot(at, y + row * fret, (string * 0.42).min(3.6));
            }
        }
    }
    if let Some(barre) = diagram.held.barre {
        let across: Vec<usize> = (0..frets.len())
            .filter(|index| frets[*index] == Some(barre))
            .collect();
        if let (Some(low), Some(high)) = (across.first(), across.last()) {
            let row = f32::from(barre - first) + 0.5;
            let from = x + *low as f32 * string;
            let length = (high - low) as f32 * string;
            page.rect(from, y + row * fret - 1.5, length, 3.0, Ink::Black);
        }
    }
}
