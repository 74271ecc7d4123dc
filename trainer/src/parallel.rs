//! Processes many items in a few threads, with the results in the order of the items.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::ThreadPoolBuilder;
use rayon::iter::{IndexedParallelIterator as _, IntoParallelIterator as _, ParallelIterator as _};

/// A progress bar of `length` units with a template of [`ProgressStyle`].
///
/// # Errors
/// If the template is invalid.
pub(crate) fn bar(length: u64, template: &str) -> Result<ProgressBar> {
    Ok(ProgressBar::new(length).with_style(ProgressStyle::with_template(template)?))
}

/// `work(0)` … `work(count - 1)` in any order. A progress bar named `name` is shown.
///
/// # Errors
/// The first error of `work`, or an interruption through `interrupted`.
pub(crate) fn map<T: Send>(
    name: &str,
    count: usize,
    threads: usize,
    interrupted: &AtomicBool,
    work: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let bar = bar(
        count as u64,
        "{msg:12} {bar:30} {pos}/{len} {elapsed}<{eta}",
    )?
    .with_message(name.to_owned());
    let items = map_until(count, threads, interrupted, |index| {
        let item = work(index)?;
        bar.inc(1);
        Ok(item)
    });
    bar.finish_and_clear();
    let items = items?;
    ensure!(items.len() == count, "interrupted");
    Ok(items)
}

/// Like [`map`], without a progress bar, and without an error once `interrupted` is set: items
/// already started are finished, and only their results are returned.
///
/// # Errors
/// The first error of `work`; no further item is started after it.
pub(crate) fn map_until<T: Send>(
    count: usize,
    threads: usize,
    interrupted: &AtomicBool,
    work: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads.clamp(1, count.max(1)))
        .build()?;
    let go_on = |index| (!interrupted.load(Ordering::Relaxed)).then(|| work(index));
    pool.install(|| {
        // One at a time: an item may take minutes.
        let items = (0..count).into_par_iter().with_max_len(1);
        items.map(go_on).while_some().collect()
    })
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn results_come_in_order_whatever_the_threads() {
        let go = AtomicBool::new(false);
        let squares = |threads| map("test", 50, threads, &go, |i| Ok(i * i)).unwrap();
        assert_eq!(squares(1), squares(3));
        assert_eq!(squares(2)[7], 49);
        assert!(map("test", 0, 2, &go, |_| Ok(())).unwrap().is_empty());
    }

    #[test]
    fn an_error_and_an_interruption_end_it() {
        let go = AtomicBool::new(false);
        let error = map("test", 9, 2, &go, |i| {
            if i == 4 { bail!("no four") } else { Ok(i) }
        });
        assert_eq!(error.unwrap_err().to_string(), "no four");
        let stop = AtomicBool::new(true);
        let error = map("test", 9, 2, &stop, Ok).unwrap_err();
        assert_eq!(error.to_string(), "interrupted");
        assert!(map_until(9, 2, &stop, Ok).unwrap().is_empty());
    }
}
