use harmony::edit::{Command, Snap};
use harmony::timeline::{Segment, Status};

use super::*;
use changes_realtime::transport::{HostPosition, Span};

fn segment(start_s: f64, end_s: f64, label: &str) -> Segment {
    Segment::new(start_s, end_s, label.parse().unwrap())
}

fn shape(session: &Session) -> Vec<(f64, f64, String)> {
    let round = |value: f64| (value * 1000.0).round() / 1000.0;
    let track = session.track();
    let of = |it: &Segment| (round(it.start_s), round(it.end_s), it.label.to_string());
    track.timeline().segments().iter().map(of).collect()
}

fn session(chords: &[(f64, f64, &str)]) -> Session {
    let session = Session::default();
    session.record(session.loads(), |song| {
        for &(start_s, end_s, label) in chords {
            song.write(start_s, end_s, vec![segment(start_s, end_s, label)]);
        }
    });
    session
}

/// The host at a beat of a song with one tempo.
fn host(beats: f64, bpm: f64) -> HostPosition {
    HostPosition {
        playing: true,
        tempo_bpm: Some(bpm),
        signature: Some((4, 4)),
        samples: None,
        seconds: Some(beats * 60.0 / bpm),
        beats: Some(beats),
        bar_start_beats: Some((beats / 4.0).floor() * 4.0),
        bar_number: Some((beats / 4.0).floor() as i32),
        loop_beats: None,
    }
}

/// Plays `label` from a host position on, for some seconds.
fn play(session: &Session, host: HostPosition, duration_s: f64, label: &str) -> Option<f64> {
    let span = Span {
        start_s: 50.0,
        end_s: 50.0 + duration_s,
        host,
    };
    session.record(session.loads(), |song| {
        song.follow(&span);
        let place = song.place(&span, 50.0)?;
        let from_s = song.second(&place, 50.0);
        let to_s = song.second(&place, 50.0 + duration_s);
        song.write(from_s, to_s, vec![segment(from_s, to_s, label)]);
        Some(from_s)
    })?
}

#[test]
fn the_same_track_is_handed_out_until_something_changes() {
    let session = session(&[(0.0, 2.0, "C")]);
    let (first, revision) = (session.track(), session.revision());
    assert!(Arc::ptr_eq(&first, &session.track()));
    assert_eq!(session.revision(), revision);
    let label = "A:min".parse().unwrap();
    session
        .edit(&Command::SetChord { at_s: 1.0, label })
        .unwrap();
    assert_ne!(session.revision(), revision);
    assert_eq!(shape(&session), [(0.0, 2.0, "A:min".into())]);
    // The old one is unchanged.
    assert_eq!(first.timeline().segments()[0].label.to_string(), "C:maj");
}

#[test]
fn edits_are_undone_and_survive_new_analysis() {
    let session = session(&[(0.0, 2.0, "C"), (2.0, 4.0, "F")]);
    assert!(!session.can_undo() && !session.undo());
    let label = "D:min7".parse().unwrap();
    session
        .edit(&Command::SetChord { at_s: 3.0, label })
        .unwrap();
    session.record(session.loads(), |song| {
        song.write(1.0, 4.0, vec![segment(1.0, 4.0, "G")])
    });
    let edited = [
        (0.0, 1.0, "C:maj".into()),
        (1.0, 2.0, "G:maj".into()),
        (2.0, 4.0, "D:min7".into()),
    ];
    assert_eq!(shape(&session), edited);
    assert!(session.can_undo() && session.undo() && session.can_redo());
    assert_eq!(shape(&session)[2], (2.0, 4.0, "F:maj".into()));
    assert!(session.redo());
    assert_eq!(shape(&session), edited);
    let nowhere = Command::Split {
        at_s: 99.0,
        snap: Snap::Off,
    };
    assert!(session.edit(&nowhere).is_err());
    session.edit(&Command::Clear).unwrap();
    assert!(shape(&session).is_empty());
    assert!(session.undo());
    assert_eq!(shape(&session), edited);
}

#[test]
fn what_was_heard_before_the_song_began_can_be_brought_back() {
    let session = session(&[(0.0, 2.0, "C"), (2.0, 4.0, "F")]);
    let label = "D:min7".parse().unwrap();
    session
        .edit(&Command::SetChord { at_s: 3.0, label })
        .unwrap();
    assert_eq!((session.clock(), session.message()), (Clock::Stream, None));
    // The song begins at bar 3, at 90.
    play(&session, host(8.0, 90.0), 2.0, "G");
    assert_eq!(session.clock(), Clock::Host);
    let song = (5.333, 7.333, "G:maj".into());
    assert_eq!(shape(&session), std::slice::from_ref(&song));
    assert!(session.message().unwrap().contains("Undo"));
    assert!(session.undo());
    assert_eq!(session.message(), None);
    let with_it = [
        (0.0, 2.0, "C:maj".into()),
        (2.0, 4.0, "D:min7".into()),
        (4.0, 5.333, "X".into()),
        song.clone(),
    ];
    assert_eq!(shape(&session), with_it);
    // The song goes on, on its own clock, and edits from before can be undone.
    play(&session, host(11.0, 90.0), 2.0, "A");
    assert_eq!(session.clock(), Clock::Host);
    assert!(session.undo());
    assert_eq!(shape(&session)[1], (2.0, 4.0, "F:maj".into()));
    assert!(session.redo() && session.redo());
    let song = [
        (4.0, 5.333, "X".into()),
        song,
        (7.333, 9.333, "A:maj".into()),
    ];
    assert_eq!(shape(&session), song);
}

#[test]
fn nothing_is_said_where_nothing_was_heard_before_the_song() {
    let session = session(&[(0.0, 2.0, "N")]);
    play(&session, host(0.0, 120.0), 2.0, "G");
    assert_eq!(session.message(), None);
    assert_eq!(shape(&session), [(0.0, 2.0, "G:maj".into())]);
}

#[test]
fn nothing_is_left_over_beside_a_locked_chord() {
    let session = session(&[(0.0, 2.0, "C"), (2.0, 4.0, "F"), (4.0, 6.0, "G")]);
    session
        .edit(&Command::SetLocked {
            at_s: 3.0,
            locked: true,
        })
        .unwrap();
    // The same again, each change slightly late: the lock is right.
    session.record(session.loads(), |song| {
        let heard = [(0.0, 2.06, "C"), (2.06, 4.06, "F"), (4.06, 6.0, "G")];
        let heard = heard.map(|(start_s, end_s, label)| segment(start_s, end_s, label));
        song.write(0.0, 6.0, heard.to_vec());
    });
    let as_before = [
        (0.0, 2.0, "C:maj".into()),
        (2.0, 4.0, "F:maj".into()),
        (4.0, 6.0, "G:maj".into()),
    ];
    assert_eq!(shape(&session), as_before);
}

#[test]
fn a_new_tempo_keeps_chords_and_edits_on_their_beats() {
    let session = Session::default();
    play(&session, host(0.0, 120.0), 2.0, "C");
    play(&session, host(4.0, 120.0), 2.0, "F");
    let label = "F:min".parse().unwrap();
    session
        .edit(&Command::SetChord { at_s: 3.0, label })
        .unwrap();
    // The song is slowed down and played from its third bar.
    play(&session, host(8.0, 60.0), 4.0, "G");
    let at_60 = [
        (0.0, 4.0, "C:maj".into()),
        (4.0, 8.0, "F:min".into()),
        (8.0, 12.0, "G:maj".into()),
    ];
    assert_eq!(shape(&session), at_60);
    let track = session.track();
    let beats: Vec<_> = track
        .timeline()
        .into_iter()
        .map(|it| it.start_beat)
        .collect();
    assert_eq!(beats, [Some(0.0), Some(4.0), Some(8.0)]);
    assert_eq!(track.tempo().tempos(), [(0.0, 60.0)]);
    // What the edit had changed is where it was on beats.
    assert!(session.undo());
    assert_eq!(shape(&session)[1], (4.0, 8.0, "F:maj".into()));
}

#[test]
fn a_tempo_change_within_the_song_is_learnt_where_it_happens() {
    let session = Session::default();
    play(&session, host(0.0, 120.0), 4.0, "C");
    let mut slower = host(8.0, 90.0);
    slower.seconds = Some(4.0);
    play(&session, slower, 4.0, "F");
    let tempos = [(0.0, 120.0), (8.0, 90.0)];
    assert_eq!(session.track().tempo().tempos(), tempos);
    // Round again: the map is known and does not change.
    play(&session, host(0.0, 120.0), 4.0, "C");
    play(&session, slower, 4.0, "F");
    assert_eq!(session.track().tempo().tempos(), tempos);
    assert_eq!(
        shape(&session),
        [(0.0, 4.0, "C:maj".into()), (4.0, 8.0, "F:maj".into())]
    );
}

#[test]
fn a_ramp_of_the_tempo_is_followed() {
    let session = Session::default();
    let (mut beats, mut seconds) = (0.0, 0.0);
    for step in 0..400 {
        let bpm = 100.0 + 0.1 * f64::from(step);
        let mut at = host(beats, bpm);
        at.seconds = Some(seconds);
        play(&session, at, 0.02, "C");
        seconds += 0.02;
        beats += 0.02 * bpm / 60.0;
    }
    let track = session.track();
    assert!((track.tempo().time_at(beats) - seconds).abs() < 5e-3);
    assert_eq!(track.timeline().len(), 1);
}

/// Plays a song of 160 seconds whose tempo goes from 100 bpm to 132 bpm, told every quarter of
/// a second from `offset_s` on.
fn play_ramp(session: &Session, offset_s: f64) {
    let beat = |at_s: f64| (100.0 * at_s + 0.1 * at_s * at_s) / 60.0;
    for n in 0..640 {
        let at_s = offset_s + f64::from(n) * 0.25;
        let mut host = host(beat(at_s), 100.0 + 0.2 * at_s);
        host.seconds = Some(at_s);
        play(session, host, 0.25, "C:maj");
    }
}

#[test]
fn a_song_that_is_played_again_keeps_its_tempo_map() {
    let session = Session::default();
    play_ramp(&session, 0.0);
    let first = session.track().tempo().clone();
    assert!(first.points().len() < 150, "{}", first.points().len());
    // With blocks that begin elsewhere.
    for offset_s in [0.0, 0.07, 0.19] {
        play_ramp(&session, offset_s);
        let again = session.track().tempo().clone();
        let known = first.points().len() - 1;
        assert_eq!(again.points()[..known], first.points()[..known]);
    }
}

#[test]
fn a_tempo_that_was_edited_within_the_song_begins_where_it_does() {
    for (bpm, other_bpm) in [(122.0, 90.0), (120.2, 90.0), (150.0, 120.0)] {
        let session = Session::default();
        // 120 a minute for 100 beats, and another tempo behind them.
        let beat_of = |at_s: f64| {
            if at_s < 50.0 {
                2.0 * at_s
            } else {
                100.0 + (at_s - 50.0) * 1.5
            }
        };
        for n in 0..600 {
            let at_s = f64::from(n) * 0.1;
            let mut host = host(beat_of(at_s), if at_s < 49.95 { 120.0 } else { other_bpm });
            host.seconds = Some(at_s);
            play(&session, host, 0.1, "C:maj");
        }
        // Then the tempo from beat 64 on is set to `bpm`.
        for n in 300..400 {
            let at_s = f64::from(n) * 0.1;
            let edited = at_s > 31.95;
            let beat = if edited {
                64.0 + (at_s - 32.0) * bpm / 60.0
            } else {
                2.0 * at_s
            };
            let mut host = host(beat, if edited { bpm } else { 120.0 });
            host.seconds = Some(at_s);
            play(&session, host, 0.1, "C:maj");
        }
        let track = session.track();
        let map = track.tempo();
        for beat in [1.0, 32.0, 60.0, 64.0] {
            assert!(
                (map.time_at(beat) - 0.5 * beat).abs() < 1e-3,
                "{bpm}: {:?}",
                map.points()
            );
        }
        assert!(
            (map.time_at(70.0) - 32.0 - 360.0 / bpm).abs() < 1e-3,
            "{bpm}"
        );
    }
}

#[test]
fn a_state_with_a_point_for_every_block_is_thinned_out() {
    let session = Session::default();
    play_ramp(&session, 0.0);
    let mut saved: serde_json::Value = serde_json::from_str(&session.save().unwrap()).unwrap();
    let points = (0..34_868).map(|n| {
        let at_s = f64::from(n) * 0.004;
        let beat = (100.0 * at_s + 0.1 * at_s * at_s) / 60.0;
        serde_json::json!({"time_s": at_s, "beat": beat})
    });
    saved["track"]["tempo"]["points"] = points.collect();
    let text = saved.to_string();
    assert!(text.len() > 1_000_000);
    session.load(&text);
    assert_eq!(session.message(), None);
    assert!(session.save().unwrap().len() < 50_000);
    let track = session.track();
    for second in 0..139 {
        let at_s = f64::from(second);
        let beat = (100.0 * at_s + 0.1 * at_s * at_s) / 60.0;
        assert!((track.tempo().time_at(beat) - at_s).abs() < 1e-3);
    }
}

#[test]
fn the_meter_is_the_hosts() {
    let session = Session::default();
    let waltz = |beats: f64| HostPosition {
        signature: Some((3, 4)),
        bar_start_beats: Some((beats / 3.0).floor() * 3.0),
        ..host(beats, 60.0)
    };
    play(&session, waltz(7.0), 2.0, "C");
    let changes = |session: &Session| -> Vec<(f64, String)> {
        let track = session.track();
        let changes = track.meters().changes().iter();
        changes.map(|it| (it.beat, it.meter.to_string())).collect()
    };
    assert_eq!(changes(&session), [(0.0, "3/4".into())]);
    // 4/4 from beat 9 on, then the waltz is found to go on to beat 12.
    let common = |beats: f64, from: f64| HostPosition {
        bar_start_beats: Some(from + ((beats - from) / 4.0).floor() * 4.0),
        ..host(beats, 60.0)
    };
    play(&session, common(10.0, 9.0), 5.0, "F");
    assert_eq!(
        changes(&session),
        [(0.0, "3/4".into()), (9.0, "4/4".into())]
    );
    play(&session, waltz(8.0), 4.0, "C");
    play(&session, common(12.0, 12.0), 8.0, "F");
    assert_eq!(
        changes(&session),
        [(0.0, "3/4".into()), (12.0, "4/4".into())]
    );
}

#[test]
fn a_host_that_begins_before_the_song_counts_its_bars_from_the_song() {
    for (signature, name) in [((4, 4), "4/4"), ((3, 4), "3/4")] {
        let length = f64::from(signature.0);
        let at = |beats: f64| HostPosition {
            signature: Some(signature),
            bar_start_beats: Some((beats / length).floor() * length),
            ..host(beats, 120.0)
        };
        let session = Session::default();
        // Twice: the second time there are chords already.
        for _ in 0..2 {
            play(&session, at(-0.04), 0.1, "C");
            play(&session, at(0.16), 4.0, "C");
            let track = session.track();
            let changes = track.meters().changes();
            assert_eq!(changes.len(), 1, "{changes:?}");
            assert_eq!(changes[0].beat, 0.0);
            assert_eq!(changes[0].meter.to_string(), name);
            assert_eq!(track.meters().bar_at(0.5).number, 1);
        }
    }
}

#[test]
fn what_sounds_before_the_song_or_while_it_stands_still_is_left_out() {
    let session = Session::default();
    let count_in = host(-2.0, 120.0);
    play(&session, count_in, 1.5, "C");
    assert_eq!(shape(&session), [(0.0, 0.5, "C:maj".into())]);
    play(&session, host(-4.0, 120.0), 1.0, "F");
    let stopped = HostPosition {
        playing: false,
        ..host(0.0, 120.0)
    };
    assert_eq!(play(&session, stopped, 2.0, "G"), None);
    assert_eq!(shape(&session), [(0.0, 0.5, "C:maj".into())]);
}

#[test]
fn without_a_transport_the_audio_is_the_clock() {
    let session = Session::default();
    assert_eq!(
        play(&session, HostPosition::default(), 1.0, "C"),
        Some(50.0)
    );
    assert_eq!(session.clock(), Clock::Stream);
    play(&session, host(8.0, 120.0), 1.0, "F");
    assert_eq!(session.clock(), Clock::Host);
    assert_eq!(shape(&session), [(4.0, 5.0, "F:maj".into())]);
}

#[test]
fn a_track_on_the_streams_clock_goes_on_behind_its_end_when_it_is_reopened() {
    let before = session(&[(0.0, 2.0, "C"), (2.0, 4.0, "F")]);
    let session = Session::default();
    session.load(&before.save().unwrap());
    let at = |stream_s: f64| {
        let position = session.position(&HostPosition::default(), stream_s, true);
        position.time_s
    };
    // Nothing was heard yet: the playhead stands at the end, wherever the stream is.
    assert_eq!((at(0.0), at(50.0)), (4.0, 4.0));
    session.take_up(session.loads(), 50.0);
    assert_eq!((at(50.0), at(51.5)), (4.0, 5.5));
    play(&session, HostPosition::default(), 1.0, "G");
    let together = [
        (0.0, 2.0, "C:maj".into()),
        (2.0, 4.0, "F:maj".into()),
        (4.0, 5.0, "G:maj".into()),
    ];
    assert_eq!(shape(&session), together);
    assert!(!session.can_undo());
    // And once more, saved on the way.
    let again = Session::default();
    again.load(&session.save().unwrap());
    again.take_up(again.loads(), 50.0);
    play(&again, HostPosition::default(), 1.0, "A");
    assert_eq!(shape(&again)[..3], together);
    assert_eq!(shape(&again)[3], (5.0, 6.0, "A:maj".into()));
    // Reports about a state that is gone are ignored.
    again.take_up(again.loads() - 1, 0.0);
    let now = again.position(&HostPosition::default(), 51.0, true);
    assert_eq!(now.time_s, 6.0);
}

#[test]
fn silence_sets_nothing_aside_when_the_song_begins() {
    let session = session(&[(0.0, 2.0, "C"), (2.0, 4.0, "F")]);
    let span = Span {
        start_s: 50.0,
        end_s: 51.0,
        host: host(8.0, 90.0),
    };
    session.record(session.loads(), |song| {
        assert!(!song.takes_in(&span, false));
        assert!(song.takes_in(&span, true));
    });
    let empty = Session::default();
    empty.record(empty.loads(), |song| assert!(song.takes_in(&span, false)));
}

#[test]
fn a_pass_over_the_song_is_taken_back_at_once() {
    let session = Session::default();
    play(&session, host(0.0, 120.0), 4.0, "C");
    let first = session.track();
    let pass = |number: u64, beat: f64, duration_s: f64, label: &str| {
        session.record(session.loads(), |song| song.set_pass(number));
        play(&session, host(beat, 120.0), duration_s, label);
    };
    pass(1, 2.0, 1.0, "N");
    assert_eq!(session.track(), first);
    assert_eq!(session.next_undo(), None);
    for beat in [2.0, 3.0, 4.0] {
        pass(2, beat, 0.5, "G");
    }
    let played = [
        (0.0, 1.0, "C:maj".into()),
        (1.0, 2.5, "G:maj".into()),
        (2.5, 4.0, "C:maj".into()),
    ];
    assert_eq!(shape(&session), played);
    assert_eq!(session.next_undo(), Some(Undo::Pass));
    assert!(session.undo());
    assert_eq!(session.track(), first);
    assert!(!session.can_undo() && session.redo());
    assert_eq!(shape(&session), played);
}

#[test]
fn a_full_track_says_so_once_and_can_be_saved() {
    let names = ["C", "N"].map(|name| name.parse::<harmony::label::Label>().unwrap());
    let chords = (0..MAX_GROWN_SEGMENTS).map(|index| {
        let start_s = index as f64 / 8.0;
        Segment::new(start_s, start_s + 0.125, names[index % 2].clone())
    });
    let timeline = harmony::timeline::Timeline::from_segments(chords).unwrap();
    let end_s = timeline.end_s().unwrap();
    let saved = SavedSession {
        clock: Clock::Stream,
        track: Track::from_timeline(timeline, harmony::time::TempoMap::default()),
        changed_ms: 0,
    };
    let session = Session::default();
    session.load(&saved.to_json().unwrap());
    let hear = || {
        session.record(session.loads(), |song| {
            song.write(end_s, end_s + 1.0, vec![segment(end_s, end_s + 1.0, "D")])
        })
    };
    assert_eq!(hear(), Some(false));
    assert!(session.message().unwrap().contains("full"));
    assert_eq!(session.track().timeline().len(), MAX_GROWN_SEGMENTS);
    session.dismiss_message();
    assert_eq!(hear(), Some(false));
    assert_eq!(session.message(), None);
    let again = Session::default();
    again.load(&session.save().unwrap());
    assert_eq!((again.message(), again.track()), (None, session.track()));
}

#[test]
fn the_saved_form_keeps_everything() {
    let session = Session::default();
    play(&session, host(0.0, 90.0), 2.0, "C:maj7/3");
    play(&session, host(3.0, 90.0), 2.0, "F#:hdim7");
    for command in [
        Command::SetLocked {
            at_s: 1.0,
            locked: true,
        },
        Command::SetKey {
            beat: 0.0,
            key: Some("A:min".parse().unwrap()),
        },
        Command::SetSection {
            beat: 0.0,
            label: Some("Verse".into()),
        },
    ] {
        session.edit(&command).unwrap();
    }
    let saved = session.save().unwrap();
    let other = Session::default();
    other.load(&saved);
    assert_eq!(other.message(), None);
    assert_eq!(other.track(), session.track());
    assert_eq!(other.clock(), Clock::Host);
    assert!(other.track().keys()[0].by_hand);
    assert_eq!(other.save().unwrap(), saved);
}

const VERSION_1: &str = r#"{"version": 1, "clock": "host", "segments": [
    {"start_s": -1.0, "end_s": 1.0, "start_beat": -2.0, "end_beat": 2.0,
     "label": "C:maj", "confidence": 0.5, "confirmed": true},
    {"start_s": 0.9999999, "end_s": 2.0, "start_beat": 2.0, "end_beat": 4.0,
     "label": "F#:hdim7/b3", "confidence": 0.75, "confirmed": true},
    {"start_s": 4.0, "end_s": 5.0, "start_beat": 8.0, "end_beat": 10.0,
     "label": "G:7", "confidence": 0.25, "confirmed": false}]}"#;

#[test]
fn the_first_releases_state_loads() {
    let session = Session::default();
    session.load(VERSION_1);
    assert_eq!(session.message(), None);
    assert_eq!(session.clock(), Clock::Host);
    assert_eq!(
        shape(&session),
        [
            (0.0, 1.0, "C:maj".into()),
            (1.0, 2.0, "F#:hdim7/b3".into()),
            (2.0, 4.0, "X".into()),
            (4.0, 5.0, "G:7".into())
        ]
    );
    let track = session.track();
    let last = &track.timeline().segments()[3];
    assert_eq!(last.status, Status::Provisional);
    assert_eq!(last.start_beat, Some(8.0));
}

#[test]
fn damaged_states_leave_an_empty_track_and_say_so() {
    let good = session(&[(0.0, 2.0, "C"), (2.0, 4.0, "F")]).save().unwrap();
    let sound = Session::default();
    let refuses = |text: &str| {
        sound.load(&good);
        assert_eq!(sound.message(), None);
        sound.load(text);
        let message = sound.message();
        assert!(message.is_some(), "{text}");
        assert!(sound.track().timeline().is_empty(), "{text}");
        message.unwrap()
    };
    for saved in [good.as_str(), VERSION_1] {
        for length in (0..saved.len()).filter(|at| saved.is_char_boundary(*at)) {
            refuses(&saved[..length]);
        }
    }
    assert!(refuses(r#"{"version": 3, "clock": "host"}"#).contains("version 3"));
    assert!(refuses(&" ".repeat(harmony::track::MAX_SAVED_BYTES + 1)).contains("bytes"));
    refuses(&VERSION_1.replace("C:maj", "H:maj"));
    refuses(&VERSION_1.replace("0.75", "7.5"));
    refuses(&VERSION_1.replace("\"end_s\": 5.0", "\"end_s\": 3.0"));
    refuses(&VERSION_1.replace("\"end_s\": 5.0", "\"end_s\": 1e999"));
    refuses(&"[".repeat(100_000));
    sound.dismiss_message();
    assert_eq!(sound.message(), None);
}

#[test]
fn random_bytes_in_a_state_never_panic() {
    let good = session(&[(0.0, 2.0, "C"), (2.0, 4.0, "F")]).save().unwrap();
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    let session = Session::default();
    for round in 0..4000 {
        let source = if round % 2 == 0 {
            good.as_str()
        } else {
            VERSION_1
        };
        let mut bytes = source.as_bytes().to_vec();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            bytes[at] = b" 0123456789.-e+{}[]\",:ntX"[random(25)];
        }
        let text = String::from_utf8_lossy(&bytes);
        session.load(&text);
        // Whatever was loaded can be saved and read again; what was refused is saved unchanged.
        let saved = session.save().unwrap();
        match SavedSession::from_json(&text) {
            Ok(_) => assert!(SavedSession::from_json(&saved).is_ok(), "{saved}"),
            Err(_) => assert_eq!(saved, text),
        }
        session.load(&saved);
        assert_eq!(session.save().unwrap(), saved);
    }
}

/// A session is saved and loaded as often as its project: no value may drift.
#[test]
fn times_and_tempos_come_back_to_the_last_bit() {
    let session = Session::default();
    for bpm in (0..2000).map(|i| 40.0 + f64::from(i) * 0.0937) {
        session.load("");
        play(&session, host(0.37, bpm), 2.0, "C");
        play(
            &session,
            host(0.37 + bpm / 30.0, bpm * 1.01),
            2.0,
            "F:min7/b7",
        );
        let saved = session.save().unwrap();
        let before = session.track();
        session.load(&saved);
        assert_eq!(session.track(), before, "{bpm} a minute");
    }
}

/// A state of a future version.
const NEWER: &str =
    r#"{"version": 3, "clock": "host", "track": {"version": 2, "segments": [1, 2, 3]}}"#;

/// The fields of the plugin's state, saved and loaded again.
fn reloaded(session: &Session) -> Session {
    let other = Session::default();
    other.deserialize_fields(&session.serialize_fields());
    other
}

#[test]
fn a_refused_state_is_saved_as_it_came_until_something_takes_its_place() {
    for text in [
        NEWER,
        "",
        "{",
        "nonsense",
        r#"{"version":1,"clock":"host","segments":[{}]}"#,
    ] {
        let session = Session::default();
        session.load(text);
        assert_eq!(session.save().unwrap(), text);
        assert!(session.message().unwrap().contains("stays in the project"));
        // The host stands still, then its song begins without music.
        session.record(session.loads(), |song| {
            song.write(0.0, 2.0, vec![segment(0.0, 2.0, "N")]);
        });
        play(&session, host(0.0, 120.0), 2.0, "N");
        session.dismiss_message();
        assert_eq!(session.save().unwrap(), text);
        assert_eq!(reloaded(&session).save().unwrap(), text);
        // A title counts as an edit, and undone it does not.
        let named = harmony::track::Info {
            title: "Song".to_owned(),
            ..harmony::track::Info::default()
        };
        session.edit(&Command::SetInfo { info: named }).unwrap();
        assert_ne!(session.save().unwrap(), text);
        while session.undo() {}
        assert_eq!(session.save().unwrap(), text);
        // So is a chord.
        play(&session, host(8.0, 120.0), 2.0, "C");
        let fields = session.serialize_fields();
        assert!(SavedSession::from_json(&fields[FIELD]).is_ok());
        let kept: Vec<String> = serde_json::from_str(&fields[REFUSED_FIELD]).unwrap();
        assert_eq!(kept, [text]);
        // It is kept from then on.
        let later = reloaded(&reloaded(&session));
        assert_eq!(later.serialize_fields(), fields);
        assert_eq!(later.message(), None);
        later.edit(&Command::Clear).unwrap();
        assert_eq!(
            later.serialize_fields()[REFUSED_FIELD],
            fields[REFUSED_FIELD]
        );
    }
}

#[test]
fn the_message_says_what_becomes_of_a_refused_state() {
    let session = Session::default();
    session.load(NEWER);
    let message = session.message().unwrap();
    assert!(message.contains("version 3"), "{message}");
    play(&session, host(0.0, 120.0), 2.0, "C");
    let message = session.message().unwrap();
    assert!(
        message.contains("is kept in the project beside"),
        "{message}"
    );
    session.load(&Session::default().save().unwrap());
    assert_eq!(session.message(), None);
}

#[test]
fn refused_states_of_many_rounds_are_all_kept_and_bounded() {
    let mut session = Session::default();
    for round in 0..20 {
        let mut fields = session.serialize_fields();
        fields.insert(FIELD.to_owned(), format!("refused {round}"));
        session = Session::default();
        session.deserialize_fields(&fields);
        assert_eq!(session.save().unwrap(), format!("refused {round}"));
        play(&session, host(0.0, 120.0), 2.0, "C");
        let kept = &session.serialize_fields()[REFUSED_FIELD];
        let kept: Vec<String> = serde_json::from_str(kept).unwrap();
        assert_eq!(kept.len(), (round + 1).min(8));
        assert_eq!(kept.last().unwrap(), &format!("refused {round}"));
    }
}

#[test]
fn what_was_refused_once_is_brought_back_by_a_version_that_reads_it() {
    let old = session(&[(0.0, 2.0, "C"), (2.0, 4.0, "F")]);
    let now = Session::default();
    play(&now, host(0.0, 120.0), 2.0, "G");
    let (old_shape, now_shape) = (shape(&old), shape(&now));
    let mut fields = now.serialize_fields();
    let text = old.save().unwrap();
    let kept = ["{", text.as_str()];
    fields.insert(
        REFUSED_FIELD.to_owned(),
        serde_json::to_string(&kept).unwrap(),
    );
    let session = Session::default();
    session.deserialize_fields(&fields);
    assert_eq!(shape(&session), now_shape);
    assert!(session.can_bring_back() && session.message().unwrap().contains("Bring it back"));
    assert!(session.bring_back());
    assert_eq!(
        (shape(&session), session.clock()),
        (old_shape.clone(), Clock::Stream)
    );
    // The other track is in this one's place, even after saving, and the unreadable ones stay.
    let session = reloaded(&session);
    assert!(session.serialize_fields()[REFUSED_FIELD].contains("\"{\""));
    assert_eq!(shape(&session), old_shape);
    assert!(session.can_bring_back() && session.bring_back());
    assert_eq!((shape(&session), session.clock()), (now_shape, Clock::Host));
    session.dismiss_message();
    assert!(!session.can_bring_back());
    let none = Session::default();
    assert!(!none.can_bring_back() && !none.bring_back());
}

#[test]
fn clock_and_track_are_saved_as_they_were_at_one_moment() {
    let (stream, song) = (session(&[(0.0, 2.0, "C")]), Session::default());
    play(&song, host(0.0, 120.0), 2.0, "G");
    let saved = [&stream, &song].map(|it| it.save().unwrap());
    let session = Session::default();
    session.load(&saved[0]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..4000 {
                session.load(&saved[round % 2]);
            }
        });
        for _ in 0..4000 {
            let now = session.save().unwrap();
            assert!(saved.contains(&now), "{now}");
        }
    });
}

#[test]
fn the_host_is_told_once_of_chords_that_its_project_lacks() {
    let news = |session: &Session| {
        // Time passes since the track was last checked.
        session.unsaved.lock().forget_times();
        session.has_news_for_host()
    };
    let session = Session::default();
    assert!(!news(&session));
    // Silence need not be saved.
    session.record(session.loads(), |song| {
        song.write(0.0, 2.0, vec![segment(0.0, 2.0, "N")]);
    });
    assert!(!news(&session));
    play(&session, host(0.0, 120.0), 2.0, "C");
    assert!(session.has_news_for_host() || news(&session));
    play(&session, host(4.0, 120.0), 2.0, "F");
    assert!(!news(&session), "it was told, and has not saved yet");
    session.save().unwrap();
    assert!(!news(&session), "it has saved");
    // The same is heard again.
    play(&session, host(0.0, 120.0), 2.0, "C");
    assert!(!news(&session));
    play(&session, host(4.0, 120.0), 2.0, "F:min");
    assert!(!session.has_news_for_host(), "it was told a moment ago");
    assert!(news(&session));
    session.load(&session.save().unwrap());
    assert!(!news(&session));
    // An edit is reported by its caller.
    session.edit(&Command::Clear).unwrap();
    session.host_was_told();
    assert!(!news(&session));
}

#[test]
fn bars_count_on_after_a_change_of_meter_whatever_the_host_tells_of_them() {
    for told in [true, false] {
        let session = Session::default();
        // Eight bars of 4/4, then 3/4, reported as in VST3: without a bar number.
        let at = |beats: f64| {
            let (from, signature, length) = match beats < 32.0 {
                true => (0.0, (4, 4), 4.0),
                false => (32.0, (3, 4), 3.0),
            };
            HostPosition {
                signature: Some(signature),
                bar_start_beats: told.then_some(from + ((beats - from) / length).floor() * length),
                bar_number: None,
                ..host(beats, 120.0)
            }
        };
        let number = |beats: f64| session.position(&at(beats), 0.0, true).bar_number;
        for _ in 0..2 {
            for beats in 0..60 {
                play(&session, at(f64::from(beats)), 0.5, "C");
            }
            for (beats, bar) in [
                (0.0, 1),
                (31.9, 8),
                (32.0, 9),
                (34.9, 9),
                (35.0, 10),
                (59.0, 18),
            ] {
                assert_eq!(number(beats), Some(bar), "{beats}, {told}");
            }
        }
        let track = session.track();
        assert_eq!(track.meters().changes().len(), 2);
    }
}
