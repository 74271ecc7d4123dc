//! Frames of a corpus.

use std::fs;
use std::sync::atomic::AtomicBool;

use recognizer::features::SAMPLE_RATE;
use recognizer::networks::FrontEnd;
use trainer::corpus::frames::{FrameSettings, frames_path, make};
use trainer::corpus::scan::scan;
use trainer::corpus::{Corpus, Track};
use trainer::frames::{ExampleFrames, IGNORED, targets};

use super::{settings, tones};

const C_MAJOR: [f64; 3] = [261.63, 329.63, 392.0];

#[test]
fn tracks_become_frames_with_the_targets_of_their_labels() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    tones(&at("labelled.wav"), 44_100, &C_MAJOR, 4.0);
    tones(&at("unlabelled.wav"), 22_050, &C_MAJOR, 5.0);
    tones(&at("gone.wav"), 22_050, &C_MAJOR, 3.0);
    fs::write(at("labelled.lab"), "1 3 C:maj/3\n").unwrap();
    let settings = settings(folder.path());
    let going = AtomicBool::new(false);
    scan(&settings, &going).unwrap();
    fs::remove_file(at("gone.wav")).unwrap();
    let corpus = Corpus::open(&settings.out).unwrap();
    let settings = FrameSettings {
        split: None,
        max_length_s: 4.5,
        threads: 2,
    };
    let out = at("frames");
    let report = make(&corpus, &out, &settings, &going).unwrap();
    assert_eq!((report.made, report.present), (2, 0));
    assert_eq!(report.skipped.len(), 1);
    assert!(report.skipped[0].1.contains("gone.wav"));
    let again = make(&corpus, &out, &settings, &going).unwrap();
    assert_eq!((again.made, again.present), (0, 2));

    let find = |stem: &str| {
        let id = |t: &&Track| t.id.contains(&format!("-{stem}-"));
        corpus.tracks().iter().find(id).unwrap()
    };
    let (c_maj, third) = targets(&"C:maj/3".parse().unwrap());
    for (front_end, hop) in [(FrontEnd::Live, 1024.0), (FrontEnd::Cqt, 2048.0)] {
        let labelled =
            ExampleFrames::load(&frames_path(&out, find("labelled")), front_end).unwrap();
        for (i, (&chord, &bass)) in labelled.chord.iter().zip(&labelled.bass).enumerate() {
            let time_s = i as f64 * hop / f64::from(SAMPLE_RATE);
            let expected = if (1.0..3.0).contains(&time_s) {
                (c_maj, third)
            } else {
                (IGNORED, IGNORED)
            };
            assert_eq!((chord, bass), expected, "at {time_s} s");
        }
        let unlabelled =
            ExampleFrames::load(&frames_path(&out, find("unlabelled")), front_end).unwrap();
        assert!(unlabelled.chord.iter().all(|&c| c == IGNORED));
        assert!(unlabelled.bass.iter().all(|&b| b == IGNORED));
        // Cut after 4.5 s.
        let frames = (4.5 * f64::from(SAMPLE_RATE) / hop).ceil();
        assert!((unlabelled.len() as f64 - frames).abs() <= 1.0);
        assert!(unlabelled.bins.iter().any(|b| b.to_f32() > 0.0));
    }
}
