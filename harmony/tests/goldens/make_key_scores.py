#!/usr/bin/env python3
"""Writes key_scores.json: mir_eval 0.8.2's weighted score of every key for every key."""

import json
import pathlib
import warnings

import mir_eval

NOTES = ["C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"]


def main():
    warnings.simplefilter("ignore")
    keys = [f"{note} {mode}" for mode in ("major", "minor") for note in NOTES]
    scores = [[mir_eval.key.weighted_score(reference, estimate) for estimate in keys]
              for reference in keys]
    path = pathlib.Path(__file__).with_name("key_scores.json")
    path.write_text(json.dumps({"keys": keys, "scores": scores}) + "\n")


if __name__ == "__main__":
    main()
