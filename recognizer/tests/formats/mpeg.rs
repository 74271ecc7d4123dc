//! MP3 and its relatives, with the quirks of encoders, taggers and concatenation.

use recognizer::audio::Warning;

use super::damage::Damage;
use super::{both, bytes_of, click_s, decode};

/// A tag with a picture of `size` bytes.
fn cover(size: usize) -> Vec<u8> {
    // Bytes that occasionally look like frame headers.
    let mut noise = Damage::new(1);
    let picture = (0..size).map(|_| noise.byte());
    let mut frame = b"APIC".to_vec();
    let body: Vec<u8> = b"\0image/png\0\x03\0"
        .iter()
        .copied()
        .chain(picture)
        .collect();
    frame.extend((body.len() as u32).to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(body);
    let size = frame.len();
    let mut tag = b"ID3\x03\0\0".to_vec();
    tag.extend([21, 14, 7, 0].map(|shift| (size >> shift) as u8 & 0x7F));
    tag.extend(frame);
    tag
}

fn id3v1() -> Vec<u8> {
    let mut tag = b"TAGa title".to_vec();
    tag.resize(128, 0);
    tag
}

/// `click.mp3` without the frame that states its length.
fn without_info() -> Vec<u8> {
    let bytes = bytes_of("click.mp3");
    let start = bytes.windows(2).position(|w| w == [0xFF, 0xFB]).unwrap();
    // 64 kbit/s at 44.1 kHz.
    let next = (start + 200..).find(|at| bytes[*at..].starts_with(&[0xFF, 0xFB]));
    bytes[next.unwrap()..].to_vec()
}

#[test]
fn a_large_picture_in_front_is_passed_over() {
    let song = bytes_of("click.mp3");
    let plain = decode(&song).unwrap();
    for size in [100, 1_300_000, 6_000_000] {
        let audio = both(&[cover(size), song.clone()].concat());
        assert_eq!(audio, plain, "{size}");
    }
    // Two tags, and one behind.
    let audio = both(&[cover(50_000), cover(70), song.clone(), id3v1()].concat());
    assert_eq!(audio, plain);
}

#[test]
fn an_mp3_that_does_not_say_how_long_it_is_is_heard_to_its_end() {
    // Half a second of silence in small frames, and larger ones behind.
    let audio = both(&bytes_of("small.vbr.mp3"));
    assert_eq!(audio.warning, None);
    assert!(
        (1.0..1.15).contains(&audio.length_s()),
        "{}",
        audio.length_s()
    );
    let audio = both(&without_info());
    assert!(
        (1.0..1.08).contains(&audio.length_s()),
        "{}",
        audio.length_s()
    );
    // Of many frames like the first ones and a loud end.
    let quiet = bytes_of("small.vbr.mp3");
    let many = quiet.repeat(20);
    let audio = both(&many);
    assert!(
        (20.0..22.5).contains(&audio.length_s()),
        "{}",
        audio.length_s()
    );
}

#[test]
fn two_songs_in_one_file_are_both_heard_without_gaps() {
    let song = bytes_of("click.mp3");
    let between: [Vec<u8>; 5] = [
        Vec::new(),
        cover(200_000),
        id3v1(),
        [id3v1(), cover(100)].concat(),
        vec![0; 3_000],
    ];
    for between in between {
        let audio = both(&[&song[..], &between, &song].concat());
        assert_eq!(audio.warning, None);
        assert!(
            (audio.length_s() - 2.0).abs() < 0.004,
            "{}",
            audio.length_s()
        );
        let clicks = [click_s(&audio, 0.0), click_s(&audio, 1.0)];
        assert!((clicks[0] - 0.5).abs() < 0.001, "{clicks:?}");
        assert!((clicks[1] - 1.5).abs() < 0.002, "{clicks:?}");
    }
    // The second one does not state its length.
    let audio = both(&[song, without_info()].concat());
    assert!(
        (1.99..2.1).contains(&audio.length_s()),
        "{}",
        audio.length_s()
    );
}

#[test]
fn a_header_that_states_too_few_frames_cuts_nothing() {
    let song = bytes_of("click.mp3");
    let info = song
        .windows(4)
        .position(|w| w == b"Info" || w == b"Xing")
        .unwrap();
    let plain = decode(&song).unwrap();
    for stated in [0_u32, 1, 10, 30] {
        let mut bytes = song.clone();
        bytes[info + 8..info + 12].copy_from_slice(&stated.to_be_bytes());
        let audio = both(&bytes);
        assert_eq!(audio.warning, None);
        // The padding is kept too: nothing marks it as padding.
        assert!(audio.length_s() >= plain.length_s());
        assert!((click_s(&audio, 0.0) - 0.5).abs() < 0.001);
    }
    let mut bytes = song.clone();
    bytes[info + 8..info + 12].copy_from_slice(&200_u32.to_be_bytes());
    let warning = both(&bytes).warning;
    assert!(
        matches!(warning, Some(Warning::Truncated { .. })),
        "{warning:?}"
    );
}

#[test]
fn itunes_numbers_are_gone_by_where_lame_says_nothing() {
    let text = "\0\0\0engiTunSMPB\0 00000000 00000240 00000000 000000000000AC44 00000000 00000000";
    let mut frame = b"COMM".to_vec();
    frame.extend((text.len() as u32).to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(text.as_bytes());
    let mut tag = b"ID3\x03\0\0\0\0".to_vec();
    tag.extend([(frame.len() >> 7) as u8, frame.len() as u8 & 0x7F]);
    tag.extend(frame);
    let audio = both(&[tag, without_info()].concat());
    assert_eq!(audio.samples.len(), 44_100);
    assert!(
        (click_s(&audio, 0.0) - 0.5).abs() < 0.001,
        "{}",
        click_s(&audio, 0.0)
    );
}

#[test]
fn a_hole_is_bridged_and_the_rest_is_heard() {
    let song = bytes_of("click.mp3");
    let half = song.len() / 2;
    let mut bytes = song[..half].to_vec();
    bytes.extend([0x55; 5_000]);
    bytes.extend(&song[half..]);
    let audio = decode(&bytes).unwrap();
    assert!(audio.length_s() > 0.9, "{}", audio.length_s());
    // Starts in the middle of the first frame.
    let audio = decode(&song[300..]).unwrap();
    assert!(audio.length_s() > 0.9, "{}", audio.length_s());
}

#[test]
fn aac_frames_with_tags_and_one_behind_another() {
    let song = bytes_of("click.aac");
    let plain = decode(&song).unwrap();
    assert_eq!(plain.warning, None);
    let audio = both(&[cover(2_000_000), song.clone()].concat());
    assert_eq!(audio, plain);
    let audio = both(&[&song[..], &cover(1000), &song].concat());
    assert!((audio.length_s() - 2.0 * plain.length_s()).abs() < 0.05);
    assert_eq!(audio.warning, None);
}
