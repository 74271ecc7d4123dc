#!/usr/bin/env python3
"""Writes song.json: a saved track with everything that an export must handle.

    python3 make_song.py > song.json
"""

import json
import random

TEMPO, FIRST_S = 112.0, 0.8
# (beats, label, section) from the pickup on; beat 0 is the first downbeat.
A = [(4, "Eb:maj7"), (4, "C:min7"), (2, "F:min7"), (2, "Bb:7"), (4, "Eb:maj/3"),
     (4, "Ab:maj7"), (4, "G:7(b9)"), (4, "C:min"), (4, "C:min")]
B = [(4, "Ab:maj"), (4, "Bb:maj/2"), (2, "G:min7"), (2, "C:7(#9)"), (4, "F:min9"),
     (4, "Db:9"), (3, "Eb:maj"), (1, "D:hdim7"), (1.5, "G:sus4(b7)"), (2.5, "G:aug7"), (4, "N")]
C = [(2, "C:min")]
D = [(4, "A:min7"), (4, "D:13"), (4, "G:maj6(9)"), (4, "E:min/5"), (4, "C:minmaj7"), (4, "F#:dim7"),
     (4, "B:5"), (4, "X"), (8, "G:maj")]


def main():
    random.seed(7)
    rows, sections, beat = [], [], -1.0
    for name, part in (("", [(1, "Bb:7")]), ("A", A), ("A", A), ("B", B), ("", C), ("Coda", D)):
        if name:
            sections.append({"beat": beat, "label": name})
        if part is C:
            two_four = beat
        if part is D:
            four_four = beat
        for length, label in part:
            rows.append((beat, label))
            beat += length
    def seconds(at):
        return FIRST_S + (at + 1) * 60 / TEMPO
    edges = [seconds(at) + random.uniform(-0.03, 0.03) for at, _ in rows] + [seconds(beat)]
    segments = [{"start_s": round(edges[i], 4), "end_s": round(edges[i + 1], 4), "label": label,
                 "confidence": round(random.uniform(0.5, 1), 3), "status": "confirmed"}
                for i, (_, label) in enumerate(rows)]
    segments[2]["locked"] = True
    segments[2]["alternatives"] = [{"label": "Eb:maj6/6", "probability": 0.21}]
    json.dump({
        "version": 1,
        "info": {"title": "Lights on the Harbour", "composer": "A. Nonymous & Söhne", "bars_per_line": 4},
        "tempo": {"points": [{"time_s": FIRST_S, "beat": -1.0}], "last_bpm": TEMPO},
        "metres": [{"beat": 0.0, "metre": "4/4"}, {"beat": two_four, "metre": "2/4"},
                   {"beat": four_four, "metre": "4/4"}],
        "keys": [{"beat": -1.0, "key": "Eb:maj"}, {"beat": four_four, "key": "G:maj"}],
        "sections": sections,
        "segments": segments,
    }, fp=__import__("sys").stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
