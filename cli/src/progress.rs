//! Progress bars, on standard error and only where somebody watches.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

/// Steps of a bar: tenths of a percent.
const STEPS: u64 = 1000;

/// A bar for the work on one file.
pub fn bar(file: &Path) -> ProgressBar {
    let name = file
        .file_name()
        .unwrap_or(file.as_os_str())
        .to_string_lossy()
        .into_owned();
    let bar = ProgressBar::new(STEPS).with_message(name);
    if let Ok(style) = ProgressStyle::with_template("{msg}  {prefix:<10} {bar:30} {percent:>3} %") {
        bar.set_style(style);
    }
    bar
}

/// Sets a bar to a share of the work, 0…1.
pub fn set(bar: &ProgressBar, share: f32) {
    bar.set_position((f64::from(share.clamp(0.0, 1.0)) * STEPS as f64) as u64);
}
