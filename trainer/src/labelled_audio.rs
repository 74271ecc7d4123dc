//! Audio with labels as WAV and `.lab` files for other programs.

use std::io::Cursor;
use std::path::Path;

use anyhow::{Context, Result};
use harmony::export::atomic;
use harmony::label::Label;

/// Writes `STEM.wav` (mono, 32-bit float) and `STEM.lab` into `folder`. `labels` are start and
/// end in seconds with the chord between them.
///
/// # Errors
/// If a file cannot be written; the error names it.
pub(crate) fn write<'a>(
    folder: &Path,
    stem: &str,
    samples: &[f32],
    sample_rate: u32,
    labels: impl IntoIterator<Item = (f64, f64, &'a Label)>,
) -> Result<()> {
    let wav = folder.join(format!("{stem}.wav"));
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let named = || format!("cannot write {}", wav.display());
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).with_context(named)?;
    for sample in samples {
        writer.write_sample(*sample).with_context(named)?;
    }
    writer.finalize().with_context(named)?;
    atomic::write(&wav, bytes.get_ref())?;
    let lab: String = labels
        .into_iter()
        .map(|(start, end, label)| format!("{start:.6}\t{end:.6}\t{label}\n"))
        .collect();
    let path = folder.join(format!("{stem}.lab"));
    Ok(atomic::write(&path, lab.as_bytes())?)
}
