//! The user's chart, aligned to a song or to what was heard.

use std::path::Path;
use std::sync::Arc;

use harmony::import::chart::{self, WrittenChart};
use recognizer::align::{AlignError, align};

use super::heard::HeardSong;
use super::proposal::{Music, Proposal};
use super::{Job, OpenError, name_of};
use crate::session::{Clock, Session};

/// Extensions of charts; anything else is taken for audio.
pub const CHART_EXTENSIONS: [&str; 16] = [
    "txt", "cho", "chordpro", "chopro", "crd", "pro", "ireal", "html", "htm", "musicxml", "xml",
    "mid", "midi", "lab", "jams", "md",
];

/// The title of a chart from the clipboard that has none.
const PASTED: &str = "Pasted chart";

/// Whether a file is a chart, by its extension.
pub fn is_chart(path: &Path) -> bool {
    let extension = path.extension().and_then(|it| it.to_str());
    extension.is_some_and(|it| CHART_EXTENSIONS.contains(&it.to_ascii_lowercase().as_str()))
}

/// Reads the chart of a file.
///
/// # Errors
/// If the file is not a chart; the error names it.
pub fn read_chart(path: &Path) -> Result<WrittenChart, OpenError> {
    Ok(chart::load(path)?)
}

/// Reads a chart from a text, such as the clipboard's, in any text format.
///
/// # Errors
/// If the text is not a chart, or longer than a file may be.
pub fn read_text(text: &str) -> Result<WrittenChart, OpenError> {
    let mut chart = chart::parse(text)?;
    if chart.title.is_empty() {
        chart.title = PASTED.to_owned();
    }
    Ok(chart)
}

/// Aligns a chart to the song that was opened last, or else to what the track has of the song,
/// and keeps the proposal. `None`: there is neither, and the chart waits.
///
/// # Errors
/// If the chart cannot be aligned; it is kept all the same.
pub fn align_chart(
    job: &Job,
    chart: Arc<WrittenChart>,
    session: &Session,
) -> Result<Option<Arc<Proposal>>, OpenError> {
    job.keep(|state| {
        state.chart = Some(Arc::clone(&chart));
        state.chart_waits = true;
    })?;
    let loads = session.loads();
    let (clock, track) = (session.clock(), session.track());
    let song = job.opening.song(loads);
    let song = song.filter(|it| it.analysis.is_some());
    let heard;
    let music = match &song {
        Some(song) => Music {
            name: name_of(&song.path),
            analysis: song.analysis.as_ref(),
            beats: song.beats.as_ref(),
            chords: &song.chords,
            place_s: song.place_s,
        },
        None => {
            let has_bars = clock == Clock::Host || track.tempo().points().len() > 1;
            heard = HeardSong::of(&track, &session.heard(), has_bars);
            match &heard {
                Some(heard) => Music {
                    name: "what was heard".to_owned(),
                    analysis: Some(&heard.analysis),
                    beats: heard.beats.as_ref(),
                    chords: &heard.chords,
                    place_s: heard.from_s,
                },
                None => return Ok(None),
            }
        }
    };
    let Some(analysis) = music.analysis else {
        return Ok(None);
    };
    job.says(format!("Aligning {}", chart.title));
    job.keep(|state| state.chart_waits = false)?;
    let aligned = align(&chart, analysis, music.beats, |share| job.go_on(share));
    let aligned = aligned.map_err(|cause| match cause {
        AlignError::Stopped => OpenError::Cancelled,
        cause => OpenError::Align {
            title: chart.title.clone(),
            cause,
        },
    })?;
    if aligned.bars.is_empty() {
        return Err(OpenError::NotFound(chart.title.clone()));
    }
    let own_time = clock == Clock::Stream;
    let proposal = Proposal::new(&chart, &aligned, &music, own_time, loads);
    let proposal = Arc::new(proposal.map_err(|cause| OpenError::Timeline {
        title: chart.title.clone(),
        cause,
    })?);
    job.keep(|state| state.proposal = Some(Arc::clone(&proposal)))?;
    Ok(Some(proposal))
}
