//! The chord track of a song: its chords, musical time, keys and sections.
//!
//! Chords lie at seconds and at beats, both kept in step by the track's tempo map: the
//! beats of every segment are those of the map at its seconds. Keys, sections and meters
//! lie at beats, and move with the music when its tempo changes.

mod saved;

pub use saved::{LoadError, MAX_SAVED_BYTES, VERSION};

use serde::{Deserialize, Serialize};

use crate::key::Key;
use crate::label::Label;
use crate::time::{MAX_BEAT, Meter, MeterMap, TempoMap, TimeError};
use crate::timeline::{Segment, Status, Timeline, TimelineError};

/// The most segments that a track may grow to, by analysis or by edits. Whatever alternatives they
/// have, a track of that size is saved in less than [`MAX_SAVED_BYTES`] and can be read again.
pub const MAX_GROWN_SEGMENTS: usize = 50_000;

/// The most key regions, and the most sections, of one track.
pub const MAX_REGIONS: usize = 10_000;

/// The longest title, composer or section label, in characters; longer ones are cut.
pub const MAX_TEXT_CHARS: usize = 200;

/// A key set by hand within this distance of an estimated modulation, in quarter notes, replaces
/// it: with more music the estimate may move by a bar or two.
pub const SAME_MODULATION_BEATS: f64 = 8.0;

/// Spans shorter than this, in quarter notes, are too short to be read or played: a sixteenth.
pub const SLIVER_BEATS: f64 = 0.25;

/// The most bars that a line of a chart may have.
pub const MAX_BARS_PER_LINE: u8 = 16;

/// A key from a beat on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyRegion {
    /// Quarter-note beats.
    pub beat: f64,
    /// The key.
    pub key: Key,
    /// Set by hand: [`Track::estimate_keys`] does not change it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
}

/// A section (`A`, `Verse`) from a beat on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Quarter-note beats.
    pub beat: f64,
    /// What charts write above its first bar.
    pub label: String,
}

/// Title, composer and layout of charts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// The title; empty where unknown.
    #[serde(default)]
    pub title: String,
    /// Who wrote it; empty where unknown.
    #[serde(default)]
    pub composer: String,
    /// Bars on a line of a chart, 1 … [`MAX_BARS_PER_LINE`].
    pub bars_per_line: u8,
}

impl Default for Info {
    fn default() -> Self {
        Self {
            title: String::new(),
            composer: String::new(),
            bars_per_line: 4,
        }
    }
}

/// What chords keep when the tempo of a track changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// Chords stay on their seconds: the music is a recording.
    Seconds,
    /// Chords stay on their beats: the host plays them at the new tempo.
    Beats,
}

/// A chord track.
///
/// Invariants: those of its parts; every segment has the beats of the tempo map; key regions and
/// sections have finite beats, in order and all different.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    info: Info,
    timeline: Timeline,
    tempo: TempoMap,
    meters: MeterMap,
    keys: Vec<KeyRegion>,
    sections: Vec<Section>,
}

impl Track {
    /// A track of chords at 120 beats a minute in 4/4.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The track of a timeline, at the tempo of its beats, if it has them, else at `tempo`.
    #[must_use]
    pub fn from_timeline(timeline: Timeline, tempo: TempoMap) -> Self {
        let tempo = TempoMap::from_timeline(&timeline).unwrap_or(tempo);
        let mut track = Self {
            timeline,
            tempo,
            ..Self::default()
        };
        track.stamp();
        track
    }

    /// The head of charts.
    #[must_use]
    pub const fn info(&self) -> &Info {
        &self.info
    }

    /// The chords.
    #[must_use]
    pub const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The tempo map.
    #[must_use]
    pub const fn tempo(&self) -> &TempoMap {
        &self.tempo
    }

    /// The meter map.
    #[must_use]
    pub const fn meters(&self) -> &MeterMap {
        &self.meters
    }

    /// The keys, in order.
    #[must_use]
    pub fn keys(&self) -> &[KeyRegion] {
        &self.keys
    }

    /// The sections, in order.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Sets title, composer and layout. Texts are cut at [`MAX_TEXT_CHARS`], control characters
    /// become spaces, bars a line are clamped to 1 … [`MAX_BARS_PER_LINE`].
    pub fn set_info(&mut self, info: Info) {
        self.info = Info {
            title: tidy(&info.title),
            composer: tidy(&info.composer),
            bars_per_line: info.bars_per_line.clamp(1, MAX_BARS_PER_LINE),
        };
    }

    /// The key at a beat: that of the last region from before it, or of the first
    /// region; `None` without any.
    #[must_use]
    pub fn key_at(&self, beat: f64) -> Option<Key> {
        // Within rounding error of its beat, a region has started.
        let after = self
            .keys
            .partition_point(|region| region.beat <= beat + 1e-6);
        let region = self.keys.get(after.saturating_sub(1))?;
        Some(region.key)
    }

    /// The key at a time in seconds.
    #[must_use]
    pub fn key_at_s(&self, time_s: f64) -> Option<Key> {
        self.key_at(self.tempo.beat_at(time_s))
    }

    /// The section that a beat lies in.
    #[must_use]
    pub fn section_at(&self, beat: f64) -> Option<&Section> {
        let after = self
            .sections
            .partition_point(|section| section.beat <= beat + 1e-6);
        self.sections.get(after.checked_sub(1)?)
    }

    /// Sets the key from a beat to the next region, by hand; `None` removes the region there.
    ///
    /// # Errors
    /// A beat that is not finite, too many regions.
    pub fn set_key(&mut self, beat: f64, key: Option<Key>) -> Result<(), TimeError> {
        let new = key.map(|key| KeyRegion {
            beat,
            key,
            by_hand: true,
        });
        put(&mut self.keys, beat, new, |region| region.beat)
    }

    /// Sets all keys at once.
    ///
    /// # Errors
    /// Regions that are not finite, or too many.
    pub fn set_keys(&mut self, mut keys: Vec<KeyRegion>) -> Result<(), TimeError> {
        check(&keys, |region| region.beat)?;
        keys.sort_by(|a, b| a.beat.total_cmp(&b.beat));
        // If two regions are on a beat, the later one counts.
        keys.reverse();
        keys.dedup_by(|next, kept| next.beat == kept.beat);
        keys.reverse();
        self.keys = keys;
        Ok(())
    }

    /// Finds the keys from the chords ([`crate::key::estimate`]) and sets them, each from the
    /// barline nearest to its first chord.
    ///
    /// Keys set by hand stay. Each replaces the estimated region that it was set in, or that begins
    /// within [`SAME_MODULATION_BEATS`] of it, up to the next modulation.
    ///
    /// # Errors
    /// More modulations than a track may have regions.
    pub fn estimate_keys(&mut self) -> Result<(), TimeError> {
        self.estimate_keys_of(&self.timeline.clone())
    }

    /// As [`estimate_keys`](Self::estimate_keys), but from other chords than the track's own, such
    /// as only the confirmed ones.
    ///
    /// # Errors
    /// As [`estimate_keys`](Self::estimate_keys).
    pub fn estimate_keys_of(&mut self, timeline: &Timeline) -> Result<(), TimeError> {
        let spans = crate::key::estimate(timeline);
        let regions = spans.iter().map(|span| {
            let beat = self.tempo.beat_at(span.start_s);
            let bar = self.meters.bar_at(beat);
            let middle = f64::midpoint(bar.start, bar.end);
            KeyRegion {
                beat: if beat < middle { bar.start } else { bar.end },
                key: span.key,
                by_hand: false,
            }
        });
        let by_hand = self.keys.iter().filter(|region| region.by_hand).copied();
        let mut keys: Vec<KeyRegion> = by_hand.collect();
        let corrected = |place: usize, beat: f64| {
            self.keys.iter().any(|hand| {
                let far = hand.beat - beat;
                // A key set before the first estimated region can only mean that region.
                let before = place == 0 && far <= 0.0;
                hand.by_hand && (before || far.abs() <= SAME_MODULATION_BEATS)
            })
        };
        let found = regions.enumerate();
        keys.extend(found.filter_map(|(place, it)| (!corrected(place, it.beat)).then_some(it)));
        keys.sort_by(|a, b| a.beat.total_cmp(&b.beat));
        // A region with the key of the one before is redundant.
        let mut key = None;
        keys.retain(|region| {
            let news = region.by_hand || key != Some(region.key);
            key = Some(region.key);
            news
        });
        self.set_keys(keys)
    }

    /// Sets the label of the section from a beat on; `None` removes the section at the beat.
    ///
    /// # Errors
    /// A beat that is not finite, too many sections.
    pub fn set_section(&mut self, beat: f64, label: Option<&str>) -> Result<(), TimeError> {
        let new = label.map(|label| Section {
            beat,
            label: tidy(label),
        });
        put(&mut self.sections, beat, new, |section| section.beat)
    }

    /// Sets the meter from a beat on, which starts a bar.
    ///
    /// # Errors
    /// A beat that is not finite, too many changes.
    pub fn set_meter(&mut self, beat: f64, meter: Meter) -> Result<(), TimeError> {
        self.meters.set(beat, meter)
    }

    /// Sets all meters at once.
    pub fn set_meters(&mut self, meters: MeterMap) {
        self.meters = meters;
    }

    /// Sets the tempo map; chords stay on their seconds or on their beats.
    ///
    /// # Errors
    /// With [`Keep::Beats`], a map that brings chords before second 0. Nothing has
    /// changed then.
    pub fn set_tempo(&mut self, tempo: TempoMap, keep: Keep) -> Result<(), TimelineError> {
        if keep == Keep::Beats {
            let segments = self.timeline.segments().iter().map(|segment| {
                let at = |time_s: f64| tempo.time_at(self.tempo.beat_at(time_s));
                Segment {
                    start_s: at(segment.start_s),
                    end_s: at(segment.end_s),
                    start_beat: None,
                    end_beat: None,
                    ..segment.clone()
                }
            });
            self.timeline = Timeline::from_segments(joined(segments.collect()))?;
        }
        self.tempo = tempo;
        self.stamp();
        Ok(())
    }

    /// Counts `factor` times as many beats in the same time, from beat 0 on. Everything stays at
    /// its second: the beats of chords, meters, keys and sections are scaled.
    ///
    /// # Errors
    /// A factor that brings a tempo out of bounds or a beat beyond [`MAX_BEAT`]. Nothing has
    /// changed then.
    pub fn scale_tempo(&mut self, factor: f64) -> Result<(), TimeError> {
        let tempo = self.tempo.scaled(factor)?;
        let meters = self.meters.scaled(factor)?;
        let keys = self.keys.iter().map(|region| KeyRegion {
            beat: region.beat * factor,
            ..*region
        });
        let keys = in_order(keys.collect(), |region| region.beat)?;
        let sections = self.sections.iter().map(|section| Section {
            beat: section.beat * factor,
            ..section.clone()
        });
        let sections = in_order(sections.collect(), |section| section.beat)?;
        (self.tempo, self.meters) = (tempo, meters);
        (self.keys, self.sections) = (keys, sections);
        self.stamp();
        Ok(())
    }

    /// Replaces the chords in `from_s` … `to_s`, as when a passage is played again. Locked chords
    /// stay whole; the rest of the range gets the new segments, and is unknown between them. Equal
    /// neighbours within the range and at its edges are joined.
    ///
    /// # Errors
    /// As [`Timeline::replace_range`], and [`TimelineError::Full`] where the track would grow
    /// past [`MAX_GROWN_SEGMENTS`].
    pub fn replace_range(
        &mut self,
        from_s: f64,
        to_s: f64,
        segments: impl IntoIterator<Item = Segment>,
    ) -> Result<(), TimelineError> {
        let mut timeline = self.timeline.clone();
        timeline.replace_range(from_s, to_s, segments)?;
        for locked in self.timeline.range(from_s, to_s) {
            if locked.locked {
                timeline.insert(locked.clone())?;
            }
        }
        timeline.merge_equal_within(from_s, to_s);
        self.check_growth(&timeline)?;
        self.timeline = timeline;
        self.stamp();
        Ok(())
    }

    /// Checks that a timeline may replace the current one.
    pub(crate) fn check_growth(&self, timeline: &Timeline) -> Result<(), TimelineError> {
        let most = MAX_GROWN_SEGMENTS;
        if timeline.len() > most && timeline.len() > self.timeline.len() {
            return Err(TimelineError::Full { most });
        }
        Ok(())
    }

    /// Finds the keys from the confirmed chords ([`estimate_keys_of`](Self::estimate_keys_of)).
    ///
    /// # Errors
    /// As [`estimate_keys`](Self::estimate_keys).
    pub fn estimate_keys_of_confirmed(&mut self) -> Result<(), TimeError> {
        let segments = self.timeline.segments().iter();
        let last = segments.filter(|segment| segment.status == Status::Confirmed);
        match Timeline::from_segments(last.cloned()) {
            Ok(timeline) => self.estimate_keys_of(&timeline),
            // Segments of a timeline are in order.
            Err(_) => Ok(()),
        }
    }

    /// The track with mapped labels; neighbours that have become equal are joined. Keys and
    /// alternatives stay.
    #[must_use]
    pub fn map_labels(&self, map: impl FnMut(&Label) -> Label) -> Self {
        let mut track = self.clone();
        track.set_timeline(self.timeline.map_labels(map));
        track
    }

    /// The track `semitones` higher: chords, alternatives and keys. Roots are spelled as the keys
    /// spell them.
    #[must_use]
    pub fn transposed(&self, semitones: i32) -> Self {
        let mut track = self.clone();
        if semitones.rem_euclid(12) == 0 {
            return track;
        }
        for region in &mut track.keys {
            region.key = region.key.transposed(semitones);
        }
        let segments = self.timeline.segments().iter().map(|segment| {
            let key = track.key_at_s(segment.start_s);
            let moved = |label: &Label| match (label.transposed(semitones), key) {
                (Label::Chord(chord), Some(key)) => {
                    let root = key.spell(chord.root().pitch_class());
                    Label::Chord(chord.with_root(root))
                }
                (label, _) => label,
            };
            let mut segment = segment.clone();
            segment.label = moved(&segment.label);
            for other in &mut segment.alternatives {
                other.label = moved(&other.label);
            }
            segment
        });
        // The segments have kept their times, so they form a timeline.
        if let Ok(timeline) = Timeline::from_segments(segments) {
            track.timeline = timeline;
        }
        track
    }

    /// A copy for exports with the differently confirmed or locked parts of a chord joined, as by
    /// [`Timeline::merge_labels`].
    pub(crate) fn with_whole_chords(&self) -> Self {
        let mut track = self.clone();
        track.timeline.merge_labels();
        track
    }

    /// A copy for exports that musicians play from. Silence and unknown time shorter than
    /// [`SLIVER_BEATS`], which recognition leaves where music starts or changes, are added to the
    /// chord before them, or to the first.
    pub(crate) fn without_slivers(&self) -> Self {
        let mut track = self.clone();
        track.timeline.absorb(|segment| {
            let beats = |time_s| self.tempo.beat_at(time_s);
            !segment.locked
                && !matches!(segment.label, Label::Chord(_))
                && beats(segment.end_s) - beats(segment.start_s) < SLIVER_BEATS
        });
        track
    }

    /// Replaces all chords, locked or not: for edits.
    pub(crate) fn set_timeline(&mut self, timeline: Timeline) {
        self.timeline = timeline;
        self.stamp();
    }

    /// Restores an earlier tempo map; chords stay on their seconds.
    pub(crate) fn restore_tempo(&mut self, tempo: TempoMap) {
        self.tempo = tempo;
        self.stamp();
    }

    /// Restores earlier keys.
    pub(crate) fn restore_keys(&mut self, keys: Vec<KeyRegion>) {
        self.keys = keys;
    }

    /// Restores earlier sections.
    pub(crate) fn restore_sections(&mut self, sections: Vec<Section>) {
        self.sections = sections;
    }

    /// Gives every segment the beats of the tempo map.
    fn stamp(&mut self) {
        let tempo = &self.tempo;
        self.timeline.set_beats(|time_s| tempo.beat_at(time_s));
    }
}

/// Segments whose ends were computed separately, without gaps or overlaps from rounding.
fn joined(mut segments: Vec<Segment>) -> Vec<Segment> {
    for index in 1..segments.len() {
        segments[index - 1].end_s = segments[index].start_s;
    }
    segments
}

/// Inserts a region in place of any at the same beat, or removes the one at the beat.
fn put<T: Clone>(
    regions: &mut Vec<T>,
    beat: f64,
    new: Option<T>,
    beat_of: impl Fn(&T) -> f64,
) -> Result<(), TimeError> {
    let mut changed = regions.clone();
    match new {
        Some(new) => {
            changed.retain(|region| beat_of(region) != beat);
            let at = changed.partition_point(|region| beat_of(region) < beat);
            changed.insert(at, new);
        }
        None => {
            let after = changed.partition_point(|region| beat_of(region) <= beat);
            if let Some(index) = after.checked_sub(1) {
                changed.remove(index);
            }
        }
    }
    check(&changed, beat_of)?;
    *regions = changed;
    Ok(())
}

fn check<T>(regions: &[T], beat_of: impl Fn(&T) -> f64) -> Result<(), TimeError> {
    if regions.len() > MAX_REGIONS {
        return Err(TimeError::TooMany {
            count: regions.len(),
            most: MAX_REGIONS,
        });
    }
    for (index, region) in regions.iter().enumerate() {
        let beat = beat_of(region);
        if !(-MAX_BEAT..=MAX_BEAT).contains(&beat) {
            return Err(TimeError::Change { index, beat });
        }
    }
    Ok(())
}

/// Sorts regions and keeps one per beat.
fn in_order<T>(regions: Vec<T>, beat_of: impl Fn(&T) -> f64) -> Result<Vec<T>, TimeError> {
    check(&regions, &beat_of)?;
    for (index, pair) in regions.windows(2).enumerate() {
        let (before, beat) = (beat_of(&pair[0]), beat_of(&pair[1]));
        if beat <= before {
            let index = index + 1;
            return Err(TimeError::Change { index, beat });
        }
    }
    Ok(regions)
}

/// A text as one line, not too long.
fn tidy(text: &str) -> String {
    // Characters that end a line or may not be in a file: the last two of each plane are
    // noncharacters.
    let is_none = |c: char| {
        c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || u32::from(c) & 0xFFFE == 0xFFFE
    };
    let plain = text.trim().chars().take(MAX_TEXT_CHARS);
    plain.map(|c| if is_none(c) { ' ' } else { c }).collect()
}
