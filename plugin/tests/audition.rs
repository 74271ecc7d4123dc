//! Auditioning a chord: for how long it sounds, and when it does not.

use changes_realtime::audition::{Audition, Wish};
use changes_realtime::midi_out::Notes;

fn chord(bass: u8) -> Notes {
    Notes {
        bass: Some(bass),
        ..Notes::default()
    }
}

/// The bass notes in so many blocks of a tenth of a second.
fn basses(audition: &mut Audition, wish: &Wish, blocks: u32) -> Vec<Option<u8>> {
    let bass = |_| audition.play(wish, 0.1, false).and_then(|notes| notes.bass);
    (0..blocks).map(bass).collect()
}

#[test]
fn a_chord_sounds_for_a_second_and_once() {
    let (wish, mut audition) = (Wish::default(), Audition::default());
    assert_eq!(basses(&mut audition, &wish, 2), [None; 2]);
    wish.ask(chord(36));
    assert!(!wish.is_seen());
    let heard = basses(&mut audition, &wish, 30);
    let sounding = heard.iter().take_while(|bass| **bass == Some(36)).count();
    assert!((10..=11).contains(&sounding), "{sounding}");
    assert!(heard[sounding..].iter().all(Option::is_none));
    assert!(wish.is_seen());
    // The same again, and another before it has ended.
    wish.ask(chord(36));
    assert_eq!(basses(&mut audition, &wish, 2), [Some(36); 2]);
    wish.ask(chord(40));
    assert_eq!(basses(&mut audition, &wish, 2), [Some(40); 2]);
    audition.end();
    assert_eq!(basses(&mut audition, &wish, 2), [None; 2]);
}

#[test]
fn what_is_withdrawn_or_silenced_is_not_heard() {
    let (wish, mut audition) = (Wish::default(), Audition::default());
    wish.ask(chord(36));
    wish.withdraw();
    assert_eq!(basses(&mut audition, &wish, 2), [None; 2]);
    wish.ask(chord(36));
    assert_eq!(audition.play(&wish, 0.1, true), None);
    assert_eq!(basses(&mut audition, &wish, 2), [None; 2]);
    // The counter wraps around.
    for _ in 0..300 {
        wish.ask(chord(36));
        assert_eq!(basses(&mut audition, &wish, 1), [Some(36)]);
    }
}
