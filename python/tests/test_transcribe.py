"""Whole files and samples, compared with the command."""

from __future__ import annotations

import io
import json
import pathlib
import pickle
import wave

import mir_eval
import numpy as np
import pytest

import changes


@pytest.mark.parametrize("vocabulary", ["majmin", "large", "inversions"])
@pytest.mark.parametrize("beats", [True, False])
def test_labels_are_those_of_the_command(song, command, vocabulary, beats):
    words = ["--vocabulary", vocabulary] + ([] if beats else ["--no-grid"])
    found = changes.transcribe(song, vocabulary=vocabulary, beats=beats)
    assert found.to_lab().encode() == command("transcribe", song, "-f", "lab", *words)


def test_what_is_known_is_used_as_the_command_uses_it(song, command):
    found = changes.transcribe(song, bpm=96.5, meter="3/4", key="C:maj", tuning=442)
    words = ["--bpm", "96.5", "--meter", "3/4", "--key", "C:maj", "--tuning", "442"]
    expected = command("transcribe", song, "-f", "musicxml", *words)
    assert found.export("musicxml") == expected
    assert found.tuning == pytest.approx(442, abs=0.01)


@pytest.mark.parametrize("name", sorted(changes.FORMATS))
def test_every_format_is_that_of_the_command(song, command, track, tmp_path, name):
    usual = changes.FORMATS[name][0][0]
    path = tmp_path / f"chords.{usual}"
    track.save(path)
    expected = command("transcribe", song, "-f", name)
    assert path.read_bytes() == expected == track.export(name) == track.export(usual)


def test_arrays_are_the_label_file(track):
    expected, labels = mir_eval.io.load_labeled_intervals(io.StringIO(track.to_lab()))
    assert track.labels == labels
    assert track.intervals.dtype == np.float64
    np.testing.assert_allclose(track.intervals, expected, atol=1e-6)
    np.testing.assert_array_equal(track.intervals[1:, 0], track.intervals[:-1, 1])
    scores = mir_eval.chord.evaluate(expected, labels, track.intervals, track.labels)
    assert scores["mirex"] == pytest.approx(1)
    assert track.confidences.shape == (len(track),)
    assert (track.confidences > 0).all() and (track.confidences <= 1).all()
    assert len(track.alternatives) == len(track)
    assert all(0 <= p <= 1 for others in track.alternatives for _, p in others)


def test_beats_keys_and_tempo_belong_together(track):
    assert len(track.beats) == len(track.beat_numbers) > 30
    assert (np.diff(track.beats) > 0).all()
    above, below = map(int, track.meter.split("/"))
    assert set(track.beat_numbers) <= set(range(1, above + 1))
    # In simple meters each beat is one of the lower number.
    if below == 4:
        step = np.median(np.diff(track.beats))
        assert 60 / step == pytest.approx(track.tempo, rel=0.01)
    assert len(track.downbeats) > 5
    assert track.key in [key.name for key in track.keys]
    assert track.keys[0].start == pytest.approx(0, abs=5)
    assert 425 < track.tuning < 455
    assert track.duration == pytest.approx(37, abs=1)
    assert track.title == "town-theme" and track.warning is None
    assert "town-theme" in repr(track)


def test_without_beats_there_are_none(song):
    found = changes.transcribe(song, beats=False)
    assert found.beats.shape == found.downbeats.shape == (0,)
    assert found.tempo is None and found.meter is None


def test_jams_and_charts_say_what_they_are_told(track, tmp_path):
    content = json.loads(track.to_jams())
    assert content["file_metadata"]["title"] == "town-theme"
    track.save(tmp_path / "a.xml", title="Tëst <1>", composer="N. N.", style="roman")
    text = (tmp_path / "a.xml").read_text(encoding="utf-8")
    assert "Tëst &lt;1&gt;" in text and "N. N." in text
    track.save(tmp_path / "b.dat", format="pdf")
    assert (tmp_path / "b.dat").read_bytes().startswith(b"%PDF-")


def chord(rate: int = 16000, seconds: float = 6.0) -> np.ndarray:
    """A minor, and a second voice that differs between the channels."""
    t = np.arange(int(rate * seconds)) / rate
    tones = [np.sin(2 * np.pi * hz * t) for hz in (110.0, 220.0, 261.63, 329.63)]
    left = 0.1 * np.sum(tones, axis=0)
    return np.stack([left, 0.8 * left + 0.05 * np.sin(2 * np.pi * 440 * t)])


def as_wave(samples: np.ndarray, rate: int, path: pathlib.Path) -> np.ndarray:
    whole = np.round(samples * 32767).astype(np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(whole))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.ascontiguousarray(whole.T).tobytes())
    return whole


@pytest.mark.parametrize("count", [1, 2, 3])
def test_samples_are_heard_as_the_file_that_holds_them(tmp_path, count):
    stereo = chord()
    samples = np.stack([stereo[0], stereo[1], -0.5 * stereo[0]][:count])
    path = tmp_path / "chord.wav"
    whole = as_wave(samples, 16000, path)
    of_file = changes.transcribe(path, beats=False)
    of_samples = changes.transcribe(whole, 16000, beats=False)
    np.testing.assert_array_equal(of_file.intervals, of_samples.intervals)
    np.testing.assert_array_equal(of_file.confidences, of_samples.confidences)
    assert of_file.labels == of_samples.labels
    assert len(of_file) > 0


def test_any_layout_and_type_is_the_same_music(tmp_path):
    left = np.round(chord()[0] * 32767).astype(np.int16)
    expected = changes.transcribe(left, 16000)
    backwards = np.ascontiguousarray(left[::-1])
    spread = np.zeros(3 * len(left), dtype=np.int16)
    spread[::3] = left
    read_only = left / 32768
    read_only.flags.writeable = False
    for samples in [
        backwards[::-1],
        spread[::3],
        left.astype(">i2"),
        left.astype(np.int32) << 16,
        (left.astype(np.int32) + 32768).astype(np.uint16),
        left / 32768,
        (left / 32768).astype(np.float32),
        (left / 32768).astype(">f4"),
        (left / 32768).astype(np.longdouble),
        read_only,
        np.asfortranarray(np.stack([left, left])),
        (left / 32768).tolist(),
    ]:
        found = changes.transcribe(samples, 16000.0)
        np.testing.assert_array_equal(found.intervals, expected.intervals)
        np.testing.assert_array_equal(found.confidences, expected.confidences)
        assert found.labels == expected.labels


def test_odd_samples_do_no_harm():
    assert len(changes.transcribe(np.zeros(0), 44100)) == 0
    assert changes.transcribe(np.zeros(44100), 44100).labels == ["N"]
    noise = np.full(44100, np.nan)
    noise[::2] = np.inf
    noise[::7] = 1e300
    assert len(changes.transcribe(noise, 44100)) >= 1


def test_arguments_that_cannot_be_used_are_named(song, track, tmp_path):
    for words, message in [
        ({"vocabulary": "jazz"}, "jazz"),
        ({"meter": "four"}, "four"),
        ({"key": "H:maj"}, "H:maj"),
        ({"bpm": float("nan")}, "bpm of NaN"),
        ({"bpm": 1e9}, "bpm"),
        ({"tuning": 300}, "300 Hz"),
    ]:
        with pytest.raises(ValueError, match=message):
            changes.transcribe(song, **words)
    silence = np.zeros(100)
    with pytest.raises(TypeError, match="rate"):
        changes.transcribe(silence)
    with pytest.raises(TypeError, match="sr"):
        changes.transcribe(song, 44100)
    with pytest.raises(ValueError, match="sample rate of 100 Hz"):
        changes.transcribe(silence, 100)
    with pytest.raises(ValueError, match="whole number"):
        changes.transcribe(silence, 22050.5)
    with pytest.raises(ValueError, match=r"samples\.T"):
        changes.transcribe(np.zeros((1000, 2)), 44100)
    with pytest.raises(ValueError, match="shape"):
        changes.transcribe(np.zeros((1, 2, 3)), 44100)
    with pytest.raises(TypeError, match="complex"):
        changes.transcribe(np.zeros(10, dtype=complex), 44100)
    with pytest.raises(ValueError, match="name must end"):
        track.save(tmp_path / "chords.xyz")
    with pytest.raises(ValueError, match="doc"):
        track.export("doc")
    with pytest.raises(ValueError, match="blues"):
        track.export("pdf", style="blues")


def test_files_that_cannot_be_read_are_exceptions_of_their_kind(tmp_path, track):
    with pytest.raises(FileNotFoundError) as error:
        changes.transcribe(tmp_path / "none.mp3")
    assert error.value.filename == str(tmp_path / "none.mp3")
    with pytest.raises(IsADirectoryError):
        changes.transcribe(tmp_path)
    text = tmp_path / "text.mp3"
    text.write_text("no music")
    with pytest.raises(changes.AudioError, match="text.mp3"):
        changes.transcribe(text)
    assert issubclass(changes.AudioError, ValueError)
    with pytest.raises(OSError):
        track.save(tmp_path / "none" / "chords.lab")


def test_what_is_missing_of_a_file_is_warned_of(song, tmp_path):
    cut = tmp_path / "cut.ogg"
    cut.write_bytes(song.read_bytes()[:200_000])
    with pytest.warns(changes.AudioWarning, match="cut.ogg") as caught:
        found = changes.transcribe(cut)
    assert found.warning is not None and 0 < found.duration < 37
    assert caught[0].filename == __file__


def test_exceptions_survive_a_process():
    error = changes.AudioError("what")
    assert type(pickle.loads(pickle.dumps(error))) is changes.AudioError
