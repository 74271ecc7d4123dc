"""What the network answers."""

from __future__ import annotations

import numpy as np

import changes


def test_rows_are_probabilities_with_names(song, track):
    found = changes.posteriors(song)
    assert found.log_chords.shape == (len(found), 170)
    assert found.log_basses.shape == (len(found), 13)
    assert found.log_chords.dtype == np.float32
    np.testing.assert_allclose(found.chords.sum(axis=1), 1, rtol=1e-3)
    np.testing.assert_allclose(found.basses.sum(axis=1), 1, rtol=1e-3)
    assert len(set(changes.CHORD_NAMES)) == 170 and len(set(changes.BASS_NAMES)) == 13
    assert changes.CHORD_NAMES[:2] == ("C:maj", "C:min")
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


def test_samples_are_taken_too():
    t = np.arange(22050 * 4) / 22050
    tones = [np.sin(2 * np.pi * hz * t) for hz in (130.81, 261.63, 329.63, 392.0)]
    found = changes.posteriors(0.1 * np.sum(tones, axis=0), 22050)
    middle = found.chords[10:-10].mean(axis=0)
    assert changes.CHORD_NAMES[middle.argmax()] == "C:maj"
    assert changes.BASS_NAMES[found.basses[10:-10].mean(axis=0).argmax()] == "C"
