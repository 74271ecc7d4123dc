//! The open window as the host holds it: the library's window, except that closing it waits
//! for its thread.

use nice_plug::editor::dpi::NativeSize;
use nice_plug::editor::{EditorHandle, Modifiers, ParentWindowHandle, VirtualKeyCode};
use nice_plug_egui::EguiEditorHandle;
use nice_plug_egui::baseview::{Error, Window};

use super::closing::WindowThread;

/// A window and its thread. Dropping it closes the window and waits for the thread.
pub struct ChangesWindow {
    /// Fields are dropped in this order: the window closes, then its end is waited for.
    window: Window,
    _end: AwaitEnd,
}

/// Waits for the thread when dropped.
struct AwaitEnd(WindowThread);

impl Drop for AwaitEnd {
    fn drop(&mut self) {
        self.0.wait_for_end();
    }
}

impl ChangesWindow {
    /// The library's window, which `thread` runs.
    pub fn new(window: Window, thread: WindowThread) -> Self {
        Self {
            window,
            _end: AwaitEnd(thread),
        }
    }
}

/// The handle through which the host controls the window.
pub struct ChangesHandle(EguiEditorHandle);

impl ChangesHandle {
    /// Wraps the library's handle, which does all of it.
    pub fn new(handle: EguiEditorHandle) -> Self {
        Self(handle)
    }
}

impl EditorHandle for ChangesHandle {
    type Window = ChangesWindow;
    type Error = Error;

    fn run_until_closed(window: ChangesWindow) -> Result<(), Error> {
        EguiEditorHandle::run_until_closed(window.window)
    }

    fn set_parent(&self, parent: ParentWindowHandle, window: &ChangesWindow) -> Result<(), Error> {
        self.0.set_parent(parent, &window.window)
    }

    fn show(&self, window: &ChangesWindow) -> Result<(), Error> {
        self.0.show(&window.window)
    }

    fn hide(&self, window: &ChangesWindow) -> Result<(), Error> {
        self.0.hide(&window.window)
    }

    fn set_size(&self, size: NativeSize<u32>, window: &ChangesWindow) -> Result<(), Error> {
        self.0.set_size(size, &window.window)
    }

    fn host_main_thread_callback(&self, window: &ChangesWindow) {
        self.0.host_main_thread_callback(&window.window);
    }

    fn adjust_size(
        &self,
        size: NativeSize<u32>,
        window: &ChangesWindow,
    ) -> Option<NativeSize<u32>> {
        self.0.adjust_size(size, &window.window)
    }

    fn set_fallback_scale_factor(&self, scale: f64, window: &ChangesWindow) -> Result<(), Error> {
        self.0.set_fallback_scale_factor(scale, &window.window)
    }

    fn on_virtual_key_from_host(
        &self,
        key: VirtualKeyCode,
        is_down: bool,
        modifiers: Modifiers,
    ) -> bool {
        self.0.on_virtual_key_from_host(key, is_down, modifiers)
    }

    fn state_changed(&self) {
        self.0.state_changed();
    }

    fn param_value_changed(&self, id: &str, value: f32) {
        self.0.param_value_changed(id, value);
    }

    fn param_modulation_changed(&self, id: &str, offset: f32) {
        self.0.param_modulation_changed(id, offset);
    }
}
