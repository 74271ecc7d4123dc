//! A chart on what was heard: as exact as on the audio itself.

use harmony::import::chart::WrittenChart;
use recognizer::align::{Alignment, align};
use recognizer::beat::Known;
use recognizer::features::centred_cqt::FILE_HOP_S;
use recognizer::models;
use recognizer::signal::Signal;
use recognizer::song::listen;
use recognizer::transcribe::Networks;
use recognizer::tuning::TuningSetting;

use super::*;
use crate::opening::tests::song;
use crate::opening::{Opening, align_chart, read_text};

/// What the command finds in a file.
fn by_the_command(signal: &Signal, chart: &WrittenChart) -> Alignment {
    let model = models::windowed().unwrap();
    let known = Some(Known::default());
    let tuning = TuningSetting::Estimated;
    let networks = Networks::alone(&*model);
    let (analysis, heard) = listen(signal, &networks, known, tuning, |_| true).unwrap();
    align(chart, &analysis, heard.beats.as_ref(), |_| true).unwrap()
}

#[test]
fn a_chart_lies_on_what_was_heard_as_on_the_file() {
    const FRAMES: usize = 441;
    let folder = tempfile::tempdir().unwrap();
    let audio = recognizer::audio::decode_file(song(folder.path()), &mut |_| {}).unwrap();
    let rate = f64::from(audio.sample_rate);
    // One chord of it was not played.
    let text = "|: C | Am | F | G :|\n| C | Am | Eb | G |\n| C | Am | F | G |";
    let chart = read_text(text).unwrap();
    let command = by_the_command(&Signal::from_audio(&audio).unwrap(), &chart);

    let worker = Worker::start(crate::engine::load().unwrap()).unwrap();
    let (instance, mut input) = tapped(2_000_000, rate);
    worker.adopt(&instance);
    for (block, samples) in audio.samples.chunks(FRAMES).enumerate() {
        let beats = (block * FRAMES) as f64 / rate * 2.0;
        let host = rolling(beats);
        input.push(&[samples], samples.len(), host);
    }
    let length_s = audio.samples.len() as f64 / rate;
    await_snapshot(&instance, |it| it.now_s >= length_s - 0.1);
    input.pause();
    let session = instance.session();
    let is_confirmed = || {
        let track = session.track();
        let last = track.timeline().segments().last();
        last.is_some_and(|it| it.status == harmony::timeline::Status::Confirmed)
    };
    wait_until(is_confirmed);

    // The network's frames are there, not the track's chords alone.
    let (heard, track) = (session.heard(), session.track());
    let frames = (length_s / FILE_HOP_S) as usize;
    let kept = (0..frames).filter(|frame| {
        let at_s = *frame as f64 * FILE_HOP_S;
        heard.at(at_s, track.tempo()).is_some()
    });
    assert!(kept.count() > frames - 12);

    let opening = Arc::new(Opening::default());
    let job = opening.begin("chart".to_owned(), || true, || {}).unwrap();
    let window = align_chart(&job, Arc::new(chart), session)
        .unwrap()
        .unwrap();
    assert_eq!(window.aligned_to, "what was heard");
    let differing = |index: usize| window.bars[index].differs();
    assert_eq!(window.bars.len(), command.bars.len());
    assert_eq!(window.bars.len(), 16);
    for (index, (own, other)) in window.bars.iter().zip(&command.bars).enumerate() {
        assert_eq!(own.number, other.bar + 1);
        let apart = [own.start_s - other.start_s, own.end_s - other.end_s];
        assert!(
            apart.iter().all(|it| it.abs() <= 2.0 * FILE_HOP_S),
            "bar {index}: {apart:?}"
        );
        assert_eq!(differing(index), other.is_flagged(), "bar {index}");
    }
    assert!(differing(10));
}
