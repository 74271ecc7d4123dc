//! The steps of `cargo xtask test`, in the order in which they run.

use anyhow::Result;
use clap::ValueEnum;
use xshell::{Cmd, cmd};

use crate::workspace::{say, shell, target};
use crate::{apt, bundle, fuzz, licences, python, soak, supply};

/// One thing that must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// Packages of the system and of Python that the others need
    Setup,
    /// rustfmt
    Format,
    /// clippy on every target, warnings denied
    Lints,
    /// Only licences that may become part of the plugin
    Licences,
    /// cargo-deny over bans, sources, licences and advisories
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
    /// Four minutes of audio, as fast as it goes, and every time exact
    Soak,
    /// Every reader of untrusted bytes under libFuzzer for some seconds
    Fuzz,
    /// The standalone program
    Standalone,
}

impl Step {
    /// The name that `--step` takes.
    pub fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// What the step does, in a line.
    pub fn title(self) -> String {
        let help = self
            .to_possible_value()
            .and_then(|value| value.get_help().cloned());
        format!("{}: {}", self.name(), help.unwrap_or_default())
    }

    /// Does it.
    pub fn run(self) -> Result<()> {
        let sh = shell()?;
        match self {
            Self::Setup => setup(),
            Self::Format => run(cmd!(sh, "cargo fmt --all --check")),
            Self::Lints => run(cmd!(
                sh,
                "cargo clippy --workspace --all-targets -- --deny warnings"
            )),
            Self::Licences => licences::check(),
            Self::Supply => supply::check(),
            Self::Build => bundle::bundle_with_everything().map(|_| ()),
            Self::Units => units(),
            Self::Doctests => run(cmd!(sh, "cargo test --release --workspace --doc")),
            Self::Docs => {
                run(cmd!(sh, "cargo doc --workspace --no-deps")
                    .env("RUSTDOCFLAGS", "--deny warnings"))
            }
            Self::Vst3 => {
                let python = python::environment()?;
                let vst3 = bundle::Bundle::location()?.vst3;
                run(cmd!(sh, "{python} plugin/tests/pedalboard_vst3.py {vst3}"))
            }
            Self::Realtime => realtime(),
            Self::Soak => soak::run(&soak::Options::short()),
            Self::Fuzz => fuzz::check(),
            Self::Standalone => run(cmd!(
                sh,
                "cargo build --release --package changes-plugin --features standalone
                 --bin changes-standalone"
            )),
        }
    }
}

fn run(command: Cmd) -> Result<()> {
    Ok(command.run()?)
}

fn setup() -> Result<()> {
    let sh = shell()?;
    apt::ensure(apt::LINKER, "linking Rust programs")?;
    apt::ensure(apt::VULKAN, "drawing the editor without a screen")?;
    apt::ensure(apt::STANDALONE, "the standalone program")?;
    apt::ensure(apt::PEDALBOARD, "pedalboard, which loads the VST3")?;
    apt::ensure(apt::STRACE, "watching the system calls")?;
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
    python::environment()?;
    Ok(())
}

/// The tests, by nextest where it is installed.
fn units() -> Result<()> {
    let sh = shell()?;
    let python = python::environment()?;
    let nextest = cmd!(sh, "cargo nextest --version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr();
    let command = if nextest.run().is_ok() {
        cmd!(sh, "cargo nextest run --release --workspace --no-fail-fast")
    } else {
        cmd!(
            sh,
            "cargo test --release --workspace --all-targets --no-fail-fast"
        )
    };
    let clap = bundle::Bundle::location()?.clap;
    let onnx_runtime = python::onnx_runtime(&python)?;
    run(command
        .env("CHANGES_PYTHON", python)
        .env("ORT_DYLIB_PATH", onnx_runtime)
        .env("CHANGES_CLAP", clap))
}

/// The sanitizer is part of LLVM, but stable compilers keep it behind a flag. Only
/// the host is built with it, in a target directory of its own; the plugin is the
/// one that is shipped.
fn realtime() -> Result<()> {
    const TRIPLE: &str = "x86_64-unknown-linux-gnu";
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        say("RealtimeSanitizer is there on x86_64 Linux only: nothing to run here");
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
