//! Tap tempo.

use std::f64::consts::TAU;

use harmony::edit::Command;
use harmony::time::{MAX_BPM, MIN_BPM};
use harmony::track::Track;

/// Fewer taps give no tempo.
pub(super) const LEAST: usize = 4;

/// After this many seconds without a tap, tapping has ended.
pub(super) const PAUSE_S: f64 = 1.5;

/// Only this many of the latest taps count.
const MOST: usize = 64;

/// The factors by which the tapped tempo may differ from beats that were found in a recording, if
/// the taps are within [`NEAR`] of one. With any other factor the beats would lie beside the
/// music.
const FACTORS: [f64; 9] = [0.25, 1.0 / 3.0, 0.5, 2.0 / 3.0, 1.0, 1.5, 2.0, 3.0, 4.0];
const NEAR: f64 = 0.08;

/// A tap.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tap {
    /// When, seconds of any clock.
    at_s: f64,
    /// The position in the track in seconds, while it plays.
    song_s: Option<f64>,
}

/// Taps, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taps(Vec<Tap>);

impl Taps {
    /// Adds a tap; `song_s` is the position in the track in seconds, while it plays.
    pub fn tap(&mut self, at_s: f64, song_s: Option<f64>) {
        if self.since(at_s).is_some_and(|since| since > PAUSE_S) {
            self.0.clear();
        }
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push(Tap { at_s, song_s });
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Seconds since the last one.
    pub fn since(&self, now_s: f64) -> Option<f64> {
        self.0.last().map(|tap| now_s - tap.at_s)
    }

    /// The tempo in beats a minute: the slope of a straight line through the taps.
    pub fn bpm(&self) -> Option<f64> {
        let count = self.0.len();
        if count < LEAST {
            return None;
        }
        let middle = (count - 1) as f64 / 2.0;
        let mean_s = self.0.iter().map(|tap| tap.at_s).sum::<f64>() / count as f64;
        let (mut above, mut below) = (0.0, 0.0);
        for (index, tap) in self.0.iter().enumerate() {
            let from = index as f64 - middle;
            above += from * (tap.at_s - mean_s);
            below += from * from;
        }
        let bpm = 60.0 * below / above;
        (MIN_BPM..=MAX_BPM).contains(&bpm).then_some(bpm)
    }

    /// The edit that gives a track the tapped tempo, and puts its beats where the taps were, if
    /// the song was playing. `None` if there are too few taps.
    pub fn edit(&self, track: &Track) -> Option<Command> {
        let first_s = self.0.iter().find_map(|tap| tap.song_s);
        let beat = track.tempo().beat_at(first_s.unwrap_or(0.0));
        let pulse = track.meters().meter_at(beat).pulse_beats();
        let now = track.tempo().bpm_at(beat);
        let tapped = self.bpm()? * pulse / now;
        let found = track.tempo().points().len() > 1;
        let near = |factor: &f64| (tapped / factor).ln().abs();
        let simple = FACTORS
            .into_iter()
            .min_by(|a, b| near(a).total_cmp(&near(b)));
        let factor = match simple.filter(|factor| found && near(factor) < NEAR) {
            Some(simple) => simple,
            None => tapped,
        };
        let scaled = track.tempo().scaled(factor).ok()?;
        // The mean place in the beat, as an angle, so that taps just before and just after the
        // beat average to the beat.
        let (mut sin, mut cos) = (0.0, 0.0);
        for song_s in self.0.iter().filter_map(|tap| tap.song_s) {
            let angle = TAU * scaled.beat_at(song_s) / pulse;
            sin += angle.sin();
            cos += angle.cos();
        }
        let turn = if sin == 0.0 && cos == 0.0 {
            0.0
        } else {
            sin.atan2(cos) / TAU
        };
        let by_s = turn * pulse * 60.0 / (now * factor);
        Some(Command::FitGrid { factor, by_s })
    }
}

#[cfg(test)]
mod tests {
    use harmony::edit::Editor;
    use harmony::time::{TempoMap, TempoPoint};
    use harmony::timeline::{Segment, Timeline};

    use super::*;

    fn track(tempo: TempoMap) -> Track {
        let chords = [Segment::new(0.0, 20.0, "C".parse().unwrap())];
        Track::from_timeline(Timeline::from_segments(chords).unwrap(), tempo)
    }

    fn taps(from_s: f64, step_s: f64, count: usize, playing: bool) -> Taps {
        let mut taps = Taps::default();
        for index in 0..count {
            // Nobody taps exactly.
            let off_s = if index % 2 == 0 { 0.012 } else { -0.012 };
            let at_s = from_s + step_s * index as f64 + off_s;
            taps.tap(100.0 + at_s, playing.then_some(at_s));
        }
        taps
    }

    fn after(taps: &Taps, tempo: TempoMap) -> TempoMap {
        let mut editor = Editor::new(track(tempo));
        let edit = taps.edit(editor.track()).unwrap();
        editor.apply(&edit).unwrap();
        let seconds = (
            editor.track().timeline().start_s(),
            editor.track().timeline().end_s(),
        );
        assert_eq!(seconds, (Some(0.0), Some(20.0)));
        let tempo = editor.track().tempo().clone();
        assert!(editor.undo() && editor.track().tempo() != &tempo);
        tempo
    }

    #[test]
    fn beats_lie_where_somebody_taps_along() {
        let tempo = after(&taps(1.3, 0.625, 8, true), TempoMap::default());
        assert!(
            (tempo.last_bpm() - 96.0).abs() < 1.0,
            "{}",
            tempo.last_bpm()
        );
        let beat = tempo.beat_at(1.3 + 3.5 * 0.625);
        assert!(((beat - 0.5) - (beat - 0.5).round()).abs() < 0.04, "{beat}");
    }

    #[test]
    fn while_the_song_stands_still_only_the_tempo_counts() {
        let tempo = after(&taps(1.3, 0.5 * 1.25, 5, false), TempoMap::default());
        assert!(tempo.time_at(0.0).abs() < 1e-9);
    }

    #[test]
    fn found_beats_are_counted_twice_and_stay_on_the_music() {
        let point = |time_s: f64, beat: f64| TempoPoint { time_s, beat };
        let map = TempoMap::new(vec![point(0.2, 0.0), point(10.2, 10.1)], 60.0).unwrap();
        let tempo = after(&taps(0.2, 0.51, 6, false), map);
        assert_eq!(tempo.points()[1], point(10.2, 20.2));
    }

    #[test]
    fn a_pause_begins_anew_and_three_taps_are_no_tempo() {
        let mut three = taps(0.0, 0.5, 3, true);
        assert_eq!(three.edit(&track(TempoMap::default())), None);
        three.tap(100.0 + 9.0, None);
        assert_eq!(three.count(), 1);
    }
}
