//! Files that are dragged out of the window into a host or a file manager.
//!
//! The windowing library receives drops and cannot begin them, so each system has a module
//! here: XDND over a connection of its own, OLE on Windows, AppKit on macOS. The last two can
//! begin a drag only on the window's thread, and not from within a paint: on Windows
//! `DoDragDrop` handles messages until the drop, and the next paint or timer among them would
//! find the window's state borrowed by the paint that began it (`EguiWindow::draw` of
//! egui-baseview 0.9), a panic within the host. So a paint makes an [`Origin`], the file is
//! written on a thread of its own, and the drag begins from the window's message loop.
//!
//! The crate `drag` (2.1.1) begins at once, wherever it is called; it unwraps where a view is
//! in no window, and initializes OLE for the first thread only.

use std::path::Path;

#[cfg(target_os = "macos")]
mod appkit;
#[cfg(windows)]
mod ole;
#[cfg(all(unix, not(target_os = "macos")))]
mod xdnd;

#[cfg(target_os = "macos")]
use appkit as system;
#[cfg(windows)]
use ole as system;
#[cfg(all(unix, not(target_os = "macos")))]
use xdnd as system;

/// How a drag ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Another program took the file.
    Dropped,
    /// It was let go over something that takes no files.
    NotTaken,
}

/// Why the system allows no drag.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct DragError(#[from] Box<dyn std::error::Error + Send + Sync>);

/// Where a drag begins: made on the thread of the window while the button is down.
pub(super) struct Origin(system::Origin);

impl Origin {
    /// The window whose thread this is.
    ///
    /// # Errors
    /// Why the system allows no drag.
    pub(super) fn here() -> Result<Self, DragError> {
        Ok(Self(system::Origin::here()?))
    }

    /// Offers a file under the pointer until the button is let go. Blocks as long: for a
    /// thread of its own, not that of the window.
    ///
    /// # Errors
    /// Why the system allows no drag.
    pub(super) fn drag(self, file: &Path) -> Result<Ended, DragError> {
        Ok(self.0.drag(file)?)
    }
}

/// Whether files can be dragged out here.
pub(super) fn available() -> bool {
    system::available()
}
