//! Opens files and streams: finds the audio track and its reader.

use std::fs::File;
use std::io::{self, Seek};
use std::path::Path;

use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_PCM_F32BE, CODEC_ID_PCM_F64BE, CODEC_ID_PCM_S24BE, CODEC_ID_PCM_S32BE,
};
use symphonia::core::errors::Error;

use super::demux::{Container, NoTrack, Opened};
use super::frames::Frames;
use super::kind::Kind;
use super::sound::{self, Coding, Refusal};
use super::source::Source;
use super::{AudioError, flac, priming};

/// Opens a file.
pub(super) fn file(path: &Path) -> Result<Source, AudioError> {
    let unreadable = |source| unreadable(path, source);
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(AudioError::Folder { path: path.into() });
    }
    if !metadata.is_file() {
        // A named pipe.
        return Ok(Source::stream(file));
    }
    if metadata.len() == 0 {
        return Err(AudioError::Empty { path: path.into() });
    }
    Ok(Source::file(file, metadata.len()))
}

/// Finds the audio track in `source`; `path` stands for it in errors.
pub(super) fn track(path: &Path, mut source: Source) -> Result<Opened, AudioError> {
    if source.peek(1).map_err(|e| unreadable(path, e))?.is_empty() {
        return Err(AudioError::Empty { path: path.into() });
    }
    let (kind, tags) = Kind::detect(&mut source).map_err(|e| unreadable(path, e))?;
    if !kind.is_read_in_order() {
        source = source.spooled().map_err(|e| unreadable(path, e))?;
    }
    match kind {
        Kind::Frames => return frames(path, source),
        Kind::Foreign(format) => {
            let path = path.into();
            return Err(AudioError::Format { path, format });
        }
        _ => {}
    }
    source.skip(tags as u64).map_err(|e| unreadable(path, e))?;
    match kind {
        Kind::Flac => return bare_flac(path, source),
        Kind::Mp4 | Kind::Ogg | Kind::Matroska => return container(path, source, kind),
        _ => {}
    }
    let layout = match sound::head(kind, &mut source) {
        Ok(layout) => layout,
        Err(Refusal::Elsewhere) => return container(path, source, kind),
        Err(Refusal::Read(error)) => return Err(unreadable(path, error)),
        Err(Refusal::Codec(codec)) => {
            let path = path.into();
            return Err(AudioError::Codec { path, codec });
        }
        Err(Refusal::Damaged(reason)) => {
            let (path, reason) = (path.into(), reason.to_owned());
            return Err(AudioError::Damaged { path, reason });
        }
    };
    if layout.format.coding == Coding::Frames {
        // Another format inside a WAV container.
        return match Kind::detect(&mut source)
            .map_err(|e| unreadable(path, e))?
            .0
        {
            Kind::Flac => bare_flac(path, source),
            Kind::Ogg => symphonia(path, source.into_stream_behind(Vec::new()), None),
            _ => frames(path, source),
        };
    }
    let (rate, channels) = (layout.format.rate, usize::from(layout.format.channels));
    AudioError::check_format(path, rate, channels)?;
    sound::open(source, &layout).ok_or_else(|| AudioError::Damaged {
        path: path.into(),
        reason: "its samples have no size".to_owned(),
    })
}

fn unreadable(path: &Path, source: io::Error) -> AudioError {
    let path = path.into();
    AudioError::Unreadable { path, source }
}

/// Frames without a container, found by search.
fn frames(path: &Path, source: Source) -> Result<Opened, AudioError> {
    match Frames::open(source) {
        Ok((frames, parameters)) => Ok(Opened {
            demux: Box::new(frames),
            parameters,
            time_base: None,
            span: None,
            stated_s: None,
            at_most_s: None,
        }),
        Err(Error::IoError(error)) => Err(unreadable(path, error)),
        Err(_) => Err(AudioError::no_frames(path)),
    }
}

fn bare_flac(path: &Path, mut source: Source) -> Result<Opened, AudioError> {
    let head = flac::head(&mut source).map_err(|e| unreadable(path, e))?;
    let head = head.ok_or_else(|| AudioError::Damaged {
        path: path.into(),
        reason: "no description of the stream in it".to_owned(),
    })?;
    symphonia(path, source.into_stream_behind(head), Some("flac"))
}

/// A container read by symphonia, with seeking if possible.
fn container(path: &Path, source: Source, kind: Kind) -> Result<Opened, AudioError> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let in_order =
        |source: Source| symphonia(path, source.into_stream_behind(Vec::new()), extension);
    let Some(len) = source.len() else {
        return in_order(source);
    };
    let mut file = source.into_file().map_err(|e| unreadable(path, e))?;
    if kind == Kind::Mp4 {
        return movie(path, file, len, in_order);
    }
    let again = file.try_clone();
    let opened = symphonia(path, Box::new(file), extension);
    match (opened, again) {
        // symphonia 0.6.1 refuses a Matroska file that is shorter than stated, unless its length is
        // hidden.
        (Err(AudioError::NotAudio { .. }), Ok(again)) if kind == Kind::Matroska => {
            file = again;
            file.rewind().map_err(|e| unreadable(path, e))?;
            in_order(Source::file(file, len))
        }
        (opened, _) => opened,
    }
}

/// MP4 and QuickTime.
fn movie(
    path: &Path,
    mut file: File,
    len: u64,
    in_order: impl Fn(Source) -> Result<Opened, AudioError>,
) -> Result<Opened, AudioError> {
    let span = priming::edit_list(&mut file);
    let movie = priming::movie(&mut file);
    let opened = if movie.is_cut {
        // symphonia 0.6.1 finds no samples in a file that is shorter than stated, unless its length
        // is hidden.
        in_order(Source::file(file, len))
    } else {
        symphonia(path, Box::new(file), Some("mp4"))
    };
    match opened {
        Ok(mut opened) => {
            // symphonia 0.6.1 takes all of these for little-endian.
            let codec = match movie.codec.as_ref().filter(|_| !movie.is_little_endian) {
                Some(b"in24") => Some(CODEC_ID_PCM_S24BE),
                Some(b"in32") => Some(CODEC_ID_PCM_S32BE),
                Some(b"fl32") => Some(CODEC_ID_PCM_F32BE),
                Some(b"fl64") => Some(CODEC_ID_PCM_F64BE),
                _ => None,
            };
            if let Some(codec) = codec {
                opened.parameters.for_codec(codec);
            }
            opened.span = span.or(opened.span);
            Ok(opened)
        }
        // symphonia returns no track for an unknown codec.
        Err(AudioError::NoTrack { path }) => match movie.codec {
            Some(codec) => Err(AudioError::Codec {
                path,
                codec: format!("\"{}\"", String::from_utf8_lossy(&codec)),
            }),
            None => Err(AudioError::NoTrack { path }),
        },
        Err(error) => Err(error),
    }
}

fn symphonia(
    path: &Path,
    source: Box<dyn symphonia::core::io::MediaSource>,
    extension: Option<&str>,
) -> Result<Opened, AudioError> {
    Container::open(source, extension).map_err(|reason| match reason {
        NoTrack::Failed(error) => AudioError::not_audio(path, &error),
        NoTrack::None => AudioError::NoTrack { path: path.into() },
    })
}
