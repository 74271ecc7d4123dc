//! What a run was made from, for the model card: kept beside its checkpoints.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use recognizer::weights::ModelCard;
use serde::{Deserialize, Serialize};

/// The file's name in the folder of a run.
const FILE: &str = "provenance.json";

/// Data, teachers and commands behind a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Hours of training audio by what they are, with their licences.
    pub data: BTreeMap<String, Hours>,
    /// Teachers by name, with the SHA-256 of their weights.
    pub teachers: BTreeMap<String, String>,
    /// The commands, from random weights to these.
    pub commands: Vec<String>,
    /// Seed of the last of them.
    pub seed: u64,
}

/// How much of something.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Hours {
    /// Hours.
    pub hours: f64,
    /// Licences, as the manifests name them.
    pub licences: Vec<String>,
}

impl Provenance {
    /// Adds audio.
    pub fn add(&mut self, what: &str, hours: f64, licence: &str) {
        let entry = self.data.entry(what.to_owned()).or_default();
        entry.hours += hours;
        if !licence.is_empty() && !entry.licences.iter().any(|known| known == licence) {
            entry.licences.push(licence.to_owned());
            entry.licences.sort();
        }
    }

    /// What the weights that a run starts from were made from comes first.
    pub fn after(&mut self, earlier: Provenance) {
        for (what, hours) in earlier.data {
            self.data.entry(what).or_insert(hours);
        }
        for (name, hash) in earlier.teachers {
            self.teachers.entry(name).or_insert(hash);
        }
        let mut commands = earlier.commands;
        commands.append(&mut self.commands);
        self.commands = commands;
    }

    /// What another network was made from whose mean with this one is taken.
    pub fn average(&mut self, other: Provenance) {
        for (what, hours) in other.data {
            self.data.entry(what).or_insert(hours);
        }
        for (name, hash) in other.teachers {
            self.teachers.entry(name).or_insert(hash);
        }
        let own = std::mem::take(&mut self.commands);
        self.commands = other.commands;
        let new = own.into_iter().filter(|c| !self.commands.contains(c));
        let new: Vec<String> = new.collect();
        self.commands.extend(new);
    }

    /// The model card of weights called `name`.
    pub fn card(&self, name: &str, metrics: BTreeMap<String, f64>) -> ModelCard {
        let data: Vec<String> = self
            .data
            .iter()
            .map(|(what, hours)| {
                format!(
                    "{what}: {:.1} h ({})",
                    hours.hours,
                    hours.licences.join(", ")
                )
            })
            .collect();
        let teachers: Vec<String> = self
            .teachers
            .iter()
            .map(|(name, hash)| format!("{name} (SHA-256 {hash})"))
            .collect();
        ModelCard {
            name: name.to_owned(),
            data: data.join("; "),
            teacher: if teachers.is_empty() {
                "labels alone".to_owned()
            } else {
                teachers.join("; ")
            },
            command: self.commands.join(" && "),
            seed: self.seed,
            metrics,
        }
    }

    /// Reads it from the folder of a run.
    ///
    /// # Errors
    /// A file that is not there or is damaged.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("reading {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))
    }

    /// Keeps it in the folder of a run.
    ///
    /// # Errors
    /// Any error of the file system.
    pub fn save(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("creating {}", folder.display()))?;
        let path = folder.join(FILE);
        let text = serde_json::to_string_pretty(self)?;
        harmony::export::atomic::write(&path, text.as_bytes())
            .with_context(|| format!("writing {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_names_everything_from_the_first_run_on() {
        let mut first = Provenance {
            commands: vec!["trainer train one".into()],
            ..Provenance::default()
        };
        first.add("games", 1.25, "GPL-2+");
        first.add("games", 1.0, "CC-BY-3.0");
        first.teachers.insert("chordnet".into(), "abc".into());
        let mut second = Provenance {
            commands: vec!["trainer train two".into()],
            seed: 7,
            ..Provenance::default()
        };
        second.add("songs", 5.0, "MIT");
        second.after(first);
        // The mean with a network that this one went on from adds nothing.
        let mut averaged = second.clone();
        averaged.average(Provenance {
            commands: vec!["trainer train one".into()],
            ..Provenance::default()
        });
        assert_eq!(averaged, second);
        let folder = tempfile::tempdir().unwrap();
        second.save(folder.path()).unwrap();
        let card = Provenance::load(folder.path())
            .unwrap()
            .card("x", BTreeMap::new());
        assert_eq!(
            card.data,
            "games: 2.2 h (CC-BY-3.0, GPL-2+); songs: 5.0 h (MIT)"
        );
        assert_eq!(card.teacher, "chordnet (SHA-256 abc)");
        assert_eq!(card.command, "trainer train one && trainer train two");
    }
}
