//! What a paint of the window costs the processor: layout, drawing and tessellation, without
//! the graphics card.
//!
//! ```sh
//! cargo run --release --workspace --example paint_time -- [TRACK.json]
//! ```
//!
//! Prints milliseconds a paint and the share of one core at 60 paints a second for each page,
//! while the song plays, and what a new sheet costs, which the track's changes make. The
//! track is JSON as [`Track`] saves it; without one it is an hour of a chord a bar.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use changes_plugin::editor::desk::Desk;
use changes_plugin::editor::{draw, theme};
use changes_plugin::session::Clock;
use changes_plugin::view::preferences::{Companion, Page, Preferences};
use changes_plugin::view::{Controls, Song, View};
use harmony::time::TempoMap;
use harmony::timeline::{Segment, Timeline};
use harmony::track::Track;

/// Paints that are measured.
const PAINTS: u32 = 600;

/// Paints before, which make letters and sizes.
const WARM_UP: u32 = 60;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("paint_time: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let track = match std::env::args().nth(1) {
        Some(path) => {
            let text =
                std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
            Track::from_json(&text).map_err(|error| format!("{path}: {error}"))?
        }
        None => an_hour()?,
    };
    let chords = track.timeline().len();
    let song = Song::of_track(track, Clock::Host);
    let start_s = song.track.timeline().start_s().unwrap_or(0.0);
    let end_s = song.track.timeline().end_s().unwrap_or(1.0);
    let middle_s = (start_s + end_s) / 2.0;
    let snapshot = song.snapshot_at(middle_s, true);
    let controls = Controls::default();
    let began = Instant::now();
    for _ in 0..20 {
        std::hint::black_box(View::sheet(&snapshot, &song, &controls));
    }
    let sheet_ms = began.elapsed().as_secs_f64() * 1e3 / 20.0;
    println!("a new sheet of {chords} chords: {sheet_ms:.2} ms, at most 12.5 times a second");
    println!(
        "{:<10} {:<10} {:>12} {:>10} {:>16}",
        "page", "beside", "size", "ms/paint", "core at 60 fps"
    );
    for size in [[400.0, 240.0], [960.0, 600.0], [1920.0, 1080.0]] {
        for page in Page::ALL {
            for companion in Companion::ALL {
                let shown = matches!(page, Page::Overview | Page::Play);
                if !shown && companion != Companion::Piano {
                    continue;
                }
                let window = Preferences {
                    page,
                    companion,
                    ..Preferences::default()
                };
                let ms = paint(&song, middle_s, size, window);
                println!(
                    "{:<10} {:<10} {:>12} {ms:>10.3} {:>14.1} %",
                    page.name(),
                    if shown { companion.name() } else { "" },
                    format!("{}x{}", size[0], size[1]),
                    ms * 6.0
                );
            }
        }
    }
    Ok(())
}

/// Milliseconds of a paint while the song plays on from `from_s`.
fn paint(song: &Song, from_s: f64, size: [f32; 2], window: Preferences) -> f64 {
    let context = egui::Context::default();
    theme::install(&context);
    let mut controls = Controls {
        window,
        ..Controls::default()
    };
    let mut desk = Desk::default();
    let snapshot = song.snapshot_at(from_s, true);
    let view = View::new(&snapshot, song, &controls);
    let mut one = |index: u32| {
        let time_s = f64::from(index) / 60.0;
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size.into())),
            time: Some(time_s),
            ..egui::RawInput::default()
        };
        // The worker's snapshots come less often; the playhead goes on between them.
        desk.ahead_s = time_s % 0.25;
        let output = context.run_ui(input, |ui| {
            let window = ui.ctx().content_rect();
            ui.scope_builder(egui::UiBuilder::new().max_rect(window), |ui| {
                draw(ui, &view, &mut controls, &mut desk);
            });
        });
        std::hint::black_box(context.tessellate(output.shapes, output.pixels_per_point));
    };
    for index in 0..WARM_UP {
        one(index);
    }
    let began = cpu_time::ThreadTime::now();
    for index in WARM_UP..WARM_UP + PAINTS {
        one(index);
    }
    began.elapsed().as_secs_f64() * 1e3 / f64::from(PAINTS)
}

/// A chord a bar, four that come again and again.
fn an_hour() -> Result<Track, Box<dyn Error>> {
    let mut segments = Vec::new();
    for (index, chord) in ["C:maj7", "A:min7", "D:min9", "G:7/3"]
        .iter()
        .cycle()
        .take(1800)
        .enumerate()
    {
        let from_s = 2.0 * index as f64;
        segments.push(Segment::new(from_s, from_s + 2.0, chord.parse()?));
    }
    let timeline = Timeline::from_segments(segments)?;
    Ok(Track::from_timeline(timeline, TempoMap::default()))
}
