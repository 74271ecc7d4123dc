#!/usr/bin/env python3
"""Writes chord_scores.json: mir_eval 0.8.2's encodings and scores of chord labels.

Three parts, all computed by mir_eval itself:
  encode       each handmade label as (root, mask, bass, folded mask)
  compare      every handmade label as estimate of every other, per metric
  evaluations  whole annotations: POP909 songs against spoiled copies of
               themselves, and random sequences of the handmade labels

Run from anywhere:
  python3 make_chord_scores.py --pop909 ../shared/pop909
The output depends only on POP909 and the seed.
"""

import argparse
import json
import pathlib
import random
import warnings
from importlib.metadata import version

import mir_eval
import numpy as np

SEED = 909
METRICS = [
    "root", "thirds", "thirds_inv", "triads", "triads_inv", "sevenths", "sevenths_inv",
    "tetrads", "tetrads_inv", "majmin", "majmin_inv", "mirex",
]

# Every shorthand that mir_eval can compare, then inversions, extensions, omissions,
# and edge cases. `maj11` and `aug7` pass its parser but not its
# encoder, so they cannot be here.
SHORTHANDS = [
    "maj", "min", "aug", "dim", "sus4", "sus2", "7", "maj7", "min7", "minmaj7", "maj6", "min6",
    "dim7", "hdim7", "maj9", "min9", "9", "min11", "11", "maj13", "min13", "13", "1", "5",
]
LABELS = ["N", "X", "C", "C/3", "Cb", "B#", "Cbb:min", "F###:7"]
LABELS += [f"C:{shorthand}" for shorthand in SHORTHANDS]
LABELS += [f"F#:{shorthand}/5" for shorthand in SHORTHANDS]
LABELS += [
    "Gb:maj/3", "Gb:maj/b7", "Gb:maj/7", "Gb:maj/2", "Gb:maj/9", "Gb:maj/4", "Gb:maj/13",
    "Gb:maj/#1", "Gb:maj/b1", "Gb:maj/8", "Gb:min/b3", "Gb:min/3", "Gb:7/b7", "Gb:dim7/bb7",
    "C:maj(9)", "C:maj(2)", "C:maj(*3)", "C:maj(*5)", "C:maj(*1)", "C:maj(*1)/3", "C:maj(*3)/3",
    "C:maj(3)", "C:maj(3,*3)", "C:maj(b3,*3)", "C:maj(*b3)", "C:maj(*10)", "C:maj(10)",
    "C:maj(#7)", "C:maj(b1)", "C:maj(8)", "C:maj(*8)", "C:maj(b7,9,*3)", "C:maj(4,*3)",
    "C:maj(b7)", "C:maj(7)", "C:maj(6)", "C:min(b7)", "C:min(*b3)", "C:7(b9,#9,#11,b13)",
    "C:7(*b7)", "C:7(*b7,b7)", "C:7(*b7,#6)", "C:9(*9)", "C:9(9,*9)", "C:9(*7)", "C:13(*11)",
    "C:13(*4)", "C:minmaj7(*7)", "C:minmaj7(7,*7)", "C:min7(*5,b5)", "C:sus4(b7)",
    "C:sus4(b7,9)", "C:sus2(4)", "C:5(3)", "C:5(b3)/b3", "C:1(3,5)", "C:1/5", "C:5/3", "C:5/b7",
    "C:(1)", "C:(1,3,5)", "C:(3,5)", "C:(1,b3,5,b7)", "C:(*1)", "C:(*1)/5", "C:(*3)", "C:(9)",
    "C:(1,5)", "C:(1,5)/3", "A:min7", "A:min", "C:maj6/6", "A:min7/b3", "E:min/b3", "D:hdim7",
    "F:min6", "Eb:aug", "G:aug", "B:aug/3",
]


def encode(label):
    def mask(bits):
        return sum(1 << place for place, bit in enumerate(bits) if bit > 0)

    root, bits, bass = mir_eval.chord.encode(label)
    folded = mir_eval.chord.encode(label, reduce_extended_chords=True)[1]
    return [int(root), mask(bits), int(bass), mask(folded)]


def compare(metric):
    """One string per reference: for each estimate 1, 0, or - for not comparable."""
    function = getattr(mir_eval.chord, metric)
    rows = []
    for reference in LABELS:
        answers = function([reference] * len(LABELS), list(LABELS))
        rows.append("".join({1.0: "1", 0.0: "0", -1.0: "-"}[float(a)] for a in answers))
    return rows


def evaluation(name, reference, estimate):
    def split(rows):
        intervals = np.array([row[:2] for row in rows], dtype=float).reshape(-1, 2)
        return intervals, [row[2] for row in rows]

    scores = mir_eval.chord.evaluate(*split(reference), *split(estimate))
    return {
        "name": name,
        "reference": reference,
        "estimate": estimate,
        "scores": {metric: float(score) for metric, score in scores.items()},
    }


def read_song(folder, until_s):
    rows = []
    for line in (folder / "chord_midi.txt").read_text().splitlines():
        start, end, label = line.split("\t")
        if float(end) <= until_s:
            rows.append([float(start), float(end), label])
    return rows


def spoil(rng, rows):
    """A plausible estimate: other boundaries, other labels, holes, other ends."""
    edges = [row[0] for row in rows] + [rows[-1][1]]
    moved = [max(0.0, edge + rng.gauss(0.0, 0.08)) for edge in edges]
    spoiled = []
    for (start, end), row in zip(zip(moved, moved[1:]), rows):
        label = row[2]
        chance = rng.random()
        if chance < 0.15:
            label = rng.choice(rows)[2]
        elif chance < 0.25:
            label = rng.choice(LABELS)
        elif chance < 0.3 and ":" in label:
            label = label.split("/")[0]
        elif chance < 0.33:
            continue
        start, end = round(start, 4), round(end, 4)
        if spoiled:
            start = max(start, spoiled[-1][1])
        if end > start:
            spoiled.append([start, end, label])
    ends = rng.random()
    if ends < 0.3:
        spoiled = spoiled[3:-3]
    elif ends < 0.6:
        spoiled.append([spoiled[-1][1], round(spoiled[-1][1] + 7.5, 4), "N"])
    return spoiled


def sequence(rng, start, count, gaps):
    rows, time = [], start
    for _ in range(count):
        if gaps and rng.random() < 0.2:
            time = round(time + rng.uniform(0.01, 2.0), 4)
        end = round(time + rng.choice([0.1, 0.5, 1.0, rng.uniform(0.01, 3.0)]), 4)
        rows.append([time, end, rng.choice(LABELS) if rng.random() < 0.6 else "C:maj"])
        time = end
    return rows


def random_pairs(rng):
    for index in range(60):
        count = rng.randint(1, 40)
        reference = sequence(rng, rng.choice([0.0, 2.5]), count, gaps=index % 3 == 1)
        estimate = sequence(rng, rng.choice([0.0, 0.3, 4.0]), rng.randint(1, 40), gaps=index % 3 == 2)
        if index % 4 == 3:
            # Same boundaries, so that labels decide.
            estimate = [row[:2] + [rng.choice(LABELS)] for row in reference]
        yield f"random {index}", reference, estimate
    reference = [[1.0, 2.0, "C:maj"], [2.0, 4.0, "A:min"]]
    yield "no estimate", reference, []
    yield "estimate before", reference, [[0.0, 0.5, "N"]]
    yield "estimate after", reference, [[5.0, 6.0, "C:maj"]]
    yield "only X", [[0.0, 1.0, "X"]], [[0.0, 1.0, "C:maj"]]
    yield "nothing comparable", [[0.0, 1.0, "C:1"]], [[0.0, 1.0, "C:1"]]
    yield "X for all", reference, [[0.0, 9.0, "X"]]
    yield "N for all", reference, [[0.0, 9.0, "N"]]
    yield "itself", reference, reference


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pop909", type=pathlib.Path, required=True, help="folder of the songs")
    parser.add_argument(
        "--output",
        type=pathlib.Path,
        default=pathlib.Path(__file__).with_name("chord_scores.json"),
    )
    arguments = parser.parse_args()
    assert version("mir_eval") == "0.8.2", "the goldens are those of mir_eval 0.8.2"
    warnings.simplefilter("ignore")

    rng = random.Random(SEED)
    evaluations = []
    songs = sorted(path for path in arguments.pop909.iterdir() if path.is_dir())
    for folder in rng.sample(songs, 30):
        song = read_song(folder, until_s=60.0)
        evaluations.append(evaluation(f"POP909 {folder.name}", song, spoil(rng, song)))
    for name, reference, estimate in random_pairs(rng):
        try:
            evaluations.append(evaluation(name, reference, estimate))
        except ValueError as error:
            # mir_eval refuses an estimate that touches the reference's span at
            # one point only; the pair has no golden.
            assert "strictly positive" in str(error), error
            print(f"{name}: no golden, {error}")

    golden = {
        "mir_eval": "0.8.2",
        "labels": LABELS,
        "encode": [encode(label) for label in LABELS],
        "compare": {metric: compare(metric) for metric in METRICS},
        "evaluations": evaluations,
    }
    text = json.dumps(golden, separators=(",", ":"))
    arguments.output.write_text(text.replace('{"name"', '\n{"name"') + "\n")
    print(f"{len(LABELS)} labels, {len(evaluations)} evaluations, {arguments.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
