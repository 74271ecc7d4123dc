//! Changes beside other chord recognizers on real recordings with known chords, as `trainer eval
//! --truth` takes them: folders of audio with a `.lab` file beside each, averaged over the folders.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;
use harmony::score::Scores;
use serde::Serialize;

use crate::compare::{OURS, PEERS, recognize, score, transcribe};
use crate::{machine, paths, say};

/// Files of `root_only.txt` in the folder of all, `FOLDER/NAME` a line: of these only the root is
/// known.
const ROOT_ONLY: &str = "root_only.txt";

/// The recordings of one folder.
struct Folder {
    name: String,
    files: Vec<PathBuf>,
}

/// A program's scores, in the order of the folders.
#[derive(Serialize)]
struct Row {
    program: String,
    folders: Vec<Scores>,
    /// Why it could not be measured.
    missing: Option<String>,
}

#[derive(Serialize)]
struct Report {
    machine: machine::Machine,
    folders: Vec<String>,
    rows: Vec<Row>,
}

/// Runs all programs on the recordings below `music`, prints the table and writes the JSON.
pub fn run(music: &Path, json: Option<&Path>) -> Result<()> {
    let machine = machine::Machine::here()?;
    let folders = folders(music)?;
    let work = paths::target("bench/recordings")?;
    let all = |hear: &dyn Fn(&Folder, &Path) -> Result<Scores>| -> Result<Vec<Scores>> {
        let each = folders.iter().map(|folder| {
            let out = work.join(&folder.name);
            fs::create_dir_all(&out)?;
            hear(folder, &out)
        });
        each.collect()
    };
    say(OURS);
    let ours = all(&|folder, out| {
        let (_, said) = transcribe(&folder.files, out)?;
        score(&folder.files, &said)
    })?;
    let mut rows = vec![Row {
        program: OURS.into(),
        folders: ours,
        missing: None,
    }];
    for peer in &PEERS {
        say(peer.title);
        let heard = all(&|folder, out| {
            let (_, said) = recognize(peer, &folder.files, out)?;
            score(&folder.files, &said)
        });
        let (folders, missing) = match heard {
            Ok(folders) => (folders, None),
            Err(error) => (Vec::new(), Some(format!("{error:#}"))),
        };
        rows.push(Row {
            program: peer.title.into(),
            folders,
            missing,
        });
    }
    let report = Report {
        machine,
        folders: folders.into_iter().map(|folder| folder.name).collect(),
        rows,
    };
    print(&report);
    paths::save(json, "recordings.json", &report)
}

/// The folders of `music` with labelled recordings, by name.
fn folders(music: &Path) -> Result<Vec<Folder>> {
    let list = |folder: &Path| -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
        let mut paths = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    };
    let listed = music.join(ROOT_ONLY);
    let root_only = match fs::read_to_string(&listed) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| listed.display().to_string()),
    };
    let mut folders = Vec::new();
    for path in list(music)?.into_iter().filter(|path| path.is_dir()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut files = list(&path)?;
        files.retain(|file| {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy();
            let known = format!("{name}/{stem}");
            file.extension().is_some_and(|it| it != "lab")
                && file.with_extension("lab").is_file()
                && root_only.lines().all(|line| line.trim() != known)
        });
        if !files.is_empty() {
            let name = name.into_owned();
            folders.push(Folder { name, files });
        }
    }
    let music = music.display();
    ensure!(!folders.is_empty(), "{music} has no recordings with .lab");
    Ok(folders)
}

fn print(report: &Report) {
    let mut table = Table::new();
    let names = report.folders.iter().map(String::as_str);
    let head = ["program", "majmin", "with the bass", "root"];
    table
        .load_preset(ASCII_MARKDOWN)
        .set_header(head.into_iter().chain(names));
    for row in &report.rows {
        let mut cells = vec![row.program.clone()];
        match &row.missing {
            Some(reason) => cells.push(format!("not measured: {reason}")),
            None => {
                let mean = |of: fn(&Scores) -> f64| {
                    let sum: f64 = row.folders.iter().map(of).sum();
                    format!("{:.3}", sum / row.folders.len() as f64)
                };
                cells.extend([mean(|s| s.majmin), mean(|s| s.majmin_inv), mean(|s| s.root)]);
                let each = row.folders.iter();
                cells.extend(each.map(|scores| format!("{:.3}", scores.majmin)));
            }
        }
        table.add_row(cells);
    }
    println!(
        "\n{}\naverages over the folders, then majmin of each\n{table}",
        report.machine
    );
}
