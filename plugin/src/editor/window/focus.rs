//! Keyboard focus while the user types into the window under X11.
//!
//! A click into the window gives it the keyboard focus. The window manager answers the same
//! click by telling the host's surrounding window that it is active, and toolkits such as GTK
//! then move the focus to a window of their own; on a busy machine that comes after the
//! plugin's window got it. What is typed next goes to the host, which plays, jumps or deletes.
//! So for a moment after a click the plugin's window asks for the focus again.

use std::time::{Duration, Instant};

use egui::Ui;
use nice_plug_egui::baseview::WindowContext;

/// How long after a click the host may still take the focus in response.
const ANSWERED: Duration = Duration::from_secs(1);

/// The time between two requests. A window that has the focus makes none.
const EVERY: Duration = Duration::from_millis(50);

/// When the window was clicked.
#[derive(Default)]
pub(super) struct TypingFocus {
    clicked: Option<Instant>,
}

impl TypingFocus {
    /// Checks the focus after a frame.
    pub(super) fn follow(&mut self, ui: &Ui, window: &WindowContext) {
        if ui.input(|input| input.pointer.any_pressed()) {
            self.clicked = Some(Instant::now());
        }
        let answered = self.clicked.is_none_or(|at| at.elapsed() >= ANSWERED);
        // A user who has moved on to another window wants to type there.
        let here = ui.input(|input| input.pointer.has_pointer());
        if answered || !here || !ui.ctx().text_edit_focused() {
            return;
        }
        // Refused where the host has just hidden the window: nobody types then.
        let _ = window.focus();
        ui.ctx().request_repaint_after(EVERY);
    }
}
