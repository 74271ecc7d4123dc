#!/usr/bin/env python3
"""Writes boundary_scores.json: mir_eval 0.8.2's boundary scores of the annotations of
chord_scores.json, and their scores after folding to the 170 classes.

For each of its evaluations, by name:
  0.15, 0.5  precision, recall and F of mir_eval.segment.detection(trim=True) with that
             window in seconds, on intervals joined by mir_eval.chord.merge_chord_intervals
  folded     mir_eval.chord.evaluate after the protocol of arXiv 2602.19778: both sides
             sampled every 2048/22050 s and folded to the 170 classes (an independent
             implementation, from the encodings of mir_eval)

Run from anywhere: python3 make_boundary_scores.py
"""

import functools
import json
import math
import pathlib
import warnings
from importlib.metadata import version

import mir_eval
import numpy as np

FRAME_S = 2048 / 22050
FOLDER = pathlib.Path(__file__).parent
# The qualities of the 170 classes, the most specific first.
QUALITIES = [
    "7", "min7", "hdim7", "maj7", "minmaj7", "dim7", "maj6", "min6", "maj", "min", "dim", "aug",
    "sus2", "sus4",
]
MASKS = {name: mir_eval.chord.encode(f"C:{name}")[1] > 0 for name in QUALITIES}


def split(rows):
    intervals = np.array([row[:2] for row in rows], dtype=float).reshape(-1, 2)
    return intervals, [row[2] for row in rows]


def adjusted(reference, estimate):
    return mir_eval.util.adjust_intervals(
        *split(estimate),
        reference[0][0],
        reference[-1][1],
        mir_eval.chord.NO_CHORD,
        mir_eval.chord.NO_CHORD,
    )


def detection(reference, estimate, window):
    reference_intervals = mir_eval.chord.merge_chord_intervals(*split(reference))
    estimate_intervals = mir_eval.chord.merge_chord_intervals(*adjusted(reference, estimate))
    return [
        float(score)
        for score in mir_eval.segment.detection(
            reference_intervals, estimate_intervals, window=window, trim=True
        )
    ]


@functools.cache
def fold(label):
    """The class of 170 as a label: exact notes, then without the bass, then the richest
    quality with the same notes up to the fifth and none that the label lacks."""
    if label in ("N", "X"):
        return label
    root, bits, _ = mir_eval.chord.encode(label)
    with_bass = bits > 0
    without = mir_eval.chord.encode(label.split("/")[0])[1] > 0
    if "*1" in mir_eval.chord.split(label)[2]:
        # mir_eval puts the root back as the bass.
        without[0] = with_bass[0] and label.split("/")[0] == label
    found = None
    for mask in (with_bass, without):
        found = found or next((q for q in QUALITIES if (MASKS[q] == mask).all()), None)
    for mask in (with_bass, without):
        same = [
            q
            for q in QUALITIES
            if (MASKS[q][:8] == mask[:8]).all() and not (MASKS[q] & ~mask).any()
        ]
        found = found or next(iter(same), None)
    names = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    return f"{names[root]}:{found}" if found else "X"


def framed(rows, first, end, outside):
    framed = []
    for frame in range(first, end):
        time = frame * FRAME_S
        label = None
        if rows and time < rows[-1][1]:
            for start, _, name in rows:
                if start <= time:
                    label = name
        folded_label = outside if label is None else fold(label)
        framed.append([time, (frame + 1) * FRAME_S, folded_label])
    return framed


def folded(reference, estimate):
    first = math.ceil(reference[0][0] / FRAME_S)
    end = math.ceil(reference[-1][1] / FRAME_S)
    return {
        metric: float(score)
        for metric, score in mir_eval.chord.evaluate(
            *split(framed(reference, first, end, None)), *split(framed(estimate, first, end, "N"))
        ).items()
    }


def main():
    assert version("mir_eval") == "0.8.2", "the goldens are those of mir_eval 0.8.2"
    warnings.simplefilter("ignore")
    goldens = {}
    source = json.loads((FOLDER / "chord_scores.json").read_text())
    for evaluation in source["evaluations"]:
        reference, estimate = evaluation["reference"], evaluation["estimate"]
        golden = {str(window): detection(reference, estimate, window) for window in (0.15, 0.5)}
        golden["folded"] = folded(reference, estimate)
        goldens[evaluation["name"]] = golden
    text = json.dumps({"mir_eval": "0.8.2", "evaluations": goldens}, separators=(",", ":"))
    path = FOLDER / "boundary_scores.json"
    path.write_text(text.replace('},"', '},\n"') + "\n")
    print(f"{len(goldens)} evaluations, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
