//! The F-measure of beats compared with mir_eval's.
//!
//! `CHANGES_PYTHON` names a Python with mir_eval; without it the goldens below are used, which
//! were made with mir_eval 0.8.2.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use trainer::beats::measure::f_measure;

/// Random beats from a small congruential generator: a reference and a distorted copy.
fn beats(seed: u64) -> (Vec<f64>, Vec<f64>) {
    let mut state = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    let mut draw = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    };
    let truth: Vec<f64> = (0..80).map(|i| 0.3 + 0.11 * f64::from(i) * 4.0).collect();
    let mut estimate: Vec<f64> = Vec::new();
    for time_s in &truth {
        if draw() < 0.85 {
            estimate.push(time_s + 0.2 * (draw() - 0.5));
        }
        if draw() < 0.2 {
            estimate.push(time_s + 0.2 + 0.02 * draw());
        }
    }
    estimate.sort_by(f64::total_cmp);
    (truth, estimate)
}

#[test]
fn it_is_mir_evals() {
    let Some(python) = std::env::var_os("CHANGES_PYTHON") else {
        for (seed, expected) in GOLDENS {
            let (truth, estimate) = beats(seed);
            assert!(
                (f_measure(&truth, &estimate) - expected).abs() < 1e-9,
                "{seed}"
            );
        }
        return;
    };
    const SCRIPT: &str = "import json, sys, numpy as np, mir_eval
for truth, estimate in json.load(sys.stdin):
    trim = lambda x: mir_eval.beat.trim_beats(np.array(x))
    print(repr(float(mir_eval.beat.f_measure(trim(truth), trim(estimate)))))";
    let cases: Vec<(Vec<f64>, Vec<f64>)> = (1..6).map(beats).collect();
    let mut child = Command::new(python)
        .args(["-c", SCRIPT])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    serde_json::to_writer(child.stdin.take().unwrap(), &cases).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let theirs: Vec<f64> = text.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(theirs.len(), cases.len());
    for ((truth, estimate), theirs) in cases.iter().zip(theirs) {
        assert!((f_measure(truth, estimate) - theirs).abs() < 1e-9);
    }
}

/// Seed and mir_eval's F-measure.
const GOLDENS: [(u64, f64); 3] = [
    (1, 0.5655172413793104),
    (2, 0.5942028985507246),
    (3, 0.5695364238410596),
];
