//! A window of the host's for the plugin's to lie in, where there is an X server.

/// A window on the X server that `DISPLAY` names.
pub struct HostWindow {
    #[cfg(target_os = "linux")]
    _connection: x11rb::rust_connection::RustConnection,
    /// Its number there.
    pub number: u32,
}

impl HostWindow {
    /// Opens one, `None` where there is no server.
    #[cfg(target_os = "linux")]
    pub fn open(width: u16, height: u16) -> Option<Self> {
        use x11rb::connection::Connection as _;
        use x11rb::protocol::xproto::{ConnectionExt as _, CreateWindowAux, WindowClass};

        let (connection, screen) = x11rb::rust_connection::RustConnection::connect(None).ok()?;
        let root = connection.setup().roots.get(screen)?.root;
        let number = connection.generate_id().ok()?;
        let class = WindowClass::INPUT_OUTPUT;
        let looks = CreateWindowAux::new();
        connection
            .create_window(0, number, root, 0, 0, width, height, 0, class, 0, &looks)
            .ok()?;
        connection.map_window(number).ok()?.check().ok()?;
        Some(Self {
            _connection: connection,
            number,
        })
    }

    /// None: only X11 is spoken here.
    #[cfg(not(target_os = "linux"))]
    pub fn open(_: u16, _: u16) -> Option<Self> {
        None
    }
}
