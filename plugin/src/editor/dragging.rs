//! Files that are dragged out of the window into a host or a file manager.
//!
//! The windowing library receives drops and cannot begin them. On X11 this module speaks
//! XDND itself, over a connection of its own. Windows and macOS are not done: [`available`] is
//! false there, and the window offers no handle.
//!
//! The crate `drag` (2.1.1) would take the handle of the editor's window, but not where a drag
//! begins, in the middle of a paint. On Windows it handles messages until the drop
//! (`DoDragDrop`), and the next paint or timer among them finds the window's state borrowed by
//! the paint that began the drag (`EguiWindow::draw` of egui-baseview 0.9): a panic within the
//! host. On a thread apart it works once, because it initialises OLE for the first thread only. On
//! macOS it returns at once, but panics where the view is in no window. Nobody has tried either
//! in a host.

use std::path::Path;

#[cfg(all(unix, not(target_os = "macos")))]
mod xdnd;

/// How a drag ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(all(unix, not(target_os = "macos"))),
    expect(dead_code, reason = "nothing is dragged out here yet")
)]
pub enum Ended {
    /// Another program took the file.
    Dropped,
    /// It was let go where nobody takes files.
    NotTaken,
}

/// Whether files can be dragged out here.
pub fn available() -> bool {
    #[cfg(all(unix, not(target_os = "macos")))]
    return xdnd::available();
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    false
}

/// Offers a file under the pointer until the button is let go. Blocks as long: for a thread
/// of its own, not that of the window.
///
/// # Errors
/// Why the system allows no drag.
pub fn drag(file: &Path) -> Result<Ended, String> {
    #[cfg(all(unix, not(target_os = "macos")))]
    return xdnd::drag(file, None).map_err(|error| error.to_string());
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    {
        let _ = file;
        Err("this system is not supported yet".to_owned())
    }
}
