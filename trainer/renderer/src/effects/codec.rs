//! A real lossy round trip: Ogg Vorbis by libvorbis, encoded and decoded again.

use std::num::{NonZeroU8, NonZeroU32};

use vorbis_rs::{
    VorbisBitrateManagementStrategy, VorbisDecoder, VorbisEncoderBuilder, VorbisError,
};

/// Encodes mono samples at a quality (-0.1 worst to 1 best) and decodes them to
/// the same length.
///
/// # Errors
/// If libvorbis refuses the rate or quality.
pub fn vorbis_round_trip(
    samples: &[f32],
    rate_hz: u32,
    quality: f32,
) -> Result<Vec<f32>, VorbisError> {
    let Some(rate) = NonZeroU32::new(rate_hz) else {
        return Ok(samples.to_vec());
    };
    let mut packed = Vec::new();
    // The serial number is fixed: the stream never leaves this function.
    let mut encoder = VorbisEncoderBuilder::new_with_serial(rate, NonZeroU8::MIN, &mut packed, 1)
        .bitrate_management_strategy(VorbisBitrateManagementStrategy::QualityVbr {
            target_quality: quality,
        })
        .build()?;
    for block in samples.chunks(1 << 14) {
        encoder.encode_audio_block([block])?;
    }
    encoder.finish()?;

    let mut decoded = Vec::with_capacity(samples.len());
    let mut decoder = VorbisDecoder::<&[u8]>::new(packed.as_slice())?;
    while let Some(block) = decoder.decode_audio_block()? {
        decoded.extend_from_slice(block.samples()[0]);
    }
    decoded.resize(samples.len(), 0.0);
    Ok(decoded)
}
