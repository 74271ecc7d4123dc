//! The command line.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use harmony::export;
use harmony::key::Key;
use harmony::style::Style;
use harmony::vocabulary::Vocabulary;

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
  changes transcribe -o chords/ -f jams *.flac   a folder of songs
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
  changes transcribe song.mp3 -o song.mid
  changes transcribe --style roman --key A:min song.ogg
  changes transcribe --vocabulary majmin --format lab song.wav > song.lab
  changes transcribe -o chords/ --format jams *.flac

Output files: .lab (start, end and Harte label on a line), .csv, .jams, .mid (a marker
for each chord, and the chord as notes).";

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
    /// Audio files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Write the chord track here: .lab, .csv, .jams or .mid; for several files, a folder
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// What to print, or the kind of the files in the output folder
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// How chords are written
    #[command(flatten)]
    pub notation: Notation,
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
    /// Write the chord track as it became final: .lab, .csv, .jams or .mid
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table for people
    Table,
    /// Start, end and Harte label on a line
    Lab,
    /// Comma-separated values with a header
    Csv,
    /// JAMS, the annotation format of music research
    Jams,
    /// A MIDI file with markers and notes
    Mid,
}

impl Format {
    /// The format as a file, if it is one.
    pub fn of_file(self) -> Option<export::Format> {
        match self {
            Self::Table => None,
            Self::Lab => Some(export::Format::Lab),
            Self::Csv => Some(export::Format::Csv),
            Self::Jams => Some(export::Format::Jams),
            Self::Mid => Some(export::Format::Midi),
        }
    }
}
