//! The band's result for the tracks of a song, as from the plugin's instances.

use std::sync::Arc;

use anyhow::Result;
use harmony::label::Label;
use harmony::timeline::{Segment, Status};
use recognizer::audio::Audio;
use recognizer::band::{BandReader, CALIBRATIONS, Part, PartFrame, Vote, Weights, fuse_with};
use recognizer::beat::{BeatGrid, NoBeats};
use recognizer::decode::Posterior;
use recognizer::decode::changes::ChangeCosts;
use recognizer::inference::{CausalModel, WindowModel};
use recognizer::live::{LiveEngine, LiveSettings};
use recognizer::networks::{BASS_CLASSES, NO_BASS};
use recognizer::signal::Signal;
use recognizer::transcribe::{Analysis, decode};
use renderer::arranger::Bus;
use renderer::render::Stems;

/// Live frames per frame of the windowed network.
const LIVE_A_FILE_FRAME: usize = 2;

/// The part of a bus.
fn part_of(bus: Bus) -> Part {
    match bus {
        Bus::Chords | Bus::Guitars => Part::Harmony,
        Bus::Bass => Part::Bass,
        Bus::Lead => Part::Melody,
        Bus::Drums => Part::Drums,
    }
}

/// The output of both networks for one track.
struct Heard {
    part: Part,
    live: Vec<PartFrame>,
    /// Posteriors of the windowed network.
    file: Vec<Posterior>,
}

/// The networks' output for the tracks of a song.
pub(crate) struct Band {
    heard: Vec<Heard>,
    length_s: f64,
}

impl Band {
    /// Runs the networks on the tracks of a song; drums are skipped.
    ///
    /// # Errors
    /// If an engine refuses the rate, or fails.
    pub(crate) fn listen(
        stems: Stems,
        sample_rate: u32,
        live: &Arc<dyn CausalModel>,
        windowed: &dyn WindowModel,
    ) -> Result<Self> {
        let mut heard = Vec::new();
        let mut length_s = 0.0_f64;
        for (bus, samples) in stems {
            let part = part_of(bus);
            let audio = Audio::new(samples, sample_rate);
            length_s = length_s.max(audio.length_s());
            if part == Part::Drums {
                continue;
            }
            let rate = f64::from(sample_rate);
            let mut engine = LiveEngine::new(Arc::clone(live), rate, LiveSettings::default())?;
            engine.share_frames(true);
            engine.push(&audio.samples);
            engine.finish();
            let file = Analysis::new(&Signal::from_audio(&audio)?, windowed, |_| true)?;
            heard.push(Heard {
                part,
                live: engine.take_frames(),
                file: file.posteriors,
            });
        }
        Ok(Self { heard, length_s })
    }

    /// The track of the whole song.
    ///
    /// # Errors
    /// If the segments do not make a timeline.
    pub(crate) fn file(&self, grid: Option<&BeatGrid>, by: Weights) -> Result<Vec<Segment>> {
        let frames = self.heard.iter().map(|it| it.file.len()).max().unwrap_or(0);
        let posteriors: Vec<Posterior> = (0..frames)
            .map(|frame| {
                let votes = self.heard.iter().filter_map(|heard| {
                    // The part's live posterior at that moment.
                    let live = heard.live.get(LIVE_A_FILE_FRAME * frame)?;
                    (!live.silent).then_some(Vote {
                        part: heard.part,
                        posterior: heard.file.get(frame)?,
                        notes: &live.notes,
                    })
                });
                let votes: Vec<Vote<'_>> = votes.collect();
                fuse_with(&votes, by).unwrap_or_else(no_chord)
            })
            .collect();
        let track = decode(&posteriors, self.length_s, grid, ChangeCosts::default())?;
        let calibrated = track.map_confidences(|mean| CALIBRATIONS.track.confidence(mean));
        Ok(calibrated.segments().to_vec())
    }

    /// The chords of the display, each from when it is shown.
    pub(crate) fn display(&self, grid: Option<&BeatGrid>, by: Weights) -> Vec<Segment> {
        let mut reader = BandReader::new(LiveSettings::default());
        reader.begin(0.0);
        let frames = self.heard.iter().map(|it| it.live.len()).max().unwrap_or(0);
        for frame in 0..frames {
            let votes = self.heard.iter().filter_map(|heard| {
                let heard_there = heard.live.get(frame)?;
                (!heard_there.silent).then_some(Vote {
                    part: heard.part,
                    posterior: &heard_there.posterior,
                    notes: &heard_there.notes,
                })
            });
            let votes: Vec<Vote<'_>> = votes.collect();
            let fused = fuse_with(&votes, by);
            match grid {
                Some(grid) => reader.hear(fused, &mut |_: f64, _: f64| Some(grid.clone())),
                None => reader.hear(fused, &mut NoBeats),
            }
        }
        let mut displayed: Vec<Segment> = Vec::new();
        let mut shown = Segment::new(0.0, self.length_s, Label::NoChord);
        while let Some(next) = reader.poll() {
            if next.shown_at_s >= self.length_s {
                break;
            }
            if next.shown_at_s > shown.start_s {
                shown.end_s = next.shown_at_s;
                displayed.push(shown.clone());
            }
            shown = Segment {
                confidence: next.confidence,
                status: Status::Provisional,
                ..Segment::new(next.shown_at_s, self.length_s, next.label)
            };
        }
        if self.length_s > shown.start_s {
            displayed.push(shown);
        }
        displayed
    }
}

/// The posterior where no part contributes.
fn no_chord() -> Posterior {
    let mut chord = [0.0; recognizer::networks::CHORD_CLASSES];
    chord[harmony::vocabulary::large::NO_CHORD] = 10.0;
    let mut bass = [0.0; BASS_CLASSES];
    bass[NO_BASS] = 10.0;
    Posterior::from_logits(&chord, Some(&bass), None)
}
