//! A musician's session in a CLAP host: eight bars, a loop, a jump, a new tempo, a stop, an edit,
//! a save, another instance, an export, simpler chords in the window, a song from a file and a
//! chart for it. After every step the track is compared with `session.txt` beside this file, which
//! is written for people to read.
//!
//! `CHANGES_UPDATE_SESSION=1` rewrites that file; read it before committing it.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use changes_plugin::opening::{
    Opening, Place as OpenAt, align_chart, hear_song, place_song, read_text,
};
use changes_plugin::session::{SavedSession, Session};
use changes_plugin::snapshot::SongPosition;
use changes_plugin::view::Controls;
use changes_plugin::view::preferences::{Preferences, SimplifyChoice};
use clack_host::events::event_types::{TransportEvent, TransportFlags};
use clack_host::prelude::*;
use clack_host::utils::{BeatTime, SecondsTime};
use harmony::edit::{Command, Editor, Snap};
use harmony::export::{Format, Options};
use harmony::note_names::NoteNames;
use harmony::timeline::{Segment, Status};
use harmony::track::Track;
use testhost::host::{self, Block};
use testhost::music;

const RATE: f64 = 44_100.0;
const FRAMES: usize = 512;

/// Beats of a bar.
const BAR: f64 = 4.0;

/// Silence after the song is stopped, in seconds: more than the refining pass is behind.
const AFTER_STOP_S: f64 = 8.0;

/// Chords that are played, with their MIDI keys, bass first.
const C: &[u8] = &[48, 60, 64, 67, 72];
const AM: &[u8] = &[45, 57, 60, 64, 69];
const F: &[u8] = &[41, 57, 60, 65, 69];
const G: &[u8] = &[43, 59, 62, 67, 71];
const G7: &[u8] = &[43, 59, 62, 65, 67];
const EM: &[u8] = &[40, 59, 64, 67, 71];
const DM: &[u8] = &[50, 57, 62, 65, 69];
const D: &[u8] = &[50, 57, 62, 66, 69];
const BM: &[u8] = &[47, 59, 62, 66, 71];

/// A host with one song and one instance of the plugin.
struct Studio {
    instance: PluginInstance<host::TestHost>,
    processor: Option<StartedPluginAudioProcessor<host::TestHost>>,
    block: Block,
    expected: Expected,
}

impl Studio {
    fn open(entry: &PluginEntry) -> Self {
        let mut instance = host::instantiate(entry);
        let processor = host::activate(&mut instance, RATE, FRAMES);
        Self {
            instance,
            processor: Some(processor),
            block: Block::new(2, FRAMES),
            expected: Expected::load(),
        }
    }

    /// Plays a chord a bar from a place in the song on, at a tempo.
    fn play(&mut self, mut from: Place, bpm: f64, chords: &[&[u8]]) -> Place {
        for keys in chords {
            let bar_s = BAR * 60.0 / bpm;
            let audio = music::chord_of(RATE, keys, bar_s);
            self.sound(&audio, |sample| {
                let elapsed_s = sample as f64 / RATE;
                from.later(elapsed_s, bpm).transport(bpm, true)
            });
            from = from.later(bar_s, bpm);
        }
        from
    }

    /// The song stands still, and after a last chord so does the band.
    fn stop(&mut self, at: Place, bpm: f64, keys: Option<&[u8]>) {
        let mut audio = keys.map_or_else(Vec::new, |keys| music::chord_of(RATE, keys, 2.0));
        audio.resize(audio.len() + (AFTER_STOP_S * RATE) as usize, 0.0);
        self.sound(&audio, |_| at.transport(bpm, false));
    }

    fn sound(&mut self, audio: &[f32], transport: impl Fn(usize) -> TransportEvent) {
        let processor = self.processor.as_mut().unwrap();
        let mut sample = 0;
        for chunk in audio.chunks(FRAMES) {
            let transport = transport(sample);
            self.block
                .process(processor, &[chunk, chunk], Some(&transport));
            sample += chunk.len();
        }
    }

    /// As hosts do before they play: the analysis starts afresh.
    fn cue(&mut self) {
        self.processor.as_mut().unwrap().reset();
    }

    fn session(&mut self) -> SavedSession {
        let state = host::state_json(&host::save(&mut self.instance));
        SavedSession::from_json(state["fields"]["track"].as_str().unwrap()).unwrap()
    }

    /// Edits the track as the window does, through the saved state.
    fn edit(&mut self, commands: &[Command]) {
        let mut session = self.session();
        let mut editor = Editor::new(session.track);
        for command in commands {
            editor.apply(command).unwrap();
        }
        session.track = editor.into_track();
        self.load(&session.to_json().unwrap());
    }

    /// The same for what the window opens: `open` gets the session as an instance has it.
    fn open_in(&mut self, open: impl FnOnce(&Session)) {
        let session = Session::default();
        session.load(&self.session().to_json().unwrap());
        open(&session);
        self.load(&session.save().unwrap());
    }

    fn load(&mut self, session: &str) {
        let mut state = host::state_json(&host::save(&mut self.instance));
        state["fields"]["track"] = session.into();
        let json = serde_json::to_vec(&state).unwrap();
        let mut saved = (json.len() as u64).to_le_bytes().to_vec();
        saved.extend(json);
        assert!(host::restore(&mut self.instance, &saved));
    }

    /// Sets the window up through the saved state. Returns its controls.
    fn prefer(&mut self, set: impl FnOnce(&mut Preferences)) -> Controls {
        let mut state = host::state_json(&host::save(&mut self.instance));
        let field = &mut state["fields"]["window"];
        let mut window: Preferences = serde_json::from_str(field.as_str().unwrap()).unwrap();
        set(&mut window);
        *field = serde_json::to_string(&window).unwrap().into();
        let json = serde_json::to_vec(&state).unwrap();
        let mut saved = (json.len() as u64).to_le_bytes().to_vec();
        saved.extend(json);
        assert!(host::restore(&mut self.instance, &saved));
        Controls {
            window,
            ..Controls::default()
        }
    }

    /// Compares the track with the expected one after this step. The worker has its own pace:
    /// this waits until they agree, or for long enough.
    fn expect(&mut self, step: &str) {
        let patience = Duration::from_secs(90);
        let started = Instant::now();
        let (mut before, mut since) = (String::new(), Instant::now());
        loop {
            let now = described(&self.session());
            if now != before {
                (before, since) = (now.clone(), Instant::now());
            }
            let done = match &mut self.expected {
                Expected::Stored(text) => text.contains(&section(step, &now)),
                Expected::Written(text) => {
                    let settled = since.elapsed() > Duration::from_secs(3);
                    if settled {
                        text.push_str(&section(step, &now));
                    }
                    settled
                }
            };
            if done {
                return;
            }
            assert!(started.elapsed() < patience, "after “{step}”:\n{now}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A place in the song.
#[derive(Clone, Copy)]
struct Place {
    beat: f64,
    time_s: f64,
}

impl Place {
    fn later(self, elapsed_s: f64, bpm: f64) -> Self {
        Self {
            beat: self.beat + elapsed_s * bpm / 60.0,
            time_s: self.time_s + elapsed_s,
        }
    }

    fn transport(self, bpm: f64, playing: bool) -> TransportEvent {
        let bar = (self.beat / BAR + 1e-9).floor();
        let mut transport = host::rolling(0.0);
        transport.song_pos_beats = BeatTime::from_float(self.beat);
        transport.song_pos_seconds = SecondsTime::from_float(self.time_s);
        transport.tempo = bpm;
        transport.bar_start = BeatTime::from_float(bar * BAR);
        transport.bar_number = bar as i32;
        if !playing {
            transport.flags -= TransportFlags::IS_PLAYING;
        }
        transport
    }
}

/// The first beat of a bar, counted from 1, at 120 beats a minute.
fn bar(number: u32) -> Place {
    let beat = BAR * (f64::from(number) - 1.0);
    Place {
        beat,
        time_s: beat / 2.0,
    }
}

enum Expected {
    Stored(String),
    Written(String),
}

const HEAD: &str = "\
The chord track after each step of the scripted session. A line is a chord: the bar and beat
where it begins, its length in beats, its name.
";

impl Expected {
    fn path() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/session.txt")
    }

    fn load() -> Self {
        if std::env::var_os("CHANGES_UPDATE_SESSION").is_some() {
            return Self::Written(HEAD.to_owned());
        }
        Self::Stored(std::fs::read_to_string(Self::path()).unwrap())
    }

    fn save(&self) {
        if let Self::Written(text) = self {
            std::fs::write(Self::path(), text).unwrap();
        }
    }
}

fn section(step: &str, body: &str) -> String {
    format!("\n== {step}\n{body}")
}

fn described(session: &SavedSession) -> String {
    let track = &session.track;
    let mut text = format!("clock: {}", format!("{:?}", session.clock).to_lowercase());
    for (beat, bpm) in track.tempo().tempos() {
        let _ = write!(text, ", {bpm:.2} bpm from {}", place(track, beat));
    }
    for change in track.meters().changes() {
        let _ = write!(
            text,
            ", {} from {}",
            change.meter,
            place(track, change.beat)
        );
    }
    for region in track.keys() {
        let _ = write!(text, ", {} from {}", region.key, place(track, region.beat));
    }
    text.push('\n');
    for segment in track.timeline() {
        let (start, end) = beats(segment);
        let mut line = format!(
            "{:>9} {:>6.2}  {}",
            place(track, start),
            end - start,
            segment.label
        );
        if segment.status == Status::Provisional {
            line.push_str("  provisional");
        }
        if segment.locked {
            line.push_str("  locked");
        }
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// To a hundredth of a beat.
fn beats(segment: &Segment) -> (f64, f64) {
    let round = |beat: Option<f64>| (beat.unwrap() * 100.0).round() / 100.0;
    (round(segment.start_beat), round(segment.end_beat))
}

/// A beat as bar and beat, both counted from 1.
fn place(track: &Track, beat: f64) -> String {
    let beat = (beat * 100.0).round() / 100.0;
    let bar = track.meters().bar_at(beat);
    format!("{}|{:.2}", bar.number, beat - bar.start + 1.0)
}

#[test]
fn a_musicians_session_leaves_the_track_that_a_musician_expects() {
    let entry = host::load();
    let mut studio = Studio::open(&entry);

    let at = studio.play(bar(1), 120.0, &[C, AM, F, G, EM, DM, G, C]);
    studio.expect("eight bars, C Am F G Em Dm G C, are played and not stopped yet");
    studio.stop(at, 120.0, None);
    studio.expect("stopped");

    studio.cue();
    studio.play(bar(3), 120.0, &[F, G, EM, DM]);
    let at = studio.play(bar(3), 120.0, &[F, EM, AM, DM]);
    studio.stop(at, 120.0, None);
    studio.expect("bars 3 to 6 in a loop, F G Em Dm, then F Em Am Dm");

    studio.cue();
    let at = studio.play(bar(13), 120.0, &[D, G]);
    let at = studio.play(at, 90.0, &[BM, G]);
    studio.stop(at, 90.0, None);
    studio.expect("a jump to bar 13, D G, and the tempo falls to 90 at bar 15, Bm G");

    studio.cue();
    studio.stop(at, 90.0, Some(C));
    studio.expect("the song stands still while somebody plays a C");

    studio.edit(&[
        Command::SetChord {
            at_s: 2.5,
            label: "A:min7/b3".parse().unwrap(),
        },
        Command::MoveBoundary {
            from_s: 4.0,
            to_s: 3.4,
            snap: Snap::Beat,
        },
        Command::SetSection {
            beat: 0.0,
            label: Some("Verse".to_owned()),
        },
    ]);
    studio.expect("bar 2 is made Am7/C by hand, and F comes a beat early");

    studio.cue();
    // Bar 4 ends otherwise than it was, so that this step is told from the one before.
    let at = studio.play(bar(1), 120.0, &[C, AM, F, G]);
    studio.stop(at, 120.0, None);
    studio.expect("bars 1 to 4 once more, over the chord that was set by hand");

    let saved = host::save(&mut studio.instance);
    let mut second = Studio::open(&entry);
    assert!(host::restore(&mut second.instance, &saved));
    assert_eq!(second.session(), studio.session());
    second.close();

    let mut chart = Vec::new();
    let track = studio.session().track;
    Format::Text
        .write_track(&mut chart, &track, &Options::default())
        .unwrap();
    let chart = section("the chart of it", &String::from_utf8(chart).unwrap());
    match &mut studio.expected {
        Expected::Stored(text) => assert!(text.contains(&chart), "{chart}"),
        Expected::Written(text) => text.push_str(&chart),
    }

    // What the window shows differs from what the track keeps.
    let before = studio.session();
    let controls = studio.prefer(|window| {
        window.simplify = SimplifyChoice::MajMin;
        window.names = NoteNames::German;
    });
    assert_eq!(studio.session(), before);
    studio.cue();
    let at = studio.play(bar(7), 120.0, &[G7, C]);
    studio.stop(at, 120.0, None);
    studio.expect("bars 7 and 8 once more, G7 C, while the window shows major and minor alone");
    let simple = controls.exported(Arc::new(studio.session().track));
    let options = Options {
        names: controls.window.names,
        ..Options::default()
    };
    let mut chart = Vec::new();
    Format::Text
        .write_track(&mut chart, &simple, &options)
        .unwrap();
    let chart = section(
        "the chart that the window exports",
        &String::from_utf8(chart).unwrap(),
    );
    match &mut studio.expected {
        Expected::Stored(text) => assert!(text.contains(&chart), "{chart}"),
        Expected::Written(text) => text.push_str(&chart),
    }

    // The whole song at another tempo: every chord stays on its beat.
    studio.cue();
    let at = Place {
        beat: 0.0,
        time_s: 0.0,
    };
    let at = studio.play(at, 100.0, &[C]);
    studio.stop(at, 100.0, None);
    studio.expect("the song is set to 100, and the first bar played");
    a_song_and_a_chart_from_files(&mut studio);
    studio.expected.save();
    studio.close();
}

/// At the host's 100 beats a minute.
fn a_song_and_a_chart_from_files(studio: &mut Studio) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.wav");
    let bar_s = BAR * 60.0 / 100.0;
    let chords = [D, G, BM, G, D, EM, G, D];
    let mut audio = Vec::new();
    for keys in chords {
        // Struck on each beat, and released before the next.
        for _ in 0..4 {
            let mut beat = music::chord_of(RATE, keys, 0.49);
            let len = beat.len();
            for (index, sample) in beat.iter_mut().enumerate() {
                *sample *= ((len - index) as f64 / (0.1 * RATE)).min(1.0) as f32;
            }
            beat.resize((bar_s / BAR * RATE).round() as usize, 0.0);
            audio.extend(beat);
        }
    }
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for sample in audio {
        let loud = (0.8 * sample * f32::from(i16::MAX)) as i16;
        writer.write_sample(loud).unwrap();
    }
    writer.finalize().unwrap();

    let opening = Arc::new(Opening::default());
    let job = || {
        opening
            .begin("song.wav".to_owned(), || true, || {})
            .unwrap()
    };
    // The playhead at the first beat of bar 17.
    let position = SongPosition {
        time_s: 16.0 * bar_s,
        beat: Some(64.0),
        playing: false,
        bar_number: Some(17),
        tempo_bpm: Some(100.0),
        meter: None,
    };
    let chart = Arc::new(read_text("| D | G | Bm | G |\n| D | Em | A7 | D |").unwrap());
    studio.open_in(|session| {
        let song = hear_song(&job(), &path, None, session.loads()).unwrap();
        place_song(&job(), song, OpenAt::Here, session, Some(position)).unwrap();
    });
    studio.expect("the audio of another song, D G Bm G D Em G D, is opened at bar 17");
    studio.open_in(|session| {
        let song = hear_song(&job(), &path, None, session.loads()).unwrap();
        place_song(&job(), song, OpenAt::Here, session, Some(position)).unwrap();
        let proposal = align_chart(&job(), chart, session).unwrap().unwrap();
        let differing: Vec<usize> = (0..proposal.bars.len())
            .filter(|&index| proposal.bars[index].differs())
            .collect();
        assert_eq!(differing, [6], "{proposal:?}");
        opening.accept(Some(6), session).unwrap();
    });
    studio.expect("of its chart, which has A7 in the seventh bar, that bar alone is accepted");
    studio.open_in(|session| {
        let song = hear_song(&job(), &path, None, session.loads()).unwrap();
        place_song(&job(), song, OpenAt::Here, session, Some(position)).unwrap();
        let chart = opening.chart().unwrap();
        align_chart(&job(), chart, session).unwrap().unwrap();
        let before = session.track();
        opening.accept(None, session).unwrap();
        assert_ne!(*session.track(), *before);
        assert!(session.undo());
        assert_eq!(*session.track(), *before);
        assert!(session.redo());
    });
    studio.expect("the whole chart is accepted, taken back, and accepted again");
}

impl Studio {
    fn close(mut self) {
        let processor = self.processor.take().unwrap();
        self.instance.deactivate(processor.stop_processing());
    }
}
