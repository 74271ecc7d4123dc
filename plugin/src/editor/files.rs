//! Exports: writes files, copies texts. Nothing here runs on the audio thread. What may wait
//! for a disk or for the user runs on a thread of its own.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;
use std::sync::Arc;
use std::thread;

use egui::Context;
use harmony::export::name::file_name;
use harmony::export::{self, ExportError, Format, Options, SaveError};
use harmony::track::Track;
use nice_plug_egui::RepaintNotifier;
use parking_lot::Mutex;

use super::desk::Notice;
use super::dragging::{Ended, Origin};
use super::pinned;
use crate::view::Controls;

/// The highest number added to a name that is taken.
const NUMBERS: u32 = 999;

/// Why a file or its text could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    /// The format cannot express the track.
    #[error(transparent)]
    Format(ExportError),
    /// The format is not text.
    #[error("this format is not text")]
    NoText(#[from] FromUtf8Error),
    /// The export folder cannot be created.
    #[error("{}: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The path has no file name.
    #[error("{}: this is not a file name", .0.display())]
    NoName(PathBuf),
    /// Every name that was tried is taken.
    #[error("{}: there are {NUMBERS} files of that name already", .0.display())]
    Taken(PathBuf),
    /// The file cannot be written.
    #[error(transparent)]
    Save(#[from] SaveError),
}

/// Writes files and keeps the message about them.
#[derive(Clone)]
pub(super) struct Files {
    told: Arc<Mutex<Option<Notice>>>,
    repaint: RepaintNotifier,
}

impl Files {
    /// Calls `repaint` when there is a message.
    pub(super) fn new(repaint: RepaintNotifier) -> Self {
        Self {
            told: Arc::default(),
            repaint,
        }
    }

    /// The message since the last call, if there is one.
    pub(super) fn take(&self) -> Option<Notice> {
        self.told.lock().take()
    }

    /// Sets the message.
    pub(super) fn tell(&self, notice: Notice) {
        *self.told.lock() = Some(notice);
        self.repaint.request_repaint();
    }

    /// Saves the track in the export folder, named after the song. An existing file stays.
    pub(super) fn save(&self, track: Arc<Track>, format: Format, controls: &Controls) {
        let (options, folder) = (options(controls), folder(controls));
        self.on_a_thread(NOT_WRITTEN, move |files| {
            let result = write_new(&folder, &track, format, &options);
            files.tell(told(result, &track, format, &options));
        });
    }

    /// Asks the user where to, and saves the track there.
    pub(super) fn save_as(&self, track: Arc<Track>, format: Format, controls: &Controls) {
        let (options, folder) = (options(controls), folder(controls));
        self.on_a_thread(NOT_WRITTEN, move |files| {
            let dialog = rfd::AsyncFileDialog::new()
                .set_title("Export the chords")
                .set_directory(nearest(&folder))
                .set_file_name(format!("{}.{}", title_of(&track), format.extension()))
                .add_filter(format.title(), &[format.extension()]);
            if let Some(chosen) = files.chosen(dialog.save_file(), NO_DIALOG) {
                let result = write_chosen(chosen, &track, format, &options);
                files.tell(told(result, &track, format, &options));
            }
        });
    }

    /// Copies the text of the track to the clipboard, on another thread: drawings may have to
    /// search for fonts.
    pub(super) fn copy(
        &self,
        track: Arc<Track>,
        format: Format,
        controls: &Controls,
        window: &Context,
    ) {
        let (controls, window) = (controls.clone(), window.clone());
        self.on_a_thread(NOT_WRITTEN, move |files| {
            let copied = text(&track, format, &controls);
            let error = copied.is_err();
            let text = match copied {
                Ok(text) => {
                    window.copy_text(text);
                    format!("Copied: {}", format.title())
                }
                Err(error) => format!("Not copied: {error}"),
            };
            let file = None;
            files.tell(Notice { text, error, file });
        });
    }

    /// Writes the file into the export folder and offers it under the pointer until the button
    /// is released. Call it on the window's thread, while the button is down.
    pub(super) fn drag_out(&self, track: Arc<Track>, format: Format, controls: &Controls) {
        let (options, folder) = (options(controls), folder(controls));
        let origin = Origin::here();
        self.on_a_thread(NOT_WRITTEN, move |files| {
            let path = match write_new(&folder, &track, format, &options) {
                Ok(path) => path,
                Err(error) => return files.tell(saved(Err(error))),
            };
            match origin.and_then(|origin| origin.drag(&path)) {
                Ok(Ended::Dropped) => files.tell(Notice {
                    text: format!("Dragged out {}", path.display()),
                    error: false,
                    file: Some(path),
                }),
                // Nobody took it, and it was written for the drag alone. If removing it fails,
                // the export folder has one file too many.
                Ok(Ended::NotTaken) => drop(std::fs::remove_file(&path)),
                Err(error) => files.tell(Notice {
                    text: format!(
                        "Saved {}, but it cannot be dragged: {error}",
                        path.display()
                    ),
                    error: true,
                    file: Some(path),
                }),
            }
        });
    }

    /// The file that the user chooses in a dialog. If none was chosen and there may have been
    /// no dialog, the message is `nothing`.
    pub(super) fn chosen(
        &self,
        dialog: impl Future<Output = Option<rfd::FileHandle>>,
        nothing: &str,
    ) -> Option<PathBuf> {
        let file = pollster::block_on(dialog);
        if file.is_none() && !dialog_is_certain() {
            self.tell_failure(nothing.to_owned());
        }
        file.map(|file| file.path().to_owned())
    }

    pub(super) fn tell_failure(&self, text: String) {
        self.tell(Notice {
            text,
            error: true,
            file: None,
        });
    }

    /// Runs `work` on a thread of its own. If there is no thread to be had, the message begins
    /// with `failed`.
    pub(super) fn on_a_thread(&self, failed: &str, work: impl FnOnce(&Self) + Send + 'static) {
        // Nobody waits for this thread.
        pinned::pin();
        let files = self.clone();
        let spawned = thread::Builder::new()
            .name("changes-files".to_owned())
            .spawn(move || work(&files));
        if let Err(error) = spawned {
            self.tell_failure(format!("{failed}: {error}"));
        }
    }
}

/// The message if there is no thread to write a file.
const NOT_WRITTEN: &str = "The file was not written";

/// The message when no file was chosen and it is unknown whether there was a dialog.
const NO_DIALOG: &str = "Not saved: no file was chosen. If no dialog has opened, this system has \
                         none (xdg-desktop-portal or zenity); Save works without.";

/// Whether the system certainly has a dialog. Windows and macOS have one; Linux asks the
/// desktop's portal, which may be missing, and then zenity.
fn dialog_is_certain() -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    !cfg!(all(unix, not(target_os = "macos"))) || is_on(&paths, "zenity")
}

/// Whether a program is in one of these folders.
fn is_on(paths: &OsStr, program: &str) -> bool {
    std::env::split_paths(paths).any(|folder| folder.join(program).is_file())
}

/// The text of a format.
///
/// # Errors
/// If the format cannot express the track, or is not text.
pub(super) fn text(
    track: &Track,
    format: Format,
    controls: &Controls,
) -> Result<String, FileError> {
    let mut bytes = Vec::new();
    format
        .write_track(&mut bytes, track, &options(controls))
        .map_err(FileError::Format)?;
    Ok(String::from_utf8(bytes)?)
}

/// Writes the track into a folder under a free name. Returns the path.
///
/// # Errors
/// If it cannot be written; the error names the file.
pub(super) fn write_new(
    folder: &Path,
    track: &Track,
    format: Format,
    options: &Options,
) -> Result<PathBuf, FileError> {
    std::fs::create_dir_all(folder).map_err(|source| FileError::Folder {
        folder: folder.to_owned(),
        source,
    })?;
    write_beside(folder, title_of(track).as_ref(), track, format, options)
}

/// Writes the track where the user wants it. Returns the path. The dialog has asked before
/// overwriting the name as it was typed. A name without the format's extension gets it here, and
/// about a file of that longer name nobody was asked: it stays, and the new name gets a number.
fn write_chosen(
    chosen: PathBuf,
    track: &Track,
    format: Format,
    options: &Options,
) -> Result<PathBuf, FileError> {
    if Format::from_path(&chosen) == Ok(format) {
        export::save_track(&chosen, track, options)?;
        return Ok(chosen);
    }
    match (chosen.parent(), chosen.file_name()) {
        (Some(folder), Some(name)) => write_beside(folder, name, track, format, options),
        _ => Err(FileError::NoName(chosen)),
    }
}

/// Writes the track under this name with the format's extension, or with the next number that
/// is free.
fn write_beside(
    folder: &Path,
    name: &OsStr,
    track: &Track,
    format: Format,
    options: &Options,
) -> Result<PathBuf, FileError> {
    for path in names(folder, name, format.extension()) {
        // Another instance may take the name first: the next number follows.
        match export::save_new_track(&path, track, options) {
            Err(error) if error.is_taken() => {}
            Err(error) => return Err(error.into()),
            Ok(()) => return Ok(path),
        }
    }
    Err(FileError::Taken(folder.join(name)))
}

/// The options for the exporters.
pub(super) fn options(controls: &Controls) -> Options {
    Options {
        style: controls.style(),
        names: controls.window.names,
        voicing: controls.window.voicing,
        xf: controls.window.xf,
        diagrams: controls.window.diagrams.then(|| controls.window.strings()),
        ..Options::default()
    }
}

/// The export folder.
pub(super) fn folder(controls: &Controls) -> PathBuf {
    match controls.window.folder.trim() {
        "" => default_folder(),
        named => match (named.strip_prefix("~/"), dirs::home_dir()) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(named),
        },
    }
}

/// The default export folder.
pub(super) fn default_folder() -> PathBuf {
    dirs::document_dir()
        .or_else(|| dirs::home_dir().map(|home| home.join("Documents")))
        .unwrap_or_else(std::env::temp_dir)
        .join("Changes")
}

/// The file name for the song.
fn title_of(track: &Track) -> String {
    file_name(&track.info().title)
}

/// The free names for a file.
fn names(folder: &Path, name: &OsStr, extension: &str) -> impl Iterator<Item = PathBuf> {
    let named = move |number: Option<u32>| {
        let mut file = name.to_owned();
        file.push(number.map_or_else(String::new, |number| format!(" {number}")));
        file.push(".");
        file.push(extension);
        folder.join(file)
    };
    std::iter::once(None)
        .chain((2..=NUMBERS).map(Some))
        .map(named)
        .filter(|path| !path.exists())
}

/// The folder itself, or its nearest existing ancestor.
pub(super) fn nearest(folder: &Path) -> &Path {
    folder.ancestors().find(|it| it.is_dir()).unwrap_or(folder)
}

/// The message about a written file, and about what it leaves out.
fn told(
    result: Result<PathBuf, FileError>,
    track: &Track,
    format: Format,
    options: &Options,
) -> Notice {
    let mut notice = saved(result);
    if !notice.error
        && let Some(shortfall) = format.shortfall(track, options)
    {
        notice.text += &format!(", but {shortfall}");
    }
    notice
}

fn saved(result: Result<PathBuf, FileError>) -> Notice {
    match result {
        Ok(path) => Notice {
            text: format!("Saved {}", path.display()),
            error: false,
            file: Some(path),
        },
        Err(error) => Notice {
            text: format!("Not saved: {error}"),
            error: true,
            file: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use harmony::export::name::MOST_BYTES;
    use harmony::time::TempoMap;
    use harmony::timeline::{Segment, Timeline};
    use harmony::track::Info;

    fn track(title: &str) -> Track {
        let chords = [Segment::new(0.0, 2.0, "A:min7".parse().unwrap())];
        let timeline = Timeline::from_segments(chords).unwrap();
        let mut track = Track::from_timeline(timeline, TempoMap::default());
        track.set_info(Info {
            title: title.to_owned(),
            ..Info::default()
        });
        track
    }

    #[test]
    fn every_format_is_written_once_more_beside_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("new/Changes");
        let track = track("Lights: on/off");
        for format in Format::ALL {
            let options = options(&Controls::default());
            let first = write_new(&folder, &track, format, &options).unwrap();
            let second = write_new(&folder, &track, format, &options).unwrap();
            assert_eq!(Format::from_path(&first), Ok(format));
            assert_eq!(Format::from_path(&second), Ok(format));
            assert_ne!(first, second);
            let name = first.file_name().unwrap().to_str().unwrap();
            assert_eq!(name, format!("Lights- on-off.{}", format.extension()));
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 26);
    }

    #[test]
    fn instances_that_export_at_once_leave_a_file_each() {
        const EACH: usize = 25;
        let folder = tempfile::tempdir().unwrap();
        let tracks = ["A:min", "C:maj"].map(|label| {
            let chords = [Segment::new(0.0, 2.0, label.parse().unwrap())];
            Track::from_timeline(
                Timeline::from_segments(chords).unwrap(),
                TempoMap::default(),
            )
        });
        let options = Options::default();
        thread::scope(|scope| {
            for track in &tracks {
                scope.spawn(|| {
                    for _ in 0..EACH {
                        write_new(folder.path(), track, Format::Lab, &options).unwrap();
                    }
                });
            }
        });
        let files = std::fs::read_dir(folder.path()).unwrap();
        let mut chords: Vec<String> = files
            .map(|entry| {
                let timeline = harmony::import::load(&entry.unwrap().path()).unwrap();
                timeline.segments()[0].label.to_string()
            })
            .collect();
        chords.sort();
        let expected = [["A:min"; EACH], ["C:maj"; EACH]].concat();
        assert_eq!(chords, expected);
    }

    #[test]
    fn programs_are_looked_for_in_every_folder() {
        let (empty, full) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(full.path().join("zenity"), "").unwrap();
        let paths = |folders: &[&Path]| std::env::join_paths(folders).unwrap();
        assert!(is_on(&paths(&[empty.path(), full.path()]), "zenity"));
        assert!(!is_on(&paths(&[empty.path()]), "zenity"));
        assert!(!is_on(OsStr::new(""), "zenity"));
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let options = Options::default();
        let error = write_new(&file, &track(""), Format::Midi, &options).unwrap_err();
        assert!(error.to_string().contains("file"), "{error}");
    }

    #[test]
    fn names_are_files() {
        assert_eq!(title_of(&track("")), "Chords");
        assert_eq!(title_of(&track(" ... ")), "Chords");
        assert_eq!(title_of(&track("a\\b*c?")), "a-b-c-");
        assert_eq!(title_of(&track(&"x".repeat(300))).len(), MOST_BYTES);
    }

    #[test]
    fn every_title_is_saved() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::default();
        for title in [
            "𝄞".repeat(80),
            "歌".repeat(80),
            "CON".to_owned(),
            "..".to_owned(),
        ] {
            for format in [Format::Reaper, Format::Midi] {
                let path = write_new(folder.path(), &track(&title), format, &options).unwrap();
                let name = path.file_stem().unwrap().to_str().unwrap();
                assert!(name.starts_with(&file_name(&title)), "{name}");
            }
        }
    }

    /// Saves under a name from the dialog, beside the user's own `song.mid`. Returns the name
    /// written and what `song.mid` contains afterwards.
    fn chosen(name: &str, format: Format) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("song.mid");
        std::fs::write(&there, "the user's own").unwrap();
        let options = Options::default();
        let path = write_chosen(folder.path().join(name), &track("x"), format, &options).unwrap();
        assert_eq!(Format::from_path(&path), Ok(format));
        assert!(path.metadata().unwrap().len() > 20);
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let there = String::from_utf8_lossy(&std::fs::read(there).unwrap()).into_owned();
        (name, there)
    }

    #[test]
    fn dialogs_may_leave_the_extension_out() {
        assert_eq!(chosen("a song", Format::Midi).0, "a song.mid");
        assert_eq!(chosen("a song.mid", Format::Midi).0, "a song.mid");
        assert_eq!(chosen("v1.2", Format::Reaper).0, "v1.2.reaper.csv");
    }

    #[test]
    fn nothing_is_replaced_that_the_dialog_has_not_asked_about() {
        let own = "the user's own";
        // "song" was typed, and the dialog checked that name.
        for (typed, format, written) in [
            ("song", Format::Midi, "song 2.mid"),
            ("other", Format::Midi, "other.mid"),
            ("song.mid", Format::Lab, "song.mid.lab"),
            ("v1.2", Format::Reaper, "v1.2.reaper.csv"),
            ("song.csv", Format::Reaper, "song.csv.reaper.csv"),
            (".song", Format::Midi, ".song.mid"),
        ] {
            assert_eq!(chosen(typed, format), (written.to_owned(), own.to_owned()));
        }
        // "song.mid" was typed: the dialog has asked.
        let (name, there) = chosen("song.mid", Format::Midi);
        assert_eq!(name, "song.mid");
        assert!(there.starts_with("MThd"), "{there}");
        assert_eq!(chosen("song.MID", Format::Midi).0, "song.MID");
    }
}
