//! Scores as Markdown.

use std::fmt::Write as _;

use super::measure::{EngineScores, SEVEN};
use super::{SetScores, ordered};

/// Two tables of a set: the seven metrics by both protocols, and everything else.
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
    groups(&mut text, scores);
    text
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

/// Agreement by package, where there are packages.
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
