//! Files that are dragged out of the window into a host or a file manager.
//!
//! The windowing library receives drops and cannot begin them. On X11 this module speaks
//! XDND itself, over a connection of its own. Windows and macOS are not done: [`available`] is
//! false there, and the window offers no handle. The crate `drag` (2.1) would take the handle
//! of the editor's window, but on Windows it waits for the drop in a loop of its own inside
//! the window's event handler: a host would hang or fall if that went wrong, and nobody has
//! tried it there.

use std::path::Path;

#[cfg(all(unix, not(target_os = "macos")))]
mod xdnd;

/// How a drag ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
