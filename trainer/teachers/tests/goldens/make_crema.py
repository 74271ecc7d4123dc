"""Writes the goldens of the crema teacher with the original program.

It needs Python 3.11 and, in this order, because pip would otherwise bring newer ones:

    pip install "setuptools<81" "numpy<2" "pandas<2.2" "scikit-learn==1.2.*" "librosa<0.11"
    pip install "tensorflow-cpu==2.15.*" soundfile
    pip install --no-build-isolation --no-deps crema==0.2.0 pumpp==0.6.0 jams
    pip install jsonschema sortedcontainers mir_eval
    python3 make_crema.py

The audio is the first six seconds of the clip in the tests of the features, faded in and out and
resampled to the original's 44 100 Hz: it must begin in silence, because a file cut in the middle of
a sound loses the resampler's ringing before its start. All numbers are little-endian float32:

    crema_cqt.f32      the harmonic constant-Q transform, frames x 216 x 2
    crema_random.f32   tag, pitch, root and bass of the network with the weights of `formula`,
                       frames x 208
    crema_real.f32     the same with its own weights
    crema_real.lab     the chords it writes down
    crema_small.h5     a file as Keras wrote them, with one layer
"""

import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np

# Names that the original uses and newer NumPy versions lack.
for name, kind in {"float": float, "int": int, "bool": bool, "object": object}.items():
    if name not in np.__dict__:
        setattr(np, name, kind)

import crema.models.chord
import h5py
import librosa
import soundfile

from formula import formula

HERE = Path(__file__).parent
CLIP = HERE / "../../../../recognizer/tests/goldens/clip.wav"
SAMPLE_RATE, LENGTH_S = 22050, 6
FADE = 1024
HEADS = ["chord_tag", "chord_pitch", "chord_root", "chord_bass"]


def weight(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A tensor of the network with random weights; `name` is "layer/tensor"."""
    inputs = int(np.prod(shape[:-1])) if len(shape) > 1 else 64
    reach = np.float32(np.sqrt(np.float32(3) / np.float32(inputs)))
    numbers = formula(name, int(np.prod(shape)), reach)
    kind = name.rsplit("/", 1)[1]
    if kind == "gamma":
        numbers = numbers + np.float32(1)
    if kind == "moving_variance":
        numbers = np.abs(numbers) + np.float32(0.5)
        # Levels are decibels.
        if name.startswith("batch_normalization_1/"):
            numbers = numbers * np.float32(400)
    if name == "batch_normalization_1/moving_mean":
        numbers = numbers - np.float32(40)
    return numbers.reshape(shape)


def rows(outputs: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([outputs[head] for head in HEADS], axis=1).astype("<f4")


def save(name: str, numbers: np.ndarray) -> None:
    numbers.astype("<f4").tofile(HERE / name)


def main() -> None:
    samples, rate = soundfile.read(CLIP, dtype="float32")
    assert rate == SAMPLE_RATE
    samples = samples[: LENGTH_S * SAMPLE_RATE].copy()
    fade = np.arange(FADE, dtype=np.float32) / np.float32(FADE)
    samples[:FADE] *= fade
    samples[-FADE:] *= fade[::-1]
    fine = librosa.resample(samples, orig_sr=SAMPLE_RATE, target_sr=2 * SAMPLE_RATE, res_type="soxr_vhq")
    model = crema.models.chord.ChordModel()
    levels = model.pump.transform(y=fine, sr=2 * SAMPLE_RATE)["cqt/mag"]
    save("crema_cqt.f32", levels[0])

    real = model.outputs(y=fine, sr=2 * SAMPLE_RATE)
    save("crema_real.f32", rows(real))
    track = model.predict(y=fine, sr=2 * SAMPLE_RATE, outputs=real)
    with open(HERE / "crema_real.lab", "w") as lab:
        for chord in track:
            lab.write(f"{chord.time:.6f}\t{chord.time + chord.duration:.6f}\t{chord.value}\n")

    for layer in model.model.layers:
        tensors = []
        for variable in layer.weights:
            # "bidirectional_1/forward_gru_1/gru_cell_1/kernel:0" without the cell
            parts = [p for p in variable.name.split(":")[0].split("/") if "cell" not in p]
            parts = [layer.name] + [p for p in parts if p != layer.name]
            tensors.append(weight("/".join(parts), tuple(variable.shape)))
        layer.set_weights(tensors)
    predicted = model.model.predict(levels)
    random = {head: p[0] for head, p in zip(model.model.output_names, predicted)}
    save("crema_random.f32", rows(random))

    with h5py.File(HERE / "crema_small.h5", "w", libver="earliest") as file:
        group = file.create_group("model_weights/dense/dense")
        group.create_dataset("kernel:0", data=weight("dense/kernel", (3, 4)))
        group.create_dataset("bias:0", data=weight("dense/bias", (4,)))


if __name__ == "__main__":
    main()
