//! Scores on held-out music, through the engines as they ship.
//!
//! `offline` is [`recognizer::transcribe()`]; `live` the confirmed track of
//! [`recognizer::live::LiveEngine`]; `display` what its display showed at each moment, with
//! its latency. Teachers can be scored beside them, on the same samples. Everything is
//! weighted by duration over all pieces of a set.
//!
//! Besides rendered sets there are real recordings with known chords ([`truth`]) and real
//! music on which two teachers agree ([`consensus`]).
//!
//! Labels are scored by two protocols: `plain` is mir_eval on the raw references,
//! `folded` the one of arXiv 2602.19778 ([`harmony::score::evaluate_folded`]). Boundaries
//! are changes of chord, matched as by `mir_eval.segment.detection` with its ends trimmed
//! ([`harmony::score::Boundaries`]).

pub(crate) mod agreement;
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
pub(crate) mod mistakes;
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

/// The result of [`evaluate_set`]: each engine's name and scores.
pub type SetScores = BTreeMap<String, EngineScores>;

/// The engines of a set in the order of tables and pictures: ours from most context to least,
/// then the others by name.
pub fn ordered<T>(scores: &BTreeMap<String, T>) -> Vec<(&str, &T)> {
    let rank = |name: &str| [OFFLINE, LIVE, DISPLAY].iter().position(|own| *own == name);
    let mut engines: Vec<_> = scores
        .iter()
        .map(|(name, scores)| (name.as_str(), scores))
        .collect();
    engines.sort_by_key(|(name, _)| rank(name).unwrap_or(usize::MAX));
    engines
}

/// Accuracy by look-ahead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The live engine, from no delay of the decoder to its confirmation.
    pub live: Vec<LagPoint>,
    /// The display's accuracy at each moment.
    pub display: Accuracy,
    /// The whole-file engine, which has unlimited look-ahead.
    pub offline: Accuracy,
}

/// Two metrics of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// mir_eval's majmin.
    pub majmin: f64,
    /// mir_eval's tetrads.
    pub tetrads: f64,
}

/// The evaluation of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// The scores of each engine.
    pub scores: SetScores,
    /// Accuracy by look-ahead, if requested.
    pub curve: Option<Curve>,
}

/// One piece, evaluated with all engines.
struct Done {
    group: Option<String>,
    measures: Vec<(String, Measures)>,
    lags: Vec<Evaluation>,
}

/// Evaluates the engines on the pieces of a set, with a progress bar named `name`.
///
/// # Errors
/// If a piece cannot be made, an engine fails, the set is empty, or it is interrupted.
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
