//! Songs and the sources of their audio.

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

/// An opened source.
enum Opened {
    /// By its path.
    File(PathBuf),
    /// As a stream, which can be read only once.
    Stream(Box<dyn Read + Send>),
}

impl Song {
    /// The song of a typed path; `-` is standard input.
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

    /// A file found in a folder, and its path below an output folder.
    pub fn in_folder(path: &Path, place: PathBuf) -> Self {
        Self {
            source: Source::File(path.to_owned()),
            place,
        }
    }

    /// Its path below an output folder, with its own extension.
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

    /// A path that does not depend on how the file's path was typed. A link to a file is another
    /// song, because it has its own name.
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
                    "nothing is piped into it; use PROGRAM | changes -",
                )));
            }
            return Ok(Opened::Stream(Box::new(io::stdin())));
        };
        // A named pipe, or a shell's <(PROGRAM).
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
