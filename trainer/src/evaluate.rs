//! Scores on music that was held out, through the engines as they ship.
//!
//! `offline` is [`recognizer::transcribe()`]; `live` the confirmed track of
//! [`recognizer::live::LiveEngine`]; `display` what its display showed at each moment,
//! late as it was. Teachers can be scored beside them, on the same samples. Everything is
//! weighted by duration over all pieces of a set.
//!
//! Beside rendered sets there are real recordings whose chords are known ([`truth`]) and real
//! music on which two teachers agree ([`consensus`]).
//!
//! Labels are scored by two protocols: `plain` is mir_eval on the raw references,
//! `folded` the one of arXiv 2602.19778 ([`harmony::score::evaluate_folded`]). Boundaries
//! are changes of chord, matched as by `mir_eval.segment.detection` with its ends trimmed
//! ([`harmony::score::Boundaries`]).

pub(crate) mod align;
pub(crate) mod band;
pub mod cache;
pub(crate) mod calibration;
pub mod consensus;
pub(crate) mod degrade;
pub(crate) mod disagreement;
pub mod engines;
pub(crate) mod latency;
pub(crate) mod lookahead;
pub mod measure;
pub(crate) mod oracle;
pub(crate) mod overlap;
pub(crate) mod piece;
pub(crate) mod qualities;
pub(crate) mod real;
pub(crate) mod rendered;
pub(crate) mod report;
mod table;
pub(crate) mod teacher;
pub mod truth;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, ensure};
use harmony::score::Evaluation;
use serde::{Deserialize, Serialize};

use crate::parallel;
use engines::{DISPLAY, Engines, LIVE, OFFLINE, ORACLE};
use lookahead::LagPoint;
use measure::{EngineScores, Measures};
use piece::Pieces;

pub use table::{consensus_table, table, truth_table};

/// What [`evaluate_set`] measures: name of the engine and its scores.
pub type SetScores = BTreeMap<String, EngineScores>;

/// The engines of a set in the order of tables and pictures: ours from the one that hears
/// most to the one that hears least, then the others by name.
pub fn ordered<T>(scores: &BTreeMap<String, T>) -> Vec<(&str, &T)> {
    let rank = |name: &str| [OFFLINE, LIVE, DISPLAY].iter().position(|own| *own == name);
    let mut engines: Vec<_> = scores
        .iter()
        .map(|(name, scores)| (name.as_str(), scores))
        .collect();
    engines.sort_by_key(|(name, _)| rank(name).unwrap_or(usize::MAX));
    engines
}

/// Accuracy against look-ahead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The live engine, from no wait of the decoder to its confirmation.
    pub live: Vec<LagPoint>,
    /// What its display showed at each moment.
    pub display: Accuracy,
    /// The whole-file engine, which hears everything.
    pub offline: Accuracy,
}

/// Two metrics of an engine without a setting.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// mir_eval's majmin.
    pub majmin: f64,
    /// mir_eval's tetrads.
    pub tetrads: f64,
}

/// A set after its evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// The scores of each engine.
    pub scores: SetScores,
    /// Accuracy against look-ahead, if asked for.
    pub curve: Option<Curve>,
}

/// One piece through all engines.
struct Done {
    group: Option<String>,
    measures: Vec<(String, Measures)>,
    lags: Vec<Evaluation>,
}

/// Evaluates the engines on the pieces of a set, with a bar named `name`.
///
/// # Errors
/// A piece that cannot be made, an engine that fails, an empty set, an interruption.
pub fn evaluate_set(
    name: &str,
    pieces: &dyn Pieces,
    engines: &Engines<'_>,
    with_curve: bool,
    threads: usize,
    interrupted: &AtomicBool,
) -> Result<Evaluated> {
    ensure!(pieces.count() > 0, "the set `{name}` is empty");
    let work = |index: usize| -> Result<Done> {
        let piece = pieces.piece(index)?;
        let scored = || -> Result<Done> {
            let mut measures = Vec::new();
            for (engine, track) in engines.tracks(&piece.audio)? {
                let measured = Measures::new(&piece, &track).with_context(|| engine.clone())?;
                measures.push((engine, measured));
            }
            if let Some(oracle) = engines.oracle {
                let track = oracle.track(&piece.reference);
                measures.push((ORACLE.to_owned(), Measures::new(&piece, &track)?));
            }
            let lags = if with_curve {
                let reference = overlap::intervals(&piece.reference);
                lookahead::evaluate_lags(&reference, &piece.audio, engines.live.as_ref())?
            } else {
                Vec::new()
            };
            Ok(Done {
                group: piece.group.clone(),
                measures,
                lags,
            })
        };
        scored().with_context(|| format!("piece {} of `{name}`", piece.name))
    };
    let done = parallel::map(name, pieces.count(), threads, interrupted, work)?;

    let mut by_engine: BTreeMap<&str, Vec<(Option<&str>, &Measures)>> = BTreeMap::new();
    for piece in &done {
        for (engine, measures) in &piece.measures {
            by_engine
                .entry(engine)
                .or_default()
                .push((piece.group.as_deref(), measures));
        }
    }
    let scores: SetScores = by_engine
        .into_iter()
        .map(|(engine, pieces)| (engine.to_owned(), EngineScores::pooled(&pieces)))
        .collect();
    let accuracy = |engine: &str| -> Result<Accuracy> {
        let metrics = &scores.get(engine).context("an engine is missing")?.metrics;
        let of = |name: &str| metrics.get(name).copied().unwrap_or_default();
        Ok(Accuracy {
            majmin: of("majmin"),
            tetrads: of("tetrads"),
        })
    };
    let curve = if with_curve {
        let lags: Vec<Vec<Evaluation>> = done.into_iter().map(|piece| piece.lags).collect();
        Some(Curve {
            live: lookahead::curve(&lags),
            display: accuracy(DISPLAY)?,
            offline: accuracy(OFFLINE)?,
        })
    } else {
        None
    };
    Ok(Evaluated { scores, curve })
}
