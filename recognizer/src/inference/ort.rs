//! The second engine: ONNX Runtime, loaded at run time from a library that the user names.
//!
//! ONNX Runtime is neither linked nor shipped; version 1.24 or newer is needed. The model is an
//! ONNX file as described in [`super::onnx`], checked when it is opened. A session is shared by all
//! streams of a model and runs for one of them at a time.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ort::environment::Environment;
use ort::ep;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionInputValue, SessionOutputs};
use ort::value::{DynValue, Outlet, Tensor, TensorElementType, TensorRef};

use super::onnx::{BASS, CALIBRATION_KEY, CHORD, EXTENSIONS, FORMAT, FORMAT_KEY, FRAMES, NEXT};
use super::views::TRANSPOSITIONS;
use super::{CausalModel, CausalStream, InferenceError, WindowModel, posteriors};
use crate::calibration::{Calibration, Calibrations};
use crate::decode::{EXTENSION_CLASSES, Posterior, TENSION_CLASSES};
use crate::features::BINS;
use crate::networks::{BASS_CLASSES, CHORD_CLASSES, WINDOW_FRAMES};

/// The largest ONNX file that is opened.
pub const MAX_BYTES: u64 = 1 << 30;
/// The most state a causal model may carry, in numbers: 64 MiB.
const MAX_STATE: usize = 1 << 24;
/// The most state inputs a causal model may have.
const MAX_STATES: usize = 256;

/// Why the engine could not be created.
#[derive(Debug, thiserror::Error)]
pub enum OrtError {
    /// The library is not there, is not ONNX Runtime, or is too old.
    #[error("cannot load ONNX Runtime from {}: {reason}", path.display())]
    Library {
        /// The library.
        path: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// A process can load only one ONNX Runtime, and has already loaded another.
    #[error("ONNX Runtime is already loaded from {}; {} cannot be loaded beside it", loaded.display(), asked.display())]
    OtherLibrary {
        /// The one that runs.
        loaded: PathBuf,
        /// The one that was asked for.
        asked: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is larger than [`MAX_BYTES`].
    #[error("{} has {size} bytes, which is above the limit of {MAX_BYTES} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        size: u64,
    },
    /// ONNX Runtime, or the accelerator, does not take the file.
    #[error("ONNX Runtime cannot run {}: {reason}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// ONNX Runtime's message.
        reason: String,
    },
    /// A valid ONNX file, but not such a model (see [`super::onnx`]).
    #[error("{} is not a {wanted} chord model: {reason}", path.display())]
    WrongModel {
        /// The file.
        path: PathBuf,
        /// `causal` or `windowed`.
        wanted: &'static str,
        /// What does not fit.
        reason: String,
    },
}

/// The accelerator of a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Accelerator {
    /// The processor alone.
    #[default]
    None,
    /// NVIDIA, with an ONNX Runtime built for CUDA.
    Cuda,
    /// Apple's neural engine and GPU.
    CoreMl,
    /// Any GPU on Windows.
    DirectMl,
}

/// How a session runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrtSettings {
    /// Threads for one operator.
    pub threads: usize,
    /// The accelerator; opening a model fails if it is not available.
    pub accelerator: Accelerator,
}

impl Default for OrtSettings {
    /// One thread, like the default engine.
    fn default() -> Self {
        Self {
            threads: 1,
            accelerator: Accelerator::None,
        }
    }
}

/// ONNX Runtime, loaded.
#[derive(Clone)]
pub struct OrtRuntime {
    environment: Environment,
    library: PathBuf,
}

impl OrtRuntime {
    /// Loads the library at `path` into the process, once; further calls for the same library
    /// return the same.
    ///
    /// # Errors
    /// [`OrtError::Library`] and [`OrtError::OtherLibrary`].
    pub fn load(path: &Path) -> Result<Self, OrtError> {
        static LOADED: Mutex<Option<OrtRuntime>> = Mutex::new(None);
        let library_error = |reason: String| OrtError::Library {
            path: path.to_owned(),
            reason,
        };
        let asked = path
            .canonicalize()
            .map_err(|e| library_error(e.to_string()))?;
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*loaded {
            if runtime.library == asked {
                return Ok(runtime.clone());
            }
            return Err(OrtError::OtherLibrary {
                loaded: runtime.library.clone(),
                asked,
            });
        }
        let environment = ort::init_from(&asked)
            .map_err(|e| library_error(e.to_string()))?
            .with_name("changes")
            .with_telemetry(false)
            .build()
            .map_err(|e| library_error(e.to_string()))?;
        let runtime = Self {
            environment,
            library: asked,
        };
        *loaded = Some(runtime.clone());
        Ok(runtime)
    }

    fn open(&self, path: &Path, settings: OrtSettings) -> Result<Session, OrtError> {
        let size = fs::metadata(path)
            .map_err(|source| OrtError::Unreadable {
                path: path.to_owned(),
                source,
            })?
            .len();
        if size > MAX_BYTES {
            return Err(OrtError::TooLarge {
                path: path.to_owned(),
                size,
            });
        }
        self.session(path, settings).map_err(|e| OrtError::Refused {
            path: path.to_owned(),
            reason: e.to_string(),
        })
    }

    fn session(&self, path: &Path, settings: OrtSettings) -> ort::Result<Session> {
        let provider = match settings.accelerator {
            Accelerator::None => None,
            // Full precision, so that results do not depend on the device.
            Accelerator::Cuda => Some(ep::CUDA::default().with_tf32(false).build()),
            Accelerator::CoreMl => Some(ep::CoreML::default().build()),
            Accelerator::DirectMl => Some(ep::DirectML::default().build()),
        };
        let providers: Vec<_> = provider
            .into_iter()
            .map(ep::ExecutionProviderDispatch::error_on_failure)
            .collect();
        Session::builder(&self.environment)?
            .with_optimization_level(GraphOptimizationLevel::All)?
            .with_intra_threads(settings.threads.max(1))?
            .with_inter_threads(1)?
            // Threads of a live stream would spin most of the time.
            .with_intra_op_spinning(false)?
            .with_execution_providers(providers)?
            .commit_from_file(path)
    }
}

/// A causal network in ONNX Runtime.
pub struct OrtCausal {
    shared: Arc<Shared>,
}

/// What the streams of an [`OrtCausal`] have in common.
struct Shared {
    session: Mutex<Session>,
    states: Vec<StateSlot>,
    calibrations: Calibrations,
}

/// A state tensor, kept from frame to frame.
struct StateSlot {
    input: String,
    output: String,
    shape: Vec<i64>,
}

impl OrtCausal {
    /// Opens the causal model at `path`.
    ///
    /// # Errors
    /// See [`OrtError`]; [`OrtError::WrongModel`] names the input or output that does
    /// not fit.
    pub fn open(
        runtime: &OrtRuntime,
        path: &Path,
        settings: OrtSettings,
    ) -> Result<Self, OrtError> {
        let session = runtime.open(path, settings)?;
        let wrong = |reason| OrtError::WrongModel {
            path: path.to_owned(),
            wanted: "causal",
            reason,
        };
        let states = causal_states(&session).map_err(wrong)?;
        let calibrations = calibrations_of(&session).map_err(wrong)?;
        Ok(Self {
            shared: Arc::new(Shared {
                session: Mutex::new(session),
                states,
                calibrations,
            }),
        })
    }
}

impl CausalModel for OrtCausal {
    fn start(&self) -> Box<dyn CausalStream> {
        Box::new(OrtStream {
            shared: Arc::clone(&self.shared),
            state: None,
        })
    }

    fn calibrations(&self) -> Calibrations {
        self.shared.calibrations
    }
}

/// A stream through an [`OrtCausal`].
struct OrtStream {
    shared: Arc<Shared>,
    /// The values of [`Shared::states`]; `None` before the first frame.
    state: Option<Vec<DynValue>>,
}

impl CausalStream for OrtStream {
    fn step(&mut self, frame: &[f32; BINS]) -> Result<Posterior, InferenceError> {
        // Dropped if anything below fails: no state is better than a partial one.
        let state = match self.state.take() {
            Some(state) => state,
            None => silence(&self.shared.states).map_err(engine)?,
        };
        let frames = TensorRef::from_array_view(([1_i64, 1, BINS as i64], frame.as_slice()))
            .map_err(engine)?;
        let mut inputs: Vec<(Cow<'_, str>, SessionInputValue<'_>)> =
            vec![(FRAMES.into(), frames.into())];
        for (slot, value) in self.shared.states.iter().zip(&state) {
            inputs.push((slot.input.as_str().into(), value.into()));
        }
        let mut session = lock(&self.shared.session);
        let mut outputs = session.run(inputs).map_err(engine)?;
        let posterior = read(&outputs, 1)?.pop();
        let next: Option<Vec<DynValue>> = self
            .shared
            .states
            .iter()
            .map(|slot| outputs.remove(&slot.output))
            .collect();
        self.state = next;
        posterior.ok_or_else(|| InferenceError::Engine("no output".into()))
    }

    fn reset(&mut self) {
        self.state = None;
    }
}

/// A windowed network in ONNX Runtime.
pub struct OrtWindow {
    session: Mutex<Session>,
    /// Whether the file takes one window at a time only.
    one_by_one: bool,
    calibrations: Calibrations,
}

impl OrtWindow {
    /// Opens the windowed model at `path`.
    ///
    /// # Errors
    /// See [`OrtError`]; [`OrtError::WrongModel`] names the input or output that does
    /// not fit.
    pub fn open(
        runtime: &OrtRuntime,
        path: &Path,
        settings: OrtSettings,
    ) -> Result<Self, OrtError> {
        let session = runtime.open(path, settings)?;
        let wrong = |reason| OrtError::WrongModel {
            path: path.to_owned(),
            wanted: "windowed",
            reason,
        };
        let one_by_one = window_batch(&session).map_err(wrong)?;
        let calibrations = calibrations_of(&session).map_err(wrong)?;
        Ok(Self {
            session: Mutex::new(session),
            one_by_one,
            calibrations,
        })
    }
}

impl WindowModel for OrtWindow {
    fn windows(&self, frames: &[f32]) -> Result<Vec<Posterior>, InferenceError> {
        const WINDOW: usize = WINDOW_FRAMES * BINS;
        let windows = frames.len() / WINDOW;
        if windows == 0 {
            return Ok(Vec::new());
        }
        let together = if self.one_by_one { 1 } else { windows };
        let mut session = lock(&self.session);
        let mut result = Vec::with_capacity(windows * WINDOW_FRAMES);
        for batch in frames[..windows * WINDOW].chunks(together * WINDOW) {
            let shape = [together as i64, WINDOW_FRAMES as i64, BINS as i64];
            let input = TensorRef::from_array_view((shape, batch)).map_err(engine)?;
            let outputs = session.run(ort::inputs![FRAMES => input]).map_err(engine)?;
            result.extend(read(&outputs, together * WINDOW_FRAMES)?);
        }
        Ok(result)
    }

    fn calibration(&self) -> Calibration {
        self.calibrations.track
    }

    fn transpositions(&self) -> &[i32] {
        &TRANSPOSITIONS
    }
}

fn engine(error: ort::Error) -> InferenceError {
    InferenceError::Engine(error.to_string())
}

/// Locks a session; a panic in another thread leaves it usable.
fn lock(session: &Mutex<Session>) -> MutexGuard<'_, Session> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The states before the first frame: zeros.
fn silence(slots: &[StateSlot]) -> ort::Result<Vec<DynValue>> {
    slots
        .iter()
        .map(|slot| {
            let size: usize = slot.shape.iter().map(|&n| n as usize).product();
            let zeros = Tensor::from_array((slot.shape.clone(), vec![0.0_f32; size]))?;
            Ok(zeros.into_dyn())
        })
        .collect()
}

/// Posteriors of `frames` frames from the outputs.
fn read(outputs: &SessionOutputs<'_>, frames: usize) -> Result<Vec<Posterior>, InferenceError> {
    let numbers = |name: &str, classes: usize| -> Result<Option<&[f32]>, InferenceError> {
        let Some(value) = outputs.get(name) else {
            return Ok(None);
        };
        let (shape, numbers) = value.try_extract_tensor::<f32>().map_err(engine)?;
        if numbers.len() == frames * classes {
            Ok(Some(numbers))
        } else {
            Err(InferenceError::Engine(format!(
                "`{name}` has the shape {shape:?}, but {frames} × {classes} numbers are needed"
            )))
        }
    };
    let chord = numbers(CHORD, CHORD_CLASSES)?
        .ok_or_else(|| InferenceError::Engine(format!("no output `{CHORD}`")))?;
    let bass = numbers(BASS, BASS_CLASSES)?;
    let extensions = match numbers(EXTENSIONS, EXTENSION_CLASSES) {
        // Models exported by version 0.1 have fewer extensions.
        Err(_) => numbers(EXTENSIONS, TENSION_CLASSES)?,
        all => all?,
    };
    Ok(posteriors(chord, bass, extensions))
}

/// Checks a causal model and lists its states.
fn causal_states(session: &Session) -> Result<Vec<StateSlot>, String> {
    check_format(session)?;
    let (inputs, outputs) = (session.inputs(), session.outputs());
    let is = shape_of(inputs, "input", FRAMES)?;
    check_shape("input", FRAMES, is, [1, 1, BINS as i64])?;
    check_logits(outputs, 1, 1)?;
    let mut states = Vec::new();
    let mut total = 0_usize;
    for input in inputs.iter().filter(|input| input.name() != FRAMES) {
        let name = input.name();
        let shape = shape_of(inputs, "input", name)?;
        let size = shape
            .iter()
            .map(|&n| usize::try_from(n).ok().filter(|n| *n > 0))
            .try_fold(1_usize, |product, n| product.checked_mul(n?))
            .ok_or_else(|| {
                format!("the state `{name}` has the shape {shape:?}, which is not fixed")
            })?;
        total = total.saturating_add(size);
        if total > MAX_STATE || states.len() == MAX_STATES {
            return Err(format!(
                "more than {MAX_STATES} states or {MAX_STATE} numbers in them"
            ));
        }
        let output = format!("{name}{NEXT}");
        let next = shape_of(outputs, "output", &output)?;
        let fits = next.len() == shape.len()
            && next
                .iter()
                .zip(shape)
                .all(|(next, n)| *next < 0 || next == n);
        if !fits {
            return Err(format!(
                "the state `{name}` has the shape {shape:?}, but its output `{output}` has {next:?}"
            ));
        }
        states.push(StateSlot {
            input: name.to_owned(),
            output,
            shape: shape.to_vec(),
        });
    }
    Ok(states)
}

/// Checks a windowed model; returns whether it takes only one window at a time.
fn window_batch(session: &Session) -> Result<bool, String> {
    check_format(session)?;
    let (inputs, outputs) = (session.inputs(), session.outputs());
    if let Some(other) = inputs.iter().find(|input| input.name() != FRAMES) {
        return Err(format!("unexpected input `{}`", other.name()));
    }
    let is = shape_of(inputs, "input", FRAMES)?;
    let one_by_one = is.first() == Some(&1);
    let batch = if one_by_one { 1 } else { -1 };
    check_shape(
        "input",
        FRAMES,
        is,
        [batch, WINDOW_FRAMES as i64, BINS as i64],
    )?;
    check_logits(outputs, batch, WINDOW_FRAMES as i64)?;
    Ok(one_by_one)
}

/// The calibrations in the file; without them, the identity.
fn calibrations_of(session: &Session) -> Result<Calibrations, String> {
    let metadata = session.metadata().map_err(|e| e.to_string())?;
    let Some(text) = metadata.custom(CALIBRATION_KEY) else {
        return Ok(Calibrations::default());
    };
    serde_json::from_str(&text)
        .ok()
        .filter(Calibrations::are_plausible)
        .ok_or_else(|| format!("`{CALIBRATION_KEY}` is not a calibration: {text}"))
}

/// Checks that the format of a file, if stated, is [`FORMAT`].
fn check_format(session: &Session) -> Result<(), String> {
    let metadata = session.metadata().map_err(|e| e.to_string())?;
    match metadata.custom(FORMAT_KEY) {
        Some(found) if found != FORMAT => Err(format!("its format is `{found}`, not `{FORMAT}`")),
        _ => Ok(()),
    }
}

fn check_logits(outputs: &[Outlet], batch: i64, frames: i64) -> Result<(), String> {
    let check = |name: &str, classes: usize| {
        let is = shape_of(outputs, "output", name)?;
        check_shape("output", name, is, [batch, frames, classes as i64])
    };
    check(CHORD, CHORD_CLASSES)?;
    let has = |name: &str| outputs.iter().any(|output| output.name() == name);
    if has(BASS) {
        check(BASS, BASS_CLASSES)?;
    }
    if has(EXTENSIONS) && check(EXTENSIONS, TENSION_CLASSES).is_err() {
        check(EXTENSIONS, EXTENSION_CLASSES)?;
    }
    Ok(())
}

/// Shape of a float32 tensor; −1 where it is symbolic.
fn shape_of<'a>(outlets: &'a [Outlet], what: &str, name: &str) -> Result<&'a [i64], String> {
    let dtype = outlets
        .iter()
        .find(|outlet| outlet.name() == name)
        .ok_or_else(|| format!("it has no {what} `{name}`"))?
        .dtype();
    match (dtype.tensor_type(), dtype.tensor_shape()) {
        (Some(TensorElementType::Float32), Some(shape)) => Ok(shape),
        _ => Err(format!("{what} `{name}` is {dtype}, not a float32 tensor")),
    }
}

/// Checks a shape: any dimension of an output may be symbolic, but of an input only the batch.
fn check_shape(what: &str, name: &str, is: &[i64], wanted: [i64; 3]) -> Result<(), String> {
    let open = |i: usize, n: i64| n < 0 && (what == "output" || (i == 0 && wanted[0] < 0));
    let fits =
        is.len() == wanted.len() && (0..wanted.len()).all(|i| is[i] == wanted[i] || open(i, is[i]));
    if fits {
        return Ok(());
    }
    let text = |shape: &[i64]| {
        let sizes: Vec<_> = shape
            .iter()
            .map(|n| {
                if *n < 0 {
                    "?".to_owned()
                } else {
                    n.to_string()
                }
            })
            .collect();
        format!("[{}]", sizes.join(", "))
    };
    Err(format!(
        "{what} `{name}` has the shape {}, not {}",
        text(is),
        text(&wanted)
    ))
}
