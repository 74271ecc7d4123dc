//! A window on an X server that a host could own.

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt, CreateWindowAux, ImageFormat, Window, WindowClass};
use x11rb::rust_connection::RustConnection;

/// A host's window, for a plugin's to be put into.
pub struct Parent {
    connection: RustConnection,
    pub window: Window,
    width: u16,
    height: u16,
}

impl Parent {
    /// Opens one on `DISPLAY`, of that size in pixels.
    pub fn open(width: u16, height: u16) -> Self {
        let (connection, screen) = RustConnection::connect(None).unwrap();
        let screen = &connection.setup().roots[screen];
        let (root, black) = (screen.root, screen.black_pixel);
        let window = connection.generate_id().unwrap();
        connection
            .create_window(
                0,
                window,
                root,
                0,
                0,
                width,
                height,
                0,
                WindowClass::INPUT_OUTPUT,
                0,
                &CreateWindowAux::new().background_pixel(black),
            )
            .unwrap();
        connection.map_window(window).unwrap().check().unwrap();
        Self {
            connection,
            window,
            width,
            height,
        }
    }

    /// How many colours are to be seen in it: one if nothing is drawn.
    pub fn colours(&self) -> usize {
        let (width, height) = (self.width, self.height);
        let image = self
            .connection
            .get_image(ImageFormat::Z_PIXMAP, self.window, 0, 0, width, height, !0)
            .unwrap()
            .reply()
            .unwrap();
        let mut pixels: Vec<&[u8]> = image.data.chunks(4).collect();
        pixels.sort_unstable();
        pixels.dedup();
        pixels.len()
    }
}
