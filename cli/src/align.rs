//! `changes align`: aligns a written chart to the music.

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use harmony::import::chart::{self, WrittenChart};
use harmony::track::Track;
use recognizer::align::{AlignedBar, Alignment, align};
use recognizer::song::track;
use recognizer::tuning::Tuning;

use crate::arguments::Align;
use crate::error::{Error, in_file};
use crate::model::WholeFile;
use crate::output::{self, To, print};
use crate::progress;
use crate::say::say;
use crate::songs::Song;
use crate::table::clock;

/// Aligns the chart, writes the result, and prints how well its bars fit.
pub fn run(options: &Align) -> Result<(), Error> {
    let known = options.time.known()?;
    let chart = chart::load(&options.chart)?;
    let song = Song::from_argument(&options.file);
    let target = output::plan_one(&options.output, &song)?;
    let format = target.as_ref().map(|(format, _)| *format);
    options.about.check(format)?;
    let model = WholeFile::load(&options.hearing)?;
    let bar = progress::bar(song.path());
    bar.set_prefix("reading");
    let (signal, warning) = song.read(&mut |share| progress::set(&bar, share))?;
    if let Some(warning) = warning {
        say(&format!("{}: {warning}", song.path().display()));
    }
    bar.set_prefix("listening");
    let (analysis, heard) = model.listen(
        song.path(),
        &signal,
        known,
        options.hearing.tuning(),
        |share| progress::set(&bar, share),
    )?;
    if heard.tuning != Tuning::CONCERT {
        say(&format!(
            "{}: tuned to {}",
            song.path().display(),
            heard.tuning
        ));
    }
    bar.set_prefix("aligning");
    let in_song = in_file(song.path());
    let aligned = align(&chart, &analysis, heard.beats.as_ref(), |share| {
        progress::set(&bar, share);
        true
    })
    .map_err(|cause| in_song(&cause))?;
    bar.finish_and_clear();
    let mut about = options
        .about
        .export_options(&song, &options.notation, &options.time)?;
    if options.about.title.is_none() {
        about.title = Some(chart.title.clone());
    }
    about.artist = about.artist.or_else(|| {
        let composer = chart.composer.clone();
        (!composer.is_empty()).then_some(composer)
    });
    let timeline = aligned
        .timeline(&heard.chords)
        .map_err(|cause| in_song(&cause))?;
    let track = track(&timeline, &timeline, heard.beats.as_ref(), &about);
    let mut track = track.map_err(|cause| in_song(&cause))?;
    let placed = aligned.put_bars_into(&mut track, &chart);
    if placed.map_err(|cause| in_song(&cause))? && about.key.is_none() {
        // The keys were found on other bars.
        track.estimate_keys().map_err(|cause| in_song(&cause))?;
    }
    let report = Report {
        chart: &chart,
        aligned: &aligned,
        track: &track,
        options,
    };
    if let Some((format, job)) = &target {
        let written = options.notation.of(&track);
        job.put(&written, *format, &about)?;
    }
    // A printed track comes without the report.
    if !matches!(&target, Some((_, job)) if matches!(job.to, To::Print { .. })) {
        print(report.table().as_bytes())?;
    }
    for line in report.summary() {
        say(&line);
    }
    Ok(())
}

/// The printed report of an alignment.
struct Report<'a> {
    chart: &'a WrittenChart,
    aligned: &'a Alignment,
    track: &'a Track,
    options: &'a Align,
}

impl Report<'_> {
    /// A line for each bar.
    fn table(&self) -> String {
        let mut table = Table::new();
        table
            .load_preset(ASCII_MARKDOWN)
            .set_header(["bar", "from", "to", "chart", "score", "heard"]);
        for bar in &self.aligned.bars {
            table.add_row([
                self.name(bar),
                clock(bar.start_s),
                clock(bar.end_s),
                self.chords(bar, false),
                format!("{:.2}", bar.score),
                if bar.is_flagged() {
                    self.chords(bar, true)
                } else {
                    String::new()
                },
            ]);
        }
        for column in [1, 2, 4] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        format!("{table}\n")
    }

    /// The number of a bar in the chart, with the section that starts there.
    fn name(&self, bar: &AlignedBar) -> String {
        let section = self
            .chart
            .bars
            .get(bar.bar)
            .and_then(|it| it.section.as_ref());
        let number = bar.bar + 1;
        match section {
            Some(section) => format!("{number} {section}"),
            None => number.to_string(),
        }
    }

    /// The chords of a bar, as written or as heard.
    fn chords(&self, bar: &AlignedBar, heard: bool) -> String {
        let notation = self.options.notation.written();
        let names = bar.chords.iter().map(|chord| {
            let label = match &chord.heard {
                Some(other) if heard => other,
                _ => &chord.label,
            };
            notation.format(label, self.track.key_at_s(chord.start_s))
        });
        names.collect::<Vec<_>>().join(" ")
    }

    /// Summary lines for the whole chart.
    fn summary(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match self.aligned.transposition {
            0 => {}
            semitones => {
                let fret = self.aligned.capo().unwrap_or(0);
                let (count, side) = (
                    semitones.abs(),
                    if semitones > 0 { "above" } else { "below" },
                );
                let plural = if count == 1 { "" } else { "s" };
                lines.push(format!(
                    "the music sounds {count} semitone{plural} {side} the chart (capo {fret})"
                ));
            }
        }
        let mut played = vec![false; self.chart.bars.len()];
        for bar in &self.aligned.bars {
            if let Some(played) = played.get_mut(bar.bar) {
                *played = true;
            }
        }
        let silent = played.iter().filter(|played| !**played).count();
        let flagged = self
            .aligned
            .bars
            .iter()
            .filter(|it| it.is_flagged())
            .count();
        lines.push(format!(
            "{} bars found, {flagged} with other chords than the chart; {silent} bars of the chart not found",
            self.aligned.bars.len()
        ));
        lines
    }
}
