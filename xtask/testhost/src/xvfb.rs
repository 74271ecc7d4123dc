//! An X server without a screen.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// The server; it ends when this is dropped.
pub struct Xvfb {
    server: Child,
    /// The value of `DISPLAY` for it.
    pub display: String,
}

impl Xvfb {
    /// Starts one, or prints that there is none here.
    ///
    /// # Panics
    /// If it starts and does not report its display.
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
