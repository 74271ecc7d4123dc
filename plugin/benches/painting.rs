//! The processor time for painting the window: layout, drawing and tessellation, without the
//! graphics card.
//!
//! `cargo bench --workspace --bench painting`: a paint of each page while a song of an hour plays,
//! and a new sheet, which changes of the track require at most 12.5 times a second.
#![allow(clippy::unwrap_used, reason = "a measurement fails by panicking")]

use changes_plugin::editor::desk::Desk;
use changes_plugin::editor::{draw, theme};
use changes_plugin::session::Clock;
use changes_plugin::view::preferences::{Companion, Page, Preferences};
use changes_plugin::view::{Controls, Song, View};
use divan::{Bencher, black_box};
use harmony::time::TempoMap;
use harmony::timeline::{Segment, Timeline};
use harmony::track::Track;

/// Paints before the measured ones, which fill the caches of glyphs and sizes.
const WARM_UP: u32 = 60;

fn main() {
    divan::main();
}

/// The song, and its middle in seconds.
fn song() -> (Song, f64) {
    let song = Song::of_track(an_hour(), Clock::Host);
    let start_s = song.track.timeline().start_s().unwrap();
    let middle_s = (start_s + song.track.timeline().end_s().unwrap()) / 2.0;
    (song, middle_s)
}

#[divan::bench]
fn a_new_sheet(bencher: Bencher) {
    let (song, middle_s) = song();
    let snapshot = song.snapshot_at(middle_s, true);
    let controls = Controls::default();
    bencher.bench_local(|| View::sheet(black_box(&snapshot), &song, &controls));
}

/// Each page, with each companion where it is shown.
fn windows() -> Vec<Window> {
    let mut windows = Vec::new();
    for page in Page::ALL {
        for companion in Companion::ALL {
            let shown = matches!(page, Page::Overview | Page::Play);
            if shown || companion == Companion::Piano {
                windows.push(Window {
                    page,
                    companion,
                    shown,
                });
            }
        }
    }
    windows
}

struct Window {
    page: Page,
    companion: Companion,
    shown: bool,
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.page.name())?;
        if self.shown {
            write!(f, ", {}", self.companion.name())?;
        }
        Ok(())
    }
}

#[divan::bench(args = windows())]
fn at_400_x_240(bencher: Bencher, window: &Window) {
    page(bencher, [400.0, 240.0], window);
}

#[divan::bench(args = windows())]
fn at_960_x_600(bencher: Bencher, window: &Window) {
    page(bencher, [960.0, 600.0], window);
}

#[divan::bench(args = windows())]
fn at_1920_x_1080(bencher: Bencher, window: &Window) {
    page(bencher, [1920.0, 1080.0], window);
}

fn page(bencher: Bencher, size: [f32; 2], window: &Window) {
    let (song, middle_s) = song();
    let window = Preferences {
        page: window.page,
        companion: window.companion,
        ..Preferences::default()
    };
    bencher.bench_local(paint(&song, middle_s, size, window));
}

/// Paints frame after frame while the song plays from `from_s`.
fn paint(song: &Song, from_s: f64, size: [f32; 2], window: Preferences) -> impl FnMut() {
    let context = egui::Context::default();
    theme::install(&context);
    let mut controls = Controls {
        window,
        ..Controls::default()
    };
    let mut desk = Desk::default();
    let snapshot = song.snapshot_at(from_s, true);
    let view = View::new(&snapshot, song, &controls);
    let mut index = 0;
    let mut one = move || {
        let time_s = f64::from(index) / 60.0;
        index += 1;
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size.into())),
            time: Some(time_s),
            ..egui::RawInput::default()
        };
        // The worker's snapshots come less often; between them the playhead moves on.
        desk.ahead_s = time_s % 0.25;
        let output = context.run_ui(input, |ui| {
            let window = ui.ctx().content_rect();
            ui.scope_builder(egui::UiBuilder::new().max_rect(window), |ui| {
                draw(ui, &view, &mut controls, &mut desk);
            });
        });
        black_box(context.tessellate(output.shapes, output.pixels_per_point));
    };
    for _ in 0..WARM_UP {
        one();
    }
    one
}

/// A chord a bar, four that come again and again.
fn an_hour() -> Track {
    let mut segments = Vec::new();
    for (index, chord) in ["C:maj7", "A:min7", "D:min9", "G:7/3"]
        .iter()
        .cycle()
        .take(1800)
        .enumerate()
    {
        let from_s = 2.0 * index as f64;
        segments.push(Segment::new(from_s, from_s + 2.0, chord.parse().unwrap()));
    }
    let timeline = Timeline::from_segments(segments).unwrap();
    Track::from_timeline(timeline, TempoMap::default())
}
