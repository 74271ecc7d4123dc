//! An X server without a screen, and a window in it that a host could own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt, CreateWindowAux, ImageFormat, Window, WindowClass};
use x11rb::rust_connection::RustConnection;

/// The server, which ends with this.
pub struct Xvfb {
    server: Child,
    /// What `DISPLAY` must be for it.
    pub display: String,
}

impl Xvfb {
    /// Starts one, or says aloud that there is none here.
    pub fn start() -> Option<Self> {
        let server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x800x24"])
            .args(["-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut server) = server else {
            println!("SKIPPED: no X server without a screen (Debian's package `xvfb`)");
            return None;
        };
        let mut number = String::new();
        let output = server.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut number).unwrap();
        let number: u32 = number.trim().parse().expect("Xvfb tells its display");
        let display = format!(":{number}");
        Some(Self { server, display })
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

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
