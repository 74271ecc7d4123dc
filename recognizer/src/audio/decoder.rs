//! Packet decoders: symphonia's, and libopus.

use symphonia::core::codecs::audio::well_known::*;
use symphonia::core::codecs::audio::{
    AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions,
};
use symphonia::core::errors::Error;
use symphonia::core::packet::Packet;

use super::opus;
use super::priming::Span;

/// A decoder of one stream.
pub(super) enum Decoder {
    Symphonia(Box<dyn AudioDecoder>),
    Opus(opus::Decoder),
}

/// Why a packet gave no samples.
pub(super) enum Failure {
    /// It is damaged; the next one may not be.
    Packet(String),
    /// It is damaged, and so is all that follows.
    Stream(String),
}

impl Decoder {
    /// The decoder of a codec, and the span of its samples that is the original signal, as far as
    /// the codec states it.
    ///
    /// # Errors
    /// The name of a codec without a decoder, or what is wrong with its parameters.
    pub fn new(parameters: &AudioCodecParameters) -> Result<(Self, Span), String> {
        if parameters.codec == CODEC_ID_OPUS {
            let head = parameters.extra_data.as_deref().unwrap_or(&[]);
            let refused = |reason| format!("Opus with {reason}");
            let head = opus::Head::parse(head).map_err(refused)?;
            let span = Span::Samples {
                start: u64::from(head.pre_skip),
                length: None,
            };
            let decoder = opus::Decoder::new(&head).map_err(refused)?;
            return Ok((Self::Opus(decoder), span));
        }
        let options = AudioDecoderOptions::default();
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &options)
            .map_err(|error| match name(parameters.codec) {
                Some(name) => name.to_owned(),
                None => format!("of an unknown codec ({error})"),
            })?;
        Ok((
            Self::Symphonia(decoder),
            super::priming::default_span(parameters.codec),
        ))
    }

    /// Decodes a packet into `interleaved`; returns the rate in Hz and the number of channels.
    pub fn decode(
        &mut self,
        packet: &Packet,
        interleaved: &mut Vec<f32>,
    ) -> Result<(u32, usize), Failure> {
        match self {
            Self::Symphonia(decoder) => match decoder.decode(packet) {
                Ok(decoded) => {
                    let spec = decoded.spec();
                    let format = (spec.rate(), spec.channels().count());
                    decoded.copy_to_vec_interleaved(interleaved);
                    Ok(format)
                }
                Err(error @ (Error::DecodeError(_) | Error::IoError(_))) => {
                    Err(Failure::Packet(error.to_string()))
                }
                Err(error) => Err(Failure::Stream(error.to_string())),
            },
            Self::Opus(decoder) => {
                decoder
                    .decode(&packet.data, interleaved)
                    .map_err(|reason| Failure::Packet(reason.to_owned()))?;
                let channels = decoder.channels();
                // The stream may end within its last packet.
                let frames = interleaved.len() / channels;
                let trimmed = |trim: u64| usize::try_from(trim).map_or(frames, |n| n.min(frames));
                interleaved.truncate((frames - trimmed(packet.trim_end.get())) * channels);
                let start = trimmed(packet.trim_start.get()) * channels;
                interleaved.drain(..start.min(interleaved.len()));
                Ok((opus::RATE, channels))
            }
        }
    }
}

/// Name of a codec that is not decoded.
fn name(codec: AudioCodecId) -> Option<&'static str> {
    Some(match codec {
        CODEC_ID_AC3 => "Dolby Digital (AC-3)",
        CODEC_ID_EAC3 => "Dolby Digital Plus (E-AC-3)",
        CODEC_ID_AC4 => "Dolby AC-4",
        CODEC_ID_TRUEHD => "Dolby TrueHD",
        CODEC_ID_DCA => "DTS",
        CODEC_ID_WMA => "Windows Media Audio",
        CODEC_ID_SPEEX => "Speex",
        CODEC_ID_MUSEPACK => "Musepack",
        CODEC_ID_WAVPACK => "WavPack",
        CODEC_ID_MONKEYS_AUDIO => "Monkey's Audio (APE)",
        CODEC_ID_TTA => "True Audio (TTA)",
        CODEC_ID_ATRAC1 | CODEC_ID_ATRAC3 | CODEC_ID_ATRAC3PLUS | CODEC_ID_ATRAC9 => "Sony ATRAC",
        CODEC_ID_RA10 | CODEC_ID_RA20 | CODEC_ID_COOK | CODEC_ID_SIPR | CODEC_ID_RALF => {
            "RealAudio"
        }
        CODEC_ID_ALAC => "Apple Lossless with damaged parameters",
        CODEC_ID_AAC => "AAC of a profile that is not decoded",
        CODEC_ID_VORBIS => "Vorbis with damaged headers",
        CODEC_ID_FLAC => "FLAC with a damaged head",
        _ => return None,
    })
}
