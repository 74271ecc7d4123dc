//! The confirmed track of a band, from its fused posteriors.

use std::collections::VecDeque;

use super::CALIBRATIONS;
use crate::beat::BeatSource;
use crate::decode::Posterior;
use crate::decode::path::join_silent_end;
use crate::features::centred_cqt::FILE_HOP_S;
use crate::live::certainly_no_chord;
use crate::refine::{Confirming, Refined};

/// Frames from one decoding to the next: 1.2 s.
const RUN_FRAMES: usize = 13;
/// The newest frames, which stay open: 1.5 s. Each of them was in two windows already.
const LAG_FRAMES: usize = 16;

/// The greatest distance from the first or last frame to the start or end of the song: two frames,
/// as parts may have one frame less than the grid.
const EDGE_S: f64 = 2.0 * FILE_HOP_S;

/// Confirms a band's chords, as the [refining engine](crate::refine::RefiningEngine) does those of
/// one stream.
pub struct BandConfirmer {
    origin_s: f64,
    confirming: Confirming,
    /// Posteriors of the frames that are not confirmed.
    open: VecDeque<Posterior>,
}

impl BandConfirmer {
    /// A confirmer whose first frame is at `origin_s` of the caller's clock, for a song that begins
    /// at `from_s`, which may lie between two frames but at most `EDGE_S` from the first.
    #[must_use]
    pub fn new(from_s: f64, origin_s: f64) -> Self {
        let from_s = if origin_s - from_s <= EDGE_S {
            from_s
        } else {
            origin_s
        };
        Self {
            origin_s,
            confirming: Confirming::from(from_s, origin_s),
            open: VecDeque::new(),
        }
    }

    /// Takes the next frame, one hop of the windowed network after the one before; `None` if no
    /// part has a vote. Returns the stretch that becomes final with it.
    pub fn hear(
        &mut self,
        posterior: Option<Posterior>,
        beats: &mut dyn BeatSource,
    ) -> Option<Refined> {
        self.open
            .push_back(posterior.unwrap_or_else(certainly_no_chord));
        if self.open.len() < RUN_FRAMES + LAG_FRAMES {
            return None;
        }
        let to = self.confirming.confirmed() + RUN_FRAMES as u64;
        // The change to frame `to` can lie as early as the middle of the frame before.
        let to_s = self.frame_s(to - 1);
        Some(self.confirm(to, to_s, beats))
    }

    /// Ends the song at `end_s`, or after the last frame if that is earlier by more than `EDGE_S`.
    pub fn finish(&mut self, end_s: f64, beats: &mut dyn BeatSource) -> Option<Refined> {
        if self.open.is_empty() {
            return None;
        }
        let to = self.confirming.confirmed() + self.open.len() as u64;
        let behind_s = self.frame_s(to);
        let to_s = if end_s - behind_s <= EDGE_S {
            end_s
        } else {
            behind_s
        };
        let mut refined = self.confirm(to, to_s, beats);
        join_silent_end(&mut refined.segments, |part| &mut part.segment);
        Some(refined)
    }

    /// The time of the next frame.
    #[must_use]
    pub fn next_s(&self) -> f64 {
        self.frame_s(self.confirming.confirmed() + self.open.len() as u64)
    }

    /// The longest time from a frame to its confirmation, in seconds.
    #[must_use]
    pub fn latency_s() -> f64 {
        (RUN_FRAMES + LAG_FRAMES) as f64 * FILE_HOP_S
    }

    fn frame_s(&self, frame: u64) -> f64 {
        self.origin_s + frame as f64 * FILE_HOP_S
    }

    fn confirm(&mut self, to: u64, to_s: f64, beats: &mut dyn BeatSource) -> Refined {
        let count = (to - self.confirming.confirmed()) as usize;
        let mut refined = {
            let open = self.open.make_contiguous();
            self.confirming.decode(open, to, to_s, beats)
        };
        self.open.drain(..count);
        refined.calibrate(CALIBRATIONS.track);
        refined
    }
}

#[cfg(test)]
mod tests {
    use super::super::fuse::tests::heard;
    use super::*;
    use crate::beat::NoBeats;

    #[test]
    fn stretches_join_and_end_where_the_song_does() {
        let mut confirmer = BandConfirmer::new(9.95, 10.0);
        let mut refined = Vec::new();
        for frame in 0..100 {
            let posterior = match frame {
                0..50 => Some(heard("C:maj/3", 0.8, 4)),
                50..80 => Some(heard("F:maj", 0.8, 5)),
                _ => None,
            };
            refined.extend(confirmer.hear(posterior, &mut NoBeats));
        }
        let end_s = confirmer.next_s();
        refined.extend(confirmer.finish(end_s, &mut NoBeats));
        assert!(confirmer.finish(end_s, &mut NoBeats).is_none());
        assert_eq!(refined[0].from_s, 9.95);
        for pair in refined.windows(2) {
            assert_eq!(pair[0].to_s, pair[1].from_s);
        }
        assert_eq!(refined.last().unwrap().to_s, end_s);
        let chords: Vec<(String, bool)> = refined
            .iter()
            .flat_map(|it| &it.segments)
            .map(|it| (it.segment.label.to_string(), it.continues))
            .collect();
        let begun: Vec<&str> = chords
            .iter()
            .filter(|(_, continues)| !continues)
            .map(|(label, _)| label.as_str())
            .collect();
        assert_eq!(begun, ["C:maj/3", "F:maj", "N"]);
    }
}
