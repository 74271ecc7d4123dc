"""Compares the chordnet teacher with the original program over whole tracks.

    pip install -r requirements.txt
    cargo build --release --workspace --example chordnet_heads
    python3 compare_chordnet.py ../../../../target/release/examples/chordnet_heads \\
        ../../../../data/teachers AUDIO...

Prints a table. Exits 1 if posteriors differ by more than 1e-3, or chords for more than 0.5 % of
the time.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import librosa
import numpy as np
import torch

from make_chordnet import SAMPLE_RATE, decode, real_heads, transform


def segments(text: str) -> list[tuple[float, float, str]]:
    rows = [line.split("\t") for line in text.splitlines()]
    return [(float(start), float(end), label) for start, end, label in rows]


def equal_share(ours: list, theirs: list) -> float:
    """The share of the time covered by either in which both have the same label."""
    end = max(ours[-1][1], theirs[-1][1])
    equal = sum(
        max(0.0, min(a[1], b[1]) - max(a[0], b[0])) for a in ours for b in theirs if a[2] == b[2]
    )
    return equal / end


def main() -> None:
    program, teachers, *tracks = sys.argv[1:]
    torch.set_num_threads(1)
    bad = False
    print("| track | length | features, relative r.m.s. | posteriors, largest difference"
          " | chords equal | × real time, ours | × real time, the original's |")
    print("|---|---|---|---|---|---|---|")
    for track in tracks:
        samples, _ = librosa.load(track, sr=SAMPLE_RATE, mono=True)
        begun = time.process_time()
        cqt = transform(samples)
        heads = real_heads(cqt)
        lab = decode(heads)
        original_s = time.process_time() - begun
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            samples.astype("<f4").tofile(f"{out}.samples.f32")
            told = subprocess.run(
                [program, teachers, f"{out}.samples.f32", str(out)],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            ours_cqt = np.fromfile(f"{out}.cqt.f32", "<f4").reshape(cqt.shape)
            theirs = np.concatenate(heads, axis=1)
            ours = np.fromfile(f"{out}.heads.f32", "<f4").reshape(theirs.shape)
            ours_lab = Path(f"{out}.lab").read_text()
        features = np.sqrt(((ours_cqt - cqt) ** 2).mean() / (cqt**2).mean())
        largest = np.abs(ours - theirs).max()
        share = equal_share(segments(ours_lab), segments(lab))
        length_s = len(samples) / SAMPLE_RATE
        name = f"{Path(track).parent.name}/{Path(track).stem}"
        print(f"| {name} | {length_s:.0f} s | {features:.1e} | {largest:.1e}"
              f" | {100 * share:.2f} % ({len(lab.splitlines())} segments)"
              f" | {length_s / float(told.stdout):.1f} | {length_s / original_s:.1f} |", flush=True)
        bad = bad or largest > 1e-3 or share < 0.995
    sys.exit(bad)


if __name__ == "__main__":
    main()
