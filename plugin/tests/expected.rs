//! The next chord as the window announces it, where the passage was heard before, and as it guesses
//! elsewhere.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use changes_plugin::session::Clock;
use changes_plugin::snapshot::Snapshot;
use changes_plugin::view::names::ChordName;
use changes_plugin::view::next::{LEAST_GUESS, NextView, Steady};
use changes_plugin::view::preferences::NextChoice;
use changes_plugin::view::{Controls, Song, View};
use harmony::function::Function;
use harmony::time::TempoMap;
use harmony::timeline::{Segment, Timeline};
use harmony::track::Track;

/// A chord a bar at 120 beats a minute, each two seconds.
fn song(chords: &[&str]) -> Song {
    let segments = chords.iter().enumerate().map(|(index, chord)| {
        let start_s = 2.0 * index as f64;
        Segment::new(start_s, start_s + 2.0, chord.parse().unwrap())
    });
    let timeline = Timeline::from_segments(segments).unwrap();
    Song::of_track(
        Track::from_timeline(timeline, TempoMap::default()),
        Clock::Host,
    )
}

fn next(song: &Song, now_s: f64, playing: bool) -> Option<String> {
    let snapshot = song.snapshot_at(now_s, playing);
    let view = View::new(&snapshot, song, &Controls::default());
    let next = view.next?;
    Some(format!("{} {}", next.name.text(), next.when(now_s)))
}

#[test]
fn a_song_that_was_played_before_says_what_follows() {
    let song = song(&["C", "C", "F", "G:7", "N", "C"]);
    let told = |now_s| next(&song, now_s, true);
    assert_eq!(told(0.5).unwrap(), "F in 7 beats");
    assert_eq!(told(3.3).unwrap(), "F in 2 beats");
    assert_eq!(told(3.8).unwrap(), "F in 1 beat");
    assert_eq!(told(5.0).unwrap(), "G7 in 2 beats");
    // Nothing is expected in a song that stands still, or before silence.
    assert_eq!(next(&song, 3.3, false), None);
    assert_eq!(told(7.0), None);
}

#[test]
fn a_second_chorus_says_what_followed_in_the_first() {
    let chorus = ["C", "A:min", "F", "G"];
    let song = song(&[&chorus[..], &chorus[..3]].concat());
    // The third chord of the second time has sounded for a second.
    let mut early = song.snapshot_at(13.0, true);
    let track = &song.track;
    let heard = Track::from_timeline(
        Timeline::from_segments(track.timeline().segments().iter().map(|it| Segment {
            end_s: it.end_s.min(12.9),
            start_beat: None,
            end_beat: None,
            ..it.clone()
        }))
        .unwrap(),
        TempoMap::default(),
    );
    let heard = Song::of_track(heard, Clock::Host);
    let view = |snapshot: &Snapshot| View::new(snapshot, &heard, &Controls::default()).next;
    let told = view(&early).unwrap();
    assert_eq!((told.name.text(), told.due_s), ("G".to_owned(), 14.0));
    // The current chord differs from the one that sounded then.
    early.current.as_mut().unwrap().label = "D:min".parse().unwrap();
    assert_eq!(view(&early), None);
    // A passage heard once has no earlier one.
    let first = self::song(&chorus[..3]);
    assert_eq!(next(&first, 5.9, true), None);
}

#[test]
fn without_beats_it_is_told_in_seconds() {
    let mut song = song(&["C", "F"]);
    song.clock = Clock::Stream;
    let view = View::new(&song.snapshot_at(0.5, true), &song, &Controls::default());
    assert_eq!(view.next.unwrap().when(0.5), "in 2 s");
}

#[test]
fn what_flickers_is_not_shown_and_what_has_come_goes() {
    let at = |root: &str, due_s: f64| NextView {
        name: ChordName {
            root: root.to_owned(),
            ..ChordName::default()
        },
        function: Function::Unknown,
        due_s,
        pulse_s: Some(0.5),
    };
    let c = at("C", 0.0).name;
    let mut steady = Steady::default();
    let mut show = |found: Option<NextView>, now_s: f64, current: &ChordName| {
        let shown = steady.show(found, Some(now_s), Some(current));
        shown.map(|next| next.name.root)
    };
    let f = || Some(at("F", 4.0));
    assert_eq!(show(f(), 0.0, &c), None);
    assert_eq!(show(f(), 0.2, &c), None);
    assert_eq!(show(f(), 0.3, &c).as_deref(), Some("F"));
    // For a moment another chord is found, or none.
    assert_eq!(show(Some(at("G", 4.0)), 0.4, &c).as_deref(), Some("F"));
    assert_eq!(show(None, 0.5, &c).as_deref(), Some("F"));
    assert_eq!(show(f(), 0.6, &c).as_deref(), Some("F"));
    assert_eq!(show(None, 0.7, &c).as_deref(), Some("F"));
    assert_eq!(show(None, 0.9, &c), None);
    for now_s in [1.0, 1.3] {
        show(f(), now_s, &c);
    }
    // It has come.
    assert_eq!(show(None, 1.4, &at("F", 0.0).name), None);
    // A jump back.
    for now_s in [3.0, 3.3] {
        show(f(), now_s, &c);
    }
    assert_eq!(show(None, 0.0, &c), None);
}

/// The guess at what follows, as far as one is wanted.
fn guess(song: &Song, now_s: f64, choice: NextChoice) -> Option<String> {
    let mut controls = Controls::default();
    controls.window.next = choice;
    let view = View::new(&song.snapshot_at(now_s, true), song, &controls);
    assert!(view.next.is_none() || view.guess.is_none());
    view.guess.map(|guess| {
        assert!(guess.probability >= LEAST_GUESS);
        guess.name.text()
    })
}

#[test]
fn what_was_not_heard_before_is_guessed_where_somebody_wants_it() {
    let mut song = song(&["C", "F", "D:min7", "G:7"]);
    let told = |song: &Song, now_s| guess(song, now_s, NextChoice::Guess);
    // Nothing is usual while no key is known.
    assert_eq!(told(&song, 7.0), None);
    let mut track = (*song.track).clone();
    track.set_key(0.0, Some("C".parse().unwrap())).unwrap();
    song.track = track.into();
    assert_eq!(told(&song, 7.0).as_deref(), Some("C"));
    for choice in [NextChoice::Heard, NextChoice::Off] {
        assert_eq!(guess(&song, 7.0, choice), None);
    }
    assert_eq!(NextChoice::default(), NextChoice::Heard);
    // What has just begun may be something else yet; what is known is not guessed.
    assert_eq!(told(&song, 6.1), None);
    assert_eq!(told(&song, 3.0), None);
}
