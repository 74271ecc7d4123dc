//! The source's side of a drag on macOS (`NSDraggingSession`).
//!
//! Compiled for macOS, but never run: no such machine was at hand.

use std::cell::Cell;
use std::path::Path;
use std::sync::mpsc::{self, Sender};

use dispatch2::DispatchQueue;
use objc2::rc::Retained;
use objc2::runtime::{NSObject, NSObjectProtocol, ProtocolObject};
use objc2::{AnyThread, DefinedClass, MainThreadMarker, MainThreadOnly, define_class, msg_send};
use objc2_app_kit::{
    NSApplication, NSDragOperation, NSDraggingContext, NSDraggingItem, NSDraggingSession,
    NSDraggingSource, NSEvent, NSEventModifierFlags, NSEventType, NSWindow, NSWorkspace,
};
use objc2_foundation::{NSArray, NSPoint, NSRect, NSString, NSURL};

use super::Ended;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

/// True: AppKit is always there.
pub(super) fn available() -> bool {
    true
}

/// The main thread, which all windows are on.
pub(super) struct Origin;

impl Origin {
    /// The origin on the calling thread.
    ///
    /// # Errors
    /// If this is not the main thread.
    pub(super) fn here() -> Result<Self> {
        match MainThreadMarker::new() {
            Some(_) => Ok(Self),
            None => Err("the window is not on the main thread".into()),
        }
    }

    /// Offers a file until the button is released.
    ///
    /// # Errors
    /// If no window is under the pointer, or the main thread has ended.
    pub(super) fn drag(self, file: &Path) -> Result<Ended> {
        let (sender, end) = mpsc::channel();
        let file = file.to_owned();
        DispatchQueue::main().exec_async(move || {
            let begun = begin(&file, sender.clone());
            if let Some(ended) = begun.transpose() {
                let _ = sender.send(ended);
            }
        });
        end.recv().map_err(|_| "the window is gone")?
    }
}

/// Begins the drag, on the main thread. How it ends goes to `sender`, or is returned if it
/// does not begin.
fn begin(file: &Path, sender: Sender<Result<Ended>>) -> Result<Option<Ended>> {
    let main = MainThreadMarker::new().ok_or("the window is not on the main thread")?;
    // The first button is bit 0.
    if NSEvent::pressedMouseButtons() & 1 == 0 {
        return Ok(Some(Ended::NotTaken));
    }
    let on_screen = NSEvent::mouseLocation();
    let number = NSWindow::windowNumberAtPoint_belowWindowWithWindowNumber(on_screen, 0, main);
    let window = NSApplication::sharedApplication(main)
        .windowWithWindowNumber(number)
        .ok_or("the pointer is not over a window of this program")?;
    let view = window.contentView().ok_or("the window is empty")?;
    let place = window.convertPointFromScreen(on_screen);
    let event =
        mouse(NSEventType::LeftMouseDragged, place, number).ok_or("cannot make a mouse event")?;

    let path = NSString::from_str(file.to_str().ok_or("the file's path is not valid UTF-8")?);
    let icon = NSWorkspace::sharedWorkspace().iconForFile(&path);
    let url = NSURL::fileURLWithPath_isDirectory(&path, false);
    let item = NSDraggingItem::initWithPasteboardWriter(
        NSDraggingItem::alloc(),
        &ProtocolObject::from_retained(url),
    );
    let frame = NSRect::new(view.convertPoint_fromView(place, None), icon.size());
    // SAFETY: an image is a type that the contents may have.
    unsafe { item.setDraggingFrame_contents(frame, Some(&icon)) };
    // The dragging session keeps its source until it ends.
    let source = Source::new(main, sender, number);
    view.beginDraggingSessionWithItems_event_source(
        &NSArray::from_retained_slice(&[item]),
        &event,
        &ProtocolObject::from_retained(source),
    );
    Ok(None)
}

/// A mouse event in a window.
fn mouse(kind: NSEventType, place: NSPoint, window: isize) -> Option<Retained<NSEvent>> {
    NSEvent::mouseEventWithType_location_modifierFlags_timestamp_windowNumber_context_eventNumber_clickCount_pressure(
        kind,
        place,
        NSEventModifierFlags::empty(),
        0.0,
        window,
        None,
        0,
        1,
        1.0,
    )
}

/// State of the source of a drag.
struct Ivars {
    ended: Cell<Option<Sender<Result<Ended>>>>,
    window: isize,
}

define_class!(
    // SAFETY: `NSObject` has no requirements of its subclasses, and this one has no `Drop`.
    #[unsafe(super(NSObject))]
    #[thread_kind = MainThreadOnly]
    #[ivars = Ivars]
    struct Source;

    // SAFETY: the protocol has no requirements beyond those of `NSObject`.
    unsafe impl NSObjectProtocol for Source {}

    // SAFETY: the signatures are those of the protocol.
    unsafe impl NSDraggingSource for Source {
        #[unsafe(method(draggingSession:sourceOperationMaskForDraggingContext:))]
        fn operations(&self, _: &NSDraggingSession, _: NSDraggingContext) -> NSDragOperation {
            NSDragOperation::Copy
        }

        #[unsafe(method(draggingSession:endedAtPoint:operation:))]
        fn ended(&self, _: &NSDraggingSession, place: NSPoint, operation: NSDragOperation) {
            let Ivars { ended, window } = self.ivars();
            if let Some(ended) = ended.take() {
                let how = match operation {
                    NSDragOperation::None => Ended::NotTaken,
                    _ => Ended::Dropped,
                };
                let _ = ended.send(Ok(how));
            }
            // The button's release went to the drag and not to the view.
            let application = NSApplication::sharedApplication(self.mtm());
            if let Some(window) = application.windowWithWindowNumber(*window) {
                let place = window.convertPointFromScreen(place);
                if let Some(up) = mouse(NSEventType::LeftMouseUp, place, window.windowNumber()) {
                    application.postEvent_atStart(&up, false);
                }
            }
        }
    }
);

impl Source {
    fn new(main: MainThreadMarker, ended: Sender<Result<Ended>>, window: isize) -> Retained<Self> {
        let ivars = Ivars {
            ended: Cell::new(Some(ended)),
            window,
        };
        let this = Self::alloc(main).set_ivars(ivars);
        // SAFETY: `init` of `NSObject` takes nothing.
        unsafe { msg_send![super(this), init] }
    }
}
