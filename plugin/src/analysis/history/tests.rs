use recognizer::beat::Place;
use recognizer::live::ShownState;
use recognizer::refine::{Refined, RefinedSegment};

use super::*;
use crate::session::Clock;
use changes_realtime::transport::HostPosition;

const RATE: f64 = 1000.0;

fn rolling(beats: f64) -> HostPosition {
    HostPosition {
        playing: true,
        tempo_bpm: Some(120.0),
        signature: Some((4, 4)),
        samples: None,
        seconds: Some(beats / 2.0),
        beats: Some(beats),
        bar_start_beats: Some((beats / 4.0).floor() * 4.0),
        bar_number: Some((beats / 4.0).floor() as i32),
        loop_beats: None,
    }
}

fn shown(label: &str) -> Shown {
    Shown {
        shown_at_s: 0.0,
        starts_at_s: 0.0,
        label: label.parse().unwrap(),
        state: ShownState::Confirmed,
        confidence: 0.9,
        alternatives: Vec::new(),
    }
}

fn labels(session: &Session) -> Vec<(f64, f64, String)> {
    let round = |value: f64| (value * 1000.0).round() / 1000.0;
    let track = session.track();
    let of = |it: &Segment| (round(it.start_s), round(it.end_s), it.label.to_string());
    track.timeline().segments().iter().map(of).collect()
}

#[test]
fn a_correction_rewrites_the_past() {
    let mut history = History::new(0.0, RATE);
    let track = Session::default();
    history.anchor(Anchor {
        sample: 0,
        host: HostPosition::default(),
    });
    history.advance_to(1000);
    history.show(0.0, &shown("N"));
    history.show(0.2, &shown("C:maj"));
    history.record(&track);
    history.advance_to(2000);
    history.record(&track);
    assert_eq!(
        labels(&track),
        [(0.0, 0.2, "N".into()), (0.2, 2.0, "C:maj".into())]
    );
    history.show(1.5, &shown("A:min"));
    history.show(1.2, &shown("F:maj"));
    history.record(&track);
    assert_eq!(
        labels(&track),
        [
            (0.0, 0.2, "N".into()),
            (0.2, 1.2, "C:maj".into()),
            (1.2, 2.0, "F:maj".into())
        ]
    );
}

#[test]
fn the_track_goes_by_the_song_once_it_rolls() {
    let mut history = History::new(0.0, RATE);
    let track = Session::default();
    history.anchor(Anchor {
        sample: 0,
        host: HostPosition::default(),
    });
    history.show(0.0, &shown("C:maj"));
    history.advance_to(1000);
    history.record(&track);
    assert_eq!(track.clock(), Clock::Stream);
    history.anchor(Anchor {
        sample: 1000,
        host: rolling(8.0),
    });
    history.advance_to(2000);
    history.record(&track);
    assert_eq!(track.clock(), Clock::Host);
    assert_eq!(labels(&track), [(4.0, 5.0, "C:maj".into())]);
    assert_eq!(track.track().timeline().segments()[0].end_beat, Some(10.0));
    // The loop comes round, with another chord.
    history.anchor(Anchor {
        sample: 2000,
        host: rolling(8.0),
    });
    history.advance_to(2500);
    history.show(2.0, &shown("G:7"));
    history.record(&track);
    assert_eq!(
        labels(&track),
        [(4.0, 4.5, "G:7".into()), (4.5, 5.0, "C:maj".into())]
    );
}

fn refined(from_s: f64, to_s: f64, chords: &[(f64, f64, &str)]) -> Refined {
    let segments = chords
        .iter()
        .map(|&(start_s, end_s, label)| RefinedSegment {
            segment: Segment::new(start_s, end_s, label.parse().unwrap()),
            alternatives: vec![("G:7".parse().unwrap(), 0.2)],
            continues: false,
        });
    Refined {
        from_s,
        to_s,
        segments: segments.collect(),
        frames: Vec::new(),
    }
}

#[test]
fn what_is_confirmed_replaces_what_was_shown_and_stays() {
    let mut history = History::new(0.0, RATE);
    let track = Session::default();
    history.anchor(Anchor {
        sample: 0,
        host: rolling(0.0),
    });
    history.show(0.0, &shown("C:maj"));
    history.advance_to(3000);
    history.record(&track);
    assert_eq!(history.confirmed_to_s(&track), None);
    let chords = [(0.0, 1.5, "C:maj7"), (1.5, 2.0, "A:min")];
    history.confirm(&refined(0.0, 2.0, &chords), 0.0, &track);
    assert_eq!(history.confirmed_to_s(&track), Some(2.0));
    // The live analysis changes its mind about all of it, too late.
    history.show(0.5, &shown("F:maj"));
    history.advance_to(4000);
    history.record(&track);
    assert_eq!(
        labels(&track),
        [
            (0.0, 1.5, "C:maj7".into()),
            (1.5, 2.0, "A:min".into()),
            (2.0, 4.0, "F:maj".into())
        ]
    );
    let track = track.track();
    let segments = track.timeline().segments();
    assert_eq!(segments[0].alternatives.len(), 1);
    assert_eq!(segments[1].status, Status::Confirmed);
    assert_eq!(segments[2].status, Status::Provisional);
    assert_eq!(track.keys().len(), 1);
}

#[test]
fn in_a_short_loop_the_latest_pass_counts() {
    let mut history = History::new(0.0, RATE);
    let track = Session::default();
    // Beats 0 to 4 twice, then half of them.
    for (pass, label) in ["C:maj", "F:maj", "G:maj"].into_iter().enumerate() {
        let pass = pass as u64;
        history.anchor(Anchor {
            sample: 2000 * pass,
            host: rolling(0.0),
        });
        history.advance_to(2000 * pass);
        history.show(2.0 * pass as f64, &shown(label));
        history.advance_to(2000 * pass + if pass == 2 { 1000 } else { 2000 });
        history.record(&track);
    }
    // The refining pass's result for the first two comes after that.
    let chords = [(0.0, 2.0, "C:maj"), (2.0, 4.0, "F:min")];
    history.confirm(&refined(0.0, 4.0, &chords), 0.0, &track);
    assert_eq!(
        labels(&track),
        [(0.0, 1.0, "G:maj".into()), (1.0, 2.0, "F:min".into())]
    );
    // Of the third pass nothing is confirmed but its start.
    assert_eq!(history.confirmed_to_s(&track), Some(0.0));
}

/// A song of eight beats on C, confirmed, and a history that starts at second 0.
fn over_a_confirmed_track() -> (History, Session) {
    let track = Session::default();
    track.load(
        r#"{"version": 1, "clock": "host", "segments": [{"start_s": 0.0, "end_s": 4.0,
        "start_beat": 0.0, "end_beat": 8.0, "label": "C:maj", "confidence": 0.9,
        "confirmed": true}]}"#,
    );
    let mut history = History::new(0.0, RATE);
    history.write_after(track.loads(), &track);
    history.break_off(1);
    history.anchor(Anchor {
        sample: 0,
        host: rolling(0.0),
    });
    (history, track)
}

#[test]
fn what_is_heard_while_write_is_off_is_shown_and_not_written() {
    let (mut history, track) = over_a_confirmed_track();
    let before = track.track();
    history.set_write(false);
    history.show(0.0, &shown("G:7"));
    for tenth in 1..=20 {
        history.advance_to(100 * tenth);
        history.record(&track);
    }
    // Switched on in the middle of a chord.
    history.set_write(true);
    history.advance_to(3000);
    history.record(&track);
    history.confirm(&refined(0.0, 1.0, &[(0.0, 1.0, "A:min")]), 0.0, &track);
    assert_eq!(
        labels(&track),
        [
            (0.0, 2.0, "C:maj".into()),
            (2.0, 3.0, "G:7".into()),
            (3.0, 4.0, "C:maj".into())
        ]
    );
    // What was heard before stays out of the track when it is refined later, and what was
    // heard since goes in, though the switch is off again.
    history.set_write(false);
    history.advance_to(4000);
    history.record(&track);
    let chords = [(1.0, 2.5, "A:min"), (2.5, 4.0, "B:min")];
    history.confirm(&refined(1.0, 4.0, &chords), 0.0, &track);
    assert_eq!(
        labels(&track),
        [
            (0.0, 2.0, "C:maj".into()),
            (2.0, 2.5, "A:min".into()),
            (2.5, 3.0, "B:min".into()),
            (3.0, 4.0, "C:maj".into())
        ]
    );
    assert_eq!(history.segments.len(), 1);
    assert!(track.undo());
    let after = track.track();
    assert_eq!(after.timeline(), before.timeline());
}

#[test]
fn with_write_off_not_even_the_songs_tempo_is_taken_over() {
    let (mut history, track) = over_a_confirmed_track();
    let before = track.save().unwrap();
    history.set_write(false);
    let mut slower = rolling(0.0);
    slower.tempo_bpm = Some(60.0);
    slower.signature = Some((3, 4));
    history.anchor(Anchor {
        sample: 0,
        host: slower,
    });
    history.show(0.0, &shown("G:7"));
    history.advance_to(3000);
    history.record(&track);
    history.confirm(&refined(0.0, 2.0, &[(0.0, 2.0, "A:min")]), 0.0, &track);
    history.confirm_for_now(&refined(2.0, 3.0, &[(2.0, 3.0, "A:min")]), 0.0, &track);
    assert_eq!(track.save().unwrap(), before);
    // The playhead is at the host's position, on the beats of the track.
    assert_eq!(history.position(&track, true).time_s, 1.5);
}

#[test]
fn near_silence_says_nothing_against_a_confirmed_chord() {
    let (mut history, track) = over_a_confirmed_track();
    let before = track.track();
    history.show(0.0, &shown("C:maj"));
    history.advance_to(500);
    history.hear_silence(false);
    history.record(&track);
    // The display takes hum for a chord.
    history.show(0.5, &shown("G:7"));
    for tenth in 6..=30 {
        history.advance_to(100 * tenth);
        history.hear_silence(true);
        history.record(&track);
    }
    assert_eq!(
        labels(&track),
        [(0.0, 0.5, "C:maj".into()), (0.5, 4.0, "C:maj".into())]
    );
    let chords = [(0.0, 0.5, "C:maj"), (0.5, 3.0, "G:7")];
    history.confirm(&refined(0.0, 3.0, &chords), 0.0, &track);
    assert_eq!(labels(&track), [(0.0, 4.0, "C:maj".into())]);
    assert!(!track.can_undo());
    assert_eq!(track.track().timeline().len(), before.timeline().len());
    // A rest of half a second between two notes is no silence.
    let (mut history, track) = over_a_confirmed_track();
    history.show(0.0, &shown("G:7"));
    for tenth in 1..=20 {
        history.advance_to(100 * tenth);
        history.hear_silence((5..10).contains(&tenth));
        history.record(&track);
    }
    assert_eq!(labels(&track)[0], (0.0, 2.0, "G:7".into()));
}

#[test]
fn each_pass_is_taken_back_by_itself() {
    let (mut history, track) = over_a_confirmed_track();
    let before = track.track();
    for (pass, label) in ["F:maj", "G:maj"].into_iter().enumerate() {
        let sample = 4000 * pass as u64;
        history.advance_to(sample);
        history.break_off(2 + pass as u8);
        history.anchor(Anchor {
            sample,
            host: rolling(0.0),
        });
        history.show(4.0 * pass as f64, &shown(label));
        for tenth in 1..=40 {
            history.advance_to(sample + 100 * tenth);
            history.record(&track);
            // The end of the first pass is confirmed in the second.
            if pass == 1 && tenth == 10 {
                let chords = [(0.0, 4.0, "F:min")];
                history.confirm(&refined(0.0, 4.0, &chords), 0.0, &track);
            }
        }
    }
    history.confirm(&refined(4.0, 8.0, &[(4.0, 8.0, "G:7")]), 0.0, &track);
    assert_eq!(labels(&track), [(0.0, 4.0, "G:7".into())]);
    assert!(track.undo());
    assert_eq!(
        labels(&track),
        [(0.0, 1.0, "F:maj".into()), (1.0, 4.0, "F:min".into())]
    );
    assert!(track.undo());
    assert_eq!(track.track().timeline(), before.timeline());
    assert!(!track.can_undo());
}

#[test]
fn a_loop_that_falls_silent_leaves_what_it_played() {
    let mut history = History::new(0.0, RATE);
    let track = Session::default();
    for (pass, label) in ["F:maj", "N"].into_iter().enumerate() {
        let sample = 2000 * pass as u64;
        history.advance_to(sample);
        history.break_off(1 + pass as u8);
        history.anchor(Anchor {
            sample,
            host: rolling(0.0),
        });
        history.show(2.0 * pass as f64, &shown(label));
        history.advance_to(sample + 2000);
        history.record(&track);
    }
    let chords = [(0.0, 2.0, "F:maj"), (2.0, 4.0, "N")];
    history.confirm(&refined(0.0, 4.0, &chords), 0.0, &track);
    assert_eq!(labels(&track), [(0.0, 2.0, "F:maj".into())]);
}

#[test]
fn lost_audio_is_marked_where_it_was() {
    let mut history = History::new(0.0, RATE);
    let track = Session::default();
    history.anchor(Anchor {
        sample: 0,
        host: rolling(0.0),
    });
    history.show(0.0, &shown("C:maj"));
    history.advance_to(1000);
    history.lose_to(1600, 500);
    history.advance_to(1700);
    history.show(1.6, &shown("F:maj"));
    history.advance_to(2000);
    history.record(&track);
    assert_eq!(
        labels(&track),
        [
            (0.0, 1.1, "C:maj".into()),
            (1.1, 1.6, "X".into()),
            (1.6, 2.0, "F:maj".into())
        ]
    );
    let track = track.track();
    let lost = &track.timeline().segments()[1];
    assert_eq!((lost.status, lost.confidence), (Status::Confirmed, 0.0));
}

#[test]
fn the_grid_is_the_hosts_in_the_recognizers_seconds() {
    let mut history = History::new(10.0, RATE);
    history.anchor(Anchor {
        sample: 0,
        host: rolling(2.0),
    });
    history.advance_to(4000);
    // The recognizer began a second after the stream.
    let grid = history.grid_since(11.0)(0.0, 2.0).unwrap();
    let downbeats = grid.positions().iter();
    let downbeats = downbeats.filter(|it| it.place == Place::Downbeat);
    let times: Vec<f64> = downbeats.map(|it| it.time_s).collect();
    assert_eq!(times, [0.0, 2.0]);
    history.anchor(Anchor {
        sample: 4000,
        host: HostPosition::default(),
    });
    history.advance_to(8000);
    assert!(history.grid_since(11.0)(4.0, 6.0).is_none());
}

#[test]
fn nothing_is_shown_before_a_cut() {
    let mut history = History::new(0.0, RATE);
    history.advance_to(1000);
    history.show(0.0, &shown("C:maj"));
    history.advance_to(2000);
    history.cut();
    history.advance_to(3000);
    history.show(0.5, &shown("D:min"));
    let spans: Vec<_> = history
        .segments
        .iter()
        .map(|it| (it.start_s, it.end_s))
        .collect();
    assert_eq!(spans, [(0.0, 2.0), (2.0, 3.0)]);
}

#[test]
fn a_chord_that_goes_on_while_a_song_is_opened_lies_before_and_behind_it() {
    let mut history = History::new(0.0, RATE);
    let track = Session::default();
    history.anchor(Anchor {
        sample: 0,
        host: HostPosition::default(),
    });
    history.show(0.0, &shown("C:maj"));
    history.advance_to(2000);
    history.record(&track);
    let song = [Segment::new(0.0, 8.0, "F".parse().unwrap())];
    let place = harmony::edit::Command::Place {
        at_s: 2.0,
        song: Box::new(harmony::edit::Placed {
            chords: harmony::timeline::Timeline::from_segments(song).unwrap(),
            ..Default::default()
        }),
    };
    track.place(&place).unwrap();
    history.advance_to(3000);
    history.record(&track);
    let expected = [
        (0.0, 2.0, "C:maj".into()),
        (2.0, 10.0, "F:maj".into()),
        (10.0, 11.0, "C:maj".into()),
    ];
    assert_eq!(labels(&track), expected);
    // What is confirmed of it later comes in one piece.
    history.confirm(&refined(0.0, 3.0, &[(0.0, 3.0, "C:maj")]), 0.0, &track);
    assert_eq!(labels(&track), expected);
}
