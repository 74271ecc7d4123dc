//! `changes live`: the chords of a file as the plugin would have shown them.

mod display;
mod stream;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use harmony::timeline::Timeline;
use recognizer::beat::Known;
use recognizer::live::LiveEngine;
use recognizer::signal::SignalBuilder;
use recognizer::song::track;

use crate::arguments::{Format, Live};
use crate::error::{Error, in_file};
use crate::interrupt;
use crate::model::{Causal, WholeFile};
use crate::output::{self, Job, OutputFile, To};
use crate::progress;
use crate::say::say;
use crate::songs::Song;
use display::{Display, Events};
use stream::Stream;

/// Samples per block. The engine's events do not depend on it.
const BLOCK: usize = 512;

/// Plays the file.
pub fn run(options: &Live) -> Result<(), Error> {
    let notation = &options.notation;
    if notation.style.needs_key() && notation.key.is_none() {
        return Err(Error::NeedsKey(notation.style));
    }
    let known = options.time.known()?;
    let song = Song::from_argument(&options.file);
    // Report an unwritable output before the music starts.
    let target = output::plan_one(&options.output, &song)?;
    let format = target.as_ref().map(|(format, _)| *format);
    options.about.check(format)?;
    let events = events_of(options, &song, target.as_ref().map(|(_, job)| job))?;
    let prints_track = target
        .as_ref()
        .is_some_and(|(_, job)| matches!(job.to, To::Print { .. }));
    let stop = interrupt::switch();

    let model = Causal::load(&options.hearing)?;
    let mut display = Display::new(notation, events, !prints_track, target.is_some());
    let mut stream = Stream::start(song.clone(), Arc::clone(&stop));
    let mut heard_s = 0.0;
    // Kept to find beats in it at the end.
    let mut signal = target.is_some().then(SignalBuilder::default);
    let mut engine: Option<LiveEngine> = None;
    let start = Instant::now();
    while let Some((rate, block)) = stream.next_block() {
        let engine = match &mut engine {
            Some(engine) => engine,
            none => {
                none.insert(model.engine(song.path(), f64::from(rate), options.hearing.tuning())?)
            }
        };
        for block in block.chunks(BLOCK) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            if !options.fast {
                let due = Duration::from_secs_f64(heard_s);
                thread::sleep(due.saturating_sub(start.elapsed()));
            }
            engine.push(block);
            heard_s += block.len() as f64 / f64::from(rate);
            if let Some(signal) = &mut signal {
                signal.push(rate, block);
            }
            display.follow(&song, engine)?;
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    let was_stopped = stop.load(Ordering::Relaxed);
    let ended = if was_stopped { Ok(None) } else { stream.end() };
    let Some(mut engine) = engine else {
        return ended.map(drop);
    };
    engine.finish();
    display.follow(&song, &mut engine)?;
    // Written at the end, however the run ends, so that no run leaves half a file.
    if let Events::File(file, lines) = &display.events {
        file.write(lines)?;
    }
    if let (Some((format, job)), Some(signal)) = (target, signal) {
        let mut chords = std::mem::take(&mut display.chords);
        chords.merge_equal();
        write(options, known, &chords, signal, (format, &job))?;
    }
    if let Some(warning) = ended? {
        say(&format!("{}: {warning}", song.path().display()));
    }
    if was_stopped {
        Err(Error::Stopped)
    } else {
        Ok(())
    }
}

/// The target of the events.
fn events_of(options: &Live, song: &Song, track: Option<&Job>) -> Result<Events, Error> {
    let Some(path) = &options.events else {
        return Ok(Events::None);
    };
    let is_printed = output::is_standard_output(path);
    let same = match track.map(|job| &job.to) {
        None => false,
        Some(To::Print { .. }) => is_printed,
        Some(To::File(file)) => {
            let whole = |path: &std::path::Path| std::path::absolute(path).ok();
            !is_printed && whole(file.path()) == whole(path)
        }
    };
    if same {
        return Err(Error::SameOutput(path.clone()));
    }
    if is_printed {
        return Ok(Events::Printed);
    }
    let file = OutputFile::settle(path, options.output.force, &[song.path()])?;
    Ok(Events::File(file, Vec::new()))
}

/// Writes the confirmed chords, with the beats and keys that `transcribe` finds in the same audio.
fn write(
    options: &Live,
    known: Option<Known>,
    chords: &Timeline,
    signal: SignalBuilder,
    (format, job): (Format, &Job),
) -> Result<(), Error> {
    let song = &job.song;
    let signal = signal
        .finish()
        .map_err(|cause| in_file(song.path())(&cause))?;
    let bar = progress::bar(song.path());
    bar.set_prefix("beats");
    let tuning = options.hearing.tuning();
    let found =
        WholeFile::built_in()?.transcribe(song.path(), &signal, known, tuning, |share| {
            progress::set(&bar, share);
        })?;
    let (heard, beats) = (found.chords, found.beats);
    bar.finish_and_clear();
    let vocabulary = options.notation.vocabulary;
    let heard = heard.map_labels(|label| vocabulary.simplify(label));
    let about = options
        .about
        .export_options(song, &options.notation, &options.time)?;
    let track = track(chords, &heard, beats.as_ref(), &about);
    let track = track.map_err(|cause| in_file(song.path())(&cause))?;
    let track = options.notation.of(&track);
    job.put(&track, format, &about)
}

/// Whether printing failed because the pipe is closed.
fn nobody_reads(error: &Error) -> bool {
    matches!(error, Error::Stdout(error) if error.kind() == io::ErrorKind::BrokenPipe)
}
