//! A window on an X server, as a host would own it.

use std::io::IoSlice;

use anyhow::Result;
use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::xproto::{ConnectionExt, CreateWindowAux, ImageFormat, Window, WindowClass};
use x11rb::rust_connection::RustConnection;

/// A host's window, to embed a plugin's.
pub struct Parent {
    connection: RustConnection,
    root: Window,
    /// Its identifier on the server.
    pub window: Window,
    width: u16,
    height: u16,
}

impl Parent {
    /// Opens one of this size, in pixels, on the server that `DISPLAY` names.
    ///
    /// # Errors
    /// If there is no server.
    pub fn open(width: u16, height: u16) -> Result<Self> {
        let (connection, screen) = RustConnection::connect(None)?;
        let screen = &connection.setup().roots[screen];
        let (root, black) = (screen.root, screen.black_pixel);
        let window = connection.generate_id()?;
        let looks = CreateWindowAux::new().background_pixel(black);
        let class = WindowClass::INPUT_OUTPUT;
        connection.create_window(0, window, root, 0, 0, width, height, 0, class, 0, &looks)?;
        connection.map_window(window)?.check()?;
        Ok(Self {
            connection,
            root,
            window,
            width,
            height,
        })
    }

    /// The number of colours in it: one if nothing is drawn.
    ///
    /// # Panics
    /// If the server is gone.
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

    /// Moves the pointer to a place in the window.
    ///
    /// # Panics
    /// If the server is gone.
    pub fn point(&self, x: i16, y: i16) {
        self.fake(6, 0, x, y);
    }

    /// Presses or releases the first mouse button.
    ///
    /// # Panics
    /// If the server is gone.
    pub fn button(&self, down: bool) {
        self.fake(if down { 4 } else { 5 }, 1, 0, 0);
    }

    /// Clicks on a place in the window.
    ///
    /// # Panics
    /// If the server is gone.
    pub fn click(&self, x: i16, y: i16) {
        self.point(x, y);
        self.button(true);
        self.button(false);
    }

    /// Presses the keys of these X11 keysyms one after the other, and releases them in reverse
    /// order.
    ///
    /// # Panics
    /// If the server is gone.
    pub fn keys(&self, symbols: &[u32]) {
        let codes: Vec<u8> = symbols.iter().map(|it| self.code(*it)).collect();
        for code in &codes {
            self.fake(2, *code, 0, 0);
        }
        for code in codes.iter().rev() {
            self.fake(3, *code, 0, 0);
        }
    }

    fn code(&self, symbol: u32) -> u8 {
        let setup = self.connection.setup();
        let (first, count) = (setup.min_keycode, setup.max_keycode - setup.min_keycode + 1);
        let keys = self.connection.get_keyboard_mapping(first, count);
        let keys = keys.unwrap().reply().unwrap();
        let each = usize::from(keys.keysyms_per_keycode);
        let found = keys.keysyms.iter().position(|it| *it == symbol).unwrap();
        first + (found / each) as u8
    }

    /// Sends an event as if from a device (XTEST's `FakeInput`): its kind, with a key or
    /// button, or a place on the screen, where the window is in the corner.
    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) {
        let xtest = self.connection.extension_information("XTEST");
        let opcode = xtest.unwrap().expect("the server has XTEST").major_opcode;
        let mut request = vec![opcode, 2, 9, 0, kind, detail, 0, 0, 0, 0, 0, 0];
        request.extend(self.root.to_ne_bytes());
        request.extend([0; 8]);
        request.extend(x.to_ne_bytes());
        request.extend(y.to_ne_bytes());
        request.extend([0; 8]);
        let request = [IoSlice::new(&request)];
        self.connection
            .send_request_without_reply(&request, Vec::new())
            .unwrap();
        self.connection.get_input_focus().unwrap().reply().unwrap();
    }
}
