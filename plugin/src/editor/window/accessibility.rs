//! The window for screen readers, on Linux.
//!
//! egui makes a tree of all that is in the window and can be told what to do with it, but the
//! layer below (egui-baseview 0.9) hands neither on. AccessKit's adapter for AT-SPI needs nothing
//! of the window: it speaks to screen readers over D-Bus, from a thread that all windows of the
//! process share. So it is put beside that layer, as a plugin of egui, and goes with the window.
//!
//! Until a screen reader (or another client of AT-SPI) is there, no tree is made. Where the session
//! has no D-Bus no thread is started.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use accesskit_unix::Adapter;
use egui::accesskit::{
    ActionHandler, ActionRequest, ActivationHandler, DeactivationHandler, Role, TreeUpdate,
};
use egui::{Context, Event, FullOutput, Plugin, RawInput};
use nice_plug_egui::RepaintNotifier;
use parking_lot::Mutex;

use crate::editor::pinned;
use crate::view::spoken;

/// A new tree is handed over at most this often: while the song plays the window is painted sixty
/// times a second, and each change of a place or a name goes over D-Bus.
const EVERY: Duration = Duration::from_millis(100);

/// So many requests wait for the next frame; nobody presses more buttons than this in one.
const WAITING: usize = 64;

/// Puts the adapter beside the window that `context` draws, if the session has a D-Bus.
pub(super) fn install(context: &Context, has_focus: bool, repaint: &RepaintNotifier) {
    if has_session_bus() {
        context.add_plugin(Accessibility::new(has_focus, repaint.clone()));
    }
}

/// Whether there is somewhere to speak to on this machine: by the address that D-Bus clients look
/// at, and the place where they look without one (`dbus-daemon(1)`, systemd's `user@.service`). The
/// plugin uses no network, though an address may be one.
fn has_session_bus() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match set("DBUS_SESSION_BUS_ADDRESS") {
        Some(address) => address.starts_with("unix:"),
        None => set("XDG_RUNTIME_DIR").is_some_and(|it| Path::new(&it).join("bus").exists()),
    }
}

/// What AccessKit's thread and the window's share.
struct Shared {
    /// Whether somebody reads the window.
    active: AtomicBool,
    /// What they have asked for.
    asked: Mutex<VecDeque<ActionRequest>>,
    repaint: RepaintNotifier,
}

impl Shared {
    fn set_active(&self, active: bool) {
        self.active.store(active, Ordering::Relaxed);
        self.repaint.request_repaint();
    }
}

/// AccessKit's end of [`Shared`].
struct Handler(Arc<Shared>);

impl ActivationHandler for Handler {
    fn request_initial_tree(&mut self) -> Option<TreeUpdate> {
        self.0.set_active(true);
        // The next frame has it.
        None
    }
}

impl DeactivationHandler for Handler {
    fn deactivate_accessibility(&mut self) {
        self.0.set_active(false);
    }
}

impl ActionHandler for Handler {
    fn do_action(&mut self, request: ActionRequest) {
        let mut asked = self.0.asked.lock();
        if asked.len() < WAITING {
            asked.push_back(request);
        }
        drop(asked);
        self.0.repaint.request_repaint();
    }
}

/// The window's end.
struct Accessibility {
    adapter: Adapter,
    shared: Arc<Shared>,
    /// Whether egui makes trees.
    enabled: bool,
    /// When a tree was handed over last; `None` where the next one is not to wait.
    handed_over: Option<Instant>,
}

impl Accessibility {
    fn new(has_focus: bool, repaint: RepaintNotifier) -> Self {
        // AccessKit's thread outlives the window.
        pinned::pin();
        let shared = Arc::new(Shared {
            active: AtomicBool::new(false),
            asked: Mutex::default(),
            repaint,
        });
        let handler = || Handler(Arc::clone(&shared));
        let mut adapter = Adapter::new(handler(), handler(), handler());
        adapter.update_window_focus_state(has_focus);
        Self {
            adapter,
            shared,
            enabled: false,
            handed_over: None,
        }
    }
}

impl Plugin for Accessibility {
    fn debug_name(&self) -> &'static str {
        "accessibility"
    }

    fn input_hook(&mut self, context: &Context, input: &mut RawInput) {
        for event in &input.events {
            if let Event::WindowFocused(focused) = event {
                self.adapter.update_window_focus_state(*focused);
            }
        }
        let active = self.shared.active.load(Ordering::Relaxed);
        if active != self.enabled {
            self.enabled = active;
            self.handed_over = None;
            if active {
                context.enable_accesskit();
            } else {
                context.disable_accesskit();
            }
        }
        let asked = std::mem::take(&mut *self.shared.asked.lock());
        if !asked.is_empty() {
            // Whoever has asked wants to know what came of it.
            self.handed_over = None;
        }
        let asked = asked.into_iter().map(Event::AccessKitActionRequest);
        input.events.extend(asked);
    }

    fn output_hook(&mut self, context: &Context, output: &mut FullOutput) {
        let Some(mut tree) = output.platform_output.accesskit_update.take() else {
            return;
        };
        let waits = self
            .handed_over
            .and_then(|at| EVERY.checked_sub(at.elapsed()));
        if let Some(left) = waits.filter(|left| !left.is_zero()) {
            // Unless another frame comes first, this one is shown then.
            context.request_repaint_after(left);
            return;
        }
        self.handed_over = Some(Instant::now());
        in_words(&mut tree);
        self.adapter.update_if_active(|| tree);
    }
}

/// Gives the window its name, and puts words for signs in all others. What somebody types stays.
fn in_words(tree: &mut TreeUpdate) {
    for (_, node) in &mut tree.nodes {
        if node.role() == Role::Window && node.label().is_none() {
            node.set_label("Changes");
        }
        let words = |text: Option<&str>| {
            let text = text.filter(|text| !text.is_ascii())?;
            Some(spoken::signs(text))
        };
        if let Some(label) = words(node.label()) {
            node.set_label(label);
        }
        if let Some(description) = words(node.description()) {
            node.set_description(description);
        }
        // The text of a label is its value.
        if node.role() == Role::Label
            && let Some(value) = words(node.value())
        {
            node.set_value(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use egui::accesskit::{Node, NodeId, TreeId};

    use super::*;

    #[test]
    fn names_are_in_words_and_what_is_typed_stays() {
        let node = |role, label: &str, value: &str| {
            let mut node = Node::new(role);
            if !label.is_empty() {
                node.set_label(label);
            }
            if !value.is_empty() {
                node.set_value(value);
            }
            node
        };
        let nodes = [
            node(Role::Window, "", ""),
            node(Role::Button, "B♭", ""),
            node(Role::Label, "", "Key of E♭"),
            node(Role::TextInput, "Name of the chord", "B♭7"),
        ];
        let nodes = (0..).map(NodeId).zip(nodes).collect();
        let mut tree = TreeUpdate {
            nodes,
            tree: None,
            tree_id: TreeId::ROOT,
            focus: NodeId(0),
        };
        in_words(&mut tree);
        let names: Vec<_> = tree
            .nodes
            .iter()
            .map(|(_, node)| (node.label().unwrap_or(""), node.value().unwrap_or("")))
            .collect();
        assert_eq!(
            names,
            [
                ("Changes", ""),
                ("B flat", ""),
                ("", "Key of E flat"),
                ("Name of the chord", "B♭7"),
            ]
        );
    }

    #[test]
    fn requests_wait_for_the_next_frame_and_not_without_end() {
        let shared = Arc::new(Shared {
            active: AtomicBool::new(false),
            asked: Mutex::default(),
            repaint: RepaintNotifier::default(),
        });
        let mut handler = Handler(Arc::clone(&shared));
        assert!(handler.request_initial_tree().is_none());
        assert!(shared.active.load(Ordering::Relaxed));
        for _ in 0..1000 {
            handler.do_action(ActionRequest {
                action: egui::accesskit::Action::Click,
                target_tree: TreeId::ROOT,
                target_node: NodeId(1),
                data: None,
            });
        }
        assert_eq!(shared.asked.lock().len(), WAITING);
        handler.deactivate_accessibility();
        assert!(!shared.active.load(Ordering::Relaxed));
    }
}
