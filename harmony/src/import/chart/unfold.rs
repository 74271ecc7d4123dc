//! Writes repeats out.

use super::{ChartError, MAX_CHART_BARS, WrittenBar};

/// The most times that a passage is played.
const MAX_TIMES: u32 = 32;

/// A bar as written, with the signs at its barlines.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    /// The bar.
    pub bar: WrittenBar,
    /// `|:` before it.
    pub repeat_start: bool,
    /// `:|` after it: how many times the passage is played; 0 without the sign.
    pub repeat_times: u32,
    /// The ending that begins here: 1, 2 …
    pub ending: Option<u32>,
}

impl Signed {
    pub(super) const fn plain(bar: WrittenBar) -> Self {
        Self {
            bar,
            repeat_start: false,
            repeat_times: 0,
            ending: None,
        }
    }
}

/// The bars in the order in which they are played.
///
/// # Errors
/// [`ChartError::TooManyBars`].
pub(super) fn unfolded(signed: &[Signed]) -> Result<Vec<WrittenBar>, ChartError> {
    let mut bars: Vec<WrittenBar> = Vec::new();
    let mut take = |range: &[Signed], again: bool| -> Result<(), ChartError> {
        if bars.len() + range.len() > MAX_CHART_BARS {
            return Err(ChartError::TooManyBars);
        }
        for (index, it) in range.iter().enumerate() {
            let mut bar = it.bar.clone();
            // The passage begins again, and with it its section.
            if again && index > 0 && bar.section.is_some() && it.repeat_start {
                bar.section = None;
            }
            bars.push(bar);
        }
        Ok(())
    };
    let mut start = 0;
    let mut at = 0;
    while at < signed.len() {
        if signed[at].repeat_start {
            take(&signed[start..at], false)?;
            start = at;
        }
        if signed[at].repeat_times == 0 {
            at += 1;
            continue;
        }
        let times = signed[at].repeat_times.clamp(1, MAX_TIMES);
        let passage = &signed[start..=at];
        // The first ending is part of the passage; later ones follow it.
        let own = passage.iter().position(|it| it.ending.is_some());
        let common = &passage[..own.unwrap_or(passage.len())];
        let mut next = at + 1;
        match own {
            None => {
                for time in 0..times {
                    take(common, time > 0)?;
                }
            }
            Some(_) => {
                take(passage, false)?;
                // Each further ending is played after the common bars.
                while next < signed.len() && signed[next].ending.is_some() {
                    let ends = (next..signed.len()).find(|&index| {
                        signed[index].repeat_times > 0
                            || signed.get(index + 1).is_none_or(|after| {
                                after.ending.is_some()
                                    || after.repeat_start
                                    || after.bar.section.is_some()
                            })
                    });
                    let last = ends.unwrap_or(signed.len() - 1);
                    take(common, true)?;
                    take(&signed[next..=last], true)?;
                    next = last + 1;
                }
            }
        }
        start = next;
        at = next;
    }
    take(&signed[start..], false)?;
    Ok(bars)
}
