//! Export of chord tracks as files.

use harmony::export::{Format, Options};
use harmony::track::Track;
use serde::Serialize;

use crate::error::Error;
use crate::settings::Settings;

/// A format in the page's menu.
#[derive(Serialize)]
pub struct Offer {
    /// Its name, for [`export`].
    name: &'static str,
    /// Its description.
    title: &'static str,
    /// The extension of its files, without the dot.
    extension: &'static str,
    /// Its media type.
    media: &'static str,
}

/// All formats, as JSON. Letters of titles that the built-in fonts lack are question marks in SVG
/// and PDF: a page has no access to the system's fonts.
pub fn formats() -> Result<String, Error> {
    let offers = Format::ALL.map(|format| Offer {
        name: format.name(),
        title: format.title(),
        extension: format.extension(),
        media: media(format),
    });
    Ok(serde_json::to_string(&offers)?)
}

/// The bytes of a track in a format.
pub fn export(track: &str, settings: &str, format: &str) -> Result<Vec<u8>, Error> {
    let settings = Settings::read(settings)?;
    let track = settings.shown(&Track::from_json(track)?)?;
    let known = Format::ALL.into_iter().find(|it| it.name() == format);
    let format = known.ok_or_else(|| Error::Format(format.chars().take(40).collect()))?;
    let options = Options {
        style: settings.style,
        title: Some(track.info().title.clone()),
        ..Options::default()
    };
    let mut bytes = Vec::new();
    format.write_track(&mut bytes, &track, &options)?;
    Ok(bytes)
}

const fn media(format: Format) -> &'static str {
    match format {
        Format::Midi => "audio/midi",
        Format::Pdf => "application/pdf",
        Format::Svg => "image/svg+xml",
        Format::Jams => "application/json",
        Format::Csv | Format::Reaper => "text/csv",
        Format::IReal => "text/html",
        Format::MusicXml => "application/vnd.recordare.musicxml+xml",
        Format::Lab
        | Format::ChordPro
        | Format::ChordProInline
        | Format::Audacity
        | Format::Text => "text/plain",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACK: &str = r#"{"version": 1, "info": {"title": "ト短調", "composer": "",
        "bars_per_line": 4}, "segments": [
        {"start_s": 0.0, "end_s": 2.0, "label": "A:min7", "confidence": 0.9, "status": "confirmed"},
        {"start_s": 2.0, "end_s": 4.0, "label": "G:7/3", "confidence": 0.9, "status": "confirmed"}]}"#;

    #[test]
    fn every_format_is_written() {
        let offers: serde_json::Value = serde_json::from_str(&formats().unwrap()).unwrap();
        assert_eq!(offers.as_array().unwrap().len(), Format::ALL.len());
        for format in Format::ALL {
            let bytes = export(TRACK, "{}", format.name()).unwrap();
            assert!(!bytes.is_empty(), "{}", format.name());
        }
        assert!(matches!(export(TRACK, "{}", "doc"), Err(Error::Format(_))));
    }

    #[test]
    fn files_have_what_is_shown() {
        let settings = r#"{"transpose": 2, "vocabulary": "majmin"}"#;
        let lab = export(TRACK, settings, "lab").unwrap();
        let lab = String::from_utf8(lab).unwrap();
        assert_eq!(
            lab,
            "0.000000\t2.000000\tB:min\n2.000000\t4.000000\tA:maj\n"
        );
    }
}
