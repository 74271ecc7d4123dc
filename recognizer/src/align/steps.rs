//! The chart as input of the search: a flat list of the chords of all bars.

use std::collections::HashMap;

use harmony::import::chart::WrittenChart;
use harmony::label::Label;

/// A chord of a bar.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// Its index in [`Steps::labels`].
    pub chord: usize,
    /// Quarter notes that it lasts.
    pub beats: f64,
    /// Whether that length is known.
    pub measured: bool,
    /// The bar of the chart.
    pub bar: usize,
    /// Whether the bar begins here.
    pub first_of_bar: bool,
    /// Whether the bar ends here.
    pub last_of_bar: bool,
    /// Whether a section begins here.
    pub first_of_section: bool,
    /// Whether a section ends here.
    pub last_of_section: bool,
}

/// All chords of a chart.
#[derive(Debug, Clone)]
pub(super) struct Steps {
    /// In the order of the chart.
    pub all: Vec<Step>,
    /// The different labels.
    pub labels: Vec<Label>,
}

impl Steps {
    pub(super) fn of(chart: &WrittenChart) -> Self {
        let mut labels: Vec<Label> = Vec::new();
        let mut places: HashMap<Label, usize> = HashMap::new();
        let mut all = Vec::new();
        let starts =
            |bar: usize| bar == 0 || chart.bars.get(bar).is_none_or(|it| it.section.is_some());
        for (index, bar) in chart.bars.iter().enumerate() {
            let last = bar.chords.len() - 1;
            for (place, chord) in bar.chords.iter().enumerate() {
                let next = labels.len();
                let id = *places.entry(chord.label.clone()).or_insert(next);
                if id == next {
                    labels.push(chord.label.clone());
                }
                all.push(Step {
                    chord: id,
                    beats: chord.beats,
                    measured: bar.measured,
                    bar: index,
                    first_of_bar: place == 0,
                    last_of_bar: place == last,
                    first_of_section: place == 0 && starts(index),
                    last_of_section: place == last && starts(index + 1),
                });
            }
        }
        Self { all, labels }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}
