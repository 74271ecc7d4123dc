//! One band: its members, and what their parts say together.

use std::collections::BTreeMap;
use std::sync::Arc;

use recognizer::band::{Cell, Gathered, Gathering, Lane, Part, Spoken, Vote, fuse};
use recognizer::decode::Posterior;
use recognizer::live::LiveSettings;

use super::confirmed::Confirmed;
use super::live::Live;
use super::{Picture, Tag};
use crate::session::{Session, Song};
use crate::snapshot::Standing;
use changes_realtime::settings::Settings;

/// An instance of the band.
pub(super) struct Member {
    pub(super) part: Part,
    pub(super) session: Arc<Session>,
    pub(super) settings: Settings,
    /// Whether it has audio, so that the others wait for its frames.
    pub(super) active: bool,
}

/// A band.
pub(super) struct Ensemble {
    members: BTreeMap<u64, Member>,
    together: bool,
    /// The session that all of them write into while they play together.
    session: Session,
    gathering: Gathering<Tag>,
    live: Live,
    confirmed: Confirmed,
    /// How often the track had been replaced when this was heard.
    replaced: u32,
    picture: Arc<Picture>,
    /// Set while the ensemble runs: after an error its state is not used any further.
    at_work: bool,
}

impl Default for Ensemble {
    fn default() -> Self {
        Self {
            members: BTreeMap::new(),
            together: false,
            session: Session::of_band(),
            gathering: Gathering::default(),
            live: Live::default(),
            confirmed: Confirmed::default(),
            replaced: 0,
            picture: Arc::default(),
            at_work: false,
        }
    }
}

impl Ensemble {
    /// Adds an instance to the band, or gives it another part.
    pub(super) fn admit(&mut self, id: u64, member: Member) {
        let before = self.members.get(&id);
        let same = before.is_some_and(|it| it.part == member.part);
        if same && before.is_some_and(|it| it.settings == member.settings) {
            self.wait_for(id, member.active);
            return;
        }
        if !same {
            // Its frames so far belong to its old part.
            self.gathering.unseat(id);
        }
        let active = member.active;
        self.members.insert(id, member);
        self.regroup();
        self.wait_for(id, active);
    }

    /// Removes an instance that is gone or has moved to another band.
    pub(super) fn dismiss(&mut self, id: u64) {
        self.gathering.unseat(id);
        if let Some(member) = self.members.remove(&id) {
            if self.together {
                member.session.leave();
            }
            self.regroup();
            if self.together {
                self.advance();
            }
        }
    }

    /// Sets whether the others wait for the frames of an instance.
    fn wait_for(&mut self, id: u64, active: bool) {
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        member.active = active;
        if !self.together {
            return;
        }
        let wanted = active && member.part != Part::Drums;
        if wanted != self.gathering.is_seated(id) {
            if wanted {
                self.gathering.seat(id, member.part);
            } else {
                self.gathering.unseat(id);
                self.advance();
            }
        }
    }

    /// The standing of an instance with a part in the band of this letter.
    pub(super) fn standing(&self, part: Part, band: char) -> Standing {
        if self.together {
            let mut parts: Vec<Part> = self.members.values().map(|it| it.part).collect();
            parts.sort();
            Standing::Together { band, parts }
        } else if part == Part::Mix {
            Standing::Alone
        } else {
            Standing::Missing { band }
        }
    }

    pub(super) fn picture(&self) -> Arc<Picture> {
        Arc::clone(&self.picture)
    }

    pub(super) fn speak(&mut self, lane: Lane, id: u64, spoken: Spoken<Tag>) {
        self.gathering.speak(lane, id, spoken);
    }

    pub(super) fn pause(&mut self, lane: Lane, id: u64) {
        self.gathering.pause(lane, id);
    }

    /// Decodes the places that have become complete.
    pub(super) fn advance(&mut self) {
        if std::mem::replace(&mut self.at_work, true) || self.replaced != self.session.replaced() {
            self.restart();
        }
        let needs_chords = self.members.values().any(|it| it.part.tells_chords());
        let mut changed = false;
        for gathered in self.gathering.gather(Lane::Live) {
            match gathered {
                Gathered::Cell(cell) => {
                    let speaks = !needs_chords || tells_chords(&cell);
                    changed |= self.live.hear(cell, speaks, &self.session);
                }
                Gathered::End(_) => self.live.end_run(&self.session),
            }
        }
        let mut confirmed = false;
        for gathered in self.gathering.gather(Lane::Refined) {
            confirmed |= match gathered {
                Gathered::Cell(cell) => self.confirmed.hear(&cell, &mut self.live, &self.session),
                Gathered::End(run) => self.confirmed.end_run(run, &mut self.live, &self.session),
            };
        }
        if changed || confirmed {
            let chords = self.picture.chords + u64::from(changed);
            self.picture = Arc::new(Picture {
                current: self.live.current().cloned(),
                said: self.live.said(),
                confirmed_to_s: self.live.confirmed_to_s(&self.session),
                chords,
            });
        }
        self.at_work = false;
    }

    /// Decides anew whether the band plays together.
    fn regroup(&mut self) {
        let parts = || self.members.values().map(|it| it.part);
        let together = parts().count() > 1 && parts().any(|part| part != Part::Mix);
        if together {
            for member in self.members.values() {
                member.session.join(&self.session);
            }
            self.live.set(self.settings());
        }
        if together == self.together {
            return;
        }
        self.together = together;
        self.restart();
        if together {
            // All of them at once: otherwise the first to come would have the first frames for
            // itself.
            let waiting = self.members.iter();
            let waiting = waiting.filter(|(_, it)| it.active && it.part != Part::Drums);
            for (id, member) in waiting {
                self.gathering.seat(*id, member.part);
            }
        }
        if !together {
            let mut members = self.members.values();
            // The first of them keeps the band's session, the others get a copy of its track.
            let first = members.next();
            for member in members {
                member.session.leave();
            }
            if let Some(first) = first {
                first.session.inherit();
            }
            self.session = Session::of_band();
            self.gathering = Gathering::default();
            self.replaced = self.session.replaced();
        }
    }

    /// Starts afresh: what follows has nothing to do with what was heard.
    fn restart(&mut self) {
        let seated: Vec<(u64, Part)> = self
            .members
            .iter()
            .filter(|(id, _)| self.gathering.is_seated(**id))
            .map(|(id, member)| (*id, member.part))
            .collect();
        self.gathering = Gathering::default();
        for (id, part) in seated {
            self.gathering.seat(id, part);
        }
        self.live = Live::default();
        self.live.set(self.settings());
        self.confirmed = Confirmed::default();
        self.session
            .record(self.session.loads(), Song::change_writer);
        self.replaced = self.session.replaced();
        self.picture = Arc::new(Picture {
            chords: self.picture.chords + 1,
            ..Picture::default()
        });
    }

    /// Common settings: the mean sensitivity of the chord parts, and the longest hold.
    fn settings(&self) -> LiveSettings {
        let of = |wanted: fn(Part) -> bool| -> Vec<Settings> {
            let members = self.members.values().filter(|it| wanted(it.part));
            members.map(|it| it.settings).collect()
        };
        let mut settings = of(Part::tells_chords);
        if settings.is_empty() {
            settings = of(|_| true);
        }
        let mut sensitivities: Vec<f32> = settings.iter().map(|it| it.sensitivity).collect();
        sensitivities.sort_by(f32::total_cmp);
        let default = LiveSettings::default();
        LiveSettings {
            sensitivity: if sensitivities.is_empty() {
                default.sensitivity
            } else {
                sensitivities.iter().sum::<f32>() / sensitivities.len() as f32
            },
            hold_s: settings.iter().map(|it| it.hold_s).fold(0.0, f32::max),
            ..default
        }
    }
}

/// Whether a part that can recognize chords has a frame there.
fn tells_chords(cell: &Cell<Tag>) -> bool {
    let mut heard = cell.heard.iter();
    heard.any(|it| it.part.tells_chords() || it.midi.is_some())
}

/// The posterior of all parts at a place, if any has one.
pub(super) fn fused(cell: &Cell<Tag>) -> Option<Posterior> {
    const NO_NOTES: [f32; 12] = [0.0; 12];
    let mut votes = Vec::with_capacity(cell.heard.len() + 1);
    for heard in &cell.heard {
        if !heard.frame.silent {
            votes.push(Vote {
                part: heard.part,
                posterior: &heard.frame.posterior,
                notes: &heard.frame.notes,
            });
        }
        votes.extend(heard.midi.as_ref().map(|posterior| Vote {
            part: Part::Midi,
            posterior,
            notes: &NO_NOTES,
        }));
    }
    fuse(&votes)
}
