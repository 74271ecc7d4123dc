//! The machine and the time of a measurement.

use std::fmt;
use std::fs;

use anyhow::Result;
use serde::Serialize;
use xshell::{Shell, cmd};

/// The machine and the date.
#[derive(Serialize)]
pub struct Machine {
    date: String,
    commit: String,
    processor: String,
    cores: usize,
    system: String,
    rustc: String,
    /// Load average of the last minute before the measurement: anything well above zero means
    /// that others used the machine too.
    load_before: Option<f64>,
}

impl Machine {
    /// This machine, now.
    pub fn here() -> Result<Self> {
        let sh = Shell::new()?;
        let processor = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        });
        let load_before = fs::read_to_string("/proc/loadavg")
            .ok()
            .and_then(|text| text.split(' ').next()?.parse().ok());
        Ok(Self {
            date: cmd!(sh, "date --utc +%Y-%m-%d").quiet().read()?,
            commit: cmd!(sh, "git rev-parse --short HEAD").quiet().read()?,
            processor: processor.unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism()?.get(),
            system: cmd!(sh, "uname -sr").quiet().read()?,
            rustc: cmd!(sh, "rustc --version").quiet().read()?,
            load_before,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            date,
            commit,
            processor,
            cores,
            system,
            rustc,
            load_before,
        } = self;
        write!(
            f,
            "{date}, commit {commit}, {processor}, {cores} cores, {system}, {rustc}"
        )?;
        if let Some(load) = load_before {
            write!(f, ", load before {load}")?;
        }
        Ok(())
    }
}
