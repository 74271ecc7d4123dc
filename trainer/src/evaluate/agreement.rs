//! Where two chord tracks agree.

use harmony::score::Metric;
use harmony::timeline::Segment;
use harmony::vocabulary::large;

use super::overlap::overlaps;

/// The agreement of two tracks.
pub(crate) struct Agreement {
    /// The first track, where the second agrees with it by majmin.
    pub track: Vec<Segment>,
    /// The segments of `track` where they also agree on the class of 170.
    pub classes: Vec<Segment>,
}

impl Agreement {
    pub(crate) fn new(first: &[Segment], second: &[Segment]) -> Self {
        let (mut track, mut classes) = (Vec::new(), Vec::new());
        for overlap in overlaps(first, second) {
            let (reference, other) = (&overlap.reference.label, overlap.label());
            if Metric::MajMin.compare(reference, other) != Some(true) {
                continue;
            }
            let common = Segment::new(overlap.start_s, overlap.end_s, reference.clone());
            let class = large::index_of(reference);
            if class == large::index_of(other) && class != large::UNKNOWN {
                classes.push(common.clone());
            }
            track.push(common);
        }
        Self { track, classes }
    }
}
