//! The confirmed track of a band.

use recognizer::band::{BandConfirmer, Cell, Lane};
use recognizer::refine::Refined;

use super::Tag;
use super::ensemble::fused;
use super::live::Live;
use crate::session::Session;

/// A part of a run without gaps.
struct Stretch {
    run: u64,
    /// The grid place that comes next.
    next: i64,
    confirmer: BandConfirmer,
}

/// The confirmed track of what a band plays.
#[derive(Default)]
pub(super) struct Confirmed {
    stretch: Option<Stretch>,
}

impl Confirmed {
    /// Takes the next frame. Returns whether something became final.
    pub(super) fn hear(&mut self, cell: &Cell<Tag>, live: &mut Live, session: &Session) -> bool {
        let Some(place) = live.place(cell.run) else {
            return false;
        };
        let goes_on = |it: &Stretch| it.run == cell.run && it.next == cell.place;
        let mut changed = false;
        if !self.stretch.as_ref().is_some_and(goes_on) {
            changed = self.finish(f64::INFINITY, live, session);
            let hop_s = Lane::Refined.hop_s();
            let origin_s = place.stream_s(cell.place as f64 * hop_s);
            self.stretch = Some(Stretch {
                run: cell.run,
                next: cell.place,
                confirmer: BandConfirmer::new(place.start_s(), origin_s),
            });
        }
        let Some(stretch) = &mut self.stretch else {
            return changed;
        };
        stretch.next += 1;
        let refined = {
            let beats = &mut live.history.grid_since(0.0);
            stretch.confirmer.hear(fused(cell), beats)
        };
        write(refined, live, session) || changed
    }

    /// Ends a run: nothing more of it becomes final after this. Returns whether something
    /// became final now.
    pub(super) fn end_run(&mut self, run: u64, live: &mut Live, session: &Session) -> bool {
        let Some(place) = live.place(run) else {
            return false;
        };
        let changed = match &self.stretch {
            Some(stretch) if stretch.run == run => self.finish(place.end_s(), live, session),
            _ => false,
        };
        live.forget(run);
        changed
    }

    /// Makes all of the stretch final, up to `end_s` of the band's stream at most.
    fn finish(&mut self, end_s: f64, live: &mut Live, session: &Session) -> bool {
        let Some(mut stretch) = self.stretch.take() else {
            return false;
        };
        let refined = {
            let beats = &mut live.history.grid_since(0.0);
            stretch.confirmer.finish(end_s, beats)
        };
        write(refined, live, session)
    }
}

fn write(refined: Option<Refined>, live: &mut Live, session: &Session) -> bool {
    if let Some(refined) = &refined {
        live.history.confirm(refined, 0.0, session);
    }
    refined.is_some()
}
