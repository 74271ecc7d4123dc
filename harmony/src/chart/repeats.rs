//! Repeat signs for passages that are repeated immediately.

use super::{Bar, Chart};

/// The longest passage that is looked for, in bars.
const LONGEST: usize = 64;

/// A passage played more often than this is preferably written as a longer one.
const USUAL_TIMES: usize = 4;

/// A passage of `length` bars that is played `times` times from some bar on.
struct Repeat {
    length: usize,
    times: usize,
}

impl Chart {
    /// Replaces immediate repetitions of a passage by repeat signs; the first is kept. A passage is
    /// a number of whole lines, or starts where a section starts; bars that start sections with
    /// different labels are different.
    pub(super) fn fold_repeats(&mut self) {
        let mut folded: Vec<Bar> = Vec::with_capacity(self.bars.len());
        let mut rest = std::mem::take(&mut self.bars);
        while !rest.is_empty() {
            let Some(repeat) = self.repeat_at(&rest) else {
                folded.push(rest.remove(0));
                continue;
            };
            let after = rest.split_off(repeat.length * repeat.times);
            rest.truncate(repeat.length);
            if let Some(first) = rest.first_mut() {
                first.repeat_start = true;
            }
            if let Some(last) = rest.last_mut() {
                last.repeat_times = repeat.times as u32;
            }
            folded.append(&mut rest);
            rest = after;
        }
        // Bar numbers count written bars.
        let first = folded.first().map_or(1, |bar| bar.number);
        for (number, bar) in (first..).zip(&mut folded) {
            bar.number = number;
        }
        self.bars = folded;
    }

    /// The repetition that saves most from the first of `bars` on.
    fn repeat_at(&self, bars: &[Bar]) -> Option<Repeat> {
        if bars.first()?.number == 0 {
            return None;
        }
        let mut best: Option<Repeat> = None;
        for length in 1..=LONGEST.min(bars.len() / 2) {
            let at_section = bars[0].section.is_some() && bars[length].section.is_some();
            let whole_lines = length % self.bars_per_line.max(1) == 0 && length >= 4;
            if !(whole_lines || at_section && length >= 4) {
                continue;
            }
            let times = 1 + bars
                .chunks_exact(length)
                .skip(1)
                .take_while(|chunk| same(&bars[..length], chunk))
                .count();
            if times < 2 {
                continue;
            }
            let repeat = Repeat { length, times };
            if best.as_ref().is_none_or(|best| better(&repeat, best)) {
                best = Some(repeat);
            }
        }
        best
    }
}

/// Whether `new`, the longer passage, saves more bars than `best`, or as many with a more usual
/// number of times.
fn better(new: &Repeat, best: &Repeat) -> bool {
    let (covers, covered) = (new.length * new.times, best.length * best.times);
    covers > covered || covers == covered && best.times > USUAL_TIMES
}

fn same(first: &[Bar], again: &[Bar]) -> bool {
    let labelled_alike = |(first, again): (&Bar, &Bar)| {
        first.plays_like(again) && (again.section.is_none() || again.section == first.section)
    };
    first.iter().zip(again).all(labelled_alike)
}
