#!/usr/bin/env python3
"""The built VST3 in pedalboard: parameters, bit-exact audio, state, and chords.

    python3 plugin/tests/pedalboard_vst3.py target/bundled/Changes.vst3

Needs the packages of requirements.txt beside this file. Exits 0 when all checks pass.
"""

import argparse
import json
import re
import sys
import time

import numpy as np
import pedalboard
from pedalboard import _pedalboard

# A VST3 receives controllers as hidden parameters, 130 for each channel. This host lists hidden
# ones too, and asks each for the texts of a thousand values; it ignores only those with the names
# that other plugins use.
_pedalboard.PARAMETER_NAME_REGEXES_TO_IGNORE.add(re.compile(r"MIDI Ch\. \d+ "))

PARAMETERS = {
    "vocabulary": "Inversions",
    "notation": "Jazz",
    "key_tonic": "C",
    "key_mode": "Major",
    "sensitivity": None,
    "hold_ms": None,
    "freeze": False,
    "bypass": False,
}

# Labels and MIDI keys, bass first; two seconds each.
PROGRESSION = [
    ("C:maj", [48, 60, 64, 67, 72]),
    ("A:min", [45, 57, 60, 64, 69]),
    ("F:maj", [41, 57, 60, 65, 69]),
    ("G:maj", [43, 59, 62, 67, 71]),
    ("E:min", [40, 59, 64, 67, 71]),
    ("D:min", [50, 57, 62, 65, 69]),
    ("Bb:maj", [46, 58, 62, 65, 70]),
    ("C:maj", [48, 60, 64, 67, 72]),
]
CHORD_S = 2.0
CHORDS_RIGHT = 0.8


def progression(rate):
    """Additive harmonics, 1/n² each, struck twice a second."""
    parts = []
    for _, keys in PROGRESSION:
        t = np.arange(int(CHORD_S * rate)) / rate
        struck = t % 0.5
        envelope = np.minimum(struck / 0.01, 1.0) * np.exp(-2.0 * struck)
        wave = np.zeros_like(t)
        for key in keys:
            pitch = 440.0 * 2.0 ** ((key - 69) / 12)
            for n in range(1, 9):
                if n * pitch < 0.45 * rate:
                    wave += np.sin(2 * np.pi * n * pitch * t) / n**2
        parts.append(0.08 * envelope * wave)
    return np.concatenate(parts).astype(np.float32)


# JUCE's own base 64: 6 bits per letter, lowest first.
LETTERS = ".ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+"


def from_juce_base64(text):
    """The bytes of JUCE's `MemoryBlock::toBase64Encoding`: a length, a dot, letters."""
    length, _, letters = text.partition(".")
    bits = 0
    for place, letter in enumerate(letters):
        bits |= LETTERS.index(letter) << (6 * place)
    return bits.to_bytes((6 * len(letters) + 7) // 8, "little")[: int(length)]


def state_of(plugin):
    return state_in(bytes(plugin.raw_state))


def state_in(raw):
    """The plugin's own JSON in the state that the host saves."""
    component = re.search(rb"<IComponent>(.*?)</IComponent>", raw)
    state = json.loads(from_juce_base64(component.group(1).decode()))
    state["fields"] = {name: field_of(text) for name, text in state["fields"].items()}
    return state


def field_of(text):
    """Fields are JSON texts themselves; times are compared to the nanosecond. A track that the
    plugin could not read is returned unchanged."""
    try:
        return json.loads(text, parse_float=lambda digits: round(float(digits), 9))
    except json.JSONDecodeError:
        return text


def settle(plugin):
    """Waits until the worker is done."""
    before = None
    while before != (before := state_of(plugin)):
        time.sleep(0.3)


def track_of(plugin):
    return state_of(plugin)["fields"]["track"]["track"]


def check_parameters(path):
    plugin = pedalboard.load_plugin(path)
    names = set(plugin.parameters)
    missing = set(PARAMETERS) - names
    assert not missing, f"missing {missing}; there are {sorted(names)}"
    for name, default in PARAMETERS.items():
        if default is not None:
            assert getattr(plugin, name) == default, f"{name} is {getattr(plugin, name)!r}"
    plugin.notation = "Roman"
    plugin.freeze = True
    assert plugin.notation == "Roman" and plugin.freeze
    assert plugin.is_effect and not plugin.is_instrument


def same_bits(out, audio):
    return out.shape == audio.shape and (out.view(np.uint32) == audio.view(np.uint32)).all()


def check_audio(path):
    rng = np.random.default_rng(1)
    for channels in (1, 2):
        plugin = pedalboard.load_plugin(path)
        for rate in (8000, 11025, 44100, 48000, 96000, 192000, 384000):
            for block in (1, 17, 512, 8192, 16384):
                frames = 64 if block == 1 else 2 * block + 1000
                audio = rng.uniform(-1, 1, (channels, frames)).astype(np.float32)
                out = plugin.process(audio, rate, buffer_size=block, reset=True)
                assert same_bits(out, audio), (channels, rate, block)
            # Blocks of any size, one after the other.
            for frames in rng.integers(1, 16384, 12):
                audio = rng.uniform(-1, 1, (channels, frames)).astype(np.float32)
                out = plugin.process(audio, rate, buffer_size=int(frames), reset=False)
                assert same_bits(out, audio), (channels, rate, frames)


def check_bypass(path):
    plugin = pedalboard.load_plugin(path)
    plugin.bypass = True
    audio = np.random.default_rng(2).uniform(-1, 1, (2, 5000)).astype(np.float32)
    assert same_bits(plugin.process(audio, 48000, buffer_size=512), audio)


def check_parameter_storm(path):
    """Sets every parameter to random values between blocks: the audio is unchanged, nothing breaks."""
    rng = np.random.default_rng(3)
    plugin = pedalboard.load_plugin(path)
    parameters = list(plugin.parameters.values())
    for _ in range(500):
        for parameter in parameters:
            parameter.raw_value = float(rng.uniform())
        audio = rng.uniform(-1, 1, (2, 64)).astype(np.float32)
        out = plugin.process(audio, 48000, buffer_size=64, reset=False)
        assert same_bits(out, audio)
    assert all(0.0 <= parameter.raw_value <= 1.0 for parameter in parameters)


def final_track(plugin):
    """The track once the host has stopped and the worker is done."""
    plugin.reset()
    started = time.monotonic()
    while True:
        settle(plugin)
        track = track_of(plugin)
        if all(segment["status"] == "confirmed" for segment in track["segments"]):
            return track
        assert time.monotonic() - started < 300, "the track does not become final"


def check_bounce(path):
    """A render as fast as possible, longer than the plugin's ring, loses nothing, and its track
    does not depend on blocks or speed. This host does not report its mode.
    """
    rate = 48000
    audio = np.tile(progression(rate), 4)
    audio = np.stack([audio, audio])
    tracks = []
    for block, pause in ((512, None), (8192, None), (2048, 20 * rate)):
        plugin = pedalboard.load_plugin(path)
        for part in np.split(audio, [pause], axis=1) if pause else [audio]:
            plugin.process(part, rate, buffer_size=block, reset=False)
            # No audio, for longer than the plugin waits before it takes the music as ended.
            time.sleep(6 if pause else 0)
        tracks.append(final_track(plugin))
    end_s = tracks[0]["segments"][-1]["end_s"]
    assert abs(end_s - audio.shape[1] / rate) < 0.2, f"the track ends at {end_s}"
    for track in tracks:
        lost = [s for s in track["segments"] if s["label"] == "X" and s["confidence"] == 0]
        assert not lost, f"audio was lost: {lost}"
        # The first segment is the random noise with which pedalboard probes a plugin.
        heard, first = ({**it, "segments": it["segments"][1:]} for it in (track, tracks[0]))
        assert heard == first, "the track depends on blocks or speed"


def check_sessions(path):
    """Opens, uses and closes many instances, and changes their rates."""
    for count in range(30):
        plugin = pedalboard.load_plugin(path)
        for rate in (44100, 96000, 44100):
            plugin.process(np.zeros((2, 1000), np.float32), rate, reset=count % 2 == 0)


def check_state(path):
    first = pedalboard.load_plugin(path)
    first.vocabulary = "Major / minor"
    first.notation = "Nashville"
    first.key_tonic = "G"
    first.freeze = True
    # The host tells the plugin of changed parameters with the next block.
    first.process(np.zeros((2, 512), np.float32), 48000)
    settle(first)
    raw = bytes(first.raw_state)
    saved = state_in(raw)
    second = pedalboard.load_plugin(path)
    # The worker may still analyse audio from before the state was loaded, which does not
    # belong to the state.
    second.raw_state = raw
    assert state_of(second) == saved
    assert second.notation == "Nashville" and second.freeze
    rng = np.random.default_rng(4)
    damaged_states = [b"", b"\x00" * 64, rng.bytes(500)]
    damaged_states += [raw[:length] for length in rng.integers(0, len(raw), 40)]
    for place in rng.integers(0, len(raw), 40):
        damaged_states.append(raw[:place] + rng.bytes(1) + raw[place + 1 :])
    for damaged in damaged_states:
        try:
            second.raw_state = damaged
        except Exception:  # pedalboard itself may refuse
            pass
        second.process(np.zeros((2, 512), np.float32), 48000)
        assert set(state_of(second)["params"]) == set(saved["params"])
    second.raw_state = raw
    assert state_of(second) == saved, "a damaged state left something behind"
    # Longer than the worker waits before it writes its provisional result for a silent host.
    time.sleep(6)
    assert state_of(second) == saved, "what was heard before came after the state"


def triad(label):
    """Root and whether the third is minor; None for no chord."""
    if label in ("N", "X"):
        return None
    root, _, quality = label.partition(":")
    pitch_class = "C D EF G A B".index(root[0])
    pitch_class += root.count("#") - root.count("b")
    quality = quality.split("/")[0]
    minor = quality.startswith(("min", "dim", "hdim"))
    return pitch_class % 12, minor


def check_chords(path):
    rate = 44100
    audio = progression(rate)
    plugin = pedalboard.load_plugin(path)
    plugin.process(np.stack([audio, audio]), rate, buffer_size=512, reset=True)
    end_s = len(audio) / rate
    started = time.monotonic()
    while True:
        segments = track_of(plugin)["segments"]
        if segments and segments[-1]["end_s"] >= end_s - 0.2:
            break
        assert time.monotonic() - started < 300, f"the track stops at {segments[-1:]}"
        time.sleep(0.05)
    # pedalboard may have reported no transport: the track then counts
    # from the first sample that the plugin heard.
    offset_s = segments[-1]["end_s"] - end_s
    right = total = 0
    for index, (label, _) in enumerate(PROGRESSION):
        for share in np.arange(0.4, 1.0, 0.1):
            at_s = offset_s + (index + share) * CHORD_S
            found = [s for s in segments if s["start_s"] <= at_s < s["end_s"]]
            total += 1
            right += bool(found) and triad(found[0]["label"]) == triad(label)
    assert right / total >= CHORDS_RIGHT, (
        f"{right} of {total} right: "
        + ", ".join(f"{s['start_s']:.2f} {s['label']}" for s in segments)
    )
    return right / total


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("plugin", help="path of Changes.vst3")
    path = parser.parse_args().plugin
    checks = (
        check_parameters,
        check_audio,
        check_bypass,
        check_parameter_storm,
        check_state,
        check_sessions,
        check_bounce,
        check_chords,
    )
    for check in checks:
        result = check(path)
        told = "" if result is None else f" ({result:.0%} of the time right)"
        print(f"{check.__name__.removeprefix('check_')}: ok{told}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
