//! The sources of a run, for the model card: stored beside its checkpoints.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use recognizer::weights::ModelCard;
use serde::{Deserialize, Serialize};

/// The file's name in the folder of a run.
const FILE: &str = "provenance.json";

/// The teacher on the card of weights that had none.
const LABELS_ALONE: &str = "labels alone";

/// Data, teachers and commands behind a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Provenance {
    /// Hours of training audio by source, with their licences.
    pub data: BTreeMap<String, Hours>,
    /// Teachers by name, with the SHA-256 of their weights.
    pub teachers: BTreeMap<String, String>,
    /// The commands, from random weights to these.
    pub commands: Vec<String>,
    /// Hours of one processor core by command, for those that counted them.
    #[serde(default)]
    pub core_hours: BTreeMap<String, f64>,
    /// Seed of the last command.
    pub seed: u64,
    /// The model card of the weights that the first of them started from, if their run is not
    /// available.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<ModelCard>,
}

/// An amount of audio.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hours {
    /// Hours.
    pub hours: f64,
    /// Licences, as the manifests name them.
    pub licences: Vec<String>,
}

impl Provenance {
    /// Adds audio.
    pub(crate) fn add(&mut self, what: &str, hours: f64, licence: &str) {
        let entry = self.data.entry(what.to_owned()).or_default();
        entry.hours += hours;
        if !licence.is_empty() && !entry.licences.iter().any(|known| known == licence) {
            entry.licences.push(licence.to_owned());
            entry.licences.sort();
        }
    }

    /// Adds what another run used and this one did not.
    fn also_heard(&mut self, data: BTreeMap<String, Hours>, teachers: BTreeMap<String, String>) {
        for (what, hours) in data {
            self.data.entry(what).or_insert(hours);
        }
        for (name, hash) in teachers {
            self.teachers.entry(name).or_insert(hash);
        }
    }

    /// Puts the sources of the weights that a run started from first.
    pub(crate) fn after(&mut self, earlier: Provenance) {
        self.also_heard(earlier.data, earlier.teachers);
        let mut commands = earlier.commands;
        commands.append(&mut self.commands);
        self.commands = commands;
        self.core_hours.extend(earlier.core_hours);
        self.start = earlier.start;
    }

    /// Adds the sources of another network that is averaged with this one.
    pub(crate) fn average(&mut self, other: Provenance) {
        self.also_heard(other.data, other.teachers);
        let own = std::mem::take(&mut self.commands);
        self.commands = other.commands;
        let new = own.into_iter().filter(|c| !self.commands.contains(c));
        let new: Vec<String> = new.collect();
        self.commands.extend(new);
        self.core_hours.extend(other.core_hours);
        self.start = other.start.or(self.start.take());
    }

    /// The model card of weights called `name`.
    pub(crate) fn card(&self, name: &str, metrics: BTreeMap<String, f64>) -> ModelCard {
        let data = self.data.iter().map(|(what, hours)| {
            let licences = hours.licences.join(", ");
            format!("{what}: {:.1} h ({licences})", hours.hours)
        });
        let teachers = self
            .teachers
            .iter()
            .map(|(name, hash)| format!("{name} (SHA-256 {hash})"));
        let start = self.start.clone().unwrap_or_default();
        let taught = Some(start.teacher).filter(|it| it != LABELS_ALONE);
        let teacher = joined("; ", taught.unwrap_or_default(), teachers);
        ModelCard {
            name: name.to_owned(),
            data: joined("; ", start.data, data),
            teacher: if teacher.is_empty() {
                LABELS_ALONE.to_owned()
            } else {
                teacher
            },
            command: joined(" && ", start.command, self.commands.iter().cloned()),
            seed: self.seed,
            core_hours: start.core_hours + self.core_hours.values().sum::<f64>(),
            metrics,
        }
    }

    /// Reads the file from the folder of a run.
    ///
    /// # Errors
    /// If the file is missing or damaged.
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("reading {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))
    }

    /// Writes the file to the folder of a run.
    ///
    /// # Errors
    /// Any error of the file system.
    pub(crate) fn save(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("creating {}", folder.display()))?;
        let path = folder.join(FILE);
        let text = serde_json::to_string_pretty(self)?;
        harmony::export::atomic::write(&path, text.as_bytes())
            .with_context(|| format!("writing {}", path.display()))
    }
}

/// Joins an earlier card's text and the new parts.
fn joined(separator: &str, earlier: String, new: impl Iterator<Item = String>) -> String {
    let known = |it: &String| earlier.split(separator).any(|known| known == it);
    let new: Vec<String> = new.filter(|it| !known(it)).collect();
    let earlier = Some(earlier.clone()).filter(|it| !it.is_empty());
    let all: Vec<String> = earlier.into_iter().chain(new).collect();
    all.join(separator)
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
        first.core_hours.insert(first.commands[0].clone(), 0.5);
        let mut second = Provenance {
            commands: vec!["trainer train two".into()],
            seed: 7,
            ..Provenance::default()
        };
        second.add("songs", 5.0, "MIT");
        second.core_hours.insert(second.commands[0].clone(), 0.25);
        second.after(first);
        // Averaging with a network that this one started from adds nothing.
        let mut averaged = second.clone();
        averaged.average(Provenance {
            commands: vec!["trainer train one".into()],
            core_hours: [("trainer train one".to_owned(), 0.5)].into(),
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
        assert_eq!(card.core_hours, 0.75);
    }

    #[test]
    fn weights_without_their_run_bring_their_card() {
        let mut run = Provenance {
            commands: vec!["trainer train --start old.safetensors".into()],
            start: Some(ModelCard {
                data: "games: 2.2 h (CC-BY-3.0, GPL-2+); songs: 5.0 h (MIT)".into(),
                teacher: "chordnet (SHA-256 abc)".into(),
                command: "trainer train one && trainer train two".into(),
                core_hours: 1.5,
                ..ModelCard::default()
            }),
            ..Provenance::default()
        };
        run.add("songs", 5.0, "MIT");
        run.add("bells", 1.0, "CC0-1.0");
        run.teachers.insert("chordnet".into(), "abc".into());
        let mut next = Provenance {
            commands: vec!["trainer train four".into()],
            core_hours: [("trainer train four".to_owned(), 0.5)].into(),
            ..Provenance::default()
        };
        next.after(run);
        let card = next.card("x", BTreeMap::new());
        assert_eq!(
            card.data,
            "games: 2.2 h (CC-BY-3.0, GPL-2+); songs: 5.0 h (MIT); bells: 1.0 h (CC0-1.0)"
        );
        assert_eq!(card.teacher, "chordnet (SHA-256 abc)");
        assert_eq!(
            card.command,
            "trainer train one && trainer train two && trainer train --start old.safetensors \
             && trainer train four"
        );
        assert_eq!(card.core_hours, 2.0);
    }
}
