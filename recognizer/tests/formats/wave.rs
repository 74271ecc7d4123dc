//! WAV files of careless or interrupted writers.

use recognizer::audio::{AudioError, Warning};

use super::write::{Sample, chunk, riff, wav, wave_format};
use super::{assert_same, both, click, decode, piped};

const RATE: u32 = 22_050;
const SAMPLE: Sample = Sample::Int {
    bits: 16,
    big: false,
};

fn whole() -> Vec<u8> {
    wav(SAMPLE, RATE, 1, &click(RATE))
}

fn set(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// Where the size of the samples is, in [`whole`].
const DATA_SIZE: usize = 40;
const DATA: u32 = RATE * 2;

#[test]
fn sizes_that_are_wrong_lose_nothing() {
    let riff_size = whole().len() as u32 - 8;
    for (riff, data) in [
        (riff_size - 8, DATA),
        (riff_size + 1000, DATA),
        (0, DATA),
        (u32::MAX, u32::MAX),
        (0, 0),
        (riff_size, 0),
        (0x7FFF_F024, 0x7FFF_F000),
        (0x8000_0024, 0x8000_0000),
        (u32::MAX, u32::MAX - 36),
    ] {
        let mut bytes = whole();
        set(&mut bytes, 4, riff);
        set(&mut bytes, DATA_SIZE, data);
        let audio = both(&bytes);
        assert_eq!(audio.warning, None, "{riff:x} {data:x}");
        assert_same("sizes", &audio, &click(RATE), SAMPLE.tolerance());
    }
    // A size that was last updated half way: the file is longer.
    let mut bytes = whole();
    set(&mut bytes, DATA_SIZE, DATA / 2);
    let audio = decode(&bytes).unwrap();
    assert_same("half", &audio, &click(RATE), SAMPLE.tolerance());
}

#[test]
fn samples_that_are_missing_are_told() {
    let bytes = whole();
    for to in [bytes.len() / 2, bytes.len() - DATA as usize / 3 - 1] {
        let audio = both(&bytes[..to]);
        let expected = (to - 44) / 2;
        assert_eq!(audio.samples.len(), expected);
        let Some(Warning::Truncated { stated_s, .. }) = audio.warning else {
            panic!("{:?}", audio.warning);
        };
        assert!((stated_s.unwrap() - 1.0).abs() < 1e-6);
    }
    // A size of hours in a file of a second.
    let mut bytes = whole();
    set(&mut bytes, DATA_SIZE, 10 * 3600 * DATA / 2);
    let audio = decode(&bytes).unwrap();
    assert_same("hours", &audio, &click(RATE), SAMPLE.tolerance());
    assert!(audio.warning.is_some());
}

#[test]
fn chunks_around_the_samples_are_passed_over() {
    let format = chunk(b"fmt ", &wave_format(SAMPLE, RATE, 1));
    let data = chunk(b"data", &SAMPLE.write(&click(RATE)));
    let odd = chunk(b"LIST", b"INFOINAM\x03\0\0\0abc");
    let mut unpadded = odd.clone();
    assert_eq!(unpadded.pop(), Some(0));
    let unknown = chunk(b"ab~9", &[7; 33]);
    for chunks in [
        vec![odd.clone(), format.clone(), data.clone()],
        vec![format.clone(), odd.clone(), data.clone()],
        vec![format.clone(), unpadded.clone(), data.clone()],
        vec![
            unpadded.clone(),
            format.clone(),
            unknown.clone(),
            data.clone(),
        ],
        vec![format.clone(), data.clone(), odd.clone(), unknown.clone()],
        vec![format.clone(), data.clone(), unpadded.clone()],
    ] {
        let audio = both(&riff(&chunks));
        assert_eq!(audio.warning, None);
        assert_same("chunks", &audio, &click(RATE), SAMPLE.tolerance());
    }
    // Samples of an odd number of bytes, without padding and with a chunk behind them.
    let mut samples = click(RATE);
    samples.pop();
    let data = chunk(b"data", &Sample::U8.write(&samples));
    let format = chunk(b"fmt ", &wave_format(Sample::U8, RATE, 1));
    for padded in [true, false] {
        let mut data = data.clone();
        if !padded {
            data.pop();
        }
        let audio = both(&riff(&[format.clone(), data, odd.clone()]));
        assert_same("odd", &audio, &samples, Sample::U8.tolerance());
    }
}

#[test]
fn a_chunk_of_a_nonsensical_size_hides_no_samples() {
    let format = chunk(b"fmt ", &wave_format(SAMPLE, RATE, 1));
    let mut list = chunk(b"LIST", b"INFO");
    set(&mut list, 4, 0x7000_0000);
    let data = chunk(b"data", &SAMPLE.write(&click(RATE)));
    let audio = decode(&riff(&[format, list, data])).unwrap();
    assert_same("list", &audio, &click(RATE), SAMPLE.tolerance());
}

#[test]
fn an_unknown_format_is_named_and_the_way_out_told() {
    let mut format = wave_format(SAMPLE, RATE, 1);
    for (tag, name) in [
        (0x161_u16, "Windows Media"),
        (0x31, "GSM"),
        (0x7777, "0x7777"),
    ] {
        format[..2].copy_from_slice(&tag.to_le_bytes());
        let data = chunk(b"data", &[0; 1000]);
        let bytes = riff(&[chunk(b"fmt ", &format), data]);
        let error = decode(&bytes).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(name) && text.contains("ffmpeg -i"), "{text}");
        assert!(matches!(error, AudioError::Codec { .. }));
        assert!(piped(&bytes).is_err());
    }
}

#[test]
fn every_cut_and_every_damaged_byte_of_a_head_ends_well() {
    let bytes = whole();
    for to in 0..60 {
        let _ = decode(&bytes[..to]);
        let _ = piped(&bytes[..to]);
    }
    for at in 0..44 {
        for value in [0, 1, 0x7F, 0x80, 0xFF] {
            let mut bytes = bytes.clone();
            bytes[at] = value;
            let _ = decode(&bytes);
            let _ = piped(&bytes);
        }
    }
}
