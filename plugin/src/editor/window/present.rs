//! The first frame of a window under X11.
//!
//! baseview 0.4.2 paces its frames by the X server's Present extension: it asks for the next
//! frame (`PresentNotifyMSC`) and paints when the answer comes. It asks as soon as a repaint is
//! wanted, but receives answers only after the window's `MapNotify`. Where a host embeds
//! windows by a GTK socket, as Ardour does, mapping waits for the host's main loop: the first
//! answer comes too early and is lost, no further frame is requested before it has come, and
//! the window stays blank for good. So the window is made to receive answers before its event
//! loop begins.

use std::error::Error;

use nice_plug_egui::baseview::WindowContext;
use raw_window_handle::{
    HandleError, HasDisplayHandle, HasWindowHandle, RawDisplayHandle, RawWindowHandle,
};
use x11rb::connection::Connection;
use x11rb::protocol::present::{ConnectionExt, EventMask};
use x11rb::xcb_ffi::XCBConnection;

/// Subscribes the window to the answers to its frame requests. Call it on the window's own
/// thread, before its event loop runs.
///
/// # Errors
/// If the X server does not answer, or knows no Present; the library falls back to a timer then.
pub(super) fn listen(window: &WindowContext) -> Result<(), Box<dyn Error>> {
    let handle = window.platform_handle();
    // This is an `Error` only with a feature of that crate.
    let told = |error: HandleError| error.to_string();
    let (RawDisplayHandle::Xcb(display), RawWindowHandle::Xcb(window)) = (
        handle.display_handle().map_err(told)?.as_raw(),
        handle.window_handle().map_err(told)?.as_raw(),
    ) else {
        return Err("the window is not an X11 window".into());
    };
    let connection = display.connection.ok_or("the window has no connection")?;
    // SAFETY: the connection is that of the window, which outlives this function, and it is not
    // closed at its end (`false`). Only requests are sent over it: the events stay where they
    // are for the library.
    let connection = unsafe { XCBConnection::from_raw_xcb_connection(connection.as_ptr(), false) }?;
    let events = connection.generate_id()?;
    connection
        .present_select_input(events, window.window.get(), EventMask::COMPLETE_NOTIFY)?
        .check()?;
    Ok(())
}
