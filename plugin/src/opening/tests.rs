use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

use harmony::timeline::Segment;
use recognizer::models::{self, NetworkFile};

use super::*;
use crate::session::Clock;
use crate::snapshot::SongPosition;

/// C, Am, F and G of two seconds each, four times, as a WAV file.
pub(crate) fn song(folder: &Path) -> PathBuf {
    const RATE: u32 = 22_050;
    let path = folder.join("song.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    let chords = [
        [36, 60, 64, 67],
        [45, 60, 64, 69],
        [41, 60, 65, 69],
        [43, 59, 62, 67],
    ];
    for chord in chords.iter().cycle().take(16) {
        // Struck four times a bar.
        for n in 0..2 * RATE {
            let t = f64::from(n) / f64::from(RATE);
            let fade = (-3.0 * (t % 0.5)).exp();
            let tone = |note: &i32| {
                let hz = 440.0 * 2_f64.powf(f64::from(note - 69) / 12.0);
                let overtone = |k: u32| (TAU * hz * f64::from(k) * t).sin() / f64::from(k * k);
                (1..6).map(overtone).sum::<f64>()
            };
            let sum: f64 = chord.iter().map(tone).sum();
            writer.write_sample((2500.0 * fade * sum) as i16).unwrap();
        }
    }
    writer.finalize().unwrap();
    path
}

fn job(opening: &Arc<Opening>) -> Job {
    opening
        .begin("song.wav".to_owned(), || true, || {})
        .unwrap()
}

/// Opens a song as the window does.
fn open(
    opening: &Arc<Opening>,
    session: &Session,
    path: &Path,
    place: Place,
    position: Option<SongPosition>,
) -> Result<Arc<OpenedSong>, OpenError> {
    let job = job(opening);
    let song = hear_song(&job, path, None, session.loads())?;
    place_song(&job, song, place, session, position)
}

fn align(
    opening: &Arc<Opening>,
    session: &Session,
    chart: &str,
) -> Result<Option<Arc<Proposal>>, OpenError> {
    align_chart(&job(opening), Arc::new(read_text(chart)?), session)
}

fn roots(session: &Session) -> Vec<String> {
    let track = session.track();
    let segments = track.timeline().segments().iter();
    segments
        .filter_map(|it| Some(it.label.chord()?.root().to_string()))
        .collect()
}

fn has_in_order(session: &Session, four: [&str; 4]) -> bool {
    roots(session).windows(4).any(|it| it == four)
}

fn standing(tempo_bpm: Option<f64>) -> Option<SongPosition> {
    Some(SongPosition {
        time_s: 3.0,
        beat: None,
        playing: false,
        bar_number: None,
        tempo_bpm,
        meter: None,
    })
}

/// Writes a chord as the worker does.
fn hear(session: &Session, start_s: f64, end_s: f64, label: &str) {
    session.record(session.loads(), |song| {
        song.write(
            start_s,
            end_s,
            [Segment::new(start_s, end_s, label.parse().unwrap())],
        );
    });
}

#[test]
fn a_song_is_one_step_of_undo_with_bars_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = song(folder.path());
    let (session, opening) = (Session::default(), Arc::new(Opening::default()));
    let opened = open(&opening, &session, &path, Place::Start, None).unwrap();
    assert_eq!(opening.view(session.loads()).progress, None);
    assert_eq!(
        opening.view(session.loads()).song.as_deref(),
        Some("song.wav")
    );
    assert!(
        has_in_order(&session, ["C", "A", "F", "G"]),
        "{:?}",
        roots(&session)
    );
    let track = session.track();
    assert_eq!(track.info().title, "song");
    assert!(opened.beats.is_some() && track.tempo().points().len() > 1);
    let other_readings = track.timeline().segments().iter();
    assert!(
        other_readings
            .map(|it| it.alternatives.len())
            .sum::<usize>()
            > 0
    );
    assert!(session.undo());
    assert!(session.track().timeline().is_empty() && !session.can_undo());
    assert_eq!(session.track().info().title, "");
    assert!(session.redo());
    assert_eq!(*session.track(), *track);
}

#[test]
fn locked_chords_stay_and_what_else_was_there_comes_back_with_undo() {
    let folder = tempfile::tempdir().unwrap();
    let path = song(folder.path());
    let (session, opening) = (Session::default(), Arc::new(Opening::default()));
    hear(&session, 0.0, 4.0, "Eb");
    hear(&session, 4.0, 8.0, "Ab");
    let label = "B:7".parse().unwrap();
    session
        .edit(&harmony::edit::Command::SetChord { at_s: 1.0, label })
        .unwrap();
    let before = session.track();
    open(&opening, &session, &path, Place::Start, None).unwrap();
    let track = session.track();
    assert_eq!(track.timeline().at(1.0).unwrap().label.to_string(), "B:7");
    assert_ne!(
        track.timeline().at(5.0).unwrap().label.to_string(),
        "Ab:maj"
    );
    assert!(session.undo());
    assert_eq!(session.track().timeline(), before.timeline());
}

#[test]
fn a_song_lies_at_the_playhead_of_a_host_that_tells_a_tempo() {
    let folder = tempfile::tempdir().unwrap();
    let path = song(folder.path());
    let (session, opening) = (Session::default(), Arc::new(Opening::default()));
    let position = standing(Some(96.0));
    let opened = open(&opening, &session, &path, Place::Start, position).unwrap();
    assert_eq!((session.clock(), opened.place_s), (Clock::Host, 0.0));
    assert_eq!(session.track().tempo().bpm_at(0.0), 96.0);
    let opened = open(&opening, &session, &path, Place::Here, position).unwrap();
    assert_eq!(opened.place_s, 3.0);
    assert_eq!(
        session.track().timeline().end_s(),
        Some(3.0 + opened.length_s)
    );
    // The host's song begins: nothing of it is set aside.
    assert!(session.message().is_none());
}

#[test]
fn what_is_heard_after_a_song_on_the_streams_clock_comes_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = song(folder.path());
    let (session, opening) = (Session::default(), Arc::new(Opening::default()));
    open(&opening, &session, &path, Place::Start, standing(None)).unwrap();
    let end_s = session.track().timeline().end_s().unwrap();
    let position = session.position(&crate::HostPosition::default(), 1.0, true);
    assert!((position.time_s - end_s - 1.0).abs() < 1e-6, "{position:?}");
    // Undone, there is no room for it.
    assert!(session.undo());
    let position = session.position(&crate::HostPosition::default(), 1.0, true);
    assert_eq!(position.time_s, 1.0);
}

#[test]
fn a_chart_is_taken_whole_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = song(folder.path());
    let (session, opening) = (Session::default(), Arc::new(Opening::default()));
    open(&opening, &session, &path, Place::Start, None).unwrap();
    let before = session.track();
    let chart =
        "Four Chords\n\n[A]\n| C | Am | F | G |\n[B]\n| C | Am | Eb | G |\n|: C | Am | F | G :|";
    let proposal = align(&opening, &session, chart).unwrap().unwrap();
    assert_eq!(proposal.aligned_to, "song.wav");
    assert_eq!(proposal.bars.len(), 16);
    // It is only a proposal: the track has not changed.
    assert_eq!(*session.track(), *before);
    let wrong = &proposal.bars[6];
    assert!(wrong.differs() && wrong.score < -0.7, "{wrong:?}");
    assert_eq!(proposal.differing(), 1);
    assert_eq!(proposal.bars[4].section.as_deref(), Some("B"));
    let said = opening.accept(None, &session).unwrap().unwrap();
    assert!(said.contains("16 bars accepted"), "{said}");
    assert_eq!(opening.view(session.loads()).proposal, None);
    let track = session.track();
    assert!(proposal.bars.iter().all(|bar| bar.is_taken(&track)));
    let at = track.timeline().at(wrong.start_s + 0.5).unwrap();
    assert_eq!((at.label.to_string().as_str(), at.locked), ("Eb:maj", true));
    assert_eq!(track.sections().len(), 2);
    assert!(session.undo());
    assert_eq!(*session.track(), *before);
}

#[test]
fn a_chart_is_taken_bar_by_bar() {
    let folder = tempfile::tempdir().unwrap();
    let path = song(folder.path());
    let (session, opening) = (Session::default(), Arc::new(Opening::default()));
    open(&opening, &session, &path, Place::Start, None).unwrap();
    let before = session.track();
    let proposal = align(&opening, &session, "|: C | Am | Dm7 | G :| x4");
    let proposal = proposal.unwrap().unwrap();
    assert_eq!(opening.accept(Some(2), &session).unwrap(), None);
    let taken: Vec<bool> = (proposal.bars.iter())
        .map(|bar| bar.is_taken(&session.track()))
        .collect();
    assert_eq!(taken.iter().filter(|it| **it).count(), 1);
    assert!(taken[2]);
    assert!(opening.accept(Some(99), &session).unwrap().is_none());
    // A locked chord gives way to the bar that the user chooses.
    let at_s = proposal.bars[6].start_s + 1.0;
    let label = "B:7".parse().unwrap();
    session
        .edit(&harmony::edit::Command::SetChord { at_s, label })
        .unwrap();
    opening.accept(Some(6), &session).unwrap();
    assert!(proposal.bars[6].is_taken(&session.track()));
    for _ in 0..3 {
        assert!(session.undo());
    }
    assert_eq!(*session.track(), *before);
}

#[test]
fn a_chart_is_aligned_to_what_was_heard_where_no_song_is_open() {
    let (session, opening) = (Session::default(), Arc::new(Opening::default()));
    let chart = "| C | Am | F | G |";
    assert_eq!(align(&opening, &session, chart).unwrap(), None);
    assert!(opening.chart().is_some() && opening.waiting_chart().is_some());
    session.take_hosts_clock(120.0);
    for (bar, label) in ["C", "A:min", "F", "G"].iter().enumerate() {
        let start_s = 4.0 + 2.0 * bar as f64;
        hear(&session, start_s, start_s + 2.0, label);
    }
    let proposal = align(&opening, &session, chart).unwrap().unwrap();
    assert_eq!(proposal.aligned_to, "what was heard");
    assert!(opening.waiting_chart().is_none());
    let starts: Vec<f64> = proposal.bars.iter().map(|it| it.start_s).collect();
    assert_eq!(starts.len(), 4);
    for (start_s, expected) in starts.iter().zip([4.0, 6.0, 8.0, 10.0]) {
        assert!((start_s - expected).abs() < 0.06, "{starts:?}");
    }
    opening.accept(None, &session).unwrap();
    assert_eq!(roots(&session), ["C", "A", "F", "G"]);
    assert!(
        session
            .track()
            .timeline()
            .segments()
            .iter()
            .all(|it| it.locked)
    );
}

#[test]
fn cancelling_leaves_the_track_alone_and_makes_room_for_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = song(folder.path());
    let (session, opening) = (Session::default(), Arc::new(Opening::default()));
    let slow = job(&opening);
    let busy = opening.begin("other".to_owned(), || true, || {});
    assert!(matches!(busy.err(), Some(OpenError::Busy(_))));
    opening.cancel();
    let next = job(&opening);
    assert!(matches!(
        hear_song(&slow, &path, None, 0),
        Err(OpenError::Cancelled)
    ));
    // A cancelled job does not end the next one.
    drop(slow);
    assert!(opening.view(0).progress.is_some());
    drop(next);
    assert!(session.track().timeline().is_empty() && opening.view(0).progress.is_none());
}

#[test]
fn a_song_is_heard_by_the_network_that_was_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let path = song(folder.path());
    let opening = Arc::new(Opening::default());
    let weights = folder.path().join("mine.safetensors");
    // A network that is deaf: by its header its input varies so much that all of it is the mean.
    let mut bytes = models::WINDOWED.to_vec();
    let key = br#""deviation":""#;
    let at = bytes.windows(key.len()).position(|it| it == key).unwrap() + key.len();
    let end = at + bytes[at..].iter().position(|it| *it == b'"').unwrap();
    bytes[at..end].fill(b'9');
    std::fs::write(&weights, &bytes).unwrap();
    let (file, _) = NetworkFile::choose(&weights, false).unwrap();
    let heard = |network: Option<&NetworkFile>| {
        let song = hear_song(&job(&opening), &path, network, 0).unwrap();
        let chords = song.chords.segments().iter();
        let chords: Vec<String> = chords.map(|it| it.label.to_string()).collect();
        (chords, song.refused)
    };
    let (built_in, none) = heard(None);
    assert!(built_in.len() >= 16 && none.is_none(), "{built_in:?}");
    let (deaf, none) = heard(Some(&file));
    assert!(deaf.len() < 4 && none.is_none(), "{deaf:?}");
    // What is gone, or was replaced, is said, and the built-in network listens.
    std::fs::remove_file(&weights).unwrap();
    let (instead, why) = heard(Some(&file));
    assert_eq!(instead, built_in);
    assert!(why.unwrap().contains("mine.safetensors"));
}

#[test]
fn an_instance_that_is_gone_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = song(folder.path());
    let opening = Arc::new(Opening::default());
    let job = opening.begin("song".to_owned(), || false, || {}).unwrap();
    assert!(matches!(
        hear_song(&job, &path, None, 0),
        Err(OpenError::Cancelled)
    ));
}

#[test]
fn another_project_gets_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = song(folder.path());
    let (session, opening) = (Session::default(), Arc::new(Opening::default()));
    open(&opening, &session, &path, Place::Start, None).unwrap();
    align(&opening, &session, "| C | Am | F | G |")
        .unwrap()
        .unwrap();
    let heard = hear_song(&job(&opening), &path, None, session.loads()).unwrap();
    session.load(&Session::default().save().unwrap());
    let view = opening.view(session.loads());
    assert_eq!((view.song, view.proposal), (None, None));
    assert!(opening.accept(None, &session).is_err());
    let placed = place_song(&job(&opening), heard, Place::Start, &session, None);
    assert!(matches!(placed, Err(OpenError::OtherSession(_))));
    assert!(session.track().timeline().is_empty());
}

#[test]
fn what_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let opening = Arc::new(Opening::default());
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    for path in [
        folder.path().join("none.wav"),
        folder.path().to_owned(),
        file("empty.mp3", b""),
        file("text.flac", b"no audio at all, whatever its name says"),
    ] {
        let error = hear_song(&job(&opening), &path, None, 0).err().unwrap();
        let name = name_of(&path);
        assert!(error.to_string().contains(&name), "{error}");
    }
    let chart = file("chart.txt", b"no chords here, just words");
    let error = read_chart(&chart).unwrap_err();
    assert!(error.to_string().contains("chart.txt"), "{error}");
    let error = read_text("nothing").unwrap_err();
    assert!(error.to_string().contains("not a chart"), "{error}");
    assert!(is_chart(Path::new("a/B.ChordPro")) && !is_chart(Path::new("b.flac")));
}

#[test]
fn an_example_names_the_audio_and_has_the_chords_at_its_times() {
    let folder = tempfile::tempdir().unwrap();
    let path = song(folder.path());
    let (session, opening) = (Session::default(), Arc::new(Opening::default()));
    session.take_hosts_clock(120.0);
    let position = standing(Some(120.0));
    open(&opening, &session, &path, Place::Here, position).unwrap();
    let at_s = 4.0;
    let label = "E:min9".parse().unwrap();
    session
        .edit(&harmony::edit::Command::SetChord { at_s, label })
        .unwrap();
    let song = opening.song(session.loads()).unwrap();
    let of_audio = example(&session.track(), &song).unwrap();
    let corrected = of_audio.timeline().at(at_s - 3.0).unwrap();
    assert_eq!(corrected.label.to_string(), "E:min9");
    let ends = (of_audio.timeline().start_s(), of_audio.timeline().end_s());
    assert_eq!(ends.0, Some(0.0));
    assert!(ends.1.unwrap() <= song.length_s);
    // It begins with the audio, not with the host's bar.
    assert!(of_audio.timeline().segments().len() > 10);
    session.edit(&harmony::edit::Command::Clear).unwrap();
    assert!(example(&session.track(), &song).is_err());
}
