//! Opens teachers by name.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};

use super::Teacher;
use super::btc::Btc;
use super::chordnet::ChordNet;
use super::crema::Crema;
use super::mixture::{Mix, Rule};
use super::student::Student;
use super::views::Views;

/// Opens the teacher called `name`, with its files in `folder`: `chordnet`, `crema`, `btc`, the
/// weights file of a windowed network of ours (`….safetensors`), or several: `mix:chordnet+btc`
/// (the mean of their probabilities), `product:…` (their geometric mean) and `vote:…`. Each of
/// them hears audio in these `views`.
///
/// # Errors
/// If the name is unknown, files are missing or damaged, or a teacher has no such views; the error
/// names them.
pub fn open(name: &str, folder: &Path, views: &Views) -> Result<Arc<dyn Teacher>> {
    let rules = [
        ("mix:", Rule::Average),
        ("product:", Rule::Product),
        ("vote:", Rule::Vote),
    ];
    for (prefix, rule) in rules {
        if let Some(names) = name.strip_prefix(prefix) {
            let teachers = names.split('+').map(|name| open_one(name, folder, views));
            return Ok(Arc::new(Mix::new(teachers.collect::<Result<_>>()?, rule)?));
        }
    }
    open_one(name, folder, views)
}

fn open_one(name: &str, folder: &Path, views: &Views) -> Result<Arc<dyn Teacher>> {
    let hint = || format!("opening the teacher `{name}` (to get it: trainer teacher fetch {name})");
    let plainly = || {
        ensure!(
            views.are_plain(),
            "the teacher `{name}` has no views `{views}`: only chordnet and crema have"
        );
        Ok(())
    };
    match name {
        "chordnet" => {
            let teacher = ChordNet::open(folder).with_context(hint)?;
            Ok(Arc::new(teacher.with_views(views.clone())))
        }
        "crema" => {
            let teacher = Crema::open(folder).with_context(hint)?;
            Ok(Arc::new(teacher.with_views(views.clone())))
        }
        "btc" => {
            plainly()?;
            Ok(Arc::new(Btc::open(folder).with_context(hint)?))
        }
        weights if weights.ends_with(".safetensors") => {
            plainly()?;
            Ok(Arc::new(Student::open(Path::new(weights))?))
        }
        other => bail!(
            "no teacher `{other}`: chordnet, crema, btc, FILE.safetensors, mix:A+B, product:A+B or \
             vote:A+B"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn teachers_without_views_say_so() {
        let folder = Path::new("nowhere");
        let views: Views = "-1,0,1".parse().unwrap();
        for name in ["btc", "some.safetensors"] {
            let error = open(name, folder, &views).err().unwrap().to_string();
            assert!(error.contains(name) && error.contains("-1,0,1"), "{error}");
        }
        let error = open("other", folder, &views).err().unwrap().to_string();
        assert!(error.contains("no teacher `other`"), "{error}");
    }
}
