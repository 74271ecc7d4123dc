//! The editor's picture in every state and at three sizes, against references.
//!
//! `UPDATE_SNAPSHOTS=1` writes the references anew. Needs a Vulkan driver; without a
//! graphics card Debian's `mesa-vulkan-drivers` has a software one. Where there is
//! none at all the pictures cannot be drawn and the tests fail saying so.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use changes_plugin::editor::{draw, theme};
use changes_plugin::snapshot::{
    CurrentChord, LineKind, SPECTRUM_FLOOR, Snapshot, Status, Strip, StripLine, StripSegment,
};
use changes_plugin::view::{Controls, View};
use egui_kittest::kittest::Queryable;
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults};

/// Width and height in points, and pixels per point.
const SIZES: [(f32, f32, f32); 3] = [
    (560.0, 380.0, 1.0),
    (960.0, 600.0, 1.0),
    (720.0, 480.0, 2.0),
];

fn segment(
    start_s: f64,
    end_s: f64,
    label: &str,
    confidence: f32,
    confirmed: bool,
) -> StripSegment {
    StripSegment {
        start_s,
        end_s,
        label: label.parse().unwrap(),
        confidence,
        confirmed,
    }
}

/// Eight bars of 4/4 at 120 beats a minute, the last chord just beginning.
fn strip() -> Strip {
    let bars = (0..9).map(|bar| StripLine {
        at_s: 20.0 + 2.0 * f64::from(bar),
        kind: LineKind::Bar(Some(11 + bar)),
    });
    Strip {
        now_s: 37.2,
        window_s: 16.0,
        segments: vec![
            segment(18.0, 22.0, "C:maj7", 0.93, true),
            segment(22.0, 24.0, "A:min7", 0.88, true),
            segment(24.0, 26.0, "D:min7", 0.91, true),
            segment(26.0, 28.0, "G:7", 0.95, true),
            segment(28.0, 30.0, "E:hdim7", 0.61, true),
            segment(30.0, 31.0, "A:7/3", 0.72, true),
            segment(31.0, 32.0, "N", 0.8, true),
            segment(32.0, 34.0, "Bb:7(9)", 0.64, true),
            segment(34.0, 36.0, "F:maj/3", 0.84, true),
            segment(36.0, 37.2, "F#:hdim7", 0.42, false),
        ],
        lines: bars.collect(),
    }
}

/// Peaks at the pitch classes of a chord, two octaves of harmonics above a bass.
fn spectrum(pitch_classes: &[usize]) -> [f32; 144] {
    let mut bins = [SPECTRUM_FLOOR; 144];
    for (index, bin) in bins.iter_mut().enumerate() {
        let semitone = index / 2;
        let near = pitch_classes.contains(&(semitone % 12));
        let slope = -0.025 * (index as f32 - 40.0).abs();
        let ripple = 0.6 * (index as f32 * 1.7).sin();
        *bin = slope + ripple - if near { 0.8 } else { 4.2 };
    }
    bins
}

fn chord(label: &str, confidence: f32, confirmed: bool) -> Option<CurrentChord> {
    let other = |label: &str, probability| (label.parse().unwrap(), probability);
    Some(CurrentChord {
        label: label.parse().unwrap(),
        confirmed,
        confidence,
        alternatives: vec![
            other("A:min", 0.11),
            other("D:7", 0.07),
            other("F#:dim", 0.04),
            other("C:min6", 0.02),
        ],
    })
}

fn playing(status: Status, current: Option<CurrentChord>) -> Snapshot {
    Snapshot {
        status,
        current,
        strip: strip(),
        spectrum: spectrum(&[0, 4, 6, 9]),
        lag_s: 0.012,
        cpu: 0.034,
        sample_rate: 48_000.0,
        ..Snapshot::default()
    }
}

fn scenes() -> Vec<(&'static str, Snapshot, Controls)> {
    let plain = Controls::default;
    let quiet = |status| Snapshot {
        status,
        strip: Strip {
            segments: Vec::new(),
            ..strip()
        },
        sample_rate: 48_000.0,
        ..Snapshot::default()
    };
    vec![
        ("waiting", Snapshot::default(), plain()),
        ("silence", quiet(Status::Silence), plain()),
        (
            "listening",
            Snapshot {
                spectrum: spectrum(&[2]),
                ..quiet(Status::Listening)
            },
            plain(),
        ),
        (
            "unsure",
            playing(Status::Unsure, chord("F#:hdim7", 0.42, false)),
            plain(),
        ),
        (
            "recognising",
            playing(Status::Recognising, chord("F#:hdim7/b3", 0.91, true)),
            plain(),
        ),
        (
            "frozen",
            Snapshot {
                frozen: true,
                ..playing(Status::Recognising, chord("Bb:sus4(b7)", 0.88, true))
            },
            Controls {
                freeze: true,
                ..plain()
            },
        ),
        (
            "gap",
            Snapshot {
                lost: 96_000,
                lag_s: 1.9,
                ..playing(Status::Gap, chord("C:maj", 0.7, true))
            },
            plain(),
        ),
        (
            "numerals",
            playing(Status::Recognising, chord("Bb:7", 0.93, true)),
            Controls {
                style: 3,
                tonic: 5,
                ..plain()
            },
        ),
    ]
}

fn harness(
    snapshot: &Snapshot,
    controls: Controls,
    (width, height, scale): (f32, f32, f32),
) -> Harness<'static, Controls> {
    let snapshot = snapshot.clone();
    let app = move |ui: &mut egui::Ui, controls: &mut Controls| {
        let view = View::new(&snapshot, controls);
        in_whole_window(ui, |ui| draw(ui, &view, controls));
    };
    Harness::builder()
        .with_size([width, height])
        .with_pixels_per_point(scale)
        .with_context_setup(theme::install)
        .build_ui_state(app, controls)
}

#[test]
fn pictures_match_their_references() {
    let mut results = SnapshotResults::new();
    // Rasterisers round edges differently; text and shapes may not move.
    let options = SnapshotOptions::new().threshold(1.2).max_failed_pixels(60);
    for (name, snapshot, controls) in scenes() {
        for size in SIZES {
            let mut harness = harness(&snapshot, controls.clone(), size);
            harness.run();
            let name = format!("{name}-{}x{}@{}", size.0, size.1, size.2);
            results.add(harness.try_snapshot_options(name, &options));
        }
    }
}

#[test]
fn the_chord_has_a_name_for_screen_readers() {
    let snapshot = playing(Status::Recognising, chord("C:maj7/3", 0.9, true));
    let harness = harness(&snapshot, Controls::default(), SIZES[1]);
    assert!(harness.query_by_label("Chord Cmaj7/E").is_some());
}

#[test]
fn switches_change_what_they_say() {
    let snapshot = playing(Status::Recognising, chord("C:maj7/3", 0.9, true));
    let mut harness = harness(&snapshot, Controls::default(), SIZES[1]);
    harness.get_by_label("Freeze").click();
    harness.run();
    assert!(harness.state().freeze);
    harness.get_by_label("Keyboard").click();
    harness.get_by_label("Spectrum").click();
    harness.run();
    assert!(!harness.state().panels.keyboard && !harness.state().panels.spectrum);
}

#[test]
fn the_notation_can_be_chosen() {
    let snapshot = playing(Status::Recognising, chord("G:7", 0.9, true));
    let mut harness = harness(&snapshot, Controls::default(), SIZES[1]);
    harness.get_by_value("Jazz").click();
    harness.run();
    harness.get_by_label("Roman").click();
    harness.run();
    assert_eq!(harness.state().style, 3);
    assert!(harness.query_by_label("Chord V7").is_some());
}

#[test]
fn nothing_breaks_at_any_size() {
    for (_, snapshot, controls) in scenes() {
        for size in [
            (1.0, 1.0),
            (200.0, 100.0),
            (400.0, 1200.0),
            (3840.0, 2160.0),
        ] {
            harness(&snapshot, controls.clone(), (size.0, size.1, 1.0)).run();
        }
    }
}

/// The harness leaves a margin around what it draws; the plugin's window has none.
fn in_whole_window(ui: &mut egui::Ui, draw: impl FnOnce(&mut egui::Ui)) {
    let window = ui.ctx().content_rect();
    ui.scope_builder(egui::UiBuilder::new().max_rect(window), |ui| {
        ui.set_clip_rect(window);
        draw(ui);
    });
}
