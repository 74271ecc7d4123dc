//! Layout of a chart: the position of every element on the pages.

use super::diagram;
use super::draw::{Ink, Page, Run};
use super::font::{Face, Fonts};
use super::head::{cut, fitted};
use super::shape;
use super::symbol::{Line, chord};
use crate::chart::{Bar, Chart, DIVISIONS, TempoMark};
use crate::export::Notation;
use crate::export::diagrams::diagrams;
use crate::export::text::key_name;
use crate::key::Key;
use crate::label::Label;
use crate::time::Meter;
use crate::voicing::Instrument;

/// The page format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paper {
    /// Pages of A4.
    A4,
    /// One page as long as the chart.
    Endless,
}

const WIDTH: f32 = 595.0;
const A4_HEIGHT: f32 = 842.0;
const MARGIN: f32 = 44.0;
const TOP: f32 = 54.0;
const BOTTOM: f32 = 46.0;

/// The distance of two staff lines; the music font's em is four of them.
const SPACE: f32 = 5.6;
const STAFF: f32 = 4.0 * SPACE;
const STAFF_LINE: f32 = 0.55;
const MUSIC_SIZE: f32 = STAFF;

/// The sizes of a title; the first that fits is used.
const TITLE_SIZES: [f32; 5] = [25.0, 22.0, 19.0, 16.0, 13.0];
const TITLE_LINES: usize = 4;
const SMALL_SIZE: f32 = 10.0;
const NUMBER_SIZE: f32 = 7.5;
/// The line spacing of small text.
const LINE_STEP: f32 = 13.0;
/// Between key and composer.
const COMPOSER_GAP: f32 = 18.0;
const FOOT_SIZE: f32 = 8.0;
const CHORD_SIZE: f32 = 17.5;
const SECTION_SIZE: f32 = 12.0;

/// From the upper staff line up to the baseline of the chords.
const CHORD_RISE: f32 = 10.0;

/// From the upper staff line up to the foot of a section's box.
const SECTION_RISE: f32 = 29.0;

/// Above the staff of a line without and with a section; below every staff.
const ABOVE: f32 = 32.0;
const ABOVE_SECTION: f32 = 54.0;
const BELOW: f32 = 13.0;

/// Between a barline and the first slash, and after the last.
const BAR_PAD: f32 = 9.0;
const REPEAT_PAD: f32 = 9.0;

/// Musical signs by their SMuFL code points.
mod sign {
    pub(super) const G_CLEF: char = '\u{E050}';
    pub(super) const DIGIT_ZERO: u32 = 0xE080;
    pub(super) const COMMON_TIME: char = '\u{E08A}';
    pub(super) const SLASH: char = '\u{E101}';
    pub(super) const FLAT: char = '\u{E260}';
    pub(super) const SHARP: char = '\u{E262}';
    pub(super) const WHOLE_REST: char = '\u{E4E3}';
    pub(super) const BAR_REPEAT: char = '\u{E500}';
    pub(super) const HALF: char = '\u{ECA3}';
    pub(super) const QUARTER: char = '\u{ECA5}';
    pub(super) const EIGHTH: char = '\u{ECA7}';
    pub(super) const DOT: char = '\u{ECB7}';
}

/// Lays the chart out on pages; at least one.
pub(super) fn pages(
    chart: &Chart,
    notation: Notation,
    strings: Option<&Instrument>,
    fonts: &Fonts,
    paper: Paper,
) -> Vec<Page> {
    let mut sheet = Sheet {
        chart,
        notation,
        fonts,
        pages: vec![blank()],
    };
    let mut y = sheet.head();
    for line in chart.lines() {
        let has_section = chart.section_of(&line).is_some();
        let above = if has_section { ABOVE_SECTION } else { ABOVE };
        if paper == Paper::A4 && y + above + STAFF + BELOW > A4_HEIGHT - BOTTOM {
            sheet.pages.push(blank());
            y = TOP - 14.0;
        }
        y += above;
        sheet.system(line, y);
        y += STAFF + BELOW;
    }
    if let Some(strings) = strings {
        y = sheet.diagrams(strings, paper, y);
    }
    match paper {
        Paper::Endless => {
            let page = sheet.page();
            page.height = y + BOTTOM - BELOW;
        }
        Paper::A4 => sheet.feet(),
    }
    sheet.missing();
    sheet.pages
}

const fn blank() -> Page {
    Page {
        width: WIDTH,
        height: A4_HEIGHT,
        marks: Vec::new(),
    }
}

struct Sheet<'a> {
    chart: &'a Chart,
    notation: Notation,
    fonts: &'a Fonts,
    pages: Vec<Page>,
}

impl<'a> Sheet<'a> {
    fn page(&mut self) -> &mut Page {
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    /// Draws a diagram of each chord below `y`; returns where they end.
    fn diagrams(&mut self, strings: &Instrument, paper: Paper, mut y: f32) -> f32 {
        let all = diagrams(self.chart, strings);
        let wide = WIDTH - 2.0 * MARGIN;
        let in_row = (wide / diagram::WIDTH).floor().max(1.0) as usize;
        for row in all.chunks(in_row) {
            if paper == Paper::A4 && y + diagram::HEIGHT > A4_HEIGHT - BOTTOM {
                self.pages.push(blank());
                y = TOP - 14.0;
            }
            for (place, drawn) in row.iter().enumerate() {
                let left = MARGIN + place as f32 * wide / in_row as f32;
                let (fonts, notation) = (self.fonts, self.notation);
                diagram::draw(self.page(), fonts, notation, drawn, left, y);
            }
            y += diagram::HEIGHT;
        }
        y
    }

    /// Draws title, composer, key and tempo; returns where the music may begin.
    fn head(&mut self) -> f32 {
        let chart = self.chart;
        let most = WIDTH - 2.0 * MARGIN;
        let mut y = TOP;
        if !chart.title.is_empty() {
            let block = fitted(
                self.fonts,
                Face::Bold,
                &TITLE_SIZES,
                TITLE_LINES,
                most,
                &chart.title,
            );
            let step = 1.2 * block.size;
            let mut runs = Vec::new();
            let count = block.lines.len();
            for (index, (mut line, width)) in block.lines.into_iter().enumerate() {
                place(
                    &mut line,
                    (WIDTH - width) / 2.0,
                    y + 8.0 + index as f32 * step,
                );
                runs.append(&mut line);
            }
            self.page().text(runs, Ink::Black, &chart.title);
            y += 34.0 + (count - 1) as f32 * step;
        }
        let (line, says) = self.tempo_and_key();
        let beside = most - line.width - COMPOSER_GAP;
        if !chart.composer.is_empty() {
            // Beside the tempo where there is room, else above it.
            let face = Face::Regular;
            let alone = self.fonts.width(face, SMALL_SIZE, &chart.composer) > beside;
            let (most, lines) = if alone { (most, 2) } else { (beside, 1) };
            let block = fitted(
                self.fonts,
                face,
                &[SMALL_SIZE],
                lines,
                most,
                &chart.composer,
            );
            let mut runs = Vec::new();
            for (index, (mut line, width)) in block.lines.into_iter().enumerate() {
                y += if index > 0 { LINE_STEP } else { 0.0 };
                place(&mut line, WIDTH - MARGIN - width, y);
                runs.append(&mut line);
            }
            y += if alone { LINE_STEP } else { 0.0 };
            self.page().text(runs, Ink::Grey, &chart.composer);
        }
        let runs = line.at(MARGIN, y);
        self.page().text(runs, Ink::Grey, &says);
        y - 2.0
    }

    /// The metronome mark and the key, and their accessible text.
    fn tempo_and_key(&self) -> (Line<'a>, String) {
        let chart = self.chart;
        let mut line = Line::new(self.fonts);
        let mark = chart.tempo_mark();
        line.push(Face::Music, 13.0, 0.0, &note_sign(&mark).to_string());
        if mark.is_dotted() {
            line.width += 1.3;
            line.push(Face::Music, 13.0, 0.0, &sign::DOT.to_string());
        }
        let count = mark.per_minute;
        let mut says = match mark.beats {
            1.0 => format!("{count:.0} beats a minute"),
            _ => format!("{} = {count:.0}", mark.note()),
        };
        line.push(Face::Regular, SMALL_SIZE, 0.0, &format!(" = {count:.0}"));
        if let Some(key) = chart.key() {
            let names = self.notation.names;
            let name = key_name(key, names);
            let name = if key.tonic().alter() == 0 {
                name
            } else {
                name.replacen('b', "♭", 1).replacen('#', "♯", 1)
            };
            says = format!("{says}, {name}");
            line.push(Face::Regular, SMALL_SIZE, 0.0, &format!("     {name}"));
        }
        (line, says)
    }

    /// One line of the chart with its upper staff line at `y`.
    fn system(&mut self, bars: std::ops::Range<usize>, y: f32) {
        let chart = self.chart;
        let first = &chart.bars[bars.start];
        let before = bars.start.checked_sub(1).map(|before| &chart.bars[before]);
        let mut x = MARGIN;
        x += 3.0;
        self.glyph(sign::G_CLEF, x, y + 3.0 * SPACE);
        x += 18.0;
        x += self.key_signature(first.key, x, y);
        if before.is_none_or(|before| before.meter != first.meter) {
            x += self.meter(first.meter, x, y);
        }
        // Every line has room for the same number of bars, so that bars line up.
        let shares = bars.clone().map(|index| share(chart, &chart.bars[index]));
        let unit = (WIDTH - MARGIN - x) / shares.sum::<f32>().max(chart.bars_per_line as f32);
        let number = first.number.max(1).to_string();
        if bars.start > 0 {
            let mut line = Line::new(self.fonts);
            line.push(Face::Regular, NUMBER_SIZE, 0.0, &number);
            let runs = line.at(MARGIN, y - 6.0);
            self.page().text(runs, Ink::Grey, &format!("bar {number}"));
        }
        for index in bars.clone() {
            let bar = &chart.bars[index];
            let width = unit * share(chart, bar);
            self.bar(index, x, y, width, index == bars.start);
            x += width;
        }
        for staff_line in 0..5 {
            let top = y + staff_line as f32 * SPACE - STAFF_LINE / 2.0;
            self.page()
                .rect(MARGIN, top, x - MARGIN, STAFF_LINE, Ink::Grey);
        }
    }

    fn bar(&mut self, index: usize, x: f32, y: f32, width: f32, starts_line: bool) {
        let chart = self.chart;
        let bar = &chart.bars[index];
        let right = x + width;
        if let Some(section) = &bar.section {
            self.section(section, x, y);
        }
        let mut left = x + BAR_PAD;
        if bar.repeat_start {
            self.page().rect(x, y, 3.0, STAFF, Ink::Black);
            self.page().rect(x + 4.6, y, 0.8, STAFF, Ink::Black);
            self.dots(x + 8.4, y);
            left += REPEAT_PAD;
        }
        if !starts_line {
            left += self.changes(index, left, y);
        }
        let inner = (right - left - 4.0).max(1.0);
        if chart.is_simile(index) && !starts_line {
            let glyph = self
                .fonts
                .width(Face::Music, MUSIC_SIZE, &sign::BAR_REPEAT.to_string());
            let middle = left + (inner - glyph) / 2.0;
            self.glyph(sign::BAR_REPEAT, middle, y + 2.0 * SPACE);
        } else {
            self.chords(index, left, y, inner, starts_line);
        }
        self.right_barline(index, right, y);
    }

    /// Draws a change of key or meter within a line; returns its width.
    fn changes(&mut self, index: usize, x: f32, y: f32) -> f32 {
        let bars = &self.chart.bars;
        let Some(before) = index.checked_sub(1).map(|before| &bars[before]) else {
            return 0.0;
        };
        let bar = &bars[index];
        let mut width = 0.0;
        if bar.key != before.key {
            width += self.key_signature(bar.key, x, y);
        }
        if bar.meter != before.meter {
            width += self.meter(bar.meter, x + width, y) + 2.0;
        }
        width
    }

    /// The slashes of a bar, one a beat, and the chords above them. Where chords need
    /// more room than their time gives them, the beats move apart.
    fn chords(&mut self, index: usize, left: f32, y: f32, inner: f32, starts_line: bool) {
        const GAP: f32 = 5.0;
        let bar = &self.chart.bars[index];
        let said = |place: usize| {
            place > 0 || !bar.chords[place].held || starts_line || bar.section.is_some()
        };
        let symbol = |place: usize, size: f32| {
            let label = &bar.chords[place].label;
            chord(self.fonts, label, bar.key, self.notation, size)
        };
        let needs: Vec<f32> = (0..bar.chords.len())
            .map(|place| match said(place) {
                true => symbol(place, CHORD_SIZE).width + GAP,
                false => 0.0,
            })
            .collect();
        let needed: f32 = needs.iter().sum();
        let shrink = (inner / needed.max(1.0)).min(1.0);
        let fair = |length: u32| inner * length as f32 / bar.length as f32;
        let wishes = bar.chords.iter().zip(&needs);
        let mut widths: Vec<f32> = wishes
            .map(|(placed, need)| fair(placed.length).max(need * shrink))
            .collect();
        // Beats with more room than they need give it to the others.
        let excess = widths.iter().sum::<f32>() - inner;
        let slack: f32 = widths
            .iter()
            .zip(&needs)
            .map(|(width, need)| width - need * shrink)
            .sum();
        if excess > 0.0 && slack > 0.0 {
            let share = (excess / slack).min(1.0);
            for (width, need) in widths.iter_mut().zip(&needs) {
                *width -= (*width - need * shrink) * share;
            }
        }
        let mut starts = Vec::with_capacity(widths.len());
        let mut x = left;
        for width in &widths {
            starts.push(x);
            x += width;
        }
        let at = |offset: u32| {
            let place = bar.chords.partition_point(|placed| placed.offset <= offset) - 1;
            let placed = &bar.chords[place];
            let within = (offset - placed.offset) as f32 / placed.length.max(1) as f32;
            (place, starts[place] + within * widths[place])
        };
        let mut symbols = Vec::new();
        let mut signs = Vec::new();
        for offset in (0..bar.length).step_by(bar.pulse() as usize) {
            let (place, x) = at(offset);
            match bar.chords[place].label {
                Label::NoChord => {}
                _ => signs.push((sign::SLASH, x, y + 2.0 * SPACE)),
            }
        }
        if let [only] = bar.chords.as_slice()
            && only.label == Label::NoChord
        {
            signs.push((sign::WHOLE_REST, left + inner / 2.0 - 4.0, y + SPACE));
        }
        for (place, placed) in bar.chords.iter().enumerate() {
            if !said(place) {
                continue;
            }
            let says = self.notation.format(&placed.label, bar.key);
            let ink = match placed.label {
                Label::Chord(_) => Ink::Black,
                Label::NoChord | Label::Unknown => Ink::Grey,
            };
            let line = symbol(place, CHORD_SIZE * shrink);
            symbols.push((line.at(starts[place], y - CHORD_RISE), ink, says));
        }
        for (sign, x, y) in signs {
            self.glyph(sign, x, y);
        }
        for (runs, ink, says) in symbols {
            self.page().text(runs, ink, &says);
        }
    }

    fn right_barline(&mut self, index: usize, right: f32, y: f32) {
        let chart = self.chart;
        let bar = &chart.bars[index];
        let last = index + 1 == chart.bars.len();
        let page = self.page();
        if bar.repeat_times > 0 || last {
            page.rect(right - 3.0, y, 3.0, STAFF, Ink::Black);
            page.rect(right - 5.4, y, 0.8, STAFF, Ink::Black);
            if bar.repeat_times > 0 {
                self.dots(right - 8.4, y);
            }
            if bar.repeat_times > 2 {
                let times = format!("×{}", bar.repeat_times);
                let mut line = Line::new(self.fonts);
                line.push(Face::Bold, 10.0, 0.0, &times);
                let x = right - line.width;
                let runs = line.at(x, y + STAFF + 11.0);
                let says = format!("play {} times", bar.repeat_times);
                self.page().text(runs, Ink::Black, &says);
            }
        } else if chart.bars[index + 1].repeat_start && bar.number == 0 {
            // The repeat sign is there already.
        } else if chart.bars[index + 1].section.is_some() {
            page.rect(right - 0.8, y, 0.8, STAFF, Ink::Black);
            page.rect(right - 3.4, y, 0.8, STAFF, Ink::Black);
        } else {
            page.rect(right - 0.8, y, 0.8, STAFF, Ink::Black);
        }
    }

    /// The two dots of a repeat sign.
    fn dots(&mut self, x: f32, y: f32) {
        self.page().dot(x, y + 1.5 * SPACE, 1.35);
        self.page().dot(x, y + 2.5 * SPACE, 1.35);
    }

    /// Draws the label of a section, white in a black box.
    fn section(&mut self, label: &str, x: f32, y: f32) {
        let mut line = Line::new(self.fonts);
        let room = WIDTH - MARGIN - x - 11.0;
        let short = cut(self.fonts, Face::Bold, SECTION_SIZE, room, label);
        line.push(Face::Bold, SECTION_SIZE, 0.0, &short);
        let width = (line.width + 11.0).max(18.0);
        let foot = y - SECTION_RISE;
        let inset = (width - line.width) / 2.0;
        self.page().rect(x, foot - 17.0, width, 17.0, Ink::Black);
        let runs = line.at(x + inset, foot - 4.4);
        self.page().text(runs, Ink::White, label);
    }

    /// Draws a key signature; returns its width.
    fn key_signature(&mut self, key: Option<Key>, x: f32, y: f32) -> f32 {
        // Places of the accidentals, in steps below the upper staff line.
        const SHARPS: [i8; 7] = [0, 3, -1, 2, 5, 1, 4];
        const FLATS: [i8; 7] = [4, 1, 5, 2, 6, 3, 7];
        let count = key.map_or(0, Key::signature).clamp(-7, 7);
        let (glyph, places, step) = if count < 0 {
            (sign::FLAT, FLATS, 5.4)
        } else {
            (sign::SHARP, SHARPS, 6.2)
        };
        for (index, &place) in places
            .iter()
            .take(count.unsigned_abs() as usize)
            .enumerate()
        {
            let down = f32::from(place) * SPACE / 2.0;
            self.glyph(glyph, x + index as f32 * step, y + down);
        }
        match count {
            0 => 0.0,
            _ => count.unsigned_abs() as f32 * step + 4.0,
        }
    }

    /// Draws a time signature; returns its width.
    fn meter(&mut self, meter: Meter, x: f32, y: f32) -> f32 {
        if meter == Meter::COMMON {
            self.glyph(sign::COMMON_TIME, x, y + 2.0 * SPACE);
            return 13.0;
        }
        let rows = [(meter.numerator(), 1.0), (meter.denominator(), 3.0)];
        let texts = rows.map(|(number, row)| {
            let number = number.to_string();
            let digits = number.chars().filter_map(|digit| digit.to_digit(10));
            let signs = digits.filter_map(|digit| char::from_u32(sign::DIGIT_ZERO + digit));
            (signs.collect::<String>(), row)
        });
        let width = |text: &str| self.fonts.width(Face::Music, MUSIC_SIZE, text);
        let widest = width(&texts[0].0).max(width(&texts[1].0));
        let places = texts.map(|(text, row)| (x + (widest - width(&text)) / 2.0, row, text));
        for (left, row, text) in places {
            self.glyphs(&text, left, y + row * SPACE);
        }
        widest + 4.0
    }

    fn glyph(&mut self, sign: char, x: f32, y: f32) {
        self.glyphs(&sign.to_string(), x, y);
    }

    /// Draws musical signs without accessible text.
    fn glyphs(&mut self, signs: &str, x: f32, y: f32) {
        let mut runs = shape::runs(self.fonts, Face::Music, MUSIC_SIZE, signs);
        place(&mut runs, x, y);
        self.page().text(runs, Ink::Black, "");
    }

    /// Title and page number below every page, where there are several.
    fn feet(&mut self) {
        let count = self.pages.len();
        if count < 2 {
            return;
        }
        for (index, page) in self.pages.iter_mut().enumerate() {
            let number = format!("{} / {count}", index + 1);
            let mut line = Line::new(self.fonts);
            let mut text = number.clone();
            if !self.chart.title.is_empty() {
                let room = WIDTH - 2.0 * MARGIN - 60.0;
                let title = cut(
                    self.fonts,
                    Face::Regular,
                    FOOT_SIZE,
                    room,
                    &self.chart.title,
                );
                line.push(Face::Regular, FOOT_SIZE, 0.0, &title);
                line.push(Face::Regular, FOOT_SIZE, 0.0, " – ");
                text = format!("{title} – {number}");
            }
            line.push(Face::Regular, FOOT_SIZE, 0.0, &number);
            let x = (WIDTH - line.width) / 2.0;
            page.text(line.at(x, A4_HEIGHT - 24.0), Ink::Grey, &text);
        }
    }

    /// Lists on the first page which characters are drawn as question marks.
    fn missing(&mut self) {
        const NAMED: usize = 8;
        let missing = self.fonts.missing();
        if missing.is_empty() {
            return;
        }
        let named = missing.iter().take(NAMED);
        let mut names: Vec<String> = named.map(|&c| format!("U+{:04X}", u32::from(c))).collect();
        if missing.len() > NAMED {
            names.push("…".to_owned());
        }
        let text = format!(
            "Drawn as ?, for no font on this computer has them: {}",
            names.join(", ")
        );
        let room = WIDTH - 2.0 * MARGIN;
        let text = cut(self.fonts, Face::Regular, FOOT_SIZE, room, &text);
        let mut line = Line::new(self.fonts);
        line.push(Face::Regular, FOOT_SIZE, 0.0, &text);
        let page = &mut self.pages[0];
        page.text(line.at(MARGIN, page.height - 12.0), Ink::Grey, &text);
    }
}

/// The width of a bar, relative to a full bar of the chart's meter; a short bar still has room for
/// a chord.
fn share(chart: &Chart, bar: &Bar) -> f32 {
    let full = (chart.meter().bar_beats() * f64::from(DIVISIONS)) as f32;
    let share = (bar.length as f32 / full.max(1.0)).clamp(0.4, 2.0);
    // Room for the time signature where the meter changes.
    let odd = bar.number > 0 && bar.meter != chart.meter();
    if odd { share + 0.15 } else { share }
}

/// The note of a metronome mark, without its dot.
fn note_sign(mark: &TempoMark) -> char {
    match mark.beats {
        beats if beats >= 2.0 => sign::HALF,
        beats if beats >= 1.0 => sign::QUARTER,
        _ => sign::EIGHTH,
    }
}

/// Moves runs.
fn place(runs: &mut [Run], x: f32, y: f32) {
    for run in runs {
        run.x += x;
        run.y += y;
    }
}
