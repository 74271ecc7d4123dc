//! The curves of a run, from its `log.jsonl`.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::lines::{Line, Lines, Panel, range, rgb};
use super::style;

/// The largest log that is read, in bytes.
const MAX_LOG_BYTES: u64 = 64 << 20;

/// Loss and validation of a run. Every line of the log is an object with `step`, `train_loss`
/// and objects `valid…` of scores; missing scores are left out.
///
/// # Errors
/// If the log cannot be read or contains no step; the error names it.
pub(crate) fn training(log: &Path) -> Result<Lines> {
    let named = || log.display().to_string();
    let size = std::fs::metadata(log).with_context(named)?.len();
    ensure!(
        size <= MAX_LOG_BYTES,
        "{} is larger than {} MiB",
        named(),
        MAX_LOG_BYTES >> 20
    );
    let text = std::fs::read_to_string(log).with_context(named)?;
    // The last line of an active run may be incomplete.
    let lines: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["step"].is_number())
        .collect();
    ensure!(!lines.is_empty(), "{} contains no step of a run", named());
    let run = log.parent().and_then(Path::file_name);
    let run = run.map_or("run".into(), |name| name.to_string_lossy());
    Ok(Lines {
        title: format!("Training, {run}"),
        panels: panels(&lines),
    })
}

fn panels(log: &[Value]) -> Vec<Panel> {
    let mut losses = vec![Curve::new("training", "training", false)];
    let mut shares: Vec<Curve> = Vec::new();
    let mut against: Vec<Curve> = Vec::new();
    for line in log {
        let Some(step) = line["step"].as_f64() else {
            continue;
        };
        losses[0].add(step, &line["train_loss"]);
        let kinds = line.as_object().into_iter().flatten();
        for (kind, scores) in kinds.filter(|(kind, _)| kind.starts_with("valid")) {
            let against_teacher = kind != "valid";
            for (score, value) in scores.as_object().into_iter().flatten() {
                let (curves, name) = match (score == "loss", against_teacher) {
                    (true, false) => (&mut losses, "validation"),
                    (true, true) => (&mut losses, "validation, against the teacher"),
                    (false, false) => (&mut shares, score.as_str()),
                    (false, true) => (&mut against, score.as_str()),
                };
                let of = if score == "loss" { "validation" } else { score };
                // Curves that share a panel are distinguished by dashes.
                let dashed = against_teacher && score == "loss";
                let at = curves
                    .iter()
                    .position(|c| c.name == name)
                    .unwrap_or_else(|| {
                        curves.push(Curve::new(name, of, dashed));
                        curves.len() - 1
                    });
                curves[at].add(step, value);
            }
        }
    }
    let last = log.iter().filter_map(|l| l["step"].as_f64());
    let x = (0.0, last.fold(1.0, f64::max));
    let panels = [
        ("Loss", losses),
        ("Validation, share right", shares),
        ("Validation against the teacher, share right", against),
    ];
    panels
        .into_iter()
        .filter(|(_, curves)| curves.iter().any(|c| !c.points.is_empty()))
        .map(|(title, curves)| panel(title, x, curves))
        .collect()
}

struct Curve {
    name: String,
    score: String,
    dashed: bool,
    points: Vec<(f64, f64)>,
}

impl Curve {
    fn new(name: &str, score: &str, dashed: bool) -> Self {
        Self {
            name: name.to_owned(),
            score: score.to_owned(),
            dashed,
            points: Vec::new(),
        }
    }

    fn add(&mut self, step: f64, value: &Value) {
        if let Some(value) = value.as_f64() {
            self.points.push((step, value));
        }
    }
}

fn panel(title: &str, x: (f64, f64), curves: Vec<Curve>) -> Panel {
    let mut scores: Vec<String> = curves.iter().map(|c| c.score.clone()).collect();
    scores.dedup();
    scores.sort();
    scores.dedup();
    let values = curves.iter().flat_map(|c| c.points.iter().map(|p| p.1));
    let y = range(values);
    let lines = curves
        .into_iter()
        .filter(|curve| !curve.points.is_empty())
        .map(|curve| {
            let colour = scores.iter().position(|s| *s == curve.score).unwrap_or(0);
            Line {
                name: curve.name,
                points: curve.points,
                colour: rgb(style::series(colour)),
                dashed: curve.dashed,
                marked: false,
            }
        })
        .collect();
    Panel {
        title: title.into(),
        x_label: "step".into(),
        x,
        y,
        lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_becomes_losses_and_shares() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log.jsonl");
        std::fs::write(
            &log,
            concat!(
                r#"{"step": 10, "train_loss": 3.5, "valid": {"loss": 3.0, "root": 0.5}, "valid_unlabelled": null}"#,
                "\n",
                r#"{"step": 20, "train_loss": 2.5, "valid": {"loss": 2.0, "root": 0.75}, "valid_unlabelled": {"loss": 2.2, "root": 0.6}}"#,
                "\n{\"step\": 30, \"tr"
            ),
        )
        .unwrap();
        let lines = training(&log).unwrap();
        let names = |panel: usize| -> Vec<&str> {
            lines.panels[panel]
                .lines
                .iter()
                .map(|l| l.name.as_str())
                .collect()
        };
        assert_eq!(
            names(0),
            ["training", "validation", "validation, against the teacher"]
        );
        assert!(lines.panels[0].lines[2].dashed);
        assert_eq!((names(1), names(2)), (vec!["root"], vec!["root"]));
        assert_eq!(lines.panels[1].lines[0].points, [(10.0, 0.5), (20.0, 0.75)]);
        assert_eq!(lines.panels[2].lines[0].points, [(20.0, 0.6)]);

        std::fs::write(&log, "nothing\n").unwrap();
        assert!(training(&log).unwrap_err().to_string().contains("no step"));
        assert!(training(&folder.path().join("missing")).is_err());
    }
}
