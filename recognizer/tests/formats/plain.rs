//! Plain samples in every container.

use super::write::{self, Sample};
use super::{assert_same, both, click};

const RATE: u32 = 22_050;

fn int(bits: u16, big: bool) -> Sample {
    Sample::Int { bits, big }
}

fn float(bits: u16, big: bool) -> Sample {
    Sample::Float { bits, big }
}

#[track_caller]
fn check(name: &str, sample: Sample, bytes: &[u8]) {
    let audio = both(bytes);
    assert_eq!((audio.sample_rate, audio.warning), (RATE, None), "{name}");
    assert_same(name, &audio, &click(RATE), sample.tolerance());
}

#[test]
fn wav_of_every_width() {
    let samples = click(RATE);
    let widths = [
        Sample::U8,
        int(12, false),
        int(16, false),
        int(20, false),
        int(24, false),
        int(32, false),
        float(32, false),
        float(64, false),
        Sample::MuLaw,
        Sample::ALaw,
    ];
    for sample in widths {
        let name = format!("wav {sample:?}");
        check(&name, sample, &write::wav(sample, RATE, 1, &samples));
        check(&name, sample, &write::rf64(b"RF64", sample, RATE, &samples));
        check(&name, sample, &write::rf64(b"BW64", sample, RATE, &samples));
        check(&name, sample, &write::wave64(sample, RATE, &samples));
    }
}

#[test]
fn extensible_wav_of_24_bits_in_4_bytes() {
    let samples = click(RATE);
    let sample = int(32, false);
    let mut format = write::wave_format(sample, RATE, 1);
    format[..2].copy_from_slice(&0xFFFE_u16.to_le_bytes());
    format[14..16].copy_from_slice(&32_u16.to_le_bytes());
    format.extend(22_u16.to_le_bytes());
    format.extend(24_u16.to_le_bytes());
    format.extend(4_u32.to_le_bytes());
    format.extend(b"\x01\0\0\0\0\0\x10\0\x80\0\0\xAA\0\x38\x9B\x71");
    let data = write::chunk(b"data", &sample.write(&samples));
    let bytes = write::riff(&[write::chunk(b"fmt ", &format), data]);
    check("extensible", sample, &bytes);
}

#[test]
fn aiff_of_every_width_and_order() {
    let samples = click(RATE);
    let kinds: [(Option<&[u8]>, Sample); 14] = [
        (None, Sample::I8),
        (None, int(12, true)),
        (None, int(16, true)),
        (None, int(24, true)),
        (None, int(32, true)),
        (Some(b"NONE"), int(16, true)),
        (Some(b"sowt"), int(16, false)),
        (Some(b"sowt"), int(24, false)),
        (Some(b"in24"), int(24, true)),
        (Some(b"fl32"), float(32, true)),
        (Some(b"FL64"), float(64, true)),
        (Some(b"raw "), Sample::U8),
        (Some(b"ulaw"), Sample::MuLaw),
        (Some(b"alaw"), Sample::ALaw),
    ];
    for (kind, sample) in kinds {
        for late in [false, true] {
            let name = format!("aiff {kind:?} {sample:?} {late}");
            let bytes = write::aiff(kind, sample, RATE, &samples, late);
            check(&name, sample, &bytes);
        }
    }
}

#[test]
fn caf_of_every_width() {
    let samples = click(RATE);
    let widths = [
        Sample::I8,
        int(16, false),
        int(16, true),
        int(24, false),
        int(24, true),
        int(32, true),
        float(32, false),
        float(64, true),
        Sample::MuLaw,
        Sample::ALaw,
    ];
    for sample in widths {
        for open in [false, true] {
            let name = format!("caf {sample:?} {open}");
            check(&name, sample, &write::caf(sample, RATE, &samples, open));
        }
    }
}

#[test]
fn snd_of_every_width() {
    let samples = click(RATE);
    let encodings = [
        (1, Sample::MuLaw),
        (2, Sample::I8),
        (3, int(16, true)),
        (4, int(24, true)),
        (5, int(32, true)),
        (6, float(32, true)),
        (7, float(64, true)),
        (27, Sample::ALaw),
    ];
    for (encoding, sample) in encodings {
        let bytes = write::au(encoding, sample, RATE, &samples);
        check(&format!("snd {encoding}"), sample, &bytes);
    }
}
