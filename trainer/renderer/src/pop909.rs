//! Reads POP909: piano arrangements of pop songs with chord and beat annotations.
//!
//! A song is `NNN/NNN.mid` (tracks MELODY, BRIDGE, PIANO), `chord_midi.txt` (start s, end
//! s, Harte label), `beat_midi.txt` (time s, flag, downbeat flag) and `key_audio.txt`
//! (start s, end s, key).

use std::path::{Path, PathBuf};

use harmony::key::Key;
use midly::{MetaMessage, Smf, Timing, TrackEventKind};
use sha2::{Digest, Sha256};

mod corrected;
mod keyboard;

use keyboard::Keyboard;

use crate::arranger::Note;
use crate::chord::Chord;
use crate::song::{Beat, Harmony, KeySpan, Song, Span, key_of};

/// Largest file that is read; no file of POP909 comes near it.
const MAX_FILE_BYTES: u64 = 4 << 20;
const MAX_NOTES: usize = 50_000;
const MAX_LINES: usize = 20_000;
const MAX_SECONDS: f64 = 1800.0;

/// Why a song could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Pop909Error {
    /// A file is missing or unreadable.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The folder holds no songs.
    #[error("{0} contains no POP909 songs (folders such as 001)")]
    Empty(PathBuf),
    /// A file is larger than any song can be.
    #[error("{path} has {bytes} bytes, more than {MAX_FILE_BYTES}")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// The MIDI file is damaged.
    #[error("{path} is not a usable MIDI file: {reason}")]
    Midi {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// An annotation line is damaged.
    #[error("{path}, line {line}: {reason}")]
    Annotation {
        /// The file.
        path: PathBuf,
        /// Line number from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
}

/// The fixed split of the songs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SongSplit {
    /// Eight of ten songs.
    Train,
    /// One of ten, for choosing.
    Valid,
    /// One of ten, for the figures in the documentation.
    Test,
}

impl SongSplit {
    /// The split of a song: the first eight bytes of SHA-256 of `pop909/ID`, read as a
    /// big-endian number modulo ten; 8 is valid, 9 is test. It never moves when
    /// songs are added or missing.
    #[must_use]
    pub fn from_id(id: &str) -> Self {
        let digest = Sha256::digest(format!("pop909/{id}"));
        let mut head = [0; 8];
        head.copy_from_slice(&digest[..8]);
        match u64::from_be_bytes(head) % 10 {
            8 => Self::Valid,
            9 => Self::Test,
            _ => Self::Train,
        }
    }
}

/// Which instrument of the arrangement a track is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// The sung melody.
    Melody,
    /// Instrumental lines.
    Bridge,
    /// The accompaniment.
    Piano,
}

/// A song with its performance.
#[derive(Debug, Clone, PartialEq)]
pub struct Performance {
    /// The song's number as text, `001` to `909`.
    pub id: String,
    /// Beats and chords.
    pub song: Song,
    /// Notes by track, times in seconds.
    pub tracks: Vec<(Voice, Vec<Note>)>,
}

/// The corpus in a folder.
#[derive(Debug, Clone)]
pub struct Pop909 {
    folder: PathBuf,
    ids: Vec<String>,
    /// Folder of POP909-CL, and what is done with its chords.
    corrected: Option<(PathBuf, Corrections)>,
}

/// What is done with chords that experts have corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Corrections {
    /// The song's own chords count where they are the same.
    Agree,
    /// They take the place of the song's own.
    Replace,
}

impl Pop909 {
    /// Lists the songs in a folder.
    ///
    /// # Errors
    /// If the folder is unreadable or contains no songs.
    pub fn open(folder: &Path) -> Result<Self, Pop909Error> {
        let entries = std::fs::read_dir(folder).map_err(|source| Pop909Error::Io {
            path: folder.to_owned(),
            source,
        })?;
        let mut ids: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.len() == 3 && name.bytes().all(|byte| byte.is_ascii_digit()))
            .collect();
        if ids.is_empty() {
            return Err(Pop909Error::Empty(folder.to_owned()));
        }
        ids.sort();
        Ok(Self {
            folder: folder.to_owned(),
            ids,
            corrected: None,
        })
    }

    /// The same songs, with chords only where POP909-CL in `folder` has the same notes over
    /// the same bass; elsewhere they are unknown. A song missing there keeps all of its
    /// chords.
    #[must_use]
    pub fn agreed_with(self, folder: &Path) -> Self {
        Self {
            corrected: Some((folder.to_owned(), Corrections::Agree)),
            ..self
        }
    }

    /// The same songs with the chords of POP909-CL in `folder` in place of their own. A song that
    /// is not there, or does not fit, keeps its own.
    #[must_use]
    pub fn corrected_by(self, folder: &Path) -> Self {
        Self {
            corrected: Some((folder.to_owned(), Corrections::Replace)),
            ..self
        }
    }

    /// The ids of all songs, ascending.
    #[must_use]
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The ids of a split, ascending.
    #[must_use]
    pub fn ids_of(&self, split: SongSplit) -> Vec<String> {
        self.ids
            .iter()
            .filter(|id| SongSplit::from_id(id) == split)
            .cloned()
            .collect()
    }

    /// Reads a song.
    ///
    /// # Errors
    /// If a file is missing, too large or damaged; the error names it.
    pub fn song(&self, id: &str) -> Result<Performance, Pop909Error> {
        let folder = self.folder.join(id);
        let midi_path = folder.join(format!("{id}.mid"));
        let tracks = notes(&midi_path, &read(&midi_path)?)?;
        let beats = beats(&folder.join("beat_midi.txt"))?;
        let mut song = Song {
            beats,
            spans: Vec::new(),
            swing: 0.5,
            key: key_of(0, false),
            keys: Vec::new(),
        };
        song.keys = keys(&folder.join("key_audio.txt"), &song)?;
        // Melodies are written in the first key, or in C major without any.
        song.key = song.keys.first().map_or(song.key, |first| first.key);
        song.spans = spans(&folder.join("chord_midi.txt"), &song)?;
        if let Some((folder, corrections)) = &self.corrected {
            let path = folder.join(format!("{id}.mid"));
            if path.exists() {
                match corrections {
                    Corrections::Agree => _ = corrected::keep_agreed(&mut song, &path)?,
                    Corrections::Replace => _ = corrected::replace(&mut song, &path)?,
                }
            }
        }
        Ok(Performance {
            id: id.to_owned(),
            song,
            tracks,
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Pop909Error> {
    let io = |source| Pop909Error::Io {
        path: path.to_owned(),
        source,
    };
    let bytes = std::fs::metadata(path).map_err(io)?.len();
    if bytes > MAX_FILE_BYTES {
        return Err(Pop909Error::TooLarge {
            path: path.to_owned(),
            bytes,
        });
    }
    std::fs::read(path).map_err(io)
}

/// The fields of an annotation file, line by line.
fn rows(path: &Path) -> Result<Vec<Vec<String>>, Pop909Error> {
    let text = String::from_utf8_lossy(&read(path)?).into_owned();
    let rows: Vec<Vec<String>> = text
        .lines()
        .take(MAX_LINES)
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect();
    Ok(rows
        .into_iter()
        .filter(|row: &Vec<String>| !row.is_empty())
        .collect())
}

fn bad(path: &Path, line: usize, reason: impl Into<String>) -> Pop909Error {
    Pop909Error::Annotation {
        path: path.to_owned(),
        line: line + 1,
        reason: reason.into(),
    }
}

fn seconds(path: &Path, line: usize, field: Option<&String>) -> Result<f64, Pop909Error> {
    let field = field.ok_or_else(|| bad(path, line, "a time is missing"))?;
    match field.parse::<f64>() {
        Ok(value) if (0.0..=MAX_SECONDS).contains(&value) => Ok(value),
        _ => Err(bad(
            path,
            line,
            format!("`{field}` is not a time in seconds"),
        )),
    }
}

fn beats(path: &Path) -> Result<Vec<Beat>, Pop909Error> {
    let mut beats: Vec<Beat> = Vec::new();
    for (line, row) in rows(path)?.iter().enumerate() {
        let time_s = seconds(path, line, row.first())?;
        // Beats too close together would give absurd tempi.
        if beats.last().is_some_and(|last| time_s < last.time_s + 0.05) {
            return Err(bad(
                path,
                line,
                format!("the beat at {time_s} s does not follow the one before"),
            ));
        }
        let downbeat = row
            .get(2)
            .and_then(|flag| flag.parse::<f64>().ok())
            .ok_or_else(|| bad(path, line, "the downbeat flag is missing"))?;
        beats.push(Beat {
            time_s,
            downbeat: downbeat > 0.5,
        });
    }
    if beats.len() < 2 {
        return Err(bad(path, 0, "fewer than two beats"));
    }
    Ok(beats)
}

fn spans(path: &Path, song: &Song) -> Result<Vec<Span>, Pop909Error> {
    let mut spans: Vec<Span> = Vec::new();
    let mut at = 0.0;
    let mut push = |start: f64, end: f64, harmony: Harmony| match spans.last_mut() {
        Some(last) if last.harmony == harmony => last.end = end,
        _ => spans.push(Span {
            start,
            end,
            harmony,
        }),
    };
    // Positions are in beats and start at the first beat: what comes before has no chord.
    let position = |time_s: f64| {
        let beat = song.beat_at(time_s);
        let near = (beat * 4.0).round() / 4.0;
        if (beat - near).abs() < 0.02 {
            near
        } else {
            beat
        }
    };
    for (line, row) in rows(path)?.iter().enumerate() {
        let start = position(seconds(path, line, row.first())?);
        let end = position(seconds(path, line, row.get(1))?);
        let label = row
            .get(2)
            .ok_or_else(|| bad(path, line, "the label is missing"))?;
        if end < start {
            return Err(bad(path, line, "the chord ends before it starts"));
        }
        if start < at - 0.05 {
            return Err(bad(
                path,
                line,
                "the chord starts before the one before ends",
            ));
        }
        if start > at + 1e-6 {
            push(at, start, Harmony::None);
        }
        let start = start.max(at);
        if end <= start {
            continue;
        }
        let harmony = match Chord::from_harte(label) {
            Some(chord) => Harmony::Chord(chord),
            None if label == "N" => Harmony::None,
            None => Harmony::Unknown,
        };
        push(start, end, harmony);
        at = end;
    }
    if spans.is_empty() {
        return Err(bad(path, 0, "no chords"));
    }
    Ok(spans)
}

/// The keys; lines without a valid key are left out.
fn keys(path: &Path, song: &Song) -> Result<Vec<KeySpan>, Pop909Error> {
    let mut keys = Vec::new();
    for (line, row) in rows(path)?.iter().enumerate() {
        let start = song.beat_at(seconds(path, line, row.first())?);
        let end = song.beat_at(seconds(path, line, row.get(1))?);
        let key = row.get(2).and_then(|name| name.parse::<Key>().ok());
        if let Some(key) = key {
            keys.push(KeySpan { start, end, key });
        }
    }
    Ok(keys)
}

fn notes(path: &Path, bytes: &[u8]) -> Result<Vec<(Voice, Vec<Note>)>, Pop909Error> {
    let midi = |reason: String| Pop909Error::Midi {
        path: path.to_owned(),
        reason,
    };
    let smf = Smf::parse(bytes).map_err(|error| midi(error.to_string()))?;
    let Timing::Metrical(division) = smf.header.timing else {
        return Err(midi("time code instead of ticks per beat".to_owned()));
    };
    let division = f64::from(division.as_int());
    if division < 1.0 {
        return Err(midi("no ticks per beat".to_owned()));
    }

    let mut tempi: Vec<(u64, f64)> = vec![(0, 500_000.0)];
    for track in &smf.tracks {
        let mut tick = 0;
        for event in track {
            tick += u64::from(event.delta.as_int());
            if let TrackEventKind::Meta(MetaMessage::Tempo(tempo)) = event.kind {
                tempi.push((tick, f64::from(tempo.as_int())));
            }
        }
    }
    tempi.sort_by_key(|(tick, _)| *tick);
    // Seconds at each tempo change, so that the time of a tick is one look-up.
    let mut map: Vec<(u64, f64, f64)> = Vec::with_capacity(tempi.len());
    for (tick, tempo) in tempi {
        let at = map
            .last()
            .map_or(0.0, |(before, seconds, tempo): &(u64, f64, f64)| {
                seconds + (tick - before) as f64 / division * tempo / 1e6
            });
        map.push((tick, at, tempo));
    }
    let second_at = |tick: u64| {
        let index = map
            .partition_point(|(at, _, _)| *at <= tick)
            .saturating_sub(1);
        let (from, seconds, tempo) = map[index];
        seconds + (tick - from) as f64 / division * tempo / 1e6
    };

    let mut voices = Vec::new();
    let mut total = 0;
    for track in &smf.tracks {
        let mut voice = None;
        let mut tick = 0;
        let mut keyboard = Keyboard::new();
        let mut notes = Vec::new();
        for event in track {
            tick += u64::from(event.delta.as_int());
            match event.kind {
                TrackEventKind::Meta(MetaMessage::TrackName(name)) => {
                    voice = match name {
                        b"MELODY" => Some(Voice::Melody),
                        b"BRIDGE" => Some(Voice::Bridge),
                        b"PIANO" => Some(Voice::Piano),
                        _ => None,
                    };
                }
                TrackEventKind::Midi { message, .. } => {
                    if let Some(held) = keyboard.take(tick, message) {
                        let start = second_at(held.from);
                        notes.push(Note {
                            start,
                            end: second_at(held.to).max(start + 0.03),
                            key: held.key,
                            velocity: held.velocity,
                        });
                    }
                }
                _ => {}
            }
        }
        total += keyboard.messages;
        if total > 2 * MAX_NOTES || second_at(tick) > MAX_SECONDS {
            return Err(midi(format!(
                "longer than {MAX_NOTES} notes or {MAX_SECONDS} s"
            )));
        }
        if let Some(voice) = voice
            && !notes.is_empty()
        {
            notes.sort_by(|a, b| a.start.total_cmp(&b.start).then(a.key.cmp(&b.key)));
            voices.push((voice, notes));
        }
    }
    if voices.is_empty() {
        return Err(midi(
            "none of the tracks MELODY, BRIDGE and PIANO has notes".to_owned(),
        ));
    }
    Ok(voices)
}
