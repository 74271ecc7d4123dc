#!/usr/bin/env python3
"""The built VST3 in pedalboard: parameters, bit-exact audio, state, and chords.

    python3 plugin/tests/pedalboard_vst3.py target/bundled/Changes.vst3

Needs the packages of requirements.txt beside this file. Exits 0 when everything holds.
"""

import argparse
import json
import re
import sys
import time

import numpy as np
import pedalboard

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


# JUCE's own base 64: 6 bits a letter, the lowest first.
LETTERS = ".ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+"


def from_juce_base64(text):
    """The bytes of JUCE's `MemoryBlock::toBase64Encoding`: a length, a dot, letters."""
    length, _, letters = text.partition(".")
    bits = 0
    for place, letter in enumerate(letters):
        bits |= LETTERS.index(letter) << (6 * place)
    return bits.to_bytes((6 * len(letters) + 7) // 8, "little")[: int(length)]


def state_of(plugin):
    """The plugin's own JSON within the state that the host saves."""
    component = re.search(rb"<IComponent>(.*?)</IComponent>", bytes(plugin.raw_state))
    state = json.loads(from_juce_base64(component.group(1).decode()))
    # Fields are JSON once more; times are compared to the nanosecond.
    decode = json.JSONDecoder(parse_float=lambda digits: round(float(digits), 9)).decode
    state["fields"] = {name: decode(text) for name, text in state["fields"].items()}
    return state


def settle(plugin):
    """Waits until the worker has nothing more to say."""
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


def check_audio(path):
    rng = np.random.default_rng(1)
    for channels in (1, 2):
        plugin = pedalboard.load_plugin(path)
        for rate in (8000, 44100, 48000, 96000, 192000):
            for block in (1, 17, 512, 8192):
                frames = 64 if block == 1 else 20000
                audio = rng.uniform(-1, 1, (channels, frames)).astype(np.float32)
                out = plugin.process(audio, rate, buffer_size=block, reset=True)
                same = out.view(np.uint32) == audio.view(np.uint32)
                assert out.shape == audio.shape and same.all(), (channels, rate, block)


def check_state(path):
    first = pedalboard.load_plugin(path)
    first.vocabulary = "Major / minor"
    first.notation = "Nashville"
    first.key_tonic = "G"
    first.freeze = True
    # The host tells the plugin of changed parameters with the next block.
    first.process(np.zeros((2, 512), np.float32), 48000)
    settle(first)
    second = pedalboard.load_plugin(path)
    second.raw_state = first.raw_state
    assert state_of(second) == state_of(first)
    assert second.notation == "Nashville" and second.freeze
    before = state_of(second)
    raw = bytes(first.raw_state)
    for damaged in (b"", b"\x00" * 64, raw[: len(raw) // 2], np.random.bytes(500)):
        try:
            second.raw_state = damaged
        except Exception:  # pedalboard may refuse by itself
            pass
    second.process(np.zeros((2, 512), np.float32), 48000)
    after = state_of(second)
    assert after["params"] == before["params"], "a damaged state changed parameters"


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
    # pedalboard may have told the plugin nothing of a transport: the track then counts
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
    for check in (check_parameters, check_audio, check_state, check_chords):
        result = check(path)
        told = "" if result is None else f" ({result:.0%} of the time right)"
        print(f"{check.__name__.removeprefix('check_')}: ok{told}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
