//! The editor's window: opens at the size it was closed with, follows the worker,
//! and turns changed controls into parameter changes.

use std::error::Error;
use std::sync::Arc;

use egui::{Context, Ui};
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::{LogicalSize, NativeSize};
use nice_plug::editor::{HostMethods, SpawnedEditor};
use nice_plug::prelude::*;
use nice_plug_egui::baseview::{HandlerError, WindowSize};
use nice_plug_egui::{
    EguiEditor, EguiEditorHandle, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp,
    create_egui_editor,
};
use parking_lot::Mutex;

use super::{draw, theme};
use crate::instance::Instance;
use crate::params::{ChangesParams, EditorSize};
use crate::view::{Controls, View};

/// The editor of one instance. Each time it opens it makes a window of the size
/// that is saved with the project, which the library does not do by itself.
pub struct ChangesEditor {
    instance: Arc<Instance>,
    /// What the library knows of the window that is open now.
    open: Mutex<Option<EguiEditor<App>>>,
}

impl ChangesEditor {
    /// The editor of `instance`.
    pub fn new(instance: Arc<Instance>) -> Self {
        Self {
            instance,
            open: Mutex::new(None),
        }
    }

    fn make(&self) -> Option<EguiEditor<App>> {
        let EditorSize { width, height } = *self.instance.params.editor_size.read();
        let state = EguiEditorState::from_size(LogicalSize::new(width, height), 1.0);
        let settings = EguiNiceSettings::new()
            .with_tile("Changes")
            .with_resize_hint(self.resize_hint());
        let app = App {
            instance: Arc::clone(&self.instance),
            host: None,
        };
        create_egui_editor(state, self.instance.repaint.clone(), settings, app)
    }
}

impl Editor for ChangesEditor {
    type Handle = EguiEditorHandle;

    fn spawn(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        fallback_scale_factor: Option<f64>,
        gui_context: GuiContext,
        host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<EguiEditorHandle>, Box<dyn Error>> {
        let editor = self.make().ok_or("the editor could not be made")?;
        let spawned = editor.spawn(
            parent,
            wait_for_parent,
            fallback_scale_factor,
            gui_context,
            host,
        )?;
        *self.open.lock() = Some(editor);
        Ok(spawned)
    }

    fn size(&self) -> NativeSize<u32> {
        match &*self.open.lock() {
            Some(editor) => editor.size(),
            None => {
                let EditorSize { width, height } = *self.instance.params.editor_size.read();
                NativeSize::from_size(LogicalSize::new(width, height).into(), 1.0)
            }
        }
    }

    fn resize_hint(&self) -> ResizeHint {
        let EditorSize { width, height } = EditorSize::MIN;
        ResizeHint::resizable().with_min_logical_size(LogicalSize::new(width, height))
    }

    unsafe fn assume_standalone_in_process(&self) {
        if let Some(editor) = self.make() {
            // SAFETY: the caller promises what the same function of the inner
            // editor asks for.
            unsafe { editor.assume_standalone_in_process() }
        }
    }
}

/// What lives as long as one window.
struct App {
    instance: Arc<Instance>,
    host: Option<GuiContext>,
}

impl NiceEguiApp for App {
    fn build(
        &mut self,
        context: Context,
        host: GuiContext,
        _: &mut Frame,
    ) -> Result<(), HandlerError> {
        theme::install(&context);
        self.host = Some(host);
        Ok(())
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut Frame) {
        let params = &self.instance.params;
        let before = controls(params);
        let mut after = before.clone();
        let view = View::new(&self.instance.snapshot(), &before);
        draw(ui, &view, &mut after);
        if let Some(host) = &self.host
            && after != before
        {
            apply(params, host, &before, &after);
        }
    }

    fn resized(&mut self, size: WindowSize) {
        let clamp = |value: f64, min: f32, max: f32| (value as f32).clamp(min, max);
        *self.instance.params.editor_size.write() = EditorSize {
            width: clamp(
                size.logical.width,
                EditorSize::MIN.width,
                EditorSize::MAX.width,
            ),
            height: clamp(
                size.logical.height,
                EditorSize::MIN.height,
                EditorSize::MAX.height,
            ),
        };
    }
}

/// The parameters as the editor shows them.
fn controls(params: &ChangesParams) -> Controls {
    Controls {
        vocabulary: params.vocabulary.value().to_index(),
        style: params.style.value().to_index(),
        tonic: params.tonic.value().to_index(),
        mode: params.mode.value().to_index(),
        sensitivity: params.sensitivity.value(),
        hold_s: params.hold.value(),
        freeze: params.freeze.value(),
        panels: *params.panels.read(),
    }
}

/// Tells the host what the user changed.
fn apply(params: &ChangesParams, host: &GuiContext, before: &Controls, after: &Controls) {
    let setter = host.param_setter();
    if after.vocabulary != before.vocabulary {
        set(
            &setter,
            &params.vocabulary,
            Enum::from_index(after.vocabulary),
        );
    }
    if after.style != before.style {
        set(&setter, &params.style, Enum::from_index(after.style));
    }
    if after.tonic != before.tonic {
        set(&setter, &params.tonic, Enum::from_index(after.tonic));
    }
    if after.mode != before.mode {
        set(&setter, &params.mode, Enum::from_index(after.mode));
    }
    if after.sensitivity != before.sensitivity {
        set(&setter, &params.sensitivity, after.sensitivity);
    }
    if after.hold_s != before.hold_s {
        set(&setter, &params.hold, after.hold_s);
    }
    if after.freeze != before.freeze {
        set(&setter, &params.freeze, after.freeze);
    }
    if after.panels != before.panels {
        *params.panels.write() = after.panels;
    }
}

/// One change as a gesture of its own, which is how hosts record it.
fn set<P: Param>(setter: &ParamSetter<'_>, param: &P, value: P::Plain) {
    setter.begin_set_parameter(param);
    setter.set_parameter(param, value);
    setter.end_set_parameter(param);
}
