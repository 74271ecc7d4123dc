//! The plugin's window as a screen reader finds it, in a host on an X server and a D-Bus session of
//! the test's own. What a screen reader does is in `screen_reader.py`.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clack_extensions::gui::{GuiApiType, GuiConfiguration, PluginGui, Window};
use clack_host::prelude::*;
use testhost::host::{self, Block, TestHost};
use testhost::music;
use testhost::parent::Parent;
use testhost::process::Holdings;
use testhost::xvfb::Xvfb;

const RATE: f64 = 48_000.0;
const FRAMES: usize = 512;

/// Chords of the test's music are this long, in seconds: more of them than can be said.
const CHORD_S: f64 = 0.7;

/// Tells this program that it is the one in the session.
const INSIDE: &str = "CHANGES_INSIDE";

/// Debian's Python has the packages that are needed; another one may be first in the path.
const PYTHON: &str = "/usr/bin/python3";

/// Whether the programs of a session with a screen reader are here; says aloud what is missing.
fn has_what_it_takes() -> bool {
    let runs = |program: &str, arguments: &[&str]| {
        let quiet = Command::new(program)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        quiet.is_ok_and(|status| status.success())
    };
    let atspi = "import gi; gi.require_version('Atspi', '2.0'); from gi.repository import Atspi";
    let launcher = "/usr/libexec/at-spi-bus-launcher";
    let has = runs("dbus-run-session", &["--version"])
        && runs(PYTHON, &["-c", atspi])
        && std::path::Path::new(launcher).exists();
    if !has {
        println!(
            "SKIPPED: no session for a screen reader (Debian's packages `dbus-daemon`, \
             `at-spi2-core`, `python3-gi`, `gir1.2-atspi-2.0`)"
        );
    }
    has
}

/// Runs `test` of this file again in such a session, and there `host`.
fn in_a_session(test: &str, host: fn()) {
    if std::env::var_os(INSIDE).is_some() {
        return host();
    }
    if !has_what_it_takes() {
        return;
    }
    let Some(server) = Xvfb::start() else { return };
    let home = tempfile::tempdir().unwrap();
    let output = Command::new("dbus-run-session")
        .arg("--")
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env("DISPLAY", &server.display)
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .env_remove("AT_SPI_BUS_ADDRESS")
        .env_remove("WAYLAND_DISPLAY")
        .env(INSIDE, "1")
        .output()
        .unwrap();
    println!("{}", String::from_utf8_lossy(&output.stdout));
    let errors = String::from_utf8_lossy(&output.stderr);
    println!("{errors}");
    assert!(output.status.success(), "{}", output.status);
}

/// Opens the plugin's window in the host's.
fn open(instance: &mut PluginInstance<TestHost>, parent: &Parent) -> PluginGui {
    let plugin = instance.plugin_handle();
    let gui: PluginGui = plugin.get_extension().unwrap();
    let configuration = GuiConfiguration {
        api_type: GuiApiType::X11,
        is_floating: false,
    };
    gui.create(&plugin, configuration).unwrap();
    // SAFETY: the host's window is there until after the plugin's is destroyed.
    unsafe { gui.set_parent(&plugin, Window::from_x11_handle(parent.window.into())) }.unwrap();
    gui.show(&plugin).unwrap();
    gui
}

/// The screen reader, and whether it wants the window to be closed.
fn screen_reader() -> (Child, Arc<AtomicBool>) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/screen_reader.py");
    let mut reader = Command::new(PYTHON)
        .arg(script)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let asked = Arc::new(AtomicBool::new(false));
    let output = BufReader::new(reader.stdout.take().unwrap());
    let sees = Arc::clone(&asked);
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            sees.fetch_or(line == "close", Ordering::Relaxed);
        }
    });
    (reader, asked)
}

#[test]
fn a_screen_reader_reads_and_uses_the_window_while_music_plays() {
    in_a_session(
        "a_screen_reader_reads_and_uses_the_window_while_music_plays",
        || {
            let entry = host::load();
            let parent = Parent::open(960, 600).unwrap();
            let mut instance = host::instantiate(&entry);
            let mut processor = host::activate(&mut instance, RATE, FRAMES);
            let mut block = Block::new(2, FRAMES);
            let mut gui = Some(open(&mut instance, &parent));
            let (mut reader, close) = screen_reader();
            let audio: Vec<f32> = music::PROGRESSION
                .iter()
                .flat_map(|(_, keys)| music::chord_of(RATE, keys, CHORD_S))
                .collect();
            let (started, mut at) = (Instant::now(), 0);
            let status = loop {
                let due = Duration::from_secs_f64(at as f64 / RATE);
                std::thread::sleep(due.saturating_sub(started.elapsed()));
                let chunk: Vec<f32> = audio
                    .iter()
                    .cycle()
                    .skip(at % audio.len())
                    .take(FRAMES)
                    .copied()
                    .collect();
                let transport = host::rolling(2.0 * at as f64 / RATE);
                let output = block.process(&mut processor, &[&chunk, &chunk], Some(&transport));
                assert!(output.iter().all(|out| out[..] == chunk[..]));
                at += FRAMES;
                if close.load(Ordering::Relaxed)
                    && let Some(gui) = gui.take()
                {
                    gui.destroy(&instance.plugin_handle());
                }
                if let Some(status) = reader.try_wait().unwrap() {
                    break status;
                }
            };
            assert!(status.success(), "{status}");
            instance.deactivate(processor.stop_processing());
            // Windows come and go with what reads them.
            let before = Holdings::now();
            for _ in 0..6 {
                let gui = open(&mut instance, &parent);
                std::thread::sleep(Duration::from_millis(150));
                gui.destroy(&instance.plugin_handle());
            }
            Holdings::assert_no_more_than(before, 64 << 20);
        },
    );
}
