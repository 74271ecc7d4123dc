//! Progress of a training run: a progress bar with the validations above it, or burn-train's
//! dashboard, which draws every curve in the terminal (feature `dashboard`).

#[cfg(feature = "dashboard")]
mod dashboard;

use std::io::{self, IsTerminal};
use std::time::Instant;

use anyhow::{Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};

use crate::validation::Validation;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watch {
    /// A progress bar, or plain lines without a terminal.
    Bar,
    /// burn-train's dashboard; it needs a terminal.
    Dashboard,
}

impl Watch {
    /// Checks early whether it is available.
    ///
    /// # Errors
    /// If this program was built without the dashboard, or there is no terminal for it.
    pub(crate) fn check(self) -> Result<()> {
        if self == Self::Dashboard {
            ensure!(
                cfg!(feature = "dashboard"),
                "the dashboard is the feature `dashboard` of the trainer, which this program was \
                 built without"
            );
            ensure!(io::stdout().is_terminal(), "the dashboard needs a terminal");
        }
        Ok(())
    }
}

/// A run with its progress display.
pub(crate) struct Watched {
    seen: Seen,
    started: Instant,
}

enum Seen {
    Bar(ProgressBar),
    #[cfg(feature = "dashboard")]
    Dashboard(Box<dashboard::Dashboard>),
}

impl Watched {
    /// Shows a run of `steps`, starting at `step` and validating every `validate_every` steps.
    ///
    /// # Errors
    /// If this program was built without the dashboard, or there is no terminal for it.
    #[cfg_attr(
        not(feature = "dashboard"),
        expect(unused_variables, reason = "only the dashboard counts epochs")
    )]
    pub(crate) fn start(watch: Watch, step: u64, steps: u64, validate_every: u64) -> Result<Self> {
        watch.check()?;
        let seen = match watch {
            Watch::Bar => {
                let bar = ProgressBar::new(steps).with_style(
                    ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}<{eta} {msg}")
                        .unwrap_or_else(|_| ProgressStyle::default_bar()),
                );
                bar.set_position(step);
                Seen::Bar(bar)
            }
            #[cfg(feature = "dashboard")]
            Watch::Dashboard => Seen::Dashboard(Box::new(dashboard::Dashboard::open(
                step,
                steps,
                validate_every,
            ))),
            #[cfg(not(feature = "dashboard"))]
            Watch::Dashboard => unreachable!("refused above"),
        };
        let started = Instant::now();
        Ok(Self { seen, started })
    }

    /// Shows a step: the number done, the running mean of the loss, and the learning rate.
    #[cfg_attr(
        not(feature = "dashboard"),
        expect(unused_variables, reason = "only the dashboard draws it")
    )]
    pub(crate) fn step(&mut self, step: u64, loss: f32, learning_rate: f64) {
        match &mut self.seen {
            Seen::Bar(bar) => {
                bar.set_position(step);
                bar.set_message(format!("loss {loss:.3}"));
            }
            #[cfg(feature = "dashboard")]
            Seen::Dashboard(dashboard) => dashboard.step(step, loss, learning_rate),
        }
    }

    /// Shows a validation, at a step with this running mean of the loss.
    pub(crate) fn validated(&mut self, step: u64, loss: f32, scores: &Validation) {
        match &mut self.seen {
            Seen::Bar(bar) => {
                let line = format!("step {step} train {loss:.3} {scores}");
                if bar.is_hidden() {
                    eprintln!("{line} ({:.0} s)", self.elapsed_s());
                } else {
                    bar.println(line);
                }
            }
            #[cfg(feature = "dashboard")]
            Seen::Dashboard(dashboard) => dashboard.validated(scores),
        }
    }

    /// Whether the user has asked the run to stop.
    #[must_use]
    pub(crate) fn stopped(&self) -> bool {
        match &self.seen {
            Seen::Bar(_) => false,
            #[cfg(feature = "dashboard")]
            Seen::Dashboard(dashboard) => dashboard.stopped(),
        }
    }

    /// Seconds since the start, or since the run was resumed.
    #[must_use]
    pub(crate) fn elapsed_s(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Ends the display.
    pub(crate) fn finish(self) {
        match self.seen {
            Seen::Bar(bar) => bar.finish(),
            #[cfg(feature = "dashboard")]
            Seen::Dashboard(dashboard) => drop(dashboard),
        }
    }
}
