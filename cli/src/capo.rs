//! Where a capo makes chords easier.

use harmony::track::Track;
use harmony::voicing::Instrument;

/// Where a capo makes most chords of a track open, in words; none where it is best without.
pub fn advice(track: &Track, instrument: &Instrument) -> Option<String> {
    let segments = track.timeline().segments().iter();
    let chords: Vec<_> = segments
        .filter_map(|segment| Some((segment.label.chord()?.clone(), segment.duration_s())))
        .collect();
    let (fret, share) = instrument.best_capo(&chords);
    (fret > 0).then(|| {
        let percent = share * 100.0;
        format!(
            "with a capo on fret {fret}, {percent:.0} % of the time has open chords; diagrams are without"
        )
    })
}
