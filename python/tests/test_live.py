"""Live samples, compared with the command."""

from __future__ import annotations

import json

import numpy as np
import pytest

import changes
from test_transcribe import as_wave, chord


def test_events_are_those_of_the_command(tmp_path, command):
    rate = 22050
    stereo = chord(rate, 4.0)
    silence = np.zeros((2, rate // 2))
    song = np.concatenate([stereo, silence, stereo[:, ::2], silence], axis=1)
    path = tmp_path / "song.wav"
    whole = as_wave(song, rate, path)
    printed = command("live", "--fast", path, "--events", "-")
    expected = [json.loads(line) for line in printed.splitlines()]
    assert len(expected) > 3
    for size in (512, 4000):
        live = changes.Live(rate)
        events = []
        for start in range(0, whole.shape[1], size):
            events += live.push(whole[:, start : start + size])
        assert live.now == pytest.approx(whole.shape[1] / rate)
        events += live.finish()
        shown = [event for event in events if isinstance(event, changes.Shown)]
        found = [
            {
                "shown_at_s": it.shown_at,
                "starts_at_s": it.starts_at,
                "label": it.label,
                "state": it.state,
                # The command writes a 32-bit number.
                "confidence": pytest.approx(it.confidence, rel=1e-6),
            }
            for it in shown
        ]
        assert found == expected
        segments = [event for event in events if isinstance(event, changes.Segment)]
        for before, after in zip(segments, segments[1:]):
            assert before.end == after.start
        assert segments[0].start == 0
        assert segments[-1].end == pytest.approx(whole.shape[1] / rate)


def test_it_starts_over():
    samples = chord(16000, 3.0)
    live = changes.Live(16000, tuning=440)
    first = live.push(samples) + live.finish()
    again = live.push(samples[0]) + live.finish()
    assert first and again and live.now == 0
    live.push(samples[0])
    live.reset()
    assert live.push(samples[0]) + live.finish() == again
    assert live.tuning == pytest.approx(440)
    assert 0 < live.latency < 1


def test_what_cannot_be_used_is_refused():
    for rate in (100, 1e9, float("nan")):
        with pytest.raises(ValueError, match="sample rate"):
            changes.Live(rate)
    live = changes.Live(44100)
    assert live.push([]) == []
    live.push(np.zeros(100))
    with pytest.raises(ValueError, match="2 channels"):
        live.push(np.zeros((2, 100)))
    with pytest.raises(TypeError):
        live.push(["a"])
    with pytest.raises(TypeError):
        live.push(np.zeros(10, dtype=bool))
