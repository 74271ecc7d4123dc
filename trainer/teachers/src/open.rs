//! Opens teachers by name.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use super::Teacher;
use super::btc::Btc;
use super::chordnet::ChordNet;
use super::crema::Crema;
use super::mixture::{Mix, Rule};
use super::student::Student;

/// Opens the teacher called `name`, with its files in `folder`: `chordnet`, `crema`, `btc`, the
/// weights file of a windowed network of ours (`….safetensors`), or several: `mix:chordnet+btc`
/// (the mean of their probabilities), `product:…` (their geometric mean) and `vote:…`.
///
/// # Errors
/// If the name is unknown, or files are missing or damaged; the error names them.
pub fn open(name: &str, folder: &Path) -> Result<Arc<dyn Teacher>> {
    let rules = [
        ("mix:", Rule::Average),
        ("product:", Rule::Product),
        ("vote:", Rule::Vote),
    ];
    for (prefix, rule) in rules {
        if let Some(names) = name.strip_prefix(prefix) {
            let teachers = names.split('+').map(|name| open_one(name, folder));
            return Ok(Arc::new(Mix::new(teachers.collect::<Result<_>>()?, rule)?));
        }
    }
    open_one(name, folder)
}

fn open_one(name: &str, folder: &Path) -> Result<Arc<dyn Teacher>> {
    let hint = || format!("opening the teacher `{name}` (to get it: trainer teacher fetch {name})");
    match name {
        "chordnet" => Ok(Arc::new(ChordNet::open(folder).with_context(hint)?)),
        "crema" => Ok(Arc::new(Crema::open(folder).with_context(hint)?)),
        "btc" => Ok(Arc::new(Btc::open(folder).with_context(hint)?)),
        weights if weights.ends_with(".safetensors") => {
            Ok(Arc::new(Student::open(Path::new(weights))?))
        }
        other => bail!(
            "no teacher `{other}`: chordnet, crema, btc, FILE.safetensors, mix:A+B, product:A+B or \
             vote:A+B"
        ),
    }
}
