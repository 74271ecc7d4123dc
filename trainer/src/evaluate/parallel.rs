//! Many items over a few threads, the results in the order of the items.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Result, anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};

/// `work(0)` … `work(count - 1)`, whichever thread is faster. A bar named `name` shows
/// how far it is.
///
/// # Errors
/// The first error of `work`, or that `interrupted` was set.
pub fn map<T: Send>(
    name: &str,
    count: usize,
    threads: usize,
    interrupted: &AtomicBool,
    work: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let style = ProgressStyle::with_template("{msg:12} {bar:30} {pos}/{len} {elapsed}<{eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(count as u64)
        .with_style(style)
        .with_message(name.to_owned());
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let run = || -> Result<Vec<(usize, T)>> {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count || failed.load(Ordering::Relaxed) {
                return Ok(done);
            }
            if interrupted.load(Ordering::Relaxed) {
                bail!("interrupted");
            }
            match work(index) {
                Ok(item) => done.push((index, item)),
                Err(error) => {
                    failed.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
            bar.inc(1);
        }
    };
    let parts = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads.clamp(1, count.max(1)))
            .map(|_| scope.spawn(run))
            .collect();
        handles
            .into_iter()
            .map(|handle| {
                handle
                    .join()
                    .unwrap_or_else(|_| Err(anyhow!("a thread of `{name}` panicked")))
            })
            .collect::<Result<Vec<_>>>()
    });
    bar.finish_and_clear();
    let mut items: Vec<(usize, T)> = parts?.into_iter().flatten().collect();
    items.sort_by_key(|(index, _)| *index);
    Ok(items.into_iter().map(|(_, item)| item).collect())
}

#[cfg(test)]
mod tests {
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
    }
}
