//! `changes transcribe`: whole files.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use harmony::export;
use harmony::timeline::Timeline;
use harmony::track::Keep;
use recognizer::beat::{Beats, Known};
use recognizer::signal::Signal;

use crate::arguments::{Format, Transcribe};
use crate::error::{self, Error};
use crate::model::Model;
use crate::progress::{self, Progress};
use crate::{songs, table};

/// Transcribes every file; those after a bad one too.
pub fn run(options: &Transcribe) -> Result<(), Error> {
    let files = songs::listed(&options.files)?;
    let target = Target::new(options, files.len())?;
    let model = Model::offline()?;
    if let [file] = files.as_slice() {
        return one(file, &target, &model, options, &Progress::default());
    }
    let progress = Progress::over(files.len());
    let mut failed = 0;
    for file in &files {
        match one(file, &target, &model, options, &progress) {
            Err(Error::Stdout(error)) => return Err(Error::Stdout(error)),
            Err(error) => {
                failed += 1;
                progress.say(&format!("changes: {error}"));
            }
            Ok(()) => {}
        }
        progress.next();
    }
    let all = files.len();
    if failed > 0 {
        Err(Error::Several { failed, all })
    } else {
        Ok(())
    }
}

/// Where chord tracks go.
enum Target {
    /// To standard output, as a table or as a file's content.
    Print(Option<export::Format>),
    /// To a file of this name.
    File(PathBuf),
    /// To a file beside others in this folder.
    Folder(PathBuf, export::Format),
}

impl Target {
    /// Settled before any work is done, so that a mistake costs no time.
    fn new(options: &Transcribe, files: usize) -> Result<Self, Error> {
        let chosen = options.format.and_then(Format::of_file);
        let Some(output) = &options.output else {
            return Ok(Self::Print(chosen));
        };
        let is_folder = |path: &PathBuf| path.is_dir();
        let several = files > 1 || options.files.iter().any(is_folder);
        let wants_folder = several
            || output.is_dir()
            || output
                .as_os_str()
                .to_string_lossy()
                .ends_with(['/', std::path::MAIN_SEPARATOR]);
        if wants_folder {
            if several && output.is_file() {
                return Err(Error::NotAFolder(output.clone()));
            }
            fs::create_dir_all(output).map_err(|source| Error::Folder {
                path: output.clone(),
                source,
            })?;
            return Ok(Self::Folder(
                output.clone(),
                chosen.unwrap_or(export::Format::Lab),
            ));
        }
        let named = export::Format::from_path(output).map_err(export::SaveError::from)?;
        match chosen {
            Some(chosen) if chosen != named => Err(Error::FormatMismatch {
                path: output.clone(),
                format: chosen.extension(),
            }),
            _ => Ok(Self::File(output.clone())),
        }
    }
}

fn one(
    file: &Path,
    target: &Target,
    model: &Model,
    options: &Transcribe,
    progress: &Progress,
) -> Result<(), Error> {
    let bar = progress.bar(file);
    bar.set_prefix("reading");
    let (signal, warning) = Signal::read(file, &mut |share| progress::set(&bar, share))?;
    error::warn(file, warning.as_ref());
    bar.set_prefix("listening");
    let known = Known {
        bpm: options.bpm,
        metre: options.meter,
    };
    let (timeline, beats) =
        model.transcribe(file, &signal, known, |share| progress::set(&bar, share))?;
    bar.finish_and_clear();
    let timeline = timeline.map_labels(|label| options.notation.vocabulary.simplify(label));
    put(file, target, timeline, beats.as_ref(), options)
}

fn put(
    file: &Path,
    target: &Target,
    timeline: Timeline,
    beats: Option<&Beats>,
    options: &Transcribe,
) -> Result<(), Error> {
    let about = options.export_options(file);
    let mut track = about.track(&timeline)?;
    if let Some(beats) = beats
        && let Some(tempo) = beats.tempo_map()
    {
        track.set_tempo(tempo, Keep::Seconds)?;
        track.set_metres(beats.metre_map());
    }
    if options.notation.key.is_none() {
        track.estimate_keys()?;
    }
    match target {
        Target::Print(None) => {
            let mut text = String::new();
            if options.files.len() > 1 {
                text = format!("{}\n", file.display());
            }
            text += &table::of_track(&track, options.notation.style);
            text.push('\n');
            print(text.as_bytes())
        }
        Target::Print(Some(format)) => {
            let mut bytes = Vec::new();
            format.write_track(&mut bytes, &track, &about)?;
            print(&bytes)
        }
        Target::File(path) => Ok(export::save_track(path, &track, &about)?),
        Target::Folder(folder, format) => {
            let name = file.file_stem().unwrap_or(file.as_os_str());
            let mut path = folder.join(name).into_os_string();
            path.push(".");
            path.push(format.extension());
            Ok(export::save_track(Path::new(&path), &track, &about)?)
        }
    }
}

fn print(bytes: &[u8]) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(Error::Stdout)
}
