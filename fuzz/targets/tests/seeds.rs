//! Runs every seed through its target: libFuzzer's first inputs must pass in every build.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use changes_fuzz_targets as targets;

type Target = (&'static str, fn(&[u8]));

/// The targets by the names of their programs.
const TARGETS: [Target; 10] = [
    ("audio", targets::audio::run),
    ("chart", targets::chart::run),
    ("checkpoint", targets::checkpoint::run),
    ("jams", targets::jams::run),
    ("lab", targets::lab::run),
    ("label", targets::label::run),
    ("manifest", targets::manifest::run),
    ("midi", targets::midi::run),
    ("state", targets::state::run),
    ("weights", targets::weights::run),
];

/// The names in a folder beside this package, without extensions.
fn names(folder: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(folder);
    let entries = fs::read_dir(folder).unwrap();
    let stem = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    entries.map(|entry| stem(&entry.unwrap().path())).collect()
}

#[test]
fn every_seed_passes_its_target() {
    for (name, run) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../seeds")
            .join(name);
        let mut seeds = 0;
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            let seed = fs::read(&path).unwrap();
            run(&seed);
            // Cut in the middle, and with one byte changed.
            run(&seed[..seed.len() / 2]);
            let mut other = seed;
            if let Some(byte) = other.get_mut(7) {
                *byte ^= 0x21;
            }
            run(&other);
            seeds += 1;
        }
        assert!(seeds > 0, "{}", folder.display());
    }
}

#[test]
fn every_program_has_a_target_and_seeds() {
    let listed: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("fuzz_targets"), listed);
    assert_eq!(names("seeds"), listed);
}
