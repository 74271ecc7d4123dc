"""The network's probabilities."""

from __future__ import annotations

import numpy as np

import changes
from test_transcribe import as_wave, chord


def test_rows_are_probabilities_with_names(song, track):
    found = changes.posteriors(song)
    assert found.log_chords.shape == (len(found), 170)
    assert found.log_basses.shape == (len(found), 13)
    assert found.log_chords.dtype == np.float32
    for probabilities in (found.chords, found.basses):
        sums = probabilities.sum(axis=1)
        assert (sums < 1 + 1e-4).all() and sums.mean() > 0.9
    assert len(set(changes.CHORD_NAMES)) == 170 and len(set(changes.BASS_NAMES)) == 13
    assert {"C:maj", "F#:min7"} < set(changes.CHORD_NAMES)
    assert changes.CHORD_NAMES[-2:] == ("X", "N") and changes.BASS_NAMES[-1] == "N"
    assert found.hop == 2048 / 22050
    assert abs(found.times[-1] - track.duration) < 2 * found.hop
    assert found.tuning == track.tuning


def test_they_are_what_chords_are_decoded_from(song):
    found = changes.posteriors(song)
    track = changes.transcribe(song, vocabulary="large", beats=False, key="C:maj")
    best = found.log_chords.argmax(axis=1)
    agree = 0
    for (start, end), label in zip(track.intervals, track.labels):
        inside = (found.times >= start) & (found.times < end)
        index = changes.CHORD_NAMES.index(label) if label in changes.CHORD_NAMES else -1
        agree += (best[inside] == index).sum()
    assert agree > 0.6 * len(found)


def test_those_of_samples_are_those_of_their_file(tmp_path):
    whole = as_wave(chord(), 16000, tmp_path / "chord.wav")
    of_file = changes.posteriors(tmp_path / "chord.wav", tuning=440)
    of_samples = changes.posteriors(whole, 16000, tuning=440)
    np.testing.assert_array_equal(of_file.log_chords, of_samples.log_chords)
    np.testing.assert_array_equal(of_file.log_basses, of_samples.log_basses)
