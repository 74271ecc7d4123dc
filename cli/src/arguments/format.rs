//! `--format`: a format by its name or by any of its extensions.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use harmony::export;

/// What `transcribe` and `live` print or write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table for people.
    Table,
    /// A file format.
    File(export::Format),
}

impl Format {
    /// The extension of files of this kind, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Table => "txt",
            Self::File(format) => format.extension(),
        }
    }

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::File(format) => format.name(),
        }
    }

    /// Whether it is binary, so that a terminal cannot show it.
    pub const fn is_binary(self) -> bool {
        match self {
            Self::Table => false,
            Self::File(format) => format.is_binary(),
        }
    }

    /// Whether the tracks of several songs can follow each other on standard output, each below the
    /// name of its song.
    pub const fn can_be_strung(self) -> bool {
        matches!(
            self,
            Self::Table | Self::File(export::Format::Lab | export::Format::Text)
        )
    }

    /// Whether a file that ends in `extension` (lower case) may have this format, although the
    /// extension alone would mean another format or none.
    pub fn fits(self, extension: &str) -> bool {
        let last = |it: &str| it.rsplit('.').next() == Some(extension);
        match self {
            Self::Table => extension == "txt",
            // Any text format may end in .txt.
            Self::File(format) => {
                format.extensions().iter().any(|it| last(it))
                    || (extension == "txt" && !format.is_binary())
            }
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
        let format = match self {
            Self::Table => return Some(PossibleValue::new("table").help("A table for people")),
            Self::File(format) => *format,
        };
        let names = format.extensions().iter().chain(other_names(format));
        Some(
            PossibleValue::new(format.name())
                .help(format!("{} (.{})", format.title(), format.extension()))
                .aliases(names.copied().filter(|name| *name != format.name())),
        )
    }
}

/// Other names of a format, besides its name and its extensions.
const fn other_names(format: export::Format) -> &'static [&'static str] {
    use export::Format as F;
    match format {
        F::Lab => &[".lab"],
        F::Csv => &[".csv"],
        F::Jams => &[".jams"],
        F::Midi => &[".mid", ".midi"],
        F::MusicXml => &[".musicxml", ".xml", "music-xml"],
        F::ChordPro => &[".cho", ".chordpro", ".chopro", ".pro", ".crd", "chord-pro"],
        F::ChordProInline => &[".inline.cho", "inline"],
        F::IReal => &[".html", ".htm", "ireal-pro", "irealpro", "irealb"],
        F::Audacity => &[".labels.txt", "labels"],
        F::Reaper => &[".reaper.csv"],
        F::Text => &[".txt"],
        F::Svg => &[".svg"],
        F::Pdf => &[".pdf"],
    }
}
