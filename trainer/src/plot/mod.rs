//! Pictures of training and evaluation: a PNG, an SVG, and the numbers in them as JSON.
//!
//! A picture is first its data, a [`Picture`], which can draw itself on any area of
//! `plotters`. [`save`] draws it twice and writes the data beside it, so that it can be drawn
//! differently.

pub(crate) mod confusion;
pub(crate) mod excerpt;
pub(crate) mod lines;
pub(crate) mod recall;
pub(crate) mod reliability;
pub(crate) mod style;
pub(crate) mod training;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, ensure};
use harmony::export::atomic;
use plotters::coord::Shift;
use plotters::prelude::*;
use serde::Serialize;

/// Pixels per unit in a PNG.
const DENSITY: u32 = 2;
/// The PNG is drawn this many times larger and scaled down, which smooths its edges.
const SUPERSAMPLING: u32 = 2;

/// Something that can be drawn.
pub(crate) trait Picture: Serialize {
    /// Width and height in units; an SVG has one pixel per unit.
    fn size(&self) -> (u32, u32);

    /// Draws the picture. Lengths on the area are `scale` pixels per unit.
    ///
    /// # Errors
    /// If the backend fails.
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: f64) -> Result<()>
    where
        B::ErrorType: 'static;
}

/// Writes `<stem>.png`, `<stem>.svg` and `<stem>.json` into `folder`, which is created if
/// missing.
///
/// # Errors
/// If the picture cannot be drawn, or a file cannot be written.
pub(crate) fn save<P: Picture>(picture: &P, folder: &Path, stem: &str) -> Result<PathBuf> {
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let path = |extension: &str| folder.join(format!("{stem}.{extension}"));
    let context = || format!("drawing {stem}");
    atomic::write(
        &path("json"),
        serde_json::to_string_pretty(picture)?.as_bytes(),
    )?;
    atomic::write(&path("svg"), svg(picture).with_context(context)?.as_bytes())?;
    let png_path = path("png");
    atomic::write(&png_path, &png(picture).with_context(context)?)?;
    Ok(png_path)
}

/// The picture as SVG.
///
/// # Errors
/// If the picture cannot be drawn.
pub(crate) fn svg<P: Picture>(picture: &P) -> Result<String> {
    fonts()?;
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, picture.size()).into_drawing_area();
        paint(picture, &area, 1.0)?;
    }
    Ok(text)
}

/// The picture as PNG.
///
/// # Errors
/// If the picture cannot be drawn.
pub(crate) fn png<P: Picture>(picture: &P) -> Result<Vec<u8>> {
    fonts()?;
    let factor = DENSITY * SUPERSAMPLING;
    let (width, height) = picture.size();
    ensure!(
        width.max(height) <= 8192 && width.min(height) > 0,
        "a picture of {width} × {height}"
    );
    let (wide, high) = (width * factor, height * factor);
    let mut large = vec![0_u8; wide as usize * high as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut large, (wide, high)).into_drawing_area();
        paint(picture, &area, f64::from(factor))?;
    }
    let (width, height) = (width * DENSITY, height * DENSITY);
    encode(&halved(&large, wide as usize), width, height)
}

fn paint<P: Picture, B: DrawingBackend>(
    picture: &P,
    area: &DrawingArea<B, Shift>,
    scale: f64,
) -> Result<()>
where
    B::ErrorType: 'static,
{
    area.fill(&WHITE)?;
    picture.draw(area, scale)?;
    area.present()?;
    Ok(())
}

/// Means of blocks of [`SUPERSAMPLING`]² pixels of an RGB image `width` pixels wide.
fn halved(large: &[u8], width: usize) -> Vec<u8> {
    let block = SUPERSAMPLING as usize;
    let row = width * 3;
    let mut small = Vec::with_capacity(large.len() / (block * block));
    for rows in large.chunks_exact(row * block) {
        for x in 0..width / block {
            for channel in 0..3 {
                let sum: usize = (0..block * block)
                    .map(|i| {
                        let (dy, dx) = (i / block, i % block);
                        usize::from(rows[dy * row + (x * block + dx) * 3 + channel])
                    })
                    .sum();
                small.push(((sum + block * block / 2) / (block * block)) as u8);
            }
        }
    }
    small
}

fn encode(rgb: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rgb)?;
    writer.finish()?;
    Ok(bytes)
}

/// Registers the fonts of [`style`], once per process.
fn fonts() -> Result<()> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let registered = REGISTERED.get_or_init(|| {
        [
            (
                FontStyle::Normal,
                include_bytes!("../../../plugin/assets/fonts/Inter-Medium.otf").as_slice(),
            ),
            (
                FontStyle::Bold,
                include_bytes!("../../../plugin/assets/fonts/InterDisplay-SemiBold.otf").as_slice(),
            ),
        ]
        .into_iter()
        .all(|(style, bytes)| plotters::style::register_font(style::FONT, style, bytes).is_ok())
    });
    registered
        .then_some(())
        .ok_or_else(|| anyhow!("the fonts of the plots cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Word(&'static str);

    impl Picture for Word {
        fn size(&self) -> (u32, u32) {
            (120, 40)
        }

        fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: f64) -> Result<()>
        where
            B::ErrorType: 'static,
        {
            let style = style::text(20.0 * scale, style::INK);
            area.draw_text(
                self.0,
                &style,
                ((10.0 * scale) as i32, (8.0 * scale) as i32),
            )?;
            Ok(())
        }
    }

    fn pixels(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, info.height, pixels)
    }

    #[test]
    fn text_is_drawn_in_both_formats() {
        let (width, height, drawn) = pixels(&png(&Word("C:min7")).unwrap());
        assert_eq!((width, height), (240, 80));
        let dark = drawn.iter().filter(|v| **v < 100).count();
        assert!(dark > 300, "{dark} dark values");
        let (_, _, blank) = pixels(&png(&Word(" ")).unwrap());
        assert!(blank.iter().all(|v| *v == 255));
        assert!(svg(&Word("C:min7")).unwrap().contains("C:min7"));
    }

    #[test]
    fn three_files_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = save(&Word("A"), &folder.path().join("new"), "word").unwrap();
        assert!(path.exists());
        assert!(path.with_extension("svg").exists());
        let json = std::fs::read_to_string(path.with_extension("json")).unwrap();
        assert_eq!(json, "\"A\"");
    }

    #[test]
    fn pixels_are_averaged() {
        // Two by two blocks of black and white columns.
        let large = [0, 0, 0, 255, 255, 255, 10, 10, 10, 10, 10, 10].repeat(2);
        assert_eq!(halved(&large, 4), [128, 128, 128, 10, 10, 10]);
    }
}
