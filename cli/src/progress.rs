//! Progress bars on standard error, if it is a terminal.

use std::fmt::Display;
use std::path::Path;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::say::{on_one_line, say};

/// Steps of a bar, each a tenth of a percent.
const STEPS: u64 = 1000;

/// A bar for the work on one file.
pub fn bar(file: &Path) -> ProgressBar {
    let name = file
        .file_name()
        .unwrap_or(file.as_os_str())
        .to_string_lossy();
    let bar = ProgressBar::new(STEPS).with_message(on_one_line(&name));
    if let Ok(style) = ProgressStyle::with_template("{msg}  {prefix:<10} {bar:30} {percent:>3} %") {
        bar.set_style(style);
    }
    bar
}

/// Sets a bar to a share of the work, 0…1.
pub fn set(bar: &ProgressBar, share: f32) {
    bar.set_position((f64::from(share.clamp(0.0, 1.0)) * STEPS as f64) as u64);
}

/// The bar of one file, below that of all files if there are several.
#[derive(Default)]
pub struct Progress {
    several: Option<(MultiProgress, ProgressBar)>,
}

impl Progress {
    /// Progress over a number of files.
    pub fn over(files: usize) -> Self {
        let all = MultiProgress::new();
        let bar = all.add(ProgressBar::new(files as u64));
        if let Ok(style) = ProgressStyle::with_template("{pos}/{len} files {bar:30} {eta} left") {
            bar.set_style(style);
        }
        Self {
            several: Some((all, bar)),
        }
    }

    /// A bar for the work on one file.
    pub fn bar(&self, file: &Path) -> ProgressBar {
        let bar = bar(file);
        match &self.several {
            Some((all, _)) => all.add(bar),
            None => bar,
        }
    }

    /// One file is done.
    pub fn next(&self) {
        if let Some((_, bar)) = &self.several {
            bar.inc(1);
        }
    }

    /// Prints a line on standard error, above the bars.
    pub fn say(&self, line: &dyn Display) {
        self.above(|| say(line));
    }

    /// Calls `print`, whose output goes above the bars.
    pub fn above<R>(&self, print: impl FnOnce() -> R) -> R {
        match &self.several {
            Some((all, _)) => all.suspend(print),
            None => print(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((_, bar)) = &self.several {
            bar.finish_and_clear();
        }
    }
}
