//! Scores as Markdown.

use std::fmt::Write as _;

use super::consensus::{Consensus, ConsensusScores};
use super::measure::{EngineScores, SEVEN};
use super::mistakes::Mistake;
use super::truth::{Truth, TruthScores};
use super::{SetScores, ordered};

/// The value of a column for some recordings.
type Value<'a> = &'a dyn Fn(&TruthScores) -> Option<f64>;

/// Tables of real recordings: by folder majmin, root and the share of chords taken for none,
/// and the metrics averaged over folders.
#[must_use]
pub fn truth_table(truth: &Truth) -> String {
    let engines = ordered(truth);
    let Some((_, first)) = engines.first() else {
        return String::new();
    };
    let mut text = String::new();
    let metric = |name: &'static str| move |s: &TruthScores| s.metrics.get(name).copied();
    let denied = |s: &TruthScores| (s.minutes > 0.0).then_some(s.says_no_chord);
    let majmin = metric("majmin");
    let root = metric("root");
    let columns: [(&str, Value<'_>); 3] = [
        ("majmin", &majmin),
        ("root", &root),
        ("says N for a chord", &denied),
    ];
    for (title, value) in columns {
        let names = engines.iter().map(|(engine, _)| *engine);
        let head = [title, "recordings", "minutes"].into_iter().chain(names);
        heading(&mut text, &head.collect::<Vec<_>>());
        let line = |name: &str, of: &dyn Fn(&str) -> Option<TruthScores>| {
            let about = of(engines[0].0).unwrap_or_default();
            let mut cells = vec![
                name.to_owned(),
                about.recordings.to_string(),
                format!("{:.1}", about.minutes),
            ];
            let each = engines.iter().map(|(engine, _)| of(engine));
            cells.extend(each.map(|scores| number(scores.as_ref().and_then(value))));
            cells
        };
        for folder in first.folders.keys() {
            let of = |engine: &str| truth.get(engine)?.folders.get(folder).cloned();
            row(&mut text, &line(folder, &of));
        }
        let of = |engine: &str| Some(truth.get(engine)?.average.clone());
        row(&mut text, &line("average of folders", &of));
        text.push('\n');
    }
    let names: Vec<&str> = SEVEN
        .iter()
        .map(|m| m.name())
        .chain(["majmin_inv"])
        .collect();
    let head = ["engine"].into_iter().chain(names.iter().copied());
    heading(&mut text, &head.chain(["average"]).collect::<Vec<_>>());
    for (engine, scores) in engines {
        let average = &scores.average;
        let mut cells = vec![engine.to_owned()];
        cells.extend(
            names
                .iter()
                .map(|name| number(average.metrics.get(*name).copied())),
        );
        cells.push(number(average.average()));
        row(&mut text, &cells);
    }
    text
}

/// Tables of a corpus by consensus: all of it and each kind of music, what is wrong there, and
/// every source.
#[must_use]
pub fn consensus_table(consensus: &Consensus) -> String {
    let mut text = String::new();
    let [first, second] = &consensus.witnesses;
    let (with_first, with_second) = (format!("with {first}"), format!("with {second}"));
    heading(
        &mut text,
        &[
            "music",
            "tracks",
            "they agree",
            "minutes",
            "of them N",
            "engine",
            "consensus",
            "on chords",
            &with_first,
            &with_second,
            "says N for a chord",
            "ECE",
        ],
    );
    for (name, scores) in consensus.groups() {
        for (engine, own) in ordered(&scores.engines) {
            let mut cells = about(name, scores);
            cells.push(engine.to_owned());
            let values = [
                own.consensus,
                own.on_chords,
                own.alone[0],
                own.alone[1],
                own.says_no_chord,
            ];
            cells.extend(values.map(|value| number(Some(value))));
            cells.push(number(Some(own.ece)));
            row(&mut text, &cells);
        }
    }
    text.push('\n');
    let names = Mistake::ALL.map(Mistake::name);
    let head = ["music", "engine", "wrong"];
    heading(
        &mut text,
        &head.into_iter().chain(names).collect::<Vec<_>>(),
    );
    for (name, scores) in consensus.groups() {
        for (engine, own) in ordered(&scores.engines) {
            let mut cells = vec![name.to_owned(), engine.to_owned()];
            cells.push(number(Some(own.mistakes.values().sum())));
            let of = |mistake| own.mistakes.get(&mistake).copied().unwrap_or_default();
            cells.extend(Mistake::ALL.map(|mistake| number(Some(of(mistake)))));
            row(&mut text, &cells);
        }
    }
    text.push('\n');
    let engines = ordered(&consensus.all.engines);
    let names = engines.iter().map(|(engine, _)| *engine);
    let head = ["source", "tracks", "they agree", "minutes", "of them N"];
    heading(
        &mut text,
        &head.into_iter().chain(names).collect::<Vec<_>>(),
    );
    for (source, scores) in &consensus.sources {
        let mut cells = about(source, scores);
        let values = engines
            .iter()
            .map(|(engine, _)| scores.engines.get(*engine));
        cells.extend(values.map(|own| number(own.map(|own| own.consensus))));
        row(&mut text, &cells);
    }
    text
}

fn about(name: &str, scores: &ConsensusScores) -> Vec<String> {
    vec![
        name.to_owned(),
        scores.tracks.to_string(),
        number(Some(scores.agreement.majmin)),
        format!("{:.1}", scores.minutes),
        number(Some(scores.no_chord)),
    ]
}

/// Two tables of a set: the seven metrics by both protocols, and all other scores.
#[must_use]
pub fn table(scores: &SetScores) -> String {
    let mut text = String::new();
    let seven: Vec<&str> = SEVEN.iter().map(|m| m.name()).collect();
    heading(
        &mut text,
        &["engine", "protocol"]
            .into_iter()
            .chain(seven.iter().copied())
            .chain(["average", "seg"])
            .collect::<Vec<_>>(),
    );
    for (engine, scores) in ordered(scores) {
        for (protocol, metrics, average) in [
            ("plain", &scores.metrics, scores.average),
            ("folded", &scores.folded, scores.folded_average),
        ] {
            let mut cells = vec![engine.to_owned(), protocol.to_owned()];
            let values = seven.iter().map(|m| metrics.get(*m).copied());
            let seg = metrics.get("seg").copied();
            cells.extend(values.chain([Some(average), seg]).map(number));
            row(&mut text, &cells);
        }
    }
    text.push('\n');
    heading(
        &mut text,
        &[
            "engine",
            "quality recall",
            "inversions",
            "… by notes",
            "ECE",
            "boundary F ±0.15 s",
            "P",
            "R",
            "F ±0.5 s",
            "P",
            "R",
            "median offset, ms",
        ],
    );
    for (engine, scores) in ordered(scores) {
        row(&mut text, &details(engine, scores));
    }
    names(&mut text, scores);
    groups(&mut text, scores);
    text
}

/// Recall and precision of the names outside the vocabulary, where a set has them.
fn names(text: &mut String, scores: &SetScores) {
    let known: Vec<String> = ordered(scores)
        .iter()
        .flat_map(|(_, scores)| scores.names.keys().cloned())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    if known.is_empty() {
        return;
    }
    text.push('\n');
    let headings = std::iter::once("recall / precision").chain(known.iter().map(String::as_str));
    heading(text, &headings.collect::<Vec<_>>());
    for (engine, scores) in ordered(scores) {
        let cells = known.iter().map(|name| {
            scores.names.get(name).map_or("–".into(), |score| {
                format!(
                    "{} / {}",
                    number(Some(score.recall)),
                    number(score.precision)
                )
            })
        });
        let cells: Vec<String> = std::iter::once(engine.to_owned()).chain(cells).collect();
        row(text, &cells);
    }
}

fn details(engine: &str, scores: &EngineScores) -> Vec<String> {
    let mut cells = vec![
        engine.to_owned(),
        number(Some(scores.mean_quality_recall)),
        number(scores.inversions),
        number(scores.inversions_by_notes),
        number(Some(scores.calibration.ece)),
    ];
    for window in &scores.boundaries {
        let values = [window.f_measure, window.precision, window.recall];
        cells.extend(values.map(|value| number(Some(value))));
    }
    let offset = scores.boundary_offset_s;
    cells.push(offset.map_or("–".into(), |s| format!("{:+.0}", s * 1000.0)));
    cells
}

/// Agreement by package, if there are packages.
fn groups(text: &mut String, scores: &SetScores) {
    if scores.values().all(|s| s.confident.is_none()) {
        return;
    }
    text.push('\n');
    heading(
        text,
        &[
            "engine",
            "package",
            "pieces",
            "minutes",
            "majmin",
            "average",
            "majmin where sure",
            "minutes sure",
        ],
    );
    for (engine, scores) in ordered(scores) {
        let minutes = |seconds: f64| format!("{:.1}", seconds / 60.0);
        let mut pieces = 0;
        let mut seconds = 0.0;
        for (package, group) in &scores.groups {
            pieces += group.pieces;
            seconds += group.all.seconds;
            row(
                text,
                &[
                    engine.to_owned(),
                    package.clone(),
                    group.pieces.to_string(),
                    minutes(group.all.seconds),
                    number(Some(group.all.majmin)),
                    number(Some(group.average)),
                    number(group.confident.map(|part| part.majmin)),
                    group.confident.map_or("–".into(), |p| minutes(p.seconds)),
                ],
            );
        }
        row(
            text,
            &[
                engine.to_owned(),
                "all".into(),
                pieces.to_string(),
                minutes(seconds),
                number(scores.metrics.get("majmin").copied()),
                number(Some(scores.average)),
                number(scores.confident.map(|part| part.majmin)),
                scores.confident.map_or("–".into(), |p| minutes(p.seconds)),
            ],
        );
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or("–".into(), |value| format!("{value:.3}"))
}

fn heading(text: &mut String, cells: &[&str]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
    let _ = writeln!(text, "|{}", "---|".repeat(cells.len()));
}

fn row(text: &mut String, cells: &[String]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}
