//! Dragging files out of the window into a host or a file manager.
//!
//! The windowing library receives drops but cannot start drags, so each system has a module
//! here: XDND over a connection of its own, OLE on Windows, AppKit on macOS. The last two can
//! start a drag only on the window's thread, and not during a paint: on Windows `DoDragDrop`
//! handles messages until the drop, and a paint or timer among them would find the window's
//! state still borrowed by the paint that started the drag (`EguiWindow::draw` of
//! egui-baseview 0.9), a panic inside the host. So a paint makes an [`Origin`], another thread
//! writes the file, and the drag starts from the window's message loop.
//!
//! The crate `drag` (2.1.1) is not used: it starts at once, wherever it is called, unwraps
//! where a view is in no window, and initializes OLE for the first thread only.

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
    /// It was dropped where no files are taken.
    NotTaken,
}

/// Why the system allows no drag.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct DragError(#[from] Box<dyn std::error::Error + Send + Sync>);

/// Where a drag begins: made on the thread of the window while the button is down.
pub(super) struct Origin(system::Origin);

impl Origin {
    /// The origin in the window whose thread calls this.
    ///
    /// # Errors
    /// If the system allows no drag.
    pub(super) fn here() -> Result<Self, DragError> {
        Ok(Self(system::Origin::here()?))
    }

    /// Offers a file under the pointer until the button is released. Blocks until then: call
    /// it on a thread of its own, not the window's.
    ///
    /// # Errors
    /// If the system allows no drag.
    pub(super) fn drag(self, file: &Path) -> Result<Ended, DragError> {
        Ok(self.0.drag(file)?)
    }
}

/// Whether files can be dragged out on this system.
pub(super) fn available() -> bool {
    system::available()
}
