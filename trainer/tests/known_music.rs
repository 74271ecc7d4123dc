//! Recordings with known chords, and music on which two witnesses agree, through the engines
//! as they ship.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use harmony::timeline::Segment;
use recognizer::audio::Audio;
use recognizer::inference::WindowModel;
use recognizer::models;
use trainer::corpus::scan::{ScanSettings, Source, scan};
use trainer::corpus::{Corpus, Split};
use trainer::evaluate::consensus::{ConsensusSet, Witness, evaluate_consensus};
use trainer::evaluate::engines::{Engines, Listener};
use trainer::evaluate::truth::{TruthSet, evaluate_truth};
use trainer::evaluate::{consensus_table, truth_table};

const RATE: u32 = 22_050;

/// Three notes with a few partials each, `seconds` long.
fn chord(path: &Path, pitches: [f64; 3], seconds: f64) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec).unwrap();
    for i in 0..(seconds * f64::from(RATE)) as u32 {
        let t = f64::from(i) / f64::from(RATE);
        let mut sample = 0.0;
        for pitch in pitches {
            let hz = 440.0 * ((pitch - 69.0) / 12.0).exp2();
            for partial in 1..=5 {
                let phase = std::f64::consts::TAU * hz * t * f64::from(partial);
                sample += phase.sin() / f64::from(partial * partial);
            }
        }
        let swing = 0.8 + 0.2 * (3.0 * t).sin();
        file.write_sample((sample * swing * 5000.0) as i16).unwrap();
    }
    file.finalize().unwrap();
}

/// Two seconds of C major for any audio, and nothing after it.
struct TwoSeconds;

impl Listener for TwoSeconds {
    fn name(&self) -> &str {
        "two-seconds"
    }

    fn identity(&self) -> String {
        self.name().to_owned()
    }

    fn listen(&self, audio: &Audio) -> Result<Vec<Segment>> {
        Ok(vec![
            Segment::new(0.0, 2.0, "C:maj".parse()?),
            Segment::new(2.0, audio.length_s(), "N".parse()?),
        ])
    }
}

fn engines<'a>(windowed: &'a dyn WindowModel, listener: &'a TwoSeconds) -> Engines<'a> {
    Engines {
        live: models::live().unwrap(),
        windowed,
        costs: Vec::new(),
        listeners: vec![listener],
        oracle: None,
        cache: None,
    }
}

fn near(value: f64, expected: f64) {
    assert!((value - expected).abs() < 1e-6, "{value}, not {expected}");
}

#[test]
fn recordings_with_labels_are_scored_by_folder() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    chord(&at("major/c.wav"), [48.0, 64.0, 67.0], 8.0);
    fs::write(at("major/c.lab"), "0 8 C:maj\n").unwrap();
    chord(&at("minor/a.wav"), [57.0, 60.0, 64.0], 4.0);
    fs::write(at("minor/a.lab"), "0 1 X\n1 4 A:min\n").unwrap();
    chord(&at("minor/fifth.wav"), [48.0, 55.0, 60.0], 4.0);
    fs::write(at("minor/fifth.lab"), "0 4 C:min\n").unwrap();
    fs::write(at("root_only.txt"), "minor/fifth\n").unwrap();

    let windowed = models::windowed().unwrap();
    let go = AtomicBool::new(false);
    let set = TruthSet::open(folder.path()).unwrap();
    let truth =
        evaluate_truth(&set, 0.0, &engines(windowed.as_ref(), &TwoSeconds), 1, &go).unwrap();

    let guess = &truth["two-seconds"];
    let major = &guess.folders["major"];
    near(major.metrics["majmin"], 0.25);
    near(major.says_no_chord, 0.75);
    near(major.minutes, 8.0 / 60.0);
    // Of seven seconds: C for Am, no chord for Am; the right root over the fifth, and nothing.
    let minor = &guess.folders["minor"];
    near(minor.metrics["majmin"], 0.0);
    near(minor.metrics["root"], 2.0 / 7.0);
    near(minor.says_no_chord, 4.0 / 7.0);
    assert_eq!(minor.recordings, 2);
    near(guess.average.metrics["root"], (0.25 + 2.0 / 7.0) / 2.0);
    near(guess.recordings["minor/fifth"].metrics["root"], 0.5);
    assert!(
        !guess.recordings["minor/fifth"]
            .metrics
            .contains_key("majmin")
    );

    // The sound is clear enough for the engines.
    for engine in ["offline", "live", "display"] {
        let own = &truth[engine].folders["major"];
        assert!(own.metrics["majmin"] > 0.5, "{engine}: {own:?}");
    }
    let table = truth_table(&truth);
    assert!(table.contains("| major | 1 | 0.1 |"), "{table}");
    assert!(table.contains("| average of folders | 3 |"), "{table}");
}

#[test]
fn a_corpus_is_scored_where_witnesses_agree() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    chord(&at("music/songs/c.wav"), [48.0, 64.0, 67.0], 8.0);
    chord(&at("music/games/f.wav"), [53.0, 60.0, 69.0], 4.0);
    let source = |kind: Option<&str>| Source {
        licence: "CC0-1.0".into(),
        split: Some(Split::Valid),
        kind: kind.map(str::to_owned),
    };
    let settings = ScanSettings {
        folder: at("music"),
        out: at("music/corpus.jsonl"),
        name: "music".into(),
        licence: "CC0-1.0".into(),
        source: None,
        sources: [
            ("songs".to_owned(), source(Some("sung"))),
            ("games".to_owned(), source(None)),
        ]
        .into(),
        listed: trainer::corpus::listed::Listed::new(),
        split: None,
        labels: None,
        min_length_s: 0.0,
        threads: 1,
    };
    let go = AtomicBool::new(false);
    scan(&settings, &go).unwrap();
    let corpus = Corpus::open(&settings.out).unwrap();
    // One witness has its labels in files, for only the first six seconds of the song.
    fs::create_dir(at("written")).unwrap();
    for track in corpus.tracks() {
        let lab = if track.source == "songs" {
            "0 4 C:maj\n4 6 N\n"
        } else {
            "0 4 F:maj\n"
        };
        fs::write(at("written").join(format!("{}.lab", track.id)), lab).unwrap();
    }
    let witnesses = [
        Witness::folder(&at("written")),
        Witness::Listener(&TwoSeconds),
    ];
    let set = ConsensusSet::new(&corpus, Split::Valid, witnesses, 600.0).unwrap();
    assert_eq!((set.count(), set.missing()), (2, 0));
    let windowed = models::windowed().unwrap();
    let engines = engines(windowed.as_ref(), &TwoSeconds);
    let consensus = evaluate_consensus(&set, &engines, 1, &go).unwrap();

    assert_eq!(consensus.witnesses, ["written", "two-seconds"]);
    // Song: C for 2 s and N for 2 of 6 s; game: F against C and N.
    near(consensus.sources["songs"].agreement.majmin, 4.0 / 6.0);
    near(consensus.sources["games"].agreement.majmin, 0.0);
    near(consensus.all.agreement.majmin, 0.4);
    near(consensus.all.minutes, 4.0 / 60.0);
    near(consensus.all.no_chord, 0.5);
    let itself = &consensus.all.engines["two-seconds"];
    near(itself.consensus, 1.0);
    near(itself.alone[0], 0.4);
    near(itself.alone[1], 1.0);
    assert_eq!(consensus.kinds.keys().collect::<Vec<_>>(), ["sung"]);
    assert_eq!(consensus.kinds["sung"], consensus.sources["songs"]);
    // The witnesses agree on no chord where one sounds: the engine finds it.
    let offline = &consensus.kinds["sung"].engines["offline"];
    assert!(
        offline.consensus > 0.2 && offline.consensus < 0.8,
        "{offline:?}"
    );
    let table = consensus_table(&consensus);
    assert!(
        table.contains("| sung | 1 | 0.667 | 0.1 | 0.500 | offline |"),
        "{table}"
    );

    let none = ConsensusSet::new(
        &corpus,
        Split::Test,
        [
            Witness::Listener(&TwoSeconds),
            Witness::Listener(&TwoSeconds),
        ],
        600.0,
    );
    assert!(none.is_err());
}
