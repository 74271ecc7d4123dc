//! Suggestion of a capo.

use harmony::track::Track;
use harmony::voicing::Instrument;

/// The capo that makes most chords of a track open, in words; `None` if no capo is best.
pub fn advice(track: &Track, instrument: &Instrument) -> Option<String> {
    let segments = track.timeline().segments().iter();
    let chords: Vec<_> = segments
        .filter_map(|segment| Some((segment.label.chord()?.clone(), segment.duration_s())))
        .collect();
    let (fret, share) = instrument.best_capo(&chords);
    (fret > 0).then(|| {
        let percent = share * 100.0;
        format!(
            "a capo on fret {fret} gives open chords {percent:.0} % of the time; the diagrams are without a capo"
        )
    })
}
