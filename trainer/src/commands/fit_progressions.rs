//! `trainer fit-progressions`: which chord follows which, counted in songs, and how well that
//! foretells the chords of other songs.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use harmony::export::atomic;
use harmony::key::{Key, Mode, estimate};
use harmony::label::{Chord, Label};
use harmony::progression::{
    Change, FitSettings, Memory, Outlook, Progressions, STEPS, Step, changes,
};
use harmony::timeline::{Segment, Timeline};
use renderer::pop909::{Pop909, SongSplit};
use renderer::song::{Harmony, Song};
use serde::Serialize;

/// The arguments of `trainer fit-progressions`.
#[derive(clap::Args)]
pub(super) struct FitProgressionsArguments {
    /// Folder with POP909.
    #[arg(long, default_value = "../shared/pop909")]
    pop909: PathBuf,
    /// Folder with POP909-CL, whose chords take the place of POP909's.
    #[arg(long, default_value = "../shared/pop909-cl")]
    pop909_cl: PathBuf,
    /// What each count is lowered by.
    #[arg(long, default_value_t = FitSettings::default().discount, value_parser = super::share)]
    discount: f64,
    /// What followed two chords less often than this is left out.
    #[arg(long, default_value_t = FitSettings::default().least)]
    least: u32,
    /// Measure on the songs for choosing instead of those that nobody chose by.
    #[arg(long)]
    tune: bool,
    /// Measure what is built in instead of what is counted now.
    #[arg(long, conflicts_with_all = ["discount", "least", "out"])]
    built_in: bool,
    /// Write the counts here, as `harmony/src/progression/pop.txt` has them.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// All figures as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// How `harmony/src/progression/pop.txt` begins.
const HEAD: &str = "\
# Which chord follows which in the training songs of POP909, with the chords of POP909-CL,
# as `trainer fit-progressions` writes it. Both collections are under the MIT licence.
# What the lines say is in text.rs beside this file.
";

/// How well chords were foretold.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Score {
    /// Changes of chord.
    changes: usize,
    /// The sum of the negative logarithms of what was said of the chords that came.
    nats: f64,
    /// How often root and third were what was likeliest.
    first: usize,
    /// How often they were among the likeliest three.
    among_three: usize,
}

impl Score {
    fn add(&mut self, outlook: &Outlook, next: Step) {
        self.changes += 1;
        self.nats -= f64::from(outlook.probability(next)).max(1e-9).ln();
        let ranked = outlook.ranked();
        let place = ranked
            .iter()
            .position(|(step, _)| step.has_root_and_third_of(next));
        self.first += usize::from(place == Some(0));
        self.among_three += usize::from(place.is_some_and(|place| place < 3));
    }

    fn perplexity(&self) -> f64 {
        (self.nats / self.changes.max(1) as f64).exp()
    }

    fn share(&self, count: usize) -> f64 {
        count as f64 / self.changes.max(1) as f64
    }
}

/// How frequent chords are in a mode's keys, by the steps' numbers: every step half a time more
/// often than it was counted.
fn frequencies(changes: &[Change], mode: Mode) -> [f32; STEPS] {
    let mut counts = [0.5; STEPS];
    for change in changes.iter().filter(|change| change.mode == mode) {
        counts[change.next.index()] += 1.0;
    }
    counts
}

/// A chord of a song in the key that somebody wrote down; `None` where there is none.
type Place = Option<(Chord, Key)>;

/// Counts, measures, and writes.
pub(super) fn run(arguments: &FitProgressionsArguments) -> Result<()> {
    let songs = Pop909::open(&arguments.pop909)?.corrected_by(&arguments.pop909_cl);
    let read = |split: SongSplit| -> Result<Vec<Song>> {
        let ids = songs.ids_of(split);
        ensure!(!ids.is_empty(), "no songs to count");
        let songs = ids.iter().map(|id| Ok(songs.song(id)?.song));
        songs.collect()
    };
    let counted = read(SongSplit::Train)?;
    let fitted: Vec<Change> = counted
        .iter()
        .flat_map(|song| changes_of(&places(song)))
        .collect();
    let settings = FitSettings {
        discount: arguments.discount,
        least: arguments.least,
    };
    let progressions = if arguments.built_in {
        Progressions::pop().clone()
    } else {
        Progressions::fit(&fitted, &settings)
    };
    let text = format!("{HEAD}{progressions}");
    println!(
        "{} songs, {} changes counted: {} bytes",
        counted.len(),
        fitted.len(),
        text.len()
    );
    let held_out = read(if arguments.tune {
        SongSplit::Valid
    } else {
        SongSplit::Test
    })?;
    let scores = measure(&progressions, &fitted, &held_out)?;
    println!("measured on {} songs", held_out.len());
    println!("| | changes | perplexity | the likeliest | among three |\n|---|---|---|---|---|");
    for (name, score) in &scores {
        println!(
            "| {name} | {} | {:.2} | {:.3} | {:.3} |",
            score.changes,
            score.perplexity(),
            score.share(score.first),
            score.share(score.among_three),
        );
    }
    if let Some(path) = &arguments.json {
        atomic::write(path, &serde_json::to_vec_pretty(&scores)?)?;
    }
    if let Some(path) = &arguments.out {
        atomic::write(path, text.as_bytes())?;
    }
    Ok(())
}

/// How well the next chord is foretold, by who foretells it.
fn measure(
    progressions: &Progressions,
    counted: &[Change],
    songs: &[Song],
) -> Result<Vec<(&'static str, Score)>> {
    let frequencies = [Mode::Major, Mode::Minor].map(|mode| frequencies(counted, mode));
    let (mut unigram, mut songs_go, mut song_goes) = <(Score, Score, Score)>::default();
    let mut key_found = Score::default();
    for song in songs {
        let places = places(song);
        let mut memory = Memory::default();
        for change in changes_of(&places) {
            let (mode, before, next) = (change.mode, &*change.before, change.next);
            let frequent = frequencies[usize::from(mode == Mode::Minor)];
            unigram.add(&Outlook::from_weights(frequent, before.last()), next);
            songs_go.add(&progressions.next(mode, before), next);
            song_goes.add(&memory.next(progressions, mode, before), next);
            memory.learn(&change);
        }
        key_found = found_keys(progressions, song, key_found)?;
    }
    Ok(vec![
        ("how frequent chords are in the key", unigram),
        ("what follows two chords", songs_go),
        ("and what has followed them in the song", song_goes),
        ("the same, the key found from the chords so far", key_found),
    ])
}

/// The last with keys that nobody wrote down: those found from the chords before, as in a plugin
/// that listens.
fn found_keys(progressions: &Progressions, song: &Song, mut score: Score) -> Result<Score> {
    let mut past = Timeline::new();
    let mut heard: Vec<Option<Chord>> = Vec::new();
    for span in &song.spans {
        let Harmony::Chord(chord) = span.harmony else {
            heard.push(None);
            continue;
        };
        let label = chord.label(true);
        let Some(chord) = label.chord().cloned() else {
            continue;
        };
        if let Some(key) = estimate(&past).last().map(|span| span.key) {
            let place = |chord: &Option<Chord>| Some((chord.clone()?, key));
            let mut places: Vec<Place> = heard.iter().map(place).collect();
            let seen = changes_of(&places);
            let memory = Memory::of(&seen);
            places.push(Some((chord.clone(), key)));
            let all = changes_of(&places);
            if let Some(change) = all.get(seen.len()) {
                let outlook = memory.next(progressions, change.mode, &change.before);
                score.add(&outlook, change.next);
            }
        }
        heard.push(Some(chord));
        let (start_s, end_s) = (song.time_s(span.start), song.time_s(span.end));
        past.insert(Segment::new(start_s, end_s, label))?;
    }
    Ok(score)
}

/// The chords of a song in their keys.
fn places(song: &Song) -> Vec<Place> {
    let key_at = |beat: f64| {
        let after = song.keys.partition_point(|key| key.start <= beat + 0.5);
        let key = song.keys.get(after.saturating_sub(1));
        key.map_or(song.key, |key| key.key)
    };
    let spans = song.spans.iter();
    spans
        .map(|span| match span.harmony {
            Harmony::Chord(chord) => match chord.label(true) {
                Label::Chord(chord) => Some((chord, key_at(span.start))),
                _ => None,
            },
            Harmony::None | Harmony::Unknown => None,
        })
        .collect()
}

fn changes_of(places: &[Place]) -> Vec<Change> {
    changes(
        places
            .iter()
            .map(|place| place.as_ref().map(|it| (&it.0, it.1))),
    )
}
