use recognizer::live::FRAME_S;

use super::*;
use crate::params::{BandChoice, PartChoice};
use changes_realtime::transport::Anchor;
use harmony::label::Label;
use harmony::vocabulary::large;
use nice_plug::prelude::{EnumParam, Param};

const RATE: f64 = 48_000.0;
const BPM: f64 = 120.0;

/// A posterior that is sure of a label and of a bass; 12 is none.
fn says(label: &str, bass: usize) -> Posterior {
    let mut chord = [0.0; large::LEN];
    chord[large::index_of(&label.parse().unwrap())] = 8.0;
    let mut basses = [0.0; 13];
    basses[bass] = 6.0;
    Posterior::from_logits(&chord, Some(&basses), None)
}

/// An instance without audio that contributes given frames.
struct Player {
    seat: Seat,
    params: ChangesParams,
    part: PartChoice,
    history: History,
    /// Second of the stream at which the song begins.
    begins_s: f64,
    /// How many frames of the song were contributed, for each lane.
    said: [u64; 2],
}

/// The chord of the keys and the bass note at a second of the song.
fn song(at_s: f64) -> (&'static str, usize) {
    match at_s {
        0.0..4.0 => ("C", 4),
        4.0..8.0 => ("F", 5),
        8.0..12.0 => ("G:7", 11),
        _ => ("C", 0),
    }
}

const LENGTH_S: f64 = 16.0;

fn at_song(song_s: f64) -> HostPosition {
    HostPosition {
        playing: true,
        tempo_bpm: Some(BPM),
        signature: Some((4, 4)),
        seconds: Some(song_s),
        beats: Some(song_s * BPM / 60.0),
        ..HostPosition::default()
    }
}

impl Player {
    fn new(bands: &Arc<Bands>, part: PartChoice, begins_s: f64) -> Self {
        let params = ChangesParams::default();
        set(&params.part, part);
        let mut history = History::new(0.0, RATE);
        history.anchor(Anchor {
            sample: 0,
            host: HostPosition::default(),
        });
        history.break_off(1);
        let mut player = Self {
            seat: Seat::new(bands),
            params,
            part,
            history,
            begins_s,
            said: [0; 2],
        };
        player.follow(true);
        player
    }

    fn follow(&mut self, active: bool) {
        self.seat.follow(&self.params, &self.params.session, active);
    }

    fn start(&mut self) {
        self.history
            .advance_to((self.begins_s * RATE).round() as u64);
        self.history.anchor(Anchor {
            sample: (self.begins_s * RATE).round() as u64,
            host: at_song(0.0),
        });
        self.history.break_off(2);
    }

    /// Contributes the frames of the song up to a second of it.
    fn say(&mut self, to_s: f64) {
        for (lane, index) in [(Lane::Live, 0), (Lane::Refined, 1)] {
            let late_s = if index == 0 { 0.0 } else { 3.0 };
            let mut frames = Vec::new();
            loop {
                let stream_s = self.said[index] as f64 * lane.hop_s();
                let song_s = stream_s - self.begins_s;
                if song_s >= to_s - late_s {
                    break;
                }
                self.said[index] += 1;
                let (chord, bass) = song(song_s);
                let (posterior, silent) = match self.part {
                    PartChoice::Bass => (says("X", bass), false),
                    PartChoice::Melody => (says("X", 12), !(4.0..8.0).contains(&song_s)),
                    _ => (says(chord, 12), false),
                };
                frames.push(PartFrame {
                    time_s: stream_s,
                    posterior,
                    notes: [1.0 / 12.0; 12],
                    silent,
                });
            }
            self.history
                .advance_to(((to_s + self.begins_s) * RATE) as u64);
            self.seat
                .say(lane, frames, 0.0, &self.history, &MidiNotes::default());
        }
    }

    fn track(&self) -> Vec<(f64, f64, String)> {
        let round = |value: f64| (value * 1000.0).round() / 1000.0;
        let track = self.params.session.track();
        let segments = track.timeline().segments().iter();
        let chords = segments.filter(|it| it.label.chord().is_some());
        chords
            .map(|it| (round(it.start_s), round(it.end_s), it.label.to_string()))
            .collect()
    }
}

fn set<P: nice_plug::prelude::Enum + PartialEq + 'static>(param: &EnumParam<P>, value: P) {
    let normalized = param.preview_normalized(value);
    // SAFETY: the parameter outlives the call.
    unsafe { param.as_ptr()._internal_set_normalized_value(normalized) };
}

/// Plays the song through such a band; `order` is the order of the instances in each round.
fn play(order: &[usize], step_s: f64, begins_s: [f64; 3]) -> Vec<(f64, f64, String)> {
    let parts = [PartChoice::Harmony, PartChoice::Bass, PartChoice::Melody];
    let bands = Arc::default();
    let mut players: Vec<Player> = order
        .iter()
        .map(|index| Player::new(&bands, parts[*index], begins_s[*index]))
        .collect();
    for player in &mut players {
        player.follow(true);
        player.start();
    }
    let mut to_s = 0.0;
    while to_s < LENGTH_S + 4.0 {
        to_s += step_s;
        for player in &mut players {
            player.say(to_s.min(LENGTH_S + 3.0));
        }
    }
    for player in &players {
        player.seat.fall_silent();
    }
    let track = players[0].track();
    assert!(players.iter().all(|it| it.track() == track));
    track
}

#[test]
fn the_band_has_one_track_with_the_bass_of_the_bass_in_any_order_and_blocks() {
    let begins_s = [0.5, 0.7, 1.1];
    let wanted = play(&[0, 1, 2], 0.05, begins_s);
    let labels: Vec<&str> = wanted.iter().map(|it| it.2.as_str()).collect();
    assert_eq!(labels[..4], ["C:maj/3", "F:maj", "G:7/3", "C:maj"]);
    for (chord, start_s) in wanted.iter().zip([0.0, 4.0, 8.0, 12.0]) {
        assert!((chord.0 - start_s).abs() < 0.06, "{wanted:?}");
    }
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for step_s in [0.011, 0.34, 0.9] {
            assert_eq!(play(&order, step_s, begins_s), wanted, "{order:?} {step_s}");
        }
    }
}

#[test]
fn an_instance_without_a_band_is_told_so_and_writes_for_itself() {
    let bands = Arc::default();
    let mut mix = Player::new(&bands, PartChoice::Mix, 0.0);
    assert_eq!(*mix.seat.standing(), Standing::Alone);
    let mut other = Player::new(&bands, PartChoice::Mix, 0.0);
    mix.follow(true);
    assert_eq!(*mix.seat.standing(), Standing::Alone);
    assert!(!mix.seat.is_together() && mix.seat.picture().is_none());
    // Another part makes the two a band; in another band the instance is alone.
    set(&other.params.part, PartChoice::Bass);
    other.follow(true);
    mix.follow(true);
    let parts = vec![Part::Mix, Part::Bass];
    assert_eq!(
        *mix.seat.standing(),
        Standing::Together { band: 'A', parts }
    );
    set(&other.params.band, BandChoice::C);
    other.follow(true);
    mix.follow(true);
    assert_eq!(*mix.seat.standing(), Standing::Alone);
    assert_eq!(*other.seat.standing(), Standing::Missing { band: 'C' });
}

#[test]
fn a_part_that_is_removed_or_stays_away_holds_nobody_up() {
    let bands = Arc::default();
    let mut keys = Player::new(&bands, PartChoice::Harmony, 0.0);
    let mut bass = Player::new(&bands, PartChoice::Bass, 0.0);
    let _idle = Player::new(&bands, PartChoice::Mix, 0.0);
    for player in [&mut keys, &mut bass] {
        player.follow(true);
        player.start();
    }
    for second in 1..=6 {
        keys.say(f64::from(second));
        bass.say(f64::from(second));
    }
    let picture = keys.seat.picture().unwrap();
    let current = picture.current.clone().unwrap();
    assert_eq!(current.label, "F:maj".parse::<Label>().unwrap());
    assert!(picture.said.contains(&Said::Nothing(Part::Mix)) || picture.said.len() == 2);
    drop(bass);
    for second in 7..=20 {
        keys.say(f64::from(second));
    }
    keys.seat.fall_silent();
    let track = keys.track();
    assert_eq!(track[0].2, "C:maj/3");
    assert_eq!(track[2].2, "G:7", "{track:?}");
    assert!(track[3].1 >= 15.0);
}

#[test]
fn the_bass_by_itself_writes_no_chords_over_those_of_the_band() {
    let bands = Arc::default();
    let mut keys = Player::new(&bands, PartChoice::Harmony, 0.0);
    let mut bass = Player::new(&bands, PartChoice::Bass, 0.0);
    for player in [&mut keys, &mut bass] {
        player.follow(true);
        player.start();
    }
    for second in 1..=20 {
        keys.say(f64::from(second));
        bass.say(f64::from(second));
    }
    for player in [&keys, &bass] {
        player.seat.fall_silent();
    }
    let before = keys.track();
    assert!(before.len() >= 4);
    // A host renders the bass alone.
    bass.history.advance_to((25.0 * RATE) as u64);
    bass.begins_s = 25.0;
    bass.start();
    bass.history.break_off(3);
    bass.said = [
        (25.0 / FRAME_S).ceil() as u64,
        (25.0 / Lane::Refined.hop_s()).ceil() as u64,
    ];
    for second in 1..=20 {
        bass.say(f64::from(second));
    }
    bass.seat.fall_silent();
    assert_eq!(keys.track(), before);
}
