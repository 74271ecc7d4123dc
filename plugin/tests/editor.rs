//! The window in every view, compared with the pictures in the documentation (`docs/images`),
//! and its behaviour in use.
//!
//! `UPDATE_SNAPSHOTS=1` redraws the pictures. Needs a Vulkan driver; without a graphics card
//! Debian's `mesa-vulkan-drivers` has a software one. Without any driver the pictures cannot
//! be drawn, and the tests fail with a message.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::Arc;

use changes_plugin::editor::desk::{Action, Desk, Kind, Notice, Open, SettingsPage};
use changes_plugin::editor::{draw, theme};
use changes_plugin::opening::{
    Opening, Place, Progress, Proposal, align_chart, hear_song, place_song, read_text,
};
use changes_plugin::session::{Clock, SavedSession, Session};
use changes_plugin::snapshot::{SPECTRUM_FLOOR, Snapshot, Standing, Status};
use changes_plugin::view::preferences::{
    Companion, InstrumentChoice, NextChoice, Page, Preferences, SimplifyChoice, ThemeChoice,
    WrittenFor,
};
use changes_plugin::view::{Controls, MidiControls, Song, TuningControls, View};
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults};
use harmony::edit::{Command, Editor, Undo};
use harmony::export::Format;
use harmony::label::Label;
use harmony::note_names::NoteNames;
use harmony::time::{MIN_BPM, TempoMap, TempoPoint};
use harmony::timeline::{Alternative, Status as ChordStatus};
use harmony::track::{Keep, Track};
use harmony::voicing::Instrument;
use recognizer::band::{Part, Said};
use recognizer::live::{Shown, ShownState};
use recognizer::tuning::Tuning;

/// A window in use; harmony's editor stands for the session.
struct Used {
    editor: Editor,
    clock: Clock,
    snapshot: Snapshot,
    controls: Controls,
    desk: Desk,
    /// Actions asked for, except edits.
    asked: Vec<Action>,
    message: Option<String>,
    can_bring_back: bool,
}

impl Used {
    fn song(&self) -> Song {
        Song {
            can_undo: self.editor.can_undo(),
            undoes_pass: self.editor.next_undo() == Some(Undo::Pass),
            can_redo: self.editor.can_redo(),
            message: self.message.clone(),
            can_bring_back: self.can_bring_back,
            ..Song::of_track(self.editor.track().clone(), self.clock)
        }
    }

    /// A song that stands at a second of its track.
    fn at(track: Track, at_s: f64, playing: bool) -> Self {
        let song = Song::of_track(track, Clock::Host);
        let mut snapshot = song.snapshot_at(at_s, playing);
        snapshot.sample_rate = 48_000.0;
        snapshot.lag_s = 0.212;
        snapshot.confirm_lag_s = 5.4;
        snapshot.cpu = 0.034;
        Self {
            editor: Editor::new(song.track.as_ref().clone()),
            clock: Clock::Host,
            snapshot,
            controls: Controls::default(),
            desk: Desk::default(),
            asked: Vec::new(),
            message: None,
            can_bring_back: false,
        }
    }

    fn with(mut self, window: Preferences) -> Self {
        self.controls.window = window;
        self
    }

    fn spectrum(mut self, label: &str) -> Self {
        self.snapshot.spectrum = spectrum(label);
        self
    }

    fn paint(ui: &mut egui::Ui, used: &mut Self) {
        let view = View::new(&used.snapshot, &used.song(), &used.controls);
        in_whole_window(ui, |ui| draw(ui, &view, &mut used.controls, &mut used.desk));
        for action in std::mem::take(&mut used.desk.actions) {
            match action {
                Action::Edit(command) => used.editor.apply(&command).unwrap(),
                Action::Undo => assert!(used.editor.undo()),
                Action::Redo => assert!(used.editor.redo()),
                other => used.asked.push(other),
            }
        }
    }

    fn label_at(&self, at_s: f64) -> String {
        self.editor
            .track()
            .timeline()
            .at(at_s)
            .unwrap()
            .label
            .to_string()
    }
}

/// The track of the demo's music (saved by `cargo xtask demo`), with estimated keys.
fn town_theme() -> Track {
    let saved = include_str!("support/town-theme.json");
    let mut track = SavedSession::from_json(saved).unwrap().track;
    track.estimate_keys().unwrap();
    track
}

/// A song with sections, two keys and two meters, its last bars just heard.
fn harbour() -> Track {
    let saved = include_str!("../../harmony/tests/readers/song.json");
    let track = Track::from_json(saved).unwrap();
    let mut segments = track.timeline().segments().to_vec();
    let last = segments.len() - 3;
    for segment in &mut segments[last..] {
        segment.status = ChordStatus::Provisional;
        segment.confidence = 0.44;
    }
    let reading = |label: &str, probability| Alternative {
        label: label.parse().unwrap(),
        probability,
    };
    for segment in &mut segments {
        if let Label::Chord(chord) = &segment.label {
            let seventh = chord.intervals() >> 10 & 1 == 1;
            let minor = chord.quality().has_minor_third();
            let related = match (minor, seventh) {
                (true, _) => format!("{}:maj6", chord.transposed(3).root()),
                (false, true) => format!("{}:7", chord.root()),
                (false, false) => format!("{}:min7", chord.transposed(9).root()),
            };
            segment.alternatives = vec![
                reading(&related, 0.11),
                reading(&format!("{}:sus4", chord.root()), 0.04),
            ];
        }
    }
    let json = serde_json::to_value(&track).unwrap();
    let mut json = json;
    json["segments"] = serde_json::to_value(&segments).unwrap();
    Track::from_json(&json.to_string()).unwrap()
}

/// The same up to a second, as it is heard for the first time.
fn harbour_up_to(end_s: f64) -> Track {
    let track = harbour();
    let mut heard = track.timeline().range(0.0, end_s).to_vec();
    if let Some(last) = heard.last_mut() {
        last.end_s = last.end_s.min(end_s);
        last.end_beat = Some(track.tempo().beat_at(last.end_s));
    }
    let mut json = serde_json::to_value(&track).unwrap();
    json["segments"] = serde_json::to_value(&heard).unwrap();
    Track::from_json(&json.to_string()).unwrap()
}

/// A window that guesses at the chord after the one that sounds at a second.
fn guessing(at_s: f64, page: Page) -> Used {
    Used::at(harbour_up_to(at_s), at_s, true).with(Preferences {
        page,
        next: NextChoice::Guess,
        ..Preferences::default()
    })
}

/// A chart of its first twenty bars, with a wrong chord in the sixth.
const CHART: &str = "Lights on the Harbour\nComposer: Anna Lind\n\n\
    [A]\n| Ebmaj7 | Cm7 | Fm7 Bb7 | Eb/G |\n| Abmaj7 | Db7 | Cm | % |\n\
    [A]\n| Ebmaj7 | Cm7 | Fm7 Bb7 | Eb/G |\n| Abmaj7 | G7 | Cm | % |\n\
    [B]\n| Ab | Bb/D | Gm7 C7 | Fm9 |\n";

fn proposal() -> Arc<Proposal> {
    const LAST_S: f64 = 44.1;
    let session = Session::default();
    let track = harbour();
    let within = track.timeline().range(0.0, LAST_S).iter();
    let mut json = serde_json::to_value(&track).unwrap();
    let heard: Vec<_> = within.filter(|it| it.end_s < LAST_S + 0.2).collect();
    json["segments"] = serde_json::to_value(&heard).unwrap();
    let saved = SavedSession {
        clock: Clock::Host,
        track: Track::from_json(&json.to_string()).unwrap(),
        ..SavedSession::default()
    };
    session.load(&saved.to_json().unwrap());
    let opening = Arc::new(Opening::default());
    let job = opening.begin("chart".to_owned(), || true, || {}).unwrap();
    let chart = Arc::new(read_text(CHART).unwrap());
    align_chart(&job, chart, &session).unwrap().unwrap()
}

/// A window in which a chart waits to be accepted, three of its bars taken.
fn charted(mut used: Used) -> Used {
    let proposal = proposal();
    for index in [0, 1, 2] {
        used.editor
            .apply(&proposal.accept_bar(index).unwrap())
            .unwrap();
    }
    used.desk.opening.proposal = Some(proposal);
    used
}

/// The spectrum of a chord on a few strings: partials of its notes over a slope of noise.
fn spectrum(label: &str) -> [f32; 144] {
    let chord: Label = label.parse().unwrap();
    let voiced = harmony::voicing::voicing(chord.chord().unwrap());
    let mut bins = [SPECTRUM_FLOOR; 144];
    for (index, bin) in bins.iter_mut().enumerate() {
        let noise = 0.4 * (index as f32 * 1.7).sin() + 0.3 * (index as f32 * 0.61).cos();
        let mut power = (-5.6 + noise - 0.004 * index as f32).exp();
        for note in &voiced {
            for partial in 1..=8_u8 {
                let at = 2.0 * (f32::from(*note) - 24.0) + 24.0 * f32::from(partial).log2();
                let distance = index as f32 - at;
                power += (-0.4 - 0.42 * f32::from(partial)).exp() * (-distance * distance).exp();
            }
        }
        *bin = power.ln();
    }
    bins
}

fn preferences(page: Page, companion: Companion, theme: ThemeChoice) -> Preferences {
    Preferences {
        page,
        companion,
        theme,
        ..Preferences::default()
    }
}

fn harness(used: Used, (width, height, scale): (f32, f32, f32)) -> Harness<'static, Used> {
    let mut harness = Harness::builder()
        .with_size([width, height])
        .with_pixels_per_point(scale)
        .with_context_setup(theme::install)
        // The sheet glides to its scroll position.
        .with_max_steps(64)
        .build_ui_state(Used::paint, used);
    harness.set_render_cursor(false);
    harness
}

/// In the last of two chords that usually go home, the passage heard for the first time.
const GUESS_S: f64 = 7.4;

/// Width and height in points, and pixels a point.
const USUAL: (f32, f32, f32) = (960.0, 600.0, 2.0);
const SMALLEST: (f32, f32, f32) = (400.0, 240.0, 2.0);

type Size = (f32, f32, f32);
type Use = fn(&mut Harness<'static, Used>);

/// A picture: its name, the window, its size, and what is done before it is taken.
type Picture = (&'static str, Used, Size, Use);

fn nothing(_: &mut Harness<'static, Used>) {}

fn pictures() -> Vec<Picture> {
    use Companion::{Guitar, Piano, Spectrum};
    use ThemeChoice::{Contrast, Dark, Light};
    let song = |at_s: f64| Used::at(harbour(), at_s, true);
    let usual = |theme| song(13.6).with(preferences(Page::Overview, Piano, theme));
    let heard = |at_s: f64| Used::at(town_theme(), at_s, true);
    let quiet = |status| {
        let mut used = Used::at(Track::new(), 0.0, true);
        used.snapshot = Snapshot {
            status,
            sample_rate: 48_000.0,
            ..Snapshot::default()
        };
        used
    };
    let refused = || {
        let session = Session::default();
        session.load(r#"{"version":3,"clock":"host","chords":[]}"#);
        let mut used = quiet(Status::Idle);
        used.message = session.message();
        used
    };
    let unsure = |mut used: Used| {
        used.snapshot.status = Status::Unsure;
        used.snapshot.current = Some(Shown {
            shown_at_s: 13.6,
            starts_at_s: 13.0,
            label: "F#:hdim7".parse().unwrap(),
            state: ShownState::Provisional,
            confidence: 0.34,
            alternatives: [("A:min6", 0.27), ("D:9", 0.12), ("A:min", 0.08)]
                .map(|(label, probability)| (label.parse().unwrap(), probability))
                .to_vec(),
        });
        used
    };
    let band = || {
        let mut used = usual(Dark);
        in_band(&mut used);
        used
    };
    let hover: Use = |harness| {
        harness.get_by_label("Chord G 7 flat 9").hover();
        for _ in 0..60 {
            harness.step();
        }
    };
    let open = |open: Open| {
        let mut used = usual(Dark);
        used.desk.can_drag_out = true;
        used.desk.open = open;
        used
    };
    let tuned = |fixed: bool| {
        let mut used = tuned(-32.0);
        if fixed {
            (used.controls.tuning.fixed, used.controls.tuning.cents) = (true, -32.0);
            used.desk.open = Open::Settings;
            used.desk.settings = SettingsPage::Listening;
        }
        used
    };
    let midi = || {
        let mut used = open(Open::Settings);
        used.desk.settings = SettingsPage::Playing;
        used.controls.midi.on = true;
        used.controls.midi.bass = 1;
        used.controls.window.instrument = InstrumentChoice::Own;
        used.controls.window.own_strings = vec![38, 45, 50, 55, 59, 64];
        used
    };
    let click: Use = |harness| {
        harness.get_by_label("A flat major 7 in bar 5").click();
        harness.run();
    };
    let from_here: Use = |harness| {
        harness.get_by_label("A flat major 7 in bar 5").click();
        harness.run();
        harness.get_by_label("From this bar on").click();
        harness.run();
    };
    let key: Use = |harness| {
        harness.get_by_label("Key E flat major").click();
        harness.run();
    };
    let saved: Use = |harness| {
        harness.state_mut().desk.notice = Some(Notice {
            text: "Saved /home/anna/Documents/Changes/Lights on the Harbour.mid".to_owned(),
            error: false,
            file: Some("/home/anna/Documents/Changes/Lights on the Harbour.mid".into()),
        });
        harness.run();
    };
    let numerals = || {
        let mut used = usual(Dark);
        used.controls.style = 3;
        used
    };
    let guitar = |mut window: Preferences, used: Used| {
        window.page = Page::Play;
        window.companion = Guitar;
        used.with(window)
    };
    let simple = |settings: bool| {
        let mut used = open(if settings {
            Open::Settings
        } else {
            Open::Nothing
        });
        let window = &mut used.controls.window;
        if settings {
            window.simplify = SimplifyChoice::Own;
            window.own_chords = ["Eb", "Ab", "Bb", "C:min", "F:min", "G"]
                .map(|label| label.parse().unwrap())
                .to_vec();
        } else {
            window.simplify = SimplifyChoice::Triads;
            window.names = NoteNames::German;
        }
        used
    };
    let files = || {
        let mut used = open(Open::Files);
        used.desk.opening.song = Some("harbour.flac".to_owned());
        used
    };
    let reading = |mut used: Used| {
        used.desk.opening.progress = Some(Progress {
            text: "Reading harbour.flac".to_owned(),
            share: 0.42,
        });
        used
    };
    let tapped: Use = |harness| {
        harness.get_by_label("Tap tempo").click();
        harness.run();
    };
    let write_off = || {
        let mut used = usual(Dark);
        used.controls.write = false;
        used
    };
    vec![
        ("window-dark", usual(Dark), USUAL, nothing),
        ("window-light", usual(Light), USUAL, nothing),
        ("window-contrast", usual(Contrast), USUAL, nothing),
        (
            "window-demo",
            heard(23.0)
                .spectrum("G:maj")
                .with(preferences(Page::Overview, Spectrum, Dark)),
            USUAL,
            nothing,
        ),
        (
            "window-sheet",
            song(13.6).with(preferences(Page::Sheet, Piano, Light)),
            USUAL,
            nothing,
        ),
        (
            "window-sheet-end",
            song(60.2).with(preferences(Page::Sheet, Piano, Dark)),
            USUAL,
            nothing,
        ),
        (
            "window-piano",
            song(13.6).with(preferences(Page::Play, Piano, Dark)),
            USUAL,
            nothing,
        ),
        (
            "window-guitar",
            guitar(Preferences::default(), song(13.6)),
            USUAL,
            nothing,
        ),
        (
            "window-ukulele",
            guitar(
                Preferences {
                    instrument: InstrumentChoice::Ukulele,
                    ..Preferences::default()
                },
                song(13.6),
            ),
            USUAL,
            nothing,
        ),
        (
            "window-guitar-left",
            guitar(
                Preferences {
                    left_handed: true,
                    capo: 3,
                    theme: Light,
                    ..Preferences::default()
                },
                song(11.4),
            ),
            USUAL,
            nothing,
        ),
        (
            "window-spectrum",
            song(13.6)
                .spectrum("G:7")
                .with(preferences(Page::Play, Spectrum, Dark)),
            USUAL,
            nothing,
        ),
        (
            "window-stage",
            song(13.6).with(preferences(Page::Stage, Piano, Dark)),
            USUAL,
            nothing,
        ),
        (
            "window-stage-light",
            song(13.6).with(preferences(Page::Stage, Piano, Light)),
            USUAL,
            nothing,
        ),
        ("window-band", band(), USUAL, hover),
        ("window-open", files(), USUAL, nothing),
        ("window-reading", reading(usual(Dark)), USUAL, nothing),
        ("window-chart", charted(usual(Dark)), USUAL, nothing),
        (
            "window-chart-light",
            charted(song(13.6).with(preferences(Page::Sheet, Piano, Light))),
            USUAL,
            nothing,
        ),
        (
            "window-chart-400x240",
            charted(usual(Dark)),
            SMALLEST,
            nothing,
        ),
        (
            "window-reading-400x240",
            reading(usual(Dark)),
            SMALLEST,
            nothing,
        ),
        ("window-tap", streamed(), USUAL, tapped),
        ("window-write-off", write_off(), USUAL, nothing),
        ("window-unsure", unsure(usual(Dark)), USUAL, nothing),
        ("window-numerals", numerals(), USUAL, nothing),
        ("window-edit", usual(Dark), USUAL, click),
        ("window-edit-bar", usual(Dark), USUAL, from_here),
        ("window-key", usual(Light), USUAL, key),
        ("window-export", open(Open::Export), USUAL, nothing),
        ("window-saved", usual(Dark), USUAL, saved),
        ("window-settings", open(Open::Settings), USUAL, nothing),
        ("window-settings-midi", midi(), USUAL, nothing),
        ("window-settings-simplify", simple(true), USUAL, nothing),
        ("window-simplified", simple(false), USUAL, nothing),
        (
            "window-400x240-settings",
            open(Open::Settings),
            SMALLEST,
            nothing,
        ),
        ("window-tuning", tuned(false), USUAL, nothing),
        ("window-settings-tuning", tuned(true), USUAL, nothing),
        ("window-no-transport", streamed(), USUAL, nothing),
        ("window-waiting", quiet(Status::Idle), USUAL, nothing),
        ("window-refused", refused(), USUAL, nothing),
        (
            "window-stopped",
            Used::at(harbour(), 13.6, false),
            USUAL,
            nothing,
        ),
        ("window-400x240", usual(Dark), SMALLEST, nothing),
        ("window-400x240-light", usual(Light), SMALLEST, nothing),
        ("window-640x400", usual(Dark), (640.0, 400.0, 2.0), nothing),
        (
            "window-guess",
            guessing(GUESS_S, Page::Overview),
            (640.0, 400.0, 2.0),
            nothing,
        ),
        (
            "window-guess-stage",
            guessing(GUESS_S, Page::Stage),
            (640.0, 400.0, 2.0),
            nothing,
        ),
        ("window-4k", usual(Dark), (3840.0, 2160.0, 1.0), nothing),
    ]
}

/// Four instances of a band, and what each contributed to the chord.
fn in_band(used: &mut Used) {
    used.controls.band.part = 2;
    used.snapshot.band = Standing::Together {
        band: 'A',
        parts: vec![Part::Harmony, Part::Bass, Part::Melody, Part::Drums],
    };
    used.snapshot.said = vec![
        Said::Chord(Part::Harmony, "B:dim7".parse().unwrap(), 0.71),
        Said::Bass(7, 0.96),
        Said::Notes(vec![5, 2]),
    ];
}

#[test]
fn the_band_is_told_by_its_chord_and_at_the_foot_of_the_window() {
    let mut used = Used::at(harbour(), 13.6, true);
    in_band(&mut used);
    let mut harness = harness(used, (960.0, 600.0, 1.0));
    harness.run();
    harness.get_by_label("Chord G 7 flat 9").hover();
    for _ in 0..60 {
        harness.step();
    }
    assert!(harness.query_by_label_contains("Bass: G, 96 %").is_some());
    let missing = |harness: &Harness<'static, Used>| {
        let told = harness.query_by_label_contains("No other instance of band C");
        told.is_some()
    };
    assert!(!missing(&harness));
    harness.state_mut().snapshot.band = Standing::Missing { band: 'C' };
    harness.run();
    assert!(missing(&harness));
}

#[test]
fn part_and_band_are_set_in_the_settings() {
    let mut harness = playing();
    harness.get_by_label("Settings").click();
    harness.run();
    for choice in ["Listening", "Melody / voice", "B"] {
        harness.get_by_label(choice).click();
        harness.run();
    }
    let band = harness.state().controls.band;
    assert_eq!((band.part, band.band), (3, 1));
}

#[test]
fn pictures_are_those_of_the_documentation() {
    let mut results = SnapshotResults::new();
    // Rasterizers round edges differently; text and shapes may not move.
    let options = SnapshotOptions::new()
        .threshold(1.2)
        .max_failed_pixels(200)
        .output_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/images"));
    for (name, used, size, usage) in pictures() {
        let mut harness = harness(used, size);
        harness.run();
        usage(&mut harness);
        results.add(harness.try_snapshot_options(name, &options));
    }
}

fn playing() -> Harness<'static, Used> {
    let mut harness = harness(Used::at(harbour(), 13.6, true), (960.0, 600.0, 1.0));
    harness.run();
    harness
}

/// Seconds at which the fifth bar sounds: A♭maj7.
const BAR_5_S: f64 = 10.5;

fn open_bar_5(harness: &mut Harness<'static, Used>) {
    harness.get_by_label("A flat major 7 in bar 5").click();
    harness.run();
}

#[test]
fn the_chord_has_a_name_for_screen_readers() {
    let harness = playing();
    assert!(harness.query_by_label("Chord G 7 flat 9").is_some());
}

#[test]
fn a_chord_is_changed_by_typing() {
    let mut harness = playing();
    assert_eq!(harness.state().label_at(BAR_5_S), "Ab:maj7");
    open_bar_5(&mut harness);
    harness.event(egui::Event::Text("Am7/C".to_owned()));
    harness.run();
    assert!(harness.query_by_label("Reads as Am7/C").is_some());
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().label_at(BAR_5_S), "A:min7/b3");
    assert_eq!(harness.state().desk.open, Open::Nothing);
    // A chord set by hand is locked, and can be undone and redone.
    let track = harness.state().editor.track().clone();
    assert!(track.timeline().at(BAR_5_S).unwrap().locked);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run();
    assert_eq!(harness.state().label_at(BAR_5_S), "Ab:maj7");
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    harness.run();
    assert_eq!(harness.state().label_at(BAR_5_S), "A:min7/b3");
}

#[test]
fn one_chord_is_left_for_another_by_one_click() {
    let mut harness = playing();
    open_bar_5(&mut harness);
    harness.get_by_label("C minor in bar 7").click();
    harness.run();
    let Open::Chord(editor) = &harness.state().desk.open else {
        panic!("nothing is open");
    };
    assert_eq!(editor.text, "Cm");
}

#[test]
fn what_is_no_chord_is_said_and_not_taken() {
    let mut harness = playing();
    open_bar_5(&mut harness);
    harness.event(egui::Event::Text("Hm7".to_owned()));
    harness.run();
    let says = "a chord starts with a note from A to G, not with \"Hm7\"";
    assert!(harness.query_by_label(says).is_some());
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().label_at(BAR_5_S), "Ab:maj7");
}

#[test]
fn typed_chords_are_those_of_the_instrument() {
    let used = Used::at(harbour(), 13.6, true).with(Preferences {
        written_for: WrittenFor::Bb,
        ..Preferences::default()
    });
    let mut harness = harness(used, (960.0, 600.0, 1.0));
    harness.run();
    assert!(harness.query_by_label("Key F major").is_some());
    harness.get_by_label("B flat major 7 in bar 5").click();
    harness.run();
    harness.event(egui::Event::Text("Em7".to_owned()));
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().label_at(BAR_5_S), "D:min7");
}

#[test]
fn the_next_chord_is_announced_and_can_be_hidden() {
    for page in [Page::Overview, Page::Sheet, Page::Play, Page::Stage] {
        let used = Used::at(harbour(), 13.6, true).with(Preferences {
            page,
            ..Preferences::default()
        });
        let mut harness = harness(used, (960.0, 600.0, 1.0));
        harness.run();
        let told = |harness: &Harness<'static, Used>| {
            let told = harness.query_by_label_contains("ext C minor in 2 beats");
            told.is_some()
        };
        assert!(told(&harness), "{page:?}");
        harness.state_mut().controls.window.next = NextChoice::Off;
        harness.run();
        assert!(!told(&harness), "{page:?}");
    }
    // There is no next chord at the end.
    let mut harness = harness(Used::at(harbour(), 13.6, false), (960.0, 600.0, 1.0));
    harness.run();
    assert!(harness.query_by_label_contains("Next").is_none());
}

#[test]
fn a_guess_at_the_next_chord_is_said_to_be_one() {
    for page in [Page::Overview, Page::Sheet, Page::Play, Page::Stage] {
        let mut harness = harness(guessing(GUESS_S, page), (960.0, 600.0, 1.0));
        harness.run();
        let told = |harness: &Harness<'static, Used>| {
            harness
                .query_by_label_contains("erhaps next E flat major, ")
                .is_some()
        };
        assert!(told(&harness), "{page:?}");
        for choice in [NextChoice::Heard, NextChoice::Off] {
            harness.state_mut().controls.window.next = choice;
            harness.run();
            assert!(!told(&harness), "{page:?}");
        }
    }
}

#[test]
fn guesses_are_switched_on_in_the_settings() {
    let mut used = guessing(GUESS_S, Page::Overview).with(Preferences::default());
    used.desk.open = Open::Settings;
    used.desk.settings = SettingsPage::Window;
    let mut harness = harness(used, (960.0, 600.0, 1.0));
    harness.run();
    harness.get_by_label("Guess elsewhere").click();
    harness.run();
    let window = &harness.state().controls.window;
    assert_eq!(window.next, NextChoice::Guess);
    let saved = serde_json::to_string(window).unwrap();
    let kept: Preferences = serde_json::from_str(&saved).unwrap();
    assert_eq!(kept.next, NextChoice::Guess);
}

#[test]
fn chords_are_heard_by_click_and_by_keys() {
    let heard = |harness: &mut Harness<'static, Used>| -> Vec<String> {
        let asked = std::mem::take(&mut harness.state_mut().asked);
        let label = |action: Action| match action {
            Action::Hear(label) => label.to_string(),
            other => panic!("{other:?}"),
        };
        asked.into_iter().map(label).collect()
    };
    let mut harness = playing();
    harness.get_by_label("Chord G 7 flat 9").click();
    harness.run();
    assert_eq!(heard(&mut harness), ["G:7(b9)"]);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run();
    assert_eq!(heard(&mut harness), ["G:7(b9)"]);
    // A chord of the sheet, without its editor.
    let at = harness
        .get_by_label("A flat major 7 in bar 5")
        .rect()
        .center();
    harness.event(egui::Event::PointerMoved(at));
    harness.event(egui::Event::ModifiersChanged(Modifiers::COMMAND));
    for pressed in [true, false] {
        harness.event(egui::Event::PointerButton {
            pos: at,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: Modifiers::COMMAND,
        });
    }
    harness.run();
    harness.event(egui::Event::ModifiersChanged(Modifiers::NONE));
    harness.run();
    assert_eq!(heard(&mut harness), ["Ab:maj7"]);
    assert_eq!(harness.state().desk.open, Open::Nothing);
    // The typed chord, before it is set.
    open_bar_5(&mut harness);
    harness.event(egui::Event::Text("Am7/C".to_owned()));
    harness.run();
    harness.get_by_label("Hear").click();
    harness.run();
    assert_eq!(heard(&mut harness), ["A:min7/b3"]);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run();
    assert_eq!(heard(&mut harness), ["A:min7/b3"]);
    assert!(matches!(harness.state().desk.open, Open::Chord(_)));
    assert_eq!(harness.state().label_at(BAR_5_S), "Ab:maj7");
    // Simplified, as it is shown.
    harness.key_press(Key::Escape);
    harness.state_mut().controls.window.simplify = SimplifyChoice::Triads;
    harness.run();
    harness.get_by_label("Chord G major").click();
    harness.run();
    assert_eq!(heard(&mut harness), ["G:maj"]);
}

#[test]
fn the_track_is_transposed_and_moved_back() {
    let mut harness = playing();
    let before = harness.state().editor.track().clone();
    harness.get_by_label_contains("Song Lights").click();
    harness.run();
    for button in ["Transpose up", "Transpose up", "Transpose down"] {
        harness.get_by_label(button).click();
        harness.run();
    }
    assert_eq!(harness.state().label_at(BAR_5_S), "A:maj7");
    assert!(harness.query_by_label("Key E major").is_some());
    // What sounds must not replace it.
    assert!(!harness.state().controls.write);
    harness.key_press(Key::Escape);
    for _ in 0..3 {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
        harness.run();
    }
    assert_eq!(harness.state().editor.track(), &before);
}

#[test]
fn simpler_chords_are_shown_and_the_track_keeps_what_was_heard() {
    let mut harness = playing();
    let before = harness.state().editor.track().clone();
    harness.get_by_label("Settings").click();
    harness.run();
    harness.get_by_label("Triads").click();
    harness.run();
    assert!(harness.query_by_label("A flat major in bar 5").is_some());
    assert!(harness.query_by_label("Chord G major").is_some());
    assert_eq!(harness.state().editor.track(), &before);
    // A typed chord goes into the track as it is.
    harness.key_press(Key::Escape);
    harness.run();
    harness.get_by_label("A flat major in bar 5").click();
    harness.run();
    harness.event(egui::Event::Text("Am7/C".to_owned()));
    harness.run();
    let reads = "Reads as Am7/C, shown as Am/C";
    assert!(harness.query_by_label(reads).is_some());
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().label_at(BAR_5_S), "A:min7/b3");
}

/// Types into a field of the settings.
fn type_into(harness: &mut Harness<'static, Used>, field: &str, text: &str) {
    let role = egui::accesskit::Role::TextInput;
    harness.get_by_role_and_label(role, field).click();
    harness.run();
    harness.event(egui::Event::Text(text.to_owned()));
    harness.run();
}

#[test]
fn strings_of_ones_own_are_typed_and_a_capo_is_suggested() {
    let mut harness = playing();
    harness.get_by_label("Settings").click();
    harness.run();
    harness.get_by_label("Playing").click();
    harness.run();
    harness.get_by_label("Own tuning").click();
    harness.run();
    let empty = "Type the strings: until then it is a guitar.";
    assert!(harness.query_by_label(empty).is_some());
    type_into(&mut harness, "Own tuning", "D2 A2 X3");
    assert!(
        harness
            .query_by_label_contains("\"X3\" is no note with its octave")
            .is_some()
    );
    for _ in 0..2 {
        harness.key_press(Key::Backspace);
    }
    harness.event(egui::Event::Text("D3 F#3".to_owned()));
    harness.run();
    assert_eq!(
        harness.state().controls.window.own_strings,
        [38, 45, 50, 54]
    );
    harness.get_by_label("Guitar").click();
    harness.run();
    harness.get_by_label("Suggest").click();
    harness.run();
    let window = &harness.state().controls.window;
    assert_eq!(window.strings(), Instrument::Guitar);
    assert!(window.capo > 0, "E♭ major asks for a capo");
    assert!(
        harness
            .query_by_label_contains("of the time has open chords")
            .is_some()
    );
}

#[test]
fn my_chords_are_typed_and_what_is_none_is_said() {
    let mut harness = playing();
    harness.get_by_label("Settings").click();
    harness.run();
    harness.get_by_label("My chords").click();
    harness.run();
    let empty = "Type some chords: until then they are as heard.";
    assert!(harness.query_by_label(empty).is_some());
    type_into(&mut harness, "My chords", "C Fm Gq");
    assert!(harness.query_by_label_contains("\"Gq\"").is_some());
    assert!(harness.state().controls.window.own_chords.is_empty());
    harness.key_press(Key::Backspace);
    harness.run();
    let own = ["C", "F:min", "G"].map(|label| label.parse::<Label>().unwrap());
    assert_eq!(harness.state().controls.window.own_chords, own);
    assert!(harness.query_by_label("Chord G major").is_some());
    assert!(harness.query_by_label("C major in bar 7").is_some());
}

#[test]
fn german_names_are_shown_and_typed() {
    let used = Used::at(harbour(), 13.6, true).with(Preferences {
        names: NoteNames::German,
        ..Preferences::default()
    });
    let mut harness = harness(used, (960.0, 600.0, 1.0));
    harness.run();
    open_bar_5(&mut harness);
    harness.event(egui::Event::Text("B7/D".to_owned()));
    harness.run();
    assert!(harness.query_by_label("Reads as B7/D").is_some());
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().label_at(BAR_5_S), "Bb:7/3");
}

#[test]
fn other_readings_locks_splits_and_merges() {
    let mut harness = playing();
    open_bar_5(&mut harness);
    harness.get_by_label("F minor 7, 11 %").click();
    harness.run();
    let label = harness.state().label_at(BAR_5_S);
    assert_eq!(label, "F:min7");
    let count = |harness: &Harness<'static, Used>| harness.state().editor.track().timeline().len();
    let before = count(&harness);
    for (button, after) in [("Merge with next", before - 1), ("Delete", before - 2)] {
        harness.get_by_label_contains("in bar 7").click();
        harness.run();
        harness.get_by_label(button).click();
        harness.run();
        assert_eq!(count(&harness), after, "{button}");
    }
    harness.get_by_label_contains("in bar 4").click();
    harness.run();
    harness.get_by_label("Lock").click();
    harness.run();
    harness.get_by_label("Split").click();
    harness.run();
    assert_eq!(count(&harness), before - 1);
    assert!(harness.query_by_label("Undo").is_some());
}

#[test]
fn sections_meters_and_keys_are_set_from_a_bar_on() {
    let mut harness = playing();
    let mut from_bar_5 = |button: &str| {
        harness.get_by_label_contains("in bar 5").click();
        harness.run();
        harness.get_by_label("From this bar on").click();
        harness.run();
        harness.get_by_label(button).click();
        harness.run();
    };
    from_bar_5("Bridge");
    from_bar_5("3/4");
    from_bar_5("Find it from the chords");
    let track = harness.state().editor.track();
    assert_eq!(track.section_at(16.0).unwrap().label, "Bridge");
    assert_eq!(track.meters().meter_at(17.0).to_string(), "3/4");
}

#[test]
fn a_boundary_is_dragged_to_the_beat() {
    let mut harness = playing();
    let bar = harness.get_by_label("A flat major 7 in bar 5").rect();
    let start = harness
        .state()
        .editor
        .track()
        .timeline()
        .at(BAR_5_S)
        .unwrap()
        .start_s;
    let middle = bar.center().y;
    let from = harness.get_by_label_contains("G 7 flat 9 in bar 6").rect();
    // Two beats to the right of where bar 6 begins, a little beside the beat.
    let first = egui::pos2(from.left() + 8.0, middle);
    let second = egui::pos2(from.left() + 8.0 + from.width() * 0.49, middle);
    harness.drag_at(first);
    harness.run();
    harness.hover_at(second);
    harness.run();
    harness.drop_at(second);
    harness.run();
    let track = harness.state().editor.track();
    let moved = track.timeline().at(BAR_5_S).unwrap();
    assert_eq!(moved.start_s, start);
    let end_beat = track.tempo().beat_at(moved.end_s);
    assert!((end_beat - 22.0).abs() < 1e-6, "{end_beat}");
}

/// A song without a host's time, 24 seconds in.
fn streamed() -> Used {
    let mut used = Used::at(town_theme(), 24.2, true);
    used.clock = Clock::Stream;
    let mut track = town_theme();
    // Its beats are unknown.
    let tempo = TempoMap::constant(track.tempo().bpm_at(0.0), 0.0, 0.0);
    track.set_tempo(tempo.unwrap(), Keep::Seconds).unwrap();
    used.snapshot = Song::of_track(track.clone(), Clock::Stream).snapshot_at(24.2, true);
    used.editor = Editor::new(track);
    used
}

/// The tempo that a track has, and where its chords lie, in seconds.
fn tempo_and_seconds(harness: &Harness<'static, Used>) -> (f64, Vec<(f64, f64)>) {
    let track = harness.state().editor.track();
    let segments = track.timeline().segments().iter();
    let seconds = segments.map(|it| (it.start_s, it.end_s)).collect();
    // To a millionth: what is typed and scaled is rounded in between.
    let bpm = (track.tempo().bpm_at(0.0) * 1e6).round() / 1e6;
    (bpm, seconds)
}

#[test]
fn a_song_without_a_hosts_tempo_is_counted_half_and_double() {
    let mut harness = harness(streamed(), (960.0, 600.0, 1.0));
    harness.run();
    let (bpm, seconds) = tempo_and_seconds(&harness);
    for (button, factor) in [("Half tempo", 0.5), ("Double tempo", 2.0)] {
        harness.get_by_label(button).click();
        harness.run();
        let (counted, after) = tempo_and_seconds(&harness);
        assert_eq!((counted, &after), (factor * bpm, &seconds), "{button}");
        harness.get_by_label("Undo").click();
        harness.run();
        assert_eq!(tempo_and_seconds(&harness).0, bpm, "{button}");
    }
    // By keyboard alone.
    let by_tab = (0..60).any(|_| {
        harness.key_press(Key::Tab);
        harness.run();
        harness.get_by_label("Half tempo").is_focused()
    });
    assert!(by_tab);
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(tempo_and_seconds(&harness).0, 0.5 * bpm);
}

#[test]
fn the_tempo_of_a_song_without_a_host_is_typed() {
    let mut harness = harness(streamed(), (960.0, 600.0, 1.0));
    harness.run();
    let (bpm, seconds) = tempo_and_seconds(&harness);
    harness.get_by_value(&format!("{bpm} bpm")).click();
    harness.run();
    harness.event(egui::Event::Text("96.5".to_owned()));
    harness.key_press(Key::Enter);
    harness.run();
    let (counted, after) = tempo_and_seconds(&harness);
    assert_eq!(counted, 96.5);
    assert_eq!(after, seconds);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run();
    assert_eq!(tempo_and_seconds(&harness), (bpm, seconds));
}

#[test]
fn half_and_double_say_what_they_do_and_end_where_no_tempo_goes_further() {
    let mut harness = harness(streamed(), (960.0, 600.0, 1.0));
    harness.run();
    harness.get_by_label("Half tempo").hover();
    // A tooltip appears after a while.
    for _ in 0..60 {
        harness.step();
    }
    let says = "Chords stay where they were heard.";
    assert!(harness.query_by_label_contains(says).is_some());
    for _ in 0..12 {
        harness.get_by_label("Half tempo").click();
        harness.run();
    }
    let (bpm, _) = tempo_and_seconds(&harness);
    assert!((MIN_BPM..2.0 * MIN_BPM).contains(&bpm), "{bpm}");
}

#[test]
fn the_tempo_of_a_host_is_its_own() {
    let mut used = Used::at(Track::new(), 1.0, true);
    used.clock = Clock::Stream;
    // A track without chords has nothing to count either.
    for used in [used, Used::at(harbour(), 13.6, true)] {
        let mut harness = harness(used, (960.0, 600.0, 1.0));
        harness.run();
        assert!(harness.query_by_label("Half tempo").is_none());
    }
}

#[test]
fn a_tempo_is_tapped_and_taken_in_one_edit_when_the_taps_end() {
    let mut harness = harness(streamed(), (960.0, 600.0, 1.0));
    harness.run();
    let (_, seconds) = tempo_and_seconds(&harness);
    harness.get_by_label("Tap tempo").click();
    harness.run();
    let until = |harness: &mut Harness<'static, Used>, time_s: f64| {
        while harness.ctx.input(|input| input.time) < time_s {
            harness.step();
        }
    };
    let from_s = harness.ctx.input(|input| input.time) + 1.0;
    for tap in 0..6 {
        until(&mut harness, from_s + f64::from(tap));
        harness.key_press(Key::T);
        harness.step();
        assert!(!harness.state().editor.can_undo());
    }
    until(&mut harness, from_s + 9.0);
    let bpm = harness.state().editor.track().tempo().bpm_at(0.0);
    assert!((bpm - 60.0).abs() < 0.1, "{bpm}");
    assert_eq!(tempo_and_seconds(&harness).1, seconds);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.step();
    assert!(!harness.state().editor.can_undo());
}

#[test]
fn beats_and_bars_are_nudged() {
    let mut harness = harness(streamed(), (960.0, 600.0, 1.0));
    harness.run();
    let (bpm, seconds) = tempo_and_seconds(&harness);
    harness.get_by_label("Tap tempo").click();
    harness.run();
    for (name, by_s) in [("10 ms later", 0.01), ("A beat earlier", -60.0 / bpm)] {
        let at =
            |harness: &Harness<'static, Used>| harness.state().editor.track().tempo().time_at(0.0);
        let before = at(&harness);
        harness.get_by_label(name).click();
        harness.run();
        assert!((at(&harness) - before - by_s).abs() < 1e-6, "{name}");
        assert_eq!(tempo_and_seconds(&harness).1, seconds);
    }
}

#[test]
fn a_song_from_a_file_has_bars_without_a_host() {
    let mut used = streamed();
    let mut track = harbour();
    let beats = [0.0, 16.0].map(|beat| TempoPoint {
        time_s: track.tempo().time_at(beat),
        beat,
    });
    let tempo = TempoMap::new(beats.to_vec(), track.tempo().bpm_at(0.0)).unwrap();
    track.set_tempo(tempo, Keep::Seconds).unwrap();
    used.editor = Editor::new(track);
    let mut harness = harness(used, (960.0, 600.0, 1.0));
    harness.run();
    // The sheet, and the tempo that can be corrected.
    assert!(harness.query_by_label("A flat major 7 in bar 5").is_some());
    assert!(harness.query_by_label("Half tempo").is_some());
}

#[test]
fn songs_and_charts_are_asked_for() {
    let mut harness = playing();
    harness.get_by_label("Open").click();
    harness.run();
    harness.get_by_label("at the playhead").click();
    harness.run();
    harness.get_by_label("Open audio…").click();
    harness.run();
    assert_eq!(harness.state().desk.place, Place::Here);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    harness.run();
    harness.get_by_label("Open").click();
    harness.run();
    harness.get_by_label("Open chart…").click();
    harness.run();
    let asked = [Kind::Audio, Kind::Audio, Kind::Chart].map(Action::Ask);
    assert_eq!(harness.state().asked, asked);
    assert_eq!(harness.state().desk.open, Open::Nothing);
}

#[test]
fn a_chart_is_typed_or_pasted() {
    let mut harness = playing();
    harness.get_by_label("Open").click();
    harness.run();
    harness
        .get_by_role_and_label(egui::Role::MultilineTextInput, "Chart")
        .focus();
    harness.run();
    // Into the field, like any text.
    harness.event(egui::Event::Paste("| Am | F |".to_owned()));
    harness.run();
    assert_eq!(harness.state().asked, []);
    harness.get_by_label("Align").click();
    harness.run();
    harness.event(egui::Event::Paste("| C | G |".to_owned()));
    harness.run();
    // As the layer below the window delivers it.
    harness.event_modifiers(
        egui::Event::Text("irealb://x".to_owned()),
        Modifiers::COMMAND,
    );
    harness.run();
    harness.event(egui::Event::Text("x".to_owned()));
    harness.run();
    let asked = ["| Am | F |", "| C | G |", "irealb://x"];
    let asked = asked.map(|it| Action::AlignText(it.to_owned()));
    assert_eq!(harness.state().asked, asked);
}

#[test]
fn what_is_opened_is_shown_and_cancelled() {
    for size in [(960.0, 600.0, 1.0), (400.0, 240.0, 1.0)] {
        let mut used = Used::at(harbour(), 13.6, true);
        used.desk.opening.progress = Some(Progress {
            text: "Reading song.mp3".to_owned(),
            share: 0.42,
        });
        let mut harness = harness(used, size);
        harness.run();
        assert!(harness.query_by_label("Reading song.mp3  42 %").is_some());
        // One thing at a time.
        harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
        harness.run();
        harness.get_by_label("Cancel").click();
        harness.run();
        assert_eq!(harness.state().asked, [Action::CancelOpening]);
    }
}

#[test]
fn a_chart_is_accepted_bar_by_bar_or_whole() {
    let mut harness = harness(
        charted(Used::at(harbour(), 13.6, true)),
        (960.0, 600.0, 1.0),
    );
    harness.run();
    assert!(
        harness
            .query_by_label_contains("20 bars, 1 differ")
            .is_some()
    );
    let bar = "Bar 6: D flat 7. G 7 was heard.";
    harness.get_by_label(bar).click();
    harness.run();
    // What is in the track already is not accepted again.
    harness
        .get_by_label("Bar 1: E flat major 7, accepted.")
        .click();
    harness.run();
    harness.get_by_label("Accept all").click();
    harness.run();
    harness.get_by_label("Discard").click();
    harness.run();
    let asked = [
        Action::AcceptBar(5),
        Action::AcceptChart,
        Action::DiscardChart,
    ];
    assert_eq!(harness.state().asked, asked);
    // By keyboard alone.
    let by_tab = (0..80).any(|_| {
        harness.key_press(Key::Tab);
        harness.run();
        harness.get_by_label(bar).is_focused()
    });
    assert!(by_tab);
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().asked.last(), Some(&Action::AcceptBar(5)));
}

#[test]
fn an_example_to_learn_from_needs_to_know_the_audio() {
    let mut used = Used::at(harbour(), 13.6, true);
    used.desk.open = Open::Export;
    let mut harness = harness(used, (960.0, 1000.0, 1.0));
    harness.run();
    harness.get_by_label("Save Training example").click();
    harness.run();
    assert_eq!(harness.state().asked, []);
    harness.state_mut().desk.opening.song = Some("song.mp3".to_owned());
    harness.run();
    harness.get_by_label("Save Training example").click();
    harness.run();
    assert_eq!(harness.state().asked, [Action::SaveExample]);
}

/// A song that is read at a tuning.
fn tuned(cents: f32) -> Used {
    let mut used = Used::at(harbour(), 13.6, true);
    used.snapshot.tuning = Some(Tuning::from_cents(cents));
    used
}

#[test]
fn the_tuning_is_kept_and_let_go_by_a_click() {
    let mut harness = harness(tuned(-32.0), (960.0, 600.0, 1.0));
    harness.run();
    harness.get_by_label("Tuning A = 432 Hz, −32 cents").click();
    harness.run();
    let kept = TuningControls {
        fixed: true,
        cents: -32.0,
    };
    assert_eq!(harness.state().controls.tuning, kept);
    // What is heard later does not change it.
    harness.state_mut().snapshot.tuning = Some(Tuning::from_cents(20.0));
    harness.run();
    let by_tab = (0..60).any(|_| {
        harness.key_press(Key::Tab);
        harness.run();
        harness
            .get_by_label("Tuning A = 432 Hz, −32 cents")
            .is_focused()
    });
    assert!(by_tab);
    harness.key_press(Key::Enter);
    harness.run();
    assert!(!harness.state().controls.tuning.fixed);
    assert!(
        harness
            .query_by_label("Tuning A = 445 Hz, +20 cents")
            .is_some()
    );
}

#[test]
fn a_tuning_is_typed_in_the_settings() {
    let mut harness = harness(tuned(-32.0), (960.0, 600.0, 1.0));
    harness.run();
    harness.get_by_label("Settings").click();
    harness.run();
    harness.get_by_label("Listening").click();
    harness.run();
    assert!(harness.query_by_value("A = 432.0 Hz").is_none());
    harness.get_by_label("Fixed").click();
    harness.run();
    // Setting a tuning starts from the one found.
    assert_eq!(harness.state().controls.tuning.cents, -32.0);
    let field = |harness: &Harness<'static, Used>| {
        let hz = Tuning::from_cents(harness.state().controls.tuning.cents).a4_hz();
        format!("A = {hz:.1} Hz")
    };
    harness.get_by_value(&field(&harness)).click();
    harness.run();
    harness.event(egui::Event::Text("442".to_owned()));
    harness.key_press(Key::Enter);
    harness.run();
    let tuning = harness.state().controls.tuning;
    assert!(
        tuning.fixed && (tuning.cents - 7.85).abs() < 0.01,
        "{tuning:?}"
    );
    harness.get_by_label("Auto").click();
    harness.run();
    assert!(!harness.state().controls.tuning.fixed);
}

#[test]
fn exports_are_asked_for() {
    let mut harness = playing();
    harness.get_by_label("Export").click();
    harness.run();
    harness.get_by_label("Save MIDI").click();
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::E);
    harness.run();
    harness.get_by_label("Copy Text chart").click();
    harness.run();
    let asked = [Action::Save(Format::Midi), Action::Copy(Format::Text)];
    assert_eq!(harness.state().asked, asked);
    assert_eq!(harness.state().desk.open, Open::Nothing);
}

#[test]
fn exports_have_diagrams_and_chords_for_keyboards_when_they_are_asked_for() {
    let mut harness = playing();
    harness.get_by_label("Export").click();
    harness.run();
    for choice in ["On", "None"] {
        harness.get_by_label(choice).click();
        harness.run();
    }
    let window = &harness.state().controls.window;
    assert!(window.xf && !window.diagrams);
    let diagrams: Vec<_> = harness.get_all_by_label("Guitar").collect();
    // The voicing of that name comes first.
    diagrams.last().unwrap().click();
    drop(diagrams);
    harness.run();
    assert!(harness.state().controls.window.diagrams);
}

#[test]
fn settings_change_the_window() {
    let mut harness = playing();
    harness.get_by_label("Settings").click();
    harness.run();
    for choice in [
        "Roman",
        "E♭ instruments",
        "Playing",
        "Left-handed",
        "Window",
        "Light",
    ] {
        harness.get_by_label(choice).click();
        harness.run();
    }
    let controls = &harness.state().controls;
    assert_eq!(controls.style, 3);
    assert_eq!(controls.window.theme, ThemeChoice::Light);
    assert_eq!(controls.window.written_for, WrittenFor::Eb);
    assert!(controls.window.left_handed);
}

#[test]
fn the_settings_say_which_build_this_is() {
    let mut harness = playing();
    let version = env!("CARGO_PKG_VERSION");
    assert!(harness.query_by_label_contains(version).is_none());
    harness.get_by_label("Settings").click();
    harness.run();
    harness.get_by_label("Window").click();
    harness.run();
    let build = format!("{version} (");
    assert!(harness.query_by_label_contains(&build).is_some());
}

#[test]
fn the_write_switch_is_reached_by_mouse_and_by_keys() {
    use egui::accesskit::Toggled;
    use egui_kittest::kittest::NodeT;
    for size in [(960.0, 600.0, 1.0), (400.0, 240.0, 1.0)] {
        let mut harness = harness(Used::at(harbour(), 13.6, true), size);
        harness.run();
        let toggled = |harness: &Harness<'static, Used>| {
            let switch = harness.get_by_role_and_label(egui::Role::Switch, "Write");
            switch.accesskit_node().toggled()
        };
        assert_eq!(toggled(&harness), Some(Toggled::True));
        harness.get_by_label("Write").click();
        harness.run();
        assert!(!harness.state().controls.write);
        assert_eq!(toggled(&harness), Some(Toggled::False));
        let by_tab = (0..60).any(|_| {
            harness.key_press(Key::Tab);
            harness.run();
            harness.get_by_label("Write").is_focused()
        });
        assert!(by_tab);
        harness.key_press(Key::Enter);
        harness.run();
        assert!(harness.state().controls.write);
    }
}

#[test]
fn the_tooltips_tell_write_freeze_and_bypass_apart() {
    for (name, says) in [
        ("Write", "The host's Bypass stops listening."),
        ("Freeze", "switch Write off"),
    ] {
        let mut harness = playing();
        harness.get_by_label(name).hover();
        // A tooltip appears after a while.
        for _ in 0..60 {
            harness.step();
        }
        assert!(harness.query_by_label_contains(says).is_some(), "{name}");
    }
}

#[test]
fn pages_are_reached_and_left_by_keys() {
    let mut harness = playing();
    for (key, page) in [
        (Key::Num2, Page::Sheet),
        (Key::Num3, Page::Play),
        (Key::Num4, Page::Stage),
    ] {
        harness.key_press_modifiers(Modifiers::COMMAND, key);
        harness.run();
        assert_eq!(harness.state().controls.window.page, page);
    }
    harness.key_press(Key::Escape);
    harness.run();
    assert_eq!(harness.state().controls.window.page, Page::Overview);
}

#[test]
fn everything_that_can_be_used_has_a_name() {
    use egui::accesskit::{Action, Role};
    for (picture, used, (width, height, _), prepare) in pictures() {
        let mut harness = harness(used, (width, height, 1.0));
        harness.run();
        prepare(&mut harness);
        let (mut used, mut nameless) = (0, Vec::new());
        for node in harness.root().children_recursive() {
            let node = node.accesskit_node();
            let data = node.data();
            let usable = [Action::Click, Action::Focus].map(|action| data.supports_action(action));
            // Texts that can be selected say themselves; a scroll bar is another way to scroll.
            if usable == [false; 2] || matches!(node.role(), Role::Label | Role::ScrollBar) {
                continue;
            }
            if node.label().is_none_or(|name| name.is_empty()) {
                nameless.push((node.role(), node.value(), data.bounds()));
            }
            used += 1;
        }
        assert!(used > 0 && nameless.is_empty(), "{picture}: {nameless:#?}");
    }
}

#[test]
fn the_chord_its_facts_and_the_keyboard_are_told_in_words() {
    use egui::accesskit::{Live, Role};
    let mut harness = playing();
    let announced = |harness: &Harness<'static, Used>| {
        let mut nodes = harness.root().children_recursive();
        let node = nodes.find(|node| node.accesskit_node().role() == Role::Status);
        let node = node.unwrap();
        assert_eq!(node.accesskit_node().live(), Live::Polite);
        node.accesskit_node().label().unwrap()
    };
    assert_eq!(announced(&harness), "G 7 flat 9");
    for told in ["Bass G", "Key E flat major"] {
        assert!(harness.query_by_label(told).is_some(), "{told}");
    }
    assert!(harness.query_by_label_contains("Keyboard: G").is_some());
    // A quarter of a second is a step. Another chord is announced at once when the last one was
    // long ago, and else when a second has passed.
    harness.run_steps(8);
    show(&mut harness, "C:min/b3");
    harness.run_steps(1);
    assert_eq!(announced(&harness), "C minor over E flat");
    show(&mut harness, "Bb:7");
    harness.run_steps(2);
    assert_eq!(announced(&harness), "C minor over E flat");
    show(&mut harness, "F:min7");
    harness.run_steps(3);
    assert_eq!(announced(&harness), "F minor 7");
}

/// Recognizes that chord from now on.
fn show(harness: &mut Harness<'static, Used>, label: &str) {
    let snapshot = &mut harness.state_mut().snapshot;
    snapshot.current.as_mut().unwrap().label = label.parse().unwrap();
}

#[test]
fn every_chord_is_reached_by_tab() {
    let mut harness = playing();
    for _ in 0..60 {
        harness.key_press(Key::Tab);
        harness.run();
        if harness.get_by_label("A flat major 7 in bar 5").is_focused() {
            harness.key_press(Key::Enter);
            harness.run();
            assert!(matches!(harness.state().desk.open, Open::Chord(_)));
            return;
        }
    }
    panic!("no tab led to the chord");
}

#[test]
fn the_sheet_is_browsed_and_comes_back() {
    let mut harness = playing();
    assert!(harness.query_by_label("Jump to now").is_none());
    harness.key_press(Key::PageDown);
    harness.run();
    assert!(!harness.state().desk.follow);
    harness.get_by_label("Jump to now").click();
    harness.run();
    assert!(harness.state().desk.follow);
}

#[test]
fn a_track_is_cleared_and_brought_back() {
    let mut harness = playing();
    let before = harness.state().editor.track().clone();
    harness.get_by_label("Song Lights on the Harbour").click();
    harness.run();
    harness.get_by_label("Clear the track").click();
    harness.run();
    assert!(harness.state().editor.track().timeline().is_empty());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run();
    assert_eq!(*harness.state().editor.track(), before);
}

#[test]
fn midi_out_is_set_in_the_settings() {
    let mut harness = playing();
    harness.get_by_label("Settings").click();
    harness.run();
    harness.get_by_label("Playing").click();
    harness.run();
    assert!(harness.query_by_label("On the next channel").is_none());
    for choice in ["On", "Drop 2", "On the next channel"] {
        harness.get_by_label(choice).click();
        harness.run();
    }
    let velocity = harness.get_by_value("velocity 80");
    velocity.click();
    harness.run();
    harness.event(egui::Event::Text("100".to_owned()));
    harness.key_press(Key::Enter);
    harness.run();
    let wanted = MidiControls {
        on: true,
        voicing: 2,
        velocity: 100,
        bass: 1,
        ..MidiControls::default()
    };
    assert_eq!(harness.state().controls.midi, wanted);
}

#[test]
fn messages_are_shown_until_they_are_read() {
    let mut used = Used::at(harbour(), 13.6, true);
    used.message = Some("The saved chord track could not be read.".to_owned());
    let mut harness = harness(used, (960.0, 600.0, 1.0));
    harness.run();
    assert!(
        harness
            .query_by_label("The saved chord track could not be read.")
            .is_some()
    );
    harness.get_by_label("Close").click();
    harness.run();
    assert_eq!(harness.state().asked, [Action::Dismiss]);
}

#[test]
fn a_track_that_can_be_brought_back_is_offered() {
    let mut used = Used::at(harbour(), 13.6, true);
    used.message = Some("Another track can be read.".to_owned());
    used.can_bring_back = true;
    let mut harness = harness(used, (960.0, 600.0, 1.0));
    harness.run();
    harness.get_by_label("Bring back").click();
    harness.run();
    assert_eq!(harness.state().asked, [Action::BringBack]);
}

#[test]
fn titles_are_set() {
    let mut harness = playing();
    harness.get_by_label("Song Lights on the Harbour").click();
    harness.run();
    harness
        .get_by_role_and_label(egui::Role::TextInput, "Title")
        .focus();
    harness.run();
    harness.event(egui::Event::Text("!".to_owned()));
    harness.run();
    harness.get_by_label("Set").click();
    harness.run();
    let title = &harness.state().editor.track().info().title;
    assert!(title.contains('!'), "{title}");
}

#[test]
fn an_edit_of_another_window_is_no_surprise() {
    // The chord that is open goes away under the hands of the user.
    let mut harness = playing();
    open_bar_5(&mut harness);
    harness.state_mut().editor = Editor::new(Track::new());
    harness.run();
    assert_eq!(harness.state().desk.open, Open::Nothing);
    let command = Command::Delete { at_s: 1.0 };
    assert!(harness.state_mut().editor.apply(&command).is_err());
}

#[test]
fn nothing_breaks_at_any_size() {
    for (_, used, _, _) in pictures() {
        let (controls, snapshot) = (used.controls.clone(), used.snapshot.clone());
        let track = used.editor.track().clone();
        for size in [
            (1.0, 1.0),
            (200.0, 100.0),
            (400.0, 1200.0),
            (3840.0, 2160.0),
        ] {
            let mut used = Used::at(track.clone(), 13.6, true);
            used.controls = controls.clone();
            used.snapshot = snapshot.clone();
            harness(used, (size.0, size.1, 1.0)).run();
        }
    }
}

/// The harness leaves a margin around what it draws; the plugin's window has none.
fn in_whole_window(ui: &mut egui::Ui, draw: impl FnOnce(&mut egui::Ui)) {
    let window = ui.ctx().content_rect();
    ui.scope_builder(egui::UiBuilder::new().max_rect(window), |ui| {
        ui.set_clip_rect(window);
        draw(ui);
    });
}

/// A newcomer's way through the window, with a clock.
struct Walk {
    seconds: f64,
    told: String,
}

impl Walk {
    /// A click, a key, or a change of window: at a pace that nobody has to practise.
    const ACTION_S: f64 = 1.5;

    /// Words that are read in a second: Brysbaert (2019) has 238 a minute.
    const WORDS: f64 = 238.0 / 60.0;

    fn goes(&mut self, seconds: f64, what: &str) {
        self.seconds += seconds;
        self.told += &format!("{:5.1} s  {what}\n", self.seconds);
    }

    fn acts(&mut self, what: &str) {
        self.goes(Self::ACTION_S, what);
    }

    fn reads(&mut self, text: &str) {
        let words = text.split_whitespace().count() as f64;
        self.goes(words / Self::WORDS, &format!("reads: {text}"));
    }
}

/// Sixteen bars of two seconds, C Am F G four times, as a file.
fn sixteen_bars(folder: &std::path::Path) -> std::path::PathBuf {
    const RATE: u32 = 44_100;
    let path = folder.join("song.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    let bars: [&[u8]; 4] = [
        &[48, 60, 64, 67],
        &[45, 57, 60, 64],
        &[41, 57, 60, 65],
        &[43, 59, 62, 67],
    ];
    for keys in bars.iter().cycle().take(16) {
        for _ in 0..4 {
            for sample in testhost::music::chord_of(f64::from(RATE), keys, 0.5) {
                let loud = (0.8 * sample * f32::from(i16::MAX)) as i16;
                writer.write_sample(loud).unwrap();
            }
        }
    }
    writer.finalize().unwrap();
    path
}

/// The steps of docs/charts.md by keys and clicks. What the machine needs is measured, and told
/// with the rest by `--no-capture`; whoever walks leaves it a quarter of the minute.
#[test]
fn a_newcomer_puts_a_chart_on_a_song_in_less_than_a_minute() {
    let folder = tempfile::tempdir().unwrap();
    let path = sixteen_bars(folder.path());
    let (session, opening) = (Session::default(), Arc::new(Opening::default()));
    let job = || {
        opening
            .begin("song.wav".to_owned(), || true, || {})
            .unwrap()
    };
    let mut walk = Walk {
        seconds: 0.0,
        told: String::new(),
    };
    let mut used = Used::at(Track::new(), 0.0, false);
    used.clock = Clock::Stream;
    let mut harness = harness(used, (960.0, 600.0, 1.0));
    harness.run();

    harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    harness.run();
    let asked = std::mem::take(&mut harness.state_mut().asked);
    assert_eq!(asked, [Action::Ask(Kind::Audio)]);
    walk.acts("Ctrl+O");
    walk.acts("clicks the song in the dialog");
    walk.acts("clicks Open");
    let began = std::time::Instant::now();
    let heard = hear_song(&job(), &path, None, session.loads()).unwrap();
    place_song(&job(), heard, Place::Start, &session, None).unwrap();
    let mut machine_s = began.elapsed().as_secs_f64();
    walk.goes(machine_s, "the song of half a minute is transcribed");
    harness.state_mut().editor = Editor::new((*session.track()).clone());
    harness.state_mut().desk.opening = opening.view(session.loads());
    harness.run();
    assert_eq!(session.track().timeline().segments().len(), 16);
    walk.reads("song.wav: 16 chords, 120 bpm. Undo (Ctrl+Z) takes it away.");

    for what in ["goes to the chart", "selects it", "copies it", "comes back"] {
        walk.acts(what);
    }
    let text = "Four Chords\n|: C | Am | F | G :|\n| C | Am | Eb | G |\n| C | Am | F | G |";
    harness.event(egui::Event::Paste(text.to_owned()));
    harness.run();
    let asked = std::mem::take(&mut harness.state_mut().asked);
    assert_eq!(asked, [Action::AlignText(text.to_owned())]);
    walk.acts("Ctrl+V");
    let began = std::time::Instant::now();
    let chart = Arc::new(read_text(text).unwrap());
    let proposal = align_chart(&job(), chart, &session).unwrap().unwrap();
    let aligning_s = began.elapsed().as_secs_f64();
    machine_s += aligning_s;
    walk.goes(aligning_s, "the chart is aligned");
    harness.state_mut().desk.opening = opening.view(session.loads());
    harness.run();
    assert!(
        harness
            .query_by_label_contains("16 bars, 1 differ")
            .is_some()
    );
    walk.reads(
        "Four Chords: 16 bars found, 1 with other chords than were heard. Accept what is right.",
    );
    walk.goes(0.5 * proposal.bars.len() as f64, "looks at the bars");

    harness.get_by_label("Accept all").click();
    harness.run();
    let asked = std::mem::take(&mut harness.state_mut().asked);
    assert_eq!(asked, [Action::AcceptChart]);
    walk.acts("clicks Accept all");
    opening.accept(None, &session).unwrap();
    let track = session.track();
    assert!(proposal.bars.iter().all(|bar| bar.is_taken(&track)));
    walk.reads("Four Chords: 16 bars accepted, and locked. Undo (Ctrl+Z) takes them out again.");
    println!("{}", walk.told);
    let own_s = walk.seconds - machine_s;
    assert!(
        own_s < 45.0,
        "{own_s} s without the machine's:\n{}",
        walk.told
    );
}
