//! Runs the command.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Real music with beats and keys, 37 s.
pub const SONG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/demo/town-theme.ogg");

/// The command.
pub const CHANGES: &str = env!("CARGO_BIN_EXE_changes");

/// The result of a run.
pub struct Ran {
    /// The exit code.
    pub code: Option<i32>,
    /// Standard output.
    pub out: Vec<u8>,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.out.clone()).unwrap()
    }

    /// The same, after checking that the run succeeded without a message.
    pub fn clean(self) -> Self {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""));
        self
    }

    /// The message of a run that failed.
    pub fn refused(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}", self.err);
        assert_eq!(String::from_utf8_lossy(&self.out), "");
        self.err
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: output.stdout,
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Runs the command in a folder with these arguments.
pub fn changes_in<W: AsRef<OsStr>>(folder: &Path, words: &[W]) -> Ran {
    let mut command = Command::new(CHANGES);
    // Tests name their own.
    command.env_remove("ORT_DYLIB_PATH");
    command.current_dir(folder).args(words);
    command.stdin(std::process::Stdio::null());
    command.output().unwrap().into()
}

/// Runs a shell command line in a folder; `changes` is the command under test.
pub fn shell(folder: &Path, line: &str) -> Ran {
    let folder_of = Path::new(CHANGES).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let paths = std::iter::once(folder_of.to_owned()).chain(std::env::split_paths(&path));
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(folder);
    command.env("PATH", std::env::join_paths(paths).unwrap());
    command.stdin(std::process::Stdio::null());
    command.output().unwrap().into()
}

/// Sends the signal of Ctrl-C, with the shell's built-in `kill`: a minimal system has no such
/// program.
pub fn press_ctrl_c(child: &std::process::Child) {
    let line = format!("kill -INT {}", child.id());
    let sent = Command::new("sh").args(["-c", &line]).status().unwrap();
    assert!(sent.success());
}

/// Writes two seconds of a major triad, `up` semitones above C.
pub fn triad(path: &Path, up: i32) {
    chords(path, &[up], &[2.0]);
}

/// Writes major triads, `up` semitones above C and `lengths_s` seconds long.
pub fn chords(path: &Path, up: &[i32], lengths_s: &[f64]) {
    let rate = 22_050;
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for (up, length_s) in up.iter().zip(lengths_s) {
        for index in 0..(length_s * f64::from(rate)) as u32 {
            let t = f64::from(index) / f64::from(rate);
            let note = |semitones: i32| {
                let hz = 261.63 * (f64::from(semitones + up) / 12.0).exp2();
                (1..=4)
                    .map(|n| (t * hz * f64::from(n) * std::f64::consts::TAU).sin() / f64::from(n))
                    .sum::<f64>()
            };
            let sample = (note(-24) + note(0) + note(4) + note(7)) * 2_000.0;
            writer.write_sample(sample as i16).unwrap();
        }
    }
    writer.finalize().unwrap();
}

/// A folder with songs of these names.
pub fn songs(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (up, name) in (0..).zip(names) {
        triad(&folder.path().join(name), up);
    }
    folder
}

/// The files in and below a folder, in order, with `/` between their parts.
pub fn files(folder: &Path) -> Vec<String> {
    let walked = walkdir::WalkDir::new(folder).sort_by_file_name();
    let entries = walked.into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| !entry.file_type().is_dir());
    let name = |path: PathBuf| path.strip_prefix(folder).unwrap().display().to_string();
    files
        .map(|entry| name(entry.into_path()).replace('\\', "/"))
        .collect()
}
