//! `changes tag`: writes key and tempo into the tags of audio files.

use std::fs;
use std::io;
use std::path::Path;

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use harmony::export::{Options, atomic};
use harmony::key::{Key, Mode};
use harmony::label::Note;
use harmony::track::Track;
use recognizer::song::{Heard, track};

use crate::arguments::Tag;
use crate::error::{Error, in_file};
use crate::interrupt::Work;
use crate::model::WholeFile;
use crate::output::print;
use crate::songs::{self, Several, Song};
use crate::tags::{TagError, Tagged, Values};

/// Finds key and tempo of every song, and shows or writes the tags.
pub fn run(options: &Tag) -> Result<(), Error> {
    let known = options.time.known()?;
    let found = songs::listed(&options.files)?;
    if let Some(song) = found.songs.iter().find(|song| song.is_standard_input()) {
        return Err(Error::NoTags(song.path().to_owned()));
    }
    let several = Several::over(found.songs.len(), &found);
    let model = WholeFile::load(&options.hearing)?;
    let work = Work::on(found.songs.len());
    let mut rows = Rows::default();
    let tuning = options.hearing.tuning();
    for song in &found.songs {
        let heard = several.hear(song, &model, known, tuning, |_| {});
        let values = heard.and_then(|heard| heard_values(options, song, &heard));
        several.done(values.and_then(|heard| one(options, song, heard, &work, &mut rows)))?;
    }
    let progress = &several.progress;
    if !rows.table.is_empty() {
        progress.above(|| print(format!("{}\n", rows.text()).as_bytes()))?;
    }
    if let Some(advice) = rows.advice(options) {
        progress.say(&advice);
    }
    several.end()
}

/// Tags one song.
fn one(
    options: &Tag,
    song: &Song,
    heard: Values,
    work: &Work,
    rows: &mut Rows,
) -> Result<(), Error> {
    let path = song.path();
    let refused = |source: TagError| Error::Tag {
        path: path.to_owned(),
        source,
    };
    let unreadable = |source: io::Error| Error::ReadFile {
        path: path.to_owned(),
        source,
    };
    // The target of a link is tagged, and the link stays.
    let place = fs::canonicalize(path).map_err(unreadable)?;
    let tagged = Tagged::new(fs::read(&place).map_err(unreadable)?).map_err(refused)?;
    let there = tagged.values().map_err(refused)?;
    let key = Change::of(there.key, heard.key, options.force, same_key);
    let tempo = Change::of(there.tempo, heard.tempo, options.force, same_tempo);
    let new = Values {
        key: key.written(),
        tempo: tempo.written(),
    };
    let changes = new != Values::default();
    if options.write && changes {
        let bytes = tagged.with_same_audio(&new, path).map_err(refused)?;
        work.unbroken(|| atomic::write(&place, &bytes))?;
    } else {
        work.count();
    }
    rows.add(path, &key, &tempo, changes);
    Ok(())
}

/// Key and tempo of a song in the form of tags.
fn heard_values(options: &Tag, song: &Song, heard: &Heard) -> Result<Values, Error> {
    let about = Options {
        key: options.key,
        ..Options::default()
    };
    let beats = heard.beats.as_ref();
    let track = track(&heard.chords, &heard.chords, beats, &about);
    let track = track.map_err(|cause| in_file(song.path())(&cause))?;
    Ok(Values {
        key: key_of(&track).map(key_text),
        tempo: beats.and_then(|_| tempo_of(&track)),
    })
}

/// The key that holds for the longest time.
fn key_of(track: &Track) -> Option<Key> {
    let end_beat = track.tempo().beat_at(track.timeline().end_s()?);
    let starts = track.keys().iter().map(|region| region.beat);
    let ends = starts.skip(1).chain([end_beat]);
    let mut held: Vec<(Key, f64)> = Vec::new();
    for (region, end) in track.keys().iter().zip(ends) {
        let length = end - region.beat;
        match held.iter_mut().find(|(key, _)| *key == region.key) {
            Some((_, sum)) => *sum += length,
            None => held.push((region.key, length)),
        }
    }
    let longest = held.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
    longest.map(|(key, _)| key)
}

/// A key in the form of ID3v2: `Eb`, `F#m`.
fn key_text(key: Key) -> String {
    let minor = if key.mode() == Mode::Minor { "m" } else { "" };
    format!("{}{minor}", key.tonic())
}

/// The tempo in the beats that musicians count, as a whole number.
fn tempo_of(track: &Track) -> Option<String> {
    let timeline = track.timeline();
    let from = track.tempo().beat_at(timeline.start_s()?);
    let to = track.tempo().beat_at(timeline.end_s()?);
    let pulse = track.meters().meter_at(from).pulse_beats();
    let tempo = track.tempo().mean_bpm(from, to) / pulse;
    tempo.is_finite().then(|| format!("{tempo:.0}"))
}

/// Whether two texts name the same key, in any spelling.
fn same_key(a: &str, b: &str) -> bool {
    let read = |text: &str| {
        let text = text.trim();
        let minor = ["minor", "min", "m"]
            .iter()
            .find_map(|word| text.strip_suffix(word));
        let major = ["major", "maj"]
            .iter()
            .find_map(|word| text.strip_suffix(word));
        let tonic = minor.or(major).unwrap_or(text).trim();
        let tonic: Note = tonic.replace('♭', "b").replace('♯', "#").parse().ok()?;
        Some((tonic.pitch_class(), minor.is_some()))
    };
    a.trim() == b.trim() || read(a).zip(read(b)).is_some_and(|(a, b)| a == b)
}

/// Whether two texts name the same tempo, rounded to whole numbers.
fn same_tempo(a: &str, b: &str) -> bool {
    let read = |text: &str| text.trim().parse::<f64>().ok().map(f64::round);
    read(a).is_some() && read(a) == read(b)
}

/// The change of one value of the tags.
#[derive(Debug, PartialEq, Eq)]
enum Change {
    /// No value was found in the music.
    Unheard,
    /// The value is new.
    New(String),
    /// The tags already have this value.
    Same(String),
    /// The tags have another value, which is kept.
    Kept { there: String, heard: String },
    /// The tags have another value, which is replaced.
    Replaced { there: String, heard: String },
}

impl Change {
    fn of(
        there: Option<String>,
        heard: Option<String>,
        force: bool,
        same: fn(&str, &str) -> bool,
    ) -> Self {
        let there = there.filter(|there| !there.trim().is_empty());
        match (there, heard) {
            (_, None) => Self::Unheard,
            (None, Some(heard)) => Self::New(heard),
            (Some(there), Some(heard)) if same(&there, &heard) => Self::Same(there),
            (Some(there), Some(heard)) if force => Self::Replaced { there, heard },
            (Some(there), Some(heard)) => Self::Kept { there, heard },
        }
    }

    /// The value to write, if any.
    fn written(&self) -> Option<String> {
        match self {
            Self::New(heard) | Self::Replaced { heard, .. } => Some(heard.clone()),
            Self::Unheard | Self::Same(_) | Self::Kept { .. } => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Unheard => "–".to_owned(),
            Self::New(heard) => heard.clone(),
            Self::Same(there) => format!("{there}, as it was"),
            Self::Kept { there, heard } => format!("{there}, kept (heard {heard})"),
            Self::Replaced { there, heard } => format!("{heard}, was {there}"),
        }
    }
}

/// The printed table.
struct Rows {
    table: Table,
    changes: usize,
    kept: usize,
}

impl Default for Rows {
    fn default() -> Self {
        let mut table = Table::new();
        table
            .load_preset(ASCII_MARKDOWN)
            .set_header(["file", "key", "tempo"]);
        Self {
            table,
            changes: 0,
            kept: 0,
        }
    }
}

impl Rows {
    fn add(&mut self, path: &Path, key: &Change, tempo: &Change, changes: bool) {
        let name = path.display().to_string();
        let name = crate::say::on_one_line(&name);
        self.table.add_row([name, key.text(), tempo.text()]);
        self.changes += usize::from(changes);
        let kept = |change: &Change| matches!(change, Change::Kept { .. });
        self.kept += usize::from(kept(key) || kept(tempo));
    }

    fn text(&mut self) -> String {
        if let Some(column) = self.table.column_mut(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        self.table.to_string()
    }

    /// A hint at useful options.
    fn advice(&self, options: &Tag) -> Option<String> {
        let files = |count: usize| match count {
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        let mut says = Vec::new();
        match (self.changes, options.write) {
            (0, _) => {}
            (count, true) => says.push(format!("{} tagged", files(count))),
            (count, false) => says.push(format!(
                "nothing was written; --write tags {}",
                files(count)
            )),
        }
        if self.kept > 0 {
            says.push(format!(
                "{} kept what was there; --force replaces it",
                files(self.kept)
            ));
        }
        (!says.is_empty()).then(|| says.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_tempos_are_compared_as_what_they_are() {
        for (a, b) in [
            ("Ebm", "D#m"),
            ("Eb", "E♭ major"),
            ("C#m", "C# minor"),
            ("5A", "5A"),
        ] {
            assert!(same_key(a, b), "{a} {b}");
        }
        for (a, b) in [("C", "Cm"), ("5A", "Cm"), ("", "C"), ("o", "C")] {
            assert!(!same_key(a, b), "{a} {b}");
        }
        assert!(same_tempo("120.00", "120") && same_tempo("119.7", "120"));
        assert!(!same_tempo("60", "120") && !same_tempo("fast", "fast"));
    }

    #[test]
    fn what_somebody_has_set_is_kept_unless_it_is_forced() {
        let of = |there: Option<&str>, heard: Option<&str>, force| {
            let text = |it: Option<&str>| it.map(str::to_owned);
            let change = Change::of(text(there), text(heard), force, same_key);
            (change.text(), change.written())
        };
        let written = |text: &str| Some(text.to_owned());
        assert_eq!(of(None, Some("Eb"), false), ("Eb".into(), written("Eb")));
        assert_eq!(
            of(Some(" "), Some("Eb"), false),
            ("Eb".into(), written("Eb"))
        );
        assert_eq!(
            of(Some("D#"), Some("Eb"), true),
            ("D#, as it was".into(), None)
        );
        let kept = of(Some("Cm"), Some("Eb"), false);
        assert_eq!(kept, ("Cm, kept (heard Eb)".into(), None));
        let replaced = of(Some("Cm"), Some("Eb"), true);
        assert_eq!(replaced, ("Eb, was Cm".into(), written("Eb")));
        assert_eq!(of(Some("Cm"), None, true), ("–".into(), None));
    }
}
