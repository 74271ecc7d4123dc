//! The editor's window: opens at the size it was closed with, follows the worker,
//! and turns changed controls into parameter changes.

#[cfg(target_os = "linux")]
mod accessibility;
mod closing;
#[cfg(target_os = "linux")]
mod driver;
#[cfg(target_os = "linux")]
mod focus;
mod handle;
#[cfg(target_os = "linux")]
mod present;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use changes_realtime::midi_out::Notes;
use egui::{Context, Ui};
use harmony::edit::Undo;
use harmony::export::Format;
use harmony::label::Label;
use harmony::voicing::Voicing;
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::{LogicalSize, NativeSize};
use nice_plug::editor::{HostMethods, SpawnedEditor};
use nice_plug::prelude::*;
use nice_plug_egui::baseview::{HandlerError, WindowSize};
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, Key, KeyCapture, NiceEguiApp,
    create_egui_editor,
};
use parking_lot::Mutex;

use self::closing::WindowThread;
use self::handle::{ChangesHandle, ChangesWindow};
use super::desk::{Action, Desk, Notice};
use super::files::{self, Files};
use super::{dragging, draw, theme, url};
use crate::instance::Instance;
use crate::params::{ChangesParams, EditorSize, TuningChoice};
use crate::snapshot::Snapshot;
use crate::view::next::Steady;
use crate::view::preferences::{Page, Preferences};
use crate::view::{BandControls, Controls, MidiControls, Song, TuningControls, View};

/// The editor of one instance. Each time it opens it makes a window of the size that is saved
/// with the project, which the library does not do by itself.
pub struct ChangesEditor {
    instance: Arc<Instance>,
    /// The window that is open now.
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

    fn make(&self, thread: WindowThread) -> Option<EguiEditor<App>> {
        let EditorSize { width, height } = *self.instance.params.editor_size.read();
        let state = EguiEditorState::from_size(LogicalSize::new(width, height), 1.0);
        let settings = EguiNiceSettings::new()
            .with_tile("Changes")
            .with_resize_hint(self.resize_hint());
        let app = App::new(Arc::clone(&self.instance), thread);
        create_egui_editor(state, self.instance.repaint.clone(), settings, app)
    }
}

impl Editor for ChangesEditor {
    type Handle = ChangesHandle;

    fn spawn(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        fallback_scale_factor: Option<f64>,
        gui_context: GuiContext,
        host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<ChangesHandle>, Box<dyn Error>> {
        #[cfg(target_os = "linux")]
        driver::keep_egl();
        let thread = WindowThread::default();
        let editor = self.make(thread.clone());
        let editor = editor.ok_or("the editor could not be made")?;
        let SpawnedEditor { handle, window } = editor.spawn(
            parent,
            wait_for_parent,
            fallback_scale_factor,
            gui_context,
            host,
        )?;
        *self.open.lock() = Some(editor);
        Ok(SpawnedEditor {
            handle: ChangesHandle::new(handle),
            window: ChangesWindow::new(window, thread),
        })
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
        if let Some(editor) = self.make(WindowThread::default()) {
            // SAFETY: the caller promises what the same function of the inner editor requires.
            unsafe { editor.assume_standalone_in_process() }
        }
    }
}

/// The state of one open window.
struct App {
    instance: Arc<Instance>,
    thread: WindowThread,
    host: Option<GuiContext>,
    desk: Desk,
    files: Files,
    kept: Option<Kept>,
    /// When a chord was asked for that may not have been played yet.
    asked: Option<Instant>,
    /// Keeps the announcement of the next chord steady.
    next: Steady,
    #[cfg(target_os = "linux")]
    typing_focus: focus::TypingFocus,
}

impl Drop for App {
    fn drop(&mut self) {
        self.instance.host.window_closed();
    }
}

/// The view of the last paint, kept while nothing in it has changed.
struct Kept {
    snapshot: Arc<Snapshot>,
    revision: u64,
    controls: Controls,
    view: View,
    /// When its snapshot was first seen: the playhead goes on from there.
    since: Instant,
    /// When its sheet was made.
    sheet_made: Instant,
}

/// While the song plays, a new sheet is made at most this often: the track changes with every
/// few blocks that are analysed.
const SHEET_EVERY: Duration = Duration::from_millis(80);

/// A requested chord that no block has played after this is withdrawn.
const UNHEARD_AFTER: Duration = Duration::from_millis(800);

/// How far the playhead moves on by itself, in seconds, when no snapshot comes.
const AHEAD_MOST_S: f64 = 0.25;

/// Time from one paint to the next while the playhead moves.
const FRAME: Duration = Duration::from_micros(16_667);

impl App {
    fn new(instance: Arc<Instance>, thread: WindowThread) -> Self {
        instance.host.window_opened();
        let files = Files::new(instance.repaint.clone());
        let desk = Desk {
            can_drag_out: dragging::available(),
            default_folder: files::default_folder().display().to_string(),
            ..Desk::default()
        };
        Self {
            instance,
            thread,
            host: None,
            desk,
            files,
            kept: None,
            asked: None,
            next: Steady::default(),
            #[cfg(target_os = "linux")]
            typing_focus: focus::TypingFocus::default(),
        }
    }

    /// Rebuilds the view where what it shows has changed.
    fn refresh(&mut self, controls: &Controls) {
        let snapshot = self.instance.snapshot();
        let session = self.instance.session();
        // Read before the track: at worst the view is rebuilt once too often.
        let revision = session.revision();
        let now = Instant::now();
        let same_settings = |kept: &Kept| kept.controls == *controls;
        if let Some(kept) = &self.kept
            && Arc::ptr_eq(&kept.snapshot, &snapshot)
            && kept.revision == revision
            && same_settings(kept)
        {
            return;
        }
        let undo = session.next_undo();
        let song = Song {
            track: session.track(),
            clock: session.clock(),
            can_undo: undo.is_some(),
            undoes_pass: undo == Some(Undo::Pass),
            can_redo: session.can_redo(),
            message: session.message(),
            can_bring_back: session.can_bring_back(),
        };
        let bar = |snapshot: &Snapshot| snapshot.position.and_then(|it| it.bar_number);
        let playing = snapshot.position.is_some_and(|position| position.playing);
        let reusable = self.kept.as_ref().filter(|kept| {
            let fresh = now - kept.sheet_made < SHEET_EVERY && playing;
            same_settings(kept)
                && bar(&kept.snapshot) == bar(&snapshot)
                && (kept.revision == revision || fresh)
        });
        // A sheet that is kept over a change belongs to the older revision.
        let (sheet, sheet_made, revision) = match reusable {
            Some(kept) => (Arc::clone(&kept.view.sheet), kept.sheet_made, kept.revision),
            None => (
                Arc::new(View::sheet(&snapshot, &song, controls)),
                now,
                revision,
            ),
        };
        let since = match &self.kept {
            Some(kept) if Arc::ptr_eq(&kept.snapshot, &snapshot) => kept.since,
            _ => now,
        };
        let mut view = View::with_sheet(&snapshot, &song, controls, sheet);
        let current = view.chord.as_ref().map(|chord| &chord.name);
        let now_s = view.now.filter(|now| now.playing).map(|now| now.time_s);
        view.next = self.next.show(view.next.take(), now_s, current);
        self.kept = Some(Kept {
            snapshot,
            revision,
            controls: controls.clone(),
            view,
            since,
            sheet_made,
        });
    }

    /// Plays a chord on the MIDI output, voiced like the live one.
    fn hear(&mut self, label: &Label, context: &Context) {
        let Label::Chord(chord) = label else { return };
        let params = &self.instance.params;
        let voicing: Voicing = params.midi_voicing.value().into();
        let voiced = voicing.voice(chord, None);
        let notes = Notes::from_voiced(&voiced, params.midi_octave.value(), 0);
        self.instance.wish.ask(notes);
        self.asked = Some(Instant::now());
        context.request_repaint_after(UNHEARD_AFTER);
    }

    /// Withdraws a requested chord if the plugin does not run, and says so.
    fn withdraw_unheard(&mut self) {
        let late = |asked: Instant| asked.elapsed() >= UNHEARD_AFTER;
        if self.asked.is_some_and(late) {
            self.asked = None;
            if !self.instance.wish.is_seen() {
                self.instance.wish.withdraw();
                self.desk.notice = Some(Notice {
                    text: "Not played: the host is not running the plugin now. Some do only while \
                           the song plays."
                        .to_owned(),
                    error: true,
                    file: None,
                });
            }
        }
    }

    /// Takes the aligned chart, or one of its bars, into the track.
    fn accept(&mut self, bar: Option<usize>) {
        let session = self.instance.session();
        let accepted = match self.instance.opening.accept(bar, session) {
            Ok(accepted) => accepted,
            Err(error) => {
                self.desk.notice = Some(Notice {
                    text: format!("Not accepted: {error}"),
                    error: true,
                    file: None,
                });
                return;
            }
        };
        self.instance.tell_edited();
        self.desk.notice = accepted.map(|text| Notice {
            text,
            error: false,
            file: None,
        });
    }

    /// Carries out an action.
    fn carry_out(&mut self, action: Action, context: &Context, controls: &Controls) {
        let session = self.instance.session();
        let exported = || controls.exported(session.track());
        match action {
            Action::Edit(command) => match session.edit(&command) {
                Ok(()) => self.instance.tell_edited(),
                Err(error) => {
                    self.desk.notice = Some(Notice {
                        text: error.to_string(),
                        error: true,
                        file: None,
                    });
                }
            },
            Action::Hear(label) => self.hear(&label, context),
            Action::Undo => {
                if session.undo() {
                    self.instance.tell_edited();
                }
            }
            Action::Redo => {
                if session.redo() {
                    self.instance.tell_edited();
                }
            }
            Action::BringBack => {
                if session.bring_back() {
                    self.instance.tell_edited();
                }
            }
            Action::Dismiss => session.dismiss_message(),
            Action::Save(format) => self.files.save(exported(), format, controls),
            Action::SaveAs(format) => self.files.save_as(exported(), format, controls),
            Action::Copy(format @ Format::Svg) => {
                self.files.copy(exported(), format, controls, context);
            }
            Action::Copy(format) => {
                let notice = match files::text(&exported(), format, controls) {
                    Ok(text) => {
                        context.copy_text(text);
                        Notice {
                            text: format!("Copied: {}", format.title()),
                            error: false,
                            file: None,
                        }
                    }
                    Err(error) => Notice {
                        text: format!("Not copied: {error}"),
                        error: true,
                        file: None,
                    },
                };
                self.desk.notice = Some(notice);
            }
            Action::Ask(kind) => {
                let place = self.desk.place;
                self.files.ask_for(&self.instance, kind, place, controls);
            }
            Action::AlignText(text) => self.files.open_text(&self.instance, text),
            Action::AlignAgain => self.files.align_again(&self.instance),
            Action::CancelOpening => self.instance.opening.cancel(),
            Action::SaveExample => self.files.save_example(&self.instance, controls),
            Action::ChooseNetwork(live) => self.files.choose_network(&self.instance, live),
            Action::AcceptChart => self.accept(None),
            Action::AcceptBar(index) => self.accept(Some(index)),
            Action::DiscardChart => self.instance.opening.discard_chart(),
            Action::Reveal(file) => {
                if let Some(url) = url::folder_url(&file) {
                    context.open_url(egui::OpenUrl::new_tab(url));
                }
            }
            Action::DragOut(format) => self.files.drag_out(exported(), format, controls),
        }
    }
}

/// The keys that the window keeps from the host outside text fields: those it does something
/// with. The host's own, such as the space bar, go on to it.
fn kept_keys() -> KeyCapture {
    let keys = [
        "z",
        "Z",
        "y",
        "e",
        "o",
        "v",
        "t",
        "1",
        "2",
        "3",
        "4",
        "Tab",
        "Enter",
        "Escape",
        "Home",
        "PageUp",
        "PageDown",
        "ArrowLeft",
        "ArrowRight",
        "ArrowUp",
        "ArrowDown",
    ];
    let keys = keys.iter().filter_map(|key| key.parse::<Key>().ok());
    KeyCapture::CaptureKeys(keys.collect())
}

impl NiceEguiApp for App {
    fn build(
        &mut self,
        context: Context,
        host: GuiContext,
        frame: &mut Frame,
    ) -> Result<(), HandlerError> {
        self.thread.mark_current();
        #[cfg(target_os = "linux")]
        {
            driver::keep_driver();
            if let Err(error) = present::listen(frame.baseview_window()) {
                nice_warn!("Changes gets no frame timing from X11 and paints by a timer: {error}");
            }
            let has_focus = frame.baseview_window().has_focus();
            accessibility::install(&context, has_focus, &self.instance.repaint);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = frame;
        theme::install(&context);
        self.host = Some(host);
        Ok(())
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut Frame) {
        let instance = Arc::clone(&self.instance);
        let params = &instance.params;
        let before = controls(params);
        self.refresh(&before);
        self.withdraw_unheard();
        if let Some(notice) = self.files.take() {
            self.desk.notice = Some(notice);
        }
        self.desk.opening = instance.opening.view(instance.session().loads());
        let Some(kept) = &self.kept else { return };
        let moves = kept.view.now.is_some_and(|now| now.playing);
        self.desk.ahead_s = if moves {
            kept.since.elapsed().as_secs_f64().min(AHEAD_MOST_S)
        } else {
            0.0
        };
        let mut after = before.clone();
        draw(ui, &kept.view, &mut after, &mut self.desk);
        if moves {
            ui.ctx().request_repaint_after(FRAME);
        }
        frame.set_key_capture(if ui.ctx().text_edit_focused() {
            KeyCapture::CaptureAll
        } else {
            kept_keys()
        });
        #[cfg(target_os = "linux")]
        self.typing_focus.follow(ui, frame.baseview_window());
        if let Some(host) = &self.host
            && after != before
        {
            apply(params, host, &before, &after);
            // The host knows of parameters. Which page is open does not change the project.
            let setup = |controls: &Controls| Preferences {
                page: Page::default(),
                ..controls.window.clone()
            };
            if after.networks != before.networks {
                params.networks.write().clone_from(&after.networks);
            }
            if setup(&after) != setup(&before) || after.networks != before.networks {
                instance.tell_edited();
            }
        }
        let actions = std::mem::take(&mut self.desk.actions);
        if !actions.is_empty() {
            // What the actions change shows in the next paint.
            self.kept = None;
            ui.ctx().request_repaint();
        }
        for action in actions {
            self.carry_out(action, ui.ctx(), &after);
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
        tuning: TuningControls {
            fixed: params.tuning.value() == TuningChoice::Fixed,
            cents: params.tuning_cents.value(),
        },
        freeze: params.freeze.value(),
        write: params.write.value(),
        midi: MidiControls {
            on: params.midi_out.value(),
            voicing: params.midi_voicing.value().to_index(),
            octave: params.midi_octave.value(),
            velocity: params.midi_velocity.value(),
            channel: params.midi_channel.value(),
            bass: params.midi_bass.value().to_index(),
        },
        band: BandControls {
            part: params.part.value().to_index(),
            band: params.band.value().to_index(),
        },
        networks: params.networks.read().clone(),
        window: params.window.read().clone(),
    }
}

/// Tells the host what the user changed.
fn apply(params: &ChangesParams, host: &GuiContext, before: &Controls, after: &Controls) {
    let setter = host.param_setter();
    let (old, new) = (before, after);
    choose(&setter, &params.vocabulary, old.vocabulary, new.vocabulary);
    choose(&setter, &params.style, old.style, new.style);
    choose(&setter, &params.tonic, old.tonic, new.tonic);
    choose(&setter, &params.mode, old.mode, new.mode);
    set(
        &setter,
        &params.sensitivity,
        old.sensitivity,
        new.sensitivity,
    );
    set(&setter, &params.hold, old.hold_s, new.hold_s);
    let (was, is) = (old.tuning, new.tuning);
    // The value first: it applies once the switch is set.
    set(&setter, &params.tuning_cents, was.cents, is.cents);
    let (was, is) = (usize::from(was.fixed), usize::from(is.fixed));
    choose(&setter, &params.tuning, was, is);
    set(&setter, &params.freeze, old.freeze, new.freeze);
    set(&setter, &params.write, old.write, new.write);
    let (old, new) = (before.midi, after.midi);
    set(&setter, &params.midi_out, old.on, new.on);
    choose(&setter, &params.midi_voicing, old.voicing, new.voicing);
    set(&setter, &params.midi_octave, old.octave, new.octave);
    set(&setter, &params.midi_velocity, old.velocity, new.velocity);
    set(&setter, &params.midi_channel, old.channel, new.channel);
    choose(&setter, &params.midi_bass, old.bass, new.bass);
    let (old, new) = (before.band, after.band);
    choose(&setter, &params.part, old.part, new.part);
    choose(&setter, &params.band, old.band, new.band);
    if after.window != before.window {
        *params.window.write() = after.window.clone();
    }
}

/// Sets a parameter as a gesture of its own, which is how hosts record it.
fn set<P: Param>(setter: &ParamSetter<'_>, param: &P, before: P::Plain, after: P::Plain)
where
    P::Plain: PartialEq,
{
    if after != before {
        setter.begin_set_parameter(param);
        setter.set_parameter(param, after);
        setter.end_set_parameter(param);
    }
}

/// The same for a parameter whose variants are given by index.
fn choose<T: Enum + PartialEq>(
    setter: &ParamSetter<'_>,
    param: &EnumParam<T>,
    before: usize,
    after: usize,
) {
    set(setter, param, T::from_index(before), T::from_index(after));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_instance_is_set_up_as_the_view_expects() {
        assert_eq!(controls(&ChangesParams::default()), Controls::default());
    }
}
