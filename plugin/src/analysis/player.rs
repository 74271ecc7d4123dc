//! The notes of the live chord on the MIDI output.

use harmony::label::Label;
use harmony::voicing::{Voiced, Voicing};
use recognizer::live::Shown;

use crate::params::ChangesParams;
use changes_realtime::midi_out::Notes;

/// After a jump of the song, a chord that continues sounds again only after this many seconds:
/// the recognizer is behind, and may still report what came before the jump.
const AGAIN_S: f64 = 0.3;

/// How the notes are chosen: a subset of the parameters.
#[derive(Clone, Copy, PartialEq)]
struct Choice {
    voicing: Voicing,
    octave: i32,
}

/// Follows the chord shown.
#[derive(Default)]
pub(super) struct Player {
    /// The number of the latest break of the song.
    epoch: u8,
    /// Until this second, a chord shown before the break does not sound.
    doubtful_until_s: f64,
    /// The last chord that was voiced, how, and its notes.
    voiced: Option<(Label, Choice, Voiced)>,
}

impl Player {
    /// The song stopped, jumped or started at `now_s`.
    pub(super) fn break_off(&mut self, epoch: u8, now_s: f64) {
        if epoch != self.epoch {
            self.epoch = epoch;
            self.doubtful_until_s = now_s + AGAIN_S;
        }
    }

    /// A chord was found after the latest break.
    pub(super) fn show(&mut self) {
        self.doubtful_until_s = f64::NEG_INFINITY;
    }

    /// The notes that should sound at `now_s`.
    pub(super) fn notes(
        &mut self,
        current: Option<&Shown>,
        params: &ChangesParams,
        now_s: f64,
    ) -> Notes {
        let label = current.map(|current| &current.label);
        let Some(Label::Chord(chord)) = label.filter(|_| now_s >= self.doubtful_until_s) else {
            return Notes::none(self.epoch);
        };
        let choice = Choice {
            voicing: params.midi_voicing.value().into(),
            octave: params.midi_octave.value(),
        };
        let same =
            |(of, how, _): &(Label, Choice, Voiced)| *how == choice && of.chord() == Some(chord);
        let voiced = match self.voiced.take() {
            Some(voiced) if same(&voiced) => voiced,
            before => {
                let before = before.as_ref().map(|(_, _, notes)| notes);
                let notes = choice.voicing.voice(chord, before);
                (Label::Chord(chord.clone()), choice, notes)
            }
        };
        let notes = Notes::from_voiced(&voiced.2, choice.octave, self.epoch);
        self.voiced = Some(voiced);
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recognizer::live::ShownState;

    fn current(label: &str) -> Shown {
        Shown {
            shown_at_s: 0.0,
            starts_at_s: 0.0,
            label: label.parse().unwrap(),
            state: ShownState::Provisional,
            confidence: 0.9,
            alternatives: Vec::new(),
        }
    }

    #[test]
    fn the_chord_sounds_and_silence_is_silent() {
        let (mut player, params) = (Player::default(), ChangesParams::default());
        let notes = player.notes(Some(&current("C:maj/3")), &params, 1.0);
        assert_eq!(notes.bass, Some(40));
        assert_eq!(notes.upper[..3], [Some(60), Some(64), Some(67)]);
        for silent in [None, Some(current("N")), Some(current("X"))] {
            let notes = player.notes(silent.as_ref(), &params, 2.0);
            assert_eq!(notes, Notes::none(0));
        }
    }

    #[test]
    fn after_a_jump_nothing_sounds_until_it_is_known_to_be_new() {
        let (mut player, params) = (Player::default(), ChangesParams::default());
        let chord = current("C:maj");
        player.notes(Some(&chord), &params, 1.0);
        player.break_off(1, 2.0);
        assert_eq!(player.notes(Some(&chord), &params, 2.1), Notes::none(1));
        assert_eq!(player.notes(Some(&chord), &params, 2.4).bass, Some(36));
        player.break_off(2, 3.0);
        player.show();
        let notes = player.notes(Some(&current("F:maj")), &params, 3.1);
        assert_eq!((notes.bass, notes.epoch), (Some(41), 2));
    }
}
