//! `changes transcribe`: the chords of whole files.

use recognizer::beat::Known;
use recognizer::song::track;
use recognizer::tuning::Tuning;

use crate::arguments::{Format, Transcribe};
use crate::error::{Error, in_file};
use crate::interrupt::Work;
use crate::model::WholeFile;
use crate::output::{Job, Plan, To};
use crate::progress::{self, Progress};
use crate::{capo, songs};

/// Transcribes every file, also those after one that fails.
pub fn run(options: &Transcribe) -> Result<(), Error> {
    let known = options.time.known()?;
    let found = songs::listed(&options.files)?;
    let plan = Plan::new(&options.output, &found)?;
    options.about.check(Some(plan.format))?;
    let all = found.songs.len() + found.problems.len();
    let progress = if all > 1 {
        Progress::over(plan.jobs.len())
    } else {
        Progress::default()
    };
    if !found.passed_over.is_empty() {
        progress.say(&found.passed_over.report());
    }
    for problem in &found.problems {
        progress.say(problem);
    }
    let run = Run {
        options,
        known,
        model: WholeFile::load(&options.hearing)?,
        format: plan.format,
        progress: &progress,
        work: Work::on(plan.jobs.len()),
    };
    let mut failed = found.problems.len();
    for job in &plan.jobs {
        match run.one(job) {
            Err(Error::Stdout(error)) => return Err(Error::Stdout(error)),
            Err(error) if all == 1 => return Err(error),
            Err(error) => {
                failed += 1;
                progress.say(&error);
            }
            Ok(()) => {}
        }
        progress.next();
    }
    if failed > 0 {
        Err(Error::Several { failed, all })
    } else {
        Ok(())
    }
}

/// What is the same for all songs of a run.
struct Run<'a> {
    options: &'a Transcribe,
    known: Option<Known>,
    model: WholeFile,
    format: Format,
    progress: &'a Progress,
    work: Work,
}

impl Run<'_> {
    fn one(&self, job: &Job) -> Result<(), Error> {
        let (song, options) = (&job.song, self.options);
        let bar = self.progress.bar(song.path());
        bar.set_prefix("reading");
        self.work.reads_pipe(song.is_standard_input());
        let read = song.read(&mut |share| progress::set(&bar, share));
        self.work.reads_pipe(false);
        let (signal, warning) = read?;
        if let Some(warning) = warning {
            let name = song.path().display();
            self.progress.say(&format!("{name}: {warning}"));
        }
        bar.set_prefix("listening");
        let listening = |share| progress::set(&bar, share);
        let heard = self.model.transcribe(
            song.path(),
            &signal,
            self.known,
            options.hearing.tuning(),
            listening,
        )?;
        bar.finish_and_clear();
        if heard.tuning != Tuning::CONCERT {
            let name = song.path().display();
            self.progress
                .say(&format!("{name}: tuned to {}", heard.tuning));
        }
        let mut sounding = heard.chords.segments().iter();
        let several = sounding
            .by_ref()
            .filter(|it| it.label.chord().is_some())
            .nth(1);
        if self.known.is_some() && heard.beats.is_none() && several.is_some() {
            let name = song.path().display();
            self.progress.say(&format!(
                "{name}: no steady beat found; changes stay where they were heard"
            ));
        }
        let beats = heard.beats;
        let chords = heard
            .chords
            .map_labels(|label| options.notation.vocabulary.simplify(label));
        let about = options
            .about
            .export_options(song, &options.notation, &options.time)?;
        let track = track(&chords, &chords, beats.as_ref(), &about);
        let track = track.map_err(|cause| in_file(song.path())(&cause))?;
        let track = options.notation.of(&track);
        if let Some(instrument) = &options.about.diagrams
            && let Some(advice) = capo::advice(&track, instrument)
        {
            let name = song.path().display();
            self.progress.say(&format!("{name}: {advice}"));
        }
        let put = || job.put(&track, self.format, &about);
        match job.to {
            To::File(_) => self.work.unbroken(put),
            // A reader that waits must not make Ctrl-C wait.
            To::Print { .. } => {
                self.progress.above(put)?;
                self.work.count();
                Ok(())
            }
        }
    }
}
