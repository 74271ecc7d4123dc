//! The built plugin in a real host, on real music; `cargo xtask demo` builds it and starts this.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser;
use harmony::export;
use harmony::label::Label;
use harmony::style::{Style, format};
use harmony::timeline::{Segment, Status};
use harmony::track::{Info, Track};
use serde_json::{Value, json};
use testhost::clip::Clip;
use testhost::player::{Plugin, Stream, Tempo};
use testhost::state;
use xshell::{Shell, cmd};

/// The bundled music, relative to the root of the repository; `assets/demo/NOTICE.md` has its
/// licence.
const CLIP: &str = "assets/demo/town-theme.ogg";

/// The clip's tempo, so that the host can tell the plugin where the bars are.
const TEMPO: Tempo = Tempo {
    bpm: 76.8,
    beats_per_bar: 4,
};

/// Samples of a block, as in a studio host.
const BLOCK: usize = 512;

/// How often the host checks for new chords.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The picture shows the longest of this many last chords.
const PICTURE_CHORDS: usize = 4;

/// How long the analysis may take to catch up after the last block.
const CATCH_UP: Duration = Duration::from_secs(2);

#[derive(Parser)]
#[command(
    about = "Plays music through a CLAP and prints the chords; start it by `cargo xtask demo`"
)]
struct Options {
    /// Play this file instead of the bundled one
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The plugin
    #[arg(long, value_name = "FILE")]
    clap: PathBuf,
    /// Where the chord track and the picture are written
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Prints what happens next, in one line.
fn say(line: impl AsRef<str>) {
    println!("==> {}", line.as_ref());
}

/// Plays the clip through the plugin, prints the chords and writes the track.
fn run(options: &Options) -> Result<()> {
    let path = options.file.as_deref().unwrap_or(Path::new(CLIP));
    let clip = Clip::load(path)?;
    let mut plugin = Plugin::load(&options.clap)?;
    say(format!(
        "{} in a headless CLAP host, listening to {} ({:.0} s at {:.0} Hz, in real time)",
        plugin.name,
        path.display(),
        clip.duration_s(),
        clip.sample_rate
    ));
    let stream = plugin.activate(clip.sample_rate, BLOCK)?;
    // The tempo of the user's own file is unknown.
    let tempo = options.file.is_none().then_some(TEMPO);
    let (saved, track) = listen(&mut plugin, stream, &clip, tempo)?;
    ensure!(
        track
            .timeline()
            .into_iter()
            .any(|segment| matches!(segment.label, Label::Chord(_))),
        "the plugin heard no chord"
    );
    println!();
    write(&saved, &track, &options.output)
}

/// Writes the track in every format, and the picture.
fn write(saved: &Value, track: &Track, folder: &Path) -> Result<()> {
    let sh = Shell::new()?;
    sh.create_dir(folder)?;
    let mut titled = track.clone();
    titled.set_info(Info {
        title: "Changes demo".to_owned(),
        ..track.info().clone()
    });
    for format in export::Format::ALL {
        let path = folder.join("chords").with_extension(format.extension());
        export::save_track(&path, &titled, &export::Options::default())?;
        println!("{}", path.display());
    }
    picture(saved, track, folder)
}

/// Draws the editor as it looked during the last whole chord, through the function that draws
/// the plugin's window.
fn picture(saved: &Value, track: &Track, folder: &Path) -> Result<()> {
    let segments = track.timeline().segments().iter();
    let chords = segments
        .rev()
        .filter(|it| matches!(it.label, Label::Chord(_)));
    let longest = chords
        .take(PICTURE_CHORDS)
        .max_by(|a, b| f64::total_cmp(&(a.end_s - a.start_s), &(b.end_s - b.start_s)));
    let at_s = longest.map_or(0.0, |it| {
        (it.start_s + 0.8 * (it.end_s - it.start_s)).max(0.0)
    });
    let (scene, picture) = (folder.join("editor.json"), folder.join("editor.png"));
    let sh = Shell::new()?;
    sh.write_file(
        &scene,
        json!({ "track": saved, "at_s": at_s, "scale": 2.0 }).to_string(),
    )?;
    say("Drawing the editor");
    let here = std::env::current_exe()?;
    let folder_here = here.parent().context("a program without a folder")?;
    let draw = folder_here.join("examples/editor_picture");
    cmd!(sh, "{draw} {scene} {picture}")
        // Graphics libraries complain where nobody is logged in; the picture needs no screen.
        .env(
            "XDG_RUNTIME_DIR",
            std::env::var_os("XDG_RUNTIME_DIR").unwrap_or(folder.into()),
        )
        .run()?;
    println!("{}", picture.display());
    Ok(())
}

/// Plays the clip on a thread of its own, as hosts do, and prints what the plugin shows
/// meanwhile.
fn listen(
    plugin: &mut Plugin,
    mut stream: Stream,
    clip: &Clip,
    tempo: Option<Tempo>,
) -> Result<(Value, Track)> {
    let played = AtomicUsize::new(0);
    let done = AtomicBool::new(false);
    let mut printer = Printer::default();
    let stream = thread::scope(|scope| {
        let audio = scope.spawn(|| {
            let result = play(&mut stream, clip, tempo, &played);
            done.store(true, Ordering::Release);
            result.map(|()| stream)
        });
        while !done.load(Ordering::Acquire) {
            thread::sleep(LOOK_EVERY);
            let now_s = played.load(Ordering::Relaxed) as f64 / clip.sample_rate;
            printer.print(&state::session(&plugin.state()?)?.1, now_s);
        }
        audio
            .join()
            .map_err(|_| anyhow!("the audio thread panicked"))?
    })?;
    // The worker is a little behind; its last results count too.
    let deadline = Instant::now() + CATCH_UP;
    let (mut saved, mut track) = state::session(&plugin.state()?)?;
    while Instant::now() < deadline
        && track
            .timeline()
            .end_s()
            .is_none_or(|end_s| end_s < clip.duration_s() - 0.1)
    {
        thread::sleep(LOOK_EVERY);
        (saved, track) = state::session(&plugin.state()?)?;
    }
    printer.print(&track, clip.duration_s());
    plugin.deactivate(stream);
    Ok((saved, track))
}

/// Sends the clip block by block, in real time.
fn play(
    stream: &mut Stream,
    clip: &Clip,
    tempo: Option<Tempo>,
    played: &AtomicUsize,
) -> Result<()> {
    let start = Instant::now();
    let mut from = 0;
    while from < clip.frames() {
        let due = Duration::from_secs_f64(from as f64 / clip.sample_rate);
        thread::sleep(due.saturating_sub(start.elapsed()));
        let len = BLOCK.min(clip.frames() - from);
        stream.play(clip, from, len, tempo)?;
        from += len;
        played.store(from, Ordering::Relaxed);
    }
    Ok(())
}

/// Prints each chord once when the plugin first shows it, and once when it is confirmed,
/// some seconds later.
#[derive(Default)]
struct Printer {
    /// What was shown last: start and chord.
    last: Option<(f64, String)>,
    /// Up to here confirmed chords have been printed.
    confirmed_s: f64,
}

impl Printer {
    fn print(&mut self, track: &Track, now_s: f64) {
        let segments = track.timeline().segments();
        let line = |segment: &Segment, state: &str| {
            println!(
                "  {now_s:6.2} s  {:<10} {state:<10} from {:6.2} s  {:3.0} %",
                format(&segment.label, Style::Jazz, None),
                segment.start_s,
                segment.confidence * 100.0
            );
        };
        // The last confirmed chord may still be growing.
        let confirmed = segments.windows(2).filter(|pair| {
            let fresh = pair[0].start_s > self.confirmed_s - 1e-6;
            fresh && pair.iter().all(|it| it.status == Status::Confirmed)
        });
        let mut reached_s = self.confirmed_s;
        for pair in confirmed {
            line(&pair[0], "confirmed");
            reached_s = pair[0].end_s;
        }
        self.confirmed_s = reached_s;
        if let Some(segment) = segments.last()
            && segment.status == Status::Provisional
        {
            let name = format(&segment.label, Style::Jazz, None);
            let current = (segment.start_s, name);
            if self.last.as_ref() != Some(&current) {
                line(segment, "heard");
                self.last = Some(current);
            }
        }
    }
}
