//! A short track and its notation in tests.

use harmony::time::TempoMap;
use harmony::timeline::{Segment, Status, Timeline};
use harmony::track::Track;

use super::label;

/// [`four_bars`] as [`shape`] writes them.
pub const ALL: &str = "0-2 C:maj, 2-4 A:min, 4-6 F:maj, 6-8 G:7";

/// Four bars of one chord each, at 120 beats a minute; `with` gets each bar's number and segment.
pub fn four_bars(with: impl Fn(usize, &mut Segment)) -> Track {
    let names = ["C", "A:min", "F", "G:7"];
    let segments = names.iter().enumerate().map(|(bar, name)| {
        let start_s = 2.0 * bar as f64;
        let mut segment = Segment::new(start_s, start_s + 2.0, label(name));
        with(bar, &mut segment);
        segment
    });
    let timeline = Timeline::from_segments(segments).unwrap();
    Track::from_timeline(timeline, TempoMap::default())
}

/// `0-2 C:maj, 2-4 A:min?*`: provisional chords with a question mark, locked ones starred.
pub fn shape(track: &Track) -> String {
    let segments = track.timeline().segments().iter();
    let parts: Vec<String> = segments
        .map(|it| {
            let open = if it.status == Status::Provisional {
                "?"
            } else {
                ""
            };
            let lock = if it.locked { "*" } else { "" };
            format!("{}-{} {}{open}{lock}", it.start_s, it.end_s, it.label)
        })
        .collect();
    parts.join(", ")
}
