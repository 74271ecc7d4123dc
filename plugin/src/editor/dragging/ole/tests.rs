//! A drag from one window to another of the same program, with the mouse driven by
//! `SendInput`.
//!
//! On Linux with Wine: `docs/hosts.md`.

use std::os::windows::ffi::OsStringExt;
use std::thread;
use std::time::{Duration, Instant};

use windows::Win32::Foundation::{E_FAIL, HANDLE, HINSTANCE, LRESULT, POINTL};
use windows::Win32::System::Com::{DVASPECT_CONTENT, FORMATETC, TYMED_HGLOBAL};
use windows::Win32::System::Ole::{
    CF_HDROP, IDropTarget, IDropTarget_Impl, RegisterDragDrop, ReleaseStgMedium, RevokeDragDrop,
};
use windows::Win32::UI::Input::KeyboardAndMouse::{
    INPUT, INPUT_0, INPUT_MOUSE, MOUSE_EVENT_FLAGS, MOUSEEVENTF_LEFTDOWN, MOUSEEVENTF_LEFTUP,
    MOUSEINPUT, SendInput, SetCapture,
};
use windows::Win32::UI::Shell::{DragQueryFileW, HDROP};
use windows::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, DestroyWindow, DispatchMessageW, MSG, PM_REMOVE, PeekMessageW,
    RegisterClassW, SetCursorPos, WINDOW_EX_STYLE, WM_LBUTTONDOWN, WM_LBUTTONUP, WNDCLASSW,
    WS_EX_TOPMOST, WS_POPUP, WS_VISIBLE,
};
use windows::core::{Ref, w};

use super::*;

/// The longest that any step may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends a mouse button event.
fn press(flags: MOUSE_EVENT_FLAGS) {
    let input = INPUT {
        r#type: INPUT_MOUSE,
        Anonymous: INPUT_0 {
            mi: MOUSEINPUT {
                dwFlags: flags,
                ..MOUSEINPUT::default()
            },
        },
    };
    // SAFETY: one input of the stated size.
    assert_eq!(unsafe { SendInput(&[input], size_of::<INPUT>() as i32) }, 1);
}

fn move_to(x: i32, y: i32) {
    // SAFETY: only the pointer moves.
    unsafe { SetCursorPos(x, y) }.unwrap();
}

thread_local! {
    /// Presses and releases that reached the windows of this thread.
    static BUTTON: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

unsafe extern "system" fn procedure(
    window: HWND,
    message: u32,
    word: WPARAM,
    long: LPARAM,
) -> LRESULT {
    if message == WM_LBUTTONDOWN {
        // As the windowing library does.
        // SAFETY: a window of this thread.
        unsafe { SetCapture(window) };
    }
    if message == WM_LBUTTONDOWN || message == WM_LBUTTONUP {
        BUTTON.with_borrow_mut(|button| button.push(message));
    }
    // SAFETY: passed on as it came.
    unsafe { DefWindowProcW(window, message, word, long) }
}

/// A bare window at `x`, 100, of 200 by 200.
fn window(x: i32) -> HWND {
    let class = WNDCLASSW {
        lpfnWndProc: Some(procedure),
        lpszClassName: w!("changes-drag"),
        hInstance: HINSTANCE::default(),
        ..WNDCLASSW::default()
    };
    // SAFETY: the class lives as long as the program; registered again, it is refused.
    unsafe {
        RegisterClassW(&raw const class);
        CreateWindowExW(
            WS_EX_TOPMOST | WINDOW_EX_STYLE(0),
            w!("changes-drag"),
            w!("drag"),
            WS_POPUP | WS_VISIBLE,
            x,
            100,
            200,
            200,
            None,
            None,
            None,
            None,
        )
    }
    .unwrap()
}

/// Handles the messages of this thread until `done`.
fn handle_messages(mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    let mut message = MSG::default();
    while !done() {
        assert!(began.elapsed() < PATIENCE, "timed out");
        // SAFETY: the message is filled before it is dispatched.
        unsafe {
            while PeekMessageW(&raw mut message, None, 0, 0, PM_REMOVE).as_bool() {
                DispatchMessageW(&raw const message);
            }
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// A window that takes files and reports their paths.
#[implement(IDropTarget)]
struct Takes(Sender<PathBuf>);

impl Takes_Impl {
    fn path(data: Ref<'_, IDataObject>) -> windows::core::Result<PathBuf> {
        let format = FORMATETC {
            cfFormat: CF_HDROP.0,
            ptd: std::ptr::null_mut(),
            dwAspect: DVASPECT_CONTENT.0,
            lindex: -1,
            tymed: TYMED_HGLOBAL.0 as u32,
        };
        // SAFETY: a medium of the kind that was asked for, released once.
        unsafe {
            let mut medium = data.ok()?.GetData(&raw const format)?;
            let mut text = [0_u16; 1024];
            let drop = HDROP(HANDLE(medium.u.hGlobal.0).0);
            let length = DragQueryFileW(drop, 0, Some(&mut text)) as usize;
            ReleaseStgMedium(&raw mut medium);
            Ok(std::ffi::OsString::from_wide(&text[..length]).into())
        }
    }
}

impl IDropTarget_Impl for Takes_Impl {
    fn DragEnter(
        &self,
        data: Ref<'_, IDataObject>,
        _: MODIFIERKEYS_FLAGS,
        _: &POINTL,
        effect: *mut DROPEFFECT,
    ) -> windows::core::Result<()> {
        Self::path(data)?;
        // SAFETY: OLE's own.
        unsafe { *effect = DROPEFFECT_COPY };
        Ok(())
    }

    fn DragOver(
        &self,
        _: MODIFIERKEYS_FLAGS,
        _: &POINTL,
        effect: *mut DROPEFFECT,
    ) -> windows::core::Result<()> {
        // SAFETY: OLE's own.
        unsafe { *effect = DROPEFFECT_COPY };
        Ok(())
    }

    fn DragLeave(&self) -> windows::core::Result<()> {
        Ok(())
    }

    fn Drop(
        &self,
        data: Ref<'_, IDataObject>,
        _: MODIFIERKEYS_FLAGS,
        _: &POINTL,
        effect: *mut DROPEFFECT,
    ) -> windows::core::Result<()> {
        self.0.send(Self::path(data)?).map_err(|_| E_FAIL)?;
        // SAFETY: OLE's own.
        unsafe { *effect = DROPEFFECT_COPY };
        Ok(())
    }
}

/// All tests share the one pointer.
static POINTER: parking_lot::Mutex<()> = parking_lot::Mutex::new(());

/// Drags a file from a window at 100, 100 and releases it at `x`, 150. Returns how that ended,
/// what the window at 400, 100 took, and the button messages of the first window.
fn dragged(x: i32) -> (Result<Ended>, Option<PathBuf>, Vec<u32>) {
    let _pointer = POINTER.lock();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Blüte 4.mid");
    std::fs::write(&file, b"MThd").unwrap();
    BUTTON.take();

    let _ole = Ole::new().unwrap();
    let (source, target) = (window(100), window(400));
    let (sender, taken) = mpsc::channel();
    // SAFETY: a window of this thread.
    unsafe { RegisterDragDrop(target, &IDropTarget::from(Takes(sender))) }.unwrap();

    move_to(150, 150);
    press(MOUSEEVENTF_LEFTDOWN);
    handle_messages(|| BUTTON.with_borrow(|button| !button.is_empty()));
    let origin = Origin::here().unwrap();
    let path = file.clone();
    let drag = thread::spawn(move || origin.drag(&path));
    let hand = thread::spawn(move || {
        for step in 1..=20 {
            thread::sleep(Duration::from_millis(50));
            move_to(150 + (x - 150) * step / 20, 150);
        }
        thread::sleep(Duration::from_millis(300));
        press(MOUSEEVENTF_LEFTUP);
    });
    handle_messages(|| drag.is_finished() && hand.is_finished());
    handle_messages(|| BUTTON.with_borrow(|button| button.len() >= 2));
    hand.join().unwrap();
    // SAFETY: windows of this thread.
    unsafe {
        RevokeDragDrop(target).unwrap();
        DestroyWindow(target).unwrap();
        DestroyWindow(source).unwrap();
    }
    let taken = taken.try_recv().ok();
    if let Some(taken) = &taken {
        assert_eq!(taken.file_name(), file.file_name());
        assert_eq!(taken, &file);
    }
    (drag.join().unwrap(), taken, BUTTON.take())
}

#[test]
fn a_window_is_given_the_file() {
    let (ended, taken, button) = dragged(450);
    assert_eq!(ended.unwrap(), Ended::Dropped);
    assert!(taken.is_some());
    // The window where the button was pressed also gets its release.
    assert_eq!(button, [WM_LBUTTONDOWN, WM_LBUTTONUP]);
}

#[test]
fn nobody_takes_it_where_nobody_takes_files() {
    let (ended, taken, _) = dragged(250);
    assert_eq!(ended.unwrap(), Ended::NotTaken);
    assert_eq!(taken, None);
}

#[test]
fn a_button_that_is_up_drags_nothing() {
    let _pointer = POINTER.lock();
    let origin = Origin::here().unwrap();
    let drag = thread::spawn(move || origin.drag(Path::new("C:\\a.mid")));
    handle_messages(|| drag.is_finished());
    assert_eq!(drag.join().unwrap().unwrap(), Ended::NotTaken);
}

#[test]
fn a_window_that_has_gone_is_said() {
    let origin = thread::spawn(|| Origin::here().unwrap()).join().unwrap();
    assert!(origin.drag(Path::new("C:\\a.mid")).is_err());
}
