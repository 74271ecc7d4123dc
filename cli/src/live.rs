//! `changes live`: a file as a musician would have seen it.

use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

use harmony::export::{self, atomic};
use harmony::label::Label;
use harmony::style;
use harmony::timeline::Timeline;
use recognizer::audio;
use recognizer::live::{Event, LiveEngine, Shown, ShownState};
use serde::Serialize;

use crate::arguments::{Live, Notation};
use crate::error::{self, Error};
use crate::model::Model;
use crate::progress;
use crate::table::{clock, percent};

/// Samples that the engine gets at once. Its answers do not depend on it.
const BLOCK: usize = 512;

/// One change of the display, as `--events` writes it.
#[derive(Serialize)]
struct EventLine<'a> {
    shown_at_s: f64,
    starts_at_s: f64,
    label: &'a Label,
    state: &'static str,
    confidence: f32,
}

/// Plays the file.
pub fn run(options: &Live) -> Result<(), Error> {
    let notation = &options.notation;
    if notation.style.needs_key() && notation.key.is_none() {
        return Err(Error::NeedsKey(notation.style));
    }
    if let Some(path) = &options.output {
        // A name that says no format is told before the music starts.
        export::Format::from_path(path).map_err(export::SaveError::from)?;
    }
    let bar = progress::bar(&options.file);
    bar.set_prefix("reading");
    let audio = audio::decode_file(&options.file, &mut |share| progress::set(&bar, share))?;
    bar.finish_and_clear();
    error::warn(&options.file, audio.warning.as_ref());
    let rate = f64::from(audio.sample_rate);
    let mut engine = Model::live(&options.file, rate)?;

    let mut display = Display {
        notation,
        events: Vec::new(),
        timeline: Timeline::default(),
        last: None,
    };
    display.head()?;
    let start = Instant::now();
    for (index, block) in audio.samples.chunks(BLOCK).enumerate() {
        if !options.fast {
            let due = Duration::from_secs_f64((index * BLOCK) as f64 / rate);
            thread::sleep(due.saturating_sub(start.elapsed()));
        }
        engine.push(block);
        display.follow(&mut engine)?;
    }
    engine.finish();
    display.follow(&mut engine)?;
    // Written whole at the end: a run that is broken off leaves no half a file.
    if let Some(path) = &options.events {
        atomic::write(path, &display.events)?;
    }
    if let Some(path) = &options.output {
        let mut timeline = display.timeline;
        timeline.merge_equal();
        export::save(path, &timeline, &notation.export_options(&options.file))?;
    }
    Ok(())
}

/// What a musician sees, line by line.
struct Display<'a> {
    notation: &'a Notation,
    /// The events file so far.
    events: Vec<u8>,
    /// What has become final.
    timeline: Timeline,
    /// What is shown: the chord, and what the vocabulary makes of it.
    last: Option<(Label, Label, ShownState)>,
}

impl Display<'_> {
    fn head(&self) -> Result<(), Error> {
        print(&format!(
            "{:>9}  {:<14} {:>9}  {:<11} {:>5}",
            "shown", "chord", "from", "", "sure"
        ))
    }

    /// Takes what the engine has to tell.
    fn follow(&mut self, engine: &mut LiveEngine) -> Result<(), Error> {
        while let Some(event) = engine.poll() {
            match event {
                Event::Shown(shown) => self.show(&shown)?,
                Event::Segment(mut segment) => {
                    segment.label = self.notation.vocabulary.simplify(&segment.label);
                    self.timeline.insert(segment)?;
                }
            }
        }
        Ok(())
    }

    fn show(&mut self, shown: &Shown) -> Result<(), Error> {
        let label = self.notation.vocabulary.simplify(&shown.label);
        // Two chords that the vocabulary does not tell apart are one on the display.
        let hidden = self.last.as_ref().is_some_and(|(full, simple, state)| {
            *full != shown.label && *simple == label && *state == shown.state
        });
        self.last = Some((shown.label.clone(), label.clone(), shown.state));
        if hidden {
            return Ok(());
        }
        let state = match shown.state {
            ShownState::Provisional => "provisional",
            ShownState::Confirmed => "confirmed",
        };
        let line = EventLine {
            shown_at_s: shown.shown_at_s,
            starts_at_s: shown.starts_at_s,
            label: &label,
            state,
            confidence: shown.confidence,
        };
        serde_json::to_writer(&mut self.events, &line)
            .map_err(|error| Error::Stdout(io::Error::from(error)))?;
        self.events.push(b'\n');
        print(&format!(
            "{:>9}  {:<14} {:>9}  {state:<11} {:>5}",
            clock(shown.shown_at_s),
            style::format(&label, self.notation.style, self.notation.key.as_ref()),
            clock(shown.starts_at_s),
            percent(shown.confidence),
        ))
    }
}

fn print(line: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", line.trim_end())
        .and_then(|()| out.flush())
        .map_err(Error::Stdout)
}
