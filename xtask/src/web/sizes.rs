//! The size of the page, uncompressed and over the wire.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use xshell::cmd;

use super::build::files;
use crate::apt;
use crate::workspace::shell;

/// The most bytes that the whole page may send over the wire.
const MOST_OVER_THE_WIRE: usize = 12_000_000;

/// Whether a file is compressed already, and sent as it is.
fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "ogg")
}

/// Prints the table.
///
/// # Errors
/// If the page is too large.
pub fn print(folder: &Path) -> Result<()> {
    apt::ensure(&["brotli", "gzip"], "weighing the page")?;
    let sh = shell()?;
    let mut table = Table::new();
    table
        .load_preset(ASCII_MARKDOWN)
        .set_header(["file", "bytes", "gzip -9", "brotli"]);
    let (mut rows, mut total) = (Vec::new(), [0; 3]);
    for path in files(folder)? {
        let name = path.strip_prefix(folder)?.display().to_string();
        let plain = fs::metadata(&path)
            .with_context(|| format!("cannot read {name}"))?
            .len() as usize;
        let sizes = if is_compressed(&path) {
            [plain; 3]
        } else {
            let gzip = cmd!(sh, "gzip -9 -c {path}").quiet().output()?.stdout.len();
            let brotli = cmd!(sh, "brotli -c {path}").quiet().output()?.stdout.len();
            [plain, gzip, brotli]
        };
        for (sum, size) in total.iter_mut().zip(sizes) {
            *sum += size;
        }
        rows.push((name, sizes));
    }
    rows.sort_by_key(|(_, sizes)| std::cmp::Reverse(sizes[0]));
    rows.push(("all of it".to_owned(), total));
    for (name, sizes) in rows {
        let sizes = sizes.map(|size| size.to_string());
        table.add_row(std::iter::once(name).chain(sizes));
    }
    for column in 1..4 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    println!("{table}");
    ensure!(
        total[1] <= MOST_OVER_THE_WIRE,
        "the page is {} bytes over the wire, more than {MOST_OVER_THE_WIRE}",
        total[1]
    );
    Ok(())
}
