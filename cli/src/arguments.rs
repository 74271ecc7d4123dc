//! The command line.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};
use harmony::export;
use harmony::key::Key;
use harmony::style::Style;
use harmony::time::{MAX_BPM, MIN_BPM, Metre};
use harmony::vocabulary::Vocabulary;
use harmony::voicing::Voicing;

/// Reads the chords of recorded music.
#[derive(Parser)]
#[command(
    name = "changes",
    version,
    about = "Reads the chords of recorded music",
    long_about = "Reads the chords of recorded music: WAV, FLAC, MP3, Ogg Vorbis, AAC/M4A.",
    after_help = EXAMPLES
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  changes transcribe song.mp3                    print the chords of a song
  changes transcribe song.mp3 -o song.lab        write them to a file
  changes transcribe --key Eb:maj song.flac      spell them in E flat major
  changes transcribe song.mp3 -o song.pdf        a chart for the music stand
  changes transcribe -o chords/ -f jams songs/   a folder of songs
  changes live song.wav                          what the plugin would have shown, and when
  changes live --fast --events out.jsonl song.wav";

/// The subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Find the chords of whole files: every chord is judged with what follows it
    #[command(after_help = TRANSCRIBE_EXAMPLES)]
    Transcribe(Transcribe),
    /// Play a file through the live engine and print what a musician would have seen
    #[command(after_help = LIVE_EXAMPLES)]
    Live(Live),
    /// Tell which networks are built in, and what taught them
    Weights,
}

const TRANSCRIBE_EXAMPLES: &str = "\
Examples:
  changes transcribe song.mp3
  changes transcribe song.mp3 -o song.mid --bpm 120 --voicing pad
  changes transcribe song.mp3 -o song.pdf --bpm 96 --meter 6/8 --title Song
  changes transcribe --style roman --key A:min song.ogg
  changes transcribe --vocabulary majmin --format lab song.wav > song.lab
  changes transcribe -o chords/ --format musicxml songs/

Output files: .lab .csv .jams .mid .musicxml .cho (ChordPro) .html (link for iReal Pro) .txt
.svg .pdf .labels.txt (Audacity) .reaper.csv .inline.cho; any of them by --format too.
Beats and bars are found in the music and chords changed on them; --bpm and --meter say what
is known of them already.
Without --key, the keys are found from the chords.";

const LIVE_EXAMPLES: &str = "\
Examples:
  changes live song.wav
  changes live --fast song.wav --events song.jsonl

Each line of the events file is a change of the display:
  {\"shown_at_s\":2.14,\"starts_at_s\":1.95,\"label\":\"A:min7\",\"state\":\"provisional\",\"confidence\":0.81}
Both times count seconds of audio, so the file is the same at either speed.";

/// `changes transcribe`.
#[derive(Args)]
pub struct Transcribe {
    /// Audio files, or folders of them
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Write the chord track here, in the format of the extension; for several files, a folder
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// What to print, or the kind of the files in the output folder
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// The tempo in quarter notes a minute, if it is steady; without it, beats are found
    #[arg(long, value_name = "BPM", value_parser = tempo)]
    pub bpm: Option<f64>,
    /// The metre; without it, 4/4 or 3/4 is found
    #[arg(long, value_name = "METRE")]
    pub meter: Option<Metre>,
    /// The title; without it, the name of the file
    #[arg(long, value_name = "TITLE")]
    pub title: Option<String>,
    /// Who wrote the song
    #[arg(long, value_name = "NAME")]
    pub composer: Option<String>,
    /// How chords become notes: close, open, drop2, shell, guitar or pad
    #[arg(long, default_value_t, value_name = "NAME")]
    pub voicing: Voicing,
    /// How chords are written
    #[command(flatten)]
    pub notation: Notation,
}

impl Transcribe {
    /// What the exporters are told about the chord track of `file`.
    pub fn export_options(&self, file: &Path) -> export::Options {
        let about = self.notation.export_options(file);
        export::Options {
            tempo_bpm: self.bpm.unwrap_or(about.tempo_bpm),
            metre: self.meter.unwrap_or(about.metre),
            title: self.title.clone().or(about.title),
            artist: self.composer.clone(),
            voicing: self.voicing,
            ..about
        }
    }
}

/// A tempo that a MIDI file can hold.
fn tempo(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(bpm) if (MIN_BPM..=MAX_BPM).contains(&bpm) => Ok(bpm),
        _ => Err(format!("expected a number from {MIN_BPM} to {MAX_BPM}")),
    }
}

/// `changes live`.
#[derive(Args)]
pub struct Live {
    /// An audio file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// As fast as the machine can instead of in real time
    #[arg(long)]
    pub fast: bool,
    /// Write each change of the display to this file, one JSON object a line
    #[arg(long, value_name = "PATH")]
    pub events: Option<PathBuf>,
    /// Write the chord track as it became final, in the format of the extension
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// How chords are written
    #[command(flatten)]
    pub notation: Notation,
}

/// How chords are told apart and written.
#[derive(Args)]
pub struct Notation {
    /// How chords are written: jazz, plain, harte, roman or nashville
    #[arg(long, default_value_t, value_name = "STYLE")]
    pub style: Style,
    /// The finest chords to tell apart: majmin, large (170 classes) or inversions
    #[arg(long, default_value_t, value_name = "NAME")]
    pub vocabulary: Vocabulary,
    /// The key that spelling, numerals and numbers refer to, as C:maj or F#:min
    #[arg(long, value_name = "KEY")]
    pub key: Option<Key>,
}

impl Notation {
    /// What the exporters are told about the chord track of `file`.
    pub fn export_options(&self, file: &Path) -> export::Options {
        export::Options {
            style: self.style,
            key: self.key,
            title: file
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned()),
            ..export::Options::default()
        }
    }
}

/// What `transcribe` prints or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table for people.
    Table,
    /// The content of a file.
    File(export::Format),
}

impl Format {
    /// The format as a file, if it is one.
    pub const fn of_file(self) -> Option<export::Format> {
        match self {
            Self::Table => None,
            Self::File(format) => Some(format),
        }
    }
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Format; 1 + export::Format::ALL.len()] = {
            let mut all = [Format::Table; 1 + export::Format::ALL.len()];
            let mut index = 0;
            while index < export::Format::ALL.len() {
                all[index + 1] = Format::File(export::Format::ALL[index]);
                index += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Table => PossibleValue::new("table").help("A table for people"),
            Self::File(format) => PossibleValue::new(format.name()).help(format.title()),
        })
    }
}
