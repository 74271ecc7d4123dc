//! The report of an evaluation.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use harmony::export::atomic;
use serde::{Deserialize, Serialize};

use super::consensus::Consensus;
use super::truth::Truth;
use super::{Curve, SetScores};

/// The sets that were evaluated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReportSettings {
    /// Excerpts in each rendered set.
    pub count: u64,
    /// Their length, seconds.
    pub length_s: f64,
    /// Seed of the sets.
    pub seed: u64,
}

/// Scores of all sets: `{settings, curves, truth, consensus, SET: {ENGINE: scores}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// The sets that were evaluated.
    pub settings: ReportSettings,
    /// Accuracy by look-ahead, by set.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub curves: BTreeMap<String, Curve>,
    /// Scores on real recordings with known chords, by folder.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub truth: BTreeMap<String, Truth>,
    /// Scores on real music where two teachers agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consensus: Option<Consensus>,
    /// Scores by set and engine.
    #[serde(flatten)]
    pub sets: BTreeMap<String, SetScores>,
}

impl Report {
    /// Writes the report as JSON.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        Ok(atomic::write(
            path,
            serde_json::to_string_pretty(self)?.as_bytes(),
        )?)
    }

    /// Reads a report written by [`Self::save`].
    ///
    /// # Errors
    /// If the file cannot be read or is not a report; the error names it.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} is not a report of `trainer eval`", path.display()))
    }
}
