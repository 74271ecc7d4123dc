//! Many items over a few threads, the results in the order of the items.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::ThreadPoolBuilder;
use rayon::iter::{IndexedParallelIterator as _, IntoParallelIterator as _, ParallelIterator as _};

/// A bar of `length` units, drawn as `template` of [`ProgressStyle`] says.
///
/// # Errors
/// A template that is none.
pub(crate) fn bar(length: u64, template: &str) -> Result<ProgressBar> {
    Ok(ProgressBar::new(length).with_style(ProgressStyle::with_template(template)?))
}

/// `work(0)` … `work(count - 1)`, whichever thread is faster. A bar named `name` shows
/// how far it is.
///
/// # Errors
/// The first error of `work`, or that `interrupted` was set.
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

/// As [`map`], without a bar, and no error once `interrupted` is set: what was begun is
/// finished, and the results are those of the items that were.
///
/// # Errors
/// The first error of `work`; nothing new is begun after it.
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
        // One by one: an item may take minutes.
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
