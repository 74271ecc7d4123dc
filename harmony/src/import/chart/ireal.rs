//! Links for iReal Pro: `irealb://` with the chart in the app's own order, and the older
//! `irealbook://` in plain order, alone or in a page of HTML.
//!
//! A chart is a row of cells: chords and spaces between barlines. The cells share the length of
//! their bar. `D.C.` and `D.S.` are texts in the app and are not followed here: aligning finds
//! jumps. All songs of a playlist are read, one after the other, because charts longer than a page
//! of the app are several songs.

use super::unfold::{Signed, unfolded};
use super::{ChartError, MAX_CHART_BARS, WrittenBar, WrittenChart, WrittenChord, line_of};
use crate::export::ireal::{PREFIX, scrambled};
use crate::label::Label;
use crate::style;
use crate::time::Meter;

/// The link in a text: up to the quote that closes an attribute, else to the end of its line.
pub(super) fn link(text: &str) -> Option<&str> {
    let at = text
        .find("irealb://")
        .or_else(|| text.find("irealbook://"))?;
    let (before, link) = text.split_at(at);
    let quote = before
        .chars()
        .next_back()
        .filter(|c| matches!(c, '"' | '\''));
    let end = link.find(|c: char| Some(c) == quote || matches!(c, '\n' | '\r'));
    Some(link[..end.unwrap_or(link.len())].trim_end())
}

pub(super) fn parse(link: &str) -> Result<WrittenChart, ChartError> {
    let (kind, encoded) = link.split_once("://").ok_or(ChartError::Link)?;
    let text = percent_decoded(encoded);
    let ordered = kind == "irealbook";
    let mut chart = WrittenChart {
        in_bars: true,
        ..WrittenChart::default()
    };
    let mut signed: Vec<Signed> = Vec::new();
    for song in text.split("===") {
        let fields: Vec<&str> = song.split('=').filter(|field| !field.is_empty()).collect();
        let music = if ordered {
            // Six fields a song, several songs in a row.
            fields.get(5).map(|music| (*music).to_owned())
        } else {
            let scrambled_music = fields.iter().find_map(|field| field.strip_prefix(PREFIX));
            scrambled_music.map(scrambled)
        };
        let Some(music) = music else { continue };
        if chart.title.is_empty() {
            chart.title = line_of(fields.first().unwrap_or(&""));
            chart.composer = line_of(fields.get(1).unwrap_or(&""));
            if chart.composer == "Unknown" {
                chart.composer.clear();
            }
            chart.key = fields.get(3).and_then(|key| key_of(key));
            chart.tempo_bpm = tempo_of(&fields);
        }
        let mut reader = Reader::new(&music);
        reader.read();
        signed.append(&mut reader.bars);
        if signed.len() > MAX_CHART_BARS {
            return Err(ChartError::TooManyBars);
        }
    }
    if signed.is_empty() {
        return Err(ChartError::Link);
    }
    chart.bars = unfolded(&signed)?;
    Ok(chart)
}

fn key_of(text: &str) -> Option<crate::key::Key> {
    text.replace('-', "m").parse().ok()
}

/// The tempo: the last field but one, unless it is 0.
fn tempo_of(fields: &[&str]) -> Option<f64> {
    let numbers = fields.iter().rev().take(2);
    numbers
        .filter_map(|field| field.parse::<f64>().ok())
        .find(|bpm| *bpm >= 20.0)
}

/// A link's text, percent-decoded; invalid escapes stay as they are.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// A cell of the current bar.
enum Cell {
    Chord(Label),
    Empty,
}

/// Reads the cells of a song.
struct Reader {
    text: Vec<char>,
    at: usize,
    meter: Meter,
    bars: Vec<Signed>,
    cells: Vec<Cell>,
    section: Option<String>,
    repeat_start: bool,
    ending: Option<u32>,
    times: u32,
    /// How many bars before this one it repeats: 1, 2, or 0 for none.
    simile: usize,
    /// Signs of the bar that ends with the next barline.
    any: bool,
}

impl Reader {
    fn new(music: &str) -> Self {
        // The app's abbreviations.
        let plain = music
            .replace("XyQ", "   ")
            .replace("Kcl", "| x")
            .replace("LZ", " |");
        Self {
            text: plain.chars().collect(),
            at: 0,
            meter: Meter::COMMON,
            bars: Vec::new(),
            cells: Vec::new(),
            section: None,
            repeat_start: false,
            ending: None,
            times: 2,
            simile: 0,
            any: false,
        }
    }

    fn read(&mut self) {
        while let Some(&c) = self.text.get(self.at) {
            self.at += 1;
            match c {
                '[' | '|' => self.end_bar(0),
                ']' | 'Z' => self.end_bar(0),
                '{' => {
                    self.end_bar(0);
                    self.repeat_start = true;
                }
                '}' => {
                    let times = self.times;
                    self.end_bar(times);
                    self.times = 2;
                }
                '*' => {
                    let mark = self.next();
                    self.section = mark.map(|mark| match mark {
                        'i' => "Intro".to_owned(),
                        'v' | 'V' => "Verse".to_owned(),
                        other => other.to_string(),
                    });
                }
                'T' => self.meter_sign(),
                'N' => self.ending = self.next().and_then(|c| c.to_digit(10)).filter(|n| *n > 0),
                '<' => self.remark(),
                '(' => self.skip_to(')'),
                'x' => {
                    self.simile = 1;
                    self.any = true;
                }
                'r' => {
                    self.simile = 2;
                    self.any = true;
                }
                'n' => {
                    self.cells.push(Cell::Chord(Label::NoChord));
                    self.any = true;
                }
                // A slash: the chord is held.
                'p' => self.cells.push(Cell::Empty),
                ' ' => self.cells.push(Cell::Empty),
                'A'..='G' | 'W' => self.chord(c),
                // Signs for size, layout, codas and segnos.
                _ => {}
            }
            if self.bars.len() > MAX_CHART_BARS {
                return;
            }
        }
        self.end_bar(0);
    }

    fn next(&mut self) -> Option<char> {
        let c = self.text.get(self.at).copied();
        self.at += usize::from(c.is_some());
        c
    }

    fn skip_to(&mut self, end: char) {
        while let Some(c) = self.next() {
            if c == end {
                return;
            }
        }
    }

    /// `T44`, `T34`, `T12` for twelve eighths.
    fn meter_sign(&mut self) {
        let digits: Vec<u8> = (0..2)
            .filter_map(|_| self.next()?.to_digit(10))
            .filter_map(|digit| u8::try_from(digit).ok())
            .collect();
        let meter = match digits.as_slice() {
            [1, 2] => Meter::new(12, 8),
            [above, below] => Meter::new(*above, *below),
            _ => return,
        };
        self.meter = meter.unwrap_or(self.meter);
    }

    /// Words above a bar: how often a passage is played, or a section's name.
    fn remark(&mut self) {
        let start = self.at;
        self.skip_to('>');
        let end = self.at.saturating_sub(1).max(start);
        let text: String = self.text[start..end.min(self.text.len())].iter().collect();
        // Its vertical position.
        let text = match text.strip_prefix('*') {
            Some(rest) => rest
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .to_owned(),
            None => text,
        };
        let text = line_of(&text);
        if let Some(times) = super::cells::times(&text) {
            self.times = times;
        } else if let Ok(meter) = text.parse() {
            self.meter = meter;
        } else if !text.is_empty() && !text.starts_with("D.") && !text.starts_with("Fine") {
            self.section = self.section.take().or(Some(text));
        }
    }

    fn chord(&mut self, root: char) {
        let start = self.at;
        // Up to the next character that cannot be part of a chord.
        while let Some(&c) = self.text.get(self.at) {
            let in_symbol = c.is_ascii_digit()
                || matches!(
                    c,
                    '#' | 'b' | '+' | '-' | '^' | 'd' | 'h' | 'o' | 's' | 'u' | 'a' | 'l' | 't'
                );
            if c == '/' {
                // The bass, with its accidental.
                self.at += 1;
                if matches!(self.text.get(self.at), Some('A'..='G')) {
                    self.at += 1;
                }
                while matches!(self.text.get(self.at), Some('#' | 'b')) {
                    self.at += 1;
                }
                break;
            }
            // `s` and `l` alone set the size, before a chord; the `s` that ends `sus` does not.
            let in_sus = self.text.get(self.at.wrapping_sub(1)) == Some(&'u');
            let size = matches!(c, 's' | 'l')
                && !in_sus
                && matches!(
                    self.text.get(self.at + 1),
                    None | Some('A'..='G' | 'W' | '|' | ' ' | ',')
                );
            if !in_symbol || size {
                break;
            }
            self.at += 1;
        }
        let rest: String = self.text[start..self.at].iter().collect();
        let label = if root == 'W' {
            // An invisible root holds the chord, perhaps with a new bass.
            None
        } else {
            Some(symbol(root, &rest))
        };
        self.cells.push(label.map_or(Cell::Empty, Cell::Chord));
        self.any = true;
    }

    fn end_bar(&mut self, repeat_times: u32) {
        let cells = std::mem::take(&mut self.cells);
        let simile = std::mem::take(&mut self.simile);
        if !std::mem::take(&mut self.any) {
            if repeat_times > 0
                && let Some(last) = self.bars.last_mut()
            {
                last.repeat_times = repeat_times;
            }
            return;
        }
        if simile > 0 {
            let from = self.bars.len().saturating_sub(simile);
            let again: Vec<WrittenBar> =
                self.bars[from..].iter().map(|it| it.bar.clone()).collect();
            for (index, mut bar) in again.into_iter().enumerate() {
                bar.section = if index == 0 {
                    self.section.take()
                } else {
                    None
                };
                self.push(bar);
            }
        } else {
            let chords = self.chords(&cells);
            let bar = WrittenBar {
                section: self.section.take(),
                meter: self.meter,
                chords,
                measured: true,
            };
            self.push(bar);
        }
        if repeat_times > 0
            && let Some(last) = self.bars.last_mut()
        {
            last.repeat_times = repeat_times;
        }
    }

    fn push(&mut self, bar: WrittenBar) {
        self.bars.push(Signed {
            bar,
            repeat_start: std::mem::take(&mut self.repeat_start),
            repeat_times: 0,
            ending: self.ending.take(),
        });
    }

    /// The chords of a bar: cells are equally long, and an empty one extends the chord.
    fn chords(&self, cells: &[Cell]) -> Vec<WrittenChord> {
        let beats = self.meter.bar_beats() / cells.len().max(1) as f64;
        let mut chords: Vec<WrittenChord> = Vec::new();
        for cell in cells {
            match (cell, chords.last_mut()) {
                (Cell::Chord(label), Some(last)) if last.label == *label => last.beats += beats,
                (Cell::Chord(label), _) => chords.push(WrittenChord {
                    label: label.clone(),
                    beats,
                }),
                (Cell::Empty, Some(last)) => last.beats += beats,
                (Cell::Empty, None) => chords.push(WrittenChord {
                    label: self.sounding(),
                    beats,
                }),
            }
        }
        if chords.is_empty() {
            chords.push(WrittenChord {
                label: self.sounding(),
                beats: self.meter.bar_beats(),
            });
        }
        chords
    }

    /// The last chord of the bar before.
    fn sounding(&self) -> Label {
        let last = self.bars.last().and_then(|it| it.bar.chords.last());
        last.map_or(Label::NoChord, |chord| chord.label.clone())
    }
}

/// A chord of the app as a label. An unknown quality is shortened from its end until it is known.
fn symbol(root: char, rest: &str) -> Label {
    let (rest, bass) = rest.split_once('/').unwrap_or((rest, ""));
    let signs = rest.len() - rest.trim_start_matches(['#', 'b']).len();
    let (signs, quality) = rest.split_at(signs.min(1));
    let mut plain = String::new();
    for c in quality.chars() {
        match c {
            '^' => plain += "maj",
            'h' => plain += "ø",
            'o' => plain += "dim",
            '-' => plain += "m",
            other => plain.push(other),
        }
    }
    let plain = match plain.strip_suffix("maj") {
        Some(start) => format!("{start}maj7"),
        None => plain.replace("69", "6/9").replace("maj#11", "maj7#11"),
    };
    let mut letters: Vec<char> = plain.chars().collect();
    let bass = if bass.is_empty() {
        String::new()
    } else {
        format!("/{bass}")
    };
    loop {
        let quality: String = letters.iter().collect();
        if let Ok(label) = style::read(&format!("{root}{signs}{quality}{bass}")) {
            return label;
        }
        if letters.pop().is_none() {
            break;
        }
    }
    style::read(&format!("{root}{signs}")).unwrap_or(Label::Unknown)
}
