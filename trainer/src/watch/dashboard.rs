//! burn-train's terminal dashboard, fed by our own loop.
//!
//! Its epochs are the steps from one validation to the next.

use std::sync::Arc;

use burn::train::Interrupter;
use burn::train::logger::TrainingProgressLogger;
use burn::train::metric::{
    MetricAttributes, MetricDefinition, MetricEntry, MetricId, NumericAttributes, NumericEntry,
    SerializedEntry,
};
use burn::train::renderer::tui::TuiMetricsRendererWrapper;
use burn::train::renderer::{MetricState, MetricsRenderer, MetricsRendererTraining};

use crate::validation::{Scores, Validation};

/// The training loss, and for validation its counterpart without the soft terms.
const LOSS: &str = "loss";
const LEARNING_RATE: &str = "learning rate";

/// The measures of a validation, and their values in the scores.
const SHARES: [(&str, fn(&Scores) -> f32); 5] = [
    ("chord", |scores| scores.chord),
    ("majmin", |scores| scores.majmin),
    ("root", |scores| scores.root),
    ("bass", |scores| scores.bass),
    ("inversions", |scores| scores.inversion),
];

/// The dashboard of a run; dropping it restores the terminal.
pub struct Dashboard {
    renderer: TuiMetricsRendererWrapper,
    interrupter: Interrupter,
    validate_every: u64,
    steps: u64,
}

impl Dashboard {
    /// Takes over the terminal.
    pub fn open(step: u64, steps: u64, validate_every: u64) -> Self {
        let validate_every = validate_every.max(1);
        let interrupter = Interrupter::new();
        let mut renderer = TuiMetricsRendererWrapper::new(interrupter.clone(), None);
        register(&mut renderer, LOSS, false);
        register(&mut renderer, LEARNING_RATE, false);
        for kind in ["", TEACHER] {
            for (name, _) in SHARES {
                register(&mut renderer, &format!("{name}{kind}"), true);
            }
        }
        register(&mut renderer, &format!("{LOSS}{TEACHER}"), false);
        renderer.start(
            as_count(steps.div_ceil(validate_every)),
            as_count(step / validate_every + 1),
            Some(as_count(validate_every)),
            None,
        );
        let mut dashboard = Self {
            renderer,
            interrupter,
            validate_every,
            steps,
        };
        dashboard.begin_epoch(step);
        dashboard
    }

    /// See [`super::Watched::step`].
    pub fn step(&mut self, step: u64, loss: f32, learning_rate: f64) {
        let renderer = &mut self.renderer;
        renderer.update_train(value(LOSS, f64::from(loss)));
        renderer.update_train(value(LEARNING_RATE, learning_rate));
        renderer.update_split(as_count((step - 1) % self.validate_every + 1));
        if step % self.validate_every == 0 || step == self.steps {
            renderer.end_split();
        }
        self.begin_epoch(step);
    }

    /// See [`super::Watched::validated`].
    pub fn validated(&mut self, scores: &Validation) {
        self.renderer.start_split("valid", 1);
        for (kind, scores) in [("", scores.labelled), (TEACHER, scores.unlabelled)] {
            let Some(scores) = scores else { continue };
            let loss = f64::from(scores.loss);
            self.renderer
                .update_valid(value(&format!("{LOSS}{kind}"), loss));
            for (name, share) in SHARES {
                let share = f64::from(share(&scores));
                self.renderer
                    .update_valid(value(&format!("{name}{kind}"), share));
            }
        }
        self.renderer.update_split(1);
        self.renderer.end_split();
    }

    /// Whether `q` was pressed and stopping was chosen.
    pub fn stopped(&self) -> bool {
        self.interrupter.should_stop()
    }

    /// Begins an epoch at a step.
    fn begin_epoch(&mut self, step: u64) {
        if step % self.validate_every == 0 && step < self.steps {
            let epoch = as_count(step / self.validate_every);
            self.renderer.update_epoch(epoch);
            let length = self.validate_every.min(self.steps - step);
            self.renderer.start_split("train", as_count(length));
        }
    }
}

/// Suffix of measures against the teacher; those without it are against labels.
const TEACHER: &str = ", teacher";

fn register(renderer: &mut TuiMetricsRendererWrapper, name: &str, higher_is_better: bool) {
    renderer.register_metric(MetricDefinition {
        metric_id: id(name),
        name: Arc::new(name.to_owned()),
        description: None,
        attributes: MetricAttributes::Numeric(NumericAttributes {
            unit: None,
            higher_is_better,
        }),
    });
}

fn id(name: &str) -> MetricId {
    MetricId::new(Arc::new(name.to_owned()))
}

fn value(name: &str, value: f64) -> MetricState {
    let text = if value.abs() < 0.01 {
        format!("{value:.2e}")
    } else {
        format!("{value:.3}")
    };
    let entry = MetricEntry::new(id(name), SerializedEntry::new(text.clone(), text));
    MetricState::Numeric(entry, Some(NumericEntry::Value(value)))
}

fn as_count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
