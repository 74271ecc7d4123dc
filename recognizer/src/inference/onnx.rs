//! The required form of ONNX files: the contract between the trainer, which writes such files, and
//! the ONNX engine, which also takes files from elsewhere.
//!
//! All tensors are float32. Frames are log-compressed (see [`crate::features::log_compress`]) and
//! not standardized; the graph does that. Outputs are logits; the classes are those of
//! [`harmony::vocabulary::large`], of the bass the twelve pitch classes, then "no bass".
//!
//! | | windowed | causal |
//! |---|---|---|
//! | frames | constant-Q, hop 2048 | [`crate::features::causal_vqt`], hop 1024 |
//! | input [`FRAMES`] | `[batch, 108, 144]`, `batch` symbolic or 1 | `[1, 1, 144]` |
//! | every other input `x` | none | state, of one fixed shape; zeros before the first frame |
//! | output [`CHORD`] | `[batch, 108, 170]` | `[1, 1, 170]` |
//! | output [`BASS`], optional | `[batch, 108, 13]` | `[1, 1, 13]` |
//! | output [`EXTENSIONS`], optional | `[batch, 108, 120]` | `[1, 1, 120]` |
//! | output `x_next` ([`NEXT`]) | | for each state, its value for the next frame |
//!
//! The metadata entry [`FORMAT_KEY`] may be absent; when it is there it must be
//! [`FORMAT`]. [`CALIBRATION_KEY`] holds the [`Calibrations`](crate::calibration::Calibrations) as
//! JSON; without it posteriors are taken as they are.

/// Version of this contract.
pub const FORMAT: &str = "changes-onnx/1";
/// Metadata entry that holds [`FORMAT`].
pub const FORMAT_KEY: &str = "changes.format";
/// Metadata entry with the calibrations as JSON.
pub const CALIBRATION_KEY: &str = "changes.calibration";
/// Metadata entry with the architecture as JSON
/// ([`crate::networks::Architecture`]).
pub const ARCHITECTURE_KEY: &str = "changes.architecture";
/// Metadata entry with the model card as JSON ([`crate::weights::ModelCard`]).
pub const CARD_KEY: &str = "changes.card";
/// The input with the frames.
pub const FRAMES: &str = "frames";
/// The output with the logits of the chord classes.
pub const CHORD: &str = "chord";
/// The output with the logits of the bass.
pub const BASS: &str = "bass";
/// The output with the logits of the extensions of every root
/// ([`crate::networks::extensions`]).
pub const EXTENSIONS: &str = "colour";
/// The suffix that makes the name of a state's output from that of its input.
pub const NEXT: &str = "_next";
