//! Bars in rows of text: `|: Am . F . | % :| x2`.

use super::unfold::Signed;
use super::{MAX_BAR_CHORDS, WrittenBar, WrittenChord};
use crate::label::Label;
use crate::style;
use crate::time::Meter;

/// State of the reader from row to row.
pub(super) struct Rows {
    /// The meter of the bars.
    pub meter: Meter,
    /// The bars so far.
    pub bars: Vec<Signed>,
    /// The section that the next bar starts.
    pub section: Option<String>,
}

impl Default for Rows {
    fn default() -> Self {
        Self {
            meter: Meter::COMMON,
            bars: Vec::new(),
            section: None,
        }
    }
}

impl Rows {
    /// Adds a chord outside of bars, as a bar of unknown length.
    pub(super) fn push_unmeasured(&mut self, label: Label) {
        let bar = WrittenBar {
            section: self.section.take(),
            meter: self.meter,
            chords: vec![WrittenChord {
                label,
                beats: self.meter.bar_beats(),
            }],
            measured: false,
        };
        self.bars.push(Signed::plain(bar));
    }
}

/// A part of a row: a barline, or the text between two.
#[derive(Clone, Debug, PartialEq)]
enum Part<'a> {
    Words(Vec<&'a str>),
    Barline {
        ends_repeat: bool,
        starts_repeat: bool,
    },
}

/// Splits a row at its barlines. A colon next to one belongs to it; one within a chord (`A:min`)
/// does not.
fn parts(row: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = row;
    while let Some(at) = rest.find('|') {
        let before = rest[..at].trim_end_matches('|');
        let words = before.trim_end_matches(':');
        let ends_repeat = words.len() < before.len();
        let from = &rest[at..];
        let after = from.trim_start_matches('|');
        let behind = after.trim_start_matches([':', '|']);
        let sign = &after[..after.len() - behind.len()];
        // `:|:` and `:||:` end one repeat and begin the next.
        let starts_repeat = sign.contains(':');
        parts.push(Part::Words(words.split_whitespace().collect()));
        parts.push(Part::Barline {
            ends_repeat,
            starts_repeat,
        });
        rest = behind;
    }
    parts.push(Part::Words(rest.split_whitespace().collect()));
    parts
}

/// A number of times: `x3`, `3x`, `×3`, `(3x)`.
pub(super) fn times(word: &str) -> Option<u32> {
    let bare = word.trim_matches(['(', ')', '.', ',']);
    let number = bare
        .strip_prefix(['x', 'X', '×'])
        .or_else(|| bare.strip_suffix(['x', 'X', '×']))?;
    number.parse().ok().filter(|times| (1..=99).contains(times))
}

/// `1.` or `2.` at the start of a bar: an ending.
fn ending(word: &str) -> Option<u32> {
    let number = word.strip_suffix(['.', ')'])?;
    number
        .trim_start_matches('[')
        .parse()
        .ok()
        .filter(|number| (1..=9).contains(number))
}

/// Whether a word marks a beat on which the chord is held.
fn is_beat(word: &str) -> bool {
    matches!(word, "." | "/" | "-" | "_" | "~" | "*")
}

fn is_simile(word: &str) -> bool {
    matches!(word, "%" | "%%" | "𝄎" | "𝄏" | "./." | "//")
}

/// A chord, or several in one cell separated by tildes, as in ChordPro.
pub(super) fn chords_of(word: &str) -> Option<Vec<Label>> {
    let word = word.trim_start_matches('[').trim_end_matches(']');
    if word == "*?" {
        return Some(vec![Label::Unknown]);
    }
    let part = |part: &str| style::read(part).ok();
    match word.contains('~') {
        true => word.split('~').map(part).collect(),
        false => Some(vec![part(word)?]),
    }
}

/// Whether a word can belong to a bar.
fn belongs(word: &str) -> bool {
    is_beat(word)
        || is_simile(word)
        || times(word).is_some()
        || ending(word).is_some()
        || chords_of(word).is_some()
}

/// How many words of a row can belong to bars, and how many words it has.
pub(super) fn count_of_chords(row: &str) -> (usize, usize) {
    let (mut fitting, mut all) = (0, 0);
    for part in parts(row) {
        if let Part::Words(words) = part {
            all += words.len();
            fitting += words.iter().filter(|word| belongs(word)).count();
        }
    }
    (fitting, all)
}

impl Rows {
    /// Reads a row of bars.
    ///
    /// # Errors
    /// The first word that is no chord.
    pub(super) fn read<'a>(&mut self, row: &'a str) -> Result<(), &'a str> {
        let first_of_row = self.bars.len();
        let mut starts_repeat = false;
        let parts = parts(row);
        for (place, part) in parts.iter().enumerate() {
            match part {
                Part::Barline {
                    ends_repeat,
                    starts_repeat: starts,
                } => {
                    if *ends_repeat && let Some(last) = self.bars.last_mut() {
                        last.repeat_times = 2;
                    }
                    starts_repeat = *starts;
                }
                Part::Words(words) => {
                    let behind = place > 0;
                    let last = place + 1 == parts.len();
                    let words = self.without_times(words, behind, last, first_of_row);
                    if words.is_empty() {
                        continue;
                    }
                    self.bar(&words, starts_repeat)?;
                    starts_repeat = false;
                }
            }
        }
        Ok(())
    }

    /// Removes the number of times of the passage before from the words of a bar.
    fn without_times<'a>(
        &mut self,
        words: &[&'a str],
        behind_barline: bool,
        ends_row: bool,
        first_of_row: usize,
    ) -> Vec<&'a str> {
        let mut words = words.to_vec();
        let count = words.first().and_then(|word| times(word));
        // `x 3` in two words.
        let spread = match words.as_slice() {
            ["x" | "X" | "×", number, ..] => number.parse().ok().filter(|n| (1..=99).contains(n)),
            _ => None,
        };
        let Some(count) = count.or(spread).filter(|_| behind_barline) else {
            return words;
        };
        words.drain(..if spread.is_some() { 2 } else { 1 });
        if let Some(last) = self.bars.last_mut() {
            if last.repeat_times > 0 {
                last.repeat_times = count;
            } else if ends_row {
                // Without repeat signs the row itself is repeated.
                last.repeat_times = count;
                if let Some(first) = self.bars.get_mut(first_of_row) {
                    first.repeat_start = true;
                }
            }
        }
        words
    }

    fn bar<'a>(&mut self, words: &[&'a str], repeat_start: bool) -> Result<(), &'a str> {
        let mut words = words;
        let ending = words.first().and_then(|word| ending(word));
        if ending.is_some() {
            words = &words[1..];
        }
        let before = self.bars.last().map(|it| it.bar.clone());
        let simile = words.first().is_some_and(|word| is_simile(word))
            && words.iter().skip(1).all(|word| is_beat(word));
        let chords = if words.is_empty() || simile {
            match &before {
                Some(before) => before.chords.clone(),
                None => return Err(words.first().copied().unwrap_or("|")),
            }
        } else {
            self.chords(words, before.as_ref())?
        };
        let bar = WrittenBar {
            section: self.section.take(),
            meter: self.meter,
            chords,
            measured: true,
        };
        self.bars.push(Signed {
            repeat_start,
            ending,
            ..Signed::plain(bar)
        });
        Ok(())
    }

    /// The chords of a bar. With beat signs each word is a beat, and the last chord lasts to the
    /// end of the bar; without, the chords share the beats, the first ones longer if they do not
    /// divide evenly.
    fn chords<'a>(
        &self,
        words: &[&'a str],
        before: Option<&WrittenBar>,
    ) -> Result<Vec<WrittenChord>, &'a str> {
        let pulse = self.meter.pulse_beats();
        let pulses = (self.meter.bar_beats() / pulse).round().max(1.0) as usize;
        let mut cells: Vec<Vec<Label>> = Vec::new();
        for word in words.iter().take(4 * MAX_BAR_CHORDS) {
            if is_beat(word) {
                cells.push(Vec::new());
            } else {
                cells.push(chords_of(word).ok_or(*word)?);
            }
        }
        let mut chords: Vec<WrittenChord> = Vec::new();
        let mut push = |label: &Label, beats: f64| match chords.last_mut() {
            Some(last) if last.label == *label => last.beats += beats,
            _ => chords.push(WrittenChord {
                label: label.clone(),
                beats,
            }),
        };
        if cells.iter().all(|cell| cell.len() == 1) {
            let (each, more) = (pulses / cells.len(), pulses % cells.len());
            for (index, cell) in cells.iter().enumerate() {
                let beats = match each {
                    0 => self.meter.bar_beats() / cells.len() as f64,
                    each => (each + usize::from(index < more)) as f64 * pulse,
                };
                push(&cell[0], beats);
            }
            return Ok(chords);
        }
        let unit = match cells.len() {
            count if count > pulses => self.meter.bar_beats() / count as f64,
            _ => pulse,
        };
        // A beat sign at the start of a bar holds the chord before it.
        let mut sounding = before
            .and_then(|bar| bar.chords.last())
            .map_or(Label::NoChord, |chord| chord.label.clone());
        let last = cells.len() - 1;
        for (index, cell) in cells.iter().enumerate() {
            let rest = self.meter.bar_beats() - index as f64 * unit;
            let length = if index == last { rest } else { unit };
            match cell.as_slice() {
                [] => push(&sounding, length),
                several => {
                    for label in several {
                        push(label, length / several.len() as f64);
                        sounding = label.clone();
                    }
                }
            }
        }
        Ok(chords)
    }
}
