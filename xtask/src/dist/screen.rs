//! A virtual screen for programs with a window: Xvfb, and pictures of it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::apt;

/// Width and height in pixels.
const SIZE: (u32, u32) = (1280, 800);

/// The server; it ends when this is dropped.
pub struct Screen {
    server: Child,
    /// Where it keeps the screen's pixels.
    memory: tempfile::TempDir,
    /// The value of `DISPLAY` for it.
    pub display: String,
}

impl Screen {
    /// Starts one.
    ///
    /// # Errors
    /// If there is no Xvfb and it cannot be installed.
    pub fn start() -> Result<Self> {
        apt::ensure(apt::WINDOW, "a window without a screen")?;
        let memory = tempfile::tempdir()?;
        let size = format!("{}x{}x24", SIZE.0, SIZE.1);
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp"])
            .args(["-screen", "0", &size, "-fbdir"])
            .arg(memory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb does not start")?;
        let mut number = String::new();
        let output = server.stdout.take().context("Xvfb has no output")?;
        BufReader::new(output).read_line(&mut number)?;
        // Made before the check, so that the server ends if the check fails.
        let screen = Self {
            server,
            memory,
            display: format!(":{}", number.trim()),
        };
        ensure!(number.trim().parse::<u32>().is_ok(), "Xvfb has no display");
        Ok(screen)
    }

    /// The pixels of the screen: red, green and blue of each, line by line.
    pub fn look(&self) -> Result<Vec<u8>> {
        let memory = fs::read(self.memory.path().join("Xvfb_screen0"))?;
        pixels(&memory).context("Xvfb's screen is not readable")
    }

    /// Writes the screen as a PNG file.
    pub fn picture(&self, path: &Path) -> Result<()> {
        let pixels = self.look()?;
        let write = || -> Result<()> {
            let mut encoder = png::Encoder::new(fs::File::create(path)?, SIZE.0, SIZE.1);
            encoder.set_color(png::ColorType::Rgb);
            encoder.write_header()?.write_image_data(&pixels)?;
            Ok(())
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended already, which is fine.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The number of colours in a picture: one where nothing is drawn.
pub fn colours(pixels: &[u8]) -> usize {
    let mut colours: Vec<&[u8]> = pixels.chunks_exact(3).collect();
    colours.sort_unstable();
    colours.dedup();
    colours.len()
}

/// The pixels of a dump in the format of `xwd` (X11's `XWDFile.h`): big-endian numbers of four
/// bytes, then the colours of a palette, then lines of pixels of four bytes.
fn pixels(dump: &[u8]) -> Option<Vec<u8>> {
    let number = |index: usize| -> Option<usize> {
        let bytes = dump.get(4 * index..)?.first_chunk()?;
        usize::try_from(u32::from_be_bytes(*bytes)).ok()
    };
    let (header, width, height) = (number(0)?, number(4)?, number(5)?);
    let (bits, line, colours) = (number(11)?, number(12)?, number(19)?);
    // Lowest byte first: blue, green, red, unused.
    if (bits, number(7)?) != (32, 0) || line < 4 * width {
        return None;
    }
    let lines = dump.get(header + 12 * colours..)?.chunks_exact(line);
    let lines: Vec<&[u8]> = lines.take(height).collect();
    if lines.len() != height {
        return None;
    }
    let pixels = lines
        .iter()
        .flat_map(|line| line[..4 * width].chunks_exact(4));
    Some(pixels.flat_map(|it| [it[2], it[1], it[0]]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two pixels, red and blue, with a palette of one colour and padded lines.
    fn dump() -> Vec<u8> {
        let mut header = [0_u32; 25];
        for (index, number) in [(0, 100), (4, 1), (5, 2), (11, 32), (12, 8), (19, 1)] {
            header[index] = number;
        }
        let mut dump: Vec<u8> = header.iter().flat_map(|it| it.to_be_bytes()).collect();
        dump.extend([9; 12]);
        dump.extend([0, 0, 255, 0, 7, 7, 7, 7, 255, 0, 0, 0, 7, 7, 7, 7]);
        dump
    }

    #[test]
    fn a_dump_of_a_screen_is_read() {
        let found = pixels(&dump()).unwrap();
        assert_eq!(found, [255, 0, 0, 0, 0, 255]);
        assert_eq!(colours(&found), 2);
        assert_eq!(colours(&[1, 2, 3, 1, 2, 3]), 1);
    }

    #[test]
    fn half_a_dump_is_none() {
        let dump = dump();
        for len in 0..dump.len() {
            assert_eq!(pixels(&dump[..len]), None, "{len}");
        }
    }
}
