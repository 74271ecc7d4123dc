//! `trainer disagreements`: lists where student and teacher differ.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::corpus::{Corpus, Split};
use crate::evaluate::disagreement::{Disagreement, Kind, KindCount, by_kind, disagreements};
use crate::evaluate::engines::{live_tracks, offline_track};
use crate::evaluate::piece::Pieces as _;
use crate::evaluate::real::{self, Heard, RealSet, SURE, mean_within};
use crate::parallel;
use anyhow::{Context, Result};
use harmony::export::atomic;
use serde::Serialize;

use super::inspect;

/// Seconds of music before and after a disagreement in its picture.
const AROUND_S: f64 = 4.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Student {
    Offline,
    Live,
}

/// The arguments of `trainer disagreements`.
#[derive(clap::Args)]
pub(super) struct DisagreementsArguments {
    /// Manifest of the corpus.
    #[arg(long)]
    corpus: PathBuf,
    /// Folder with the teacher's posteriors and labels.
    #[arg(long)]
    posteriors: PathBuf,
    /// The split of the tracks.
    #[arg(long, value_enum, default_value = "valid")]
    split: Split,
    /// The engine.
    #[arg(long, value_enum, default_value = "offline")]
    student: Student,
    /// How many disagreements to list; those that are long, with both sides confident, come
    /// first.
    #[arg(long, default_value_t = 100)]
    top: usize,
    /// Everything as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Folder for pictures of the first disagreements.
    #[arg(long)]
    pictures: Option<PathBuf>,
    /// The number of pictures.
    #[arg(long, default_value_t = 12)]
    pictured: usize,
    /// Causal weights [default: the built-in ones].
    #[arg(long)]
    live: Option<PathBuf>,
    /// Windowed weights [default: the built-in ones].
    #[arg(long)]
    windowed: Option<PathBuf>,
    /// Threads.
    #[arg(short, long, default_value_t = 2)]
    threads: usize,
}

/// The content of the JSON.
#[derive(Serialize)]
struct Listing {
    tracks: usize,
    /// Seconds that the teacher labelled.
    seconds: f64,
    kinds: BTreeMap<Kind, KindCount>,
    /// Kinds by package of the corpus.
    packages: BTreeMap<String, BTreeMap<Kind, KindCount>>,
    top: Vec<Disagreement>,
}

/// Lists them.
pub(super) fn run(arguments: &DisagreementsArguments) -> Result<()> {
    let interrupted = super::interruption()?;
    let (live, windowed) =
        super::eval::networks(arguments.live.as_deref(), arguments.windowed.as_deref())?;
    let corpus = Corpus::open(&arguments.corpus)?;
    let set = RealSet::open(&corpus, arguments.split, &arguments.posteriors)?;
    let compare = |index: usize| -> Result<(f64, Vec<Disagreement>)> {
        let (track, posteriors) = set.track(index).context("no such track")?;
        let heard = Heard::load(posteriors)?;
        let audio = real::audio(&track.audio_path())?;
        let student = match arguments.student {
            Student::Offline => offline_track(&audio, windowed.as_ref(), &live)?,
            Student::Live => live_tracks(&audio, &live)?.0,
        };
        let seconds = heard.segments.iter().map(|s| s.duration_s()).sum();
        let sure = |from_s, to_s| mean_within(&heard.confidence, from_s, to_s);
        let found = disagreements((&track.id, &track.source), &heard.segments, &student, sure);
        Ok((seconds, found))
    };
    let tracks = parallel::map(
        "comparing",
        set.count(),
        arguments.threads,
        &interrupted,
        compare,
    )?;
    let seconds = tracks.iter().map(|(seconds, _)| seconds).sum();
    let mut all: Vec<Disagreement> = tracks.into_iter().flat_map(|(_, found)| found).collect();
    let mut packages: BTreeMap<String, Vec<Disagreement>> = BTreeMap::new();
    for one in &all {
        packages
            .entry(one.source.clone())
            .or_default()
            .push(one.clone());
    }
    // A stable sort: equal weights stay in the order of the corpus.
    all.sort_by(|a, b| b.weight().total_cmp(&a.weight()));
    let listing = Listing {
        tracks: set.count(),
        seconds,
        kinds: by_kind(&all, SURE),
        packages: packages
            .into_iter()
            .map(|(name, found)| (name, by_kind(&found, SURE)))
            .collect(),
        top: all.into_iter().take(arguments.top).collect(),
    };
    print(&listing);
    if let Some(path) = &arguments.json {
        atomic::write(path, serde_json::to_string_pretty(&listing)?.as_bytes())?;
    }
    if let Some(folder) = &arguments.pictures {
        std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        let first: Vec<&Disagreement> = listing.top.iter().take(arguments.pictured).collect();
        parallel::map(
            "drawing",
            first.len(),
            arguments.threads,
            &interrupted,
            |i| {
                let one = first[i];
                let of = (0..set.count()).filter_map(|at| set.track(at));
                let (track, posteriors) = of
                    .into_iter()
                    .find(|(track, _)| track.id == one.track)
                    .context("no such track")?;
                let audio = real::audio(&track.audio_path())?;
                let students = inspect::student_tracks(&audio, &live, windowed.as_ref())?;
                let picture = inspect::excerpt(
                    &track.id,
                    &audio,
                    ((one.from_s - AROUND_S).max(0.0), one.to_s + AROUND_S),
                    Some(&Heard::load(posteriors)?),
                    students,
                )?;
                inspect::write(&picture, &folder.join(format!("{i:02}-{}.png", track.id)))
            },
        )?;
    }
    Ok(())
}

fn print(listing: &Listing) {
    println!(
        "{} tracks, {:.1} minutes\n\n| kind | stretches | minutes | share of the time | minutes where the teacher is sure |\n|---|---|---|---|---|",
        listing.tracks,
        listing.seconds / 60.0
    );
    let mut kinds: Vec<_> = listing.kinds.iter().collect();
    kinds.sort_by(|a, b| b.1.seconds.total_cmp(&a.1.seconds));
    for (kind, count) in kinds {
        let name = serde_json::to_value(kind).unwrap_or_default();
        println!(
            "| {} | {} | {:.1} | {:.1} % | {:.1} |",
            name.as_str().unwrap_or_default(),
            count.stretches,
            count.seconds / 60.0,
            100.0 * count.seconds / listing.seconds.max(1e-9),
            count.sure_seconds / 60.0
        );
    }
    println!("\n| track | from | to | kind | teacher | student |\n|---|---|---|---|---|---|");
    for one in listing.top.iter().take(20) {
        let kind = serde_json::to_value(one.kind).unwrap_or_default();
        println!(
            "| {} | {:.1} | {:.1} | {} | {} ({:.2}) | {} ({:.2}) |",
            one.track,
            one.from_s,
            one.to_s,
            kind.as_str().unwrap_or_default(),
            one.teacher,
            one.teacher_confidence,
            one.student,
            one.student_confidence
        );
    }
}
