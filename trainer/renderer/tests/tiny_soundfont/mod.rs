//! A SoundFont of one looping sine, built here so that tests need no download.

use std::f64::consts::TAU;
use std::io::Cursor;
use std::sync::Arc;

use renderer::soundfont::SoundFonts;
use rustysynth::SoundFont;

/// Samples in a period: 44 100 / 100 = 441 Hz.
const PERIOD: usize = 100;
/// Samples in the loop.
pub const LENGTH: usize = 40 * PERIOD;

/// The sine as 16-bit samples.
pub fn sine() -> Vec<i16> {
    (0..LENGTH)
        .map(|i| ((i as f64 / PERIOD as f64 * TAU).sin() * 20_000.0) as i16)
        .collect()
}

/// The SoundFont's bytes around a sample chunk; `end` and `kind` are fields of the sample
/// header, which can also describe a packed sample.
pub fn bytes(smpl: &[u8], end: u32, kind: u16) -> Vec<u8> {
    let mut info = b"INFO".to_vec();
    chunk(&mut info, b"ifil", &[2, 0, 4, 0]);
    chunk(&mut info, b"isng", b"EMU8000\0");
    chunk(&mut info, b"INAM", b"Tiny sine\0");
    let mut sdta = b"sdta".to_vec();
    chunk(&mut sdta, b"smpl", smpl);

    let mut pdta = b"pdta".to_vec();
    let mut phdr = Vec::new();
    for (name, bank, bag) in [("sine", 0_u16, 0_u16), ("EOP", 0, 1)] {
        phdr.extend(padded(name));
        phdr.extend(0_u16.to_le_bytes());
        phdr.extend(bank.to_le_bytes());
        phdr.extend(bag.to_le_bytes());
        phdr.extend([0; 12]);
    }
    chunk(&mut pdta, b"phdr", &phdr);
    chunk(&mut pdta, b"pbag", &words(&[0, 0, 1, 0]));
    chunk(&mut pdta, b"pmod", &[0; 10]);
    // Generator 41 refers to the instrument.
    chunk(&mut pdta, b"pgen", &words(&[41, 0, 0, 0]));
    let mut inst = Vec::new();
    for (name, bag) in [("sine", 0_u16), ("EOI", 1)] {
        inst.extend(padded(name));
        inst.extend(bag.to_le_bytes());
    }
    chunk(&mut pdta, b"inst", &inst);
    chunk(&mut pdta, b"ibag", &words(&[0, 0, 2, 0]));
    chunk(&mut pdta, b"imod", &[0; 10]);
    // Generator 54 loops the sample that generator 53 refers to.
    chunk(&mut pdta, b"igen", &words(&[54, 1, 53, 0, 0, 0]));
    let mut shdr = padded("sine").to_vec();
    for value in [0, end, 0, LENGTH as u32, 44_100] {
        shdr.extend(value.to_le_bytes());
    }
    // Key 69 and -4 cents: 441 Hz sounds as A4.
    shdr.extend([69, (-4_i8).to_le_bytes()[0]]);
    shdr.extend(words(&[0, kind]));
    shdr.extend(padded("EOS"));
    shdr.extend([0; 26]);
    chunk(&mut pdta, b"shdr", &shdr);

    let mut body = b"sfbk".to_vec();
    for list in [info, sdta, pdta] {
        chunk(&mut body, b"LIST", &list);
    }
    let mut file = Vec::new();
    chunk(&mut file, b"RIFF", &body);
    file
}

/// The plain SoundFont, loaded.
#[allow(dead_code, reason = "not every test that shares this module renders")]
pub fn fonts() -> SoundFonts {
    let mut smpl: Vec<u8> = sine().iter().flat_map(|x| x.to_le_bytes()).collect();
    smpl.extend([0; 92]);
    let font = SoundFont::new(&mut Cursor::new(bytes(&smpl, LENGTH as u32, 1))).unwrap();
    SoundFonts::from_loaded(vec![("tiny".to_owned(), Arc::new(font))])
}

fn chunk(out: &mut Vec<u8>, id: &[u8; 4], body: &[u8]) {
    out.extend_from_slice(id);
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend_from_slice(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
}

fn padded(name: &str) -> [u8; 20] {
    let mut field = [0; 20];
    field[..name.len()].copy_from_slice(name.as_bytes());
    field
}

fn words(values: &[u16]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}
