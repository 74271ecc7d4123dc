//! Parses costs of the decoder from the command line.

use std::str::FromStr;

use anyhow::{Context, Result, bail};
use recognizer::decode::changes::ChangeCosts;

/// Changed costs, by name.
#[derive(Debug, Clone)]
pub(super) struct CostChanges {
    /// The text as given.
    pub text: String,
    /// The built-in costs with these changes.
    pub costs: ChangeCosts,
}

impl FromStr for CostChanges {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut costs = ChangeCosts::default();
        for part in text.split(',') {
            let (name, value) = part
                .split_once('=')
                .with_context(|| format!("`{part}` is not NAME=VALUE"))?;
            let cost = match name {
                "free" => &mut costs.free,
                "downbeat" => &mut costs.downbeat,
                "half_bar" => &mut costs.half_bar,
                "beat" => &mut costs.beat,
                "off_beat" => &mut costs.off_beat,
                "off_grid" => &mut costs.off_grid,
                "same_root" => &mut costs.same_root,
                "no_chord" => &mut costs.no_chord,
                _ => bail!("no cost is called `{name}`"),
            };
            *cost = value
                .parse()
                .with_context(|| format!("`{value}` is not a number"))?;
        }
        Ok(Self {
            text: text.to_owned(),
            costs,
        })
    }
}
