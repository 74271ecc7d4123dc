//! The command line.

mod format;
mod grid;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};
use harmony::export;
use harmony::key::Key;
use harmony::note_names::NoteNames;
use harmony::simplify::Simplify;
use harmony::style::Style;
use harmony::time::{MAX_BPM, MIN_BPM, Meter, NoteValue};
use harmony::track::Track;
use harmony::vocabulary::Vocabulary;
use harmony::voicing::{Instrument, Voicing};
use recognizer::audio::reference;
use recognizer::beat::Known;
use recognizer::tuning::TuningSetting;

pub use format::Format;

use crate::error::Error;
use crate::songs::Song;
use grid::Grid;

/// Reads the chords of recorded music.
#[derive(Parser)]
#[command(
    name = "changes",
    version = changes_about::BUILD,
    about = "Reads the chords of recorded music",
    override_usage = "changes [OPTIONS] FILE...\n       changes COMMAND [OPTIONS] ...",
    after_help = EXAMPLES
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Without a command, files are transcribed: `changes song.mp3` is `changes transcribe song.mp3`,
with all of its options (`changes transcribe --help`). For a file with the name of a command write
`./live` or `-- live`.

Examples:
  changes song.mp3                     print the chords of a song
  changes song.mp3 -o song.pdf         a chart for the music stand
  changes song.mp3 -o song.lab         start, end and chord on a line
  changes --key Eb:maj song.flac       spell them in E flat major
  changes songs/ -o charts/ -f pdf     a folder of songs
  ffmpeg -i film.avi -f wav - | changes -
  changes align chart.cho song.mp3     your own chart on the music
  changes tag songs/                   key and tempo for the tags of a folder of songs
  changes live song.wav                what the plugin would have shown, and when
  changes live --fast song.wav --events song.jsonl";

/// The subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Find the chords of whole files
    #[command(after_help = TRANSCRIBE_EXAMPLES)]
    Transcribe(Transcribe),
    /// Play a file through the live engine and print what the plugin would have shown
    #[command(after_help = LIVE_EXAMPLES)]
    Live(Live),
    /// Align a chart to the music
    #[command(after_help = ALIGN_EXAMPLES)]
    Align(Align),
    /// Put key and tempo into the tags of audio files
    #[command(after_help = TAG_EXAMPLES)]
    Tag(Tag),
    /// Print the built-in networks and how they were trained
    Weights,
    /// Print the completion script for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(Completions),
    /// Write the manual into a folder
    #[command(hide = true)]
    Man(Man),
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  changes completions bash > ~/.local/share/bash-completion/completions/changes
  changes completions zsh > ~/.zfunc/_changes
  changes completions fish > ~/.config/fish/completions/changes.fish";

/// `changes completions`.
#[derive(Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `changes man`.
#[derive(Args)]
pub struct Man {
    /// The folder
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
}

const TRANSCRIBE_EXAMPLES: &str = "\
Examples:
  changes transcribe song.mp3
  changes transcribe song.mp3 -o song.mid --bpm 120 --voicing pad
  changes transcribe song.mp3 -o song.pdf --bpm 60 --beat 3/8 --meter 6/8 --title Song
  changes transcribe --style roman --key A:min song.ogg
  changes transcribe --vocabulary majmin --format lab song.wav > song.lab
  changes transcribe -o charts/ --format musicxml songs/
  ffmpeg -i film.avi -f wav - | changes transcribe - -o film.pdf

Files: .lab .csv .jams .mid .musicxml .cho (ChordPro) .html (link for iReal Pro) .txt .svg
.pdf .labels.txt (Audacity) .reaper.csv .inline.cho, by the name of the output or by --format.

Folders are searched with all their subfolders, and the output folder gets the same tree. Songs
that would get the same name keep their extensions, their folder's name or a number. Existing
charts are kept; on a terminal you are asked, and --force replaces them. After Ctrl-C, the same
command continues where it stopped.

Beats and bars are found in the music, and chords change on them. --bpm and --meter set a known
tempo and meter, --half-tempo and --double-tempo correct the found tempo, and --no-grid turns beats
off. Without a steady beat, chords change where they were heard. Without --key, the keys are found
from the chords.";

const LIVE_EXAMPLES: &str = "\
Examples:
  changes live song.wav
  changes live --fast song.wav --events song.jsonl
  changes live --fast song.wav -o song.mid --bpm 96
  arecord -f cd | changes live -

Each line of the events file is a change of the display:
  {\"shown_at_s\":2.14,\"starts_at_s\":1.95,\"label\":\"A:min7\",\"state\":\"provisional\",\"confidence\":0.81}
Both times are seconds of audio, so the file is the same with and without --fast.

Ctrl-C stops; the chords so far are written.";

const ALIGN_EXAMPLES: &str = "\
Examples:
  changes align chart.cho song.mp3
  changes align chart.txt song.mp3 -o song.lab
  changes align chart.html song.wav -o song.pdf

Charts: ChordPro, links for iReal Pro (in a text or a page), MusicXML, markers of MIDI files, .lab,
JAMS, and plain text such as

  [Verse]
  |: Am | F C | G | % :| x2

Repeated and skipped sections, pickups, a capo and music that is not in the chart are found. Each
bar is printed with its score (the log-probability of the charted chords relative to the likeliest,
at best 0) and with the chord heard, where that is another.";

const TAG_EXAMPLES: &str = "\
Examples:
  changes tag songs/                   what would be written
  changes tag --write songs/
  changes tag --write --force song.flac
  changes tag --key F#:min --bpm 96 --write song.m4a

Without --write nothing is written: the table shows what would be. A key and a tempo that are
already in the tags are kept; --force replaces them. All other tags stay, and so does the audio:
every sample is decoded again and compared before the file is replaced.

The key is the one that holds longest (Eb, F#m), the tempo is in the beats that musicians count, as
a whole number; a song without a steady beat gets none. ID3v2: TKEY and TBPM. FLAC, Ogg and Opus:
INITIALKEY and BPM. MP4: initialkey and tmpo. WAV and AIFF: ID3v2.";

/// `changes tag`.
#[derive(Args)]
pub struct Tag {
    /// Audio files, or folders of them
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Write the tags; without it, print what would be written
    #[arg(long)]
    pub write: bool,
    /// Replace a key and a tempo that are already in the tags
    #[arg(long)]
    pub force: bool,
    /// The key, if it is known, for instance Eb:maj or F#:min
    #[arg(long, value_name = "KEY")]
    pub key: Option<Key>,
    /// Tempo, meter and beats.
    #[command(flatten)]
    pub time: Time,
    /// The tuning.
    #[command(flatten)]
    pub hearing: Hearing,
}

/// The arguments that the program was started with.
pub fn parse() -> Arguments {
    Arguments::parse_from(with_command(std::env::args_os().collect()))
}

/// Inserts `transcribe` where the first word is not a command.
fn with_command(mut words: Vec<OsString>) -> Vec<OsString> {
    const OTHER: [&str; 5] = ["help", "-h", "--help", "-V", "--version"];
    let Some(first) = words.get(1) else {
        return words;
    };
    let is_other = OTHER.iter().any(|other| first == other);
    if !is_other && Arguments::command().find_subcommand(first).is_none() {
        words.insert(1, "transcribe".into());
    }
    words
}

/// `changes transcribe`.
#[derive(Args)]
pub struct Transcribe {
    /// Audio files, folders of them, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Where the chord track goes.
    #[command(flatten)]
    pub output: Output,
    /// Tempo, meter and beats.
    #[command(flatten)]
    pub time: Time,
    /// The tuning.
    #[command(flatten)]
    pub hearing: Hearing,
    /// Title, composer and voicing.
    #[command(flatten)]
    pub about: About,
    /// How chords are written.
    #[command(flatten)]
    pub notation: Notation,
}

/// `changes live`.
#[derive(Args)]
pub struct Live {
    /// An audio file, or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// As fast as possible instead of in real time
    #[arg(long)]
    pub fast: bool,
    /// Write each change of the display to this file, one JSON object a line
    ///
    /// With - they are printed instead of the table.
    #[arg(long, value_name = "PATH")]
    pub events: Option<PathBuf>,
    /// Where the final chord track goes.
    #[command(flatten)]
    pub output: Output,
    /// Tempo, meter and beats.
    #[command(flatten)]
    pub time: Time,
    /// The tuning.
    #[command(flatten)]
    pub hearing: Hearing,
    /// Title, composer and voicing.
    #[command(flatten)]
    pub about: About,
    /// How chords are written.
    #[command(flatten)]
    pub notation: Notation,
}

/// `changes align`.
#[derive(Args)]
pub struct Align {
    /// The chart
    #[arg(value_name = "CHART")]
    pub chart: PathBuf,
    /// The audio file, or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where the chord track goes.
    #[command(flatten)]
    pub output: Output,
    /// Tempo, meter and beats.
    #[command(flatten)]
    pub time: Time,
    /// The tuning.
    #[command(flatten)]
    pub hearing: Hearing,
    /// Title, composer and voicing.
    #[command(flatten)]
    pub about: About,
    /// How chords are written.
    #[command(flatten)]
    pub notation: Notation,
}

/// Where a chord track goes.
#[derive(Args)]
pub struct Output {
    /// Write the chord track to this file, or into this folder
    ///
    /// It is a folder if there are several songs, if there is a folder of that name, or if the name ends in a slash. - is standard output.
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// The format, if the name of the output does not give it; without --output, what to print
    ///
    /// Its name or any of its extensions, in upper or lower case. The default in folders is lab.
    #[arg(short, long, value_enum, ignore_case = true, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Replace existing files
    ///
    /// Without it they are kept; on a terminal you are asked.
    #[arg(long)]
    pub force: bool,
}

/// Tempo, meter and beats of a song.
#[derive(Args)]
pub struct Time {
    /// The tempo, if it is steady, in quarter notes a minute; see --beat
    ///
    /// It counts quarter notes in every meter: 90 in 6/8 is a dotted quarter = 60, which can be written --bpm 60 --beat 3/8. Without it, the tempo is found.
    #[arg(long, value_name = "BPM", alias = "tempo", value_parser = values::tempo)]
    pub bpm: Option<f64>,
    /// The note that --bpm counts: 1/4, 3/8 (a dotted quarter) or a name such as dotted-quarter
    #[arg(long, value_name = "NOTE", requires = "bpm")]
    pub beat: Option<NoteValue>,
    /// The meter; without it, 4/4, 3/4, 5/4, 6/8 or 7/8 is found
    #[arg(long, value_name = "METER", alias = "metre")]
    pub meter: Option<Meter>,
    /// Corrections of the found beats.
    #[command(flatten)]
    pub grid: Grid,
}

impl Time {
    /// The input of the beat finder, in quarter notes; `None` with `--no-grid`.
    ///
    /// # Errors
    /// A tempo that is out of bounds in quarter notes a minute.
    pub fn known(&self) -> Result<Option<Known>, Error> {
        if let (Some(typed), Some(quarters)) = (self.bpm, self.quarters())
            && !(MIN_BPM..=MAX_BPM).contains(&quarters)
        {
            let beat = self.beat();
            return Err(Error::Tempo {
                typed,
                beat,
                quarters,
            });
        }
        Ok(self.grid.known(self.quarters(), self.meter))
    }

    /// The tempo in quarter notes a minute, if it is known.
    fn quarters(&self) -> Option<f64> {
        Some(self.bpm? * self.beat().beats())
    }

    fn beat(&self) -> NoteValue {
        self.beat.unwrap_or(NoteValue::QUARTER)
    }
}

/// The tuning of a song.
#[derive(Args)]
pub struct Hearing {
    /// The tuning: auto, the frequency of A in Hz (432) or the distance from 440 Hz in cents (-32c)
    ///
    /// By default it is found in the music, up to 60 cents off, and printed if it is not 440 Hz.
    #[arg(long, value_name = "TUNING", value_parser = values::tuning, allow_hyphen_values = true)]
    pub tuning: Option<TuningSetting>,
    /// Your own weights instead of the built-in ones: a file exported by the trainer
    ///
    /// Whole files need a windowed network, `live` a causal one; the model card in the file shows
    /// which it is. A network in ONNX (.onnx) needs `--onnx-runtime`.
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// The library of ONNX Runtime (such as libonnxruntime.so, 1.24 or newer), for weights in ONNX
    #[arg(long, value_name = "LIBRARY", env = "ORT_DYLIB_PATH", hide_env = true)]
    pub onnx_runtime: Option<PathBuf>,
}

impl Hearing {
    /// The tuning setting of the recognizer.
    pub fn tuning(&self) -> TuningSetting {
        self.tuning.unwrap_or_default()
    }
}

/// Texts of charts, and the voicing of MIDI files.
#[derive(Args)]
pub struct About {
    /// The title; without it, the name of the file
    #[arg(long, value_name = "TITLE")]
    pub title: Option<String>,
    /// Who wrote the song
    #[arg(long, value_name = "NAME")]
    pub composer: Option<String>,
    /// How chords become notes: close, open, drop2, shell, guitar or pad
    #[arg(long, default_value_t, value_name = "NAME")]
    pub voicing: Voicing,
    /// Yamaha's XF chord events in MIDI files, besides the markers, for its keyboards
    #[arg(long)]
    pub xf: bool,
    /// Chord diagrams in ChordPro, SVG and PDF: guitar, ukulele, baritone, bass, banjo, mandolin, or open strings ("D2 A2 D3 G3 B3 E4")
    #[arg(long, value_name = "INSTRUMENT")]
    pub diagrams: Option<Instrument>,
    /// Name the audio by path and SHA-256 in a JAMS file: a training example for trainer corpus scan
    #[arg(long)]
    pub example: bool,
}

impl About {
    /// Checks that these options can be written in that format.
    ///
    /// # Errors
    /// A training example in a format other than JAMS.
    pub fn check(&self, format: Option<Format>) -> Result<(), Error> {
        if self.example && format != Some(Format::File(export::Format::Jams)) {
            return Err(Error::ExampleFormat);
        }
        Ok(())
    }

    /// The options of the export of `song`.
    ///
    /// # Errors
    /// A training example of audio from a pipe.
    pub fn export_options(
        &self,
        song: &Song,
        notation: &Notation,
        time: &Time,
    ) -> Result<export::Options, Error> {
        let default = export::Options::default();
        let audio = match self.example {
            true if song.is_standard_input() => return Err(Error::ExampleOfPipe),
            true => Some(reference(song.path())?),
            false => None,
        };
        Ok(export::Options {
            audio,
            style: notation.style,
            names: notation.names,
            key: notation.key,
            tempo_bpm: time.quarters().unwrap_or(default.tempo_bpm),
            meter: time.meter.unwrap_or(default.meter),
            title: self.title.clone().or_else(|| song.title()),
            artist: self.composer.clone(),
            voicing: self.voicing,
            xf: self.xf,
            diagrams: self.diagrams.clone(),
            ..default
        })
    }
}

/// How chords are distinguished and written.
#[derive(Args)]
pub struct Notation {
    /// How chords are written: jazz, plain, harte, roman or nashville
    #[arg(long, default_value_t, value_name = "STYLE")]
    pub style: Style,
    /// Note names: english, german (B is H) or solfege (Do Re Mi)
    ///
    /// For the table, text, ChordPro, SVG and PDF. Files for programs keep the English names.
    #[arg(long, default_value_t, value_name = "NAMES")]
    pub names: NoteNames,
    /// Simpler chords: no-sevenths, triads, majmin, or your own ("C G Am F")
    ///
    /// With your own chords, each becomes the one with the most notes in common.
    #[arg(long, default_value_t, value_name = "HOW", hide_default_value = true)]
    pub simplify: Simplify,
    /// Transpose everything by this many semitones: 2, -3
    #[arg(long, value_name = "SEMITONES", allow_hyphen_values = true, default_value_t = 0, hide_default_value = true, value_parser = clap::value_parser!(i32).range(-24..=24))]
    pub transpose: i32,
    /// How finely chords are distinguished: majmin, large (170 classes) or inversions
    #[arg(long, default_value_t, value_name = "NAME")]
    pub vocabulary: Vocabulary,
    /// The key for spelling, numerals and numbers: C:maj, Am or "F# minor"
    #[arg(long, value_name = "KEY", value_parser = values::key)]
    pub key: Option<Key>,
}

impl Notation {
    /// The track to write, simplified and transposed as the options say.
    pub fn of(&self, track: &Track) -> Track {
        self.simplify.track(track).transposed(self.transpose)
    }

    /// How chords are written for people.
    pub const fn written(&self) -> export::Notation {
        export::Notation {
            style: self.style,
            names: self.names,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn only_what_is_no_command_becomes_a_file() {
        for (typed, meant) in [
            ("changes", "changes"),
            ("changes song.mp3", "changes transcribe song.mp3"),
            (
                "changes --style roman a b",
                "changes transcribe --style roman a b",
            ),
            ("changes -- live", "changes transcribe -- live"),
            ("changes ./live", "changes transcribe ./live"),
            ("changes -", "changes transcribe -"),
            ("changes live song.mp3", "changes live song.mp3"),
            ("changes align a.cho b.mp3", "changes align a.cho b.mp3"),
            ("changes weights", "changes weights"),
            ("changes help live", "changes help live"),
            ("changes --version", "changes --version"),
        ] {
            let words = typed.split(' ').map(OsString::from).collect();
            let found = with_command(words);
            let meant: Vec<OsString> = meant.split(' ').map(OsString::from).collect();
            assert_eq!(found, meant, "{typed}");
        }
    }

    #[test]
    fn formats_are_taken_by_any_name_they_have() {
        use harmony::export::Format as F;
        for (typed, meant) in [
            ("midi", F::Midi),
            ("MID", F::Midi),
            (".Mid", F::Midi),
            ("txt", F::Text),
            ("Text", F::Text),
            ("xml", F::MusicXml),
            ("MusicXML", F::MusicXml),
            ("cho", F::ChordPro),
            ("ChordPro", F::ChordPro),
            ("inline.cho", F::ChordProInline),
            ("iReal", F::IReal),
            ("html", F::IReal),
            ("labels.txt", F::Audacity),
            ("Audacity", F::Audacity),
            ("reaper.csv", F::Reaper),
            ("PDF", F::Pdf),
        ] {
            assert_eq!(
                Format::from_str(typed, true),
                Ok(Format::File(meant)),
                "{typed}"
            );
        }
        assert_eq!(Format::from_str("TABLE", true), Ok(Format::Table));
        for format in F::ALL {
            for extension in format.extensions() {
                let dotted = format!(".{extension}");
                for typed in [extension, dotted.as_str(), format.name()] {
                    assert_eq!(Format::from_str(typed, true), Ok(Format::File(format)));
                }
            }
        }
    }
}
