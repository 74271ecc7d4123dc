//! Pseudo-labels for a small corpus: what is made again, what is not, and shards.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::Result;
use harmony::timeline::{Segment, Timeline};
use teachers::posteriors::{Posteriors, lab_path_of, path_of};
use teachers::sha256;
use teachers::{HOP_SAMPLES, Prediction, Teacher};
use trainer::corpus::{Corpus, Split};
use trainer::pseudo_label::{INDEX, Settings, Shard, Stores, index, merge, pseudo_label, queue};
use trainer::store::Store;

/// Outputs values derived from the loudness of each frame, and counts its calls.
struct Loudness {
    hash: &'static str,
    asked: AtomicUsize,
}

impl Loudness {
    fn new(hash: &'static str) -> Self {
        Self {
            hash,
            asked: AtomicUsize::new(0),
        }
    }
}

impl Teacher for Loudness {
    fn name(&self) -> &str {
        "loudness"
    }

    fn sha256(&self) -> &str {
        self.hash
    }

    fn predict(&self, samples: &[f32]) -> Result<Prediction> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut chord = Vec::new();
        for frame in 0..=samples.len() / HOP_SAMPLES {
            let x = samples
                .get(frame * HOP_SAMPLES)
                .copied()
                .unwrap_or(0.0)
                .abs();
            chord.extend((0..170).map(|class| (x + class as f32 / 170.0) / 2.0));
        }
        let end_s = samples.len() as f64 / 22_050.0;
        let segment = Segment::new(0.0, end_s, "F:maj/3".parse().unwrap());
        Ok(Prediction {
            chord,
            timeline: Timeline::from_segments([segment])?,
            ..Prediction::default()
        })
    }
}

/// Nine tracks of three sources and a file that is not audio.
fn corpus(folder: &Path) -> Corpus {
    let mut lines = vec![r#"{"corpus":"test","version":1}"#.to_owned()];
    for i in 0..10 {
        let name = format!("{i}.wav");
        let path = folder.join(&name);
        if i == 9 {
            fs::write(&path, b"RIFF but nothing else").unwrap();
        } else {
            let spec = hound::WavSpec {
                channels: 1,
                sample_rate: 22_050,
                bits_per_sample: 16,
                sample_format: hound::SampleFormat::Int,
            };
            let mut writer = hound::WavWriter::create(&path, spec).unwrap();
            for n in 0..22_050 / 2 * (i + 1) {
                let sample = (f64::from(n) * 0.03 * f64::from(i + 1)).sin() * 9e3;
                writer.write_sample(sample as i16).unwrap();
            }
            writer.finalize().unwrap();
        }
        let split = ["train", "train", "valid", "test"][i as usize % 4];
        lines.push(format!(
            r#"{{"id":"track-{i}","path":"{name}","duration_s":{},"sha256":"{}","licence":"MIT","source":"s{}","split":"{split}","labels":null}}"#,
            f64::from(i + 1) / 2.0,
            sha256::of_file(&path).unwrap(),
            i % 3,
        ));
    }
    let manifest = folder.join("corpus.jsonl");
    fs::write(&manifest, lines.join("\n")).unwrap();
    Corpus::open(&manifest).unwrap()
}

fn settings(shard: Shard) -> Settings {
    Settings {
        splits: vec![],
        shard,
        max_length_s: 3,
        threads: 2,
        stores: Stores::default(),
    }
}

/// Every file of a folder, by name.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.is_file());
    let named = files.map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read(path).unwrap())
    });
    named.collect()
}

#[test]
fn tracks_are_heard_once_and_again_when_something_changed() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus(folder.path());
    let out = folder.path().join("out");
    let run = |teacher: &Loudness| {
        let interrupted = AtomicBool::new(false);
        let all = settings(Shard::default());
        pseudo_label(teacher, &corpus, &out, &all, &interrupted).unwrap()
    };
    let teacher = Loudness::new("aa");
    let report = run(&teacher);
    assert_eq!((report.made, report.present), (9, 0));
    assert_eq!(report.skipped.len(), 1);
    assert!(
        report.skipped[0].1.contains("9.wav"),
        "{:?}",
        report.skipped
    );
    let first = contents(&out);
    assert_eq!(first.len(), 18);
    let lab = fs::read_to_string(lab_path_of(&out, "track-0")).unwrap();
    assert_eq!(lab, "0.000000\t0.500000\tF:maj/3\n");
    // Exactly three seconds of a track are processed.
    let longest = Posteriors::load(&path_of(&out, "track-8")).unwrap();
    assert_eq!(longest.len(), 1 + 3 * 22_050 / HOP_SAMPLES);
    assert_eq!(longest.origin.teacher, "loudness");

    let report = run(&teacher);
    assert_eq!((report.made, report.present), (0, 9));
    // A missing file, a truncated one, one without its chords.
    fs::remove_file(path_of(&out, "track-1")).unwrap();
    let cut = path_of(&out, "track-2");
    let whole = fs::read(&cut).unwrap();
    fs::write(&cut, &whole[..whole.len() - 1]).unwrap();
    fs::remove_file(lab_path_of(&out, "track-3")).unwrap();
    let report = run(&teacher);
    assert_eq!((report.made, report.present), (3, 6));
    assert_eq!(contents(&out), first);

    let other = Loudness::new("bb");
    assert_eq!(run(&other).made, 9);
    assert_eq!(other.asked.into_inner(), 9);
}

#[test]
fn audio_that_is_not_the_manifests_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus(folder.path());
    fs::copy(folder.path().join("4.wav"), folder.path().join("5.wav")).unwrap();
    let out = folder.path().join("out");
    let report = pseudo_label(
        &Loudness::new("aa"),
        &corpus,
        &out,
        &settings(Shard::default()),
        &AtomicBool::new(false),
    )
    .unwrap();
    let reasons: Vec<&str> = report
        .skipped
        .iter()
        .map(|(track, _)| track.as_str())
        .collect();
    assert_eq!(reasons, ["track-5", "track-9"]);
    assert!(!path_of(&out, "track-5").exists());
}

#[test]
fn shards_merged_are_a_single_run_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus(folder.path());
    let teacher = Loudness::new("aa");
    let run = |out: &Path, shard: Shard| {
        let interrupted = AtomicBool::new(false);
        pseudo_label(&teacher, &corpus, out, &settings(shard), &interrupted).unwrap()
    };
    let single = folder.path().join("single");
    run(&single, Shard::default());
    trainer::pseudo_label::index(&corpus, &[], &single).unwrap();

    let shards: Vec<_> = (0..4)
        .map(|index| {
            let out = folder.path().join(index.to_string());
            run(&out, Shard { index, count: 4 });
            out
        })
        .collect();
    let merged = folder.path().join("merged");
    // One shard is missing.
    let report = merge(&shards[..3], &corpus, &[], &merged).unwrap();
    assert!(report.missing.len() > 1);
    // In the end, only the corpus's file that is not audio is missing.
    let report = merge(&shards, &corpus, &[], &merged).unwrap();
    assert_eq!(
        (report.tracks, report.missing),
        (9, vec!["track-9".to_owned()])
    );
    let (single, merged) = (contents(&single), contents(&merged));
    assert!(single.contains_key(INDEX));
    assert_eq!(single, merged);
}

#[test]
fn shards_that_disagree_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus(folder.path());
    let [a, b] = ["a", "b"].map(|name| folder.path().join(name));
    for (out, hash) in [(&a, "aa"), (&b, "bb")] {
        let all = settings(Shard::default());
        let interrupted = AtomicBool::new(false);
        pseudo_label(&Loudness::new(hash), &corpus, out, &all, &interrupted).unwrap();
    }
    let out = folder.path().join("out");
    let error = merge(&[a.clone(), b], &corpus, &[], &out).unwrap_err();
    assert!(error.to_string().contains("differ"), "{error:#}");
    // Two teachers in one folder.
    fs::remove_file(path_of(&a, "track-0")).unwrap();
    let other = folder.path().join("b");
    fs::copy(path_of(&other, "track-0"), path_of(&a, "track-0")).unwrap();
    let error = merge(&[a], &corpus, &[], &folder.path().join("c")).unwrap_err();
    assert!(error.to_string().contains("another teacher"), "{error:#}");
}

#[test]
fn an_interrupted_run_leaves_whole_tracks() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus(folder.path());
    let out = folder.path().join("out");
    let all = settings(Shard::default());
    let interrupted = AtomicBool::new(true);
    let teacher = Loudness::new("aa");
    let report = pseudo_label(&teacher, &corpus, &out, &all, &interrupted).unwrap();
    assert_eq!(report.made, 0);
}

#[test]
fn the_queue_begins_varied_and_every_track_is_in_one_shard() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus(folder.path());
    let ids = |tracks: Vec<&trainer::corpus::Track>| -> Vec<String> {
        tracks.iter().map(|track| track.id.clone()).collect()
    };
    let all = ids(queue(&corpus, &[], Shard::default()));
    // Train: sources s0 (0, 9), s1 (1, 4), s2 (5, 8), the shortest of each first.
    let expected = ["0", "1", "5", "9", "4", "8", "6", "2", "3", "7"];
    assert_eq!(all, expected.map(|i| format!("track-{i}")));
    assert_eq!(
        ids(queue(&corpus, &[Split::Test], Shard::default())),
        ["track-3", "track-7"]
    );
    let mut parts: Vec<String> = (0..3)
        .flat_map(|index| ids(queue(&corpus, &[], Shard { index, count: 3 })))
        .collect();
    parts.sort();
    let mut sorted = all;
    sorted.sort();
    assert_eq!(parts, sorted);
}

#[test]
fn shards_are_parsed_or_refused() {
    assert_eq!(
        "3/16".parse(),
        Ok(Shard {
            index: 3,
            count: 16
        })
    );
    assert_eq!(
        Shard {
            index: 3,
            count: 16
        }
        .to_string(),
        "3/16"
    );
    for text in ["", "1", "4/4", "-1/4", "a/b", "0/0", "1/2/3"] {
        assert!(text.parse::<Shard>().is_err(), "{text}");
    }
}

#[test]
fn shards_over_an_object_store_are_a_single_run_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("store");
    fs::create_dir_all(there.join("results")).unwrap();
    let of_store = corpus(&there);
    let never = AtomicBool::new(false);
    let single = folder.path().join("single");
    let all = settings(Shard::default());
    pseudo_label(&Loudness::new("aa"), &of_store, &single, &all, &never).unwrap();
    index(&of_store, &[], &single).unwrap();

    let open = |path: &Path| {
        let store = Store::open(&format!("file://{}", path.display()));
        Some(Arc::new(store.unwrap()))
    };
    let stores = Stores {
        corpus: open(&there),
        results: open(&there.join("results")),
    };
    // A machine with the manifest and without audio.
    let machine = |name: &str, shard: Shard| {
        let here = folder.path().join(name);
        fs::create_dir(&here).unwrap();
        fs::copy(there.join("corpus.jsonl"), here.join("corpus.jsonl")).unwrap();
        let corpus = Corpus::open(&here).unwrap();
        let settings = Settings {
            stores: stores.clone(),
            ..settings(shard)
        };
        let teacher = Loudness::new("aa");
        let results = here.join("results");
        let report = pseudo_label(&teacher, &corpus, &results, &settings, &never).unwrap();
        (report, results, corpus)
    };
    for index in 0..3 {
        let (report, results, _) = machine(&format!("node-{index}"), Shard { index, count: 3 });
        assert_eq!(report.present, 0);
        // The audio is deleted again.
        assert_eq!(contents(&results).len(), 2 * report.made);
    }
    // A machine that runs again finds everything; the file that is not audio is skipped again.
    let (report, results, corpus) = machine("last", Shard::default());
    assert_eq!((report.made, report.present), (0, 9));
    assert_eq!(report.skipped.len(), 1);
    index(&corpus, &[], &results).unwrap();
    assert_eq!(contents(&results), contents(&single));
    let mut stored = contents(&there.join("results"));
    stored.insert(INDEX.into(), fs::read(single.join(INDEX)).unwrap());
    assert_eq!(stored, contents(&single));

    fs::remove_file(there.join("0.wav")).unwrap();
    fs::remove_file(path_of(&there.join("results"), "track-0")).unwrap();
    let (report, ..) = machine("late", Shard::default());
    assert_eq!((report.made, report.present), (0, 8));
    let missing = report.skipped.iter().find(|it| it.0 == "track-0").unwrap();
    assert!(missing.1.contains("0.wav"), "{}", missing.1);
}
