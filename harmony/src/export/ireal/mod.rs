//! iReal Pro: a link that the app opens, in a page that can be sent or clicked.
//!
//! The link is in the app's own `irealb://` form, which programs that read its playlists understand
//! too: title, composer, style, key and, after a fixed prefix, the chart, whose blocks of fifty
//! characters are put in another order. A chart is a row of cells (`page`): chords and spaces
//! between barlines. A chart longer than a page of the app becomes several songs of one playlist.

mod page;

use std::io;

use super::ExportError;
use crate::chart::Chart;
use crate::key::{Key, Mode, simple};
use crate::label::{Chord, Degree, Label, Note, Quality};
use crate::style::shape::Shape;
use crate::style::spelled;
use crate::time::Meter;
use page::Page;

/// The prefix of every chart.
pub(crate) const PREFIX: &str = "1r34LbKcu7";

/// The meters that the app knows.
const METERS: [(u8, u8); 13] = [
    (2, 2),
    (3, 2),
    (2, 4),
    (3, 4),
    (4, 4),
    (5, 4),
    (6, 4),
    (7, 4),
    (5, 8),
    (6, 8),
    (7, 8),
    (9, 8),
    (12, 8),
];

/// Writes a page with the link.
///
/// # Errors
/// An error of the writer.
pub fn write(mut writer: impl io::Write, chart: &Chart) -> Result<(), ExportError> {
    let title = escaped(title(chart));
    let link = link(chart);
    writeln!(
        writer,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body><p><a href=\"{link}\">{title}</a> (opens in iReal Pro)</p></body>\n</html>"
    )?;
    writer.flush()?;
    Ok(())
}

/// The link that opens the chart in iReal Pro: one song, or a playlist of its parts, `TITLE (1/2)`
/// and so on, where it is longer than a page of the app.
#[must_use]
pub fn link(chart: &Chart) -> String {
    let key = chart.key().map_or_else(|| "C".to_owned(), key_name);
    let composer = match field(&chart.composer) {
        unknown if unknown.is_empty() => "Unknown".to_owned(),
        composer => composer,
    };
    let bpm = chart.tempo_bpm.clamp(40.0, 360.0);
    let title = field(title(chart));
    let pages = page::pages(chart);
    let mut songs = String::new();
    for (index, page) in pages.iter().enumerate() {
        let part = match pages.len() {
            1 => String::new(),
            count => format!(" ({}/{count})", index + 1),
        };
        songs += &format!(
            "{title}{part}={composer}==Medium Swing={key}=={PREFIX}{}=Jazz-Medium Swing={bpm:.0}=0===",
            scrambled(&cells(page)),
        );
    }
    if pages.len() > 1 {
        // The name of the playlist.
        songs += &title;
    }
    format!("irealb://{}", percent_encoded(&songs))
}

fn title(chart: &Chart) -> &str {
    match chart.title.as_str() {
        "" => "Chords",
        title => title,
    }
}

/// A text without `=`, which separates the fields.
fn field(text: &str) -> String {
    text.replace(['=', '"'], " ").trim().to_owned()
}

/// The app's name of a key. It knows only these: F# minor and Gb major, but not D# major.
fn key_name(key: Key) -> String {
    const MAJOR: [&str; 12] = [
        "C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B",
    ];
    const MINOR: [&str; 12] = [
        "C-", "C#-", "D-", "Eb-", "E-", "F-", "F#-", "G-", "G#-", "A-", "Bb-", "B-",
    ];
    let names = match key.mode() {
        Mode::Major => MAJOR,
        Mode::Minor => MINOR,
    };
    names[usize::from(key.tonic().pitch_class() % 12)].to_owned()
}

/// A page as a row of cells.
fn cells(page: &Page) -> String {
    let chart = &page.chart;
    let mut text = String::new();
    let mut meter: Option<Meter> = None;
    for (index, bar) in chart.bars.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &chart.bars[before]);
        // The barline comes first: after a chord, the star of a section would be read as its
        // quality.
        text += match (bar.repeat_start, before) {
            (true, _) => "{",
            (false, None) => "[",
            (false, Some(before)) if before.repeat_times > 0 || bar.section.is_some() => "[",
            _ => "|",
        };
        if let Some(letter) = bar.section.as_deref().and_then(mark) {
            text.push('*');
            text.push(letter);
        }
        let mut remark = None;
        if meter != Some(bar.meter) {
            let (above, below) = known_meter(bar.meter);
            // 12/8 is abbreviated as 12.
            text += &match (above, below) {
                (12, 8) => "T12".to_owned(),
                _ => format!("T{above}{below}"),
            };
            remark = ((above, below) != pair(bar.meter)).then(|| bar.meter.to_string());
            meter = Some(bar.meter);
        }
        if let Some(meter) = remark {
            text += &comment(&meter);
        }
        if let Some(section) = bar.section.as_deref().filter(|it| mark(it).is_none()) {
            text += &comment(section);
        }
        if bar.repeat_times > 2 {
            text += &comment(&format!("{}x", bar.repeat_times));
        }
        text += &page.bar(index);
        let next_opens = chart
            .bars
            .get(index + 1)
            .is_some_and(|next| next.section.is_some() && !next.repeat_start);
        if bar.repeat_times > 0 {
            text.push('}');
        } else if index + 1 < chart.bars.len() && next_opens {
            text.push(']');
        }
    }
    text.push('Z');
    text
}

/// The meter as the app has it: where it lacks the meter, one with the same number of beats per
/// bar, else 4/4.
fn known_meter(meter: Meter) -> (u8, u8) {
    let (above, below) = pair(meter);
    // Sixteenths are closer to eighths than to quarters.
    let halved = if below == 16 { 8 } else { below };
    [(above, below), (above, halved), (above, 4)]
        .into_iter()
        .find(|alike| METERS.contains(alike))
        .unwrap_or((4, 4))
}

/// A text above a bar. Letters that the app would read as abbreviations of cells and barlines are
/// separated.
fn comment(text: &str) -> String {
    let mut text = text.replace(['<', '>', '='], " ");
    for (token, apart) in [("XyQ", "X yQ"), ("LZ", "L Z"), ("Kcl", "K cl")] {
        text = text.replace(token, apart);
    }
    format!("<{text}>")
}

const fn pair(meter: Meter) -> (u8, u8) {
    (meter.numerator(), meter.denominator())
}

/// The rehearsal mark of a section, where the app has one: A to D, intro, verse.
fn mark(section: &str) -> Option<char> {
    match section {
        "A" | "B" | "C" | "D" => section.chars().next(),
        _ if section.eq_ignore_ascii_case("intro") => Some('i'),
        _ if section.eq_ignore_ascii_case("verse") => Some('V'),
        _ => None,
    }
}

fn symbol(label: &Label, key: Option<Key>) -> String {
    match label {
        Label::NoChord => "n".to_owned(),
        // An invisible root: time without a symbol.
        Label::Unknown => "W".to_owned(),
        Label::Chord(chord) => chord_symbol(&spelled(chord, key.as_ref())),
    }
}

fn chord_symbol(chord: &Chord) -> String {
    let mut text = name(chord.root());
    text += quality(&Shape::from_chord(chord));
    if !chord.is_root_position() {
        text.push('/');
        text += &name(chord.bass_note());
    }
    text
}

/// A note's name with at most one accidental.
fn name(note: Note) -> String {
    let note = simple(note);
    match note.alter() {
        -1..=1 => note.to_string(),
        _ => Note::common(note.pitch_class(), false).to_string(),
    }
}

/// The nearest quality that the app knows: extensions it lacks are left out.
fn quality(shape: &Shape) -> &'static str {
    let has = |number: u8, alter: i8| {
        let wanted = Degree::new(number, alter);
        shape.additions.iter().any(|&degree| Some(degree) == wanted)
    };
    match shape.quality {
        Quality::Maj if has(9, 0) || has(2, 0) => "add9",
        Quality::Maj | Quality::Single | Quality::Unstated => "",
        Quality::Min => "-",
        Quality::Dim => "o",
        Quality::Aug => "+",
        Quality::Maj7 if has(11, 1) => "^7#11",
        Quality::Maj7 if has(5, 1) => "^7#5",
        Quality::Maj7 | Quality::Maj11 => "^7",
        Quality::Min7 if has(5, -1) => "h7",
        Quality::Min7 => "-7",
        Quality::Dom7 if has(9, -1) && has(9, 1) => "7b9#9",
        Quality::Dom7 if has(9, -1) && has(5, 1) => "7b9#5",
        Quality::Dom7 if has(9, 1) && has(5, 1) => "7#9#5",
        Quality::Dom7 if has(9, -1) && has(13, -1) => "7b9b13",
        Quality::Dom7 if has(9, -1) => "7b9",
        Quality::Dom7 if has(9, 1) => "7#9",
        Quality::Dom7 if has(11, 1) => "7#11",
        Quality::Dom7 if has(5, -1) => "7b5",
        Quality::Dom7 if has(13, -1) => "7b13",
        Quality::Dom7 => "7",
        Quality::Dim7 => "o7",
        Quality::HalfDim7 => "h7",
        Quality::MinMaj7 => "-^7",
        Quality::Aug7 => "7#5",
        Quality::Maj6 if has(9, 0) => "69",
        Quality::Maj6 => "6",
        Quality::Min6 if has(9, 0) => "-69",
        Quality::Min6 => "-6",
        Quality::Dom9 if has(11, 1) => "9#11",
        Quality::Dom9 => "9",
        Quality::Maj9 if has(11, 1) => "^9#11",
        Quality::Maj9 => "^9",
        Quality::Min9 => "-9",
        Quality::Dom11 => "11",
        Quality::Min11 | Quality::Min13 => "-11",
        Quality::Dom13 if has(11, 1) => "13#11",
        Quality::Dom13 => "13",
        Quality::Maj13 => "^13",
        Quality::Sus2 => "2",
        Quality::Sus4 if has(7, -1) && has(9, 0) => "9sus",
        Quality::Sus4 if has(7, -1) => "7sus",
        Quality::Sus4 => "sus",
        Quality::Power => "5",
    }
}

/// The order in which the app stores a chart: in every whole block of fifty characters that is not
/// the last, characters 0 to 4 and 10 to 23 change places with their mirror images. Doing it twice
/// undoes it.
pub(crate) fn scrambled(text: &str) -> String {
    const BLOCK: usize = 50;
    let mut characters: Vec<char> = text.chars().collect();
    let mut from = 0;
    // A remainder of one character stays with the block before it, which is then not scrambled.
    while characters.len() > from + BLOCK {
        if characters.len() - (from + BLOCK) >= 2 {
            for index in (0..5).chain(10..24) {
                characters.swap(from + index, from + BLOCK - 1 - index);
            }
        }
        from += BLOCK;
    }
    characters.into_iter().collect()
}

/// Percent-encodes everything but letters, digits and the four characters that never need it.
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
