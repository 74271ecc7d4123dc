//! The command line.

mod format;
mod grid;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};
use harmony::export;
use harmony::key::Key;
use harmony::style::Style;
use harmony::time::{MAX_BPM, MIN_BPM, Metre, NoteValue};
use harmony::vocabulary::Vocabulary;
use harmony::voicing::Voicing;
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
    version,
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
with all of its options (`changes transcribe --help`). A file that is called like a command is
`./live` or `-- live`.

Examples:
  changes song.mp3                     print the chords of a song
  changes song.mp3 -o song.pdf         a chart for the music stand
  changes song.mp3 -o song.lab         start, end and chord on a line
  changes --key Eb:maj song.flac       spell them in E flat major
  changes songs/ -o charts/ -f pdf     a folder of songs
  ffmpeg -i film.avi -f wav - | changes -
  changes live song.wav                what the plugin would have shown, and when
  changes live --fast song.wav --events song.jsonl";

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
  changes transcribe song.mp3 -o song.pdf --bpm 60 --beat 3/8 --meter 6/8 --title Song
  changes transcribe --style roman --key A:min song.ogg
  changes transcribe --vocabulary majmin --format lab song.wav > song.lab
  changes transcribe -o charts/ --format musicxml songs/
  ffmpeg -i film.avi -f wav - | changes transcribe - -o film.pdf

Files: .lab .csv .jams .mid .musicxml .cho (ChordPro) .html (link for iReal Pro) .txt .svg
.pdf .labels.txt (Audacity) .reaper.csv .inline.cho, by the name of the output or by --format.

Folders are searched to the bottom, and the output folder gets the same tree. Songs that would
get one name keep their extensions, their folder's name or a number. Charts that are there
already are kept; on a terminal you are asked, and --force replaces them. So a run that was
stopped with Ctrl-C goes on where it was when it is started again.

Beats and bars are found in the music and chords changed on them; --bpm and --meter say what
is known of them already, --half-tempo and --double-tempo that they are counted otherwise, and
--no-grid that there are none. Where no steady beat is found, changes stay where they are heard.
Without --key, the keys are found from the chords.";

const LIVE_EXAMPLES: &str = "\
Examples:
  changes live song.wav
  changes live --fast song.wav --events song.jsonl
  changes live --fast song.wav -o song.mid --bpm 96
  arecord -f cd | changes live -

Each line of the events file is a change of the display:
  {\"shown_at_s\":2.14,\"starts_at_s\":1.95,\"label\":\"A:min7\",\"state\":\"provisional\",\"confidence\":0.81}
Both times count seconds of audio, so the file is the same at either speed.

Ctrl-C ends the music; what was heard until then is written.";

/// The arguments that the program was started with.
pub fn parse() -> Arguments {
    Arguments::parse_from(with_command(std::env::args_os().collect()))
}

/// Puts `transcribe` before what is no command.
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
    /// What is known of the beats.
    #[command(flatten)]
    pub time: Time,
    /// What is known of the sound.
    #[command(flatten)]
    pub hearing: Hearing,
    /// What charts say about the song.
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
    /// As fast as the machine can instead of in real time
    #[arg(long)]
    pub fast: bool,
    /// Write each change of the display to this file, one JSON object a line
    ///
    /// - prints them instead of the table.
    #[arg(long, value_name = "PATH")]
    pub events: Option<PathBuf>,
    /// Where the chord track goes, as it became final.
    #[command(flatten)]
    pub output: Output,
    /// What is known of the beats.
    #[command(flatten)]
    pub time: Time,
    /// What is known of the sound.
    #[command(flatten)]
    pub hearing: Hearing,
    /// What charts say about the song.
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
    /// A folder is meant where there are several songs, where it is there, or where the name ends in a slash. - is standard output.
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// The kind of file, where the name does not say it; alone, what to print
    ///
    /// By its name or any of its extensions, in any case. In a folder it is lab if nothing is said.
    #[arg(short, long, value_enum, ignore_case = true, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Replace files that are there already
    ///
    /// Without it they are kept; on a terminal you are asked.
    #[arg(long)]
    pub force: bool,
}

/// What is known of the beats of a song.
#[derive(Args)]
pub struct Time {
    /// The tempo, if it is steady, in quarter notes a minute; see --beat
    ///
    /// It counts quarter notes in every metre: 90 in 6/8 is a dotted quarter = 60, which can be written --bpm 60 --beat 3/8. Without it, beats are found.
    #[arg(long, value_name = "BPM", alias = "tempo", value_parser = values::tempo)]
    pub bpm: Option<f64>,
    /// The note that --bpm counts: 1/4, 3/8 (a dotted quarter) or a name, as dotted-quarter
    #[arg(long, value_name = "NOTE", requires = "bpm")]
    pub beat: Option<NoteValue>,
    /// The metre; without it, 4/4, 3/4, 5/4, 6/8 or 7/8 is found
    #[arg(long, value_name = "METRE", alias = "metre")]
    pub meter: Option<Metre>,
    /// Beats otherwise than they are found.
    #[command(flatten)]
    pub grid: Grid,
}

impl Time {
    /// The same for the recognizer, which counts quarter notes.
    ///
    /// # Errors
    /// A tempo that is out of bounds in quarter notes.
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

/// What is known of the sound of a song.
#[derive(Args)]
pub struct Hearing {
    /// How far the music lies from A = 440 Hz: auto, the frequency of A (432) or cents (-32c)
    ///
    /// Without it, the music says so itself, within 60 cents; what was found is told where it is not 440 Hz.
    #[arg(long, value_name = "TUNING", value_parser = values::tuning, allow_hyphen_values = true)]
    pub tuning: Option<TuningSetting>,
}

impl Hearing {
    /// The tuning as the recognizer takes it.
    pub fn tuning(&self) -> TuningSetting {
        self.tuning.unwrap_or_default()
    }
}

/// What charts say about a song, and MIDI files play.
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
}

impl About {
    /// What the exporters are told about the chord track of `song`.
    pub fn export_options(&self, song: &Song, notation: &Notation, time: &Time) -> export::Options {
        let default = export::Options::default();
        export::Options {
            style: notation.style,
            key: notation.key,
            tempo_bpm: time.quarters().unwrap_or(default.tempo_bpm),
            metre: time.meter.unwrap_or(default.metre),
            title: self.title.clone().or_else(|| song.title()),
            artist: self.composer.clone(),
            voicing: self.voicing,
            ..default
        }
    }
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
    /// The key that spelling, numerals and numbers refer to, as C:maj, Am or "F# minor"
    #[arg(long, value_name = "KEY", value_parser = values::key)]
    pub key: Option<Key>,
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
