//! `changes transcribe`: the chords of whole files.

use recognizer::beat::Known;
use recognizer::song::track;
use recognizer::tuning::Tuning;

use crate::arguments::{Format, Transcribe};
use crate::error::{Error, in_file};
use crate::interrupt::Work;
use crate::model::WholeFile;
use crate::output::{Job, Plan, To};
use crate::songs::Several;
use crate::{capo, songs};

/// Transcribes every file, also those after one that fails.
pub fn run(options: &Transcribe) -> Result<(), Error> {
    let known = options.time.known()?;
    let found = songs::listed(&options.files)?;
    let plan = Plan::new(&options.output, &found)?;
    options.about.check(Some(plan.format))?;
    let several = Several::over(plan.jobs.len(), &found);
    let run = Run {
        options,
        known,
        model: WholeFile::load(&options.hearing)?,
        format: plan.format,
        several: &several,
        work: Work::on(plan.jobs.len()),
    };
    for job in &plan.jobs {
        several.done(run.one(job))?;
    }
    several.end()
}

/// State shared by all songs of a run.
struct Run<'a> {
    options: &'a Transcribe,
    known: Option<Known>,
    model: WholeFile,
    format: Format,
    several: &'a Several,
    work: Work,
}

impl Run<'_> {
    fn one(&self, job: &Job) -> Result<(), Error> {
        let (song, options) = (&job.song, self.options);
        let is_pipe = song.is_standard_input();
        let reads = |reads| self.work.reads_pipe(reads && is_pipe);
        let tuning = options.hearing.tuning();
        let heard = self
            .several
            .hear(song, &self.model, self.known, tuning, reads)?;
        if heard.tuning != Tuning::CONCERT {
            let name = song.path().display();
            self.several
                .progress
                .say(&format!("{name}: tuned to {}", heard.tuning));
        }
        let mut sounding = heard.chords.segments().iter();
        let several = sounding
            .by_ref()
            .filter(|it| it.label.chord().is_some())
            .nth(1);
        if self.known.is_some() && heard.beats.is_none() && several.is_some() {
            let name = song.path().display();
            self.several.progress.say(&format!(
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
            self.several.progress.say(&format!("{name}: {advice}"));
        }
        let put = || job.put(&track, self.format, &about);
        match job.to {
            To::File(_) => self.work.unbroken(put),
            // A blocked reader of the output must not delay Ctrl-C.
            To::Print { .. } => {
                self.several.progress.above(put)?;
                self.work.count();
                Ok(())
            }
        }
    }
}
