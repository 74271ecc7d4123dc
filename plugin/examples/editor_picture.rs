//! Draws the editor into a PNG, through the same function as the plugin's window.
//!
//! ```sh
//! cargo run --release -p changes-plugin --example editor_picture -- scene.json out.png
//! ```
//!
//! The scene is JSON with a `track` as the plugin saves it (`fields.track` of its state), the
//! time `at_s` in seconds, and optionally `playing` (true by default), `spectrum` (144 log
//! magnitudes ln(|C| + 1e-6)), `controls`, `width` and `height` (in points) and `scale`
//! (pixels per point).

use std::error::Error;
use std::process::ExitCode;

use changes_plugin::editor::desk::Desk;
use changes_plugin::editor::{draw, theme};
use changes_plugin::params::EditorSize;
use changes_plugin::session::SavedSession;
use changes_plugin::view::{Controls, Song, View};
use egui_kittest::Harness;
use serde::Deserialize;

#[derive(Deserialize)]
struct Scene {
    track: serde_json::Value,
    #[serde(default)]
    at_s: f64,
    #[serde(default = "default_playing")]
    playing: bool,
    #[serde(default)]
    spectrum: Vec<f32>,
    #[serde(default)]
    controls: Controls,
    #[serde(default = "default_width")]
    width: f32,
    #[serde(default = "default_height")]
    height: f32,
    #[serde(default = "default_scale")]
    scale: f32,
}

fn default_playing() -> bool {
    true
}

fn default_width() -> f32 {
    EditorSize::DEFAULT.width
}

fn default_height() -> f32 {
    EditorSize::DEFAULT.height
}

fn default_scale() -> f32 {
    1.0
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [scene, picture] = arguments.as_slice() else {
        eprintln!("usage: editor_picture SCENE.json OUT.png");
        return ExitCode::FAILURE;
    };
    match paint(scene, picture) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("editor_picture: {error}");
            ExitCode::FAILURE
        }
    }
}

fn paint(scene_path: &str, picture_path: &str) -> Result<(), Box<dyn Error>> {
    let json = std::fs::read(scene_path).map_err(|error| format!("{scene_path}: {error}"))?;
    let scene: Scene =
        serde_json::from_slice(&json).map_err(|error| format!("{scene_path}: {error}"))?;
    let size = [
        scene
            .width
            .clamp(EditorSize::MIN.width, EditorSize::MAX.width),
        scene
            .height
            .clamp(EditorSize::MIN.height, EditorSize::MAX.height),
    ];
    let saved = SavedSession::from_json(&scene.track.to_string())
        .map_err(|error| format!("{scene_path}: the track: {error}"))?;
    let song = Song::of_track(saved.track, saved.clock);
    let mut snapshot = song.snapshot_at(scene.at_s, scene.playing);
    for (bin, given) in snapshot.spectrum.iter_mut().zip(&scene.spectrum) {
        *bin = *given;
    }
    let Scene {
        controls, scale, ..
    } = scene;
    let mut desk = Desk::default();
    let app = move |ui: &mut egui::Ui, controls: &mut Controls| {
        let view = View::new(&snapshot, &song, controls);
        in_whole_window(ui, |ui| draw(ui, &view, controls, &mut desk));
    };
    let mut harness = Harness::builder()
        .with_size(size)
        .with_pixels_per_point(scale.clamp(0.5, 4.0))
        .with_context_setup(theme::install)
        .build_ui_state(app, controls);
    harness.run();
    let image = harness.render()?;
    image
        .save(picture_path)
        .map_err(|error| format!("{picture_path}: {error}"))?;
    Ok(())
}

/// The harness leaves a margin around what it draws; the plugin's window has none.
fn in_whole_window(ui: &mut egui::Ui, draw: impl FnOnce(&mut egui::Ui)) {
    let window = ui.ctx().content_rect();
    ui.scope_builder(egui::UiBuilder::new().max_rect(window), |ui| {
        ui.set_clip_rect(window);
        draw(ui);
    });
}
