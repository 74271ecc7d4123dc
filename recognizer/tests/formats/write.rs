//! Writers of the simple containers.

/// A sample format.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sample {
    U8,
    I8,
    Int { bits: u16, big: bool },
    Float { bits: u16, big: bool },
    MuLaw,
    ALaw,
}

impl Sample {
    pub fn bits(self) -> u16 {
        match self {
            Self::Int { bits, .. } | Self::Float { bits, .. } => bits,
            _ => 8,
        }
    }

    /// How far a sample may be off.
    pub fn tolerance(self) -> f32 {
        match self {
            Self::U8 | Self::I8 => 0.009,
            Self::Int { bits, .. } => 2_f32.powi(2 - i32::from(bits)).max(1e-7),
            Self::Float { .. } => 1e-7,
            // Of 14 and 13 bits around zero, coarser above.
            Self::MuLaw | Self::ALaw => 0.02,
        }
    }

    pub fn write(self, samples: &[f32]) -> Vec<u8> {
        samples.iter().flat_map(|x| self.one(*x)).collect()
    }

    fn one(self, x: f32) -> Vec<u8> {
        match self {
            Self::U8 => vec![((x * 127.0).round() as i32 + 128) as u8],
            Self::I8 => vec![(x * 127.0).round() as i8 as u8],
            Self::Int { bits, big } => {
                let bytes = usize::from(bits.div_ceil(8));
                let full = 2_f64.powi(i32::from(bits) - 1) - 1.0;
                let value = (f64::from(x) * full).round() as i64;
                // In the upper bits of its bytes.
                let value = value << (bytes * 8 - usize::from(bits));
                let mut out = value.to_le_bytes()[..bytes].to_vec();
                if big {
                    out.reverse();
                }
                out
            }
            Self::Float { bits, big } => {
                let mut out = if bits == 64 {
                    f64::from(x).to_le_bytes().to_vec()
                } else {
                    x.to_le_bytes().to_vec()
                };
                if big {
                    out.reverse();
                }
                out
            }
            Self::MuLaw => {
                // ITU-T G.711.
                let value = (x * 32_635.0) as i32;
                let sign = if value < 0 { 0x80 } else { 0 };
                let value = value.abs().min(32_635) + 132;
                let exponent = (7..15).rev().find(|bit| value >> bit & 1 == 1).unwrap_or(7) - 7;
                let mantissa = (value >> (exponent + 3)) & 15;
                vec![!(sign | (exponent << 4) | mantissa) as u8]
            }
            Self::ALaw => {
                let value = (x * 32_767.0) as i32 >> 3;
                let (sign, value) = if value < 0 {
                    (0, -value - 1)
                } else {
                    (0x80, value)
                };
                let exponent = (5..12)
                    .rev()
                    .find(|bit| value >> bit & 1 == 1)
                    .map_or(0, |b| b - 4);
                let mantissa = if exponent == 0 {
                    value >> 1
                } else {
                    value >> exponent
                } & 15;
                vec![((sign | (exponent << 4) | mantissa) ^ 0x55) as u8]
            }
        }
    }

    fn wave_tag(self) -> u16 {
        match self {
            Self::Float { .. } => 3,
            Self::ALaw => 6,
            Self::MuLaw => 7,
            _ => 1,
        }
    }
}

pub fn chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
    let mut out = name.to_vec();
    out.extend((body.len() as u32).to_le_bytes());
    out.extend(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
    out
}

/// The `fmt ` chunk's body.
pub fn wave_format(sample: Sample, rate: u32, channels: u16) -> Vec<u8> {
    let block = sample.bits().div_ceil(8) * channels;
    let mut out = sample.wave_tag().to_le_bytes().to_vec();
    out.extend(channels.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend((rate * u32::from(block)).to_le_bytes());
    out.extend(block.to_le_bytes());
    out.extend(sample.bits().to_le_bytes());
    out
}

/// A WAV of these chunks.
pub fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = [b"WAVE".to_vec(), chunks.concat()].concat();
    chunk(b"RIFF", &body)
}

pub fn wav(sample: Sample, rate: u32, channels: u16, samples: &[f32]) -> Vec<u8> {
    let format = wave_format(sample, rate, channels);
    riff(&[
        chunk(b"fmt ", &format),
        chunk(b"data", &sample.write(samples)),
    ])
}

/// RF64 or BW64, sizes in their chunk of 64 bits.
pub fn rf64(name: &[u8], sample: Sample, rate: u32, samples: &[f32]) -> Vec<u8> {
    let data = sample.write(samples);
    let mut sizes = 0_u64.to_le_bytes().to_vec();
    sizes.extend((data.len() as u64).to_le_bytes());
    sizes.extend((samples.len() as u64).to_le_bytes());
    sizes.extend(0_u32.to_le_bytes());
    let mut out = name.to_vec();
    out.extend(u32::MAX.to_le_bytes());
    out.extend(b"WAVE");
    out.extend(chunk(b"ds64", &sizes));
    out.extend(chunk(b"fmt ", &wave_format(sample, rate, 1)));
    out.extend(b"data");
    out.extend(u32::MAX.to_le_bytes());
    out.extend(data);
    out
}

pub fn wave64(sample: Sample, rate: u32, samples: &[f32]) -> Vec<u8> {
    let tail = [
        0xF3, 0xAC, 0xD3, 0x11, 0x8C, 0xD1, 0x00, 0xC0, 0x4F, 0x8E, 0xDB, 0x8A,
    ];
    let guid = |name: &[u8]| [name, &tail].concat();
    let part = |name: &[u8], body: &[u8]| {
        let mut out = guid(name);
        out.extend((24 + body.len() as u64).to_le_bytes());
        out.extend(body);
        out.resize(out.len().next_multiple_of(8), 0);
        out
    };
    let mut out = b"riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1\0\0".to_vec();
    let parts = [
        part(b"fmt ", &wave_format(sample, rate, 1)),
        part(b"junk", b"12345"),
        part(b"data", &sample.write(samples)),
    ]
    .concat();
    out.extend((40 + parts.len() as u64).to_le_bytes());
    out.extend(guid(b"wave"));
    out.extend(parts);
    out
}

fn big_chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
    let mut out = name.to_vec();
    out.extend((body.len() as u32).to_be_bytes());
    out.extend(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
    out
}

fn rate_80(rate: u32) -> [u8; 10] {
    let exponent = 31 - rate.leading_zeros();
    let mantissa = u64::from(rate) << (63 - exponent);
    let mut out = [0; 10];
    out[..2].copy_from_slice(&(16_383 + exponent as u16).to_be_bytes());
    out[2..].copy_from_slice(&mantissa.to_be_bytes());
    out
}

/// AIFF, or AIFC of a compression; the samples in front of the format if `late`.
pub fn aiff(
    kind: Option<&[u8]>,
    sample: Sample,
    rate: u32,
    samples: &[f32],
    late: bool,
) -> Vec<u8> {
    let mut common = 1_u16.to_be_bytes().to_vec();
    common.extend((samples.len() as u32).to_be_bytes());
    common.extend(sample.bits().to_be_bytes());
    common.extend(rate_80(rate));
    if let Some(kind) = kind {
        common.extend(kind);
        common.extend(b"\x04name\0");
    }
    let common = big_chunk(b"COMM", &common);
    let sound = [vec![0; 8], sample.write(samples)].concat();
    let sound = big_chunk(b"SSND", &sound);
    let form = if kind.is_some() { b"AIFC" } else { b"AIFF" };
    let chunks = if late {
        [sound, common].concat()
    } else {
        [common, sound].concat()
    };
    big_chunk(b"FORM", &[form.to_vec(), chunks].concat())
}

/// Core Audio's; an unknown size of the samples if `open`.
pub fn caf(sample: Sample, rate: u32, samples: &[f32], open: bool) -> Vec<u8> {
    let (name, flags): (&[u8], u32) = match sample {
        Sample::Float { big, .. } => (b"lpcm", 1 | if big { 0 } else { 2 }),
        Sample::Int { big: false, .. } => (b"lpcm", 2),
        Sample::MuLaw => (b"ulaw", 0),
        Sample::ALaw => (b"alaw", 0),
        _ => (b"lpcm", 0),
    };
    let bits = u32::from(sample.bits());
    let mut out = b"caff\0\x01\0\0desc".to_vec();
    out.extend(32_i64.to_be_bytes());
    out.extend(f64::from(rate).to_be_bytes());
    out.extend(name);
    for field in [flags, bits.div_ceil(8), 1, 1, bits] {
        out.extend(field.to_be_bytes());
    }
    let data = sample.write(samples);
    out.extend(b"data");
    let size = if open { -1 } else { 4 + data.len() as i64 };
    out.extend(size.to_be_bytes());
    out.extend(0_u32.to_be_bytes());
    out.extend(data);
    out
}

pub fn au(encoding: u32, sample: Sample, rate: u32, samples: &[f32]) -> Vec<u8> {
    let mut out = b".snd".to_vec();
    for field in [28, u32::MAX, encoding, rate, 1, 0] {
        out.extend(field.to_be_bytes());
    }
    out.extend(sample.write(samples));
    out
}
