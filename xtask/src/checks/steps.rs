//! The steps of `cargo xtask test`, in the order in which they run.

use anyhow::Result;
use clap::ValueEnum;
use xshell::{Cmd, cmd};

use super::{supply, workflows};
use crate::workspace::{has_library_source, say, shell, target};
use crate::{apt, bench, bundle, dist, fuzz, python, web};

/// The target for the sanitizers.
const TRIPLE: &str = "x86_64-unknown-linux-gnu";
/// The extra feature for lints and documentation.
const STANDALONE: &str = "changes-plugin/standalone";
/// Whether this is such a system.
const SANITIZED: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

/// One thing that must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// Packages of the system and of Python that the others need
    Setup,
    /// rustfmt
    Format,
    /// Lock files up to date, and clippy on every target, warnings denied
    Lints,
    /// cargo-deny: only licences that may become part of the plugin, bans, sources, advisories
    Supply,
    /// Compile the whole workspace with its tests, and bundle the plugin
    Build,
    /// All tests: units, goldens, host, editor pictures, command line
    Units,
    /// The examples in the documentation
    Doctests,
    /// rustdoc, warnings denied
    Docs,
    /// The VST3 in pedalboard
    Vst3,
    /// RealtimeSanitizer over the audio callback of the release plugin
    Realtime,
    /// ThreadSanitizer and Miri over the data that audio thread and worker share
    Races,
    /// The slow tests: 240 windows, storms of activations, instances that come and go
    Thorough,
    /// Four minutes of audio, as fast as possible, with exact times
    Soak,
    /// The short measurement of costs: fails where one is many times the usual
    Bench,
    /// Every reader of untrusted bytes under libFuzzer for some seconds
    Fuzz,
    /// The standalone program
    Standalone,
    /// The page in Chromium: chords, no requests, offline use, pictures
    Web,
    /// The workflows of a public forge, by actionlint
    Workflows,
    /// The archive for Linux and the package for Debian, installed in a new Debian
    Dist,
    /// The Python package, installed and tested in an empty environment
    Python,
    /// Everything for Windows, installed and used under Wine; type checks for macOS
    Systems,
}

impl Step {
    /// The name that `--step` takes.
    pub fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether only `--full` runs it: what takes long and finds little from one change to the
    /// next. The seeds of the fuzz targets are replayed by a test, and clippy compiles the
    /// standalone program.
    pub fn is_for_releases(self) -> bool {
        matches!(
            self,
            Self::Thorough
                | Self::Soak
                | Self::Bench
                | Self::Fuzz
                | Self::Standalone
                | Self::Web
                | Self::Workflows
                | Self::Dist
                | Self::Python
                | Self::Systems
        )
    }

    /// The step and its description, in one line.
    pub fn title(self) -> String {
        let help = self
            .to_possible_value()
            .and_then(|value| value.get_help().cloned());
        format!("{}: {}", self.name(), help.unwrap_or_default())
    }

    /// Runs the step.
    pub fn run(self) -> Result<()> {
        let sh = shell()?;
        match self {
            Self::Setup => setup(),
            Self::Format => run(cmd!(sh, "cargo fmt --all --check")),
            Self::Lints => lints(),
            Self::Supply => supply::check(),
            Self::Build => bundle::bundle_with_everything().map(|_| ()),
            Self::Units => units(Selection::Quick),
            Self::Thorough => units(Selection::Long),
            Self::Doctests => run(cmd!(sh, "cargo test --release --workspace --doc")),
            Self::Docs => run(cmd!(
                sh,
                "cargo doc --release --workspace --no-deps --features {STANDALONE}"
            )
            .env("RUSTDOCFLAGS", "--deny warnings")),
            Self::Vst3 => {
                let python = python::environment()?;
                let vst3 = bundle::Bundle::location()?.vst3;
                run(cmd!(sh, "{python} plugin/tests/pedalboard_vst3.py {vst3}"))
            }
            Self::Realtime => realtime(),
            Self::Races => races(),
            Self::Soak => bench::check_soak(),
            Self::Bench => bench::check(),
            Self::Fuzz => fuzz::check(),
            Self::Standalone => run(cmd!(
                sh,
                "cargo build --release --package changes-plugin --features standalone
                 --bin changes-standalone"
            )),
            Self::Web => web::check(),
            Self::Workflows => workflows::check(),
            Self::Dist => dist::check::check(),
            Self::Python => dist::wheel::check(),
            Self::Systems => systems(),
        }
    }
}

fn run(command: Cmd) -> Result<()> {
    Ok(command.run()?)
}

fn lints() -> Result<()> {
    let sh = shell()?;
    // The fuzz targets and the Python package have lock files of their own, which a new
    // dependency of the workspace makes out of date: better found here than after half an hour,
    // where they are built.
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml", "python/Cargo.toml"] {
        run(cmd!(
            sh,
            "cargo metadata --locked --format-version 1 --manifest-path {manifest}"
        )
        .ignore_stdout())?;
    }
    // In the profile of everything else, whose build scripts and procedural macros exist
    // already or will be needed.
    run(cmd!(
        sh,
        "cargo clippy --release --workspace --all-targets --features {STANDALONE}
         -- --deny warnings"
    ))
}

fn setup() -> Result<()> {
    let sh = shell()?;
    apt::ensure(apt::LINKER, "linking Rust programs")?;
    apt::ensure(apt::VULKAN, "drawing the editor without a screen")?;
    apt::ensure(apt::STANDALONE, "the standalone program")?;
    apt::ensure(apt::PEDALBOARD, "pedalboard, which loads the VST3")?;
    apt::ensure(apt::STRACE, "watching the system calls")?;
    apt::ensure(apt::WINDOW, "opening the plugin's window without a screen")?;
    apt::ensure(
        apt::SCREEN_READER,
        "reading the window as screen readers do",
    )?;
    for (component, program) in [("rustfmt", "rustfmt"), ("clippy", "clippy-driver")] {
        if cmd!(sh, "{program} --version")
            .quiet()
            .ignore_stdout()
            .ignore_stderr()
            .run()
            .is_err()
        {
            cmd!(sh, "rustup component add {component}").run()?;
        }
    }
    supply::tool()?;
    Ok(())
}

/// Which tests to run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Selection {
    /// The tests for every change.
    Quick,
    /// The tests that are ignored otherwise.
    Long,
}

/// Runs the tests, with nextest where it is installed.
fn units(selection: Selection) -> Result<()> {
    let sh = shell()?;
    let python = python::environment()?;
    let nextest = cmd!(sh, "cargo nextest --version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr();
    let by_nextest = nextest.run().is_ok();
    let command = if by_nextest {
        cmd!(sh, "cargo nextest run --release --workspace --no-fail-fast")
    } else {
        // Without the benchmarks, which `--all-targets` would run once.
        cmd!(
            sh,
            "cargo test --release --workspace --lib --bins --tests --examples --no-fail-fast"
        )
    };
    let command = match (selection, by_nextest) {
        (Selection::Quick, _) => command,
        (Selection::Long, true) => command.args(["--run-ignored", "only"]),
        (Selection::Long, false) => command.args(["--", "--ignored"]),
    };
    let clap = bundle::Bundle::location()?.clap;
    let onnx_runtime = python::onnx_runtime(&python)?;
    run(command
        .env("CHANGES_PYTHON", python)
        .env("ORT_DYLIB_PATH", onnx_runtime)
        .env("CHANGES_CLAP", clap))
}

/// Clippy for macOS, whose linker is not available here, and for Windows; then the programs built
/// for Windows, under Wine.
fn systems() -> Result<()> {
    let sh = shell()?;
    for triple in [dist::windows::TRIPLE, "aarch64-apple-darwin"] {
        say(format!(
            "Plugin, standalone program and command for {triple}"
        ));
        let clippy = cmd!(
            sh,
            "cargo clippy --package changes-plugin --package changes-cli --features {STANDALONE}
             --target {triple}"
        );
        let clippy = dist::library(clippy, triple)?;
        run(clippy.args(["--", "--deny", "warnings"]))?;
    }
    if apt::has_apt() {
        dist::check::windows()
    } else {
        say("NOT CHECKED: running the programs for Windows needs Debian's Wine");
        Ok(())
    }
}

/// ThreadSanitizer needs the standard library built for it, which is why only a few crates are
/// checked here; Miri runs where it is installed.
fn races() -> Result<()> {
    let sh = shell()?;
    if !SANITIZED {
        say("ThreadSanitizer is run on x86_64 Linux only");
    } else if !has_library_source(&sh)? {
        say(
            "The standard library's source (`rust-src`) is not available: NOT CHECKED with \
             ThreadSanitizer",
        );
    } else {
        let folder = target()?.join("tsan");
        run(cmd!(
            sh,
            "cargo test -Zbuild-std --package changes-realtime --package changes-races --lib --tests
             --target {TRIPLE}
             --target-dir {folder}"
        )
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zsanitizer=thread --cfg tsan"))?;
    }
    let miri = cmd!(sh, "cargo +nightly miri --version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr();
    if miri.run().is_err() {
        say("Miri is not installed (`rustup +nightly component add miri`): NOT CHECKED with it");
        return Ok(());
    }
    let folder = target()?.join("miri");
    run(cmd!(
        sh,
        "cargo +nightly miri test --package changes-races --test protocol --target-dir {folder}"
    )
    .env(
        "MIRIFLAGS",
        "-Zmiri-many-seeds=0..2 -Zmiri-disable-isolation",
    ))
}

/// The sanitizer is part of LLVM, but stable compilers keep it behind a flag. Only the host is
/// built with it, in a target directory of its own; the plugin is the one that ships.
fn realtime() -> Result<()> {
    if !SANITIZED {
        say("RealtimeSanitizer runs on x86_64 Linux only: NOT CHECKED here");
        return Ok(());
    }
    let sh = shell()?;
    let clap = bundle::Bundle::location()?.clap;
    let folder = target()?.join("rtsan");
    run(cmd!(
        sh,
        "cargo test --package changes-rtsan --target {TRIPLE} --target-dir {folder}"
    )
    .env("CHANGES_CLAP", clap)
    .env("RUSTC_BOOTSTRAP", "1")
    .env("RUSTFLAGS", "-Zsanitizer=realtime --cfg rtsan"))
}
