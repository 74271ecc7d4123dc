//! `trainer run pipeline.toml`: runs steps in order, skipping each whose dependencies have not
//! changed.
//!
//! ```toml
//! name = "games"
//!
//! [vars]
//! corpus = "data/corpora/debian-games/corpus.jsonl"
//!
//! [[step]]
//! name = "pseudo-labels"
//! run = ["pseudo-label", "--teacher", "chordnet", "--corpus", "${corpus}", "--out", "data/posteriors"]
//! inputs = ["${corpus}"]
//! outputs = ["data/posteriors"]
//! ```
//!
//! A step is a command of this program. Before it runs, a fingerprint of its command line and
//! its inputs is taken (contents of files; names, sizes and times in folders). If the step has
//! succeeded with that fingerprint before and its outputs exist, it is skipped. Paths are
//! relative to the working directory, as on any command line. Commands can resume after an
//! interruption, and so can the pipeline.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The largest pipeline file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// A pipeline file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pipeline {
    /// Its name; finished steps are recorded under it.
    pub name: String,
    /// Values for `${name}` in every other text.
    #[serde(default)]
    pub vars: BTreeMap<String, String>,
    /// The steps, in order.
    pub step: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// Its name, different from every other's.
    pub name: String,
    /// Arguments of this program.
    pub run: Vec<String>,
    /// Files and folders whose change makes the step run again.
    #[serde(default)]
    pub inputs: Vec<PathBuf>,
    /// Files and folders that must exist afterwards.
    #[serde(default)]
    pub outputs: Vec<PathBuf>,
}

/// The steps that have succeeded, and how long all of them took.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// Fingerprints by the step's name.
    pub done: BTreeMap<String, String>,
    /// Seconds by the step's name, of all times that it ran, stopped ones included.
    #[serde(default)]
    pub seconds: BTreeMap<String, f64>,
}

impl Pipeline {
    /// Reads a pipeline and substitutes its variables; `over` takes precedence over `[vars]`.
    ///
    /// # Errors
    /// If the file cannot be read or is not a pipeline, a variable is unknown, or two steps
    /// have the same name.
    pub(crate) fn open(path: &Path, over: &BTreeMap<String, String>) -> Result<Self> {
        let size = fs::metadata(path)
            .with_context(|| format!("reading {}", path.display()))?
            .len();
        ensure!(size <= MAX_BYTES, "{} is larger than 1 MiB", path.display());
        let text =
            fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Self::parse(&text, over).with_context(|| format!("{} is not a pipeline", path.display()))
    }

    fn parse(text: &str, over: &BTreeMap<String, String>) -> Result<Self> {
        let mut pipeline: Pipeline = toml::from_str(text)?;
        let mut vars = std::mem::take(&mut pipeline.vars);
        for (name, value) in over {
            ensure!(vars.contains_key(name), "there is no variable `{name}`");
            vars.insert(name.clone(), value.clone());
        }
        let mut names = std::collections::BTreeSet::new();
        for step in &mut pipeline.step {
            ensure!(
                names.insert(step.name.clone()),
                "two steps are called `{}`",
                step.name
            );
            for text in &mut step.run {
                *text = filled(text, &vars)?;
            }
            for path in step.inputs.iter_mut().chain(&mut step.outputs) {
                *path = filled(&path.to_string_lossy(), &vars)?.into();
            }
        }
        pipeline.vars = vars;
        Ok(pipeline)
    }
}

/// `text` with every `${name}` replaced.
fn filled(text: &str, vars: &BTreeMap<String, String>) -> Result<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else {
            bail!("`${{` without `}}` in `{text}`");
        };
        let Some(value) = vars.get(name) else {
            bail!("there is no variable `{name}` (in `{text}`)");
        };
        out.push_str(before);
        out.push_str(value);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

impl Step {
    /// SHA-256 of the command line and the current inputs, hexadecimal.
    ///
    /// # Errors
    /// If an input is missing or cannot be read.
    pub(crate) fn fingerprint(&self) -> Result<String> {
        let mut hash = Sha256::new();
        for text in &self.run {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        for input in &self.inputs {
            hash.update(input.to_string_lossy().as_bytes());
            add_input(&mut hash, input).with_context(|| format!("input {}", input.display()))?;
        }
        Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
    }

    /// Whether all outputs exist.
    pub(crate) fn has_outputs(&self) -> bool {
        self.outputs.iter().all(|path| path.exists())
    }
}

fn add_input(hash: &mut Sha256, path: &Path) -> Result<()> {
    if !path.is_dir() {
        let mut file = fs::File::open(path)?;
        std::io::copy(&mut file, hash)?;
        return Ok(());
    }
    let mut entries = Vec::new();
    let mut folders = vec![path.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let meta = entry.metadata()?;
            if meta.is_dir() {
                folders.push(entry.path());
            } else {
                let time = meta.modified()?.duration_since(UNIX_EPOCH)?.as_nanos();
                entries.push((entry.path(), meta.len(), time));
            }
        }
    }
    entries.sort();
    for (name, size, time) in entries {
        hash.update(name.to_string_lossy().as_bytes());
        hash.update(size.to_le_bytes());
        hash.update(time.to_le_bytes());
    }
    Ok(())
}

impl Memory {
    /// Reads the record at `path`; it is empty if there is no such file.
    ///
    /// # Errors
    /// If the file cannot be read or is damaged.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => serde_json::from_str(&text)
                .with_context(|| format!("{} is damaged", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }

    /// Adds the time that a step ran.
    pub(crate) fn took(&mut self, step: &str, time: Duration) {
        *self.seconds.entry(step.to_owned()).or_default() += time.as_secs_f64();
    }

    /// Lines that say how long each of the steps took, and all together.
    pub(crate) fn times(&self, steps: &[Step]) -> String {
        let of = |step: &Step| self.seconds.get(&step.name).copied();
        let known = steps
            .iter()
            .filter_map(|step| Some((&*step.name, of(step)?)));
        let all: f64 = known.clone().map(|(_, seconds)| seconds).sum();
        let line = |(name, seconds): (&str, f64)| format!("{:8.1} min  {name}\n", seconds / 60.0);
        known.chain([("all", all)]).map(line).collect()
    }

    /// Writes the record to `path`.
    ///
    /// # Errors
    /// Any error of the file system.
    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let text = serde_json::to_string_pretty(self)?;
        harmony::export::atomic::write(path, text.as_bytes())
            .with_context(|| format!("writing {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        name = "small"
        [vars]
        data = "somewhere"
        [[step]]
        name = "one"
        run = ["corpus", "scan", "${data}/audio"]
        inputs = ["${data}"]
        outputs = ["${data}/corpus.jsonl"]
    "#;

    #[test]
    fn variables_are_put_in_place_and_can_be_overruled() {
        let pipeline = Pipeline::parse(TEXT, &BTreeMap::new()).unwrap();
        assert_eq!(pipeline.step[0].run[2], "somewhere/audio");
        let over = BTreeMap::from([("data".to_owned(), "elsewhere".to_owned())]);
        let pipeline = Pipeline::parse(TEXT, &over).unwrap();
        assert_eq!(pipeline.step[0].inputs, [PathBuf::from("elsewhere")]);
        let wrong = BTreeMap::from([("dat".to_owned(), String::new())]);
        assert!(Pipeline::parse(TEXT, &wrong).is_err());
    }

    #[test]
    fn the_pipeline_beside_the_sources_is_one() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipeline.toml");
        let pipeline = Pipeline::open(&path, &BTreeMap::new()).unwrap();
        // Every input made by a step is made before it is read.
        let made: Vec<&PathBuf> = pipeline.step.iter().flat_map(|s| &s.outputs).collect();
        let mut there: Vec<&PathBuf> = Vec::new();
        for step in &pipeline.step {
            for input in step.inputs.iter().filter(|path| made.contains(path)) {
                assert!(
                    there.contains(&input),
                    "{} reads {}",
                    step.name,
                    input.display()
                );
            }
            there.extend(&step.outputs);
        }
    }

    #[test]
    fn the_time_of_stopped_runs_counts() {
        let pipeline = Pipeline::parse(TEXT, &BTreeMap::new()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("small.json");
        let mut memory = Memory::default();
        memory.took("one", Duration::from_secs(60));
        memory.took("a step of an older pipeline", Duration::from_secs(60));
        memory.save(&path).unwrap();
        let mut memory = Memory::load(&path).unwrap();
        memory.took("one", Duration::from_secs(30));
        let times = memory.times(&pipeline.step);
        assert_eq!(times, "     1.5 min  one\n     1.5 min  all\n");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "name = 3",
            "name = \"a\"\n[[step]]\nname = \"x\"\nrun = [\"${nothing}\"]",
            "name = \"a\"\n[[step]]\nname = \"x\"\nrun = []\n[[step]]\nname = \"x\"\nrun = []",
            "name = \"a\"\nstep = []\nsteps = 4",
        ] {
            assert!(Pipeline::parse(text, &BTreeMap::new()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_fingerprint_follows_command_and_inputs() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("input");
        fs::write(&input, "a").unwrap();
        let step = Step {
            name: "x".into(),
            run: vec!["eval".into()],
            inputs: vec![input.clone()],
            outputs: vec![],
        };
        let first = step.fingerprint().unwrap();
        assert_eq!(first, step.fingerprint().unwrap());
        fs::write(&input, "b").unwrap();
        assert_ne!(first, step.fingerprint().unwrap());
        let other = Step {
            run: vec!["ev".into(), "al".into()],
            ..step.clone()
        };
        assert_ne!(step.fingerprint().unwrap(), other.fingerprint().unwrap());
        fs::remove_file(&input).unwrap();
        assert!(step.fingerprint().is_err());
    }
}
