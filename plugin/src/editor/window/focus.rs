//! The keyboard, while somebody types into the window on X11.
//!
//! A click into the window gives it the keyboard. The window manager answers the same click by
//! telling the host's window around it that it is active, and toolkits such as GTK then take
//! the keyboard for a window of their own: on a busy machine after the plugin's window had it.
//! What is typed next goes to the host, which plays, jumps or deletes. So for a moment after a
//! click the plugin's window asks again.

use std::time::{Duration, Instant};

use egui::Ui;
use nice_plug_egui::baseview::WindowContext;

/// How long after a click a host may still take the keyboard by way of an answer.
const ANSWERED: Duration = Duration::from_secs(1);

/// The distance of two questions. Whoever has the keyboard already is not told again.
const EVERY: Duration = Duration::from_millis(50);

/// When the window was clicked.
#[derive(Default)]
pub(super) struct TypingFocus {
    clicked: Option<Instant>,
}

impl TypingFocus {
    /// Looks at a frame, once it is drawn.
    pub(super) fn follow(&mut self, ui: &Ui, window: &WindowContext) {
        if ui.input(|input| input.pointer.any_pressed()) {
            self.clicked = Some(Instant::now());
        }
        let answered = self.clicked.is_none_or(|at| at.elapsed() >= ANSWERED);
        // Whoever goes on to another window wants to type there.
        let here = ui.input(|input| input.pointer.has_pointer());
        if answered || !here || !ui.ctx().text_edit_focused() {
            return;
        }
        // Refused where the host has just hidden the window: nobody types then.
        let _ = window.focus();
        ui.ctx().request_repaint_after(EVERY);
    }
}
