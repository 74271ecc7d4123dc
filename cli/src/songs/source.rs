//! A song, and where its audio comes from.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use recognizer::audio::{AudioError, Decoded, Warning, decode_stream, decode_with};
use recognizer::signal::Signal;

/// Name of standard input in messages.
const STANDARD_INPUT: &str = "standard input";

/// A song.
#[derive(Clone, Debug)]
pub struct Song {
    source: Source,
    place: PathBuf,
}

#[derive(Clone, Debug)]
enum Source {
    File(PathBuf),
    StandardInput,
}

/// How a source is opened.
enum Opened {
    /// By its path.
    File(PathBuf),
    /// As a stream that can be read once.
    Stream(Box<dyn Read + Send>),
}

impl Song {
    /// The song of a path as it was typed; `-` is standard input.
    pub fn from_argument(path: &Path) -> Self {
        if path == "-" {
            return Self {
                source: Source::StandardInput,
                place: "stdin".into(),
            };
        }
        let place = path.file_name().unwrap_or(path.as_os_str()).into();
        Self::in_folder(path, place)
    }

    /// A file that was found in a folder, and its place below an output folder.
    pub fn in_folder(path: &Path, place: PathBuf) -> Self {
        Self {
            source: Source::File(path.to_owned()),
            place,
        }
    }

    /// Its place below an output folder, under its own extension.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Its path, or its name in messages.
    pub fn path(&self) -> &Path {
        match &self.source {
            Source::File(path) => path,
            Source::StandardInput => Path::new(STANDARD_INPUT),
        }
    }

    /// Whether it comes from standard input.
    pub const fn is_standard_input(&self) -> bool {
        matches!(self.source, Source::StandardInput)
    }

    /// The title that its name suggests.
    pub fn title(&self) -> Option<String> {
        match &self.source {
            Source::File(path) => Some(path.file_stem()?.to_string_lossy().into_owned()),
            Source::StandardInput => None,
        }
    }

    /// A path that is the same however the file's path was written. A link to a file is another
    /// file, because it has a name of its own.
    pub(super) fn identity(&self) -> OsString {
        let Source::File(path) = &self.source else {
            return "-".into();
        };
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let folder = parent.canonicalize();
        match (folder, path.file_name()) {
            (Ok(folder), Some(name)) => folder.join(name).into(),
            _ => path.into(),
        }
    }

    /// Its audio at the rate of the analysis.
    ///
    /// # Errors
    /// As [`Signal::read`]; a standard input that is a terminal.
    pub fn read(
        &self,
        progress: &mut dyn FnMut(f32),
    ) -> Result<(Signal, Option<Warning>), AudioError> {
        match self.open()? {
            Opened::File(path) => Signal::read(path, progress),
            Opened::Stream(stream) => Signal::read_stream(stream, self.path(), progress),
        }
    }

    /// Its audio block by block, as [`decode_with`].
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn decode(&self, sink: &mut dyn FnMut(u32, &[f32])) -> Result<Decoded, AudioError> {
        match self.open()? {
            Opened::File(path) => decode_with(path, &mut |_| {}, sink),
            Opened::Stream(stream) => decode_stream(stream, self.path(), &mut |_| {}, sink),
        }
    }

    fn open(&self) -> Result<Opened, AudioError> {
        let refused = |source| AudioError::Unreadable {
            path: self.path().to_owned(),
            source,
        };
        let Source::File(path) = &self.source else {
            if io::stdin().is_terminal() {
                return Err(refused(io::Error::other(
                    "nothing is piped into it; write PROGRAM | changes -",
                )));
            }
            return Ok(Opened::Stream(Box::new(io::stdin())));
        };
        // A pipe with a name, or what a shell makes of <(PROGRAM).
        let is_stream = path
            .metadata()
            .is_ok_and(|it| !it.is_file() && !it.is_dir());
        if is_stream {
            let file = File::open(path).map_err(refused)?;
            return Ok(Opened::Stream(Box::new(file)));
        }
        Ok(Opened::File(path.clone()))
    }
}
