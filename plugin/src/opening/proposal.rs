//! A chart aligned to the music, to be accepted as a whole or bar by bar.

use harmony::edit::{Command, Placed};
use harmony::import::chart::WrittenChart;
use harmony::label::Label;
use harmony::time::{MeterMap, TempoMap};
use harmony::timeline::{Segment, Status, Timeline, TimelineError};
use harmony::track::Track;
use recognizer::align::{AlignedBar, Alignment};
use recognizer::beat::Beats;
use recognizer::transcribe::Analysis;

/// Gaps up to this long between chords are ignored, in seconds.
const HAIR_S: f64 = 0.03;

/// What a chart is aligned to.
pub(super) struct Music<'a> {
    pub name: String,
    pub analysis: Option<&'a Analysis>,
    pub beats: Option<&'a Beats>,
    /// The recognized chords, from the music's own second 0 on.
    pub chords: &'a Timeline,
    /// Where second 0 lies in the track, in seconds.
    pub place_s: f64,
}

/// An aligned chart. Times are seconds of the track.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The chart's title.
    pub title: String,
    /// What it was aligned to.
    pub aligned_to: String,
    /// Its bars in the order in which they are played.
    pub bars: Vec<ProposedBar>,
    /// The fret of the capo with which the chart would sound like the music, 1 … 11; `None`
    /// where it sounds as written.
    pub capo: Option<u8>,
    /// How many bars of the chart were not played.
    pub missing: usize,
    /// How many states the session had loaded when this was made.
    pub loads: u32,
    whole: Placed,
    place_s: f64,
}

/// A bar of an aligned chart.
#[derive(Clone, Debug, PartialEq)]
pub struct ProposedBar {
    /// Its number in the chart, from 1.
    pub number: usize,
    /// The section that starts here.
    pub section: Option<String>,
    /// Start, in seconds of the track.
    pub start_s: f64,
    /// End, in seconds of the track.
    pub end_s: f64,
    /// Its chords; at least one.
    pub chords: Vec<ProposedChord>,
    /// How well it fits: the mean log-probability of its chords relative to the most likely
    /// ones, in nats per frame, at most 0.
    pub score: f32,
    /// Whether it does not follow the previous bar in the chart.
    pub jumped: bool,
}

/// A chord of an aligned chart.
#[derive(Clone, Debug, PartialEq)]
pub struct ProposedChord {
    /// Start, in seconds of the track.
    pub start_s: f64,
    /// End, in seconds of the track.
    pub end_s: f64,
    /// The chord in concert pitch.
    pub label: Label,
    /// What was heard instead, where that differs.
    pub heard: Option<Label>,
}

impl ProposedBar {
    /// Whether something else was heard there.
    pub fn differs(&self) -> bool {
        self.chords.iter().any(|chord| chord.heard.is_some())
    }

    /// Whether the track has exactly these chords here, locked.
    pub fn is_taken(&self, track: &Track) -> bool {
        self.chords.iter().all(|chord| {
            let (from_s, to_s) = (chord.start_s + HAIR_S, chord.end_s - HAIR_S);
            let there = track.timeline().range(from_s, to_s);
            let mut parts = there.iter();
            to_s <= from_s
                || !there.is_empty() && parts.all(|it| it.locked && it.label == chord.label)
        })
    }

    fn segments(&self) -> impl Iterator<Item = Segment> {
        let whole = self.chords.iter().filter(|it| it.end_s > it.start_s);
        whole.map(|chord| {
            taken(Segment::new(
                chord.start_s,
                chord.end_s,
                chord.label.clone(),
            ))
        })
    }
}

/// A chord that the user has chosen: later passes leave it alone.
fn taken(mut segment: Segment) -> Segment {
    segment.status = Status::Confirmed;
    segment.confidence = 1.0;
    segment.locked = true;
    segment
}

impl Proposal {
    pub(super) fn new(
        chart: &WrittenChart,
        aligned: &Alignment,
        music: &Music<'_>,
        own_time: bool,
        loads: u32,
    ) -> Result<Self, TimelineError> {
        let place_s = music.place_s;
        let bar = |bar: &AlignedBar| ProposedBar {
            number: bar.bar + 1,
            section: chart.bars.get(bar.bar).and_then(|it| it.section.clone()),
            start_s: bar.start_s + place_s,
            end_s: bar.end_s + place_s,
            chords: bar
                .chords
                .iter()
                .map(|chord| ProposedChord {
                    start_s: chord.start_s + place_s,
                    end_s: chord.end_s + place_s,
                    label: chord.label.clone(),
                    heard: chord.heard.clone(),
                })
                .collect(),
            score: bar.score,
            jumped: bar.jumped,
        };
        let bars: Vec<ProposedBar> = aligned.bars.iter().map(bar).collect();
        let mut played = vec![false; chart.bars.len()];
        for bar in &aligned.bars {
            if let Some(played) = played.get_mut(bar.bar) {
                *played = true;
            }
        }
        let of_chart = |segment: &Segment| {
            let middle_s = f64::midpoint(segment.start_s, segment.end_s);
            let after = aligned.bars.partition_point(|it| it.start_s <= middle_s);
            after > 0 && middle_s < aligned.bars[after - 1].end_s
        };
        let chords = aligned.timeline(music.chords)?;
        let segments = chords.segments().iter().cloned();
        let chords = Timeline::from_segments(segments.map(|segment| {
            if of_chart(&segment) {
                taken(segment)
            } else {
                segment
            }
        }))?;
        let sections = bars.iter().filter_map(|bar| {
            let section = bar.section.clone()?;
            Some((bar.start_s - place_s, section))
        });
        let whole = Placed {
            time: own_time.then(|| time(chart, aligned, &chords)).flatten(),
            sections: sections.collect(),
            chords,
            title: chart.title.clone(),
            composer: chart.composer.clone(),
            over_locked: true,
        };
        Ok(Self {
            title: chart.title.clone(),
            aligned_to: music.name.clone(),
            bars,
            capo: aligned.capo(),
            missing: played.iter().filter(|it| !**it).count(),
            loads,
            whole,
            place_s,
        })
    }

    /// How many bars differ from what was heard.
    pub fn differing(&self) -> usize {
        self.bars.iter().filter(|bar| bar.differs()).count()
    }

    /// The edit that accepts all of it: chords, sections, and the bars where no host gives any.
    /// What was heard beside the chart stays.
    pub fn accept_all(&self) -> Command {
        Command::Place {
            at_s: self.place_s,
            song: Box::new(self.whole.clone()),
        }
    }

    /// The edit that accepts the chords of one bar, by index; `None` if there is no such bar.
    pub fn accept_bar(&self, index: usize) -> Option<Command> {
        let bar = self.bars.get(index)?;
        let chords = Timeline::from_segments(bar.segments()).ok()?;
        (!chords.is_empty()).then(|| Command::Place {
            at_s: 0.0,
            song: Box::new(Placed {
                chords,
                over_locked: true,
                ..Placed::default()
            }),
        })
    }
}

/// Tempo and meters of the chart's bars, if it has bars.
fn time(
    chart: &WrittenChart,
    aligned: &Alignment,
    chords: &Timeline,
) -> Option<(TempoMap, MeterMap)> {
    let mut track = Track::from_timeline(chords.clone(), TempoMap::default());
    match aligned.put_bars_into(&mut track, chart) {
        Ok(true) => Some((track.tempo().clone(), track.meters().clone())),
        _ => None,
    }
}
