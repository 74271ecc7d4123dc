//! The files of a run, from which it can be resumed.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use burn::module::Module as _;
use burn::optim::ModuleOptimizer;
use harmony::export::atomic;
use networks::Network;
use serde::{Deserialize, Serialize};

use super::config::TrainConfig;
use crate::schedule::Plateau;

/// The progress of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) config: TrainConfig,
    /// Steps done.
    pub(super) step: u64,
    /// Mean and deviation of the frames, which normalize the network's input.
    pub(super) mean: f32,
    pub(super) deviation: f32,
    /// The state of the schedule.
    pub(super) plateau: Plateau,
    /// Step of the best validation so far, and its loss.
    pub(super) best: Option<(u64, f32)>,
    /// Seconds of one processor core that the steps took, of all threads together.
    #[serde(default)]
    pub(super) core_seconds: f64,
}

impl Progress {
    /// Whether the last validations were all worse than the best.
    pub(super) fn out_of_patience(&self) -> bool {
        let (Some(patience), Some((best, _))) = (self.config.patience, self.best) else {
            return false;
        };
        (self.step - best) / self.config.validate_every.max(1) >= patience
    }
}

/// Files of a run: `progress.json`, and network and optimizer of the step in it.
pub(super) struct Checkpoint {
    pub(super) folder: PathBuf,
}

impl Checkpoint {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
        }
    }

    pub(super) fn network(&self, step: u64) -> PathBuf {
        self.folder.join(format!("network-{step}.bpk"))
    }

    pub(super) fn best(&self) -> PathBuf {
        self.folder.join("network-best.bpk")
    }

    /// Writes the network of the best validation.
    pub(super) fn keep_best(&self, network: &Network) -> Result<()> {
        let beside = self.folder.join("network-best-partial.bpk");
        network.clone().save_file(&beside)?;
        Ok(atomic::put_in_place(&beside, &self.best())?)
    }

    pub(super) fn optimizer(&self, step: u64) -> PathBuf {
        self.folder.join(format!("optimizer-{step}.bpk"))
    }

    pub(super) fn progress(&self) -> Result<Option<Progress>> {
        let path = self.folder.join("progress.json");
        if !path.exists() {
            return Ok(None);
        }
        let text =
            fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let progress = serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged", path.display()))?;
        Ok(Some(progress))
    }

    /// Network and optimizer first, on disk, then the number of their step, by rename: a kill
    /// or a power failure at any moment leaves a complete checkpoint. The previous one is
    /// removed last.
    pub(super) fn save(
        &self,
        progress: &Progress,
        network: &Network,
        optimizer: &ModuleOptimizer,
    ) -> Result<()> {
        let before = self
            .progress()?
            .map(|p| p.step)
            .filter(|&s| s != progress.step);
        network.clone().save_file(self.network(progress.step))?;
        optimizer.save(self.optimizer(progress.step))?;
        atomic::sync(&self.network(progress.step))?;
        atomic::sync(&self.optimizer(progress.step))?;
        let path = self.folder.join("progress.json");
        atomic::write(&path, &serde_json::to_vec_pretty(progress)?)?;
        if let Some(step) = before {
            // Remaining files only cost space.
            let _ = fs::remove_file(self.network(step));
            let _ = fs::remove_file(self.optimizer(step));
        }
        Ok(())
    }

    pub(super) fn log(&self, line: &str) -> Result<()> {
        let path = self.folder.join("log.jsonl");
        let mut file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .with_context(|| format!("opening {}", path.display()))?;
        writeln!(file, "{line}").with_context(|| format!("writing {}", path.display()))
    }
}
