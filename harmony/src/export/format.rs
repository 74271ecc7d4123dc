//! The export formats, and the format of a path.

use std::io;
use std::path::{Path, PathBuf};

use super::{
    ExportError, Keyed, Options, audacity, chart, chordpro, csv, ireal, jams, lab, midi, musicxml,
    reaper, sheet, text,
};
use crate::timeline::Timeline;
use crate::track::Track;

/// A file format of chord tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Tab-separated start, end, Harte label ([`lab`]).
    Lab,
    /// A table with a header line ([`csv`]).
    Csv,
    /// JSON Annotated Music Specification ([`jams`]).
    Jams,
    /// Standard MIDI file ([`midi`]).
    Midi,
    /// Lead sheet for notation programs ([`musicxml`]).
    MusicXml,
    /// ChordPro with the chords in a grid of bars ([`chordpro`]).
    ChordPro,
    /// ChordPro with the chords in brackets between barlines ([`chordpro`]).
    ChordProInline,
    /// A page with the link that iReal Pro opens ([`ireal`]).
    IReal,
    /// Labels for Audacity's label track ([`audacity`]).
    Audacity,
    /// Regions and markers for REAPER's manager ([`reaper`]).
    Reaper,
    /// A chart in plain text ([`text`]).
    Text,
    /// A drawn chart on one page ([`sheet`]).
    Svg,
    /// A drawn chart on A4 pages ([`sheet`]).
    Pdf,
}

/// A path whose extension names no known format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: the name must end in .lab, .csv, .jams, .mid, .musicxml, .cho, .html (iReal Pro), .txt, .svg, .pdf, .labels.txt (Audacity) or .reaper.csv", path.display())]
pub struct UnknownFormat {
    /// The path.
    pub path: PathBuf,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 13] = [
        Self::Lab,
        Self::Csv,
        Self::Jams,
        Self::Midi,
        Self::MusicXml,
        Self::ChordPro,
        Self::ChordProInline,
        Self::IReal,
        Self::Audacity,
        Self::Reaper,
        Self::Text,
        Self::Svg,
        Self::Pdf,
    ];

    /// The name used on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lab => "lab",
            Self::Csv => "csv",
            Self::Jams => "jams",
            Self::Midi => "mid",
            Self::MusicXml => "musicxml",
            Self::ChordPro => "chordpro",
            Self::ChordProInline => "chordpro-inline",
            Self::IReal => "ireal",
            Self::Audacity => "audacity",
            Self::Reaper => "reaper",
            Self::Text => "text",
            Self::Svg => "svg",
            Self::Pdf => "pdf",
        }
    }

    /// A line that describes the format.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Lab => "Start, end and Harte label on a line",
            Self::Csv => "Comma-separated values with a header",
            Self::Jams => "JAMS, the annotation format of music research",
            Self::Midi => "A MIDI file with markers, chords and bass",
            Self::MusicXml => "A MusicXML lead sheet for notation programs",
            Self::ChordPro => "ChordPro, the chords in a grid of bars",
            Self::ChordProInline => "ChordPro, the chords in brackets",
            Self::IReal => "A page with a link for iReal Pro",
            Self::Audacity => "Labels for Audacity",
            Self::Reaper => "Regions and markers for REAPER",
            Self::Text => "A chart in plain text",
            Self::Svg => "A drawn chart as SVG",
            Self::Pdf => "A drawn chart as PDF",
        }
    }

    /// The usual extension, without the dot. Where two formats share an extension, one has a double
    /// extension, so that a path always names one format.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        self.extensions()[0]
    }

    /// Every extension that names the format, the usual one first.
    #[must_use]
    pub const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Lab => &["lab"],
            Self::Csv => &["csv"],
            Self::Jams => &["jams"],
            Self::Midi => &["mid", "midi"],
            Self::MusicXml => &["musicxml", "xml"],
            Self::ChordPro => &["cho", "chordpro", "chopro", "pro", "crd"],
            Self::ChordProInline => &["inline.cho"],
            Self::IReal => &["html", "htm"],
            Self::Audacity => &["labels.txt"],
            Self::Reaper => &["reaper.csv"],
            Self::Text => &["txt"],
            Self::Svg => &["svg"],
            Self::Pdf => &["pdf"],
        }
    }

    /// Whether the format is binary.
    #[must_use]
    pub const fn is_binary(self) -> bool {
        matches!(self, Self::Midi | Self::Pdf)
    }

    /// The format by the extension of a path, in either case.
    ///
    /// # Errors
    /// No extension, or an unknown one.
    pub fn from_path(path: &Path) -> Result<Self, UnknownFormat> {
        let refuse = || UnknownFormat {
            path: path.to_owned(),
        };
        let extension = path.extension().and_then(|extension| extension.to_str());
        let extension = extension.map(str::to_ascii_lowercase).ok_or_else(refuse)?;
        let stem = path.file_stem().map(Path::new);
        let before = stem
            .and_then(Path::extension)
            .and_then(|before| before.to_str())
            .map(str::to_ascii_lowercase);
        let double = before.map(|before| format!("{before}.{extension}"));
        let named = |extension: &str| {
            Self::ALL
                .into_iter()
                .find(|format| format.extensions().contains(&extension))
        };
        double
            .as_deref()
            .and_then(named)
            .or_else(|| named(&extension))
            .ok_or_else(refuse)
    }

    /// Whether the parts of a chord that were confirmed or locked at different times are written
    /// separately, as in the table. Other formats would repeat the chord where nothing changes.
    const fn keeps_parts(self) -> bool {
        matches!(self, Self::Csv)
    }

    /// Writes a bare timeline in this format, in one tempo, meter and key.
    ///
    /// # Errors
    /// An error of the writer, or a track that the format cannot express.
    pub fn write(
        self,
        writer: impl io::Write,
        timeline: &Timeline,
        options: &Options,
    ) -> Result<(), ExportError> {
        let mut whole;
        let timeline = if self.keeps_parts() {
            timeline
        } else {
            whole = timeline.clone();
            whole.merge_labels();
            &whole
        };
        // Formats with the times of the recording need no tempo and must not invent beats.
        match self {
            Self::Lab => lab::write(writer, &Keyed::from_timeline(timeline, options)),
            Self::Csv => csv::write(writer, &Keyed::from_timeline(timeline, options), options),
            Self::Jams => {
                let title = options.title.as_deref().unwrap_or_default();
                let artist = options.artist.as_deref().unwrap_or_default();
                jams::write(
                    writer,
                    &Keyed::from_timeline(timeline, options),
                    title,
                    artist,
                    options.audio.as_ref(),
                )
            }
            Self::Audacity => audacity::write(writer, &Keyed::from_timeline(timeline, options)),
            _ => self.write_parts(writer, &options.track(timeline)?, options),
        }
    }

    /// Writes a track in this format.
    ///
    /// # Errors
    /// An error of the writer, or a track that the format cannot express.
    pub fn write_track(
        self,
        writer: impl io::Write,
        track: &Track,
        options: &Options,
    ) -> Result<(), ExportError> {
        if self.keeps_parts() {
            self.write_parts(writer, track, options)
        } else {
            self.write_parts(writer, &track.with_whole_chords(), options)
        }
    }

    /// A warning about parts of the track that this format cannot show: characters that no font on
    /// this computer has.
    #[must_use]
    pub fn shortfall(self, track: &Track, options: &Options) -> Option<String> {
        if !matches!(self, Self::Svg | Self::Pdf) {
            return None;
        }
        let missing = sheet::undrawable(&chart(track, options), &options.fonts).ok()?;
        if missing.is_empty() {
            return None;
        }
        let named: String = missing.iter().take(12).collect();
        let more = if missing.len() > 12 { " …" } else { "" };
        let copied = match self {
            Self::Pdf => "; text copied from the file is right",
            _ => "",
        };
        Some(format!(
            "no font on this computer has {named}{more}: drawn as question marks{copied}"
        ))
    }

    /// Writes a track, each segment separately.
    fn write_parts(
        self,
        mut writer: impl io::Write,
        track: &Track,
        options: &Options,
    ) -> Result<(), ExportError> {
        let keyed = || Keyed::from_track(track, options);
        match self {
            Self::Lab => lab::write(writer, &keyed()),
            Self::Csv => csv::write(writer, &keyed(), options),
            Self::Jams => {
                let info = track.info();
                let audio = options.audio.as_ref();
                jams::write(writer, &keyed(), &info.title, &info.composer, audio)
            }
            Self::Audacity => audacity::write(writer, &keyed()),
            Self::Reaper => reaper::write(writer, track, &keyed()),
            Self::Midi => midi::write(writer, track, options),
            Self::MusicXml => musicxml::write(writer, &chart(track, options)),
            Self::ChordPro => {
                let strings = options.diagrams.as_ref();
                chordpro::write(writer, &chart(track, options), options.names, strings)
            }
            Self::ChordProInline => {
                let strings = options.diagrams.as_ref();
                chordpro::write_inline(writer, &chart(track, options), options.names, strings)
            }
            Self::IReal => ireal::write(writer, &chart(track, options)),
            Self::Text => text::write(writer, &chart(track, options), options.notation()),
            Self::Svg => {
                let svg = sheet::svg(
                    &chart(track, options),
                    options.notation(),
                    options.diagrams.as_ref(),
                    &options.fonts,
                )?;
                writer.write_all(svg.as_bytes())?;
                Ok(writer.flush()?)
            }
            Self::Pdf => {
                let pdf = sheet::pdf(
                    &chart(track, options),
                    options.notation(),
                    options.diagrams.as_ref(),
                    &options.fonts,
                )?;
                writer.write_all(&pdf)?;
                Ok(writer.flush()?)
            }
        }
    }
}
