//! Output targets of chord tracks, decided before any work, so that a mistake costs no time.

mod file;
mod taken;

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use harmony::export;
use harmony::export::atomic;
use harmony::track::Track;

pub use file::OutputFile;

use crate::arguments::{Format, Output};
use crate::error::Error;
use crate::say::say;
use crate::songs::{self, Found, Song};
use crate::table;
use taken::Taken;

/// A song and the target of its chord track.
pub struct Job {
    /// The song.
    pub song: Song,
    /// The file, or standard output.
    pub to: To,
}

/// The target of a chord track.
pub enum To {
    /// To standard output.
    Print {
        /// Whether the song's name is printed above it.
        with_name: bool,
    },
    /// Into a file.
    File(OutputFile),
}

/// All songs of a run with the targets of their chord tracks.
pub struct Plan {
    /// The format.
    pub format: Format,
    /// The songs, without those whose chord tracks already exist.
    pub jobs: Vec<Job>,
}

impl Plan {
    /// Decides from `options` where the chord tracks of the songs go.
    ///
    /// # Errors
    /// Formats, names and files that contradict each other or cannot be written.
    pub fn new(options: &Output, found: &Found) -> Result<Self, Error> {
        let songs = &found.songs;
        let several = found.are_several;
        let output = options.output.as_deref();
        let Some(path) = output.filter(|path| !is_standard_output(path)) else {
            return Self::printing(options.format.unwrap_or(Format::Table), songs, several);
        };
        if !(several || path.is_dir() || ends_with_separator(path)) {
            let format = format_of(path, options.format)?;
            let inputs: Vec<&Path> = songs.iter().map(Song::path).collect();
            let to = OutputFile::settle(path, options.force, &inputs)?;
            let jobs = songs.iter().map(|song| Job {
                song: song.clone(),
                to: To::File(to.clone()),
            });
            let jobs = jobs.collect();
            return Ok(Self { format, jobs });
        }
        let suggested = export::Format::from_path(path).ok();
        let is_file = !path.is_dir() && suggested.is_some() && !ends_with_separator(path);
        if several && (is_file || path.is_file()) {
            return Err(Error::NotAFolder {
                path: path.to_owned(),
                folder: path.with_extension(""),
                format: options
                    .format
                    .map(Format::name)
                    .or(suggested.map(export::Format::name)),
            });
        }
        let default = Format::File(export::Format::Lab);
        Self::in_folder(
            path,
            options.format.unwrap_or(default),
            options.force,
            songs,
        )
    }

    fn printing(format: Format, songs: &[Song], several: bool) -> Result<Self, Error> {
        if songs.len() > 1 && !format.can_be_strung() {
            return Err(Error::OneStream(format.name()));
        }
        if format.is_binary() && io::stdout().is_terminal() {
            return Err(Error::BinaryToTerminal {
                format: format.name(),
                extension: format.extension(),
            });
        }
        let jobs = songs.iter().map(|song| Job {
            song: song.clone(),
            to: To::Print { with_name: several },
        });
        let jobs = jobs.collect();
        Ok(Self { format, jobs })
    }

    fn in_folder(
        folder: &Path,
        format: Format,
        force: bool,
        songs: &[Song],
    ) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(|source| Error::Folder {
            path: folder.to_owned(),
            source,
        })?;
        let names = songs::outputs(songs, format.extension());
        let files: Vec<_> = names.iter().map(|name| folder.join(name)).collect();
        let inputs: Vec<&Path> = songs.iter().map(Song::path).collect();
        let taken = Taken::among(&files, &inputs)?;
        let replace = !taken.is_empty() && (force || taken.ask_for_all());
        let kept = if replace { 0 } else { taken.len() };
        if kept > 0 {
            say(&format!(
                "{kept} of {} chord tracks are already in {} and are kept; --force replaces them",
                files.len(),
                folder.display()
            ));
        }
        let mut jobs = Vec::new();
        for (song, path) in songs.iter().zip(files) {
            let is_taken = taken.holds(&path);
            if replace || !is_taken {
                jobs.push(Job {
                    song: song.clone(),
                    to: To::File(OutputFile::new(path, replace && is_taken)),
                });
            }
        }
        if !jobs.is_empty() {
            atomic::check(&folder.join(".changes"))?;
        }
        Ok(Self { format, jobs })
    }
}

impl Job {
    /// Writes the chord track of the song to its target.
    ///
    /// # Errors
    /// A track that the format cannot express; the system's errors.
    pub fn put(
        &self,
        track: &Track,
        format: Format,
        options: &export::Options,
    ) -> Result<(), Error> {
        let mut bytes = Vec::new();
        if let To::Print { with_name: true } = self.to {
            let name = crate::say::on_one_line(&self.song.path().display().to_string());
            match format {
                Format::Table => bytes.extend(format!("{name}\n").bytes()),
                // A comment in label files.
                Format::File(export::Format::Lab) => bytes.extend(format!("# {name}\n").bytes()),
                Format::File(_) => {}
            }
        }
        match format {
            Format::Table => {
                bytes.extend(table::render(track, options.notation()).bytes());
                bytes.push(b'\n');
            }
            Format::File(format) => {
                let written = format.write_track(&mut bytes, track, options);
                written.map_err(|source| Error::Export {
                    path: match &self.to {
                        To::File(file) => file.path().to_owned(),
                        To::Print { .. } => self.song.path().to_owned(),
                    },
                    source,
                })?;
                if let Some(shortfall) = format.shortfall(track, options) {
                    let name = self.song.path().display();
                    say(&format!("warning: {name}: {shortfall}"));
                }
            }
        }
        match &self.to {
            To::File(file) => file.write(&bytes),
            To::Print { with_name } => {
                if *with_name && format != Format::File(export::Format::Lab) {
                    bytes.push(b'\n');
                }
                print(&bytes)
            }
        }
    }
}

/// Writes bytes to standard output.
///
/// # Errors
/// [`Error::Stdout`], also for a closed pipe.
pub fn print(bytes: &[u8]) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(Error::Stdout)
}

/// Whether a path means standard output.
pub fn is_standard_output(path: &Path) -> bool {
    ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]
        .iter()
        .any(|name| path == *name)
}

fn ends_with_separator(path: &Path) -> bool {
    let last = path.as_os_str().as_encoded_bytes().last();
    last.is_some_and(|&byte| std::path::is_separator(char::from(byte)))
}

/// The format of one file, from `--format`, else from its name.
fn format_of(path: &Path, chosen: Option<Format>) -> Result<Format, Error> {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    match (chosen, export::Format::from_path(path)) {
        (None, Ok(named)) => Ok(Format::File(named)),
        (None, Err(error)) => Err(Error::NoFormat(error)),
        (Some(chosen), Err(_)) => Ok(chosen),
        (Some(chosen), Ok(named))
            if chosen == Format::File(named) || chosen.fits(&extension.to_lowercase()) =>
        {
            Ok(chosen)
        }
        (Some(chosen), Ok(_)) => Err(Error::FormatMismatch {
            path: path.to_owned(),
            format: chosen.name(),
            extension: chosen.extension(),
        }),
    }
}

/// The format and target of one song's chord track, if one was requested.
///
/// # Errors
/// As [`Plan::new`].
pub fn plan_one(options: &Output, song: &Song) -> Result<Option<(Format, Job)>, Error> {
    if options.output.is_none() && matches!(options.format, None | Some(Format::Table)) {
        return Ok(None);
    }
    let found = Found {
        songs: vec![song.clone()],
        ..Found::default()
    };
    let plan = Plan::new(options, &found)?;
    let format = plan.format;
    Ok(plan.jobs.into_iter().next().map(|job| (format, job)))
}
