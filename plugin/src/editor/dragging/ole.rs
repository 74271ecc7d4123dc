//! The source's side of OLE drag and drop (`DoDragDrop`), which Explorer and the hosts use.
//!
//! It must run on the thread that has captured the mouse, and outside a paint ([`super`]): a
//! timer of that thread, set when the button goes down, checks whether the file is there yet.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};

use windows::Win32::Foundation::{
    DRAGDROP_S_CANCEL, DRAGDROP_S_DROP, DRAGDROP_S_USEDEFAULTCURSORS, HWND, LPARAM, S_OK, WPARAM,
};
use windows::Win32::System::Com::IDataObject;
use windows::Win32::System::Ole::{
    DROPEFFECT, DROPEFFECT_COPY, DROPEFFECT_NONE, DoDragDrop, IDropSource, IDropSource_Impl,
    OleInitialize, OleUninitialize,
};
use windows::Win32::System::SystemServices::{MK_LBUTTON, MODIFIERKEYS_FLAGS};
use windows::Win32::UI::Input::KeyboardAndMouse::{
    GetAsyncKeyState, GetCapture, ReleaseCapture, VK_LBUTTON, VK_RBUTTON,
};
use windows::Win32::UI::Shell::{BHID_DataObject, IShellItem, SHCreateItemFromParsingName};
use windows::Win32::UI::WindowsAndMessaging::{
    GetSystemMetrics, KillTimer, PostMessageW, SM_SWAPBUTTON, SetTimer, WM_LBUTTONUP,
};
use windows::core::{BOOL, HRESULT, HSTRING, implement};

use super::Ended;

#[cfg(test)]
mod tests;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

/// How often the window's thread looks for the file, in milliseconds: the shortest that
/// Windows allows.
const POLL_MS: u32 = 10;

/// True: OLE is always there.
pub(super) fn available() -> bool {
    true
}

/// A file to be dragged, and the channel for how the drag ends.
struct Request {
    file: PathBuf,
    ended: Sender<Result<Ended>>,
}

thread_local! {
    /// The timer of this thread, and the channel that brings the file.
    static EXPECTED: RefCell<Option<(usize, Receiver<Request>)>> = const { RefCell::new(None) };
}

/// A window's thread, whose timer waits for the file.
pub(super) struct Origin(Sender<Request>);

impl Origin {
    /// The origin on the calling thread.
    ///
    /// # Errors
    /// If no timer can be had.
    pub(super) fn here() -> Result<Self> {
        let (sender, receiver) = mpsc::channel();
        // SAFETY: without a window, the timer calls `look` on this thread, from its message
        // loop, until it is killed there.
        let timer = unsafe { SetTimer(None, 0, POLL_MS, Some(look)) };
        if timer == 0 {
            return Err(windows::core::Error::from_thread().into());
        }
        if let Some((earlier, _)) = EXPECTED.replace(Some((timer, receiver))) {
            // SAFETY: a timer of this thread.
            let _ = unsafe { KillTimer(None, earlier) };
        }
        Ok(Self(sender))
    }

    /// Offers a file until the button is released.
    ///
    /// # Errors
    /// If OLE refuses, or the window is gone.
    pub(super) fn drag(self, file: &Path) -> Result<Ended> {
        let (ended, end) = mpsc::channel();
        let file = file.to_owned();
        let gone = || Error::from("the window is gone");
        self.0.send(Request { file, ended }).map_err(|_| gone())?;
        // The sender is dropped with the timer's thread: this does not wait forever.
        end.recv().map_err(|_| gone())?
    }
}

/// The timer: begins the drag once there is a file.
unsafe extern "system" fn look(_: HWND, _: u32, timer: usize, _: u32) {
    let request = EXPECTED.with_borrow_mut(|expected| {
        let (own, receiver) = expected.as_ref()?;
        let request = match receiver.try_recv() {
            Err(TryRecvError::Empty) if *own == timer => return None,
            request => request.ok(),
        };
        // SAFETY: the timer of this thread that has just gone off.
        let _ = unsafe { KillTimer(None, timer) };
        *expected = None;
        request
    });
    if let Some(Request { file, ended }) = request {
        // Nothing is borrowed here, since the drag handles messages, timers among them. If the
        // plugin was closed meanwhile, nobody receives the result.
        let _ = ended.send(begin(&file));
    }
}

/// OLE, initialized on this thread as long as this value lives.
struct Ole;

impl Ole {
    fn new() -> Result<Self> {
        // SAFETY: undone on the same thread by `drop`.
        unsafe { OleInitialize(None)? };
        Ok(Self)
    }
}

impl Drop for Ole {
    fn drop(&mut self) {
        // SAFETY: balances the call in `new` on this thread.
        unsafe { OleUninitialize() };
    }
}

/// Drags a file until the button is released, on the window's thread.
fn begin(file: &Path) -> Result<Ended> {
    if !button_is_down() {
        return Ok(Ended::NotTaken);
    }
    let _ole = Ole::new()?;
    // SAFETY: COM is initialized on this thread, and its objects are released before it is
    // uninitialized.
    let data: IDataObject = unsafe {
        let item: IShellItem = SHCreateItemFromParsingName(&HSTRING::from(file), None)?;
        item.BindToHandler(None, &BHID_DataObject)?
    };
    let source: IDropSource = Button.into();
    // The window has captured the mouse since the button went down. It would take the mouse
    // back from the drag when told that it has lost it (`WM_CAPTURECHANGED` of baseview 0.4),
    // so it gives it up first.
    // SAFETY: changes only the mouse capture.
    let window = unsafe {
        let window = GetCapture();
        let _ = ReleaseCapture();
        window
    };
    let mut effect = DROPEFFECT_NONE;
    // SAFETY: all arguments are alive until it returns.
    let ended = unsafe { DoDragDrop(&data, &source, DROPEFFECT_COPY, &mut effect) };
    if !window.is_invalid() {
        // The button's release went to the drag and not to the window.
        // SAFETY: a message without pointers; the window may be gone.
        let _ = unsafe { PostMessageW(Some(window), WM_LBUTTONUP, WPARAM(0), LPARAM(0)) };
    }
    match ended {
        DRAGDROP_S_DROP if effect != DROPEFFECT_NONE => Ok(Ended::Dropped),
        DRAGDROP_S_DROP | DRAGDROP_S_CANCEL => Ok(Ended::NotTaken),
        error => Err(windows::core::Error::from_hresult(error).into()),
    }
}

/// Whether the first button of the mouse is down.
fn button_is_down() -> bool {
    // SAFETY: both only read the state of the system.
    let state = unsafe {
        let key = match GetSystemMetrics(SM_SWAPBUTTON) {
            0 => VK_LBUTTON,
            _ => VK_RBUTTON,
        };
        GetAsyncKeyState(i32::from(key.0))
    };
    state < 0
}

/// Whether the drag goes on: it lasts as long as the button is down, and Escape cancels it.
#[implement(IDropSource)]
struct Button;

impl IDropSource_Impl for Button_Impl {
    fn QueryContinueDrag(&self, escape: BOOL, keys: MODIFIERKEYS_FLAGS) -> HRESULT {
        if escape.as_bool() {
            DRAGDROP_S_CANCEL
        } else if keys.0 & MK_LBUTTON.0 == 0 {
            DRAGDROP_S_DROP
        } else {
            S_OK
        }
    }

    fn GiveFeedback(&self, _: DROPEFFECT) -> HRESULT {
        DRAGDROP_S_USEDEFAULTCURSORS
    }
}
